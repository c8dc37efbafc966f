//! Create, retrieve and update.

use admit_one_sandbox::{Persona, SandboxOptions, System};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{basic, bob, create, error, lookup, retrieve, update, user, with_email};
use crate::browser::{call, get_json, sandbox};

#[tokio::test]
async fn the_key_stands_in_the_path_and_in_basic() {
    let sandbox = sandbox();
    let (key, secret) = (
        SandboxOptions::SESSIONM_KEY,
        SandboxOptions::SESSIONM_SECRET,
    );
    let path = |key: &str| format!("http://sessionm.localhost:8900/priv/v1/apps/{key}/users/x");
    for (url, authorization) in [
        (path(key), String::new()),
        (path(key), basic(key, "wrong")),
        (path(key), basic("another", secret)),
        (path("another"), basic(key, secret)),
        (path(key), format!("Bearer {secret}")),
    ] {
        let refused = call(
            &sandbox,
            "GET",
            &url,
            &[("authorization", &authorization)],
            String::new(),
        )
        .await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{url}");
        assert_eq!(error(&refused), "invalid_api_key");
    }
    let recorded = serde_json::to_string(&sandbox.messages()).unwrap();
    assert!(
        !recorded.contains(key) && !recorded.contains(secret),
        "{recorded}"
    );
}

