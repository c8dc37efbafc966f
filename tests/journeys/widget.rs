//! The widget on a partner's page: what happens in the popup or in the page's place comes back to that page, and to no other.

mod asked;
mod others;

use axum::http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::browser::{Browser, Options};
use crate::buyer::{ALICE, BOB};
use crate::directory::{Directory, with_both_directories};
use crate::journey::{Journey, journey_on};
use crate::stage::Setup;

const OTP: &str = "input[name=otp]";

/// What the partner's page shows.
const EVENTS: &str =
    "[...document.querySelectorAll('[data-testid=events] li')].map((event) => event.textContent)";
const WHO: &str = "document.querySelector('[data-testid=who]').textContent";
const ACR: &str = "document.querySelector('[data-testid=acr]').textContent";
const TOKEN: &str = "document.querySelector('[data-testid=token]').textContent";
const ELEMENT: &str = "document.querySelector('admit-one')";
const BUTTON: &str = "document.querySelector('admit-one').shadowRoot.querySelector('button')";

/// A deployment with a partner, and with the arena beside the club.
fn with_partner() -> Setup {
    Setup {
        required: &[],
        more: format!("{ARENA}{PARTNERS}"),
        ..Setup::default()
    }
}

const PARTNERS: &str = r#"
[[partners]]
id = "fanzine"
label = "The Fanzine"
origins = ["{partner}"]
release = ["profile", "id_token", "sub"]
"#;

const ARENA: &str = r#"
[[providers]]
id = "arena"
label = "Arena account"
issuer = "{airlock}/auth-login/rest/oauth2/authorization-servers/arena"
client_id = "weak-app"
client_secret_env = "WEAK"
scopes = ["openid", "profile", "email", "phone", "address", "offline_access"]
acr_values = ["weak-acr"]

[providers.step_up]
client_id = "strong-app"
client_secret_env = "STRONG"
acr_values = ["strong-acr"]
sso_ticket_resource = "{airlock}/auth-login/rest/oauth2/authorization-servers/arena/resources/sso-ticket"
"#;

async fn on_partners_page(setup: Setup, steps: impl AsyncFnOnce(&Journey, &Browser)) {
    journey_on(setup, Options::default(), async |j| {
        open(&j.browser, &j.stage.partner).await;
        steps(j, &j.browser).await;
    })
    .await;
}

/// Opens a page with the widget and waits until it is ready.
async fn open(b: &Browser, url: &str) {
    b.open(url).await;
    b.wait_for(&format!("{EVENTS}.includes('ready')")).await;
}

/// Presses the widget's button, as a mouse does.
async fn press(b: &Browser) {
    b.click("admit-one").await;
}

/// Waits until the events are these, from the first on.
async fn sees_events(b: &Browser, events: &[&str]) {
    let expected = events.join(",");
    b.wait_for(&format!("{EVENTS}.join() === '{expected}' || undefined"))
        .await;
}

/// Signs Alice in, with the arena, where the page has left for our pages.
async fn sign_in_in_its_place(b: &Browser) {
    b.click("[data-provider=arena]").await;
    b.log_in("alice").await;
    b.wait_for(&format!(
        "location.host.startsWith('partner.') && {WHO} === '{ALICE}'"
    ))
    .await;
}

/// Presses this, signs in by the popup, with the arena, and comes back to the page.
async fn press_and_sign_in(b: &Browser, element: &str, persona: &str) {
    let page = b.tab().await;
    b.click(element).await;
    b.sees_windows(2).await;
    b.click("[data-provider=arena]").await;
    b.log_in(persona).await;
    b.sees_windows(1).await;
    b.switch_to(&page).await;
}

