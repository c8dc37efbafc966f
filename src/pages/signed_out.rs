//! `/signed-out`: where a provider sends the buyer back to.

use admit_one_protocol::logout::LogoutReturn;
use leptos::prelude::*;

use super::parts::{actions, button, card, status};
use crate::{
    app::App,
    browser::{self, Entry},
    callback::keep_destination,
    leave,
    messages::t,
    route::Route,
    sign_out, widget,
};

/// The page after a sign-out.
pub fn signed_out(app: App) -> AnyView {
    let is_widgets = widget::signed_out(app);
    // Whoever wants another account reads no farewell.
    let goes_on = leave::wants_another();
    let confirmation = sign_out::confirmation();
    let (sentence, testid) = match (confirmation, sign_out::was_everywhere()) {
        (Some(LogoutReturn::Unconfirmed), _) => ("signed_out.unconfirmed", "unconfirmed"),
        (_, true) => ("signed_out.everywhere", "status"),
        (_, false) => ("signed_out.lead", "status"),
    };
    let sign_in = move |entry| {
        app.go(Route::SignIn, entry);
        if let Some(wanted) = sign_out::wanted() {
            keep_destination(&wanted);
        }
    };
    if goes_on && !is_widgets && confirmation != Some(LogoutReturn::Unconfirmed) {
        browser::spawn(async move { sign_in(Entry::Replace) });
    }
    card(
        "signed-out",
        "signed_out.title",
        vec![
            status(testid, false, t(sentence)),
            actions(
                "actions",
                vec![button(
                    "primary",
                    "start-again",
                    t("signed_out.sign_in"),
                    None,
                    move || sign_in(Entry::Push),
                )],
            ),
        ],
    )
}
