//! Paytronix: from the guest website to the ticket shop, with the balance on the account page; and everything that the
//! emulator can be asked to do wrong.
//!
//! What is no fault, and the same whatever the directory says, is run with one.

mod faults;

use serde_json::{Value, json};

use crate::browser::{Browser, Options};
use crate::buyer::{ALICE, NUMBER};
use crate::directory::{Directory, with_both_directories};
use crate::journey::{Journey, journey_on};
use crate::recovery::{WAKE, shifted};
use crate::stage::{Setup, Stage};

/// A deployment with the diner beside the club.
pub(crate) fn diner() -> Setup {
    let more = r#"
[[providers]]
id = "diner"
kind = "paytronix"
label = "Diner account"
site_url = "{paytronix}"
api_url = "{paytronix}/rest/25.33"
merchant_id = 77
client_id = "diner-shop"
client_secret_env = "DINER"
"#;
    Setup {
        more: more.to_owned(),
        ..Setup::default()
    }
}

const SYNCED: &str = "document.querySelector('[data-testid=continue], [data-testid=profile-form]')";

impl Stage {
    fn paytronix_settings(&self, settings: Value) {
        let changed = self
            .sandbox
            .change_settings(json!({ "paytronix": settings }));
        changed.unwrap();
    }
}

impl Browser {
    /// Opens the app and presses the diner's button.
    pub(crate) async fn goes_to_the_diner(&self, stage: &Stage) {
        self.open(&stage.app("/")).await;
        self.click("[data-provider=diner]").await;
        self.reaches_login().await;
    }

    /// The whole good way, to the synced account.
    async fn dines_as_alice(&self, stage: &Stage) {
        self.goes_to_the_diner(stage).await;
        self.log_in("alice").await;
        self.sees_signed_in(ALICE).await;
        self.wait_for(SYNCED).await;
    }
}

with_both_directories!(
    from_the_button_to_the_shop,
    a_guest_who_gives_up_is_told_and_may_start_again,
    a_callback_that_this_browser_did_not_start_signs_nobody_in,
    a_code_that_waited_for_five_minutes_is_late_and_the_buyer_may_start_again,
    a_code_that_only_the_diner_knows_to_be_old_is_refused_and_the_buyer_may_start_again,
    an_invalid_token_is_refreshed_and_the_call_sent_again_once,
    a_token_that_only_the_account_refuses_is_refreshed_too_and_the_balance_is_there,
);

async fn from_the_button_to_the_shop(directory: Directory) {
    journey_on(diner().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.dines_as_alice(&j.stage).await;
        let balances = b
            .eval("[...document.querySelectorAll('[data-testid=balance]')].map(row => row.innerText.replace(/\\s+/g, ' '))")
            .await;
        let balances = balances.as_array().unwrap();
        assert_eq!(balances.len(), 2, "{balances:?}");
        assert_eq!(balances[1], "Reward dollars 7.5");
        // The provider names nobody; the contact does.
        let name = b.eval("document.querySelector('[data-testid=name]')?.innerText").await;
        assert_eq!(name, "Alice Martin");
        assert!(!b.url().await.contains("code="), "the code leaves the address");

        b.press("continue").await;
        let number = b.wait_for(NUMBER).await;
        assert!(!number.as_str().unwrap().is_empty());

        // Signed out here, nobody is signed in; the guest website asks again.
        b.open(&j.stage.app("/account")).await;
        b.sees_signed_in(ALICE).await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out' || document.querySelector('[data-testid=sign-in]')")
            .await;
        assert!(!b.somebody_is_signed_in().await);
        b.goes_to_the_diner(&j.stage).await;
    })
    .await;
}

