//! Every fault of the emulated Payway: the buyer gets the right code and nobody is signed in, or, where SSO2 is only
//! unusual, the buyer gets in.

use std::collections::BTreeSet;

use admit_one_sandbox::{Fault, System};

use super::{LOGIN_FORM, central, paper, polled};
use crate::browser::{Browser, Options};
use crate::buyer::{ALICE, Outcome};
use crate::directory::{Directory, with_both_directories};
use crate::journey::{Journey, journey_on};
use crate::stage::Setup;

/// A fault and what a sign-in comes to: a code, or `None` where it has to succeed.
type Case = (Fault, Option<&'static str>);

/// What shows on the way to the landing page.
const LANDING: &[Case] = &[
    (
        Fault::PaywayLandingBadSignature,
        Some("sso2_landing_invalid"),
    ),
    (
        Fault::PaywayLandingWrongSecret,
        Some("sso2_landing_invalid"),
    ),
    (Fault::PaywayLandingAlgNone, Some("sso2_landing_invalid")),
    (Fault::PaywayLandingExpired, Some("sso2_landing_invalid")),
    (
        Fault::PaywayLandingNotYetValid,
        Some("sso2_landing_invalid"),
    ),
    (Fault::PaywayLandingGarbage, Some("sso2_landing_invalid")),
    (Fault::PaywayLandingReflected, Some("sso2_landing_invalid")),
    (
        Fault::PaywayLandingTokenMissing,
        Some("sso2_landing_invalid"),
    ),
    (Fault::PaywayLandingUndated, Some("sso2_landing_invalid")),
    (Fault::PaywayLandingErr, Some("sso2_landing_error")),
    (Fault::PaywayLandingSidMissing, Some("sso2_landing_invalid")),
    (
        Fault::PaywayLandingStatusUnknown,
        Some("sso2_landing_invalid"),
    ),
    (
        Fault::PaywayLandingReturnElsewhere,
        Some("sso2_landing_return"),
    ),
    (
        Fault::PaywayLandingReturnMissing,
        Some("sso2_landing_return"),
    ),
];

/// What shows after our own form was sent.
const AUTHENTICATE: &[Case] = &[
    (Fault::PaywayAuthenticateHttp500, Some("upstream_error")),
    (Fault::PaywayAuthenticateGarbage, Some("sso2_reply_invalid")),
    (
        Fault::PaywayAuthenticateUnknownErr,
        Some("sso2_authenticate_error"),
    ),
    (Fault::PaywayAuthenticateTicketMissing, None),
    (Fault::PaywayReplyAlgNone, Some("sso2_reply_invalid")),
    (Fault::PaywayReplyWrongSecret, Some("sso2_reply_invalid")),
    (Fault::PaywayReplyExpired, Some("sso2_reply_invalid")),
    (Fault::PaywayReplyTokenMissing, Some("sso2_reply_invalid")),
    (Fault::PaywayTicketRefused, Some("sso2_ticket_refused")),
    (Fault::PaywayTokenNotJson, Some("token_response_invalid")),
    (Fault::PaywayTokenHttp500, Some("upstream_error")),
    (
        Fault::PaywayTokenAccessTokenMissing,
        Some("token_response_invalid"),
    ),
    (Fault::PaywayMeUnauthorized, Some("userinfo_refused")),
    (Fault::PaywayMeNotJson, Some("userinfo_invalid")),
    (Fault::PaywayMeHttp500, Some("upstream_error")),
    (Fault::PaywayMeIdMissing, Some("userinfo_invalid")),
    (Fault::PaywayMeIdMalformed, Some("userinfo_invalid")),
    (Fault::PaywaySlow, Some("upstream_timeout")),
];

/// What a buyer who is signed in sees at the next status: the code that ends the session, or nothing.
const STATUS: &[Case] = &[
    (Fault::PaywayStatusSessionNotFound, Some("sso2_signed_out")),
    (Fault::PaywayStatusTerminated, Some("sso2_signed_out")),
    (Fault::PaywayStatusAnon, Some("sso2_signed_out")),
    (Fault::PaywayStatusUnknown, None),
    (Fault::PaywayStatusOtherSession, None),
    (Fault::PaywayStatusHttp500, None),
    (Fault::PaywayStatusGarbage, None),
];

/// What has a journey of its own below.
const OWN: &[Fault] = &[
    Fault::PaywayIdentifyHttp500,
    Fault::PaywayLandingTicketMissing,
    Fault::PaywayStatusTicketMissing,
    Fault::PaywayAuthenticateDetailMissing,
    Fault::PaywayAuthenticateDetailString,
    Fault::PaywayLogoutHttp500,
    Fault::PaywayRefreshRefused,
];

#[test]
fn each_fault_of_payway_has_a_journey() {
    let cases = [LANDING, AUTHENTICATE, STATUS].into_iter().flatten();
    let covered: BTreeSet<Fault> = cases
        .map(|(fault, _)| *fault)
        .chain(OWN.iter().copied())
        .collect();
    let missing: Vec<_> = Fault::ALL
        .iter()
        .filter(|fault| fault.system() == System::Payway && !covered.contains(fault))
        .collect();
    assert!(missing.is_empty(), "no journey has {missing:?}");
}

with_both_directories!(
    a_fault_of_the_landing_has_its_code_and_signs_nobody_in,
    a_fault_after_our_own_form_has_its_code_and_signs_nobody_in,
    a_fault_of_the_status_ends_the_session_or_changes_nothing,
    an_identify_endpoint_that_breaks_leaves_the_sign_in_open,
    whom_we_do_not_let_identify_reads_why,
    a_landing_without_its_ticket_asks_the_status_for_one,
    a_status_without_its_ticket_identifies_again_and_once,
    details_that_are_missing_or_strings_are_coped_with,
    a_sign_out_that_sso2_refuses_still_signs_out_here,
    access_tokens_are_refreshed_until_that_is_refused,
);

async fn a_fault_of_the_landing_has_its_code_and_signs_nobody_in(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        check(j, LANDING).await
    })
    .await;
}

