//! ID tokens, proofs and SSO2's messages, before anybody has checked a signature.
#![no_main]

use admit_one_protocol::{
    id_token::UnverifiedIdToken, proof::UnverifiedProof, sso2::UnverifiedReply,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(token) = UnverifiedIdToken::parse(text) {
        let _ = token.from_token_endpoint("https://id.example", "shop", 1_800_000_000);
    }
    if let Ok(proof) = UnverifiedProof::parse(text) {
        let _ = proof.signature_check();
    }
    if let Ok(reply) = UnverifiedReply::parse(text) {
        let _ = reply.accept(true, 1_800_000_000);
    }
});
