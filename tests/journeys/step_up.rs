//! Step-up with an SSO ticket at Airlock IAM: only the second factor is asked for, what asked for it goes on once, and
//! whatever goes wrong leaves the session as it was.

mod faults;

use std::time::Duration;

use admit_one_sandbox::{Fault, Message, System};

use crate::browser::{Browser, Options};
use crate::buyer::{ALICE, BOB, NUMBER};
use crate::directory::{Directory, with_both_directories};
use crate::journey::{Journey, journey_on};
use crate::stage::{Setup, Stage};
use crate::wire::order;

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

/// A member of a request that was heard.
fn member<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    let mut members = message.request.iter();
    let found = members.find(|(own, _)| own == name);
    found.map(|(_, value)| value.as_str())
}

/// What the sandbox's Airlock heard at this path, oldest first.
fn heard(stage: &Stage, path: &str) -> Vec<Message> {
    let messages = stage.sandbox.messages().into_iter();
    messages
        .filter(|message| message.system == System::Airlock && message.path.ends_with(path))
        .collect()
}

with_both_directories!(
    a_buyer_steps_up_and_enters_the_shop,
    only_the_second_factor_is_asked_for_and_every_tab_sees_it,
    the_ticket_stays_out_of_addresses_and_storage,
    a_provider_without_pushed_requests_gets_the_ticket_in_the_address,
    the_tokens_in_a_cookie_are_stepped_up_too,
    the_tokens_in_memory_are_replaced_by_those_of_the_same_person,
    the_tokens_in_memory_are_replaced_by_nobody_else_s,
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

async fn the_ticket_stays_out_of_addresses_and_storage(directory: Directory) {
    weakly(arena().with(directory), "alice", async |j, b| {
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

async fn the_tokens_in_a_cookie_are_stepped_up_too(directory: Directory) {
    let setup = Setup {
        custody: "cookie",
        ..arena().with(directory)
    };
    weakly(setup, "alice", async |_, b| {
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
        b.reload().await;
        b.sees_signed_in(ALICE).await;
        b.wait_for(DONE).await;
    })
    .await;
}

async fn the_tokens_in_memory_are_replaced_by_those_of_the_same_person(directory: Directory) {
    let setup = Setup {
        custody: "memory",
        ..arena().with(directory)
    };
    weakly(setup, "alice", async |_, b| {
        b.press("step-up").await;
        give_second_factor(b).await;
        b.wait_for(DONE).await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
    })
    .await;
}

async fn the_tokens_in_memory_are_replaced_by_nobody_else_s(directory: Directory) {
    let setup = Setup {
        custody: "memory",
        ..arena().with(directory)
    };
    weakly(setup, "alice", async |j, b| {
        j.stage.sandbox.set_faults([Fault::AirlockSubOther]);
        b.press("step-up").await;
        give_second_factor(b).await;
        b.sees_error("step_up_sub").await;
        assert!(!b.somebody_is_signed_in().await);
    })
    .await;
}

mod replay {
    use super::*;

    with_both_directories!(
        the_way_into_the_shop_goes_on_after_it,
        a_buyer_who_came_from_the_shop_gets_back_to_the_basket,
        the_basket_is_found_again_where_tokens_rest_in_memory,
        answers_are_saved_once_after_it_and_a_reload_sends_nothing_again,
        answers_survive_a_step_up_that_fails,
    );

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
            let page = format!("{}/basket/derby", j.stage.shop);
            let encoded: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
            b.open(&j.stage.app(&format!("/?return_to={encoded}")))
                .await;
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

    async fn answers_are_saved_once_after_it_and_a_reload_sends_nothing_again(
        directory: Directory,
    ) {
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
            b.wait_for(
                "document.querySelector('[name=phone_number]')?.value === '+41 31 555 01 02'",
            )
            .await;
            j.stage.sandbox.set_faults([]);
            b.press("save").await;
            give_second_factor(b).await;
            b.wait_for("document.querySelector('[data-testid=continue]')")
                .await;
        })
        .await;
    }
}

mod given_up {
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
            let page = format!("{}/basket/derby", j.stage.shop);
            let encoded: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
            b.open(&j.stage.app(&format!("/?return_to={encoded}")))
                .await;
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
}

mod ticket {
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
}
