//! UserInfo: OpenID Connect Core 5.3, with the scopes' claims of 5.4.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Map, Value, json};

use crate::{
    fault::Fault,
    keys::Alg,
    oauth::{bearer, bearer_challenge},
    state::{App, State as Sandboxed},
    wire::{self, not_json},
};

pub(crate) fn router() -> Router<App> {
    Router::new().route("/userinfo", get(userinfo).post(userinfo))
}

async fn userinfo(State(app): State<App>, headers: HeaderMap) -> Response {
    let now = app.now();
    let mut state = app.state();
    if state.has(Fault::LenientNoUserinfoEndpoint) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if state.has(Fault::UserinfoHttp500) {
        return not_json(StatusCode::INTERNAL_SERVER_ERROR);
    }
    if state.has(Fault::UserinfoUnauthorized) {
        return unauthorized();
    }
    let grant = bearer(&headers).and_then(|token| state.tokens.of_access(token, now));
    let Some((sub, scope)) = grant.map(|grant| (grant.session.sub.clone(), grant.scope.clone()))
    else {
        return unauthorized();
    };
    let Some(mut claims) = state.persona(&sub).map(|persona| persona.claims_of(&scope)) else {
        return unauthorized();
    };
    claims.insert("sub".to_owned(), sub.into());
    bend(&mut state, &mut claims, &app.issuer);
    if state.has(Fault::UserinfoNotJson) {
        return not_json(StatusCode::OK);
    }
    wire::json(StatusCode::OK, &Value::Object(claims))
}

fn bend(state: &mut Sandboxed, claims: &mut Map<String, Value>, issuer: &str) {
    if state.has(Fault::UserinfoInvalidSub) {
        claims.insert("sub".to_owned(), "b7f0c2d4-somebody-else".into());
    }
    if state.has(Fault::UserinfoMissingSub) {
        claims.remove("sub");
    }
    if state.has(Fault::LenientAggregatedClaims) {
        let key = state.keys.signing(Alg::Rs256);
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": key.kid });
        let seat = key.sign(
            &header,
            &json!({ "iss": issuer, "season_seat": "B 12 / 7" }),
        );
        claims.insert(
            "_claim_names".to_owned(),
            json!({ "season_seat": "stadium" }),
        );
        claims.insert(
            "_claim_sources".to_owned(),
            json!({ "stadium": { "JWT": seat } }),
        );
    }
    if state.has(Fault::LenientDistributedClaims) {
        claims.insert("_claim_names".to_owned(), json!({ "credit_score": "bank" }));
        let bank = json!({ "endpoint": "https://bank.example/claims", "access_token": "for-the-bank-only" });
        claims.insert("_claim_sources".to_owned(), json!({ "bank": bank }));
    }
}

/// RFC 6750 3.1.
fn unauthorized() -> Response {
    bearer_challenge(StatusCode::UNAUTHORIZED, Some("invalid_token"), &[])
}
