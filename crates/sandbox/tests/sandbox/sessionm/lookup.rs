//! The exact search of the point of sale.

use axum::http::StatusCode;
use serde_json::json;

use super::{bob, create, error, lookup, send, user};
use crate::browser::sandbox;

#[tokio::test]
async fn finds_by_email_phone_user_id_and_external_id() {
    let sandbox = sandbox();
    let id = user(&create(&sandbox, bob()).await)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (number, payload) in [
        json!({ "email": "bob@example.test" }),
        json!({ "phone": "41315550102" }),
        json!({ "user_id": id }),
        json!({ "external_customer_id": "b7f0c2d4-1002" }),
        json!({ "email": "bob@example.test", "phone": "41315550102" }),
    ]
    .into_iter()
    .enumerate()
    {
        let found = lookup(&sandbox, &number.to_string(), payload.clone())
            .await
            .json();
        assert_eq!(found["status"], "ok", "{payload}");
        assert_eq!(found["payload"]["user"]["user_id"], id, "{payload}");
        assert_eq!(found["payload"]["user"]["email"], "bob@example.test");
        assert_eq!(found["payload"]["user"]["available_points"], 0);
    }
}

#[tokio::test]
async fn is_exact_and_every_member_has_to_fit() {
    let sandbox = sandbox();
    create(&sandbox, bob()).await;
    for (number, payload) in [
        json!({ "email": "BOB@example.test" }),
        json!({ "email": "bob@example" }),
        json!({ "phone": "315550102" }),
        json!({ "email": "bob@example.test", "phone": "41225550101" }),
        json!({ "transaction": "1" }),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = lookup(&sandbox, &number.to_string(), payload.clone()).await;
        assert_eq!(
            (answer.status, &*error(&answer)),
            (StatusCode::OK, "user_not_found"),
            "{payload}"
        );
    }
}

#[tokio::test]
async fn a_repeated_request_id_has_the_stored_answer() {
    let sandbox = sandbox();
    let payload = json!({ "email": "bob@example.test" });
    assert_eq!(
        error(&lookup(&sandbox, "same", payload.clone()).await),
        "user_not_found"
    );
    create(&sandbox, bob()).await;
    assert_eq!(
        error(&lookup(&sandbox, "same", payload.clone()).await),
        "user_not_found"
    );
    assert_eq!(
        lookup(&sandbox, "other", payload).await.json()["status"],
        "ok"
    );
}

#[tokio::test]
async fn wants_its_container_and_nothing_that_it_does_not_know() {
    let sandbox = sandbox();
    let right = json!({ "store_id": "S1", "client_id": "C1", "request_id": "1", "request_payload": { "email": "a@b.test" } });
    for (name, value, code) in [
        ("request_id", json!(null), "missing_data"),
        ("request_payload", json!(null), "missing_data"),
        ("request_payload", json!({}), "missing_data"),
        (
            "request_payload",
            json!({ "mail": "a@b.test" }),
            "argument_error",
        ),
        (
            "request_payload",
            json!({ "phone": "+41315550102" }),
            "argument_error",
        ),
        ("request_payload", json!({ "email": 7 }), "argument_error"),
        ("payload", json!({}), "argument_error"),
    ] {
        let mut wrong = right.clone();
        wrong["client_id"] = format!("{name} {value}").into();
        wrong[name] = value;
        let answer = send(&sandbox, "POST", "/api/2.0/lookup", &wrong).await;
        assert_eq!(error(&answer), code, "{wrong}");
    }
}
