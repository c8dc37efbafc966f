//! The guest website: `/guest/accountlogin` takes the parameters of an authorization request (RFC 6749 4.1.1), shows the
//! login page and sends the guest back with a code.
//!
//! There is no session of the website: whoever comes is asked for the password.

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::get,
};

use super::{CLIENT_ID, Code, Grant};
use crate::{
    entropy::{self, same},
    fault::Fault,
    options::SandboxOptions,
    page::{Forms, html},
    persona::Account,
    state::{App, State as Sandboxed},
    wire::{Parameters, cookie, found, origin, set_cookie, with_query},
};

pub(super) fn router() -> Router<App> {
    Router::new().route("/guest/accountlogin", get(show).post(submit))
}

/// The scopes; a request that names none gets them all.
pub(super) const SCOPES: [&str; 4] = ["user_read", "account_read", "user_write", "account_write"];

/// A login that is under way in one browser.
pub(super) struct Login {
    request: Request,
    browser: String,
    csrf: String,
    pub(super) started_at: i64,
    /// Where it led; a second click on the button goes there too.
    finished: Option<String>,
}

#[derive(Clone)]
struct Request {
    redirect_uri: String,
    state: Option<String>,
    scope: String,
}

/// Why a request gets no login page.
enum Refusal {
    /// Without a client and its redirect URI there is nowhere to send the guest.
    Page(&'static str),
    /// Told to the client. That there is such a redirect isn't published by the vendor: RFC 6749 4.1.2.1.
    Redirect(String),
}

/// The allow-list that the vendor is given beforehand.
fn redirect_uri(options: &SandboxOptions) -> String {
    format!("{}/callback/diner", options.app_url)
}

async fn show(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let now = app.now();
    let request = match validate(&app.options, &query.unwrap_or_default()) {
        Ok(request) => request,
        Err(Refusal::Page(why)) => return notice(StatusCode::BAD_REQUEST, why),
        Err(Refusal::Redirect(to)) => return found(&to),
    };
    let browser = cookie(&headers, BROWSER_COOKIE).map_or_else(entropy::token, str::to_owned);
    let id = entropy::name();
    let login = Login {
        request,
        browser: browser.clone(),
        csrf: entropy::token(),
        started_at: now,
        finished: None,
    };
    let mut state = app.state();
    let mut response = page(&id, &login, "", None);
    state.paytronix.logins.insert(id, login);
    let cookie = set_cookie(
        BROWSER_COOKIE,
        &browser,
        "/guest",
        &app.options.paytronix_url,
    );
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

fn validate(options: &SandboxOptions, query: &str) -> Result<Request, Refusal> {
    let parameters = Parameters::parse(query.as_bytes());
    if parameters.repeated().is_some() {
        return Err(Refusal::Page("A parameter of this link comes twice."));
    }
    if parameters.get("client_id") != Some(CLIENT_ID) {
        return Err(Refusal::Page(
            "We don't know the site that sent you (client_id).",
        ));
    }
    let redirect_uri = redirect_uri(options);
    if parameters.get("redirect_uri") != Some(&*redirect_uri) {
        return Err(Refusal::Page(
            "The site that sent you asked for an address that it hasn't registered (redirect_uri).",
        ));
    }
    let state = parameters.get("state").map(str::to_owned);
    let refused = |error: &str| {
        let to = back(&redirect_uri, &[("error", error)], state.as_deref());
        Err(Refusal::Redirect(to))
    };
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => return refused("unsupported_response_type"),
        None => return refused("invalid_request"),
    }
    let scope = match parameters.get("scope") {
        None => SCOPES.join(" "),
        Some(scope) if scope.split(' ').all(|one| SCOPES.contains(&one)) => scope.to_owned(),
        Some(_) => return refused("invalid_scope"),
    };
    Ok(Request {
        redirect_uri,
        state,
        scope,
    })
}

async fn submit(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    let now = app.now();
    let mut state = app.state();
    let id = form.get("login").unwrap_or_default().to_owned();
    let browser = cookie(&headers, BROWSER_COOKIE).unwrap_or_default();
    let csrf = form.get("csrf").unwrap_or_default();
    let ours = state
        .paytronix
        .logins
        .get(&id)
        .filter(|login| same(&login.browser, browser) && same(&login.csrf, csrf));
    let Some(login) = ours else {
        let why =
            "This sign-in is over, or was opened elsewhere. Go back to the shop and start again.";
        return notice(StatusCode::BAD_REQUEST, why);
    };
    if let Some(to) = &login.finished {
        return found(to);
    }
    let request = login.request.clone();
    let typed = form.get("username").unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    let to = if form.get("cancel").is_some() {
        let parameters = [("error", "access_denied")];
        back(&request.redirect_uri, &parameters, request.state.as_deref())
    } else {
        let known = state
            .personas
            .iter()
            .find(|persona| persona.is_named(typed) && same(&persona.password, password));
        match known.map(|persona| (persona.sub.clone(), persona.account)) {
            None => {
                let why = Problem::WrongPassword;
                return page(&id, login, typed, Some(why));
            }
            Some((_, Account::Frozen)) => return page(&id, login, typed, Some(Problem::Frozen)),
            Some((sub, _)) => succeed(&mut state, &request, sub, now),
        }
    };
    if let Some(login) = state.paytronix.logins.get_mut(&id) {
        login.finished = Some(to.clone());
    }
    found(&to)
}

/// `code` and `expires_in`, with `state` as RFC 6749 4.1.2 asks; here the faults of the redirect show.
fn succeed(state: &mut Sandboxed, request: &Request, sub: String, now: i64) -> String {
    let has = |fault| state.has(fault);
    let sent = request.state.as_deref();
    let answered = if has(Fault::PaytronixStateMissing) {
        None
    } else if has(Fault::PaytronixStateWrong) {
        Some("the-state-of-somebody-else")
    } else {
        sent
    };
    if has(Fault::PaytronixResponseUnknownError) {
        let parameters = [("error", "guest.locked_out-17")];
        return back(&request.redirect_uri, &parameters, answered);
    }
    let lifetime = state.settings.paytronix.code_lifetime;
    let expires_in = lifetime.to_string();
    let code = entropy::token();
    let mut parameters = Vec::new();
    if !has(Fault::PaytronixCodeMissing) {
        parameters.push(("code", &*code));
    }
    if !has(Fault::PaytronixResponseExpiresInMissing) {
        parameters.push(("expires_in", &*expires_in));
    }
    let to = back(&request.redirect_uri, &parameters, answered);
    let name = entropy::name();
    let grant = Grant {
        sub,
        scope: request.scope.clone(),
        granted_at: now,
        revoked: false,
        refused_once: false,
    };
    state.paytronix.grants.insert(name.clone(), grant);
    let made = Code {
        grant: name,
        redirect_uri: request.redirect_uri.clone(),
        expires_at: now + lifetime,
        used: false,
    };
    state.paytronix.codes.insert(code, made);
    to
}

fn back(redirect_uri: &str, parameters: &[(&str, &str)], state: Option<&str>) -> String {
    let state = state.map(|state| ("state", state));
    with_query(redirect_uri, parameters.iter().copied().chain(state))
}

/// What the page says.
enum Problem {
    WrongPassword,
    Frozen,
}

#[derive(askama::Template)]
#[template(path = "paytronix_login.html")]
struct LoginPage<'a> {
    id: &'a str,
    csrf: &'a str,
    typed: &'a str,
    problem: Option<Problem>,
}

fn page(id: &str, login: &Login, typed: &str, problem: Option<Problem>) -> Response {
    let page = LoginPage {
        id,
        csrf: &login.csrf,
        typed,
        problem,
    };
    let leads_to = origin(&login.request.redirect_uri).unwrap_or_default();
    html(StatusCode::OK, &page, Forms::OwnAnd(&leads_to))
}

#[derive(askama::Template)]
#[template(path = "paytronix_notice.html")]
struct Notice<'a> {
    text: &'a str,
}

fn notice(status: StatusCode, text: &str) -> Response {
    html(status, &Notice { text }, Forms::Own)
}

const BROWSER_COOKIE: &str = "diner_browser";
