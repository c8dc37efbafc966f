//! Step *later*: signing out, here or everywhere, and the return from the provider's own sign-out.

use admit_one_protocol::{
    Code,
    api::{Custody, SignOutReach, SignOutRequest},
    authorization::callback_state,
    encoding::base64url,
    logout::LogoutReturn,
};
use leptos::prelude::*;

use crate::{
    again, api,
    app::App,
    browser::{self, Entry, Lock, Shelf},
    consent,
    failure::Failure,
    leave, refresh,
    route::Route,
    session::SignedIn,
};

/// What a buyer signs out for.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Purpose {
    /// To leave.
    Leave,
    /// To sign in with another account.
    OtherAccount,
}

/// Signs out here to sign in with another account, which [`Route::SignedOut`] leads to.
pub fn other_account(app: App) {
    again::never_mind(app);
    app.failure.set(None);
    browser::spawn(async move {
        let signed_out = sign_out(app, SignOutReach::Here, Purpose::OtherAccount).await;
        if let Err(failure) = signed_out {
            app.fail(failure);
        }
    });
}

/// Signs out. Here always works, since this browser can forget by itself; everywhere needs the backend.
pub async fn sign_out(app: App, reach: SignOutReach, purpose: Purpose) -> Result<(), Failure> {
    let another = purpose == Purpose::OtherAccount;
    // A provider may want the ID token back, which isn't kept on every rung: a page that was just opened has it with the refresh.
    let lacks_id_token = |session: SignedIn| session.id_token.is_none() && session.is_due();
    if app.session.current().is_some_and(lacks_id_token) {
        let _ = refresh::refresh(app).await;
    }
    let Some(session) = app.session.current() else {
        leave::want_another(another);
        app.go(Route::SignedOut, Entry::Replace);
        return Ok(());
    };
    let state = base64url(browser::entropy().ok_or(Code::CryptoUnavailable)?);
    let request = SignOutRequest {
        handle: session.handle,
        reach,
        id_token: session.id_token,
        state: state.clone(),
    };
    let answer = api::sign_out(&request).await;
    if let (Err(failure), SignOutReach::Everywhere) = (&answer, reach)
        && !failure.ends_session()
    {
        return Err(failure.clone());
    }
    Shelf::Session.remove(EVERYWHERE);
    if reach == SignOutReach::Everywhere {
        consent::forget();
        if answer.is_ok() {
            Shelf::Session.put(EVERYWHERE, "1");
        }
    }
    if let Err(failure) = &answer {
        // Nobody has told the provider.
        Shelf::Session.put(KEY, UNTOLD);
        if failure.is_transient() && app.configuration.read_value().custody == Custody::Cookie {
            Shelf::Local.put(FORGET, "1");
        }
    }
    remember(session.return_to.as_deref());
    leave::want_another(another);
    app.session.end(None);
    match answer.ok().and_then(|answer| answer.end_session_url) {
        Some(url) => {
            let _ = Shelf::Session.put(KEY, &state) || Shelf::Local.put(KEY, &state);
            browser::leave_for_good(&url);
        }
        None => app.go(Route::SignedOut, Entry::Replace),
    }
    Ok(())
}

/// Has the cookie that an answer has brought for this session revoked and taken away, if the session has ended meanwhile; says whether
/// it had. Whoever has signed in since has to sign in again, since their cookie is gone.
pub async fn drop_late_cookie(app: App, session: &SignedIn) -> bool {
    app.session.observe();
    let current = app.session.current();
    let is_late = app.configuration.read_value().custody == Custody::Cookie
        && current.is_none_or(|current| !current.is_same_session(session));
    if is_late {
        forget_cookie().await;
    }
    is_late
}

/// Has the handle in the cookie revoked and taken away, after somebody has signed out: now, or once we can be reached.
async fn forget_cookie() {
    Shelf::Local.put(FORGET, "1");
    try_to_forget().await;
}

async fn try_to_forget() {
    let alone = browser::lock_if_free(FORGETTING).await;
    if alone.is_none() || Shelf::Local.text(FORGET).is_none() {
        return; // another tab is at it, or somebody has signed in since
    }
    let request = SignOutRequest {
        handle: None,
        reach: SignOutReach::Here,
        id_token: None,
        state: base64url(browser::entropy().unwrap_or_default()),
    };
    match api::sign_out(&request).await {
        Err(failure) if failure.is_transient() => {}
        _ => cookie_is_right(),
    }
}

/// The same, where it couldn't be done before and nobody is signing in.
pub fn try_again(app: App) {
    let signs_in = matches!(app.route.get_untracked(), Route::Callback | Route::Landing);
    if Shelf::Local.text(FORGET).is_some() && !signs_in && app.session.current().is_none() {
        browser::spawn(try_to_forget());
    }
}

/// For whoever signs in: an answer that is on its way still takes no new cookie along. `None` where there is none to wait for.
pub async fn before_a_cookie() -> Option<Lock> {
    Shelf::Local.text(FORGET)?;
    Some(browser::lock(FORGETTING).await)
}

/// The cookie is that of whoever is signed in, or there is none.
pub fn cookie_is_right() {
    Shelf::Local.remove(FORGET);
}

/// Whether the provider confirms the sign-out that was asked for, by the `state` in the address, which it doesn't where we couldn't
/// be reached; `None` where nothing was asked of a provider. Answers once: the `state` leaves the address, so that a reload doesn't ask again.
pub fn confirmation() -> Option<LogoutReturn> {
    let sent: Option<String> = Shelf::ALL.into_iter().find_map(|shelf| shelf.text(KEY));
    for shelf in Shelf::ALL {
        shelf.remove(KEY);
    }
    let query = browser::query();
    if sent.is_none() && callback_state(&query).is_none() {
        return None;
    }
    browser::set_path(Route::SignedOut.path(), Entry::Replace);
    let answer = LogoutReturn::accept(&query, sent.as_deref());
    if answer == LogoutReturn::Confirmed {
        // The provider has nobody any more whom it could sign in by itself.
        leave::want_another(false);
    }
    Some(answer)
}

/// Whether the buyer was signed out everywhere; answers once.
pub fn was_everywhere() -> bool {
    let was = Shelf::Session.text(EVERYWHERE).is_some();
    Shelf::Session.remove(EVERYWHERE);
    was
}

/// Where whoever has signed out wanted to go, for their next sign-in: it was another account that should go there.
pub fn wanted() -> Option<String> {
    let wanted = Shelf::Session.text(WANTED);
    remember(None);
    wanted
}

fn remember(wanted: Option<&str>) {
    match wanted {
        Some(wanted) => {
            Shelf::Session.put(WANTED, wanted);
        }
        None => Shelf::Session.remove(WANTED),
    }
}

const KEY: &str = "admit-one.sign-out";
/// In the place of a `state`: no answer has it.
const UNTOLD: &str = "";
/// The cookie has a handle of nobody in it (also in `boot.js`).
const FORGET: &str = "admit-one.forget";
const FORGETTING: &str = "admit-one.forgetting";
const EVERYWHERE: &str = "admit-one.everywhere";
const WANTED: &str = "admit-one.wanted";
