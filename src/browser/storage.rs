//! localStorage and sessionStorage, either of which may be blocked, full or throw at any time.

use gloo_storage::{LocalStorage, SessionStorage, Storage as _};
use serde::{Serialize, de::DeserializeOwned};

/// Where something is put down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shelf {
    /// localStorage: every tab of this browser, until it is removed.
    Local,
    /// sessionStorage: this tab alone.
    Session,
}

impl Shelf {
    /// Both, the wider first.
    pub const ALL: [Shelf; 2] = [Shelf::Local, Shelf::Session];

    /// The storage itself; `None` where the browser blocks it. Merely reading the property may throw, and gloo-storage
    /// panics then, so that is found out first.
    fn raw(self) -> Option<web_sys::Storage> {
        let window = super::window();
        match self {
            Shelf::Local => window
                .local_storage()
                .ok()
                .flatten()
                .map(|_| LocalStorage::raw()),
            Shelf::Session => window
                .session_storage()
                .ok()
                .flatten()
                .map(|_| SessionStorage::raw()),
        }
    }

    /// The text under the key.
    pub fn text(self, key: &str) -> Option<String> {
        self.raw()?.get_item(key).ok().flatten()
    }

    /// Puts a text down and says whether it is there now.
    pub fn put(self, key: &str, text: &str) -> bool {
        self.raw().is_some_and(|raw| {
            raw.set_item(key, text).is_ok() && matches!(raw.get_item(key), Ok(Some(_)))
        })
    }

    /// What stands under the key as JSON, if it has the right form.
    pub fn get<T: DeserializeOwned>(self, key: &str) -> Option<T> {
        // From bytes everywhere, as jwt-compact reads: one JSON reader in the download instead of two.
        serde_json::from_slice(self.text(key)?.as_bytes()).ok()
    }

    /// Puts a value down as JSON and says whether it is there now.
    pub fn set<T: Serialize>(self, key: &str, value: &T) -> bool {
        serde_json::to_string(value).is_ok_and(|text| self.put(key, &text))
    }

    /// Takes what stands under the key away.
    pub fn remove(self, key: &str) {
        if let Some(raw) = self.raw() {
            let _ = raw.remove_item(key);
        }
    }

    /// The keys that begin like this.
    pub fn keys(self, prefix: &str) -> Vec<String> {
        let Some(raw) = self.raw() else {
            return Vec::new();
        };
        let length = raw.length().unwrap_or(0);
        (0..length)
            .filter_map(|index| raw.key(index).ok().flatten())
            .filter(|key| key.starts_with(prefix))
            .collect()
    }
}
