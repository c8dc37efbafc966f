//! Calls to providers: pooled, timed out, bounded; redirects are not followed.

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use admit_one_protocol::{Code, http::HttpRequest};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{
            HttpConnector,
            dns::{GaiResolver, Name},
        },
    },
    rt::{TokioExecutor, TokioTimer},
};
use tower::{BoxError, Service};

use crate::{
    config::UpstreamLimits,
    failure::Failure,
    metrics::{Metrics, UpstreamCall},
};

/// The client that all providers share.
pub(crate) struct Upstream {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    timeout: Duration,
    max_body: usize,
    metrics: Arc<Metrics>,
}

/// Names below `localhost` are this machine (RFC 6761 section 6.3), whatever its resolver thinks of them.
#[derive(Clone)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        if name.as_str().ends_with(".localhost") {
            let addresses = vec![
                SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
            ];
            return Box::pin(std::future::ready(Ok(addresses.into_iter())));
        }
        let found = self.0.call(name);
        Box::pin(async { Ok(found.await?.collect::<Vec<_>>().into_iter()) })
    }
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    /// `Retry-After`, as it came.
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Whether it is a 503 that says when to come again (RFC 9110 section 15.6.4).
    pub(crate) fn says_when(&self) -> bool {
        self.status == 503 && self.retry_after.is_some()
    }

    /// The body of a 200, else what the status says.
    pub(crate) fn document(self, refused: Code) -> Result<Bytes, Failure> {
        match self.status {
            200 => Ok(self.body),
            status @ 500.. => Err(Failure::new(
                Code::UpstreamError,
                format!("the provider answered {status}"),
            )),
            status => Err(Failure::new(
                refused,
                format!("the provider answered {status}"),
            )),
        }
    }
}

/// TLS could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("TLS can't be set up: {0}")]
pub struct TlsError(#[from] rustls::Error);

impl Upstream {
    pub(crate) fn new(limits: UpstreamLimits, metrics: Arc<Metrics>) -> Result<Self, TlsError> {
        let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_keepalive(Some(Duration::from_secs(60)));
        http.set_connect_timeout(Some(Duration::from_millis(limits.connect_timeout_ms)));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?;
        // A container without a certificate store still reaches providers with public certificates.
        let tls = match builder.clone().with_native_roots() {
            Ok(builder) => builder,
            Err(_) => builder.with_webpki_roots(),
        };
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls.with_no_client_auth())
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            // Node's servers close idle connections after 5 s; a request sent into that is lost, and a code with it.
            .pool_idle_timeout(Duration::from_secs(4))
            .pool_max_idle_per_host(256)
            .http1_max_headers(100)
            .http1_max_buf_size(64 << 10)
            .build(https);
        Ok(Self {
            client,
            timeout: Duration::from_millis(limits.timeout_ms),
            max_body: limits.max_body,
            metrics,
        })
    }

    /// Sends a request, and once more if it only reads and the connection broke.
    pub(crate) async fn send(
        &self,
        provider: &Arc<str>,
        call: UpstreamCall,
        request: HttpRequest,
    ) -> Result<Answer, Failure> {
        self.send_within(self.timeout, provider, call, request)
            .await
    }

    /// The same with a time-out of its own.
    pub(crate) async fn send_within(
        &self,
        within: Duration,
        provider: &Arc<str>,
        call: UpstreamCall,
        request: HttpRequest,
    ) -> Result<Answer, Failure> {
        let timer = self.metrics.upstream(provider, call);
        let answer = tokio::time::timeout(within, async {
            let mut reads = request.method == "GET";
            let body = Bytes::from(request.body);
            loop {
                let answer = self
                    .attempt(request.method, &request.url, &request.headers, body.clone())
                    .await;
                match answer {
                    Err(failure) if reads && failure.code == Code::UpstreamUnreachable => {
                        reads = false
                    }
                    answer => break answer,
                }
            }
        });
        let answer = answer.await.unwrap_or_else(|_| Err(late()));
        timer.finish(answer.as_ref().map_or_else(
            |failure| failure.code.as_str(),
            |answer| status_class(answer.status),
        ));
        answer.map_err(|failure| Failure {
            cause: format!("{}: {}", call.as_str(), failure.cause).into(),
            ..failure
        })
    }

    /// Whether anything answers at an address, whatever it says.
    pub(crate) async fn reach(&self, url: &str) -> Result<(), Failure> {
        let answer = self.request("GET", url, &[], Bytes::new());
        let answer = tokio::time::timeout(self.timeout, answer).await;
        answer
            .unwrap_or_else(|_| Err(late()))
            .map_err(|failure| failure.asking(url))?;
        Ok(())
    }

    /// The head of an answer.
    async fn request(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Bytes,
    ) -> Result<Response<Incoming>, Failure> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(name.as_str(), value.as_str());
        }
        let request = request
            .body(Full::new(body))
            .map_err(|error| Failure::new(Code::UpstreamUnreachable, chain(&error)))?;
        let answer = self.client.request(request).await;
        answer.map_err(|error| Failure::new(Code::UpstreamUnreachable, chain(&error)))
    }

    async fn attempt(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let response = self.request(method, url, headers, body).await?;
        let status = response.status().as_u16();
        let text = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let content_type = text(header::CONTENT_TYPE);
        let retry_after = text(header::RETRY_AFTER);
        let body = Limited::new(response.into_body(), self.max_body)
            .collect()
            .await
            .map_err(
                |error| match error.downcast_ref::<http_body_util::LengthLimitError>() {
                    Some(_) => Failure::new(
                        Code::UpstreamError,
                        "the answer is longer than `upstream.max_body`",
                    ),
                    None => Failure::new(Code::UpstreamUnreachable, chain(error.as_ref())),
                },
            )?;
        Ok(Answer {
            status,
            content_type,
            retry_after,
            body: body.to_bytes(),
        })
    }
}

