//! The authorization endpoint: RFC 6749 4.1.1, OpenID Connect Core 3.1.2, and the choice of a flow by `acr_values`.

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::get,
};

use super::{
    AcrClaim, BadTicket, Flow, Grant, PromptNoneError, Session, Settings, issuer,
    login::{Interaction, Stage, notice},
    par::{self, Taken},
    ticket,
};
use crate::{
    client::Client,
    entropy,
    fault::Fault,
    oauth::Bound,
    state::{App, Shared, State as Sandboxed},
    wire::{Parameters, cookie, see_other, set_cookie, with_query},
};

pub(crate) const PATH: &str = "/auth-login/oauth2/v3/arena/authorize";

pub(crate) const BROWSER_COOKIE: &str = "airlock_browser";
pub(crate) const SESSION_COOKIE: &str = "airlock_session";
pub(crate) const COOKIE_PATH: &str = "/auth-login";

pub(crate) fn router() -> Router<App> {
    Router::new().route(PATH, get(by_query).post(by_form))
}

/// A request that was found to be right.
#[derive(Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    scope: String,
    state: Option<String>,
    nonce: Option<String>,
    code_challenge: Option<String>,
    prompt: Vec<String>,
    max_age: Option<i64>,
    acr_values: Vec<String>,
    login_hint: Option<String>,
}

