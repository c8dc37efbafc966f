//! Sign-ins that have left for a provider, by their `state`. Several may be open at once, in several tabs; each is
//! dropped an hour after its start.

use admit_one_protocol::{Code, api::Custody, authorization::PendingAuthorization};

use crate::browser::{self, Shelf};

/// Where the pending sign-in of this `state` is kept; the same name is the lock over it.
pub fn key(state: &str) -> String {
    [PREFIX, state].concat()
}

/// Keeps a pending sign-in for its callback, or says that the browser keeps nothing.
pub fn keep(custody: Custody, pending: &PendingAuthorization) -> Result<(), Code> {
    let key = key(&pending.state);
    let shelves = match custody {
        Custody::Local | Custody::Cookie => [Shelf::Local, Shelf::Session],
        Custody::Session | Custody::Memory => [Shelf::Session, Shelf::Local],
    };
    if shelves.into_iter().any(|shelf| shelf.set(&key, pending)) {
        Ok(())
    } else {
        Err(Code::StorageBlocked)
    }
}

/// The pending sign-in of this `state`.
#[inline(never)]
pub fn find(state: &str) -> Option<PendingAuthorization> {
    let key = key(state);
    Shelf::ALL.into_iter().find_map(|shelf| shelf.get(&key))
}

/// Marks it as being exchanged, or as free again after a try that didn't reach the backend.
pub fn claim(mut pending: PendingAuthorization, at: Option<u64>) {
    pending.claimed_at = at;
    let key = key(&pending.state);
    if let Some(shelf) = Shelf::ALL
        .into_iter()
        .find(|shelf| shelf.text(&key).is_some())
    {
        shelf.set(&key, &pending);
    }
}

/// Drops it: it has ended, well or badly.
pub fn consume(state: &str) {
    let key = key(state);
    for shelf in Shelf::ALL {
        shelf.remove(&key);
    }
}

/// Drops those that were given up more than an hour ago.
pub fn prune() {
    let now = browser::now_ms();
    for shelf in Shelf::ALL {
        for key in shelf.keys(PREFIX) {
            let pending: Option<PendingAuthorization> = shelf.get(&key);
            if pending.is_none_or(|pending| now.saturating_sub(pending.started_at) > AN_HOUR_MS) {
                shelf.remove(&key);
            }
        }
    }
}

/// Whether a sign-in may be started again without asking the buyer: once in a while, so that there is no loop.
pub fn may_restart() -> bool {
    let now = browser::now_ms();
    let last = |shelf: Shelf| shelf.text(RESTARTS).and_then(|at| at.parse::<u64>().ok());
    if Shelf::ALL
        .into_iter()
        .filter_map(last)
        .any(|at| now.abs_diff(at) < RESTART_MS)
    {
        return false;
    }
    Shelf::ALL
        .into_iter()
        .any(|shelf| shelf.put(RESTARTS, &now.to_string()))
}

/// After a sign-in that ended well the next may be started again by itself.
pub fn forget_restarts() {
    for shelf in Shelf::ALL {
        shelf.remove(RESTARTS);
    }
}

const PREFIX: &str = "admit-one.pending.";
const RESTARTS: &str = "admit-one.restarts";
const AN_HOUR_MS: u64 = 3_600_000;
const RESTART_MS: u64 = 120_000;
