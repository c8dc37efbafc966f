//! What can't be done because we can't be reached is done once we can, unless the buyer does something else meanwhile.

use std::{cell::Cell, pin::Pin};

use admit_one_protocol::Code;
use leptos::prelude::*;

use crate::{app::App, browser, failure::Failure, session::SignedIn, sync};

/// Something under way that may fail.
pub type Work = Pin<Box<dyn Future<Output = Result<(), Failure>>>>;

/// What a button does: once at a time, what goes wrong is shown, and while we can't be reached it is tried again.
pub fn press(app: App, busy: RwSignal<bool>, work: impl Fn() -> Work + 'static) {
    if busy.get_untracked() {
        return;
    }
    app.notice.set(None);
    let work: Box<dyn Fn() -> Work> = Box::new(work);
    browser::spawn(async move {
        let mut wait = Wait::new(app);
        loop {
            // The page may be gone by now.
            let _ = busy.try_set(true);
            let result = work().await;
            let _ = busy.try_set(false);
            match result {
                Ok(()) => return wait.done(),
                Err(failure) => {
                    if !wait.is_over(failure).await {
                        return;
                    }
                }
            }
        }
    });
}

/// The wait until we can be reached. There is one at a time: the last that was begun.
pub struct Wait {
    app: App,
    turn: u32,
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
            pause_ms: FIRST_PAUSE_MS,
        }
    }

    /// Shows what went wrong, and waits until it is worth another try; `false` where it isn't.
    pub async fn is_over(&mut self, failure: Failure) -> bool {
        let passes = failure.code == Code::Offline;
        // What is said already isn't said, and read out, once more.
        if !(passes && self.is_shown()) {
            sync::refused(self.app, failure);
        }
        let was_online = browser::is_online();
        let until = browser::now_ms() + u64::from(self.pause_ms);
        self.pause_ms = (self.pause_ms * 2).min(LAST_PAUSE_MS);
        while passes && TURN.get() == self.turn && self.is_shown() {
            browser::sleep(LOOK_MS).await;
            if browser::is_online() && (!was_online || browser::now_ms() >= until) {
                return TURN.get() == self.turn && self.is_shown();
            }
        }
        false
    }

    /// It is done: what was said about it goes, and so does a sync that something else has kept from its end.
    pub fn done(self) {
        if self.is_shown() {
            self.app.notice.set(None);
        }
        let unsynced = |session: &SignedIn| session.missing.is_none();
        if self
            .app
            .session
            .current()
            .is_some_and(|session| unsynced(&session))
        {
            browser::spawn(sync::onward(self.app));
        }
    }

    fn is_shown(&self) -> bool {
        let notice = self.app.notice.read_untracked();
        let offline = |notice: &Failure| notice.code == Code::Offline;
        self.app.failure.read_untracked().is_none() && notice.as_ref().is_some_and(offline)
    }
}

const LOOK_MS: u32 = 200;
const FIRST_PAUSE_MS: u32 = 2_000;
const LAST_PAUSE_MS: u32 = 60_000;
