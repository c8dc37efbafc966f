//! Every fault of the emulated SessionM: the buyer gets the right code and nobody's data, or, where it is only unusual,
//! gets in; and there is never a second profile.

use std::collections::BTreeSet;

use admit_one_sandbox::{Fault, System};

use super::{SYNCED, with_sessionm};
use crate::browser::{Browser, Options};
use crate::buyer::Outcome;
use crate::journey::journey_on;
use crate::stage::{Setup, Stage};

/// Who signs in for the first time, what is wrong meanwhile, and what that comes to: a code, or `None` where it has to
/// succeed. Alice has a profile, Dave has none.
type Case = (&'static str, Fault, Option<&'static str>);

/// Where our time-out is short.
const BRIEF: &[Case] = &[
    ("dave", Fault::SessionMCreateTimesOut, None),
    ("dave", Fault::SessionMCreateHttp500, None),
    ("dave", Fault::SessionMCreateDropsConnection, None),
    (
        "dave",
        Fault::SessionMCreateEmailTaken,
        Some("directory_profile_refused"),
    ),
    ("dave", Fault::SessionMCreateRaced, None),
    ("dave", Fault::SessionMUserNotFoundHttp404, None),
    ("dave", Fault::SessionMErrorUpperCase, None),
    ("alice", Fault::SessionMUpdateHttp500, None),
    (
        "alice",
        Fault::SessionMRetrieveOther,
        Some("directory_conflict"),
    ),
    (
        "alice",
        Fault::SessionMLookupSeveral,
        Some("directory_conflict"),
    ),
    (
        "alice",
        Fault::SessionMLookupOther,
        Some("directory_conflict"),
    ),
    (
        "alice",
        Fault::SessionMLookupMisses,
        Some("directory_profile_refused"),
    ),
    (
        "alice",
        Fault::SessionMLookupSlow,
        Some("directory_unavailable"),
    ),
    ("alice", Fault::SessionMLookupUserOnTop, None),
    (
        "dave",
        Fault::SessionMNotAvailable,
        Some("directory_unavailable"),
    ),
    (
        "dave",
        Fault::SessionMUnauthorized,
        Some("directory_refused"),
    ),
    (
        "dave",
        Fault::SessionMHttp500,
        Some("directory_unavailable"),
    ),
    ("dave", Fault::SessionMNotJson, Some("directory_invalid")),
    ("dave", Fault::SessionMRateLimited, Some("directory_busy")),
];

/// Where there is time to wait for as long as SessionM asks.
const PATIENT: &[Case] = &[
    ("dave", Fault::SessionMRateLimitedOnce, None),
    ("dave", Fault::SessionMRateLimitedWithoutRetryAfter, None),
];

const BRIEF_MS: u64 = 700;
const PATIENT_MS: u64 = 4_000;

#[test]
fn each_fault_of_sessionm_has_a_journey() {
    let covered: BTreeSet<Fault> = BRIEF
        .iter()
        .chain(PATIENT)
        .map(|(_, fault, _)| *fault)
        .collect();
    let missing: Vec<_> = Fault::ALL
        .iter()
        .filter(|fault| fault.system() == System::SessionM && !covered.contains(fault))
        .collect();
    assert!(missing.is_empty(), "no journey has {missing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_a_creation_makes_one_profile_or_none() {
    check(&BRIEF[..7], BRIEF_MS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_a_search_shows_nobodys_data() {
    check(&BRIEF[7..14], BRIEF_MS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_everything_is_told() {
    check(&BRIEF[14..], BRIEF_MS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_asked_to_wait_waits() {
    check(PATIENT, PATIENT_MS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_that_is_over_is_tried_again_by_a_button() {
    let setup = Setup {
        faults: vec![Fault::SessionMRateLimited],
        ..with_sessionm(BRIEF_MS)
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        b.goes_to_the_diner(&j.stage).await;
        b.log_in("dave").await;
        b.sees_error("directory_busy").await;
        j.stage.sandbox.set_faults([]);
        j.stage.sandbox.advance_clock(2);
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        b.press("retry").await;
        b.sees_signed_in("dave@example.test").await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        assert_eq!(j.stage.profiles_of("dave@example.test").len(), 1);
    })
    .await;
}

/// Each case at servers of its own, since what was found once is known.
async fn check(cases: &[Case], timeout_ms: u64) {
    journey_on(with_sessionm(timeout_ms), Options::default(), async |j| {
        let mut failed = Vec::new();
        for (persona, fault, expected) in cases {
            let setup = Setup {
                faults: vec![*fault],
                ..with_sessionm(timeout_ms)
            };
            let stage = Stage::start(&setup).await;
            let outcome = attempt(&j.browser, &stage, persona).await;
            let email = format!("{persona}@example.test");
            let right = match (expected, &outcome) {
                (Some(expected), Outcome::Error(code)) => code == expected,
                (None, Outcome::SignedIn(shown)) => *shown == email,
                _ => false,
            };
            if !right {
                failed.push(format!("{fault}: expected {expected:?}, got {outcome:?}"));
            }
            let profiles = stage.profiles_of(&email).len();
            let fits = match expected {
                None => profiles == 1,
                Some(_) => profiles <= 1,
            };
            if !fits {
                failed.push(format!("{fault}: {profiles} profiles"));
            }
            let text = j.browser.text().await;
            if text.contains("Moser") || text.contains("hana@") {
                failed.push(format!("{fault}: somebody else's data is shown"));
            }
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    })
    .await;
}

async fn attempt(browser: &Browser, stage: &Stage, persona: &str) -> Outcome {
    browser.open("about:blank").await;
    let paytronix = stage.sandbox.options().paytronix_url.clone();
    browser.forget(&[&stage.app, &paytronix]).await;
    browser.goes_to_the_diner(stage).await;
    browser.log_in(persona).await;
    browser.wait_for(SYNCED).await;
    browser.outcome().await
}
