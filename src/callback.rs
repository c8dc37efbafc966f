//! Steps *callback*, *exchange*, *verify* and *save*: a response of a provider becomes a session, exactly once.

use admit_one_protocol::{
    Code,
    authorization::{PendingAuthorization, callback_state, unmatched},
};
use leptos::prelude::*;

use crate::{
    again::pause_ms,
    api,
    app::App,
    browser::{self, Entry, Lock},
    failure::Failure,
    landing, leave,
    pages::sign_in,
    pending, refresh,
    route::Route,
    session::SignedIn,
    sign_out, start, step_up, sync, verify,
};

/// The address of the sign-in page, with where the buyer wanted to go: the next attempt, or a reload, leads there.
pub(crate) fn keep_destination(return_to: &str) {
    let path = match return_to {
        "/" => "/".to_owned(),
        wanted => ["/?return_to=", &browser::encoded(wanted)].concat(),
    };
    browser::set_path(&path, Entry::Replace);
}

/// How far the sign-in is, for the page to show.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Under way.
    Working,
    /// Something was away for a moment; it is being tried again.
    Trying,
    /// We can't be reached, or say when to come again; it goes on by itself then.
    Waiting(Failure),
    /// Trying by itself didn't help; the buyer can.
    Stuck(Failure),
    /// SSO2: our own login form, for the sign-in of this `state`.
    LoginForm(String),
    /// SSO2: the central login form at this address.
    CentralForm(String),
}

/// Why an attempt ended.
pub(crate) enum Trouble {
    /// Waiting may help. The pending sign-in is kept.
    Passing(Failure),
    /// It doesn't. The pending sign-in is gone.
    Final(Failure),
    /// It doesn't either, but it was a step-up: the session is as it was.
    Unchanged(Failure, Box<PendingAuthorization>),
    /// The code is spent, and starting again is safe.
    Spent(Failure, Box<PendingAuthorization>),
}

/// Takes the response in the address to its end.
pub async fn run(app: App, progress: RwSignal<Progress>) {
    let mut tries: u32 = 0;
    loop {
        let outcome = match app.route.get_untracked() {
            Route::Landing => landing::attempt(app, progress).await,
            _ => attempt(app).await,
        };
        let failure = match outcome {
            Ok(()) => return,
            Err(Trouble::Final(failure)) => return app.fail(failure),
            Err(Trouble::Unchanged(failure, pending)) => {
                return step_up::failed(app, &pending, failure);
            }
            Err(Trouble::Spent(failure, pending)) => {
                return start_again(app, failure, pending).await;
            }
            Err(Trouble::Passing(failure)) => failure,
        };
        let was_online = browser::is_online();
        let is_soon = failure.retry_after.is_none() && was_online && tries < TRIES;
        if failure.passes() && !is_soon {
            let least = FIRST_PAUSE_MS << tries.min(MOST_DOUBLED);
            let until = browser::now_ms() + pause_ms(&failure, least);
            progress.set(Progress::Waiting(failure));
            if was_online {
                tries += 1; // somebody in between is away
            }
            // The button sets it to `Working`.
            let waits = || matches!(progress.try_get_untracked(), Some(Progress::Waiting(_)));
            let is_time = || browser::is_online() && (!was_online || browser::now_ms() >= until);
            while !is_time() && waits() {
                browser::sleep(200).await;
            }
            if progress.try_set(Progress::Working).is_some() {
                return; // the page is gone
            }
        } else if failure.is_brief() && tries < TRIES {
            progress.set(Progress::Trying);
            browser::sleep(FIRST_PAUSE_MS << tries).await;
            tries += 1;
        } else {
            progress.set(Progress::Stuck(failure));
            return;
        }
    }
}

/// One try, from the address to the session.
async fn attempt(app: App) -> Result<(), Trouble> {
    let query = browser::query();
    let Some(pending) = answered(&query) else {
        return unknown(app, &query);
    };
    let arrived_at = pending.arrived_at.or_else(|| Some(browser::now_ms()));
    let pending = PendingAuthorization {
        arrived_at,
        ..pending
    };
    let state = pending.state.clone();
    let provider = pending.provider.clone();
    let last = |failure: Failure| {
        pending::consume(&state);
        if pending.step_up.is_some() {
            return Trouble::Unchanged(failure.at(&provider), Box::new(pending.clone()));
        }
        keep_destination(&pending.return_to);
        Trouble::Final(failure.at(&provider))
    };

    let _cookie = sign_out::before_a_cookie().await;
    let early = api::early_exchange().await;
    let mut lock = None;
    if early.is_none() {
        browser::boot_release();
        lock = Some(claim(app, &pending).await?);
        if app.route.get_untracked() != Route::Callback {
            return Ok(()); // another page with this response has finished it
        }
    }
    let code = pending
        .clone()
        .accept(&query, browser::now_ms())
        .map_err(|error| last(Failure::new(error.code()).with_detail(error)))?;
    if let Some(stepping_up) = &pending.step_up {
        let came_back = step_up::come_back(app, &code, stepping_up).await;
        return came_back.map_err(|failure| {
            if failure.is_transient() {
                pending::claim(pending.clone(), None);
                Trouble::Passing(failure.at(&provider))
            } else {
                last(failure)
            }
        });
    }
    let answer = match early {
        // Too old, or taken by another tab at the same moment: another proof does.
        Some(Err(failure)) if matches!(failure.code, Code::ProofNonce | Code::ProofReplayed) => {
            api::exchange(&code.exchange_request()).await
        }
        Some(answer) => answer,
        None => api::exchange(&code.exchange_request()).await,
    };
    let tokens = answer.map_err(|failure| match failure.code {
        _ if failure.is_transient() => {
            pending::claim(pending.clone(), None);
            browser::boot_release();
            Trouble::Passing(failure.at(&provider))
        }
        Code::ExchangeRefused => {
            pending::consume(&state);
            Trouble::Spent(failure.at(&provider), Box::new(pending.clone()))
        }
        _ => last(failure),
    })?;
    let session = verify::exchanged(tokens, &code, &pending)
        .await
        .map_err(|refused| last(refused.into()))?;
    finish(app, session, &state, lock);
    Ok(())
}

