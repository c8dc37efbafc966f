//! What the back channels answer: documents, tokens, people. Those of Paytronix have a target of their own.
#![no_main]

use admit_one_protocol::{
    discovery::ProviderMetadata,
    jwk::JwkSet,
    par::RequestUri,
    sessionm::{Numbers, accept_lookup, accept_user},
    sso2::UnverifiedReply,
    step_up::{SsoTicket, StepUp},
    token::{Grant, TokenResponse},
    userinfo::UserInfo,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let json = Some("application/json");
    let _ = ProviderMetadata::parse(body, "https://id.example");
    let _ = JwkSet::parse(body);
    for status in [200, 400] {
        let _ = TokenResponse::accept(status, json, body, Grant::Code);
        let _ = UserInfo::accept(status, json, body, "alice");
        let _ = SsoTicket::accept(status, body, "sso-ticket");
        let _ = RequestUri::accept(status, body);
        let _ = accept_user(status, body, &Numbers::International);
        let _ = accept_lookup(status, body);
    }
    let _ = UnverifiedReply::of_answer(body);
    if let Ok(text) = core::str::from_utf8(body) {
        let _ = StepUp::from_challenge(text);
    }
});
