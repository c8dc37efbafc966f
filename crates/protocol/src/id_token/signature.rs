//! The signature, which WebCrypto verifies.

use core::fmt;

use super::{IdTokenError, SignedIdToken, UnverifiedIdToken};
use crate::{alg::Alg, jwk::Jwk};

/// A signature for somebody with cryptography to verify, and to answer with [`SignatureCheck::verdict`].
#[derive(Clone)]
pub struct SignatureCheck<'a> {
    pub(super) token: &'a UnverifiedIdToken,
    pub(super) jwk: Jwk,
}

impl fmt::Debug for SignatureCheck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureCheck")
            .field("alg", &self.alg())
            .field("jwk", &self.jwk)
            .finish_non_exhaustive()
    }
}

impl<'a> SignatureCheck<'a> {
    /// The algorithm, which fits the key.
    pub fn alg(&self) -> Alg {
        self.token.alg
    }

    /// The key, without the members at which `importKey` might take offence.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// What was signed.
    pub fn signing_input(&self) -> &'a [u8] {
        self.token.signing_input.as_bytes()
    }

    /// The signature, as in the token: for ECDSA r and s side by side, as WebCrypto wants it.
    pub fn signature(&self) -> &'a [u8] {
        &self.token.signature
    }

    /// The answer. The claims are read from the bytes that were given out, and from no others.
    #[inline(never)]
    pub fn verdict(self, valid: bool) -> Result<SignedIdToken, IdTokenError> {
        if !valid {
            return Err(IdTokenError::Signature);
        }
        Ok(SignedIdToken {
            alg: self.token.alg,
            claims: self.token.claims()?,
        })
    }
}
