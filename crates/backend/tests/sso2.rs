//! `/v1/sso2/{provider}`: the steps of Payway SSO2, between a browser and an SSO2 that does as the test says.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod support;

use std::sync::{Arc, Mutex};

use admit_one_backend::{App, Config};
use admit_one_protocol::{
    Code,
    encoding::{base64url, from_base64url},
};
use aws_lc_rs::hmac;
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use serde_json::{Value, json};
use support::{Browser, Log, Upstream, secrets, toml};

const SECRET: &[u8] = b"paper-secret-of-32-bytes-or-more!!";
const ALICE: &str = "585a4768edce2c5e6f000001";
const BOB: &str = "585a4768edce2c5e6f000002";

/// SSO2 and the API behind it.
#[derive(Clone)]
struct Payway {
    url: String,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    /// The claims of the next replies.
    reply: Value,
    status: u16,
    /// Whose account it is.
    id: &'static str,
    token: (u16, Value),
    /// Path and claims, or form, of what came.
    seen: Vec<(String, Value)>,
}

impl Payway {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let inner = Inner {
            reply: json!({}),
            status: 200,
            id: ALICE,
            token: (200, json!({"access_token": "a-1", "refresh_token": "r-1"})),
            seen: Vec::new(),
        };
        let payway = Self {
            url,
            inner: Arc::new(Mutex::new(inner)),
        };
        let router = Router::new()
            .route("/{operation}", post(operation))
            .route("/api/authorization/access_token", post(access_token))
            .route("/external/api/v1/me", get(me))
            .with_state(payway.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        payway
    }

    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.inner.lock().unwrap())
    }

    /// What the next operations answer.
    fn replies(&self, claims: Value) {
        self.with(|inner| inner.reply = claims);
    }

    /// The messages that came for an operation.
    fn seen(&self, path: &str) -> Vec<Value> {
        self.with(|inner| {
            let seen = inner.seen.iter().filter(|(seen, _)| seen == path);
            seen.map(|(_, claims)| claims.clone()).collect()
        })
    }
}

fn signed(secret: &[u8], claims: &Value) -> String {
    let part = |value: &Value| base64url(value.to_string());
    let input = format!(
        "{}.{}",
        part(&json!({"typ": "JWT", "alg": "HS256"})),
        part(claims)
    );
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
    format!("{input}.{}", base64url(tag))
}

fn message(secret: &[u8], mut claims: Value) -> String {
    let now = admit_one_backend::Clock::default().now();
    claims["iat"] = now.into();
    claims["exp"] = (now + 10).into();
    signed(secret, &claims)
}

/// The claims of a message of ours, whose signature holds.
fn opened(t: &str) -> Value {
    let (input, tag) = t.rsplit_once('.').unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    hmac::verify(&key, input.as_bytes(), &from_base64url(tag).unwrap()).unwrap();
    let claims = input.split_once('.').unwrap().1;
    serde_json::from_slice(&from_base64url(claims).unwrap()).unwrap()
}

async fn operation(
    State(payway): State<Payway>,
    Path(operation): Path<String>,
    body: String,
) -> (StatusCode, String) {
    let body: Value = serde_json::from_str(&body).unwrap();
    let claims = opened(body["t"].as_str().unwrap());
    payway.with(|inner| {
        inner.seen.push((operation, claims));
        let status = StatusCode::from_u16(inner.status).unwrap();
        let t = message(SECRET, inner.reply.clone());
        (status, json!({ "t": t }).to_string())
    })
}

async fn access_token(State(payway): State<Payway>, body: String) -> (StatusCode, String) {
    payway.with(|inner| {
        inner.seen.push(("access_token".to_owned(), body.into()));
        let (status, answer) = &inner.token;
        (StatusCode::from_u16(*status).unwrap(), answer.to_string())
    })
}

async fn me(State(payway): State<Payway>, headers: HeaderMap) -> String {
    payway.with(|inner| {
        let authorization = headers["authorization"].to_str().unwrap();
        inner.seen.push(("me".to_owned(), authorization.into()));
        let item = json!({
            "id": inner.id, "email": "alice@example.test", "verified": true, "first_name": "Alice", "last_name": "Martin",
        });
        json!({ "item": item }).to_string()
    })
}

/// The provider's table; a second one has another secret.
fn providers(payway: &Payway, lines: &str) -> String {
    let url = &payway.url;
    let one = |id: &str, secret: &str, lines: &str| {
        format!(
            r#"
[[providers]]
id = "{id}"
kind = "sso2"
label = "Newspaper"
sso_url = "{url}/"
api_url = "{url}"
organisation = "paper"
client_id = "{id}-shop"
client_secret_env = "{secret}"
{lines}
"#
        )
    };
    [one("paper", "PAPER", lines), one("weekly", "WEEKLY", "")].concat()
}

