//! Who is signed in: the one owner of that fact.

use admit_one_protocol::{
    Code,
    api::{PublicConfiguration, TokensResponse},
    clock::ClockOffset,
    id_token::IdTokenClaims,
    profile::{Field, Profile},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{browser, custody, pages::profile::forget_answers, tabs};

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
    /// Where the buyer wanted to go; `None` once they are there.
    pub return_to: Option<String>,
    /// The contact's number, once it was synced.
    pub contact_number: Option<String>,
    /// What is known of the buyer.
    pub profile: Profile,
    /// What the shop requires and the contact lacks; `None` until it was synced.
    pub missing: Option<Vec<Field>>,
    /// The buyer has said "later" to that.
    pub later: bool,
}

impl SignedIn {
    /// The form that this version writes and reads.
    pub const VERSION: u8 = 1;

    /// A new session from the answer to an exchange, with the claims of its verified ID token.
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
            missing: None,
            later: false,
        };
        session.renew(tokens, clock);
        session
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

/// What is known about the buyer at this browser.
#[derive(Clone)]
pub enum SessionState {
    /// Nobody is signed in; why, if somebody was.
    SignedOut(Option<Code>),
    /// Somebody is.
    SignedIn(Box<SignedIn>),
}

/// The handle to the one session of the page.
#[derive(Clone, Copy)]
pub struct Session {
    state: RwSignal<SessionState>,
    configuration: StoredValue<PublicConfiguration>,
}

impl Session {
    /// Nobody is signed in yet.
    pub fn nobody(configuration: StoredValue<PublicConfiguration>) -> Session {
        Session {
            state: RwSignal::new(SessionState::SignedOut(None)),
            configuration,
        }
    }

    /// Derived when read: there is no second copy to keep in step.
    pub fn is_signed_in(self) -> bool {
        matches!(&*self.state.read(), SessionState::SignedIn(_))
    }

    /// A value of the session, tracked; `None` where nobody is signed in.
    pub fn with<T>(self, read: impl FnOnce(&SignedIn) -> T) -> Option<T> {
        match &*self.state.read() {
            SessionState::SignedIn(session) => Some(read(session)),
            SessionState::SignedOut(_) => None,
        }
    }

    /// Why somebody isn't signed in any more.
    pub fn ended_by(self) -> Option<Code> {
        match &*self.state.read() {
            SessionState::SignedOut(why) => *why,
            SessionState::SignedIn(_) => None,
        }
    }

    /// The session as it is now, untracked.
    pub fn current(self) -> Option<SignedIn> {
        match &*self.state.read_untracked() {
            SessionState::SignedIn(session) => Some((**session).clone()),
            SessionState::SignedOut(_) => None,
        }
    }

    /// Signs this person in, in place of whoever was.
    pub fn adopt(self, session: SignedIn) {
        if self
            .current()
            .is_some_and(|current| !current.is_same_person(&session))
        {
            forget_answers();
        }
        self.keep(&session);
        tabs::announce_sign_in(&session);
        self.state.set(SessionState::SignedIn(Box::new(session)));
    }

    /// Changes the session if it is still the one of this person.
    pub fn update(self, person: &SignedIn, change: impl FnOnce(&mut SignedIn)) {
        let Some(mut session) = self
            .current()
            .filter(|current| current.is_same_person(person))
        else {
            return;
        };
        change(&mut session);
        self.keep(&session);
        self.state.set(SessionState::SignedIn(Box::new(session)));
    }

    fn keep(self, session: &SignedIn) {
        put_down(&self.configuration.read_value(), session);
    }

    /// Signs out in this browser; `why` is shown, if it wasn't the buyer's wish.
    pub fn end(self, why: Option<Code>) {
        custody::forget(self.configuration.read_value().cookie_mirror.as_ref());
        forget_answers();
        self.state.set(SessionState::SignedOut(why));
        tabs::announce_sign_out();
    }

    /// Signs out in this tab because another one did.
    pub fn leave(self, why: Option<Code>) {
        self.state.set(SessionState::SignedOut(why));
    }

    /// Looks again at what is put down: another tab may have signed in, out, or as somebody else.
    pub fn observe(self) {
        let custody = self.configuration.read_value().custody;
        let current = self.current();
        match custody::kept(custody) {
            Some(kept) if kept.is_over() => {
                custody::forget(self.configuration.read_value().cookie_mirror.as_ref());
                forget_answers();
                let why = if kept.refreshable {
                    Code::HandleExpired
                } else {
                    Code::RefreshUnavailable
                };
                self.state.set(SessionState::SignedOut(Some(why)));
            }
            Some(mut kept) => {
                // With `custody = "cookie"` the tokens are in this page's memory alone.
                if let Some(current) = current
                    .filter(|current| kept.access_token.is_none() && current.is_same_person(&kept))
                {
                    let tokens = (current.id_token, current.access_token, current.refresh_at);
                    (kept.id_token, kept.access_token, kept.refresh_at) = tokens;
                }
                self.state.set(SessionState::SignedIn(Box::new(kept)));
            }
            None if current.is_some() && custody::is_shared(custody) && custody::is_readable() => {
                self.state.set(SessionState::SignedOut(None));
            }
            None => {}
        }
    }
}

/// Puts a session down where the configuration wants it, with the readable copy of the ID token; says whether it is kept.
pub fn put_down(configuration: &PublicConfiguration, session: &SignedIn) -> bool {
    let kept = custody::keep(configuration.custody, session);
    if let (Some(mirror), Some(id_token)) = (&configuration.cookie_mirror, &session.id_token) {
        custody::mirror(
            mirror,
            id_token,
            session.ends_at.saturating_sub(session.now()),
        );
    }
    kept
}
