//! A partner's page, seen from ours: what the backend says of it, and the window that opened this one.

use admit_one_protocol::handoff::PublicPartner;
use js_sys::{JSON, Object};
use wasm_bindgen::JsValue;

use super::{call, document, member, window};

/// For whom this page was served.
pub enum Served {
    /// For no partner: it is another page than the one that partners open.
    Elsewhere,
    /// For a partner that isn't there.
    Nobody,
    /// For this one.
    Partner(PublicPartner),
}

/// For whom this page was served.
pub fn partner() -> Served {
    let element = document().query_selector("meta[name='admit-one:partner']");
    let Ok(Some(element)) = element else {
        return Served::Elsewhere;
    };
    let content = element.get_attribute("content").unwrap_or_default();
    serde_json::from_slice(content.as_bytes()).map_or(Served::Nobody, Served::Partner)
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
