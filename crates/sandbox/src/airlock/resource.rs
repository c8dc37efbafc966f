//! What an access token opens: the SSO ticket resource, and UserInfo (OpenID Connect Core 5.3).

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Map, Value, json};

use super::{Grant, id_token::somebody_else, ticket};
use crate::{
    fault::Fault,
    oauth::{bearer, bearer_challenge},
    state::{App, State as Sandboxed},
    system::System,
    wire::{self, not_json},
};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(
            "/auth-login/rest/oauth2/authorization-servers/arena/resources/{name}",
            get(resource),
        )
        .route(
            "/auth-login/rest/oauth2/authorization-servers/arena/userinfo",
            get(userinfo).post(userinfo),
        )
}

/// What the bearer token is good for, or the answer to whoever has none (RFC 6750 3.1).
#[expect(clippy::result_large_err, reason = "the error is the answer")]
pub(crate) fn authorized(
    state: &Sandboxed,
    headers: &HeaderMap,
    now: i64,
) -> Result<Grant, Response> {
    let Some(token) = bearer(headers) else {
        return Err(bearer_challenge(StatusCode::UNAUTHORIZED, None, &[]));
    };
    let grant = state.airlock.tokens.of_access(token, now);
    grant
        .cloned()
        .ok_or_else(|| bearer_challenge(StatusCode::UNAUTHORIZED, Some("invalid_token"), &[]))
}

/// `GET …/resources/{name}`: whoever holds the access token gets a ticket to sign in with.
async fn resource(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    if app.has(Fault::AirlockResourceSlow) {
        tokio::time::sleep(app.options.slow).await;
    }
    let now = app.now();
    let mut state = app.state();
    if let Some(broken) = broken_instead(&state) {
        return broken;
    }
    if name != state.settings.airlock.resource_name {
        return StatusCode::NOT_FOUND.into_response();
    }
    let grant = match authorized(&state, &headers, now) {
        Ok(grant) => grant,
        Err(refused) => return refused,
    };
    let scopes = &state.settings.airlock.resource_scopes;
    let has = |scope: &String| grant.scope.split(' ').any(|granted| granted == scope);
    if !scopes.iter().all(has) {
        let scope = scopes.join(" ");
        let more = [("scope", &*scope)];
        return bearer_challenge(StatusCode::FORBIDDEN, Some("insufficient_scope"), &more);
    }
    let persona = if state.has(Fault::AirlockTicketOfAnotherPerson) {
        let own = state.persona(&grant.session.persona);
        let own = own.map(|persona| persona.id_at(System::Airlock));
        let other = somebody_else(&state, &own.unwrap_or_default());
        state
            .airlock_persona(&other)
            .map(|other| other.sub.clone())
            .unwrap_or_default()
    } else {
        grant.session.persona
    };
    let lifetime = state.settings.airlock.ticket_lifetime;
    let issued_at = if state.has(Fault::AirlockTicketExpired) {
        now - lifetime - 1
    } else {
        now
    };
    let Some(ticket) = ticket::issue(&state, &persona, issued_at) else {
        return bearer_challenge(StatusCode::UNAUTHORIZED, Some("invalid_token"), &[]);
    };
    if state.has(Fault::AirlockTicketUsed) {
        ticket::mark_taken(&mut state.airlock, &ticket, now + lifetime);
    }
    wire::json(StatusCode::OK, &answer(&state, ticket))
}

fn answer(state: &Sandboxed, ticket: String) -> Value {
    let field = if state.has(Fault::AirlockTicketFieldWrong) {
        "ticket".to_owned()
    } else {
        state.settings.airlock.ticket_field.clone()
    };
    let ticket = if state.has(Fault::AirlockTicketEmpty) {
        String::new()
    } else {
        ticket
    };
    let mut members = Map::from_iter([(field, ticket.into())]);
    if state.has(Fault::AirlockResourceMoreMembers) {
        members.insert("user".to_owned(), json!({ "language": "fr" }));
        members.insert("language".to_owned(), "fr".into());
    }
    Value::Object(members)
}

fn broken_instead(state: &Sandboxed) -> Option<Response> {
    let refused = |status, error| Some(bearer_challenge(status, Some(error), &[]));
    if state.has(Fault::AirlockResourceUnauthorized) {
        refused(StatusCode::UNAUTHORIZED, "invalid_token")
    } else if state.has(Fault::AirlockResourceForbidden) {
        refused(StatusCode::FORBIDDEN, "insufficient_scope")
    } else if state.has(Fault::AirlockResourceNotFound) {
        Some(StatusCode::NOT_FOUND.into_response())
    } else if state.has(Fault::AirlockResourceHttp500) {
        Some(not_json(StatusCode::INTERNAL_SERVER_ERROR))
    } else if state.has(Fault::AirlockResourceNotJson) {
        Some(not_json(StatusCode::OK))
    } else {
        None
    }
}

async fn userinfo(State(app): State<App>, headers: HeaderMap) -> Response {
    let now = app.now();
    let state = app.state();
    let grant = match authorized(&state, &headers, now) {
        Ok(grant) => grant,
        Err(refused) => return refused,
    };
    let Some(persona) = state.persona(&grant.session.persona) else {
        return bearer_challenge(StatusCode::UNAUTHORIZED, Some("invalid_token"), &[]);
    };
    let mut claims = state
        .at(System::Airlock, persona.clone())
        .claims_of(&grant.scope);
    claims.insert("sub".to_owned(), persona.id_at(System::Airlock).into());
    wire::json(StatusCode::OK, &Value::Object(claims))
}
