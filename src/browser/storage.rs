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

    /// The storage itself; `None` where the browser blocks it. Merely reading the property may throw.
    fn raw(self) -> Option<web_sys::Storage> {
        let window = super::window();
        match self {
            Shelf::Local => window.local_storage(),
            Shelf::Session => window.session_storage(),
        }
        .ok()
        .flatten()
    }

    /// What stands under the key, if it has the right form.
    pub fn get<T: DeserializeOwned>(self, key: &str) -> Option<T> {
        // gloo-storage panics where the storage is blocked, so that is found out first.
        self.raw()?.get_item(key).ok().flatten()?;
        match self {
            Shelf::Local => LocalStorage::get(key),
            Shelf::Session => SessionStorage::get(key),
        }
        .ok()
    }

    /// Puts a value down and says whether it is there now.
    pub fn set<T: Serialize>(self, key: &str, value: &T) -> bool {
        self.raw().is_some()
            && match self {
                Shelf::Local => LocalStorage::set(key, value),
                Shelf::Session => SessionStorage::set(key, value),
            }
            .is_ok()
            && self
                .raw()
                .is_some_and(|raw| matches!(raw.get_item(key), Ok(Some(_))))
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
