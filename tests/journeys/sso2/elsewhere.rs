//! What other sites of the organisation do: a session that is there already, and one that is ended there.
//!
//! How often a status is asked for has nothing to do with a directory: those journeys are run with one.

use std::time::Duration;

use super::{paper, polled};
use crate::browser::Options;
use crate::buyer::{ALICE, BOB};
use crate::directory::{Directory, with_both_directories};
use crate::journey::journey_on;

const STATUS: &str = "/v1/sso2/paper/status";

with_both_directories!(
    signed_in_elsewhere_already_needs_no_form_at_all,
    signed_out_elsewhere_is_seen_at_the_next_status_in_all_tabs,
    signed_out_elsewhere_says_why,
    signing_out_here_signs_out_elsewhere_too,
);

async fn signed_in_elsewhere_already_needs_no_form_at_all(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.signs_in_at_the_news(&j.stage, "bob").await;
        b.open(&j.stage.app("/")).await;
        b.press_paper().await;
        b.sees_signed_in(BOB).await;
        assert_eq!(j.stage.backend_gate.count("/v1/sso2/paper/authenticate"), 0);
    })
    .await;
}

async fn signed_out_elsewhere_is_seen_at_the_next_status_in_all_tabs(directory: Directory) {
    journey_on(polled().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.reads_the_paper_as(&j.stage, "alice").await;
        let first = b.tab().await;
        let second = b.new_tab().await;
        b.open(&j.stage.app("/account")).await;
        b.sees_signed_in(ALICE).await;
        b.new_tab().await;
        b.open(&j.stage.payway("/site")).await;
        b.press("payway-sign-out").await;
        b.wait_for("document.querySelector('[data-testid=payway-nobody]')")
            .await;
        for tab in [&second, &first] {
            b.switch_to(tab).await;
            b.sees_sign_in().await;
        }
    })
    .await;
}

async fn signed_out_elsewhere_says_why(directory: Directory) {
    journey_on(polled().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.reads_the_paper_as(&j.stage, "alice").await;
        j.stage.sandbox.end_sessions();
        b.sees_error("sso2_signed_out").await;
        b.sees_sign_in().await;
    })
    .await;
}

async fn signing_out_here_signs_out_elsewhere_too(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.reads_the_paper_as(&j.stage, "alice").await;
        b.open(&j.stage.payway("/site")).await;
        b.wait_for("document.querySelector('[data-testid=payway-reader]')")
            .await;
        b.open(&j.stage.app("/account")).await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out'").await;
        assert!(!b.somebody_is_signed_in().await);
        b.open(&j.stage.payway("/site")).await;
        b.wait_for("document.querySelector('[data-testid=payway-nobody]')")
            .await;
        // And the next sign-in asks for the password.
        b.reaches_login_form(&j.stage).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_goes_on_stays_and_one_tab_asks_for_all() {
    journey_on(
        paper("status_interval = 2"),
        Options::default(),
        async |j| {
            let b = &j.browser;
            // Else it might be only one that asks because the others are hidden.
            let looked_at = "Object.defineProperty(document, 'hidden', { get: () => false }); \
                Object.defineProperty(document, 'visibilityState', { get: () => 'visible' });";
            b.before_each_page(looked_at).await;
            b.reads_the_paper_as(&j.stage, "alice").await;
            for _ in 0..2 {
                b.new_tab().await;
                b.before_each_page(looked_at).await;
                b.open(&j.stage.app("/account")).await;
                b.sees_signed_in(ALICE).await;
            }
            let before = j.stage.backend_gate.count(STATUS);
            tokio::time::sleep(Duration::from_millis(5000)).await;
            let asked = j.stage.backend_gate.count(STATUS) - before;
            assert!(
                (1..=3).contains(&asked),
                "{asked} times in five seconds, every two"
            );
            b.sees_signed_in(ALICE).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_does_not_remember_when_it_asked_keeps_the_pause_too() {
    let setup = paper("status_interval = 2");
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        let full = "const set = Storage.prototype.setItem; \
            Storage.prototype.setItem = function (name, text) { \
                if (name === 'admit-one.status') throw new DOMException('full', 'QuotaExceededError'); \
                return set.call(this, name, text); };";
        b.before_each_page(full).await;
        b.reads_the_paper_as(&j.stage, "alice").await;
        let before = j.stage.backend_gate.count(STATUS);
        tokio::time::sleep(Duration::from_millis(5000)).await;
        let asked = j.stage.backend_gate.count(STATUS) - before;
        assert!(
            (1..=3).contains(&asked),
            "{asked} times in five seconds, every two"
        );
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_for_whoever_is_signed_in_renews_the_tokens() {
    journey_on(polled(), Options::default(), async |j| {
        let b = &j.browser;
        b.reads_the_paper_as(&j.stage, "alice").await;
        let token = "JSON.parse(localStorage.getItem('admit-one')).access_token";
        let before = b.eval(token).await;
        j.stage
            .payway_settings(serde_json::json!({ "ticket_always": true }));
        b.wait_for(&format!("{token} !== {before}")).await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_tab_does_not_ask() {
    journey_on(polled(), Options::default(), async |j| {
        let b = &j.browser;
        b.reads_the_paper_as(&j.stage, "alice").await;
        let hide = |hidden: bool| {
            format!(
                "Object.defineProperty(document, 'hidden', {{ configurable: true, get: () => {hidden} }}); \
                 document.dispatchEvent(new Event('visibilitychange'))"
            )
        };
        b.run(&hide(true)).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let before = j.stage.backend_gate.count(STATUS);
        tokio::time::sleep(Duration::from_millis(3000)).await;
        assert_eq!(j.stage.backend_gate.count(STATUS), before);
        b.run(&hide(false)).await;
        for _ in 0..200 {
            if j.stage.backend_gate.count(STATUS) > before {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("a tab that is looked at again asks");
    })
    .await;
}