async fn start(server: &str, lines: &str) -> (Browser, Payway) {
    start_with("per_minute = 0", server, lines).await
}

/// The same with other limits.
async fn start_with(limits: &str, server: &str, lines: &str) -> (Browser, Payway) {
    let (upstream, payway) = (Upstream::start().await, Payway::start().await);
    let text = toml(&upstream.issuer, server, &providers(&payway, lines))
        .replace("per_minute = 0", limits);
    let config =
        Config::parse(&text, "test.toml", &secrets).unwrap_or_else(|error| panic!("{error}"));
    let app = App::start(config).await.unwrap();
    (Browser::of(app, upstream).await, payway)
}

async fn landing(browser: &mut Browser, claims: Value) -> support::Answer {
    let body = json!({ "t": message(SECRET, claims) });
    browser.call("POST", "/v1/sso2/paper/landing", body).await
}

async fn anonymous(browser: &mut Browser) -> Value {
    let answer = landing(browser, json!({"sid": "s-1", "sts": "anon"}))
        .await
        .ok();
    assert_eq!(answer["outcome"], "anonymous");
    answer["session"].clone()
}

async fn authenticate(browser: &mut Browser, session: &Value) -> support::Answer {
    let body =
        json!({"session": session, "username": "alice@example.test", "password": "ti\"cket"});
    browser
        .call("POST", "/v1/sso2/paper/authenticate", body)
        .await
}

async fn signed_in(browser: &mut Browser) -> Value {
    let claims = json!({"sid": "s-1", "sts": "loggedin", "at": "t-1"});
    let answer = landing(browser, claims).await.ok();
    assert_eq!(answer["outcome"], "signed_in");
    answer["tokens"].clone()
}

async fn status(browser: &mut Browser, body: Value) -> support::Answer {
    browser.call("POST", "/v1/sso2/paper/status", body).await
}

mod step_a_identify {
    use super::*;

    #[tokio::test]
    async fn leads_to_sso2_with_a_signed_message_and_our_landing_page() {
        let (browser, payway) = start("", "").await;
        let state = base64url([7; 32]);
        let path = format!("/v1/sso2/paper/identify?state={state}");
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 303);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let location = answer.headers["location"].to_str().unwrap();
        let begins = format!("{}/identify?t=", payway.url);
        let (t, r) = location
            .strip_prefix(&begins)
            .unwrap()
            .split_once("&r=")
            .unwrap();
        assert_eq!(
            r,
            format!("https%3A%2F%2Fsso.example%2Flanding%2Fpaper%3Fstate%3D{state}")
        );
        let claims = opened(t);
        assert_eq!(
            (&claims["cid"], &claims["iss"], &claims["aud"]),
            (&json!("paper-shop"), &json!("paper"), &json!("pw-sso"))
        );
        assert_eq!(
            claims["exp"].as_u64(),
            claims["iat"].as_u64().map(|iat| iat + 60)
        );
        assert_eq!(claims["sid"], Value::Null);
    }

    #[tokio::test]
    async fn takes_no_state_but_ours_and_no_provider_but_sso2s() {
        let (browser, _) = start("", "").await;
        for query in [
            "",
            "?state=",
            "?state=short",
            "?state=https://evil.example",
            "?r=x",
        ] {
            let address = refused(&browser, &format!("paper/identify{query}")).await;
            assert!(address.starts_with("https://sso.example/landing/paper?state="));
            assert!(address.ends_with("&error=request_malformed"), "{address}");
        }
        let state = base64url([7; 32]);
        for (id, encoded) in [("club", "club"), ("nobody", "nobody"), ("a%2Fb", "a%2Fb")] {
            assert_eq!(
                refused(&browser, &format!("{id}/identify?state={state}")).await,
                format!(
                    "https://sso.example/landing/{encoded}?state={state}&error=provider_unknown"
                )
            );
        }
    }

    #[tokio::test]
    async fn leads_whom_it_refuses_to_a_page_of_ours_with_the_reason() {
        let (browser, _) = start_with("per_minute = 1", "", "").await;
        let state = base64url([7; 32]);
        let path = format!("paper/identify?state={state}");
        assert_eq!(browser.get(&format!("/v1/sso2/{path}")).await.status, 303);
        assert_eq!(
            refused(&browser, &path).await,
            format!("https://sso.example/landing/paper?state={state}&error=rate_limited")
        );
    }

    /// Where a refusal leads to.
    async fn refused(browser: &Browser, path: &str) -> String {
        let answer = browser.get(&format!("/v1/sso2/{path}")).await;
        assert_eq!(answer.status, 303, "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store");
        answer.headers["location"].to_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn is_where_the_page_sends_the_buyer() {
        let (browser, _) =
            start("", "login_url = \"https://portal.example/login?continue=\"").await;
        let configuration = browser.get("/v1/configuration").await.ok();
        let paper = &configuration["providers"][1];
        assert_eq!(paper["kind"], "sso2");
        assert_eq!(
            paper["authorization_endpoint"],
            "https://sso.example/v1/sso2/paper/identify"
        );
        assert_eq!(paper["redirect_uri"], "https://sso.example/landing/paper");
        assert_eq!(paper["login_url"], "https://portal.example/login?continue=");
        assert_eq!(paper["status_interval"], 360);
        assert!(
            !configuration.to_string().contains("secret-of"),
            "no secret is public"
        );
    }
}