async fn a_fault_after_our_own_form_has_its_code_and_signs_nobody_in(directory: Directory) {
    let setup = Setup {
        timeout_ms: 1500,
        ..paper("").with(directory)
    };
    journey_on(setup, Options::default(), async |j| {
        check(j, AUTHENTICATE).await
    })
    .await;
}

async fn a_fault_of_the_status_ends_the_session_or_changes_nothing(directory: Directory) {
    journey_on(polled().with(directory), Options::default(), async |j| {
        let (b, stage) = (&j.browser, &j.stage);
        let path = "/v1/sso2/paper/status";
        for (fault, expected) in STATUS {
            stage.sandbox.set_faults([]);
            forget(j, b).await;
            b.reads_the_paper_as(stage, "alice").await;
            stage.sandbox.set_faults([*fault]);
            let before = stage.backend_gate.count(path);
            match expected {
                Some(code) => {
                    b.sees_error(code).await;
                    b.sees_sign_in().await;
                }
                None => {
                    while stage.backend_gate.count(path) < before + 2 {
                        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    }
                    b.sees_signed_in(ALICE).await;
                    assert!(b.somebody_is_signed_in().await, "{fault}");
                }
            }
        }
    })
    .await;
}

async fn an_identify_endpoint_that_breaks_leaves_the_sign_in_open(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let (b, stage) = (&j.browser, &j.stage);
        stage.sandbox.set_faults([Fault::PaywayIdentifyHttp500]);
        b.open(&stage.app("/")).await;
        b.press_paper().await;
        b.wait_for("location.pathname === '/identify'").await;
        stage.sandbox.set_faults([]);
        b.back().await;
        b.sees_sign_in().await;
        b.press_paper().await;
        b.wait_for(LOGIN_FORM).await;
    })
    .await;
}

async fn whom_we_do_not_let_identify_reads_why(directory: Directory) {
    let setup = Setup {
        per_minute: 4,
        ..paper("").with(directory)
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sees_sign_in().await;
        // Others at this address have used up the minute.
        b.settle(
            "(async () => { for (let call = 0; call < 6; call++) \
             await fetch('/v1/sso2/paper/identify', { redirect: 'manual' }); })()",
        )
        .await;
        b.press_paper().await;
        b.sees_error("rate_limited").await;
        assert!(!b.somebody_is_signed_in().await);
        b.wait_for("document.querySelector('[data-testid=start-again]')")
            .await;
        // Somebody else's address with a reason in it shows nothing of the kind.
        let foreign = "/landing/paper?state=of-nobody&error=sso2_frozen";
        b.open(&j.stage.app(foreign)).await;
        b.sees_error("state_unknown").await;
    })
    .await;
}

