//! The authorization endpoint: OpenID Connect Core 3.1.2, RFC 6749 4.1.1, RFC 7636 4.3.

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::get,
};

use super::{
    Acr, Session,
    authorization_response::{refuse, succeed},
    language::Language,
};
use crate::{
    entropy,
    page::{Forms, html},
    state::{App, Shared, State as Sandboxed},
    wire::{Parameters, cookie, origin, see_other, set_cookie},
};

pub(crate) fn router() -> Router<App> {
    Router::new().route("/authorize", get(by_query).post(by_form))
}

/// A request that was found to be right.
#[derive(Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: String,
    pub(crate) prompt: Vec<String>,
    pub(crate) max_age: Option<i64>,
    pub(crate) acr_values: Vec<String>,
    pub(crate) login_hint: Option<String>,
    pub(crate) language: Language,
    /// As it came, to start over from.
    pub(crate) query: String,
}

/// A login that is under way in one browser.
pub(crate) struct Interaction {
    pub(crate) request: AuthorizationRequest,
    /// The browser's cookie: a login page works only where it was opened.
    pub(crate) browser: String,
    /// Stands in the page's form, against requests forged by other pages.
    pub(crate) csrf: String,
    pub(crate) stage: Stage,
    pub(crate) started_at: i64,
    /// Tells which came first, of two that were opened in the same second.
    pub(crate) ordinal: usize,
    /// Where it led; a second click on the button goes there too.
    pub(crate) finished: Option<String>,
}

/// What the login page asks for.
#[derive(Clone)]
pub(crate) enum Stage {
    Password,
    Otp { sub: String, failures: u8 },
    Frozen,
}

