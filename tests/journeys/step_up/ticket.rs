//! The ticket: too old, refused, elsewhere, or asked for with an access token that has just ended.

use super::*;

with_both_directories!(
    that_is_eleven_seconds_old_brings_the_password_page_and_the_buyer_still_gets_there,
    that_is_not_good_may_end_the_login_instead,
    stands_where_the_configuration_says,
    is_asked_for_once_more_with_a_fresh_access_token,
);

async fn that_is_eleven_seconds_old_brings_the_password_page_and_the_buyer_still_gets_there(
    directory: Directory,
) {
    weakly(arena().with(directory), "alice", async |j, b| {
        j.stage.sandbox_gate.hold("/v3/arena/authorize");
        b.press("step-up").await;
        while heard(&j.stage, "/par").is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        j.stage.sandbox.advance_clock(11);
        j.stage.sandbox_gate.release();
        b.log_in("alice").await;
        confirm(b, "000000").await;
        b.wait_for(DONE).await;
    })
    .await;
}

async fn that_is_not_good_may_end_the_login_instead(directory: Directory) {
    weakly(arena().with(directory), "alice", async |j, b| {
        let settings = serde_json::json!({ "airlock": { "bad_ticket": "login_required" } });
        let address = format!("{}/settings", j.stage.upstream);
        order("PUT", &address, Some(settings)).await;
        j.stage.sandbox.set_faults([Fault::AirlockTicketExpired]);
        let weak = session(b).await;
        b.press("step-up").await;
        b.sees_error("login_required").await;
        assert_eq!(session(b).await, weak);
        j.stage.sandbox.set_faults([]);
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
    })
    .await;
}

async fn stands_where_the_configuration_says(directory: Directory) {
    weakly(
        arena_with("ticket_field = \"ticket\"").with(directory),
        "alice",
        async |j, b| {
            j.stage.sandbox.set_faults([Fault::AirlockTicketFieldWrong]);
            b.press("step-up").await;
            give_second_factor(b).await;
            b.wait_for(DONE).await;
        },
    )
    .await;
}

async fn is_asked_for_once_more_with_a_fresh_access_token(directory: Directory) {
    journey_on(arena().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        let settings = serde_json::json!({ "airlock": { "access_token_lifetime": 100 } });
        let address = format!("{}/settings", j.stage.upstream);
        order("PUT", &address, Some(settings)).await;
        sign_in_weakly(b, &j.stage, "alice").await;
        // The access token ends at the provider before the browser knows.
        j.stage.sandbox.advance_clock(110);
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
        assert_eq!(heard(&j.stage, "/resources/sso-ticket").len(), 2);
        assert!(j.stage.backend_gate.count("/v1/refresh") >= 1);
    })
    .await;
}
