//! Step-up with an SSO ticket at Airlock IAM: only the second factor is asked for, what asked for it goes on once, and
//! whatever goes wrong leaves the session as it was.
//!
//! What is about addresses alone is run with one directory, everything else with both.

mod custody;
mod faults;
mod given_up;
mod replay;
mod tabs;
mod ticket;

use std::time::Duration;

use admit_one_sandbox::{Fault, Message, System};

use crate::browser::{Browser, Options};
use crate::buyer::{ALICE, BOB, NUMBER};
use crate::directory::{Directory, with_both_directories};
use crate::journey::{Journey, journey_on};
use crate::stage::{Setup, Stage};
use crate::wire::{member, order};

const PASSWORD: &str = "input[name=password]";
const OTP: &str = "input[name=otp]";
const DONE: &str = "!!document.querySelector('[data-testid=stepped-up]')";

/// A deployment with the arena beside the club.
fn arena() -> Setup {
    Setup {
        required: &[],
        more: format!("{ARENA}{STEP_UP}"),
        ..Setup::default()
    }
}

/// The same with further lines of the step-up.
fn arena_with(step_up: &str) -> Setup {
    Setup {
        more: format!("{ARENA}{STEP_UP}{step_up}"),
        ..arena()
    }
}

const ARENA: &str = r#"
[[providers]]
id = "arena"
label = "Arena account"
issuer = "{airlock}/auth-login/rest/oauth2/authorization-servers/arena"
client_id = "weak-app"
client_secret_env = "WEAK"
scopes = ["openid", "profile", "email", "phone", "address", "offline_access"]
acr_values = ["weak-acr"]
"#;

const STEP_UP: &str = r#"
[providers.step_up]
client_id = "strong-app"
client_secret_env = "STRONG"
acr_values = ["strong-acr"]
sso_ticket_resource = "{airlock}/auth-login/rest/oauth2/authorization-servers/arena/resources/sso-ticket"
"#;

/// Runs a journey that begins with somebody signed in by password alone.
async fn weakly(setup: Setup, persona: &str, steps: impl AsyncFnOnce(&Journey, &Browser)) {
    journey_on(setup, Options::default(), async |j| {
        sign_in_weakly(&j.browser, &j.stage, persona).await;
        steps(j, &j.browser).await;
    })
    .await;
}

async fn sign_in_weakly(b: &Browser, stage: &Stage, persona: &str) {
    b.open(&stage.app("/")).await;
    b.click("[data-provider=arena]").await;
    b.log_in(persona).await;
    b.wait_for(
        "location.pathname.match(/account|profile/) && \
         document.querySelector('[data-testid=continue], [data-testid=profile-form]')",
    )
    .await;
}

/// Gives the second factor, which is the only thing asked for.
async fn give_second_factor(b: &Browser) {
    b.wait_for(&format!("document.querySelector('{OTP}, {PASSWORD}')"))
        .await;
    let asked_for_more = b
        .eval(&format!("!!document.querySelector('{PASSWORD}')"))
        .await;
    assert_eq!(asked_for_more, false, "the ticket spares the password");
    confirm(b, "000000").await;
}

async fn confirm(b: &Browser, otp: &str) {
    b.fill(OTP, otp).await;
    b.submit(OTP).await;
}

/// The session as it is put down.
async fn session(b: &Browser) -> serde_json::Value {
    let text = b.eval("localStorage.getItem('admit-one')").await;
    serde_json::from_str(text.as_str().unwrap_or("null")).unwrap()
}

/// What the sandbox's Airlock heard at this path, oldest first.
fn heard(stage: &Stage, path: &str) -> Vec<Message> {
    stage.heard(System::Airlock, path)
}

with_both_directories!(
    a_buyer_steps_up_and_enters_the_shop,
    only_the_second_factor_is_asked_for_and_every_tab_sees_it,
    a_provider_without_pushed_requests_gets_the_ticket_in_the_address,
);

async fn a_buyer_steps_up_and_enters_the_shop(directory: Directory) {
    weakly(arena().with(directory), "alice", async |_, b| {
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
        b.press("continue").await;
        b.wait_for(NUMBER).await;
    })
    .await;
}

async fn only_the_second_factor_is_asked_for_and_every_tab_sees_it(directory: Directory) {
    weakly(arena().with(directory), "alice", async |j, b| {
        let weak = session(b).await;
        assert_eq!(weak["claims"]["acr"], "weak-acr");
        let first = b.tab().await;
        b.new_tab().await;
        b.open(&j.stage.app("/account")).await;
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
        b.sees_signed_in(ALICE).await;
        let strong = session(b).await;
        assert_eq!(strong["claims"]["acr"], "strong-acr");
        assert_eq!(strong["claims"]["aud"], serde_json::json!(["strong-app"]));
        assert_eq!(strong["claims"]["sub"], weak["claims"]["sub"]);
        assert_eq!(strong["contact_number"], weak["contact_number"]);
        assert_ne!(strong["handle"], weak["handle"]);
        // There is nothing more to confirm.
        assert_eq!(
            b.eval("document.querySelector('[data-testid=step-up]')")
                .await,
            serde_json::Value::Null
        );
        b.switch_to(&first).await;
        b.wait_for(DONE).await;
        // The session is the strong client's from here on.
        b.refresh(&j.stage).await;
        b.wait_for(DONE).await;
        b.press("sign-out").await;
        b.wait_for("localStorage.getItem('admit-one') === null")
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ticket_stays_out_of_addresses_and_storage() {
    weakly(arena(), "alice", async |j, b| {
        b.press("step-up").await;
        b.wait_for(&format!("document.querySelector('{OTP}')"))
            .await;
        let asked = heard(&j.stage, "/authorize");
        let asked = asked.last().unwrap();
        assert!(member(asked, "request_uri").is_some(), "{asked:?}");
        assert_eq!(member(asked, "login_hint"), None, "{asked:?}");
        assert_eq!(heard(&j.stage, "/resources/sso-ticket").len(), 1);
        confirm(b, "000000").await;
        b.wait_for(DONE).await;
        let readable = b
            .eval("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])")
            .await;
        let readable = readable.as_str().unwrap();
        assert!(!readable.contains("login_hint"), "{readable}");
        assert!(
            !readable.contains("admit-one.pending.") && !readable.contains("admit-one.step-up"),
            "{readable}"
        );
    })
    .await;
}

async fn a_provider_without_pushed_requests_gets_the_ticket_in_the_address(directory: Directory) {
    let setup = Setup {
        faults: vec![Fault::AirlockParNotOffered],
        ..arena().with(directory)
    };
    weakly(setup, "alice", async |j, b| {
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
        let asked = heard(&j.stage, "/authorize");
        let asked = asked.last().unwrap();
        assert_eq!(member(asked, "prompt"), Some("login"), "{asked:?}");
        assert_eq!(member(asked, "acr_values"), Some("strong-acr"), "{asked:?}");
        let hint = member(asked, "login_hint").unwrap();
        assert!(!hint.starts_with("eyJ"), "the sandbox masks it: {hint}");
    })
    .await;
}
