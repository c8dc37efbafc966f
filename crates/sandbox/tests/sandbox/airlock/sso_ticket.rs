//! The ticket: how it is had, what it is, and what it is good for.

use super::*;

#[tokio::test]
async fn is_the_jwt_of_the_vendors_example() {
    let sandbox = sandbox();
    let tokens = Buyer::new(&sandbox).sign_in("alice").await;
    let answer = resource(&sandbox, &tokens).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 1);
    let ticket = body["sso-ticket"].as_str().unwrap();
    assert_eq!(part(ticket, 0), json!({ "typ": "JWT", "alg": "HS512" }));
    let claims = part(ticket, 1);
    assert_eq!(claims["sub"], "alice");
    assert_eq!(claims["iss"], "Airlock IAM");
    assert_eq!(claims["roles"], "authenticated");
    let time = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(time("exp") - time("iat"), 10);
    assert!(time("nbf") <= time("iat") && claims["jti"].is_string());
}

#[tokio::test]
async fn stands_in_for_the_password() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let weak = buyer.sign_in("alice").await;
    sandbox.advance_clock(100);
    let ticket = ticket(&sandbox, &weak).await;
    let led = buyer.step_up(&ticket).await;
    let back = buyer.otp(&led, "000000").await;
    let strong = claims_of(&exchange(&sandbox, "strong-app", &back).await.json());
    let weak = claims_of(&weak);
    assert_eq!(strong["sub"], weak["sub"]);
    assert_eq!(strong["acr"], "strong-acr");
    assert!(strong["auth_time"].as_i64().unwrap() >= weak["auth_time"].as_i64().unwrap() + 100);
}

#[tokio::test]
async fn may_have_bearer_before_it() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let weak = buyer.sign_in("alice").await;
    let ticket = format!("Bearer {}", ticket(&sandbox, &weak).await);
    let led = buyer.step_up(&ticket).await;
    assert!(buyer.shows(&led, "airlock-otp").await);
}

#[tokio::test]
async fn is_worth_nothing_to_the_weak_flow() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let weak = buyer.sign_in("alice").await;
    let ticket = ticket(&sandbox, &weak).await;
    let changes = [
        ("acr_values", "weak-acr"),
        ("prompt", "login"),
        ("login_hint", &ticket),
    ];
    let led = buyer.authorize("weak-app", &changes).await;
    assert!(buyer.shows(&led, "airlock-login").await);
}

/// Eleven seconds, twice, or not ours: the password page, or `login_required` by a setting.
#[tokio::test]
async fn that_is_not_good_counts_as_none_or_is_refused() {
    let sandbox = sandbox();
    for bad_ticket in ["ignore", "login_required"] {
        sandbox
            .change_settings(json!({ "airlock": { "bad_ticket": bad_ticket } }))
            .unwrap();
        let mut buyer = Buyer::new(&sandbox);
        let weak = buyer.sign_in("alice").await;
        let late = ticket(&sandbox, &weak).await;
        sandbox.advance_clock(11);
        let used = ticket(&sandbox, &weak).await;
        let led = buyer.step_up(&used).await;
        assert!(buyer.shows(&led, "airlock-otp").await);
        for bad in [
            &*late,
            &*used,
            "alice@example.test",
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ.",
        ] {
            let led = buyer.step_up(bad).await;
            if bad_ticket == "ignore" {
                assert!(buyer.shows(&led, "airlock-login").await, "{bad}");
            } else {
                assert_eq!(led.redirected()["error"], "login_required", "{bad}");
            }
        }
    }
}

#[tokio::test]
async fn has_the_name_the_member_and_the_scopes_of_the_settings() {
    let sandbox = sandbox();
    let tokens = Buyer::new(&sandbox).sign_in("alice").await;
    sandbox
        .change_settings(json!({ "airlock": {
            "resource_name": "ticket.v2", "ticket_field": "user", "resource_scopes": ["email", "profile"],
        } }))
        .unwrap();
    assert_eq!(
        resource(&sandbox, &tokens).await.status,
        StatusCode::NOT_FOUND
    );
    let url = format!("{}/resources/ticket.v2", issuer());
    let token = tokens["access_token"].as_str().unwrap();
    assert!(with_token(&sandbox, &url, token).await.json()["user"].is_string());
    sandbox
        .change_settings(json!({ "airlock": { "resource_scopes": ["sso"] } }))
        .unwrap();
    let refused = with_token(&sandbox, &url, token).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(challenge(&refused).contains("error=\"insufficient_scope\""));
}

#[tokio::test]
async fn is_for_whoever_holds_a_good_access_token() {
    let sandbox = sandbox();
    let tokens = Buyer::new(&sandbox).sign_in("alice").await;
    let url = format!("{}/resources/sso-ticket", issuer());
    let nobody = call(&sandbox, "GET", &url, &[], String::new()).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert!(
        !challenge(&nobody).contains("error"),
        "RFC 6750 3.1: no error where no token came"
    );
    let unknown = with_token(&sandbox, &url, "unknown").await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    assert!(challenge(&unknown).contains("error=\"invalid_token\""));
    sandbox.advance_clock(600);
    assert_eq!(
        resource(&sandbox, &tokens).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn is_in_no_record_of_messages() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let weak = buyer.sign_in("alice").await;
    let ticket = ticket(&sandbox, &weak).await;
    let pushed = push(&sandbox, &[("login_hint", &ticket)]).await.json();
    buyer.step_up(&format!("Bearer {ticket}")).await;
    let recorded = serde_json::to_string(&sandbox.messages()).unwrap();
    let signature = ticket.rsplit('.').next().unwrap();
    let secrets = [
        signature,
        weak["access_token"].as_str().unwrap(),
        weak["refresh_token"].as_str().unwrap(),
        pushed["request_uri"].as_str().unwrap(),
        SandboxOptions::WEAK_SECRET,
    ];
    for secret in secrets {
        assert!(!recorded.contains(secret), "{secret} is in {recorded}");
    }
}
