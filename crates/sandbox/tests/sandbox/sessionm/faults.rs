//! Each fault, as it shows on the wire.

use std::time::{Duration, Instant};

use admit_one_sandbox::{Fault, Sandbox, SandboxOptions};
use axum::http::StatusCode;
use serde_json::json;

use super::{bob, create, error, lookup, retrieve, update, user, with_email};
use crate::browser::sandbox;

fn quick() -> Sandbox {
    Sandbox::new(SandboxOptions {
        slow: Duration::from_millis(200),
        ..SandboxOptions::default()
    })
}

#[tokio::test]
async fn of_a_create_leave_one_profile_behind_and_do_not_say_so() {
    for fault in [
        Fault::SessionMCreateTimesOut,
        Fault::SessionMCreateHttp500,
        Fault::SessionMCreateDropsConnection,
        Fault::SessionMCreateRaced,
    ] {
        let sandbox = quick();
        sandbox.set_faults([fault]);
        let started = Instant::now();
        let answer = create(&sandbox, bob()).await;
        let shows = match fault {
            Fault::SessionMCreateTimesOut => started.elapsed() >= Duration::from_millis(200),
            Fault::SessionMCreateHttp500 => answer.status == StatusCode::INTERNAL_SERVER_ERROR,
            Fault::SessionMCreateDropsConnection => answer.body == "broken",
            _ => error(&answer) == "validation",
        };
        assert!(shows, "{fault}: {answer:?}");
        assert_eq!(with_email(&sandbox, "bob@example.test").len(), 1, "{fault}");
        assert_eq!(
            error(&create(&sandbox, bob()).await),
            "validation",
            "{fault}: not a second time"
        );
        let found = retrieve(&sandbox, "external/users/b7f0c2d4-1002").await;
        assert_eq!(user(&found)["email"], "bob@example.test", "{fault}");
    }
}

#[tokio::test]
async fn a_create_that_times_out_is_done_before_anybody_waits() {
    let sandbox = Sandbox::new(SandboxOptions {
        slow: Duration::from_secs(60),
        ..SandboxOptions::default()
    });
    sandbox.set_faults([Fault::SessionMCreateTimesOut]);
    let given_up = tokio::time::timeout(Duration::from_millis(200), create(&sandbox, bob())).await;
    assert!(given_up.is_err());
    assert_eq!(with_email(&sandbox, "bob@example.test").len(), 1);
}

#[tokio::test]
async fn of_an_email_that_is_taken_leave_nothing_behind() {
    let sandbox = sandbox();
    sandbox.set_faults([Fault::SessionMCreateEmailTaken]);
    assert_eq!(error(&create(&sandbox, bob()).await), "validation");
    assert!(with_email(&sandbox, "bob@example.test").is_empty());
}

#[tokio::test]
async fn of_an_update_do_it_and_answer_500() {
    let sandbox = sandbox();
    create(&sandbox, bob()).await;
    sandbox.set_faults([Fault::SessionMUpdateHttp500]);
    let answer = update(
        &sandbox,
        "external/users/b7f0c2d4-1002",
        json!({ "city": "Bern" }),
    )
    .await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(error(&answer), "internal_server_error");
    assert_eq!(with_email(&sandbox, "bob@example.test")[0]["city"], "Bern");
}

#[tokio::test]
async fn of_a_retrieve_answer_somebody_else() {
    let sandbox = sandbox();
    create(&sandbox, bob()).await;
    sandbox.set_faults([Fault::SessionMRetrieveOther]);
    let other = user(&retrieve(&sandbox, "external/users/b7f0c2d4-1002").await);
    assert_ne!(other["email"], "bob@example.test");
}

