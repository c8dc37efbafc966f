//! The organisation's central login form, which the vendor calls the PCP login form (steps D to F): `/login?continue=`.

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};

use super::{
    authenticate::{Error, authenticate},
    client::{Client, Site},
    visitor::{self, Known, identify, land, no_cookies, notice},
};
use crate::{
    entropy::same,
    page::{Forms, html},
    state::{App, Shared},
    wire::{Parameters, found, origin, with_query},
};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/login", get(show).post(submit))
        // The vendor's plugin names this one.
        .route("/login/index", get(show).post(submit))
        .route(
            "/login/landing",
            get(async |State(app): State<App>, RawQuery(query): RawQuery| {
                land(&app, Site::LoginForm, query)
            }),
        )
}

async fn show(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let Some(to) = continues_to(&app, &parameters) else {
        return not_allowed();
    };
    let mut state = app.state();
    let came_back = parameters.get("identified").is_some();
    let known = visitor::status(&app, &mut state, Site::LoginForm, &headers, came_back);
    let visitor = match &known {
        Known::NoCookies => return no_cookies(),
        Known::Nobody => return again(&app, &to),
        Known::Visitor(name) => state.payway.visitors.get(name),
    };
    match visitor {
        None => again(&app, &to),
        // Signed in already, at another site.
        Some(visitor) if visitor.sub.is_some() => found(&to),
        Some(visitor) => page(&visitor.csrf, &to, "", None),
    }
}

async fn submit(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    let Some(to) = continues_to(&app, &form) else {
        return not_allowed();
    };
    let mut state = app.state();
    let name = match visitor::status(&app, &mut state, Site::LoginForm, &headers, true) {
        Known::NoCookies => return no_cookies(),
        Known::Nobody => return again(&app, &to),
        Known::Visitor(name) => name,
    };
    let Some((sid, csrf)) = state
        .payway
        .visitors
        .get(&name)
        .map(|visitor| (visitor.sid.clone(), visitor.csrf.clone()))
    else {
        return again(&app, &to);
    };
    if !form.get("csrf").is_some_and(|sent| same(sent, &csrf)) {
        let why = "The form was opened for another sign-in. Go back and start again.";
        return notice(
            StatusCode::BAD_REQUEST,
            "This sign-in can't go on",
            why,
            "csrf",
        );
    }
    let client = Client::of_site(&app.options, Site::LoginForm);
    let typed = form.get("username").unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    let now = app.now();
    let reply = authenticate(&mut state, &client, &sid, typed, password, now);
    if let Some(error) = reply.err {
        return page(&csrf, &to, typed, Some(said(error)));
    }
    let Some(at) = reply.at else {
        return again(&app, &to);
    };
    let sub = super::authenticate::redeem_ticket(&mut state, &client, &at, now);
    if let Some(visitor) = state.payway.visitors.get_mut(&name) {
        visitor.sub = sub;
    }
    found(&to)
}

/// Where the buyer goes after the sign-in: on the site under test or on this one, nowhere else.
fn continues_to(app: &Shared, parameters: &Parameters) -> Option<String> {
    let to = parameters.get("continue")?;
    let allowed = [&app.options.app_url, &app.options.payway_url].map(|url| origin(url));
    let to_origin = origin(to)?;
    allowed.contains(&Some(to_origin)).then(|| to.to_owned())
}

fn not_allowed() -> Response {
    let why = "The link leads to a site that isn't one of this paper's (continue).";
    notice(
        StatusCode::BAD_REQUEST,
        "This sign-in can't go on",
        why,
        "continue",
    )
}

/// Through `/identify`, and back to this form.
fn again(app: &Shared, to: &str) -> Response {
    let path = with_query("/login", [("continue", to), ("identified", "1")]);
    identify(app, Site::LoginForm, &path)
}

/// What the form says: a code for programs, and a sentence.
fn said(error: Error) -> (&'static str, String) {
    match error {
        Error::InvalidCredentials(1) => (
            "invalid_credentials",
            "The e-mail address or the password is wrong. One attempt remains.".to_owned(),
        ),
        Error::InvalidCredentials(remaining) => (
            "invalid_credentials",
            format!("The e-mail address or the password is wrong. {remaining} attempts remain."),
        ),
        Error::AccountFrozen(seconds) => (
            "account_frozen",
            format!(
                "The account is frozen. Try again in {} minutes.",
                (seconds + 59) / 60
            ),
        ),
        Error::AccountNotActive => (
            "account_not_active",
            "The account isn't active yet. Follow the link in the e-mail that we sent you."
                .to_owned(),
        ),
        Error::SessionNotFound | Error::InvalidTicket => (
            "unknown_error",
            "Something went wrong. Try again.".to_owned(),
        ),
    }
}

#[derive(askama::Template)]
#[template(path = "payway_login.html")]
struct LoginPage<'a> {
    csrf: &'a str,
    to: &'a str,
    typed: &'a str,
    error: Option<(&'static str, String)>,
}

fn page(csrf: &str, to: &str, typed: &str, error: Option<(&'static str, String)>) -> Response {
    let page = LoginPage {
        csrf,
        to,
        typed,
        error,
    };
    let leads_to = origin(to).unwrap_or_default();
    html(StatusCode::OK, &page, Forms::OwnAnd(&leads_to))
}
