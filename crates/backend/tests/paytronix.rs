//! Paytronix behind the same calls: a code becomes a guest, a refresh stays one, and the balance comes with the profile.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod support;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use admit_one_backend::{App, Config};
use admit_one_protocol::Code;
use axum::{Router, extract::State, response::IntoResponse};
use http::{HeaderMap, Method, Uri};
use serde_json::{Value, json};
use support::{Browser, Log, ORIGIN};

/// The interface, which answers what the test says, or well.
#[derive(Clone, Default)]
struct Diner {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    answers: HashMap<&'static str, (u16, String)>,
    /// An endpoint, and the access token that is good there no more.
    stale: Option<(&'static str, &'static str)>,
    /// Method, path with query, authorization, body.
    seen: Vec<(Method, String, String, String)>,
}

impl Diner {
    async fn start() -> (Self, String) {
        let diner = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(serve).with_state(diner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (diner, url)
    }

    fn answers(&self, endpoint: &'static str, status: u16, answer: Value) {
        let answer = (status, answer.to_string());
        self.inner.lock().unwrap().answers.insert(endpoint, answer);
    }

    fn last(&self, endpoint: &str) -> (Method, String, String, String) {
        let inner = self.inner.lock().unwrap();
        let mut seen = inner.seen.iter().rev();
        seen.find(|(_, path, ..)| path.contains(endpoint))
            .unwrap()
            .clone()
    }
}

async fn serve(
    State(diner): State<Diner>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let authorization = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned())
        .unwrap_or_default();
    let mut inner = diner.inner.lock().unwrap();
    inner
        .seen
        .push((method, uri.to_string(), authorization, body));
    if let Some((endpoint, token)) = inner.stale
        && uri.path().contains(endpoint)
        && uri.query().unwrap_or_default().contains(token)
    {
        let invalid = json!({"result": "failure", "errorCode": "oauth.invalid_token"});
        return (http::StatusCode::OK, invalid.to_string());
    }
    let (status, answer) = inner
        .answers
        .iter()
        .find(|(endpoint, _)| uri.path().contains(*endpoint))
        .map(|(_, answer)| answer.clone())
        .unwrap_or_else(|| (200, good(uri.path()).to_string()));
    (http::StatusCode::from_u16(status).unwrap(), answer)
}

fn good(path: &str) -> Value {
    match path.rsplit('/').next().unwrap() {
        "requestGuestToken.json" => {
            json!({"result": "success", "access_token": "access-1", "refresh_token": "refresh-1",
            "expires_in": 1800, "token_type": "bearer", "username": "guest"})
        }
        "userInformation.json" => {
            json!({"result": "success", "fields": {"username": "guest", "email": "guest@example.test",
            "emailVerified": true, "firstName": "Gu"}, "primaryCardNumbers": ["9990"]})
        }
        "accountInformation.json" => {
            json!({"result": "success", "walletBalances": [{"name": "Points", "balance": 120}]})
        }
        other => panic!("{other}"),
    }
}

async fn start(lines: &str) -> (Browser, Diner) {
    let upstream = support::Upstream::start().await;
    let (diner, url) = Diner::start().await;
    let provider = format!(
        r#"
[[providers]]
id = "diner"
kind = "paytronix"
label = "Diner"
site_url = "https://site.example/"
api_url = "{url}/rest/25.33"
merchant_id = 77
client_id = "diner-shop"
client_secret_env = "CLUB"
{lines}
"#
    );
    let text = support::toml(&upstream.issuer, "", &provider);
    let config = Config::parse(&text, "test.toml", &support::secrets)
        .unwrap_or_else(|error| panic!("{error}"));
    let app = App::start(config).await.unwrap();
    (Browser::of(app, upstream).await, diner)
}

fn code(code: &str) -> Value {
    json!({"provider": "diner", "code": code, "code_verifier": "v".repeat(43), "redirect_uri": format!("{ORIGIN}/callback/diner")})
}

#[tokio::test]
async fn the_page_is_told_where_to_log_in() {
    let (browser, _) = start("").await;
    let configuration = browser.get("/v1/configuration").await.ok();
    let diner = &configuration["providers"][1];
    assert_eq!(diner["kind"], "paytronix");
    assert_eq!(diner["issuer"], "https://site.example");
    assert_eq!(
        diner["authorization_endpoint"],
        "https://site.example/guest/accountlogin"
    );
    assert_eq!(
        diner["scopes"],
        json!(["account_read", "account_write", "user_read", "user_write"])
    );
}

