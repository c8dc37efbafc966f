//! Tulo Payway, as a site of the organisation and its visitors see it.

use admit_one_sandbox::{Persona, Sandbox, System};
use aws_lc_rs::hmac;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, form, part, sandbox, send};

pub(crate) const HOST: &str = "payway.localhost:8900";
pub(crate) const CLIENT: &str = "paper-shop";
pub(crate) const SECRET: &str = "paper-secret-of-32-bytes-or-more!!";
pub(crate) const LANDING: &str = "http://localhost:8800/landing/paper";
pub(crate) const RETURN: &str = "http://localhost:8800/sign-in?continuing=1&to=%2Fbasket";

fn compact(header: &Value, claims: &Value, secret: &str) -> String {
    let encoded = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let input = format!("{}.{}", encoded(header), encoded(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))
}

pub(crate) fn jwt(claims: &Value) -> String {
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    compact(&header, claims, SECRET)
}

/// Whether the client's secret signed it.
pub(crate) fn is_signed(t: &str) -> bool {
    let (input, signature) = t.rsplit_once('.').unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = URL_SAFE_NO_PAD.decode(signature).unwrap();
    hmac::verify(&key, input.as_bytes(), &tag).is_ok()
}

fn with(mut claims: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    claims
}

/// The claims that every request has.
fn claims(sandbox: &Sandbox, lifetime: i64) -> Value {
    let now = sandbox.now();
    json!({ "cid": CLIENT, "iss": "paper", "aud": "pw-sso", "iat": now, "nbf": now, "exp": now + lifetime })
}

pub(crate) fn identify_request(sandbox: &Sandbox) -> String {
    jwt(&claims(sandbox, 60))
}

/// The visitor's browser, on its way from one of our pages.
pub(crate) async fn identify(browser: &mut Browser<'_>) -> Answer {
    let t = identify_request(browser.sandbox);
    browser
        .get(&format!("/identify?{}", form(&[("t", &t), ("r", RETURN)])))
        .await
}

/// The claims of the message that a redirect to the landing page carries.
pub(crate) fn landed(answer: &Answer) -> Value {
    let t = answer.redirected()["t"].clone();
    assert!(is_signed(&t), "{answer:?}");
    part(&t, 1)
}

async fn identified(browser: &mut Browser<'_>) -> Value {
    landed(&identify(browser).await)
}

async fn back_channel(sandbox: &Sandbox, operation: &str, body: &Value) -> Answer {
    let request = Request::post(format!("/{operation}"))
        .header(header::HOST, HOST)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    send(sandbox, request).await
}

/// An operation with the claims that it takes, and these put over them.
pub(crate) async fn operation(sandbox: &Sandbox, operation: &str, changes: &Value) -> Answer {
    let common = json!({ "ipa": "203.0.113.7", "uas": "Mozilla/5.0" });
    let claims = with(with(claims(sandbox, 10), &common), changes);
    back_channel(sandbox, operation, &json!({ "t": jwt(&claims) })).await
}

/// The claims of a reply.
pub(crate) fn reply(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let body = answer.json();
    let t = body["t"].as_str().unwrap();
    assert!(is_signed(t), "{answer:?}");
    part(t, 1)
}

async fn replied(sandbox: &Sandbox, name: &str, changes: &Value) -> Value {
    reply(&operation(sandbox, name, changes).await)
}

async fn status(sandbox: &Sandbox, sid: &Value, lks: &str) -> Value {
    replied(sandbox, "sessionstatus", &json!({ "sid": sid, "lks": lks })).await
}

async fn authenticate(sandbox: &Sandbox, sid: &Value, usr: &str, pwd: &str) -> Value {
    let changes = json!({ "sid": sid, "usr": usr, "pwd": pwd });
    replied(sandbox, "authenticate", &changes).await
}

pub(crate) async fn access_token(sandbox: &Sandbox, changes: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("grant_type", "ticket"),
        ("scope", "/external/me/w"),
    ];
    pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs.extend(changes);
    let request = Request::post("/api/authorization/access_token")
        .header(header::HOST, HOST)
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form(&pairs)))
        .unwrap();
    send(sandbox, request).await
}

pub(crate) async fn api(sandbox: &Sandbox, path: &str, token: &str) -> Answer {
    let request = Request::get(path)
        .header(header::HOST, HOST)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    send(sandbox, request).await
}

