//! The ticket shop: who gets in, and who doesn't.

use admit_one_sandbox::{Sandbox, SandboxOptions};
use aws_lc_rs::hmac;
use axum::http::StatusCode;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::browser::{APP, Answer, Browser, form, sandbox};

const SHOP: &str = "http://shop.localhost:8900";

fn claims(sandbox: &Sandbox) -> Value {
    let now = sandbox.now();
    json!({
        "iss": APP, "aud": SHOP, "sub": "1042", "iat": now, "exp": now + 60, "jti": "grant-1", "lang": "fr",
        "return_to": "http://shop.localhost:8900/basket/derby",
    })
}

fn signed(header: &Value, claims: &Value, secret: &str) -> String {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        input.as_bytes(),
    );
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
}

fn grant(claims: &Value) -> String {
    signed(
        &json!({ "alg": "HS256", "typ": "JWT" }),
        claims,
        SandboxOptions::SHOP_SECRET,
    )
}

async fn enter(browser: &mut Browser<'_>, token: &str) -> Answer {
    let query = form(&[("lang", "fr"), ("token", token)]);
    browser
        .get(&format!("/api/1/redirect/account?{query}"))
        .await
}

fn reason(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert!(answer.body.contains("data-testid=\"grant-refused\""));
    assert!(!answer.body.contains("contact-number"), "nobody is greeted");
    let (_, rest) = answer.body.split_once("data-reason=\"").unwrap();
    rest.split('"').next().unwrap()
}

#[tokio::test]
async fn a_grant_lets_its_contact_in_and_back_to_the_basket() {
    let sandbox = sandbox();
    let mut browser = Browser::at_shop(&sandbox);
    let landing = browser.get("/").await;
    assert!(landing.body.contains(
        "href=\"http://localhost:8800/?return_to=http%3A%2F%2Fshop.localhost%3A8900%2Fbasket%2Fderby\""
    ));
    let entered = enter(&mut browser, &grant(&claims(&sandbox))).await;
    assert_eq!(
        (entered.status, entered.location()),
        (StatusCode::SEE_OTHER, "/basket/derby")
    );
    let basket = browser.get(entered.location()).await;
    assert!(
        basket.body.contains("data-testid=\"contact-number\">1042<"),
        "{}",
        basket.body
    );
    assert!(
        basket
            .body
            .contains("data-testid=\"return-to\">/basket/derby<")
    );
    assert!(basket.body.contains("lang=\"fr\""));

    let left = browser.post("/sign-out", &[]).await;
    assert!(
        !browser
            .get(left.location())
            .await
            .body
            .contains("contact-number")
    );
}

#[tokio::test]
async fn it_is_served_under_a_path_too_with_that_hosts_origin_as_audience() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    assert_eq!(browser.get("/shop").await.status, StatusCode::OK);
    assert_eq!(browser.get("/shop/").await.location(), "/shop");
    let mut claims = claims(&sandbox);
    claims["aud"] = "http://localhost:8900".into();
    claims["return_to"] = "http://localhost:8900/shop/basket/derby".into();
    let query = form(&[("lang", "en"), ("token", &grant(&claims))]);
    let entered = browser
        .get(&format!("/shop/api/1/redirect/account?{query}"))
        .await;
    assert_eq!(entered.location(), "/shop/basket/derby");
    assert!(
        browser
            .get(entered.location())
            .await
            .body
            .contains("contact-number")
    );
}

#[tokio::test]
async fn return_to_leads_nowhere_else() {
    let sandbox = sandbox();
    for (at, elsewhere) in [
        "https://evil.example/",
        "//evil.example/",
        "http://shop.localhost:8900.evil.example/",
        "/\\evil.example",
        "http://shop.localhost:8900//evil.example",
        "javascript:alert(1)",
        "/a b",
        "basket",
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = claims(&sandbox);
        claims["return_to"] = elsewhere.into();
        claims["jti"] = format!("grant-{at}").into();
        let entered = enter(&mut Browser::at_shop(&sandbox), &grant(&claims)).await;
        assert_eq!(entered.location(), "/account", "{elsewhere}");
    }
}

