//! Signatures of ID tokens by WebCrypto, with keys that WebCrypto has made (OpenID Connect Core section 3.1.3.7, 6 to 8).

use admit_one_app::{failure::Failure, verify};
use admit_one_protocol::{Code, alg::Alg, api::TokensResponse};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::js_async;

/// A fresh key and a token that it has signed, as an answer of the backend; `change` is done to the token's parts.
async fn answer(alg: Alg, change: &str) -> TokensResponse {
    let (generate, sign) = match alg {
        Alg::Rs256 => (
            RSA.replace("NAME", "RSASSA-PKCS1-v1_5"),
            "{name: 'RSASSA-PKCS1-v1_5'}",
        ),
        Alg::Ps256 => (
            RSA.replace("NAME", "RSA-PSS"),
            "{name: 'RSA-PSS', saltLength: 32}",
        ),
        Alg::Es256 => (
            EC.replace("CURVE", "P-256"),
            "{name: 'ECDSA', hash: 'SHA-256'}",
        ),
        Alg::Es384 => (
            EC.replace("CURVE", "P-384"),
            "{name: 'ECDSA', hash: 'SHA-384'}",
        ),
        Alg::EdDsa => ("{name: 'Ed25519'}".to_owned(), "{name: 'Ed25519'}"),
    };
    let code = format!(
        r#"
        const text = (part) => new TextEncoder().encode(part);
        const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
            .replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
        const pair = await crypto.subtle.generateKey({generate}, true, ['sign', 'verify']);
        let jwk = {{ ...await crypto.subtle.exportKey('jwk', pair.publicKey), kid: 'k' }};
        const header = {{ alg: '{alg}', kid: 'k' }};
        const claims = {{ iss: 'https://id.example', sub: '1', aud: 'shop', exp: 4102444800, iat: 1, nonce: 'n' }};
        const parts = [header, claims].map((part) => base64url(text(JSON.stringify(part))));
        parts.push(base64url(await crypto.subtle.sign({sign}, pair.privateKey, text(parts.join('.')))));
        let keys = null;
        {change}
        keys ??= [jwk];
        return JSON.stringify({{ access_token: 'a', id_token: parts.join('.'), keys, handle: 'h',
            handle_expires_at: 4102444800, refreshable: false, provider: 'club', time: 1 }});
        "#
    );
    serde_json::from_str(&js_async(&code).await.as_string().unwrap()).unwrap()
}

const RSA: &str = "{name: 'NAME', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256'}";
const EC: &str = "{name: 'ECDSA', namedCurve: 'CURVE'}";

async fn outcome(alg: Alg, change: &str, allowed: &[Alg]) -> Result<Option<u64>, Code> {
    let tokens = answer(alg, change).await;
    let id_token = tokens.id_token.clone().unwrap();
    let signed = verify::signed(&id_token, &tokens, allowed).await;
    signed
        .map(|signed| signed.iat())
        .map_err(|refused| Failure::from(refused).code)
}

#[wasm_bindgen_test]
async fn every_algorithm_is_verified() {
    for alg in Alg::ALL {
        assert_eq!(outcome(alg, "", &[alg]).await, Ok(Some(1)), "{alg}");
    }
}

#[wasm_bindgen_test]
async fn an_altered_claim_is_refused() {
    let change = "parts[1] = base64url(text(JSON.stringify({ ...claims, sub: '2' })));";
    for alg in Alg::ALL {
        assert_eq!(
            outcome(alg, change, &[alg]).await,
            Err(Code::IdTokenSignature),
            "{alg}"
        );
    }
}

#[wasm_bindgen_test]
async fn another_key_of_the_same_name_is_refused() {
    let change = "const other = await crypto.subtle.generateKey({name: 'ECDSA', namedCurve: 'P-256'}, true, ['sign', 'verify']);
        jwk = { ...await crypto.subtle.exportKey('jwk', other.publicKey), kid: 'k' };";
    assert_eq!(
        outcome(Alg::Es256, change, &Alg::ALL).await,
        Err(Code::IdTokenSignature)
    );
}

#[wasm_bindgen_test]
async fn an_algorithm_that_was_not_registered_is_refused() {
    assert_eq!(
        outcome(Alg::Rs256, "", &[Alg::Es256]).await,
        Err(Code::IdTokenAlg)
    );
}

#[wasm_bindgen_test]
async fn none_and_hmac_are_refused() {
    for name in ["none", "HS256"] {
        let change = format!("parts[0] = base64url(text('{{\"alg\":\"{name}\",\"kid\":\"k\"}}'));");
        assert_eq!(
            outcome(Alg::Rs256, &change, &Alg::ALL).await,
            Err(Code::IdTokenAlg),
            "{name}"
        );
    }
}

#[wasm_bindgen_test]
async fn a_key_for_another_algorithm_is_refused() {
    let change = "jwk.alg = 'PS256';";
    assert_eq!(
        outcome(Alg::Rs256, change, &Alg::ALL).await,
        Err(Code::IdTokenAlg)
    );
}

/// An `x` that is on no curve, of the right length.
const UNREADABLE: &str =
    "const unreadable = { ...jwk, x: base64url(new Uint8Array(32).fill(255)) };";

#[wasm_bindgen_test]
async fn a_key_that_can_not_be_read_does_not_hide_the_right_one() {
    let change = format!("{UNREADABLE} keys = [unreadable, jwk];");
    let outcome = outcome(Alg::Es256, &change, &Alg::ALL).await;
    assert_eq!(outcome, Ok(Some(1)));
}

#[wasm_bindgen_test]
async fn a_key_that_can_not_be_read_verifies_nothing() {
    let change = format!("{UNREADABLE} keys = [unreadable];");
    let outcome = outcome(Alg::Es256, &change, &Alg::ALL).await;
    assert_eq!(outcome, Err(Code::IdTokenSignature));
}
