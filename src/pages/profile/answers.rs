//! Partial answers survive a reload, and nobody else's sign-in.

use admit_one_protocol::{
    api::Custody,
    profile::{Field, Profile as Answers},
};

use leptos::prelude::ReadValue;
use serde::{Deserialize, Serialize};

use crate::{app::App, browser::Shelf, custody};

#[derive(Deserialize, Serialize)]
struct Kept {
    /// Who gave them.
    person: String,
    answers: Answers,
}

/// The answers given so far; at first what the provider has said already, and the language of the page.
pub(super) fn kept_answers(app: App) -> Answers {
    let mut answers = Answers::default();
    answers.set(Field::Locale, &*app.configuration.read_value().lang);
    if let Some(session) = app.session.current() {
        let person = session.person();
        let mut kept = Shelf::ALL.into_iter();
        let kept: Option<Kept> = kept.find_map(|shelf| shelf.get(custody::ANSWERS));
        if let Some(kept) = kept.filter(|kept| kept.person == person) {
            return kept.answers;
        }
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
    let Some(session) = app.session.current() else {
        return;
    };
    let kept = Kept {
        person: session.person(),
        answers: answers.clone(),
    };
    let shelves = match app.configuration.read_value().custody {
        Custody::Local | Custody::Cookie => Shelf::ALL,
        Custody::Session | Custody::Memory => [Shelf::Session, Shelf::Session],
    };
    let _ = shelves
        .into_iter()
        .any(|shelf| shelf.set(custody::ANSWERS, &kept));
}
