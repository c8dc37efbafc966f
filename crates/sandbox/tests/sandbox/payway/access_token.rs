use super::*;

#[tokio::test]
async fn is_given_for_a_ticket_and_lives_an_hour() {
    let sandbox = sandbox();
    let at = ticket(&sandbox, "alice").await;
    let answer = access_token(&sandbox, &[("ticket", &at)]).await;
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let answer = answer.json();
    assert_eq!(
        (&answer["token_type"], &answer["expires_in"]),
        (&json!("bearer"), &json!(3600))
    );
    let token = answer["access_token"].as_str().unwrap();
    let me = api(&sandbox, "/external/api/v1/me", token).await;
    assert_eq!(me.status, StatusCode::OK);
    sandbox.advance_clock(3601);
    let me = api(&sandbox, "/external/api/v1/me", token).await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
    assert!(me.json()["message"].is_string());

    let refresh = answer["refresh_token"].as_str().unwrap();
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let renewed = access_token(&sandbox, &pairs).await.json();
    let token = renewed["access_token"].as_str().unwrap();
    let me = api(&sandbox, "/external/api/v1/me", token).await;
    assert_eq!(me.status, StatusCode::OK);
    let again = access_token(&sandbox, &pairs).await;
    assert_eq!(again.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn is_renewed_for_its_client_alone_and_not_for_ever() {
    let sandbox = sandbox();
    for (client, secret, days) in [
        ("paper-news", "news-secret-of-32-bytes-or-more!!!", 0),
        (CLIENT, SECRET, 30),
    ] {
        let at = ticket(&sandbox, "alice").await;
        let answer = access_token(&sandbox, &[("ticket", &at)]).await.json();
        sandbox.advance_clock(days * 24 * 3600);
        let pairs = [
            ("client_id", client),
            ("client_secret", secret),
            ("grant_type", "refresh_token"),
            ("refresh_token", answer["refresh_token"].as_str().unwrap()),
        ];
        let refused = access_token(&sandbox, &pairs).await;
        assert_eq!(refused.json()["error"], "invalid_grant", "{client}");
    }
}

#[tokio::test]
async fn comes_without_a_refresh_token_where_that_is_set() {
    let sandbox = sandbox();
    let setting = json!({ "payway": { "refresh_token": false } });
    sandbox.change_settings(setting).unwrap();
    let at = ticket(&sandbox, "alice").await;
    let answer = access_token(&sandbox, &[("ticket", &at)]).await.json();
    assert!(answer.get("refresh_token").is_none() && answer["access_token"].is_string());
}

#[tokio::test]
async fn is_given_once_for_each_ticket() {
    let sandbox = sandbox();
    let at = ticket(&sandbox, "alice").await;
    access_token(&sandbox, &[("ticket", &at)]).await;
    let again = access_token(&sandbox, &[("ticket", &at)]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert_eq!(again.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn is_not_given_for_a_ticket_of_a_minute_ago() {
    let sandbox = sandbox();
    let at = ticket(&sandbox, "alice").await;
    sandbox.advance_clock(60);
    let late = access_token(&sandbox, &[("ticket", &at)]).await;
    assert_eq!(late.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn is_not_given_for_another_clients_ticket() {
    let sandbox = sandbox();
    let at = ticket(&sandbox, "alice").await;
    let other = [
        ("client_id", "paper-news"),
        ("client_secret", "news-secret-of-32-bytes-or-more!!!"),
        ("ticket", &at),
    ];
    let answer = access_token(&sandbox, &other).await;
    assert_eq!(answer.json()["error"], "invalid_grant");
    let ours = access_token(&sandbox, &[("ticket", &at)]).await;
    assert_eq!(ours.status, StatusCode::OK, "and it isn't spent by that");
}

#[tokio::test]
async fn is_asked_for_in_the_words_of_the_plugin() {
    let sandbox = sandbox();
    let at = ticket(&sandbox, "alice").await;
    for (error, changes) in [
        ("invalid_client", [("client_secret", "wrong")]),
        ("invalid_client", [("client_id", "paper")]),
        (
            "unsupported_grant_type",
            [("grant_type", "authorization_code")],
        ),
        ("invalid_scope", [("scope", "/external/everything")]),
        ("invalid_scope", [("scope", "")]),
        ("invalid_grant", [("ticket", "x")]),
    ] {
        let mut pairs = vec![("ticket", &*at)];
        pairs.retain(|(name, _)| *name != changes[0].0);
        pairs.extend(changes);
        let answer = access_token(&sandbox, &pairs).await;
        assert_eq!(answer.json()["error"], error, "{changes:?}");
    }
    let pairs = [
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("grant_type", "ticket"),
        ("scope", "/external/me/w"),
        ("ticket", &at),
    ];
    for (accept, content_type) in [
        ("text/html", "application/x-www-form-urlencoded"),
        ("application/json", "application/json"),
    ] {
        let request = Request::post("/api/authorization/access_token")
            .header(header::HOST, HOST)
            .header(header::ACCEPT, accept)
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(form(&pairs)))
            .unwrap();
        let answer = send(&sandbox, request).await;
        assert_eq!(answer.json()["error"], "invalid_request");
    }
    let twice = [("ticket", &*at), ("ticket", &*at)];
    let answer = access_token(&sandbox, &twice).await;
    assert_eq!(answer.json()["error"], "invalid_request");
    let answer = access_token(&sandbox, &[("ticket", &at)]).await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "none of these spent the ticket"
    );
}
