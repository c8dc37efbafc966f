//! Nothing is done for a partner on our pages before the buyer has pressed a button there: nobody is told of, nobody steps
//! up, nobody is signed out.

use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{
    ACR, EVENTS, OTP, PARTNERS, WHO, on_partners_page, open, press, sees_events, sign_in_by_popup,
    with_partner,
};
use crate::browser::Browser;
use crate::buyer::{ALICE, BOB};
use crate::journey::Journey;
use crate::stage::{PAPER, Setup};

const AGREE: &str = "!!document.querySelector('[data-testid=agree]')";
const ENABLED: &str = "!!document.querySelector('[data-testid=agree]:not([aria-disabled])')";
const KEPT: &str = "localStorage.getItem('admit-one.partners')";
const FOCUSED: &str = "document.activeElement?.localName";

/// Signs in on our own pages, with the arena, and goes to the partner's.
async fn known_here(j: &Journey, b: &Browser, persona: &str, email: &str) {
    b.open(&j.stage.app("/")).await;
    b.click("[data-provider=arena]").await;
    b.log_in(persona).await;
    b.sees_signed_in(email).await;
    b.wait_for("!!document.querySelector('[data-testid=continue]')")
        .await;
    open(b, &j.stage.partner).await;
}

/// Presses the widget's button and sees the question of this title in the popup.
async fn is_asked(b: &Browser, title: &str) {
    press(b).await;
    b.sees_windows(2).await;
    sees_question(b, title).await;
}

async fn sees_question(b: &Browser, title: &str) {
    b.wait_for(&format!(
        "{AGREE} && document.querySelector('h1').textContent === '{title}' && {FOCUSED} === 'h1'"
    ))
    .await;
}

/// Somebody else in her place, as another tab may put them there.
async fn mallory_takes_her_place(j: &Journey, b: &Browser) {
    b.new_tab().await;
    b.open(&j.stage.app("/openapi.json")).await;
    b.run(
        "const session = JSON.parse(localStorage.getItem('admit-one')); \
         session.claims.sub = 'mallory'; session.claims.email = 'mallory@example.test'; \
         localStorage.setItem('admit-one', JSON.stringify(session))",
    )
    .await;
}

