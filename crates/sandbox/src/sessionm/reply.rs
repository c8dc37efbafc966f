//! What every answer is made of: `status`, `errors.code`, and what a fault makes of them.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    entropy::same,
    fault::Fault,
    options::SandboxOptions,
    state::{Shared, State},
    wire::{self, not_json},
};

/// An error of the vendor's list, lower-case on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Code {
    InternalServerError,
    UserNotFound,
    InvalidApiKey,
    MissingData,
    Validation,
    NotAvailable,
    ArgumentError,
}

impl Code {
    const fn as_str(self) -> &'static str {
        match self {
            Code::InternalServerError => "internal_server_error",
            Code::UserNotFound => "user_not_found",
            Code::InvalidApiKey => "invalid_api_key",
            Code::MissingData => "missing_data",
            Code::Validation => "validation",
            Code::NotAvailable => "not_available",
            Code::ArgumentError => "argument_error",
        }
    }
}

/// Why a call didn't do what it was for.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) code: Code,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure {
            code,
            message: message.into(),
        }
    }

    pub(super) fn user_not_found() -> Failure {
        Failure::new(Code::UserNotFound, "no such user")
    }
}

/// The envelope, as it may be kept for a repetition.
pub(super) fn envelope(state: &State, outcome: Result<Value, Failure>) -> Value {
    match outcome {
        Ok(mut answer) => {
            answer["status"] = "ok".into();
            answer
        }
        Err(Failure { code, message }) => {
            let code = if state.has(Fault::SessionMErrorUpperCase) {
                code.as_str().to_ascii_uppercase()
            } else {
                code.as_str().to_owned()
            };
            json!({ "status": "error", "errors": { "code": code, "message": message } })
        }
    }
}

/// An error has HTTP 200, as the vendor says it may.
pub(super) fn respond(state: &State, outcome: Result<Value, Failure>) -> Response {
    let status = match &outcome {
        Err(failure) if failure.code == Code::UserNotFound => {
            if state.has(Fault::SessionMUserNotFoundHttp404) {
                StatusCode::NOT_FOUND
            } else {
                StatusCode::OK
            }
        }
        Err(failure) if failure.code == Code::InvalidApiKey => StatusCode::UNAUTHORIZED,
        Err(failure) if failure.code == Code::InternalServerError => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        _ => StatusCode::OK,
    };
    wire::json(status, &envelope(state, outcome))
}

/// HTTP Basic with the key and its secret; a key in the path is the same key.
pub(super) fn authenticate(headers: &HeaderMap, key: Option<&str>) -> Result<(), Failure> {
    let refused = || {
        Failure::new(
            Code::InvalidApiKey,
            "the API key or its secret isn't right, or not the key of the path",
        )
    };
    let credentials = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, encoded)| String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok())
        .ok_or_else(refused)?;
    let expected = format!(
        "{}:{}",
        SandboxOptions::SESSIONM_KEY,
        SandboxOptions::SESSIONM_SECRET
    );
    let of_path = key.is_none_or(|key| key == SandboxOptions::SESSIONM_KEY);
    if of_path && same(&credentials, &expected) {
        Ok(())
    } else {
        Err(refused())
    }
}

/// What a fault answers instead of doing anything.
pub(super) fn instead(app: &Shared, state: &mut State, call: &str) -> Option<Response> {
    let failure = |code| Some(Failure::new(code, "the sandbox was asked to answer so"));
    let failure = if state.has(Fault::SessionMUnauthorized) {
        failure(Code::InvalidApiKey)
    } else if state.has(Fault::SessionMHttp500) {
        failure(Code::InternalServerError)
    } else if state.has(Fault::SessionMNotAvailable) {
        failure(Code::NotAvailable)
    } else {
        None
    };
    if let Some(failure) = failure {
        return Some(respond(state, Err(failure)));
    }
    if state.has(Fault::SessionMNotJson) {
        return Some(not_json(StatusCode::OK));
    }
    if state.has(Fault::SessionMRateLimited) {
        return Some(too_many(Some(1)));
    }
    let silent = state.has(Fault::SessionMRateLimitedWithoutRetryAfter);
    if !silent && !state.has(Fault::SessionMRateLimitedOnce) {
        state.sessionm.held_back.clear();
        return None;
    }
    let now = app.now();
    let until = *(state.sessionm.held_back.entry(call.to_owned())).or_insert(now + 1);
    (now < until).then(|| too_many((!silent).then_some(until - now)))
}

fn too_many(retry_after: Option<i64>) -> Response {
    let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
    let seconds = retry_after.and_then(|seconds| HeaderValue::try_from(seconds.to_string()).ok());
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}
