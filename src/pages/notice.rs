//! Something that went wrong on a page, beside what is on it.

use leptos::prelude::*;

use crate::{failure::Failure, messages::t};

/// The sentence for the buyer, and a line for the developer.
#[component]
pub fn Notice(
    /// What went wrong.
    failure: Failure,
) -> impl IntoView {
    let code = failure.code.as_str();
    view! {
        <div class="notice" role="alert" data-testid="error" data-code=code>
            <p>{sentence(&failure)}</p>
            <ForDevelopers failure/>
        </div>
    }
}

/// What the buyer reads about a failure.
pub fn sentence(failure: &Failure) -> String {
    t(&format!("error.{}", failure.code))
}

/// The code and the request's id, folded away.
#[component]
pub fn ForDevelopers(
    /// What went wrong.
    failure: Failure,
) -> impl IntoView {
    view! {
        <details class="developer">
            <summary>{t("failure.details")}</summary>
            <code>{failure.for_developers()}</code>
        </details>
    }
}
