//! Where sessions and pending sign-ins rest, and what happens where the browser keeps nothing.

use admit_one_app::{browser::Shelf, custody, pending, session::SignedIn};
use admit_one_protocol::{
    Code,
    api::{Custody, TokensResponse},
    authorization::PendingAuthorization,
    clock::ClockOffset,
    id_token::IdTokenClaims,
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::js;

fn session() -> SignedIn {
    let claims: IdTokenClaims = serde_json::from_str(
        r#"{"iss":"https://id.example","sub":"1","aud":["shop"],"exp":4102444800,"iat":1,"email_verified":true,
            "email":"alice@example.com"}"#,
    )
    .unwrap();
    let tokens: TokensResponse = serde_json::from_str(
        r#"{"access_token":"secret-a","id_token":"secret-b","handle":"secret-c","handle_expires_at":4102444800,
            "refreshable":true,"provider":"club","time":1,"expires_in":60}"#,
    )
    .unwrap();
    SignedIn::new(tokens, claims, ClockOffset::default(), "/".to_owned())
}

fn pending(state: &str) -> PendingAuthorization {
    serde_json::from_str(&format!(
        r#"{{"provider":"club","issuer":"https://id.example","iss_required":false,"client_id":"shop",
            "redirect_uri":"https://sso.example/callback/club","state":"{state}","nonce":"n",
            "code_verifier":"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk","scopes":["openid"],"algs":["ES256"],
            "return_to":"/","started_at":{}}}"#,
        admit_one_app::browser::now_ms()
    ))
    .unwrap()
}

/// Runs something while writing to one storage, or to both, throws.
fn while_blocked<T>(which: &str, work: impl FnOnce() -> T) -> T {
    js(&format!(
        "window.realSetItem ??= Storage.prototype.setItem;
        Storage.prototype.setItem = function (...put) {{
            if ({which}) throw new DOMException('full', 'QuotaExceededError');
            return window.realSetItem.apply(this, put);
        }};"
    ));
    let result = work();
    js("Storage.prototype.setItem = window.realSetItem;");
    result
}

fn clear() {
    js("localStorage.clear(); sessionStorage.clear();");
}

#[wasm_bindgen_test]
fn each_rung_keeps_the_session_where_it_says() {
    for (custody, local, tab) in [
        (Custody::Local, true, false),
        (Custody::Session, false, true),
        (Custody::Memory, false, false),
    ] {
        clear();
        custody::keep(custody, &session());
        assert_eq!(
            Shelf::Local.text(custody::KEY).is_some(),
            local,
            "{custody:?}"
        );
        assert_eq!(
            Shelf::Session.text(custody::KEY).is_some(),
            tab,
            "{custody:?}"
        );
        assert_eq!(
            custody::kept(custody).is_some(),
            local || tab,
            "{custody:?}"
        );
        custody::forget(None);
        assert!(custody::kept(custody).is_none());
    }
}

#[wasm_bindgen_test]
fn with_the_cookie_no_token_is_written_down() {
    clear();
    custody::keep(Custody::Cookie, &session());
    let text = Shelf::Local.text(custody::KEY).unwrap();
    assert!(!text.contains("secret-"), "{text}");
    assert_eq!(custody::kept(Custody::Cookie).unwrap().claims.sub, "1");
}

#[wasm_bindgen_test]
fn a_full_localstorage_leaves_the_tab_and_a_full_tab_leaves_memory() {
    clear();
    while_blocked("this === localStorage", || {
        custody::keep(Custody::Local, &session())
    });
    assert!(Shelf::Session.text(custody::KEY).is_some());
    clear();
    while_blocked("true", || custody::keep(Custody::Local, &session()));
    assert!(custody::kept(Custody::Local).is_none());
}

#[wasm_bindgen_test]
fn without_any_storage_a_sign_in_is_not_begun() {
    clear();
    assert_eq!(
        while_blocked("true", || pending::keep(Custody::Local, &pending("s"))),
        Err(Code::StorageBlocked)
    );
    assert_eq!(
        while_blocked("this === localStorage", || pending::keep(
            Custody::Local,
            &pending("s")
        )),
        Ok(())
    );
    assert!(pending::find("s").is_some());
}

#[wasm_bindgen_test]
fn several_sign_ins_are_open_at_once_and_each_ends_alone() {
    clear();
    pending::keep(Custody::Local, &pending("one")).unwrap();
    pending::keep(Custody::Local, &pending("two")).unwrap();
    pending::claim(pending::find("one").unwrap(), Some(7));
    assert_eq!(pending::find("one").unwrap().claimed_at, Some(7));
    pending::consume("one");
    assert!(pending::find("one").is_none());
    assert_eq!(pending::find("two").unwrap().claimed_at, None);
}

#[wasm_bindgen_test]
fn what_was_given_up_an_hour_ago_is_dropped() {
    clear();
    let mut old = pending("old");
    old.started_at -= 3_600_001;
    pending::keep(Custody::Local, &old).unwrap();
    pending::keep(Custody::Session, &pending("new")).unwrap();
    pending::prune();
    assert!(pending::find("old").is_none());
    assert!(pending::find("new").is_some());
}

#[wasm_bindgen_test]
fn a_sign_in_starts_again_by_itself_only_once() {
    clear();
    assert!(pending::may_restart());
    assert!(!pending::may_restart());
    pending::forget_restarts();
    assert!(pending::may_restart());
    clear();
    assert!(
        !while_blocked("true", pending::may_restart),
        "what can't be counted isn't repeated"
    );
}
