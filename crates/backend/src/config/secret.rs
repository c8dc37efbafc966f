//! Secrets: from the environment or a file, never from the configuration itself, never in a log.

use admit_one_protocol::encoding::from_base64url;

/// Bytes that nobody may see.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A secret as it came.
    pub fn new(text: impl Into<Vec<u8>>) -> Self {
        Self(text.into())
    }

    /// The 32 bytes that base64url or hexadecimal digits stand for.
    pub fn key(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = hex(text).or_else(|| from_base64url(text.trim_end_matches('=')).ok())?;
        (bytes.len() == 32).then_some(Self(bytes))
    }

    /// For the one place that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// For credentials, which are text.
    pub fn expose_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}
