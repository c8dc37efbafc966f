//! Step H again and again: whether the buyer's session at SSO2 goes on, asked by one tab for all, not in hidden ones, and
//! no more often than the configuration says.

use std::cell::Cell;

use admit_one_protocol::{
    Code,
    api::{SessionOutcome, StatusRequest},
    clock::ClockOffset,
};
use leptos::prelude::*;

use crate::{
    api,
    app::App,
    browser::{self, Shelf},
    session::SignedIn,
    sign_out,
};

thread_local! {
    static TIMER: Cell<u32> = const { Cell::new(0) };
    /// The same as what is stored: a browser that stores nothing doesn't have us ask without a pause.
    static LAST_HERE: Cell<u64> = const { Cell::new(0) };
}

/// Comes back when the status is due. Called on every sign-in and whenever the page wakes up.
pub fn watch(app: App) {
    let mine = TIMER.get() + 1;
    TIMER.set(mine);
    let Some((session, interval_ms)) = watched(app) else {
        return;
    };
    if browser::is_hidden() {
        return; // it wakes up when it is looked at
    }
    let wait = (interval_ms.saturating_sub(since_last_ms())).min(LONGEST_WAIT_MS);
    browser::spawn(async move {
        browser::sleep(wait as u32).await;
        if TIMER.get() != mine || browser::is_hidden() {
            return;
        }
        if since_last_ms() >= interval_ms {
            ask(app, session, interval_ms).await;
        }
        if TIMER.get() == mine {
            watch(app);
        }
    });
}

/// The session, if it is one of SSO2's, and how often it is asked about.
fn watched(app: App) -> Option<(SignedIn, u64)> {
    let session = app.session.current()?;
    let configuration = app.configuration.read_value();
    let provider = configuration.provider(&session.provider)?;
    Some((session, provider.status_interval? * 1000))
}

async fn ask(app: App, before: SignedIn, interval_ms: u64) {
    let _lock = browser::lock(LOCK).await;
    // Another tab may have asked meanwhile, or signed out.
    if since_last_ms() < interval_ms {
        return;
    }
    app.session.observe();
    let Some(session) = app
        .session
        .current()
        .filter(|session| session.is_same_person(&before))
    else {
        return;
    };
    // Before the call: a call that fails isn't repeated at once either.
    note();
    let request = StatusRequest {
        handle: session.handle.clone(),
        session: None,
    };
    let answer = match api::status(&session.provider, &request).await {
        Ok(answer) => answer,
        Err(failure) if failure.ends_session() => {
            app.session.end_of(&session, Some(failure.code));
            return;
        }
        Err(failure) => {
            let line = failure.for_developers();
            return browser::complain(
                "the status can't be had; what was known stays",
                &line.into(),
            );
        }
    };
    match (answer.outcome, answer.tokens) {
        (SessionOutcome::Unchanged, _) => {}
        (SessionOutcome::SignedIn, Some(tokens)) => {
            if sign_out::drop_late_cookie(app, &session).await {
                return;
            }
            let clock = ClockOffset::estimate(tokens.time, browser::now_ms());
            app.session
                .update(&session, |session| session.renew(tokens, clock));
        }
        _ => {
            app.session.end_of(&session, Some(Code::Sso2SignedOut));
        }
    }
}

/// Milliseconds since any tab has asked; a last time in the future is a clock that was set back.
fn since_last_ms() -> u64 {
    let shelves = Shelf::ALL.into_iter();
    let last = shelves
        .filter_map(|shelf| shelf.text(LAST))
        .filter_map(|text| text.parse::<u64>().ok());
    let now = browser::now_ms();
    let past = last.chain([LAST_HERE.get()]).filter(|last| *last <= now);
    past.max().map_or(u64::MAX, |last| now - last)
}

/// Notes that the session was looked at, as it is by the sign-in, too.
pub fn note() {
    let now = browser::now_ms();
    LAST_HERE.set(now);
    let now = now.to_string();
    let _ = Shelf::Local.put(LAST, &now) || Shelf::Session.put(LAST, &now);
}

const LOCK: &str = "admit-one.status";
const LAST: &str = "admit-one.status";
/// Timers are not to be trusted over longer times.
const LONGEST_WAIT_MS: u64 = 600_000;
