use super::*;

/// Steps H and I: the ticket comes on the change from anonymous to signed in.
#[tokio::test]
async fn brings_a_ticket_to_whoever_does_not_know_of_the_sign_in() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    let before = status(&sandbox, &sid, "anon").await;
    assert_eq!((&before["sts"], before.get("at")), (&json!("anon"), None));

    sign_in_elsewhere(&mut browser, "alice@example.test", "ticket").await;
    let changed = status(&sandbox, &sid, "anon").await;
    assert_eq!(
        (&changed["sid"], &changed["sts"]),
        (&sid, &json!("loggedin"))
    );
    let at = changed["at"].as_str().unwrap();
    let answer = access_token(&sandbox, &[("ticket", at)]).await;
    assert_eq!(answer.status, StatusCode::OK);

    let known = status(&sandbox, &sid, "loggedin").await;
    assert_eq!((&known["sts"], known.get("at")), (&json!("loggedin"), None));
    assert!(
        status(&sandbox, &sid, "terminated")
            .await
            .get("at")
            .is_some()
    );
}

#[tokio::test]
async fn brings_a_ticket_every_time_where_that_is_set() {
    let sandbox = sandbox();
    let setting = json!({ "payway": { "ticket_always": true } });
    sandbox.change_settings(setting).unwrap();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    authenticate(&sandbox, &sid, "alice", "ticket").await;
    assert!(status(&sandbox, &sid, "loggedin").await.get("at").is_some());
}

#[tokio::test]
async fn does_not_find_a_session_that_is_not_there() {
    let sandbox = sandbox();
    let unknown = json!("nobody's");
    let claims = status(&sandbox, &unknown, "anon").await;
    assert_eq!(claims["err"], "session_not_found");
    assert!(claims.get("sts").is_none());

    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    sandbox.end_sessions();
    assert_eq!(
        status(&sandbox, &sid, "anon").await["err"],
        "session_not_found"
    );
}
