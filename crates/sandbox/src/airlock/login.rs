//! The login pages. The vendor's are a JavaScript application; these are plain forms that ask for the same.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::get,
};

use super::{
    Flow, Session,
    authorization::{
        AuthorizationRequest, BROWSER_COOKIE, COOKIE_PATH, SESSION_COOKIE, refuse, succeed,
    },
};
use crate::{
    entropy::{self, same},
    page::{Forms, html},
    persona::{Account, OTP},
    state::{App, Shared, State as Sandboxed},
    wire::{Parameters, cookie, origin, see_other, set_cookie},
};

/// The third wrong code ends the flow.
const OTP_FAILURES: u8 = 3;

pub(crate) fn router() -> Router<App> {
    Router::new().route("/auth-login/ui/login/{id}", get(show).post(submit))
}

/// A flow that is under way in one browser.
pub(crate) struct Interaction {
    pub(crate) request: AuthorizationRequest,
    /// The browser's cookie: a login page works only where it was opened.
    pub(crate) browser: String,
    /// Stands in the page's form, against requests forged by other pages.
    pub(crate) csrf: String,
    pub(crate) stage: Stage,
    pub(crate) started_at: i64,
    /// Where it led; a second click on the button goes there too.
    pub(crate) finished: Option<String>,
}

/// The step that the flow has come to.
#[derive(Clone)]
pub(crate) enum Stage {
    Password,
    Otp { persona: String, failures: u8 },
    Frozen,
}

async fn show(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let state = app.state();
    match interaction(&state, &id, &headers) {
        Err(page) => page,
        Ok(interaction) if interaction.finished.is_some() => gone(),
        Ok(interaction) => login_page(&id, interaction, "", None),
    }
}

async fn submit(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Parameters::parse(&body);
    let mut state = app.state();
    let (request, stage) = match interaction(&state, &id, &headers) {
        Err(page) => return page,
        Ok(interaction) => {
            let csrf = form.get("csrf").unwrap_or_default();
            if !same(csrf, &interaction.csrf) {
                return gone();
            }
            if let Some(finished) = &interaction.finished {
                return see_other(finished);
            }
            (interaction.request.clone(), interaction.stage.clone())
        }
    };
    let give_up = |state: &mut Sandboxed, why: &'static str| {
        let to = refuse(&request, "access_denied", why);
        finish(state, &id, &to);
        see_other(&to)
    };
    if form.get("cancel").is_some() {
        return give_up(&mut state, "the buyer went back");
    }
    match stage {
        Stage::Frozen => give_up(&mut state, "the account is locked"),
        Stage::Password => {
            let typed = form.get("username").unwrap_or_default();
            let password = form.get("password").unwrap_or_default();
            match state.persona_with(typed, password).cloned() {
                None => {
                    let why = "The username or the password is wrong.";
                    again(&mut state, &id, Stage::Password, typed, Some(why))
                }
                Some(persona) if persona.account == Account::Frozen => {
                    again(&mut state, &id, Stage::Frozen, "", None)
                }
                Some(persona) if request.flow() == Flow::Weak => {
                    sign_in(&app, &mut state, &id, &persona.sub, &headers)
                }
                Some(persona) => {
                    let stage = Stage::Otp {
                        persona: persona.sub,
                        failures: 0,
                    };
                    again(&mut state, &id, stage, "", None)
                }
            }
        }
        Stage::Otp { persona, .. } if same(form.get("otp").unwrap_or_default().trim(), OTP) => {
            sign_in(&app, &mut state, &id, &persona, &headers)
        }
        Stage::Otp { failures, .. } if failures + 1 >= OTP_FAILURES => {
            give_up(&mut state, "the second factor was wrong three times")
        }
        Stage::Otp { persona, failures } => {
            let stage = Stage::Otp {
                persona,
                failures: failures + 1,
            };
            let why = "This code is wrong. Try again.";
            again(&mut state, &id, stage, "", Some(why))
        }
    }
}

