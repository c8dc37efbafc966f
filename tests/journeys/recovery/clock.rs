//! Devices whose clock is wrong, or that slept.

use crate::browser::Options;
use crate::buyer::ALICE;
use crate::journey::journey;

use super::{WAKE, alice_signed_in, begins_again, shifted};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hours_of_sleep_end_with_a_refresh() {
    journey(async |j| {
        let b = &j.browser;
        alice_signed_in(b, j).await;
        let before = j.stage.backend_gate.count("/v1/refresh");
        b.run(&(shifted(2 * 3600) + WAKE)).await;
        j.stage.sees_refreshes(before + 1).await;
        b.sees_signed_in(ALICE).await;
        b.press("continue").await;
        b.wait_for(&format!("location.origin === '{}'", j.stage.shop))
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_opened_after_two_hours_refreshes() {
    journey(async |j| {
        let b = &j.browser;
        alice_signed_in(b, j).await;
        b.before_each_page(&shifted(2 * 3600)).await;
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
