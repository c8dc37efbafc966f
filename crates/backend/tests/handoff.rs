//! `POST /v1/handoff/seal` and `…/open`, and what a partner's page is served.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod support;

use admit_one_protocol::{Code, encoding::base64url, pkce::CodeVerifier};
use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use support::{Answer, Browser, ORIGIN, merge};

const FANZINE: &str = "https://fanzine.example";

const PARTNERS: &str = r#"
[[partners]]
id = "fanzine"
origins = ["https://fanzine.example", "https://www.fanzine.example"]
release = ["profile", "id_token", "sub", "contact_number"]

[[partners]]
id = "blog"
label = "The <Blog>"
origins = ["https://blog.example", "https://fanzine.example"]
release = []
"#;

fn verifier(byte: u8) -> CodeVerifier {
    CodeVerifier::new([byte; 32])
}

/// A buyer who is signed in at a backend with partners, with the tokens.
async fn signed_in() -> (Browser, Value) {
    let mut browser = Browser::configured("", PARTNERS).await;
    let tokens = browser.exchange().await.ok();
    let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
    browser.call("POST", "/v1/profile", sync).await.ok();
    (browser, tokens)
}

async fn seal(browser: &mut Browser, tokens: &Value, changes: Value) -> Answer {
    let mut body = json!({
        "handle": tokens["handle"], "partner": "fanzine", "origin": FANZINE,
        "challenge": verifier(1).challenge(), "id_token": tokens["id_token"],
    });
    merge(&mut body, &changes);
    browser.call("POST", "/v1/handoff/seal", body).await
}

/// As the frame sends it: from our origin, without a proof.
async fn open(browser: &Browser, sealed: &Value, changes: Value) -> Answer {
    let mut body = json!({
        "sealed": sealed, "verifier": verifier(1).as_str(), "partner": "fanzine", "origin": FANZINE,
    });
    merge(&mut body, &changes);
    let request = Request::post("/v1/handoff/open")
        .header("origin", ORIGIN)
        .header("x-admit-one", "1")
        .body(Body::from(body.to_string()));
    browser.send(request.unwrap()).await
}

/// A result sealed for the fanzine.
async fn sealed() -> (Browser, Value) {
    let (mut browser, tokens) = signed_in().await;
    let answer = seal(&mut browser, &tokens, json!({})).await.ok();
    (browser, answer["sealed"].clone())
}

#[tokio::test]
async fn the_page_that_asked_receives_what_its_partner_may_know() {
    let (mut browser, tokens) = signed_in().await;
    let changes = json!({"profile_completed": true});
    let answer = seal(&mut browser, &tokens, changes).await.ok();
    let opened = open(&browser, &answer["sealed"], json!({})).await.ok();
    assert_eq!(opened["sub"], "alice");
    assert_eq!(opened["iss"], browser.upstream.issuer.as_str());
    assert_eq!(opened["profile"]["email"], "alice@club.example");
    assert_eq!(opened["id_token"], tokens["id_token"]);
    assert!(opened["contact_number"].is_string(), "{opened}");
    assert_eq!(opened["profile_completed"], true);
    let expires_in = opened["expires_in"].as_u64().unwrap();
    assert!((290..=300).contains(&expires_in), "{expires_in}");
}

#[tokio::test]
async fn an_id_token_whose_times_have_fractions_is_released() {
    let mut browser = Browser::configured("", PARTNERS).await;
    let exp = browser.app.clock().now() as f64 + 100.5;
    browser.upstream.claims(json!({"exp": exp}));
    let tokens = browser.exchange().await.ok();
    let answer = seal(&mut browser, &tokens, json!({})).await.ok();
    let opened = open(&browser, &answer["sealed"], json!({})).await.ok();
    assert_eq!(opened["id_token"], tokens["id_token"]);
    assert!(opened["expires_in"].as_u64().unwrap() <= 100);
}

#[tokio::test]
async fn what_isnt_released_isnt_there() {
    let (mut browser, tokens) = signed_in().await;
    let blog = json!({"partner": "blog"});
    let answer = seal(&mut browser, &tokens, blog.clone()).await.ok();
    let opened = open(&browser, &answer["sealed"], blog).await.ok();
    assert_eq!(opened, json!({"profile_completed": false}));
}