/// Starts the session in this browser and sends the buyer back with a code.
fn sign_in(
    app: &Shared,
    state: &mut Sandboxed,
    id: &str,
    persona: &str,
    headers: &HeaderMap,
) -> Response {
    let Some(interaction) = state.airlock.interactions.get(id) else {
        return gone();
    };
    let request = interaction.request.clone();
    // A new name for the session, so that none planted before the login is worth anything.
    if let Some(former) = cookie(headers, SESSION_COOKIE) {
        state.airlock.sessions.remove(former);
    }
    let session = Session {
        persona: persona.to_owned(),
        auth_time: app.now(),
        flow: request.flow(),
    };
    let name = entropy::token();
    let sessions = &mut state.airlock.sessions;
    sessions.insert(name.clone(), session.clone());
    let to = succeed(app, state, &request, session);
    finish(state, id, &to);
    let mut response = see_other(&to);
    let cookie = set_cookie(SESSION_COOKIE, &name, COOKIE_PATH, &app.options.airlock_url);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

fn finish(state: &mut Sandboxed, id: &str, to: &str) {
    if let Some(interaction) = state.airlock.interactions.get_mut(id) {
        interaction.finished = Some(to.to_owned());
    }
}

fn again(
    state: &mut Sandboxed,
    id: &str,
    stage: Stage,
    typed: &str,
    error: Option<&'static str>,
) -> Response {
    match state.airlock.interactions.get_mut(id) {
        Some(interaction) => {
            interaction.stage = stage;
            login_page(id, interaction, typed, error)
        }
        None => gone(),
    }
}

/// The flow that the page belongs to, if it was opened in this browser.
#[expect(
    clippy::result_large_err,
    reason = "the error is the page that the buyer sees"
)]
fn interaction<'a>(
    state: &'a Sandboxed,
    id: &str,
    headers: &HeaderMap,
) -> Result<&'a Interaction, Response> {
    let interaction = state.airlock.interactions.get(id).ok_or_else(gone)?;
    let browser = cookie(headers, BROWSER_COOKIE).unwrap_or_default();
    if same(browser, &interaction.browser) {
        Ok(interaction)
    } else {
        Err(notice(
            StatusCode::FORBIDDEN,
            "This login was started in another browser, or cookies are blocked. Go back to the shop and start again.",
        ))
    }
}

fn gone() -> Response {
    notice(
        StatusCode::GONE,
        "This login is over. Go back to the shop and start again.",
    )
}

#[derive(askama::Template)]
#[template(path = "airlock_notice.html")]
struct Notice<'a> {
    title: &'a str,
    text: &'a str,
    testid: &'a str,
}

/// A page that says why it doesn't go on.
pub(crate) fn notice(status: StatusCode, text: &str) -> Response {
    let notice = Notice {
        title: "This login can't go on",
        text,
        testid: "airlock-error",
    };
    html(status, &notice, Forms::Own)
}

/// The page after a logout that leads nowhere else.
pub(crate) fn signed_out() -> Response {
    let notice = Notice {
        title: "You are logged out",
        text: "Close this window, or go back to the shop.",
        testid: "airlock-signed-out",
    };
    html(StatusCode::OK, &notice, Forms::Own)
}

#[derive(askama::Template)]
#[template(path = "airlock_login.html")]
struct LoginPage<'a> {
    id: &'a str,
    csrf: &'a str,
    client: &'a str,
    stage: &'a Stage,
    typed: &'a str,
    error: Option<&'static str>,
}

fn login_page(
    id: &str,
    interaction: &Interaction,
    typed: &str,
    error: Option<&'static str>,
) -> Response {
    let page = LoginPage {
        id,
        csrf: &interaction.csrf,
        client: &interaction.request.client_id,
        stage: &interaction.stage,
        typed,
        error,
    };
    let ends_at = origin(&interaction.request.redirect_uri).unwrap_or_default();
    html(StatusCode::OK, &page, Forms::OwnAnd(&ends_at))
}