mod step_c_landing {
    use super::*;

    #[tokio::test]
    async fn an_anonymous_session_signs_nobody_in_and_asks_nobody() {
        let (mut browser, payway) = start("", "").await;
        let session = anonymous(&mut browser).await;
        assert!(!session.as_str().unwrap().contains("s-1"), "it is sealed");
        assert!(payway.with(|inner| inner.seen.is_empty()));
    }

    #[tokio::test]
    async fn who_is_logged_in_already_is_signed_in() {
        let (mut browser, payway) = start("", "trust_verified = true").await;
        let tokens = signed_in(&mut browser).await;
        assert_eq!(tokens["access_token"], "a-1");
        assert_eq!(tokens["expires_in"], 3600);
        assert_eq!(tokens["refreshable"], true);
        assert!(
            !tokens.to_string().contains("r-1"),
            "the refresh token never reaches the browser"
        );
        let claims = &tokens["claims"];
        assert_eq!(claims["iss"], format!("{}/paper", payway.url));
        assert_eq!(claims["sub"], ALICE);
        assert!(
            !tokens.to_string().contains("s-1"),
            "the session's id never reaches the browser in the clear"
        );
        assert_eq!(
            (&claims["email_verified"], &claims["name"]),
            (&json!(true), &json!("Alice Martin"))
        );
        let form = payway.seen("access_token");
        assert_eq!(
            form[0],
            "client_id=paper-shop&client_secret=paper-secret-of-32-bytes-or-more%21%21&grant_type=ticket&scope=%2Fexternal%2Fme%2Fw&ticket=t-1"
        );
        assert_eq!(payway.seen("me")[0], "Bearer a-1");
    }

    #[tokio::test]
    async fn verified_counts_only_where_the_operator_says_so() {
        let (mut browser, _) = start("", "").await;
        let tokens = signed_in(&mut browser).await;
        assert_eq!(tokens["claims"]["email_verified"], false);
    }

    #[tokio::test]
    async fn a_retry_after_a_lost_answer_spends_no_second_ticket() {
        let (mut browser, payway) = start("", "").await;
        let t = message(
            SECRET,
            json!({"sid": "s-1", "sts": "loggedin", "at": "t-1"}),
        );
        for _ in 0..2 {
            browser
                .call("POST", "/v1/sso2/paper/landing", json!({ "t": t }))
                .await
                .ok();
        }
        assert_eq!(payway.seen("access_token").len(), 1);
        // Another browser has no part in it.
        payway.with(|inner| inner.token = (400, json!({"error": "invalid_grant"})));
        let mut thief = browser.another().await;
        let answer = thief
            .call("POST", "/v1/sso2/paper/landing", json!({ "t": t }))
            .await;
        answer.refused(Code::Sso2TicketRefused);
    }

    #[tokio::test]
    async fn mix_up_a_landing_of_another_client_is_refused() {
        let (mut browser, payway) = start("", "").await;
        let claims = json!({"sid": "s-1", "sts": "loggedin", "at": "t-1"});
        let paper = json!({ "t": message(SECRET, claims.clone()) });
        let answer = browser
            .call("POST", "/v1/sso2/weekly/landing", paper.clone())
            .await;
        answer.refused(Code::Sso2LandingInvalid);
        let answer = browser.call("POST", "/v1/sso2/club/landing", paper).await;
        answer.refused(Code::ProviderUnknown);
        let other = json!({ "t": message(b"weekly-secret-of-32-bytes-or-more!", claims) });
        let answer = browser.call("POST", "/v1/sso2/paper/landing", other).await;
        answer.refused(Code::Sso2LandingInvalid);
        assert!(payway.with(|inner| inner.seen.is_empty()));
    }

