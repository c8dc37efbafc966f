//! What only a browser can show: storage that is blocked, locks, WebCrypto, and the proofs of `boot.js`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "browser/boot.rs"]
mod boot;
#[path = "browser/custody.rs"]
mod custody;
#[path = "browser/lock.rs"]
mod lock;
#[path = "browser/pages.rs"]
mod pages;
#[path = "browser/signature.rs"]
mod signature;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Runs a piece of JavaScript.
fn js(code: &str) -> wasm_bindgen::JsValue {
    js_sys::eval(code).unwrap()
}

/// Runs a piece of JavaScript that answers later.
async fn js_async(code: &str) -> wasm_bindgen::JsValue {
    use wasm_bindgen::JsCast;
    let promise: js_sys::Promise = js(&format!("(async () => {{ {code} }})()")).unchecked_into();
    wasm_bindgen_futures::JsFuture::from(promise).await.unwrap()
}
