use super::*;

#[tokio::test]
async fn knows_who_signed_in_elsewhere() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let page = visit(&mut browser, "/").await;
    assert!(page.body.contains("data-testid=\"payway-nobody\""));
    let sid = identified(&mut browser).await["sid"].clone();
    authenticate(&sandbox, &sid, "bob", "ticket").await;
    let page = visit(&mut browser, "/site").await;
    let id = Persona::all()[1].id_at(System::Payway);
    assert!(
        page.body.contains(&format!("data-account=\"{id}\"")),
        "{page:?}"
    );
}

#[tokio::test]
async fn lands_with_its_own_messages_on_its_own_pages() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let landed = identify(&mut browser).await.redirected();
    let ours = form(&[
        ("t", &landed["t"]),
        ("r", "http://payway.localhost:8900/site"),
    ]);
    let page = browser.get(&format!("/site/landing?{ours}")).await;
    assert_eq!(
        page.status,
        StatusCode::BAD_REQUEST,
        "signed for another client"
    );
    let led = browser.get("/site").await;
    let landing = browser.get(led.location()).await;
    let elsewhere = [
        ("t", &*landing.redirected()["t"]),
        ("r", "https://elsewhere.example/"),
    ];
    let page = browser
        .get(&format!("/site/landing?{}", form(&elsewhere)))
        .await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
}
