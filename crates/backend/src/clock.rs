//! The one place that asks what time it is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// The backend's clock; a test moves its own.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// Moves the clock, forward or back.
    pub fn advance(&self, seconds: i64) {
        self.offset_ms.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    /// Milliseconds since the epoch.
    pub fn now_ms(&self) -> u64 {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_millis() as u64);
        now.saturating_add_signed(self.offset_ms.load(Ordering::Relaxed))
    }

    /// Seconds since the epoch.
    pub fn now(&self) -> u64 {
        self.now_ms() / 1000
    }
}
