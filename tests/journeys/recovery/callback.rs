//! The callback reloaded, opened again, in another browser, never asked for; the back button; the double click.

use std::time::Duration;

use admit_one_sandbox::Fault;

use crate::browser::{Browser, Options, PATIENCE};
use crate::buyer::{ALICE, Outcome};
use crate::directory::{Directory, with_both_directories};
use crate::journey::{Journey, journey, journey_with};

use super::{alice_signed_in, begins_again};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_while_the_code_is_exchanged_still_leads_in() {
    journey(async |j| {
        let b = &j.browser;
        let attempts = || j.stage.sandbox_gate.count("/club/authorize");
        let exchanges = || j.stage.backend_gate.count("/v1/exchange");
        // The provider has the code, and its answer comes when the page that asked for it has gone.
        j.stage.sandbox_gate.hold("/club/token");
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        becomes(&exchanges, 1).await;
        assert_eq!(attempts(), 1);
        b.reload().await;
        // The code counts as spent. The provider still knows alice and is asked once more, which nobody has to press for.
        becomes(&attempts, 2).await;
        j.stage.sandbox_gate.release();
        b.sees_signed_in(ALICE).await;
        assert_eq!((attempts(), exchanges()), (2, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_callback_opened_again_while_signed_in_shows_who_is_signed_in() {
    journey(async |j| {
        let b = &j.browser;
        let callback = callback_of_alice(b, j).await;
        let exchanges = j.stage.backend_gate.count("/v1/exchange");
        b.open(&callback).await;
        b.sees_signed_in(ALICE).await;
        assert_eq!(
            j.stage.backend_gate.count("/v1/exchange"),
            exchanges,
            "the code isn't sent twice"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_callback_opened_again_after_the_sign_out_signs_nobody_in() {
    journey(async |j| {
        let b = &j.browser;
        let callback = callback_of_alice(b, j).await;
        b.open(&j.stage.app("/account")).await;
        b.press("sign-out").await;
        b.wait_for("localStorage.getItem('admit-one') === null")
            .await;
        b.open(&callback).await;
        let Outcome::Error(code) = b.outcome().await else {
            panic!("signed in by a used callback")
        };
        assert!(
            ["callback_used", "state_unknown"].contains(&&*code),
            "{code}"
        );
        assert!(!b.somebody_is_signed_in().await);
        begins_again(b).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_copied_to_another_browser_signs_nobody_in_there() {
    journey(async |j| {
        let b = &j.browser;
        j.stage.backend_gate.hold("/v1/exchange");
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.wait_for("location.pathname === '/callback/club'").await;
        let callback = b.url().await;
        let other = j.another_browser(Options::default()).await;
        other.open(&callback).await;
        other.sees_error("state_unknown").await;
        assert!(!other.somebody_is_signed_in().await);
        j.stage.backend_gate.release();
        b.sees_signed_in(ALICE).await;
        begins_again(&other).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_callback_neither_signs_in_nor_out() {
    journey(async |j| {
        let b = &j.browser;
        let foreign = j
            .stage
            .app("/callback/club?code=stolen&state=of-somebody-else");
        b.open(&foreign).await;
        b.sees_error("state_unknown").await;
        begins_again(b).await;
        b.open(&foreign).await;
        b.outcome().await;
        b.open(&j.stage.app("/account")).await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

/// A mix-up (RFC 9700 section 4.4): the code of one provider must not be taken to another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_comes_to_another_providers_callback_is_not_exchanged() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.reaches_login().await;
        b.open(&j.stage.app("/signed-out")).await;
        let key = "Object.keys(localStorage).find((key) => key.startsWith('admit-one.pending.'))";
        let pending = b
            .wait_for(&format!("JSON.parse(localStorage.getItem({key}))"))
            .await;
        let part = |name: &str| pending[name].as_str().unwrap().to_owned();
        let (state, iss) = (part("state"), part("issuer"));
        let elsewhere = format!("/callback/newspaper?code=theirs&state={state}&iss={iss}");
        b.open(&j.stage.app(&elsewhere)).await;
        b.sees_error("state_unknown").await;
        assert_eq!(j.stage.backend_gate.count("/v1/exchange"), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_back_button_after_a_sign_in_leads_to_no_error() {
    journey(async |j| {
        let b = &j.browser;
        alice_signed_in(b, j).await;
        for _ in 0..3 {
            b.back().await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            let url = b.url().await;
            if !url.starts_with("http") {
                break; // where the history began
            }
            b.wait_for("document.readyState === 'complete'").await;
            assert_eq!(
                b.eval("document.querySelector('[data-testid=error]') === null")
                    .await,
                true,
                "{url}"
            );
            if url.starts_with(&j.stage.app) {
                b.sees_signed_in(ALICE).await;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_back_button_before_the_login_finds_a_button_that_works() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.reaches_login().await;
        b.back().await;
        b.wait_for(
            "document.querySelector('[data-testid=sign-in]:not(:disabled):not([aria-busy=true])')",
        )
        .await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_is_one_sign_in() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.wait_for("document.querySelector('[data-testid=sign-in]')").await;
        let before = j.stage.sandbox_gate.count("/club/authorize");
        b.run("const button = document.querySelector('[data-testid=sign-in]'); button.click(); button.click();").await;
        b.reaches_login().await;
        assert_eq!(j.stage.sandbox_gate.count("/club/authorize"), before + 1);
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

/// Starts an attempt, gives it up at the login, and starts another, which the provider answers with this fault.
async fn second_attempt(b: &Browser, j: &Journey, fault: Fault) {
    b.open(&j.stage.app("/")).await;
    b.press("sign-in").await;
    b.reaches_login().await;
    b.open(&j.stage.app("/")).await;
    j.stage.sandbox.set_faults([fault]);
    b.sign_in("alice").await;
}

with_both_directories!(
    a_proof_that_another_tab_has_used_is_signed_anew,
    a_provider_that_resumes_an_attempt_given_up_earlier_signs_in,
    the_state_of_an_earlier_attempt_with_the_code_of_this_one_is_refused,
);

async fn a_provider_that_resumes_an_attempt_given_up_earlier_signs_in(directory: Directory) {
    journey_with(directory, async |j| {
        second_attempt(&j.browser, j, Fault::LenientResumesEarlierAttempt).await;
        j.browser.sees_signed_in(ALICE).await;
    })
    .await;
}

async fn the_state_of_an_earlier_attempt_with_the_code_of_this_one_is_refused(
    directory: Directory,
) {
    journey_with(directory, async |j| {
        second_attempt(&j.browser, j, Fault::ResponseStateOfEarlierAttempt).await;
        // The code doesn't fit the earlier attempt's verifier. It is tried once more by itself, a third attempt; the `state` in
        // its answer is again the first one's, which is over.
        j.browser.sees_error("state_unknown").await;
        assert_eq!(j.stage.sandbox_gate.count("/club/authorize"), 3);
        assert_eq!(j.stage.sandbox_gate.count("/club/token"), 1);
        assert!(!j.browser.somebody_is_signed_in().await);
        j.stage.sandbox.set_faults([]);
        begins_again(&j.browser).await;
    })
    .await;
}

async fn a_proof_that_another_tab_has_used_is_signed_anew(directory: Directory) {
    journey_with(directory, async |j| {
        // Two tabs with this callback took the proof that was signed on leaving at the same moment: the other was first.
        j.stage.backend_gate.repeat("/v1/exchange", 1);
        alice_signed_in(&j.browser, j).await;
        assert_eq!(j.stage.backend_gate.count("/v1/exchange"), 2);
    })
    .await;
}

/// Waits until so many came.
async fn becomes(count: &impl Fn() -> usize, expected: usize) {
    let waiting = async {
        while count() < expected {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    };
    let came = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(came.is_ok(), "{} came, expected {expected}", count());
}

/// Signs alice in and returns the address of the callback that did it.
async fn callback_of_alice(b: &Browser, j: &Journey) -> String {
    b.before_each_page(
        "if (location.pathname.startsWith('/callback/')) window.name = location.href",
    )
    .await;
    alice_signed_in(b, j).await;
    let callback = b.eval("window.name").await.as_str().unwrap().to_owned();
    assert!(callback.contains("code="), "{callback}");
    callback
}
