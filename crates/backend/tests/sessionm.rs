//! SessionM behind the calls of a buyer: what an operator reads of it, and nobody else's data.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod support;

use std::{collections::HashMap, sync::Arc};

use admit_one_protocol::{Code, encoding::base64url};
use axum::{Router, body::Bytes, extract::State, http::StatusCode};
use http::{Method, Uri};
use serde_json::{Value, json};
use support::{Answer, Browser, Log, Upstream};

const EMAIL: &str = "alice@club.example";
const PHONE: &str = "+41791234567";
const USER: &str = "5b0c9c1e-0000-4000-8000-000000000001";
const OTHER: &str = "5b0c9c1e-0000-4000-8000-000000000002";

/// What the tenant answers instead of knowing nobody and creating whom it is told to.
type Answers = HashMap<&'static str, (u16, Value)>;

fn operation(method: &Method, path: &str) -> &'static str {
    match (method.as_str(), path) {
        (_, "/api/2.0/lookup") => "look_up",
        ("GET", path) if path.contains("/external/") => "retrieve_external",
        ("GET", _) => "retrieve",
        ("PUT", _) => "update",
        _ => "create",
    }
}

async fn serve(
    State(answers): State<Arc<Answers>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> (StatusCode, String) {
    let operation = operation(&method, uri.path());
    let (status, answer) = match (answers.get(operation), operation) {
        (Some(answer), _) => answer.clone(),
        (None, "create") => {
            let body: Value = serde_json::from_slice(&body).unwrap();
            let mut user = body["user"].clone();
            user["id"] = USER.into();
            (200, json!({"status": "ok", "user": user}))
        }
        (None, _) => (404, error("user_not_found")),
    };
    (StatusCode::from_u16(status).unwrap(), answer.to_string())
}

fn error(code: &str) -> Value {
    json!({"status": "error", "errors": {"code": code}})
}

fn hit(user_id: &str) -> (u16, Value) {
    let user = json!({"user_id": user_id, "email": EMAIL});
    (200, json!({"status": "ok", "payload": {"user": user}}))
}

fn user(user: Value) -> (u16, Value) {
    (200, json!({"status": "ok", "user": user}))
}

/// Alice, with a verified e-mail and number, at a backend whose directory is this tenant.
async fn alice(answers: Answers) -> Browser {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(serve).with_state(Arc::new(answers));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let upstream = Upstream::start().await;
    let userinfo = json!({
        "sub": "alice", "given_name": "Alicia", "email": EMAIL, "email_verified": true,
        "phone_number": PHONE, "phone_number_verified": true,
    });
    upstream.with(|inner| inner.userinfo = Some((200, userinfo.to_string())));
    let directory = format!(
        r#"
[directory]
kind = "sessionm"
api_url = "{url}"
api_key = "tenant-key"
api_secret_env = "TENANT"
timeout_ms = 300
"#
    );
    Browser::at(upstream, "", &directory).await
}

async fn sync(browser: &mut Browser) -> Answer {
    let tokens = browser.exchange().await.ok();
    let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
    browser.call("POST", "/v1/profile", sync).await
}

#[tokio::test]
async fn neither_key_nor_secret_nor_person_is_logged() {
    let log = Log::start();
    sync(&mut alice(Answers::new()).await).await.ok();

    let told =
        format!("Alicia with {EMAIL} and {PHONE} isn't let in by tenant-key and tenant-secret");
    let odd = [
        (
            200,
            json!({"status": "error", "errors": {"code": "unheard_of", "message": told}}),
        ),
        (200, json!({"status": "error", "errors": {"code": told}})),
        (200, json!({"status": "error", "errors": told})),
        (422, json!({"status": "error", "errors": [EMAIL]})),
        (400, json!({"status": "error", "errors": {"code": PHONE}})),
        (200, json!({"status": told, "email": EMAIL})),
        (401, json!({"status": "error", "errors": {"code": told}})),
        (500, json!(told)),
    ];
    for operation in ["retrieve_external", "look_up", "create"] {
        for answer in &odd {
            let answers = Answers::from([(operation, answer.clone())]);
            let refused = sync(&mut alice(answers).await).await;
            assert_ne!(refused.status, 200, "{}", refused.body);
            let body = refused.body.to_string();
            assert!(!body.contains(EMAIL) && !body.contains(PHONE), "{body}");
        }
    }
    // A claim that isn't taken is logged, and keeps nobody out.
    for answer in &odd {
        let found = json!({"id": USER, "external_id": "alice", "external_id_type": "club"});
        let answers = Answers::from([
            ("retrieve_external", user(found.clone())),
            ("retrieve", user(found)),
            ("update", answer.clone()),
        ]);
        sync(&mut alice(answers).await).await;
    }
    let basic = base64url("tenant-key:tenant-secret");
    let phone = PHONE.trim_start_matches('+');
    log.says_and_hides(
        &[
            "unheard_of",
            "directory_profile_refused",
            "directory_refused",
            "the provider's claims aren't taken into the profile",
        ],
        &[
            "tenant-key",
            "tenant-secret",
            basic.trim_end_matches('='),
            EMAIL,
            phone,
            "Alicia",
        ],
    );
}

#[tokio::test]
async fn a_conflict_tells_the_operator_which_search_found_what_and_what_to_do() {
    let log = Log::start();
    let stranger = "stranger@x.example";
    let family = "Familyname";
    let other = |mut changes: Value| {
        changes["id"] = OTHER.into();
        changes["last_name"] = family.into();
        user(changes)
    };
    let of = |id: &str, kind: &str| {
        let identifier = json!({"external_id": id, "external_id_type": kind});
        json!({"email": stranger, "identifiers": [identifier]})
    };
    let several = json!({"status": "ok", "payload": {"users": [
        {"user_id": OTHER, "email": EMAIL}, {"user_id": USER, "email": stranger},
    ]}});
    let cases: [(&[_], &[&str]); 6] = [
        (
            &[("look_up", (200, several))],
            &["the search by e-mail", "no single profile (2)"],
        ),
        (
            &[("look_up", (200, error("more_than_one")))],
            &["the search by e-mail", "more_than_one"],
        ),
        (
            &[
                ("look_up", hit(OTHER)),
                ("retrieve", other(json!({"email": stranger}))),
            ],
            &["the search by e-mail found, with another e-mail", OTHER],
        ),
        (
            &[
                ("look_up", hit(OTHER)),
                ("retrieve", other(of("bob-elsewhere", "club"))),
            ],
            &[
                "the search by e-mail: the external id of another person is on",
                OTHER,
            ],
        ),
        (
            &[("look_up", hit(OTHER))],
            &[
                "the search by e-mail: what was found can't be retrieved",
                OTHER,
            ],
        ),
        (
            &[("retrieve_external", other(of("alice", "diner")))],
            &["the search by external id found", OTHER],
        ),
    ];
    for (answers, said) in cases {
        let answers = answers.iter().cloned().collect();
        let refused = sync(&mut alice(answers).await).await;
        let refused = refused.refused(Code::DirectoryConflict);
        let line = log.line_of(&refused);
        for said in said
            .iter()
            .chain(&["directory_conflict", "Merge or unlink them there"])
        {
            assert!(line.contains(said), "{said} isn't in {line}");
        }
    }
    let phone = PHONE.trim_start_matches('+');
    log.says_and_hides(
        &[],
        &[
            EMAIL,
            phone,
            "Alicia",
            stranger,
            family,
            "bob-elsewhere",
            "diner",
        ],
    );
}
