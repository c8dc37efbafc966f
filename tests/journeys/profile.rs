//! What a buyer is asked for after the sign-in: exactly what the shop requires and nobody knows.

use admit_one_sandbox::Fault;

use crate::browser::{Browser, Options};
use crate::buyer::{ALICE, BOB, NUMBER};
use crate::directory::{Directory, with_both_directories};
use crate::journey::{journey, journey_on};
use crate::stage::{Setup, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_the_person_that_is_asked_gets_out() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("bob").await;
        b.wait_for(ASKED).await;
        b.press("other-account").await;
        b.wait_for("location.pathname === '/'").await;
        b.sees_sign_in().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_as_somebody_else_gets_to_the_page_that_they_came_for() {
    journey(async |j| {
        let b = &j.browser;
        let page = b.come_from_basket(&j.stage).await;
        b.sign_in("bob").await;
        b.wait_for(ASKED).await;
        b.press("other-account").await;
        b.wait_for("location.pathname === '/'").await;
        b.sign_in("alice").await;
        b.wait_for(&format!("location.href === '{page}'")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_without_a_sign_out_is_told_to_ask_who_it_is() {
    let setup = Setup {
        faults: vec![Fault::LenientNoEndSessionEndpoint],
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("bob").await;
        b.wait_for(ASKED).await;
        b.press("other-account").await;
        b.wait_for("location.pathname === '/'").await;
        // It remembers bob, and would sign him in again; also after a look at its page and the way back.
        b.press("sign-in").await;
        b.reaches_login().await;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        // Once somebody is signed in, it isn't told any more.
        b.press("sign-out").await;
        b.press("start-again").await;
        b.press("sign-in").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

/// Bob signs in and answers both questions; nothing is saved yet.
async fn bob_answers(b: &Browser, stage: &Stage) {
    b.open(&stage.app("/")).await;
    b.sign_in("bob").await;
    b.wait_for(ASKED).await;
    b.fill("[name=\"address.country\"]", "CH").await;
    b.fill("[name=phone_number]", "+41 31 555 01 02").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_were_saved_without_a_network_are_saved_once_it_is_back() {
    journey(async |j| {
        let b = &j.browser;
        bob_answers(b, &j.stage).await;
        b.online(false).await;
        b.press("save").await;
        b.sees_error("offline").await;
        b.online(true).await;
        b.wait_for("location.pathname === '/account'").await;
        b.sees_signed_in(BOB).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_changed_meanwhile_wait_to_be_saved_by_the_buyer() {
    journey(async |j| {
        let b = &j.browser;
        bob_answers(b, &j.stage).await;
        b.online(false).await;
        b.press("save").await;
        b.sees_error("offline").await;
        b.fill("[name=phone_number]", "+41 31 555 01 03").await;
        let calls = j.stage.backend_gate.count("/v1/profile");
        b.online(true).await;
        tokio::time::sleep(std::time::Duration::from_millis(1000)).await;
        assert_eq!(j.stage.backend_gate.count("/v1/profile"), calls);
        b.press("save").await;
        b.wait_for("location.pathname === '/account'").await;
        let kept = "JSON.parse(localStorage.getItem('admit-one')).profile.phone_number";
        assert_eq!(b.eval(kept).await, "+41315550103");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn enter_in_a_field_saves_and_the_field_that_goes_with_its_page_breaks_nothing() {
    journey(async |j| {
        let b = &j.browser;
        bob_answers(b, &j.stage).await;
        b.keys("\u{e007}").await;
        b.sees_signed_in(BOB).await;
        b.wait_for("location.pathname === '/account'").await;
        let console = b.console().await;
        let broken = console.iter().any(|line| line.contains("RuntimeError"));
        assert!(!broken, "{console:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bob_is_asked_for_exactly_what_is_missing_and_his_answers_survive_a_reload() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("bob").await;
        assert_eq!(
            b.wait_for(ASKED).await,
            serde_json::json!(["phone_number", "address.country"])
        );
        assert_eq!(
            b.eval("document.querySelector('[name=phone_number]').type")
                .await,
            "tel"
        );
        assert_eq!(
            b.eval("document.querySelector('[name=phone_number]').autocomplete")
                .await,
            "tel"
        );
        assert_eq!(
            b.eval("document.querySelector('[name=\"address.country\"]').autocomplete")
                .await,
            "country"
        );
        assert_eq!(
            b.eval("document.querySelector('[data-testid=later]') === null")
                .await,
            true
        );

        b.fill("[name=phone_number]", "+41 31 555 01 02").await;
        b.reload().await;
        b.wait_for("document.querySelector('[name=phone_number]')?.value === '+41 31 555 01 02'")
            .await;

        b.fill("[name=\"address.country\"]", "CH").await;
        b.press("save").await;
        b.sees_signed_in(BOB).await;
        b.press("continue").await;
        b.wait_for(&format!("location.origin === '{}'", j.stage.shop))
            .await;

        // It is asked once.
        b.open(&j.stage.app("/account")).await;
        b.sees_signed_in(BOB).await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        assert_eq!(
            b.eval("document.querySelector('[data-testid=profile-form]') === null")
                .await,
            true
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_somebody_else_are_not_shown() {
    journey(async |j| {
        let b = &j.browser;
        bob_answers(b, &j.stage).await;
        // As when another tab has signed somebody else in and this page hasn't heard of it yet.
        let theirs = "const key = 'admit-one.profile'; const kept = JSON.parse(localStorage[key]); localStorage[key] = JSON.stringify({ ...kept, person: 'eve' })";
        b.run(theirs).await;
        b.reload().await;
        b.wait_for(ASKED).await;
        let typed = "document.querySelector('[name=phone_number]').value";
        assert_eq!(b.eval(typed).await, "");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_as_it_is_written_at_home_gets_the_code_of_the_country_that_is_chosen() {
    const NUMBER: &str = "document.querySelector('[name=phone_number]').value";
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("bob").await;
        b.wait_for(ASKED).await;
        b.fill("[name=phone_number]", "031 555 01 02").await;
        // Where the country isn't known it has to be there.
        b.press("save").await;
        b.wait_for("document.querySelector('[name=phone_number][aria-invalid=true]')")
            .await;
        assert_eq!(b.eval(NUMBER).await, "031 555 01 02");
        // A choice that was a mistake leaves no trace.
        b.fill("[name=\"address.country\"]", "DE").await;
        b.wait_for(&format!("{NUMBER} === '+49 315550102'")).await;
        b.fill("[name=\"address.country\"]", "CH").await;
        b.wait_for(&format!("{NUMBER} === '+41 315550102'")).await;
        b.wait_for("!document.querySelector('[aria-invalid=true]')")
            .await;
        // And by leaving the field, or saving from it.
        b.fill("[name=phone_number]", "031 555 01 03").await;
        b.keys("\u{e007}").await;
        b.sees_signed_in(BOB).await;
        b.wait_for("location.pathname === '/account'").await;
        let kept = "JSON.parse(localStorage.getItem('admit-one')).profile.phone_number";
        assert_eq!(b.eval(kept).await, "+41315550103");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_answer_is_refused_at_its_field_and_kept() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("bob").await;
        b.fill("[name=phone_number]", "12").await;
        b.fill("[name=\"address.country\"]", "CH").await;
        b.press("save").await;
        b.wait_for("document.querySelector('[name=phone_number][aria-invalid=true]')")
            .await;
        // What is wrong is tied to the field and read out.
        let said = "(() => { const field = document.querySelector('[name=phone_number]'); \
            const wrong = field.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id)) \
                .find((element) => element.classList.contains('wrong')); \
            return wrong.getAttribute('aria-live') === 'polite' && wrong.innerText; })()";
        assert!(b.eval(said).await.as_str().is_some_and(|said| said.len() > 10));
        assert_eq!(
            b.eval("document.querySelector('[name=phone_number]').value")
                .await,
            "12"
        );
        assert_eq!(b.eval("document.activeElement.name").await, "phone_number");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_that_leaves_a_wrong_answer_is_one() {
    let setup = Setup {
        later: true,
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("bob").await;
        b.fill("[name=phone_number]", "12").await;
        // Leaving the field says what is wrong, which must not move the button away.
        b.press("later").await;
        b.wait_for("location.pathname === '/account'").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bob_may_answer_later_where_the_configuration_allows_it() {
    let setup = Setup {
        later: true,
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("bob").await;
        b.wait_for(ASKED).await;
        b.press("later").await;
        b.wait_for("location.pathname === '/account' && !document.querySelector('[data-testid=profile-form]')")
            .await;
        b.sees_signed_in(BOB).await;
        // He can still complete it, and doesn't have to.
        b.wait_for("document.querySelector('[data-testid=complete]')").await;
        b.press("continue").await;
        b.wait_for(NUMBER).await;
    })
    .await;
}

with_both_directories!(bob_who_answers_later_gets_to_the_page_of_the_shop_that_he_came_from);

async fn bob_who_answers_later_gets_to_the_page_of_the_shop_that_he_came_from(
    directory: Directory,
) {
    let setup = Setup {
        later: true,
        ..Setup::default().with(directory)
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        let page = b.come_from_basket(&j.stage).await;
        b.sign_in("bob").await;
        b.wait_for(ASKED).await;
        assert_eq!(j.stage.backend_gate.count("/v1/grant"), 0);
        b.press("later").await;
        b.wait_for(&format!("location.href === '{page}'")).await;
        b.wait_for(NUMBER).await;
        assert_eq!(j.stage.backend_gate.count("/v1/grant"), 1);
        // It is put off, not answered.
        b.open(&j.stage.app("/profile")).await;
        assert_eq!(
            b.wait_for(ASKED).await,
            serde_json::json!(["phone_number", "address.country"])
        );
    })
    .await;
}

/// The names of the fields that the profile form asks for.
const ASKED: &str = "document.querySelector('[data-testid=profile-form]') && \
    [...document.querySelectorAll('[data-testid=profile-form] :is(input, select)')].map((field) => field.name)";
