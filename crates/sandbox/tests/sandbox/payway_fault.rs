//! Each fault of Payway, as it shows on the wire; and that it spares the organisation's other sites.

use std::time::{Duration, Instant};

use admit_one_sandbox::{Fault, Group, Sandbox, SandboxOptions};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    browser::{Answer, Browser, part, sandbox},
    payway::{
        HOST, LANDING, RETURN, access_token, api, identify, identify_request, is_signed, landed,
        operation, reply, ticket, token,
    },
};

/// The faults whose names start so.
fn faults(prefix: &str) -> impl Iterator<Item = Fault> {
    Fault::ALL
        .iter()
        .copied()
        .filter(move |fault| fault.as_str().starts_with(prefix))
}

#[test]
fn each_fault_has_a_test_below() {
    let groups = [
        "identify",
        "landing",
        "status",
        "authenticate",
        "reply",
        "logout",
        "ticket",
        "token",
        "refresh",
        "me",
        "slow",
    ];
    for fault in Fault::ALL
        .iter()
        .filter(|fault| fault.group() == Group::Payway)
    {
        let rest = fault.as_str().strip_prefix("payway_").unwrap();
        let group = rest.split('_').next().unwrap();
        assert!(groups.contains(&group), "{fault}");
    }
}

/// A browser whose session is signed in, and its `sid`.
async fn signed_in(sandbox: &Sandbox) -> (Browser<'_>, Value) {
    let mut browser = Browser::at(sandbox, HOST);
    let sid = landed(&identify(&mut browser).await)["sid"].clone();
    let changes = json!({ "sid": sid, "usr": "alice", "pwd": "ticket" });
    reply(&operation(sandbox, "authenticate", &changes).await);
    (browser, sid)
}

async fn asked_status(sandbox: &Sandbox, sid: &Value, lks: &str) -> Answer {
    operation(sandbox, "sessionstatus", &json!({ "sid": sid, "lks": lks })).await
}

#[tokio::test]
async fn each_landing_fault_changes_the_landing() {
    let sandbox = sandbox();
    let (mut browser, sid) = signed_in(&sandbox).await;
    let now = sandbox.now();
    for fault in faults("payway_landing_") {
        sandbox.set_faults([fault]);
        let answer = identify(&mut browser).await;
        assert!(answer.location().starts_with(LANDING), "{fault}");
        let parameters = answer.redirected();
        let (t, r) = (parameters.get("t"), parameters.get("r").map(String::as_str));
        let claims = || part(t.unwrap(), 1);
        let signed = || is_signed(t.unwrap());
        let time = |name: &str| claims()[name].as_i64().unwrap();
        let is_right = |name: &str, value: &Value| signed() && claims()[name] == *value;
        assert!(
            match fault {
                Fault::PaywayLandingBadSignature | Fault::PaywayLandingWrongSecret => {
                    !signed() && claims()["sid"] == sid && claims()["sts"] == "loggedin"
                }
                Fault::PaywayLandingAlgNone => {
                    part(t.unwrap(), 0)["alg"] == "none" && claims()["sid"] == sid
                }
                Fault::PaywayLandingExpired => signed() && time("exp") < now - 3000,
                Fault::PaywayLandingNotYetValid => signed() && time("nbf") > now + 3000,
                Fault::PaywayLandingUndated => {
                    let dates = ["iat", "nbf", "exp"];
                    signed() && dates.iter().all(|name| claims().get(*name).is_none())
                }
                Fault::PaywayLandingGarbage => t.unwrap() == "this-is.not-a-jwt",
                Fault::PaywayLandingReflected => {
                    signed() && claims()["cid"] == "paper-shop" && claims().get("sid").is_none()
                }
                Fault::PaywayLandingTokenMissing => t.is_none(),
                Fault::PaywayLandingErr => {
                    is_right("err", &json!("internal_error")) && claims().get("sts").is_none()
                }
                Fault::PaywayLandingSidMissing => {
                    is_right("sts", &json!("loggedin")) && claims().get("sid").is_none()
                }
                Fault::PaywayLandingStatusUnknown => is_right("sts", &json!("asleep")),
                Fault::PaywayLandingTicketMissing => {
                    is_right("sts", &json!("loggedin")) && claims().get("at").is_none()
                }
                Fault::PaywayLandingReturnElsewhere => {
                    r == Some("https://elsewhere.example/landing") && is_right("sid", &sid)
                }
                Fault::PaywayLandingReturnMissing => r.is_none() && is_right("sid", &sid),
                other => panic!("{other} has no check"),
            },
            "{fault}: {answer:?}"
        );
        let returns = [
            Fault::PaywayLandingReturnElsewhere,
            Fault::PaywayLandingReturnMissing,
        ];
        assert!(returns.contains(&fault) || r == Some(RETURN), "{fault}");
    }
}

