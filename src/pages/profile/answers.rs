//! Partial answers survive a reload, and nobody else's sign-in.

use admit_one_protocol::{
    api::Custody,
    profile::{Field, Profile as Answers},
};

use leptos::prelude::ReadValue;

use crate::{app::App, browser::Shelf, custody};

/// The answers given so far; at first what the provider has said already.
pub(super) fn kept_answers(app: App) -> Answers {
    if let Some(kept) = Shelf::ALL
        .into_iter()
        .find_map(|shelf| shelf.get(custody::ANSWERS))
    {
        return kept;
    }
    let mut answers = Answers::default();
    if let Some(session) = app.session.current() {
        let claims = session.claims;
        for (field, value) in [
            (Field::GivenName, claims.given_name),
            (Field::FamilyName, claims.family_name),
        ] {
            if let Some(value) = value {
                answers.set(field, value);
            }
        }
    }
    answers
}

/// Keeps the answers where the session is kept, at most.
pub(super) fn keep_answers(app: App, answers: &Answers) {
    let shelves = match app.configuration.read_value().custody {
        Custody::Local | Custody::Cookie => Shelf::ALL,
        Custody::Session | Custody::Memory => [Shelf::Session, Shelf::Session],
    };
    let _ = shelves
        .into_iter()
        .any(|shelf| shelf.set(custody::ANSWERS, answers));
}