async fn a_landing_without_its_ticket_asks_the_status_for_one(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let (b, stage) = (&j.browser, &j.stage);
        b.signs_in_at_the_news(stage, "alice").await;
        stage
            .sandbox
            .set_faults([Fault::PaywayLandingTicketMissing]);
        b.open(&stage.app("/")).await;
        b.press_paper().await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

async fn a_status_without_its_ticket_identifies_again_and_once(directory: Directory) {
    journey_on(central().with(directory), Options::default(), async |j| {
        let (b, stage) = (&j.browser, &j.stage);
        stage.sandbox.set_faults([Fault::PaywayStatusTicketMissing]);
        b.open(&stage.app("/")).await;
        b.press_paper().await;
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
        // Where identifying doesn't help either, the buyer is told.
        forget(j, b).await;
        b.signs_in_at_the_news(stage, "alice").await;
        let both = [
            Fault::PaywayStatusTicketMissing,
            Fault::PaywayLandingTicketMissing,
        ];
        stage.sandbox.set_faults(both);
        b.open(&stage.app("/")).await;
        b.press_paper().await;
        b.sees_error("sso2_session_unknown").await;
        assert!(!b.somebody_is_signed_in().await);
    })
    .await;
}

async fn details_that_are_missing_or_strings_are_coped_with(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let (b, stage) = (&j.browser, &j.stage);
        stage.sandbox.set_faults([Fault::PaywayAuthenticateDetailString]);
        b.reaches_login_form(stage).await;
        b.types("alice", "wrong").await;
        b.wait_for("document.querySelector('[data-testid=remaining]')?.innerText.includes('4')").await;
        stage.sandbox.set_faults([Fault::PaywayAuthenticateDetailMissing]);
        b.types("alice", "wrong").await;
        b.wait_for("document.querySelector('[data-testid=error]') && !document.querySelector('[data-testid=remaining]')").await;
        b.sees_error("sso2_credentials").await;
        b.types("erin", "ticket").await;
        b.wait_for("document.querySelector('[data-testid=error]')?.dataset.code === 'sso2_frozen'").await;
        b.wait_for("document.querySelector('[data-testid=countdown]').innerText").await;
    })
    .await;
}

async fn a_sign_out_that_sso2_refuses_still_signs_out_here(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let (b, stage) = (&j.browser, &j.stage);
        b.reads_the_paper_as(stage, "alice").await;
        stage.sandbox.set_faults([Fault::PaywayLogoutHttp500]);
        b.open(&stage.app("/account")).await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out'").await;
        assert!(!b.somebody_is_signed_in().await);
    })
    .await;
}

async fn access_tokens_are_refreshed_until_that_is_refused(directory: Directory) {
    journey_on(paper("").with(directory), Options::default(), async |j| {
        let (b, stage) = (&j.browser, &j.stage);
        b.reads_the_paper_as(stage, "alice").await;
        b.open(&stage.app("/account")).await;
        let token = "JSON.parse(localStorage.getItem('admit-one')).access_token";
        let before = b.eval(token).await;
        b.refresh(stage).await;
        assert_ne!(b.eval(token).await, before);
        stage.sandbox.set_faults([Fault::PaywayRefreshRefused]);
        b.press("refresh").await;
        b.sees_error("refresh_refused").await;
        assert!(!b.somebody_is_signed_in().await);
    })
    .await;
}

/// Runs the cases one after the other in one browser that forgets everything in between.
async fn check(j: &Journey, cases: &[Case]) {
    let mut failed = Vec::new();
    for (fault, expected) in cases {
        j.stage.sandbox.set_faults([*fault]);
        let outcome = attempt(j, &j.browser).await;
        let signed_in = j.browser.somebody_is_signed_in().await;
        let as_expected = match (&outcome, expected) {
            (Outcome::Error(code), Some(expected)) => code == expected && !signed_in,
            (Outcome::SignedIn(email), None) => email == ALICE,
            _ => false,
        };
        if !as_expected {
            failed.push(format!("{fault}: expected {expected:?}, got {outcome:?}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

async fn forget(j: &Journey, browser: &Browser) {
    browser.open("about:blank").await;
    let payway = &j.stage.sandbox.options().payway_url;
    browser
        .forget(&[&j.stage.app, &j.stage.upstream, payway])
        .await;
}

/// Signs alice in with our own form, in a browser that knows nothing, and says what came of it.
async fn attempt(j: &Journey, browser: &Browser) -> Outcome {
    forget(j, browser).await;
    browser.open(&j.stage.app("/")).await;
    browser.press_paper().await;
    let there = "document.querySelector('[data-testid=login-form]') ? 'form' : document.querySelector('[data-testid=error]') && 'error'";
    if browser.wait_for(there).await == "form" {
        browser.types("alice", "ticket").await;
    }
    browser.outcome().await
}
