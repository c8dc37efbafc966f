//! What asked for a step-up goes on after it, once; and a demand that stays is shown, not stepped up for again.

use axum::http::StatusCode;
use serde_json::json;

use super::*;

with_both_directories!(
    the_way_into_the_shop_goes_on_after_it,
    a_buyer_who_came_from_the_shop_gets_back_to_the_basket,
    the_basket_is_found_again_where_tokens_rest_in_memory,
    answers_are_saved_once_after_it_and_a_reload_sends_nothing_again,
    answers_survive_a_step_up_that_fails,
    a_demand_that_names_no_acr_values_is_met_too,
    a_demand_that_says_nothing_is_met_with_all_that_the_provider_has,
    a_way_into_the_shop_that_is_refused_again_is_shown_and_not_stepped_up_for,
    answers_that_are_refused_again_are_shown_and_not_stepped_up_for,
);

/// What the backend answers that goes on demanding.
fn demand(parameters: &str) -> crate::gate::Answer {
    let challenge = format!("DPoP error=\"insufficient_user_authentication\"{parameters}");
    let headers = [
        ("content-type", "application/problem+json"),
        ("www-authenticate", &challenge),
    ]
    .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let body = json!({
        "type": "about:blank", "title": "Step up.", "status": 401, "code": "insufficient_user_authentication",
    });
    (
        StatusCode::UNAUTHORIZED,
        headers.into_iter().collect(),
        body.to_string(),
    )
}

const STRONG_ACR: &str = ", acr_values=\"strong-acr\"";

async fn the_way_into_the_shop_goes_on_after_it(directory: Directory) {
    let setup = Setup {
        shop: "acr_values = [\"strong-acr\"]",
        ..arena().with(directory)
    };
    weakly(setup, "alice", async |j, b| {
        b.press("continue").await;
        give_second_factor(b).await;
        b.wait_for(NUMBER).await;
        assert_eq!(
            j.stage.backend_gate.count("/v1/grant"),
            2,
            "refused once, sent again once"
        );
        // Strong now: the next time nothing is asked.
        b.open(&j.stage.app("/account")).await;
        b.press("continue").await;
        b.wait_for(NUMBER).await;
        assert_eq!(j.stage.backend_gate.count("/v1/step-up"), 1);
    })
    .await;
}

async fn finds_the_basket_again(custody: &'static str, directory: Directory) {
    let setup = Setup {
        custody,
        shop: "acr_values = [\"strong-acr\"]",
        ..arena().with(directory)
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        let page = b.come_from_basket(&j.stage).await;
        b.click("[data-provider=arena]").await;
        b.log_in("alice").await;
        give_second_factor(b).await;
        b.wait_for(&format!("location.href === '{page}'")).await;
    })
    .await;
}

async fn a_buyer_who_came_from_the_shop_gets_back_to_the_basket(directory: Directory) {
    finds_the_basket_again("local", directory).await;
}

async fn the_basket_is_found_again_where_tokens_rest_in_memory(directory: Directory) {
    finds_the_basket_again("memory", directory).await;
}

async fn answers_are_saved_once_after_it_and_a_reload_sends_nothing_again(directory: Directory) {
    let setup = Setup {
        required: &["given_name", "phone_number", "address.country"],
        profile: "acr_values = [\"strong-acr\"]\nmax_age = 300",
        ..arena().with(directory)
    };
    weakly(setup, "bob", async |j, b| {
        b.fill("[name=phone_number]", "+41 31 555 01 02").await;
        b.fill("[name=\"address.country\"]", "CH").await;
        let before = j.stage.backend_gate.count("/v1/profile");
        b.press("save").await;
        give_second_factor(b).await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        b.sees_signed_in(BOB).await;
        let after = j.stage.backend_gate.count("/v1/profile");
        assert_eq!(after, before + 2, "refused once, sent again once");
        b.reload().await;
        b.sees_signed_in(BOB).await;
        b.back().await;
        b.wait_for("document.readyState === 'complete'").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(j.stage.backend_gate.count("/v1/profile"), after);
    })
    .await;
}

