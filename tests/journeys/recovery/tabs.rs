//! Several tabs of one browser.

use std::time::Duration;

use admit_one_sandbox::System;

use crate::buyer::{ALICE, DAVE};
use crate::journey::journey;

use super::{WAKE, alice_signed_in, shifted};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_attempts_in_two_tabs_both_arrive_though_the_second_comes_first() {
    journey(async |j| {
        let b = &j.browser;
        let first = b.tab().await;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.reaches_login().await;
        let second = b.new_tab().await;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.switch_to(&first).await;
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.switch_to(&second).await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

/// The page that came first holds the lock until it has saved the session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_callback_in_two_tabs_is_exchanged_once() {
    journey(async |j| {
        let b = &j.browser;
        j.stage.backend_gate.hold("/v1/exchange");
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.wait_for("location.pathname === '/callback/club'").await;
        let callback = b.eval("location.href").await.as_str().unwrap().to_owned();
        let first = b.tab().await;
        b.new_tab().await;
        b.open(&callback).await;
        // Longer than a page waits for one that has died.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        j.stage.backend_gate.release();
        b.sees_signed_in(ALICE).await;
        b.switch_to(&first).await;
        b.sees_signed_in(ALICE).await;
        let exchanges = j.stage.backend_gate.count("/v1/exchange");
        assert_eq!(exchanges, 1, "the code isn't sent twice");
    })
    .await;
}

/// Nobody holds a lock then, and both may send the code: the backend has one answer for both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_callback_in_two_tabs_without_web_locks_at_the_same_moment_is_one_sign_in() {
    journey(async |j| {
        let b = &j.browser;
        let first = b.tab().await;
        b.before_each_page(WITHOUT_LOCKS).await;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.reaches_login().await;
        // The address of the callback, before anything has been made of it.
        let nothing = (http::StatusCode::OK, http::HeaderMap::new(), String::new());
        j.stage.backend_gate.answer("/callback/club", nothing);
        b.log_in("alice").await;
        b.wait_for("location.pathname === '/callback/club'").await;
        let callback = b.url().await;
        j.stage.backend_gate.release();
        let go = format!("location.assign({})", serde_json::json!(callback));
        b.run(&format!("addEventListener('storage', () => {go})")).await;
        let second = b.new_tab().await;
        b.before_each_page(WITHOUT_LOCKS).await;
        b.open(&j.stage.app("/healthz")).await;
        j.stage.sandbox_gate.hold("/club/token");
        b.run(&format!("localStorage.setItem('go', '1'); setTimeout(() => {go}, 0)"))
            .await;
        for tab in [&first, &second] {
            b.switch_to(tab).await;
            b.wait_for("location.pathname === '/callback/club' && navigator.locks === undefined && window.admitOne?.callback")
                .await;
        }
        // Slow, but no slower than a client waits.
        tokio::time::sleep(Duration::from_millis(1000)).await;
        j.stage.sandbox_gate.release();
        for tab in [&first, &second] {
            b.switch_to(tab).await;
            b.sees_signed_in(ALICE).await;
        }
        let asked = j.stage.heard(System::Club, "/token");
        assert_eq!(asked.len(), 1, "the provider sees the code once: {asked:?}");
        assert_eq!(j.stage.sandbox_gate.count("/club/authorize"), 1);
        // And the one session is good in both.
        for tab in [&first, &second] {
            b.switch_to(tab).await;
            b.refresh(&j.stage).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_in_one_tab_is_seen_in_the_other() {
    journey(async |j| {
        let b = &j.browser;
        alice_signed_in(b, j).await;
        let first = b.tab().await;
        b.new_tab().await;
        b.open(&j.stage.app("/account")).await;
        b.sees_signed_in(ALICE).await;
        b.press("sign-out").await;
        b.wait_for("localStorage.getItem('admit-one') === null")
            .await;
        b.switch_to(&first).await;
        b.wait_for("document.querySelector('[data-testid=user-email]') === null")
            .await;
        assert!(!b.text().await.contains(ALICE), "{}", b.text().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_as_somebody_else_is_seen_in_the_other_tab() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.reaches_login().await;
        let first = b.tab().await;
        let second = b.new_tab().await;
        alice_signed_in(b, j).await;
        b.switch_to(&first).await;
        b.log_in("dave").await;
        b.fill("input[name=otp]", "000000").await;
        b.submit("input[name=otp]").await;
        b.wait_for("document.querySelector('[data-testid=user-email]')?.innerText.trim() === 'dave@example.test'").await;
        b.sees_signed_in(DAVE).await;
        b.switch_to(&second).await;
        b.wait_for("document.querySelector('[data-testid=user-email]')?.innerText.trim() === 'dave@example.test'").await;
        assert!(!b.text().await.contains(ALICE), "{}", b.text().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_that_wake_up_together_refresh_once() {
    two_tabs_refresh_once("").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_without_web_locks_that_wake_up_together_refresh_once() {
    two_tabs_refresh_once(WITHOUT_LOCKS).await;
}

const WITHOUT_LOCKS: &str = "Object.defineProperty(navigator, 'locks', { value: undefined });";

async fn two_tabs_refresh_once(before_each_page: &str) {
    journey(async |j| {
        let b = &j.browser;
        b.before_each_page(before_each_page).await;
        alice_signed_in(b, j).await;
        let first = b.tab().await;
        let second = b.new_tab().await;
        b.before_each_page(before_each_page).await;
        b.open(&j.stage.app("/account")).await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        let before = j.stage.backend_gate.count("/v1/refresh");
        let calls = j.stage.sandbox_gate.count("/club/token");
        j.stage.backend_gate.hold("/v1/refresh");
        for tab in [&first, &second] {
            b.switch_to(tab).await;
            b.run(&(shifted(2 * 3600) + WAKE)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        j.stage.backend_gate.release();
        j.stage.sees_refreshes(before + 1).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(j.stage.backend_gate.count("/v1/refresh"), before + 1);
        assert_eq!(j.stage.sandbox_gate.count("/club/token"), calls + 1);
        for tab in [&first, &second] {
            b.switch_to(tab).await;
            b.sees_signed_in(ALICE).await;
        }
    })
    .await;
}
