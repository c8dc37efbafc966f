//! What a page says before any script: the buttons, the status, the data block.

use std::borrow::Cow;

use admit_one_protocol::api::PublicConfiguration;

use super::{Kind, messages};
use crate::language::Language;

/// The page: `%…%` are sentences and attributes, comments are the content and the data block. `partner` is what the
/// widget's page knows of who opens it.
pub(super) fn render(
    template: &str,
    configuration: &PublicConfiguration,
    partner: &str,
    language: Language,
    kind: Kind,
) -> String {
    let content = content(configuration, language, kind);
    let data = data(configuration, language);
    let template = match kind {
        Kind::Callback if !configuration.custody.is_stored() => {
            Cow::Owned(without_sign_in(template))
        }
        _ => Cow::Borrowed(template),
    };
    let page = fill(&template, |key| match key {
        "lang" => Some(language.as_str().to_owned()),
        "dir" => Some(language.dir().to_owned()),
        "title" => Some(title(configuration, language, kind)),
        key => configuration.messages.get(key).map(escape),
    });
    let partner = match kind {
        Kind::Widget(_) => format!(
            "<meta name=\"admit-one:partner\" content=\"{}\">",
            escape(partner)
        ),
        _ => String::new(),
    };
    // The data block first: it holds no `<`, so nothing in it can pass for the place of the content.
    page.replacen("<!--admit-one:data-->", &data, 1)
        .replacen("<!--admit-one:partner-->", &partner, 1)
        .replacen("<!--admit-one:content-->", &content, 1)
}

/// The template of a page on which the whole app verifies, since the tokens end with the module that has.
fn without_sign_in(template: &str) -> String {
    let Some((before, rest)) = template.split_once(SIGN_IN) else {
        return template.to_owned();
    };
    let after = rest.split_once('>').map_or("", |(_, after)| after);
    [before, after].concat()
}

/// Where the page names the sign-in module.
const SIGN_IN: &str = "<meta name=\"admit-one:sign-in\" content=\"";

fn content(configuration: &PublicConfiguration, language: Language, kind: Kind) -> String {
    let say = |key: &str| language.messages().get(key).map(|message| escape(message));
    let shell = match kind {
        Kind::SignIn => include_str!("../../../../src/shell/sign_in.html"),
        Kind::Callback => include_str!("../../../../src/shell/callback.html"),
        Kind::Landing
        | Kind::Profile
        | Kind::Account
        | Kind::SignedOut
        | Kind::Widget(_)
        | Kind::Nowhere => {
            include_str!("../../../../src/shell/blank.html")
        }
    };
    let content = fill(shell.trim_end(), say);
    if kind != Kind::SignIn {
        return content;
    }
    content
        .replacen("<!--providers-->", &providers(configuration, language), 1)
        .replacen("<!--note-->", &note(configuration, language), 1)
}

/// We never see a password, unless there is a provider whose login form is ours.
fn note(configuration: &PublicConfiguration, language: Language) -> String {
    if configuration.asks_for_passwords() {
        return String::new();
    }
    let text = escape(&language.say("sign_in.note"));
    format!("<p class=\"note\">{text}</p>")
}

/// A button for each provider; the first is the one that tests press.
fn providers(configuration: &PublicConfiguration, language: Language) -> String {
    let shell = include_str!("../../../../src/shell/provider.html").trim_end();
    let mut first = true;
    let buttons = configuration.providers.iter().map(|provider| {
        // Only the first has the mark; the app leaves the attribute out of the others, too.
        let shell = if std::mem::take(&mut first) {
            shell.to_owned()
        } else {
            shell.replace(" data-testid=\"%testid%\"", "")
        };
        fill(&shell, |key| match key {
            "id" => Some(escape(&provider.id)),
            "label" => Some(escape(&provider.label)),
            "testid" => Some("sign-in".to_owned()),
            "text" => Some(escape(
                &language
                    .say("sign_in.continue_with")
                    .replace("%{label}", &provider.label),
            )),
            key => language.messages().get(key).map(|message| escape(message)),
        })
    });
    buttons.collect()
}

fn title(configuration: &PublicConfiguration, language: Language, kind: Kind) -> String {
    let page = match kind {
        Kind::SignIn => "sign_in.title",
        Kind::Callback => "callback.title",
        Kind::Landing => "landing.title",
        Kind::Profile => "profile.title",
        Kind::Account => "account.title",
        Kind::SignedOut => "signed_out.title",
        Kind::Widget(_) => "widget.title",
        Kind::Nowhere => "failure.title",
    };
    escape(&format!(
        "{} · {}",
        language.say(page),
        configuration.messages.get("app.name").unwrap_or_default()
    ))
}

/// The public configuration as a script element that no `</script>` in it can end.
fn data(configuration: &PublicConfiguration, language: Language) -> String {
    let brief = PublicConfiguration {
        messages: messages::brief(&configuration.messages),
        ..configuration.clone()
    };
    let json = serde_json::to_string(&brief)
        .unwrap_or_default()
        .replace('<', "\\u003c");
    let file = messages::path(language);
    format!(
        "<meta name=\"admit-one:messages\" content=\"{file}\"><script type=\"application/json\" id=\"admit-one\">{json}</script>"
    )
}

/// Replaces each `%key%` that `value` knows, in one pass.
fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(template.len() + 256);
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        filled.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let key = &rest[..rest
            .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c)))
            .unwrap_or(rest.len())];
        match value(key).filter(|_| rest[key.len()..].starts_with('%')) {
            Some(value) => {
                filled.push_str(&value);
                rest = &rest[key.len() + 1..];
            }
            None => filled.push('%'),
        }
    }
    filled + rest
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_whose_tokens_stay_in_memory_names_no_sign_in_module() {
        let template = "<p><meta name=\"admit-one:sign-in\" content=\"/a-1.js\"><i>";
        assert_eq!(without_sign_in(template), "<p><i>");
        assert_eq!(without_sign_in("<p><i>"), "<p><i>");
    }

    #[test]
    fn only_known_keys_are_replaced_and_only_once() {
        let value = |key: &str| (key == "a.b").then(|| "%a.b%".to_owned());
        assert_eq!(
            fill("width:100%;height:50% %a.b%%", value),
            "width:100%;height:50% %a.b%%"
        );
        assert_eq!(fill("%x%", value), "%x%");
    }
}
