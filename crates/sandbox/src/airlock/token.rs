//! The token endpoint (RFC 6749 4.1.3, 5 and 6) and revocation (RFC 7009).

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

use super::{
    Grant,
    id_token::{self, Occasion},
};
use crate::{
    oauth::{self, Rotation, TokenError},
    state::{App, Shared, State as Sandboxed},
    wire::{self, Parameters},
};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(
            "/auth-login/rest/oauth2/authorization-servers/arena/token",
            post(token),
        )
        .route(
            "/auth-login/rest/oauth2/authorization-servers/arena/revoke",
            post(revoke),
        )
}

async fn token(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    let body = Parameters::parse(&body);
    let mut state = app.state();
    match answer(&app, &mut state, &headers, &body) {
        Ok(answer) => wire::json(StatusCode::OK, &answer),
        Err(error) => error.into_response(),
    }
}

fn answer(
    app: &Shared,
    state: &mut Sandboxed,
    headers: &HeaderMap,
    body: &Parameters,
) -> Result<Value, TokenError> {
    let refused = |error, description| Err(TokenError { error, description });
    if body.repeated().is_some() {
        return refused("invalid_request", "a parameter comes twice");
    }
    let (client, _) = oauth::authenticate(&app.options.airlock_clients, headers, body)?;
    let kept = &mut state.airlock.tokens;
    let (id, grant, occasion) = match body.get("grant_type") {
        Some("authorization_code") => {
            let (id, grant) = kept.redeem(&client.id, body, app.now())?;
            (id, grant, Occasion::Code)
        }
        Some("refresh_token") => {
            let (id, grant) = kept.refresh(&client.id, body, Rotation::Replaced)?;
            (id, grant, Occasion::Refresh)
        }
        Some(_) => {
            return refused(
                "unsupported_grant_type",
                "authorization_code or refresh_token",
            );
        }
        None => return refused("invalid_request", "grant_type is missing"),
    };
    Ok(tokens(app, state, &id, &grant, occasion))
}

/// Access, refresh and ID token, as the vendor's use case has them.
fn tokens(
    app: &Shared,
    state: &mut Sandboxed,
    id: &str,
    grant: &Grant,
    occasion: Occasion,
) -> Value {
    let lifetime = state.settings.airlock.access_token_lifetime;
    let kept = &mut state.airlock.tokens;
    let access_token = kept.issue_access(id, app.now() + lifetime);
    let refresh_token = kept.issue_refresh(id);
    json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": lifetime,
        "refresh_token": refresh_token,
        "scope": grant.scope,
        "id_token": id_token::issue(app, state, grant, occasion),
    })
}

async fn revoke(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    let body = Parameters::parse(&body);
    let client = match oauth::authenticate(&app.options.airlock_clients, &headers, &body) {
        Ok((client, _)) => client,
        Err(refused) => return refused.into_response(),
    };
    let Some(token) = body.get("token") else {
        return TokenError {
            error: "invalid_request",
            description: "token is missing",
        }
        .into_response();
    };
    app.state().airlock.tokens.revoke(token, &client.id);
    StatusCode::OK.into_response()
}
