//! The login page, as buyers and their mistakes see it.

use axum::http::StatusCode;

use crate::browser::{Browser, REDIRECT_URI, claims_of, exchange, sandbox};

#[tokio::test]
async fn a_wrong_password_says_so_and_keeps_the_name() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let led = browser.authorize(&[("ui_locales", "de fr")]).await;
    let page = browser.log_in(&led, "alice", "wrong").await;
    assert!(page.body.contains("lang=\"de\"") && page.body.contains("role=\"alert\""));
    assert!(page.body.contains("value=\"alice\""));
    assert!(
        !page.body.contains("wrong\""),
        "a password is never sent back"
    );
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(policy.contains("form-action 'self' http://localhost:8800;"));
    assert!(
        browser
            .log_in(&led, "alice", "ticket")
            .await
            .redirected()
            .contains_key("code")
    );
}

#[tokio::test]
async fn login_hint_is_filled_in_and_can_break_nothing() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let led = browser
        .authorize(&[("login_hint", "\"><script>alert(1)</script>")])
        .await;
    let page = browser.get(led.location()).await;
    assert!(!page.body.contains("<script>"), "{}", page.body);
    let led = browser
        .authorize(&[("login_hint", "bob@example.test")])
        .await;
    assert!(
        browser
            .get(led.location())
            .await
            .body
            .contains("value=\"bob@example.test\"")
    );
}

#[tokio::test]
async fn dave_is_asked_for_a_second_factor() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let led = browser.authorize(&[]).await;
    let page = browser.log_in(&led, "dave", "ticket").await;
    let csrf = page.hidden("csrf");
    assert!(page.body.contains("name=\"otp\""));
    let page = browser
        .post(led.location(), &[("csrf", &csrf), ("otp", "111111")])
        .await;
    assert!(page.body.contains("role=\"alert\""));
    let back = browser
        .post(led.location(), &[("csrf", &csrf), ("otp", "000000")])
        .await;
    let tokens = exchange(&sandbox, &back.redirected()["code"]).await.json();
    assert_eq!(claims_of(&tokens)["acr"], "otp");
}

#[tokio::test]
async fn the_third_wrong_second_factor_sends_dave_back() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let led = browser.authorize(&[]).await;
    let csrf = browser.log_in(&led, "dave", "ticket").await.hidden("csrf");
    for _ in 0..2 {
        assert_eq!(
            browser
                .post(led.location(), &[("csrf", &csrf), ("otp", "1")])
                .await
                .status,
            StatusCode::OK
        );
    }
    let back = browser
        .post(led.location(), &[("csrf", &csrf), ("otp", "1")])
        .await;
    assert_eq!(back.redirected()["error"], "access_denied");
}

/// OpenID Connect Core 3.1.2.1: `acr_values`.
#[tokio::test]
async fn otp_is_asked_of_everyone_when_the_client_wants_it() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    browser.sign_in("alice").await;
    let led = browser.authorize(&[("acr_values", "otp")]).await;
    let page = browser.log_in(&led, "alice", "ticket").await;
    let back = browser
        .post(
            led.location(),
            &[("csrf", &page.hidden("csrf")), ("otp", "000000")],
        )
        .await;
    assert!(back.redirected().contains_key("code"));
    assert!(
        browser
            .authorize(&[("acr_values", "otp")])
            .await
            .redirected()
            .contains_key("code"),
        "the session is strong now"
    );
}

#[tokio::test]
async fn erin_can_only_go_back() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let led = browser.authorize(&[]).await;
    let page = browser.log_in(&led, "erin", "ticket").await;
    assert!(page.body.contains("club-frozen") && !page.body.contains("name=\"password\""));
    let back = browser
        .post(
            led.location(),
            &[("csrf", &page.hidden("csrf")), ("cancel", "1")],
        )
        .await;
    assert_eq!(back.redirected()["error"], "access_denied");
    assert_eq!(back.redirected()["state"], "the-state");
}

#[tokio::test]
async fn giving_up_is_access_denied() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let led = browser.authorize(&[]).await;
    let csrf = browser.get(led.location()).await.hidden("csrf");
    let back = browser
        .post(led.location(), &[("csrf", &csrf), ("cancel", "1")])
        .await;
    assert!(back.location().starts_with(REDIRECT_URI));
    assert_eq!(back.redirected()["error"], "access_denied");
}

#[tokio::test]
async fn a_new_account_is_made_and_signed_in() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let led = browser.authorize(&[]).await;
    let create = format!("{}/create", led.location());
    let csrf = browser.get(&create).await.hidden("csrf");
    let mut fields = vec![
        ("csrf", &*csrf),
        ("given_name", "Zoë"),
        ("family_name", "Q"),
        ("email", "alice@example.test"),
        ("password", "p"),
    ];
    let taken = browser.post(&create, &fields).await;
    assert!(taken.body.contains("role=\"alert\"") && taken.body.contains("value=\"Zoë\""));
    fields[3].1 = "zoe@example.test";
    let back = browser.post(&create, &fields).await;
    let tokens = exchange(&sandbox, &back.redirected()["code"]).await.json();
    assert_eq!(claims_of(&tokens)["email"], "zoe@example.test");
}

/// A page elsewhere, or another browser, can't drive somebody's login.
#[tokio::test]
async fn a_login_works_only_in_the_browser_it_was_opened_in() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let led = browser.authorize(&[]).await;
    let csrf = browser.get(led.location()).await.hidden("csrf");
    let typed = [
        ("csrf", &*csrf),
        ("username", "alice"),
        ("password", "ticket"),
    ];
    assert_eq!(
        Browser::new(&sandbox)
            .post(led.location(), &typed)
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    let forged = [
        ("csrf", "guessed"),
        ("username", "alice"),
        ("password", "ticket"),
    ];
    assert_eq!(
        browser.post(led.location(), &forged).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_second_click_leads_where_the_first_did_and_coming_back_starts_over() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let led = browser.authorize(&[]).await;
    let csrf = browser.get(led.location()).await.hidden("csrf");
    let typed = [
        ("csrf", &*csrf),
        ("username", "alice"),
        ("password", "ticket"),
    ];
    let first = browser.post(led.location(), &typed).await;
    let second = browser.post(led.location(), &typed).await;
    assert_eq!(first.location(), second.location());
    let over = browser.get(led.location()).await;
    let back = browser.get(over.location()).await;
    assert_ne!(back.redirected()["code"], first.redirected()["code"]);
    assert_eq!(back.redirected()["state"], "the-state");
}
