//! `POST /v1/profile`, `PUT /v1/profile` and `POST /v1/grant`: what the shop needs to know, and the way in.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod support;

use admit_one_protocol::{Code, encoding::from_base64url};
use serde_json::{Value, json};
use support::Browser;

#[tokio::test]
async fn the_buyer_is_asked_for_what_is_missing_and_nothing_else() {
    let mut browser = Browser::start().await;
    let (handle, profile) = browser.signed_in().await;
    assert_eq!(profile["missing"], json!(["phone_number"]));
    assert_eq!(profile["profile"]["email"], "alice@club.example");
    let refused = browser
        .call("POST", "/v1/grant", json!({"handle": handle, "lang": "en"}))
        .await
        .refused(Code::ProfileIncomplete);
    assert_eq!(refused.body["fields"], json!(["phone_number"]));

    let wrong =
        json!({"handle": handle, "profile": {"phone_number": "x", "address.country": "Utopia"}});
    let refused = browser
        .call("PUT", "/v1/profile", wrong)
        .await
        .refused(Code::ProfileInvalid);
    assert_eq!(refused.body["fields"].as_array().unwrap().len(), 2);

    let answers = json!({"handle": handle, "profile": {"phone_number": "+41 79 123 45 67"}});
    let complete = browser.call("PUT", "/v1/profile", answers).await.ok();
    assert_eq!(
        (&complete["missing"], &complete["profile"]["phone_number"]),
        (&json!([]), &json!("+41791234567"))
    );
    assert_eq!(complete["contact_number"], profile["contact_number"]);
}

#[tokio::test]
async fn a_grant_is_signed_short_lived_and_for_one_shop() {
    let mut browser = Browser::start().await;
    let (handle, profile) = browser.signed_in().await;
    browser
        .call(
            "PUT",
            "/v1/profile",
            json!({"handle": handle, "profile": {"phone_number": "+41791234567"}}),
        )
        .await
        .ok();
    let body =
        json!({"handle": handle, "lang": "fr-CH", "return_to": "https://shop.example/seats?a=1"});
    let location = browser.call("POST", "/v1/grant", body).await.ok()["location"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        location.starts_with("https://shop.example/enter?lang="),
        "{location}"
    );
    assert!(
        location.ends_with("&return_to=https%3A%2F%2Fshop.example%2Fseats%3Fa%3D1"),
        "{location}"
    );
    assert!(
        !location.contains(profile["contact_number"].as_str().unwrap()),
        "never a bare number in a URL"
    );

    let token = location
        .split("token=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let key = aws_lc_rs::hmac::Key::new(
        aws_lc_rs::hmac::HMAC_SHA256,
        support::secrets("GRANT").unwrap().as_bytes(),
    );
    aws_lc_rs::hmac::verify(&key, signed.as_bytes(), &from_base64url(signature).unwrap()).unwrap();
    let claims: Value =
        serde_json::from_slice(&from_base64url(signed.split_once('.').unwrap().1).unwrap())
            .unwrap();
    assert_eq!(claims["sub"], profile["contact_number"]);
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!(support::ORIGIN), &json!("https://shop.example"))
    );
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        60
    );
    assert_eq!(claims["return_to"], "https://shop.example/seats?a=1");
    assert!(claims["jti"].as_str().unwrap().len() > 20);
}

#[tokio::test]
async fn a_grant_leads_nowhere_else() {
    let mut browser = Browser::start().await;
    let (handle, _) = browser.signed_in().await;
    for return_to in [
        "https://evil.example/",
        "//evil.example",
        "https://shop.example.evil.example/",
        "javascript:alert(1)",
    ] {
        let body = json!({"handle": handle, "lang": "en", "return_to": return_to});
        browser
            .call("POST", "/v1/grant", body)
            .await
            .refused(Code::ReturnToNotAllowed);
    }
}

#[tokio::test]
async fn userinfo_is_of_the_same_person() {
    let mut browser = Browser::start().await;
    let tokens = browser.exchange().await.ok();
    for (status, body, code) in [
        (
            200,
            r#"{"sub":"mallory","email":"alice@club.example"}"#,
            Code::UserinfoSub,
        ),
        (200, "<h1>no</h1>", Code::UserinfoInvalid),
        (401, "", Code::UserinfoRefused),
        (500, "", Code::UpstreamError),
    ] {
        browser
            .upstream
            .with(|inner| inner.userinfo = Some((status, body.to_owned())));
        let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
        browser
            .call("POST", "/v1/profile", sync)
            .await
            .refused(code);
    }
    let sync = json!({"handle": tokens["handle"], "access_token": "a\r\nb"});
    browser
        .call("POST", "/v1/profile", sync)
        .await
        .refused(Code::UserinfoRefused);
}

