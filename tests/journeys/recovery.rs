//! What goes wrong on the buyer's side: reloads, tabs, clocks, networks, storage. Each ends signed in by itself where
//! that is safe, else with one clear next step.

mod callback;
mod clock;
mod files;
mod history;
mod network;
mod storage;
mod tabs;

use crate::browser::Browser;
use crate::buyer::{ALICE, Outcome};
use crate::journey::Journey;

/// Signs alice in and waits until the page has nothing left to do.
async fn alice_signed_in(b: &Browser, j: &Journey) {
    b.open(&j.stage.app("/")).await;
    b.sign_in("alice").await;
    assert_eq!(b.settled_outcome().await, Outcome::SignedIn(ALICE.into()));
}

/// The error page leads on: its one button begins again, and that signs alice in.
async fn begins_again(b: &Browser) {
    b.click(
        "[data-testid=start-again], [data-testid=error] [data-testid=retry], [data-testid=retry]",
    )
    .await;
    let next = b.wait_for("document.querySelector('input[name=username]') ? 'login' : document.querySelector('[data-testid=sign-in]') ? 'button' : document.querySelector('[data-testid=user-email]') && 'email'").await;
    match next.as_str() {
        Some("login") => b.log_in("alice").await,
        Some("button") => {
            b.press("sign-in").await;
            let there = b.wait_for("document.querySelector('input[name=username]') ? 'login' : document.querySelector('[data-testid=user-email]') && 'email'").await;
            if there == "login" {
                b.log_in("alice").await;
            }
        }
        _ => {}
    }
    b.sees_signed_in(ALICE).await;
}

/// Shifts the device's clock from now on, as a sleep does.
pub(crate) fn shifted(seconds: i64) -> String {
    format!(
        "(() => {{ const Real = Date, now = () => Real.now() + {}; \
           globalThis.Date = new Proxy(Real, {{ \
             construct: (target, given) => given.length ? new target(...given) : new target(now()), \
             apply: () => new Real(now()).toString(), \
             get: (target, name) => name === 'now' ? now : Reflect.get(target, name) }}); }})();",
        seconds * 1000
    )
}

/// Wakes the page up as a lid that opens does.
pub(crate) const WAKE: &str = "for (const type of ['visibilitychange', 'resume']) document.dispatchEvent(new Event(type)); \
    for (const type of ['pageshow', 'focus', 'online']) window.dispatchEvent(new Event(type));";