/// Why a request gets no code.
pub(crate) enum Refusal {
    /// Without a client and its redirect URI there is nowhere to send the buyer (RFC 6749 4.1.2.1).
    Page(&'static str),
    /// Told to the client.
    Redirect {
        redirect_uri: String,
        state: Option<String>,
        error: &'static str,
        description: &'static str,
    },
}

async fn by_query(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    authorize(&app, &query.unwrap_or_default(), &headers)
}

async fn by_form(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    authorize(&app, &String::from_utf8_lossy(&body), &headers)
}

fn authorize(app: &Shared, query: &str, headers: &HeaderMap) -> Response {
    let now = app.now();
    let mut state = app.state();
    let request = match request(app, &mut state, query, now) {
        Ok(request) => request,
        Err(Refusal::Page(why)) => return notice(StatusCode::BAD_REQUEST, why),
        Err(Refusal::Redirect {
            redirect_uri,
            state: sent,
            error,
            description,
        }) => {
            return see_other(&error_response(
                &redirect_uri,
                sent.as_deref(),
                error,
                description,
            ));
        }
    };
    let asks = |prompt: &str| request.prompt.iter().any(|asked| asked == prompt);
    let browser = cookie(headers, BROWSER_COOKIE).map_or_else(entropy::token, str::to_owned);
    let name = cookie(headers, SESSION_COOKIE);
    if let Some(name) = name.filter(|_| asks("login")) {
        // `prompt=login` ends the session before anything else happens.
        state.airlock.sessions.remove(name);
    }
    let session = name.and_then(|name| state.airlock.sessions.get(name));
    let mut response = match session.filter(|session| is_enough(session, &request, now)) {
        Some(session) => {
            let session = session.clone();
            see_other(&succeed(app, &mut state, &request, session))
        }
        None if asks("none") => {
            let error = match state.settings.airlock.prompt_none_error {
                PromptNoneError::InteractionRequired => "interaction_required",
                PromptNoneError::AccessDenied => "access_denied",
            };
            see_other(&refuse(&request, error, "somebody has to type something"))
        }
        None => start_flow(app, &mut state, request, &browser, now),
    };
    let cookie = set_cookie(
        BROWSER_COOKIE,
        &browser,
        COOKIE_PATH,
        &app.options.airlock_url,
    );
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// The strong flow's first step is chosen by the condition *Request has SSO Ticket*.
fn start_flow(
    app: &Shared,
    state: &mut Sandboxed,
    request: AuthorizationRequest,
    browser: &str,
    now: i64,
) -> Response {
    let hint = request
        .login_hint
        .as_deref()
        .filter(|_| request.flow() == Flow::Strong && !state.has(Fault::AirlockTicketIgnored));
    let stage = match hint.map(|hint| ticket::take(state, hint, now)) {
        Some(Ok(persona)) => Stage::Otp {
            persona,
            failures: 0,
        },
        Some(Err(_)) if state.settings.airlock.bad_ticket == BadTicket::LoginRequired => {
            let why = "the SSO ticket isn't good";
            return see_other(&refuse(&request, "login_required", why));
        }
        Some(Err(_)) | None => Stage::Password,
    };
    let id = entropy::name();
    let interaction = Interaction {
        request,
        browser: browser.to_owned(),
        csrf: entropy::token(),
        stage,
        started_at: now,
        finished: None,
    };
    state.airlock.interactions.insert(id.clone(), interaction);
    see_other(&format!(
        "{}/auth-login/ui/login/{id}",
        app.options.airlock_url
    ))
}

/// Whether the session spares the buyer the flow.
fn is_enough(session: &Session, request: &AuthorizationRequest, now: i64) -> bool {
    let fresh = request
        .max_age
        .is_none_or(|max_age| max_age > 0 && now - session.auth_time <= max_age);
    fresh && session.flow >= request.flow()
}

impl AuthorizationRequest {
    /// What is run: an unknown `acr` is no error, so it leads to the weak flow.
    pub(crate) fn flow(&self) -> Flow {
        Flow::requested(&self.acr_values).unwrap_or(Flow::Weak)
    }

    /// The `acr` of whoever came through this flow.
    fn acr(&self, passed: Flow, settings: &Settings) -> Option<String> {
        let holds = |flow: &Flow| *flow <= passed;
        let of_flow = |flow: Flow| flow.acr().to_owned();
        match settings.acr_claim {
            AcrClaim::Flow => Flow::requested(&self.acr_values).map(of_flow),
            AcrClaim::Mapping => (self.acr_values.iter())
                .find_map(|asked| {
                    (Flow::ALL.into_iter().filter(holds)).find(|flow| flow.acr() == asked)
                })
                .or_else(|| Flow::ALL.into_iter().find(holds))
                .map(of_flow)
                .or_else(|| settings.default_acr.clone()),
        }
    }
}

/// The request, which may have been pushed before.
fn request(
    app: &Shared,
    state: &mut Sandboxed,
    query: &str,
    now: i64,
) -> Result<AuthorizationRequest, Refusal> {
    let parameters = Parameters::parse(query.as_bytes());
    let clients = &app.options.airlock_clients;
    if parameters.get("request_uri").is_none() {
        return validate(clients, &state.settings.airlock, query);
    }
    match par::take(state, &parameters, now) {
        Some(Taken::Request(pushed)) => validate(clients, &state.settings.airlock, &pushed),
        Some(Taken::Expired(pushed)) => {
            let request = validate(clients, &state.settings.airlock, &pushed)?;
            Err(Refusal::Redirect {
                redirect_uri: request.redirect_uri,
                state: request.state,
                error: "invalid_request_uri",
                description: "the pushed request has expired",
            })
        }
        None => Err(Refusal::Page(
            "The request_uri is unknown, was used before, or is another client's (RFC 9126).",
        )),
    }
}

/// RFC 6749 4.1.1, OpenID Connect Core 3.1.2.1.
pub(crate) fn validate(
    clients: &[Client],
    settings: &Settings,
    query: &str,
) -> Result<AuthorizationRequest, Refusal> {
    let parameters = Parameters::parse(query.as_bytes());
    if parameters.repeated().is_some() {
        return Err(Refusal::Page("A parameter comes twice (RFC 6749 3.1)."));
    }
    let one = |name: &str| parameters.get(name).map(str::to_owned);
    let words = |name: &str| -> Vec<String> {
        let value = parameters.get(name).unwrap_or_default();
        value.split_whitespace().map(str::to_owned).collect()
    };
    let client = one("client_id")
        .and_then(|id| clients.iter().find(|client| client.id == id))
        .ok_or(Refusal::Page(
            "No client is registered under this client_id.",
        ))?;
    let redirect_uri = one("redirect_uri")
        .filter(|uri| client.may_redirect_to(uri))
        .ok_or(Refusal::Page(
            "The redirect_uri isn't registered for this client, character by character.",
        ))?;
    let refused = |error, description| {
        Err(Refusal::Redirect {
            redirect_uri: redirect_uri.clone(),
            state: one("state"),
            error,
            description,
        })
    };
    if parameters.get("response_type") != Some("code") {
        return refused("unsupported_response_type", "response_type is code");
    }
    let scope = one("scope").unwrap_or_default();
    if !scope.split(' ').any(|scope| scope == "openid") {
        return refused("invalid_scope", "scope holds openid");
    }
    let prompt = words("prompt");
    if prompt.len() > 1 && prompt.iter().any(|prompt| prompt == "none") {
        return refused("invalid_request", "prompt=none stands alone");
    }
    let max_age = match one("max_age").map(|max_age| max_age.parse::<i64>()) {
        None => None,
        Some(Ok(max_age)) if max_age >= 0 => Some(max_age),
        Some(_) => return refused("invalid_request", "max_age is a number of seconds"),
    };
    let code_challenge = one("code_challenge");
    match (&code_challenge, parameters.get("code_challenge_method")) {
        (None, None) if !settings.pkce_required => {}
        (Some(challenge), Some("S256")) if challenge.len() == 43 => {}
        _ => return refused("invalid_request", "PKCE is with S256 (RFC 7636 4.3)"),
    }
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        scope,
        state: one("state"),
        nonce: one("nonce"),
        code_challenge,
        prompt,
        max_age,
        acr_values: words("acr_values"),
        login_hint: one("login_hint"),
        redirect_uri,
    })
}

