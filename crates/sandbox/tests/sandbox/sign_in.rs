//! The code flow from discovery to logout.

use admit_one_sandbox::Alg;
use axum::http::StatusCode;
use serde_json::json;

use crate::browser::{
    Browser, REDIRECT_URI, claims_of, exchange, get_json, header_of, is_signed, refresh, sandbox,
    userinfo,
};

/// OpenID Connect Discovery 3.
#[tokio::test]
async fn metadata_names_the_issuer_with_its_path_and_every_endpoint() {
    let sandbox = sandbox();
    let metadata = get_json(&sandbox, "/club/.well-known/openid-configuration").await;
    assert_eq!(metadata["issuer"], "http://localhost:8900/club");
    assert_eq!(metadata["issuer"], sandbox.issuer());
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "revocation_endpoint",
        "end_session_endpoint",
    ] {
        assert!(
            metadata[endpoint]
                .as_str()
                .unwrap()
                .starts_with("http://localhost:8900/club/"),
            "{endpoint}"
        );
    }
    assert_eq!(
        metadata["authorization_response_iss_parameter_supported"],
        true
    );
}

/// OpenID Connect Core 3.1.
#[tokio::test]
async fn a_buyer_gets_in_with_everything_the_scope_asked_for() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let back = browser.sign_in("alice").await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    let parameters = back.redirected();
    assert_eq!(parameters["state"], "the-state");
    assert_eq!(parameters["iss"], sandbox.issuer());

    let answer = exchange(&sandbox, &parameters["code"]).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 600);
    assert!(is_signed(&sandbox, tokens["id_token"].as_str().unwrap()).await);

    let claims = claims_of(&tokens);
    assert_eq!(claims["iss"], sandbox.issuer());
    assert_eq!(claims["aud"], "shop");
    assert_eq!(claims["nonce"], "the-nonce");
    assert_eq!(claims["acr"], "password");
    assert_eq!(claims["email"], "alice@example.test");
    assert!(
        claims["auth_time"].is_i64() && claims["sid"].is_string() && claims["at_hash"].is_string()
    );

    let profile = userinfo(&sandbox, &tokens).await.json();
    assert_eq!(profile["sub"], claims["sub"]);
    assert_eq!(profile["address"]["country"], "CH");
    assert_eq!(profile["phone_number"], "+41225550101");
}

/// OpenID Connect Core 5.4.
#[tokio::test]
async fn scope_limits_the_claims_and_the_refresh_token() {
    let sandbox = sandbox();
    let back = Browser::new(&sandbox)
        .sign_in_with("alice", &[("scope", "openid email")])
        .await;
    let tokens = exchange(&sandbox, &back.redirected()["code"]).await.json();
    assert!(tokens.get("refresh_token").is_none());
    let profile = userinfo(&sandbox, &tokens).await.json();
    assert_eq!(profile["email_verified"], true);
    assert!(profile.get("name").is_none() && profile.get("address").is_none());
}

#[tokio::test]
async fn personas_are_as_they_are_described() {
    let sandbox = sandbox();
    let bob = Browser::new(&sandbox).tokens("bob").await;
    let profile = userinfo(&sandbox, &bob).await.json();
    assert!(profile.get("phone_number").is_none() && profile["address"].get("country").is_none());
    let carol = claims_of(&Browser::new(&sandbox).tokens("carol").await);
    let alice = claims_of(&Browser::new(&sandbox).tokens("alice@example.test").await);
    assert_eq!(carol["email"], alice["email"]);
    assert_eq!(
        (&carol["email_verified"], &alice["email_verified"]),
        (&json!(false), &json!(true))
    );
    assert_ne!(carol["sub"], alice["sub"]);
}

#[tokio::test]
async fn every_algorithm_signs() {
    let sandbox = sandbox();
    for alg in Alg::ALL {
        sandbox.set_id_token_alg(alg);
        let tokens = Browser::new(&sandbox).tokens("alice").await;
        assert_eq!(header_of(&tokens)["alg"], alg.as_str());
        assert!(
            is_signed(&sandbox, tokens["id_token"].as_str().unwrap()).await,
            "{alg}"
        );
    }
}

/// OpenID Connect Core 10.1.1.
#[tokio::test]
async fn after_a_rotation_the_former_key_is_published_for_an_hour() {
    let sandbox = sandbox();
    let before = Browser::new(&sandbox).tokens("alice").await;
    sandbox.rotate();
    let after = Browser::new(&sandbox).tokens("alice").await;
    assert_ne!(header_of(&before)["kid"], header_of(&after)["kid"]);
    for tokens in [&before, &after] {
        assert!(is_signed(&sandbox, tokens["id_token"].as_str().unwrap()).await);
    }
    sandbox.advance_clock(3600);
    assert!(!is_signed(&sandbox, before["id_token"].as_str().unwrap()).await);
    assert!(is_signed(&sandbox, after["id_token"].as_str().unwrap()).await);
}

