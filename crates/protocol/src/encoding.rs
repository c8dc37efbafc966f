//! base64url without padding, as [RFC 7515 §2](https://www.rfc-editor.org/rfc/rfc7515#section-2) defines it.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};

/// The text isn't base64url without padding.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not base64url without padding")]
pub struct EncodingError;

/// Encodes without padding.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// Decodes strictly: no padding, no other alphabet, no stray bits in the last character, so that one value has one
/// spelling.
pub fn from_base64url(text: &str) -> Result<Vec<u8>, EncodingError> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| EncodingError)
}

/// Plain base64, for `Authorization: Basic`.
pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    Base64::encode_string(bytes.as_ref())
}
