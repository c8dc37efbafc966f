//! `/signed-out`: where a provider sends the buyer back to.

use leptos::prelude::*;

use crate::{
    app::App,
    browser::Entry,
    messages::t,
    route::Route,
    sign_out::{self, Confirmation},
};

/// The page after a sign-out.
#[component]
pub fn SignedOut() -> impl IntoView {
    let app = expect_context::<App>();
    let confirmation = sign_out::confirmation();
    let sentence = match confirmation {
        Confirmation::Missing => "signed_out.unconfirmed",
        Confirmation::NotAsked | Confirmation::Confirmed => "signed_out.lead",
    };
    view! {
        <main class="card signed-out" data-confirmed=(confirmation != Confirmation::Missing).to_string()>
            <h1 tabindex="-1">{t("signed_out.title")}</h1>
            <p class="lead" role="status" data-testid="status">{t(sentence)}</p>
            <div class="actions">
                <button type="button" class="primary" data-testid="start-again"
                    on:click=move |_| app.go(Route::SignIn, Entry::Push)>{t("signed_out.sign_in")}</button>
            </div>
        </main>
    }
}
