//! Over real connections: the limits of headers, the end that lets calls finish, and a log that keeps secrets.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod support;

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use admit_one_protocol::Code;
use serde_json::json;
use support::{Browser, exchange_body};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// The browser's backend on a port, until the sender is used.
async fn listen(
    browser: &Browser,
) -> (
    String,
    oneshot::Sender<()>,
    tokio::task::JoinHandle<std::io::Result<()>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let app = browser.app.clone();
    let serving = tokio::spawn(admit_one_backend::serve(app, listener, async {
        let _ = stopped.await;
    }));
    (address, stop, serving)
}

async fn send(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn headers_are_bounded() {
    let browser = Browser::start().await;
    let (address, _stop, _serving) = listen(&browser).await;
    let good = send(
        &address,
        "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(good.starts_with("HTTP/1.1 200"), "{good}");
    let many = "x-a: b\r\n".repeat(100);
    let refused = send(
        &address,
        &format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{many}\r\n"),
    )
    .await;
    assert!(refused.starts_with("HTTP/1.1 431"), "{refused}");
    let long = "b".repeat(64 << 10);
    let refused = send(
        &address,
        &format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-a: {long}\r\n\r\n"),
    )
    .await;
    assert!(
        refused.is_empty() || refused.starts_with("HTTP/1.1 431"),
        "{refused}"
    );
}

/// The connections have it of the listener.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_let_go() {
    let browser = Browser::start().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let same = listener.try_clone().unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let listener = TcpListener::from_std(listener).unwrap();
    let app = browser.app.clone();
    let serving = tokio::spawn(admit_one_backend::serve(
        app,
        listener,
        std::future::pending(),
    ));
    send(
        &address,
        "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    )
    .await;
    let taken_within = rustix::net::sockopt::tcp_user_timeout(&same).unwrap();
    assert_eq!(taken_within, 75_000);
    serving.abort();
}

/// An exchange as it is on the wire.
fn exchange(browser: &mut Browser) -> String {
    let body = exchange_body("c").to_string();
    let proof = browser.proof("POST", "/v1/exchange", None);
    format!(
        "POST /v1/exchange HTTP/1.1\r\nhost: x\r\norigin: {}\r\nx-admit-one: 1\r\ndpop: {proof}\r\ncontent-length: {}\r\n\r\n{body}",
        support::ORIGIN,
        body.len()
    )
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_in_flight() {
    let mut browser = Browser::start().await;
    let (address, stop, serving) = listen(&browser).await;
    browser.upstream.with(|inner| inner.delay_ms = 250);
    let request = exchange(&mut browser);
    let in_flight = tokio::spawn({
        let address = address.clone();
        async move { send(&address, &request).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.send(()).unwrap();
    let answer = in_flight.await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("access-1"),
        "{answer}"
    );
    serving.await.unwrap().unwrap();
    assert!(
        TcpStream::connect(&address).await.is_err(),
        "nobody new is let in"
    );
}

#[tokio::test]
async fn a_shutdown_finishes_a_call_whose_caller_has_gone() {
    let mut browser = Browser::start().await;
    let (address, stop, serving) = listen(&browser).await;
    browser.upstream.with(|inner| inner.delay_ms = 300);
    let request = exchange(&mut browser);
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(stream);
    tokio::time::sleep(Duration::from_millis(50)).await;
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    // It has come to its end, and is counted.
    let metrics = browser.get("/metrics").await.ok();
    let counted = "admit_one_requests_total{provider=\"club\",step=\"exchange\",outcome=\"ok\"} 1";
    assert!(metrics.as_str().unwrap().contains(counted), "{metrics}");
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_has_the_cause_and_nothing_secret() {
    // As in `support::Log`.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let mut browser = Browser::start().await;
    let tokens = browser
        .call("POST", "/v1/exchange", exchange_body("the-code"))
        .await
        .ok();
    let handle = tokens["handle"].as_str().unwrap().to_owned();
    let sync = json!({"handle": handle, "access_token": tokens["access_token"]});
    browser.call("POST", "/v1/profile", sync).await.ok();
    browser.upstream.answers(
        400,
        "application/json",
        r#"{"error":"invalid_grant","error_description":"refresh-1 is used"}"#,
    );
    let refused = browser
        .call("POST", "/v1/refresh", json!({"handle": handle}))
        .await
        .refused(Code::RefreshRefused);
    browser
        .upstream
        .answers(200, "text/plain", "access_token=hidden-token");
    browser
        .call("POST", "/v1/exchange", exchange_body("the-other-code"))
        .await
        .refused(Code::TokenResponseInvalid);
    browser
        .call("POST", "/v1/exchange", json!({"code": "the-third-code"}))
        .await
        .refused(Code::RequestMalformed);
    browser
        .get("/callback/club?code=the-fourth-code&state=the-state")
        .await;

    let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let ours: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("admit_one_backend"))
        .collect();
    let id = refused.headers["x-request-id"].to_str().unwrap();
    let line = ours
        .iter()
        .find(|line| line.contains(id))
        .expect("a failure is found by its request id");
    for expected in [
        "refresh_refused",
        "invalid_grant",
        "\"provider\":\"club\"",
        "\"step\":\"refresh\"",
    ] {
        assert!(line.contains(expected), "{line}");
    }
    let verifier = "v".repeat(43);
    for secret in [
        "the-code",
        "the-other-code",
        "the-third-code",
        "the-fourth-code",
        "the-state",
        "access-1",
        "refresh-1",
        "hidden-token",
        &handle,
        &verifier,
        "alice@",
        "s e:cret",
        "s+e%3Acret",
        "c2hvcDpz",
        tokens["id_token"].as_str().unwrap(),
    ] {
        assert!(
            ours.iter().all(|line| !line.contains(secret)),
            "{secret} in the log"
        );
    }
}
