//! The control page on `/`, and the same by JSON.
//!
//! | call | does |
//! | --- | --- |
//! | `GET /state` | everything the page shows |
//! | `PUT /faults` | `["invalid_iss", …]`: exactly these are on |
//! | `PUT /clock` | `{"offset": seconds}` from the machine's clock |
//! | `PUT /settings` | `{"id_token_alg": "ES256", "airlock": {"par": false}, …}`: what is named changes |
//! | `POST /rotate` | new signing keys |
//! | `DELETE /sessions` | ends every login at every system |
//! | `GET /messages`, `DELETE /messages` | what went over the wire |
//! | `GET /sessionm/customers` | every customer that SessionM has |
//! | `GET /clients/shop-jwt/key.pem` | the private key of that client, made at the start |

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use serde_json::{Value, json};

use crate::{
    fault::{Fault, Group},
    keys::Key,
    messages::Message,
    page::{self, Forms, html},
    persona::{OTP, PASSWORD, Persona},
    state::{App, Settings, Shared, State as Sandboxed},
    system::System,
    wire,
};

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/", get(control_page))
        .route(
            "/state",
            get(async |State(app): State<App>| Json(state_of(&app))),
        )
        .route("/faults", put(set_faults))
        .route("/clock", put(set_clock))
        .route("/settings", put(set_settings))
        .route("/rotate", post(rotate))
        .route("/sessions", delete(end_sessions))
        .route("/messages", get(messages).delete(forget_messages))
        .route(
            "/clients/shop-jwt/key.pem",
            get(async |State(app): State<App>| pem(&app.client_key)),
        )
        .route(
            "/sessionm/customers",
            get(async |State(app): State<App>| Json(app.state().sessionm.customers())),
        )
        .route("/healthz", get(async || "ok\n"))
        .route(
            "/control.css",
            get(async || page::asset("text/css", include_str!("../assets/control.css"))),
        )
        .route(
            "/control.js",
            get(async || page::asset("text/javascript", include_str!("../assets/control.js"))),
        )
        .layer(middleware::from_fn(refuse_other_sites))
        .with_state(app)
}

