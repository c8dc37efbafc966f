//! Serving: connections, their limits, and an end that lets what is in flight finish.

use std::{convert::Infallible, future::Future, io, time::Duration};

use axum::body::Body;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::TcpListener;

use crate::{app::App, call::Peer};

/// How long an idle connection, or one that dawdles over its headers, is kept; longer than proxies keep theirs.
const HEADERS_WITHIN: Duration = Duration::from_secs(75);
/// How long somebody may take nothing of what they are sent.
#[cfg(target_os = "linux")]
const TAKEN_WITHIN: Duration = Duration::from_secs(75);
/// How long what is in flight may take once we are asked to stop.
const FINISH_WITHIN: Duration = Duration::from_secs(30);
const LONGEST_HEADERS: usize = 32 << 10;
const MOST_HEADERS: usize = 64;

/// Serves until `shutdown`, then finishes what is in flight.
pub async fn serve(
    app: App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        // Each connection has it of the listener: who takes nothing of an answer for so long is gone.
        let taken_within = TAKEN_WITHIN.as_millis() as u32;
        rustix::net::sockopt::set_tcp_user_timeout(&listener, taken_within)?;
    }
    let state = app.state.clone();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(LONGEST_HEADERS)
        .max_headers(MOST_HEADERS);
    let graceful = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: a moment's rest, and others' connections end.
                tracing::warn!(cause = %error, "a connection can't be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let peer = Peer(address.ip());
        let app = app.clone();
        let service = service_fn(move |request: http::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            let app = app.clone();
            async move { Ok::<_, Infallible>(app.answer(request).await) }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(cause = %error, "a connection broke");
            }
        });
    }
    drop(listener);
    tracing::info!("stopping: what is in flight may finish");
    let finished = tokio::time::timeout(FINISH_WITHIN, async {
        graceful.shutdown().await;
        // A call goes on when its connection has ended.
        state.in_flight.over().await;
    });
    if finished.await.is_err() {
        tracing::warn!("stopped with calls in flight");
    }
    Ok(())
}
