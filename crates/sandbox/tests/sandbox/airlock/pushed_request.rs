//! RFC 9126.

use super::*;

async fn follow(buyer: &mut Buyer<'_>, client: &str, request_uri: &str) -> Answer {
    let pairs = [("client_id", client), ("request_uri", request_uri)];
    let url = format!("/auth-login/oauth2/v3/arena/authorize?{}", form(&pairs));
    buyer.0.get(&url).await
}

#[tokio::test]
async fn carries_the_ticket_past_the_browser() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let weak = buyer.sign_in("alice").await;
    let pushed = push(&sandbox, &[("login_hint", &ticket(&sandbox, &weak).await)]).await;
    assert_eq!(pushed.status, StatusCode::CREATED);
    let request_uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    assert!(request_uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    assert_eq!(pushed.json()["expires_in"], 60);
    let led = follow(&mut buyer, "strong-app", &request_uri).await;
    let back = buyer.otp(&led, "000000").await;
    assert_eq!(back.redirected()["state"], "the-state");
    assert_eq!(
        exchange(&sandbox, "strong-app", &back).await.status,
        StatusCode::OK
    );
}

/// RFC 9126 2.1, 2.2 and 4.
#[tokio::test]
async fn is_its_clients_and_good_once() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let request_uri = async || {
        push(&sandbox, &[]).await.json()["request_uri"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let pushed = request_uri().await;
    assert_eq!(
        follow(&mut buyer, "weak-app", &pushed).await.status,
        StatusCode::BAD_REQUEST
    );
    let pushed = request_uri().await;
    assert_eq!(
        follow(&mut buyer, "strong-app", &pushed).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        follow(&mut buyer, "strong-app", &pushed).await.status,
        StatusCode::BAD_REQUEST
    );
    let pushed = request_uri().await;
    sandbox.advance_clock(60);
    let late = follow(&mut buyer, "strong-app", &pushed).await;
    assert_eq!(late.redirected()["error"], "invalid_request_uri");
}

/// RFC 9126 2.3: refused as the authorization endpoint would.
#[tokio::test]
async fn is_checked_when_it_is_pushed() {
    let sandbox = sandbox();
    for (wrong, error) in [
        (("redirect_uri", "https://evil.example/"), "invalid_request"),
        (("scope", "email"), "invalid_scope"),
        (("request_uri", "urn:x"), "invalid_request"),
    ] {
        let refused = push(&sandbox, &[wrong]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong:?}");
        assert_eq!(refused.json()["error"], error, "{wrong:?}");
    }
    let url = format!("{}/par", issuer());
    let nobody = call(&sandbox, "POST", &url, &[], String::new()).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn can_be_switched_off() {
    let sandbox = sandbox();
    sandbox
        .change_settings(json!({ "airlock": { "par": false } }))
        .unwrap();
    assert_eq!(push(&sandbox, &[]).await.status, StatusCode::NOT_FOUND);
    let url = format!("{}/.well-known/openid-configuration", issuer());
    let metadata = call(&sandbox, "GET", &url, &[], String::new()).await.json();
    assert!(
        metadata
            .get("pushed_authorization_request_endpoint")
            .is_none()
    );
}
