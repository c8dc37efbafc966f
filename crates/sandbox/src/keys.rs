//! The provider's keys and the JWS it signs, by hand (RFC 7515, RFC 7517, RFC 7518).

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::entropy::{base64url, from_base64url, name, sha256};

/// How long a key that no longer signs stays published, in seconds of the sandbox's clock.
const FORMER_KEPT: i64 = 3600;

/// The signature algorithms of ID tokens (RFC 7518 3.1, RFC 8037 3.1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Alg {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Alg {
    /// All of them.
    pub const ALL: [Alg; 5] = [Alg::Rs256, Alg::Ps256, Alg::Es256, Alg::Es384, Alg::EdDsa];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Alg::Rs256 => "RS256",
            Alg::Ps256 => "PS256",
            Alg::Es256 => "ES256",
            Alg::Es384 => "ES384",
            Alg::EdDsa => "EdDSA",
        }
    }

    /// `at_hash` (OpenID Connect Core 3.1.3.6): the left half of the hash that belongs to the algorithm.
    pub(crate) fn at_hash(self, access_token: &str) -> String {
        let algorithm = match self {
            Alg::Rs256 | Alg::Ps256 | Alg::Es256 => &aws_lc_rs::digest::SHA256,
            Alg::Es384 => &aws_lc_rs::digest::SHA384,
            Alg::EdDsa => &aws_lc_rs::digest::SHA512,
        };
        let hash = aws_lc_rs::digest::digest(algorithm, access_token.as_bytes());
        base64url(&hash.as_ref()[..hash.as_ref().len() / 2])
    }
}

impl fmt::Display for Alg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Alg {
    type Err = UnknownAlg;

    fn from_str(name: &str) -> Result<Self, UnknownAlg> {
        Alg::ALL
            .into_iter()
            .find(|alg| alg.as_str() == name)
            .ok_or(UnknownAlg)
    }
}

/// An `alg` that the sandbox doesn't sign with.
#[derive(Debug, thiserror::Error)]
#[error("`alg` is one of RS256, PS256, ES256, ES384, EdDSA")]
pub struct UnknownAlg;

enum Secret {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// One key pair, for one algorithm.
pub(crate) struct Key {
    pub(crate) alg: Alg,
    pub(crate) kid: String,
    secret: Secret,
}

impl Key {
    pub(crate) fn generate(alg: Alg) -> Key {
        const WORKS: &str = "key generation needs nothing but randomness";
        let secret = match alg {
            Alg::Rs256 | Alg::Ps256 => {
                Secret::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect(WORKS))
            }
            Alg::Es256 => {
                Secret::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect(WORKS))
            }
            Alg::Es384 => {
                Secret::Ec(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect(WORKS))
            }
            Alg::EdDsa => Secret::Ed(Ed25519KeyPair::generate().expect(WORKS)),
        };
        Key {
            alg,
            kid: format!("{}-{}", alg.as_str().to_ascii_lowercase(), name()),
            secret,
        }
    }

    /// The public half (RFC 7517 4).
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = match &self.secret {
            Secret::Rsa(pair) => {
                let public = pair.public_key();
                json!({
                    "kty": "RSA",
                    "n": base64url(public.modulus().big_endian_without_leading_zero()),
                    "e": base64url(public.exponent().big_endian_without_leading_zero()),
                })
            }
            Secret::Ec(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let crv = if self.alg == Alg::Es256 {
                    "P-256"
                } else {
                    "P-384"
                };
                json!({ "kty": "EC", "crv": crv, "x": base64url(x), "y": base64url(y) })
            }
            Secret::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key().as_ref()) })
            }
        };
        jwk["kid"] = self.kid.as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.alg.as_str().into();
        jwk
    }

    /// The private half in PKCS#8, for the elliptic curves.
    pub(crate) fn pkcs8(&self) -> Option<Vec<u8>> {
        match &self.secret {
            Secret::Ec(pair) => pair
                .to_pkcs8v1()
                .ok()
                .map(|document| document.as_ref().to_vec()),
            _ => None,
        }
    }

    fn signature(&self, input: &[u8]) -> Vec<u8> {
        const WORKS: &str = "a generated key signs";
        let random = SystemRandom::new();
        match &self.secret {
            Secret::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding: &dyn aws_lc_rs::signature::RsaEncoding = if self.alg == Alg::Ps256 {
                    &RSA_PSS_SHA256
                } else {
                    &RSA_PKCS1_SHA256
                };
                pair.sign(padding, &random, input, &mut signature)
                    .expect(WORKS);
                signature
            }
            Secret::Ec(pair) => pair.sign(&random, input).expect(WORKS).as_ref().to_vec(),
            Secret::Ed(pair) => pair.sign(input).as_ref().to_vec(),
        }
    }

    /// A JWS in compact form under this very header (RFC 7515 7.1).
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let input = signing_input(header, claims);
        let signature = base64url(self.signature(input.as_bytes()));
        format!("{input}.{signature}")
    }
}

