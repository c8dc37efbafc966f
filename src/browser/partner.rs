//! A partner's page, seen from ours: what the backend says of it, and the window that opened this one.

use js_sys::{JSON, Object};
use wasm_bindgen::JsValue;

use super::{call, document, member, window};

/// The id, the `return_path` and the origins of the partner that this page was served for; `None` on a page that wasn't served for one, empty
/// where the address names none.
pub fn partner() -> Option<Vec<String>> {
    let element = document()
        .query_selector("meta[name='admit-one:partner']")
        .ok()??;
    let content = element.get_attribute("content")?;
    Some(content.split_whitespace().map(str::to_owned).collect())
}

/// Says something to the window that opened this one, if it is of exactly this origin; `false` where there is none.
pub fn tell_opener(message: &Object, origin: &str) -> bool {
    let opener = member(&window(), "opener");
    !opener.is_null()
        && !opener.is_undefined()
        && call(&opener, "postMessage", &[message.into(), origin.into()]).is_ok()
}

/// A message as it may stand in an address.
pub fn in_address(message: &Object) -> String {
    let text = JSON::stringify(message)
        .ok()
        .and_then(|text| JsValue::from(text).as_string());
    super::encoded(&text.unwrap_or_default())
}
