//! What surrounds every answer: the request's id, and the headers that keep a browser careful.

use std::sync::Arc;

use axum::{extract::Request, response::Response};
use http::{HeaderName, HeaderValue, header};

use crate::{app::State, call::RequestId};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Headers of every answer.
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (OPENER_POLICY, "same-origin-allow-popups"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
];

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Headers of answers that don't say otherwise.
const OTHERWISE: [(HeaderName, &str); 2] = [
    (header::CONTENT_SECURITY_POLICY, NOTHING),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Marks the one answer that some may frame, and says by its policy who.
#[derive(Clone)]
pub(crate) struct Framed;

/// Of answers that are no pages.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/// What `answer` says, with all that; not a layer of the router's, each of which would have its own box for every request.
pub(crate) async fn around(
    state: &State,
    mut request: Request,
    answer: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(accepted)
        .unwrap_or_else(made);
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = answer(request).await;
    let framed = response.extensions().get::<Framed>().is_some();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in OTHERWISE {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if !framed {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    // A popup that a partner's page has opened tells it what came of it.
    if !state.config.partners.is_empty() {
        headers.insert(OPENER_POLICY, HeaderValue::from_static("unsafe-none"));
    }
    if state.pages.https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID.clone(), id);
    }
    response
}

/// An id that somebody before us gave the request.
fn accepted(id: &HeaderValue) -> Option<Arc<str>> {
    let id = id.to_str().ok()?;
    let plain = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    ((8..=64).contains(&id.len()) && plain).then(|| Arc::from(id))
}

fn made() -> Arc<str> {
    let mut bytes = [0; 12];
    // Without entropy the id is only less useful.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    Arc::from(admit_one_protocol::encoding::base64url(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_of_somebody_before_us_stays_as_it_is_or_is_not_taken(
            id in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..80),
                "[A-Za-z0-9_-]{0,80}|[A-Za-z0-9_-]{6,9}|[A-Za-z0-9_-]{63,66}".prop_map(String::into_bytes),
                "[A-Za-z0-9_-]{4,30}[ -~][A-Za-z0-9_-]{4,30}".prop_map(String::into_bytes),
            ],
        ) {
            let Ok(value) = HeaderValue::from_bytes(&id) else {
                return Ok(());
            };
            // A log line of text must not be broken by it, nor grow without bound.
            let of_ours = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            let fits = (8..=64).contains(&id.len()) && id.iter().all(of_ours);
            let taken = accepted(&value);
            prop_assert_eq!(taken.as_deref().map(str::as_bytes), fits.then_some(&*id));
        }
    }

    #[test]
    fn an_id_of_ours_is_one_that_we_would_take() {
        let (one, other) = (made(), made());
        assert_ne!(one, other);
        let value = HeaderValue::from_str(&one).unwrap();
        assert_eq!(accepted(&value), Some(one));
    }
}
