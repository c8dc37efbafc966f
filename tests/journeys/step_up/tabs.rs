//! Two tabs, and a page that is reloaded in the middle.

use super::*;

with_both_directories!(
    two_tabs_that_step_up_at_once_both_get_there,
    a_reload_during_the_exchange_still_leads_there,
    a_page_that_dies_during_the_exchange_is_gone_on_with,
    an_answer_opened_in_two_tabs_is_exchanged_once,
);

async fn reaches_second_factor(b: &Browser) {
    b.press("step-up").await;
    b.wait_for(&format!("document.querySelector('{OTP}')"))
        .await;
}

async fn two_tabs_that_step_up_at_once_both_get_there(directory: Directory) {
    weakly(arena().with(directory), "alice", async |j, b| {
        let weak = session(b).await;
        let first = b.tab().await;
        reaches_second_factor(b).await;
        let second = b.new_tab().await;
        b.open(&j.stage.app("/account")).await;
        reaches_second_factor(b).await;
        j.stage.backend_gate.hold("/v1/exchange");
        for tab in [&first, &second] {
            b.switch_to(tab).await;
            confirm(b, "000000").await;
            b.wait_for("location.pathname === '/callback/arena'").await;
        }
        j.stage.backend_gate.release();
        for tab in [&first, &second] {
            b.switch_to(tab).await;
            b.wait_for(DONE).await;
            b.sees_signed_in(ALICE).await;
        }
        let strong = session(b).await;
        assert_eq!(strong["claims"]["sub"], weak["claims"]["sub"]);
        assert_eq!(strong["claims"]["acr"], "strong-acr");
        b.refresh(&j.stage).await;
        b.wait_for(DONE).await;
    })
    .await;
}

/// What the browser does first when the page is there again.
async fn is_left_in_the_middle(directory: Directory, first: &str) {
    let setup = Setup {
        shop: "acr_values = [\"strong-acr\"]",
        ..arena().with(directory)
    };
    weakly(setup, "alice", async |j, b| {
        b.press("continue").await;
        b.wait_for(&format!("document.querySelector('{OTP}')"))
            .await;
        j.stage.backend_gate.hold("/v1/exchange");
        confirm(b, "000000").await;
        b.wait_for("location.pathname === '/callback/arena' && window.admitOne.ready")
            .await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        b.before_each_page(first).await;
        b.reload().await;
        j.stage.backend_gate.release();
        // And what asked for it goes on, once.
        b.wait_for(NUMBER).await;
        assert_eq!(j.stage.backend_gate.count("/v1/grant"), 2);
        b.open(&j.stage.app("/account")).await;
        b.wait_for(DONE).await;
    })
    .await;
}

async fn a_reload_during_the_exchange_still_leads_there(directory: Directory) {
    is_left_in_the_middle(directory, "").await;
}

async fn a_page_that_dies_during_the_exchange_is_gone_on_with(directory: Directory) {
    // It had no time to say that it isn't at it any more.
    let claimed = "if (location.pathname.startsWith('/callback/')) \
        for (const name of Object.keys(localStorage)) { \
            if (!name.startsWith('admit-one.pending.')) continue; \
            const pending = JSON.parse(localStorage.getItem(name)); \
            localStorage.setItem(name, JSON.stringify({ ...pending, claimed_at: Date.now() })); }";
    is_left_in_the_middle(directory, claimed).await;
}

async fn an_answer_opened_in_two_tabs_is_exchanged_once(directory: Directory) {
    weakly(arena().with(directory), "alice", async |j, b| {
        let first = b.tab().await;
        let before = j.stage.backend_gate.count("/v1/exchange");
        reaches_second_factor(b).await;
        j.stage.backend_gate.hold("/v1/exchange");
        confirm(b, "000000").await;
        b.wait_for("location.pathname === '/callback/arena' && window.admitOne.ready")
            .await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let answer = b.url().await;
        let second = b.new_tab().await;
        b.open(&answer).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        j.stage.backend_gate.release();
        for tab in [&first, &second] {
            b.switch_to(tab).await;
            b.wait_for(DONE).await;
        }
        assert_eq!(j.stage.backend_gate.count("/v1/exchange"), before + 1);
    })
    .await;
}