    #[tokio::test]
    async fn needs_a_proof_and_our_origin() {
        let (mut browser, _) = start("", "").await;
        let body = json!({ "t": message(SECRET, json!({"sid": "s-1", "sts": "anon"})) });
        let request = browser.request_with("POST", "/v1/sso2/paper/landing", &body, "");
        let answer = browser.send(request).await;
        assert_eq!(answer.body["code"], Code::ProofInvalid.as_str());
        let mut request = browser.request("POST", "/v1/sso2/paper/landing", &body);
        request
            .headers_mut()
            .insert("origin", "https://evil.example".parse().unwrap());
        let answer = browser.send(request).await;
        assert_eq!(answer.body["code"], Code::OriginNotAllowed.as_str());
    }
}

mod step_e_authenticate {
    use super::*;

    #[tokio::test]
    async fn carries_the_credentials_and_who_sent_them_in_the_message() {
        let (mut browser, payway) = start("", "").await;
        let session = anonymous(&mut browser).await;
        payway.replies(json!({"sid": "s-1", "sts": "loggedin", "at": "t-2"}));
        let answer = authenticate(&mut browser, &session).await.ok();
        assert_eq!(answer["outcome"], "signed_in");
        assert_eq!(answer["tokens"]["claims"]["sub"], ALICE);
        let sent = &payway.seen("authenticate")[0];
        assert_eq!(
            (&sent["usr"], &sent["pwd"]),
            (&json!("alice@example.test"), &json!("ti\"cket"))
        );
        assert_eq!(
            (&sent["sid"], &sent["ipa"]),
            (&json!("s-1"), &json!("0.0.0.0"))
        );
        assert_eq!(
            sent["exp"].as_u64(),
            sent["iat"].as_u64().map(|iat| iat + 10)
        );
    }

    #[tokio::test]
    async fn believes_our_proxies_about_the_address_and_the_browser_about_itself() {
        let (mut browser, payway) = start("trusted_proxies = [\"0.0.0.0/32\"]", "").await;
        let session = anonymous(&mut browser).await;
        payway.replies(json!({"sid": "s-1", "sts": "loggedin", "at": "t-2"}));
        let body = json!({"session": session, "username": "alice", "password": "x"});
        let mut request = browser.request("POST", "/v1/sso2/paper/authenticate", &body);
        let headers = request.headers_mut();
        headers.insert("x-forwarded-for", "192.0.2.7".parse().unwrap());
        headers.insert(
            "user-agent",
            "Mozilla/5.0 (X11)".repeat(60).parse().unwrap(),
        );
        browser.send(request).await.ok();
        let sent = &payway.seen("authenticate")[0];
        assert_eq!(sent["ipa"], "192.0.2.7");
        let uas = sent["uas"].as_str().unwrap();
        assert!(uas.starts_with("Mozilla/5.0") && uas.len() == 512);
    }

    #[tokio::test]
    async fn what_sso2_refuses_has_a_code_and_its_detail() {
        let (mut browser, payway) = start("", "").await;
        let session = anonymous(&mut browser).await;
        let cases = [
            (
                json!({"err": "invalid_credentials", "raa": 4}),
                Code::Sso2Credentials,
            ),
            (
                json!({"err": "account_frozen", "frf": 540}),
                Code::Sso2Frozen,
            ),
            (json!({"err": "account_not_active"}), Code::Sso2NotActive),
            (
                json!({"err": "session_not_found"}),
                Code::Sso2SessionUnknown,
            ),
            (json!({"err": "something_new"}), Code::Sso2AuthenticateError),
            (json!({}), Code::Sso2ReplyInvalid),
        ];
        for (claims, code) in cases {
            payway.replies(claims.clone());
            let answer = authenticate(&mut browser, &session).await.refused(code);
            assert_eq!(answer.body.get("remaining"), claims.get("raa"));
            assert_eq!(answer.body.get("retry_after"), claims.get("frf"));
            assert!(!answer.body.to_string().contains("cket"), "{}", answer.body);
        }
        payway.with(|inner| inner.status = 500);
        authenticate(&mut browser, &session)
            .await
            .refused(Code::UpstreamError);
        assert!(payway.seen("access_token").is_empty());
    }

    #[tokio::test]
    async fn a_login_without_a_ticket_is_identified_again() {
        let (mut browser, payway) = start("", "").await;
        let session = anonymous(&mut browser).await;
        payway.replies(json!({"sid": "s-1", "sts": "loggedin"}));
        let answer = authenticate(&mut browser, &session).await.ok();
        assert_eq!(
            (&answer["outcome"], &answer["tokens"]),
            (&json!("identify"), &Value::Null)
        );
    }

