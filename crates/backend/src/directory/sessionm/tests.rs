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
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let short = path.trim_start_matches("/priv/v1/apps/key/").to_owned();
    let fault = tenancy.with(|inner| {
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
        store_id: "s".to_owned(),
        client_id: "c".to_owned(),
        countries: CountryCodes::Alpha3,
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

mod one_profile {
    use super::*;

    #[tokio::test]
    async fn is_created_once_and_found_again() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let first = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        let again = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!(first, again);
        let users = tenancy.users();
        assert_eq!(users.len(), 1);
        assert_eq!(first.number.as_deref(), users[0]["id"].as_str());
        assert_eq!(
            users[0]["identifiers"],
            json!([{"external_id": "a", "external_id_type": "club"}])
        );
        assert_eq!(users[0]["opted_in"], false);
        let contact = directory.contact(person("a")).await.unwrap().unwrap();
        assert_eq!(Some(contact.number), first.number);
        assert_eq!(directory.contact(person("b")).await.unwrap(), None);
    }

    #[tokio::test]
    async fn is_not_created_before_it_is_complete() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let claims = Claims {
            profile: [(Field::Email, ALICE.to_owned())].into_iter().collect(),
            ..verified(ALICE)
        };
        let synced = directory.sync(person("a"), &claims).await.unwrap();
        assert_eq!((synced.number, tenancy.users().len()), (None, 0));
        let answers = [(Field::GivenName, "Alice".to_owned())]
            .into_iter()
            .collect();
        let synced = directory.complete(person("a"), &answers).await.unwrap();
        let users = tenancy.users();
        assert_eq!(synced.number.as_deref(), users[0]["id"].as_str());
        assert_eq!(
            (&users[0]["email"], &users[0]["first_name"]),
            (&json!(ALICE), &json!("Alice"))
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn for_many_tabs_at_two_instances() {
        let tenancy = Tenancy::start().await;
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("shared.db").display());
        let clock = Clock::default();
        let config = config(&tenancy.url);
        let instances = [
            instance(&config, &database, &clock).await,
            instance(&config, &database, &clock).await,
        ];
        let mut tabs = tokio::task::JoinSet::new();
        for at in 0..8 {
            let directory = instances[at % 2].clone();
            tabs.spawn(async move {
                directory
                    .sync(person("a"), &verified(ALICE))
                    .await
                    .unwrap()
                    .number
            });
        }
        let mut numbers = tabs.join_all().await;
        numbers.dedup();
        assert_eq!((numbers.len(), tenancy.users().len()), (1, 1));
        assert_eq!(tenancy.count(Method::POST, "users"), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn for_one_customer_at_two_providers_at_once() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let other = Person {
            provider: "diner",
            iss: "https://diner.example",
            sub: "alice",
        };
        let (claims, same) = (verified(ALICE), verified(ALICE));
        let (one, two) = tokio::join!(
            directory.sync(person("a"), &claims),
            directory.sync(other, &same)
        );
        assert_eq!(one.unwrap().number, two.unwrap().number);
        assert_eq!(tenancy.users().len(), 1);
        assert_eq!(
            tenancy.users()[0]["identifiers"].as_array().unwrap().len(),
            2
        );
    }

    #[tokio::test]
    async fn whose_creation_was_answered_too_late() {
        let Scene {
            tenancy, directory, ..
        } = brief_scene().await;
        tenancy.fault(Method::POST, "users", Fault::Lost);
        let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!(synced.number.as_deref(), tenancy.users()[0]["id"].as_str());
        assert_eq!(
            (tenancy.users().len(), tenancy.count(Method::POST, "users")),
            (1, 1)
        );
    }

    #[tokio::test]
    async fn whose_creation_was_answered_with_an_error_after_it_was_done() {
        for (status, answer) in [
            (500, Value::Null),
            (200, error("internal_server_error")),
            (200, json!("?")),
        ] {
            let Scene {
                tenancy, directory, ..
            } = scene().await;
            tenancy.fault(Method::POST, "users", Fault::After(status, answer));
            directory.sync(person("a"), &verified(ALICE)).await.unwrap();
            assert_eq!(tenancy.users().len(), 1);
        }
    }

    #[tokio::test]
    async fn whose_creation_happens_after_everybody_has_given_up() {
        let Scene {
            tenancy,
            directory,
            clock,
        } = brief_scene().await;
        tenancy.fault(Method::POST, "users", Fault::Late);
        assert_eq!(
            code(directory.sync(person("a"), &verified(ALICE))).await,
            Code::DirectoryUnavailable
        );
        // Meanwhile nobody tries again.
        let busy = directory.sync(person("a"), &verified(ALICE)).await;
        if let Err(failure) = busy {
            assert_eq!(failure.code, Code::DirectoryBusy);
            assert!(failure.retry_after.is_some());
        }
        assert_eq!(tenancy.count(Method::POST, "users"), 1);
        tokio::time::sleep(Duration::from_millis(2 * TIMEOUT_MS)).await;
        clock.advance(60);
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!(
            (tenancy.users().len(), tenancy.count(Method::POST, "users")),
            (1, 1)
        );
    }

    #[tokio::test]
    async fn whose_creation_never_reached_anybody() {
        let Scene {
            tenancy,
            directory,
            clock,
        } = brief_scene().await;
        tenancy.fault(Method::POST, "users", Fault::Silent);
        assert_eq!(
            code(directory.sync(person("a"), &verified(ALICE))).await,
            Code::DirectoryUnavailable
        );
        clock.advance(60);
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!(tenancy.users().len(), 1);
    }

    #[tokio::test]
    async fn after_a_crash_between_search_and_creation() {
        let Scene {
            tenancy,
            directory,
            clock,
        } = brief_scene().await;
        // The crashed instance holds the lease, and has noted that it is about to create.
        let key = directory.who(person("a")).key;
        let name = format!("person\n{}\n{}", key.iss, key.sub);
        assert!(
            directory
                .store
                .lease(&name, "crashed", 20_000)
                .await
                .unwrap()
        );
        directory.store.creating(&key).await.unwrap();
        let waiting = directory
            .sync(person("a"), &verified(ALICE))
            .await
            .unwrap_err();
        assert_eq!(waiting.code, Code::DirectoryBusy);
        assert_eq!(tenancy.users().len(), 0);
        clock.advance(60);
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!(tenancy.users().len(), 1);
    }

    #[tokio::test]
    async fn that_the_crashed_instance_had_created_is_found() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        directory
            .store
            .creating(&directory.who(person("a")).key)
            .await
            .unwrap();
        let id = tenancy.has(json!({"external_id": "a", "external_id_type": "club", "email": ALICE, "first_name": "A"}));
        let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!((synced.number, tenancy.users().len()), (Some(id), 1));
    }

    #[tokio::test]
    async fn that_somebody_made_between_search_and_creation_is_taken() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let id = tenancy.has(json!({"email": ALICE, "first_name": "A"}));
        // The search misses it once.
        tenancy.fault(
            Method::POST,
            "/api",
            Fault::Answer(200, error("user_not_found"), ""),
        );
        let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!((synced.number, tenancy.users().len()), (Some(id), 1));
        assert_eq!(
            tenancy.count(Method::POST, "users"),
            1,
            "SessionM refused the second"
        );
    }

    #[tokio::test]
    async fn goes_on_being_made_when_the_buyer_has_gone() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let claims = verified(ALICE);
        let begun = async {
            while tenancy.count(Method::GET, "external/") == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            _ = directory.sync(person("a"), &claims) => {}
            () = begun => {}
        }
        for _ in 0..500 {
            if directory.contact(person("a")).await.unwrap().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(tenancy.users().len(), 1);
        assert!(directory.contact(person("a")).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn that_was_erased_is_made_anew() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        tenancy.with(|inner| inner.users.clear());
        assert_eq!(directory.contact(person("a")).await.unwrap(), None);
        let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert!(synced.number.is_some());
        assert_eq!(tenancy.users().len(), 1);
    }
}

mod search {
    use super::*;

    #[tokio::test]
    async fn by_external_id_comes_first() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let ours = tenancy.has(json!({"external_id": "a", "external_id_type": "club"}));
        tenancy.has(json!({"email": ALICE}));
        let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!(synced.number, Some(ours));
    }

    #[tokio::test]
    async fn by_a_verified_email_claims_a_profile_of_nobody() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let id = tenancy.has(json!({"email": ALICE, "last_name": "Known", "phone_numbers": [{"phone_number": "4179"}]}));
        let synced = directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!(synced.number, Some(id));
        assert_eq!(synced.profile.get(Field::FamilyName), Some("Known"));
        assert_eq!(
            synced.profile.get(Field::GivenName),
            Some("A"),
            "what it lacked"
        );
        let user = &tenancy.users()[0];
        assert_eq!(user["identifiers"][0]["external_id"], "a");
        assert_eq!(
            user["phone_numbers"],
            json!([{"phone_number": "4179"}]),
            "the list is sent whole"
        );
    }

    #[tokio::test]
    async fn an_email_that_is_not_verified_claims_nothing_and_makes_no_second_profile() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.has(json!({"email": ALICE}));
        let refused = directory
            .sync(person("a"), &unverified(ALICE))
            .await
            .unwrap_err();
        assert_eq!(refused.code, Code::ContactEmailUnverified);
        assert_eq!(tenancy.users().len(), 1);
        assert!(tenancy.users()[0].get("identifiers").is_none());
        // One that nobody has is theirs.
        directory
            .sync(person("b"), &unverified("b@x.example"))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_typed_email_that_another_profile_has_is_refused() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.has(json!({"email": ALICE}));
        let claims = Claims::default();
        assert_eq!(
            directory.sync(person("a"), &claims).await.unwrap().number,
            None
        );
        let answers = verified(ALICE).profile;
        let refused = directory.complete(person("a"), &answers).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.fields),
            (Code::ContactEmailUnverified, vec![Field::Email])
        );
        assert_eq!(tenancy.users().len(), 1);
    }

    #[tokio::test]
    async fn by_a_verified_number_only() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let id = tenancy.has(json!({"phone_numbers": [{"phone_number": "41791111111"}]}));
        let mut claims = unverified("b@x.example");
        claims.profile.set(Field::PhoneNumber, "+41791111111");
        let synced = directory.sync(person("b"), &claims).await.unwrap();
        assert_ne!(
            synced.number.as_ref(),
            Some(&id),
            "numbers may be shared: another profile is theirs"
        );
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let id = tenancy.has(json!({"phone_numbers": [{"phone_number": "41791111111"}]}));
        claims.phone_number_verified = true;
        let synced = directory.sync(person("a"), &claims).await.unwrap();
        assert_eq!(synced.number, Some(id));
    }

    #[tokio::test]
    async fn by_number_finds_nobody_with_another_email() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.has(json!({"email": "husband@x.example", "phone_numbers": [{"phone_number": "41791111111"}]}));
        let mut claims = verified(ALICE);
        claims.profile.set(Field::PhoneNumber, "+41791111111");
        claims.phone_number_verified = true;
        assert_eq!(
            code(directory.sync(person("a"), &claims)).await,
            Code::DirectoryConflict
        );
    }

    #[tokio::test]
    async fn in_the_configured_order_and_by_user_id() {
        let id = "00000000-0000-0000-0000-000000000001";
        let Scene {
            tenancy, directory, ..
        } = scene_with(|config| config.order = vec![Search::UserId, Search::ExternalId]).await;
        tenancy.has(json!({"first_name": "A"}));
        let synced = directory.sync(person(id), &verified(ALICE)).await.unwrap();
        assert_eq!(synced.number.as_deref(), Some(id));
        assert_eq!(
            tenancy.with(|inner| inner.seen[0].1.clone()),
            format!("users/{id}")
        );
        // A `sub` that isn't one isn't looked up as one.
        directory
            .sync(person("b"), &verified("b@x.example"))
            .await
            .unwrap();
        assert_eq!(tenancy.count(Method::GET, "users/b"), 0);
    }

    #[tokio::test]
    async fn each_lookup_has_a_request_id_of_its_own() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        for sub in ["a", "b"] {
            directory
                .sync(person(sub), &verified(&format!("{sub}@x.example")))
                .await
                .unwrap();
        }
        let ids = tenancy.with(|inner| {
            let lookups = inner
                .seen
                .iter()
                .filter(|(_, path, _)| path.starts_with("/api"));
            lookups
                .map(|(_, _, body)| body["request_id"].to_string())
                .collect::<Vec<_>>()
        });
        assert_eq!(ids.len(), 2);
        assert_ne!(ids[0], ids[1]);
    }
}

