//! HTML pages, each under a policy that allows what it uses and nothing else.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

/// Where a page's forms may lead. Chromium applies it to the redirects after a form, too.
pub(crate) enum Forms<'a> {
    Own,
    OwnAnd(&'a str),
}

/// A rendered page that is never kept, framed or named in a `Referer`.
pub(crate) fn html(status: StatusCode, page: &impl Template, forms: Forms<'_>) -> Response {
    let Ok(body) = page.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let form_action = match forms {
        Forms::Own => "'self'".to_owned(),
        Forms::OwnAnd(origin) => format!("'self' {origin}"),
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
         form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, Html(body)).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// A stylesheet or script of ours.
pub(crate) fn asset(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "no-cache"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ],
        text,
    )
}