#[tokio::test]
async fn of_a_lookup_find_several_another_nobody_or_elsewhere() {
    let sandbox = quick();
    create(&sandbox, bob()).await;
    let payload = json!({ "email": "bob@example.test" });
    sandbox.set_faults([Fault::SessionMLookupSeveral]);
    assert_eq!(
        error(&lookup(&sandbox, "1", payload.clone()).await),
        "validation"
    );
    sandbox.set_faults([Fault::SessionMLookupOther]);
    let found = lookup(&sandbox, "2", payload.clone()).await.json();
    assert!(found["payload"]["user"]["email"].is_string());
    assert_ne!(found["payload"]["user"]["email"], "bob@example.test");
    sandbox.set_faults([Fault::SessionMLookupMisses]);
    assert_eq!(
        error(&lookup(&sandbox, "3", payload.clone()).await),
        "user_not_found"
    );
    sandbox.set_faults([Fault::SessionMLookupUserOnTop]);
    let found = lookup(&sandbox, "4", payload.clone()).await;
    assert_eq!(user(&found)["email"], "bob@example.test");
    sandbox.set_faults([Fault::SessionMLookupSlow]);
    let started = Instant::now();
    lookup(&sandbox, "5", payload).await;
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn of_errors_have_another_status_or_capitals() {
    let sandbox = sandbox();
    sandbox.set_faults([Fault::SessionMUserNotFoundHttp404]);
    for answer in [
        retrieve(&sandbox, "users/x").await,
        lookup(&sandbox, "1", json!({ "email": "x@y.test" })).await,
    ] {
        assert_eq!(
            (answer.status, &*error(&answer)),
            (StatusCode::NOT_FOUND, "user_not_found")
        );
    }
    sandbox.set_faults([Fault::SessionMErrorUpperCase]);
    let answer = retrieve(&sandbox, "users/x").await;
    assert_eq!(
        (answer.status, &*error(&answer)),
        (StatusCode::OK, "USER_NOT_FOUND")
    );
}

#[tokio::test]
async fn of_everything_do_nothing() {
    let sandbox = sandbox();
    for (fault, status, code) in [
        (Fault::SessionMNotAvailable, StatusCode::OK, "not_available"),
        (
            Fault::SessionMUnauthorized,
            StatusCode::UNAUTHORIZED,
            "invalid_api_key",
        ),
        (
            Fault::SessionMHttp500,
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_server_error",
        ),
        (Fault::SessionMNotJson, StatusCode::OK, ""),
        (
            Fault::SessionMRateLimited,
            StatusCode::TOO_MANY_REQUESTS,
            "",
        ),
    ] {
        sandbox.set_faults([fault]);
        for answer in [
            create(&sandbox, bob()).await,
            retrieve(&sandbox, "users/x").await,
            update(&sandbox, "users/x", json!({})).await,
            lookup(&sandbox, "1", json!({ "email": "bob@example.test" })).await,
        ] {
            assert_eq!(answer.status, status, "{fault}");
            if !code.is_empty() {
                assert_eq!(error(&answer), code, "{fault}");
            }
            let retry_after = answer.headers.get("retry-after");
            assert_eq!(
                retry_after.is_some(),
                fault == Fault::SessionMRateLimited,
                "{fault}"
            );
        }
        assert!(
            with_email(&sandbox, "bob@example.test").is_empty(),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn of_the_rate_let_through_whoever_waits() {
    let sandbox = sandbox();
    for (fault, says) in [
        (Fault::SessionMRateLimitedOnce, true),
        (Fault::SessionMRateLimitedWithoutRetryAfter, false),
    ] {
        sandbox.set_faults([fault]);
        let refused = retrieve(&sandbox, "users/x").await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{fault}");
        assert_eq!(refused.headers.contains_key("retry-after"), says, "{fault}");
        sandbox.advance_clock(1);
        assert_eq!(
            error(&retrieve(&sandbox, "users/x").await),
            "user_not_found",
            "{fault}"
        );
        let other = create(&sandbox, bob()).await;
        assert_eq!(
            other.status,
            StatusCode::TOO_MANY_REQUESTS,
            "{fault}: each kind of call by itself"
        );
        sandbox.set_faults([]);
        retrieve(&sandbox, "users/x").await;
    }
}
