//! The answers of Paytronix: whatever else stands in one, it is accepted with `result` `success` alone.
#![no_main]

use std::sync::LazyLock;

use admit_one_protocol::paytronix::{
    Guest, GuestGrantKind, GuestToken, Integration, accept_balances,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static INTEGRATION: LazyLock<Integration> = LazyLock::new(|| Integration {
    api_url: "https://api.example/rest/25.33".to_owned(),
    merchant_id: 77,
    client_id: "diner".to_owned(),
    client_secret: String::new(),
    credentials: Default::default(),
    scopes: Vec::new(),
    code_field: "code".to_owned(),
    redirect_uri_field: "redirect_uri".to_owned(),
    invalid_token_codes: vec!["oauth.invalid_token".to_owned()],
    balance_field: "walletBalances".to_owned(),
});

fuzz_target!(|body: &[u8]| {
    for status in [200, 400, 500] {
        let accepted = [
            GuestToken::accept(status, body, GuestGrantKind::Code).is_ok(),
            GuestToken::accept(status, body, GuestGrantKind::Refresh).is_ok(),
            Guest::accept(status, body, "alice", &INTEGRATION).is_ok(),
            accept_balances(status, body, &INTEGRATION).is_ok(),
        ];
        if accepted.contains(&true) {
            let value: Value = serde_json::from_slice(body).expect("it was read");
            assert_eq!(value["result"], "success");
        }
    }
});
