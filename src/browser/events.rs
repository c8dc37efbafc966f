//! What the world outside says: other tabs, the network, the history.

use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::{call, document, member, window};

/// Calls back on an event of the window, for as long as the page lives.
pub fn on_window(event: &str, handler: impl Fn() + 'static) {
    listen(&window(), event, move |_| handler());
}

/// Calls back on an event of the document, for as long as the page lives.
pub fn on_document(event: &str, handler: impl Fn() + 'static) {
    listen(&document(), event, move |_| handler());
}

/// Calls back on a press on the served button of a provider, with its id.
pub fn on_press(handler: impl Fn(String) + 'static) {
    listen(&document(), "click", move |event| {
        let button =
            call(&member(&event, "target"), "closest", &[".provider".into()]).unwrap_or_default();
        if let Some(provider) = member(&member(&button, "dataset"), "provider").as_string() {
            handler(provider);
        }
    });
}

/// Calls back when another tab changed localStorage, with the key; `None` where all of it was cleared.
pub fn on_storage(handler: impl Fn(Option<String>) + 'static) {
    listen(&window(), "storage", move |event| {
        handler(member(&event, "key").as_string())
    });
}

/// Says something to every other tab, for the rungs whose storage tabs don't share.
pub fn announce(text: &str) {
    CHANNEL.with(|channel| {
        if let Some(channel) = channel {
            let _ = call(channel, "postMessage", &[text.into()]);
        }
    });
}

/// Calls back with what another tab announces.
pub fn on_announcement(handler: impl Fn(String) + 'static) {
    CHANNEL.with(|channel| {
        if let Some(channel) = channel {
            listen(channel, "message", move |event| {
                if let Some(text) = member(&event, "data").as_string() {
                    handler(text);
                }
            });
        }
    });
}

thread_local! {
    static CHANNEL: Option<web_sys::BroadcastChannel> = web_sys::BroadcastChannel::new("admit-one").ok();
}

fn listen(target: &web_sys::EventTarget, event: &str, handler: impl Fn(JsValue) + 'static) {
    let handler = Closure::<dyn Fn(JsValue)>::new(handler).into_js_value();
    let _ = target.add_event_listener_with_callback(event, handler.unchecked_ref());
}
