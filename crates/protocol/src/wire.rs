//! How real providers spell things: the few places where we read more than the specification lets them write.

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny},
};

/// A JSON object. serde alone would take an array for a struct, too.
pub(crate) fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, serde_json::Error> {
    if json.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice(json)
    } else {
        Err(serde_json::Error::custom("not an object"))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Lenient<T> {
    Value(T),
    Other(IgnoredAny),
}

/// A value of another type than expected counts as absent.
pub(crate) fn or_absent<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(match Lenient::deserialize(deserializer)? {
        Lenient::Value(value) => value,
        Lenient::Other(_) => None,
    })
}

/// Text, or a number in its place; anything else counts as absent.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Text {
        Text(String),
        Number(serde_json::Number),
    }
    let value: Option<Text> = or_absent(deserializer)?;
    Ok(value.map(|value| match value {
        Text::Text(text) => text,
        Text::Number(number) => number.to_string(),
    }))
}

/// Whether a member is there at all, whatever its value.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// A boolean, or one in quotation marks as some providers send `email_verified`.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Flag {
    Bool(bool),
    Text(String),
}

impl Flag {
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Flag::Bool(flag) => *flag,
            Flag::Text(text) => text == "true",
        }
    }
}

/// Seconds as an integer, a float or a string.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Seconds {
    Integer(u64),
    Float(f64),
    Text(String),
}

impl Seconds {
    /// Whole seconds, rounded down; `None` where it isn't a point or a length of time.
    pub(crate) fn whole(&self) -> Option<u64> {
        let seconds = match self {
            Seconds::Integer(value) => *value,
            Seconds::Float(value) if *value >= 0.0 => *value as u64,
            Seconds::Float(_) => return None,
            Seconds::Text(text) => {
                // Not as a float: that parser's tables alone are 10 KB of the browser's download.
                let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
                let whole = whole.parse().ok()?;
                fraction
                    .bytes()
                    .all(|b| b.is_ascii_digit())
                    .then_some(whole)?
            }
        };
        (seconds < LONGEST_SECONDS).then_some(seconds)
    }
}

/// 2^53 is where floats stop counting seconds one by one; below it, no sum with the time overflows.
const LONGEST_SECONDS: u64 = 9_000_000_000_000_000;

/// What stands where a code is expected, fit for one line of a log. A sentence, an address or a number isn't a code: it may
/// name a person, or repeat what was sent.
pub(crate) fn code(text: &str) -> String {
    let text = text.trim();
    let is_code = text.len() <= LONGEST_CODE
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.:".contains(c))
        && text.chars().filter(char::is_ascii_digit).count() <= MOST_DIGITS;
    if is_code {
        text.to_owned()
    } else {
        "…".to_owned()
    }
}

const LONGEST_CODE: usize = 48;
const MOST_DIGITS: usize = 4;

/// The beginning of something from outside, fit for one line of a log.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars()
        .take(200)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
