//! One tab at a time: Web Locks, and a lease in localStorage where the browser has none.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Function, Object, Promise};
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

use super::{Shelf, call, entropy, member, now_ms, set, sleep, window};

/// A lock that is held until it is dropped. The browser releases a Web Lock of a page that dies; a lease runs out.
#[must_use]
pub enum Lock {
    /// A Web Lock, by the function that releases it.
    Web(Function),
    /// A lease, by its key.
    Lease(String),
    /// Neither is there: nothing else can be done than to go on.
    Alone,
}

impl Drop for Lock {
    fn drop(&mut self) {
        match self {
            Lock::Web(release) => {
                let _ = release.call0(&JsValue::UNDEFINED);
            }
            Lock::Lease(key) => Shelf::Local.remove(key),
            Lock::Alone => {}
        }
    }
}

/// Waits for the lock of this name and takes it.
pub async fn lock(name: &str) -> Lock {
    match web_lock(name, false).await {
        Some(lock) => lock,
        None => lease(name).await,
    }
}

/// Takes the lock of this name unless another page has it. A page that waits for one may be put aside by the back button, and
/// be given it there.
pub async fn lock_if_free(name: &str) -> Option<Lock> {
    if member(&window().navigator(), "locks").is_undefined() {
        return Some(lease(name).await);
    }
    web_lock(name, true).await
}

async fn web_lock(name: &str, if_available: bool) -> Option<Lock> {
    let locks = member(&window().navigator(), "locks");
    if locks.is_undefined() {
        return None;
    }
    let options = Object::new();
    set(&options, "ifAvailable", &if_available.into());
    let release: Rc<RefCell<Option<Function>>> = Rc::default();
    let granted = Promise::new(&mut |resolve, reject| {
        let slot = release.clone();
        let callback = Closure::once_into_js(move |lock: JsValue| {
            Promise::new(&mut |release, _| {
                if lock.is_null() {
                    let _ = release.call0(&JsValue::UNDEFINED);
                } else {
                    *slot.borrow_mut() = Some(release);
                }
                let _ = resolve.call0(&JsValue::UNDEFINED);
            })
        });
        match call(
            &locks,
            "request",
            &[name.into(), options.clone().into(), callback],
        ) {
            // The request itself is rejected where the browser forbids locks, in an opaque origin for instance.
            Ok(request) => {
                let _ = call(&request, "catch", &[reject.into()]);
            }
            Err(error) => {
                let _ = reject.call1(&JsValue::UNDEFINED, &error);
            }
        }
    });
    JsFuture::from(granted).await.ok()?;
    let release = release.borrow_mut().take()?;
    Some(Lock::Web(release))
}

/// Takes a lease in localStorage under `{name}.lease`. Two tabs that write at the same moment read back one owner.
pub async fn lease(name: &str) -> Lock {
    let key = format!("{name}.lease");
    let owner = entropy().map_or_else(now_ms, |bytes| {
        bytes.iter().take(6).fold(0, |n, b| n << 8 | u64::from(*b))
    });
    loop {
        let now = now_ms();
        let held = leased(&key)
            .is_some_and(|(other, until)| other != owner && until > now && until <= now + LEASE_MS);
        if !held {
            if !Shelf::Local.put(&key, &format!("{owner} {}", now + LEASE_MS)) {
                return Lock::Alone;
            }
            sleep(SETTLE_MS).await;
            if leased(&key).is_some_and(|(other, _)| other == owner) {
                return Lock::Lease(key);
            }
        }
        sleep(POLL_MS).await;
    }
}

/// Who has the lease, and until when.
fn leased(key: &str) -> Option<(u64, u64)> {
    let text = Shelf::Local.text(key)?;
    let (owner, until) = text.split_once(' ')?;
    Some((owner.parse().ok()?, until.parse().ok()?))
}

/// Longer than any call takes.
const LEASE_MS: u64 = 30_000;
/// In which two writers notice each other.
const SETTLE_MS: u32 = 40;
/// Between two looks at somebody else's lease.
const POLL_MS: u32 = 150;
