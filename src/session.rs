//! Who is signed in: the one owner of that fact.

use admit_one_protocol::{
    Code,
    api::{Custody, PublicConfiguration},
};
use leptos::prelude::*;

pub use crate::signed_in::SignedIn;
use crate::{
    consent,
    custody::{self, forget_answers},
    leave, sign_out,
    signed_in::put_down,
    tabs,
};

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
        consent::forget_others(&session);
        leave::want_another(false);
        sign_out::cookie_is_right();
        self.keep(&session);
        if session.id_token.is_none() {
            custody::forget_mirror(self.configuration.read_value().cookie_mirror.as_ref());
        }
        tabs::announce_sign_in(&session);
        self.state.set(SessionState::SignedIn(Box::new(session)));
    }

    /// Changes the session if it is still the one of this person.
    pub fn update(self, person: &SignedIn, change: impl FnOnce(&mut SignedIn)) {
        // What another tab has just ended, or replaced, isn't put down again.
        self.observe();
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
        let configuration = self.configuration.read_value();
        put_down(
            configuration.custody,
            configuration.cookie_mirror.as_ref(),
            session,
        );
        custody::keep_return_to(session);
        if configuration.custody == Custody::Memory {
            custody::lay_aside_again(session);
        }
    }

    /// Ends this session, and says whether it did: one that has taken its place by now, perhaps in another tab, stays.
    pub fn end_of(self, ended: &SignedIn, why: Option<Code>) -> bool {
        self.observe();
        let is_still = self.current().is_some_and(|now| now.is_same_session(ended));
        if is_still {
            self.end(why);
        }
        is_still
    }

    /// Signs out in this browser; `why` is shown, if it wasn't the buyer's wish.
    pub fn end(self, why: Option<Code>) {
        custody::forget(self.configuration.read_value().cookie_mirror.as_ref());
        forget_answers();
        if why == Some(Code::HandleRevoked) {
            consent::forget(); // signed out everywhere, from elsewhere
        }
        self.state.set(SessionState::SignedOut(why));
        // Where tabs have a session each, the end of one says nothing of the others.
        if !matches!(
            why,
            Some(Code::HandleExpired | Code::RefreshUnavailable | Code::RefreshRefused)
        ) {
            tabs::announce_sign_out();
        }
    }

    /// Signs out in this tab because another one did.
    pub fn leave(self, why: Option<Code>) {
        self.state.set(SessionState::SignedOut(why));
    }

    /// Looks again at what is put down: another tab may have signed in, out, or as somebody else.
    pub fn observe(self) {
        let custody = self.configuration.read_value().custody;
        let current = self.current();
        if custody == Custody::Memory && current.is_some() {
            return; // whatever is laid aside is no newer
        }
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
                consent::forget_others(&kept);
                leave::want_another(false);
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
