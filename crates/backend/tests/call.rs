//! What every call goes through: origin, header, body, proof, limits. Each refusal has its own code.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod support;

use std::{
    cell::RefCell,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use admit_one_protocol::Code;
use axum::body::{Body, HttpBody};
use http::Request;
use hyper::body::Frame;
use proptest::{
    collection::{hash_map, vec},
    option,
    prelude::*,
};
use serde_json::{Value, json};
use support::{Browser, ORIGIN, exchange_body};

const PATH: &str = "/v1/exchange";

#[tokio::test]
async fn origin_and_header_come_with_every_call() {
    let mut browser = Browser::start().await;
    let mut request = browser.request("POST", PATH, &exchange_body("c"));
    request
        .headers_mut()
        .insert("origin", "https://evil.example".parse().unwrap());
    browser.send(request).await.refused(Code::OriginNotAllowed);
    let mut request = browser.request("POST", PATH, &exchange_body("c"));
    request.headers_mut().remove("origin");
    browser.send(request).await.refused(Code::OriginNotAllowed);
    let mut request = browser.request("POST", PATH, &exchange_body("c"));
    request.headers_mut().remove("x-admit-one");
    browser.send(request).await.refused(Code::HeaderMissing);
    assert_eq!(browser.upstream.count("/token"), 0);
}

#[tokio::test]
async fn a_body_is_the_json_of_its_call_and_not_longer_than_allowed() {
    let mut browser = Browser::start().await;
    let secret = "code-that-nobody-may-see";
    for body in [
        json!({"code": secret}),
        json!([secret]),
        json!({"provider": "club", "surprise": secret}),
    ] {
        let answer = browser
            .call("POST", PATH, body)
            .await
            .refused(Code::RequestMalformed);
        assert!(!answer.body.to_string().contains(secret));
    }
    let mut body = exchange_body("c");
    body["code"] = json!("x".repeat(20 << 10));
    browser
        .call("POST", PATH, body)
        .await
        .refused(Code::RequestTooLarge);
}

/// Something that JSON can say.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 16, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            hash_map("[a-z_]{1,12}", inner, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// A value of the type that the description gives a member, or of another.
fn member(schema: &Value) -> BoxedStrategy<Value> {
    let right = match schema["type"].as_str() {
        Some("string") => prop_oneof!["\\PC{0,40}", "[A-Za-z0-9_-]{43}", "[a-z]+://[a-z.]+/[a-z]*"]
            .prop_map(Value::from)
            .boxed(),
        Some("integer") => any::<u64>().prop_map(Value::from).boxed(),
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        _ => anything().boxed(),
    };
    prop_oneof![9 => right, 1 => anything()].boxed()
}

#[test]
fn whatever_a_stranger_sends_is_their_mistake_and_not_ours() {
    let description: Value = serde_json::from_str(admit_one_backend::OPENAPI).unwrap();
    let mut calls = 0;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (browser, handle) = runtime.block_on(async {
        let mut browser = Browser::start().await;
        let (handle, _) = browser.signed_in().await;
        (RefCell::new(browser), handle)
    });
    for (path, methods) in description["paths"].as_object().unwrap() {
        let path = path.replace("{provider}", "club");
        for (method, call) in methods.as_object().unwrap() {
            let schema = &call["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let Some(schema) = schema.as_str().and_then(|schema| schema.strip_prefix('#')) else {
                continue;
            };
            calls += 1;
            let members = description.pointer(schema).unwrap()["properties"]
                .as_object()
                .unwrap();
            let members: Vec<_> = members
                .iter()
                .map(|(name, schema)| (Just(name.clone()), option::weighted(0.9, member(schema))))
                .collect();
            proptest!(ProptestConfig::with_cases(32), |(members in members, known in any::<bool>())| {
                let present = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
                let mut body: Value = present.collect();
                if known && body.get("handle").is_some() {
                    body["handle"] = json!(handle);
                }
                let request = browser.borrow_mut().request(&method.to_uppercase(), &path, &body);
                let answer = runtime.block_on(browser.borrow().send(request));
                prop_assert!(answer.status != 500, "{method} {path}: {}", answer.body);
            });
        }
    }
    assert!(calls >= 12, "{calls}");
}

#[tokio::test]
async fn whatever_bytes_a_stranger_sends_are_refused() {
    let mut browser = Browser::start().await;
    for bytes in [
        &b"\xff\xfe"[..],
        b"{",
        b"{}}",
        b"[[[[[[",
        b"\"",
        b"{\"code\":\"\\ud800\"}",
    ] {
        let mut request = browser.request("POST", PATH, &json!({}));
        *request.body_mut() = Body::from(bytes);
        browser.send(request).await.refused(Code::RequestMalformed);
    }
}

#[tokio::test]
async fn a_call_has_one_proof() {
    let mut browser = Browser::start().await;
    let mut request = browser.request("POST", PATH, &exchange_body("c"));
    request.headers_mut().remove("dpop");
    browser.send(request).await.refused(Code::ProofMissing);
    let mut request = browser.request("POST", PATH, &exchange_body("c"));
    let second = browser.proof("POST", PATH, None);
    request
        .headers_mut()
        .append("dpop", second.parse().unwrap());
    browser.send(request).await.refused(Code::ProofMissing);
}

#[tokio::test]
async fn a_proof_is_for_this_call_and_signed_by_its_key() {
    let browser = Browser::start().await;
    let other = browser.another().await;
    is_for_this_call_and_signed_by_its_key(browser, other).await;
    let browser = Browser::start().await.with_p_256();
    let other = browser.another().await.with_p_256();
    is_for_this_call_and_signed_by_its_key(browser, other).await;
}

async fn is_for_this_call_and_signed_by_its_key(mut browser: Browser, other: Browser) {
    let change = |claims: &Value, name: &str, value: &str| {
        let mut claims = claims.clone();
        claims[name] = json!(value);
        claims
    };
    let claims = browser.proof_claims("POST", PATH);
    let wrong = [
        browser.sign(&change(&claims, "htm", "PUT")),
        browser.sign(&change(&claims, "htu", &format!("{ORIGIN}/v1/refresh"))),
        browser.sign(&change(&claims, "htu", "https://evil.example/v1/exchange")),
        "not a proof".to_owned(),
        // The signature of another key under our key.
        {
            let (ours, theirs) = (browser.sign(&claims), other.sign(&claims));
            format!(
                "{}.{}",
                ours.rsplit_once('.').unwrap().0,
                theirs.rsplit_once('.').unwrap().1
            )
        },
    ];
    for proof in wrong {
        let request = browser.request_with("POST", PATH, &exchange_body("c"), &proof);
        browser.send(request).await.refused(Code::ProofInvalid);
    }
    // RFC 9449 section 4.3, 12: the proof names the handle of the body.
    let body = json!({"handle": "new.AAAA"});
    let proof = browser.proof("POST", "/v1/refresh", Some("new.BBBB"));
    let request = browser.request_with("POST", "/v1/refresh", &body, &proof);
    browser.send(request).await.refused(Code::ProofInvalid);
}

#[tokio::test]
async fn a_nonce_is_ours_and_fresh() {
    let mut browser = Browser::start().await;
    let good = browser.nonce.clone();
    for nonce in [
        "",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &good.replace(|c: char| c.is_ascii_digit(), "x"),
    ] {
        browser.nonce = nonce.to_owned();
        let request = browser.request("POST", PATH, &exchange_body("c"));
        if nonce != good {
            browser.send(request).await.refused(Code::ProofNonce);
        }
    }
    // RFC 9449 section 8: the answer brings a nonce that does.
    browser.nonce = good;
    browser.app.clock().advance(301);
    browser.exchange().await.refused(Code::ProofNonce);
    browser.exchange().await.ok();
    browser.app.clock().advance(-3600);
    browser.exchange().await.refused(Code::ProofNonce);
}

#[tokio::test]
async fn a_proof_counts_once() {
    let mut browser = Browser::start().await;
    let proof = browser.proof("POST", PATH, None);
    let once = browser.request_with("POST", PATH, &exchange_body("a"), &proof);
    browser.send(once).await.ok();
    let again = browser.request_with("POST", PATH, &exchange_body("b"), &proof);
    browser.send(again).await.refused(Code::ProofReplayed);
}

#[tokio::test]
async fn calls_are_limited_by_address_and_at_a_time() {
    let mut browser = Browser::start().await;
    // `per_minute = 0` in these tests; here a backend of its own.
    let text = support::toml(&browser.upstream.issuer, "", "")
        .replace("per_minute = 0", "per_minute = 4\nmax_in_flight = 1");
    let config = admit_one_backend::Config::parse(&text, "test.toml", &support::secrets).unwrap();
    let app = admit_one_backend::App::start(config).await.unwrap();
    browser = Browser::of(app, browser.upstream).await;
    browser.upstream.with(|inner| inner.delay_ms = 150);
    let (first, second) = (
        browser.request("POST", PATH, &exchange_body("a")),
        browser.request("POST", PATH, &exchange_body("b")),
    );
    let (first, second) = tokio::join!(browser.send(first), browser.send(second));
    first.ok();
    let full = second.refused(Code::RateLimited);
    assert_eq!(full.headers["retry-after"], "1");
    browser.upstream.with(|inner| inner.delay_ms = 0);
    browser.exchange().await.ok();
    let limited = browser.exchange().await.refused(Code::RateLimited);
    assert_eq!(limited.headers["retry-after"], "15");
    assert_eq!(limited.body["retry_after"], 15);
}

/// A backend that has a place for one call.
async fn one_at_a_time() -> Browser {
    let upstream = support::Upstream::start().await;
    let text = support::toml(&upstream.issuer, "", "")
        .replace("per_minute = 0", "per_minute = 0\nmax_in_flight = 1");
    let config = admit_one_backend::Config::parse(&text, "test.toml", &support::secrets).unwrap();
    let app = admit_one_backend::App::start(config).await.unwrap();
    Browser::of(app, upstream).await
}

#[tokio::test]
async fn a_call_whose_caller_has_gone_keeps_its_place_and_its_answer() {
    let mut browser = one_at_a_time().await;
    let tokens = browser.exchange().await.ok();
    let refresh = json!({"handle": tokens["handle"]});
    for (path, body) in [(PATH, exchange_body("a")), ("/v1/refresh", refresh)] {
        browser.upstream.with(|inner| inner.delay_ms = 300);
        let before = browser.upstream.count("/token");
        let request = browser.request("POST", path, &body);
        let gone = tokio::time::timeout(Duration::from_millis(100), browser.send(request)).await;
        assert!(gone.is_err(), "{path}");
        let full = browser.call("POST", path, body.clone()).await;
        full.refused(Code::RateLimited);
        tokio::time::sleep(Duration::from_millis(500)).await;
        browser.call("POST", path, body).await.ok();
        assert_eq!(browser.upstream.count("/token"), before + 1, "{path}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_believed_is_told_of_once() {
    let told = async |proxies: &str| {
        let log = support::Log::start();
        let browser = Browser::configured(proxies, "").await;
        for _ in 0..2 {
            let request = Request::get("/v1/configuration")
                .header("x-forwarded-for", "192.0.2.7")
                .body(Body::empty())
                .unwrap();
            browser.send(request).await.ok();
        }
        log.text().matches("server.trusted_proxies").count()
    };
    assert_eq!(told("").await, 1);
    assert_eq!(told("trusted_proxies = [\"0.0.0.0\"]").await, 0);
}

/// A body of which nothing comes.
struct Dawdling;

impl HttpBody for Dawdling {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<bytes::Bytes>, Self::Error>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn who_dawdles_over_a_body_takes_nobodys_place() {
    let mut browser = one_at_a_time().await;
    let slow = browser.request("POST", PATH, &exchange_body("a"));
    let other = browser.another().await;
    let slow = Request::from_parts(slow.into_parts().0, Body::new(Dawdling));
    tokio::select! {
        biased;
        answer = other.send(slow) => panic!("{answer:?}"),
        answer = browser.exchange() => { answer.ok(); }
    }
}

#[tokio::test]
async fn a_request_keeps_the_id_it_has() {
    let browser = Browser::start().await;
    let request = Request::get("/v1/nothing")
        .header("x-request-id", "proxy-4711")
        .body(Body::empty())
        .unwrap();
    let answer = browser.send(request).await;
    assert_eq!(answer.headers["x-request-id"], "proxy-4711");
    assert_eq!(answer.body["code"], "not_found");
    assert_eq!(answer.body["request_id"], "proxy-4711");
    let request = Request::get("/v1/exchange")
        .header("x-request-id", "no good")
        .body(Body::empty())
        .unwrap();
    let answer = browser.send(request).await;
    assert_ne!(answer.headers["x-request-id"], "no good");
    assert_eq!(answer.body["code"], "not_found");
}

#[tokio::test]
async fn a_wrong_method_is_answered_as_a_wrong_path_is() {
    let browser = Browser::start().await;
    for (method, path) in [("POST", "/account"), ("DELETE", "/v1/grant"), ("PUT", "/")] {
        let request = Request::builder().method(method).uri(path);
        let answer = browser.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 404, "{method} {path}");
        assert_eq!(answer.body["code"], "not_found", "{method} {path}");
    }
}
