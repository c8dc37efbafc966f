//! Step C: a landing is one of this browser's sign-ins, once, or it signs nobody in.
//!
//! The mix-up, which no directory ever hears of, is run with one, as are those of `mix_up.rs`.

use std::time::Duration;

use serde_json::json;

use super::paper;
use crate::browser::{Browser, Options};
use crate::buyer::ALICE;
use crate::directory::{Directory, with_both_directories};
use crate::journey::{Journey, journey_on};
use crate::stage::{Setup, Stage};

const LANDING: &str = "/v1/sso2/paper/landing";

/// Another newspaper, of which nobody has an account.
const WEEKLY: &str = r#"
[[providers]]
id = "weekly"
kind = "sso2"
label = "Weekly account"
sso_url = "{payway}"
api_url = "{payway}"
organisation = "weekly"
client_id = "weekly-shop"
client_secret_env = "WEEKLY"
"#;

/// The parts of a landing's address.
struct Landing {
    t: String,
    state: String,
}

impl Landing {
    /// Has alice, who is signed in elsewhere, press the paper's button, and brings the address that she lands at; the app
    /// doesn't get to see it.
    async fn of(j: &Journey, browser: &Browser) -> Landing {
        browser.signs_in_at_the_news(&j.stage, "alice").await;
        browser.open(&j.stage.app("/")).await;
        j.stage.backend_gate.refuse("/landing/paper", 1);
        browser.press_paper().await;
        // The browser shows a page of its own instead, which has no address for scripts.
        let mut address = String::new();
        for _ in 0..400 {
            address = browser.url().await;
            if address.contains("/landing/paper?t=") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let landed = url::Url::parse(&address).unwrap();
        let parameter = |url: &url::Url, name: &str| {
            let mut pairs = url.query_pairs();
            pairs.find(|(own, _)| own == name).unwrap().1.into_owned()
        };
        let r = url::Url::parse(&parameter(&landed, "r")).unwrap();
        Landing {
            t: parameter(&landed, "t"),
            state: parameter(&r, "state"),
        }
    }

    /// The address as it was.
    fn address(&self, stage: &Stage) -> String {
        landing(
            stage,
            "paper",
            &self.t,
            &stage.app(&format!("/landing/paper?state={}", self.state)),
        )
    }
}

fn landing(stage: &Stage, provider: &str, t: &str, r: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("t", t), ("r", r)])
        .finish();
    stage.app(&format!("/landing/{provider}?{query}"))
}

/// The `state` of the sign-in that this browser has open with a provider.
async fn state_of(j: &Journey, provider: &str) -> String {
    let b = &j.browser;
    b.open(&j.stage.app("/")).await;
    let states = "Object.values(localStorage).map((text) => { try { return JSON.parse(text); } catch { return null; } })";
    let state = b
        .wait_for(&format!(
            "{states}.find((pending) => pending?.state && pending.provider === {})?.state",
            json!(provider)
        ))
        .await;
    state.as_str().unwrap().to_owned()
}

async fn signs_nobody_in(browser: &Browser, address: &str, code: &str) {
    browser.open(address).await;
    browser.sees_error(code).await;
    assert!(!browser.somebody_is_signed_in().await, "{address}");
}

with_both_directories!(
    a_landing_that_this_browser_did_not_start_signs_nobody_in,
    a_landing_is_good_once,
    two_tabs_with_one_landing_spend_it_once,
    an_r_that_leads_elsewhere_is_not_followed,
);

async fn a_landing_that_this_browser_did_not_start_signs_nobody_in(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let address = Landing::of(j, &j.browser).await.address(&j.stage);
        let other = j.another_browser(Options::default()).await;
        signs_nobody_in(&other, &address, "state_unknown").await;
        // Not even while a sign-in of its own is open.
        other.reaches_login_form(&j.stage).await;
        signs_nobody_in(&other, &address, "state_unknown").await;
        assert_eq!(j.stage.backend_gate.count(LANDING), 1, "the one of its own");
        // Whose it is, it signs in.
        j.browser.open(&address).await;
        j.browser.sees_signed_in(ALICE).await;
    })
    .await;
}

async fn a_landing_is_good_once(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let b = &j.browser;
        let address = Landing::of(j, b).await.address(&j.stage);
        b.open(&address).await;
        b.sees_signed_in(ALICE).await;
        // Again while she is signed in, it leads to her account.
        b.open(&address).await;
        b.sees_signed_in(ALICE).await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out'").await;
        signs_nobody_in(b, &address, "state_unknown").await;
        assert_eq!(j.stage.backend_gate.count(LANDING), 1);
    })
    .await;
}

async fn two_tabs_with_one_landing_spend_it_once(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let b = &j.browser;
        let address = Landing::of(j, b).await.address(&j.stage);
        let first = b.tab().await;
        j.stage.backend_gate.hold(LANDING);
        b.depart(&address).await;
        b.new_tab().await;
        b.open(&address).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        j.stage.backend_gate.release();
        b.sees_signed_in(ALICE).await;
        b.switch_to(&first).await;
        b.sees_signed_in(ALICE).await;
        assert_eq!(j.stage.backend_gate.count(LANDING), 1);
    })
    .await;
}

async fn an_r_that_leads_elsewhere_is_not_followed(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let b = &j.browser;
        let landed = Landing::of(j, b).await;
        let evil = format!("https://evil.example/landing/paper?state={}", landed.state);
        signs_nobody_in(
            b,
            &landing(&j.stage, "paper", &landed.t, &evil),
            "sso2_landing_return",
        )
        .await;
        assert!(b.url().await.starts_with(&j.stage.app), "{}", b.url().await);
        assert_eq!(j.stage.backend_gate.count(LANDING), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mix_up_a_landing_of_one_provider_played_into_another_signs_nobody_in() {
    let setup = paper("");
    let setup = Setup {
        more: [&setup.more, WEEKLY].concat(),
        ..setup
    };
    journey_on(setup, Options::default(), async |j| {
        let (b, stage) = (&j.browser, &j.stage);
        let landed = Landing::of(j, b).await;
        b.open(&stage.app("/")).await;
        b.click("[data-provider=weekly]").await;
        b.wait_for("location.host.startsWith('payway.')").await;
        let weekly = state_of(j, "weekly").await;
        b.press("sign-in").await;
        b.reaches_login().await;
        let club = state_of(j, "club").await;

        let at_weekly = |state: &str| stage.app(&format!("/landing/weekly?state={state}"));
        let paper_return = stage.app(&format!("/landing/paper?state={}", landed.state));
        let cases = [
            (
                landing(stage, "weekly", &landed.t, &paper_return),
                "sso2_landing_return",
            ),
            (
                landing(stage, "weekly", &landed.t, &at_weekly(&landed.state)),
                "state_unknown",
            ),
            (
                stage.app(&format!("/landing/paper?state={weekly}")),
                "state_unknown",
            ),
            (
                stage.app(&format!("/landing/paper?code=c&state={club}")),
                "state_unknown",
            ),
            (
                stage.app(&format!("/callback/club?code=c&state={}", landed.state)),
                "state_unknown",
            ),
            (
                stage.app(&format!("/callback/club?t={}&r=x", landed.t)),
                "callback_malformed",
            ),
            // In the sign-in that is open there: signed with the secret of another client.
            (
                landing(stage, "weekly", &landed.t, &at_weekly(&weekly)),
                "sso2_landing_invalid",
            ),
        ];
        for (address, code) in cases {
            signs_nobody_in(b, &address, code).await;
        }
        assert_eq!(stage.backend_gate.count("/v1/exchange"), 0);
        b.open(&landed.address(stage)).await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}
