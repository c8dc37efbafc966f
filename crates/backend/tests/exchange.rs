//! `POST /v1/exchange`: a code becomes tokens and a handle, or is refused with its own code.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod support;

use admit_one_backend::{App, Config};
use admit_one_protocol::{Code, encoding::from_base64url};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use serde_json::{Value, json};
use support::{Browser, ORIGIN, Upstream, exchange_body, secrets, toml};

#[tokio::test]
async fn a_code_becomes_tokens_keys_and_a_handle() {
    let mut browser = Browser::start().await;
    let answer = browser.exchange().await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let tokens = answer.ok();
    assert_eq!(tokens["access_token"], "access-1");
    assert_eq!(tokens["keys"][0]["kid"], "k1");
    assert_eq!(tokens["refreshable"], true);
    assert_eq!(tokens["provider"], "club");
    let handle = tokens["handle"].as_str().unwrap();
    assert!(handle.starts_with("new."));
    assert!(
        !tokens.to_string().contains("refresh-1"),
        "the refresh token never reaches the browser"
    );
    let (authorization, body) = browser.upstream.last("/token");
    // RFC 6749 section 2.3.1: form-encoded before Basic.
    assert_eq!(authorization.as_deref(), Some("Basic c2hvcDpzK2UlM0FjcmV0"));
    assert!(
        body.contains("grant_type=authorization_code") && body.contains("code_verifier=vvv"),
        "{body}"
    );
}

