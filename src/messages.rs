//! The sentences that the app shows. They come with the page, in the buyer's language, from `locales/*.yml`.

use std::cell::RefCell;

use admit_one_protocol::api::Texts;

thread_local! {
    static MESSAGES: RefCell<Texts> = RefCell::default();
    static NAME: RefCell<String> = RefCell::default();
}

/// What the operator is called, which is in the page and not in the file of sentences.
pub fn set_name(name: Option<&str>) {
    NAME.set(name.unwrap_or_default().to_owned());
}

/// The title of a page.
pub fn title(key: &str) -> String {
    [t(key), NAME.with_borrow(String::clone)].join(" · ")
}

/// Takes over the sentences of the configuration.
pub fn set_messages(messages: Texts) {
    MESSAGES.set(messages);
}

/// The sentence under this key; the key itself where a translation is missing, which a test rules out.
pub fn t(key: &str) -> String {
    MESSAGES
        .with_borrow(|messages| messages.get(key).map(str::to_owned))
        .unwrap_or_else(|| key.to_owned())
}

/// The sentence under this key with its arguments filled in: `%{name}` is replaced by the value of `name`.
pub fn t_with(key: &str, arguments: &[(&str, &str)]) -> String {
    let sentence = t(key);
    let mut filled = String::with_capacity(sentence.len());
    let mut rest = sentence.as_str();
    while let Some((before, after)) = rest.split_once("%{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        let value = arguments
            .iter()
            .find(|(argument, _)| *argument == name)
            .map(|(_, value)| *value);
        filled.push_str(value.unwrap_or_default());
        rest = after;
    }
    filled.push_str(rest);
    filled
}
