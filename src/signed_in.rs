//! A buyer who is signed in.

use admit_one_protocol::{
    api::{Balance, CookieMirror, Custody, TokensResponse},
    clock::ClockOffset,
    id_token::IdTokenClaims,
    profile::{Field, Profile},
};
use serde::{Deserialize, Serialize};

use crate::{browser, custody, leave};

/// A buyer who is signed in, as it is put down in the browser.
#[derive(Clone, Deserialize, Serialize)]
pub struct SignedIn {
    /// Of this form; another one is not read.
    pub version: u8,
    /// The provider's id.
    pub provider: String,
    /// The verified claims of the ID token.
    pub claims: IdTokenClaims,
    /// The ID token.
    pub id_token: Option<String>,
    /// The access token.
    pub access_token: Option<String>,
    /// When the tokens are refreshed, seconds by the backend's clock.
    pub refresh_at: Option<u64>,
    /// The sealed handle; in a cookie instead with `custody = "cookie"`.
    pub handle: Option<String>,
    /// Whether the provider gave a refresh token.
    pub refreshable: bool,
    /// When the session ends, seconds by the backend's clock.
    pub ends_at: u64,
    /// How far the device's clock is off.
    pub clock: ClockOffset,
    /// Where the buyer wanted to go in this tab; `None` once they are there. Not put down with the rest, which other tabs share.
    #[serde(skip)]
    pub return_to: Option<String>,
    /// The contact's number, once it was synced.
    pub contact_number: Option<String>,
    /// What is known of the buyer.
    pub profile: Profile,
    /// What the buyer has at the provider.
    #[serde(default)]
    pub balances: Vec<Balance>,
    /// What the shop requires and the contact lacks; `None` until it was synced.
    pub missing: Option<Vec<Field>>,
    /// The buyer has said "later" to that.
    pub later: bool,
}

impl SignedIn {
    /// The form that this version writes and reads.
    pub const VERSION: u8 = 1;

    /// A new session from the answer to an exchange, with the claims of its verified ID token.
    #[inline(never)]
    pub fn new(
        tokens: TokensResponse,
        claims: IdTokenClaims,
        clock: ClockOffset,
        return_to: String,
    ) -> SignedIn {
        let mut session = SignedIn {
            version: Self::VERSION,
            provider: tokens.provider.clone(),
            claims,
            id_token: None,
            access_token: None,
            refresh_at: None,
            handle: None,
            refreshable: false,
            ends_at: 0,
            clock,
            return_to: (return_to != "/").then_some(return_to),
            contact_number: None,
            profile: Profile::default(),
            balances: Vec::new(),
            missing: None,
            later: false,
        };
        session.renew(tokens, clock);
        session
    }

    /// The same person's session after a step-up: what is known of them, and where they wanted to go, stays.
    pub fn in_place_of(self, before: &SignedIn) -> SignedIn {
        SignedIn {
            return_to: before.return_to.clone(),
            contact_number: before.contact_number.clone(),
            profile: before.profile.clone(),
            missing: before.missing.clone(),
            later: before.later,
            ..self
        }
    }

    /// Takes over new tokens for the same person.
    pub fn renew(&mut self, tokens: TokensResponse, clock: ClockOffset) {
        self.clock = clock;
        self.refreshable = tokens.refreshable;
        // Ahead of expiry, so that a shop never meets an expired token.
        self.refresh_at = tokens
            .expires_in
            .map(|seconds| tokens.time + seconds - (seconds / 4).min(60));
        self.ends_at = match tokens.expires_in {
            Some(seconds) if !tokens.refreshable => {
                tokens.handle_expires_at.min(tokens.time + seconds)
            }
            _ => tokens.handle_expires_at,
        };
        self.access_token = Some(tokens.access_token);
        // An answer without them leaves the earlier ones valid.
        self.id_token = tokens.id_token.or(self.id_token.take());
        self.handle = tokens.handle.or(self.handle.take());
    }

    /// The time by the backend's clock, seconds.
    pub fn now(&self) -> u64 {
        self.clock.now(browser::now_ms())
    }

    /// Whether the session is past its end.
    pub fn is_over(&self) -> bool {
        self.ends_at <= self.now()
    }

    /// Whether the tokens should be refreshed: their time has come, or the page came back without them.
    pub fn is_due(&self) -> bool {
        self.refreshable
            && (self.access_token.is_none() || self.refresh_at.is_some_and(|at| at <= self.now()))
    }

    /// The same person at the same issuer.
    pub fn is_same_person(&self, other: &SignedIn) -> bool {
        self.claims.iss == other.claims.iss && self.claims.sub == other.claims.sub
    }

    /// The same sign-in of the same person, however often it was refreshed.
    pub fn is_same_session(&self, other: &SignedIn) -> bool {
        self.is_same_person(other) && self.ends_at == other.ends_at
    }

    /// What one tab says to the others: who is signed in, never a token.
    pub fn person(&self) -> String {
        [&self.claims.iss, "\n", &self.claims.sub].concat()
    }

    /// The name, as the provider says it or as the contact has it.
    pub fn name(&self) -> Option<String> {
        let parts = [Field::GivenName, Field::FamilyName].map(|field| self.profile.get(field));
        let known = || parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = self.claims.name.clone();
        name.or_else(|| Some(known()).filter(|name| !name.is_empty()))
    }

    /// What stands where the buyer sees who is signed in.
    pub fn shown_name(&self) -> String {
        let profile = self.profile.get(Field::Email).map(ToOwned::to_owned);
        let claims = &self.claims;
        let known = claims
            .email
            .clone()
            .or(profile)
            .or_else(|| claims.name.clone());
        match known {
            Some(known) => known,
            // UserInfo, which says more, is still being asked.
            None if self.missing.is_none() => String::new(),
            None => claims.sub.clone(),
        }
    }

    /// Who is signed in, without anything that could be used in their name.
    pub fn without_tokens(&self) -> SignedIn {
        SignedIn {
            id_token: None,
            access_token: None,
            handle: None,
            ..self.clone()
        }
    }
}

/// Puts a session down where the configuration wants it, with the readable copy of the ID token; says whether it is kept.
#[inline(never)]
pub fn put_down(custody: Custody, mirror: Option<&CookieMirror>, session: &SignedIn) -> bool {
    leave::used(&session.provider);
    let kept = custody::keep(custody, session);
    if let (Some(mirror), Some(id_token)) = (mirror, &session.id_token) {
        custody::mirror(
            mirror,
            id_token,
            session.ends_at.saturating_sub(session.now()),
        );
    }
    kept
}
