//! The token endpoint: RFC 6749 4.1.3, 5 and 6, RFC 7636 4.5, OpenID Connect Core 3.1.3 and 12.

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
    client::{Client, Proven},
    fault::Fault,
    oauth::{self, Rotation, TokenError, WRONG_CLIENT},
    state::{App, Shared, State as Sandboxed},
    wire::{self, Parameters, dropped, not_json},
};

pub(crate) fn router() -> Router<App> {
    Router::new().route("/token", post(token))
}

async fn token(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    if app.has(Fault::TokenSlow) {
        tokio::time::sleep(app.options.slow).await;
    }
    if let Some(broken) = broken_instead(&app) {
        return broken;
    }
    let body = Parameters::parse(&body);
    let mut state = app.state();
    match grant(&app, &mut state, &headers, &body) {
        Ok(answer) if state.has(Fault::TokenResponseNotJson) => {
            drop(answer);
            not_json(StatusCode::OK)
        }
        Ok(answer) => wire::json(StatusCode::OK, &answer),
        Err(error) => error.into_response(),
    }
}

fn broken_instead(app: &Shared) -> Option<Response> {
    let state = app.state();
    if state.has(Fault::TokenHttp500) {
        Some(not_json(StatusCode::INTERNAL_SERVER_ERROR))
    } else if state.has(Fault::TokenDropsConnection) {
        Some(dropped())
    } else if state.has(Fault::TokenErrorNotJson) {
        Some(not_json(StatusCode::BAD_REQUEST))
    } else if state.has(Fault::TokenErrorEmpty) {
        Some(StatusCode::BAD_REQUEST.into_response())
    } else if state.has(Fault::TokenErrorInvalidGrant) {
        let description = "the sandbox was asked to answer so";
        Some(
            TokenError {
                error: "invalid_grant",
                description,
            }
            .into_response(),
        )
    } else if state.has(Fault::TokenErrorInvalidClient) {
        let description = "the sandbox was asked to answer so";
        Some(
            TokenError {
                error: "invalid_client",
                description,
            }
            .into_response(),
        )
    } else {
        None
    }
}

fn grant(
    app: &Shared,
    state: &mut Sandboxed,
    headers: &HeaderMap,
    body: &Parameters,
) -> Result<Value, TokenError> {
    if body.repeated().is_some() {
        return Err(TokenError {
            error: "invalid_request",
            description: "a parameter comes twice",
        });
    }
    let client = authenticate(app, state, headers, body)?;
    match body.get("grant_type") {
        Some("authorization_code") => exchange(app, state, &client, body),
        Some("refresh_token") => refresh(app, state, &client, body),
        Some(_) => Err(TokenError {
            error: "unsupported_grant_type",
            description: "authorization_code or refresh_token",
        }),
        None => Err(TokenError {
            error: "invalid_request",
            description: "grant_type is missing",
        }),
    }
}

/// [OpenID Connect Core 9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication).
pub(crate) fn authenticate(
    app: &Shared,
    state: &mut Sandboxed,
    headers: &HeaderMap,
    body: &Parameters,
) -> Result<Client, TokenError> {
    let (client, proven) = oauth::authenticate(&state.clients, headers, body)?;
    match proven {
        Proven::Now => Ok(client),
        Proven::ByAssertion(assertion) => {
            let now = app.now();
            let endpoint = format!("{}/token", app.issuer);
            let jti = assertion
                .accept(&client.id, &[&app.issuer, &endpoint], now)
                .ok_or(WRONG_CLIENT)?;
            // RFC 7523 3, 7: an assertion is used once.
            match state.assertions.insert(jti.to_owned(), now + 3600) {
                None => Ok(client),
                Some(_) => Err(WRONG_CLIENT),
            }
        }
    }
}

fn exchange(
    app: &Shared,
    state: &mut Sandboxed,
    client: &Client,
    body: &Parameters,
) -> Result<Value, TokenError> {
    let (id, grant) = state.tokens.redeem(&client.id, body, app.now())?;
    Ok(tokens(app, state, &id, &grant, Occasion::Code))
}

fn refresh(
    app: &Shared,
    state: &mut Sandboxed,
    client: &Client,
    body: &Parameters,
) -> Result<Value, TokenError> {
    if state.has(Fault::RefreshRefused) {
        return Err(TokenError::invalid_grant(
            "the sandbox was asked to answer so",
        ));
    }
    let rotation = if state.has(Fault::LenientRefreshWithoutRefreshToken) {
        Rotation::Kept
    } else {
        Rotation::Replaced
    };
    let (id, grant) = state.tokens.refresh(&client.id, body, rotation)?;
    Ok(tokens(app, state, &id, &grant, Occasion::Refresh))
}

fn tokens(
    app: &Shared,
    state: &mut Sandboxed,
    id: &str,
    grant: &Grant,
    occasion: Occasion,
) -> Value {
    let lifetime = state.settings.access_token_lifetime;
    let access_token = state.tokens.issue_access(id, app.now() + lifetime);
    let mut answer = json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": lifetime, "scope": grant.scope,
    });
    let refreshed = occasion == Occasion::Refresh;
    let offline = grant
        .scope
        .split(' ')
        .any(|scope| scope == "offline_access");
    if offline && !(refreshed && state.has(Fault::LenientRefreshWithoutRefreshToken)) {
        answer["refresh_token"] = state.tokens.issue_refresh(id).into();
    }
    let without_id_token = if refreshed {
        state.has(Fault::LenientRefreshWithoutIdToken)
    } else {
        state.has(Fault::IdTokenMissing)
    };
    if !without_id_token {
        answer["id_token"] = id_token::issue(app, state, grant, &access_token, occasion).into();
    }
    bend_answer(state, &mut answer, lifetime);
    answer
}

fn bend_answer(state: &Sandboxed, answer: &mut Value, lifetime: i64) {
    if state.has(Fault::TokenTypeUnknown) {
        answer["token_type"] = "mac".into();
    }
    if state.has(Fault::LenientTokenTypeLowercase) {
        answer["token_type"] = "bearer".into();
    }
    if state.has(Fault::LenientExpiresInString) {
        answer["expires_in"] = lifetime.to_string().into();
    }
    if state.has(Fault::LenientExpiresInFloat) {
        answer["expires_in"] = json!(lifetime as f64 - 0.5);
    }
    if let Value::Object(members) = answer {
        if state.has(Fault::LenientExpiresInMissing) {
            members.remove("expires_in");
        }
        if state.has(Fault::TokenAccessTokenMissing) {
            members.remove("access_token");
        }
    }
}
