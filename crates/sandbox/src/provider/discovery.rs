//! OpenID Connect Discovery 1.0, and the keys (RFC 7517).

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use serde_json::{Value, json};

use crate::{
    fault::Fault,
    keys::Alg,
    state::App,
    wire::{self, not_json},
};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/jwks", get(jwks))
}

/// [OpenID Connect Discovery 4.2](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationResponse).
async fn metadata(State(app): State<App>) -> Response {
    if app.has(Fault::DiscoveryHttp500) {
        return not_json(StatusCode::INTERNAL_SERVER_ERROR);
    }
    if app.has(Fault::DiscoveryNotJson) {
        return not_json(StatusCode::OK);
    }
    let issuer = &app.issuer;
    let at = |path: &str| format!("{issuer}/{path}");
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("jwks"),
        "revocation_endpoint": at("revoke"),
        "end_session_endpoint": at("logout"),
        "scopes_supported": ["openid", "profile", "email", "phone", "address", "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "acr_values_supported": ["password", "otp"],
        "id_token_signing_alg_values_supported": Alg::ALL,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "RS256", "PS256"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "claim_types_supported": ["normal", "aggregated", "distributed"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid", "name", "given_name",
            "family_name", "preferred_username", "gender", "birthdate", "zoneinfo", "locale", "email", "email_verified",
            "phone_number", "phone_number_verified", "address",
        ],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["en", "fr", "de"],
    });
    if let Value::Object(members) = &mut metadata {
        if app.has(Fault::LenientNoRevocationEndpoint) {
            members.retain(|name, _| !name.starts_with("revocation_"));
        }
        if app.has(Fault::LenientNoEndSessionEndpoint) {
            members.remove("end_session_endpoint");
        }
        if app.has(Fault::LenientNoUserinfoEndpoint) {
            members.remove("userinfo_endpoint");
        }
        if app.has(Fault::DiscoveryIssuerMismatch) {
            members.insert(
                "issuer".to_owned(),
                format!("{issuer}-of-somebody-else").into(),
            );
        }
    }
    wire::json(StatusCode::OK, &metadata)
}

/// [OpenID Connect Core 10.1.1](https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys).
async fn jwks(State(app): State<App>) -> Response {
    if app.has(Fault::JwksNotJson) {
        return not_json(StatusCode::OK);
    }
    let now = app.now();
    let mut state = app.state();
    if state.has(Fault::KidAbsentMultipleJwks) && !state.keys.has_former() {
        state.keys.rotate(now);
    }
    let mut keys: Vec<Value> = state
        .keys
        .published(now)
        .map(crate::keys::Key::jwk)
        .collect();
    if state.has(Fault::JwksEmpty) {
        keys.clear();
    }
    if state.has(Fault::KidAbsentSingleJwks) {
        keys.truncate(1);
    }
    if state.has(Fault::LenientKeysUnknown) {
        keys.insert(0, json!({ "kty": "AKP", "alg": "ML-DSA-44", "kid": "of-the-future", "pub": "AAAA", "use": "sig" }));
    }
    if state.has(Fault::LenientKeysWithoutAlgUse) {
        for members in keys.iter_mut().filter_map(Value::as_object_mut) {
            members.remove("alg");
            members.remove("use");
        }
    }
    wire::json(StatusCode::OK, &json!({ "keys": keys }))
}
