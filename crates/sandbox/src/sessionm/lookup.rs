//! `POST /api/2.0/lookup`: the exact search by e-mail, phone or id, in the container of the point-of-sale calls.

use axum::{
    Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, response::Response,
    routing::post,
};
use serde_json::{Map, Value, json};

use super::{
    customer::{Customer, is_digits},
    reply::{Code, Failure, authenticate, envelope, instead, respond},
};
use crate::{
    fault::Fault,
    state::{App, State as Sandboxed},
    wire,
};

pub(super) fn router() -> Router<App> {
    Router::new().route("/api/2.0/lookup", post(lookup))
}

/// The container.
struct Request {
    client_id: String,
    request_id: String,
    payload: Map<String, Value>,
}

impl Request {
    fn of(body: &[u8]) -> Result<Request, Failure> {
        let body: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|_| Failure::new(Code::ArgumentError, "the body isn't a JSON object"))?;
        let known = ["store_id", "client_id", "request_id", "request_payload"];
        if let Some(name) = body.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Failure::new(
                Code::ArgumentError,
                format!("{name} is unknown"),
            ));
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("request_id").is_empty() {
            return Err(Failure::new(Code::MissingData, "request_id is missing"));
        }
        let Some(Value::Object(payload)) = body.get("request_payload") else {
            return Err(Failure::new(
                Code::MissingData,
                "request_payload is missing",
            ));
        };
        Ok(Request {
            client_id: text("client_id").to_owned(),
            request_id: text("request_id").to_owned(),
            payload: payload.clone(),
        })
    }
}

async fn lookup(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    if app.has(Fault::SessionMLookupSlow) {
        tokio::time::sleep(app.options.slow).await;
    }
    let now = app.now();
    let mut state = app.state();
    if let Some(response) = instead(&app, &mut state, "lookup") {
        return response;
    }
    let request = match authenticate(&headers, None).and_then(|()| Request::of(&body)) {
        Ok(request) => request,
        Err(failure) => return respond(&state, Err(failure)),
    };
    let id = (request.client_id, request.request_id);
    // A repetition gets the answer of the first time, whatever it asks for.
    if let Some((_, answer)) = state.sessionm.answered.get(&id) {
        return wire::json(StatusCode::OK, answer);
    }
    let found = find(&state, &request.payload);
    let answer = envelope(&state, found.clone());
    state.sessionm.answered.insert(id, (now, answer));
    respond(&state, found)
}

fn find(state: &Sandboxed, payload: &Map<String, Value>) -> Result<Value, Failure> {
    let all = &state.sessionm.customers;
    check(payload)?;
    let mut hits: Vec<&Customer> = all
        .iter()
        .filter(|customer| fits(customer, payload))
        .collect();
    if state.has(Fault::SessionMLookupMisses) {
        hits.clear();
    }
    if state.has(Fault::SessionMLookupSeveral) || hits.len() > 1 {
        let why = "more than one user matches";
        return Err(Failure::new(Code::Validation, why));
    }
    if state.has(Fault::SessionMLookupOther) {
        let asked_for = hits.first().map(|hit| hit.id.clone());
        hits = (all.iter())
            .filter(|other| Some(&other.id) != asked_for.as_ref())
            .take(1)
            .collect();
    }
    let user = hits
        .first()
        .ok_or_else(Failure::user_not_found)?
        .looked_up();
    if state.has(Fault::SessionMLookupUserOnTop) {
        return Ok(json!({ "user": user }));
    }
    Ok(json!({ "payload": { "user": user, "offers": [], "point_accounts": [] } }))
}

/// Each member is known, and of its form.
fn check(payload: &Map<String, Value>) -> Result<(), Failure> {
    if payload.is_empty() {
        return Err(Failure::new(Code::MissingData, "nothing to look for"));
    }
    payload.iter().try_for_each(|(name, value)| {
        let right = match (name.as_str(), value.as_str()) {
            ("phone", Some(phone)) => is_digits(phone),
            ("email" | "user_id" | "external_customer_id" | "transaction", Some(value)) => {
                !value.is_empty()
            }
            _ => false,
        };
        let wrong = || Failure::new(Code::ArgumentError, format!("{name} isn't right"));
        right.then_some(()).ok_or_else(wrong)
    })
}

/// Exactly, upper and lower case included; of several members all have to fit.
fn fits(customer: &Customer, payload: &Map<String, Value>) -> bool {
    payload.iter().all(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        match name.as_str() {
            "email" => customer.text("email") == value,
            "phone" => customer.has_phone(value),
            "user_id" => customer.id == value,
            "external_customer_id" => customer.has_external_id(value),
            // There are no transactions here.
            _ => false,
        }
    })
}