/// OpenID Connect Core 3.1.2.1 and 3.1.2.3.
#[tokio::test]
async fn who_is_signed_in_sees_no_login_page_unless_the_client_asks() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let none = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(none.redirected()["error"], "login_required");

    browser.sign_in("alice").await;
    for silent in [&[][..], &[("prompt", "none")], &[("max_age", "60")]] {
        let back = browser.authorize(silent).await;
        assert!(
            back.redirected().contains_key("code"),
            "{silent:?}: {back:?}"
        );
    }
    sandbox.advance_clock(61);
    for asks in [
        &[("prompt", "login")],
        &[("max_age", "60")],
        &[("max_age", "0")],
        &[("acr_values", "otp")],
    ] {
        let led = browser.authorize(asks).await;
        assert!(led.location().contains("/club/login/"), "{asks:?}: {led:?}");
    }
    let stale = browser
        .authorize(&[("prompt", "none"), ("max_age", "60")])
        .await;
    assert_eq!(stale.redirected()["error"], "login_required");
}

/// RFC 6749 3.1 and 4.1.2.1, RFC 9700 2.1, RFC 7636 4.4.1.
#[tokio::test]
async fn wrong_requests_are_refused_where_they_can_be() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    for page in [
        &[("client_id", "nobody")][..],
        &[("redirect_uri", "http://localhost:8800/callback/")],
        &[("redirect_uri", "http://localhost:8800/callback/club/more")],
        &[("redirect_uri", "http://localhost:8800/callback/club?x=1")],
        &[(
            "redirect_uri",
            "http://localhost:8800.example/callback/club",
        )],
        &[("state", "one"), ("state", "two")],
    ] {
        let answer = browser.authorize(page).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{page:?}");
        assert!(answer.headers.get("location").is_none());
    }
    for (change, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "email"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("max_age", "soon"), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("request", "e30."), "request_not_supported"),
    ] {
        let answer = browser.authorize(&[change]).await;
        assert!(answer.location().starts_with(REDIRECT_URI));
        let parameters = answer.redirected();
        assert_eq!(
            (&*parameters["error"], &*parameters["state"]),
            (error, "the-state"),
            "{change:?}"
        );
        assert_eq!(parameters["iss"], sandbox.issuer());
    }
}

/// OpenID Connect RP-Initiated Logout 1.0.
#[tokio::test]
async fn logout_with_a_hint_asks_nothing_and_comes_back_with_the_state() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let tokens = browser.tokens("alice").await;
    sandbox.advance_clock(7 * 24 * 3600);
    let id_token = tokens["id_token"].as_str().unwrap();
    let foreign = crate::browser::form(&[
        ("id_token_hint", id_token),
        (
            "post_logout_redirect_uri",
            "http://localhost:8800/elsewhere",
        ),
    ]);
    assert_eq!(
        browser.get(&format!("/club/logout?{foreign}")).await.status,
        StatusCode::BAD_REQUEST
    );

    let query = crate::browser::form(&[
        ("id_token_hint", id_token),
        (
            "post_logout_redirect_uri",
            "http://localhost:8800/signed-out",
        ),
        ("state", "left"),
    ]);
    let back = browser.get(&format!("/club/logout?{query}")).await;
    assert_eq!(
        back.location(),
        "http://localhost:8800/signed-out?state=left"
    );
    assert!(
        browser
            .authorize(&[])
            .await
            .location()
            .contains("/club/login/")
    );
    assert_eq!(
        refresh(&sandbox, &tokens).await.status,
        StatusCode::OK,
        "offline access outlives the login"
    );
}

#[tokio::test]
async fn logout_without_a_hint_asks_first() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    browser.sign_in("alice").await;
    let page = browser.get("/club/logout?client_id=shop&state=left").await;
    assert!(page.body.contains("data-testid=\"club-logout\""));
    assert!(
        browser
            .authorize(&[])
            .await
            .redirected()
            .contains_key("code"),
        "still signed in"
    );
    let confirm = page.hidden("client_id");
    assert_eq!(confirm, "shop");
    let (_, rest) = page.body.split_once("name=\"confirm\" value=\"").unwrap();
    let csrf = rest.split('"').next().unwrap();
    let done = browser
        .post("/club/logout", &[("client_id", "shop"), ("confirm", csrf)])
        .await;
    assert!(done.body.contains("club-signed-out"));
    assert!(
        browser
            .authorize(&[])
            .await
            .location()
            .contains("/club/login/")
    );
}