async fn answers_survive_a_step_up_that_fails(directory: Directory) {
    let setup = Setup {
        required: &["given_name", "phone_number", "address.country"],
        profile: "acr_values = [\"strong-acr\"]",
        ..arena().with(directory)
    };
    weakly(setup, "bob", async |j, b| {
        b.fill("[name=phone_number]", "+41 31 555 01 02").await;
        b.fill("[name=\"address.country\"]", "CH").await;
        j.stage.sandbox.set_faults([Fault::AirlockAccessDenied]);
        b.press("save").await;
        give_second_factor(b).await;
        b.sees_error("access_denied").await;
        b.wait_for("document.querySelector('[name=phone_number]')?.value === '+41 31 555 01 02'")
            .await;
        j.stage.sandbox.set_faults([]);
        b.press("save").await;
        give_second_factor(b).await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
    })
    .await;
}

async fn a_demand_that_names_no_acr_values_is_met_too(directory: Directory) {
    let setup = Setup {
        shop: "max_age = 0",
        ..arena().with(directory)
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        // The password was typed longer ago than the shop allows, with two minutes for clocks that differ.
        j.stage.sandbox.advance_clock(-150);
        sign_in_weakly(b, &j.stage, "alice").await;
        j.stage.sandbox.advance_clock(150);
        b.press("continue").await;
        give_second_factor(b).await;
        b.wait_for(NUMBER).await;
        assert_eq!(j.stage.backend_gate.count("/v1/grant"), 2);
        let asked = heard(&j.stage, "/par");
        assert_eq!(member(&asked[0], "acr_values"), Some("strong-acr"));
    })
    .await;
}

async fn a_demand_that_says_nothing_is_met_with_all_that_the_provider_has(directory: Directory) {
    weakly(arena().with(directory), "alice", async |j, b| {
        j.stage.backend_gate.answer("/v1/grant", demand(""));
        b.press("continue").await;
        b.wait_for(&format!("document.querySelector('{OTP}')"))
            .await;
        j.stage.backend_gate.release();
        give_second_factor(b).await;
        b.wait_for(NUMBER).await;
        assert_eq!(j.stage.backend_gate.count("/v1/grant"), 2);
    })
    .await;
}

async fn a_way_into_the_shop_that_is_refused_again_is_shown_and_not_stepped_up_for(
    directory: Directory,
) {
    weakly(arena().with(directory), "alice", async |j, b| {
        let gate = &j.stage.backend_gate;
        gate.answer("/v1/grant", demand(STRONG_ACR));
        b.press("continue").await;
        give_second_factor(b).await;
        b.sees_error("insufficient_user_authentication").await;
        b.wait_for(DONE).await;
        assert_eq!(gate.count("/v1/grant"), 2, "replayed once");
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!((gate.count("/v1/grant"), gate.count("/v1/step-up")), (2, 1));
        gate.release();
        b.press("continue").await;
        b.wait_for(NUMBER).await;
    })
    .await;
}

async fn answers_that_are_refused_again_are_shown_and_not_stepped_up_for(directory: Directory) {
    let setup = Setup {
        required: &["given_name", "phone_number", "address.country"],
        ..arena().with(directory)
    };
    weakly(setup, "bob", async |j, b| {
        let gate = &j.stage.backend_gate;
        b.fill("[name=phone_number]", "+41 31 555 01 02").await;
        b.fill("[name=\"address.country\"]", "CH").await;
        let before = gate.count("/v1/profile");
        gate.answer("/v1/profile", demand(STRONG_ACR));
        b.press("save").await;
        give_second_factor(b).await;
        b.sees_error("insufficient_user_authentication").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(gate.count("/v1/profile"), before + 2, "replayed once");
        assert_eq!(gate.count("/v1/step-up"), 1);
        // Nothing that was typed is lost.
        gate.release();
        b.wait_for("document.querySelector('[name=phone_number]')?.value === '+41 31 555 01 02'")
            .await;
        b.press("save").await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
    })
    .await;
}