#[tokio::test]
async fn a_code_becomes_a_guest_whom_the_answer_names() {
    let (mut browser, diner) = start("").await;
    let tokens = browser
        .call("POST", "/v1/exchange", code("code-1"))
        .await
        .ok();
    assert_eq!(tokens["claims"]["iss"], "https://site.example");
    assert_eq!(tokens["claims"]["sub"], "guest");
    assert_eq!(
        (tokens.get("id_token"), &tokens["expires_in"]),
        (None, &json!(1800))
    );
    assert_eq!(tokens["refreshable"], true);
    assert!(!tokens.to_string().contains("refresh-1"));
    let (_, path, authorization, body) = diner.last("requestGuestToken");
    assert_eq!(path, "/rest/25.33/oauth/requestGuestToken.json");
    // base64("diner-shop:s e:cret")
    assert_eq!(authorization, "Basic ZGluZXItc2hvcDpzIGU6Y3JldA==");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&body["grant_type"], &body["code"]),
        (&json!("authorization_code"), &json!("code-1"))
    );
    // Once more after a lost answer: the code isn't redeemed twice.
    browser
        .call("POST", "/v1/exchange", code("code-1"))
        .await
        .ok();
    assert_eq!(diner.inner.lock().unwrap().seen.len(), 1);
}

#[tokio::test]
async fn another_verdict_than_success_signs_nobody_in() {
    for (answer, expected) in [
        (
            json!({"result": "failure", "errorCode": "oauth.invalid_grant"}),
            Code::ExchangeRefused,
        ),
        (
            json!({"result": "maybe", "access_token": "a", "username": "guest"}),
            Code::TokenResponseInvalid,
        ),
        (
            json!({"access_token": "a", "username": "guest"}),
            Code::TokenResponseInvalid,
        ),
        (
            json!({"result": "success", "access_token": "a"}),
            Code::TokenResponseInvalid,
        ),
        (json!("success"), Code::TokenResponseInvalid),
    ] {
        let (mut browser, diner) = start("").await;
        diner.answers("requestGuestToken", 200, answer);
        let refused = browser.call("POST", "/v1/exchange", code("c")).await;
        refused.refused(expected);
    }
}

#[tokio::test]
async fn the_answer_of_another_issuer_is_not_sent_on() {
    let (mut browser, diner) = start("").await;
    let mut request = code("c");
    request["iss"] = "https://other.example".into();
    let refused = browser.call("POST", "/v1/exchange", request).await;
    refused.refused(Code::CallbackIssMismatch);
    assert_eq!(diner.inner.lock().unwrap().seen.len(), 0);
}

