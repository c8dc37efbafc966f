//! Which flow runs, and what the buyer sees of it.

use super::*;

#[tokio::test]
async fn the_strong_one_asks_for_password_and_second_factor() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let led = buyer
        .authorize("strong-app", &[("acr_values", "strong-acr")])
        .await;
    let page = buyer.password(&led, "alice", "ticket").await;
    assert!(page.body.contains("data-testid=\"airlock-otp\""));
    let back = buyer.otp(&led, "000000").await;
    let claims = claims_of(&exchange(&sandbox, "strong-app", &back).await.json());
    assert_eq!(claims["acr"], "strong-acr");
    assert_eq!(claims["aud"], "strong-app");
}

/// Without a ticket there is no short cut for whoever is signed in weakly.
#[tokio::test]
async fn a_weak_session_is_not_enough_for_the_strong_one() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    buyer.sign_in("alice").await;
    let led = buyer
        .authorize("strong-app", &[("acr_values", "strong-acr")])
        .await;
    assert!(buyer.shows(&led, "airlock-login").await);
    let back = buyer
        .authorize("weak-app", &[("acr_values", "weak-acr")])
        .await;
    assert!(
        back.redirected().contains_key("code"),
        "nor did it end the session"
    );
}

#[tokio::test]
async fn acr_values_are_tried_in_their_order_and_match_exactly() {
    let sandbox = sandbox();
    for (asked, mark, acr) in [
        ("strong-acr weak-acr", "airlock-otp", json!("strong-acr")),
        ("weak-acr strong-acr", "", json!("weak-acr")),
        ("unknown weak-acr", "", json!("weak-acr")),
        ("Weak-ACR", "", Value::Null),
        ("urn:unknown", "", Value::Null),
        ("", "", Value::Null),
    ] {
        let mut buyer = Buyer::new(&sandbox);
        let led = buyer.authorize("weak-app", &[("acr_values", asked)]).await;
        let mut back = buyer.password(&led, "alice", "ticket").await;
        if !mark.is_empty() {
            assert!(back.body.contains(mark), "{asked}");
            back = buyer.otp(&led, "000000").await;
        }
        let claims = claims_of(&exchange(&sandbox, "weak-app", &back).await.json());
        assert_eq!(
            claims.get("acr").cloned().unwrap_or_default(),
            acr,
            "{asked}"
        );
    }
}

#[tokio::test]
async fn the_mapping_answers_with_what_holds_or_the_first_of_its_list() {
    let sandbox = sandbox();
    sandbox
        .change_settings(json!({ "airlock": { "acr_claim": "mapping" } }))
        .unwrap();
    for (asked, acr) in [
        ("weak-acr", "weak-acr"),
        ("unknown", "weak-acr"),
        ("", "weak-acr"),
    ] {
        let mut buyer = Buyer::new(&sandbox);
        let led = buyer.authorize("weak-app", &[("acr_values", asked)]).await;
        let back = buyer.password(&led, "alice", "ticket").await;
        let claims = claims_of(&exchange(&sandbox, "weak-app", &back).await.json());
        assert_eq!(claims["acr"], acr, "{asked}");
    }
}

#[tokio::test]
async fn prompt_none_has_the_error_that_the_step_is_configured_for() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let back = buyer.authorize("weak-app", &[("prompt", "none")]).await;
    assert_eq!(back.redirected()["error"], "interaction_required");
    let setting = json!({ "airlock": { "prompt_none_error": "access_denied" } });
    sandbox.change_settings(setting).unwrap();
    let back = buyer.authorize("weak-app", &[("prompt", "none")]).await;
    assert_eq!(back.redirected()["error"], "access_denied");
    buyer.sign_in("alice").await;
    let back = buyer.authorize("weak-app", &[("prompt", "none")]).await;
    assert!(back.redirected().contains_key("code"));
}

#[tokio::test]
async fn prompt_login_ends_the_session_first() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    buyer.sign_in("alice").await;
    let led = buyer.authorize("weak-app", &[("prompt", "login")]).await;
    assert!(buyer.shows(&led, "airlock-login").await);
    let led = buyer.authorize("weak-app", &[]).await;
    assert!(
        buyer.shows(&led, "airlock-login").await,
        "giving up leaves nobody signed in here"
    );
}

#[tokio::test]
async fn max_age_asks_again_whoever_was_signed_in_long_ago() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    buyer.sign_in("alice").await;
    sandbox.advance_clock(61);
    let led = buyer.authorize("weak-app", &[("max_age", "60")]).await;
    assert!(buyer.shows(&led, "airlock-login").await);
}

#[tokio::test]
async fn the_third_wrong_second_factor_is_access_denied() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let weak = buyer.sign_in("alice").await;
    let ticket = ticket(&sandbox, &weak).await;
    let led = buyer.step_up(&ticket).await;
    for _ in 0..2 {
        assert!(
            buyer
                .otp(&led, "111111")
                .await
                .body
                .contains("role=\"alert\"")
        );
    }
    let back = buyer.otp(&led, "111111").await;
    assert_eq!(back.redirected()["error"], "access_denied");
    assert_eq!(back.redirected()["state"], "the-state");
    assert_eq!(
        resource(&sandbox, &weak).await.status,
        StatusCode::OK,
        "the weak tokens stay good"
    );
}

#[tokio::test]
async fn erin_is_locked_out_and_giving_up_is_access_denied() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let led = buyer.authorize("weak-app", &[]).await;
    assert!(
        buyer
            .password(&led, "erin", "wrong")
            .await
            .body
            .contains("role=\"alert\"")
    );
    let page = buyer.password(&led, "erin", "ticket").await;
    assert!(page.body.contains("airlock-frozen"));
    let csrf = page.hidden("csrf");
    let back = buyer
        .0
        .post(led.location(), &[("csrf", &csrf), ("cancel", "1")])
        .await;
    assert_eq!(back.redirected()["error"], "access_denied");
}

#[tokio::test]
async fn a_page_works_in_the_browser_it_was_opened_in_and_for_its_own_form() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let led = buyer.authorize("weak-app", &[]).await;
    let page = buyer.0.get(led.location()).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' http://localhost:8800;"));
    let other = Browser::at(&sandbox, HOST).get(led.location()).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    let forged = [
        ("csrf", "guessed"),
        ("username", "alice"),
        ("password", "ticket"),
    ];
    assert_eq!(
        buyer.0.post(led.location(), &forged).await.status,
        StatusCode::GONE
    );
}
