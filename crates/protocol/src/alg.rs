//! The signature algorithms of [RFC 7518 §3](https://www.rfc-editor.org/rfc/rfc7518#section-3) and
//! [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037) that an ID token may have.

use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// An asymmetric signature algorithm. `none` and the HMACs aren't values of this type, so no check has to refuse them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Alg {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA with P-384 and SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// `alg` is `none`, an HMAC, or nothing we know.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is not a signature algorithm that is accepted")]
pub struct UnknownAlg(pub String);

impl Alg {
    /// Every algorithm, in the order of preference.
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

    /// The key type that it takes (RFC 7518 §6.1).
    pub const fn kty(self) -> &'static str {
        match self {
            Alg::Rs256 | Alg::Ps256 => "RSA",
            Alg::Es256 | Alg::Es384 => "EC",
            Alg::EdDsa => "OKP",
        }
    }

    /// The curve that it takes, where its keys have one.
    pub const fn crv(self) -> Option<&'static str> {
        match self {
            Alg::Rs256 | Alg::Ps256 => None,
            Alg::Es256 => Some("P-256"),
            Alg::Es384 => Some("P-384"),
            Alg::EdDsa => Some("Ed25519"),
        }
    }

    /// The length of its signatures, where it doesn't depend on the key.
    pub const fn signature_length(self) -> Option<usize> {
        match self {
            Alg::Rs256 | Alg::Ps256 => None,
            Alg::Es256 | Alg::EdDsa => Some(64),
            Alg::Es384 => Some(96),
        }
    }

    /// The left half of the hash that belongs to the algorithm: the value of `at_hash`
    /// ([OpenID Connect Core §3.1.3.6](https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken)).
    pub fn half_hash(self, token: &str) -> Vec<u8> {
        let half = |digest: &[u8]| digest[..digest.len() / 2].to_vec();
        match self {
            Alg::Rs256 | Alg::Ps256 | Alg::Es256 => half(&Sha256::digest(token)),
            Alg::Es384 => half(&Sha384::digest(token)),
            // Ed25519 hashes with SHA-512 itself (RFC 8032 §5.1).
            Alg::EdDsa => half(&Sha512::digest(token)),
        }
    }
}

impl fmt::Display for Alg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Alg {
    type Err = UnknownAlg;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Alg::ALL
            .into_iter()
            .find(|alg| alg.as_str() == name)
            .ok_or_else(|| UnknownAlg(name.to_owned()))
    }
}
