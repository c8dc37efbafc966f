//! The ID token: OpenID Connect Core 2, 3.1.3.6 and 12.2, with the faults of its claims and signature.

use serde_json::{Map, Value, json};

use super::Grant;
use crate::{
    entropy::{self, base64url, from_base64url, sha256},
    fault::Fault,
    keys::{Alg, Key, sign_hs256, signing_input},
    state::{Shared, State},
};

/// An ID token that may come back as `id_token_hint`, by its hash.
pub(crate) struct IssuedIdToken {
    pub(crate) sid: String,
    pub(crate) client_id: String,
    pub(crate) issued_at: i64,
}

/// What an ID token is issued for.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Occasion {
    Code,
    Refresh,
}

/// Makes and signs an ID token.
pub(crate) fn issue(
    app: &Shared,
    state: &mut State,
    grant: &Grant,
    access_token: &str,
    occasion: Occasion,
) -> String {
    let now = app.now();
    let registered = state
        .client(&grant.client_id)
        .and_then(|client| client.id_token_alg);
    let alg = if state.has(Fault::InvalidSigRs256) {
        Alg::Rs256
    } else if state.has(Fault::InvalidSigEs256) {
        Alg::Es256
    } else if state.has(Fault::KidAbsentSingleJwks) {
        // Only the first key is published, so that one signs.
        state.keys.current()[0].alg
    } else {
        registered.unwrap_or(state.settings.id_token_alg)
    };
    let mut claims = right_claims(app, state, grant, now);
    claims.insert("at_hash".to_owned(), alg.at_hash(access_token).into());
    match occasion {
        Occasion::Code => {
            claims.extend(
                grant
                    .nonce
                    .clone()
                    .map(|nonce| ("nonce".to_owned(), nonce.into())),
            );
            bend_claims(state, &mut claims, now);
        }
        Occasion::Refresh => bend_refreshed_claims(state, grant, &mut claims, now),
    }
    bend_all(state, &mut claims, now);
    if state.has(Fault::IdTokenMalformed) {
        return "this-is.not-a-jwt".to_owned();
    }
    let token = sign(state, alg, &Value::Object(claims), now);
    let issued = IssuedIdToken {
        sid: grant.session.sid.clone(),
        client_id: grant.client_id.clone(),
        issued_at: now,
    };
    state
        .issued_id_tokens
        .insert(sha256(token.as_bytes()), issued);
    token
}

fn right_claims(app: &Shared, state: &State, grant: &Grant, now: i64) -> Map<String, Value> {
    let session = &grant.session;
    let mut claims = Map::new();
    let in_it = state.settings.claims_in_id_token || state.has(Fault::LenientNoUserinfoEndpoint);
    if in_it && let Some(persona) = state.persona(&session.sub) {
        claims = persona.claims_of(&grant.scope);
    }
    let own = json!({
        "iss": app.issuer,
        "sub": session.sub,
        "aud": grant.client_id,
        "iat": now,
        "exp": now + state.settings.id_token_lifetime,
        "auth_time": session.auth_time,
        "acr": session.acr.as_str(),
        "amr": session.acr.amr(),
        "sid": session.sid,
    });
    if let Value::Object(own) = own {
        claims.extend(own);
    }
    claims
}

/// The faults of a token from the exchange of a code.
fn bend_claims(state: &State, claims: &mut Map<String, Value>, now: i64) {
    const HOUR: i64 = 3600;
    for &fault in &state.faults {
        let mut set = |name: &str, value: Value| {
            claims.insert(name.to_owned(), value);
        };
        match fault {
            Fault::InvalidIss => set("iss", "https://somebody-else.example".into()),
            Fault::InvalidAud => set("aud", "another-client".into()),
            Fault::MultipleAudWithoutAzp => {
                let client = claims.get("aud").cloned();
                claims.insert("aud".to_owned(), json!([client, "another-client"]));
            }
            Fault::WrongAzp => set("azp", "another-client".into()),
            Fault::Expired => {
                set("iat", (now - 2 * HOUR).into());
                set("exp", (now - HOUR).into());
            }
            Fault::IatInFuture => set("iat", (now + HOUR).into()),
            Fault::IatLongAgo => set("iat", (now - 48 * HOUR).into()),
            Fault::NotYetValid => set("nbf", (now + HOUR).into()),
            Fault::NonceInvalid => set("nonce", entropy::token().into()),
            Fault::AcrWrong => set("acr", "urn:example:nobody-asked-for-this".into()),
            Fault::AuthTimeStale => set("auth_time", (now - 30 * 24 * HOUR).into()),
            Fault::InvalidAtHash => {
                set("at_hash", Alg::Rs256.at_hash("another access token").into())
            }
            Fault::MissingIss => drop(claims.remove("iss")),
            Fault::MissingSub => drop(claims.remove("sub")),
            Fault::MissingAud => drop(claims.remove("aud")),
            Fault::MissingExp => drop(claims.remove("exp")),
            Fault::MissingIat => drop(claims.remove("iat")),
            Fault::NonceMissing => drop(claims.remove("nonce")),
            Fault::AcrMissing => drop(claims.remove("acr")),
            Fault::AuthTimeMissing => drop(claims.remove("auth_time")),
            _ => {}
        }
    }
}

