//! `POST /v1/refresh` and `POST /v1/sign-out`: what a handle is good for, and for whom.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod support;

use admit_one_backend::{App, Config};
use admit_one_protocol::Code;
use serde_json::{Value, json};
use support::{Browser, Upstream, exchange_body, secrets, toml};

async fn refresh(browser: &mut Browser, handle: &Value) -> support::Answer {
    browser
        .call("POST", "/v1/refresh", json!({"handle": handle}))
        .await
}

#[tokio::test]
async fn a_refresh_brings_tokens_and_the_next_handle() {
    let mut browser = Browser::start().await;
    let first = browser.exchange().await.ok();
    let second = refresh(&mut browser, &first["handle"]).await.ok();
    assert_eq!(second["access_token"], "access-2");
    assert_eq!(
        second["handle_expires_at"], first["handle_expires_at"],
        "the end is absolute"
    );
    assert!(
        browser
            .upstream
            .last("/token")
            .1
            .contains("refresh_token=refresh-1")
    );
    refresh(&mut browser, &second["handle"]).await.ok();
    assert!(
        browser
            .upstream
            .last("/token")
            .1
            .contains("refresh_token=refresh-2"),
        "a rotated refresh token is used"
    );
}

#[tokio::test]
async fn a_handle_of_a_p_256_key_is_as_good_and_as_bound() {
    let mut browser = Browser::start().await.with_p_256();
    let handle = browser.exchange().await.ok()["handle"].clone();
    let next = refresh(&mut browser, &handle).await.ok()["handle"].clone();
    refresh(&mut browser, &next).await.ok();
    for mut thief in [
        browser.another().await,
        browser.another().await.with_p_256(),
    ] {
        refresh(&mut thief, &next)
            .await
            .refused(Code::ProofKeyMismatch);
    }
}

#[tokio::test]
async fn a_second_tab_burns_no_rotated_refresh_token() {
    let mut browser = Browser::start().await;
    let handle = browser.exchange().await.ok()["handle"].clone();
    browser.upstream.with(|inner| inner.delay_ms = 50);
    let body = json!({"handle": handle});
    let (one, two) = (
        browser.request("POST", "/v1/refresh", &body),
        browser.request("POST", "/v1/refresh", &body),
    );
    let (one, two) = tokio::join!(browser.send(one), browser.send(two));
    let (one, two) = (one.ok(), two.ok());
    assert_eq!(one["access_token"], two["access_token"]);
    assert_eq!(
        browser.upstream.count("/token"),
        2,
        "one exchange, one refresh"
    );
}

#[tokio::test]
async fn lenient_answers_to_a_refresh_are_accepted() {
    let mut browser = Browser::start().await;
    let handle = browser.exchange().await.ok()["handle"].clone();
    browser.upstream.answers(
        200,
        "application/json",
        r#"{"access_token":"a","token_type":"Bearer","expires_in":"300"}"#,
    );
    let tokens = refresh(&mut browser, &handle).await.ok();
    assert_eq!(
        (&tokens["expires_in"], tokens.get("id_token")),
        (&json!(300), None)
    );
    refresh(&mut browser, &tokens["handle"]).await.ok();
    assert!(
        browser
            .upstream
            .last("/token")
            .1
            .contains("refresh_token=refresh-1"),
        "without a new one the old one goes on"
    );
}

#[tokio::test]
async fn a_handle_is_worth_nothing_elsewhere() {
    let mut browser = Browser::start().await;
    let handle = browser.exchange().await.ok()["handle"].clone();
    let mut thief = browser.another().await;
    refresh(&mut thief, &handle)
        .await
        .refused(Code::ProofKeyMismatch);
    let altered = handle.as_str().unwrap().replace("new.", "old.");
    refresh(&mut browser, &json!(altered))
        .await
        .refused(Code::HandleInvalid);
    refresh(&mut browser, &json!("rubbish"))
        .await
        .refused(Code::HandleInvalid);
    let retired = handle.as_str().unwrap().replace("new.", "retired.");
    refresh(&mut browser, &json!(retired))
        .await
        .refused(Code::HandleKeyUnknown);
    refresh(&mut browser, &Value::Null)
        .await
        .refused(Code::HandleMissing);
    assert_eq!(browser.upstream.count("/token"), 1);
}

