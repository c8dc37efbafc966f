//! The endpoints of OpenID Connect, and the sign-in of `weak-app`.

use super::*;

#[tokio::test]
async fn is_found_under_its_prefix_which_is_the_issuer() {
    let sandbox = sandbox();
    let url = format!("{}/.well-known/openid-configuration", issuer());
    let metadata = call(&sandbox, "GET", &url, &[], String::new()).await.json();
    assert_eq!(metadata["issuer"], issuer());
    assert_eq!(metadata["issuer"], sandbox.airlock_issuer());
    assert_eq!(metadata["token_endpoint"], format!("{}/token", issuer()));
    assert_eq!(
        metadata["authorization_endpoint"],
        format!("http://{HOST}/auth-login/oauth2/v3/arena/authorize")
    );
    assert_eq!(
        metadata["pushed_authorization_request_endpoint"],
        format!("{}/par", issuer())
    );
    assert_eq!(metadata["claims_parameter_supported"], false);
}

#[tokio::test]
async fn signs_a_buyer_in_with_the_claims_of_the_use_case() {
    let sandbox = sandbox();
    let tokens = Buyer::new(&sandbox).sign_in("alice").await;
    let claims = claims_of(&tokens);
    assert_eq!(claims["sub"], "alice");
    assert_eq!(claims["aud"], "weak-app");
    assert_eq!(claims["iss"], issuer());
    assert_eq!(claims["acr"], "weak-acr");
    assert_eq!(claims["nonce"], "the-nonce");
    assert!(claims["roles"].is_array());
    let time = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(time("exp") - time("iat"), 120);
    assert!(time("auth_time") <= time("iat"));
    assert!(tokens["refresh_token"].is_string());
    let url = format!("{}/userinfo", issuer());
    let profile = with_token(&sandbox, &url, tokens["access_token"].as_str().unwrap())
        .await
        .json();
    assert_eq!(profile["sub"], "alice");
    assert_eq!(profile["email"], "alice@example.test");
    let keys = call(
        &sandbox,
        "GET",
        &format!("{}/jwks", issuer()),
        &[],
        String::new(),
    )
    .await
    .json();
    let kid = &part(tokens["id_token"].as_str().unwrap(), 0)["kid"];
    assert!(
        keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .any(|key| key["kid"] == *kid)
    );
}

#[tokio::test]
async fn takes_a_code_for_ninety_seconds_and_once() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let led = buyer.authorize("weak-app", &[]).await;
    let back = buyer.password(&led, "alice", "ticket").await;
    assert_eq!(back.redirected()["state"], "the-state");
    assert!(
        !back.redirected().contains_key("iss"),
        "not documented by the vendor"
    );
    sandbox.advance_clock(89);
    assert_eq!(
        exchange(&sandbox, "weak-app", &back).await.status,
        StatusCode::OK
    );
    assert_eq!(
        exchange(&sandbox, "weak-app", &back).await.json()["error"],
        "invalid_grant"
    );
    let back = buyer.authorize("weak-app", &[]).await;
    sandbox.advance_clock(90);
    assert_eq!(
        exchange(&sandbox, "weak-app", &back).await.json()["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn honours_pkce_and_can_ask_for_it() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let led = buyer.authorize("weak-app", &without).await;
    let back = buyer.password(&led, "alice", "ticket").await;
    let code = back.redirected()["code"].clone();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", CALLBACK),
    ];
    let downgraded = exchange(&sandbox, "weak-app", &back).await.json();
    assert_eq!(
        downgraded["error"], "invalid_grant",
        "a verifier that nobody asked for"
    );
    assert_eq!(
        backend(&sandbox, "weak-app", "token", &pairs).await.status,
        StatusCode::OK
    );
    let back = buyer.authorize("weak-app", &[]).await;
    let code = back.redirected()["code"].clone();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", CALLBACK),
    ];
    assert_eq!(
        backend(&sandbox, "weak-app", "token", &pairs).await.json()["error"],
        "invalid_grant"
    );
    sandbox
        .change_settings(json!({ "airlock": { "pkce_required": true } }))
        .unwrap();
    let refused = buyer.authorize("weak-app", &without).await;
    assert_eq!(refused.redirected()["error"], "invalid_request");
}

