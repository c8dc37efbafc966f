//! The query of SSO2's landing page: an `r` that we didn't make leads nowhere.
#![no_main]

use admit_one_protocol::sso2::landing::{Arrival, return_uri};
use libfuzzer_sys::fuzz_target;

const PAGE: &str = "https://shop.example/landing/paper";

fuzz_target!(|query: &str| {
    if let Ok(arrival) = Arrival::parse(query, PAGE) {
        assert!(return_uri(PAGE, arrival.state()).starts_with(PAGE));
    }
});
