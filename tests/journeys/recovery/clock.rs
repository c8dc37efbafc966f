//! Devices whose clock is wrong, or that slept.

use crate::browser::Options;
use crate::buyer::ALICE;
use crate::journey::journey;

use super::{WAKE, alice_signed_in, begins_again, shifted};

/// Two hours.
const SLEEP: i64 = 2 * 3600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hours_of_sleep_end_with_a_refresh() {
    journey(async |j| {
        let b = &j.browser;
        alice_signed_in(b, j).await;
        let before = j.stage.backend_gate.count("/v1/refresh");
        j.stage.pass(SLEEP);
        b.run(&(shifted(SLEEP) + WAKE)).await;
        // The page's nonce is two hours old: the first is refused, and sent again with a new one.
        j.stage.sees_refreshes(before + 2).await;
        b.sees_signed_in(ALICE).await;
        b.press("continue").await;
        b.wait_for(&format!("location.origin === '{}'", j.stage.shop))
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_page_that_slept_for_two_hours_signs_in() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.wait_for("admitOne.ready || document.readyState === 'complete'")
            .await;
        j.stage.pass(SLEEP);
        b.before_each_page(&shifted(SLEEP)).await;
        b.run(&(shifted(SLEEP) + WAKE)).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_slept_for_two_hours_are_saved() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("bob").await;
        b.fill("input[name=phone_number]", "+41791234567").await;
        b.fill("select[name='address.country']", "CH").await;
        j.stage.pass(SLEEP);
        b.run(&(shifted(SLEEP) + WAKE)).await;
        b.press("save").await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_opened_after_two_hours_refreshes() {
    journey(async |j| {
        let b = &j.browser;
        alice_signed_in(b, j).await;
        j.stage.pass(SLEEP);
        b.before_each_page(&shifted(SLEEP)).await;
        let before = j.stage.backend_gate.count("/v1/refresh");
        b.open(&j.stage.app("/account")).await;
        j.stage.sees_refreshes(before + 1).await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_twenty_minutes_fast_or_slow_signs_in() {
    journey(async |j| {
        for seconds in [20 * 60, -20 * 60] {
            let b = j.another_browser(Options::default()).await;
            b.before_each_page(&shifted(seconds)).await;
            alice_signed_in(&b, j).await;
            b.open(&j.stage.app("/account")).await;
            b.refresh(&j.stage).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_token_is_refused_even_by_a_browser_whose_clock_is_as_old() {
    journey(async |j| {
        const HOURS: i64 = 5 * 3600;
        j.stage.sandbox.advance_clock(-HOURS);
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_error("id_token_expired").await;
        assert!(!b.somebody_is_signed_in().await);

        let slow = j.another_browser(Options::default()).await;
        slow.before_each_page(&shifted(-HOURS)).await;
        slow.open(&j.stage.app("/")).await;
        slow.sign_in("alice").await;
        slow.sees_error("id_token_expired").await;
        assert!(!slow.somebody_is_signed_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_reset_of_more_than_an_hour_begins_again() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.reaches_login().await;
        b.before_each_page(&shifted(3700)).await;
        b.log_in("alice").await;
        b.sees_error("state_expired").await;
        assert!(!b.somebody_is_signed_in().await);
        begins_again(b).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_refreshed_ahead_of_their_expiry() {
    journey(async |j| {
        j.stage.access_token_lifetime(8).await;
        alice_signed_in(&j.browser, j).await;
        j.stage.sees_refreshes(1).await;
        j.browser.sees_signed_in(ALICE).await;
    })
    .await;
}
