//! One customer, one profile, whatever fails in between.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, Uri};
use serde_json::{Value, json};

use super::*;
use crate::{
    config::{Secret, UpstreamLimits},
    metrics::Metrics,
};

const ISS: &str = "https://id.example";
const ALICE: &str = "a@x.example";

/// What the tenant does with the next request of a kind, instead of answering it.
#[derive(Clone)]
enum Fault {
    /// Answers this and does nothing.
    Answer(u16, Value, &'static str),
    /// Does it, and answers this.
    After(u16, Value),
    /// Does it, and the answer is lost.
    Lost,
    /// Does it only after the one who asked has given up.
    Late,
    /// Does nothing, and never answers.
    Silent,
}

/// A tenant of SessionM's.
#[derive(Clone)]
struct Tenancy {
    url: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    users: Vec<Value>,
    /// By method and the beginning of what follows the key in the path.
    faults: VecDeque<(Method, &'static str, Fault)>,
    seen: Vec<(Method, String, Value)>,
    /// When each came.
    at: Vec<std::time::Instant>,
}

impl Tenancy {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tenancy = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            inner: Arc::default(),
        };
        let router = Router::new().fallback(serve).with_state(tenancy.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        tenancy
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn fault(&self, method: Method, path: &'static str, fault: Fault) {
        self.with(|inner| inner.faults.push_back((method, path, fault)));
    }

    /// A profile that is there already.
    fn has(&self, user: Value) -> String {
        self.with(|inner| inner.create(user))
    }

    fn users(&self) -> Vec<Value> {
        self.with(|inner| inner.users.clone())
    }

    fn count(&self, method: Method, path: &str) -> usize {
        self.with(|inner| {
            let seen = inner.seen.iter();
            seen.filter(|(own, seen, _)| *own == method && seen.starts_with(path))
                .count()
        })
    }
}

impl Inner {
    fn create(&mut self, mut user: Value) -> String {
        let id = format!("00000000-0000-0000-0000-{:012}", self.users.len() + 1);
        user["id"] = json!(id);
        add_identifier(&mut user);
        self.users.push(user);
        id
    }

    fn answer(&mut self, method: &Method, path: &str, body: &Value) -> (u16, Value) {
        let not_found = (404, error("user_not_found"));
        let found = |users: &mut Vec<Value>, by: &dyn Fn(&Value) -> bool| {
            let at = users.iter().position(by);
            at.map(|at| users.remove(at))
        };
        if path == "/api/2.0/lookup" {
            let wanted = &body["request_payload"];
            let fits = |user: &&Value| {
                let phones = user["phone_numbers"].as_array();
                let phone = |phone: &Value| {
                    phones
                        .is_some_and(|own| own.iter().any(|entry| entry["phone_number"] == *phone))
                };
                wanted
                    .get("email")
                    .is_some_and(|email| user["email"] == *email)
                    || wanted.get("phone").is_some_and(phone)
            };
            let hits: Vec<_> = self.users.iter().filter(fits).collect();
            return match hits.as_slice() {
                [] => (200, error("USER_NOT_FOUND")),
                [one] => (
                    200,
                    json!({"status": "ok", "payload": {"user": {"user_id": one["id"]}}}),
                ),
                _ => (200, error("validation")),
            };
        }
        if path == "/priv/v1/apps/key/users/search" {
            let mut found = self.users.iter();
            let found = found.find(|user| user["email"] == body["email"]);
            return match found {
                Some(user) => (200, json!({"status": "ok", "user": user})),
                None => not_found,
            };
        }
        let Some(rest) = path.strip_prefix("/priv/v1/apps/key/") else {
            return (404, Value::Null);
        };
        if let Some(id) = rest.strip_prefix("external/users/") {
            let has = |user: &Value| {
                let identifiers = user["identifiers"].as_array();
                identifiers.is_some_and(|own| own.iter().any(|own| own["external_id"] == id))
            };
            return match self.users.iter().find(|user| has(user)) {
                Some(user) => (200, json!({"status": "ok", "user": user})),
                None => not_found,
            };
        }
        if method == Method::POST && rest == "users" {
            let user = body["user"].clone();
            let email = |other: &Value| !user["email"].is_null() && other["email"] == user["email"];
            if self.users.iter().any(email) {
                return (200, error("validation"));
            }
            self.create(user);
            let user = self.users.last().cloned();
            return (200, json!({"status": "ok", "user": user}));
        }
        let id = rest.strip_prefix("users/").unwrap_or_default();
        let Some(mut user) = found(&mut self.users, &|user| user["id"] == id) else {
            return not_found;
        };
        if method == Method::PUT {
            for (name, value) in body["user"].as_object().unwrap() {
                user[name] = value.clone();
            }
            add_identifier(&mut user);
        }
        self.users.push(user.clone());
        (200, json!({"status": "ok", "user": user}))
    }
}

fn add_identifier(user: &mut Value) {
    let kind = user.as_object_mut().unwrap().remove("external_id_type");
    if let Some(kind) = kind {
        let identifier = json!({"external_id": user["external_id"], "external_id_type": kind});
        match user["identifiers"].as_array_mut() {
            Some(identifiers) => identifiers.push(identifier),
            None => user["identifiers"] = json!([identifier]),
        }
    }
}

fn error(code: &str) -> Value {
    json!({"status": "error", "errors": {"code": code}})
}

async fn serve(State(tenancy): State<Tenancy>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path = uri.path().to_owned();
    let email = uri.query().and_then(|query| query.strip_prefix("email="));
    let searched = email.map(|email| json!({"email": email.replace("%40", "@")}));
    let body: Value = serde_json::from_slice(&body)
        .ok()
        .or(searched)
        .unwrap_or_default();
    let short = path.trim_start_matches("/priv/v1/apps/key/").to_owned();
    let fault = tenancy.with(|inner| {
        inner.at.push(std::time::Instant::now());
        inner
            .seen
            .push((method.clone(), short.clone(), body.clone()));
        let fits = |(own, beginning, _): &(Method, &str, Fault)| {
            *own == method && short.starts_with(beginning)
        };
        let at = inner.faults.iter().position(fits);
        at.and_then(|at| inner.faults.remove(at))
            .map(|(_, _, fault)| fault)
    });
    let act = || tenancy.with(|inner| inner.answer(&method, &path, &body));
    let (status, answer, retry_after) = match fault {
        None => {
            let (status, answer) = act();
            (status, answer, "")
        }
        Some(Fault::Answer(status, answer, retry_after)) => (status, answer, retry_after),
        Some(Fault::After(status, answer)) => {
            act();
            (status, answer, "")
        }
        Some(Fault::Lost) => {
            act();
            tokio::time::sleep(Duration::from_secs(60)).await;
            (504, Value::Null, "")
        }
        Some(Fault::Late) => {
            let late = tenancy.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(2 * TIMEOUT_MS + 100)).await;
                late.with(|inner| inner.answer(&method, &path, &body));
            });
            tokio::time::sleep(Duration::from_secs(60)).await;
            (504, Value::Null, "")
        }
        Some(Fault::Silent) => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            (504, Value::Null, "")
        }
    };
    let status = StatusCode::from_u16(status).unwrap();
    let mut response = (status, answer.to_string()).into_response();
    if !retry_after.is_empty() {
        response
            .headers_mut()
            .insert("retry-after", retry_after.parse().unwrap());
    }
    response
}

