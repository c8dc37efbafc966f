//! The Payway API: a ticket for an access token (step I), and what the token opens.

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{AccessToken, authenticate::redeem_ticket, client::Client, person::Account};
use crate::{
    entropy::{self, same},
    fault::Fault,
    state::{App, Shared, State as Sandboxed},
    wire::{self, Parameters, not_json},
};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/authorization/access_token", post(access_token))
        // The plugin asks for the first, the documentation names the second, and ends it with a slash in its example.
        .route("/external/api/v1/me", get(me))
        .route("/external/api/v1/me/", get(me))
        .route("/external/api/v3/me", get(me))
        .route("/external/api/v3/me/", get(me))
        .route("/external/api/v1/me/active_products", get(active_products))
        .route("/external/{*path}", get(async || not_found()))
}

/// How long a refresh token is good for: not published by the vendor.
const REFRESH_TOKEN_LIFETIME: i64 = 30 * 24 * 3600;

/// An error of the token endpoint, in the form of RFC 6749 5.2: the vendor's isn't published.
struct TokenError(&'static str, &'static str);

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let TokenError(error, description) = self;
        let status = match error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        wire::json(
            status,
            &json!({ "error": error, "error_description": description }),
        )
    }
}

async fn access_token(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    if app.has(Fault::PaywaySlow) {
        tokio::time::sleep(app.options.slow).await;
    }
    let mut state = app.state();
    if state.has(Fault::PaywayTokenHttp500) {
        return not_json(StatusCode::INTERNAL_SERVER_ERROR);
    }
    match granted(&app, &mut state, &headers, &Parameters::parse(&body)) {
        Err(error) => error.into_response(),
        Ok(_) if state.has(Fault::PaywayTokenNotJson) => not_json(StatusCode::OK),
        Ok(mut answer) => {
            if let Value::Object(members) = &mut answer
                && state.has(Fault::PaywayTokenAccessTokenMissing)
            {
                members.remove("access_token");
            }
            wire::json(StatusCode::OK, &answer)
        }
    }
}

fn granted(
    app: &Shared,
    state: &mut Sandboxed,
    headers: &HeaderMap,
    body: &Parameters,
) -> Result<Value, TokenError> {
    let is = |name: header::HeaderName, expected: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with(expected))
    };
    if !is(header::CONTENT_TYPE, "application/x-www-form-urlencoded") {
        return Err(TokenError("invalid_request", "the body is a form"));
    }
    if !is(header::ACCEPT, "application/json") {
        return Err(TokenError("invalid_request", "Accept is application/json"));
    }
    if body.repeated().is_some() {
        return Err(TokenError("invalid_request", "a parameter comes twice"));
    }
    const REFUSED: TokenError = TokenError("invalid_client", "unknown client, or wrong secret");
    let client = body
        .get("client_id")
        .and_then(|id| Client::of_id(&app.options, id))
        .ok_or(REFUSED)?;
    let secret = body.get("client_secret").unwrap_or_default();
    if !same(secret, client.secret) {
        return Err(REFUSED);
    }
    let now = app.now();
    match body.get("grant_type") {
        Some("ticket") => {
            let scope = body.get("scope").unwrap_or_default();
            if scope.is_empty() || !scope.split(' ').all(|one| client.scopes.contains(&one)) {
                let why = "a scope that wasn't issued to the client";
                return Err(TokenError("invalid_scope", why));
            }
            let at = body.get("ticket").unwrap_or_default();
            let sub = redeem_ticket(state, &client, at, now)
                .filter(|_| !state.has(Fault::PaywayTicketRefused))
                .ok_or(TokenError(
                    "invalid_grant",
                    "the ticket is unknown, used, expired or another client's",
                ))?;
            Ok(tokens(state, &client, sub, scope.to_owned(), now))
        }
        // Tokens are renewed, says the documentation; in which words isn't published. These are RFC 6749's (6).
        Some("refresh_token") => {
            let refused = TokenError("invalid_grant", "the refresh token is unknown or expired");
            let token = body.get("refresh_token").unwrap_or_default();
            if state.has(Fault::PaywayRefreshRefused) {
                return Err(refused);
            }
            match state.payway.refresh_tokens.remove(token) {
                Some(token) if token.client_id == client.id && now < token.expires_at => {
                    Ok(tokens(state, &client, token.sub, token.scope, now))
                }
                _ => Err(refused),
            }
        }
        Some(_) => Err(TokenError(
            "unsupported_grant_type",
            "ticket or refresh_token",
        )),
        None => Err(TokenError("invalid_request", "grant_type is missing")),
    }
}

