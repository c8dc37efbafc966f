use super::*;

#[tokio::test]
async fn signs_the_session_in_and_gives_a_fresh_ticket() {
    let sandbox = sandbox();
    let at = ticket(&sandbox, "alice").await;
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    let changes = json!({ "sid": sid, "at": at });
    let claims = replied(&sandbox, "authenticatewithticket", &changes).await;
    assert_eq!(claims["sts"], "loggedin");
    assert_ne!(claims["at"], json!(at));
    assert_eq!(identified(&mut browser).await["sts"], "loggedin");
    let again = replied(&sandbox, "authenticatewithticket", &changes).await;
    assert_eq!(again["err"], "invalid_ticket");
}
