//! The languages of `locales/`, and which one a buyer reads.

use std::{collections::BTreeMap, sync::LazyLock};

mod catalogue {
    #![allow(
        missing_docs,
        unreachable_pub,
        dead_code,
        clippy::all,
        reason = "generated"
    )]

    rust_i18n::i18n!("../../locales", fallback = "en");
}

/// One of the languages there are.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Language(&'static str);

type Messages = BTreeMap<String, String>;

static MESSAGES: LazyLock<BTreeMap<String, Messages>> = LazyLock::new(|| {
    let backend = catalogue::_rust_i18n_backend();
    let of = |locale: &str| -> Messages {
        let messages = backend.messages_for_locale(locale).unwrap_or_default();
        messages
            .into_iter()
            .map(|(key, message)| (key.into_owned(), message.into_owned()))
            .collect()
    };
    let english = of(DEFAULT.0);
    let mut all = BTreeMap::from([(DEFAULT.0.to_owned(), english.clone())]);
    for locale in backend.available_locales() {
        // What isn't translated yet is said in English.
        let mut messages = english.clone();
        messages.extend(of(&locale));
        all.insert(locale.into_owned(), messages);
    }
    all
});

const DEFAULT: Language = Language("en");
const RIGHT_TO_LEFT: &[&str] = &["ar", "fa", "he", "ur"];

impl Language {
    /// Every language there is.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        MESSAGES.keys().map(|code| Self(code))
    }

    /// The language of a tag such as `fr-CH`, or the default.
    pub(crate) fn of(tag: &str) -> Self {
        Self::known(tag).unwrap_or(DEFAULT)
    }

    /// `lang` of the query, then what the browser prefers (RFC 9110 section 12.5.4), then the default.
    pub(crate) fn chosen(query: Option<&str>, accept: Option<&str>) -> Self {
        let asked = query
            .unwrap_or_default()
            .split('&')
            .find_map(|pair| pair.strip_prefix("lang="))
            .and_then(Self::known);
        asked
            .or_else(|| Self::preferred(accept?))
            .unwrap_or(DEFAULT)
    }

    fn preferred(accept: &str) -> Option<Self> {
        let mut ranges: Vec<(f32, Self)> = accept
            .split(',')
            .filter_map(|range| {
                let (tag, weight) = range.split_once(";").unwrap_or((range, "q=1"));
                let weight = weight
                    .trim()
                    .strip_prefix("q=")
                    .and_then(|weight| weight.parse().ok())
                    .unwrap_or(0.0);
                Self::known(tag.trim()).map(|language| (weight, language))
            })
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        ranges.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        ranges.first().map(|(_, language)| *language)
    }

    fn known(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?.to_ascii_lowercase();
        MESSAGES.get_key_value(&primary).map(|(code, _)| Self(code))
    }

    /// The tag, as in `<html lang>`.
    pub(crate) fn as_str(self) -> &'static str {
        self.0
    }

    /// The direction, as in `<html dir>`.
    pub(crate) fn dir(self) -> &'static str {
        if RIGHT_TO_LEFT.contains(&self.0) {
            "rtl"
        } else {
            "ltr"
        }
    }

    /// Every sentence, by key.
    pub(crate) fn messages(self) -> &'static Messages {
        static NONE: Messages = BTreeMap::new();
        MESSAGES.get(self.0).unwrap_or(&NONE)
    }

    /// One sentence; its key where it has none.
    pub(crate) fn say(self, key: &str) -> String {
        self.messages()
            .get(key)
            .cloned()
            .unwrap_or_else(|| key.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample};

    use super::*;

    #[test]
    fn arabic_and_hebrew_run_from_right_to_left() {
        for (tag, dir) in [("ar", "rtl"), ("he", "rtl"), ("de", "ltr")] {
            assert_eq!(Language(tag).dir(), dir);
        }
    }

    #[test]
    fn lang_comes_before_the_browsers_wish() {
        assert_eq!(
            Language::chosen(Some("x=1&lang=fr"), Some("de")).as_str(),
            "fr"
        );
        assert_eq!(
            Language::chosen(Some("lang=xx"), Some("fr;q=0.3, de-AT;q=0.9, it")).as_str(),
            "de"
        );
        assert_eq!(Language::chosen(None, Some("fr;q=0, *")).as_str(), "en");
        assert_eq!(Language::chosen(None, None).as_str(), "en");
        assert_eq!(Language::of("fr-CH").as_str(), "fr");
    }

    /// The languages that there are, each at most once, and how much each is wished for, in thousandths.
    fn wishes() -> impl Strategy<Value = Vec<(Language, u32)>> {
        let all: Vec<_> = Language::all().collect();
        let weights = proptest::collection::vec(prop_oneof![Just(0), 0..=1000_u32], all.len());
        (Just(all).prop_shuffle(), weights)
            .prop_map(|(all, weights)| all.into_iter().zip(weights).collect())
    }

    fn accept(wishes: &[(Language, u32)]) -> String {
        let range = |(language, weight): &(Language, u32)| {
            let (tag, weight) = (language.as_str(), f64::from(*weight) / 1000.0);
            format!("{tag}-XX;q={weight}")
        };
        wishes.iter().map(range).collect::<Vec<_>>().join(", ")
    }

    proptest! {
        #[test]
        fn whatever_is_asked_for_the_answer_is_a_language_there_is(
            query in proptest::option::of("(lang=)?\\PC{0,20}"), accept in proptest::option::of("\\PC{0,40}"),
        ) {
            let chosen = Language::chosen(query.as_deref(), accept.as_deref());
            prop_assert!(Language::all().any(|language| language == chosen));
        }

        #[test]
        fn the_one_wished_for_most_is_read_and_one_of_weight_zero_never(wishes in wishes()) {
            let chosen = Language::chosen(None, Some(&accept(&wishes)));
            let most = wishes.iter().map(|(_, weight)| *weight).max().unwrap();
            // Of two that are wished for as much, the first.
            let first = wishes.iter().find(|(_, weight)| *weight == most).unwrap();
            let expected = if most > 0 { first.0 } else { DEFAULT };
            prop_assert_eq!(chosen, expected);
        }

        #[test]
        fn lang_comes_before_every_wish(
            language in sample::select(Language::all().collect::<Vec<_>>()), upper: bool, region in "([-_][A-Za-z]{2,8})?",
            before in "([a-km-z]{1,5}=[^&]{0,8}&){0,3}", wishes in wishes(),
        ) {
            let tag = language.as_str();
            let tag = if upper { tag.to_ascii_uppercase() } else { tag.to_owned() };
            let query = format!("{before}lang={tag}{region}&lang=xx");
            prop_assert_eq!(Language::chosen(Some(&query), Some(&accept(&wishes))), language);
        }
    }
}