mod somebody_else {
    use super::*;

    #[tokio::test]
    async fn with_an_id_of_our_type_keeps_their_profile() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.has(json!({"email": ALICE, "external_id": "other", "external_id_type": "club", "last_name": "Secret"}));
        let refused = directory
            .sync(person("a"), &verified(ALICE))
            .await
            .unwrap_err();
        assert_eq!(refused.code, Code::DirectoryConflict);
        assert!(
            refused.cause.contains("000000000001"),
            "the operator reads which: {}",
            refused.cause
        );
        assert!(!refused.cause.contains("Secret") && !refused.cause.contains(ALICE));
        assert_eq!(tenancy.users().len(), 1);
        assert_eq!(tenancy.count(Method::PUT, ""), 0);
    }

    #[tokio::test]
    async fn with_the_same_id_of_another_type_is_not_us() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.has(json!({"external_id": "a", "external_id_type": "diner"}));
        assert_eq!(
            code(directory.sync(person("a"), &verified(ALICE))).await,
            Code::DirectoryConflict
        );
        assert_eq!(tenancy.users().len(), 1);
    }

    #[tokio::test]
    async fn with_the_same_id_of_no_type_is_us_only_where_there_is_one() {
        for one_type in [false, true] {
            let Scene {
                tenancy, directory, ..
            } = scene_with(|config| config.one_type = one_type).await;
            let user = json!({"id": "u", "external_id": "a", "email": ALICE, "first_name": "A"});
            for path in ["external/", "users/"] {
                let answer = json!({"status": "ok", "user": user});
                tenancy.fault(Method::GET, path, Fault::Answer(200, answer, ""));
            }
            let synced = directory.sync(person("a"), &verified(ALICE)).await;
            match one_type {
                true => assert_eq!(synced.unwrap().number.as_deref(), Some("u")),
                false => assert_eq!(synced.unwrap_err().code, Code::DirectoryConflict),
            }
        }
    }

    #[tokio::test]
    async fn found_by_a_search_for_us_is_not_shown() {
        for wrong in [
            json!({"email": "other@x.example"}),
            json!({"email": ALICE, "external_id": "other", "external_id_type": "club"}),
        ] {
            let Scene {
                tenancy, directory, ..
            } = scene().await;
            let id = tenancy.has(wrong);
            let hit = json!({"status": "ok", "payload": {"user": {"user_id": id, "email": ALICE}}});
            tenancy.fault(Method::POST, "/api", Fault::Answer(200, hit, ""));
            assert_eq!(
                code(directory.sync(person("a"), &verified(ALICE))).await,
                Code::DirectoryConflict
            );
            assert_eq!(tenancy.users().len(), 1);
        }
    }

    #[tokio::test]
    async fn answered_instead_of_the_one_asked_for_is_not_shown() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        let other = json!({"status": "ok", "user": {"id": "other", "email": "o@x.example"}});
        tenancy.fault(Method::GET, "users/", Fault::Answer(200, other.clone(), ""));
        assert_eq!(
            code(directory.sync(person("a"), &verified(ALICE))).await,
            Code::DirectoryConflict
        );
        // It was a slip: the next search finds the way again.
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        tenancy.fault(Method::POST, "users", Fault::After(200, other));
        let created = directory.sync(person("b"), &verified("b@x.example")).await;
        assert_eq!(created.unwrap_err().code, Code::DirectoryConflict);
    }

    #[tokio::test]
    async fn several_hits_are_nobody() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.has(json!({"email": ALICE}));
        tenancy.has(json!({"email": ALICE}));
        assert_eq!(
            code(directory.sync(person("a"), &verified(ALICE))).await,
            Code::DirectoryConflict
        );
        assert_eq!(tenancy.users().len(), 2);
    }

    #[tokio::test]
    async fn who_claims_the_same_profile_at_the_same_time_has_to_share_no_data() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.has(json!({"email": ALICE}));
        let claims = verified(ALICE);
        let (one, two) = tokio::join!(
            directory.sync(person("a"), &claims),
            directory.sync(person("b"), &claims)
        );
        let codes: Vec<_> = [one, two]
            .into_iter()
            .filter_map(|outcome| outcome.err().map(|failure| failure.code))
            .collect();
        assert_eq!(codes, [Code::DirectoryConflict]);
    }

    #[tokio::test]
    async fn linked_by_us_keeps_the_profile_even_if_sessionm_forgets_the_id() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.has(json!({"email": ALICE}));
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        tenancy.with(|inner| {
            inner.users[0]
                .as_object_mut()
                .unwrap()
                .remove("identifiers")
        });
        tenancy.with(|inner| {
            inner.users[0]
                .as_object_mut()
                .unwrap()
                .remove("external_id")
        });
        assert_eq!(
            code(directory.sync(person("b"), &verified(ALICE))).await,
            Code::DirectoryConflict
        );
        // And the id comes back.
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!(tenancy.users()[0]["identifiers"][0]["external_id"], "a");
    }
}

