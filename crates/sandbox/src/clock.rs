//! The sandbox's clock: the machine's, moved by an offset. Nothing waits for it.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// Seconds since the epoch, as the provider and the shop see them.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> i64 {
        let machine = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
            });
        machine.saturating_add(self.offset())
    }

    pub(crate) fn offset(&self) -> i64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// A century either way is enough for every rule that has a time in it.
    pub(crate) fn set_offset(&self, offset: i64) {
        const CENTURY: i64 = 100 * 366 * 24 * 3600;
        self.offset
            .store(offset.clamp(-CENTURY, CENTURY), Ordering::Relaxed);
    }
}
