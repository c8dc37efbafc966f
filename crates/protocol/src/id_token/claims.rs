//! The claims of an ID token: as they travel, and as they are kept.

use serde::{Deserialize, Serialize};

use crate::wire;

/// The claims as they travel. What only annoys when it is odd, as a name that is a number, counts as absent.
#[derive(Clone, Deserialize)]
pub(super) struct WireClaims {
    #[serde(default)]
    pub(super) iss: Option<String>,
    #[serde(default)]
    pub(super) sub: Option<String>,
    #[serde(default)]
    pub(super) aud: Audience,
    #[serde(default)]
    pub(super) azp: Option<String>,
    #[serde(default)]
    pub(super) nonce: Option<String>,
    #[serde(default)]
    pub(super) acr: Option<String>,
    #[serde(default)]
    auth_time: Option<wire::Seconds>,
    #[serde(default)]
    pub(super) at_hash: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    pub(super) sid: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    pub(super) email: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    pub(super) email_verified: Option<wire::Flag>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    pub(super) given_name: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    pub(super) family_name: Option<String>,
}

impl WireClaims {
    /// Whole seconds: some providers send a float.
    pub(super) fn auth_time(&self) -> Option<u64> {
        self.auth_time.as_ref().and_then(wire::Seconds::whole)
    }
}

/// One string or an array of them (RFC 7519 §4.1.3).
#[derive(Clone, Default, Deserialize)]
#[serde(from = "Option<WireAudience>")]
pub(super) struct Audience(pub(super) Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum WireAudience {
    One(String),
    Several(Vec<String>),
}

impl From<Option<WireAudience>> for Audience {
    fn from(wire: Option<WireAudience>) -> Self {
        Audience(match wire {
            None => Vec::new(),
            Some(WireAudience::One(audience)) => vec![audience],
            Some(WireAudience::Several(audiences)) => audiences,
        })
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
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct IdTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The person at the issuer.
    pub sub: String,
    /// The audiences.
    pub aud: Vec<String>,
    /// The authorized party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// When it expires, seconds since the epoch.
    pub exp: u64,
    /// When it was issued.
    pub iat: u64,
    /// When the person authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<u64>,
    /// The nonce of the sign-in, which a refreshed token may repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// How the person authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The session at the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the issuer has verified it.
    #[serde(default)]
    pub email_verified: bool,
    /// The whole name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// The family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
}

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