mod what_was_only_typed {
    use super::*;

    const PHONE: &str = "+41791111111";

    fn at_another_provider(sub: &str) -> Person<'_> {
        Person {
            provider: "diner",
            iss: "https://diner.example",
            sub,
        }
    }

    fn with_phone(claims: Claims, phone_number_verified: bool) -> Claims {
        let mut claims = claims;
        claims.profile.set(Field::PhoneNumber, PHONE);
        Claims {
            phone_number_verified,
            ..claims
        }
    }

    #[tokio::test]
    async fn as_an_email_lets_its_owner_into_nobodys_profile() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let squatter = at_another_provider("m");
        let made = directory.sync(squatter, &unverified(ALICE)).await.unwrap();
        let refused = directory
            .sync(person("a"), &verified(ALICE))
            .await
            .unwrap_err();
        assert_eq!(refused.code, Code::DirectoryConflict);
        assert_eq!(tenancy.users().len(), 1);
        assert_eq!(
            tenancy.users()[0]["identifiers"].as_array().unwrap().len(),
            1
        );
        assert_eq!(directory.contact(person("a")).await.unwrap(), None);
        // Once it is verified there, too, both are the same customer.
        let both = [verified("A@x.example"), verified(ALICE)];
        let again = directory.sync(squatter, &both[0]).await.unwrap();
        let found = directory.sync(person("a"), &both[1]).await.unwrap();
        assert_eq!((&again.number, &found.number), (&made.number, &made.number));
    }

    #[tokio::test]
    async fn into_a_profile_of_ones_own_lets_nobody_into_it_either() {
        let Scene {
            tenancy, directory, ..
        } = scene_with(|config| config.timeout_ms = PATIENCE_MS).await;
        let id = tenancy
            .has(json!({"first_name": "M", "external_id": "m", "external_id_type": "diner"}));
        let squatter = at_another_provider("m");
        directory.sync(squatter, &Claims::default()).await.unwrap();
        let typed = [(Field::Email, ALICE.to_owned())].into_iter().collect();
        let synced = directory.complete(squatter, &typed).await.unwrap();
        assert_eq!(synced.number, Some(id));
        assert_eq!(
            code(directory.sync(person("a"), &verified(ALICE))).await,
            Code::DirectoryConflict
        );
    }

    #[tokio::test]
    async fn as_a_number_lets_its_owner_into_nobodys_profile() {
        let Scene { directory, .. } = scene().await;
        let squatter = with_phone(unverified("m@x.example"), false);
        directory
            .sync(at_another_provider("m"), &squatter)
            .await
            .unwrap();
        let owner = with_phone(unverified("b@x.example"), true);
        assert_eq!(
            code(directory.sync(person("a"), &owner)).await,
            Code::DirectoryConflict
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn beside_a_verified_number_makes_one_profile_of_two_providers_at_once() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let (one, two) = (
            with_phone(unverified("a@x.example"), true),
            with_phone(unverified("b@x.example"), true),
        );
        let (one, two) = tokio::join!(
            directory.sync(person("a"), &one),
            directory.sync(at_another_provider("b"), &two)
        );
        assert_eq!(one.unwrap().number, two.unwrap().number);
        assert_eq!(tenancy.users().len(), 1);
    }
}

