//! Step *later*: tokens are refreshed ahead of expiry, by one tab at a time, and a network failure is never a sign-out.

use std::cell::Cell;

use admit_one_protocol::{Code, alg::Alg, api::RefreshRequest, clock::ClockOffset};
use leptos::prelude::*;

use crate::{
    api, app::App, browser, failure::Failure, session::SignedIn, sign_out, status, verify,
};

/// Refreshes the tokens now, unless another tab has just done it. What ends the session, ends it here; any other
/// failure leaves the buyer signed in.
pub async fn refresh(app: App) -> Result<(), Failure> {
    let Some(before) = app.session.current() else {
        return Ok(());
    };
    let asked = browser::now_ms();
    let _lock = browser::lock(LOCK).await;
    if browser::now_ms().saturating_sub(asked) > HELD_MS {
        // Another tab had it. What it has put down comes from another process, by another way than the lock.
        browser::sleep(SETTLE_MS).await;
    }
    app.session.observe();
    let Some(session) = app
        .session
        .current()
        .filter(|session| session.is_same_person(&before))
    else {
        return Ok(());
    };
    if session.access_token.is_some()
        && session.access_token != before.access_token
        && !session.is_due()
    {
        return Ok(()); // another tab was first
    }
    let result = renew(app, &session).await;
    if let Err(failure) = &result
        && !failure.is_transient()
    {
        if failure.ends_session() {
            app.session.end_of(&session, Some(failure.code));
        } else if !is_ours(failure.code) && app.session.end_of(&session, None) {
            // The provider vouched for somebody else, or broke a rule: nobody is signed in any more.
            app.fail(failure.clone());
        }
    }
    result
}

/// Mistakes of ours and of the operator don't end a session.
fn is_ours(code: Code) -> bool {
    use admit_one_protocol::Actor;
    matches!(code.actor(), Actor::Operator | Actor::Developer)
}

async fn renew(app: App, session: &SignedIn) -> Result<(), Failure> {
    if !session.refreshable {
        return Err(Code::RefreshUnavailable.into());
    }
    let request = RefreshRequest {
        handle: session.handle.clone(),
        provider: Some(session.provider.clone()),
    };
    let tokens = api::refresh(&request).await?;
    if sign_out::drop_late_cookie(app, session).await {
        return Ok(());
    }
    let device = browser::now_ms();
    let mut clock = ClockOffset::estimate(tokens.time, device);
    let mut claims = None;
    if let Some(id_token) = &tokens.id_token {
        let signed = verify::signed(id_token, &tokens, &algs(app, session)).await?;
        clock = clock.after_iat(signed.iat().unwrap_or(0), device);
        let verified = signed
            .verify_refreshed(&session.claims, &tokens.access_token, clock.now(device))
            .map_err(verify::Refused::from)?;
        claims = Some(verified.claims().clone());
    }
    app.session.update(session, |session| {
        session.renew(tokens, clock);
        if let Some(claims) = claims {
            session.claims = claims;
        }
    });
    Ok(())
}

fn algs(app: App, session: &SignedIn) -> Vec<Alg> {
    let configuration = app.configuration.read_value();
    configuration
        .provider(&session.provider)
        .map(|provider| {
            provider
                .algs
                .iter()
                .filter_map(|alg| alg.parse().ok())
                .collect()
        })
        .unwrap_or_default()
}

thread_local! {
    static TIMER: Cell<u32> = const { Cell::new(0) };
    static BUSY: Cell<bool> = const { Cell::new(false) };
    static FAILURES: Cell<u32> = const { Cell::new(0) };
}

/// Looks at the session by the clock: ends it, refreshes it, or comes back when it is time. Called on every sign-in and
/// whenever the page wakes up, since timers don't run while a laptop sleeps.
pub fn watch(app: App) {
    status::watch(app);
    let Some(session) = app.session.current() else {
        return;
    };
    if session.is_over() {
        let why = if session.refreshable {
            Code::HandleExpired
        } else {
            Code::RefreshUnavailable
        };
        app.session.end_of(&session, Some(why));
        return come_back(app);
    }
    if session.is_due() && !BUSY.get() {
        BUSY.set(true);
        browser::spawn(async move {
            let failed = refresh(app).await.is_err();
            BUSY.set(false);
            FAILURES.set(if failed { FAILURES.get() + 1 } else { 0 });
            come_back(app);
        });
        return;
    }
    come_back(app);
}

/// The network is back: what failed for want of it is tried now, though not by everybody in the hall at the same moment.
pub fn try_again(app: App) {
    FAILURES.set(0);
    browser::spawn(async move {
        browser::sleep(browser::a_part_of(SPREAD_MS)).await;
        watch(app);
    });
}

fn come_back(app: App) {
    let Some(session) = app.session.current() else {
        return;
    };
    let now = session.now();
    let due = if session.refreshable {
        session.refresh_at.unwrap_or(session.ends_at)
    } else {
        session.ends_at
    };
    let failures = FAILURES.get();
    let pause = if failures > 0 {
        (15 << failures.min(6)).min(600)
    } else {
        1
    };
    let wait = due
        .min(session.ends_at)
        .saturating_sub(now)
        .clamp(pause, LONGEST_WAIT);
    let mine = TIMER.get() + 1;
    TIMER.set(mine);
    browser::spawn(async move {
        let spread = if failures > 0 { wait as u32 * 500 } else { 0 };
        browser::sleep(wait as u32 * 1000 + browser::a_part_of(spread)).await;
        if TIMER.get() == mine {
            watch(app);
        }
    });
}

/// The lock over the tokens of the session: whoever replaces them holds it.
pub const LOCK: &str = "admit-one.refresh";
/// A lock that nobody holds is there sooner.
const HELD_MS: u64 = 20;
/// For what is in localStorage to arrive here too.
const SETTLE_MS: u32 = 100;
/// Over which those who come back at once spread what they ask.
const SPREAD_MS: u32 = 2_000;
/// Timers are not to be trusted over longer times.
const LONGEST_WAIT: u64 = 600;
