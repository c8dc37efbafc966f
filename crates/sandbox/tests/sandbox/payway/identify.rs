use super::*;

/// Steps A to C: a visitor that nobody knows gets an anonymous session, and comes to the landing page with it.
#[tokio::test]
async fn makes_an_anonymous_session_and_leads_to_the_landing_page() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let answer = identify(&mut browser).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    assert!(answer.location().starts_with(&format!("{LANDING}?t=")));
    assert_eq!(answer.redirected()["r"], RETURN);
    let claims = landed(&answer);
    assert_eq!(claims["sts"], "anon");
    assert!(claims.get("at").is_none() && claims.get("err").is_none());
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!("paper"), &json!("pw-sso"))
    );
    let times = ["iat", "nbf", "exp"].map(|name| claims[name].as_i64().unwrap());
    assert_eq!((times[1] - times[0], times[2] - times[0]), (0, 60));
}

#[tokio::test]
async fn knows_the_browser_by_its_own_cookie() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    assert_eq!(identified(&mut browser).await["sid"], sid);
    let mut other = Browser::at(&sandbox, HOST);
    assert_ne!(identified(&mut other).await["sid"], sid);
}

/// The plugin appends `r` as it is; a raw one loses its own tail.
#[tokio::test]
async fn takes_r_raw_as_well_as_encoded() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let t = identify_request(&sandbox);
    let raw = "http://localhost:8800/a?one=1&two=2";
    let answer = browser.get(&format!("/identify?t={t}&r={raw}")).await;
    assert_eq!(answer.redirected()["r"], "http://localhost:8800/a?one=1");
    let encoded = form(&[("t", &t), ("r", raw)]);
    let answer = browser.get(&format!("/identify?{encoded}")).await;
    assert_eq!(answer.redirected()["r"], raw);
}

#[tokio::test]
async fn refuses_a_request_that_a_client_of_it_would_not_send() {
    let sandbox = sandbox();
    let now = sandbox.now();
    let right = claims(&sandbox, 60);
    let mut browser = Browser::at(&sandbox, HOST);
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let cases = [
        ("malformed", "not-a-jwt".to_owned()),
        ("alg", compact(&json!({ "alg": "HS512" }), &right, SECRET)),
        (
            "alg",
            compact(&json!({ "alg": "HS256", "crit": ["exp"] }), &right, SECRET),
        ),
        ("signature", compact(&header, &right, "another-secret")),
        (
            "client",
            jwt(&with(right.clone(), &json!({ "cid": "paper" }))),
        ),
        (
            "claim",
            jwt(&with(right.clone(), &json!({ "iss": "times" }))),
        ),
        ("claim", jwt(&with(right.clone(), &json!({ "aud": "pw" })))),
        ("claim", jwt(&with(right.clone(), &json!({ "nbf": null })))),
        ("claim", jwt(&with(right.clone(), &json!({ "iat": null })))),
        (
            "claim",
            jwt(&with(right.clone(), &json!({ "exp": "soon" }))),
        ),
        (
            "unknown_claim",
            jwt(&with(right.clone(), &json!({ "sid": "x" }))),
        ),
        (
            "lifetime",
            jwt(&with(right.clone(), &json!({ "exp": now + 61 }))),
        ),
        (
            "not_yet_valid",
            jwt(&with(right.clone(), &json!({ "nbf": now + 30 }))),
        ),
    ];
    for (reason, t) in cases {
        let query = form(&[("t", &t), ("r", RETURN)]);
        let answer = browser.get(&format!("/identify?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{reason}");
        let said = format!("data-reason=\"{reason}\"");
        assert!(answer.body.contains(&said), "{reason}: {answer:?}");
    }
    let unknown = jwt(&right);
    for query in [form(&[("r", RETURN)]), form(&[("t", &unknown)])] {
        let answer = browser.get(&format!("/identify?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn tells_the_landing_page_that_the_request_is_too_old() {
    let sandbox = sandbox();
    let t = identify_request(&sandbox);
    sandbox.advance_clock(66);
    let query = form(&[("t", &t), ("r", RETURN)]);
    let answer = Browser::at(&sandbox, HOST)
        .get(&format!("/identify?{query}"))
        .await;
    let claims = landed(&answer);
    assert_eq!(claims["err"], "token_expired");
    assert!(claims.get("sid").is_none() && claims.get("sts").is_none());
}

#[tokio::test]
async fn brings_a_ticket_where_somebody_is_signed_in() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    sign_in_elsewhere(&mut browser, "alice@example.test", "ticket").await;
    let claims = identified(&mut browser).await;
    assert_eq!(claims["sts"], "loggedin");
    let at = claims["at"].as_str().unwrap();
    let answer = access_token(&sandbox, &[("ticket", at)]).await;
    assert_eq!(answer.status, StatusCode::OK);
}
