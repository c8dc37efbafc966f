//! A failure in place of a page: a sentence for the buyer and one clear next step.

use admit_one_protocol::{Code, api::SignOutReach};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    app::App,
    failure::Failure,
    messages::t,
    pages::{
        notice::{ForDevelopers, sentence},
        sign_in,
    },
    sign_out,
};

/// The one thing to do next.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    /// Sign in again, with the same provider where it is known.
    StartAgain,
    /// The same once more, after the buyer has changed something.
    Retry,
    /// Sign out of this account and choose another.
    OtherAccount,
}

impl Next {
    fn after(failure: &Failure) -> Next {
        match failure.code {
            _ if failure.is_conflict() => Next::OtherAccount,
            Code::StorageBlocked | Code::CryptoUnavailable => Next::Retry,
            _ => Next::StartAgain,
        }
    }

    fn testid(self) -> &'static str {
        match self {
            Next::StartAgain => "start-again",
            Next::Retry => "retry",
            Next::OtherAccount => "other-account",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Next::StartAgain => "action.start_again",
            Next::Retry => "action.retry",
            Next::OtherAccount => "action.other_account",
        }
    }

    fn take(self, app: App, provider: Option<String>) {
        match self {
            Next::StartAgain | Next::Retry => sign_in::start_again(app, provider),
            Next::OtherAccount => spawn_local(async move {
                app.failure.set(None);
                // Signing out here always works.
                let _ = sign_out::sign_out(app, SignOutReach::Here).await;
            }),
        }
    }
}

/// The page of a failure.
#[component]
pub fn FailurePage(
    /// What went wrong.
    failure: Failure,
) -> impl IntoView {
    let app = expect_context::<App>();
    let next = Next::after(&failure);
    let title = if failure.is_conflict() {
        "failure.conflict"
    } else {
        "failure.title"
    };
    let provider = failure.provider.clone();
    let code = failure.code.as_str();
    view! {
        <main class="card failure" data-testid="error" data-code=code>
            <h1 tabindex="-1">{t(title)}</h1>
            <p class="lead" role="alert">{sentence(&failure)}</p>
            <div class="actions">
                <button type="button" class="primary" data-testid=next.testid()
                    on:click=move |_| next.take(app, provider.clone())>{t(next.label())}</button>
            </div>
            <ForDevelopers failure/>
        </main>
    }
}

/// The page of an address at which there is nothing.
pub fn not_found() -> impl IntoView {
    view! {
        <main class="card failure" data-testid="error" data-code=Code::NotFound.as_str()>
            <h1 tabindex="-1">{t("failure.title")}</h1>
            <p class="lead" role="alert">{sentence(&Code::NotFound.into())}</p>
            <div class="actions"><a class="primary" data-testid="start-again" href="/">{t("action.home")}</a></div>
        </main>
    }
}
