//! Every fault that the sandbox knows: the buyer gets the right code and nobody is signed in, or, where the provider
//! is only unusual, the buyer gets in.

mod table;

use std::collections::BTreeSet;

use admit_one_sandbox::{Fault, System};

use crate::browser::{Browser, Options};
use crate::buyer::{ALICE, Outcome};
use crate::directory::{Directory, with_both_directories};
use crate::journey::{Journey, journey_on, journey_with};
use crate::stage::Setup;

use self::table::{
    CLAIMS, Case, DISCOVERY, EARLIER_ATTEMPT, LOGOUT, PASSING, REFRESH, RESPONSE, SIGNATURE, TOKEN,
    USERINFO,
};

#[test]
fn each_fault_of_the_sandbox_has_a_journey() {
    let tables = [
        RESPONSE, TOKEN, CLAIMS, SIGNATURE, DISCOVERY, USERINFO, REFRESH,
    ];
    let cases = tables.into_iter().flatten().map(|(fault, _)| *fault);
    let covered: BTreeSet<Fault> = cases
        .chain(LOGOUT.iter().copied())
        .chain(EARLIER_ATTEMPT.iter().copied())
        .chain(PASSING.iter().copied())
        .collect();
    let missing: Vec<_> = Fault::ALL
        .iter()
        .filter(|fault| fault.system() == System::Club && !covered.contains(fault))
        .collect();
    assert!(missing.is_empty(), "no journey has {missing:?}");
}

with_both_directories!(
    a_fault_in_the_response_has_its_code_and_signs_nobody_in,
    a_fault_at_the_token_endpoint_has_its_code_and_signs_nobody_in,
    a_fault_in_the_claims_has_its_code_and_signs_nobody_in,
    a_fault_in_the_signature_has_its_code_and_signs_nobody_in,
    a_fault_at_userinfo_has_its_code_and_signs_nobody_in,
    a_userinfo_that_breaks_for_a_while_can_be_tried_again,
    a_fault_in_the_metadata_has_its_code_and_signs_nobody_in,
    a_fault_in_a_refresh_has_its_code_and_leaves_nobody_signed_in,
    a_fault_in_the_logout_leaves_nobody_signed_in,
);

async fn a_fault_in_the_response_has_its_code_and_signs_nobody_in(directory: Directory) {
    journey_with(directory, async |j| check(j, RESPONSE).await).await;
}

async fn a_fault_at_the_token_endpoint_has_its_code_and_signs_nobody_in(directory: Directory) {
    let setup = Setup {
        timeout_ms: 1500,
        ..Setup::default().with(directory)
    };
    journey_on(setup, Options::default(), async |j| check(j, TOKEN).await).await;
}

async fn a_fault_in_the_claims_has_its_code_and_signs_nobody_in(directory: Directory) {
    let provider = "acr_values = [\"password\"]\nmax_age = 3600".to_owned();
    let setup = Setup {
        provider,
        ..Setup::default().with(directory)
    };
    journey_on(setup, Options::default(), async |j| check(j, CLAIMS).await).await;
}

async fn a_fault_in_the_signature_has_its_code_and_signs_nobody_in(directory: Directory) {
    journey_with(directory, async |j| check(j, SIGNATURE).await).await;
}

async fn a_fault_at_userinfo_has_its_code_and_signs_nobody_in(directory: Directory) {
    journey_with(directory, async |j| check(j, USERINFO).await).await;
}

async fn a_userinfo_that_breaks_for_a_while_can_be_tried_again(directory: Directory) {
    journey_with(directory, async |j| {
        let (browser, stage) = (&j.browser, &j.stage);
        stage.sandbox.set_faults(PASSING.iter().copied());
        browser.open(&stage.app("/")).await;
        browser.sign_in("alice").await;
        browser.sees_error("upstream_error").await;
        stage.sandbox.set_faults([]);
        browser.press("retry").await;
        browser
            .wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        browser.sees_signed_in(ALICE).await;
    })
    .await;
}