fn late() -> Failure {
    Failure::new(Code::UpstreamTimeout, "no answer in time")
}

fn status_class(status: u16) -> &'static str {
    match status {
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

/// An error with all that led to it; none of them carries a URL or a body.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// A server that answers each request with so many bytes, and how many connections it has taken.
    async fn server(bytes: usize) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let taken = Arc::new(AtomicUsize::new(0));
        let connections = taken.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n");
                        let answer = [head.into_bytes(), vec![b'x'; bytes]].concat();
                        let _ = stream.write_all(&answer).await;
                    }
                });
            }
        });
        (url, taken)
    }

    async fn ask(upstream: &Upstream, url: &str) -> Result<Answer, Failure> {
        let request = HttpRequest {
            method: "POST",
            url: url.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        };
        upstream
            .send(&"club".into(), UpstreamCall::Token, request)
            .await
    }

    fn upstream() -> Upstream {
        let limits = UpstreamLimits {
            timeout_ms: 5_000,
            connect_timeout_ms: 5_000,
            metadata_ttl: 60,
            max_body: 10_000,
        };
        Upstream::new(limits, Arc::new(Metrics::new())).unwrap()
    }

    #[tokio::test]
    async fn connections_are_kept_for_the_next_call() {
        let upstream = upstream();
        let (url, taken) = server(10_000).await;
        for _ in 0..5 {
            assert_eq!(ask(&upstream, &url).await.unwrap().body.len(), 10_000);
            // The connection is given back by a task of its own.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(taken.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn an_answer_is_no_longer_than_allowed() {
        let (url, _) = server(10_001).await;
        let failure = ask(&upstream(), &url).await.err().unwrap();
        assert_eq!(failure.code, Code::UpstreamError);
        assert!(
            failure.cause.contains("`upstream.max_body`"),
            "{}",
            failure.cause
        );
    }

    #[tokio::test]
    async fn names_below_localhost_are_this_machine() {
        let mut resolver = Resolver(GaiResolver::new());
        let name = "airlock.localhost".parse().unwrap();
        let addresses = resolver.call(name).await.unwrap();
        assert!(
            addresses
                .into_iter()
                .all(|address| address.ip().is_loopback())
        );
    }
}
