//! Step *grant*: into the shop, with a signed, short-lived token that the backend makes.

use admit_one_protocol::{Code, api::GrantRequest, authorization::Replay};
use leptos::prelude::*;

use crate::{
    api,
    app::App,
    browser::{self, Entry},
    failure::Failure,
    route::Route,
    start, step_up, sync,
};

/// Leaves for the shop: for the page there that the buyer wanted, if there was one.
pub async fn grant(app: App) -> Result<(), Failure> {
    match ask(app).await {
        Err(Failure {
            step_up: Some(wanted),
            ..
        }) => step_up::begin(app, &wanted, Some(Replay::Grant)).await,
        asked => asked,
    }
}

/// The same once more, after a step-up; what still isn't enough is shown.
pub async fn replay(app: App) {
    let Some(session) = app.session.current() else {
        return;
    };
    if let Err(failure) = ask(app).await {
        sync::refused(app, &session, failure);
    }
}

async fn ask(app: App) -> Result<(), Failure> {
    let session = app.session.current().ok_or(Code::HandleMissing)?;
    let return_to = session.return_to.clone();
    let wanted = return_to
        .or_else(|| browser::parameter("return_to"))
        .and_then(|raw| start::allowed(&app.configuration.read_value(), &raw).ok());
    let request = GrantRequest {
        handle: session.handle.clone(),
        return_to: wanted
            .filter(|wanted| !wanted.is_own())
            .map(|wanted| wanted.as_str().to_owned()),
        lang: app.configuration.read_value().lang.clone(),
    };
    let granted = api::grant(&request).await?;
    let current = app.session.current();
    if current.is_none_or(|current| !current.is_same_person(&session)) {
        return Ok(()); // they have signed out meanwhile
    }
    app.session
        .update(&session, |session| session.return_to = None);
    if app.route.get_untracked() == Route::SignIn {
        // Whoever comes back isn't sent on once more.
        browser::set_path(Route::Account.path(), Entry::Replace);
    }
    if session.return_to.is_some() {
        // Nobody has stopped here: the back button doesn't either.
        browser::leave_for_good(&granted.location);
    } else {
        browser::leave(&granted.location);
    }
    Ok(())
}
