//! Step *sync*: what the shop requires is compared with what is known, and the buyer goes on.

use std::cell::Cell;

use admit_one_protocol::{Code, api::ProfileRequest, api::ProfileResponse};
use leptos::prelude::*;

use crate::{
    again::{self, Wait, Work},
    api,
    app::App,
    browser::{self, Entry},
    failure::Failure,
    grant, refresh,
    route::Route,
    session::SignedIn,
    start,
};

/// After a sign-in: sync, then to the profile page, to where the buyer wanted to go, or nowhere. What is away for a
/// moment is asked again; after that the buyer can.
pub async fn onward(app: App) {
    if SYNCING.get() {
        return; // that one leads on
    }
    let mut wait = Wait::new(app);
    loop {
        SYNCING.set(true);
        let synced = patiently(app).await;
        SYNCING.set(false);
        match synced {
            Ok(()) => {
                wait.done();
                return proceed(app).await;
            }
            Err(failure) => {
                if !wait.is_over(failure).await || SYNCING.get() {
                    return;
                }
            }
        }
    }
}

thread_local! {
    static SYNCING: Cell<bool> = const { Cell::new(false) };
}

/// The sync, again after a moment where that is likely to help.
async fn patiently(app: App) -> Result<(), Failure> {
    let mut pause = FIRST_PAUSE_MS;
    loop {
        match sync(app).await {
            Err(failure) if failure.is_brief() && pause <= LAST_PAUSE_MS => {
                browser::sleep(pause).await;
                pause *= 2;
            }
            synced => return synced,
        }
    }
}

/// Asks the backend what it knows of the buyer and what is missing.
pub async fn sync(app: App) -> Result<(), Failure> {
    let Some(session) = app.session.current() else {
        return Ok(());
    };
    if !app.configuration.read_value().directory {
        app.session
            .update(&session, |session| session.missing = Some(Vec::new()));
        return Ok(());
    }
    if session.access_token.is_none() && session.refreshable {
        refresh::refresh(app).await?;
    }
    let answer = match ask(app).await {
        // An access token that has just ended is refreshed, once.
        Err(failure) if failure.code == Code::UserinfoRefused && session.refreshable => {
            refresh::refresh(app).await?;
            ask(app).await
        }
        answer => answer,
    };
    let (session, answer) = answer?;
    keep(app, &session, answer);
    Ok(())
}

/// The answer, and the session that was sent with it.
async fn ask(app: App) -> Result<(SignedIn, ProfileResponse), Failure> {
    let session = app.session.current().ok_or(Code::HandleMissing)?;
    let request = ProfileRequest {
        handle: session.handle.clone(),
        access_token: session.access_token.clone().unwrap_or_default(),
    };
    let answer = api::profile(&request).await?;
    Ok((session, answer))
}

/// Takes over what the backend has said to what this session sent.
pub fn keep(app: App, sent: &SignedIn, answer: ProfileResponse) {
    app.session.update(sent, |session| {
        session.contact_number = answer.contact_number;
        session.profile = answer.profile;
        if let Some(balances) = answer.balances {
            session.balances = balances;
        }
        session.missing = Some(answer.missing);
    });
}

/// What is shown when the sync of this session, or something after it, doesn't work.
pub fn refused(app: App, sent: &SignedIn, failure: Failure) {
    if app.session.current().is_none() {
        return; // the refresh has said why
    }
    if failure.is_conflict() {
        app.fail(failure);
    } else if failure.ends_session() || failure.code == Code::UserinfoRefused {
        app.session.end_of(sent, Some(failure.code));
    } else if matches!(failure.code, Code::UserinfoSub | Code::UserinfoInvalid) {
        // The provider vouches for one person and speaks of another.
        if app.session.end_of(sent, None) {
            app.fail(failure);
        }
    } else {
        app.notice.set(Some(failure));
    }
}

/// On to whatever comes next for a buyer whose profile was synced.
pub async fn proceed(app: App) {
    let Some(session) = app.session.current() else {
        return;
    };
    if session
        .missing
        .as_ref()
        .is_some_and(|missing| !missing.is_empty())
        && !session.later
    {
        return app.go(Route::Profile, Entry::Replace);
    }
    let Some(wanted) = session
        .return_to
        .as_deref()
        .and_then(|raw| start::allowed(&app.configuration.read_value(), raw).ok())
    else {
        return app.go(Route::Account, Entry::Replace);
    };
    if !wanted.is_own() {
        let grant = move || -> Work { Box::pin(grant::grant(app)) };
        return again::persist(app, Box::new(|_| {}), Box::new(grant)).await;
    }
    app.session
        .update(&session, |session| session.return_to = None);
    let address = wanted.as_str();
    match Route::parse(address) {
        Route::SignIn | Route::Callback | Route::Landing | Route::SignedOut => {
            app.go(Route::Account, Entry::Replace)
        }
        Route::Unknown => {
            browser::leave_for_good(address);
        }
        route if address.starts_with('/') => {
            app.go(route, Entry::Replace);
            browser::set_path(address, Entry::Replace); // with its query
        }
        _ => {
            browser::leave_for_good(address);
        }
    }
}

const FIRST_PAUSE_MS: u32 = 500;
const LAST_PAUSE_MS: u32 = 2_000;
