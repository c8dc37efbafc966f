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
    system::System,
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
    /// A provider that signs buyers in.
    Provider,
    /// The directory of customers.
    Directory,
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
    /// The system that answered.
    pub system: System,
    /// The request's method.
    pub method: String,
    /// The path that was asked for.
    pub path: String,
    /// Query, form or JSON, and the headers that matter, masked.
    pub request: Vec<(String, String)>,
    /// The status code.
    pub status: u16,
    /// The answer's members, or the parameters of its `Location`, masked.
    pub response: Vec<(String, String)>,
    /// The faults that were on.
    pub faults: Vec<Fault>,
}

/// Records every message but stylesheets.
pub(crate) async fn record(
    State((app, system)): State<(App, System)>,
    request: Request,
    next: Next,
) -> Response {
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
    let (from, to) = parties(system, &path, &parts.headers);
    let faults = app.state().faults.iter().copied().collect();
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (response, answered) = answered(response).await;
    let at = app.now();
    let mut state = app.state();
    state.tidy(at);
    state.message_count += 1;
    let number = state.message_count;
    let status = response.status().as_u16();
    state.messages.push_back(Message {
        number,
        at,
        from,
        to,
        system,
        method,
        path: show_path(system, &path),
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

fn parties(system: System, path: &str, headers: &HeaderMap) -> (Party, Party) {
    let to = match system {
        System::Shop => Party::Shop,
        System::SessionM => Party::Directory,
        _ => Party::Provider,
    };
    // Only browsers send Sec-Fetch-Mode.
    if headers.contains_key("sec-fetch-mode") || !is_for_backends(system, path) {
        (Party::Browser, to)
    } else {
        (Party::Backend, to)
    }
}

/// Whether a backend calls here, as far as the endpoint tells.
fn is_for_backends(system: System, path: &str) -> bool {
    let ends = |endings: &[&str]| endings.iter().any(|ending| path.ends_with(ending));
    let starts = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
    match system {
        System::Club => ends(&[
            "/token",
            "/jwks",
            "/revoke",
            "/userinfo",
            "/.well-known/openid-configuration",
        ]),
        System::Airlock => path.contains("/rest/"),
        System::Payway => starts(&[
            "/authenticate",
            "/sessionstatus",
            "/logout",
            "/api/",
            "/external/",
        ]),
        System::Paytronix => starts(&["/rest/"]),
        System::SessionM => true,
        System::Shop => false,
    }
}

/// SessionM has a credential in its paths.
fn show_path(system: System, path: &str) -> String {
    let mut segments: Vec<String> = path.split('/').map(str::to_owned).collect();
    if system == System::SessionM
        && let Some(at) = segments.iter().position(|segment| segment == "apps")
        && let Some(key) = segments.get_mut(at + 1)
    {
        *key = mask(key);
    }
    segments.join("/")
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
    let is = |content_type: &str| {
        headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(content_type.as_bytes()))
    };
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let form = if is("application/x-www-form-urlencoded") {
        Parameters::parse(body)
    } else {
        Parameters::default()
    };
    shown.extend(
        query
            .iter()
            .chain(form.iter())
            .flat_map(|(name, value)| show_member(name, &value.into())),
    );
    if is("application/json")
        && let Ok(Value::Object(members)) = serde_json::from_slice(body)
    {
        shown.extend(
            members
                .iter()
                .flat_map(|(name, value)| show_member(name, value)),
        );
    }
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
                .flat_map(|(name, value)| show_member(name, &value.into())),
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
    let text = match masked(name, value) {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let mut shown = vec![(name.to_owned(), shortened(text))];
    if let Value::String(jwt) = value
        && is_jwt(jwt)
    {
        // Without its signature it proves nothing, so that it may be read here.
        let mut parts = jwt.split('.').map(|part| {
            serde_json::from_slice::<Value>(&from_base64url(part)?)
                .ok()
                .map(|part| masked("", &part).to_string())
        });
        for of in ["header", "claims"] {
            let part = parts.next().flatten();
            shown.extend(part.map(|part| (format!("{name} {of}"), part)));
        }
    }
    shown
}

/// The same value with every secret in it masked.
fn masked(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), masked(name, value)))
            .collect(),
        Value::Array(all) => all.iter().map(|one| masked(name, one)).collect(),
        Value::String(text) => show(name, text).into(),
        other => match show(name, "") {
            nothing if nothing.is_empty() => other.clone(),
            hidden => hidden.into(),
        },
    }
}

/// An error's code is a word; an authorization code never is.
fn is_word(text: &str) -> bool {
    let is = |of: fn(&u8) -> bool| {
        text.bytes()
            .filter(|byte| !b"_.-".contains(byte))
            .all(|byte| of(&byte))
    };
    is(u8::is_ascii_lowercase) || is(u8::is_ascii_uppercase)
}

fn is_jwt(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() >= 3
}

fn show(name: &str, value: &str) -> String {
    match name {
        "password" | "otp" | "client_secret" | "contactNumber" | "contact_id" | "pwd" => {
            "•••".to_owned()
        }
        "code" if is_word(value) => value.to_owned(),
        "code" | "code_verifier" | "access_token" | "refresh_token" | "id_token"
        | "id_token_hint" | "token" | "client_assertion" | "csrf" | "confirm" | "request_uri"
        | "t" | "at" | "ticket" | "authorizationGrant" | "auth_token"
            if !value.is_empty() =>
        {
            mask(value)
        }
        // A ticket may stand under any name.
        _ if is_jwt(value.strip_prefix("Bearer ").unwrap_or(value)) => mask(value),
        _ => value.to_owned(),
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(400) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// The same secret has the same mask, so that one sees where it travels.
fn mask(secret: &str) -> String {
    format!("•••{}", fingerprint(secret))
}
