//! `/`: the choice of providers. Its first look is served with the page (`src/shell/sign_in.html`).

use admit_one_protocol::api::PublicProvider;
use leptos::prelude::*;

use super::{
    parts::{card, nothing, notice_of, paragraph},
    widget::{cancel, received},
};
use crate::{
    again::Wait,
    app::App,
    browser,
    failure::Failure,
    leave,
    messages::{t, t_with},
    route::Route,
    start, widget,
};

/// The sign-in page.
pub fn sign_in(app: App) -> AnyView {
    if let Some(pressed) = browser::boot_pressed() {
        begin(app, pressed);
    }
    let wanted = start::wanted(&app.configuration.read_value());
    let refused = wanted.clone().err().map(Failure::new);
    let wanted = wanted.ok();
    card(
        "sign-in",
        "sign_in.title",
        vec![
            lead(wanted.as_deref()),
            notice_of(move || app.session.ended_by().map(Failure::new)),
            notice_of(move || refused.clone()),
            notice_of(move || app.notice.get()),
            providers(app, wanted.as_deref()),
            cancel(app, wanted),
            note(app),
        ],
    )
}

/// Who it is for, if a partner's page has asked for it, and what they will receive.
fn lead(wanted: Option<&str>) -> AnyView {
    match wanted.and_then(widget::awaits) {
        Some(partner) => vec![
            paragraph("lead", t_with("ask.sign_in", &[("label", &partner.label)])),
            received(&partner.release),
        ]
        .into_any(),
        None => paragraph("lead", t("sign_in.lead")),
    }
}

/// We never see a password, unless there is a provider whose login form is ours.
fn note(app: App) -> AnyView {
    if app.configuration.read_value().asks_for_passwords() {
        nothing()
    } else {
        paragraph("note", t("sign_in.note"))
    }
}

/// One button for each provider, the one used last first. Where a step-up follows, for those that can do it.
fn providers(app: App, wanted: Option<&str>) -> AnyView {
    let last = start::last_used();
    let mut providers = app.configuration.read_value().providers.clone();
    if wanted.is_some_and(widget::is_for_step_up) {
        providers.retain(|provider| provider.step_up.is_some());
    }
    let first = providers.first().map(|provider| provider.id.clone());
    let several = providers.len() > 1;
    let mut buttons = Vec::new();
    for provider in providers {
        let is_last = Some(&provider.id) == last.as_ref();
        let testid = (Some(&provider.id) == first.as_ref()).then_some("sign-in");
        let at = if is_last { 0 } else { buttons.len() };
        buttons.insert(
            at,
            provider_button(app, provider, testid, several && is_last),
        );
    }
    view! { <div class="providers">{buttons}</div> }.into_any()
}

fn provider_button(
    app: App,
    provider: PublicProvider,
    testid: Option<&'static str>,
    is_last: bool,
) -> AnyView {
    let label = t_with("sign_in.continue_with", &[("label", &provider.label)]);
    let hint = if is_last {
        view! { <small>{t("sign_in.last")}</small> }.into_any()
    } else {
        nothing()
    };
    let (id, pressed) = (provider.id.clone(), provider.id.clone());
    view! {
        <button type="button" class="provider" data-testid=testid data-provider=id
            aria-busy=move || (app.starting.read().as_ref() == Some(&provider.id)).then_some("true")
            on:click=move |_| begin(app, pressed.clone())>{label}{hint}</button>
    }
    .into_any()
}

/// Leaves for the provider; a second press while the page is being left does nothing.
fn begin(app: App, provider: String) {
    if app.starting.get_untracked().is_some() {
        return;
    }
    let mut wait = Wait::new(app);
    browser::spawn(async move {
        let return_to = destination(app);
        app.notice.set(None);
        loop {
            app.starting.set(Some(provider.clone()));
            let Err(failure) = start::start(app, &provider, &return_to).await else {
                // Still here: the buyer has stopped it, or an app has taken the address.
                browser::sleep(leave::GONE_WITHIN_MS).await;
                app.starting.set(None);
                return;
            };
            app.starting.set(None);
            if !failure.is_transient() {
                return app.fail(failure);
            }
            if app.notice.get_untracked().as_ref() != Some(&failure) {
                app.notice.set(Some(failure.clone())); // said once
            }
            if !failure.passes() || !wait.is_over(failure).await {
                return;
            }
        }
    });
}

/// Where to go afterwards: what the link said, or the page that asked for the sign-in.
fn destination(app: App) -> String {
    match start::wanted(&app.configuration.read_value()) {
        Ok(wanted) if wanted != "/" => wanted,
        _ => match app.route.get_untracked() {
            // A deep link keeps its query.
            Route::Account | Route::Profile if !browser::query().is_empty() => {
                [&*browser::path(), "?", &browser::query()].concat()
            }
            route => route.path().to_owned(),
        },
    }
}

/// Starts again with the provider of a failed sign-in, or from the choice of providers.
pub fn start_again(app: App, provider: Option<String>) {
    app.failure.set(None);
    match provider.filter(|id| app.configuration.read_value().provider(id).is_some()) {
        Some(provider) => begin(app, provider),
        // The address may have where the buyer wants to go.
        None if Route::here() == Route::SignIn => app.follow(),
        None => app.go(Route::SignIn, browser::Entry::Replace),
    }
}