    #[tokio::test]
    async fn takes_the_session_of_this_browser_this_provider_and_this_hour() {
        let (mut browser, payway) = start("", "").await;
        let session = anonymous(&mut browser).await;
        let mut other = browser.another().await;
        authenticate(&mut other, &session)
            .await
            .refused(Code::Sso2SessionUnknown);
        let body = json!({"session": session, "username": "alice", "password": "x"});
        let answer = browser
            .call("POST", "/v1/sso2/weekly/authenticate", body)
            .await;
        answer.refused(Code::Sso2SessionUnknown);
        for odd in [json!(""), json!("x"), json!("new.AAAA")] {
            authenticate(&mut browser, &odd)
                .await
                .refused(Code::Sso2SessionUnknown);
        }
        browser.app.clock().advance(3601);
        let fresh = browser.get("/v1/configuration").await.ok();
        browser.nonce = fresh["nonce"].as_str().unwrap().to_owned();
        authenticate(&mut browser, &session)
            .await
            .refused(Code::Sso2SessionUnknown);
        assert!(payway.seen("authenticate").is_empty());
    }

    #[tokio::test]
    async fn a_session_is_no_handle_and_a_handle_is_no_session() {
        let (mut browser, _) = start("", "").await;
        let session = anonymous(&mut browser).await;
        let handle = signed_in(&mut browser).await["handle"].clone();
        authenticate(&mut browser, &handle)
            .await
            .refused(Code::Sso2SessionUnknown);
        status(&mut browser, json!({"session": handle}))
            .await
            .refused(Code::Sso2SessionUnknown);
        status(&mut browser, json!({"handle": session}))
            .await
            .refused(Code::HandleInvalid);
        let answer = browser
            .call("POST", "/v1/refresh", json!({"handle": session}))
            .await;
        answer.refused(Code::HandleInvalid);
    }

    #[tokio::test]
    async fn what_nobody_types_is_not_sent() {
        let (mut browser, payway) = start("", "").await;
        let session = anonymous(&mut browser).await;
        for (username, password) in [
            ("", "x"),
            ("x", ""),
            (&*"a".repeat(255), "x"),
            ("x", &*"p".repeat(1025)),
        ] {
            let body = json!({"session": session, "username": username, "password": password});
            let answer = browser
                .call("POST", "/v1/sso2/paper/authenticate", body)
                .await;
            answer.refused(Code::RequestMalformed);
        }
        assert!(payway.seen("authenticate").is_empty());
    }
}

mod passwords {
    use super::*;

    #[tokio::test]
    async fn of_one_address_are_counted_whoevers_they_are() {
        let limits = "per_minute = 0\npasswords_per_minute = 3";
        let (mut browser, payway) = start_with(limits, "", "").await;
        let session = anonymous(&mut browser).await;
        payway.replies(json!({"err": "invalid_credentials"}));
        for at in 0..5 {
            let mut other = browser.another().await;
            let session = anonymous(&mut other).await;
            let body =
                json!({"session": session, "username": format!("{at}@x.example"), "password": "x"});
            let answer = other.call("POST", "/v1/sso2/paper/authenticate", body);
            let code = if at < 3 {
                Code::Sso2Credentials
            } else {
                Code::RateLimited
            };
            answer.await.refused(code);
        }
        assert_eq!(payway.seen("authenticate").len(), 3);
        // Nothing else waits for it.
        payway.replies(json!({"sid": "s-1", "sts": "anon"}));
        status(&mut browser, json!({"session": session})).await.ok();
    }
}

mod step_h_session_status {
    use super::*;

    #[tokio::test]
    async fn of_an_anonymous_session_says_whether_somebody_has_logged_in() {
        let (mut browser, payway) = start("", "").await;
        let session = anonymous(&mut browser).await;
        let cases = [
            (json!({"sid": "s-1", "sts": "anon"}), "anonymous"),
            (json!({"sid": "s-1", "sts": "asleep"}), "anonymous"),
            (json!({"sts": "terminated"}), "identify"),
            (json!({"err": "session_not_found"}), "identify"),
            (json!({"sts": "loggedin"}), "identify"),
            (json!({"sts": "loggedin", "at": "t-3"}), "signed_in"),
        ];
        for (claims, outcome) in cases {
            payway.replies(claims.clone());
            let answer = status(&mut browser, json!({"session": session})).await.ok();
            assert_eq!(answer["outcome"], outcome, "{claims}");
        }
        assert_eq!(payway.seen("sessionstatus")[0]["lks"], "anon");
    }

