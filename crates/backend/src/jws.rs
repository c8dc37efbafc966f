//! JWTs that we sign: client assertions (RFC 7523) and grants.

use admit_one_protocol::encoding::base64url;
use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeyPair as RsaKeyPair,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256},
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde::Serialize;

/// A key that signs JWTs, with the one algorithm it is for (RFC 7515 section 10.1).
pub struct SigningKey(Kind);

enum Kind {
    Hs256(Box<hmac::Key>),
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.alg())
    }
}

impl SigningKey {
    /// A shared secret, of at least 32 bytes.
    pub(crate) fn hs256(secret: &[u8]) -> Self {
        Self(Kind::Hs256(Box::new(hmac::Key::new(
            hmac::HMAC_SHA256,
            secret,
        ))))
    }

    /// A private key in PKCS#8 and PEM: P-256 or RSA.
    pub(crate) fn from_pem(pem: &str) -> Option<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        let der = der.secret_pkcs8_der();
        if let Ok(key) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
            return Some(Self(Kind::Es256(key)));
        }
        RsaKeyPair::from_pkcs8(der)
            .ok()
            .filter(|key| key.public_modulus_len() >= 256)
            .map(|key| Self(Kind::Rs256(Box::new(key))))
    }

    /// The name of the algorithm (RFC 7518 section 3.1).
    pub(crate) fn alg(&self) -> &'static str {
        match self.0 {
            Kind::Hs256(_) => "HS256",
            Kind::Es256(_) => "ES256",
            Kind::Rs256(_) => "RS256",
        }
    }

    /// The compact form of RFC 7515 section 7.1.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, SigningError> {
        let header = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, self.alg());
        let claims = serde_json::to_vec(claims).map_err(|_| SigningError)?;
        let mut token = format!("{}.{}", base64url(header.as_bytes()), base64url(&claims));
        let signature = match &self.0 {
            Kind::Hs256(key) => base64url(hmac::sign(key, token.as_bytes()).as_ref()),
            Kind::Es256(key) => base64url(
                key.sign(&SystemRandom::new(), token.as_bytes())
                    .map_err(|_| SigningError)?
                    .as_ref(),
            ),
            Kind::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    token.as_bytes(),
                    &mut signature,
                )
                .map_err(|_| SigningError)?;
                base64url(&signature)
            }
        };
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }
}

/// The signature could not be made.
#[derive(Debug, thiserror::Error)]
#[error("signing failed")]
pub(crate) struct SigningError;

#[cfg(test)]
mod tests {
    use admit_one_protocol::encoding::from_base64url;
    use aws_lc_rs::signature::{self, KeyPair};

    use super::*;

    #[test]
    fn hs256_is_an_hmac_over_both_parts() {
        let secret = b"a secret of thirty-two characters";
        let token = SigningKey::hs256(secret)
            .sign(&serde_json::json!({"sub": "1"}))
            .unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        assert!(hmac::verify(&key, signed.as_bytes(), &from_base64url(signature).unwrap()).is_ok());
    }

    fn pem(der: &[u8]) -> String {
        let mut text = base64url(der).replace('-', "+").replace('_', "/");
        while !text.len().is_multiple_of(4) {
            text.push('=');
        }
        format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
    }

    /// Signs with the key in this PEM, and verifies with its public half.
    fn round(
        pem: &str,
        alg: &str,
        verify: &'static dyn signature::VerificationAlgorithm,
        public: &[u8],
    ) {
        let token = SigningKey::from_pem(pem)
            .unwrap()
            .sign(&serde_json::json!({"sub": "1"}))
            .unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let header = from_base64url(signed.split_once('.').unwrap().0).unwrap();
        assert!(String::from_utf8(header).unwrap().contains(alg));
        let key = signature::UnparsedPublicKey::new(verify, public);
        key.verify(signed.as_bytes(), &from_base64url(signature).unwrap())
            .unwrap();
    }

    #[test]
    fn es256_is_a_signature_of_fixed_length() {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref()).unwrap();
        let public = pair.public_key().as_ref();
        round(
            &pem(der.as_ref()),
            "ES256",
            &signature::ECDSA_P256_SHA256_FIXED,
            public,
        );
    }

    #[test]
    fn rs256_is_a_pkcs1_signature() {
        use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
        let pair = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let public = pair.public_key().as_ref();
        round(
            &pem(der.as_ref()),
            "RS256",
            &signature::RSA_PKCS1_2048_8192_SHA256,
            public,
        );
    }

    #[test]
    fn a_pem_that_is_no_key_is_refused() {
        assert!(
            SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
                .is_none()
        );
        assert!(SigningKey::from_pem("nothing").is_none());
    }
}
