//! The sentences of a language, in a file that browsers keep. The app fetches it beside its module; the page itself has only
//! what is said before the app is there.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use admit_one_protocol::api::Texts;

use super::built::Asset;
use crate::language::Language;

/// What `boot.js` and the sign-in module say.
const BRIEF: &[&str] = &[
    "account.title",
    "app.late",
    "app.name",
    "app.reload",
    "app.support",
    "app.unsupported",
    "sign_in.last",
];

struct Files {
    paths: HashMap<Language, String>,
    assets: HashMap<String, Arc<Asset>>,
}

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let mut files = Files {
        paths: HashMap::new(),
        assets: HashMap::new(),
    };
    for language in Language::all() {
        let json = serde_json::to_vec(language.messages()).unwrap_or_default();
        let (path, asset) = Asset::hashed(&format!("messages-{}", language.as_str()), "json", json);
        files.paths.insert(language, path.clone());
        files.assets.insert(path, Arc::new(asset));
    }
    files
});

/// Where the sentences of a language are served.
pub(super) fn path(language: Language) -> &'static str {
    FILES.paths.get(&language).map_or("", String::as_str)
}

/// The file at a path.
pub(super) fn file(path: &str) -> Option<Arc<Asset>> {
    FILES.assets.get(path).cloned()
}

/// Those of the sentences that a page has in itself.
pub(super) fn brief(messages: &Texts) -> Texts {
    let known = BRIEF
        .iter()
        .filter_map(|key| Some((*key, messages.get(key)?)));
    known
        .map(|(key, message)| (key.to_owned(), message.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_file() {
        for language in Language::all() {
            let path = path(language);
            assert!(
                path.starts_with(&format!("/messages-{}-", language.as_str())),
                "{path}"
            );
            assert!(file(path).is_some());
        }
        assert!(file("/messages-en-0.json").is_none());
    }

    #[test]
    fn what_is_said_before_the_app_is_there_has_its_words() {
        let all = Language::of("de").messages().clone().into_iter().collect();
        assert_eq!(brief(&all).iter().count(), BRIEF.len());
    }
}
