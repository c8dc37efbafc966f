//! The ID token: `sub, aud, acr, roles, auth_time, iss, exp, iat`, and `nonce` where one was sent.

use serde_json::{Map, Value, json};

use super::{Flow, Grant, issuer};
use crate::{
    entropy::sha256,
    fault::Fault,
    state::{Shared, State},
    system::System,
};

/// What an ID token is issued for.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Occasion {
    Code,
    Refresh,
}

pub(crate) fn issue(app: &Shared, state: &mut State, grant: &Grant, occasion: Occasion) -> String {
    let now = app.now();
    let settings = state.settings.airlock.clone();
    let session = &grant.session;
    let mut claims = Map::new();
    if let Some(persona) = state.persona(&session.persona) {
        if settings.claims_in_id_token {
            claims = state
                .at(System::Airlock, persona.clone())
                .claims_of(&grant.scope);
        }
        claims.insert("sub".to_owned(), persona.id_at(System::Airlock).into());
    }
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("iss", issuer(&app.options).into());
    set("aud", grant.client_id.as_str().into());
    set("roles", json!(session.flow.roles()));
    set("auth_time", session.auth_time.into());
    set("iat", now.into());
    set("exp", (now + settings.id_token_lifetime).into());
    if let Some(acr) = &grant.acr {
        set("acr", acr.as_str().into());
    }
    if let Some(nonce) = grant
        .nonce
        .as_deref()
        .filter(|_| occasion == Occasion::Code)
    {
        set("nonce", nonce.into());
    }
    if session.flow == Flow::Strong {
        bend(state, session.auth_time, &mut claims);
    }
    let key = state.airlock.keys.signing(settings.id_token_alg);
    let header = json!({ "alg": key.alg, "typ": "JWT", "kid": key.kid });
    let token = key.sign(&header, &Value::Object(claims));
    let issued = &mut state.airlock.issued_id_tokens;
    issued.insert(sha256(token.as_bytes()), now);
    token
}

/// The faults of a strong sign-in.
fn bend(state: &State, auth_time: i64, claims: &mut Map<String, Value>) {
    for fault in &state.faults {
        let (name, value) = match fault {
            Fault::AirlockAcrWeaker => ("acr", Flow::Weak.acr().into()),
            Fault::AirlockAcrCase => ("acr", Flow::Strong.acr().to_uppercase().into()),
            Fault::AirlockAcrMissing => {
                claims.remove("acr");
                continue;
            }
            Fault::AirlockAuthTimeMissing => {
                claims.remove("auth_time");
                continue;
            }
            Fault::AirlockAuthTimeStale => ("auth_time", (auth_time - 3600).into()),
            Fault::AirlockSubOther => {
                let other = somebody_else(state, claims["sub"].as_str().unwrap_or_default());
                ("sub", other.into())
            }
            _ => continue,
        };
        claims.insert(name.to_owned(), value);
    }
}

/// The first persona who isn't this one.
pub(crate) fn somebody_else(state: &State, sub: &str) -> String {
    state
        .personas
        .iter()
        .map(|persona| persona.id_at(System::Airlock))
        .find(|id| id != sub)
        .unwrap_or_else(|| "somebody-else".to_owned())
}
