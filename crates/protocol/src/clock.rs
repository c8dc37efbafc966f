//! The buyer's clock may be wrong; the backend's isn't.

use serde::{Deserialize, Serialize};

/// How far the device's clock is behind the backend's, in seconds.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ClockOffset(i64);

impl ClockOffset {
    /// The most that is believed: a wrong time zone makes 26 hours; with more, TLS would not have let the page in.
    pub const LIMIT: i64 = 48 * 3600;

    /// The most that a token's `iat` moves the clock.
    pub const IAT_LIMIT: u64 = 300;

    /// From the backend's time in an answer (seconds) and the device's clock at that moment (milliseconds).
    pub fn estimate(server_time: u64, device_ms: u64) -> ClockOffset {
        let difference = i128::from(server_time) - i128::from(device_ms / 1000);
        let limit = i128::from(Self::LIMIT);
        ClockOffset(difference.clamp(-limit, limit) as i64)
    }

    /// With a token that has just been issued and whose signature was checked, the provider's clock has a say: the
    /// time can't be before its `iat`. The clock only ever moves forward by it, and by five minutes at most, so that
    /// an old token stays old.
    pub fn after_iat(self, iat: u64, device_ms: u64) -> ClockOffset {
        let ahead = iat.saturating_sub(self.now(device_ms));
        if ahead > Self::IAT_LIMIT {
            return self;
        }
        ClockOffset(self.0.saturating_add_unsigned(ahead))
    }

    /// The time in seconds since the epoch.
    pub fn now(self, device_ms: u64) -> u64 {
        (device_ms / 1000).saturating_add_signed(self.0)
    }

    /// Seconds that the device is behind; negative where it is ahead.
    pub fn seconds(self) -> i64 {
        self.0
    }
}
