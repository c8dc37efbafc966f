//! Each vendor's system on a host of its own.

use admit_one_sandbox::{Fault, Party, Persona, System};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::json;

use crate::browser::{Answer, Browser, get_json, put, sandbox, send};

async fn at(sandbox: &admit_one_sandbox::Sandbox, host: &str, path: &str) -> Answer {
    let request = Request::builder()
        .uri(path)
        .header(header::HOST, host)
        .body(Body::empty())
        .unwrap();
    send(sandbox, request).await
}

#[tokio::test]
async fn the_options_say_where_each_is() {
    let sandbox = sandbox();
    let options = sandbox.options();
    assert_eq!(options.airlock_url, "http://airlock.localhost:8900");
    assert_eq!(options.payway_url, "http://payway.localhost:8900");
    assert_eq!(options.paytronix_url, "http://paytronix.localhost:8900");
    assert_eq!(options.sessionm_url, "http://sessionm.localhost:8900");
}

#[tokio::test]
async fn none_answers_for_another() {
    let sandbox = sandbox();
    for system in ["airlock", "payway", "paytronix", "sessionm"] {
        let host = format!("{system}.localhost:8900");
        for path in ["/state", "/club/jwks", "/shop"] {
            assert_eq!(
                at(&sandbox, &host, path).await.status,
                StatusCode::NOT_FOUND,
                "{host}{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_message_names_the_system_that_answered() {
    let sandbox = sandbox();
    at(
        &sandbox,
        "sessionm.localhost:8900",
        "/priv/v1/apps/a-key/users",
    )
    .await;
    let message = sandbox.messages().pop().unwrap();
    assert_eq!(
        (message.system, message.to),
        (System::SessionM, Party::Directory)
    );
    assert_eq!(message.from, Party::Backend);
    assert!(
        !message.path.contains("a-key"),
        "the key is half a credential: {}",
        message.path
    );
}

#[tokio::test]
async fn the_control_page_lists_every_system_and_every_name_of_a_persona() {
    let sandbox = sandbox();
    let page = Browser::new(&sandbox).get("/").await;
    let state = get_json(&sandbox, "/state").await;
    for (at, system) in System::ALL.into_iter().enumerate() {
        assert!(
            page.body.contains(&format!("data-system=\"{system}\"")),
            "{system}"
        );
        assert!(
            page.body.contains(&sandbox.options().url_of(system)),
            "{system}"
        );
        assert_eq!(state["systems"][at]["name"], json!(system));
    }
    for persona in Persona::all() {
        for system in [
            System::Club,
            System::Airlock,
            System::Payway,
            System::Paytronix,
        ] {
            assert!(
                page.body
                    .contains(&format!("<dd>{}</dd>", persona.id_at(system))),
                "{system}"
            );
        }
    }
}

#[tokio::test]
async fn a_fault_belongs_to_the_system_that_its_name_starts_with() {
    for fault in Fault::ALL {
        let named = System::ALL
            .into_iter()
            .find(|system| fault.as_str().starts_with(&format!("{system}_")));
        assert_eq!(fault.system(), named.unwrap_or(System::Club), "{fault}");
    }
}

#[tokio::test]
async fn a_setting_that_is_not_there_changes_nothing() {
    let sandbox = sandbox();
    let before = get_json(&sandbox, "/state").await["settings"].clone();
    for wrong in [
        json!({ "code_lifetime": 5, "airlock": { "no_such_setting": 1 } }),
        json!({ "payway": 7 }),
        json!([]),
        json!({ "airlock": [] }),
    ] {
        let answer = put(&sandbox, "/settings", &wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(sandbox.change_settings(wrong).is_err());
    }
    assert_eq!(get_json(&sandbox, "/state").await["settings"], before);
}