mod update {
    use super::*;

    #[tokio::test]
    async fn sends_the_whole_list_of_numbers() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let phones = json!([{"phone_number": "41791111111", "phone_type": "home", "preference_flags": ["primary"]}]);
        tenancy.has(json!({"email": ALICE, "first_name": "A", "phone_numbers": phones}));
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        let city = [(Field::Locality, "Lausanne".to_owned())]
            .into_iter()
            .collect();
        directory.complete(person("a"), &city).await.unwrap();
        assert_eq!(tenancy.users()[0]["phone_numbers"], phones);
        let phone = [(Field::PhoneNumber, "+41792222222".to_owned())]
            .into_iter()
            .collect();
        let synced = directory.complete(person("a"), &phone).await.unwrap();
        assert_eq!(synced.profile.get(Field::PhoneNumber), Some("+41792222222"));
        assert_eq!(
            tenancy.users()[0]["phone_numbers"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }

    #[tokio::test]
    async fn is_sent_again_where_nobody_knows_whether_it_arrived() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        tenancy.fault(Method::PUT, "users/", Fault::After(500, Value::Null));
        let city = [(Field::Locality, "Lausanne".to_owned())]
            .into_iter()
            .collect();
        directory.complete(person("a"), &city).await.unwrap();
        assert_eq!(tenancy.count(Method::PUT, "users/"), 2);
    }