#[tokio::test]
async fn a_created_profile_is_echoed_with_its_identifiers_and_attributes() {
    let sandbox = sandbox();
    let created = create(&sandbox, bob()).await;
    assert_eq!(created.status, StatusCode::OK);
    let created = user(&created);
    let id = created["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(created["external_id"], "b7f0c2d4-1002");
    assert_eq!(
        created["identifiers"],
        json!([{ "external_id": "b7f0c2d4-1002", "external_id_type": "CLUB" }])
    );
    assert_eq!(created["opted_in"], true);
    assert_eq!(
        created["user_profile"],
        json!({ "language_preference": "DE", "_version": 1 })
    );
    assert_eq!(created["phone_numbers"][0]["phone_number"], "41315550102");
    assert_eq!(
        created["created_at"].as_str().unwrap().len(),
        "2024-01-01 00:00:00".len()
    );
    assert_eq!(created["account_status"], "good");
}

#[tokio::test]
async fn identifiers_and_attributes_are_retrieved_when_they_are_asked_for() {
    let sandbox = sandbox();
    let id = user(&create(&sandbox, bob()).await)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for path in [
        format!("users/{id}"),
        "external/users/b7f0c2d4-1002".to_owned(),
    ] {
        let plain = user(&retrieve(&sandbox, &path).await);
        assert_eq!(plain["email"], "bob@example.test");
        assert!(plain.get("identifiers").is_none() && plain.get("user_profile").is_none());
        let all = format!("{path}?show_identifiers=true&user%5Buser_profile%5D=true");
        let all = user(&retrieve(&sandbox, &all).await);
        assert!(all["identifiers"].is_array() && all["user_profile"].is_object());
    }
    let token = |profile: &Value| profile.get("auth_token").is_some();
    let asked = format!("users/{id}?auth_token=true");
    assert!(!token(&user(&retrieve(&sandbox, &asked).await)));
    let setting = json!({ "sessionm": { "auth_token_parameter": "auth_token" } });
    sandbox.change_settings(setting).unwrap();
    let profile = user(&retrieve(&sandbox, &asked).await);
    assert!(token(&profile));
    let recorded = serde_json::to_string(&sandbox.messages()).unwrap();
    assert!(!recorded.contains(profile["auth_token"].as_str().unwrap()));
}

#[tokio::test]
async fn nobody_is_an_error_with_http_200() {
    let sandbox = sandbox();
    for path in [
        "users/unknown",
        "external/users/unknown",
        "users/search?email=alice@example.test",
    ] {
        let answer = retrieve(&sandbox, path).await;
        assert_eq!(
            (answer.status, &*error(&answer)),
            (StatusCode::OK, "user_not_found")
        );
    }
    let answer = update(&sandbox, "users/unknown", json!({ "first_name": "X" })).await;
    assert_eq!(error(&answer), "user_not_found");
    sandbox
        .change_settings(json!({ "sessionm": { "core_search": true } }))
        .unwrap();
    let found = retrieve(&sandbox, "users/search?email=alice@example.test").await;
    assert_eq!(user(&found)["first_name"], "Alice");
}

#[tokio::test]
async fn an_update_replaces_what_it_names_and_phone_numbers_as_a_whole() {
    let sandbox = sandbox();
    let id = user(&create(&sandbox, bob()).await)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("users/{id}");
    sandbox.advance_clock(60);
    let updated = user(&update(&sandbox, &path, json!({ "city": "Bern" })).await);
    assert_eq!(
        (&updated["city"], &updated["first_name"]),
        (&json!("Bern"), &json!("Bob"))
    );
    assert_ne!(updated["updated_at"], updated["created_at"]);
    assert!(
        updated["phone_numbers"].is_array(),
        "not named, not touched"
    );
    let other = json!({ "phone_numbers": [{ "phone_number": "41315550177" }] });
    let updated = user(&update(&sandbox, &path, other).await);
    assert_eq!(
        updated["phone_numbers"],
        json!([{ "phone_number": "41315550177" }])
    );
    let cleared = update(
        &sandbox,
        "external/users/b7f0c2d4-1002",
        json!({ "phone_numbers": [] }),
    )
    .await;
    assert_eq!(user(&cleared)["phone_numbers"], Value::Null);
    assert!(
        user(&cleared)
            .as_object()
            .unwrap()
            .contains_key("phone_numbers")
    );
}

#[tokio::test]
async fn the_external_id_shown_is_the_one_updated_last() {
    let sandbox = sandbox();
    let path = format!(
        "users/{}",
        user(&create(&sandbox, bob()).await)["id"].as_str().unwrap()
    );
    let second = json!({ "external_id": "paper-7", "external_id_type": "PAPER" });
    assert_eq!(
        user(&update(&sandbox, &path, second).await)["external_id"],
        "paper-7"
    );
    let all = format!("{path}?show_identifiers=true");
    assert_eq!(
        user(&retrieve(&sandbox, &all).await)["identifiers"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for external_id in ["b7f0c2d4-1002", "paper-7"] {
        let found = retrieve(&sandbox, &format!("external/users/{external_id}")).await;
        assert_eq!(user(&found)["email"], "bob@example.test");
    }
    let only = json!({ "clear_identifiers": true, "identifiers": [{ "external_id": "x", "external_id_type": "X" }] });
    update(&sandbox, &path, only).await;
    assert_eq!(
        user(&retrieve(&sandbox, &all).await)["identifiers"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn an_email_has_one_profile_and_so_has_an_external_id() {
    let sandbox = sandbox();
    let before = sandbox.sessionm_customers().len();
    create(&sandbox, bob()).await;
    let mut other = bob();
    other["external_id"] = "other".into();
    other["email"] = "Bob@Example.test".into();
    assert_eq!(error(&create(&sandbox, other).await), "validation");
    let mut other = bob();
    other["email"] = "other@example.test".into();
    assert_eq!(error(&create(&sandbox, other).await), "validation");
    let answer = update(
        &sandbox,
        "external/users/b7f0c2d4-1002",
        json!({ "email": "alice@example.test" }),
    )
    .await;
    assert_eq!(error(&answer), "validation");
    let own = update(
        &sandbox,
        "external/users/b7f0c2d4-1002",
        json!({ "email": "bob@example.test" }),
    )
    .await;
    assert_eq!(user(&own)["email"], "bob@example.test");
    assert_eq!(sandbox.sessionm_customers().len(), before + 1);
}

#[tokio::test]
async fn a_phone_number_may_have_several_profiles() {
    let sandbox = sandbox();
    create(&sandbox, bob()).await;
    let mut other = bob();
    other["external_id"] = "other".into();
    other["email"] = "other@example.test".into();
    assert_eq!(create(&sandbox, other).await.json()["status"], "ok");
    let found = lookup(&sandbox, "1", json!({ "phone": "41315550102" })).await;
    assert_eq!(error(&found), "validation");
}

#[tokio::test]
async fn customers_are_over_thirteen_years_old() {
    let sandbox = sandbox();
    // 2026-01-01 by the sandbox's clock.
    sandbox.advance_clock(1_767_225_600 - sandbox.now());
    for (dob, right) in [
        ("2013-01-01", false),
        ("2012-12-31", true),
        ("2020-05-05", false),
        ("31.01.1990", false),
        ("1990-02-30", false),
    ] {
        let person = json!({ "email": format!("d{dob}@example.test"), "dob": dob });
        let answer = create(&sandbox, person).await;
        if right {
            user(&answer);
        } else {
            assert_eq!(error(&answer), "validation", "{dob}");
        }
    }
}

#[tokio::test]
async fn what_no_document_has_is_refused_so_that_it_is_noticed() {
    let sandbox = sandbox();
    for (name, value) in [
        ("given_name", json!("Bob")),
        ("email", json!("bob")),
        ("first_name", json!(7)),
        ("opted_in", json!("yes")),
        ("phone_numbers", json!("41315550102")),
        ("phone_numbers", json!([{ "phone_number": "+41315550102" }])),
        ("phone_numbers", json!([{ "number": "41315550102" }])),
        ("identifiers", json!(["x"])),
    ] {
        let mut wrong = bob();
        wrong[name] = value;
        assert_eq!(
            error(&create(&sandbox, wrong.clone()).await),
            "validation",
            "{wrong}"
        );
    }
    assert_eq!(
        error(&create(&sandbox, json!({ "first_name": "Bob" })).await),
        "missing_data"
    );
    let unwrapped = super::core(&sandbox, "POST", "users", &bob()).await;
    assert_eq!(error(&unwrapped), "missing_data");
    let nothing = super::core(&sandbox, "POST", "users", &Value::Null).await;
    assert_eq!(error(&nothing), "argument_error");
    assert!(with_email(&sandbox, "bob@example.test").is_empty());
}

#[tokio::test]
async fn opted_in_is_taken_as_a_string_and_answered_as_a_boolean() {
    let sandbox = sandbox();
    let mut as_string = bob();
    as_string["opted_in"] = "true".into();
    assert_eq!(user(&create(&sandbox, as_string).await)["opted_in"], true);
}

#[tokio::test]
async fn custom_attributes_and_tags_are_written_by_themselves() {
    let sandbox = sandbox();
    let id = user(&create(&sandbox, bob()).await)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for path in [
        format!("users/{id}/models/user_profile"),
        "external/users/b7f0c2d4-1002/models/user_profile".to_owned(),
    ] {
        let written = super::core(
            &sandbox,
            "POST",
            &path,
            &json!({ "user_profile": { "team": "home" } }),
        )
        .await;
        assert_eq!(written.json()["user_profile"]["team"], "home");
    }
    let tags = json!({ "tags": ["t1", "t1"], "ttl": 2_592_000 });
    let tagged = super::core(&sandbox, "POST", &format!("users/{id}/tags"), &tags).await;
    assert_eq!(tagged.json()["status"], "ok");
    let customer = with_email(&sandbox, "bob@example.test").remove(0);
    assert_eq!(
        (&customer["tags"], &customer["user_profile"]["_version"]),
        (&json!(["t1"]), &json!(3))
    );
}

#[tokio::test]
async fn those_who_are_there_from_the_start() {
    let sandbox = sandbox();
    let alice = Persona::all().remove(0);
    let profile = user(
        &retrieve(
            &sandbox,
            &format!("users/{}", alice.id_at(System::SessionM)),
        )
        .await,
    );
    assert_eq!(profile["email"], "alice@example.test");
    assert_eq!(
        profile["external_id"], "crm-1001",
        "carol typed this customer's e-mail"
    );
    assert_eq!(
        with_email(&sandbox, "erin@example.test")[0]["suspended"],
        true
    );
    let sharing = lookup(&sandbox, "1", json!({ "phone": "41315550199" })).await;
    assert_eq!(error(&sharing), "validation");
    assert_eq!(
        get_json(&sandbox, "/sessionm/customers").await,
        json!(sandbox.sessionm_customers())
    );
    assert_eq!(sandbox.sessionm_customers().len(), 4);
}

#[tokio::test]
async fn a_test_can_add_a_customer() {
    let sandbox = sandbox();
    let id = sandbox.add_sessionm_customer(&bob()).unwrap();
    assert_eq!(
        user(&retrieve(&sandbox, &format!("users/{id}")).await)["first_name"],
        "Bob"
    );
    assert!(sandbox.add_sessionm_customer(&bob()).is_err());
}
