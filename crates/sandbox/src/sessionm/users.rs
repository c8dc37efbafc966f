//! Profiles: create, retrieve, update, by the vendor's id or by an external one.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::Response,
    routing::{get, post},
};
use serde_json::{Map, Value, json};

use super::{
    customer::{Customer, Draft, Shown, new_id},
    reply::{Code, Failure, authenticate, instead, respond},
};
use crate::{
    entropy,
    fault::Fault,
    state::{App, Shared, State as Sandboxed},
    wire::{Parameters, dropped},
};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/priv/v1/apps/{key}/users", post(create))
        .route("/priv/v1/apps/{key}/users/search", get(search))
        .route(
            "/priv/v1/apps/{key}/users/{id}",
            get(retrieve_by_id).put(update_by_id),
        )
        .route("/priv/v1/apps/{key}/users/{id}/tags", post(tag))
        .route(
            "/priv/v1/apps/{key}/users/{id}/models/user_profile",
            post(custom_by_id),
        )
        .route(
            "/priv/v1/apps/{key}/external/users/{external_id}",
            get(retrieve_by_external_id).put(update_by_external_id),
        )
        .route(
            "/priv/v1/apps/{key}/external/users/{external_id}/models/user_profile",
            post(custom_by_external_id),
        )
}

/// By what a customer is named in a path.
enum Named {
    Id(String),
    ExternalId(String),
}

impl Named {
    fn is(&self, customer: &Customer) -> bool {
        match self {
            Named::Id(id) => customer.id == *id,
            Named::ExternalId(external_id) => customer.has_external_id(external_id),
        }
    }
}

/// The object that a request wraps its data in.
fn wrapped(body: &[u8], name: &str) -> Result<Value, Failure> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| Failure::new(Code::ArgumentError, "the body isn't JSON"))?;
    let missing = || Failure::new(Code::MissingData, format!("{name} is missing"));
    body.get(name).cloned().ok_or_else(missing)
}

/// `POST …/users`
async fn create(
    State(app): State<App>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (response, slow) = {
        let mut state = app.state();
        if let Some(response) = instead(&app, &mut state, "create") {
            return response;
        }
        let query = Parameters::parse(query.unwrap_or_default().as_bytes());
        let created = authenticate(&headers, Some(&key))
            .and_then(|()| wrapped(&body, "user"))
            .and_then(|user| create_user(&app, &mut state, &user, &query));
        let done = created.is_ok();
        if done && state.has(Fault::SessionMCreateDropsConnection) {
            return dropped();
        }
        let created = if done && state.has(Fault::SessionMCreateHttp500) {
            Err(broken())
        } else {
            created
        };
        let slow = done && state.has(Fault::SessionMCreateTimesOut);
        (respond(&state, created), slow)
    };
    if slow {
        tokio::time::sleep(app.options.slow).await;
    }
    response
}

fn create_user(
    app: &Shared,
    state: &mut Sandboxed,
    user: &Value,
    query: &Parameters,
) -> Result<Value, Failure> {
    let now = app.now();
    let refused = |why: String| Failure::new(Code::Validation, why);
    if state.has(Fault::SessionMCreateEmailTaken) {
        return Err(refused("email has already been taken".to_owned()));
    }
    let draft = Draft::of(user, now).map_err(refused)?;
    if draft.email().is_none() && draft.identifiers.is_empty() {
        let why = "neither email nor external_id";
        return Err(Failure::new(Code::MissingData, why));
    }
    let raced = state.has(Fault::SessionMCreateRaced);
    let sessionm = &mut state.sessionm;
    sessionm.refuse_second(&draft, None).map_err(refused)?;
    let customer = Customer::new(new_id(), draft, now);
    sessionm.customers.push(customer.clone());
    if raced {
        // Somebody else was quicker, with the same data.
        return Err(refused("email has already been taken".to_owned()));
    }
    Ok(answer(state, &customer, Shown::ALL, query))
}

fn answer(state: &Sandboxed, customer: &Customer, shown: Shown, query: &Parameters) -> Value {
    let mut user = customer.shown(shown);
    let parameter = state.settings.sessionm.auth_token_parameter.as_deref();
    if parameter.is_some_and(|parameter| query.get(parameter).is_some()) {
        user["auth_token"] = entropy::token().into();
    }
    json!({ "user": user })
}

fn broken() -> Failure {
    Failure::new(Code::InternalServerError, "something went wrong")
}

