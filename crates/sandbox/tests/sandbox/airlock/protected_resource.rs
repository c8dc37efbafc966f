//! RFC 9470 3.

use super::*;

#[tokio::test]
async fn challenges_a_weak_token_and_counts_the_calls_of_a_strong_one() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    let weak = buyer.sign_in("alice").await;
    let refused = protected(&sandbox, &weak).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(challenge(&refused).starts_with("Bearer error=\"insufficient_user_authentication\""));
    assert!(challenge(&refused).contains("acr_values=\"strong-acr\""));
    assert!(!challenge(&refused).contains("max_age"));
    assert_eq!(refused.headers["access-control-allow-origin"], "*");
    let strong = Buyer::new(&sandbox).signed_up("alice", &[]).await;
    for calls in 1..=2 {
        let answer = protected(&sandbox, &strong).await.json();
        assert_eq!(answer, json!({ "sub": "alice", "calls": calls }));
    }
    let url = format!("http://{HOST}/api/protected");
    let preflight = call(&sandbox, "OPTIONS", &url, &[], String::new()).await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert!(
        preflight
            .headers
            .contains_key("access-control-allow-headers")
    );
    let nobody = call(&sandbox, "GET", &url, &[], String::new()).await;
    assert!(!challenge(&nobody).contains("insufficient"));
}

#[tokio::test]
async fn can_ask_for_a_recent_login() {
    let sandbox = sandbox();
    sandbox
        .change_settings(json!({ "airlock": { "protected_max_age": 60 } }))
        .unwrap();
    let strong = Buyer::new(&sandbox).signed_up("alice", &[]).await;
    assert_eq!(protected(&sandbox, &strong).await.status, StatusCode::OK);
    sandbox.advance_clock(61);
    let refused = protected(&sandbox, &strong).await;
    assert!(challenge(&refused).contains("max_age=\"60\""));
}
