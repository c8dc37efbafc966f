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
        let header = self.header(span.start);
        let (found, allowed) = match message.split_once(", expected ") {
            Some((found, allowed)) => (found, allowed),
            None => match message.as_str() {
                "wanted string or table" => ("another type", "string"),
                "duplicate key" => ("the key once more", "each key once"),
                other => (other, "TOML 1.0"),
            },
        };
        // The value itself may be a secret in the wrong place.
        if let Some(found) = found.strip_prefix("invalid type: ") {
            let allowed = type_name(allowed);
            // A list of tables is taken for a list of what should be in the one.
            let is_top = !table.contains('.');
            return match header {
                Some(header) if is_top && header.starts_with("[[") && found == "map" => {
                    self.mistake(span, format!("`{header}`"), format!("`[{table}]`"))
                }
                Some(header) if is_top && allowed == A_LIST => {
                    self.mistake(span, format!("`{header}`"), format!("`[[{table}]]`"))
                }
                Some(header) => self.mistake(span, format!("`{header}`"), allowed),
                None => self.mistake(span, type_name(found), allowed),
            };
        }
        let found = found.trim_start_matches("invalid value: ");
        let Some((kind, name)) = ["unknown field ", "unknown variant "]
            .into_iter()
            .find_map(|kind| Some((kind, found.strip_prefix(kind)?.trim_matches('`'))))
        else {
            return self.mistake(span, found, type_name(allowed));
        };
        let names = alike(name, allowed);
        let mut mistake = self.mistake(span, found, shortened(allowed, &names));
        if kind == "unknown field " {
            mistake.key = match table.find(name) {
                // The table itself, or one of those that it is in.
                Some(at) if header.is_some() => table[..at + name.len()].to_owned(),
                _ => join(&table, name),
            };
        }
        if let Some(meant) = names.first().filter(|meant| is_meant(name, meant)) {
            mistake.found.push_str(&format!(" (is `{meant}` meant?)"));
        }
        mistake
    }

    /// The header of a table, if the line is one.
    fn header(&self, at: usize) -> Option<&str> {
        let start = self.before(at).rfind('\n').map_or(0, |n| n + 1);
        as_header(self.text[start..].lines().next()?)
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
        let header = self.text[..end].lines().rev().find_map(as_header);
        header
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned()
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

/// The header that a line is, without what stands behind it.
fn as_header(line: &str) -> Option<&str> {
    let header = line.split('#').next()?.trim();
    let name = header.strip_prefix('[')?.strip_suffix(']')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.[]".contains(c);
    name.chars().all(plain).then_some(header)
}

/// What the TOML reader calls a type, in the words of the documentation.
fn type_name(said: &str) -> &str {
    let name = said.trim_start_matches("a ").trim_start_matches("literal ");
    match name.split(' ').next().unwrap_or_default() {
        "string" => "a text in quotes",
        "integer" => "a whole number",
        "u64" | "u32" => "a whole number that isn't negative",
        "floating" => "a number",
        "boolean" => "`true` or `false`",
        "sequence" => A_LIST,
        "map" | "struct" => "a table",
        _ => said,
    }
}

/// The names in a list such as "`a`, `b`", those first that a mistyped one is most like.
fn alike<'a>(typed: &str, list: &'a str) -> Vec<&'a str> {
    let mut names: Vec<_> = list.split('`').skip(1).step_by(2).collect();
    names.sort_by_key(|name| strsim::damerau_levenshtein(typed, name));
    names
}

fn is_meant(typed: &str, name: &str) -> bool {
    strsim::damerau_levenshtein(typed, name) <= 1 + name.len() / 4
}

/// Of many names, those that may be meant.
fn shortened(allowed: &str, alike: &[&str]) -> String {
    if alike.len() <= MOST_NAMES {
        return allowed.to_owned();
    }
    let (few, others) = alike.split_at(FEW_NAMES);
    let few: Vec<_> = few.iter().map(|name| format!("`{name}`")).collect();
    let others = others.len();
    format!(
        "{}, and {others} others that docs/configuration.md names",
        few.join(", ")
    )
}

const A_LIST: &str = "a list in brackets";
const MOST_NAMES: usize = 12;
const FEW_NAMES: usize = 5;

fn join(table: &str, key: &str) -> String {
    match (table, key) {
        ("", key) => key.to_owned(),
        (table, "") => table.to_owned(),
        (table, key) => format!("{table}.{key}"),
    }
}