/// Where nothing is waited for in vain, however busy the machine is.
const PATIENCE_MS: u64 = 5_000;
/// Where something is.
const TIMEOUT_MS: u64 = 400;

fn config(url: &str) -> SessionMConfig {
    SessionMConfig {
        api_url: url.to_owned(),
        api_key: "key".to_owned(),
        api_secret: Secret::new("secret"),
        order: vec![Search::ExternalId, Search::Email, Search::PhoneNumber],
        external_id_type: "{provider}".to_owned(),
        one_type: false,
        lookup_path: "/api/2.0/lookup".to_owned(),
        search_path: None,
        store_id: "s".to_owned(),
        client_id: "c".to_owned(),
        countries: CountryCodes::Alpha3,
        calling_code: None,
        opted_in: false,
        timeout_ms: PATIENCE_MS,
    }
}

/// An instance of the backend.
async fn instance(config: &SessionMConfig, database: &str, clock: &Clock) -> Arc<SessionM> {
    let limits = UpstreamLimits {
        timeout_ms: 10_000,
        connect_timeout_ms: 1_000,
        metadata_ttl: 60,
        max_body: 1 << 16,
    };
    let upstream = Upstream::new(limits, Arc::new(Metrics::new())).unwrap();
    let pool = crate::database::open(database).await.unwrap();
    let required = vec![Field::GivenName, Field::Email];
    SessionM::new(
        config,
        required,
        false,
        pool,
        Arc::new(upstream),
        clock.clone(),
    )
}

struct Scene {
    tenancy: Tenancy,
    directory: Arc<SessionM>,
    clock: Clock,
}

async fn scene() -> Scene {
    scene_with(|_| {}).await
}

/// One in which a time-out passes.
async fn brief_scene() -> Scene {
    scene_with(|config| config.timeout_ms = TIMEOUT_MS).await
}

async fn scene_with(change: impl FnOnce(&mut SessionMConfig)) -> Scene {
    let tenancy = Tenancy::start().await;
    let clock = Clock::default();
    let mut config = config(&tenancy.url);
    change(&mut config);
    let directory = instance(&config, "sqlite::memory:", &clock).await;
    Scene {
        tenancy,
        directory,
        clock,
    }
}

fn person(sub: &str) -> Person<'_> {
    Person {
        provider: "club",
        iss: ISS,
        sub,
    }
}

fn verified(email: &str) -> Claims {
    Claims {
        profile: [
            (Field::Email, email.to_owned()),
            (Field::GivenName, "A".to_owned()),
        ]
        .into_iter()
        .collect(),
        email_verified: true,
        phone_number_verified: false,
        is_old: false,
    }
}

fn unverified(email: &str) -> Claims {
    Claims {
        email_verified: false,
        ..verified(email)
    }
}

async fn code(outcome: impl Future<Output = Result<Synced, Failure>>) -> Code {
    outcome.await.unwrap_err().code
}

mod one_profile;
mod search;
mod somebody_else;
mod statuses;
mod update;
mod what_was_only_typed;
