//! Revocation: RFC 7009.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};

use super::token::{TokenError, authenticate};
use crate::{fault::Fault, state::App, wire::Parameters};

pub(crate) fn router() -> Router<App> {
    Router::new().route("/revoke", post(revoke))
}

/// A token that is unknown, or another client's, is answered like one that was revoked (RFC 7009 2.2).
async fn revoke(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    let body = Parameters::parse(&body);
    let mut state = app.state();
    if state.has(Fault::LenientNoRevocationEndpoint) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let client = match authenticate(&app, &mut state, &headers, &body) {
        Ok(client) => client,
        Err(refused) => return refused.into_response(),
    };
    let Some(token) = body.get("token") else {
        return TokenError {
            error: "invalid_request",
            description: "token is missing",
        }
        .into_response();
    };
    let family = state
        .refresh_tokens
        .get(token)
        .map(|refresh| refresh.grant.clone());
    let is_own = |grant: &str| {
        state
            .grants
            .get(grant)
            .is_some_and(|grant| grant.client_id == client.id)
    };
    if let Some(id) = family.filter(|id| is_own(id)) {
        // RFC 7009 2.1: with a refresh token go the access tokens of the same grant.
        if let Some(grant) = state.grants.get_mut(&id) {
            grant.revoked = true;
        }
    } else if state
        .access_tokens
        .get(token)
        .is_some_and(|access| is_own(&access.grant))
    {
        state.access_tokens.remove(token);
    }
    StatusCode::OK.into_response()
}
