//! Keys and key sets, [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517), and their thumbprints,
//! [RFC 7638](https://www.rfc-editor.org/rfc/rfc7638).

use std::{ops::RangeInclusive, sync::Arc};

use serde::{Deserialize, Serialize, de::IgnoredAny};
use sha2::{Digest, Sha256};

use crate::{
    alg::Alg,
    discovery::DiscoveryError,
    encoding::{base64url, from_base64url},
    object::object,
    wire,
};

/// How many keys are tried on a token that names none.
const MOST_CANDIDATES: usize = 8;

/// A public key. Members that we have no use for are dropped, private ones among them.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Jwk {
    /// `RSA`, `EC` or `OKP`.
    pub kty: String,
    /// The key's id in its set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The one algorithm that it is for; real providers leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// `sig` or `enc`; real providers leave it out.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub key_use: Option<String>,
    /// What may be done with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    /// The modulus of an RSA key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent of an RSA key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// The curve of an EC or OKP key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The coordinate x of an EC key, or the whole of an OKP key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The coordinate y of an EC key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}

object!(Jwk { kty, kid, alg, key_use = "use", key_ops, n, e, crv, x, y });

/// "A key of size 2048 bits or larger MUST be used" (RFC 7518 §3.3 and §3.5); longer ones than these no library takes.
const RSA_BITS: RangeInclusive<usize> = 2048..=16_384;

/// How long a big-endian number is; the zeros before it don't count.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    let number = &number[zeros..];
    number
        .first()
        .map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// Keys made by browsers say `Ed25519` where tokens still say `EdDSA`
/// ([RFC 9864 §2.2](https://www.rfc-editor.org/rfc/rfc9864#section-2.2)); it is the same algorithm.
fn is_other_name(own: &str, alg: Alg) -> bool {
    alg == Alg::EdDsa && own == "Ed25519"
}

impl Jwk {
    /// The SHA-256 thumbprint ([RFC 7638 §3](https://www.rfc-editor.org/rfc/rfc7638#section-3); for OKP,
    /// [RFC 8037 §2](https://www.rfc-editor.org/rfc/rfc8037#section-2)).
    pub fn thumbprint(&self) -> String {
        // The required members in lexicographic order, without white space.
        let members: &[(&str, Option<&str>)] = match self.kty.as_str() {
            "RSA" => &[
                ("e", self.e.as_deref()),
                ("kty", Some("RSA")),
                ("n", self.n.as_deref()),
            ],
            "EC" => &[
                ("crv", self.crv.as_deref()),
                ("kty", Some("EC")),
                ("x", self.x.as_deref()),
                ("y", self.y.as_deref()),
            ],
            kty => &[
                ("crv", self.crv.as_deref()),
                ("kty", Some(kty)),
                ("x", self.x.as_deref()),
            ],
        };
        let mut json = String::from("{");
        for (name, value) in members {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(&format!("\"{name}\":{}", quoted(value.unwrap_or_default())));
        }
        json.push('}');
        base64url(Sha256::digest(json))
    }

    /// Whether a token with this `alg` and `kid` may have been signed with the key: type, curve, size and, where the
    /// key says so, `alg`, `use` and `key_ops` agree. A key without a `kid` fits a token that names one: the
    /// signature decides.
    pub fn fits(&self, alg: Alg, kid: Option<&str>) -> bool {
        self.is_named(kid) && self.is_for(alg)
    }

    fn is_named(&self, kid: Option<&str>) -> bool {
        match (kid, self.kid.as_deref()) {
            (Some(wanted), Some(ours)) => wanted == ours,
            _ => true,
        }
    }

    /// The binding of `alg` to the key ([RFC 8725 §3.1](https://www.rfc-editor.org/rfc/rfc8725#section-3.1)).
    pub fn is_for(&self, alg: Alg) -> bool {
        self.claims(alg) && self.has_material(alg)
    }

    /// What the key says of itself, which is all that is left to ask of a key with the material of its type and curve.
    fn claims(&self, alg: Alg) -> bool {
        self.is_of_type(alg)
            && self
                .alg
                .as_deref()
                .is_none_or(|own| own == alg.as_str() || is_other_name(own, alg))
            && self.key_use.as_deref().is_none_or(|own| own == "sig")
            && self
                .key_ops
                .as_ref()
                .is_none_or(|ops| ops.iter().any(|op| op == "verify"))
    }

    fn is_of_type(&self, alg: Alg) -> bool {
        let curve = alg.crv();
        self.kty == alg.kty() && (curve.is_none() || self.crv.as_deref() == curve)
    }

    /// The members that make the key, without `use`, `key_ops` and `alg`, at which WebCrypto might take offence.
    pub fn bare(&self) -> Jwk {
        Jwk {
            alg: None,
            key_use: None,
            key_ops: None,
            ..self.clone()
        }
    }

    fn has_material(&self, alg: Alg) -> bool {
        let octets = |member: &Option<String>| from_base64url(member.as_deref()?).ok();
        let coordinate = match alg {
            Alg::Rs256 | Alg::Ps256 => {
                let bits = |member| octets(member).map_or(0, |number| bits(&number));
                return RSA_BITS.contains(&bits(&self.n)) && bits(&self.e) > 1;
            }
            Alg::Es256 | Alg::EdDsa => Some(32),
            Alg::Es384 => Some(48),
        };
        let length = |member| octets(member).map(|octets| octets.len());
        length(&self.x) == coordinate && (alg == Alg::EdDsa || length(&self.y) == coordinate)
    }
}

/// A JWK Set ([RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JwkSet {
    keys: Vec<Arc<Jwk>>,
}

#[derive(Deserialize)]
struct WireJwkSet {
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Key(Box<Jwk>),
    Other(IgnoredAny),
}

impl JwkSet {
    /// "Implementations SHOULD ignore JWKs within a JWK Set that use `kty` values that are not understood by them,
    /// that are missing required members, or for which values are out of the supported ranges."
    pub fn parse(body: &[u8]) -> Result<JwkSet, DiscoveryError> {
        let set: WireJwkSet = wire::object(body).map_err(DiscoveryError::Jwks)?;
        let keys = set.keys.into_iter().filter_map(|entry| match entry {
            Entry::Key(key)
                if Alg::ALL
                    .into_iter()
                    .any(|alg| key.is_of_type(alg) && key.has_material(alg)) =>
            {
                Some(Arc::from(key))
            }
            _ => None,
        });
        Ok(JwkSet {
            keys: keys.collect(),
        })
    }

    /// The keys that may have signed a token with this `alg` and `kid`, those with the same `kid` first, at most
    /// eight.
    pub fn candidates(&self, alg: Alg, kid: Option<&str>) -> Vec<Arc<Jwk>> {
        // Their material was looked at when the set was read.
        let fitting = |same: bool| {
            let keys = self.keys.iter().filter(move |key| {
                (key.kid.as_deref() == kid) == same && key.is_named(kid) && key.claims(alg)
            });
            keys.cloned()
        };
        let mut candidates = Vec::with_capacity(1);
        candidates.extend(fitting(true).chain(fitting(false)).take(MOST_CANDIDATES));
        candidates
    }

    /// Every key that we understand.
    pub fn keys(&self) -> &[Arc<Jwk>] {
        &self.keys
    }
}

/// A JSON string; the members that are hashed never need escaping, a stranger's may.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is always JSON")
}
