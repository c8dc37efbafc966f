//! `/landing/{provider}`: the buyer is back from SSO2, and types their password here where the login form is ours.

mod form;

use admit_one_protocol::authorization::callback_state;
use leptos::prelude::*;

use super::{
    callback,
    parts::{actions, button, card, dynamic, paragraph},
    sign_in,
};
use crate::{
    app::App,
    browser,
    callback::{self as flow, Progress},
    messages::t,
    pending,
};

/// The landing page.
pub fn landing(app: App) -> AnyView {
    let progress = RwSignal::new(Progress::Working);
    let run = move || {
        progress.set(Progress::Working);
        browser::spawn(flow::run(app, progress));
    };
    run();
    let retry = move || match progress.try_get_untracked() {
        Some(Progress::Stuck(_)) => run(),
        // It is being waited for; this ends the waiting.
        Some(Progress::Waiting(_)) => progress.set(Progress::Working),
        _ => {}
    };
    browser::on_window("online", retry);
    // While nothing has to be typed, only the words change.
    let form: Memo<Option<Progress>> = Memo::new(move |_| {
        let progress = progress.get();
        matches!(progress, Progress::LoginForm(_) | Progress::CentralForm(_)).then_some(progress)
    });
    card(
        "landing",
        "landing.title",
        vec![dynamic(move || match form.get() {
            Some(Progress::LoginForm(state)) => form::login_form(app, state),
            Some(Progress::CentralForm(url)) => central_form(app, url),
            _ => callback::waiting(app, progress, retry),
        })],
    )
}

/// The buyer has been at a central login form and came back as nobody.
fn central_form(app: App, url: String) -> AnyView {
    let go = move || {
        browser::leave(&url);
    };
    let another_way = move || {
        let state = callback_state(&browser::query());
        another_way(app, &state.unwrap_or_default());
    };
    vec![
        paragraph("lead", t("landing.central")),
        actions(
            "actions",
            vec![
                button(
                    "primary",
                    "central-form",
                    t("landing.central_form"),
                    None,
                    go,
                ),
                button(
                    "quiet",
                    "other-way",
                    t("landing.other_way"),
                    None,
                    another_way,
                ),
            ],
        ),
    ]
    .into_any()
}

/// Leads to the choice of providers, on the way to where the sign-in of this `state` leads.
fn another_way(app: App, state: &str) {
    let pending = pending::find(state);
    sign_in::start_again(app, None);
    if let Some(pending) = pending {
        flow::keep_destination(&pending.return_to);
    }
}
