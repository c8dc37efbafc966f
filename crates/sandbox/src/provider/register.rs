//! "Create an account": a new persona, there until the sandbox ends.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use serde_json::json;

use super::{
    Acr, Interaction,
    authorization::redirect_origin,
    language::Texts,
    login::{interaction, notice, sign_in},
};
use crate::{
    entropy::{self, same},
    page::{Forms, html},
    persona::{Account, Persona},
    state::App,
    wire::{Parameters, see_other},
};

pub(crate) fn router() -> Router<App> {
    Router::new().route("/login/{id}/create", get(show).post(submit))
}

async fn show(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let state = app.state();
    match interaction(&state, &id, &headers) {
        Err(page) => page,
        Ok(interaction) => register_page(&id, interaction, &Parameters::default(), None),
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
    let interaction = match interaction(&state, &id, &headers) {
        Err(page) => return page,
        Ok(interaction) => interaction,
    };
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
    let field = |name: &str| {
        form.get(name)
            .map(str::trim)
            .filter(|value| !value.is_empty() && value.len() <= 200)
    };
    let (Some(given_name), Some(family_name), Some(email), Some(password)) = (
        field("given_name"),
        field("family_name"),
        field("email").filter(|email| email.contains('@')),
        field("password"),
    ) else {
        return register_page(&id, interaction, &form, Some(texts.incomplete));
    };
    if state.personas.iter().any(|persona| persona.is_named(email)) {
        return register_page(&id, interaction, &form, Some(texts.taken));
    }
    let claims = json!({
        "name": format!("{given_name} {family_name}"), "given_name": given_name, "family_name": family_name,
        "email": email, "email_verified": true, "locale": texts.lang,
    });
    let sub = entropy::name();
    let mut persona = Persona::new(
        email,
        &sub,
        "Joined on the login page.",
        Account::Open,
        claims,
    );
    password.clone_into(&mut persona.password);
    state.personas.push(persona);
    sign_in(&app, &mut state, &sub, Acr::Password, &id, &headers)
}

#[derive(askama::Template)]
#[template(path = "club_register.html")]
struct RegisterPage<'a> {
    texts: &'static Texts,
    id: &'a str,
    csrf: &'a str,
    given_name: &'a str,
    family_name: &'a str,
    email: &'a str,
    error: Option<&'static str>,
}

fn register_page(
    id: &str,
    interaction: &Interaction,
    form: &Parameters,
    error: Option<&'static str>,
) -> Response {
    let typed = |name| form.get(name).unwrap_or_default();
    let page = RegisterPage {
        texts: interaction.request.language.texts(),
        id,
        csrf: &interaction.csrf,
        given_name: typed("given_name"),
        family_name: typed("family_name"),
        email: typed("email"),
        error,
    };
    html(
        StatusCode::OK,
        &page,
        Forms::OwnAnd(&redirect_origin(&interaction.request)),
    )
}