/// Somebody signed in with our own form, from identify to the ticket.
pub(crate) async fn ticket(sandbox: &Sandbox, usr: &str) -> String {
    let mut browser = Browser::at(sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    let claims = authenticate(sandbox, &sid, usr, "ticket").await;
    claims["at"].as_str().unwrap().to_owned()
}

pub(crate) async fn token(sandbox: &Sandbox, usr: &str) -> String {
    let at = ticket(sandbox, usr).await;
    let answer = access_token(sandbox, &[("ticket", &at)]).await;
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

/// Follows redirects on the sandbox's host, as far as they stay there.
async fn follow(browser: &mut Browser<'_>, mut answer: Answer) -> Answer {
    for _ in 0..8 {
        let on = answer
            .headers
            .get(header::LOCATION)
            .map(|location| location.to_str().unwrap().to_owned())
            .filter(|location| location.starts_with('/') || location.contains(HOST));
        match on {
            Some(location) => answer = browser.get(&location).await,
            None => return answer,
        }
    }
    panic!("it goes round in circles: {answer:?}");
}

async fn visit(browser: &mut Browser<'_>, path: &str) -> Answer {
    let answer = browser.get(path).await;
    follow(browser, answer).await
}

const TO_SHOP: &str = "http://localhost:8800/sign-in?back=1";

async fn sign_in_elsewhere(browser: &mut Browser<'_>, usr: &str, pwd: &str) -> Answer {
    sign_in_elsewhere_and_go(browser, usr, pwd, "http://payway.localhost:8900/site").await
}

async fn sign_in_elsewhere_and_go(
    browser: &mut Browser<'_>,
    usr: &str,
    pwd: &str,
    to: &str,
) -> Answer {
    let page = visit(browser, &format!("/login?{}", form(&[("continue", to)]))).await;
    let typed = [
        ("csrf", &*page.hidden("csrf")),
        ("continue", to),
        ("username", usr),
        ("password", pwd),
    ];
    let answer = browser.post("/login", &typed).await;
    follow(browser, answer).await
}

mod identify {
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
}

mod session_status {
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
}

mod authenticate {
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
}

mod authenticate_with_ticket {
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
}

mod logout {
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
}

mod requests {
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
}

mod access_token {
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
}

mod me {
    use super::*;

    #[tokio::test]
    async fn is_an_item_with_an_id_of_24_hexadecimal_digits() {
        let sandbox = sandbox();
        for (at, name) in ["alice", "bob", "carol", "dave"].into_iter().enumerate() {
            let token = token(&sandbox, name).await;
            for path in ["v1/me", "v1/me/", "v3/me", "v3/me/"] {
                let path = format!("/external/api/{path}");
                let item = api(&sandbox, &path, &token).await.json()["item"].clone();
                let id = item["id"].as_str().unwrap();
                let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                assert!(id.len() == 24 && id.bytes().all(hex), "{id}");
                assert_eq!(id, Persona::all()[at].id_at(System::Payway));
                assert_eq!(item["status"], "created");
                assert_eq!(item["verified"], name != "carol");
                assert!(item["customer_number"].is_string());
            }
        }
        let token = token(&sandbox, "carol").await;
        let item = api(&sandbox, "/external/api/v1/me", &token).await.json()["item"].clone();
        let names = ["email", "first_name", "last_name"].map(|name| item[name].clone());
        assert_eq!(names, ["alice@example.test", "Carol", "O'Neill"]);
    }

    #[tokio::test]
    async fn has_the_address_in_parts_and_null_for_what_is_missing() {
        let sandbox = sandbox();
        let me = async |name: &str| {
            let token = token(&sandbox, name).await;
            api(&sandbox, "/external/api/v3/me", &token).await.json()["item"].clone()
        };
        let alice = me("alice").await;
        assert_eq!(alice["mobile_phone_number"], "+41225550101");
        assert_eq!(alice["birth_date"], "1988-04-12");
        assert_eq!(
            alice["address"],
            json!({
                "first_name": "Alice", "last_name": "Martin", "street": "Rue du Stade", "street_number": "1",
                "zip_code": "1200", "city": "Genève", "country_code": "CH",
            })
        );
        let bob = me("bob").await;
        assert_eq!(
            (&bob["mobile_phone_number"], &bob["address"]["country_code"]),
            (&Value::Null, &Value::Null)
        );
        let carol = me("carol").await["address"].clone();
        assert_eq!(
            (&carol["street"], &carol["street_number"]),
            (&json!("2 Terrace Lane"), &Value::Null)
        );
    }

    #[tokio::test]
    async fn answers_errors_in_the_form_of_the_api() {
        let sandbox = sandbox();
        let refused = api(&sandbox, "/external/api/v1/me", "x").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        let token = token(&sandbox, "alice").await;
        let unknown = api(&sandbox, "/external/api/v1/me?access_token=x", &token).await;
        assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
        let body = unknown.json();
        assert_eq!(
            (&body["code"], &body["field"]),
            (&json!("unknown_parameter"), &json!("access_token"))
        );
        let lost = api(&sandbox, "/external/api/v1/you", &token).await;
        assert_eq!(lost.status, StatusCode::NOT_FOUND);
        assert_eq!(lost.json()["code"], "not_found");
        let path = "/external/api/v1/me/active_products?include_articles=true";
        let products = api(&sandbox, path, &token).await.json();
        assert_eq!(
            products["item"]["active_products"],
            json!(["paper-digital"])
        );
    }

    #[tokio::test]
    async fn needs_its_scope() {
        let sandbox = sandbox();
        let at = ticket(&sandbox, "alice").await;
        let pairs = [("ticket", &*at), ("scope", "/external/account/r")];
        let answer = access_token(&sandbox, &pairs).await.json();
        let token = answer["access_token"].as_str().unwrap();
        let me = api(&sandbox, "/external/api/v1/me", token).await;
        assert_eq!(me.status, StatusCode::FORBIDDEN);
    }
}

mod login_form {
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
}

mod site {
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
}

#[tokio::test]
async fn messages_hold_no_secret() {
    let sandbox = sandbox();
    let mut browser = Browser::at(&sandbox, HOST);
    let sid = identified(&mut browser).await["sid"].clone();
    let request = identify_request(&sandbox);
    let claims = authenticate(&sandbox, &sid, "alice", "ticket").await;
    let at = claims["at"].as_str().unwrap();
    let answer = access_token(&sandbox, &[("ticket", at)]).await.json();
    let token = answer["access_token"].as_str().unwrap();
    api(&sandbox, "/external/api/v1/me", token).await;
    let mut other = Browser::at(&sandbox, HOST);
    sign_in_elsewhere(&mut other, "bob", "wrong-one").await;
    sign_in_elsewhere(&mut other, "bob", "ticket").await;

    let recorded = serde_json::to_string(&sandbox.messages()).unwrap();
    let signature = request.rsplit('.').next().unwrap();
    let password = URL_SAFE_NO_PAD.encode("\"pwd\":\"ticket\"");
    let refresh = answer["refresh_token"].as_str().unwrap();
    for secret in [
        at,
        token,
        refresh,
        signature,
        &password,
        SECRET,
        "\\\"ticket\\\"",
        "[\"password\",\"ticket\"]",
        "wrong-one",
    ] {
        assert!(!recorded.contains(secret), "{secret} is in {recorded}");
    }
    // Yet one sees what was asked, and what came of it.
    assert!(recorded.contains("loggedin") && recorded.contains("203.0.113.7"));
    let paths: Vec<_> = sandbox
        .messages()
        .into_iter()
        .map(|message| (message.from, message.path))
        .collect();
    let of = |path: &str| paths.iter().find(|(_, seen)| seen == path).unwrap().0;
    assert_eq!(of("/identify"), admit_one_sandbox::Party::Browser);
    assert_eq!(of("/authenticate"), admit_one_sandbox::Party::Backend);
}

#[tokio::test]
async fn a_persona_has_an_email_of_the_system_where_that_is_wanted() {
    let sandbox = sandbox();
    sandbox
        .change_settings(json!({ "own_emails": true }))
        .unwrap();
    let token = token(&sandbox, "alice").await;
    let me = api(&sandbox, "/external/api/v1/me", &token).await;
    let item: Value = serde_json::from_str(&me.body).unwrap();
    assert_eq!(item["item"]["email"], "alice@payway.example.test");
}