#[tokio::test]
async fn each_status_fault_changes_the_status() {
    let sandbox = sandbox();
    for fault in faults("payway_status_") {
        sandbox.set_faults([]);
        let (_, sid) = signed_in(&sandbox).await;
        sandbox.set_faults([fault]);
        let answer = asked_status(&sandbox, &sid, "anon").await;
        let claims = || reply(&answer);
        let only = |name: &str, value: &str| {
            let claims = claims();
            claims[name] == value && claims["sid"] == sid && claims.get("at").is_none()
        };
        assert!(
            match fault {
                Fault::PaywayStatusSessionNotFound => {
                    only("err", "session_not_found") && claims().get("sts").is_none()
                }
                Fault::PaywayStatusTerminated => only("sts", "terminated"),
                Fault::PaywayStatusAnon => only("sts", "anon"),
                Fault::PaywayStatusUnknown => only("sts", "asleep"),
                Fault::PaywayStatusTicketMissing => only("sts", "loggedin"),
                Fault::PaywayStatusOtherSession => {
                    claims()["sts"] == "loggedin" && claims()["sid"] != sid
                }
                Fault::PaywayStatusHttp500 => answer.status == StatusCode::INTERNAL_SERVER_ERROR,
                Fault::PaywayStatusGarbage => {
                    answer.status == StatusCode::OK && answer.body.contains("<h1>")
                }
                other => panic!("{other} has no check"),
            },
            "{fault}: {answer:?}"
        );
        sandbox.set_faults([]);
        let after = reply(&asked_status(&sandbox, &sid, "loggedin").await);
        assert_eq!(
            after["sts"], "loggedin",
            "{fault} leaves the session as it is"
        );
    }
}