/// The pending sign-in that the address is a response to.
fn answered(query: &str) -> Option<PendingAuthorization> {
    let here = [browser::origin(), browser::path()].concat();
    callback_state(query)
        .and_then(|state| pending::find(&state))
        .filter(|pending| pending.is_answered_at(&here))
}

/// The buyer wants to begin anew: with a sign-in or, in the middle of a step-up, where they were.
pub fn give_up(app: App) {
    let provider = app.callback_provider();
    match answered(&browser::query()) {
        Some(pending) if pending.step_up.is_some() => {
            return step_up::failed(app, &pending, Code::StepUpAbandoned.into());
        }
        Some(pending) => {
            keep_destination(&pending.return_to);
            app.follow();
        }
        None => {}
    }
    sign_in::start_again(app, provider);
}

/// Shows who is signed in, and goes on with what may take longer.
pub(crate) fn finish(app: App, session: SignedIn, state: &str, lock: Option<Lock>) {
    app.session.adopt(session);
    pending::consume(state);
    pending::forget_restarts();
    browser::boot_release();
    drop(lock);
    // The code leaves the address and the history with it.
    app.go(Route::Account, Entry::Replace);
    refresh::watch(app);
    browser::spawn(sync::onward(app));
}

/// Takes the lock over a pending sign-in and marks it, unless another page has been quicker.
pub(crate) async fn claim(app: App, pending: &PendingAuthorization) -> Result<Lock, Trouble> {
    let lock = browser::lock(&pending::key(&pending.state)).await;
    let spent = || {
        let failure = Failure::new(Code::CallbackUsed).at(&pending.provider);
        Trouble::Spent(failure, Box::new(pending.clone()))
    };
    match pending::find(&pending.state) {
        Some(free) if free.claimed_at.is_none() || is_orphaned(&free, &lock) => {
            let arrived_at = pending.arrived_at;
            let free = PendingAuthorization { arrived_at, ..free };
            pending::claim(free, Some(browser::now_ms()));
            Ok(lock)
        }
        claimed => {
            // Its page has finished, has died in the middle, or (without Web Locks) is at it still.
            let patience = if claimed.is_some() && matches!(lock, Lock::Web(_)) {
                2
            } else {
                20
            };
            for _ in 0..patience {
                app.session.observe();
                if app.session.current().is_some() {
                    app.go(Route::Account, Entry::Replace);
                    step_up::is_abandoned(app);
                    refresh::watch(app);
                    return Ok(lock);
                }
                browser::sleep(200).await;
            }
            pending::consume(&pending.state);
            Err(spent())
        }
    }
}

/// Whether the page that claimed this step-up was reloaded, or has died, in the middle: while it lives it holds the lock. The
/// backend gives the same answer again, for a minute.
fn is_orphaned(claimed: &PendingAuthorization, lock: &Lock) -> bool {
    claimed.step_up.is_some() && matches!(lock, Lock::Web(_))
}

/// A response to nothing that was asked here: a reload after the end, a stale page, or a foreign one.
fn unknown(app: App, query: &str) -> Result<(), Trouble> {
    app.session.observe();
    if app.session.current().is_some() {
        app.go(Route::Account, Entry::Replace);
        browser::spawn(sync::onward(app));
        return Ok(());
    }
    let provider = app.callback_provider();
    let error = unmatched(query);
    Err(Trouble::Final(Failure {
        provider,
        ..Failure::new(error.code()).with_detail(error)
    }))
}

/// The code was spent before it brought anything. The provider still knows the buyer, so another round costs nothing;
/// but only one.
pub(crate) async fn start_again(app: App, failure: Failure, pending: Box<PendingAuthorization>) {
    // Who is asked for a password again reads why first.
    let knows = pending.kind.knows_the_person_again() && !leave::wants_another();
    if !knows || !pending::may_restart() {
        keep_destination(&pending.return_to);
        return app.fail(failure);
    }
    if let Err(failure) = start::start(app, &pending.provider, &pending.return_to).await {
        app.fail(failure);
    }
}

const TRIES: u32 = 3;
const FIRST_PAUSE_MS: u32 = 500;
/// A pause is a minute at most.
const MOST_DOUBLED: u32 = 7;
