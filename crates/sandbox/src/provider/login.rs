//! The login page: what the buyer sees, and what they type (OpenID Connect Core 3.1.2.3).

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::get,
};

use super::{
    Acr, Interaction, Session, Stage,
    authorization::{BROWSER_COOKIE, COOKIE_PATH, Notice, SESSION_COOKIE, redirect_origin},
    authorization_response::{refuse, succeed},
    language::{Language, Texts},
};
use crate::{
    entropy::{self, same},
    page::{Forms, html},
    persona::{Account, OTP},
    state::{App, Shared, State as Sandboxed},
    wire::{Parameters, cookie, see_other, set_cookie},
};

/// The third wrong code sends the buyer back to the client.
const OTP_FAILURES: u8 = 3;

pub(crate) fn router() -> Router<App> {
    Router::new().route("/login/{id}", get(show).post(submit))
}

async fn show(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let state = app.state();
    match interaction(&state, &id, &headers) {
        Err(page) => page,
        // Coming back to a login that is over starts it over, which the SSO session may answer without a page.
        Ok(interaction) if interaction.finished.is_some() => see_other(&format!(
            "{}/authorize?{}",
            app.issuer, interaction.request.query
        )),
        Ok(interaction) => {
            let typed = interaction.request.login_hint.clone().unwrap_or_default();
            login_page(&id, interaction, &typed, None)
        }
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
    let (request, stage, texts) = match interaction(&state, &id, &headers) {
        Err(page) => return page,
        Ok(interaction) => {
            let texts = interaction.request.language.texts();
            if !form
                .get("csrf")
                .is_some_and(|csrf| same(csrf, &interaction.csrf))
            {
                return notice(StatusCode::BAD_REQUEST, texts, texts.gone);
            }
            if let Some(finished) = &interaction.finished {
                return see_other(finished);
            }
            (
                interaction.request.clone(),
                interaction.stage.clone(),
                texts,
            )
        }
    };
    let give_up = |state: &mut Sandboxed, why: &str| {
        let to = refuse(
            &app,
            &request.redirect_uri,
            request.state.as_deref(),
            "access_denied",
            why,
        );
        finish(state, &id, &to);
        see_other(&to)
    };
    if form.get("cancel").is_some() {
        return give_up(&mut state, "the buyer went back");
    }
    match stage {
        Stage::Frozen => give_up(&mut state, "the account is frozen"),
        Stage::Password => {
            let typed = form.get("username").unwrap_or_default();
            let password = form.get("password").unwrap_or_default();
            match state.persona_with(typed, password).cloned() {
                None => again(
                    &mut state,
                    &id,
                    Stage::Password,
                    typed,
                    Some(texts.wrong_password),
                ),
                Some(persona) => match persona.account {
                    Account::Frozen => again(&mut state, &id, Stage::Frozen, typed, None),
                    Account::Open if request.needs() == Acr::Password => {
                        sign_in(&app, &mut state, &persona.sub, Acr::Password, &id, &headers)
                    }
                    Account::Open | Account::SecondFactor => {
                        let stage = Stage::Otp {
                            sub: persona.sub,
                            failures: 0,
                        };
                        again(&mut state, &id, stage, typed, None)
                    }
                },
            }
        }
        Stage::Otp { sub, .. } if form.get("otp").is_some_and(|otp| same(otp.trim(), OTP)) => {
            sign_in(&app, &mut state, &sub, Acr::Otp, &id, &headers)
        }
        Stage::Otp { failures, .. } if failures + 1 >= OTP_FAILURES => {
            give_up(&mut state, "the second factor was wrong three times")
        }
        Stage::Otp { sub, failures } => {
            let stage = Stage::Otp {
                sub,
                failures: failures + 1,
            };
            again(&mut state, &id, stage, "", Some(texts.wrong_otp))
        }
    }
}

/// Starts the SSO session in this browser and sends the buyer back with a code.
pub(crate) fn sign_in(
    app: &Shared,
    state: &mut Sandboxed,
    sub: &str,
    acr: Acr,
    interaction: &str,
    headers: &HeaderMap,
) -> Response {
    let Some(Interaction {
        request, browser, ..
    }) = state.interactions.get(interaction)
    else {
        return see_other(&app.issuer);
    };
    let (request, browser) = (request.clone(), browser.clone());
    // A new name for the session, so that none planted before the login is worth anything.
    if let Some(former) = cookie(headers, SESSION_COOKIE) {
        state.sessions.remove(former);
    }
    let session = Session {
        sub: sub.to_owned(),
        sid: entropy::name(),
        auth_time: app.now(),
        acr,
    };
    let name = entropy::token();
    state.sessions.insert(name.clone(), session.clone());
    // Finished before the response is made: this attempt isn't an earlier one that was given up.
    finish(state, interaction, "");
    let to = succeed(app, state, &request, &browser, session);
    finish(state, interaction, &to);
    let mut response = see_other(&to);
    let cookie = set_cookie(SESSION_COOKIE, &name, COOKIE_PATH, &app.options.public_url);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

fn finish(state: &mut Sandboxed, id: &str, to: &str) {
    if let Some(interaction) = state.interactions.get_mut(id) {
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
    match state.interactions.get_mut(id) {
        Some(interaction) => {
            interaction.stage = stage;
            login_page(id, interaction, typed, error)
        }
        None => {
            let texts = Language::English.texts();
            notice(StatusCode::GONE, texts, texts.gone)
        }
    }
}

/// The login that the page belongs to, if it was opened in this browser.
#[expect(
    clippy::result_large_err,
    reason = "the error is the page that the buyer sees"
)]
pub(crate) fn interaction<'a>(
    state: &'a Sandboxed,
    id: &str,
    headers: &HeaderMap,
) -> Result<&'a Interaction, Response> {
    let texts = Language::choose(None, headers).texts();
    let interaction = state
        .interactions
        .get(id)
        .ok_or_else(|| notice(StatusCode::GONE, texts, texts.gone))?;
    let browser = cookie(headers, BROWSER_COOKIE).unwrap_or_default();
    if same(browser, &interaction.browser) {
        Ok(interaction)
    } else {
        Err(notice(StatusCode::FORBIDDEN, texts, texts.other_browser))
    }
}

pub(crate) fn notice(status: StatusCode, texts: &'static Texts, text: &str) -> Response {
    html(
        status,
        &Notice {
            lang: texts.lang,
            title: texts.refused,
            text,
            testid: "club-error",
        },
        Forms::Own,
    )
}

#[derive(askama::Template)]
#[template(path = "club_login.html")]
struct LoginPage<'a> {
    texts: &'static Texts,
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
        texts: interaction.request.language.texts(),
        id,
        csrf: &interaction.csrf,
        client: &interaction.request.client_id,
        stage: &interaction.stage,
        typed,
        error,
    };
    html(
        StatusCode::OK,
        &page,
        Forms::OwnAnd(&redirect_origin(&interaction.request)),
    )
}
