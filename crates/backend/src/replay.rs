//! Proofs seen before (RFC 9449 section 11.1), in bounded memory.
//!
//! Two generations of fingerprints. When the younger is full or as old as a nonce may become, the older one is
//! forgotten, and nonces issued before the remaining ones began are refused: nothing that was forgotten can be replayed.

use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::BuildHasher,
    sync::Mutex,
};

use crate::proof::SKEW_MS;

/// Whether a proof may count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Fresh,
    Replayed,
    /// The nonce is older than what we remember.
    Stale,
}

pub(crate) struct Replays {
    key: RandomState,
    lifetime_ms: u64,
    capacity: usize,
    seen: Mutex<Seen>,
}

struct Seen {
    young: HashSet<u64>,
    young_since: u64,
    old: HashSet<u64>,
    old_since: u64,
}

impl Seen {
    /// Forgets the older generation, whose room is the next one's: a table that grows is copied, again and again.
    fn turn(&mut self, now_ms: u64) {
        std::mem::swap(&mut self.young, &mut self.old);
        self.young.clear();
        self.old_since = std::mem::replace(&mut self.young_since, now_ms);
    }
}

impl Replays {
    pub(crate) fn new(lifetime_ms: u64, capacity: usize, now_ms: u64) -> Self {
        // What an earlier process saw is unknown, but it sealed nonces with the same keys. A proof is sent at once, so
        // those of the last moments alone could be replayed.
        let old_since = now_ms.saturating_sub(lifetime_ms);
        Self {
            key: RandomState::new(),
            lifetime_ms,
            capacity,
            seen: Mutex::new(Seen {
                young: HashSet::new(),
                young_since: now_ms,
                old: HashSet::new(),
                old_since,
            }),
        }
    }

    /// Notes a proof whose nonce was issued at `issued_ms`.
    pub(crate) fn note(&self, jkt: &str, jti: &str, issued_ms: u64, now_ms: u64) -> Verdict {
        let fingerprint = self.key.hash_one((jkt, jti));
        let mut seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // The clock was ahead and is set right: what was issued before is refused, and what is issued from now on counts.
        if now_ms + SKEW_MS < seen.young_since {
            seen.young_since = now_ms;
            seen.old_since = now_ms;
        }
        if seen.young.len() >= self.capacity || seen.young_since + self.lifetime_ms <= now_ms {
            seen.turn(now_ms);
        }
        if issued_ms < seen.old_since {
            return Verdict::Stale;
        }
        if seen.old.contains(&fingerprint) || !seen.young.insert(fingerprint) {
            return Verdict::Replayed;
        }
        Verdict::Fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_counts_once() {
        let replays = Replays::new(1000, 10, 5000);
        assert_eq!(replays.note("k", "1", 5000, 5000), Verdict::Fresh);
        assert_eq!(replays.note("k", "1", 5000, 5001), Verdict::Replayed);
        assert_eq!(replays.note("l", "1", 5000, 5001), Verdict::Fresh);
        assert_eq!(replays.note("k", "1", 5000, 6100), Verdict::Replayed);
    }

    #[test]
    fn what_is_forgotten_can_not_be_replayed() {
        let replays = Replays::new(1_000_000, 2, 5000);
        assert_eq!(replays.note("k", "0", 5000, 5000), Verdict::Fresh);
        for at in 1..10_u64 {
            assert_eq!(
                replays.note("k", &at.to_string(), 5000 + at, 5000 + at),
                Verdict::Fresh,
                "{at}"
            );
        }
        assert_eq!(replays.note("k", "0", 5000, 5010), Verdict::Stale);
    }

    #[test]
    fn a_clock_that_was_ahead_and_is_set_right_refuses_nobody() {
        let hour = 3_600_000;
        let replays = Replays::new(300_000, 10, 101 * hour);
        assert_eq!(
            replays.note("k", "0", 101 * hour, 101 * hour),
            Verdict::Fresh
        );
        let right = 100 * hour;
        assert_eq!(replays.note("k", "1", right - 1, right), Verdict::Stale);
        assert_eq!(replays.note("k", "2", right, right + 1), Verdict::Fresh);
        assert_eq!(replays.note("k", "2", right, right + 2), Verdict::Replayed);
    }
}
