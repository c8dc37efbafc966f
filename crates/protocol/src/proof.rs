//! Proof of possession in the form of [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449), between the browser app and
//! the backend. Freshness comes from the `nonce` (§8), so the buyer's wrong clock in `iat` doesn't matter.

use std::borrow::Cow;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    Code,
    encoding::{base64url, from_base64url},
    wire,
};

mod key;

use key::ProofJwk;
pub use key::ProofKey;

/// Longer proofs are refused unread.
const LONGEST: usize = 4096;

/// The longest `jti` that is remembered against replay.
const LONGEST_JTI: usize = 128;

/// Why a proof was not accepted.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Not a JWT with the members of §4.2.
    #[error("the proof is malformed: {0}")]
    Malformed(&'static str),
    /// `typ` isn't `dpop+jwt` (§4.3, 4).
    #[error("`typ` is not `dpop+jwt`")]
    Typ,
    /// `alg` isn't the one of the key: `ES256` or `EdDSA`, with which our page signs (§4.3, 5).
    #[error("`alg` is not that of the key")]
    Alg,
    /// `jwk` isn't a P-256 or Ed25519 key, or holds a private one (§4.3, 7).
    #[error("`jwk` is not a public P-256 or Ed25519 key")]
    Jwk,
    /// The signature doesn't verify with `jwk` (§4.3, 6).
    #[error("the signature is wrong")]
    Signature,
    /// `htm` isn't the method of the call (§4.3, 8).
    #[error("`htm` is not the method of the call")]
    Method,
    /// `htu` isn't the address of the call (§4.3, 9).
    #[error("`htu` is not the address of the call")]
    Url,
    /// `ath` isn't the hash of the handle in the call (§4.3, 12).
    #[error("`ath` is not the hash of the handle")]
    Ath,
}

impl ProofError {
    /// The stable code.
    pub fn code(&self) -> Code {
        Code::ProofInvalid
    }
}

#[derive(Deserialize)]
struct ProofHeader<'a> {
    #[serde(borrow)]
    typ: Cow<'a, str>,
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    jwk: ProofJwk<'a>,
    #[serde(default, deserialize_with = "wire::present")]
    crit: bool,
}

/// The claims of [§4.2](https://www.rfc-editor.org/rfc/rfc9449#section-4.2).
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct ProofClaims {
    /// Unique for each proof.
    pub jti: String,
    /// The method of the call.
    pub htm: String,
    /// The address of the call, without query and fragment.
    pub htu: String,
    /// By the device's clock; not compared with anything.
    pub iat: f64,
    /// The backend's nonce.
    #[serde(default)]
    pub nonce: Option<String>,
    /// The hash of the handle in the call's body.
    #[serde(default)]
    pub ath: Option<String>,
}

/// A proof whose structure is right, and nothing else is known.
#[derive(Clone, Debug)]
pub struct UnverifiedProof<'a> {
    claims: ProofClaims,
    check: ProofSignatureCheck<'a>,
    thumbprint: String,
}

/// A signature for somebody with cryptography to verify, by the algorithm of the key.
#[derive(Clone, Debug, PartialEq)]
pub struct ProofSignatureCheck<'a> {
    /// What was signed.
    pub signing_input: &'a [u8],
    /// r and s (RFC 7518 §3.4), or R and S (RFC 8032 §5.1.6), side by side.
    pub signature: [u8; 64],
    /// The public key.
    pub key: ProofKey,
}

/// What the call is.
#[derive(Clone, Copy, Debug)]
pub struct ProofExpectations<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its address; query and fragment are ignored.
    pub url: &'a str,
    /// [`ath`] of the handle in its body, where there is one.
    pub ath: Option<&'a str>,
}

/// A proof for this call by the holder of the key. Whether the nonce is ours and the `jti` is new, the caller knows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Proof {
    /// Unique for each proof.
    pub jti: String,
    /// The nonce that it carries, if any.
    pub nonce: Option<String>,
    /// The thumbprint of the key (RFC 7638).
    pub thumbprint: String,
}

/// The `ath` of a handle: the base64url of its SHA-256 (§4.2).
pub fn ath(handle: &str) -> String {
    base64url(Sha256::digest(handle))
}

impl<'a> UnverifiedProof<'a> {
    /// Reads the value of the header `DPoP` (§4.3, 3 to 5 and 7). By hand instead of by jwt-compact, because this
    /// runs for each call and the latter's open-ended header costs several times as much.
    pub fn parse(text: &'a str) -> Result<UnverifiedProof<'a>, ProofError> {
        if text.len() > LONGEST {
            return Err(ProofError::Malformed("too long"));
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ProofError::Malformed("not three parts"));
        };
        let decoded =
            |part| from_base64url(part).map_err(|_| ProofError::Malformed("not base64url"));
        let header_json = decoded(header)?;
        let header: ProofHeader<'_> =
            wire::object(&header_json).map_err(|_| ProofError::Malformed("the header"))?;
        if header.typ != "dpop+jwt" {
            return Err(ProofError::Typ);
        }
        if header.crit {
            return Err(ProofError::Malformed("`crit` is not understood"));
        }
        let key = header.jwk.key().ok_or(ProofError::Jwk)?;
        if header.alg != key.alg() {
            return Err(ProofError::Alg);
        }
        let thumbprint = header.jwk.thumbprint();
        let claims: ProofClaims =
            wire::object(&decoded(payload)?).map_err(|_| ProofError::Malformed("the claims"))?;
        if claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI {
            return Err(ProofError::Malformed("`jti`"));
        }
        let signature = decoded(signature)?
            .try_into()
            .map_err(|_| ProofError::Signature)?;
        let signing_input = text
            .rsplit_once('.')
            .map(|(input, _)| input.as_bytes())
            .unwrap_or_default();
        let check = ProofSignatureCheck {
            signing_input,
            signature,
            key,
        };
        Ok(UnverifiedProof {
            claims,
            check,
            thumbprint,
        })
    }

    /// What is to be verified.
    pub fn signature_check(&self) -> &ProofSignatureCheck<'a> {
        &self.check
    }

    /// The claims, of which nothing is known yet.
    pub fn claims(&self) -> &ProofClaims {
        &self.claims
    }

    /// [§4.3](https://www.rfc-editor.org/rfc/rfc9449#section-4.3), given the answer to the signature check.
    pub fn accept(self, valid: bool, expected: ProofExpectations<'_>) -> Result<Proof, ProofError> {
        if !valid {
            return Err(ProofError::Signature);
        }
        if self.claims.htm != expected.method {
            return Err(ProofError::Method);
        }
        // "ignoring any query and fragment parts".
        if address(&self.claims.htu) != address(expected.url) {
            return Err(ProofError::Url);
        }
        let same = match (self.claims.ath.as_deref(), expected.ath) {
            (None, None) => true,
            (Some(actual), Some(expected)) => {
                bool::from(actual.as_bytes().ct_eq(expected.as_bytes()))
            }
            _ => false,
        };
        if !same {
            return Err(ProofError::Ath);
        }
        Ok(Proof {
            jti: self.claims.jti,
            nonce: self.claims.nonce,
            thumbprint: self.thumbprint,
        })
    }
}

fn address(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
