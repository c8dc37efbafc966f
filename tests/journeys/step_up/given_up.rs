//! A step-up that the buyer gives up leaves the session as it was.

use super::*;

with_both_directories!(
    by_the_back_button_leaves_the_session_as_it_was,
    a_way_into_the_shop_is_not_taken_again_by_itself,
);

async fn by_the_back_button_leaves_the_session_as_it_was(directory: Directory) {
    weakly(arena().with(directory), "alice", async |_, b| {
        let weak = session(b).await;
        b.press("step-up").await;
        b.wait_for(&format!("document.querySelector('{OTP}')"))
            .await;
        // The login's own page, and the one that led to it.
        for _ in 0..3 {
            if b.url().await.contains("/account") {
                break;
            }
            b.back().await;
        }
        b.sees_error("step_up_abandoned").await;
        assert_eq!(session(b).await, weak);
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
    })
    .await;
}

async fn a_way_into_the_shop_is_not_taken_again_by_itself(directory: Directory) {
    let setup = Setup {
        shop: "acr_values = [\"strong-acr\"]",
        ..arena().with(directory)
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        let page = b.come_from_basket(&j.stage).await;
        b.click("[data-provider=arena]").await;
        b.log_in("alice").await;
        b.wait_for(&format!("document.querySelector('{OTP}')"))
            .await;
        b.open(&j.stage.app("/account")).await;
        b.sees_error("step_up_abandoned").await;
        b.press("continue").await;
        give_second_factor(b).await;
        b.wait_for(&format!("location.href === '{page}'")).await;
    })
    .await;
}