/// Another site's page, open in the same browser, moves no switch here.
async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let site = request
        .headers()
        .get("sec-fetch-site")
        .map(|site| site.as_bytes().to_vec());
    let is_foreign = site.is_some_and(|site| site == b"cross-site" || site == b"same-site");
    if is_foreign && !request.method().is_safe() {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

fn state_of(app: &Shared) -> Value {
    let now = app.now();
    let mut state = app.state();
    let faults: Vec<Value> = Fault::ALL
        .iter()
        .map(|fault| {
            json!({
                "name": fault, "system": fault.system(), "group": fault.group(), "rule": fault.rule(), "module": fault.module(),
                "on": state.has(*fault),
            })
        })
        .collect();
    let clients: Vec<Value> = state
        .clients
        .iter()
        .map(|client| {
            json!({
                "client_id": client.id, "token_endpoint_auth_method": client.auth.method(),
                "redirect_uris": client.redirect_uris, "post_logout_redirect_uris": client.post_logout_redirect_uris,
                "id_token_signed_response_alg": client.id_token_alg,
            })
        })
        .collect();
    let systems: Vec<Value> = System::ALL
        .iter()
        .map(|&system| {
            let on = state.faults.iter().filter(|fault| fault.system() == system);
            json!({
                "name": system, "title": system.title(), "url": app.options.url_of(system),
                "faults": on.collect::<Vec<_>>(),
            })
        })
        .collect();
    let personas: Vec<Value> = state
        .personas
        .iter()
        .map(|persona| {
            let mut shown = json!(persona);
            shown["ids"] = ids_of(&state, persona)
                .into_iter()
                .map(|(system, id)| (system.to_string(), Value::from(id)))
                .collect();
            shown
        })
        .collect();
    let keys: Vec<String> = state
        .keys
        .published(now)
        .map(|key| key.kid.clone())
        .collect();
    let signing: Vec<String> = (state.keys.current().iter())
        .map(|key| key.kid.clone())
        .collect();
    json!({
        "issuer": app.issuer,
        "shop_url": app.options.shop_url,
        "systems": systems,
        "app_url": app.options.app_url,
        "now": now,
        "offset": app.clock.offset(),
        "settings": state.settings,
        "faults": state.faults,
        "all_faults": faults,
        "personas": personas,
        "password": PASSWORD,
        "otp": OTP,
        "clients": clients,
        "signing_keys": signing,
        "published_keys": keys,
        "sessions": state.sessions.len(),
        "messages": state.message_count,
    })
}

/// Who a persona is, system by system.
fn ids_of(state: &Sandboxed, persona: &Persona) -> Vec<(System, String)> {
    let id_at = |system| match system {
        // A directory, not a provider: whoever it doesn't know has no id there yet.
        System::SessionM => state.sessionm.customer_of(persona).map(str::to_owned),
        System::Shop => None,
        _ => Some(persona.id_at(system)),
    };
    System::ALL
        .into_iter()
        .filter_map(|system| Some((system, id_at(system)?)))
        .collect()
}

fn wrong(why: impl std::fmt::Display) -> Response {
    wire::json(
        StatusCode::UNPROCESSABLE_ENTITY,
        &json!({ "error": why.to_string() }),
    )
}

async fn set_faults(State(app): State<App>, body: Bytes) -> Response {
    let names: Vec<String> = match serde_json::from_slice(&body) {
        Ok(names) => names,
        Err(why) => return wrong(format!("the body is a JSON array of names: {why}")),
    };
    match names
        .iter()
        .map(|name| name.parse())
        .collect::<Result<_, _>>()
    {
        Ok(faults) => {
            app.state().faults = faults;
            Json(state_of(&app)).into_response()
        }
        Err(unknown) => wrong(unknown),
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    offset: i64,
}

async fn set_clock(State(app): State<App>, body: Bytes) -> Response {
    match serde_json::from_slice::<Moved>(&body) {
        Ok(moved) => {
            app.clock.set_offset(moved.offset);
            Json(state_of(&app)).into_response()
        }
        Err(why) => wrong(why),
    }
}

async fn set_settings(State(app): State<App>, body: Bytes) -> Response {
    let changes: Value = match serde_json::from_slice(&body) {
        Ok(changes) => changes,
        Err(why) => return wrong(why),
    };
    let changed = app.state().settings.changed(changes);
    match changed {
        Ok(settings) => {
            app.state().settings = settings;
            Json(state_of(&app)).into_response()
        }
        Err(why) => wrong(why),
    }
}

async fn rotate(State(app): State<App>) -> Json<Value> {
    let now = app.now();
    app.state().keys.rotate(now);
    Json(state_of(&app))
}

async fn end_sessions(State(app): State<App>) -> Json<Value> {
    app.state().end_sessions();
    Json(state_of(&app))
}

async fn messages(State(app): State<App>) -> Json<Vec<Message>> {
    Json(app.state().messages.iter().cloned().collect())
}

async fn forget_messages(State(app): State<App>) -> StatusCode {
    app.state().messages.clear();
    StatusCode::NO_CONTENT
}

/// PKCS#8 in PEM (RFC 7468 10).
pub(crate) fn pem(key: &Key) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let encoded = STANDARD.encode(key.pkcs8().unwrap_or_default());
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

struct Switch {
    fault: Fault,
    on: bool,
}

/// A system's card.
struct Place {
    system: System,
    url: String,
    /// What it shows to whoever asks, with the words of the link.
    links: Vec<(&'static str, String)>,
    /// What a person has to know who signs in there.
    hint: &'static str,
}

impl Place {
    fn of(app: &Shared, system: System) -> Place {
        let url = app.options.url_of(system);
        let at = |path: &str| format!("{url}{path}");
        let links = match system {
            System::Club => vec![
                ("Metadata", at("/.well-known/openid-configuration")),
                ("Keys", at("/jwks")),
            ],
            System::Shop => vec![("Open", at("/"))],
            System::Airlock => {
                let issuer = crate::airlock::issuer(&app.options);
                vec![
                    (
                        "Metadata",
                        format!("{issuer}/.well-known/openid-configuration"),
                    ),
                    ("Keys", format!("{issuer}/jwks")),
                ]
            }
            System::Payway => vec![("Newspaper", at("/site"))],
            System::SessionM => vec![(
                "Customers",
                format!("{}/sessionm/customers", app.options.public_url),
            )],
            System::Paytronix => vec![],
        };
        let hint = match system {
            System::Payway => {
                "Sign in with a username or an e-mail address. Here there is frank, too, whose account isn't active; \
                 and the newspaper, to sign in and out elsewhere."
            }
            System::Paytronix => {
                "Sign in with a username or an e-mail address; nobody stays signed in."
            }
            System::Airlock => {
                "weak-app asks for the password, strong-app for a second factor too, unless an SSO ticket comes: then for \
                 the second factor alone."
            }
            _ => "",
        };
        Place {
            system,
            url,
            links,
            hint,
        }
    }
}

#[derive(askama::Template)]
#[template(path = "control.html")]
struct ControlPage {
    app_url: String,
    shop_url: String,
    places: Vec<Place>,
    personas: Vec<(Persona, Vec<(System, String)>)>,
    groups: Vec<(Group, Vec<Switch>)>,
    on: usize,
    offset: i64,
    now: i64,
    settings: Settings,
    algs: [crate::keys::Alg; 5],
}

async fn control_page(State(app): State<App>) -> Response {
    let page = {
        let state = app.state();
        let switch = |fault: &Fault| Switch {
            fault: *fault,
            on: state.has(*fault),
        };
        let of = |group: Group| {
            Fault::ALL
                .iter()
                .filter(|fault| fault.group() == group)
                .map(switch)
                .collect()
        };
        ControlPage {
            app_url: app.options.app_url.clone(),
            shop_url: app.options.shop_url.clone(),
            places: System::ALL
                .into_iter()
                .map(|system| Place::of(&app, system))
                .collect(),
            personas: state
                .personas
                .iter()
                .map(|persona| (persona.clone(), ids_of(&state, persona)))
                .collect(),
            groups: Group::ALL
                .into_iter()
                .map(|group| (group, of(group)))
                .filter(|(_, switches): &(Group, Vec<Switch>)| !switches.is_empty())
                .collect(),
            on: state.faults.len(),
            offset: app.clock.offset(),
            now: app.now(),
            settings: state.settings.clone(),
            algs: crate::keys::Alg::ALL,
        }
    };
    html(StatusCode::OK, &page, Forms::Own)
}
