//! Keys that sign, and the cryptography that WebCrypto stands for in the browser.

#![allow(dead_code, reason = "each file of tests uses a part")]

use admit_one_protocol::{
    alg::Alg,
    encoding::{base64url, from_base64url},
    id_token::SignatureCheck,
    jwk::Jwk,
};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents, UnparsedPublicKey,
    },
};
use serde_json::{Value, json};

/// A provider's key.
pub(crate) struct Signer {
    alg: Alg,
    key: Key,
}

enum Key {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl Signer {
    pub(crate) fn new(alg: Alg) -> Self {
        let key = match alg {
            Alg::Rs256 | Alg::Ps256 => {
                Key::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
            }
            Alg::Es256 => {
                Key::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
            }
            Alg::Es384 => {
                Key::Ec(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
            }
            Alg::EdDsa => Key::Ed(Ed25519KeyPair::generate().unwrap()),
        };
        Self { alg, key }
    }

    /// The Ed25519 key of this seed.
    pub(crate) fn of_seed(seed: &[u8]) -> Self {
        Self {
            alg: Alg::EdDsa,
            key: Key::Ed(Ed25519KeyPair::from_seed_unchecked(seed).unwrap()),
        }
    }

    /// The public key, with no `kid`, `alg` or `use`, as some providers publish theirs.
    pub(crate) fn jwk(&self) -> Jwk {
        let text = |bytes: &[u8]| Some(base64url(bytes));
        let mut jwk = Jwk {
            kty: self.alg.kty().to_owned(),
            ..Jwk::default()
        };
        jwk.crv = self.alg.crv().map(str::to_owned);
        match &self.key {
            Key::Ec(key) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                (jwk.x, jwk.y) = (text(x), text(y));
            }
            Key::Ed(key) => jwk.x = text(key.public_key().as_ref()),
            Key::Rsa(key) => {
                jwk.n = text(key.public_key().modulus().big_endian_without_leading_zero());
                jwk.e = text(
                    key.public_key()
                        .exponent()
                        .big_endian_without_leading_zero(),
                );
            }
        }
        jwk
    }

    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Ec(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Ed(key) => key.sign(message).as_ref().to_vec(),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let padding = if self.alg == Alg::Ps256 {
                    &signature::RSA_PSS_SHA256
                } else {
                    &signature::RSA_PKCS1_SHA256
                };
                key.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// A JWT with this header and these claims, whatever they are.
    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        let input = format!(
            "{}.{}",
            base64url(header.to_string()),
            base64url(claims.to_string())
        );
        let signature = base64url(self.sign_bytes(input.as_bytes()));
        format!("{input}.{signature}")
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({ "alg": self.alg.as_str() }), claims)
    }
}

/// What WebCrypto answers in the browser.
pub(crate) fn verifies(check: &SignatureCheck<'_>) -> bool {
    let member =
        |member: &Option<String>| from_base64url(member.as_deref().unwrap_or_default()).unwrap();
    let (message, signature) = (check.signing_input(), check.signature());
    let jwk = check.jwk();
    let rsa = |parameters| {
        let key = RsaPublicKeyComponents {
            n: member(&jwk.n),
            e: member(&jwk.e),
        };
        key.verify(parameters, message, signature).is_ok()
    };
    let point = || [vec![4], member(&jwk.x), member(&jwk.y)].concat();
    match check.alg() {
        Alg::Rs256 => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        Alg::Ps256 => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        Alg::Es256 => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point())
            .verify(message, signature)
            .is_ok(),
        Alg::Es384 => UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point())
            .verify(message, signature)
            .is_ok(),
        Alg::EdDsa => UnparsedPublicKey::new(&signature::ED25519, member(&jwk.x))
            .verify(message, signature)
            .is_ok(),
    }
}
