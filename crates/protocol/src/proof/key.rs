//! The keys of proofs: P-256 ([RFC 7518 §6.2](https://www.rfc-editor.org/rfc/rfc7518#section-6.2)) and Ed25519
//! ([RFC 8037 §2](https://www.rfc-editor.org/rfc/rfc8037#section-2)).

use std::borrow::Cow;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    encoding::{base64url, from_base64url},
    wire,
};

/// The key of a proof. Its kind says the algorithm, and nothing else does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ProofKey {
    /// For `ES256`: an uncompressed point of P-256 (SEC 1 §2.3.3). Whether it is on the curve, the verifier says.
    P256([u8; 65]),
    /// For `EdDSA`: an encoded point of Ed25519 (RFC 8032 §5.1.2), canonical and not of small order.
    Ed25519([u8; 32]),
}

impl ProofKey {
    /// The `alg` of its proofs.
    pub(super) fn alg(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ProofJwk<'a> {
    #[serde(borrow)]
    kty: Cow<'a, str>,
    #[serde(borrow)]
    crv: Cow<'a, str>,
    #[serde(borrow)]
    x: Cow<'a, str>,
    #[serde(default)]
    y: Option<String>,
    #[serde(default, deserialize_with = "wire::present")]
    d: bool,
}

impl ProofJwk<'_> {
    /// The public key, if it is one that our page makes.
    pub(super) fn key(&self) -> Option<ProofKey> {
        if self.d {
            return None;
        }
        let x = octets(&self.x)?;
        match (&*self.kty, &*self.crv, &self.y) {
            ("EC", "P-256", Some(y)) => {
                let mut point = [4; 65];
                point[1..33].copy_from_slice(&x);
                point[33..].copy_from_slice(&octets(y)?);
                Some(ProofKey::P256(point))
            }
            ("OKP", "Ed25519", None) => is_sound(x).then_some(ProofKey::Ed25519(x)),
            _ => None,
        }
    }

    /// RFC 7638 §3.2, RFC 8037 §2. Of a [`key`](Self::key) there is one spelling, and nothing in it wants escaping.
    pub(super) fn thumbprint(&self) -> String {
        let Self { kty, crv, x, y, .. } = self;
        let mut json = format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}""#);
        if let Some(y) = y {
            json.push_str(r#","y":""#);
            json.push_str(y);
            json.push('"');
        }
        json.push('}');
        base64url(Sha256::digest(json))
    }
}

fn octets(text: &str) -> Option<[u8; 32]> {
    from_base64url(text).ok()?.try_into().ok()
}

/// Whether y is below p, so that a key has one spelling, and the point isn't of small order, for which anybody can sign.
/// That it is on the curve, the verifier says.
fn is_sound(mut y: [u8; 32]) -> bool {
    y[31] &= 0x7f;
    let below_p = y.iter().rev().lt(P.iter().rev());
    below_p && !SMALL_ORDER.contains(&y)
}

/// 2^255 - 19, little-endian.
const P: [u8; 32] = {
    let mut p = [0xff; 32];
    (p[0], p[31]) = (0xed, 0x7f);
    p
};

/// y of the eight points whose order divides the cofactor: 0, 1, -1, and two of order 8.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = P;
        minus_one[0] -= 1;
        minus_one
    },
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
];
