//! Each fault of Paytronix, as it shows on the wire.

use std::time::{Duration, Instant};

use admit_one_sandbox::{Fault, Group, Sandbox, SandboxOptions};
use axum::http::StatusCode;
use serde_json::json;

use crate::{
    browser::sandbox,
    paytronix::{
        REDIRECT_URI, account_information, card, exchange, logged_in, refresh, tokens,
        user_information,
    },
};

const REDIRECT: [Fault; 5] = [
    Fault::PaytronixStateMissing,
    Fault::PaytronixStateWrong,
    Fault::PaytronixCodeMissing,
    Fault::PaytronixResponseUnknownError,
    Fault::PaytronixResponseExpiresInMissing,
];

const TOKEN: [Fault; 10] = [
    Fault::PaytronixCodeRefused,
    Fault::PaytronixTokenResultUnknown,
    Fault::PaytronixTokenResultMissing,
    Fault::PaytronixTokenHttp500WithSuccess,
    Fault::PaytronixTokenNotJson,
    Fault::PaytronixTokenAccessTokenMissing,
    Fault::PaytronixTokenUsernameMissing,
    Fault::PaytronixTokenRefreshTokenMissing,
    Fault::PaytronixTokenExpiresInMissing,
    Fault::PaytronixTokenExpiresInString,
];

const USER: [Fault; 6] = [
    Fault::PaytronixUserInformationOfAnother,
    Fault::PaytronixUserInformationResultMissing,
    Fault::PaytronixUserInformationNotJson,
    Fault::PaytronixUserInformationHttp500,
    Fault::PaytronixCardNumberAsNumber,
    Fault::PaytronixCardMissing,
];

const ACCOUNT: [Fault; 4] = [
    Fault::PaytronixAccountSuspended,
    Fault::PaytronixAccountInvalidStatus,
    Fault::PaytronixAccountInformationNotJson,
    Fault::PaytronixAccountInformationHttp500,
];

/// Those that have a test to themselves.
const OTHERS: [Fault; 5] = [
    Fault::PaytronixRefreshRefused,
    Fault::PaytronixInvalidTokenOnce,
    Fault::PaytronixAccountInvalidTokenOnce,
    Fault::PaytronixInvalidTokenAlways,
    Fault::PaytronixSlow,
];

#[test]
fn each_fault_has_a_test_below() {
    let tested = [&REDIRECT[..], &TOKEN, &USER, &ACCOUNT, &OTHERS].concat();
    for fault in Fault::ALL
        .iter()
        .filter(|fault| fault.group() == Group::Paytronix)
    {
        assert!(tested.contains(fault), "{fault}");
    }
}

#[tokio::test]
async fn each_fault_of_the_redirect_changes_it() {
    let sandbox = sandbox();
    for fault in REDIRECT {
        sandbox.set_faults([fault]);
        let back = logged_in(&sandbox, "alice").await;
        assert!(back.location().starts_with(REDIRECT_URI), "{fault}");
        let parameters = back.redirected();
        let has = |name: &str| parameters.contains_key(name);
        let is = |name: &str, value: &str| parameters.get(name).is_some_and(|is| is == value);
        assert!(
            match fault {
                Fault::PaytronixStateMissing => has("code") && !has("state"),
                Fault::PaytronixStateWrong => {
                    has("code") && has("state") && !is("state", "the-state")
                }
                Fault::PaytronixCodeMissing => {
                    !has("code") && !has("error") && is("state", "the-state")
                }
                Fault::PaytronixResponseUnknownError => {
                    is("error", "guest.locked_out-17") && !has("code") && is("state", "the-state")
                }
                Fault::PaytronixResponseExpiresInMissing => {
                    has("code") && !has("expires_in") && is("state", "the-state")
                }
                other => panic!("{other} has no check"),
            },
            "{fault}: {back:?}"
        );
    }
}