#[tokio::test]
async fn somebody_elses_contact_is_not_shown() {
    let mut browser = Browser::start().await;
    browser.signed_in().await;
    // Carol's e-mail is Alice's contact's.
    let mut carol = browser.another().await;
    carol.upstream.with(|inner| {
        inner.claims = json!({"sub": "carol"});
        inner.userinfo = Some((
            200,
            r#"{"sub":"carol","email":"alice@club.example","email_verified":true}"#.to_owned(),
        ));
    });
    let tokens = carol.exchange().await.ok();
    let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
    let refused = carol
        .call("POST", "/v1/profile", sync.clone())
        .await
        .refused(Code::ContactEmailTaken);
    assert!(
        !refused.body.to_string().contains("Alice") && !refused.body.to_string().contains("alice@")
    );
    carol.upstream.with(|inner| {
        inner.userinfo = Some((
            200,
            r#"{"sub":"carol","email":"carol@club.example"}"#.to_owned(),
        ))
    });
    carol.call("POST", "/v1/profile", sync).await.ok();
}

#[tokio::test]
async fn without_a_directory_the_providers_claims_are_all_there_is() {
    let upstream = support::Upstream::start().await;
    let text = support::toml(&upstream.issuer, "", "[directory]\nkind = \"none\"\n");
    let shop = text.find("[shop]").unwrap()..text.find("[profile]").unwrap();
    let text = text.replace(&text[shop], "");
    let config = admit_one_backend::Config::parse(&text, "test.toml", &support::secrets).unwrap();
    let mut browser = Browser::of(
        admit_one_backend::App::start(config).await.unwrap(),
        upstream,
    )
    .await;
    let tokens = browser.exchange().await.ok();
    let handle = &tokens["handle"];
    let sync = json!({"handle": handle, "access_token": tokens["access_token"]});
    let profile = browser.call("POST", "/v1/profile", sync).await.ok();
    assert_eq!(
        (
            profile.get("contact_number"),
            &profile["profile"]["given_name"]
        ),
        (None, &json!("Alice"))
    );
    browser
        .call(
            "PUT",
            "/v1/profile",
            json!({"handle": handle, "profile": {}}),
        )
        .await
        .refused(Code::NotFound);
    browser
        .call("POST", "/v1/grant", json!({"handle": handle, "lang": "en"}))
        .await
        .refused(Code::ShopUnknown);
}

#[tokio::test]
async fn an_email_verified_by_a_provider_that_is_not_trusted_with_it_claims_nothing() {
    for (trusted, expected) in [(true, None), (false, Some(Code::ContactEmailUnverified))] {
        let upstream = support::Upstream::start().await;
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("db").display());
        let more = format!("trust_verified = {trusted}\n");
        let text = support::toml(&upstream.issuer, "", &more).replace("sqlite::memory:", &database);
        let config =
            || admit_one_backend::Config::parse(&text, "test.toml", &support::secrets).unwrap();
        let contacts =
            r#"[{"contact_number": "1000000001", "profile": {"email": "alice@club.example"}}]"#;
        admit_one_backend::import(&config(), contacts)
            .await
            .unwrap();
        let app = admit_one_backend::App::start(config()).await.unwrap();
        let mut browser = Browser::of(app, upstream).await;
        browser.upstream.with(|inner| {
            inner.userinfo = Some((
                200,
                r#"{"sub":"alice","email":"alice@club.example","email_verified":true}"#.to_owned(),
            ));
        });
        let tokens = browser.exchange().await.ok();
        let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
        let answer = browser.call("POST", "/v1/profile", sync).await;
        match expected {
            None => assert_eq!(answer.ok()["contact_number"], "1000000001"),
            Some(code) => drop(answer.refused(code)),
        }
    }
}

#[tokio::test]
async fn an_id_token_says_what_is_so_now_for_five_minutes() {
    let upstream = support::Upstream::start().await;
    upstream.with(|inner| inner.metadata = json!({"userinfo_endpoint": null}));
    let mut browser = Browser::at(upstream, "", "").await;
    for (email, later, expected) in [
        ("one@club.example", 0, "one@club.example"),
        ("two@club.example", 299, "two@club.example"),
        ("three@club.example", 301, "two@club.example"),
    ] {
        let claims = json!({"email": email, "email_verified": true});
        browser.upstream.claims(claims);
        let tokens = browser.exchange().await.ok();
        browser.app.clock().advance(later);
        let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
        // The nonce may be too old by now: the next one comes with the answer.
        browser.call("POST", "/v1/profile", sync.clone()).await;
        let synced = browser.call("POST", "/v1/profile", sync).await.ok();
        assert_eq!(synced["profile"]["email"], expected);
        let now = browser.app.clock().now();
        browser.upstream.with(|inner| inner.now = now);
    }
}
