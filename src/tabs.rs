//! What other tabs do is seen here at once: by storage events where tabs share a storage, else by being told.

use admit_one_protocol::Code;
use leptos::prelude::*;

use crate::{
    app::App,
    browser::{self, Entry, Shelf},
    custody::{self, forget_answers},
    refresh,
    route::Route,
    session::SignedIn,
    sign_out, start, step_up, sync, widget,
};

/// Tells the other tabs who is signed in now.
pub fn announce_sign_in(session: &SignedIn) {
    browser::announce(&session.person());
}

/// Tells the other tabs that nobody is.
pub fn announce_sign_out() {
    browser::announce("");
}

/// Listens to the world outside, for as long as the page lives.
pub fn listen(app: App) {
    browser::on_storage(move |key| {
        if key.is_none_or(|key| key == custody::KEY) {
            look_again(app);
        }
    });
    browser::on_announcement(move |text| hear(app, &text));
    browser::on_window("online", move || {
        refresh::try_again(app);
        sign_out::try_again(app);
    });
    sign_out::try_again(app);
    browser::on_document("visibilitychange", move || refresh::watch(app));
    // Also of a page that comes back out of the back/forward cache, which got no events there.
    browser::on_window("pageshow", move || {
        app.starting.set(None);
        look_again(app);
        if step_up::is_abandoned(app) && app.route.get_untracked() == Route::Widget {
            browser::spawn(widget::run(app, None));
        }
    });
    browser::on_window("popstate", move || app.follow());
}

fn look_again(app: App) {
    let before = app.session.current();
    app.session.observe();
    let now = app.session.current();
    match (&before, &now) {
        (Some(before), Some(now)) if !before.is_same_person(now) => {
            forget_answers();
            app.failure.set(None);
            app.notice.set(None);
        }
        (None, Some(_)) => {
            // Somebody signed in in another tab: this one follows.
            app.failure.set(None);
            if app.route.get_untracked() == Route::Landing {
                // The login form isn't needed any more.
                app.go(Route::Account, Entry::Replace);
            } else if !widget::go_back_to_ask(app) {
                app.follow();
            }
        }
        _ => {}
    }
    refresh::watch(app);
}

/// What storage events don't tell.
fn hear(app: App, announced: &str) {
    let Some(current) = app.session.current() else {
        return;
    };
    if custody::is_in_sight(app.configuration.read_value().custody) {
        return;
    }
    if announced != current.person() {
        custody::forget(None);
        forget_answers();
        app.session
            .leave(announced.is_empty().then_some(Code::HandleRevoked));
    }
}

/// What a page that is opened with a session has to do.
pub async fn resume(app: App) {
    let Some(session) = app.session.current() else {
        return;
    };
    if step_up::is_coming_back(app) {
        return;
    }
    refresh::watch(app);
    if matches!(app.route.get_untracked(), Route::Callback | Route::Landing) {
        return;
    }
    // What led to a step-up that was given up doesn't lead there again by itself.
    if step_up::is_abandoned(app) {
        return;
    }
    // It knows by itself what comes first.
    if app.route.get_untracked() == Route::Widget {
        return;
    }
    match sent_on(app) {
        Ok(None) => {}
        Ok(address) => app
            .session
            .update(&session, |session| session.return_to = address),
        Err(code) => return app.notice.set(Some(code.into())),
    }
    let goes_on = |session: &SignedIn| session.missing.is_none() || session.return_to.is_some();
    if app.session.current().is_some_and(|now| goes_on(&now)) {
        sync::onward(app).await;
    }
}

/// Where a link to the sign-in page sends whoever is signed in already: on at once, but not round and round, should the shop
/// send them back again, nor by the back button.
fn sent_on(app: App) -> Result<Option<String>, Code> {
    if app.route.get_untracked() != Route::SignIn || browser::came_by_history() {
        return Ok(None);
    }
    let wanted = start::wanted(&app.configuration.read_value())?;
    let now = browser::now_ms();
    let last = Shelf::Session.text(SENT_ON).and_then(|at| at.parse().ok());
    if wanted == "/" || last.is_some_and(|at: u64| now.abs_diff(at) < ROUND_MS) {
        return Ok(None);
    }
    Shelf::Session.put(SENT_ON, &now.to_string());
    Ok(Some(widget::instead_of(wanted)))
}

const SENT_ON: &str = "admit-one.sent-on";
/// Nobody comes back from a shop by themselves as soon as that.
const ROUND_MS: u64 = 10_000;
