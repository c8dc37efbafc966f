//! Step *later*: signing out, here or everywhere, and the return from the provider's own sign-out.

use admit_one_protocol::{
    Code,
    api::{SignOutReach, SignOutRequest},
    encoding::base64url,
};

use crate::{
    api,
    app::App,
    browser::{self, Entry, Shelf},
    consent,
    failure::Failure,
    route::Route,
};

/// Signs out. Here always works, since this browser can forget by itself; everywhere needs the backend.
pub async fn sign_out(app: App, reach: SignOutReach) -> Result<(), Failure> {
    let Some(session) = app.session.current() else {
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
    if reach == SignOutReach::Everywhere {
        consent::forget();
    }
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

/// Whether the provider confirms the sign-out that was asked for, by its `state`
/// ([RP-Initiated Logout §3](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RedirectionAfterLogout)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Confirmation {
    /// Nothing was asked of a provider.
    NotAsked,
    /// It came back with our `state`.
    Confirmed,
    /// It came back without it, or with another: the provider may still know the buyer.
    Missing,
}

/// Compares the `state` in the address with the one that was sent, once.
pub fn confirmation() -> Confirmation {
    let sent: Option<String> = Shelf::ALL.into_iter().find_map(|shelf| shelf.text(KEY));
    for shelf in Shelf::ALL {
        shelf.remove(KEY);
    }
    match (sent, browser::parameter("state")) {
        (None, None) => Confirmation::NotAsked,
        (Some(sent), Some(returned)) if sent == returned => Confirmation::Confirmed,
        _ => Confirmation::Missing,
    }
}

const KEY: &str = "admit-one.sign-out";