/// `access_token` is what the plugin reads; the members beside it are RFC 6749's (5.1).
fn tokens(state: &mut Sandboxed, client: &Client, sub: String, scope: String, now: i64) -> Value {
    let lifetime = state.settings.payway.access_token_lifetime;
    let mut token = AccessToken {
        client_id: client.id,
        sub,
        scope,
        expires_at: now + lifetime,
    };
    let name = entropy::token();
    let mut answer = json!({
        "access_token": name, "token_type": "bearer", "expires_in": lifetime, "scope": token.scope,
    });
    state.payway.access_tokens.insert(name, token.clone());
    if state.settings.payway.refresh_token {
        let name = entropy::token();
        answer["refresh_token"] = name.as_str().into();
        token.expires_at = now + REFRESH_TOKEN_LIFETIME;
        state.payway.refresh_tokens.insert(name, token);
    }
    answer
}

/// An error of the API: `message` always, `code` and `field` often.
fn error(status: StatusCode, code: &str, field: Option<&str>, message: &str) -> Response {
    let mut body = json!({ "code": code, "message": message });
    if let Some(field) = field {
        body["field"] = field.into();
    }
    wire::json(status, &body)
}

fn not_found() -> Response {
    let message = "There is no such resource.";
    error(StatusCode::NOT_FOUND, "not_found", None, message)
}

/// A message, and no code: none is published for this.
fn unauthorized() -> Response {
    wire::json(
        StatusCode::UNAUTHORIZED,
        &json!({ "message": "The access token is missing or not valid." }),
    )
}

/// Whose token it is.
#[expect(
    clippy::result_large_err,
    reason = "the error is the answer that goes out"
)]
fn bearer(
    state: &Sandboxed,
    headers: &HeaderMap,
    query: Option<&str>,
    known: &[&str],
    now: i64,
) -> Result<Account, Response> {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    if let Some((name, _)) = parameters.iter().find(|(name, _)| !known.contains(name)) {
        let message = "The parameter isn't known.";
        let status = StatusCode::BAD_REQUEST;
        return Err(error(status, "unknown_parameter", Some(name), message));
    }
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| state.payway.access_tokens.get(token.trim()))
        .filter(|token| now < token.expires_at)
        .ok_or_else(unauthorized)?;
    if !token
        .scope
        .split(' ')
        .any(|scope| scope == "/external/me/w")
    {
        let message = "The access token lacks the scope /external/me/w.";
        return Err(wire::json(
            StatusCode::FORBIDDEN,
            &json!({ "message": message }),
        ));
    }
    Account::of_sub(state, &token.sub).ok_or_else(not_found)
}

async fn me(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    if app.has(Fault::PaywaySlow) {
        tokio::time::sleep(app.options.slow).await;
    }
    let state = app.state();
    if state.has(Fault::PaywayMeHttp500) {
        let message = "Something broke.";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        return error(status, "internal_server_error", None, message);
    }
    if state.has(Fault::PaywayMeUnauthorized) {
        return unauthorized();
    }
    let account = match bearer(&state, &headers, query.as_deref(), &[], app.now()) {
        Ok(account) => account,
        Err(refused) => return refused,
    };
    if state.has(Fault::PaywayMeNotJson) {
        return not_json(StatusCode::OK);
    }
    let mut item = account.item();
    if let Value::Object(members) = &mut item {
        if state.has(Fault::PaywayMeIdMissing) {
            members.remove("id");
        }
        if state.has(Fault::PaywayMeIdMalformed) {
            members.insert("id".to_owned(), "../alice".into());
        }
    }
    wire::json(StatusCode::OK, &json!({ "item": item }))
}

async fn active_products(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let state = app.state();
    let known = ["include_articles"];
    match bearer(&state, &headers, query.as_deref(), &known, app.now()) {
        Err(refused) => refused,
        Ok(account) => {
            let item = json!({ "id": account.id, "active_products": account.products() });
            wire::json(StatusCode::OK, &json!({ "item": item }))
        }
    }
}