/// BASE64URL(header) "." BASE64URL(payload) (RFC 7515 5.1).
pub(crate) fn signing_input(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}",
        base64url(header.to_string()),
        base64url(claims.to_string())
    )
}

/// A JWS with HMAC SHA-256 (RFC 7518 3.2).
pub(crate) fn sign_hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
    sign_hmac(hmac::HMAC_SHA256, header, claims, secret)
}

/// A JWS with an HMAC (RFC 7518 3.2); `alg` of the header is the caller's to name.
pub(crate) fn sign_hmac(
    algorithm: hmac::Algorithm,
    header: &Value,
    claims: &Value,
    secret: &[u8],
) -> String {
    let input = signing_input(header, claims);
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), input.as_bytes());
    format!("{input}.{}", base64url(tag.as_ref()))
}

/// Header and claims of a JWS whose HMAC is right; what `alg` says is the caller's to check.
pub(crate) fn verify_hmac(
    algorithm: hmac::Algorithm,
    jws: &str,
    secret: &[u8],
) -> Option<(Value, Value)> {
    let (input, tag) = jws.rsplit_once('.')?;
    let key = hmac::Key::new(algorithm, secret);
    hmac::verify(&key, input.as_bytes(), &from_base64url(tag)?).ok()?;
    let (header, claims) = input.split_once('.')?;
    let part = |part| serde_json::from_slice(&from_base64url(part)?).ok();
    Some((part(header)?, part(claims)?))
}

/// The keys that sign, and those that did until a while ago.
pub(crate) struct KeyRing {
    /// To be made when a key is first asked for, so that a sandbox starts at once.
    awaited: Vec<Alg>,
    current: Vec<Key>,
    former: Vec<(i64, Key)>,
}

impl KeyRing {
    /// A key for each of these; others are made when they are first asked for.
    pub(crate) fn of(algs: &[Alg]) -> KeyRing {
        KeyRing {
            awaited: algs.to_vec(),
            current: Vec::new(),
            former: Vec::new(),
        }
    }

    fn make(&mut self) {
        let awaited = std::mem::take(&mut self.awaited);
        self.current.extend(awaited.into_iter().map(Key::generate));
    }

    /// The key that signs with `alg`.
    pub(crate) fn signing(&mut self, alg: Alg) -> &Key {
        self.make();
        let at = self
            .current
            .iter()
            .position(|key| key.alg == alg)
            .unwrap_or_else(|| {
                self.current.push(Key::generate(alg));
                self.current.len() - 1
            });
        &self.current[at]
    }

    /// New keys sign from now on; the former ones stay published for an hour (OpenID Connect Core 10.1.1).
    pub(crate) fn rotate(&mut self, now: i64) {
        self.make();
        let fresh = self
            .current
            .iter()
            .map(|key| Key::generate(key.alg))
            .collect();
        let retired = std::mem::replace(&mut self.current, fresh);
        self.former
            .extend(retired.into_iter().map(|key| (now, key)));
        self.former
            .retain(|(retired_at, _)| now - retired_at < FORMER_KEPT);
    }

    /// Former keys are published too, so that several of a type are.
    pub(crate) fn has_former(&self) -> bool {
        !self.former.is_empty()
    }

    pub(crate) fn unpublish_former(&mut self) {
        self.former.clear();
    }

    pub(crate) fn published(&mut self, now: i64) -> impl Iterator<Item = &Key> {
        self.make();
        let former = self
            .former
            .iter()
            .filter(move |(retired_at, _)| now - retired_at < FORMER_KEPT)
            .map(|(_, key)| key);
        self.current.iter().chain(former)
    }

    pub(crate) fn current(&mut self) -> &[Key] {
        self.make();
        &self.current
    }
}

/// The thumbprint by which the control page names a key (RFC 7638 would sort the members; this is for people only).
pub(crate) fn fingerprint(secret: &str) -> String {
    sha256(secret.as_bytes())
        .iter()
        .take(3)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
