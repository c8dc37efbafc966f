//! Each fault, as it shows on the wire.

use super::*;

#[tokio::test]
async fn of_the_resource_refuse_break_or_bend_the_ticket() {
    let sandbox = sandbox();
    let weak = Buyer::new(&sandbox).sign_in("alice").await;
    for (fault, status) in [
        (Fault::AirlockResourceUnauthorized, StatusCode::UNAUTHORIZED),
        (Fault::AirlockResourceForbidden, StatusCode::FORBIDDEN),
        (Fault::AirlockResourceNotFound, StatusCode::NOT_FOUND),
        (
            Fault::AirlockResourceHttp500,
            StatusCode::INTERNAL_SERVER_ERROR,
        ),
    ] {
        sandbox.set_faults([fault]);
        assert_eq!(resource(&sandbox, &weak).await.status, status, "{fault}");
    }
    sandbox.set_faults([Fault::AirlockResourceNotJson]);
    let html = resource(&sandbox, &weak).await;
    assert!(html.status.is_success() && html.body.contains("<!doctype html>"));
    sandbox.set_faults([Fault::AirlockTicketFieldWrong]);
    let body = resource(&sandbox, &weak).await.json();
    assert!(body.get("sso-ticket").is_none() && body["ticket"].is_string());
    sandbox.set_faults([Fault::AirlockTicketEmpty]);
    assert_eq!(resource(&sandbox, &weak).await.json()["sso-ticket"], "");
    sandbox.set_faults([Fault::AirlockResourceMoreMembers]);
    let body = resource(&sandbox, &weak).await.json();
    assert!(body["sso-ticket"].is_string() && body.as_object().unwrap().len() > 1);
}

#[tokio::test]
async fn of_the_resource_can_take_their_time() {
    let sandbox = Sandbox::new(SandboxOptions {
        slow: std::time::Duration::from_millis(200),
        ..SandboxOptions::default()
    });
    let weak = Buyer::new(&sandbox).sign_in("alice").await;
    sandbox.set_faults([Fault::AirlockResourceSlow]);
    let started = std::time::Instant::now();
    resource(&sandbox, &weak).await;
    assert!(started.elapsed().as_millis() >= 200);
}

#[tokio::test]
async fn of_the_ticket_show_the_password_page() {
    let sandbox = sandbox();
    for fault in [
        Fault::AirlockTicketExpired,
        Fault::AirlockTicketUsed,
        Fault::AirlockTicketIgnored,
    ] {
        sandbox.set_faults([]);
        let mut buyer = Buyer::new(&sandbox);
        let weak = buyer.sign_in("alice").await;
        sandbox.set_faults([fault]);
        let ticket = ticket(&sandbox, &weak).await;
        let led = buyer.step_up(&ticket).await;
        assert!(buyer.shows(&led, "airlock-login").await, "{fault}");
    }
}

#[tokio::test]
async fn of_the_strong_sign_in_show_in_its_id_token_alone() {
    let sandbox = sandbox();
    let right = claims_of(&Buyer::new(&sandbox).signed_up("alice", &[]).await);
    for fault in [
        Fault::AirlockAcrWeaker,
        Fault::AirlockAcrMissing,
        Fault::AirlockAcrCase,
        Fault::AirlockSubOther,
        Fault::AirlockAuthTimeStale,
        Fault::AirlockAuthTimeMissing,
        Fault::AirlockTicketOfAnotherPerson,
    ] {
        sandbox.set_faults([fault]);
        let weak = claims_of(&Buyer::new(&sandbox).sign_in("alice").await);
        assert_eq!(
            (&weak["sub"], &weak["acr"]),
            (&json!("alice"), &json!("weak-acr")),
            "{fault}"
        );
        sandbox.set_faults([]);
        let claims = claims_of(&Buyer::new(&sandbox).signed_up("alice", &[fault]).await);
        let bent = match fault {
            Fault::AirlockAcrWeaker => claims["acr"] == "weak-acr",
            Fault::AirlockAcrMissing => claims.get("acr").is_none(),
            Fault::AirlockAcrCase => claims["acr"] == "STRONG-ACR",
            Fault::AirlockAuthTimeStale => {
                claims["auth_time"].as_i64().unwrap() < right["auth_time"].as_i64().unwrap() - 3000
            }
            Fault::AirlockAuthTimeMissing => claims.get("auth_time").is_none(),
            _ => claims["sub"] == "bob",
        };
        assert!(bent, "{fault}: {claims}");
    }
}

#[tokio::test]
async fn of_the_response_deny_access_after_the_second_factor() {
    let sandbox = sandbox();
    let mut buyer = Buyer::new(&sandbox);
    sandbox.set_faults([Fault::AirlockAccessDenied]);
    let weak = buyer.sign_in("alice").await;
    let ticket = ticket(&sandbox, &weak).await;
    let led = buyer.step_up(&ticket).await;
    let back = buyer.otp(&led, "000000").await;
    assert_eq!(back.redirected()["error"], "access_denied");
}

#[tokio::test]
async fn of_pushed_requests_leave_the_client_to_itself() {
    let sandbox = sandbox();
    for (fault, status) in [
        (Fault::AirlockParNotOffered, StatusCode::NOT_FOUND),
        (Fault::AirlockParHttp500, StatusCode::INTERNAL_SERVER_ERROR),
        (Fault::AirlockParRefused, StatusCode::BAD_REQUEST),
    ] {
        sandbox.set_faults([fault]);
        assert_eq!(push(&sandbox, &[]).await.status, status, "{fault}");
    }
    sandbox.set_faults([Fault::AirlockParNotOffered]);
    let url = format!("{}/.well-known/openid-configuration", issuer());
    let metadata = call(&sandbox, "GET", &url, &[], String::new()).await.json();
    assert!(
        metadata
            .get("pushed_authorization_request_endpoint")
            .is_none()
    );
    sandbox.set_faults([Fault::AirlockParUriMissing]);
    let pushed = push(&sandbox, &[]).await;
    assert_eq!(pushed.status, StatusCode::CREATED);
    assert!(pushed.json().get("request_uri").is_none());
    sandbox.set_faults([Fault::AirlockParExpired]);
    let pushed = push(&sandbox, &[]).await.json();
    let pairs = [
        ("client_id", "strong-app"),
        ("request_uri", pushed["request_uri"].as_str().unwrap()),
    ];
    let url = format!("/auth-login/oauth2/v3/arena/authorize?{}", form(&pairs));
    let back = Browser::at(&sandbox, HOST).get(&url).await;
    assert_eq!(back.redirected()["error"], "invalid_request_uri");
}