/// The same with the page's own element, until the page is told.
async fn sign_in_by_popup(b: &Browser, persona: &str) {
    press_and_sign_in(b, "admit-one", persona).await;
    b.wait_for(&format!("{EVENTS}.includes('signed-in')")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_signs_in_by_a_popup_and_the_page_is_told_who() {
    on_partners_page(with_partner(), async |j, b| {
        assert_eq!(b.eval(&format!("{BUTTON}.textContent")).await, "Sign in");
        sign_in_by_popup(b, "alice").await;
        sees_events(b, &["ready", "signed-in"]).await;
        assert_eq!(b.eval(WHO).await, ALICE);
        assert_eq!(b.eval(ACR).await, "weak-acr");
        assert_eq!(b.eval(&format!("{BUTTON}.textContent")).await, "Sign out");
        // Its looks are the partner's, under a policy that allows no style of ours.
        let background = format!("getComputedStyle({BUTTON}).backgroundColor");
        assert_eq!(b.eval(&background).await, "rgb(185, 28, 28)");
        let user = b.eval(&format!("{ELEMENT}.user")).await;
        assert_eq!(user["profile"]["email"], ALICE);
        assert!(user["contact_number"].is_null(), "it isn't released");
        let token = b.settle(&format!("{ELEMENT}.getToken()")).await;
        assert_eq!(token, user["id_token"]);
        assert_eq!(token.as_str().unwrap().split('.').count(), 3);
        // Nothing that was released lies in the partner's storage, and no frame of ours stays.
        assert_eq!(
            b.eval("localStorage.length + sessionStorage.length").await,
            0
        );
        assert_eq!(
            b.eval(&format!("{ELEMENT}.shadowRoot.querySelector('iframe')"))
                .await,
            serde_json::Value::Null
        );
        // Pressing again after a reload asks nobody anything.
        b.reload().await;
        sees_events(b, &["ready"]).await;
        assert_eq!(
            b.settle(&format!("{ELEMENT}.getToken()")).await,
            serde_json::Value::Null
        );
        press(b).await;
        sees_events(b, &["ready", "signed-in"]).await;
        assert_eq!(b.eval(WHO).await, ALICE);
        assert_eq!(j.stage.backend_gate.count("/v1/handoff/open"), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_popup_is_refused_the_page_itself_goes_and_comes_back() {
    on_partners_page(with_partner(), async |j, b| {
        open(b, &format!("{}/?issue=7", j.stage.partner)).await;
        b.run("window.open = () => null").await;
        press(b).await;
        sign_in_in_its_place(b).await;
        sees_events(b, &["ready", "signed-in"]).await;
        assert_eq!(b.url().await, format!("{}/?issue=7", j.stage.partner));
        // And where the page never wants one.
        press(b).await;
        sees_events(b, &["ready", "signed-in", "signed-out"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_may_ask_for_no_popup_at_all() {
    on_partners_page(with_partner(), async |j, b| {
        open(b, &format!("{}/redirect", j.stage.partner)).await;
        press(b).await;
        sign_in_in_its_place(b).await;
        press(b).await;
        b.agree().await;
        b.wait_for(&format!(
            "location.host.startsWith('partner.') && {WHO} === 'nobody'"
        ))
        .await;
        sees_events(b, &["ready"]).await;
        b.open(&j.stage.app("/")).await;
        b.sees_sign_in().await;
    })
    .await;
}

with_both_directories!(
    stepping_up_ends_with_the_strong_acr,
    a_step_up_that_is_given_up_keeps_the_buyer,
);

async fn stepping_up_ends_with_the_strong_acr(directory: Directory) {
    on_partners_page(with_partner().with(directory), async |_, b| {
        sign_in_by_popup(b, "alice").await;
        assert_eq!(b.eval(ACR).await, "weak-acr");
        let page = b.tab().await;
        b.press("fanzine-step-up").await;
        b.sees_windows(2).await;
        b.agree().await;
        b.fill(OTP, "000000").await;
        b.submit(OTP).await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        b.wait_for(&format!("{ACR} === 'strong-acr'")).await;
        sees_events(b, &["ready", "signed-in", "signed-in"]).await;
        assert_eq!(b.eval(WHO).await, ALICE);
    })
    .await;
}

async fn a_step_up_that_is_given_up_keeps_the_buyer(directory: Directory) {
    on_partners_page(with_partner().with(directory), async |_, b| {
        sign_in_by_popup(b, "alice").await;
        let page = b.tab().await;
        // With the provider's own words.
        b.press("fanzine-step-up").await;
        b.sees_windows(2).await;
        b.agree().await;
        b.wait_for(&format!("!!document.querySelector('{OTP}')"))
            .await;
        b.press("airlock-cancel").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "signed-in", "error access_denied"]).await;
        // Without a word.
        b.press("fanzine-step-up").await;
        b.sees_windows(2).await;
        b.agree().await;
        b.wait_for(&format!("!!document.querySelector('{OTP}')"))
            .await;
        b.close_tab(&page).await;
        sees_events(
            b,
            &[
                "ready",
                "signed-in",
                "error access_denied",
                "error popup_closed",
            ],
        )
        .await;
        assert_eq!(b.eval(WHO).await, ALICE);
        assert_eq!(b.eval(ACR).await, "weak-acr");
        assert_ne!(b.eval(TOKEN).await, "–");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_up_of_nobody_yet_begins_with_a_provider_that_can_do_it() {
    on_partners_page(with_partner(), async |_, b| {
        let page = b.tab().await;
        b.press("fanzine-step-up").await;
        b.sees_windows(2).await;
        b.wait_for("!!document.querySelector('[data-provider=arena]')")
            .await;
        let offered = "[...document.querySelectorAll('[data-provider]')].map((button) => button.dataset.provider).join()";
        assert_eq!(b.eval(offered).await, "arena");
        b.click("[data-provider=arena]").await;
        b.log_in("alice").await;
        b.agree().await;
        b.fill(OTP, "000000").await;
        b.submit(OTP).await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "signed-in"]).await;
        assert_eq!(b.eval(ACR).await, "strong-acr");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_provider_can_step_up_nobody_has_to_sign_in_to_learn_it() {
    let setup = Setup {
        more: PARTNERS.to_owned(),
        ..with_partner()
    };
    on_partners_page(setup, async |_, b| {
        b.press("fanzine-step-up").await;
        sees_events(b, &["ready", "error step_up_unavailable"]).await;
        b.sees_windows(1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_right_after_the_popup_was_closed_opens_another() {
    on_partners_page(with_partner(), async |_, b| {
        let page = b.tab().await;
        // A page that isn't looked at doesn't take a closed popup for given up.
        b.run("document.hasFocus = () => false").await;
        press(b).await;
        b.sees_windows(2).await;
        b.close_tab(&page).await;
        press(b).await;
        b.sees_windows(2).await;
        b.sees_sign_in().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_without_constructed_style_sheets_has_a_button() {
    on_partners_page(with_partner(), async |j, b| {
        b.before_each_page("delete window.CSSStyleSheet").await;
        b.open(&j.stage.partner).await;
        press(b).await;
        b.sees_windows(2).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_cannot_be_sealed_at_first_is_sealed_once_it_can() {
    on_partners_page(with_partner(), async |j, b| {
        let page = b.tab().await;
        let problem = json!({ "type": "about:blank", "title": "", "status": 429, "code": "rate_limited", "retry_after": 1 });
        let busy = (StatusCode::TOO_MANY_REQUESTS, HeaderMap::new(), problem.to_string());
        j.stage.backend_gate.answer("/v1/handoff/seal", busy);
        press(b).await;
        b.sees_windows(2).await;
        b.press("sign-in").await;
        b.log_in("alice").await;
        b.sees_error("rate_limited").await;
        j.stage.backend_gate.release();
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "signed-in"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_signs_out_here_and_on_our_pages() {
    on_partners_page(with_partner(), async |j, b| {
        sign_in_by_popup(b, "alice").await;
        let page = b.tab().await;
        press(b).await;
        b.sees_windows(2).await;
        b.agree().await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "signed-in", "signed-out"]).await;
        assert_eq!(b.eval(WHO).await, "nobody");
        b.wait_for(&format!("{BUTTON}.getAttribute('aria-busy') === 'false'"))
            .await;
        b.open(&j.stage.app("/")).await;
        b.sees_sign_in().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_is_completed_on_the_way_is_told() {
    let setup = Setup {
        required: &["given_name", "email", "phone_number", "address.country"],
        ..with_partner()
    };
    on_partners_page(setup, async |_, b| {
        let page = b.tab().await;
        press(b).await;
        b.sees_windows(2).await;
        b.press("sign-in").await;
        b.log_in("bob").await;
        b.fill("[name=phone_number]", "+41 79 123 45 67").await;
        b.fill("[name='address.country']", "CH").await;
        b.press("save").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "signed-in", "profile-completed"]).await;
        assert_eq!(b.eval(WHO).await, BOB);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cancels_on_the_way_is_back_on_the_page() {
    let setup = Setup {
        required: &["phone_number"],
        ..with_partner()
    };
    on_partners_page(setup, async |_, b| {
        let page = b.tab().await;
        press(b).await;
        b.sees_windows(2).await;
        b.press("cancel").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "error popup_closed"]).await;
        press(b).await;
        b.sees_windows(2).await;
        b.press("sign-in").await;
        b.log_in("bob").await;
        b.wait_for("document.querySelector('[data-testid=profile-form]')")
            .await;
        b.press("cancel").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "error popup_closed", "error popup_closed"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_is_pressed_by_keyboard() {
    on_partners_page(with_partner(), async |_, b| {
        b.run(&format!("{ELEMENT}.focus()")).await;
        assert_eq!(
            b.eval(&format!("{ELEMENT}.shadowRoot.activeElement?.localName"))
                .await,
            "button"
        );
        b.keys("\u{e007}").await;
        b.sees_windows(2).await;
        b.sees_sign_in().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_popup_that_is_cut_off_from_its_page_comes_back_by_the_address_and_closes() {
    on_partners_page(with_partner(), async |j, b| {
        open(b, &format!("{}/isolated", j.stage.partner)).await;
        let page = b.tab().await;
        // A headless page has the focus always; with a popup in front of it, none has.
        b.run("document.hasFocus = () => false").await;
        press(b).await;
        b.sees_windows(2).await;
        b.wait_for("!!document.querySelector('[data-provider=arena]') && window.opener === null")
            .await;
        b.click("[data-provider=arena]").await;
        b.log_in("alice").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        b.wait_for(&format!("{WHO} === '{ALICE}'")).await;
        sees_events(b, &["ready", "signed-in"]).await;
    })
    .await;
}

/// Presses where neither a popup opens nor the page is left.
async fn press_and_stay(b: &Browser) {
    b.run("window.open = () => null; navigation.onnavigate = (event) => event.preventDefault()")
        .await;
    press(b).await;
    b.wait_for(&format!("{BUTTON}.getAttribute('aria-busy') === 'true'"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_comes_back_as_it_was_left_can_be_pressed_again() {
    on_partners_page(with_partner(), async |_, b| {
        press_and_stay(b).await;
        b.run("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
            .await;
        sees_events(b, &["ready", "error popup_closed"]).await;
        b.run("navigation.onnavigate = null").await;
        press(b).await;
        b.sees_sign_in().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_has_stayed_is_left_by_the_next_press() {
    on_partners_page(with_partner(), async |_, b| {
        press_and_stay(b).await;
        b.run("navigation.onnavigate = null").await;
        press(b).await;
        b.sees_sign_in().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_address_leads_elsewhere_by_now_is_told_where_it_ends() {
    on_partners_page(with_partner(), async |j, b| {
        open(b, &format!("{}/redirect", j.stage.partner)).await;
        b.run("history.pushState(null, '', '/moved')").await;
        press(b).await;
        sign_in_in_its_place(b).await;
        assert_eq!(b.url().await, format!("{}/redirect", j.stage.partner));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_elements_the_one_that_was_pressed_is_told() {
    on_partners_page(with_partner(), async |_, b| {
        b.run(
            "const second = document.createElement('admit-one'); second.id = 'second'; \
             second.setAttribute('partner', 'fanzine'); document.body.append(second)",
        )
        .await;
        press_and_sign_in(b, "#second", "alice").await;
        b.wait_for(&format!(
            "document.querySelector('#second').user?.profile.email === '{ALICE}'"
        ))
        .await;
        assert!(b.eval(&format!("{ELEMENT}.user")).await.is_null());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_in_the_middle_of_a_sign_in_ends_that() {
    on_partners_page(with_partner(), async |_, b| {
        let page = b.tab().await;
        press(b).await;
        b.sees_windows(2).await;
        b.switch_to(&page).await;
        b.run(&format!(
            "window.open = () => null; navigation.onnavigate = (event) => event.preventDefault(); {ELEMENT}.signOut()"
        ))
        .await;
        sees_events(b, &["ready", "signed-out", "error popup_closed"]).await;
        b.sees_windows(1).await;
    })
    .await;
}

/// Signs in by a popup and signs out again, with the tokens kept like this.
async fn on_the_rung(custody: &'static str) {
    let setup = Setup {
        custody,
        ..with_partner()
    };
    on_partners_page(setup, async |_, b| {
        sign_in_by_popup(b, "alice").await;
        assert_eq!(b.eval(WHO).await, ALICE);
        press(b).await;
        sees_events(b, &["ready", "signed-in", "signed-out"]).await;
        if matches!(custody, "local" | "cookie") {
            // On the others nobody is signed in, in a popup of its own.
            b.sees_windows(2).await;
            b.agree().await;
        }
        b.sees_windows(1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_with_the_tokens_in_the_session() {
    on_the_rung("session").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_with_the_tokens_in_memory() {
    on_the_rung("memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_with_the_handle_in_a_cookie() {
    on_the_rung("cookie").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moments_trouble_is_tried_again_in_the_popup() {
    on_partners_page(with_partner(), async |j, b| {
        let page = b.tab().await;
        j.stage.backend_gate.refuse("/v1/handoff/seal", 1);
        press(b).await;
        b.sees_windows(2).await;
        b.click("[data-provider=arena]").await;
        b.log_in("alice").await;
        b.press("retry").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "signed-in"]).await;
    })
    .await;
}
