//! Proof Key for Code Exchange, [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636), with `S256` alone.

use core::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    encoding::base64url,
    object::{Member, Read, Value},
};

/// The `code_verifier` of [RFC 7636 §4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1). It is `Serialize`
/// because it has to outlive the redirect.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeVerifier(String);

/// The text isn't a `code_verifier`: 43 to 128 unreserved characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a code verifier of 43 to 128 unreserved characters")]
pub struct CodeVerifierError;

impl CodeVerifier {
    /// 32 octets of entropy give 43 characters, as §4.1 recommends.
    pub fn new(entropy: [u8; 32]) -> Self {
        Self(base64url(entropy))
    }

    /// The `code_challenge` by the method `S256` (§4.2).
    pub fn challenge(&self) -> String {
        base64url(Sha256::digest(&self.0))
    }

    /// The verifier as it is sent to the token endpoint (§4.5).
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CodeVerifier {
    type Error = CodeVerifierError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(text))
        } else {
            Err(CodeVerifierError)
        }
    }
}

impl Read for CodeVerifier {
    fn read(value: Value) -> Option<Self> {
        CodeVerifier::try_from(String::read(value)?).ok()
    }
}

impl Member for CodeVerifier {
    const OPTIONAL: bool = false;

    fn placeholder() -> Self {
        CodeVerifier(String::new())
    }
}

impl From<CodeVerifier> for String {
    fn from(verifier: CodeVerifier) -> Self {
        verifier.0
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(..)")
    }
}