fn sealed(j: &Journey) -> usize {
    j.stage.backend_gate.count("/v1/handoff/seal")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_signed_in_already_is_asked_once_before_the_partner_knows() {
    on_partners_page(with_partner(), async |j, b| {
        known_here(j, b, "alice", ALICE).await;
        let page = b.tab().await;
        is_asked(b, "Continue with this account?").await;
        let text = b.text().await;
        for said in [
            ALICE,
            "The Fanzine will receive",
            "your details",
            "signed confirmation",
            "the identifier of your account",
            "Continue to The Fanzine",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(
            !text.contains("customer number"),
            "it isn't released: {text}"
        );
        let popup = b.tab().await;
        b.switch_to(&page).await;
        sees_events(b, &["ready"]).await;
        assert_eq!(sealed(j), 0);
        b.switch_to(&popup).await;
        // By keyboard: from the heading on to the first button.
        b.keys("\u{e004}").await;
        assert_eq!(
            b.eval("document.activeElement.dataset.testid").await,
            "agree"
        );
        b.wait_for(ENABLED).await;
        b.keys("\u{e007}").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "signed-in"]).await;
        assert_eq!(b.eval(WHO).await, ALICE);
        assert_eq!(sealed(j), 1);
        // From then on it is silent.
        b.reload().await;
        sees_events(b, &["ready"]).await;
        press(b).await;
        sees_events(b, &["ready", "signed-in"]).await;
        assert_eq!(sealed(j), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cancels_isnt_told_of_and_is_asked_again() {
    on_partners_page(with_partner(), async |j, b| {
        known_here(j, b, "alice", ALICE).await;
        let page = b.tab().await;
        is_asked(b, "Continue with this account?").await;
        b.press("cancel").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "error popup_closed"]).await;
        assert_eq!(b.eval(WHO).await, "nobody");
        // In the page's own place, too.
        open(b, &format!("{}/redirect", j.stage.partner)).await;
        press(b).await;
        sees_question(b, "Continue with this account?").await;
        b.press("cancel").await;
        b.wait_for(&format!(
            "location.host.startsWith('partner.') && {EVENTS}.includes('error popup_closed')"
        ))
        .await;
        assert_eq!(sealed(j), 0);
        b.open(&j.stage.app("/")).await;
        b.sees_signed_in(ALICE).await;
        assert_eq!(b.eval(KEPT).await, Value::Null);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gets_no_further_can_cancel() {
    let setup = Setup {
        more: format!("{PAPER}{PARTNERS}"),
        ..with_partner()
    };
    on_partners_page(setup, async |j, b| {
        j.alice_signs_in_elsewhere().await;
        let page = b.tab().await;
        let mut events = vec!["ready"];
        for provider in ["paper", "club"] {
            press(b).await;
            b.sees_windows(2).await;
            b.click(&format!("[data-provider={provider}]")).await;
            if provider == "club" {
                b.log_in("carol").await;
                b.sees_error("contact_email_taken").await;
            } else {
                b.wait_for("document.querySelector('[data-testid=login-form]')")
                    .await;
            }
            b.press("cancel").await;
            b.sees_windows(1).await;
            b.switch_to(&page).await;
            events.push("error popup_closed");
            sees_events(b, &events).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_is_signed_in_on_a_page_that_says_for_whom() {
    on_partners_page(with_partner(), async |j, b| {
        known_here(j, b, "alice", ALICE).await;
        let page = b.tab().await;
        is_asked(b, "Continue with this account?").await;
        b.press("other-account").await;
        b.sees_sign_in().await;
        b.wait_for("document.body.innerText.includes('Sign in to continue to The Fanzine')")
            .await;
        assert_eq!(sealed(j), 0);
        b.click("[data-provider=arena]").await;
        b.log_in("bob").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        b.wait_for(&format!("{WHO} === '{BOB}'")).await;
        sees_events(b, &["ready", "signed-in"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_of_one_person_and_ends_with_signing_out_everywhere() {
    on_partners_page(with_partner(), async |j, b| {
        sign_in_by_popup(b, "alice").await;
        let kept = async || {
            b.open(&j.stage.app("/account")).await;
            b.wait_for("!!document.querySelector('[data-testid=sign-out]')")
                .await;
            b.eval(KEPT).await
        };
        let answer = kept().await.as_str().unwrap().to_owned();
        assert!(
            answer.contains("fanzine") && !answer.contains("alice"),
            "{answer}"
        );
        // Who signs out and in again has answered.
        b.press("sign-out").await;
        b.press("start-again").await;
        known_here(j, b, "alice", ALICE).await;
        press(b).await;
        sees_events(b, &["ready", "signed-in"]).await;
        // Somebody else hasn't.
        kept().await;
        b.press("sign-out").await;
        b.press("start-again").await;
        known_here(j, b, "bob", BOB).await;
        let page = b.tab().await;
        is_asked(b, "Continue with this account?").await;
        assert_eq!(b.eval(KEPT).await, Value::Null);
        b.agree().await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        assert_ne!(kept().await, Value::Null);
        b.press("sign-out-everywhere").await;
        b.wait_for(&format!("{KEPT} === null")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_that_is_to_receive_more_asks_again() {
    on_partners_page(with_partner(), async |j, b| {
        sign_in_by_popup(b, "alice").await;
        b.open(&j.stage.app("/account")).await;
        // As agreed before the operator has added to it.
        b.run(
            "const kept = JSON.parse(localStorage.getItem('admit-one.partners')); \
             kept.partners[0][1] = ['profile', 'sub', 'contact_number']; \
             localStorage.setItem('admit-one.partners', JSON.stringify(kept))",
        )
        .await;
        open(b, &j.stage.partner).await;
        let page = b.tab().await;
        is_asked(b, "Continue with this account?").await;
        assert_eq!(sealed(j), 1);
        b.agree().await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "signed-in"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_elsewhere_isnt_one_for_the_partner() {
    on_partners_page(with_partner(), async |j, b| {
        press(b).await;
        b.sees_windows(2).await;
        b.sees_sign_in().await;
        let popup = b.tab().await;
        let visit = "JSON.parse(sessionStorage.getItem('admit-one.widget')).address";
        let address = b.eval(visit).await.as_str().unwrap().to_owned();
        b.new_tab().await;
        known_here(j, b, "alice", ALICE).await;
        b.switch_to(&popup).await;
        // Whoever has opened the popup may take it there again.
        b.open(&j.stage.app(&address)).await;
        sees_question(b, "Continue with this account?").await;
        assert_eq!(sealed(j), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_in_elsewhere_while_the_popup_waits_is_asked_there() {
    // By the page as it is, and by one that was put away meanwhile.
    for is_loaded_again in [false, true] {
        on_partners_page(with_partner(), async |j, b| {
            press(b).await;
            b.sees_windows(2).await;
            b.sees_sign_in().await;
            let popup = b.tab().await;
            let address = b.url().await;
            if is_loaded_again {
                b.open("about:blank").await;
            }
            b.new_tab().await;
            known_here(j, b, "alice", ALICE).await;
            b.switch_to(&popup).await;
            if is_loaded_again {
                b.open(&address).await;
            }
            sees_question(b, "Continue with this account?").await;
            assert_eq!(sealed(j), 0);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_popup_that_was_given_up_leads_nobody_to_the_partner_later() {
    let setup = Setup {
        required: &["phone_number"],
        ..with_partner()
    };
    on_partners_page(setup, async |j, b| {
        let page = b.tab().await;
        press(b).await;
        b.sees_windows(2).await;
        b.press("sign-in").await;
        b.log_in("bob").await;
        b.wait_for("document.querySelector('[data-testid=profile-form]')")
            .await;
        b.close_tab(&page).await;
        b.open(&j.stage.app("/account")).await;
        b.wait_for("document.querySelector('[data-testid=complete]')")
            .await;
        b.press("complete").await;
        b.fill("[name=phone_number]", "+41 79 123 45 67").await;
        b.press("save").await;
        b.wait_for("!document.querySelector('[data-testid=profile-form]')")
            .await;
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        assert_eq!(b.eval(AGREE).await, false);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_a_link_has_led_to_isnt_one_for_the_partner() {
    on_partners_page(with_partner(), async |j, b| {
        let query = format!(
            "action=sign-in&challenge={}&partner=fanzine&origin={}",
            "A".repeat(43),
            j.stage.partner.replace("://", "%3A%2F%2F")
        );
        let encode = format!("encodeURIComponent('/widget?{query}')");
        let return_to = b.eval(&encode).await.as_str().unwrap().to_owned();
        b.open(&j.stage.app(&format!("/?return_to={return_to}")))
            .await;
        b.click("[data-provider=arena]").await;
        b.log_in("alice").await;
        sees_question(b, "Continue with this account?").await;
        assert_eq!(sealed(j), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_up_is_asked_about() {
    on_partners_page(with_partner(), async |j, b| {
        sign_in_by_popup(b, "alice").await;
        let page = b.tab().await;
        b.press("fanzine-step-up").await;
        b.sees_windows(2).await;
        sees_question(b, "Confirm it’s you?").await;
        assert!(b.text().await.contains("The Fanzine asks you to confirm"));
        assert_eq!(j.stage.backend_gate.count("/v1/step-up"), 0);
        b.press("cancel").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(b, &["ready", "signed-in", "error popup_closed"]).await;
        assert_eq!(b.eval(ACR).await, "weak-acr");
        assert_eq!(b.eval(WHO).await, ALICE);
        assert_eq!(j.stage.backend_gate.count("/v1/step-up"), 0);
        // One yes is for one time.
        b.press("fanzine-step-up").await;
        b.sees_windows(2).await;
        b.agree().await;
        b.fill(OTP, "000000").await;
        b.submit(OTP).await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        b.wait_for(&format!("{ACR} === 'strong-acr'")).await;
    })
    .await;
}

/// Double-clickjacking: the second press of a double click lands on a window that comes to the front between the two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_on_a_page_that_has_just_come_to_the_front_says_yes_to_nothing() {
    on_partners_page(with_partner(), async |j, b| {
        known_here(j, b, "alice", ALICE).await;
        is_asked(b, "Continue with this account?").await;
        for event in [
            "window.dispatchEvent(new Event('focus'))",
            "document.dispatchEvent(new Event('visibilitychange'))",
        ] {
            b.wait_for(ENABLED).await;
            let pressed = format!(
                "(async () => {{ \
                    const agree = document.querySelector('[data-testid=agree]'); \
                    {event}; \
                    agree.click(); \
                    await new Promise((done) => setTimeout(done, 50)); \
                    return agree.isConnected && agree.ariaDisabled; \
                 }})()"
            );
            assert_eq!(b.settle(&pressed).await, "true");
        }
        b.sees_windows(2).await;
        assert_eq!(sealed(j), 0);
        b.agree().await;
        b.sees_windows(1).await;
        assert_eq!(sealed(j), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_is_asked_about() {
    on_partners_page(with_partner(), async |j, b| {
        sign_in_by_popup(b, "alice").await;
        let page = b.tab().await;
        is_asked(b, "Sign out?").await;
        assert!(b.text().await.contains("The Fanzine asks to sign you out"));
        b.press("cancel").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        sees_events(
            b,
            &["ready", "signed-in", "signed-out", "error popup_closed"],
        )
        .await;
        assert_eq!(j.stage.backend_gate.count("/v1/sign-out"), 0);
        b.open(&j.stage.app("/")).await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_the_place_of_who_was_asked_is_asked_too() {
    on_partners_page(with_partner(), async |j, b| {
        known_here(j, b, "alice", ALICE).await;
        is_asked(b, "Continue with this account?").await;
        let popup = b.tab().await;
        mallory_takes_her_place(j, b).await;
        b.switch_to(&popup).await;
        b.sees_signed_in("mallory@example.test").await;
        sees_question(b, "Continue with this account?").await;
        assert_eq!(sealed(j), 0);
        b.agree().await;
        b.sees_windows(2).await;
        let before = "JSON.parse(localStorage.getItem('admit-one.partners'))?.person";
        b.open(&j.stage.app("/openapi.json")).await;
        let person = b.eval(before).await.as_str().unwrap().to_owned();
        // The hash is of `iss` and `sub`, and of nobody else's.
        let hashed = "(async () => { const { iss, sub } = JSON.parse(localStorage.getItem('admit-one')).claims; \
            const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(iss + '\\n' + sub)); \
            return btoa(String.fromCharCode(...new Uint8Array(hash))).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=/g, '') })()";
        assert_eq!(b.settle(hashed).await, person);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_for_the_partner_is_of_who_signed_in() {
    on_partners_page(with_partner(), async |j, b| {
        j.stage.backend_gate.hold("/v1/handoff/seal");
        press(b).await;
        b.sees_windows(2).await;
        b.click("[data-provider=arena]").await;
        b.log_in("alice").await;
        b.wait_for(&format!(
            "location.pathname === '/widget' && {KEPT} !== null"
        ))
        .await;
        let popup = b.tab().await;
        mallory_takes_her_place(j, b).await;
        b.switch_to(&popup).await;
        sees_question(b, "Continue with this account?").await;
        b.sees_signed_in("mallory@example.test").await;
        j.stage.backend_gate.release();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_everywhere_on_another_device_takes_the_answers_back() {
    on_partners_page(with_partner(), async |j, b| {
        sign_in_by_popup(b, "alice").await;
        let revoked = serde_json::json!({
            "type": "about:blank", "title": "Revoked.", "status": 401, "code": "handle_revoked",
        });
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/problem+json".parse().unwrap());
        let answer = (StatusCode::UNAUTHORIZED, headers, revoked.to_string());
        j.stage.backend_gate.answer("/v1/handoff/seal", answer);
        b.reload().await;
        sees_events(b, &["ready"]).await;
        press(b).await;
        b.sees_windows(2).await;
        b.sees_sign_in().await;
        assert_eq!(b.eval(KEPT).await, Value::Null);
    })
    .await;
}
