//! `/callback/{provider}`: the buyer is back and waits a moment (`src/shell/callback.html` is its first look).

use leptos::prelude::*;

use super::parts::{actions, button, card, dynamic, nothing, notice_of, status};
use crate::{
    app::App,
    browser,
    callback::{self, Progress},
    messages::t,
};

/// The callback page.
pub fn callback(app: App) -> AnyView {
    let progress = RwSignal::new(Progress::Working);
    let run = move || {
        progress.set(Progress::Working);
        browser::spawn(callback::run(app, progress));
    };
    run();
    let retry = move || match progress.try_get_untracked() {
        Some(Progress::Stuck(_)) => run(),
        // It is being waited for; this ends the waiting.
        Some(Progress::Waiting(_)) => progress.set(Progress::Working),
        _ => {}
    };
    browser::on_window("online", retry);
    card(
        "callback",
        "callback.title",
        vec![waiting(app, progress, retry)],
    )
}

/// How far a sign-in is that nobody has to do anything for, unless it is stuck.
pub(super) fn waiting(
    app: App,
    progress: RwSignal<Progress>,
    retry: impl Fn() + Copy + Send + 'static,
) -> AnyView {
    let waits = move || !matches!(*progress.read(), Progress::Waiting(_) | Progress::Stuck(_));
    vec![
        dynamic(move || {
            let key = match *progress.read() {
                Progress::Trying => "callback.trying",
                Progress::Waiting(_) if !browser::is_online() => "callback.offline",
                Progress::Waiting(_) => "callback.trying",
                Progress::Stuck(_) => "callback.stuck",
                _ => "callback.working",
            };
            status("status", waits(), t(key))
        }),
        notice_of(move || match progress.get() {
            Progress::Stuck(failure) | Progress::Waiting(failure) => Some(failure),
            _ => None,
        }),
        dynamic(move || {
            if waits() {
                return nothing();
            }
            actions(
                "actions",
                vec![
                    button("primary", "retry", t("action.retry"), None, retry),
                    button(
                        "quiet",
                        "start-again",
                        t("action.start_again"),
                        None,
                        move || callback::give_up(app),
                    ),
                ],
            )
        }),
    ]
    .into_any()
}