/// The URL that tells the client why there is no code (RFC 6749 4.1.2.1).
pub(crate) fn refuse(
    request: &AuthorizationRequest,
    error: &'static str,
    description: &'static str,
) -> String {
    error_response(
        &request.redirect_uri,
        request.state.as_deref(),
        error,
        description,
    )
}

fn error_response(
    redirect_uri: &str,
    state: Option<&str>,
    error: &str,
    description: &str,
) -> String {
    let mut parameters = vec![("error", error), ("error_description", description)];
    parameters.extend(state.map(|state| ("state", state)));
    with_query(redirect_uri, parameters)
}

/// Makes the code, and the URL that carries it (RFC 6749 4.1.2).
pub(crate) fn succeed(
    app: &Shared,
    state: &mut Sandboxed,
    request: &AuthorizationRequest,
    session: Session,
) -> String {
    if state.has(Fault::AirlockAccessDenied) && request.flow() == Flow::Strong {
        return refuse(
            request,
            "access_denied",
            "the sandbox was asked to answer so",
        );
    }
    let now = app.now();
    let settings = &state.settings.airlock;
    let issuer = settings.response_iss.then(|| issuer(&app.options));
    let grant = Grant {
        client_id: request.client_id.clone(),
        scope: request.scope.clone(),
        nonce: request.nonce.clone(),
        acr: request.acr(session.flow, settings),
        session,
    };
    let bound = Bound {
        redirect_uri: &request.redirect_uri,
        code_challenge: request.code_challenge.as_deref(),
        expires_at: now + settings.code_lifetime,
    };
    let code = state.airlock.tokens.grant(grant, &bound, now);
    let mut parameters = vec![("code", &*code)];
    parameters.extend(request.state.as_deref().map(|state| ("state", state)));
    parameters.extend(issuer.as_deref().map(|issuer| ("iss", issuer)));
    with_query(&request.redirect_uri, parameters)
}
