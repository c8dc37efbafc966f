use super::*;

/// Steps D to H with a central form: there, back, and the ticket at the next status.
#[tokio::test]
async fn leads_back_and_the_status_has_the_ticket() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    let back = sign_in_elsewhere_and_go(&mut browser, "alice", "ticket", TO_SHOP).await;
    assert_eq!((back.status, back.location()), (StatusCode::FOUND, TO_SHOP));
    let claims = status(&sandbox, &sid, "anon").await;
    assert_eq!(claims["sts"], "loggedin");
    assert!(claims["at"].is_string());
}

#[tokio::test]
async fn is_skipped_by_whoever_is_signed_in() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    authenticate(&sandbox, &sid, "alice", "ticket").await;
    let path = format!("/login/index?{}", form(&[("continue", TO_SHOP)]));
    let back = visit(&mut browser, &path).await;
    assert_eq!(back.location(), TO_SHOP);
}

#[tokio::test]
async fn leads_to_nobody_elses_site() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    for to in [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "http://localhost:8800.elsewhere.example/",
        "http://localhost:8800@elsewhere.example/",
        "javascript:alert(1)",
        "/site",
        "",
    ] {
        let page = browser
            .get(&format!("/login?{}", form(&[("continue", to)])))
            .await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{to}");
        assert!(page.body.contains("data-reason=\"continue\""));
    }
    let page = visit(
        &mut browser,
        &format!("/login?{}", form(&[("continue", TO_SHOP)])),
    )
    .await;
    let csrf = page.hidden("csrf");
    let typed = [
        ("csrf", &*csrf),
        ("continue", "https://elsewhere.example/"),
        ("username", "alice"),
        ("password", "ticket"),
    ];
    let page = browser.post("/login", &typed).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn says_what_is_wrong_and_keeps_the_name_alone() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let page = sign_in_elsewhere(&mut browser, "bob", "wrong-one").await;
    assert!(page.body.contains("data-reason=\"invalid_credentials\""));
    assert!(page.body.contains("4 attempts remain") && page.body.contains("value=\"bob\""));
    assert!(!page.body.contains("wrong-one"));
    let page = sign_in_elsewhere(&mut browser, "erin", "ticket").await;
    assert!(page.body.contains("data-reason=\"account_frozen\""));
    let page = sign_in_elsewhere(&mut browser, "frank", "ticket").await;
    assert!(page.body.contains("data-reason=\"account_not_active\""));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self' "));
    let page = sign_in_elsewhere(&mut browser, "\"><script>x", "wrong").await;
    assert!(!page.body.contains("<script>"));
}

#[tokio::test]
async fn is_worth_nothing_in_another_browser() {
    let sandbox = sandbox();
    let mut mine = Browser::at(&sandbox, HOST);
    let path = format!("/login?{}", form(&[("continue", TO_SHOP)]));
    let csrf = visit(&mut mine, &path).await.hidden("csrf");
    let mut other = Browser::at(&sandbox, HOST);
    visit(&mut other, &path).await;
    let typed = [
        ("csrf", &*csrf),
        ("continue", TO_SHOP),
        ("username", "alice"),
        ("password", "ticket"),
    ];
    let page = other.post("/login", &typed).await;
    assert!(page.body.contains("data-reason=\"csrf\""), "{page:?}");
}

#[tokio::test]
async fn says_that_cookies_are_blocked_instead_of_going_round() {
    let sandbox = sandbox();
    let query = form(&[("continue", TO_SHOP), ("identified", "1")]);
    let page = Browser::at(&sandbox, HOST)
        .get(&format!("/login?{query}"))
        .await;
    assert!(page.body.contains("data-reason=\"cookies\""));
}
