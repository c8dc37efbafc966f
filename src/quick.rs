//! A sign-in in its plain form: the module that a buyer who isn't signed in downloads first, and finds in the cache on
//! coming back. It has no pages of its own, those that the backend has served stay; so nothing of the framework is in it.
//! Whatever isn't plain is left to the whole app, which begins anew and does everything itself.

use std::{cell::Cell, rc::Rc};

use admit_one_protocol::{
    api::{Custody, PublicConfiguration},
    authorization::callback_state,
};

use crate::{
    browser::{self, Entry, Shelf},
    custody::{self, forget_answers},
    leave, pending,
    route::Route,
    signed_in::{SignedIn, put_down},
    verify,
};

/// Waits for a press, or takes the response in the address to its end.
pub fn run() {
    let configuration = browser::data_block()
        .and_then(|text| serde_json::from_slice::<PublicConfiguration>(text.as_bytes()).ok());
    let Some(configuration) = configuration else {
        return browser::boot_load();
    };
    if Route::parse(&browser::path()) == Route::Callback {
        browser::spawn(async move {
            if let Some(session) = finish(&configuration).await {
                show(&configuration, &session);
            }
            browser::boot_load();
        });
    } else {
        SignIn::listen(configuration);
    }
}

/// The sign-in page, as it was served.
struct SignIn {
    configuration: PublicConfiguration,
    /// The page is being left.
    leaving: Cell<bool>,
    /// The whole app has taken over.
    over: Cell<bool>,
}

impl SignIn {
    fn listen(configuration: PublicConfiguration) {
        let page = Rc::new(SignIn {
            configuration,
            leaving: Cell::new(false),
            over: Cell::new(false),
        });
        if leave::wanted(&page.configuration).is_err() {
            return page.hand_over(); // the page says why not
        }
        let (pressed, shown, stored) = (page.clone(), page.clone(), page.clone());
        browser::on_press(move |provider| pressed.begin(&provider));
        browser::boot_ready();
        browser::on_window("pageshow", move || shown.look_again());
        browser::on_window("popstate", {
            let page = page.clone();
            move || page.look_again()
        });
        browser::on_storage(move |key| {
            if key.is_some_and(|key| key == custody::KEY) {
                stored.look_again();
            }
        });
        if let Some(provider) = browser::boot_pressed() {
            page.begin(&provider);
        }
    }

    /// Leaves for the provider; a second press while the page is being left does nothing.
    fn begin(&self, id: &str) {
        if self.over.get() || self.leaving.replace(true) {
            return;
        }
        browser::set_busy(id, true);
        let provider = self
            .configuration
            .providers
            .iter()
            .find(|provider| provider.id == id);
        let return_to = leave::wanted(&self.configuration).unwrap_or_else(|_| "/".to_owned());
        let left = provider
            .filter(|provider| provider.authorization_endpoint.is_some())
            .is_some_and(|provider| {
                leave::leave(&self.configuration, provider, &return_to).is_ok()
            });
        if !left {
            // The app tries once more, and says what is wrong.
            browser::boot_press(id);
            self.hand_over();
        }
    }

    /// After the back button, or when another tab has signed somebody in.
    fn look_again(&self) {
        self.leaving.set(false);
        for provider in &self.configuration.providers {
            browser::set_busy(&provider.id, false);
        }
        let stored = Shelf::ALL
            .into_iter()
            .any(|shelf| shelf.text(custody::KEY).is_some());
        if stored || Route::parse(&browser::path()) != Route::SignIn {
            self.hand_over();
        }
    }

    fn hand_over(&self) {
        if !self.over.replace(true) {
            browser::boot_load();
        }
    }
}

/// Takes the answer to the exchange that `early.js` has sent, if all of it is as it should be; else nothing has changed.
async fn finish(configuration: &PublicConfiguration) -> Option<SignedIn> {
    // On the other rungs the tokens rest in the memory of the module that verifies them.
    if !matches!(configuration.custody, Custody::Local | Custody::Session) {
        return None;
    }
    let query = browser::query();
    let pending = pending::find(&callback_state(&query)?)?;
    let code = pending.clone().accept(&query, browser::now_ms()).ok()?;
    let tokens = serde_json::from_slice(browser::boot_exchanged(SOON_MS).await?.as_bytes()).ok()?;
    let session = verify::exchanged(tokens, &code, &pending).await.ok()?;
    if !put_down(configuration, &session) {
        return None;
    }
    let claims = &session.claims;
    if browser::boot_person().is_some_and(|(iss, sub)| iss != claims.iss || sub != claims.sub) {
        forget_answers();
    }
    browser::announce(&session.person());
    pending::consume(&pending.state);
    pending::forget_restarts();
    browser::boot_release();
    Some(session)
}

/// Shows who is signed in. The code leaves the address and the history.
fn show(configuration: &PublicConfiguration, session: &SignedIn) {
    browser::boot_show(&session.shown_name());
    browser::set_path(Route::Account.path(), Entry::Replace);
    let message = |key: &str| {
        configuration
            .messages
            .get(key)
            .map(String::as_str)
            .unwrap_or_default()
    };
    browser::set_title(&[message("account.title"), " · ", message("app.name")].concat());
}

/// After which the page says more than that it is working.
const SOON_MS: u32 = 5_000;