    #[tokio::test]
    async fn of_a_buyer_follows_the_table() {
        let (mut browser, payway) = start("", "").await;
        let handle = signed_in(&mut browser).await["handle"].clone();
        let cases = [
            (json!({"sid": "s-1", "sts": "loggedin"}), "unchanged"),
            (json!({"sts": "asleep"}), "unchanged"),
            (json!({"err": "something_new"}), "unchanged"),
            (json!({"sts": "anon"}), "ended"),
            (json!({"sts": "terminated"}), "ended"),
            (json!({"err": "session_not_found"}), "ended"),
        ];
        for (claims, outcome) in cases {
            payway.replies(claims.clone());
            let answer = status(&mut browser, json!({"handle": handle})).await.ok();
            assert_eq!(answer["outcome"], outcome, "{claims}");
        }
        let asked = &payway.seen("sessionstatus")[0];
        assert_eq!(
            (&asked["lks"], &asked["sid"]),
            (&json!("loggedin"), &json!("s-1"))
        );
        payway.replies(json!({"sid": "s-2", "sts": "loggedin"}));
        status(&mut browser, json!({"handle": handle}))
            .await
            .refused(Code::Sso2ReplyInvalid);
        payway.with(|inner| inner.status = 500);
        status(&mut browser, json!({"handle": handle}))
            .await
            .refused(Code::UpstreamError);
    }

    #[tokio::test]
    async fn row_6_another_status_than_200_is_an_error_and_changes_nothing() {
        let (mut browser, payway) = start("", "").await;
        let handle = signed_in(&mut browser).await["handle"].clone();
        payway.replies(json!({"sid": "s-1", "sts": "loggedin"}));
        for status_code in [401, 404, 429, 503] {
            payway.with(|inner| inner.status = status_code);
            let answer = status(&mut browser, json!({"handle": handle})).await;
            assert!(answer.status >= 400, "{status_code}");
            payway.with(|inner| inner.status = 200);
            let answer = status(&mut browser, json!({"handle": handle})).await.ok();
            assert_eq!(answer["outcome"], "unchanged", "after {status_code}");
        }
    }

    #[tokio::test]
    async fn a_ticket_for_the_same_person_renews_and_for_another_ends() {
        let (mut browser, payway) = start("", "").await;
        let tokens = signed_in(&mut browser).await;
        payway.replies(json!({"sts": "loggedin", "at": "t-4"}));
        payway.with(|inner| inner.token = (200, json!({"access_token": "a-2"})));
        let answer = status(&mut browser, json!({"handle": tokens["handle"]}))
            .await
            .ok();
        assert_eq!(answer["tokens"]["access_token"], "a-2");
        assert_eq!(
            answer["tokens"]["handle_expires_at"], tokens["handle_expires_at"],
            "the end is absolute"
        );
        assert_eq!(
            answer["tokens"]["refreshable"], true,
            "the old refresh token goes on"
        );
        payway.with(|inner| inner.id = BOB);
        let answer = status(&mut browser, json!({"handle": tokens["handle"]}))
            .await
            .ok();
        assert_eq!(
            (&answer["outcome"], &answer["tokens"]),
            (&json!("ended"), &Value::Null)
        );
    }

    #[tokio::test]
    async fn needs_the_handle_of_this_provider() {
        let (mut browser, _) = start("", "").await;
        let handle = signed_in(&mut browser).await["handle"].clone();
        let answer = browser
            .call("POST", "/v1/sso2/weekly/status", json!({"handle": handle}))
            .await;
        answer.refused(Code::HandleProviderMismatch);
        let club = browser.exchange().await.ok()["handle"].clone();
        status(&mut browser, json!({"handle": club}))
            .await
            .refused(Code::HandleProviderMismatch);
        status(&mut browser, json!({}))
            .await
            .refused(Code::HandleMissing);
    }

    #[tokio::test]
    async fn works_with_the_handle_in_a_cookie() {
        let (mut browser, payway) = start("custody = \"cookie\"", "").await;
        let tokens = signed_in(&mut browser).await;
        assert_eq!(tokens["handle"], Value::Null);
        payway.replies(json!({"sts": "loggedin"}));
        let answer = status(&mut browser, json!({})).await.ok();
        assert_eq!(answer["outcome"], "unchanged");
    }
}

mod later {
    use super::*;

    #[tokio::test]
    async fn a_refresh_brings_an_access_token_of_the_same_person() {
        let (mut browser, payway) = start("", "").await;
        let tokens = signed_in(&mut browser).await;
        let answer = browser
            .call("POST", "/v1/refresh", json!({"handle": tokens["handle"]}))
            .await
            .ok();
        assert_eq!(answer["access_token"], "a-1");
        let form = payway.seen("access_token")[1].as_str().unwrap().to_owned();
        assert!(
            form.contains("grant_type=refresh_token") && form.ends_with("refresh_token=r-1"),
            "{form}"
        );
        payway.with(|inner| inner.id = BOB);
        let answer = browser
            .call("POST", "/v1/refresh", json!({"handle": answer["handle"]}))
            .await;
        answer.refused(Code::RefreshSub);
    }