#[tokio::test]
async fn a_bare_contact_number_is_refused() {
    let sandbox = sandbox();
    let mut browser = Browser::at_shop(&sandbox);
    for query in [
        "contactNumber=1042",
        "contact_id=1042",
        "lang=fr&contactId=1042",
    ] {
        assert_eq!(
            reason(
                &browser
                    .get(&format!("/api/1/redirect/account?{query}"))
                    .await
            ),
            "bare_contact_id"
        );
    }
    assert_eq!(
        reason(&browser.get("/api/1/redirect/account?lang=fr").await),
        "missing"
    );
    let with_token = format!(
        "/api/1/redirect/account?contactNumber=1&token={}",
        grant(&claims(&sandbox))
    );
    assert_eq!(reason(&browser.get(&with_token).await), "bare_contact_id");
}

#[tokio::test]
async fn an_altered_grant_is_refused() {
    let sandbox = sandbox();
    let mut browser = Browser::at_shop(&sandbox);
    let right = grant(&claims(&sandbox));
    let mut other = claims(&sandbox);
    other["sub"] = "1043".into();
    let (_, payload) = grant(&other)
        .split_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let parts: Vec<_> = right.split('.').collect();
    let swapped = format!(
        "{}.{}.{}",
        parts[0],
        payload.split('.').next().unwrap(),
        parts[2]
    );
    assert_eq!(reason(&enter(&mut browser, &swapped).await), "signature");
    let stranger = signed(
        &json!({ "alg": "HS256" }),
        &claims(&sandbox),
        "another secret",
    );
    assert_eq!(reason(&enter(&mut browser, &stranger).await), "signature");
    let unsigned = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        parts[1]
    );
    assert_eq!(reason(&enter(&mut browser, &unsigned).await), "alg");
    let hs384 = signed(
        &json!({ "alg": "HS384" }),
        &claims(&sandbox),
        SandboxOptions::SHOP_SECRET,
    );
    assert_eq!(reason(&enter(&mut browser, &hs384).await), "alg");
    assert_eq!(
        reason(&enter(&mut browser, "not-a-token").await),
        "malformed"
    );
}

#[tokio::test]
async fn each_wrong_claim_is_refused() {
    let sandbox = sandbox();
    let mut browser = Browser::at_shop(&sandbox);
    let now = sandbox.now();
    for (name, value, expected) in [
        ("aud", json!("http://other-shop.example"), "audience"),
        (
            "aud",
            json!([SHOP, "http://other-shop.example"]),
            "audience",
        ),
        ("aud", json!(format!("{SHOP}/")), "audience"),
        ("iss", json!("http://localhost:8801"), "issuer"),
        ("exp", json!(now + 3600), "lifetime"),
        ("exp", Value::Null, "malformed"),
        ("iat", json!(now + 600), "not_yet_valid"),
        ("iat", Value::Null, "malformed"),
        ("jti", Value::Null, "malformed"),
        ("sub", json!(""), "malformed"),
    ] {
        let mut wrong = claims(&sandbox);
        wrong[name] = value.clone();
        assert_eq!(
            reason(&enter(&mut browser, &grant(&wrong)).await),
            expected,
            "{name} = {value}"
        );
    }
}

#[tokio::test]
async fn an_expired_grant_is_refused() {
    let sandbox = sandbox();
    let token = grant(&claims(&sandbox));
    sandbox.advance_clock(66);
    assert_eq!(
        reason(&enter(&mut Browser::at_shop(&sandbox), &token).await),
        "expired"
    );
}

#[tokio::test]
async fn a_grant_is_good_once_in_any_browser() {
    let sandbox = sandbox();
    let token = grant(&claims(&sandbox));
    assert_eq!(
        enter(&mut Browser::at_shop(&sandbox), &token).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        reason(&enter(&mut Browser::at_shop(&sandbox), &token).await),
        "reused"
    );
}

#[tokio::test]
async fn the_demo_and_the_example_lead_to_where_grants_are_taken() {
    for file in [
        include_str!("../../../../scripts/demo.toml"),
        include_str!("../../../../admit-one.toml"),
    ] {
        let line = file.lines().find(|line| line.starts_with("grant_url"));
        let (_, path) = line.unwrap().split_once(SHOP).unwrap();
        let path = path.trim_end_matches('"').replace("{lang}", "fr");
        let sandbox = sandbox();
        let token = grant(&claims(&sandbox));
        let answer = Browser::at_shop(&sandbox)
            .get(&path.replace("{token}", &token))
            .await;
        assert!(answer.status.is_redirection(), "{answer:?}");
    }
}