#[tokio::test]
async fn each_fault_of_the_token_changes_the_answer() {
    let sandbox = sandbox();
    for fault in TOKEN {
        sandbox.set_faults([]);
        let code = logged_in(&sandbox, "alice").await.redirected()["code"].clone();
        sandbox.set_faults([fault]);
        let answer = exchange(&sandbox, &code).await;
        let has = |name: &str| answer.json().get(name).is_some();
        let succeeds_without = |name: &str| answer.json()["result"] == "success" && !has(name);
        assert!(
            match fault {
                Fault::PaytronixCodeRefused => {
                    answer.json()["result"] == "failure" && !has("access_token")
                }
                Fault::PaytronixTokenResultUnknown => {
                    answer.json()["result"] == "authenticatedPartially" && has("access_token")
                }
                Fault::PaytronixTokenResultMissing => !has("result") && has("access_token"),
                Fault::PaytronixTokenHttp500WithSuccess => {
                    answer.status == StatusCode::INTERNAL_SERVER_ERROR
                        && answer.json()["result"] == "success"
                        && has("access_token")
                }
                Fault::PaytronixTokenNotJson => answer.body.contains("<h1>"),
                Fault::PaytronixTokenAccessTokenMissing => succeeds_without("access_token"),
                Fault::PaytronixTokenUsernameMissing => succeeds_without("username"),
                Fault::PaytronixTokenRefreshTokenMissing => succeeds_without("refresh_token"),
                Fault::PaytronixTokenExpiresInMissing => succeeds_without("expires_in"),
                Fault::PaytronixTokenExpiresInString => answer.json()["expires_in"] == "1800",
                other => panic!("{other} has no check"),
            },
            "{fault}: {answer:?}"
        );
        let is_500 = fault == Fault::PaytronixTokenHttp500WithSuccess;
        assert_eq!(answer.status == StatusCode::OK, !is_500, "{fault}");
    }
}

