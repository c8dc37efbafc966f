//! Every fault of the emulated Paytronix: the buyer gets the right code and nobody is signed in, or, where it is only
//! unusual, the buyer gets in.

use std::collections::BTreeSet;

use admit_one_sandbox::{Fault, System};

use super::{SYNCED, diner};
use crate::browser::Options;
use crate::buyer::{ALICE, Outcome};
use crate::directory::{Directory, with_both_directories};
use crate::journey::{Journey, journey_on};
use crate::stage::Setup;

/// A fault and what a sign-in comes to: a code, or `None` where it has to succeed.
type Case = (Fault, Option<&'static str>);

/// What shows in the redirect and in the tokens.
const SIGN_IN: &[Case] = &[
    (Fault::PaytronixStateMissing, Some("state_unknown")),
    (Fault::PaytronixStateWrong, Some("state_unknown")),
    (Fault::PaytronixCodeMissing, Some("callback_malformed")),
    (Fault::PaytronixResponseUnknownError, Some("provider_error")),
    (Fault::PaytronixResponseExpiresInMissing, None),
    (Fault::PaytronixCodeRefused, Some("exchange_refused")),
    (
        Fault::PaytronixTokenResultUnknown,
        Some("token_response_invalid"),
    ),
    (
        Fault::PaytronixTokenResultMissing,
        Some("token_response_invalid"),
    ),
    (Fault::PaytronixTokenHttp500WithSuccess, None),
    (Fault::PaytronixTokenNotJson, Some("token_response_invalid")),
    (
        Fault::PaytronixTokenAccessTokenMissing,
        Some("token_response_invalid"),
    ),
    (
        Fault::PaytronixTokenUsernameMissing,
        Some("token_response_invalid"),
    ),
    (Fault::PaytronixTokenRefreshTokenMissing, None),
    (Fault::PaytronixTokenExpiresInMissing, None),
    (Fault::PaytronixTokenExpiresInString, None),
    (Fault::PaytronixSlow, Some("upstream_timeout")),
];

/// What shows when the guest's information is asked for.
const GUEST: &[Case] = &[
    (Fault::PaytronixInvalidTokenOnce, None),
    (Fault::PaytronixInvalidTokenAlways, Some("userinfo_refused")),
    (
        Fault::PaytronixUserInformationOfAnother,
        Some("userinfo_sub"),
    ),
    (
        Fault::PaytronixUserInformationResultMissing,
        Some("userinfo_invalid"),
    ),
    (
        Fault::PaytronixUserInformationNotJson,
        Some("userinfo_invalid"),
    ),
];

/// Without a balance the guest gets in all the same; `true` where it is there.
const ACCOUNT: &[(Fault, bool)] = &[
    (Fault::PaytronixCardNumberAsNumber, true),
    (Fault::PaytronixCardMissing, false),
    (Fault::PaytronixAccountInvalidTokenOnce, true),
    (Fault::PaytronixAccountSuspended, true),
    (Fault::PaytronixAccountInvalidStatus, false),
    (Fault::PaytronixAccountInformationNotJson, false),
    (Fault::PaytronixAccountInformationHttp500, false),
];

/// What has a journey of its own below.
const OWN: &[Fault] = &[
    Fault::PaytronixRefreshRefused,
    Fault::PaytronixUserInformationHttp500,
];

#[test]
fn each_fault_of_paytronix_has_a_journey() {
    let cases = [SIGN_IN, GUEST].into_iter().flatten();
    let covered: BTreeSet<Fault> = cases
        .map(|(fault, _)| *fault)
        .chain(ACCOUNT.iter().map(|(fault, _)| *fault))
        .chain(OWN.iter().copied())
        .collect();
    let missing: Vec<_> = Fault::ALL
        .iter()
        .filter(|fault| fault.system() == System::Paytronix && !covered.contains(fault))
        .collect();
    assert!(missing.is_empty(), "no journey has {missing:?}");
}

with_both_directories!(
    a_fault_of_the_sign_in_has_its_code_and_signs_nobody_in,
    a_fault_of_the_guest_has_its_code_and_signs_nobody_in,
    a_fault_of_the_account_keeps_nobody_out,
    trouble_with_the_guest_passes_and_the_buyer_tries_again,
    a_refused_refresh_asks_the_guest_to_sign_in,
);

async fn a_fault_of_the_sign_in_has_its_code_and_signs_nobody_in(directory: Directory) {
    let setup = Setup {
        timeout_ms: 1500,
        ..diner().with(directory)
    };
    journey_on(setup, Options::default(), async |j| check(j, SIGN_IN).await).await;
}

async fn a_fault_of_the_guest_has_its_code_and_signs_nobody_in(directory: Directory) {
    journey_on(diner().with(directory), Options::default(), async |j| {
        check(j, GUEST).await
    })
    .await;
}

async fn a_fault_of_the_account_keeps_nobody_out(directory: Directory) {
    journey_on(diner().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        for (fault, shown) in ACCOUNT {
            let outcome = attempt(j, *fault).await;
            assert_eq!(outcome, Outcome::SignedIn(ALICE.into()), "{fault}");
            let balance = b
                .eval("!!document.querySelector('[data-testid=balance]')")
                .await;
            assert_eq!(balance, *shown, "{fault}");
        }
    })
    .await;
}

async fn trouble_with_the_guest_passes_and_the_buyer_tries_again(directory: Directory) {
    journey_on(diner().with(directory), Options::default(), async |j| {
        let outcome = attempt(j, Fault::PaytronixUserInformationHttp500).await;
        assert_eq!(outcome, Outcome::Error("upstream_error".into()));
        j.stage.sandbox.set_faults([]);
        j.browser.press("retry").await;
        j.browser.wait_for(SYNCED).await;
        j.browser.sees_signed_in(ALICE).await;
    })
    .await;
}

async fn a_refused_refresh_asks_the_guest_to_sign_in(directory: Directory) {
    journey_on(diner().with(directory), Options::default(), async |j| {
        let b = &j.browser;
        b.dines_as_alice(&j.stage).await;
        j.stage.sandbox.set_faults([Fault::PaytronixRefreshRefused]);
        b.press("refresh").await;
        b.sees_error("refresh_refused").await;
        assert!(!b.somebody_is_signed_in().await);
    })
    .await;
}

async fn check(j: &Journey, cases: &[Case]) {
    let mut failed = Vec::new();
    for (fault, expected) in cases {
        let outcome = attempt(j, *fault).await;
        let right = match (expected, &outcome) {
            (Some(expected), Outcome::Error(code)) => code == expected,
            (None, Outcome::SignedIn(email)) => email == ALICE,
            _ => false,
        };
        if !right {
            failed.push(format!("{fault}: expected {expected:?}, got {outcome:?}"));
        } else if expected.is_some() && j.browser.somebody_is_signed_in().await {
            failed.push(format!("{fault}: {expected:?}, but somebody is signed in"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Signs alice in, in a browser that knows nothing, and says what came of it.
async fn attempt(j: &Journey, fault: Fault) -> Outcome {
    let (browser, stage) = (&j.browser, &j.stage);
    stage.sandbox.set_faults([fault]);
    browser.open("about:blank").await;
    let paytronix = stage.sandbox.options().paytronix_url.clone();
    browser.forget(&[&stage.app, &paytronix]).await;
    browser.goes_to_the_diner(stage).await;
    browser.log_in("alice").await;
    browser.settled_outcome().await
}