async fn retrieve_by_id(
    State(app): State<App>,
    Path((key, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    retrieve(&app, &key, &Named::Id(id), query, &headers)
}

async fn retrieve_by_external_id(
    State(app): State<App>,
    Path((key, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    retrieve(&app, &key, &Named::ExternalId(id), query, &headers)
}

/// `GET …/users/{user_id}`, `GET …/external/users/{external_id}`
fn retrieve(
    app: &Shared,
    key: &str,
    named: &Named,
    query: Option<String>,
    headers: &HeaderMap,
) -> Response {
    let mut state = app.state();
    if let Some(response) = instead(app, &mut state, "retrieve") {
        return response;
    }
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let found = authenticate(headers, Some(key)).and_then(|()| {
        let all = &state.sessionm.customers;
        let customer = all.iter().find(|customer| named.is(customer));
        let customer = match customer {
            Some(right) if state.has(Fault::SessionMRetrieveOther) => {
                all.iter().find(|other| other.id != right.id)
            }
            found => found,
        };
        let customer = customer.ok_or_else(Failure::user_not_found)?;
        Ok(answer(&state, customer, Shown::of(&query), &query))
    });
    respond(&state, found)
}

async fn update_by_id(
    State(app): State<App>,
    Path((key, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    update(&app, &key, &Named::Id(id), query, &headers, &body)
}

async fn update_by_external_id(
    State(app): State<App>,
    Path((key, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    update(&app, &key, &Named::ExternalId(id), query, &headers, &body)
}

/// `PUT …/users/{user_id}`, `PUT …/external/users/{external_id}`
fn update(
    app: &Shared,
    key: &str,
    named: &Named,
    query: Option<String>,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let now = app.now();
    let mut state = app.state();
    if let Some(response) = instead(app, &mut state, "update") {
        return response;
    }
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let updated = authenticate(headers, Some(key))
        .and_then(|()| wrapped(body, "user"))
        .and_then(|user| {
            let refused = |why: String| Failure::new(Code::Validation, why);
            let sessionm = &mut state.sessionm;
            let at = position(&sessionm.customers, named)?;
            let draft = Draft::of(&user, now).map_err(refused)?;
            let own = sessionm.customers[at].id.clone();
            sessionm
                .refuse_second(&draft, Some(&own))
                .map_err(refused)?;
            sessionm.customers[at].update(draft, now);
            let customer = sessionm.customers[at].clone();
            Ok(answer(&state, &customer, Shown::of(&query), &query))
        });
    let updated = if state.has(Fault::SessionMUpdateHttp500) {
        updated.and(Err(broken()))
    } else {
        updated
    };
    respond(&state, updated)
}

fn position(customers: &[Customer], named: &Named) -> Result<usize, Failure> {
    customers
        .iter()
        .position(|customer| named.is(customer))
        .ok_or_else(Failure::user_not_found)
}

async fn custom_by_id(
    State(app): State<App>,
    Path((key, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    custom(&app, &key, &Named::Id(id), &headers, &body)
}

async fn custom_by_external_id(
    State(app): State<App>,
    Path((key, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    custom(&app, &key, &Named::ExternalId(id), &headers, &body)
}

/// `POST …/models/user_profile`: the custom attributes alone. The vendor doesn't publish the body's form.
fn custom(app: &Shared, key: &str, named: &Named, headers: &HeaderMap, body: &[u8]) -> Response {
    let mut state = app.state();
    if let Some(response) = instead(app, &mut state, "custom") {
        return response;
    }
    let written = authenticate(headers, Some(key))
        .and_then(|()| wrapped(body, "user_profile"))
        .and_then(|custom| {
            let customers = &mut state.sessionm.customers;
            let at = position(customers, named)?;
            let custom: Map<String, Value> = serde_json::from_value(custom)
                .map_err(|_| Failure::new(Code::Validation, "user_profile is an object"))?;
            customers[at].write_custom(custom);
            let user = customers[at].shown(Shown::ALL);
            Ok(json!({ "user_profile": user["user_profile"] }))
        });
    respond(&state, written)
}

/// `POST …/tags`: `{"tags": ["t1"], "ttl": 2592000}`
async fn tag(
    State(app): State<App>,
    Path((key, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut state = app.state();
    if let Some(response) = instead(&app, &mut state, "tags") {
        return response;
    }
    let tagged = authenticate(&headers, Some(&key))
        .and_then(|()| wrapped(&body, "tags"))
        .and_then(|tags| {
            let tags: Vec<String> = serde_json::from_value(tags)
                .map_err(|_| Failure::new(Code::Validation, "tags holds strings"))?;
            let customers = &mut state.sessionm.customers;
            let at = position(customers, &Named::Id(id))?;
            customers[at].tag(tags);
            Ok(json!({}))
        });
    respond(&state, tagged)
}

/// `GET …/users/search?email=`, which is there by a setting only.
async fn search(
    State(app): State<App>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let mut state = app.state();
    if let Some(response) = instead(&app, &mut state, "search") {
        return response;
    }
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let found = authenticate(&headers, Some(&key)).and_then(|()| {
        let email = query.get("email").unwrap_or_default();
        let customer = (state.sessionm.customers.iter())
            .find(|customer| customer.has_email(email))
            .filter(|_| state.settings.sessionm.core_search)
            .ok_or_else(Failure::user_not_found)?;
        Ok(answer(&state, customer, Shown::of(&query), &query))
    });
    respond(&state, found)
}
