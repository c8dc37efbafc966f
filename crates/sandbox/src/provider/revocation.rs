//! Revocation: RFC 7009.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};

use super::token::authenticate;
use crate::{fault::Fault, oauth::TokenError, state::App, wire::Parameters};

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
    state.tokens.revoke(token, &client.id);
    StatusCode::OK.into_response()
}
