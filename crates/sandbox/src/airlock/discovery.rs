//! The authorization server's metadata (OpenID Connect Discovery 4, RFC 8414) and keys (RFC 7517).

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use serde_json::{Value, json};

use super::{Flow, authorization, end_session, issuer};
use crate::{fault::Fault, keys::Key, state::App, wire};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(
            "/auth-login/rest/oauth2/authorization-servers/arena/.well-known/openid-configuration",
            get(metadata),
        )
        .route(
            "/auth-login/rest/oauth2/authorization-servers/arena/jwks",
            get(jwks),
        )
}

async fn metadata(State(app): State<App>) -> Response {
    let issuer = issuer(&app.options);
    let at = |path: &str| format!("{issuer}/{path}");
    let host = &app.options.airlock_url;
    let state = app.state();
    let settings = &state.settings.airlock;
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{host}{}", authorization::PATH),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("jwks"),
        "revocation_endpoint": at("revoke"),
        "end_session_endpoint": format!("{host}{}", end_session::PATH),
        "scopes_supported": ["openid", "profile", "email", "phone", "address"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "acr_values_supported": Flow::ALL.map(Flow::acr),
        "id_token_signing_alg_values_supported": [settings.id_token_alg],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "roles"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "prompt_values_supported": ["none", "login"],
    });
    if settings.par && !state.has(Fault::AirlockParNotOffered) {
        metadata["pushed_authorization_request_endpoint"] = at("par").into();
    }
    if settings.response_iss {
        metadata["authorization_response_iss_parameter_supported"] = true.into();
    }
    wire::json(StatusCode::OK, &metadata)
}

async fn jwks(State(app): State<App>) -> Response {
    let now = app.now();
    let mut state = app.state();
    let alg = state.settings.airlock.id_token_alg;
    // Made when it is first asked for, so that a sandbox starts quickly.
    state.airlock.keys.signing(alg);
    let keys: Vec<Value> = state.airlock.keys.published(now).map(Key::jwk).collect();
    wire::json(StatusCode::OK, &json!({ "keys": keys }))
}
