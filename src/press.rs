//! The sign-in page in its plain form, as it was served: waits for a press and leaves. Whatever isn't plain is left to the
//! whole app, which begins anew and does everything itself.

use std::{cell::Cell, rc::Rc};

use admit_one_protocol::api::PublicConfiguration;

use crate::{
    browser::{self, Shelf},
    custody, leave,
    route::Route,
};

/// Waits for a press on a served button. Not a part of `main`: a callback would have it compiled for nothing.
#[inline(never)]
pub fn run() {
    match browser::configuration() {
        Some(configuration) => SignIn::listen(configuration),
        None => browser::boot_load(),
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
    fn begin(self: &Rc<Self>, id: &str) {
        if self.over.get() || self.leaving.replace(true) {
            return; // `early.js` remembers it for the app
        }
        browser::set_busy(id, true);
        let provider = self.configuration.provider(id);
        let return_to = leave::wanted(&self.configuration).unwrap_or_else(|_| "/".to_owned());
        let left = provider
            .filter(|provider| provider.authorization_endpoint.is_some() && browser::is_online())
            .is_some_and(|provider| {
                leave::leave(&self.configuration, provider, &return_to).is_ok()
            });
        if !left {
            // The app tries once more, and says what is wrong.
            browser::boot_press(id);
            return self.hand_over();
        }
        // Still here: the buyer has stopped it, or an app has taken the address.
        let page = self.clone();
        browser::spawn(async move {
            browser::sleep(leave::GONE_WITHIN_MS).await;
            page.set_free();
        });
    }

    fn set_free(&self) {
        self.leaving.set(false);
        for provider in &self.configuration.providers {
            browser::set_busy(&provider.id, false);
        }
    }

    /// After the back button, or when another tab has signed somebody in.
    fn look_again(&self) {
        self.set_free();
        let stored = Shelf::ALL
            .into_iter()
            .any(|shelf| shelf.text(custody::KEY).is_some());
        if stored || Route::here() != Route::SignIn {
            self.hand_over();
        }
    }

    fn hand_over(&self) {
        if !self.over.replace(true) {
            browser::boot_unready();
            browser::boot_load();
        }
    }
}