async fn a_fault_in_the_metadata_has_its_code_and_signs_nobody_in(directory: Directory) {
    journey_with(directory, async |j| {
        let mut failed = Vec::new();
        for case in DISCOVERY {
            let setup = Setup {
                faults: vec![case.0],
                ..Setup::default().with(directory)
            };
            let stage = crate::stage::Stage::start(&setup).await;
            let outcome = attempt(&j.browser, &stage.app, &stage.upstream).await;
            failed.extend(judge(&j.browser, case, &outcome).await);
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    })
    .await;
}

async fn a_fault_in_a_refresh_has_its_code_and_leaves_nobody_signed_in(directory: Directory) {
    journey_with(directory, async |j| {
        let (browser, stage) = (&j.browser, &j.stage);
        let mut failed = Vec::new();
        for (fault, expected) in REFRESH {
            stage.sandbox.set_faults([]);
            let outcome = attempt(browser, &stage.app, &stage.upstream).await;
            assert_eq!(outcome, Outcome::SignedIn(ALICE.into()), "before {fault}");
            browser.open(&stage.app("/account")).await;
            stage.sandbox.set_faults([*fault]);
            let token = "JSON.parse(localStorage.getItem('admit-one')).access_token";
            let before = browser.eval(token).await;
            browser.press("refresh").await;
            let outcome = match expected {
                Some(_) => {
                    browser
                        .wait_for("document.querySelector('[data-testid=error]')")
                        .await;
                    browser.outcome().await
                }
                None => {
                    browser
                        .wait_for(&format!("{token} !== '{}'", before.as_str().unwrap()))
                        .await;
                    browser.reload().await;
                    browser.outcome().await
                }
            };
            failed.extend(judge(browser, &(*fault, *expected), &outcome).await);
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    })
    .await;
}

async fn a_fault_in_the_logout_leaves_nobody_signed_in(directory: Directory) {
    journey_with(directory, async |j| {
        let (browser, stage) = (&j.browser, &j.stage);
        for fault in LOGOUT {
            stage.sandbox.set_faults([*fault]);
            let outcome = attempt(browser, &stage.app, &stage.upstream).await;
            assert_eq!(outcome, Outcome::SignedIn(ALICE.into()), "before {fault}");
            browser.open(&stage.app("/account")).await;
            browser.press("sign-out-everywhere").await;
            browser
                .wait_for(
                    "location.pathname === '/signed-out' && document.querySelector('#app h1')",
                )
                .await;
            assert!(!browser.somebody_is_signed_in().await, "after {fault}");
            // The buyer is told that the provider may still know them.
            browser
                .wait_for("document.querySelector('[data-testid=unconfirmed]')")
                .await;
        }
    })
    .await;
}

/// Runs the cases one after the other in one browser that forgets everything in between.
async fn check(j: &Journey, cases: &[Case]) {
    let (browser, stage) = (&j.browser, &j.stage);
    let mut failed = Vec::new();
    for case in cases {
        stage.sandbox.set_faults([case.0]);
        let outcome = attempt(browser, &stage.app, &stage.upstream).await;
        failed.extend(judge(browser, case, &outcome).await);
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Signs alice in, in a browser that knows nothing, and says what came of it.
async fn attempt(browser: &Browser, app: &str, upstream: &str) -> Outcome {
    browser.open("about:blank").await;
    browser.forget(&[app, upstream]).await;
    browser.open(app).await;
    browser.press("sign-in").await;
    let there = "document.querySelector('input[name=username]') ? 'login' : document.querySelector('[data-testid=error]') && 'error'";
    if browser.wait_for(there).await == "login" {
        browser.log_in("alice").await;
    }
    browser.settled_outcome().await
}

/// What is wrong with an outcome, if anything is.
async fn judge(browser: &Browser, case: &Case, outcome: &Outcome) -> Option<String> {
    let (fault, expected) = case;
    match (expected, outcome) {
        (Some(expected), Outcome::Error(code)) if code == expected => {
            let signed_in = browser.somebody_is_signed_in().await;
            signed_in.then(|| format!("{fault}: {code}, but somebody is signed in"))
        }
        (None, Outcome::SignedIn(email)) if email == ALICE => None,
        _ => Some(format!("{fault}: expected {expected:?}, got {outcome:?}")),
    }
}
