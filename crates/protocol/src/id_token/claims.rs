//! The claims of an ID token: as they travel, and as they are kept.

use chrono::{DateTime, Utc};
use jwt_compact::Claims;
use serde::Serialize;

use crate::{
    object::{Member, Object, Read, Value, object},
    wire,
};

/// The claims as they travel. What only annoys when it is odd, as a name that is a number, counts as absent.
#[derive(Clone)]
pub(super) struct WireClaims {
    pub(super) iss: Option<String>,
    pub(super) sub: Option<String>,
    pub(super) aud: Audience,
    pub(super) azp: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) acr: Option<String>,
    auth_time: Option<wire::Seconds>,
    pub(super) at_hash: Option<String>,
    pub(super) sid: Option<String>,
    pub(super) email: Option<String>,
    pub(super) email_verified: Option<wire::Flag>,
    pub(super) name: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) family_name: Option<String>,
}

impl Read for Claims<WireClaims> {
    fn read(value: Value) -> Option<Self> {
        let mut object = Object::read(value)?;
        let (Time(exp), Time(nbf), Time(iat)) =
            (object.take("exp"), object.take("nbf"), object.take("iat"));
        let mut claims = Claims::new(WireClaims {
            iss: object.take("iss"),
            sub: object.take("sub"),
            aud: object.take("aud"),
            azp: object.take("azp"),
            nonce: object.take("nonce"),
            acr: object.take("acr"),
            auth_time: object.take("auth_time"),
            at_hash: object.take("at_hash"),
            sid: object.take_if_right("sid"),
            email: object.take_if_right("email"),
            email_verified: object.take_if_right("email_verified"),
            name: object.take_if_right("name"),
            given_name: object.take_if_right("given_name"),
            family_name: object.take_if_right("family_name"),
        });
        (claims.expiration, claims.not_before, claims.issued_at) = (exp, nbf, iat);
        object.end(claims)
    }
}

/// Seconds since the epoch, of which a fraction is dropped: a number (RFC 7519 §2), if it is there.
struct Time(Option<DateTime<Utc>>);

impl Read for Time {
    fn read(value: Value) -> Option<Self> {
        let seconds = match value {
            Value::Whole(seconds) => i64::try_from(seconds).ok()?,
            Value::Other(seconds) => seconds as i64,
            _ => return None,
        };
        DateTime::from_timestamp(seconds, 0).map(|time| Time(Some(time)))
    }
}

impl Member for Time {
    const OPTIONAL: bool = true;

    fn placeholder() -> Self {
        Time(None)
    }
}

impl WireClaims {
    /// Whole seconds: some providers send a float.
    pub(super) fn auth_time(&self) -> Option<u64> {
        self.auth_time.as_ref().and_then(wire::Seconds::whole)
    }
}

/// One string or an array of them (RFC 7519 §4.1.3).
#[derive(Clone, Default)]
pub(super) struct Audience(pub(super) Vec<String>);

impl Read for Audience {
    fn read(value: Value) -> Option<Self> {
        Some(Audience(match value {
            Value::Null => Vec::new(),
            Value::Text(audience) => vec![audience],
            value => Vec::read(value)?,
        }))
    }
}

impl Member for Audience {
    const OPTIONAL: bool = true;

    fn placeholder() -> Self {
        Audience::default()
    }
}

impl Audience {
    pub(super) fn contains(&self, client_id: &str) -> bool {
        self.0.iter().any(|audience| audience == client_id)
    }

    pub(super) fn is_same_set(&self, others: &[String]) -> bool {
        others.iter().all(|other| self.contains(other))
            && self.0.iter().all(|audience| others.contains(audience))
    }
}

/// The claims of an ID token, kept for display. Only [`super::IdToken`] says that they are verified.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct IdTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The person at the issuer.
    pub sub: String,
    /// The audiences.
    pub aud: Vec<String>,
    /// The authorized party.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// When it expires, seconds since the epoch.
    pub exp: u64,
    /// When it was issued.
    pub iat: u64,
    /// When the person authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<u64>,
    /// The nonce of the sign-in, which a refreshed token may repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// How the person authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The session at the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the issuer has verified it.
    pub email_verified: bool,
    /// The whole name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// The family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
}

object!(IdTokenClaims {
    iss,
    sub,
    aud,
    azp,
    exp,
    iat,
    auth_time,
    nonce,
    acr,
    sid,
    email,
    email_verified,
    name,
    given_name,
    family_name
});

impl IdTokenClaims {
    /// What a refreshed token leaves out is as it was.
    pub(super) fn keep_from(&mut self, previous: &IdTokenClaims) {
        fn keep<T: Clone>(claim: &mut Option<T>, previous: &Option<T>) {
            if claim.is_none() {
                claim.clone_from(previous);
            }
        }
        if self.email.is_none() {
            self.email_verified = previous.email_verified;
        }
        keep(&mut self.email, &previous.email);
        keep(&mut self.nonce, &previous.nonce);
        keep(&mut self.auth_time, &previous.auth_time);
        keep(&mut self.acr, &previous.acr);
        keep(&mut self.sid, &previous.sid);
        keep(&mut self.name, &previous.name);
        keep(&mut self.given_name, &previous.given_name);
        keep(&mut self.family_name, &previous.family_name);
    }
}
