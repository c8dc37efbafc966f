//! The only file that reaches for `window`: location, history, clock, entropy, focus, and (in its children) storage,
//! locks, events and the objects of `boot.js`.

mod boot;
mod events;
mod lock;
mod partner;
mod storage;

use std::pin::Pin;

use admit_one_protocol::api::PublicConfiguration;
use js_sys::{Array, Date, Function, JsString, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

pub use self::{
    boot::{
        boot_data, boot_exchange, boot_exchanged, boot_load, boot_messages, boot_person,
        boot_press, boot_pressed, boot_ready, boot_release, boot_show, boot_unready, leave, proof,
        set_boot_nonce,
    },
    events::{announce, on_announcement, on_document, on_press, on_storage, on_window},
    lock::{Lock, lease, lock, lock_if_free},
    partner::{Served, in_address, partner, tell_opener},
    storage::Shelf,
};

/// The window; a page without one doesn't run this.
fn window() -> web_sys::Window {
    web_sys::window().expect("the app runs in a page")
}

/// The document of the page.
fn document() -> web_sys::Document {
    window().document().expect("the app runs in a page")
}

/// The element that the app is mounted in, emptied of what was served in it.
pub fn mount_point() -> Option<web_sys::HtmlElement> {
    let element = document().get_element_by_id("app")?;
    element.set_inner_html("");
    element.dyn_into().ok()
}

/// The configuration in the data block.
pub fn configuration() -> Option<PublicConfiguration> {
    let text = document().get_element_by_id("admit-one")?.text_content()?;
    serde_json::from_slice(text.as_bytes()).ok()
}

/// Our own origin.
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// The path of the address.
pub fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// The query of the address, without the question mark.
pub fn query() -> String {
    let search = window().location().search().unwrap_or_default();
    search.strip_prefix('?').unwrap_or(&search).to_owned()
}

/// One parameter of the query.
pub fn parameter(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search)
        .ok()?
        .get(name)
}

/// A value as it may stand in a query.
pub fn encoded(value: &str) -> String {
    js_sys::encode_uri_component(value).into()
}

/// Whether the page was opened by the back or forward button, anew or as it was.
pub fn came_by_history() -> bool {
    const BACK_FORWARD: f64 = 2.0;
    let navigation = member(&member(&window(), "performance"), "navigation");
    member(&navigation, "type").as_f64() == Some(BACK_FORWARD) || boot::is_back()
}

/// Leaves for another address without keeping this one in the history.
pub fn leave_for_good(url: &str) -> bool {
    window().location().replace(url).is_ok()
}

/// How a change of the address enters the history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entry {
    /// A new entry; the back button returns.
    Push,
    /// In place of the current one.
    Replace,
}

/// Changes the address without loading a page.
pub fn set_path(path: &str, entry: Entry) {
    if let Ok(history) = window().history() {
        let result = match entry {
            Entry::Push => history.push_state_with_url(&JsValue::NULL, "", Some(path)),
            Entry::Replace => history.replace_state_with_url(&JsValue::NULL, "", Some(path)),
        };
        if let Err(error) = result {
            complain("the address could not be changed", &error);
        }
    }
}

/// The device's clock, milliseconds since the epoch.
pub fn now_ms() -> u64 {
    Date::now() as u64
}

/// So many milliseconds, or fewer, at random.
pub fn a_part_of(ms: u32) -> u32 {
    (js_sys::Math::random() * f64::from(ms)) as u32
}

/// 32 bytes of the browser's entropy; `None` where there is no `crypto`.
pub fn entropy() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    window()
        .crypto()
        .ok()?
        .get_random_values_with_u8_array(&mut bytes)
        .ok()?;
    Some(bytes)
}

/// WebCrypto; `None` where the page isn't a secure context.
pub fn subtle() -> Option<web_sys::SubtleCrypto> {
    let crypto = member(&window(), "crypto");
    member(&crypto, "subtle").dyn_into().ok()
}

/// Whether the browser believes that it has a network.
pub fn is_online() -> bool {
    window().navigator().on_line()
}

/// The page's title.
pub fn set_title(title: &str) {
    document().set_title(title);
}

/// Moves the focus to the first heading, so that a screen reader announces the new page.
pub fn focus_heading() {
    focus("#app h1");
}

/// Moves the focus to the first element that the selector names.
pub fn focus(selector: &str) {
    if let Ok(Some(element)) = document().query_selector(selector)
        && let Some(element) = element.dyn_ref::<web_sys::HtmlElement>()
    {
        let _ = element.focus();
    }
}

/// What was typed into the first input that the selector names.
pub fn typed(selector: &str) -> String {
    let input = document().query_selector(selector).ok().flatten();
    let value = input.map(|input| member(&input, "value").as_string());
    value.flatten().unwrap_or_default()
}

/// Writes into it.
pub fn write(selector: &str, text: &str) {
    if let Ok(Some(input)) = document().query_selector(selector) {
        let _ = Reflect::set(&input, &"value".into(), &text.into());
    }
}

/// Whether nobody looks at the page.
pub fn is_hidden() -> bool {
    member(&document(), "hidden").is_truthy()
}

/// Marks the served button of a provider as busy, or as free.
pub fn set_busy(provider: &str, busy: bool) {
    let selector = [".provider[data-provider=\"", provider, "\"]"].concat();
    if let Ok(Some(button)) = document().query_selector(&selector) {
        let _ = if busy {
            button.set_attribute("aria-busy", "true")
        } else {
            button.remove_attribute("aria-busy")
        };
    }
}

