//! The offset of the buyer's clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::clock::ClockOffset;
use proptest::prelude::*;

const NOW: u64 = 1_800_000_000;
const TWENTY_MINUTES: u64 = 20 * 60;

mod estimate {
    use super::*;

    #[test]
    fn a_clock_twenty_minutes_behind_is_put_right() {
        let device_ms = (NOW - TWENTY_MINUTES) * 1000;
        let offset = ClockOffset::estimate(NOW, device_ms);
        assert_eq!(offset.now(device_ms), NOW);
        assert_eq!(offset.now(device_ms + 5_000), NOW + 5);
    }

    #[test]
    fn a_clock_twenty_minutes_ahead_is_put_right() {
        let device_ms = (NOW + TWENTY_MINUTES) * 1000;
        assert_eq!(ClockOffset::estimate(NOW, device_ms).now(device_ms), NOW);
    }

    #[test]
    fn more_than_two_days_are_not_believed() {
        let offset = ClockOffset::estimate(NOW, 0);
        assert_eq!(offset.seconds(), ClockOffset::LIMIT);
        assert_eq!(
            ClockOffset::estimate(0, NOW * 1000).seconds(),
            -ClockOffset::LIMIT
        );
    }

    #[test]
    fn it_is_kept_as_a_number() {
        let offset = ClockOffset::estimate(NOW, (NOW - 7) * 1000);
        assert_eq!(serde_json::to_string(&offset).unwrap(), "7");
    }
}

mod iat {
    use super::*;

    #[test]
    fn the_time_is_not_before_iat() {
        let offset = ClockOffset::estimate(NOW, NOW * 1000).after_iat(NOW + 200, NOW * 1000);
        assert_eq!(offset.now(NOW * 1000), NOW + 200);
    }

    #[test]
    fn an_old_token_never_turns_the_clock_back() {
        let offset = ClockOffset::estimate(NOW, NOW * 1000);
        assert_eq!(offset.after_iat(NOW - 86_400, NOW * 1000), offset);
    }

    #[test]
    fn more_than_five_minutes_are_not_believed() {
        let offset = ClockOffset::estimate(NOW, NOW * 1000);
        assert_eq!(offset.after_iat(NOW + 301, NOW * 1000), offset);
    }
}

proptest! {
    #[test]
    fn the_correction_is_bounded(server: u64, device_ms: u64, iat: u64, later: u64) {
        let offset = ClockOffset::estimate(server, device_ms);
        prop_assert!(offset.seconds().abs() <= ClockOffset::LIMIT);
        let moved = offset.after_iat(iat, later).seconds() - offset.seconds();
        prop_assert!((0..=300).contains(&moved));
        let _ = offset.now(later);
    }
}