/// Why a request gets no code.
enum Refusal {
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

/// Core 3.1.2.1: GET and POST.
async fn by_form(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    authorize(&app, &String::from_utf8_lossy(&body), &headers)
}

fn authorize(app: &Shared, query: &str, headers: &HeaderMap) -> Response {
    let now = app.now();
    let mut state = app.state();
    let request = match validate(&state, query, headers) {
        Ok(request) => request,
        Err(Refusal::Page(why)) => {
            drop(state);
            return refused_here(why, headers);
        }
        Err(Refusal::Redirect {
            redirect_uri,
            state: sent,
            error,
            description,
        }) => {
            return see_other(&refuse(
                app,
                &redirect_uri,
                sent.as_deref(),
                error,
                description,
            ));
        }
    };
    let browser = cookie(headers, BROWSER_COOKIE).map_or_else(entropy::token, str::to_owned);
    let session = cookie(headers, SESSION_COOKIE)
        .and_then(|id| state.sessions.get(id))
        .cloned();
    let mut response = match session.filter(|session| is_enough(session, &request, now)) {
        Some(session) => see_other(&succeed(app, &mut state, &request, &browser, session)),
        None if request.prompt.iter().any(|prompt| prompt == "none") => {
            let why = "there is nobody signed in who could be sent back without a page";
            see_other(&refuse(
                app,
                &request.redirect_uri,
                request.state.as_deref(),
                "login_required",
                why,
            ))
        }
        None => {
            let id = entropy::name();
            let interaction = Interaction {
                request,
                browser: browser.clone(),
                csrf: entropy::token(),
                stage: Stage::Password,
                started_at: now,
                ordinal: state.interactions.len(),
                finished: None,
            };
            state.interactions.insert(id.clone(), interaction);
            see_other(&format!("{}/login/{id}", app.issuer))
        }
    };
    let cookie = set_cookie(
        BROWSER_COOKIE,
        &browser,
        COOKIE_PATH,
        &app.options.public_url,
    );
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// Whether the SSO session spares the buyer the login page (Core 3.1.2.3).
fn is_enough(session: &Session, request: &AuthorizationRequest, now: i64) -> bool {
    let asks = |prompt: &str| request.prompt.iter().any(|asked| asked == prompt);
    let fresh = request
        .max_age
        .is_none_or(|max_age| max_age > 0 && now - session.auth_time <= max_age);
    let strong = session.acr >= request.needs();
    fresh && strong && !asks("login") && !asks("select_account")
}

impl AuthorizationRequest {
    /// `otp` is asked of everyone when it is the only acceptable value.
    pub(crate) fn needs(&self) -> Acr {
        let names = |acr: Acr| self.acr_values.iter().any(|value| value == acr.as_str());
        if names(Acr::Otp) && !names(Acr::Password) {
            Acr::Otp
        } else {
            Acr::Password
        }
    }
}

fn validate(
    state: &Sandboxed,
    query: &str,
    headers: &HeaderMap,
) -> Result<AuthorizationRequest, Refusal> {
    let parameters = Parameters::parse(query.as_bytes());
    if parameters.repeated().is_some() {
        return Err(Refusal::Page("A parameter comes twice (RFC 6749 3.1)."));
    }
    let one = |name: &str| parameters.get(name).map(str::to_owned);
    let words = |name: &str| {
        parameters
            .get(name)
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    };
    let client = one("client_id")
        .and_then(|id| state.client(&id))
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
    let prompt: Vec<String> = words("prompt");
    let max_age = match parameters.get("max_age").map(str::parse::<i64>) {
        None => None,
        Some(Ok(seconds)) if seconds >= 0 => Some(seconds),
        Some(_) => return refused("invalid_request", "max_age is a number of seconds"),
    };
    let scope = one("scope").unwrap_or_default();
    match (
        one("response_type").as_deref(),
        one("response_mode").as_deref(),
    ) {
        (None, _) => return refused("invalid_request", "response_type is missing"),
        (Some("code"), None | Some("query")) => {}
        (Some("code"), Some(_)) => return refused("invalid_request", "response_mode is query"),
        (Some(_), _) => return refused("unsupported_response_type", "response_type is code"),
    }
    if one("request").is_some() {
        return refused("request_not_supported", "request objects aren't supported");
    }
    if one("request_uri").is_some() {
        return refused(
            "request_uri_not_supported",
            "request objects aren't supported",
        );
    }
    if !scope.split(' ').any(|scope| scope == "openid") {
        return refused("invalid_scope", "scope contains openid");
    }
    if prompt.len() > 1 && prompt.iter().any(|prompt| prompt == "none") {
        return refused("invalid_request", "prompt=none stands alone");
    }
    let code_challenge = match (
        one("code_challenge"),
        one("code_challenge_method").as_deref(),
    ) {
        (Some(challenge), Some("S256")) if challenge.len() == 43 => challenge,
        (None, _) => {
            return refused(
                "invalid_request",
                "code_challenge is required (RFC 7636 4.4.1)",
            );
        }
        _ => {
            return refused(
                "invalid_request",
                "code_challenge is an S256 challenge of 43 characters",
            );
        }
    };
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
        language: Language::choose(parameters.get("ui_locales"), headers),
        query: query.to_owned(),
        redirect_uri,
    })
}

#[derive(askama::Template)]
#[template(path = "club_notice.html")]
pub(crate) struct Notice<'a> {
    pub(crate) lang: &'static str,
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
    pub(crate) testid: &'static str,
}

pub(crate) fn refused_here(why: &str, headers: &HeaderMap) -> Response {
    let texts = Language::choose(None, headers).texts();
    let notice = Notice {
        lang: texts.lang,
        title: texts.refused,
        text: why,
        testid: "club-error",
    };
    html(StatusCode::BAD_REQUEST, &notice, Forms::Own)
}

/// The origin that the login form may end at.
pub(crate) fn redirect_origin(request: &AuthorizationRequest) -> String {
    origin(&request.redirect_uri).unwrap_or_default()
}

pub(crate) const BROWSER_COOKIE: &str = "club_browser";
pub(crate) const SESSION_COOKIE: &str = "club_session";
pub(crate) const COOKIE_PATH: &str = "/club";
