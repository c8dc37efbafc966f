//! The query of a callback: whatever it says, only the `state` that was sent is accepted, with a code.
#![no_main]

use std::sync::LazyLock;

use admit_one_protocol::authorization::{PendingAuthorization, callback_state};
use libfuzzer_sys::fuzz_target;

/// One of each kind of provider that comes back with a code.
static PENDING: LazyLock<[PendingAuthorization; 2]> = LazyLock::new(|| {
    ["", r#","kind":"paytronix","arrived_at":0"#].map(|more| {
        let text = r#"{"provider":"club","issuer":"https://id.example","iss_required":false,"client_id":"shop",
            "redirect_uri":"https://shop.example/callback/club","state":"s","nonce":"n",
            "code_verifier":"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk","scopes":["openid"],"algs":["RS256"],
            "return_to":"/","started_at":0"#;
        serde_json::from_str(&[text, more, "}"].concat()).expect("it is what the app keeps")
    })
});

fuzz_target!(|query: &str| {
    let state = callback_state(query);
    for pending in &*PENDING {
        if let Ok(code) = pending.clone().accept(query, 1) {
            assert_eq!(state.as_deref(), Some("s"));
            assert!(!code.code().is_empty());
        }
    }
});
