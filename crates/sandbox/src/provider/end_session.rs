//! Logout: OpenID Connect RP-Initiated Logout 1.0.

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::get,
};

use super::{
    authorization::{COOKIE_PATH, Notice, SESSION_COOKIE, refused_here},
    language::{Language, Texts},
};
use crate::{
    entropy::{self, base64url, same, sha256},
    fault::Fault,
    page::{Forms, html},
    state::{App, Shared, State as Sandboxed},
    wire::{Parameters, cookie, origin, see_other, set_cookie, with_query},
};

pub(crate) fn router() -> Router<App> {
    Router::new().route("/logout", get(by_query).post(by_form))
}

async fn by_query(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    end_session(
        &app,
        &Parameters::parse(query.unwrap_or_default().as_bytes()),
        &headers,
    )
}

async fn by_form(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    end_session(&app, &Parameters::parse(&body), &headers)
}

fn end_session(app: &Shared, parameters: &Parameters, headers: &HeaderMap) -> Response {
    let language = Language::choose(parameters.get("ui_locales"), headers);
    let texts = language.texts();
    let mut state = app.state();
    if state.has(Fault::LenientNoEndSessionEndpoint) {
        return refused_here("There is no logout here.", headers);
    }
    // An ID token that has expired is as good a hint (section 2), so it is known by its hash.
    let hint = parameters
        .get("id_token_hint")
        .and_then(|hint| state.issued_id_tokens.get(&sha256(hint.as_bytes())));
    let hinted_sid = hint.map(|hint| hint.sid.clone());
    let client_id = match (
        hint.map(|hint| hint.client_id.clone()),
        parameters.get("client_id"),
    ) {
        (Some(hinted), Some(named)) if hinted != named => {
            return refused_here(
                "client_id isn't the one that the id_token_hint was issued to.",
                headers,
            );
        }
        (Some(hinted), _) => Some(hinted),
        (None, named) => named.map(str::to_owned),
    };
    let client = client_id.as_deref().and_then(|id| state.client(id));
    let back = match parameters.get("post_logout_redirect_uri") {
        None => None,
        Some(uri)
            if client.is_some_and(|client| {
                client
                    .post_logout_redirect_uris
                    .iter()
                    .any(|known| known == uri)
            }) =>
        {
            Some(uri.to_owned())
        }
        Some(_) => {
            return refused_here(
                "The post_logout_redirect_uri isn't registered, character by character.",
                headers,
            );
        }
    };
    let browser = cookie(headers, SESSION_COOKIE);
    let session = browser
        .and_then(|name| state.sessions.get(name))
        .map(|session| session.sid.clone());
    let confirmed = browser.is_some_and(|name| {
        parameters
            .get("confirm")
            .is_some_and(|csrf| same(csrf, &csrf_of(name)))
    });
    let asks = match (&session, &hinted_sid) {
        (None, _) => false,
        (Some(here), Some(hinted)) => here != hinted,
        (Some(_), None) => true,
    };
    if let (true, false, Some(name)) = (asks, confirmed, browser) {
        return confirm_page(texts, parameters, &csrf_of(name), back.as_deref());
    }
    let ended = [session, hinted_sid];
    state
        .sessions
        .retain(|_, session| !ended.iter().flatten().any(|sid| *sid == session.sid));
    let mut response = match back {
        Some(back) => see_other(&with_state(&state, &back, parameters.get("state"))),
        None => {
            let notice = Notice {
                lang: texts.lang,
                title: texts.signed_out,
                text: texts.signed_out_text,
                testid: "club-signed-out",
            };
            html(StatusCode::OK, &notice, Forms::Own)
        }
    };
    let cookie = set_cookie(SESSION_COOKIE, "", COOKIE_PATH, &app.options.public_url);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// Section 3: `state` goes back as it came.
fn with_state(sandboxed: &Sandboxed, back: &str, state: Option<&str>) -> String {
    let wrong = entropy::token();
    let answered = if sandboxed.has(Fault::LogoutStateWrong) {
        Some(&*wrong)
    } else if sandboxed.has(Fault::LogoutStateMissing) {
        None
    } else {
        state
    };
    with_query(back, answered.map(|state| ("state", state)))
}

/// Known to whoever holds the session cookie, and says nothing about it.
fn csrf_of(session: &str) -> String {
    base64url(sha256(format!("logout {session}").as_bytes()))
}

#[derive(askama::Template)]
#[template(path = "club_logout.html")]
struct LogoutPage<'a> {
    texts: &'static Texts,
    csrf: &'a str,
    kept: Vec<(&'a str, &'a str)>,
}

fn confirm_page(
    texts: &'static Texts,
    parameters: &Parameters,
    csrf: &str,
    back: Option<&str>,
) -> Response {
    let kept = parameters
        .iter()
        .filter(|(name, _)| *name != "confirm")
        .collect();
    let page = LogoutPage { texts, csrf, kept };
    let origin = back.and_then(origin);
    let forms = origin.as_deref().map_or(Forms::Own, Forms::OwnAnd);
    html(StatusCode::OK, &page, forms)
}