    #[tokio::test]
    async fn whose_answers_are_lost_is_seen_to_have_happened() {
        let Scene {
            tenancy, directory, ..
        } = brief_scene().await;
        tenancy.has(json!({"email": ALICE}));
        for _ in 0..5 {
            tenancy.fault(Method::PUT, "users/", Fault::After(500, Value::Null));
        }
        // The claim with what was lacking, and then an answer of the buyer's.
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        let city = [(Field::Locality, "Lausanne".to_owned())]
            .into_iter()
            .collect();
        let synced = directory.complete(person("a"), &city).await.unwrap();
        assert_eq!(synced.profile.get(Field::Locality), Some("Lausanne"));
        // One that didn't happen is told.
        tenancy.with(|inner| inner.faults.clear());
        for _ in 0..5 {
            tenancy.fault(Method::PUT, "users/", Fault::Answer(500, Value::Null, ""));
        }
        let city = [(Field::Locality, "Bern".to_owned())].into_iter().collect();
        assert_eq!(
            code(directory.complete(person("a"), &city)).await,
            Code::DirectoryUnavailable
        );
    }

    #[tokio::test]
    async fn an_email_changes_at_the_provider() {
        let Scene { directory, .. } = scene().await;
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        let email = [(Field::Email, "new@x.example".to_owned())]
            .into_iter()
            .collect();
        assert_eq!(
            code(directory.complete(person("a"), &email)).await,
            Code::ProfileInvalid
        );
    }