#[tokio::test]
async fn an_acr_that_the_provider_wasnt_asked_for_isnt_told() {
    let mut browser = Browser::configured("", PARTNERS).await;
    browser
        .upstream
        .claims(json!({"acr": "strong-acr", "auth_time": 1}));
    let tokens = browser.exchange().await.ok();
    let answer = seal(&mut browser, &tokens, json!({})).await.ok();
    let opened = open(&browser, &answer["sealed"], json!({})).await.ok();
    assert_eq!(opened.get("acr"), None);
    assert_eq!(opened["sub"], "alice");
}

#[tokio::test]
async fn nothing_is_sealed_for_a_stranger() {
    let (mut browser, tokens) = signed_in().await;
    for (changes, code) in [
        (json!({"partner": "nobody"}), Code::PartnerUnknown),
        (
            json!({"origin": "https://evil.example"}),
            Code::PartnerOrigin,
        ),
        (
            json!({"origin": "https://blog.example"}),
            Code::PartnerOrigin,
        ),
        (
            json!({"origin": "https://fanzine.example/"}),
            Code::PartnerOrigin,
        ),
        (
            json!({"origin": "https://fanzine.example.evil.example"}),
            Code::PartnerOrigin,
        ),
        (json!({"origin": "null"}), Code::PartnerOrigin),
        (json!({"challenge": "short"}), Code::HandoffInvalid),
        (json!({"handle": null}), Code::HandleMissing),
    ] {
        let said = changes.to_string();
        let answer = seal(&mut browser, &tokens, changes).await;
        assert_eq!(answer.body["code"], code.as_str(), "{said}");
        answer.refused(code);
    }
}

#[tokio::test]
async fn nothing_is_sealed_without_the_key_of_the_handle() {
    let (browser, tokens) = signed_in().await;
    let mut thief = browser.another().await;
    seal(&mut thief, &tokens, json!({}))
        .await
        .refused(Code::ProofKeyMismatch);
    let (mut browser, tokens) = signed_in().await;
    let everywhere = json!({"handle": tokens["handle"], "reach": "everywhere", "state": "s"});
    browser.call("POST", "/v1/sign-out", everywhere).await.ok();
    seal(&mut browser, &tokens, json!({}))
        .await
        .refused(Code::HandleRevoked);
}

#[tokio::test]
async fn somebody_elses_id_token_isnt_sealed() {
    let (mut browser, tokens) = signed_in().await;
    let of = |iss: &str, sub: &str| {
        let claims = json!({"iss": iss, "sub": sub, "exp": 1});
        format!("e30.{}.AAAA", base64url(claims.to_string()))
    };
    let issuer = browser.upstream.issuer.clone();
    for id_token in [
        of(&issuer, "bob"),
        of("https://other.example", "alice"),
        "nothing".to_owned(),
    ] {
        seal(&mut browser, &tokens, json!({"id_token": id_token}))
            .await
            .refused(Code::RequestMalformed);
    }
}

#[tokio::test]
async fn another_verifier_opens_nothing_and_spends_nothing() {
    let (browser, sealed) = sealed().await;
    let other = json!({"verifier": verifier(2).as_str()});
    open(&browser, &sealed, other)
        .await
        .refused(Code::HandoffVerifier);
    open(&browser, &sealed, json!({})).await.ok();
}

#[tokio::test]
async fn another_origin_opens_nothing() {
    let (browser, sealed) = sealed().await;
    for origin in [
        "https://www.fanzine.example",
        "https://evil.example",
        ORIGIN,
    ] {
        open(&browser, &sealed, json!({"origin": origin}))
            .await
            .refused(Code::HandoffOrigin);
    }
}

#[tokio::test]
async fn another_partner_opens_nothing() {
    let (browser, sealed) = sealed().await;
    // Of the same origin, too.
    open(&browser, &sealed, json!({"partner": "blog"}))
        .await
        .refused(Code::HandoffPartner);
    open(&browser, &sealed, json!({"partner": "nobody"}))
        .await
        .refused(Code::PartnerUnknown);
}

#[tokio::test]
async fn a_minute_later_it_is_expired() {
    let (browser, sealed) = sealed().await;
    browser.app.clock().advance(60);
    open(&browser, &sealed, json!({}))
        .await
        .refused(Code::HandoffExpired);
}

#[tokio::test]
async fn just_before_it_is_not() {
    let (browser, sealed) = sealed().await;
    browser.app.clock().advance(59);
    open(&browser, &sealed, json!({})).await.ok();
}

#[tokio::test]
async fn it_opens_once() {
    let (browser, sealed) = sealed().await;
    open(&browser, &sealed, json!({})).await.ok();
    open(&browser, &sealed, json!({}))
        .await
        .refused(Code::HandoffUsed);
}

