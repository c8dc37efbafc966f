//! How much of us anybody gets: calls in a minute by address, calls at a time.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use http::HeaderMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Network;

/// Calls in a minute by address: a minute's worth at once, then evenly.
pub(crate) struct Rate {
    every_us: u64,
    epoch: Instant,
    full_at: Mutex<HashMap<u64, u64>>,
}

const MINUTE_US: u64 = 60_000_000;
/// Addresses that are remembered at a time.
const ADDRESSES: usize = 16_384;

impl Rate {
    pub(crate) fn new(per_minute: u32) -> Self {
        let every_us = if per_minute == 0 {
            0
        } else {
            MINUTE_US / u64::from(per_minute)
        };
        Self {
            every_us,
            epoch: Instant::now(),
            full_at: Mutex::new(HashMap::new()),
        }
    }

    /// Counts a call, or says in how many seconds the next one may come.
    pub(crate) fn take(&self, address: IpAddr) -> Result<(), u64> {
        if self.every_us == 0 {
            return Ok(());
        }
        self.take_at(address, self.epoch.elapsed().as_micros() as u64)
    }

    fn take_at(&self, address: IpAddr, now: u64) -> Result<(), u64> {
        let mut addresses = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.len() >= ADDRESSES {
            addresses.retain(|_, full_at| *full_at > now);
            if addresses.len() >= ADDRESSES {
                forget_half(&mut addresses);
            }
        }
        let full_at = addresses.entry(subscriber(address)).or_insert(now);
        let next = (*full_at).max(now) + self.every_us;
        if next > now + MINUTE_US {
            return Err((next - now - MINUTE_US).div_ceil(1_000_000));
        }
        *full_at = next;
        Ok(())
    }
}

/// Forgets the half that has called least of late: a crowd of new addresses frees none that is at its limit.
fn forget_half(addresses: &mut HashMap<u64, u64>) {
    let mut all: Vec<u64> = addresses.values().copied().collect();
    let half = all.len() / 2;
    let (_, median, _) = all.select_nth_unstable(half);
    let mut left = half;
    addresses.retain(|_, full_at| {
        let forgotten = left > 0 && *full_at <= *median;
        left -= usize::from(forgotten);
        !forgotten
    });
}

/// One line, one subscriber: an IPv4 address, or the /64 of an IPv6 address.
fn subscriber(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64 | 1 << 63,
    }
}

/// Where our proxies say who calls.
pub(crate) const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that called: the last one of `X-Forwarded-For` that isn't a proxy of ours.
pub(crate) fn caller(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let is_proxy = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    if proxies.is_empty() || !is_proxy(peer) {
        return peer;
    }
    // By bytes: what a stranger wrote before our proxies need not be text.
    let forwarded: Vec<&[u8]> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .collect();
    let mut caller = peer;
    for address in forwarded.into_iter().rev() {
        let address = std::str::from_utf8(address).ok();
        let Some(address) = address.and_then(|address| forwarded_address(address.trim())) else {
            break;
        };
        caller = address;
        if !is_proxy(address) {
            break;
        }
    }
    caller
}

/// Some proxies write the port behind it.
fn forwarded_address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    bare.unwrap_or(text).parse().ok().or_else(with_port)
}

/// Calls at a time.
pub(crate) struct InFlight {
    places: Arc<Semaphore>,
    most: usize,
}

