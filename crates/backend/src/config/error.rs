//! One message for one mistake in the configuration: the line, the key, what was found, what is allowed.

use std::ops::Range;

/// Why the configuration was refused.
#[derive(Debug, thiserror::Error)]
#[error("{source_name}:{line}: `{key}`: found {found}; allowed: {allowed}")]
pub struct ConfigError {
    /// The file, as it was named to us.
    pub source_name: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The key with its table, such as `providers.issuer`.
    pub key: String,
    /// What stands there. Never a secret's value.
    pub found: String,
    /// What may stand there.
    pub allowed: String,
}

/// The text of the configuration, to find lines and keys in.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// A mistake at a place of the text.
    pub(super) fn mistake(
        &self,
        span: Range<usize>,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> ConfigError {
        ConfigError {
            source_name: self.name.to_owned(),
            line: self.line(span.start),
            key: self.key(span.start),
            found: found.into(),
            allowed: allowed.into(),
        }
    }

    /// A mistake without a place of its own: something is absent.
    pub(super) fn absence(
        &self,
        key: &str,
        span: Option<Range<usize>>,
        allowed: impl Into<String>,
    ) -> ConfigError {
        ConfigError {
            source_name: self.name.to_owned(),
            line: span.map_or(1, |span| self.line(span.start)),
            key: key.to_owned(),
            found: "nothing".to_owned(),
            allowed: allowed.into(),
        }
    }

    /// What the TOML reader says, in our form.
    pub(super) fn refused(&self, error: &toml::de::Error) -> ConfigError {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().lines().collect::<Vec<_>>().join(" ");
        let table = self.table(span.start);
        if let Some(field) = message.strip_prefix("missing field ") {
            let key = join(&table, field.trim_matches('`'));
            return self.absence(&key, Some(span), "this key is required");
        }
        let (found, allowed) = message
            .split_once(", expected ")
            .unwrap_or((message.as_str(), "TOML 1.0"));
        let mut mistake = self.mistake(span, found.trim_start_matches("invalid value: "), allowed);
        let unknown = |kind| found.strip_prefix(kind).map(|name| name.trim_matches('`'));
        if let Some(field) = unknown("unknown field ") {
            mistake.key = join(&table, field);
        }
        if let Some(name) = unknown("unknown field ").or_else(|| unknown("unknown variant "))
            && let Some(meant) = meant(name, allowed)
        {
            mistake.found.push_str(&format!(" (is `{meant}` meant?)"));
        }
        mistake
    }

    fn line(&self, at: usize) -> usize {
        self.before(at).matches('\n').count() + 1
    }

    fn before(&self, at: usize) -> &str {
        self.text
            .get(..at.min(self.text.len()))
            .unwrap_or(self.text)
    }

    /// The table whose header stands above.
    fn table(&self, at: usize) -> String {
        let end = self.text[self.before(at).len()..]
            .find('\n')
            .map_or(self.text.len(), |n| self.before(at).len() + n);
        let header = self.text[..end]
            .lines()
            .rev()
            .map(str::trim)
            .find(|line| line.starts_with('['));
        let name = header
            .and_then(|line| line.split(']').next())
            .unwrap_or_default();
        name.trim_start_matches('[').trim().to_owned()
    }

    /// The key on the line, or on the one where its value began.
    fn key(&self, at: usize) -> String {
        let start = self.before(at).rfind('\n').map_or(0, |n| n + 1);
        let end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |n| start + n);
        let table = self.table(at);
        if self.text[start..end].trim_start().starts_with('[')
            && !self.text[start..end].contains('=')
        {
            return table;
        }
        let key = self.text[..end]
            .lines()
            .rev()
            .filter(|line| !line.trim_start().starts_with('#'))
            .find_map(|line| line.split_once('=').map(|(key, _)| key.trim()))
            .filter(|key| !key.is_empty() && !key.contains(['{', '"', ' ']));
        join(&table, key.unwrap_or_default())
    }
}

/// The one of the names in a list such as "`a`, `b`" that a mistyped one is most like.
fn meant<'a>(typed: &str, list: &'a str) -> Option<&'a str> {
    let names = list.split('`').skip(1).step_by(2);
    let alike = names.map(|name| (strsim::damerau_levenshtein(typed, name), name));
    let (distance, name) = alike.min()?;
    (distance <= 1 + name.len() / 4).then_some(name)
}

fn join(table: &str, key: &str) -> String {
    match (table, key) {
        ("", key) => key.to_owned(),
        (table, "") => table.to_owned(),
        (table, key) => format!("{table}.{key}"),
    }
}
