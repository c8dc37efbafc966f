//! Step-up: a person who is signed in gives one more proof, and no more than that.
//!
//! What is asked for is the challenge of [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470) ([`StepUp`]). How the provider learns who is
//! coming is Airlock IAM's [SSO ticket](https://docs.airlock.com/iam/latest/index/1597849731259.html) ([`SsoTicket`]): fetched with the
//! access token, sent as `login_hint` with `prompt=login` and `acr_values` ([`StepUpAuthorization`]). Airlock doesn't know RFC 9470; it is
//! what our own backend answers to a call that needs more.

use core::fmt;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    encoding::from_base64url,
    http::{HttpRequest, with_query},
    id_token, par,
    token::ClientAuth,
};

mod challenge;
mod start;
mod ticket;

pub use challenge::INSUFFICIENT_USER_AUTHENTICATION;
pub use start::{StepUpStart, SteppingUp};
pub use ticket::{SsoTicket, SsoTicketError, sso_ticket_request};

/// What an authentication has to be ([RFC 9470 §3](https://www.rfc-editor.org/rfc/rfc9470#section-3)).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct StepUp {
    /// One of these, in order of preference; any, where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// So many seconds ago at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
}

impl StepUp {
    /// Whether anything is asked for at all.
    pub fn is_nothing(&self) -> bool {
        self.acr_values.is_empty() && self.max_age.is_none()
    }

    /// Whether this is how and when the person authenticated.
    pub fn is_met_by(&self, acr: Option<&str>, auth_time: Option<u64>, now: u64) -> bool {
        id_token::check_authentication(acr, auth_time, &self.acr_values, self.max_age, now).is_ok()
    }

    /// Which of a provider's `acr_values` to ask for: all of them, or those that are wanted, in the order in which they are
    /// wanted. `None` where the provider has none of those.
    pub fn of_offered(&self, offered: &[String]) -> Option<Vec<String>> {
        let chosen: Vec<String> = if self.acr_values.is_empty() {
            offered.to_vec()
        } else {
            let wanted = self.acr_values.iter();
            wanted
                .filter(|acr| offered.contains(acr))
                .cloned()
                .collect()
        };
        (!chosen.is_empty()).then_some(chosen)
    }
}

/// Whether a text can be a `state`, a `nonce` or a `code_challenge` of ours: 32 octets in base64url.
pub fn is_one_time_value(text: &str) -> bool {
    text.len() == 43 && from_base64url(text).is_ok()
}

/// The authorization request of a step-up. What makes it secret is the ticket, so it is used once: its methods take `self`.
pub struct StepUpAuthorization<'a> {
    /// The client of the strong flow.
    pub client_id: &'a str,
    /// The provider's one redirect URI.
    pub redirect_uri: &'a str,
    /// The scopes to ask for.
    pub scopes: &'a [String],
    /// From the browser.
    pub state: &'a str,
    /// From the browser.
    pub nonce: &'a str,
    /// From the browser (RFC 7636 §4.2).
    pub code_challenge: &'a str,
    /// In order of preference.
    pub acr_values: &'a [String],
    /// The page's language, where the provider is to know it.
    pub ui_locales: Option<&'a str>,
    /// Further parameters of the configuration.
    pub extra: &'a BTreeMap<String, String>,
    /// Who is coming.
    pub ticket: SsoTicket,
}

impl fmt::Debug for StepUpAuthorization<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepUpAuthorization")
            .field("client_id", &self.client_id)
            .field("acr_values", &self.acr_values)
            .finish_non_exhaustive()
    }
}

impl StepUpAuthorization<'_> {
    /// The request in the address of the browser, ticket and all.
    pub fn into_url(self, authorization_endpoint: &str) -> String {
        let (scope, acr_values) = self.joined();
        with_query(authorization_endpoint, self.pairs(&scope, &acr_values))
    }

    /// The request as it is pushed (RFC 9126 §2.1), so that the ticket is in nobody's history.
    pub fn into_pushed(
        self,
        pushed_authorization_request_endpoint: &str,
        auth: &ClientAuth,
    ) -> HttpRequest {
        let (scope, acr_values) = self.joined();
        let pairs = self.pairs(&scope, &acr_values);
        par::push(
            pushed_authorization_request_endpoint,
            self.client_id,
            auth,
            pairs,
        )
    }

    fn joined(&self) -> (String, String) {
        (self.scopes.join(" "), self.acr_values.join(" "))
    }

    fn pairs<'a>(&'a self, scope: &'a str, acr_values: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", self.client_id),
            ("redirect_uri", self.redirect_uri),
            ("scope", scope),
            ("state", self.state),
            ("acr_values", acr_values),
            // "will force the authorization server to de-authenticate the user before continuing".
            ("prompt", "login"),
            ("login_hint", self.ticket.as_str()),
            ("nonce", self.nonce),
            ("code_challenge", self.code_challenge),
            ("code_challenge_method", "S256"),
        ];
        if let Some(lang) = self.ui_locales {
            pairs.push(("ui_locales", lang));
        }
        // Parameters MUST NOT be included more than once (RFC 6749 §3.1): ours win over configured ones.
        for (name, value) in self.extra {
            if !pairs.iter().any(|(ours, _)| ours == name) {
                pairs.push((name, value));
            }
        }
        pairs
    }
}
