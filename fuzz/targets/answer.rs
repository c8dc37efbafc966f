//! What the back channels answer: documents, tokens, people.
#![no_main]

use std::sync::LazyLock;

use admit_one_protocol::{
    discovery::ProviderMetadata,
    jwk::JwkSet,
    par::RequestUri,
    paytronix::{Credentials, Guest, GuestGrantKind, GuestToken, Integration, accept_balances},
    sessionm::{accept_lookup, accept_user},
    sso2::UnverifiedReply,
    step_up::{SsoTicket, StepUp},
    token::{Grant, TokenResponse},
    userinfo::UserInfo,
};
use libfuzzer_sys::fuzz_target;

static INTEGRATION: LazyLock<Integration> = LazyLock::new(|| Integration {
    api_url: "https://api.example/rest/25.33".to_owned(),
    merchant_id: 77,
    client_id: "diner".to_owned(),
    client_secret: String::new(),
    credentials: Default::default(),
    scopes: Vec::new(),
    invalid_token_codes: vec!["oauth.invalid_token".to_owned()],
    balance_field: "walletBalances".to_owned(),
});

fuzz_target!(|body: &[u8]| {
    let json = Some("application/json");
    let _ = ProviderMetadata::parse(body, "https://id.example");
    let _ = JwkSet::parse(body);
    for status in [200, 400] {
        let _ = TokenResponse::accept(status, json, body, Grant::Code);
        let _ = UserInfo::accept(status, json, body, "alice");
        let _ = SsoTicket::accept(status, body, "sso-ticket");
        let _ = RequestUri::accept(status, body);
        let _ = GuestToken::accept(status, body, GuestGrantKind::Code);
        let _ = Guest::accept(status, body, "alice", &INTEGRATION);
        let _ = accept_balances(status, body, &INTEGRATION);
        let _ = accept_user(status, body);
        let _ = accept_lookup(status, body);
        let _ = RequestUri::accept(status, body);
    }
    let diner = Integration {
        api_url: String::new(),
        merchant_id: 77,
        client_id: String::new(),
        client_secret: String::new(),
        credentials: Credentials::Basic,
        scopes: Vec::new(),
        invalid_token_codes: vec!["oauth.invalid_token".to_owned()],
        balance_field: "walletBalances".to_owned(),
    };
    let _ = GuestToken::accept(200, body, GuestGrantKind::Code);
    let _ = Guest::accept(200, body, "alice", &diner);
    let _ = accept_balances(200, body, &diner);
    let _ = accept_user(200, body);
    let _ = accept_lookup(200, body);
    let _ = UnverifiedReply::of_answer(body);
    if let Ok(text) = core::str::from_utf8(body) {
        let _ = StepUp::from_challenge(text);
    }
});
