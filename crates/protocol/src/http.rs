//! A request for the caller to send.

use core::fmt;

use form_urlencoded::Serializer;

/// What to send; the caller does the sending, with redirects not followed.
#[derive(Clone, PartialEq)]
pub struct HttpRequest {
    /// `GET`, `POST` or `PUT`.
    pub method: &'static str,
    /// The address.
    pub url: String,
    /// Header names in lower case, and their values.
    pub headers: Vec<(String, String)>,
    /// The body; empty with `GET`.
    pub body: String,
}

impl HttpRequest {
    /// A form by `POST` that wants JSON back.
    pub(crate) fn form(url: &str, headers: Vec<(String, String)>, pairs: &[(&str, &str)]) -> Self {
        let mut all = vec![
            header("accept", "application/json"),
            header("content-type", "application/x-www-form-urlencoded"),
        ];
        all.extend(headers);
        let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
        Self {
            method: "POST",
            url: url.to_owned(),
            headers: all,
            body,
        }
    }
}

pub(crate) fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Header values, bodies, queries and, at some, paths carry secrets: only the origin and names are shown.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        let path = self.url.find("://").map_or(0, |at| at + 3);
        let end = self.url[path..].find(['/', '?', '#']);
        let origin = end.map_or(self.url.as_str(), |end| &self.url[..path + end]);
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("origin", &origin)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

/// The endpoint with further parameters; a query that it has already is kept
/// ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
pub(crate) fn with_query<'a>(
    endpoint: &str,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    let joint = match endpoint.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, existing)) if existing.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{endpoint}{joint}{query}")
}

/// The seconds of a `Retry-After` ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)): a number, or
/// a date.
pub fn retry_after(value: &str, now: u64) -> Option<u64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().unwrap_or(u64::MAX));
    }
    let at = chrono::DateTime::parse_from_rfc2822(value)
        .ok()?
        .timestamp();
    Some(u64::try_from(at).unwrap_or(0).saturating_sub(now))
}