async fn a_guest_who_gives_up_is_told_and_may_start_again(directory: Directory) {
    journey_on(diner().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.goes_to_the_diner(&j.stage).await;
        b.run("const button = document.querySelector('[name=cancel]'); setTimeout(() => button.click(), 0)")
            .await;
        b.sees_error("access_denied").await;
        assert!(!b.somebody_is_signed_in().await);
        b.press("start-again").await;
        b.click("[data-provider=diner]").await;
        b.reaches_login().await;
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

async fn a_callback_that_this_browser_did_not_start_signs_nobody_in(directory: Directory) {
    journey_on(diner().with(directory), Options::default(), async |j| {
        let thief = j.another_browser(Options::default()).await;
        thief.goes_to_the_diner(&j.stage).await;
        j.stage.backend_gate.hold("/v1/exchange");
        thief.log_in("bob").await;
        thief
            .wait_for("location.pathname === '/callback/diner'")
            .await;
        let callback = thief.url().await;
        j.browser.open(&callback).await;
        j.browser.sees_error("state_unknown").await;
        assert!(!j.browser.somebody_is_signed_in().await);
        j.stage.backend_gate.release();
    })
    .await;
}

async fn a_code_that_waited_for_five_minutes_is_late_and_the_buyer_may_start_again(
    directory: Directory,
) {
    journey_on(diner().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.goes_to_the_diner(&j.stage).await;
        j.stage.backend_gate.refuse("/v1/exchange", 100);
        b.log_in("alice").await;
        b.wait_for("document.querySelector('[data-testid=retry]')")
            .await;
        let exchanges = j.stage.backend_gate.count("/v1/exchange");
        j.stage.sandbox.advance_clock(301);
        b.run(&shifted(301)).await;
        j.stage.backend_gate.refuse("/v1/exchange", 0);
        b.press("retry").await;
        b.sees_error("paytronix_code_late").await;
        assert!(!b.somebody_is_signed_in().await);
        assert_eq!(
            j.stage.backend_gate.count("/v1/exchange"),
            exchanges,
            "it isn't sent"
        );
        b.press("start-again").await;
        b.reaches_login().await;
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

async fn a_code_that_only_the_diner_knows_to_be_old_is_refused_and_the_buyer_may_start_again(
    directory: Directory,
) {
    journey_on(diner().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.goes_to_the_diner(&j.stage).await;
        j.stage.backend_gate.hold("/v1/exchange");
        b.log_in("alice").await;
        b.wait_for("location.pathname === '/callback/diner'").await;
        j.stage.sandbox.advance_clock(301);
        j.stage.backend_gate.release();
        b.sees_error("exchange_refused").await;
        assert!(!b.somebody_is_signed_in().await);
        b.press("start-again").await;
        b.reaches_login().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_refreshed_before_their_half_hour_is_over() {
    journey_on(diner(), Options::default(), async |j| {
        let b = &j.browser;
        b.dines_as_alice(&j.stage).await;
        let before = j.stage.backend_gate.count("/v1/refresh");
        b.run(&(shifted(1500) + WAKE)).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(
            j.stage.backend_gate.count("/v1/refresh"),
            before,
            "not after 25 minutes"
        );
        b.run(&(shifted(1790 - 1500) + WAKE)).await;
        j.stage.sees_refreshes(before + 1).await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

async fn an_invalid_token_is_refreshed_and_the_call_sent_again_once(directory: Directory) {
    journey_on(diner().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        let once = admit_one_sandbox::Fault::PaytronixInvalidTokenOnce;
        j.stage.sandbox.set_faults([once]);
        b.dines_as_alice(&j.stage).await;
        assert_eq!(j.stage.backend_gate.count("/v1/refresh"), 1);
        assert_eq!(j.stage.backend_gate.count("/v1/profile"), 2);
        b.wait_for("document.querySelector('[data-testid=balance]')")
            .await;
    })
    .await;
}

async fn a_token_that_only_the_account_refuses_is_refreshed_too_and_the_balance_is_there(
    directory: Directory,
) {
    journey_on(diner().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        let once = admit_one_sandbox::Fault::PaytronixAccountInvalidTokenOnce;
        j.stage.sandbox.set_faults([once]);
        b.dines_as_alice(&j.stage).await;
        b.wait_for("document.querySelector('[data-testid=balance]')")
            .await;
        assert_eq!(j.stage.backend_gate.count("/v1/refresh"), 1);
        assert_eq!(j.stage.backend_gate.count("/v1/profile"), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_stays_invalid_is_refreshed_once_and_then_the_guest_is_asked() {
    journey_on(diner(), Options::default(), async |j| {
        let b = &j.browser;
        let always = admit_one_sandbox::Fault::PaytronixInvalidTokenAlways;
        j.stage.sandbox.set_faults([always]);
        b.goes_to_the_diner(&j.stage).await;
        b.log_in("alice").await;
        b.sees_error("userinfo_refused").await;
        assert_eq!(j.stage.backend_gate.count("/v1/refresh"), 1);
        assert_eq!(j.stage.backend_gate.count("/v1/profile"), 2);
        assert!(!b.somebody_is_signed_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refresh_tokens_may_rotate_or_stay() {
    journey_on(diner(), Options::default(), async |j| {
        let b = &j.browser;
        for rotates in [true, false] {
            j.stage
                .paytronix_settings(json!({ "refresh_token_rotates": rotates }));
            b.open("about:blank").await;
            b.forget(&[&j.stage.app]).await;
            b.dines_as_alice(&j.stage).await;
            for _ in 0..2 {
                b.refresh(&j.stage).await;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_vendor_does_not_publish_is_configuration() {
    let mut setup = diner();
    setup.more += "balance_field = \"purses\"\ninvalid_token_codes = [\"token.stale\"]\ncredentials = \"body\"\n";
    journey_on(setup, Options::default(), async |j| {
        let settings = json!({ "wallet_field": "purses", "invalid_token_code": "token.stale" });
        j.stage.paytronix_settings(settings);
        let fault = admit_one_sandbox::Fault::PaytronixInvalidTokenOnce;
        j.stage.sandbox.set_faults([fault]);
        j.browser.dines_as_alice(&j.stage).await;
        j.browser
            .wait_for("document.querySelector('[data-testid=balance]')")
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_is_in_an_address_or_a_message_of_ours() {
    journey_on(diner(), Options::default(), async |j: &Journey| {
        let b = &j.browser;
        b.dines_as_alice(&j.stage).await;
        let kept = b
            .eval("JSON.parse(localStorage.getItem('admit-one')).access_token")
            .await;
        let token = kept.as_str().unwrap();
        assert!(token.len() > 20);
        for place in [
            "location.href",
            "document.body.innerText",
            "document.cookie",
            "JSON.stringify(performance.getEntriesByType('resource').map(entry => entry.name))",
        ] {
            let text = b.eval(place).await;
            assert!(!text.as_str().unwrap().contains(token), "{place}");
        }
    })
    .await;
}
