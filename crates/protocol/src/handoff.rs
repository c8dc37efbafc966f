//! What is carried to a partner's page: the messages of `/v1/handoff/*`.
//!
//! The partner's page makes a `code_verifier` and shows our page its challenge, as RFC 7636 does with a code. Our page has
//! the result sealed for that challenge; only who knows the verifier can have it opened, and only for the same origin.

use serde::{Deserialize, Serialize};

use crate::{pkce::CodeVerifier, profile::Profile};

/// How long a sealed result may be opened, milliseconds.
pub const LIFETIME_MS: u64 = 60_000;

/// What a partner's page may receive, beside the `acr`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// The contact's profile.
    Profile,
    /// The ID token as the provider signed it.
    IdToken,
    /// `iss` and `sub`.
    Sub,
    /// The contact's number.
    ContactNumber,
}

/// What our page knows of the partner whose page has opened it: a JSON document that it is served with.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PublicPartner {
    /// What its page calls it.
    pub id: String,
    /// What buyers call it.
    pub label: String,
    /// The origins of its pages.
    pub origins: Vec<String>,
    /// The path of the page of each origin that our page comes back to.
    pub return_path: String,
    /// What its pages receive.
    pub release: Vec<Release>,
}

/// `POST /v1/handoff/seal`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SealRequest {
    /// The handle; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The partner's id.
    pub partner: String,
    /// The origin of the partner's page.
    pub origin: String,
    /// The challenge of the page's verifier, by `S256`.
    pub challenge: String,
    /// The session's ID token, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// The buyer has completed the profile on the way.
    #[serde(default)]
    pub profile_completed: bool,
}

/// The answer to it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SealResponse {
    /// The result, sealed for this partner, origin and challenge.
    pub sealed: String,
}

/// `POST /v1/handoff/open`, which needs no proof: the verifier is one.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// What was sealed.
    pub sealed: String,
    /// The verifier of the page that asked for it.
    pub verifier: CodeVerifier,
    /// The partner whose frame asks.
    pub partner: String,
    /// The origin of the page around the frame, as the browser says it.
    pub origin: String,
}

/// What the partner's page receives: as much as its `release` allows.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct OpenResponse {
    /// How the buyer authenticated, where the provider says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The buyer at the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The contact's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_number: Option<String>,
    /// What the directory knows of the buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// The ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// In how many seconds it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// The buyer has completed the profile on the way.
    #[serde(default)]
    pub profile_completed: bool,
}