#[tokio::test]
async fn knows_its_clients_by_basic_alone_and_keeps_their_codes_apart() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let led = buyer.authorize("weak-app", &[]).await;
    let back = buyer.password(&led, "alice", "ticket").await;
    assert_eq!(
        exchange(&sandbox, "strong-app", &back).await.json()["error"],
        "invalid_grant"
    );
    let body = form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
        ("client_id", "weak-app"),
        ("client_secret", SandboxOptions::WEAK_SECRET),
    ]);
    let url = format!("{}/token", issuer());
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let refused = call(&sandbox, "POST", &url, &headers, body).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json()["error"], "invalid_client");
}

#[tokio::test]
async fn refreshes_and_revokes() {
    let sandbox = sandbox();
    let first = Buyer::new(&sandbox).sign_in("bob").await;
    let refresh = async |tokens: &Value| {
        let token = tokens["refresh_token"].as_str().unwrap();
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", token)];
        backend(&sandbox, "weak-app", "token", &pairs).await
    };
    let second = refresh(&first).await.json();
    for same in ["sub", "aud", "acr", "auth_time"] {
        assert_eq!(claims_of(&first)[same], claims_of(&second)[same], "{same}");
    }
    assert!(claims_of(&second).get("nonce").is_none());
    let token = second["refresh_token"].as_str().unwrap();
    assert_eq!(
        backend(&sandbox, "weak-app", "revoke", &[("token", token)])
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(refresh(&second).await.json()["error"], "invalid_grant");
    assert_eq!(
        resource(&sandbox, &second).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn tells_nobody_whom_it_does_not_know_and_others_by_redirect() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    for wrong in [
        ("client_id", "nobody"),
        ("redirect_uri", "https://evil.example/"),
    ] {
        let page = buyer.authorize("weak-app", &[wrong]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{wrong:?}");
        assert!(page.body.contains("airlock-error"));
    }
    for (wrong, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "email"), "invalid_scope"),
        (("prompt", "none login"), "invalid_request"),
        (("max_age", "soon"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
    ] {
        let back = buyer.authorize("weak-app", &[wrong]).await;
        assert_eq!(back.redirected()["error"], error, "{wrong:?}");
        assert_eq!(back.redirected()["state"], "the-state");
    }
}

#[tokio::test]
async fn says_iss_only_when_it_is_set_to() {
    let sandbox = sandbox();
    sandbox
        .change_settings(json!({ "airlock": { "response_iss": true } }))
        .unwrap();
    let mut buyer = Buyer::new(&sandbox);
    let led = buyer.authorize("weak-app", &[]).await;
    let back = buyer.password(&led, "alice", "ticket").await;
    assert_eq!(back.redirected()["iss"], issuer());
}

#[tokio::test]
async fn ends_the_session_and_leads_back_whoever_has_an_id_token() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let tokens = buyer.sign_in("alice").await;
    let back = "http://localhost:8800/signed-out";
    let end =
        |pairs: &[(&str, &str)]| format!("/auth-login/oauth2/v3/arena/end-session?{}", form(pairs));
    let unhinted = buyer
        .0
        .get(&end(&[("post_logout_redirect_uri", back)]))
        .await;
    assert_eq!(unhinted.status, StatusCode::BAD_REQUEST);
    let hint = ("id_token_hint", tokens["id_token"].as_str().unwrap());
    let elsewhere = end(&[hint, ("post_logout_redirect_uri", "https://evil.example/")]);
    assert_eq!(
        buyer.0.get(&elsewhere).await.status,
        StatusCode::BAD_REQUEST
    );
    let ended = buyer
        .0
        .get(&end(&[
            hint,
            ("post_logout_redirect_uri", back),
            ("state", "s"),
        ]))
        .await;
    assert_eq!(ended.location(), format!("{back}?state=s"));
    let led = buyer.authorize("weak-app", &[]).await;
    assert!(buyer.shows(&led, "airlock-login").await);
    assert!(
        buyer
            .0
            .get(&end(&[]))
            .await
            .body
            .contains("airlock-signed-out")
    );
}