    #[tokio::test]
    async fn me_has_to_be_of_the_person_who_signed_in() {
        let (mut browser, payway) = start("", "").await;
        let handle = signed_in(&mut browser).await["handle"].clone();
        let body = json!({"handle": handle, "access_token": "a-1"});
        let answer = browser.call("POST", "/v1/profile", body.clone()).await.ok();
        assert_eq!(answer["profile"]["given_name"], "Alice");
        payway.with(|inner| inner.id = BOB);
        let answer = browser.call("POST", "/v1/profile", body).await;
        answer.refused(Code::UserinfoSub);
    }

    #[tokio::test]
    async fn signing_out_ends_the_session_for_all_sites_by_either_address() {
        for path in ["/v1/sign-out", "/v1/sso2/paper/sign-out"] {
            let (mut browser, payway) = start("", "").await;
            let handle = signed_in(&mut browser).await["handle"].clone();
            let body = json!({"handle": handle, "state": "s"});
            let answer = browser.call("POST", path, body).await.ok();
            assert_eq!(answer, json!({}));
            assert_eq!(payway.seen("logout")[0]["sid"], "s-1", "{path}");
        }
    }

    #[tokio::test]
    async fn a_logout_that_fails_keeps_nobody_signed_in() {
        let (mut browser, payway) = start("", "").await;
        let handle = signed_in(&mut browser).await["handle"].clone();
        payway.with(|inner| inner.status = 500);
        let body = json!({"handle": handle, "state": "s"});
        browser
            .call("POST", "/v1/sign-out", body.clone())
            .await
            .ok();
        let answer = browser.call("POST", "/v1/sso2/weekly/sign-out", body).await;
        answer.refused(Code::HandleProviderMismatch);
    }

    #[tokio::test]
    async fn a_code_is_nothing_to_sso2() {
        let (mut browser, _) = start("", "").await;
        let body = json!({
            "provider": "paper", "code": "c", "code_verifier": "v", "redirect_uri": "https://sso.example/landing/paper",
        });
        let answer = browser.call("POST", "/v1/exchange", body).await;
        answer.refused(Code::RequestMalformed);
    }
}

mod configuration {
    use super::*;

    const GOOD: &str = r#"
[[providers]]
id = "paper"
kind = "sso2"
label = "Newspaper"
sso_url = "https://sso.example.org"
api_url = "https://api.example.org"
organisation = "paper"
client_id = "paper-shop"
client_secret_env = "PAPER"
"#;

    fn refused(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from));
        let text = toml("https://id.example", "", &GOOD.replacen(from, to, 1));
        match Config::parse(&text, "admit-one.toml", &secrets) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_good_one_is_good() {
        assert_eq!(refused("Newspaper", "Newspaper"), "accepted");
        assert_eq!(
            refused("organisation", "status_interval = 360\norganisation"),
            "accepted"
        );
        assert_eq!(
            refused(
                "organisation",
                "redirect_path = \"/landing/news\"\norganisation"
            ),
            "accepted"
        );
    }

    #[test]
    fn a_secret_too_short_for_its_algorithm_has_to_be_asked_for() {
        let short = "client_secret_env = \"STRONG\"\ndanger_short_secret = true";
        assert_eq!(refused("client_secret_env = \"PAPER\"", short), "accepted");
    }

    #[test]
    fn mistakes_are_told() {
        let cases = [
            (
                "organisation =",
                "status_interval = 359\norganisation =",
                "360 to 86400",
            ),
            (
                "organisation = \"paper\"",
                "organisation = \"a/b\"",
                "the organisation's id",
            ),
            ("organisation = \"paper\"", "", "`providers.organisation`"),
            ("https://sso", "http://sso", "an `https://` URL"),
            ("https://api", "http://api", "an `https://` URL"),
            (
                "client_secret_env = \"PAPER\"",
                "",
                "it signs every message",
            ),
            (
                "client_secret_env = \"PAPER\"",
                "client_secret_env = \"STRONG\"",
                "`providers.client_secret_env`: found a secret of 13 bytes",
            ),
            (
                "client_secret_env = \"PAPER\"",
                "client_secret_env = \"STRONG\"\ndanger_short_secret = false",
                "at least 32",
            ),
            ("organisation", "me_path = \"me\"\norganisation", "a path"),
            (
                "organisation",
                "login_url = \"http://portal.example/login\"\norganisation",
                "a login form",
            ),
            (
                "organisation",
                "register_url = \"paper.example/register\"\norganisation",
                "`providers.register_url`",
            ),
            (
                "organisation",
                "login_url = \"https://portal.example/login\"\nforgot_password_url = \"https://paper.example\"\norganisation",
                "a central form has its own",
            ),
            (
                "organisation",
                "redirect_path = \"/callback/paper\"\norganisation",
                "`/landing/paper`",
            ),
            (
                "organisation",
                "redirect_path = \"/landing/a/b\"\norganisation",
                "`/landing/paper`",
            ),
            (
                "organisation",
                "issuer = \"https://id.example\"\norganisation",
                "the keys of `kind = \"sso2\"`",
            ),
            (
                "organisation",
                "acr_values = [\"x\"]\norganisation",
                "the keys of `kind = \"sso2\"`",
            ),
        ];
        for (from, to, allowed) in cases {
            let message = refused(from, to);
            assert!(message.contains(allowed), "{to}: {message}");
        }
    }

    #[test]
    fn keys_of_sso2_are_none_of_openid_connect() {
        let text = toml(
            "https://id.example",
            "",
            "sso_url = \"https://sso.example.org\"",
        );
        let error = Config::parse(&text, "admit-one.toml", &secrets).unwrap_err();
        assert!(
            error.to_string().contains("the keys of `kind = \"oidc\"`"),
            "{error}"
        );
    }
}