#[tokio::test]
async fn what_was_altered_or_is_something_else_doesnt_open() {
    let (mut browser, tokens) = signed_in().await;
    let answer = seal(&mut browser, &tokens, json!({})).await.ok();
    let mut altered = answer["sealed"].as_str().unwrap().to_owned().into_bytes();
    let last = altered.len() - 5;
    altered[last] = if altered[last] == b'A' { b'B' } else { b'A' };
    for sealed in [
        json!(String::from_utf8(altered).unwrap()),
        json!("nothing"),
        tokens["handle"].clone(),
    ] {
        open(&browser, &sealed, json!({}))
            .await
            .refused(Code::HandoffInvalid);
    }
    // Nor is it a handle.
    let grant = json!({"handle": answer["sealed"], "lang": "en"});
    browser
        .call("POST", "/v1/grant", grant)
        .await
        .refused(Code::HandleInvalid);
}

#[tokio::test]
async fn only_our_own_frame_opens() {
    let (browser, sealed) = sealed().await;
    for (name, value, code) in [
        ("origin", FANZINE, Code::OriginNotAllowed),
        ("x-admit-one", "0", Code::HeaderMissing),
    ] {
        let body = json!({"sealed": sealed, "verifier": verifier(1).as_str(), "partner": "fanzine", "origin": FANZINE});
        let mut request = Request::post("/v1/handoff/open")
            .header("origin", ORIGIN)
            .header("x-admit-one", "1")
            .body(Body::from(body.to_string()))
            .unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        browser.send(request).await.refused(code);
    }
}

#[tokio::test]
async fn only_the_partners_pages_may_hold_the_frame_and_only_the_frame() {
    let browser = Browser::configured("", PARTNERS).await;
    let frame = browser.get("/widget/frame?partner=fanzine").await;
    assert_eq!(frame.status, 200);
    let policy = frame.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.ends_with("frame-ancestors https://fanzine.example https://www.fanzine.example")
            && policy.starts_with("default-src 'none'; script-src 'sha256-")
            && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(!frame.headers.contains_key("x-frame-options"));
    let unknown = browser.get("/widget/frame?partner=nobody").await;
    assert_eq!(unknown.body["code"], Code::PartnerUnknown.as_str());
    for path in [
        "/",
        "/widget?partner=fanzine",
        "/widget/frame?partner=nobody",
        "/widget/frame",
        "/account",
    ] {
        let headers = browser.get(path).await.headers;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
    }
}

#[tokio::test]
async fn the_page_knows_the_partner_that_it_was_opened_for_and_no_other() {
    let browser = Browser::configured("", PARTNERS).await;
    let html = async |path: &str| browser.get(path).await.body.as_str().unwrap().to_owned();
    let page = html("/widget?action=sign-in&partner=blog").await;
    assert!(
        page.contains("<meta name=\"admit-one:partner\" content=\"{&quot;id&quot;:&quot;blog&quot;,&quot;label&quot;:&quot;The &lt;Blog&gt;&quot;,&quot;origins&quot;:[&quot;https://blog.example&quot;,&quot;https://fanzine.example&quot;],&quot;return_path&quot;:&quot;/&quot;,&quot;release&quot;:[]}\">"),
        "{page}"
    );
    assert!(!page.contains("www.fanzine.example"));
    let page = html("/widget?action=sign-in&partner=fanzine").await;
    assert!(
        page.contains("&quot;label&quot;:&quot;fanzine&quot;"),
        "without a label it is the id: {page}"
    );
    let page = html("/widget?partner=%22%3E").await;
    assert!(
        page.contains("<meta name=\"admit-one:partner\" content=\"\">"),
        "{page}"
    );
    assert!(!html("/").await.contains("fanzine"));
}

#[tokio::test]
async fn a_popup_keeps_its_opener_where_there_are_partners() {
    let browser = Browser::configured("", PARTNERS).await;
    let page = browser.get("/widget?partner=fanzine").await;
    assert_eq!(page.headers["cross-origin-opener-policy"], "unsafe-none");
}

#[tokio::test]
async fn every_page_may_load_the_loader() {
    let browser = Browser::configured("", PARTNERS).await;
    let headers = browser.get("/admit-one.js").await.headers;
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    let headers = browser.get("/robots.txt").await.headers;
    assert!(!headers.contains_key("access-control-allow-origin"));
    assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
}