#[tokio::test]
async fn each_authenticate_fault_changes_the_answer() {
    let sandbox = sandbox();
    for fault in faults("payway_authenticate_") {
        sandbox.set_faults([]);
        let mut browser = Browser::at(&sandbox, HOST);
        let sid = landed(&identify(&mut browser).await)["sid"].clone();
        sandbox.set_faults([fault]);
        let tried = async |usr: &str, pwd: &str| {
            let changes = json!({ "sid": sid, "usr": usr, "pwd": pwd });
            operation(&sandbox, "authenticate", &changes).await
        };
        let answer = tried("alice", "ticket").await;
        let wrong = tried("bob", "wrong").await;
        let frozen = tried("erin", "ticket").await;
        assert!(
            match fault {
                Fault::PaywayAuthenticateHttp500 => {
                    let body = answer.json();
                    let t = body["t"].as_str().unwrap();
                    answer.status == StatusCode::INTERNAL_SERVER_ERROR
                        && is_signed(t)
                        && part(t, 1)["err"] == "internal_error"
                }
                Fault::PaywayAuthenticateGarbage => {
                    answer.status == StatusCode::OK && answer.body.contains("<h1>")
                }
                Fault::PaywayAuthenticateUnknownErr => {
                    let claims = reply(&answer);
                    claims["err"] == "password_must_be_changed" && claims.get("sts").is_none()
                }
                Fault::PaywayAuthenticateTicketMissing => {
                    let claims = reply(&answer);
                    claims["sts"] == "loggedin" && claims.get("at").is_none()
                }
                Fault::PaywayAuthenticateDetailMissing => {
                    let (wrong, frozen) = (reply(&wrong), reply(&frozen));
                    wrong["err"] == "invalid_credentials"
                        && wrong.get("raa").is_none()
                        && frozen["err"] == "account_frozen"
                        && frozen.get("frf").is_none()
                }
                Fault::PaywayAuthenticateDetailString => {
                    reply(&wrong)["raa"].is_string() && reply(&frozen)["frf"].is_string()
                }
                other => panic!("{other} has no check"),
            },
            "{fault}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn an_authenticate_fault_that_refuses_signs_nobody_in() {
    let sandbox = sandbox();
    for fault in [
        Fault::PaywayAuthenticateHttp500,
        Fault::PaywayAuthenticateGarbage,
        Fault::PaywayAuthenticateUnknownErr,
    ] {
        sandbox.set_faults([fault]);
        let mut browser = Browser::at(&sandbox, HOST);
        let sid = landed(&identify(&mut browser).await)["sid"].clone();
        let changes = json!({ "sid": sid, "usr": "alice", "pwd": "ticket" });
        operation(&sandbox, "authenticate", &changes).await;
        let status = reply(&asked_status(&sandbox, &sid, "anon").await);
        assert_eq!(status["sts"], "anon", "{fault}");
    }
}

#[tokio::test]
async fn each_reply_fault_spoils_every_reply() {
    let sandbox = sandbox();
    for fault in faults("payway_reply_") {
        sandbox.set_faults([]);
        let (_, sid) = signed_in(&sandbox).await;
        sandbox.set_faults([fault]);
        let operations = [
            ("sessionstatus", json!({ "sid": sid, "lks": "anon" })),
            (
                "authenticate",
                json!({ "sid": sid, "usr": "alice", "pwd": "ticket" }),
            ),
            ("logout", json!({ "sid": sid })),
        ];
        for (name, changes) in operations {
            let answer = operation(&sandbox, name, &changes).await;
            assert_eq!(answer.status, StatusCode::OK);
            let body: Map<String, Value> = answer.json().as_object().unwrap().clone();
            let t = || body["t"].as_str().unwrap();
            assert!(
                match fault {
                    Fault::PaywayReplyAlgNone => {
                        part(t(), 0)["alg"] == "none" && part(t(), 1)["sid"] == sid
                    }
                    Fault::PaywayReplyWrongSecret => !is_signed(t()) && part(t(), 1)["sid"] == sid,
                    Fault::PaywayReplyExpired => {
                        is_signed(t()) && part(t(), 1)["exp"].as_i64().unwrap() < sandbox.now()
                    }
                    Fault::PaywayReplyTokenMissing => {
                        !body.contains_key("t") && is_signed(body["token"].as_str().unwrap())
                    }
                    other => panic!("{other} has no check"),
                },
                "{fault} at {name}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn identify_and_logout_break() {
    let sandbox = sandbox();
    let (mut browser, sid) = signed_in(&sandbox).await;
    sandbox.set_faults([Fault::PaywayIdentifyHttp500, Fault::PaywayLogoutHttp500]);
    let answer = identify(&mut browser).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let answer = operation(&sandbox, "logout", &json!({ "sid": sid })).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let status = reply(&asked_status(&sandbox, &sid, "loggedin").await);
    assert_eq!(status["sts"], "loggedin", "the session lives on");
}

#[tokio::test]
async fn each_token_fault_changes_what_a_ticket_gives() {
    let sandbox = sandbox();
    let all = faults("payway_token_").chain([Fault::PaywayTicketRefused]);
    for fault in all {
        sandbox.set_faults([]);
        let at = ticket(&sandbox, "alice").await;
        sandbox.set_faults([fault]);
        let answer = access_token(&sandbox, &[("ticket", &at)]).await;
        assert!(
            match fault {
                Fault::PaywayTicketRefused => answer.json()["error"] == "invalid_grant",
                Fault::PaywayTokenNotJson => {
                    answer.status == StatusCode::OK && answer.body.contains("<h1>")
                }
                Fault::PaywayTokenHttp500 => answer.status == StatusCode::INTERNAL_SERVER_ERROR,
                Fault::PaywayTokenAccessTokenMissing => {
                    answer.status == StatusCode::OK
                        && answer.json().get("access_token").is_none()
                        && answer.json()["expires_in"] == 3600
                }
                other => panic!("{other} has no check"),
            },
            "{fault}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_refresh_is_refused() {
    let sandbox = sandbox();
    let at = ticket(&sandbox, "alice").await;
    let tokens = access_token(&sandbox, &[("ticket", &at)]).await.json();
    let token = tokens["refresh_token"].as_str().unwrap();
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", token)];
    sandbox.set_faults([Fault::PaywayRefreshRefused]);
    let refused = access_token(&sandbox, &pairs).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    sandbox.set_faults([]);
    let renewed = access_token(&sandbox, &pairs).await;
    assert_eq!(renewed.status, StatusCode::OK);
}

#[tokio::test]
async fn each_fault_of_me_changes_the_account() {
    let sandbox = sandbox();
    let token = token(&sandbox, "alice").await;
    for fault in faults("payway_me_") {
        sandbox.set_faults([fault]);
        let answer = api(&sandbox, "/external/api/v1/me", &token).await;
        assert!(
            match fault {
                Fault::PaywayMeUnauthorized => answer.status == StatusCode::UNAUTHORIZED,
                Fault::PaywayMeNotJson => {
                    answer.status == StatusCode::OK && answer.body.contains("<h1>")
                }
                Fault::PaywayMeHttp500 => {
                    answer.status == StatusCode::INTERNAL_SERVER_ERROR
                        && answer.json()["code"] == "internal_server_error"
                }
                Fault::PaywayMeIdMissing => {
                    answer.json()["item"].get("id").is_none()
                        && answer.json()["item"]["email"] == "alice@example.test"
                }
                Fault::PaywayMeIdMalformed => answer.json()["item"]["id"] == "../alice",
                other => panic!("{other} has no check"),
            },
            "{fault}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn everything_but_identify_is_slow() {
    let sandbox = Sandbox::new(SandboxOptions {
        slow: Duration::from_millis(200),
        ..SandboxOptions::default()
    });
    let (mut browser, sid) = signed_in(&sandbox).await;
    let token = token(&sandbox, "alice").await;
    sandbox.set_faults([Fault::PaywaySlow]);
    let started = Instant::now();
    identify(&mut browser).await;
    assert!(started.elapsed() < Duration::from_millis(200));
    asked_status(&sandbox, &sid, "anon").await;
    access_token(&sandbox, &[("ticket", "x")]).await;
    api(&sandbox, "/external/api/v1/me", &token).await;
    assert!(started.elapsed() >= Duration::from_millis(600));
}

/// A journey that has a fault on can still be signed in, or out, elsewhere.
#[tokio::test]
async fn none_is_for_the_other_sites() {
    let sandbox = sandbox();
    sandbox.set_faults(faults("payway_landing_").chain(faults("payway_status_")));
    let mut browser = Browser::at(&sandbox, HOST);
    let mut answer = browser.get("/site").await;
    while answer.status == StatusCode::FOUND {
        let location = answer.location().to_owned();
        answer = browser.get(&location).await;
    }
    assert!(
        answer.body.contains("data-testid=\"payway-nobody\""),
        "{answer:?}"
    );
}

#[tokio::test]
async fn none_is_on_at_the_start() {
    let sandbox = sandbox();
    let t = identify_request(&sandbox);
    assert!(is_signed(&t) && sandbox.faults().is_empty());
}
