//! Parameters, cookies and answers, as HTTP has them.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

/// `application/x-www-form-urlencoded`, in order, as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn parse(encoded: &[u8]) -> Parameters {
        Parameters(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// A parameter sent without a value counts as omitted (RFC 6749 3.1).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// A name that comes twice, which RFC 6749 3.1 forbids.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
            .windows(2)
            .find(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The value of one cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A cookie that scripts don't see and other sites don't send along.
pub(crate) fn set_cookie(name: &str, value: &str, path: &str, public_url: &str) -> HeaderValue {
    let secure = if public_url.starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    let age = if value.is_empty() { "; Max-Age=0" } else { "" };
    HeaderValue::try_from(format!(
        "{name}={value}; Path={path}; HttpOnly; SameSite=Lax{age}{secure}"
    ))
    .unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// 303, so that a form's body isn't sent on (RFC 9700 4.12).
pub(crate) fn see_other(location: &str) -> Response {
    match HeaderValue::try_from(location) {
        Ok(location) => (
            StatusCode::SEE_OTHER,
            [
                (header::LOCATION, location),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (
                    header::REFERRER_POLICY,
                    HeaderValue::from_static("no-referrer"),
                ),
            ],
        )
            .into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// 302, as the vendors' systems send it after a GET and after their login forms.
pub(crate) fn found(location: &str) -> Response {
    let mut response = see_other(location);
    if response.status() == StatusCode::SEE_OTHER {
        *response.status_mut() = StatusCode::FOUND;
    }
    response
}

/// The URL with these parameters added to its query.
pub(crate) fn with_query<'a>(
    url: &str,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    match query.is_empty() {
        true => url.to_owned(),
        false if url.contains('?') => format!("{url}&{query}"),
        false => format!("{url}?{query}"),
    }
}

/// JSON that nobody keeps.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
            (header::PRAGMA, "no-cache"),
        ],
        body.to_string(),
    )
        .into_response()
}

/// The page that a broken proxy would answer with.
pub(crate) fn not_json(status: StatusCode) -> Response {
    (
        status,
        axum::response::Html("<!doctype html><title>Oops</title><h1>Something went wrong</h1>\n"),
    )
        .into_response()
}

/// Marks an answer whose body can't be read for the record of messages.
#[derive(Clone)]
pub(crate) struct Broken;

/// An answer that promises more than it sends, then ends the connection.
pub(crate) fn dropped() -> Response {
    let parts = futures_util::stream::iter([
        Ok(r#"{"access_token":"#.as_bytes()),
        Err(std::io::Error::new(
            std::io::ErrorKind::ConnectionReset,
            "token_drops_connection",
        )),
    ]);
    let mut response = Response::new(Body::from_stream(parts));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from_static("2048"));
    response.extensions_mut().insert(Broken);
    response
}

/// `scheme://host[:port]` of a URL, or nothing for what isn't one.
pub(crate) fn origin(url: &str) -> Option<String> {
    let origin = url::Url::parse(url).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}
