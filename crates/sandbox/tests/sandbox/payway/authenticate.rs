use super::*;

#[tokio::test]
async fn signs_the_session_in_with_a_ticket() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    let claims = authenticate(&sandbox, &sid, "alice@example.test", "ticket").await;
    assert_eq!((&claims["sid"], &claims["sts"]), (&sid, &json!("loggedin")));
    assert!(claims["at"].is_string() && claims.get("err").is_none());
    let times = ["iat", "exp"].map(|name| claims[name].as_i64().unwrap());
    assert_eq!(times[1] - times[0], 10);
    assert_eq!(identified(&mut browser).await["sts"], "loggedin");
}

#[tokio::test]
async fn counts_the_remaining_attempts_and_freezes_the_account() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    for remaining in [4, 3, 2, 1] {
        let claims = authenticate(&sandbox, &sid, "bob@example.test", "wrong").await;
        assert_eq!(claims["err"], "invalid_credentials");
        assert_eq!(claims["raa"], remaining);
        assert!(claims.get("sts").is_none() && claims.get("at").is_none());
    }
    let claims = authenticate(&sandbox, &sid, "bob@example.test", "wrong").await;
    assert_eq!(
        (&claims["err"], &claims["frf"]),
        (&json!("account_frozen"), &json!(900))
    );
    sandbox.advance_clock(600);
    let claims = authenticate(&sandbox, &sid, "bob", "ticket").await;
    assert_eq!(claims["err"], "account_frozen", "by another name too");
    assert!((270..=300).contains(&claims["frf"].as_i64().unwrap()));
    sandbox.advance_clock(301);
    let claims = authenticate(&sandbox, &sid, "bob@example.test", "ticket").await;
    assert_eq!(claims["sts"], "loggedin");
}

#[tokio::test]
async fn forgets_wrong_attempts_after_a_right_one() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    for _ in 0..2 {
        let claims = authenticate(&sandbox, &sid, "bob", "wrong").await;
        assert_eq!(claims["raa"], 4);
        authenticate(&sandbox, &sid, "bob", "ticket").await;
    }
}

#[tokio::test]
async fn does_not_tell_who_has_an_account() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    for remaining in [4, 3, 2, 1] {
        let claims = authenticate(&sandbox, &sid, "nobody@example.test", "wrong").await;
        assert_eq!(claims["raa"], remaining);
    }
    let claims = authenticate(&sandbox, &sid, "Nobody@example.test", "wrong").await;
    assert_eq!(claims["err"], "account_frozen");
}

#[tokio::test]
async fn says_that_erin_is_frozen_and_frank_is_not_active() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    for _ in 0..2 {
        let claims = authenticate(&sandbox, &sid, "erin@example.test", "ticket").await;
        assert_eq!(
            (&claims["err"], &claims["frf"]),
            (&json!("account_frozen"), &json!(900))
        );
        sandbox.advance_clock(900);
    }
    let claims = authenticate(&sandbox, &sid, "frank@example.test", "ticket").await;
    assert_eq!(claims["err"], "account_not_active");
    assert!(claims.get("raa").is_none() && claims.get("frf").is_none());
    let claims = authenticate(&sandbox, &sid, "frank@example.test", "wrong").await;
    assert_eq!(claims["err"], "invalid_credentials");
    assert_eq!(status(&sandbox, &sid, "anon").await["sts"], "anon");
}

#[tokio::test]
async fn needs_a_session_that_lives() {
    let sandbox = sandbox();
    let claims = authenticate(&sandbox, &json!("nobody's"), "alice", "ticket").await;
    assert_eq!(claims["err"], "session_not_found");
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    replied(&sandbox, "logout", &json!({ "sid": sid })).await;
    let claims = authenticate(&sandbox, &sid, "alice", "ticket").await;
    assert_eq!(
        (&claims["sts"], claims.get("at")),
        (&json!("terminated"), None)
    );
}
