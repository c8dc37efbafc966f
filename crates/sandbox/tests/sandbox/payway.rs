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

mod access_token;
mod authenticate;
mod authenticate_with_ticket;
mod identify;
mod login_form;
mod logout;
mod me;
mod requests;
mod session_status;
mod site;
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
