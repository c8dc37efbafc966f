//! The control page and the calls behind it.

use admit_one_sandbox::Fault;
use axum::http::StatusCode;
use serde_json::json;

use crate::browser::{Browser, claims_of, get_json, put, sandbox};

#[tokio::test]
async fn faults_are_switched_as_a_whole() {
    let sandbox = sandbox();
    let answer = put(&sandbox, "/faults", &json!(["invalid_iss", "token_slow"])).await;
    assert_eq!(answer.json()["faults"].as_array().unwrap().len(), 2);
    assert_eq!(sandbox.faults(), [Fault::TokenSlow, Fault::InvalidIss]);
    let wrong = put(&sandbox, "/faults", &json!(["sig_none", "no_such_fault"])).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("no_such_fault"));
    assert_eq!(sandbox.faults().len(), 2, "a wrong name changes nothing");
    put(&sandbox, "/faults", &json!([])).await;
    assert!(sandbox.faults().is_empty());
}

#[tokio::test]
async fn clock_and_settings_are_moved() {
    let sandbox = sandbox();
    let before = sandbox.now();
    put(&sandbox, "/clock", &json!({ "offset": -1200 })).await;
    assert!((before - 1201..=before - 1100).contains(&sandbox.now()));
    put(
        &sandbox,
        "/settings",
        &json!({ "id_token_alg": "ES256", "claims_in_id_token": false }),
    )
    .await;
    let tokens = Browser::new(&sandbox).tokens("alice").await;
    assert!(claims_of(&tokens).get("email").is_none());
    let wrong = put(&sandbox, "/settings", &json!({ "id_token_alg": "HS256" })).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        get_json(&sandbox, "/state").await["settings"]["id_token_alg"],
        "ES256"
    );
}

#[tokio::test]
async fn the_page_shows_everything_under_a_strict_policy() {
    let sandbox = sandbox();
    let page = Browser::new(&sandbox).get("/").await;
    for persona in ["alice", "bob", "carol", "dave", "erin"] {
        assert!(page.body.contains(persona));
    }
    for fault in Fault::ALL {
        assert!(page.body.contains(&format!("name=\"{fault}\"")), "{fault}");
    }
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'"
    ));
    assert!(
        !page.body.contains("style=")
            && !page.body.contains("<style")
            && !page.body.contains(" onclick")
    );
}

#[tokio::test]
async fn messages_are_recorded_and_hold_no_secret() {
    let sandbox = sandbox();
    let mut browser = Browser::new(&sandbox);
    let tokens = browser.tokens("alice").await;
    crate::browser::refresh(&sandbox, &tokens).await;
    crate::browser::userinfo(&sandbox, &tokens).await;
    Browser::at_shop(&sandbox)
        .get("/api/1/redirect/account?token=eyJ.secret.grant&contactNumber=77")
        .await;

    let messages = sandbox.messages();
    let seen: Vec<_> = messages
        .iter()
        .map(|message| message.path.as_str())
        .collect();
    assert!(
        seen.contains(&"/club/token")
            && seen.contains(&"/club/authorize")
            && seen.contains(&"/club/userinfo")
    );
    let recorded = get_json(&sandbox, "/messages").await.to_string();
    let signature = tokens["id_token"]
        .as_str()
        .unwrap()
        .rsplit('.')
        .next()
        .unwrap();
    let secrets = [
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
        signature,
        crate::browser::VERIFIER,
        "shop-secret",
        "ticket\"",
        "eyJ.secret",
        "\"77\"",
    ];
    for secret in secrets {
        assert!(!recorded.contains(secret), "{secret} is in {recorded}");
    }
    // The code that the browser carries and the one that the backend exchanges have the same mask.
    let of = |path: &'static str| {
        messages
            .iter()
            .filter(move |message| message.path.contains(path))
    };
    let code = |pairs: &[(String, String)]| {
        pairs
            .iter()
            .find(|(name, _)| name == "code")
            .map(|(_, mask)| mask.clone())
    };
    let carried = of("/club/login")
        .find_map(|message| code(&message.response))
        .unwrap();
    let exchanged = of("/club/token")
        .find_map(|message| code(&message.request))
        .unwrap();
    assert_eq!(carried, exchanged);
    assert!(carried.starts_with("•••"));
}
