//! A few plain HTTP requests, to the control pages of the upstreams.

use admit_one_sandbox::Message;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Sends a request and returns the status and the body.
pub(crate) async fn send(method: &str, url: &str, body: Option<Value>) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<axum::body::Bytes>>();
    let request = http::Request::builder()
        .method(method)
        .uri(url)
        .header("content-type", "application/json")
        .body(Full::from(
            body.map(|body| body.to_string()).unwrap_or_default(),
        ))
        .unwrap();
    let response = client
        .request(request)
        .await
        .unwrap_or_else(|error| panic!("{method} {url}: {error}"));
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

/// A member of a request that was heard.
pub(crate) fn member<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    let mut members = message.request.iter();
    let found = members.find(|(own, _)| own == name);
    found.map(|(_, value)| value.as_str())
}

/// Sends a request that has to succeed.
pub(crate) async fn order(method: &str, url: &str, body: Option<Value>) -> String {
    let (status, text) = send(method, url, body).await;
    assert!(
        (200..300).contains(&status),
        "{method} {url} answers {status}: {text}"
    );
    text
}