/// Removes the mark with which `boot.js` hides the served buttons from a buyer who is signed in.
pub fn unmark_session() {
    if let Some(root) = document().document_element() {
        let _ = root.remove_attribute("data-session");
    }
}

/// Sets `performance.mark(name)` once.
pub fn mark(name: &str) {
    if let Some(performance) = window().performance()
        && performance.get_entries_by_name(name).length() == 0
    {
        let _ = performance.mark(name);
    }
}

/// Says something to the developer at the console.
pub fn complain(message: &str, cause: &JsValue) {
    web_sys::console::warn_2(&message.into(), cause);
}

/// Writes a cookie that pages may read: the mirror for a shop on a sibling domain.
pub fn set_cookie(cookie: &str) {
    let _ = Reflect::set(&document(), &"cookie".into(), &cookie.into());
}

/// Whether the page came by https.
pub fn is_https() -> bool {
    window()
        .location()
        .protocol()
        .is_ok_and(|protocol| protocol == "https:")
}

/// Does something beside what is being done. Boxed, so that the machinery around it is in the download once.
pub fn spawn(work: impl Future<Output = ()> + 'static) {
    let work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(work);
    wasm_bindgen_futures::spawn_local(work);
}

/// Resolves after so many milliseconds.
pub async fn sleep(ms: u32) {
    let _ = JsFuture::from(timer(ms)).await;
}

/// A promise that resolves to `undefined` after so many milliseconds.
pub fn timer(ms: u32) -> Promise {
    Promise::new(&mut |resolve, _| {
        let ms = i32::try_from(ms).unwrap_or(i32::MAX);
        let _ = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(resolve.unchecked_ref(), ms);
    })
}

/// A moment (seconds since the epoch) in the page's language and in the buyer's time zone.
pub fn moment(seconds: u64, lang: &str) -> String {
    let date = Date::new(&JsValue::from_f64(seconds as f64 * 1000.0));
    let style = Object::new();
    set(&style, "dateStyle", &"long".into());
    set(&style, "timeStyle", &"short".into());
    locally(&date, &style, lang).unwrap_or_default()
}

/// A number in the page's language, with the decimals that it has; what isn't one stays as it is, as does one of so many digits
/// that it could be a card's.
pub fn amount(text: &str, lang: &str) -> String {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = (1..=12).contains(&whole.len())
        && (whole == "0" || !whole.starts_with('0'))
        && decimals.len() <= 4
        && !text.ends_with('.')
        && plain(whole)
        && plain(decimals);
    let style = Object::new();
    set(
        &style,
        "minimumFractionDigits",
        &JsValue::from(decimals.len() as u32),
    );
    set(
        &style,
        "maximumFractionDigits",
        &JsValue::from(decimals.len() as u32),
    );
    let number = || construct(&js_sys::global(), "Number", &[text.into()]);
    is_number
        .then(number)
        .flatten()
        .and_then(|number| locally(&number, &style, lang))
        .unwrap_or_else(|| text.to_owned())
}

/// As the buyer's own variety of a language writes it.
fn locally(value: &JsValue, style: &Object, lang: &str) -> Option<String> {
    let varieties = window().navigator().languages();
    let mut varieties = varieties.iter().filter_map(|variety| variety.as_string());
    let own = varieties.find(|variety| variety.split('-').next() == Some(lang));
    let locale = own.as_deref().unwrap_or(lang);
    let text = call(value, "toLocaleString", &[locale.into(), style.into()]);
    text.ok()?.as_string()
}

/// The names of countries or languages in the buyer's language, by `Intl.DisplayNames`.
pub struct Names(JsValue);

impl Names {
    /// Names of this `type` in this language; the codes themselves where the browser doesn't know names.
    pub fn new(of: &str, lang: &str) -> Names {
        let options = Object::new();
        set(&options, "type", &of.into());
        let intl = member(&js_sys::global(), "Intl");
        let names = construct(&intl, "DisplayNames", &[lang.into(), options.into()]);
        Names(names.unwrap_or_default())
    }

    /// The name of this code.
    pub fn of(&self, code: &str) -> String {
        let name = call(&self.0, "of", &[code.into()]).ok();
        name.and_then(|name| name.as_string())
            .unwrap_or_else(|| code.to_owned())
    }
}

/// The order of two names in a language: accents don't come after Z.
pub fn in_order(a: &str, b: &str, lang: &str) -> std::cmp::Ordering {
    let order = JsString::from(a).locale_compare(b, &Array::of1(&lang.into()), &Object::new());
    order.cmp(&0)
}

/// The member of an object; `undefined` where there is none or reading it throws.
fn member(target: &JsValue, name: &str) -> JsValue {
    Reflect::get(target, &name.into()).unwrap_or_default()
}

/// Sets a member of an object that we made.
pub(crate) fn set(target: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(target, &name.into(), value);
}

/// A new object of a class that web-sys doesn't know, where the browser does.
fn construct(home: &JsValue, class: &str, arguments: &[JsValue]) -> Option<JsValue> {
    let class: Function = member(home, class).dyn_into().ok()?;
    Reflect::construct(&class, &list(arguments)).ok()
}

/// Calls a method that web-sys doesn't know, or knows only as unstable.
fn call(target: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = member(target, method).dyn_into()?;
    function.apply(target, &list(arguments))
}

fn list(values: &[JsValue]) -> Array {
    let list = Array::new();
    for value in values {
        list.push(value);
    }
    list
}