#[tokio::test]
async fn a_handle_ends() {
    let mut browser = Browser::configured("handle_lifetime = 3600", "").await;
    let handle = browser.exchange().await.ok()["handle"].clone();
    browser.app.clock().advance(3600);
    browser.exchange().await.refused(Code::ProofNonce);
    refresh(&mut browser, &handle)
        .await
        .refused(Code::HandleExpired);
    // Signing out works with a handle of any age.
    browser
        .call(
            "POST",
            "/v1/sign-out",
            json!({"handle": handle, "state": "s"}),
        )
        .await
        .ok();
}

#[tokio::test]
async fn an_old_seal_key_opens_until_it_is_removed() {
    let upstream = Upstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("db").display());
    let text = toml(&upstream.issuer, "", "").replace("sqlite::memory:", &database);
    let start = |keys: &str| {
        let ours = r#"keys = [{ id = "new", secret_env = "SEAL" }, { id = "old", secret_env = "OLD_SEAL" }]"#;
        Config::parse(&text.replace(ours, keys), "test.toml", &secrets).unwrap()
    };
    let old = start(r#"keys = [{ id = "old", secret_env = "OLD_SEAL" }]"#);
    let mut browser = Browser::of(App::start(old).await.unwrap(), upstream.clone()).await;
    let handle = browser.exchange().await.ok()["handle"].clone();
    assert!(handle.as_str().unwrap().starts_with("old."));

    let rotated = App::start(Config::parse(&text, "test.toml", &secrets).unwrap())
        .await
        .unwrap();
    browser.app = rotated.clone();
    let handle = refresh(&mut browser, &handle).await.ok()["handle"].clone();
    assert!(
        handle.as_str().unwrap().starts_with("new."),
        "a refresh seals with the first key"
    );

    let retired = App::start(start(r#"keys = [{ id = "old", secret_env = "OLD_SEAL" }]"#))
        .await
        .unwrap();
    browser.app = retired.clone();
    refresh(&mut browser, &handle)
        .await
        .refused(Code::ProofNonce);
    refresh(&mut browser, &handle)
        .await
        .refused(Code::HandleKeyUnknown);
}

#[tokio::test]
async fn a_handle_is_of_its_provider() {
    let mut browser = Browser::start().await;
    let handle = browser.exchange().await.ok()["handle"].clone();
    let named = json!({"handle": handle, "provider": "other"});
    browser
        .call("POST", "/v1/refresh", named)
        .await
        .refused(Code::HandleProviderMismatch);
    // The provider of the same id is another server now.
    let moved = Upstream::start().await;
    let app =
        App::start(Config::parse(&toml(&moved.issuer, "", ""), "test.toml", &secrets).unwrap())
            .await
            .unwrap();
    browser.app = app;
    refresh(&mut browser, &handle)
        .await
        .refused(Code::HandleProviderMismatch);
}

#[tokio::test]
async fn what_the_provider_refuses_at_a_refresh_has_a_code() {
    let mut browser = Browser::start().await;
    let handle = browser.exchange().await.ok()["handle"].clone();
    browser
        .upstream
        .answers(400, "application/json", r#"{"error":"invalid_grant"}"#);
    refresh(&mut browser, &handle)
        .await
        .refused(Code::RefreshRefused);
    for (claims, code) in [
        (json!({"iss": "https://evil.example"}), Code::RefreshIss),
        (json!({"sub": "mallory"}), Code::RefreshSub),
        (json!({"aud": "other"}), Code::RefreshAud),
        (json!({"azp": "other"}), Code::RefreshAzp),
    ] {
        browser.upstream.claims(claims);
        refresh(&mut browser, &handle).await.refused(code);
    }
    browser.upstream.with(|inner| {
        inner.claims = json!({});
        inner.refresh_token = None;
    });
    let tokens = browser.exchange().await.ok();
    assert_eq!(tokens["refreshable"], false);
    refresh(&mut browser, &tokens["handle"])
        .await
        .refused(Code::RefreshUnavailable);
}

#[tokio::test]
async fn sign_out_revokes_and_says_where_to_go() {
    let mut browser = Browser::start().await;
    let tokens = browser.exchange().await.ok();
    let body = json!({"handle": tokens["handle"], "id_token": tokens["id_token"], "state": "s&t"});
    let answer = browser.call("POST", "/v1/sign-out", body).await.ok();
    let url = answer["end_session_url"].as_str().unwrap();
    assert!(
        url.starts_with(&format!("{}/end?", browser.upstream.issuer)),
        "{url}"
    );
    assert!(
        url.contains("state=s%26t")
            && url.contains("post_logout_redirect_uri=https%3A%2F%2Fsso.example%2Fsigned-out"),
        "{url}"
    );
    assert!(
        browser
            .upstream
            .last("/revoke")
            .1
            .contains("token=refresh-1")
    );
}

#[tokio::test]
async fn sign_out_works_without_revocation_and_logout_endpoints() {
    let upstream = Upstream::start().await;
    upstream.with(|inner| {
        inner.metadata = json!({"revocation_endpoint": null, "end_session_endpoint": null})
    });
    let mut browser = Browser::at(upstream, "", "").await;
    let handle = browser.exchange().await.ok()["handle"].clone();
    let answer = browser
        .call(
            "POST",
            "/v1/sign-out",
            json!({"handle": handle, "state": "s"}),
        )
        .await
        .ok();
    assert_eq!(answer, json!({}));
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_handle_made_before() {
    let mut browser = Browser::start().await;
    let mut other = browser.another().await;
    let here = browser.exchange().await.ok()["handle"].clone();
    let there = other.exchange().await.ok()["handle"].clone();
    refresh(&mut other, &there).await.ok();
    browser
        .call(
            "POST",
            "/v1/sign-out",
            json!({"handle": here, "reach": "everywhere", "state": "s"}),
        )
        .await
        .ok();
    refresh(&mut other, &there)
        .await
        .refused(Code::HandleRevoked);
    refresh(&mut browser, &here)
        .await
        .refused(Code::HandleRevoked);
    browser
        .call("POST", "/v1/grant", json!({"handle": here, "lang": "en"}))
        .await
        .refused(Code::HandleRevoked);
    browser.app.clock().advance(1);
    let again = browser.exchange().await.ok()["handle"].clone();
    refresh(&mut browser, &again).await.ok();
}

#[tokio::test]
async fn a_kept_answer_makes_no_handle_that_outlives_signing_out_everywhere() {
    let mut browser = Browser::start().await;
    let exchange = exchange_body("once");
    let tokens = browser.call("POST", "/v1/exchange", exchange.clone()).await;
    let handle = tokens.ok()["handle"].clone();
    let sign_out = json!({"handle": handle, "reach": "everywhere", "state": "s"});
    browser.call("POST", "/v1/sign-out", sign_out).await.ok();
    browser.app.clock().advance(1);
    let again = browser.call("POST", "/v1/exchange", exchange).await.ok();
    assert_eq!(browser.upstream.count("/token"), 1, "the answer was kept");
    refresh(&mut browser, &again["handle"])
        .await
        .refused(Code::HandleRevoked);
}

#[tokio::test]
async fn with_custody_cookie_the_handle_is_out_of_reach_of_scripts() {
    let mut browser = Browser::configured("custody = \"cookie\"", "").await;
    let answer = browser.exchange().await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.starts_with("__Host-admit-one=new.")
            && cookie.ends_with("; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let tokens = answer.ok();
    assert_eq!(tokens.get("handle"), None);
    // A sync that ends after a sign-out, or after a refresh, leaves the cookie as it is.
    let sync = json!({"access_token": tokens["access_token"]});
    let synced = browser.call("POST", "/v1/profile", sync).await;
    assert!(!synced.headers.contains_key("set-cookie"));
    synced.ok();
    let answer = browser.call("POST", "/v1/refresh", json!({})).await;
    assert!(answer.headers.contains_key("set-cookie"));
    answer.ok();
    let answer = browser
        .call("POST", "/v1/sign-out", json!({"state": "s"}))
        .await;
    assert!(
        answer.headers["set-cookie"]
            .to_str()
            .unwrap()
            .starts_with("__Host-admit-one=; Path=/; Max-Age=0")
    );
    answer.ok();
    browser
        .call("POST", "/v1/refresh", json!({}))
        .await
        .refused(Code::HandleMissing);
}

#[tokio::test]
async fn a_cookie_that_browsers_would_drop_is_refused_aloud() {
    let mut browser = Browser::configured("custody = \"cookie\"", "").await;
    let upstream = browser.upstream.clone();
    let long = || {
        let id_token = upstream.with(|inner| inner.id_token());
        let tokens = json!({
            "access_token": "a", "token_type": "bearer", "id_token": id_token,
            "refresh_token": "r".repeat(3000),
        });
        upstream.answers(200, "application/json", tokens.to_string());
    };
    long();
    let refused = browser.exchange().await.refused(Code::Internal);
    assert!(!refused.headers.contains_key("set-cookie"));
    // Elsewhere there is room.
    long();
    let mut browser = Browser::at(upstream.clone(), "", "").await;
    browser.exchange().await.ok();
}
