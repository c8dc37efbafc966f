//! For operators: health, readiness, metrics, the description of the interface.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header};

use crate::app;

pub(crate) fn router() -> Router<Arc<app::State>> {
    Router::new()
        .route(
            "/healthz",
            get(async || ([(header::CACHE_CONTROL, "no-store")], "ok\n")),
        )
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route(
            "/openapi.json",
            get(async || {
                (
                    [(header::CONTENT_TYPE, "application/json")],
                    crate::openapi::DOCUMENT,
                )
            }),
        )
}

/// Ready is who can reach the database and has pages to serve.
async fn ready(State(state): State<Arc<app::State>>) -> Response {
    let database = state.revocations.reachable().await;
    let app = state.pages.is_built();
    let word = |good: bool| if good { "ok" } else { "missing" };
    let status = if database && app {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let text = format!("database {}\napp {}\n", word(database), word(app));
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

async fn metrics(State(state): State<Arc<app::State>>) -> Response {
    state.metrics.in_flight.set(state.in_flight.now() as i64);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "no-store"),
        ],
        state.metrics.text(),
    )
        .into_response()
}