/// [OpenID Connect Core 12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse).
fn bend_refreshed_claims(state: &State, grant: &Grant, claims: &mut Map<String, Value>, now: i64) {
    for &fault in &state.faults {
        let (name, value) = match fault {
            Fault::RefreshInvalidIssuer => ("iss", "https://somebody-else.example".into()),
            Fault::RefreshInvalidSub => {
                ("sub", format!("{}-somebody-else", grant.session.sub).into())
            }
            Fault::RefreshInvalidAud => ("aud", "another-client".into()),
            Fault::RefreshInvalidAzp => ("azp", "another-client".into()),
            // A second more, should the refresh follow at once.
            Fault::RefreshAuthTimeChanged => {
                ("auth_time", now.max(grant.session.auth_time + 1).into())
            }
            Fault::RefreshNonceChanged => ("nonce", entropy::token().into()),
            Fault::LenientRefreshWithNonce if !state.has(Fault::LenientRefreshWithoutNonce) => {
                ("nonce", grant.nonce.clone().into())
            }
            _ => continue,
        };
        claims.insert(name.to_owned(), value);
    }
}

fn bend_all(state: &State, claims: &mut Map<String, Value>, now: i64) {
    if state.has(Fault::LenientAuthTimeFloat)
        && let Some(auth_time) = claims.get("auth_time").and_then(Value::as_i64)
    {
        // Written by hand: a whole float keeps its fraction on the wire.
        claims.insert(
            "auth_time".to_owned(),
            json!(auth_time.min(now) as f64 + 0.25),
        );
    }
    if state.has(Fault::LenientAudArray)
        && let Some(aud) = claims.get("aud").filter(|aud| aud.is_string()).cloned()
    {
        claims.insert("aud".to_owned(), json!([aud]));
    }
    if state.has(Fault::LenientAtHashMissing) {
        claims.remove("at_hash");
    }
}

fn sign(state: &mut State, alg: Alg, claims: &Value, now: i64) -> String {
    if state.has(Fault::SigningKeyRotationJustBeforeSigning) {
        state.keys.rotate(now);
        state.keys.unpublish_former();
    } else if state.has(Fault::SigningKeyRotation)
        || (state.has(Fault::KidAbsentMultipleJwks) && !state.keys.has_former())
    {
        // For the latter, the former key of the same type makes several that fit.
        state.keys.rotate(now);
    }
    if state.has(Fault::SigNone) {
        return format!("{}.", signing_input(&json!({ "alg": "none" }), claims));
    }
    if state.has(Fault::InvalidSigHs256) {
        let header = json!({ "alg": "HS256", "typ": "JWT" });
        return sign_hs256(&header, claims, b"not the client's secret");
    }
    if state.has(Fault::SigHs256WithPublicKey) {
        let key = state.keys.signing(Alg::Rs256);
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": key.kid });
        return sign_hs256(&header, claims, key.jwk().to_string().as_bytes());
    }
    if state.has(Fault::SigEmbeddedJwk) {
        let stranger = Key::generate(Alg::Es256);
        let header =
            json!({ "alg": "ES256", "typ": "JWT", "kid": stranger.kid, "jwk": stranger.jwk() });
        return stranger.sign(&header, claims);
    }
    if state.has(Fault::SigAlgOfAnotherKey) {
        let kid = state.keys.signing(Alg::Es256).kid.clone();
        return state
            .keys
            .signing(Alg::Rs256)
            .sign(&json!({ "alg": "RS256", "typ": "JWT", "kid": kid }), claims);
    }
    let without_kid =
        state.has(Fault::KidAbsentSingleJwks) || state.has(Fault::KidAbsentMultipleJwks);
    let unknown_kid = state.has(Fault::UnknownKid);
    let corrupt = state.has(Fault::InvalidSigRs256) || state.has(Fault::InvalidSigEs256);
    let key = state.keys.signing(alg);
    let header = match () {
        () if without_kid => json!({ "alg": alg, "typ": "JWT" }),
        () if unknown_kid => {
            json!({ "alg": alg, "typ": "JWT", "kid": "a-key-that-nobody-published" })
        }
        () => json!({ "alg": alg, "typ": "JWT", "kid": key.kid }),
    };
    let token = key.sign(&header, claims);
    if corrupt {
        with_a_wrong_bit(&token)
    } else {
        token
    }
}

fn with_a_wrong_bit(token: &str) -> String {
    let (input, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let mut signature = from_base64url(signature).unwrap_or_default();
    if let Some(byte) = signature.get_mut(10) {
        *byte ^= 1;
    }
    format!("{input}.{}", base64url(signature))
}
