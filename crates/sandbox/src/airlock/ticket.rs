//! SSO tickets: made by the resource, taken as `login_hint` by the strong flow.
//!
//! A ticket is a JWT signed with HS512, good for ten seconds and once. It carries the user's name and static roles.

use aws_lc_rs::hmac::HMAC_SHA512;
use serde_json::{Value, json};

use super::Airlock;
use crate::{
    entropy::{self, base64url, sha256},
    keys::{sign_hmac, verify_hmac},
    state::State,
    system::System,
};

const ISSUER: &str = "Airlock IAM";

/// The roles that every ticket says.
const STATIC_ROLES: &str = "authenticated";

/// How long before its issue a ticket is good already.
const BEFORE: i64 = 5;

/// Why a ticket isn't taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// Not a JWT that this server signed with HS512.
    NotOurs,
    /// `sub`, `exp` or `nbf` is absent.
    ClaimMissing,
    /// `iss` is somebody else.
    Issuer,
    /// `nbf` is in the future.
    NotYet,
    /// `exp` is past.
    Expired,
    /// Nobody has this name.
    NobodyKnown,
    /// Taken before.
    Replayed,
}

/// A ticket for this person, by the clock `now`.
pub(crate) fn issue(state: &State, persona: &str, now: i64) -> Option<String> {
    let lifetime = state.settings.airlock.ticket_lifetime;
    let claims = json!({
        "sub": state.persona(persona)?.id_at(System::Airlock),
        "iss": ISSUER,
        "roles": STATIC_ROLES,
        "nbf": now - BEFORE,
        "iat": now,
        "exp": now + lifetime,
        "jti": entropy::name(),
    });
    Some(sign(&state.airlock, &claims))
}

fn sign(airlock: &Airlock, claims: &Value) -> String {
    let header = json!({ "typ": "JWT", "alg": "HS512" });
    sign_hmac(HMAC_SHA512, &header, claims, airlock.ticket_key.as_bytes())
}

/// Takes a ticket: whose it is, if it is good. It isn't a second time.
pub(crate) fn take(state: &mut State, login_hint: &str, now: i64) -> Result<String, Refusal> {
    let ticket = bare(login_hint);
    let key = state.airlock.ticket_key.as_bytes();
    let (header, claims) = verify_hmac(HMAC_SHA512, ticket, key).ok_or(Refusal::NotOurs)?;
    if header["alg"] != "HS512" {
        return Err(Refusal::NotOurs);
    }
    let time = |name: &str| claims[name].as_i64().ok_or(Refusal::ClaimMissing);
    let sub = claims["sub"].as_str().ok_or(Refusal::ClaimMissing)?;
    let (nbf, exp) = (time("nbf")?, time("exp")?);
    if claims["iss"] != ISSUER {
        return Err(Refusal::Issuer);
    }
    let skew = state.settings.airlock.ticket_skew;
    if now + skew < nbf {
        return Err(Refusal::NotYet);
    }
    if now - skew >= exp {
        return Err(Refusal::Expired);
    }
    let persona = state
        .airlock_persona(sub)
        .map(|persona| persona.sub.clone())
        .ok_or(Refusal::NobodyKnown)?;
    let id = identity(ticket, &claims);
    match state.airlock.taken.insert(id, exp + skew) {
        None => Ok(persona),
        Some(_) => Err(Refusal::Replayed),
    }
}

/// As if this ticket had been taken.
pub(crate) fn mark_taken(airlock: &mut Airlock, ticket: &str, until: i64) {
    let claims = verify_hmac(HMAC_SHA512, ticket, airlock.ticket_key.as_bytes());
    if let Some((_, claims)) = claims {
        airlock.taken.insert(identity(ticket, &claims), until);
    }
}

/// `jti`, or else the hash of the whole.
fn identity(ticket: &str, claims: &Value) -> String {
    match claims["jti"].as_str() {
        Some(jti) => jti.to_owned(),
        None => base64url(sha256(ticket.as_bytes())),
    }
}