#[tokio::test]
async fn a_retry_after_a_lost_response_burns_no_code() {
    let mut browser = Browser::start().await;
    let first = browser
        .call("POST", "/v1/exchange", exchange_body("once"))
        .await
        .ok();
    let second = browser
        .call("POST", "/v1/exchange", exchange_body("once"))
        .await
        .ok();
    assert_eq!(first["access_token"], second["access_token"]);
    assert_eq!(browser.upstream.count("/token"), 1);
    // Another browser with a stolen code asks the provider, who knows that the code is used.
    let mut thief = browser.another().await;
    browser
        .upstream
        .answers(400, "application/json", r#"{"error":"invalid_grant"}"#);
    thief
        .call("POST", "/v1/exchange", exchange_body("once"))
        .await
        .refused(Code::ExchangeRefused);
}

#[tokio::test]
async fn what_the_call_names_must_be_known() {
    let mut browser = Browser::start().await;
    let mut body = exchange_body("c");
    body["provider"] = json!("other");
    browser
        .call("POST", "/v1/exchange", body)
        .await
        .refused(Code::ProviderUnknown);
    let mut body = exchange_body("c");
    body["redirect_uri"] = json!(format!("{ORIGIN}/callback/club/"));
    browser
        .call("POST", "/v1/exchange", body)
        .await
        .refused(Code::RedirectUriUnknown);
    let mut body = exchange_body("c");
    body["iss"] = json!("https://evil.example");
    browser
        .call("POST", "/v1/exchange", body)
        .await
        .refused(Code::CallbackIssMismatch);
    assert_eq!(browser.upstream.count("/token"), 0);
}

#[tokio::test]
async fn an_announced_iss_must_come() {
    let upstream = support::Upstream::start().await;
    upstream.with(|inner| {
        inner.metadata = json!({"authorization_response_iss_parameter_supported": true})
    });
    let mut browser = Browser::at(upstream, "", "").await;
    browser.exchange().await.refused(Code::CallbackIssMissing);
    let mut body = exchange_body("c");
    body["iss"] = json!(browser.upstream.issuer);
    browser.call("POST", "/v1/exchange", body).await.ok();
}

#[tokio::test]
async fn what_the_token_endpoint_refuses_has_a_code() {
    let mut browser = Browser::start().await;
    for (status, kind, body, code) in [
        (
            400,
            "application/json",
            r#"{"error":"invalid_grant"}"#,
            Code::ExchangeRefused,
        ),
        (
            401,
            "application/json",
            r#"{"error":"invalid_client"}"#,
            Code::ClientRefused,
        ),
        (
            400,
            "application/json",
            r#"{"error":"unauthorized_client"}"#,
            Code::ClientRefused,
        ),
        (500, "text/html", "<h1>Oops</h1>", Code::UpstreamError),
        (
            200,
            "text/html",
            "<h1>Log in</h1>",
            Code::TokenResponseInvalid,
        ),
        (200, "application/json", "", Code::TokenResponseInvalid),
        (
            200,
            "application/json",
            r#"{"access_token":"a","token_type":"mac","id_token":"x"}"#,
            Code::TokenTypeUnknown,
        ),
        (
            200,
            "application/json",
            r#"{"access_token":"a","token_type":"Bearer"}"#,
            Code::IdTokenMissing,
        ),
        (
            200,
            "application/json",
            r#"{"access_token":"a","token_type":"Bearer","id_token":"x"}"#,
            Code::IdTokenMalformed,
        ),
    ] {
        browser.upstream.answers(status, kind, body);
        browser.exchange().await.refused(code);
    }
}

#[tokio::test]
async fn an_id_token_for_somebody_else_is_refused() {
    let mut browser = Browser::start().await;
    let now = browser.app.clock().now();
    for (claims, code) in [
        (json!({"iss": "https://evil.example"}), Code::IdTokenIss),
        (json!({"sub": null}), Code::IdTokenSub),
        (json!({"aud": "other"}), Code::IdTokenAud),
        (json!({"aud": ["shop", "other"]}), Code::IdTokenAzp),
        (json!({"azp": "other"}), Code::IdTokenAzp),
        (json!({"iat": null}), Code::IdTokenIat),
        (json!({"exp": null}), Code::IdTokenMalformed),
        (
            json!({"exp": now - 1000, "iat": now - 2000}),
            Code::IdTokenExpired,
        ),
    ] {
        browser.upstream.claims(claims);
        browser.exchange().await.refused(code);
    }
    browser.upstream.with(|inner| {
        inner.claims = json!({});
        inner.header = json!({"alg": "none"});
    });
    browser.exchange().await.refused(Code::IdTokenAlg);
}

#[tokio::test]
async fn a_weaker_sign_in_than_was_asked_for_brings_no_handle() {
    let upstream = Upstream::start().await;
    let asked = "client_secret_env = \"CLUB\"\nacr_values = [\"strong\"]\nmax_age = 300";
    let text = toml(&upstream.issuer, "", "").replace("client_secret_env = \"CLUB\"", asked);
    let config = Config::parse(&text, "test.toml", &secrets).unwrap();
    let app = App::start(config).await.unwrap();
    let mut browser = Browser::of(app, upstream).await;
    let now = browser.app.clock().now();
    for (claims, code) in [
        (json!({"auth_time": now}), Code::IdTokenAcr),
        (json!({"acr": "weak", "auth_time": now}), Code::IdTokenAcr),
        (json!({"acr": "strong"}), Code::IdTokenAuthTime),
        (
            json!({"acr": "strong", "auth_time": now - 3600}),
            Code::IdTokenAuthTime,
        ),
    ] {
        browser.upstream.claims(claims);
        browser.exchange().await.refused(code);
    }
    browser
        .upstream
        .claims(json!({"acr": "strong", "auth_time": now}));
    browser.exchange().await.ok();
}

#[tokio::test]
async fn an_unknown_kid_has_the_keys_fetched_once() {
    let mut browser = Browser::start().await;
    browser.exchange().await.ok();
    assert_eq!(browser.upstream.count("/jwks"), 1);
    browser.upstream.with(|inner| {
        inner.header = json!({"alg": "ES256", "kid": "k2"});
        inner.kids = vec!["k2".to_owned()];
    });
    assert_eq!(browser.exchange().await.ok()["keys"][0]["kid"], "k2");
    assert_eq!(browser.upstream.count("/jwks"), 2);
    browser
        .upstream
        .with(|inner| inner.header = json!({"alg": "ES256", "kid": "unheard-of"}));
    for _ in 0..9 {
        browser.exchange().await.refused(Code::IdTokenKeyUnknown);
    }
    assert!(
        browser.upstream.count("/jwks") <= 7,
        "strangers can't have us hammer a provider"
    );
}

#[tokio::test]
async fn without_a_kid_the_keys_are_fetched_again_within_bounds() {
    let mut browser = Browser::start().await;
    browser.exchange().await.ok();
    browser.upstream.with(|inner| {
        inner.header = json!({"alg": "ES256"});
        inner.kids = vec!["rotated".to_owned()];
    });
    assert_eq!(browser.exchange().await.ok()["keys"][0]["kid"], "rotated");
    for _ in 0..9 {
        browser.exchange().await.ok();
    }
    assert!(browser.upstream.count("/jwks") <= 7);
}

#[tokio::test]
async fn a_provider_in_trouble_has_a_code() {
    let mut browser = Browser::start().await;
    browser.exchange().await.ok();
    let flood = "x".repeat(2 << 20);
    browser.upstream.answers(200, "application/json", flood);
    browser.exchange().await.refused(Code::UpstreamError);
    browser.upstream.with(|inner| inner.delay_ms = 1500);
    let late = browser.exchange().await.refused(Code::UpstreamTimeout);
    assert_eq!(late.headers["retry-after"], "2");

    let down = support::Upstream {
        issuer: "http://127.0.0.1:9/op".to_owned(),
        inner: browser.upstream.inner.clone(),
    };
    let mut browser = Browser::at(down, "", "").await;
    browser.exchange().await.refused(Code::UpstreamUnreachable);
}

#[tokio::test]
async fn metadata_and_keys_that_are_none_have_codes() {
    for (metadata, jwks, code) in [
        (
            json!({"issuer": "https://other.example"}),
            None,
            Code::DiscoveryIssuerMismatch,
        ),
        (json!("<h1>not JSON</h1>"), None, Code::DiscoveryInvalid),
        (
            json!({"token_endpoint": null}),
            None,
            Code::DiscoveryInvalid,
        ),
        (
            json!({}),
            Some((200, "<h1>not JSON</h1>".to_owned())),
            Code::JwksInvalid,
        ),
        (json!({}), Some((404, String::new())), Code::JwksInvalid),
        (json!({}), Some((500, String::new())), Code::UpstreamError),
    ] {
        let upstream = support::Upstream::start().await;
        upstream.with(|inner| (inner.metadata, inner.jwks) = (metadata, jwks));
        let mut browser = Browser::at(upstream, "", "").await;
        browser.exchange().await.refused(code);
        assert_eq!(
            browser.upstream.count("/token"),
            0,
            "no code is spent on a provider that can't be verified"
        );
    }
}

#[tokio::test]
async fn every_way_of_client_authentication() {
    let post = "[[providers]]\nid = \"post\"\nlabel = \"P\"\nissuer = \"ISSUER\"\nclient_id = \"shop\"\nclient_secret_env = \"CLUB\"\nclient_auth = \"client_secret_post\"\n";
    let none = "[[providers]]\nid = \"none\"\nlabel = \"N\"\nissuer = \"ISSUER\"\nclient_id = \"shop\"\nclient_auth = \"none\"\n";
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    std::fs::write(&key, support::pem(pair.to_pkcs8v1().unwrap().as_ref())).unwrap();
    let jwt = format!(
        "[[providers]]\nid = \"jwt\"\nlabel = \"J\"\nissuer = \"ISSUER\"\nclient_id = \"shop\"\nclient_auth = \"private_key_jwt\"\nclient_key_file = {:?}\n",
        key.display().to_string()
    );
    let upstream = support::Upstream::start().await;
    let more = format!("{post}{none}{jwt}").replace("ISSUER", &upstream.issuer);
    let mut browser = Browser::at(upstream, "", &more).await;
    for (id, expected) in [
        ("post", "client_secret=s+e%3Acret"),
        ("none", "client_id=shop"),
        ("jwt", "client_assertion=eyJ"),
    ] {
        let mut body = exchange_body(id);
        body["provider"] = json!(id);
        body["redirect_uri"] = json!(format!("{ORIGIN}/callback/{id}"));
        browser.call("POST", "/v1/exchange", body).await.ok();
        let (authorization, body) = browser.upstream.last("/token");
        assert!(authorization.is_none() && body.contains(expected), "{body}");
    }

    // RFC 7523 section 3: who we are, for this issuer alone, for a short while, once.
    let mut seen = Vec::new();
    for code in ["one", "two"] {
        let mut body = exchange_body(code);
        body["provider"] = json!("jwt");
        body["redirect_uri"] = json!(format!("{ORIGIN}/callback/jwt"));
        browser.call("POST", "/v1/exchange", body).await.ok();
        let (_, body) = browser.upstream.last("/token");
        let assertion = body
            .split('&')
            .find_map(|pair| pair.strip_prefix("client_assertion="));
        let claims = signed_by(&pair, assertion.unwrap());
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["aud"]),
            (
                &json!("shop"),
                &json!("shop"),
                &json!(browser.upstream.issuer)
            )
        );
        let (iat, exp) = (
            claims["iat"].as_u64().unwrap(),
            claims["exp"].as_u64().unwrap(),
        );
        assert!(exp > iat && exp - iat <= 60, "{claims}");
        seen.push(claims["jti"].as_str().unwrap().to_owned());
    }
    assert!(seen[0] != seen[1] && seen[0].len() >= 16, "{seen:?}");
}

