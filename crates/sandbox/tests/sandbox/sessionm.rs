//! SessionM: profiles, lookup, and what goes wrong with them.

mod faults;
mod lookup;
mod profiles;

use admit_one_sandbox::{Sandbox, SandboxOptions};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::browser::{Answer, call};

const HOST: &str = "http://sessionm.localhost:8900";

fn basic(key: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:{secret}")))
}

/// A call with the right credentials.
async fn send(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> Answer {
    let authorization = basic(
        SandboxOptions::SESSIONM_KEY,
        SandboxOptions::SESSIONM_SECRET,
    );
    let headers = [
        ("authorization", &*authorization),
        ("content-type", "application/json"),
    ];
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    call(sandbox, method, &format!("{HOST}{path}"), &headers, body).await
}

/// A call under the key's path.
async fn core(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> Answer {
    let path = format!("/priv/v1/apps/{}/{path}", SandboxOptions::SESSIONM_KEY);
    send(sandbox, method, &path, body).await
}

async fn create(sandbox: &Sandbox, user: Value) -> Answer {
    core(sandbox, "POST", "users", &json!({ "user": user })).await
}

async fn update(sandbox: &Sandbox, path: &str, user: Value) -> Answer {
    core(sandbox, "PUT", path, &json!({ "user": user })).await
}

async fn retrieve(sandbox: &Sandbox, path: &str) -> Answer {
    core(sandbox, "GET", path, &Value::Null).await
}

async fn lookup(sandbox: &Sandbox, request_id: &str, payload: Value) -> Answer {
    let container = json!({
        "store_id": "S1", "client_id": "C1", "request_id": request_id, "request_payload": payload,
    });
    send(sandbox, "POST", "/api/2.0/lookup", &container).await
}

/// The code of an answer that says `status: error`.
fn error(answer: &Answer) -> String {
    let answer = answer.json();
    assert_eq!(answer["status"], "error", "{answer}");
    answer["errors"]["code"].as_str().unwrap().to_owned()
}

/// The user of an answer that says `status: ok`.
fn user(answer: &Answer) -> Value {
    let answer = answer.json();
    assert_eq!(answer["status"], "ok", "{answer}");
    answer["user"].clone()
}

fn bob() -> Value {
    json!({
        "external_id": "b7f0c2d4-1002", "external_id_type": "CLUB", "email": "bob@example.test", "opted_in": true,
        "first_name": "Bob", "last_name": "Keller", "dob": "1979-11-02", "locale": "de-ch",
        "phone_numbers": [{
            "phone_number": "41315550102", "phone_type": "mobile", "preference_flags": ["primary"],
            "verified_ownership": false,
        }],
        "user_profile": { "language_preference": "DE" },
    })
}

fn with_email(sandbox: &Sandbox, email: &str) -> Vec<Value> {
    let mut all = sandbox.sessionm_customers();
    all.retain(|customer| customer["email"] == email);
    all
}