/// A leading `Bearer ` is taken off.
pub(crate) fn bare(login_hint: &str) -> &str {
    login_hint.strip_prefix("Bearer ").unwrap_or(login_hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{options::SandboxOptions, state::Shared};

    const NOW: i64 = 1_700_000_000;

    fn claims() -> Value {
        json!({
            "sub": "alice", "iss": ISSUER, "roles": STATIC_ROLES, "nbf": NOW - 5, "iat": NOW, "exp": NOW + 10, "jti": "one",
        })
    }

    /// What becomes of a ticket with these claims.
    fn taken(
        change: impl FnOnce(&mut serde_json::Map<String, Value>),
        now: i64,
    ) -> Result<String, Refusal> {
        let app = Shared::new(SandboxOptions::default());
        let mut state = app.state();
        let mut claims = claims();
        change(claims.as_object_mut().unwrap());
        let ticket = sign(&state.airlock, &claims);
        take(&mut state, &ticket, now)
    }

    #[test]
    fn names_the_user_for_ten_seconds() {
        assert!(taken(|_| {}, NOW).is_ok());
        assert!(taken(|_| {}, NOW + 9).is_ok());
        assert_eq!(taken(|_| {}, NOW + 10), Err(Refusal::Expired));
        assert_eq!(taken(|_| {}, NOW - 6), Err(Refusal::NotYet));
    }

    #[test]
    fn must_say_sub_exp_and_nbf() {
        for name in ["sub", "exp", "nbf"] {
            let refused = taken(|claims| drop(claims.remove(name)), NOW);
            assert_eq!(refused, Err(Refusal::ClaimMissing), "{name}");
        }
    }

    #[test]
    fn is_ours_and_somebodys() {
        let other = |name: &'static str| {
            taken(
                move |claims| drop(claims.insert(name.to_owned(), "other".into())),
                NOW,
            )
        };
        assert_eq!(other("iss"), Err(Refusal::Issuer));
        assert_eq!(other("sub"), Err(Refusal::NobodyKnown));
        let app = Shared::new(SandboxOptions::default());
        let mut state = app.state();
        let forged = sign(&Airlock::default(), &claims());
        assert_eq!(take(&mut state, &forged, NOW), Err(Refusal::NotOurs));
        assert_eq!(
            take(&mut state, "alice@example.test", NOW),
            Err(Refusal::NotOurs)
        );
        let key = state.airlock.ticket_key.clone();
        let of_another_alg = sign_hmac(
            HMAC_SHA512,
            &json!({ "alg": "HS256" }),
            &claims(),
            key.as_bytes(),
        );
        assert_eq!(
            take(&mut state, &of_another_alg, NOW),
            Err(Refusal::NotOurs)
        );
    }

    #[test]
    fn is_taken_once_known_by_jti_or_else_by_its_hash() {
        for jti in [true, false] {
            let app = Shared::new(SandboxOptions::default());
            let mut state = app.state();
            let mut claims = claims();
            if !jti {
                claims.as_object_mut().unwrap().remove("jti");
            }
            let ticket = sign(&state.airlock, &claims);
            assert!(take(&mut state, &format!("Bearer {ticket}"), NOW).is_ok());
            assert_eq!(take(&mut state, &ticket, NOW), Err(Refusal::Replayed));
            claims["iat"] = (NOW + 1).into();
            let other = sign(&state.airlock, &claims);
            let again = take(&mut state, &other, NOW);
            assert_eq!(again.is_err(), jti, "the same jti is the same ticket");
        }
    }

    #[test]
    fn a_skew_forgives_a_clock_that_is_late() {
        let app = Shared::new(SandboxOptions::default());
        let mut state = app.state();
        state.settings.airlock.ticket_skew = 5;
        let ticket = sign(&state.airlock, &claims());
        assert!(take(&mut state, &ticket, NOW + 14).is_ok());
    }
}