mod log {
    use super::*;

    const PASSWORD: &str = "correct horse-Zk3vJ8";
    const TICKET: &str = "the-ticket-itself";

    async fn logs_in(browser: &mut Browser, session: &Value) -> support::Answer {
        let body =
            json!({"session": session, "username": "alice@example.test", "password": PASSWORD});
        browser
            .call("POST", "/v1/sso2/paper/authenticate", body)
            .await
    }

    #[tokio::test]
    async fn has_neither_password_nor_ticket_nor_token_nor_person() {
        let log = Log::start();
        let (mut browser, payway) = start("", "").await;
        let session = anonymous(&mut browser).await;
        let logged_in = json!({"sid": "the-session-itself", "sts": "loggedin", "at": TICKET});
        let told = format!("{PASSWORD} of alice@example.test isn't {TICKET}");
        let replies = [
            json!({"err": "invalid_credentials", "raa": 2, "msg": told}),
            json!({"err": "account_frozen", "frf": 60, "at": TICKET}),
            json!({"err": "something_new", "at": TICKET}),
            json!({"err": told}),
            json!({"err": TICKET.repeat(3)}),
            json!({"sid": told}),
        ];
        for reply in replies {
            payway.replies(reply);
            let refused = logs_in(&mut browser, &session).await;
            assert_ne!(refused.status, 200);
            assert!(!refused.body.to_string().contains("horse"));
        }
        payway.replies(logged_in);
        let tokens = [
            (
                400,
                json!({"error": "invalid_grant", "error_description": told}),
            ),
            (400, json!({"error": told})),
            (401, json!({"code": told})),
            (200, json!({"ticket": TICKET})),
            (200, json!({"access_token": "a-secret", "token_type": told})),
            (500, json!(told)),
        ];
        for token in tokens {
            payway.with(|inner| inner.token = token);
            let refused = logs_in(&mut browser, &session).await;
            assert_ne!(refused.status, 200);
        }
        let token = json!({"access_token": "a-secret", "refresh_token": "r-secret"});
        payway.with(|inner| inner.token = (200, token));
        let answer = logs_in(&mut browser, &session).await.ok();
        payway.with(|inner| inner.status = 500);
        logs_in(&mut browser, &session)
            .await
            .refused(Code::UpstreamError);
        let too_long = json!({"session": session, "username": "alice@example.test", "password": PASSWORD.repeat(99)});
        browser
            .call("POST", "/v1/sso2/paper/authenticate", too_long)
            .await;
        let malformed = json!({"session": session, "username": [], "password": PASSWORD});
        browser
            .call("POST", "/v1/sso2/paper/authenticate", malformed)
            .await
            .refused(Code::RequestMalformed);
        log.says_and_hides(
            &["sso2_credentials", "something_new", "invalid_grant"],
            &[
                PASSWORD,
                "horse",
                TICKET,
                "the-session-itself",
                "a-secret",
                "r-secret",
                "alice@",
                "Martin",
                "paper-secret",
                session.as_str().unwrap(),
                answer["tokens"]["handle"].as_str().unwrap(),
            ],
        );
    }
}
