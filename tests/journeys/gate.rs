//! What stands in front of a server during a journey: it counts, refuses or holds back requests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;

/// A gate; clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<Orders>>);

/// What a gate answers by itself.
pub(crate) type Answer = (StatusCode, HeaderMap, String);

#[derive(Default)]
struct Orders {
    seen: BTreeMap<String, usize>,
    refuse: BTreeMap<String, usize>,
    hold: BTreeSet<String>,
    held: usize,
    answer: BTreeMap<String, Answer>,
    repeat: BTreeMap<String, usize>,
}

impl Gate {
    /// How many requests for this path came.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .seen
            .get(path)
            .copied()
            .unwrap_or_default()
    }

    /// Every call and page so far, with how often.
    pub(crate) fn seen(&self) -> String {
        let orders = self.0.lock().unwrap();
        orders
            .seen
            .iter()
            .map(|(path, times)| format!("{path} ×{times}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Answers the next `times` requests for this path with 503.
    pub(crate) fn refuse(&self, path: &str, times: usize) {
        self.0.lock().unwrap().refuse.insert(path.into(), times);
    }

    /// Answers requests for this path itself, until [`Gate::release`].
    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        self.0.lock().unwrap().answer.insert(path.into(), answer);
    }

    /// Sends the next `times` requests for this path twice, as something in between may, and answers with the second answer.
    pub(crate) fn repeat(&self, path: &str, times: usize) {
        self.0.lock().unwrap().repeat.insert(path.into(), times);
    }

    /// Holds back requests for paths that end so, until [`Gate::release`].
    pub(crate) fn hold(&self, suffix: &str) {
        self.0.lock().unwrap().hold.insert(suffix.into());
    }

    /// Waits until so many requests are held back.
    pub(crate) async fn is_holding(&self, requests: usize) {
        for _ in 0..400 {
            if self.0.lock().unwrap().held >= requests {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let held = self.0.lock().unwrap().held;
        panic!("{held} requests are held back, expected {requests}");
    }

    /// Lets everything through again.
    pub(crate) fn release(&self) {
        let mut orders = self.0.lock().unwrap();
        orders.hold.clear();
        orders.held = 0;
        orders.answer.clear();
    }

    fn refuses(&self, path: &str) -> bool {
        let mut orders = self.0.lock().unwrap();
        *orders.seen.entry(path.into()).or_default() += 1;
        is_next(&mut orders.refuse, path)
    }

    fn repeats(&self, path: &str) -> bool {
        is_next(&mut self.0.lock().unwrap().repeat, path)
    }

    fn answers(&self, path: &str) -> Option<Answer> {
        self.0.lock().unwrap().answer.get(path).cloned()
    }

    fn holds(&self, path: &str) -> bool {
        let orders = self.0.lock().unwrap();
        orders.hold.iter().any(|suffix| path.ends_with(suffix))
    }

    /// Serves a router behind this gate until the task is aborted.
    pub(crate) fn serve(
        &self,
        listener: TcpListener,
        router: axum::Router,
    ) -> tokio::task::JoinHandle<()> {
        let router = router.layer(axum::middleware::from_fn_with_state(self.clone(), pass));
        tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
            axum::serve(listener, service).await.unwrap();
        })
    }
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if gate.holds(&path) {
        gate.0.lock().unwrap().held += 1;
    }
    while gate.holds(&path) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    if gate.refuses(&path) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Some((status, headers, body)) = gate.answers(&path) {
        return (status, headers, body).into_response();
    }
    if gate.repeats(&path) {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let request = || Request::from_parts(parts.clone(), body.clone().into());
        next.clone().run(request()).await;
        return next.run(request()).await;
    }
    next.run(request).await
}

/// Whether an order that is good for so many requests is good for this one.
fn is_next(orders: &mut BTreeMap<String, usize>, path: &str) -> bool {
    match orders.get_mut(path) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    }
}