    #[tokio::test]
    async fn refused_is_told_and_a_refused_filling_in_is_left_out() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        tenancy.fault(
            Method::PUT,
            "users/",
            Fault::Answer(200, error("VALIDATION"), ""),
        );
        let young = [(Field::Birthdate, "2020-01-01".to_owned())]
            .into_iter()
            .collect();
        assert_eq!(
            code(directory.complete(person("a"), &young)).await,
            Code::DirectoryProfileRefused
        );
        tenancy.fault(
            Method::PUT,
            "users/",
            Fault::Answer(200, error("validation"), ""),
        );
        let mut claims = verified(ALICE);
        claims.profile.set(Field::Birthdate, "2020-01-01");
        let synced = directory.sync(person("a"), &claims).await.unwrap();
        assert_eq!(synced.profile.get(Field::Birthdate), None);
    }

    #[tokio::test]
    async fn a_refused_creation_can_be_corrected() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.fault(
            Method::POST,
            "users",
            Fault::Answer(200, error("validation"), ""),
        );
        assert_eq!(
            code(directory.sync(person("a"), &verified(ALICE))).await,
            Code::DirectoryProfileRefused
        );
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!(tenancy.users().len(), 1);
    }
}

mod statuses {
    use super::*;

    #[tokio::test]
    async fn an_error_with_200_is_an_error() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.fault(
            Method::GET,
            "external/",
            Fault::Answer(200, error("ACCESS_DENIED"), ""),
        );
        assert_eq!(
            code(directory.sync(person("a"), &verified(ALICE))).await,
            Code::DirectoryRefused
        );
        assert_eq!(tenancy.users().len(), 0);
    }

    #[tokio::test]
    async fn retry_after_is_obeyed_by_everybody() {
        let Scene {
            tenancy,
            directory,
            clock,
        } = scene().await;
        tenancy.fault(
            Method::GET,
            "external/",
            Fault::Answer(429, Value::Null, "30"),
        );
        let busy = directory
            .sync(person("a"), &verified(ALICE))
            .await
            .unwrap_err();
        assert_eq!(
            (busy.code, busy.retry_after),
            (Code::DirectoryBusy, Some(30))
        );
        let before = tenancy.with(|inner| inner.seen.len());
        let busy = directory
            .sync(person("b"), &verified("b@x.example"))
            .await
            .unwrap_err();
        assert_eq!(busy.code, Code::DirectoryBusy);
        assert_eq!(
            tenancy.with(|inner| inner.seen.len()),
            before,
            "nothing is sent meanwhile"
        );
        clock.advance(31);
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
    }

    #[tokio::test]
    async fn a_short_retry_after_is_waited_for() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        let busy = Fault::Answer(429, Value::Null, "1");
        tenancy.fault(Method::GET, "external/", busy.clone());
        tenancy.fault(Method::POST, "users", busy);
        let since = std::time::Instant::now();
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert!(since.elapsed() >= Duration::from_secs(2));
        assert_eq!(tenancy.users().len(), 1);
    }

    #[tokio::test]
    async fn without_retry_after_it_is_tried_again_by_itself() {
        let Scene {
            tenancy, directory, ..
        } = scene().await;
        tenancy.fault(
            Method::GET,
            "external/",
            Fault::Answer(429, Value::Null, ""),
        );
        tenancy.fault(Method::POST, "users", Fault::Answer(429, Value::Null, ""));
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        assert_eq!(
            tenancy.count(Method::POST, "users"),
            2,
            "429 has created nothing"
        );
        assert_eq!(tenancy.users().len(), 1);
    }

    #[tokio::test]
    async fn trouble_that_passes_is_waited_for_within_the_time_out_and_told_after_it() {
        let Scene {
            tenancy, directory, ..
        } = brief_scene().await;
        tenancy.fault(
            Method::GET,
            "external/",
            Fault::Answer(503, Value::Null, ""),
        );
        directory.sync(person("a"), &verified(ALICE)).await.unwrap();
        for _ in 0..8 {
            tenancy.fault(Method::GET, "users/", Fault::Answer(503, Value::Null, ""));
        }
        assert_eq!(
            code(directory.sync(person("a"), &verified(ALICE))).await,
            Code::DirectoryUnavailable
        );
    }

    #[tokio::test]
    async fn a_silent_directory_ends_in_time() {
        let Scene {
            tenancy, directory, ..
        } = brief_scene().await;
        tenancy.fault(Method::GET, "external/", Fault::Silent);
        let since = std::time::Instant::now();
        assert_eq!(
            code(directory.sync(person("a"), &verified(ALICE))).await,
            Code::DirectoryUnavailable
        );
        assert!(since.elapsed() < Duration::from_millis(4 * TIMEOUT_MS));
    }
}
