//! Step *verify*: the ID token's signature by WebCrypto, its structure and claims by the protocol.

use admit_one_protocol::{
    Code,
    alg::Alg,
    api::TokensResponse,
    authorization::{AuthorizationCode, PendingAuthorization},
    clock::ClockOffset,
    id_token::{IdTokenError, SignatureCheck, SignedIdToken, UnverifiedIdToken},
};
use js_sys::{Array, Object, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

use crate::{browser, failure::Failure, signed_in::SignedIn};

/// Verifies the tokens of an exchange.
pub async fn exchanged(
    tokens: TokensResponse,
    code: &AuthorizationCode,
    pending: &PendingAuthorization,
) -> Result<SignedIn, Refused> {
    if !pending.kind.is_oidc() {
        return vouched(tokens, pending);
    }
    let device = browser::now_ms();
    let id_token = tokens.id_token.as_deref().ok_or(Code::IdTokenMissing)?;
    let signed = signed(id_token, &tokens, &pending.algs).await?;
    claimed(tokens, signed, code, pending, device)
}

/// What comes after the signature: the claims, by the backend's clock.
#[inline(never)]
fn claimed(
    tokens: TokensResponse,
    signed: SignedIdToken,
    code: &AuthorizationCode,
    pending: &PendingAuthorization,
    device: u64,
) -> Result<SignedIn, Refused> {
    let clock =
        ClockOffset::estimate(tokens.time, device).after_iat(signed.iat().unwrap_or(0), device);
    let verified = signed
        .verify(&code.expected(), &tokens.access_token, clock.now(device))
        .map_err(Refused::from)?;
    Ok(SignedIn::new(
        tokens,
        verified.claims().clone(),
        clock,
        pending.return_to.clone(),
    ))
}

/// A dialect without ID tokens: the backend has asked the provider who it is, and says so over its own connection.
#[inline(never)]
pub fn vouched(
    mut tokens: TokensResponse,
    pending: &PendingAuthorization,
) -> Result<SignedIn, Refused> {
    let claims = tokens
        .claims
        .take()
        .filter(|claims| claims.iss == pending.issuer && !claims.sub.is_empty())
        .filter(|_| tokens.provider == pending.provider)
        .ok_or(Code::TokenResponseInvalid)?;
    let clock = ClockOffset::estimate(tokens.time, browser::now_ms());
    let return_to = pending.return_to.clone();
    Ok(SignedIn::new(tokens, claims, clock, return_to))
}

/// Checks the signature of the ID token in an answer with the keys that came with it
/// ([OpenID Connect Core §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation), 6).
pub async fn signed(
    id_token: &str,
    tokens: &TokensResponse,
    allowed: &[Alg],
) -> Result<SignedIdToken, Refused> {
    let unverified = UnverifiedIdToken::parse(id_token)?;
    let mut refused = Refused::Failed(Code::IdTokenKeyUnknown);
    for jwk in &tokens.keys {
        let check = match unverified.check(jwk, allowed) {
            Ok(check) => check,
            Err(error) => {
                refused = error.into();
                continue;
            }
        };
        let valid = match signature_is_valid(&check).await {
            Ok(valid) => valid,
            // The next one may be another's.
            Err(Refused::Unchecked(alg)) => {
                refused = Refused::Unchecked(alg);
                continue;
            }
            Err(other) => return Err(other),
        };
        match check.verdict(valid) {
            Ok(signed) => return Ok(signed),
            Err(error) => refused = error.into(),
        }
    }
    Err(refused)
}

/// Asks WebCrypto whether a signature is valid.
pub async fn signature_is_valid(check: &SignatureCheck<'_>) -> Result<bool, Refused> {
    let algorithm = algorithm(check.alg());
    let subtle = browser::subtle().ok_or(Refused::Failed(Code::CryptoUnavailable))?;
    let unsupported = |error| unsupported(check.alg(), &error);
    let importing = import(&subtle, check, &algorithm).map_err(unsupported)?;
    let key = JsFuture::from(importing).await.map_err(unsupported)?;
    let verifying = verify(&subtle, check, &algorithm, &key).map_err(unsupported)?;
    let valid = JsFuture::from(verifying).await.map_err(unsupported)?;
    Ok(valid.is_truthy())
}

#[inline(never)]
fn import(
    subtle: &SubtleCrypto,
    check: &SignatureCheck<'_>,
    algorithm: &Object,
) -> Result<Promise, JsValue> {
    let usages = Array::of1(&"verify".into());
    let jwk = key_object(check);
    subtle.import_key_with_object("jwk", &jwk, algorithm, false, usages.unchecked_ref())
}

#[inline(never)]
fn verify(
    subtle: &SubtleCrypto,
    check: &SignatureCheck<'_>,
    algorithm: &Object,
    key: &JsValue,
) -> Result<Promise, JsValue> {
    let signature = Uint8Array::from(check.signature());
    subtle.verify_with_object_and_u8_array_and_u8_slice(
        algorithm,
        key.unchecked_ref::<CryptoKey>(),
        &signature,
        check.signing_input(),
    )
}

#[inline(never)]
fn unsupported(alg: Alg, error: &JsValue) -> Refused {
    browser::complain("WebCrypto can't check this signature", error);
    Refused::Unchecked(alg)
}

/// WebCrypto's name and parameters; members that an algorithm doesn't take are ignored by it.
#[inline(never)]
fn algorithm(alg: Alg) -> Object {
    let (name, hash) = match alg {
        Alg::Rs256 => ("RSASSA-PKCS1-v1_5", "SHA-256"),
        Alg::Ps256 => ("RSA-PSS", "SHA-256"),
        Alg::Es256 => ("ECDSA", "SHA-256"),
        Alg::Es384 => ("ECDSA", "SHA-384"),
        Alg::EdDsa => ("Ed25519", "SHA-512"),
    };
    let object = Object::new();
    browser::set(&object, "name", &name.into());
    browser::set(&object, "hash", &hash.into());
    browser::set(&object, "saltLength", &JsValue::from_f64(32.0)); // RFC 7518 section 3.5: as long as the hash
    if let Some(crv) = alg.crv() {
        browser::set(&object, "namedCurve", &crv.into());
    }
    object
}

/// The key without the members that WebCrypto compares with the use it is put to; the protocol has compared them.
#[inline(never)]
fn key_object(check: &SignatureCheck<'_>) -> Object {
    let jwk = check.jwk();
    let object = Object::new();
    browser::set(&object, "kty", &jwk.kty.as_str().into());
    for (name, value) in [
        ("crv", &jwk.crv),
        ("n", &jwk.n),
        ("e", &jwk.e),
        ("x", &jwk.x),
        ("y", &jwk.y),
    ] {
        if let Some(value) = value {
            browser::set(&object, name, &value.as_str().into());
        }
    }
    object
}

/// Why an ID token isn't accepted. It becomes a failure, with words, only where somebody reads them.
pub enum Refused {
    /// What the protocol found.
    IdToken(IdTokenError),
    /// WebCrypto doesn't know this algorithm, or not this key.
    Unchecked(Alg),
    /// Something else.
    Failed(Code),
}

impl From<IdTokenError> for Refused {
    fn from(error: IdTokenError) -> Refused {
        Refused::IdToken(error)
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Refused {
        Refused::Failed(code)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        match refused {
            Refused::IdToken(error) => Failure::new(error.code()).with_detail(error),
            Refused::Unchecked(alg) => {
                Failure::new(Code::IdTokenSignature).with_detail(format!("{alg} can't be checked"))
            }
            Refused::Failed(code) => code.into(),
        }
    }
}
