//! Pushed authorization requests: [RFC 9126](https://www.rfc-editor.org/rfc/rfc9126).
//!
//! The vendor's description of the step-up doesn't mention them; with the setting `par` off there are none.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;

use super::authorization::{self, Refusal};
use crate::{
    entropy,
    fault::Fault,
    oauth::{self, TokenError},
    state::{App, State as Sandboxed},
    wire::{self, Parameters, not_json},
};

/// Seconds that a request waits for its browser.
const LIFETIME: i64 = 60;

pub(crate) fn router() -> Router<App> {
    Router::new().route(
        "/auth-login/rest/oauth2/authorization-servers/arena/par",
        post(push),
    )
}

/// A request that a client left here.
pub(crate) struct Pushed {
    pub(crate) client_id: String,
    /// As it came, form-encoded.
    pub(crate) request: String,
    pub(crate) expires_at: i64,
}

/// Section 2.
async fn push(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    let now = app.now();
    let mut state = app.state();
    if !state.settings.airlock.par || state.has(Fault::AirlockParNotOffered) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if state.has(Fault::AirlockParHttp500) {
        return not_json(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let pushed = Parameters::parse(&body);
    let client = match oauth::authenticate(&app.options.airlock_clients, &headers, &pushed) {
        Ok((client, _)) => client,
        Err(refused) => return refused.into_response(),
    };
    let refused = |description| {
        TokenError {
            error: "invalid_request",
            description,
        }
        .into_response()
    };
    if state.has(Fault::AirlockParRefused) {
        return refused("the sandbox was asked to answer so");
    }
    if pushed.get("request_uri").is_some() {
        return refused("request_uri isn't pushed (RFC 9126 2.1)");
    }
    // Section 2.1: who pushed it is the client, whether or not `client_id` says so.
    let named = [("client_id", &*client.id)];
    let request: Vec<_> = pushed
        .iter()
        .filter(|(name, _)| *name != "client_id" && *name != "client_secret")
        .chain(named)
        .collect();
    let request = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(request)
        .finish();
    let settings = &state.settings.airlock;
    match authorization::validate(&app.options.airlock_clients, settings, &request) {
        Ok(_) => {}
        Err(Refusal::Page(description)) => return refused(description),
        Err(Refusal::Redirect {
            error, description, ..
        }) => return TokenError { error, description }.into_response(),
    }
    let expired = state.has(Fault::AirlockParExpired);
    let request_uri = format!("urn:ietf:params:oauth:request_uri:{}", entropy::token());
    state.airlock.pushed.insert(
        request_uri.clone(),
        Pushed {
            client_id: client.id,
            request,
            expires_at: if expired { now } else { now + LIFETIME },
        },
    );
    let mut answer = json!({ "expires_in": LIFETIME });
    if !state.has(Fault::AirlockParUriMissing) {
        answer["request_uri"] = request_uri.into();
    }
    wire::json(StatusCode::CREATED, &answer)
}

/// Section 4: the request that `request_uri` stands for, once.
pub(crate) fn take(state: &mut Sandboxed, parameters: &Parameters, now: i64) -> Option<Taken> {
    let pushed = state
        .airlock
        .pushed
        .remove(parameters.get("request_uri")?)?;
    if parameters.get("client_id") != Some(&*pushed.client_id) {
        return None;
    }
    Some(if now < pushed.expires_at {
        Taken::Request(pushed.request)
    } else {
        Taken::Expired(pushed.request)
    })
}

/// What was found under a `request_uri`.
pub(crate) enum Taken {
    Request(String),
    Expired(String),
}
