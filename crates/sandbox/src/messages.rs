//! The record of what went over the wire, with every secret masked.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Uri, header},
    middleware::Next,
    response::Response,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    entropy::from_base64url,
    fault::Fault,
    keys::fingerprint,
    state::App,
    wire::{Broken, Parameters},
};

const KEPT: usize = 200;
const LARGEST: usize = 256 * 1024;

/// Who sent a message, or got it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The buyer's browser.
    Browser,
    /// The client's backend.
    Backend,
    /// The OpenID provider.
    Provider,
    /// The ticket shop.
    Shop,
}

/// One request and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Counts from 1 and never repeats.
    pub number: u64,
    /// When, by the sandbox's clock.
    pub at: i64,
    /// Who asked, as far as the endpoint tells.
    pub from: Party,
    /// Who answered.
    pub to: Party,
    /// The request's method.
    pub method: String,
    /// The path that was asked for.
    pub path: String,
    /// Query, form and the headers that matter, masked.
    pub request: Vec<(String, String)>,
    /// The status code.
    pub status: u16,
    /// The answer's members, or the parameters of its `Location`, masked.
    pub response: Vec<(String, String)>,
    /// The faults that were on.
    pub faults: Vec<Fault>,
}

/// Records every message but stylesheets.
pub(crate) async fn record(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // Inside a nested router the path is relative; the original one is kept beside it.
    let uri = parts
        .extensions
        .get::<axum::extract::OriginalUri>()
        .map_or_else(|| parts.uri.clone(), |uri| uri.0.clone());
    let path = uri.path().to_owned();
    if path.ends_with(".css") {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return axum::response::IntoResponse::into_response(
            axum::http::StatusCode::PAYLOAD_TOO_LARGE,
        );
    };
    let method = parts.method.to_string();
    let asked = requested(&uri, &parts.headers, &body);
    let (from, to) = parties(&path, &parts.headers);
    let faults = app.state().faults.iter().copied().collect();
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (response, answered) = answered(response).await;
    let at = app.now();
    let mut state = app.state();
    state.message_count += 1;
    let number = state.message_count;
    let status = response.status().as_u16();
    state.messages.push_back(Message {
        number,
        at,
        from,
        to,
        method,
        path,
        request: asked,
        status,
        response: answered,
        faults,
    });
    if state.messages.len() > KEPT {
        state.messages.pop_front();
    }
    drop(state);
    response
}

fn parties(path: &str, headers: &HeaderMap) -> (Party, Party) {
    const OF_BACKEND: [&str; 5] = [
        "/token",
        "/jwks",
        "/revoke",
        "/userinfo",
        "/.well-known/openid-configuration",
    ];
    let to = if path.starts_with("/club") {
        Party::Provider
    } else {
        Party::Shop
    };
    // Only browsers send Sec-Fetch-Mode.
    let from_browser = headers.contains_key("sec-fetch-mode")
        || to == Party::Shop
        || !OF_BACKEND.iter().any(|endpoint| path.ends_with(endpoint));
    (
        if from_browser {
            Party::Browser
        } else {
            Party::Backend
        },
        to,
    )
}

fn requested(uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Vec<(String, String)> {
    let mut shown = Vec::new();
    if let Some(authorization) = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
    {
        let scheme = authorization.split(' ').next().unwrap_or_default();
        shown.push((
            "Authorization".to_owned(),
            format!("{scheme} {}", mask(authorization)),
        ));
    }
    let is_form = headers.get(header::CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let form = Parameters::parse(if is_form { body } else { &[] });
    shown.extend(
        query
            .iter()
            .chain(form.iter())
            .map(|(name, value)| (name.to_owned(), show(name, value))),
    );
    shown
}

async fn answered(response: Response) -> (Response, Vec<(String, String)>) {
    if let Some(location) = response
        .headers()
        .get(header::LOCATION)
        .and_then(|value| value.to_str().ok())
    {
        let (path, query) = location.split_once('?').unwrap_or((location, ""));
        let mut shown = vec![("Location".to_owned(), path.to_owned())];
        shown.extend(
            Parameters::parse(query.as_bytes())
                .iter()
                .map(|(name, value)| (name.to_owned(), show(name, value))),
        );
        return (response, shown);
    }
    if response.extensions().get::<Broken>().is_some() {
        return (
            response,
            vec![("body".to_owned(), "the connection was dropped".to_owned())],
        );
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap_or_default();
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let shown = match serde_json::from_slice(&body) {
        Ok(Value::Object(members)) => members
            .iter()
            .flat_map(|(name, value)| show_member(name, value))
            .collect(),
        _ if body.is_empty() => Vec::new(),
        _ => vec![("body".to_owned(), content_type.to_owned())],
    };
    (Response::from_parts(parts, Body::from(body)), shown)
}

fn show_member(name: &str, value: &Value) -> Vec<(String, String)> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut shown = vec![(name.to_owned(), show(name, &text))];
    if name == "id_token" {
        // Without its signature it proves nothing, so that it may be read here.
        let part = |at| {
            text.split('.')
                .nth(at)
                .and_then(from_base64url)
                .and_then(|json| String::from_utf8(json).ok())
        };
        shown.extend(part(0).map(|header| ("id_token header".to_owned(), header)));
        shown.extend(part(1).map(|claims| ("id_token claims".to_owned(), claims)));
    }
    shown
}

fn show(name: &str, value: &str) -> String {
    match name {
        "password" | "otp" | "client_secret" | "contactNumber" | "contact_id" => "•••".to_owned(),
        "code" | "code_verifier" | "access_token" | "refresh_token" | "id_token"
        | "id_token_hint" | "token" | "client_assertion" | "csrf" | "confirm" => mask(value),
        _ if value.chars().count() > 400 => value.chars().take(400).chain(['…']).collect(),
        _ => value.to_owned(),
    }
}

/// The same secret has the same mask, so that one sees where it travels.
fn mask(secret: &str) -> String {
    format!("•••{}", fingerprint(secret))
}