#[tokio::test]
async fn each_fault_of_user_information_changes_it() {
    let sandbox = sandbox();
    let tokens = tokens(&sandbox, "alice").await;
    let card = card(&sandbox, &tokens).await;
    for fault in USER {
        sandbox.set_faults([fault]);
        let answer = user_information(&sandbox, &tokens, &[]).await;
        assert!(
            match fault {
                Fault::PaytronixUserInformationOfAnother => {
                    answer.json()["result"] == "success"
                        && answer.json()["fields"]["username"] == "somebody-else"
                }
                Fault::PaytronixUserInformationResultMissing => {
                    answer.json().get("result").is_none()
                        && answer.json()["fields"]["username"] == "alice"
                }
                Fault::PaytronixUserInformationNotJson => {
                    answer.status == StatusCode::OK && answer.body.contains("<h1>")
                }
                Fault::PaytronixUserInformationHttp500 => {
                    answer.status == StatusCode::INTERNAL_SERVER_ERROR
                }
                Fault::PaytronixCardNumberAsNumber => {
                    let number = &answer.json()["primaryCardNumbers"][0];
                    number.as_u64() == card.parse().ok()
                }
                Fault::PaytronixCardMissing => {
                    answer.json()["result"] == "success"
                        && answer.json().get("primaryCardNumbers").is_none()
                }
                other => panic!("{other} has no check"),
            },
            "{fault}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn each_fault_of_account_information_changes_it() {
    let sandbox = sandbox();
    let tokens = tokens(&sandbox, "alice").await;
    let card = card(&sandbox, &tokens).await;
    for fault in ACCOUNT {
        sandbox.set_faults([fault]);
        let answer = account_information(&sandbox, &tokens, &card, &[]).await;
        assert!(
            match fault {
                Fault::PaytronixAccountSuspended => {
                    answer.json()["result"] == "success"
                        && answer.json()["accountStatus"] == "SUSPENDED"
                }
                Fault::PaytronixAccountInvalidStatus => {
                    answer.status == StatusCode::OK
                        && answer.json()["result"] == "invalid_status"
                        && answer.json().get("walletBalances").is_none()
                }
                Fault::PaytronixAccountInformationNotJson => {
                    answer.status == StatusCode::OK && answer.body.contains("<h1>")
                }
                Fault::PaytronixAccountInformationHttp500 => {
                    answer.status == StatusCode::INTERNAL_SERVER_ERROR
                }
                other => panic!("{other} has no check"),
            },
            "{fault}: {answer:?}"
        );
    }
}

/// Refresh, then send the call again: that is what the vendor's documentation asks for.
#[tokio::test]
async fn a_token_is_refused_once_in_each_sign_in() {
    let sandbox = sandbox();
    sandbox.set_faults([Fault::PaytronixInvalidTokenOnce]);
    for _ in 0..2 {
        let tokens = tokens(&sandbox, "alice").await;
        let refused = user_information(&sandbox, &tokens, &[]).await.json();
        assert_eq!(refused["errorCode"], "oauth.invalid_token");
        let refreshed = refresh(&sandbox, &tokens).await.json();
        let resent = user_information(&sandbox, &refreshed, &[]).await.json();
        assert_eq!(resent["result"], "success");
    }
}

#[tokio::test]
async fn a_token_is_refused_for_the_account_alone_and_once_in_each_sign_in() {
    let sandbox = sandbox();
    sandbox.set_faults([Fault::PaytronixAccountInvalidTokenOnce]);
    for _ in 0..2 {
        let tokens = tokens(&sandbox, "alice").await;
        let card = card(&sandbox, &tokens).await;
        let refused = account_information(&sandbox, &tokens, &card, &[]).await;
        assert_eq!(refused.json()["errorCode"], "oauth.invalid_token");
        let refreshed = refresh(&sandbox, &tokens).await.json();
        let guest = user_information(&sandbox, &refreshed, &[]).await.json();
        assert_eq!(guest["result"], "success");
        let resent = account_information(&sandbox, &refreshed, &card, &[]).await;
        assert_eq!(resent.json()["result"], "success");
    }
}

#[tokio::test]
async fn a_token_is_refused_whatever_is_refreshed() {
    let sandbox = sandbox();
    let setting = json!({ "paytronix": { "invalid_token_code": "token.too_old" } });
    sandbox.change_settings(setting).unwrap();
    let mut tokens = tokens(&sandbox, "alice").await;
    sandbox.set_faults([Fault::PaytronixInvalidTokenAlways]);
    for _ in 0..2 {
        tokens = refresh(&sandbox, &tokens).await.json();
        let refused = user_information(&sandbox, &tokens, &[]).await.json();
        assert_eq!(refused["errorCode"], "token.too_old");
        let refused = account_information(&sandbox, &tokens, "9990", &[])
            .await
            .json();
        assert_eq!(refused["errorCode"], "token.too_old");
    }
}

#[tokio::test]
async fn a_refresh_is_refused() {
    let sandbox = sandbox();
    let tokens = tokens(&sandbox, "alice").await;
    sandbox.set_faults([Fault::PaytronixRefreshRefused]);
    let refused = refresh(&sandbox, &tokens).await;
    assert_eq!(
        (refused.status, &refused.json()["result"]),
        (StatusCode::OK, &json!("failure"))
    );
}

#[tokio::test]
async fn the_whole_interface_is_slow() {
    let sandbox = Sandbox::new(SandboxOptions {
        slow: Duration::from_millis(200),
        ..SandboxOptions::default()
    });
    let tokens = tokens(&sandbox, "alice").await;
    sandbox.set_faults([Fault::PaytronixSlow]);
    let started = Instant::now();
    user_information(&sandbox, &tokens, &[]).await;
    account_information(&sandbox, &tokens, "9990", &[]).await;
    refresh(&sandbox, &tokens).await;
    assert!(started.elapsed() >= Duration::from_millis(600));
}
