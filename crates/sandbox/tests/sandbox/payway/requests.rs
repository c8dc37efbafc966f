use super::*;

#[tokio::test]
async fn without_what_the_operation_takes_are_refused() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    let now = sandbox.now();
    let right = json!({ "sid": sid, "lks": "anon" });
    let cases = [
        ("sid", json!({ "sid": null })),
        ("ipa", json!({ "ipa": null })),
        ("ipa", json!({ "ipa": "localhost" })),
        ("uas", json!({ "uas": "" })),
        ("lks", json!({ "lks": null })),
        ("lks", json!({ "lks": "asleep" })),
        ("iss", json!({ "iss": "times" })),
        ("aud", json!({ "aud": ["pw-sso"] })),
        ("cid", json!({ "cid": "somebody" })),
        ("exp", json!({ "iat": now, "exp": now + 11 })),
        (
            "exp",
            json!({ "exp": now - 10, "iat": now - 20, "nbf": now - 20 }),
        ),
        (
            "nbf",
            json!({ "nbf": now + 60, "iat": now + 60, "exp": now + 70 }),
        ),
        ("t", json!({ "pwd": "ticket" })),
    ];
    for (field, changes) in cases {
        let mut asked = right.clone();
        asked
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        let answer = operation(&sandbox, "sessionstatus", &asked).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{field}");
        assert_eq!(answer.json()["field"], field, "{answer:?}");
    }
    for (name, missing) in [
        ("authenticate", json!({ "sid": sid, "usr": "alice" })),
        ("authenticate", json!({ "sid": sid, "pwd": "ticket" })),
        ("authenticatewithticket", json!({ "sid": sid })),
    ] {
        let answer = operation(&sandbox, name, &missing).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
    }
}

#[tokio::test]
async fn are_json_with_one_member_and_nothing_else() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    let claims = with(
        claims(&sandbox, 10),
        &json!({ "sid": sid, "ipa": "::1", "uas": "x", "lks": "anon" }),
    );
    let t = jwt(&claims);
    for body in [
        json!({}),
        json!({ "t": 7 }),
        json!({ "t": t, "pwd": "x" }),
        json!([t]),
    ] {
        let answer = back_channel(&sandbox, "sessionstatus", &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let as_form = browser.post("/sessionstatus", &[("t", &t)]).await;
    assert_eq!(as_form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let got = browser.get(&format!("/sessionstatus?t={t}")).await;
    assert_eq!(got.status, StatusCode::METHOD_NOT_ALLOWED);
    let answer = back_channel(&sandbox, "sessionstatus", &json!({ "t": t })).await;
    assert_eq!(
        reply(&answer)["sts"],
        "anon",
        "an IPv6 address does as well"
    );
}

#[tokio::test]
async fn of_one_operation_are_not_those_of_another() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    let status = json!({ "sid": sid, "lks": "anon" });
    let answer = operation(&sandbox, "logout", &status).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = operation(&sandbox, "sessionstatus", &json!({ "sid": sid })).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
