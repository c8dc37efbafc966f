//! `window.admitOne`, which `early.js` and `boot.js` have made before the app was there.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::{call, member, timer, window};

fn boot() -> JsValue {
    member(&window(), "admitOne")
}

/// Signs a proof for a call (RFC 9449 section 4.2) with the key that never leaves the browser.
pub async fn proof(method: &str, path: &str, handle: Option<&str>) -> Result<String, JsValue> {
    let handle = handle.map_or(JsValue::UNDEFINED, JsValue::from);
    let signing: Promise =
        call(&boot(), "proof", &[method.into(), path.into(), handle])?.dyn_into()?;
    let proof = JsFuture::from(signing).await?;
    proof.as_string().ok_or(JsValue::UNDEFINED)
}

/// A text in the data block, by the names of the members that lead to it.
pub fn boot_data(names: &[&str]) -> Option<String> {
    let data = member(&boot(), "data");
    names
        .iter()
        .fold(data, |at, name| member(&at, name))
        .as_string()
}

/// Whether the page was left, and is shown again as it was.
pub(super) fn is_back() -> bool {
    member(&boot(), "back").is_truthy()
}

/// Loads the whole app in place of the sign-in page.
pub fn boot_load() {
    let _ = call(&boot(), "load", &["app".into()]);
}

/// The file of sentences that came beside the app.
pub fn boot_messages() -> Option<String> {
    member(&boot(), "messages").as_string()
}

/// Remembers the nonce of an answer for the next proof.
pub fn set_boot_nonce(nonce: &str) {
    let _ = Reflect::set(&boot(), &"nonce".into(), &nonce.into());
}

/// The exchange that was sent before the app was there; taken once.
pub fn boot_exchange() -> Option<Promise> {
    let exchange = member(&boot(), "exchange").dyn_into().ok();
    let _ = Reflect::set(&boot(), &"exchange".into(), &JsValue::NULL);
    exchange
}

/// The text that it brings, if it brings success and soon; the answer stays there to be read again.
pub async fn boot_exchanged(within_ms: u32) -> Option<String> {
    let said = JsFuture::from(said(within_ms)?).await;
    said.ok()?.as_string()
}

#[inline(never)]
fn said(within_ms: u32) -> Option<Promise> {
    let said: Promise = member(&boot(), "said").dyn_into().ok()?;
    let racing = Promise::race(&Array::of2(&said, &timer(within_ms)).unchecked_into::<Array>());
    Some(racing.unchecked_into())
}

/// `iss` and `sub` of whoever was signed in when the page was opened.
pub fn boot_person() -> Option<(String, String)> {
    let claims = member(&member(&boot(), "session"), "claims");
    Some((
        member(&claims, "iss").as_string()?,
        member(&claims, "sub").as_string()?,
    ))
}

/// Shows who is signed in, before the app is there.
pub fn boot_show(name: &str) {
    let _ = call(&boot(), "show", &[name.into()]);
}

/// Releases the lock that `early.js` holds over its exchange.
pub fn boot_release() {
    if let Ok(release) = member(&boot(), "release").dyn_into::<Function>() {
        let _ = release.call0(&JsValue::UNDEFINED);
    }
}

/// The provider whose served button was pressed; taken once.
pub fn boot_pressed() -> Option<String> {
    let pressed = member(&boot(), "pressed").as_string();
    let _ = Reflect::set(&boot(), &"pressed".into(), &JsValue::NULL);
    pressed
}

/// Remembers a press for the whole app, as `early.js` does before anything is there.
pub fn boot_press(provider: &str) {
    let _ = Reflect::set(&boot(), &"pressed".into(), &provider.into());
}

/// From now on presses are the module's that has been loaded.
pub fn boot_ready() {
    let _ = Reflect::set(&boot(), &"ready".into(), &JsValue::TRUE);
}

/// From now on presses are for the module that is loaded next.
pub fn boot_unready() {
    let _ = Reflect::set(&boot(), &"ready".into(), &JsValue::FALSE);
}

/// Leaves for another address. The page that is left stays in the history.
pub fn leave(url: &str) -> bool {
    call(&boot(), "leave", &[url.into()]).is_ok()
}
