//! Whose contact a sign-in is: the same one each time, and never somebody else's.

use admit_one_sandbox::{Account, Persona};

use crate::browser::Options;
use crate::buyer::{ALICE, NUMBER};
use crate::journey::{journey, journey_on};
use crate::stage::Setup;

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
async fn carol_gets_a_page_that_says_what_to_do_and_shows_nothing_of_alice() {
    journey(async |j| {
        j.alice_signs_in_elsewhere().await;

        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("carol").await;
        b.sees_error("contact_email_taken").await;
        let text = b.text().await;
        for private in ["Martin", "+41225550101", "Stade", "Genève", "1988"] {
            assert!(!text.contains(private), "{private} is Alice's: {text}");
        }
        // The tab says what the page says.
        b.wait_for("document.title.startsWith(document.querySelector('h1').textContent)")
            .await;
        let next = "document.querySelector('[data-testid=error] a, [data-testid=error] button, [data-testid=other-account]')";
        b.wait_for(next).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_that_the_shop_knew_is_claimed_by_whoever_proves_its_email() {
    let contacts = Some(
        r#"[{"contact_number": "1000000001", "profile": {"email": "alice@example.test", "given_name": "Alicia"}}]"#,
    );
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
        j.alice_signs_in_elsewhere().await;

        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("frank").await;
        b.sees_error("contact_email_taken").await;
        assert!(!b.text().await.contains("Martin"), "{}", b.text().await);
        b.press("other-account").await;
        b.wait_for("location.pathname === '/'").await;
        b.sees_sign_in().await;
    })
    .await;
}
