//! Where a session rests in the browser, decided in this one place (see "Custody of tokens" in the README).

use admit_one_protocol::api::{CookieMirror, Custody};

use serde::{Deserialize, Serialize};

use crate::{
    browser::{self, Shelf},
    pending,
    signed_in::SignedIn,
};

/// The one key of a session.
pub const KEY: &str = "admit-one";
/// The answers to the profile's questions, before they are saved.
pub const ANSWERS: &str = "admit-one.profile";
const RETURN_TO: &str = "admit-one.return-to";
const PROBE: &str = "admit-one.probe";
/// A session whose page was left for a step-up.
const ASIDE: &str = "admit-one.aside";

/// Puts the session down on the configured rung, or on the next one that the browser allows:
/// localStorage, sessionStorage, memory. Says whether it is kept.
pub fn keep(custody: Custody, session: &SignedIn) -> bool {
    let kept = match custody {
        Custody::Local => {
            Shelf::Local.set(KEY, session) || {
                Shelf::Local.remove(KEY); // of an earlier one, perhaps
                Shelf::Session.set(KEY, session)
            }
        }
        Custody::Session => Shelf::Session.set(KEY, session),
        Custody::Memory => true,
        // Only who is signed in, so that the next page knows to ask the cookie; no token and no handle.
        Custody::Cookie => Shelf::Local.set(KEY, &session.without_tokens()),
    };
    if !kept {
        browser::complain(
            "the session is kept in memory alone: this browser stores nothing",
            &KEY.into(),
        );
    }
    kept
}

/// The session that was put down, on whatever rung it had to be.
pub fn kept(custody: Custody) -> Option<SignedIn> {
    let session: Option<SignedIn> = match custody {
        Custody::Local => Shelf::Local.get(KEY).or_else(|| Shelf::Session.get(KEY)),
        Custody::Session => Shelf::Session.get(KEY),
        Custody::Memory => aside(),
        Custody::Cookie => Shelf::Local.get(KEY),
    };
    let mut session = session.filter(|session| session.version == SignedIn::VERSION)?;
    session.return_to = kept_return_to(&session);
    Some(session)
}

/// Keeps where the buyer wants to go, in this tab and as this person.
pub fn keep_return_to(session: &SignedIn) {
    match &session.return_to {
        Some(return_to) => {
            let text = [&session.person(), "\n", return_to].concat();
            Shelf::Session.put(RETURN_TO, &text);
        }
        None => Shelf::Session.remove(RETURN_TO),
    }
}

fn kept_return_to(session: &SignedIn) -> Option<String> {
    let kept = Shelf::Session.text(RETURN_TO)?;
    let return_to = kept.strip_prefix(&session.person())?.strip_prefix('\n');
    return_to.map(ToOwned::to_owned)
}

/// Lays the session aside while the buyer is away for a step-up, where it would go with the page: who it is and the sealed
/// handle, no token, for this tab and as long as the step-up of this `state` is open. Says whether it is kept.
pub fn lay_aside(session: &SignedIn, state: &str) -> bool {
    let session = SignedIn {
        handle: session.handle.clone(),
        ..session.without_tokens()
    };
    let aside = Aside {
        state: state.to_owned(),
        session,
    };
    Shelf::Session.set(ASIDE, &aside)
}

/// What has become of the session that is laid aside, if one is: a newer handle, for instance.
pub fn lay_aside_again(session: &SignedIn) {
    if let Some(aside) = Shelf::Session.get::<Aside>(ASIDE) {
        lay_aside(session, &aside.state);
    }
}

/// Forgets what is laid aside: the step-up has come to its end.
pub fn forget_aside() {
    Shelf::Session.remove(ASIDE);
}

fn aside() -> Option<SignedIn> {
    let aside: Aside = Shelf::Session.get(ASIDE)?;
    let open = pending::find(&aside.state);
    if open.is_none_or(|pending| pending.is_expired(browser::now_ms())) {
        forget_aside();
        return None;
    }
    Some(aside.session)
}

#[derive(Deserialize, Serialize)]
struct Aside {
    state: String,
    session: SignedIn,
}

/// Forgets the session on every rung: the configuration may have changed since it was put down.
pub fn forget(mirror: Option<&CookieMirror>) {
    for shelf in Shelf::ALL {
        shelf.remove(KEY);
    }
    Shelf::Session.remove(RETURN_TO);
    forget_aside();
    forget_mirror(mirror);
}

/// Takes the readable copy away: nobody is signed in, or somebody of whom there is none.
pub fn forget_mirror(mirror: Option<&CookieMirror>) {
    if let Some(mirror) = mirror {
        browser::set_cookie(&cookie(mirror, "", 0));
    }
}

/// Writes the readable copy of the ID token for a shop on a sibling domain, where it is configured.
pub fn mirror(mirror: &CookieMirror, id_token: &str, seconds: u64) {
    browser::set_cookie(&cookie(mirror, id_token, seconds));
}

/// The cookie's text. A JWT needs no escaping in it.
fn cookie(mirror: &CookieMirror, value: &str, seconds: u64) -> String {
    let secure = if browser::is_https() { "; Secure" } else { "" };
    format!(
        "{}={value}; Domain={}; Path=/; Max-Age={seconds}; SameSite=Lax{secure}",
        mirror.name, mirror.domain
    )
}

/// Whether localStorage can be read, so that an absent session means that there is none.
pub fn is_readable() -> bool {
    Shelf::Local.put(PROBE, "1") && {
        Shelf::Local.remove(PROBE);
        true
    }
}

/// Whether the rung is one whose sessions tabs see through storage events.
pub fn is_shared(custody: Custody) -> bool {
    matches!(custody, Custody::Local | Custody::Cookie)
}

/// Whether the session rests where other tabs see it. It may not although the rung is shared: localStorage can be full or blocked.
pub fn is_in_sight(custody: Custody) -> bool {
    is_shared(custody) && Shelf::Local.text(KEY).is_some()
}

/// Forgets the answers: they were saved, or this person isn't signed in any more.
pub fn forget_answers() {
    for shelf in Shelf::ALL {
        shelf.remove(ANSWERS);
    }
}
