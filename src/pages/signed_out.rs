//! `/signed-out`: where a provider sends the buyer back to.

use admit_one_protocol::logout::LogoutReturn;
use leptos::prelude::*;

use super::parts::{actions, button, card, status};
use crate::{
    app::App, browser::Entry, callback::keep_destination, messages::t, route::Route, sign_out,
    widget,
};

/// The page after a sign-out.
pub fn signed_out(app: App) -> AnyView {
    widget::signed_out(app);
    let (sentence, testid) = match sign_out::confirmation() {
        Some(LogoutReturn::Unconfirmed) => ("signed_out.unconfirmed", "unconfirmed"),
        None | Some(LogoutReturn::Confirmed) => ("signed_out.lead", "status"),
    };
    let sign_in = move || {
        app.go(Route::SignIn, Entry::Push);
        if let Some(wanted) = sign_out::wanted() {
            keep_destination(&wanted);
        }
    };
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
                    sign_in,
                )],
            ),
        ],
    )
}
