//! Wherever tokens rest: a step-up that works replaces them, and one that doesn't leaves the session as it was.

use super::*;

with_both_directories!(
    the_tokens_in_a_cookie_are_stepped_up_too,
    the_cookie_is_that_of_before_until_what_came_is_verified,
    the_tokens_in_memory_are_replaced_by_those_of_the_same_person,
    the_tokens_in_memory_are_replaced_by_nobody_else_s,
    a_session_in_memory_survives_a_step_up_that_is_given_up,
    a_session_in_memory_is_laid_aside_without_tokens_and_only_meanwhile,
);

fn resting(custody: &'static str, directory: Directory) -> Setup {
    Setup {
        custody,
        ..arena().with(directory)
    }
}

/// Steps up, as if nothing had happened before.
async fn gets_there(b: &Browser) {
    b.press("step-up").await;
    give_second_factor(b).await;
    b.wait_for(DONE).await;
    b.sees_signed_in(ALICE).await;
}

async fn the_tokens_in_a_cookie_are_stepped_up_too(directory: Directory) {
    weakly(resting("cookie", directory), "alice", async |j, b| {
        gets_there(b).await;
        b.reload().await;
        b.sees_signed_in(ALICE).await;
        b.wait_for(DONE).await;
        b.refresh(&j.stage).await;
        b.wait_for(DONE).await;
    })
    .await;
}

async fn the_cookie_is_that_of_before_until_what_came_is_verified(directory: Directory) {
    weakly(resting("cookie", directory), "alice", async |j, b| {
        // The backend doesn't know which `nonce` this browser expects.
        let forget = "for (const name of Object.keys(localStorage)) { \
            if (!location.pathname.startsWith('/callback/') || !name.startsWith('admit-one.pending.')) continue; \
            const pending = JSON.parse(localStorage.getItem(name)); \
            if (pending.step_up && !localStorage.spoilt) { \
                localStorage.spoilt = 'once'; \
                localStorage.setItem(name, JSON.stringify({ ...pending, nonce: 'another' })); } }";
        b.before_each_page(forget).await;
        b.press("step-up").await;
        give_second_factor(b).await;
        b.sees_error("id_token_nonce").await;
        assert_eq!(j.stage.backend_gate.count("/v1/exchange"), 2);
        b.refresh(&j.stage).await;
        assert_eq!(session(b).await["claims"]["acr"], "weak-acr");
        gets_there(b).await;
    })
    .await;
}

async fn the_tokens_in_memory_are_replaced_by_those_of_the_same_person(directory: Directory) {
    weakly(resting("memory", directory), "alice", async |_, b| {
        gets_there(b).await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        // They are gone with the page, as before.
        b.reload().await;
        b.sees_sign_in().await;
    })
    .await;
}

async fn the_tokens_in_memory_are_replaced_by_nobody_else_s(directory: Directory) {
    weakly(resting("memory", directory), "alice", async |j, b| {
        j.stage.sandbox.set_faults([Fault::AirlockSubOther]);
        b.press("step-up").await;
        give_second_factor(b).await;
        b.sees_error("step_up_sub").await;
        b.sees_who_was_there().await;
        j.stage.sandbox.set_faults([]);
        gets_there(b).await;
    })
    .await;
}

async fn a_session_in_memory_survives_a_step_up_that_is_given_up(directory: Directory) {
    weakly(resting("memory", directory), "alice", async |j, b| {
        j.stage.sandbox.set_faults([Fault::AirlockAccessDenied]);
        b.press("step-up").await;
        give_second_factor(b).await;
        b.sees_error("access_denied").await;
        b.sees_who_was_there().await;
        j.stage.sandbox.set_faults([]);
        // And by the back button.
        b.press("step-up").await;
        b.wait_for(&format!("document.querySelector('{OTP}')"))
            .await;
        b.open(&j.stage.app("/account")).await;
        b.sees_error("step_up_abandoned").await;
        b.sees_who_was_there().await;
        gets_there(b).await;
    })
    .await;
}

async fn a_session_in_memory_is_laid_aside_without_tokens_and_only_meanwhile(directory: Directory) {
    weakly(resting("memory", directory), "alice", async |j, b| {
        let stored = "JSON.stringify([{ ...localStorage }, { ...sessionStorage }])";
        assert!(!b.eval(stored).await.to_string().contains("admit-one.aside"));
        j.stage.backend_gate.hold("/v1/exchange");
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for("location.pathname === '/callback/arena'").await;
        let aside = b
            .eval("JSON.parse(sessionStorage['admit-one.aside'])")
            .await;
        assert!(aside["session"]["handle"].is_string(), "{aside}");
        for token in ["access_token", "id_token"] {
            assert!(aside["session"][token].is_null(), "{token}: {aside}");
        }
        j.stage.backend_gate.release();
        b.wait_for(DONE).await;
        assert!(!b.eval(stored).await.to_string().contains("admit-one.aside"));
    })
    .await;
}

impl Browser {
    /// Alice is signed in still, by password alone, and her session is good.
    async fn sees_who_was_there(&self) {
        self.wait_for("document.querySelector('[data-testid=user-email]')?.innerText.trim() === 'alice@example.test'")
            .await;
        self.wait_for("document.querySelector('[data-testid=step-up]')")
            .await;
    }
}
