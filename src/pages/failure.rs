//! A failure in place of a page: a sentence for the buyer and one clear next step.

use admit_one_protocol::Code;
use leptos::prelude::*;

use super::{
    parts::{actions, button, for_developers, sentence},
    sign_in,
    widget::cancel,
};
use crate::{app::App, failure::Failure, messages::t, sign_out::other_account, start};

/// The page of a failure.
pub fn failure(app: App, failure: Failure) -> AnyView {
    // Who has given up at one provider may want another.
    let chooses =
        failure.code == Code::AccessDenied && app.configuration.read_value().providers.len() > 1;
    let provider = failure.provider.clone().filter(|_| !chooses);
    let start_again = move || sign_in::start_again(app, provider.clone());
    let next = match failure.code {
        // Sign out of this account and choose another.
        _ if failure.is_conflict() => button(
            "primary",
            "other-account",
            t("action.other_account"),
            None,
            move || other_account(app),
        ),
        // The same once more, after the buyer has changed something.
        Code::StorageBlocked | Code::CryptoUnavailable => {
            button("primary", "retry", t("action.retry"), None, start_again)
        }
        Code::NotFound => button(
            "primary",
            "start-again",
            t("action.home"),
            None,
            start_again,
        ),
        _ => button(
            "primary",
            "start-again",
            t("action.start_again"),
            None,
            start_again,
        ),
    };
    let session = app.session.current();
    let leads_to = session
        .and_then(|session| session.return_to)
        .or_else(|| start::wanted(&app.configuration.read_value()).ok());
    view! {
        <main class="card failure" data-testid="error" data-code=failure.code.as_str()>
            <h1 tabindex="-1">{t(failure.title())}</h1>
            <p class="lead" role="alert">{sentence(&failure)}</p>
            {actions("actions", vec![next, cancel(app, leads_to)])}
            {for_developers(&failure)}
        </main>
    }
    .into_any()
}
