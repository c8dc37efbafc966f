//! What can't be done because we can't be reached is done once we can: for the same person, and unless the buyer does
//! something else meanwhile.

use std::{cell::Cell, pin::Pin};

use leptos::prelude::*;

use crate::{app::App, browser, failure::Failure, session::SignedIn, sync};

/// Something under way that may fail.
pub type Work = Pin<Box<dyn Future<Output = Result<(), Failure>>>>;

/// What a button does: once at a time, and until it is done or given up.
pub fn press(app: App, busy: RwSignal<bool>, work: impl Fn() -> Work + 'static) {
    if busy.get_untracked() {
        return;
    }
    app.notice.set(None);
    let work: Box<dyn Fn() -> Work> = Box::new(work);
    // The page may be gone by now.
    let tell: Box<dyn Fn(bool)> = Box::new(move |is_busy| {
        let _ = busy.try_set(is_busy);
    });
    browser::spawn(persist(app, tell, work));
}

/// Does it; shows what goes wrong, and does it again as long as we can't be reached.
pub async fn persist(app: App, tell_busy: Box<dyn Fn(bool)>, work: Box<dyn Fn() -> Work>) {
    let mut wait = Wait::new(app);
    loop {
        tell_busy(true);
        let result = work().await;
        tell_busy(false);
        match result {
            Ok(()) => return wait.done(),
            Err(failure) => {
                if !wait.is_over(failure).await {
                    return;
                }
            }
        }
    }
}

/// The buyer does something else: what waits is given up.
pub fn never_mind(app: App) {
    TURN.set(TURN.get() + 1);
    if is_shown(app) {
        app.notice.set(None);
    }
}

/// How long to wait after something that passes, `least` or more: those who are asked to come again don't come together.
pub fn pause_ms(failure: &Failure, least: u32) -> u64 {
    match failure.retry_after {
        Some(seconds) => {
            let asked = u32::try_from(seconds)
                .unwrap_or(u32::MAX)
                .saturating_mul(1000);
            u64::from(asked.max(least)) + u64::from(browser::a_part_of(asked / 2))
        }
        None => u64::from(least),
    }
}

/// The wait until we can be reached. There is one at a time: the last that was begun.
pub struct Wait {
    app: App,
    turn: u32,
    session: Option<SignedIn>,
    pause_ms: u32,
}

thread_local! {
    static TURN: Cell<u32> = const { Cell::new(0) };
}

impl Wait {
    /// Nothing has gone wrong yet.
    pub fn new(app: App) -> Wait {
        TURN.set(TURN.get() + 1);
        Wait {
            app,
            turn: TURN.get(),
            session: app.session.current(),
            pause_ms: FIRST_PAUSE_MS,
        }
    }

    /// Shows what went wrong, and waits until it is worth another try; `false` where it isn't.
    pub async fn is_over(&mut self, failure: Failure) -> bool {
        let passes = failure.passes();
        let pause = pause_ms(&failure, self.pause_ms);
        // What is said already isn't said, and read out, once more.
        if !(passes && self.is_wanted()) {
            self.app.notice.set(None);
            if let Some(session) = &self.session {
                sync::refused(self.app, session, failure);
            }
        }
        let mut was_online = browser::is_online();
        // Tried without a network, too, since some browsers say so wrongly.
        let until = browser::now_ms() + pause;
        self.pause_ms = (self.pause_ms * 2).min(LAST_PAUSE_MS);
        while passes && self.is_wanted() {
            let is_back = browser::is_online() && !was_online;
            was_online = browser::is_online();
            if is_back || browser::now_ms() >= until {
                self.session = self.app.session.current();
                return true;
            }
            browser::sleep(LOOK_MS).await;
        }
        false
    }

    /// It is done: what was said about it goes.
    pub fn done(self) {
        if self.is_wanted() {
            self.app.notice.set(None);
        }
    }

    /// Whether it is what the buyer still waits for.
    fn is_wanted(&self) -> bool {
        let is_last = TURN.get() == self.turn && is_shown(self.app);
        let is_same = match (&self.app.session.current(), &self.session) {
            (Some(now), Some(then)) => now.is_same_person(then),
            (now, then) => now.is_none() && then.is_none(),
        };
        if is_last && !is_same {
            // Nobody is signed in any more, or somebody else.
            never_mind(self.app);
            return false;
        }
        is_last
    }
}

/// Whether the page says that something passes.
fn is_shown(app: App) -> bool {
    let notice = app.notice.read_untracked();
    app.failure.read_untracked().is_none() && notice.as_ref().is_some_and(Failure::passes)
}

const LOOK_MS: u32 = 200;
const FIRST_PAUSE_MS: u32 = 2_000;
const LAST_PAUSE_MS: u32 = 60_000;
