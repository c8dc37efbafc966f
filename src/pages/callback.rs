//! `/callback/{provider}`: the buyer is back and waits a moment (`src/shell/callback.html` is its first look).

use leptos::{prelude::*, task::spawn_local};

use crate::{
    app::App,
    browser,
    callback::{self, Progress},
    messages::t,
    pages::{notice::Notice, sign_in},
};

/// The callback page.
#[component]
pub fn Callback() -> impl IntoView {
    let app = expect_context::<App>();
    let progress = RwSignal::new(Progress::Working);
    let run = move || {
        progress.set(Progress::Working);
        spawn_local(callback::run(app, progress));
    };
    run();
    let retry = move || match progress.try_get_untracked() {
        Some(Progress::Stuck(_)) => run(),
        // It is being waited for; this ends the waiting.
        Some(Progress::Offline) => progress.set(Progress::Working),
        _ => {}
    };
    browser::on_window("online", retry);
    let waits = move || matches!(progress.get(), Progress::Working | Progress::Trying);
    view! {
        <main class="card callback">
            <h1 tabindex="-1">{t("callback.title")}</h1>
            <p class="status" role="status" data-testid="status" aria-busy=move || waits().to_string()>
                {move || t(match progress.get() {
                    Progress::Working => "callback.working",
                    Progress::Trying => "callback.trying",
                    Progress::Offline => "callback.offline",
                    Progress::Stuck(_) => "callback.stuck",
                })}
            </p>
            {move || match progress.get() {
                Progress::Stuck(failure) => Some(view! { <Notice failure/> }),
                Progress::Offline => Some(view! { <Notice failure=admit_one_protocol::Code::Offline.into()/> }),
                _ => None,
            }}
            {move || (!waits()).then(|| view! {
                <div class="actions">
                    <button type="button" class="primary" data-testid="retry" on:click=move |_| retry()>
                        {t("action.retry")}
                    </button>
                    <button type="button" class="quiet" data-testid="start-again"
                        on:click=move |_| sign_in::start_again(app, app.callback_provider())>
                        {t("action.start_again")}
                    </button>
                </div>
            })}
        </main>
    }
}
