use super::*;

#[tokio::test]
async fn ends_the_session_for_all_sites() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let page = sign_in_elsewhere(&mut browser, "alice@example.test", "ticket").await;
    assert!(
        page.body.contains("data-testid=\"payway-reader\""),
        "{page:?}"
    );
    let sid = identified(&mut browser).await["sid"].clone();
    let claims = replied(&sandbox, "logout", &json!({ "sid": sid })).await;
    assert_eq!(claims["sts"], "terminated");
    assert_eq!(
        status(&sandbox, &sid, "loggedin").await["sts"],
        "terminated"
    );
    let page = visit(&mut browser, "/site").await;
    assert!(
        page.body.contains("data-testid=\"payway-nobody\""),
        "{page:?}"
    );
    let claims = identified(&mut browser).await;
    assert_eq!(claims["sts"], "anon");
    assert_ne!(
        claims["sid"], sid,
        "a session that was ended isn't taken up again"
    );
}

#[tokio::test]
async fn elsewhere_is_seen_at_the_next_status() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    authenticate(&sandbox, &sid, "alice", "ticket").await;
    let page = visit(&mut browser, "/site").await;
    let csrf = page.hidden("csrf");
    let forged = browser.post("/site/sign-out", &[("csrf", "x")]).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST);
    assert_eq!(status(&sandbox, &sid, "loggedin").await["sts"], "loggedin");
    browser.post("/site/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!(
        status(&sandbox, &sid, "loggedin").await["sts"],
        "terminated"
    );
}
