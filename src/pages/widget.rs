//! `/widget`: on the way back to a partner's page.

use leptos::prelude::*;

use super::parts::{actions, button, card, dynamic, notice_of, status};
use crate::{app::App, browser, messages::t, widget};

/// The page that a partner's page has opened.
pub fn widget(app: App) -> AnyView {
    browser::spawn(widget::run(app));
    card(
        "widget",
        "widget.title",
        vec![
            notice_of(move || app.notice.get()),
            dynamic(move || {
                if app.notice.read().is_some() {
                    actions("actions", vec![retry(app)])
                } else {
                    status("status", true, t("widget.working"))
                }
            }),
        ],
    )
}

/// The button that begins anew.
fn retry(app: App) -> AnyView {
    button("primary", "retry", t("action.retry"), None, move || {
        app.notice.set(None);
        browser::spawn(widget::run(app));
    })
}
