//! `/widget`: on the way back to a partner's page, and what the buyer is asked before.

use admit_one_protocol::handoff::Release;
use leptos::prelude::*;

use super::parts::{
    actions, button, card, considered, dynamic, nothing, notice_of, paragraph, status, who,
};
use crate::{
    app::App,
    browser,
    messages::{t, t_with},
    session::SignedIn,
    widget::{self, Question, Subject},
};

/// The page that a partner's page has opened.
pub fn widget(app: App) -> AnyView {
    app.asking.set(None);
    let agreed = StoredValue::new(None);
    browser::spawn(widget::run(app, None));
    dynamic(move || match app.asking.get() {
        Some(question) => asking(app, question, agreed),
        None => on_the_way(app, agreed),
    })
}

/// Nothing is left for the buyer to do.
fn on_the_way(app: App, agreed: StoredValue<Option<Question>>) -> AnyView {
    card(
        "widget",
        "widget.title",
        vec![
            notice_of(move || app.notice.get()),
            dynamic(move || {
                if app.notice.read().is_some() {
                    actions("actions", vec![retry(app, agreed)])
                } else {
                    status("status", true, t("widget.working"))
                }
            }),
        ],
    )
}

/// The button that begins anew, with what the buyer has said yes to.
fn retry(app: App, agreed: StoredValue<Option<Question>>) -> AnyView {
    button("primary", "retry", t("action.retry"), None, move || {
        app.notice.set(None);
        browser::spawn(widget::run(app, agreed.get_value()));
    })
}

/// A question: who is asked, for whom, what comes of a yes.
fn asking(app: App, question: Question, agreed: StoredValue<Option<Question>>) -> AnyView {
    let label = question.partner.label.clone();
    let with_label = |key| t_with(key, &[("label", &label)]);
    let (yes, no) = match question.subject {
        Subject::Release => (with_label("account.continue"), "ask.cancel"),
        Subject::StepUp => (t("ask.step_up.continue"), "ask.cancel"),
        Subject::SignOut => (t("account.sign_out"), "ask.stay"),
    };
    let mut parts = vec![who("who", move || {
        app.session.with(SignedIn::shown_name).unwrap_or_default()
    })];
    match question.subject {
        Subject::Release => parts.extend([
            paragraph("", with_label("ask.release.lead")),
            received(&question.partner.release),
            paragraph("hint", t("ask.release.once")),
        ]),
        Subject::StepUp => parts.push(paragraph("", with_label("ask.step_up.lead"))),
        Subject::SignOut => parts.push(paragraph("", with_label("ask.sign_out.lead"))),
    }
    let (title, subject) = (question.title(), question.subject);
    let press = move || {
        app.asking.set(None);
        agreed.set_value(Some(question.clone()));
        browser::spawn(widget::run(app, Some(question.clone())));
    };
    let other = if subject == Subject::Release {
        button(
            "",
            "other-account",
            t("action.other_account"),
            None,
            move || {
                browser::spawn(widget::other_account(app));
            },
        )
    } else {
        nothing()
    };
    let cancel = button("quiet", "cancel", t(no), None, move || {
        browser::spawn(widget::cancel(app));
    });
    let yes = considered("agree", yes, press);
    parts.push(actions("actions", vec![yes, other, cancel]));
    card("widget", title, parts)
}

/// "Cancel" on a page that comes before; nothing where no partner waits at the address that it leads to.
pub fn cancel(app: App, leads_to: Option<String>) -> AnyView {
    let Some(address) = leads_to.filter(|address| widget::awaits(address).is_some()) else {
        return nothing();
    };
    button("quiet", "cancel", t("ask.cancel"), None, move || {
        let address = address.clone();
        browser::spawn(async move { widget::cancel_at(app, &address).await });
    })
}

/// What a partner receives, in words.
pub fn received(release: &[Release]) -> AnyView {
    let mut keys = vec!["ask.receives.acr"];
    keys.extend(release.iter().map(|what| match what {
        Release::Profile => "ask.receives.profile",
        Release::IdToken => "ask.receives.id_token",
        Release::Sub => "ask.receives.sub",
        Release::ContactNumber => "ask.receives.contact_number",
    }));
    let items: Vec<AnyView> = keys
        .into_iter()
        .map(|key| view! { <li>{t(key)}</li> }.into_any())
        .collect();
    view! { <ul class="hint" data-testid="received">{items}</ul> }.into_any()
}
