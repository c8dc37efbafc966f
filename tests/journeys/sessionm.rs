//! SessionM as the directory: one customer, one profile, whatever fails; and everything that the emulator can be asked to
//! do wrong.

mod faults;

use std::time::Duration;

use admit_one_sandbox::Fault;
use serde_json::{Value, json};

use crate::browser::Options;
use crate::buyer::{ALICE, BOB, NUMBER};
use crate::directory::Directory;
use crate::journey::{Journey, journey_on};
use crate::paytronix::diner;
use crate::stage::{Setup, Stage};

/// A deployment with the club, the diner and SessionM.
fn with_sessionm(timeout_ms: u64) -> Setup {
    Setup {
        directory: Directory::SessionM { timeout_ms },
        ..diner()
    }
}

const SYNCED: &str = "document.querySelector('[data-testid=continue], [data-testid=profile-form], [data-testid=error]')";
const CONTACT: &str = "document.querySelector('[data-testid=contact-number]')?.innerText";

impl Stage {
    /// The profiles of an e-mail at SessionM.
    fn profiles_of(&self, email: &str) -> Vec<Value> {
        let customers = self.sandbox.sessionm_customers();
        customers
            .into_iter()
            .filter(|customer| customer["email"] == email)
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alice_finds_the_profile_that_she_has() {
    journey_on(with_sessionm(2000), Options::default(), async |j| {
        let b = &j.browser;
        let before = j.stage.sandbox.sessionm_customers().len();
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        let number = b.wait_for(CONTACT).await;
        let profiles = j.stage.profiles_of(ALICE);
        assert_eq!(j.stage.sandbox.sessionm_customers().len(), before);
        assert_eq!(profiles[0]["id"], number);
        let identifiers = profiles[0]["identifiers"].to_string();
        assert!(
            identifiers.contains("CRM") && identifiers.contains("club"),
            "{identifiers}"
        );
        assert_eq!(
            profiles[0]["phone_numbers"][0]["phone_number"],
            "41225550101"
        );
        b.press("continue").await;
        assert_eq!(b.wait_for(NUMBER).await, number);

        // Through another provider it is the same profile.
        let other = j.another_browser(Options::default()).await;
        other.goes_to_the_diner(&j.stage).await;
        other.log_in("alice").await;
        assert_eq!(other.wait_for(CONTACT).await, number);
        assert_eq!(j.stage.profiles_of(ALICE).len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bob_gets_a_profile_once_his_own_is_complete() {
    journey_on(with_sessionm(2000), Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("bob").await;
        b.wait_for("document.querySelector('[data-testid=profile-form]')")
            .await;
        assert_eq!(
            j.stage.profiles_of(BOB).len(),
            0,
            "not before it is complete"
        );
        b.fill("[name=phone_number]", "+41 31 555 01 02").await;
        b.fill("[name=\"address.country\"]", "CH").await;
        b.press("save").await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        let profiles = j.stage.profiles_of(BOB);
        assert_eq!(profiles.len(), 1);
        let profile = &profiles[0];
        assert_eq!(
            (&profile["first_name"], &profile["country"]),
            (&json!("Bob"), &json!("CHE"))
        );
        assert_eq!(profile["phone_numbers"][0]["phone_number"], "41315550102");
        assert_eq!(profile["external_id"], "b7f0c2d4-1002");
        b.press("continue").await;
        assert_eq!(b.wait_for(NUMBER).await, profile["id"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn carol_does_not_get_the_profile_of_an_email_that_she_never_proved() {
    journey_on(with_sessionm(2000), Options::default(), async |j| {
        let b = &j.browser;
        let before = j.stage.profiles_of(ALICE);
        b.open(&j.stage.app("/")).await;
        b.sign_in("carol").await;
        b.sees_error("contact_email_unverified").await;
        assert_eq!(j.stage.profiles_of(ALICE), before);
        assert!(!b.text().await.contains("Rue du Stade"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_browsers_at_once_make_one_profile() {
    two_browsers_at_once(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_at_once_make_one_profile() {
    two_browsers_at_once(2).await;
}

async fn two_browsers_at_once(instances: usize) {
    let setup = Setup {
        instances,
        ..with_sessionm(2000)
    };
    journey_on(setup, Options::default(), async |j| {
        let other = j.another_browser(Options::default()).await;
        for browser in [&j.browser, &other] {
            browser.goes_to_the_diner(&j.stage).await;
        }
        j.stage.backend_gate.hold("/v1/profile");
        j.browser.log_in("dave").await;
        other.log_in("dave").await;
        for browser in [&j.browser, &other] {
            browser.wait_for("location.pathname === '/account'").await;
        }
        j.stage.backend_gate.is_holding(2).await;
        j.stage.backend_gate.release();
        let number = j.browser.wait_for(CONTACT).await;
        assert_eq!(other.wait_for(CONTACT).await, number);
        assert_eq!(j.stage.profiles_of("dave@example.test").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_search_and_creation_makes_one_profile() {
    a_crash(vec![], 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_before_the_answer_to_a_creation_makes_one_profile() {
    a_crash(vec![Fault::SessionMCreateTimesOut], 1).await;
}

/// The backend goes down while it waits for a creation, of which so many were made; another sign-in comes after it.
async fn a_crash(faults: Vec<Fault>, made: usize) {
    const DAVE: &str = "dave@example.test";
    let setup = Setup {
        timeout_ms: 10_000, // the fault takes twice as long
        ..with_sessionm(10_000)
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        b.goes_to_the_diner(&j.stage).await;
        j.stage.sandbox.set_faults(faults);
        if made == 0 {
            j.stage.sandbox_gate.hold("/users");
        }
        b.log_in("dave").await;
        if made == 0 {
            j.stage.sandbox_gate.is_holding(1).await;
        } else {
            while j.stage.profiles_of(DAVE).is_empty() {
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        }
        j.stage.crash();
        tokio::time::sleep(Duration::from_millis(300)).await;
        j.stage.sandbox_gate.release();
        j.stage.sandbox.set_faults([]);
        assert_eq!(
            j.stage.profiles_of(DAVE).len(),
            made,
            "nothing more came of it"
        );

        j.stage.restart().await;
        // What it held is free again after a while.
        j.stage.pass(60);
        let other = j.another_browser(Options::default()).await;
        other.goes_to_the_diner(&j.stage).await;
        other.log_in("dave").await;
        let number = other.wait_for(CONTACT).await;
        let profiles = j.stage.profiles_of(DAVE);
        assert_eq!(profiles.len(), 1);
        assert_eq!(profiles[0]["id"], number);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_another_person_of_the_club_has_shows_nobodys_data() {
    journey_on(with_sessionm(2000), Options::default(), async |j: &Journey| {
        let taken = json!({
            "external_id": "somebody-else", "external_id_type": "diner", "email": "dave@example.test",
            "first_name": "Somebody", "last_name": "Else", "city": "Elsewhere",
        });
        j.stage.sandbox.add_sessionm_customer(&taken).unwrap();
        let b = &j.browser;
        b.goes_to_the_diner(&j.stage).await;
        b.log_in("dave").await;
        b.sees_error("directory_conflict").await;
        let text = b.text().await;
        assert!(!text.contains("Somebody") && !text.contains("Elsewhere"), "{text}");
        let profiles = j.stage.profiles_of("dave@example.test");
        assert_eq!(profiles.len(), 1);
        assert!(!profiles[0]["identifiers"].to_string().contains("\"dave\""));
    })
    .await;
}
