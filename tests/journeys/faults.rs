//! Every fault that the sandbox knows: the buyer gets the right code and nobody is signed in, or, where the provider
//! is only unusual, the buyer gets in.

use std::collections::BTreeSet;

use admit_one_sandbox::Fault;

use crate::browser::{Browser, Options};
use crate::buyer::{ALICE, Outcome};
use crate::journey::{Journey, journey, journey_on};
use crate::stage::Setup;

/// A fault and what a sign-in comes to: a code, or `None` where it has to succeed.
type Case = (Fault, Option<&'static str>);

/// What shows in the redirect back.
const RESPONSE: &[Case] = &[
    (Fault::ResponseIssWrong, Some("callback_iss_mismatch")),
    (Fault::ResponseIssMissing, Some("callback_iss_missing")),
    (
        Fault::ResponseParameterRepeated,
        Some("callback_parameter_repeated"),
    ),
    (Fault::ResponseStateWrong, Some("state_unknown")),
    (Fault::ResponseStateMissing, Some("state_unknown")),
    (Fault::ResponseCodeMissing, Some("callback_malformed")),
    (Fault::ResponseAccessDenied, Some("access_denied")),
    (Fault::ResponseLoginRequired, Some("login_required")),
    (
        Fault::ResponseTemporarilyUnavailable,
        Some("provider_unavailable"),
    ),
    (Fault::ResponseServerError, Some("provider_unavailable")),
    (Fault::ResponseUnknownError, Some("provider_error")),
    (Fault::LenientExtraCallbackParameters, None),
];

/// What shows at the token endpoint.
const TOKEN: &[Case] = &[
    (Fault::TokenErrorInvalidGrant, Some("exchange_refused")),
    (Fault::TokenErrorInvalidClient, Some("client_refused")),
    (Fault::TokenErrorNotJson, Some("token_response_invalid")),
    (Fault::TokenErrorEmpty, Some("token_response_invalid")),
    (Fault::TokenResponseNotJson, Some("token_response_invalid")),
    (Fault::TokenTypeUnknown, Some("token_type_unknown")),
    (
        Fault::TokenAccessTokenMissing,
        Some("token_response_invalid"),
    ),
    (Fault::TokenHttp500, Some("upstream_error")),
    (Fault::TokenSlow, Some("upstream_timeout")),
    (Fault::TokenDropsConnection, Some("upstream_unreachable")),
    (Fault::LenientExpiresInString, None),
    (Fault::LenientExpiresInFloat, None),
    (Fault::LenientExpiresInMissing, None),
    (Fault::LenientTokenTypeLowercase, None),
];

/// What shows in the claims of the ID token (OpenID Connect Core 3.1.3.7 and 3.1.3.8).
const CLAIMS: &[Case] = &[
    (Fault::InvalidIss, Some("id_token_iss")),
    (Fault::MissingIss, Some("id_token_iss")),
    (Fault::MissingSub, Some("id_token_sub")),
    (Fault::InvalidAud, Some("id_token_aud")),
    (Fault::MissingAud, Some("id_token_aud")),
    (Fault::MultipleAudWithoutAzp, Some("id_token_azp")),
    (Fault::WrongAzp, Some("id_token_azp")),
    (Fault::MissingExp, Some("id_token_malformed")),
    (Fault::Expired, Some("id_token_expired")),
    (Fault::MissingIat, Some("id_token_iat")),
    (Fault::IatInFuture, Some("id_token_iat")),
    (Fault::IatLongAgo, Some("id_token_iat")),
    (Fault::NotYetValid, Some("id_token_nbf")),
    (Fault::NonceInvalid, Some("id_token_nonce")),
    (Fault::NonceMissing, Some("id_token_nonce")),
    (Fault::AcrMissing, Some("id_token_acr")),
    (Fault::AcrWrong, Some("id_token_acr")),
    (Fault::AuthTimeMissing, Some("id_token_auth_time")),
    (Fault::AuthTimeStale, Some("id_token_auth_time")),
    (Fault::InvalidAtHash, Some("id_token_at_hash")),
    (Fault::IdTokenMissing, Some("id_token_missing")),
    (Fault::IdTokenMalformed, Some("id_token_malformed")),
    (Fault::LenientAuthTimeFloat, None),
    (Fault::LenientAudArray, None),
    (Fault::LenientAtHashMissing, None),
];

/// What shows in the signature of the ID token.
const SIGNATURE: &[Case] = &[
    (Fault::UnknownKid, Some("id_token_key_unknown")),
    (Fault::SigNone, Some("id_token_alg")),
    (Fault::InvalidSigRs256, Some("id_token_signature")),
    (Fault::InvalidSigEs256, Some("id_token_signature")),
    (Fault::InvalidSigHs256, Some("id_token_alg")),
    (Fault::SigHs256WithPublicKey, Some("id_token_alg")),
    (Fault::SigAlgOfAnotherKey, Some("id_token_key_unknown")),
    (Fault::SigEmbeddedJwk, Some("id_token_key_unknown")),
    (Fault::SigningKeyRotation, None),
    (Fault::SigningKeyRotationJustBeforeSigning, None),
];

/// What shows in the metadata and the keys, which a backend reads when it starts and then keeps.
const DISCOVERY: &[Case] = &[
    (
        Fault::DiscoveryIssuerMismatch,
        Some("discovery_issuer_mismatch"),
    ),
    (Fault::DiscoveryNotJson, Some("discovery_invalid")),
    (Fault::DiscoveryHttp500, Some("upstream_error")),
    (Fault::JwksNotJson, Some("jwks_invalid")),
    (Fault::JwksEmpty, Some("id_token_key_unknown")),
    (Fault::KidAbsentSingleJwks, None),
    (Fault::KidAbsentMultipleJwks, None),
    (Fault::LenientKeysWithoutAlgUse, None),
    (Fault::LenientKeysUnknown, None),
    (Fault::LenientNoRevocationEndpoint, None),
    (Fault::LenientNoEndSessionEndpoint, None),
];

/// What shows at UserInfo.
const USERINFO: &[Case] = &[
    (Fault::UserinfoInvalidSub, Some("userinfo_sub")),
    (Fault::UserinfoMissingSub, Some("userinfo_sub")),
    (Fault::UserinfoNotJson, Some("userinfo_invalid")),
    (Fault::UserinfoUnauthorized, Some("userinfo_refused")),
    (Fault::LenientAggregatedClaims, None),
    (Fault::LenientDistributedClaims, None),
];

/// What shows when a session is refreshed (OpenID Connect Core 12.2).
const REFRESH: &[Case] = &[
    (Fault::RefreshInvalidIssuer, Some("refresh_iss")),
    (Fault::RefreshInvalidSub, Some("refresh_sub")),
    (Fault::RefreshInvalidAud, Some("refresh_aud")),
    (Fault::RefreshInvalidAzp, Some("refresh_azp")),
    (Fault::RefreshAuthTimeChanged, Some("refresh_auth_time")),
    (Fault::RefreshNonceChanged, Some("id_token_nonce")),
    (Fault::RefreshRefused, Some("refresh_refused")),
    (Fault::LenientRefreshWithoutRefreshToken, None),
    (Fault::LenientRefreshWithoutIdToken, None),
    (Fault::LenientRefreshWithoutNonce, None),
    (Fault::LenientRefreshWithNonce, None),
];

/// What shows on the way back from the provider's logout; the buyer is signed out whatever it says.
const LOGOUT: &[Fault] = &[Fault::LogoutStateWrong, Fault::LogoutStateMissing];

/// What passes: the sign-in was good, and the buyer may try the rest again.
const PASSING: &[Fault] = &[Fault::UserinfoHttp500];

/// What needs an attempt that the buyer gave up earlier; `recovery.rs` has these.
const EARLIER_ATTEMPT: &[Fault] = &[
    Fault::ResponseStateOfEarlierAttempt,
    Fault::LenientResumesEarlierAttempt,
];

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
        .filter(|fault| !covered.contains(fault))
        .collect();
    assert!(missing.is_empty(), "no journey has {missing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_in_the_response_has_its_code_and_signs_nobody_in() {
    journey(async |j| check(j, RESPONSE).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_at_the_token_endpoint_has_its_code_and_signs_nobody_in() {
    let setup = Setup {
        timeout_ms: 1500,
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| check(j, TOKEN).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_in_the_claims_has_its_code_and_signs_nobody_in() {
    let provider = "acr_values = [\"password\"]\nmax_age = 3600".to_owned();
    let setup = Setup {
        provider,
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| check(j, CLAIMS).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_in_the_signature_has_its_code_and_signs_nobody_in() {
    journey(async |j| check(j, SIGNATURE).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_at_userinfo_has_its_code_and_signs_nobody_in() {
    journey(async |j| check(j, USERINFO).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_userinfo_that_breaks_for_a_while_can_be_tried_again() {
    journey(async |j| {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_in_the_metadata_has_its_code_and_signs_nobody_in() {
    journey(async |j| {
        let mut failed = Vec::new();
        for case in DISCOVERY {
            let setup = Setup {
                faults: vec![case.0],
                ..Setup::default()
            };
            let stage = crate::stage::Stage::start(&setup).await;
            let outcome = attempt(&j.browser, &stage.app, &stage.upstream).await;
            failed.extend(judge(&j.browser, case, &outcome).await);
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_in_a_refresh_has_its_code_and_leaves_nobody_signed_in() {
    journey(async |j| {
        let (browser, stage) = (&j.browser, &j.stage);
        let mut failed = Vec::new();
        for (fault, expected) in REFRESH {
            stage.sandbox.set_faults([]);
            let outcome = attempt(browser, &stage.app, &stage.upstream).await;
            assert_eq!(outcome, Outcome::SignedIn(ALICE.into()), "before {fault}");
            browser.open(&stage.app("/account")).await;
            stage.sandbox.set_faults([*fault]);
            let before = stage.backend_gate.count("/v1/refresh");
            browser.press("refresh").await;
            while stage.backend_gate.count("/v1/refresh") == before {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            let outcome = match expected {
                Some(_) => {
                    browser.wait_for("document.querySelector('[data-testid=error]')").await;
                    browser.outcome().await
                }
                None => {
                    browser.wait_for("document.querySelector('[data-testid=refresh]:not(:disabled):not([aria-busy=true])')").await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_in_the_logout_leaves_nobody_signed_in() {
    journey(async |j| {
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
