//! A resource that wants more than a password: the step-up challenge of
//! [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470). The vendor's documentation doesn't know that challenge; a resource
//! server in front of it may.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware,
    response::Response,
    routing::get,
};
use serde_json::json;

use super::{Flow, resource::authorized};
use crate::{oauth::bearer_challenge, state::App, system::System, wire};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(
            "/api/protected",
            get(protected)
                .post(protected)
                .options(async || StatusCode::NO_CONTENT),
        )
        .layer(middleware::map_response(open_to_pages))
}

/// Pages of any origin may call it with a token, and read the challenge (CORS).
async fn open_to_pages(mut response: Response) -> Response {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type",
        ),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "www-authenticate"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// `calls` counts how often this person got through, so that a call that is sent twice is seen.
async fn protected(State(app): State<App>, headers: HeaderMap) -> Response {
    let now = app.now();
    let mut state = app.state();
    let grant = match authorized(&state, &headers, now) {
        Ok(grant) => grant,
        Err(refused) => return refused,
    };
    let max_age = state.settings.airlock.protected_max_age;
    let fresh = max_age.is_none_or(|max_age| now - grant.session.auth_time <= max_age);
    let strong = grant.session.flow == Flow::Strong;
    if !(strong && fresh) {
        return challenge(max_age);
    }
    let Some(persona) = state.persona(&grant.session.persona) else {
        return bearer_challenge(StatusCode::UNAUTHORIZED, Some("invalid_token"), &[]);
    };
    let sub = persona.id_at(System::Airlock);
    let calls = state.airlock.admitted.entry(sub.clone()).or_default();
    *calls += 1;
    wire::json(StatusCode::OK, &json!({ "sub": sub, "calls": *calls }))
}

/// Section 3: `acr_values` and `max_age` say what would be enough.
fn challenge(max_age: Option<i64>) -> Response {
    let max_age = max_age.map(|seconds| seconds.to_string());
    let mut more = vec![
        (
            "error_description",
            "A different authentication level is required",
        ),
        ("acr_values", Flow::Strong.acr()),
    ];
    more.extend(max_age.as_deref().map(|seconds| ("max_age", seconds)));
    let error = Some("insufficient_user_authentication");
    bearer_challenge(StatusCode::UNAUTHORIZED, error, &more)
}
