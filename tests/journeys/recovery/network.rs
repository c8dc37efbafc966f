//! A network or a backend that fails for a while, and an app that comes late.

use std::time::Duration;

use admit_one_sandbox::Fault;
use serde_json::{Value, json};

use crate::browser::{Browser, Options};
use crate::buyer::ALICE;
use crate::journey::{Journey, journey, journey_on};
use crate::stage::{ARENA, Setup};

use super::alice_signed_in;

/// She has logged in at the provider, and we can't be reached when she is back.
async fn alice_comes_back_out_of_reach(j: &Journey) {
    let b = &j.browser;
    b.open(&j.stage.app("/")).await;
    b.press("sign-in").await;
    b.reaches_login().await;
    b.unreachable(&["*/v1/*"]).await;
    b.log_in("alice").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_fails_at_the_callback_and_returns_signs_in_by_itself() {
    journey(async |j| {
        let b = &j.browser;
        alice_comes_back_out_of_reach(j).await;
        b.wait_for("location.pathname === '/callback/club' && document.querySelector('[data-testid=error], [data-testid=status]')").await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(!b.somebody_is_signed_in().await);
        b.online(false).await;
        b.unreachable(&[]).await;
        b.online(true).await;
        b.wait_for("document.querySelector('[data-testid=user-email]')?.innerText.includes('alice')").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_out_of_reach_at_the_callback_for_a_while_is_tried_until_it_answers() {
    journey(async |j| {
        let b = &j.browser;
        alice_comes_back_out_of_reach(j).await;
        b.sees_error("offline").await;
        b.unreachable(&[]).await;
        b.wait_for(
            "document.querySelector('[data-testid=user-email]')?.innerText.includes('alice')",
        )
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_starts_again_where_nothing_goes_on_still_gets_to_the_page_that_they_came_for() {
    journey(async |j| {
        let b = &j.browser;
        let page = b.come_from_basket(&j.stage).await;
        b.press("sign-in").await;
        b.reaches_login().await;
        b.unreachable(&["*/v1/*"]).await;
        b.log_in("alice").await;
        b.sees_error("offline").await;
        b.unreachable(&[]).await;
        b.press("start-again").await;
        b.wait_for(&format!("location.href === '{page}'")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_that_takes_a_while_is_spoken_of() {
    journey(async |j| {
        let b = &j.browser;
        j.stage.backend_gate.hold("/v1/exchange");
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.wait_for("document.querySelector('[data-testid=status]')?.checkVisibility()")
            .await;
        j.stage.backend_gate.release();
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_without_a_network_stays_here_and_is_honoured_once_it_is_back() {
    for (page, said) in [
        ("/account", "[data-testid=error][data-code=offline]"),
        ("/", "[data-testid=late]"),
    ] {
        journey(async |j| {
            let b = &j.browser;
            b.open(&j.stage.app(page)).await;
            b.sees_sign_in().await;
            b.wait_for("admitOne.ready").await;
            b.online(false).await;
            b.press("sign-in").await;
            b.wait_for(&format!("document.querySelector('{said}')"))
                .await;
            b.online(true).await;
            b.reaches_login().await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_presses_without_a_network_the_last_is_honoured() {
    let setup = Setup {
        more: ARENA.to_owned(),
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.wait_for("admitOne.ready").await;
        b.online(false).await;
        b.click("[data-provider=club]").await;
        b.click("[data-provider=arena]").await;
        b.online(true).await;
        b.reaches_login().await;
        assert!(b.url().await.contains("airlock"), "{}", b.url().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_says_wrongly_that_it_has_no_network_leaves_nobody_here() {
    journey(async |j| {
        let b = &j.browser;
        b.before_each_page(
            "Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })",
        )
        .await;
        for page in ["/", "/account"] {
            b.open(&j.stage.app(page)).await;
            b.sees_sign_in().await;
            b.press("sign-in").await;
            b.reaches_login().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_told_when_to_come_again_comes_by_themselves() {
    for call in ["/v1/exchange", "/v1/profile"] {
        journey(async |j| {
            let b = &j.browser;
            let problem = json!({ "type": "about:blank", "title": "", "status": 429, "code": "rate_limited", "retry_after": 1 });
            let status = axum::http::StatusCode::TOO_MANY_REQUESTS;
            let busy = (status, Default::default(), problem.to_string());
            j.stage.backend_gate.answer(call, busy);
            b.open(&j.stage.app("/")).await;
            b.sign_in("alice").await;
            b.sees_error("rate_limited").await;
            // Which may be as often as it takes.
            let asked = j.stage.backend_gate.count(call);
            while j.stage.backend_gate.count(call) < asked + 2 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            j.stage.backend_gate.release();
            b.wait_for("document.querySelector('[data-testid=continue]')")
                .await;
            b.sees_signed_in(ALICE).await;
            b.wait_for("!document.querySelector('[data-testid=error]')")
                .await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_fails_twice_at_the_callback_signs_in_by_itself() {
    journey(async |j| {
        let b = &j.browser;
        j.stage.backend_gate.refuse("/v1/exchange", 2);
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.wait_for(
            "document.querySelector('[data-testid=user-email]')?.innerText.includes('alice')",
        )
        .await;
        assert_eq!(j.stage.backend_gate.count("/v1/exchange"), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_fails_once_at_the_sync_leads_on_by_itself() {
    journey(async |j| {
        let b = &j.browser;
        j.stage.backend_gate.refuse("/v1/profile", 1);
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_failure_during_a_refresh_is_no_sign_out() {
    journey(async |j| {
        let b = &j.browser;
        alice_signed_in(b, j).await;
        b.open(&j.stage.app("/account")).await;
        b.wait_for("document.querySelector('[data-testid=refresh]')")
            .await;
        b.online(false).await;
        b.press("refresh").await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_ne!(
            b.eval("localStorage.getItem('admit-one')").await,
            Value::Null
        );
        assert!(b.text().await.contains(ALICE), "{}", b.text().await);
        b.online(true).await;
        b.reload().await;
        b.refresh(&j.stage).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_down_during_a_refresh_is_no_sign_out() {
    journey(async |j| {
        let b = &j.browser;
        alice_signed_in(b, j).await;
        b.open(&j.stage.app("/account")).await;
        j.stage.backend_gate.refuse("/v1/refresh", 100);
        b.press("refresh").await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_ne!(
            b.eval("localStorage.getItem('admit-one')").await,
            Value::Null
        );
        j.stage.backend_gate.refuse("/v1/refresh", 0);
        b.reload().await;
        b.refresh(&j.stage).await;
    })
    .await;
}

/// Alice is at her account, and the way into the shop is open.
async fn alice_may_go_on(b: &Browser, j: &Journey) {
    alice_signed_in(b, j).await;
    b.open(&j.stage.app("/account")).await;
    b.wait_for("document.querySelector('[data-testid=continue]')")
        .await;
}

/// Presses the button into the shop, which can't be reached from this tab.
async fn goes_on_in_vain(b: &Browser) {
    b.unreachable(&["*/v1/grant"]).await;
    b.press("continue").await;
    b.sees_error("offline").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_pressed_without_a_network_is_done_once_it_is_back() {
    journey(async |j| {
        let b = &j.browser;
        alice_may_go_on(b, j).await;
        b.online(false).await;
        b.press("continue").await;
        b.sees_error("offline").await;
        b.online(true).await;
        b.wait_for(&format!("location.origin === '{}'", j.stage.shop))
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_pressed_is_tried_until_we_answer_or_the_buyer_does_something_else() {
    journey(async |j| {
        let b = &j.browser;
        alice_may_go_on(b, j).await;
        // Something else.
        goes_on_in_vain(b).await;
        b.refresh(&j.stage).await;
        b.unreachable(&[]).await;
        tokio::time::sleep(Duration::from_millis(3000)).await;
        assert_eq!(j.stage.backend_gate.count("/v1/grant"), 0);
        // Nothing else.
        goes_on_in_vain(b).await;
        b.unreachable(&[]).await;
        b.wait_for(&format!("location.origin === '{}'", j.stage.shop))
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_pressed_is_not_done_for_somebody_else() {
    journey(async |j| {
        let b = &j.browser;
        alice_may_go_on(b, j).await;
        goes_on_in_vain(b).await;
        let first = b.tab().await;
        b.new_tab().await;
        b.open(&j.stage.app("/account")).await;
        b.press("sign-out").await;
        b.press("start-again").await;
        b.sign_in("bob").await;
        b.wait_for("location.pathname === '/profile'").await;
        b.switch_to(&first).await;
        b.unreachable(&[]).await;
        b.wait_for("document.body.innerText.includes('bob@')").await;
        tokio::time::sleep(Duration::from_millis(3000)).await;
        assert_eq!(j.stage.backend_gate.count("/v1/grant"), 0);
        let error = "document.querySelector('[data-testid=error]')";
        assert_eq!(b.eval(error).await, Value::Null);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_without_a_network_reads_that_the_provider_does_not_know() {
    journey(async |j| {
        let b = &j.browser;
        alice_may_go_on(b, j).await;
        b.online(false).await;
        b.press("sign-out").await;
        b.wait_for("document.querySelector('[data-testid=unconfirmed]')")
            .await;
        assert!(!b.somebody_is_signed_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_session_that_was_ended_elsewhere_says_so_and_nothing_else() {
    journey(async |j| {
        let b = &j.browser;
        alice_may_go_on(b, j).await;
        goes_on_in_vain(b).await;
        let other = j.another_browser(Options::default()).await;
        other.open(&j.stage.app("/")).await;
        other.sign_in("alice").await;
        other.press("sign-out-everywhere").await;
        other
            .wait_for("location.pathname === '/signed-out'")
            .await;
        b.unreachable(&[]).await;
        b.wait_for("document.querySelector('[data-code=handle_revoked]')")
            .await;
        let shown = "[...document.querySelectorAll('[data-testid=error]')].map((error) => error.dataset.code)";
        assert_eq!(b.eval(shown).await, json!(["handle_revoked"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_rotated_between_two_sign_ins_don_t_matter() {
    journey(async |j| {
        alice_signed_in(&j.browser, j).await;
        j.stage.sandbox.rotate();
        let b = j.another_browser(Options::default()).await;
        alice_signed_in(&b, j).await;
        j.browser.open(&j.stage.app("/account")).await;
        j.browser.refresh(&j.stage).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_before_the_app_is_there_is_honoured() {
    journey(async |j| {
        let b = &j.browser;
        j.stage.backend_gate.hold(".wasm");
        b.depart(&j.stage.app("/")).await;
        b.wait_for(&format!("location.origin === '{}'", j.stage.app))
            .await;
        b.press("sign-in").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(b.url().await.starts_with(&j.stage.app), "{}", b.url().await);
        j.stage.backend_gate.release();
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exchange_doesn_t_wait_for_the_app() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.reaches_login().await;
        b.devtools("Network.enable", json!({})).await;
        b.devtools("Network.setCacheDisabled", json!({ "cacheDisabled": true }))
            .await;
        j.stage.backend_gate.hold(".wasm");
        b.log_in("alice").await;
        for _ in 0..200 {
            if j.stage.backend_gate.count("/v1/exchange") == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(j.stage.backend_gate.count("/v1/exchange"), 1);
        j.stage.backend_gate.release();
        b.sees_signed_in(ALICE).await;
        assert_eq!(
            j.stage.backend_gate.count("/v1/exchange"),
            1,
            "the code is sent once"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_leads_from_the_callback_to_signed_in() {
    journey(async |j| {
        let b = &j.browser;
        alice_signed_in(b, j).await;
        // The page is the one that was served for the callback: its clock began there.
        let calls = "(() => { const [mark] = performance.getEntriesByName('signed-in'), origin = location.origin; \
            return mark && performance.getEntriesByType('resource') \
                .filter(({ name, startTime }) => name.startsWith(origin + '/v1/') && startTime < mark.startTime) \
                .map(({ name }) => name.slice(origin.length)); })()";
        assert_eq!(b.wait_for(calls).await, json!(["/v1/exchange"]));
        let served = "performance.getEntriesByType('navigation')[0].name";
        let served = b.eval(served).await;
        assert!(
            served.as_str().unwrap().starts_with(&j.stage.app("/callback/club?")),
            "{served}"
        );
        // As the backend saw it, with the sync that comes after.
        let seen = j.stage.backend_gate.seen();
        let seen: Vec<_> = seen
            .split(", ")
            .filter(|call| call.starts_with("/v1/"))
            .collect();
        assert_eq!(seen, ["/v1/exchange ×1", "/v1/profile ×1"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_was_in_trouble_signs_in_at_the_buyers_next_try() {
    signs_in_at_the_next_try(Fault::TokenHttp500, "upstream_error").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_was_slow_signs_in_at_the_buyers_next_try() {
    signs_in_at_the_next_try(Fault::TokenSlow, "upstream_timeout").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_broke_off_signs_in_at_the_buyers_next_try() {
    signs_in_at_the_next_try(Fault::TokenDropsConnection, "upstream_unreachable").await;
}

/// The buyer is told, nobody is signed in, and the button leads in when the trouble is over.
async fn signs_in_at_the_next_try(fault: Fault, code: &'static str) {
    let setup = Setup {
        timeout_ms: 1000,
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        j.stage.sandbox.set_faults([fault]);
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.wait_for("document.querySelector('[data-testid=retry]')")
            .await;
        b.sees_error(code).await;
        assert!(!b.somebody_is_signed_in().await);
        j.stage.sandbox.set_faults([]);
        b.press("retry").await;
        b.wait_for("location.pathname === '/account'").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}