/// The claims of a JWT that this key has signed.
fn signed_by(pair: &EcdsaKeyPair, jwt: &str) -> Value {
    let (input, signature) = jwt.rsplit_once('.').unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())
        .verify(input.as_bytes(), &from_base64url(signature).unwrap())
        .unwrap();
    let claims = input.split('.').nth(1).unwrap();
    serde_json::from_slice(&from_base64url(claims).unwrap()).unwrap()
}

#[tokio::test]
async fn a_provider_that_goes_down_is_served_from_what_is_known() {
    let upstream = support::Upstream::start().await;
    let text = support::toml(&upstream.issuer, "", "")
        .replace("timeout_ms = 400", "timeout_ms = 400\nmetadata_ttl = 1");
    let config = admit_one_backend::Config::parse(&text, "test.toml", &support::secrets).unwrap();
    let mut browser = Browser::of(
        admit_one_backend::App::start(config).await.unwrap(),
        upstream,
    )
    .await;
    browser.exchange().await.ok();
    browser
        .upstream
        .with(|inner| (inner.metadata, inner.jwks) = (json!("gone"), Some((503, String::new()))));
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    browser.exchange().await.ok();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(
        browser.upstream.count("/metadata") >= 2,
        "it was asked again, behind the buyer's back"
    );
    browser.exchange().await.ok();
}
