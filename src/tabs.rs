//! What other tabs do is seen here at once: by storage events where tabs share a storage, else by being told.

use admit_one_protocol::Code;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    app::App, browser, custody, pages::profile::forget_answers, refresh, route::Route,
    session::SignedIn, sync,
};

/// What one tab says to the others. Never a token.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Announcement {
    SignedIn { iss: String, sub: String },
    SignedOut,
}

fn announce(announcement: &Announcement) {
    if let Ok(text) = serde_json::to_string(announcement) {
        browser::announce(&text);
    }
}

/// Tells the other tabs who is signed in now.
pub fn announce_sign_in(session: &SignedIn) {
    announce(&Announcement::SignedIn {
        iss: session.claims.iss.clone(),
        sub: session.claims.sub.clone(),
    });
}

/// Tells the other tabs that nobody is.
pub fn announce_sign_out() {
    announce(&Announcement::SignedOut);
}

/// Listens to the world outside, for as long as the page lives.
pub fn listen(app: App) {
    browser::on_storage(move |key| {
        if key.is_none_or(|key| key == custody::KEY) {
            look_again(app);
        }
    });
    browser::on_announcement(move |text| {
        if let Ok(announcement) = serde_json::from_str(&text) {
            hear(app, &announcement);
        }
    });
    browser::on_window("online", move || refresh::try_again(app));
    browser::on_document("visibilitychange", move || refresh::watch(app));
    // Also of a page that comes back out of the back/forward cache, which got no events there.
    browser::on_window("pageshow", move || {
        app.starting.set(None);
        look_again(app);
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
            app.follow();
        }
        _ => {}
    }
    refresh::watch(app);
}

/// On the rungs that tabs don't share.
fn hear(app: App, announcement: &Announcement) {
    let Some(current) = app.session.current() else {
        return;
    };
    if custody::is_shared(app.configuration.read_untracked().custody) {
        return;
    }
    match announcement {
        Announcement::SignedOut => {
            custody::forget(None);
            app.session.leave(None);
        }
        Announcement::SignedIn { iss, sub }
            if (iss, sub) != (&current.claims.iss, &current.claims.sub) =>
        {
            custody::forget(None);
            app.session.leave(Some(Code::HandleRevoked));
        }
        Announcement::SignedIn { .. } => {}
    }
}

/// What a page that is opened with a session has to do.
pub async fn resume(app: App) {
    let Some(session) = app.session.current() else {
        return;
    };
    refresh::watch(app);
    if app.route.get_untracked() == Route::Callback {
        return;
    }
    if session.missing.is_none() || session.return_to.is_some() {
        sync::onward(app).await;
    }
}