#[tokio::test]
async fn the_older_style_of_credentials_is_in_the_body_alone() {
    let (mut browser, diner) = start("credentials = \"body\"").await;
    browser.call("POST", "/v1/exchange", code("c")).await.ok();
    let (_, _, authorization, body) = diner.last("requestGuestToken");
    assert_eq!(authorization, "");
    assert!(body.contains(r#""client_secret":"s e:cret""#), "{body}");
}

#[tokio::test]
async fn the_profile_comes_with_the_balance() {
    let (mut browser, diner) = start("").await;
    let tokens = browser.call("POST", "/v1/exchange", code("c")).await.ok();
    let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
    let profile = browser.call("POST", "/v1/profile", sync.clone()).await.ok();
    assert_eq!(profile["profile"]["email"], "guest@example.test");
    assert_eq!(
        profile["balances"],
        json!([{"name": "Points", "amount": "120"}])
    );
    let (method, path, authorization, _) = diner.last("userInformation");
    assert_eq!(
        (method, path.as_str()),
        (
            Method::GET,
            "/rest/25.33/guest/userInformation.json?merchantId=77&username=guest&access_token=access-1&authentication=oauth"
        )
    );
    assert!(authorization.starts_with("Basic "));
    assert!(
        diner
            .last("accountInformation")
            .1
            .contains("printedCardNumber=9990")
    );

    // What is only shown keeps nobody out.
    diner.answers(
        "accountInformation",
        200,
        json!({"result": "invalid_status"}),
    );
    let profile = browser.call("POST", "/v1/profile", sync.clone()).await.ok();
    assert_eq!(profile["balances"], json!([]));
    // Unless it says that the token is good no more.
    let invalid = json!({"result": "failure", "errorCode": "oauth.invalid_token"});
    diner.answers("accountInformation", 200, invalid);
    let refused = browser.call("POST", "/v1/profile", sync).await;
    refused.refused(Code::UserinfoRefused);
}

#[tokio::test]
async fn a_token_that_only_the_account_refuses_is_refreshed_and_the_balance_is_there() {
    let (mut browser, diner) = start("").await;
    let tokens = browser.call("POST", "/v1/exchange", code("c")).await.ok();
    diner.inner.lock().unwrap().stale = Some(("accountInformation", "access-1"));
    let mut fresh = good("requestGuestToken.json");
    fresh["access_token"] = "access-2".into();
    diner.answers("requestGuestToken", 200, fresh);
    // Not a sign-in without a balance: the app is told to refresh, and sends it again.
    let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
    let refused = browser.call("POST", "/v1/profile", sync).await;
    refused.refused(Code::UserinfoRefused);
    let refresh = json!({"handle": tokens["handle"]});
    let tokens = browser.call("POST", "/v1/refresh", refresh).await.ok();
    let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
    let profile = browser.call("POST", "/v1/profile", sync).await.ok();
    assert_eq!(
        profile["balances"],
        json!([{"name": "Points", "amount": "120"}])
    );
    let (_, path, ..) = diner.last("accountInformation");
    assert!(path.contains("access_token=access-2"), "{path}");
}

#[tokio::test]
async fn another_guest_or_an_invalid_token_shows_nobody() {
    let (mut browser, diner) = start("invalid_token_codes = [\"token.old\", \"token.gone\"]").await;
    let tokens = browser.call("POST", "/v1/exchange", code("c")).await.ok();
    let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
    for (status, answer, expected) in [
        (
            200,
            json!({"result": "success", "fields": {"username": "other"}}),
            Code::UserinfoSub,
        ),
        (
            200,
            json!({"result": "failure", "errorCode": "token.gone"}),
            Code::UserinfoRefused,
        ),
        (
            200,
            json!({"result": "failure", "errorCode": "user_info.not_found"}),
            Code::UserinfoInvalid,
        ),
        (
            200,
            json!({"fields": {"username": "guest"}}),
            Code::UserinfoInvalid,
        ),
        (503, json!("busy"), Code::UpstreamError),
    ] {
        diner.answers("userInformation", status, answer);
        let refused = browser
            .call("POST", "/v1/profile", sync.clone())
            .await
            .refused(expected);
        assert!(!refused.body.to_string().contains("access-1"));
    }
}

#[tokio::test]
async fn a_refresh_brings_new_tokens_of_the_same_guest() {
    let (mut browser, diner) = start("").await;
    let tokens = browser.call("POST", "/v1/exchange", code("c")).await.ok();
    let refresh = json!({"handle": tokens["handle"]});
    diner.answers(
        "requestGuestToken",
        200,
        json!({"result": "success", "access_token": "access-2", "refresh_token": "refresh-2", "username": "guest"}),
    );
    let tokens = browser.call("POST", "/v1/refresh", refresh).await.ok();
    assert_eq!(
        (&tokens["access_token"], &tokens["expires_in"]),
        (&json!("access-2"), &json!(1800))
    );
    let body: Value = serde_json::from_str(&diner.last("requestGuestToken").3).unwrap();
    assert_eq!(
        (&body["grant_type"], &body["refresh_token"]),
        (&json!("refresh_token"), &json!("refresh-1"))
    );
    // One that isn't replaced goes on; a failure, or another guest, ends the session.
    for (answer, expected) in [
        (
            json!({"result": "success", "access_token": "access-3"}),
            None,
        ),
        (
            json!({"result": "success", "access_token": "a", "username": "other"}),
            Some(Code::RefreshSub),
        ),
        (
            json!({"result": "failure", "errorCode": "oauth.invalid_grant"}),
            Some(Code::RefreshRefused),
        ),
    ] {
        let (mut browser, diner) = start("").await;
        let tokens = browser.call("POST", "/v1/exchange", code("c")).await.ok();
        diner.answers("requestGuestToken", 200, answer);
        let refresh = json!({"handle": tokens["handle"]});
        let answer = browser.call("POST", "/v1/refresh", refresh).await;
        match expected {
            None => {
                let refresh = json!({"handle": answer.ok()["handle"]});
                browser.call("POST", "/v1/refresh", refresh).await.ok();
                assert!(diner.last("requestGuestToken").3.contains("refresh-1"));
            }
            Some(code) => drop(answer.refused(code)),
        }
    }
}

#[tokio::test]
async fn signing_out_leads_nowhere_else() {
    let (mut browser, _) = start("").await;
    let tokens = browser.call("POST", "/v1/exchange", code("c")).await.ok();
    let body = json!({"handle": tokens["handle"], "state": "s"});
    let answer = browser.call("POST", "/v1/sign-out", body).await.ok();
    assert_eq!(answer.get("end_session_url"), None);
}

#[tokio::test]
async fn neither_token_nor_code_nor_secret_is_logged() {
    let log = Log::start();
    const TOKEN: &str = "Zk3vJ8qT1xR7-access_LmN0pQ2sU4wY6aB9cD5";
    let (mut browser, diner) = start("").await;
    let mut tokens = good("requestGuestToken.json");
    tokens["access_token"] = TOKEN.into();
    diner.answers("requestGuestToken", 200, tokens);
    let tokens = browser
        .call("POST", "/v1/exchange", code("the-code-itself"))
        .await
        .ok();
    let sync = json!({"handle": tokens["handle"], "access_token": TOKEN});
    let told = format!("guest@example.test has no use for {TOKEN}");
    let failures = [
        (
            200,
            json!({"result": "unheard_of", "errorCode": TOKEN, "errorMessage": told}),
        ),
        (200, json!({"result": TOKEN})),
        (500, json!("no")),
    ];
    for (status, answer) in failures {
        diner.answers("accountInformation", status, answer.clone());
        browser.call("POST", "/v1/profile", sync.clone()).await.ok();
        diner.answers("userInformation", status, answer);
        let refused = browser.call("POST", "/v1/profile", sync.clone()).await;
        assert!(!refused.body.to_string().contains(TOKEN));
        diner.inner.lock().unwrap().answers.clear();
    }
    log.says_and_hides(
        &["unheard_of"],
        &[
            TOKEN,
            "the-code-itself",
            "refresh-1",
            "s e:cret",
            "guest@example.test",
            "9990",
        ],
    );
}