impl InFlight {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most)),
            most,
        }
    }

    /// How many there are.
    pub(crate) fn now(&self) -> usize {
        self.most - self.places.available_permits()
    }

    /// When there are none any more.
    pub(crate) async fn over(&self) {
        let all = u32::try_from(self.most).unwrap_or(u32::MAX);
        let _ = self.places.acquire_many(all).await;
    }

    /// A place, if there is one, until it is dropped.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_minute_holds_what_it_holds() {
        let rate = Rate::new(60);
        let (one, other) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        assert_eq!(
            (0..100).filter(|_| rate.take_at(one, 5).is_ok()).count(),
            60
        );
        assert_eq!(rate.take_at(one, 5), Err(1));
        assert!(rate.take_at(other, 5).is_ok());
        assert!(rate.take_at(one, 1_000_005).is_ok());
    }

    #[test]
    fn memory_for_addresses_is_bounded() {
        let rate = Rate::new(60);
        for address in 0..40_000_u32 {
            let _ = rate.take_at(IpAddr::V4(address.into()), 5);
        }
        assert!(rate.full_at.lock().unwrap().len() <= ADDRESSES);
    }

    #[test]
    fn a_crowd_of_new_addresses_frees_none_that_is_at_its_limit() {
        let rate = Rate::new(60);
        let one = "10.0.0.1".parse().unwrap();
        while rate.take_at(one, 5).is_ok() {}
        for address in 0..40_000_u32 {
            let _ = rate.take_at(IpAddr::V4((0x0b00_0000 + address).into()), 5);
        }
        assert!(rate.take_at(one, 5).is_err());
    }

    #[test]
    fn places_are_given_back() {
        let places = InFlight::new(1);
        let place = places.enter();
        assert!(place.is_some());
        assert!(places.enter().is_none());
        assert_eq!(places.now(), 1);
        drop(place);
        assert_eq!(places.now(), 0);
        assert!(places.enter().is_some());
    }

    proptest! {
        #[test]
        fn what_a_stranger_forwards_is_survived(text in "[ -~]{0,100}", peer: [u8; 4]) {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", text.parse().unwrap());
            let peer = IpAddr::from(peer);
            prop_assert_eq!(caller(peer, &headers, &[]), peer);
            caller(peer, &headers, &["0.0.0.0/0".parse().unwrap()]);
        }

        #[test]
        fn what_a_stranger_writes_before_our_proxies_changes_nothing(before in "[0-9a-f:., é\t\"]{0,60}", theirs: [u8; 4]) {
            let theirs = IpAddr::from(theirs);
            let proxies = ["10.0.0.0/8".parse::<Network>().unwrap()];
            prop_assume!(!proxies[0].contains(theirs));
            let mut headers = HeaderMap::new();
            // In Latin-1, in which it isn't UTF-8.
            let before: Vec<u8> = before.chars().map(|char| char as u8).collect();
            let value = [&*before, format!(", {theirs}, 10.0.0.9").as_bytes()].concat();
            headers.insert("x-forwarded-for", http::HeaderValue::from_bytes(&value).unwrap());
            prop_assert_eq!(caller("10.0.0.1".parse().unwrap(), &headers, &proxies), theirs);
        }
    }

    #[test]
    fn an_address_may_have_its_port_behind_it() {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        for (forwarded, expected) in [
            ("1.1.1.1, 2.2.2.2:51234", "2.2.2.2"),
            ("1.1.1.1, 2001:db8::1", "2001:db8::1"),
            ("1.1.1.1, [2001:db8::1]", "2001:db8::1"),
            ("1.1.1.1, [2001:db8::1]:443", "2001:db8::1"),
            ("1.1.1.1, unknown", "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            let caller = caller("10.0.0.1".parse().unwrap(), &headers, &proxies);
            assert_eq!(caller, expected.parse::<IpAddr>().unwrap(), "{forwarded}");
        }
    }

    #[test]
    fn only_our_proxies_are_believed() {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-forwarded-for",
            "1.1.1.1, 2.2.2.2, 10.0.0.9".parse().unwrap(),
        );
        assert_eq!(
            caller("10.0.0.1".parse().unwrap(), &headers, &proxies),
            "2.2.2.2".parse::<IpAddr>().unwrap()
        );
        assert_eq!(
            caller("3.3.3.3".parse().unwrap(), &headers, &proxies),
            "3.3.3.3".parse::<IpAddr>().unwrap()
        );
    }
}
