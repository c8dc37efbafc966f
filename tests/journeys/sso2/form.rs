//! Steps A to I: with our own login form, and with a central one.
//!
//! What is no fault and goes on after the directory was asked as before it, is run with one directory.

use std::time::Duration;

use serde_json::json;

use super::{LOGIN_FORM, central, nobody_kept_the_password, paper, polled};
use crate::browser::Options;
use crate::buyer::{ALICE, BOB};
use crate::directory::{Directory, with_both_directories};
use crate::journey::journey_on;
use crate::stage::Setup;

const STATUS: &str = "/v1/sso2/paper/status";
const AUTHENTICATE: &str = "/v1/sso2/paper/authenticate";

with_both_directories!(
    steps_a_to_i_with_our_own_form_lead_into_the_shop,
    invalid_credentials_says_how_many_attempts_remain,
    account_frozen_counts_down_and_then_lets_the_buyer_in,
    account_not_active_says_what_to_do,
    steps_a_to_i_with_a_central_form_lead_back,
    coming_back_from_a_central_form_as_nobody_signs_nobody_in,
    a_password_survives_a_moment_without_the_backend_by_being_typed_again,
);

async fn steps_a_to_i_with_our_own_form_lead_into_the_shop(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.reads_the_paper_as(&j.stage, "alice").await;
        assert_eq!(
            b.eval("location.pathname + location.search").await,
            "/account"
        );
        nobody_kept_the_password(j, "\"ticket\"").await;
        b.press("continue").await;
        b.wait_for(crate::buyer::NUMBER).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_another_way_than_our_form_still_gets_to_the_page_that_they_came_for() {
    journey_on(paper(""), Options::default(), async |j| {
        let b = &j.browser;
        let page = b.come_from_basket(&j.stage).await;
        b.press_paper().await;
        b.wait_for(LOGIN_FORM).await;
        b.press("other-way").await;
        b.click("[data-provider=club]").await;
        b.log_in("alice").await;
        b.wait_for(&format!("location.href === '{page}'")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_another_way_than_a_central_form_does_too() {
    journey_on(central(), Options::default(), async |j| {
        let b = &j.browser;
        let page = b.come_from_basket(&j.stage).await;
        b.press_paper().await;
        b.reaches_login().await;
        b.press("payway-cancel").await;
        b.press("other-way").await;
        b.click("[data-provider=club]").await;
        b.log_in("alice").await;
        b.wait_for(&format!("location.href === '{page}'")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_up_at_one_provider_may_choose_another_for_the_same_page() {
    journey_on(paper(""), Options::default(), async |j| {
        let b = &j.browser;
        let page = b.come_from_basket(&j.stage).await;
        b.click("[data-provider=club]").await;
        b.click("[name=cancel]").await;
        b.sees_error("access_denied").await;
        b.press("start-again").await;
        b.wait_for("document.querySelectorAll('.provider').length === 2")
            .await;
        b.press_paper().await;
        b.wait_for(LOGIN_FORM).await;
        b.types("alice", "ticket").await;
        b.wait_for(&format!("location.href === '{page}'")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_a_to_i_sign_in_wherever_tokens_rest() {
    for custody in ["session", "memory", "cookie"] {
        let setup = Setup {
            custody,
            ..polled()
        };
        journey_on(setup, Options::default(), async |j| {
            let b = &j.browser;
            b.reads_the_paper_as(&j.stage, "alice").await;
            // And the status is asked for with whatever handle there is.
            j.stage.sandbox.end_sessions();
            b.sees_error("sso2_signed_out").await;
            b.sees_sign_in().await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_our_own_form_are_the_links_that_are_configured() {
    const LINKS: &str = "[...document.querySelectorAll('.elsewhere a')].map((link) => link.href)";
    let lines = "forgot_password_url = \"https://paper.example/forgot\"\nregister_url = \"https://paper.example/register?from=us\"";
    journey_on(paper(lines), Options::default(), async |j| {
        let b = &j.browser;
        b.reaches_login_form(&j.stage).await;
        assert_eq!(
            b.eval(LINKS).await,
            json!([
                "https://paper.example/forgot",
                "https://paper.example/register?from=us"
            ])
        );
    })
    .await;
    journey_on(paper(""), Options::default(), async |j| {
        let b = &j.browser;
        b.reaches_login_form(&j.stage).await;
        assert_eq!(b.eval(LINKS).await, json!([]));
    })
    .await;
}

/// Of which an account of the paper's says nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_language_is_chosen_by_its_name_and_at_first_is_the_pages() {
    let setup = Setup {
        required: &["locale"],
        ..paper("")
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        b.reaches_login_form(&j.stage).await;
        b.types("bob", "ticket").await;
        b.wait_for("document.querySelector('select[name=locale]')")
            .await;
        let chosen = "document.querySelector('[name=locale]').selectedOptions[0].textContent";
        assert_eq!(b.eval(chosen).await, "English");
        b.fill("[name=locale]", "de").await;
        b.press("save").await;
        b.wait_for("location.pathname === '/account'").await;
        let kept = "JSON.parse(localStorage.getItem('admit-one')).profile.locale";
        assert_eq!(b.eval(kept).await, "de");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_form_is_labelled_and_made_for_password_managers() {
    journey_on(paper(""), Options::default(), async |j| {
        let b = &j.browser;
        b.reaches_login_form(&j.stage).await;
        let attributes = b
            .eval(
                "[...document.querySelectorAll('[data-testid=login-form] input')].map((input) => \
                 [input.labels[0].innerText.length > 0, input.type, input.autocomplete, input.required])",
            )
            .await;
        let expected = json!([
            [true, "text", "username", true],
            [true, "password", "current-password", true],
        ]);
        assert_eq!(attributes, expected);
        // The message has left the address, and a reload doesn't begin anew.
        assert_eq!(b.eval("location.search.startsWith('?state=')").await, true);
        b.reload().await;
        b.wait_for(LOGIN_FORM).await;
        b.types("alice", "ticket").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_note_about_passwords_is_gone_where_we_ask_for_one() {
    journey_on(paper(""), Options::default(), async |j| {
        j.browser.open(&j.stage.app("/")).await;
        j.browser.sees_sign_in().await;
        let text = j.browser.text().await;
        assert!(!text.contains("never see your password"), "{text}");
    })
    .await;
}

async fn invalid_credentials_says_how_many_attempts_remain(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.reaches_login_form(&j.stage).await;
        for remaining in ["4", "3"] {
            b.types("alice", "wrong").await;
            b.wait_for(&format!(
                "document.querySelector('[data-testid=remaining]')?.innerText.includes('{remaining}')"
            ))
            .await;
            b.sees_error("sso2_credentials").await;
        }
        // It is announced, the username stays, the password doesn't, and the focus is where it has to be typed again.
        let shown = "[document.querySelector('#login-wrong').getAttribute('role'), document.querySelector('#username').value, \
                     document.querySelector('#password').value, document.activeElement.id, \
                     document.querySelector('#password').getAttribute('aria-invalid')]";
        assert_eq!(b.eval(shown).await, json!(["alert", "alice", "", "password", "true"]));
        assert!(!b.somebody_is_signed_in().await);
        b.types("alice", "ticket").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

async fn account_frozen_counts_down_and_then_lets_the_buyer_in(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let b = &j.browser;
        j.stage
            .payway_settings(json!({ "attempts": 2, "frozen_for": 4 }));
        b.reaches_login_form(&j.stage).await;
        b.types("alice", "wrong").await;
        b.wait_for("document.querySelector('[data-testid=remaining]')")
            .await;
        b.types("alice", "wrong").await;
        b.sees_error("sso2_frozen").await;
        let clock =
            "document.querySelector('[data-testid=countdown]').innerText.match(/0:0[1-4]/)?.[0]";
        let first = b.wait_for(clock).await;
        b.wait_for(&format!("{clock} && {clock} !== {first}")).await;
        // Announced by the minute, not by the second.
        let announced = b
            .eval("document.querySelector('[data-testid=announced]').innerText")
            .await;
        assert!(
            announced.as_str().unwrap().contains("minute"),
            "{announced}"
        );
        // Meanwhile nothing is sent, whatever is pressed.
        let before = j.stage.backend_gate.count(AUTHENTICATE);
        b.fill("#password", "ticket").await;
        b.press("log-in").await;
        b.wait_for("document.querySelector('[data-testid=announced]').innerText.includes('now')")
            .await;
        assert_eq!(j.stage.backend_gate.count(AUTHENTICATE), before);
        b.types("alice", "ticket").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

async fn account_not_active_says_what_to_do(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.reaches_login_form(&j.stage).await;
        b.types("frank", "ticket").await;
        b.sees_error("sso2_not_active").await;
        let text = b.text().await;
        assert!(
            text.contains("isn’t active yet") && text.contains("link"),
            "{text}"
        );
        assert!(!b.somebody_is_signed_in().await);
    })
    .await;
}

async fn steps_a_to_i_with_a_central_form_lead_back(directory: Directory) {
    journey_on(central().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.press_paper().await;
        b.reaches_login().await;
        assert!(
            b.url()
                .await
                .starts_with(&j.stage.payway("/login?continue=")),
            "{}",
            b.url().await
        );
        b.log_in("bob").await;
        b.sees_signed_in(BOB).await;
        assert_eq!(j.stage.backend_gate.count(STATUS), 1, "step H");
        assert_eq!(j.stage.backend_gate.count(AUTHENTICATE), 0);
    })
    .await;
}

async fn coming_back_from_a_central_form_as_nobody_signs_nobody_in(directory: Directory) {
    journey_on(central().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.press_paper().await;
        b.reaches_login().await;
        b.press("payway-cancel").await;
        b.wait_for("document.querySelector('[data-testid=central-form]')")
            .await;
        assert!(!b.somebody_is_signed_in().await);
        b.press("central-form").await;
        b.reaches_login().await;
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_another_tab_has_finished_needs_no_password() {
    journey_on(paper(""), Options::default(), async |j| {
        let b = &j.browser;
        b.reaches_login_form(&j.stage).await;
        let (first, address) = (b.tab().await, b.url().await);
        b.new_tab().await;
        b.open(&address).await;
        b.wait_for(LOGIN_FORM).await;
        b.types("alice", "ticket").await;
        b.sees_signed_in(ALICE).await;
        b.switch_to(&first).await;
        b.sees_signed_in(ALICE).await;
        assert_eq!(j.stage.backend_gate.count(AUTHENTICATE), 1);
    })
    .await;
}

async fn a_password_survives_a_moment_without_the_backend_by_being_typed_again(
    directory: Directory,
) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.reaches_login_form(&j.stage).await;
        j.stage.backend_gate.refuse(AUTHENTICATE, 1);
        b.types("alice", "ticket").await;
        b.sees_error("internal").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(
            j.stage.backend_gate.count(AUTHENTICATE),
            1,
            "nothing is sent by itself"
        );
        b.types("alice", "ticket").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_frozen_keeps_no_other_out() {
    journey_on(paper(""), Options::default(), async |j| {
        let b = &j.browser;
        j.stage
            .payway_settings(json!({ "attempts": 1, "frozen_for": 600 }));
        b.reaches_login_form(&j.stage).await;
        b.types("alice", "wrong").await;
        b.sees_error("sso2_frozen").await;
        b.types("bob", "ticket").await;
        b.sees_signed_in(BOB).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_is_left_empty_says_so_until_something_is_typed() {
    const WRONG: &str = "['username', 'password'].map((name) => [document.getElementById(name).ariaInvalid, \
        document.getElementById(name + '-wrong').innerText, document.activeElement.id === name]).flat().join('|')";
    journey_on(paper(""), Options::default(), async |j| {
        let b = &j.browser;
        b.reaches_login_form(&j.stage).await;
        b.press("log-in").await;
        b.wait_for(&format!(
            "{WRONG} === 'true|Please fill this in.|true|true|Please fill this in.|false'"
        ))
        .await;
        b.fill("#username", "alice").await;
        b.wait_for(&format!("{WRONG} === '||true|||false'")).await;
        b.press("log-in").await;
        b.wait_for(&format!(
            "{WRONG} === '||false|true|Please fill this in.|true'"
        ))
        .await;
        assert_eq!(j.stage.backend_gate.count(AUTHENTICATE), 0);
    })
    .await;
}
