//! A request for the caller to send.

use core::fmt;

use form_urlencoded::Serializer;

/// What to send; the caller does the sending, with redirects not followed.
#[derive(Clone, PartialEq)]
pub struct HttpRequest {
    /// `GET` or `POST`.
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

/// Header values and bodies carry secrets, so only names are shown.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url)
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
