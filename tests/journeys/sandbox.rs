//! Buyers sign in through the sandbox, complete what is missing and enter the shop.

use admit_one_sandbox::{Account, Persona};

use crate::browser::Options;
use crate::buyer::{ALICE, BOB};
use crate::journey::{journey, journey_on};
use crate::stage::Setup;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alice_signs_in_sees_her_email_and_is_greeted_by_the_shop_with_her_contact_number() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("performance.getEntriesByName('signed-in').length === 1")
            .await;
        b.press("continue").await;
        b.wait_for(&format!(
            "location.origin === '{}' && document.readyState === 'complete'",
            j.stage.shop
        ))
        .await;
        let greeting = b.wait_for("document.body.innerText").await;
        let greeting = greeting.as_str().unwrap();
        assert!(greeting.contains("contact"), "{greeting}");
        assert!(
            !b.url().await.contains("token="),
            "the grant doesn't stay in the address bar: {}",
            b.url().await
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_sign_in_is_the_same_contact() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.press("continue").await;
        let number = b.wait_for(NUMBER).await;

        let other = j.another_browser(Options::default()).await;
        other.open(&j.stage.app("/")).await;
        other.sign_in("alice").await;
        other.sees_signed_in(ALICE).await;
        other.press("continue").await;
        let again = other.wait_for(NUMBER).await;
        assert_eq!(number, again);
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
        b.sees_signed_in(BOB).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn carol_gets_a_page_that_says_what_to_do_and_shows_nothing_of_alice() {
    journey(async |j| {
        let alices = j.another_browser(Options::default()).await;
        alices.open(&j.stage.app("/")).await;
        alices.sign_in("alice").await;
        alices.sees_signed_in(ALICE).await;
        alices.wait_for("document.querySelector('[data-testid=continue]')").await;

        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("carol").await;
        b.sees_error("contact_email_taken").await;
        let text = b.text().await;
        for private in ["Martin", "+41225550101", "Stade", "Genève", "1988"] {
            assert!(!text.contains(private), "{private} is Alice's: {text}");
        }
        let next = "document.querySelector('[data-testid=error] a, [data-testid=error] button, [data-testid=other-account]')";
        b.wait_for(next).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_that_the_shop_knew_is_claimed_by_whoever_proves_its_email() {
    let contacts = r#"[{"contact_number": "1000000001", "profile": {"email": "alice@example.test", "given_name": "Alicia"}}]"#;
    let setup = Setup {
        contacts,
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("carol").await;
        b.sees_error("contact_email_unverified").await;
        let text = b.text().await;
        assert!(
            !text.contains("Alicia") && !text.contains("1000000001"),
            "{text}"
        );

        let alices = j.another_browser(Options::default()).await;
        alices.open(&j.stage.app("/")).await;
        alices.sign_in("alice").await;
        alices.press("continue").await;
        assert_eq!(alices.wait_for(NUMBER).await, "1000000001");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verified_email_of_somebody_elses_contact_claims_nothing() {
    journey(async |j| {
        let claims = serde_json::json!({ "name": "Frank", "email": ALICE, "email_verified": true });
        let frank = Persona::new(
            "frank",
            "b7f0c2d4-1006",
            "Has Alice's e-mail.",
            Account::Open,
            claims,
        );
        j.stage.sandbox.add_persona(frank);
        let alices = j.another_browser(Options::default()).await;
        alices.open(&j.stage.app("/")).await;
        alices.sign_in("alice").await;
        alices
            .wait_for("document.querySelector('[data-testid=continue]')")
            .await;

        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("frank").await;
        b.sees_error("contact_email_taken").await;
        assert!(!b.text().await.contains("Martin"), "{}", b.text().await);
        b.press("other-account").await;
        b.wait_for("location.pathname === '/signed-out' && document.querySelector('#app h1')")
            .await;
        assert!(!b.somebody_is_signed_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_providers_the_one_used_last_comes_first() {
    let more = "[[providers]]\nid = \"paper\"\nkind = \"oidc\"\nlabel = \"The Paper\"\nissuer = \"{upstream}/club\"\n\
        client_id = \"shop-es256\"\nclient_secret_env = \"CLUB\"\nscopes = [\"openid\", \"profile\", \"email\", \"phone\", \"address\"]\n";
    let setup = Setup {
        more: more.to_owned(),
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        let order = "window.admitOne.ready && [...document.querySelectorAll('.provider')].map((button) => button.dataset.provider)";
        b.open(&j.stage.app("/")).await;
        assert_eq!(b.wait_for(order).await, serde_json::json!(["club", "paper"]));
        b.click("[data-provider=paper]").await;
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("document.querySelector('[data-testid=continue]')").await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out' && document.querySelector('#app h1')").await;
        b.open(&j.stage.app("/")).await;
        assert_eq!(b.wait_for(order).await, serde_json::json!(["paper", "club"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dave_signs_in_with_his_second_factor() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("dave").await;
        b.fill("input[name=otp]", "000000").await;
        b.submit("input[name=otp]").await;
        b.sees_signed_in("dave@example.test").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erin_whose_account_is_frozen_comes_back_to_a_page_with_a_next_step() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("erin").await;
        b.wait_for("document.querySelector('[data-testid=club-frozen]')")
            .await;
        b.click("[name=cancel]").await;
        b.sees_error("access_denied").await;
        assert!(!b.somebody_is_signed_in().await);
        b.press("start-again").await;
        b.reaches_login().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_signed_with_es256_signs_in() {
    journey(async |j| {
        j.stage
            .sandbox
            .set_id_token_alg(admit_one_sandbox::Alg::Es256);
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_that_stand_in_userinfo_alone_are_shown() {
    journey(async |j| {
        j.stage.sandbox.set_claims_in_id_token(false);
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deep_link_survives_the_redirect() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/account?from=newsletter")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("location.pathname + location.search === '/account?from=newsletter'")
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_buyer_who_came_from_the_shop_is_returned_to_the_page_they_came_from() {
    journey(async |j| {
        let b = &j.browser;
        let page = format!("{}/basket/derby", j.stage.shop);
        b.open(&j.stage.app(&format!("/?return_to={}", percent(&page))))
            .await;
        b.sign_in("alice").await;
        b.wait_for(&format!(
            "document.querySelector('[data-testid=continue]') || location.origin === '{}'",
            j.stage.shop
        ))
        .await;
        if b.url().await.starts_with(&j.stage.app) {
            b.press("continue").await;
        }
        b.wait_for(&format!("location.href === '{page}'")).await;
        assert!(b.text().await.contains("contact"), "{}", b.text().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_to_a_foreign_page_is_refused() {
    journey(async |j| {
        let b = &j.browser;
        for foreign in [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "javascript:alert(1)",
        ] {
            b.open(&j.stage.app(&format!("/?return_to={}", percent(foreign))))
                .await;
            b.sees_error("return_to_not_allowed").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_lets_in_once_and_unaltered() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        let granting = "(async () => { \
            const { handle } = JSON.parse(localStorage.getItem('admit-one')); \
            const headers = { 'Content-Type': 'application/json', 'X-Admit-One': '1', \
                DPoP: await window.admitOne.proof('POST', '/v1/grant', handle) }; \
            const body = JSON.stringify({ handle, lang: 'en' }); \
            return (await fetch('/v1/grant', { method: 'POST', headers, body })).json(); })()";
        let granted = b.settle(granting).await;
        let location = granted["location"]
            .as_str()
            .unwrap_or_else(|| panic!("{granted}"));
        assert!(location.starts_with(&j.stage.shop), "{location}");
        let altered = location.replacen("token=eyJ", "token=eyK", 1);
        assert_ne!(altered, location);
        b.open(&altered).await;
        b.wait_for("document.querySelector('[data-testid=grant-refused]')")
            .await;
        b.open(location).await;
        b.wait_for(NUMBER).await;
        b.open(location).await;
        b.wait_for("document.querySelector('[data-testid=grant-refused]')")
            .await;
    })
    .await;
}

/// The contact's number, in the shop's greeting.
const NUMBER: &str = "location.host.startsWith('shop.') && \
    document.querySelector('[data-testid=contact-number]')?.innerText";

/// The names of the fields that the profile form asks for.
const ASKED: &str = "document.querySelector('[data-testid=profile-form]') && \
    [...document.querySelectorAll('[data-testid=profile-form] :is(input, select)')].map((field) => field.name)";

fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
