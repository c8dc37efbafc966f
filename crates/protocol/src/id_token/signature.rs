//! The signature, which WebCrypto verifies and jwt-compact binds to the token.

use core::fmt;
use std::borrow::Cow;

use jwt_compact::{Algorithm, AlgorithmExt, AlgorithmSignature, UntrustedToken};

use super::{HeaderExtensions, IdTokenError, SignedIdToken, claims::WireClaims};
use crate::{alg::Alg, jwk::Jwk};

/// A signature for somebody with cryptography to verify, and to answer with [`SignatureCheck::verdict`].
#[derive(Clone)]
pub struct SignatureCheck {
    /// The algorithm, which fits the key.
    pub alg: Alg,
    /// The key, without the members at which `importKey` might take offence.
    pub jwk: Jwk,
    /// What was signed.
    pub signing_input: Vec<u8>,
    /// The signature, as in the token: for ECDSA r and s side by side, as WebCrypto wants it.
    pub signature: Vec<u8>,
    pub(super) token: UntrustedToken<'static, HeaderExtensions>,
}

impl fmt::Debug for SignatureCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureCheck")
            .field("alg", &self.alg)
            .field("jwk", &self.jwk)
            .finish_non_exhaustive()
    }
}

impl SignatureCheck {
    /// The answer. It counts for exactly the bytes that were given out.
    #[inline(never)]
    pub fn verdict(self, valid: bool) -> Result<SignedIdToken, IdTokenError> {
        let answer = Answer {
            valid,
            signing_input: self.signing_input,
            signature: self.signature,
        };
        let token = Answered(self.alg)
            .validator::<WireClaims>(&answer)
            .validate(&self.token)
            .map_err(|error| IdTokenError::validation(&error))?;
        Ok(SignedIdToken {
            alg: self.alg,
            claims: token.into_parts().1,
        })
    }
}

/// jwt-compact's view of a signature that WebCrypto has verified.
struct Answered(Alg);

struct Answer {
    valid: bool,
    signing_input: Vec<u8>,
    signature: Vec<u8>,
}

struct SignatureBytes(Vec<u8>);

/// Nobody signs with it.
enum NoSigningKey {}

impl AlgorithmSignature for SignatureBytes {
    fn try_from_slice(slice: &[u8]) -> anyhow::Result<Self> {
        Ok(Self(slice.to_vec()))
    }

    fn as_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.0)
    }
}

impl Algorithm for Answered {
    type SigningKey = NoSigningKey;
    type VerifyingKey = Answer;
    type Signature = SignatureBytes;

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(self.0.as_str())
    }

    fn sign(&self, signing_key: &NoSigningKey, _message: &[u8]) -> SignatureBytes {
        match *signing_key {}
    }

    fn verify_signature(
        &self,
        signature: &SignatureBytes,
        answer: &Answer,
        message: &[u8],
    ) -> bool {
        answer.valid && answer.signing_input == message && answer.signature == signature.0
    }
}
