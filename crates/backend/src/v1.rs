//! The routes of version 1.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    routing::{get, post},
};

use crate::{
    app, call::answer, exchange, grant, handoff, metrics::Step, pages, profile, refresh, sign_out,
    sso2, step_up,
};

type Shared = State<Arc<app::State>>;

pub(crate) fn router() -> Router<Arc<app::State>> {
    Router::new()
        .route("/v1/configuration", get(pages::configuration))
        .route(
            "/v1/exchange",
            post(async |State(state): Shared, request: Request| {
                answer(state, Step::Exchange, request, exchange::exchange).await
            }),
        )
        .route(
            "/v1/refresh",
            post(async |State(state): Shared, request: Request| {
                answer(state, Step::Refresh, request, refresh::refresh).await
            }),
        )
        .route(
            "/v1/sign-out",
            post(async |State(state): Shared, request: Request| {
                answer(state, Step::SignOut, request, sign_out::sign_out).await
            }),
        )
        .route(
            "/v1/profile",
            post(async |State(state): Shared, request: Request| {
                answer(state, Step::Sync, request, profile::sync).await
            })
            .put(async |State(state): Shared, request: Request| {
                answer(state, Step::Complete, request, profile::complete).await
            }),
        )
        .route(
            "/v1/grant",
            post(async |State(state): Shared, request: Request| {
                answer(state, Step::Grant, request, grant::grant).await
            }),
        )
        .route(
            "/v1/handoff/seal",
            post(async |State(state): Shared, request: Request| {
                answer(state, Step::Seal, request, handoff::seal).await
            }),
        )
        .route(
            "/v1/handoff/open",
            post(async |State(state): Shared, request: Request| {
                answer(state, Step::Open, request, handoff::open).await
            }),
        )
        .route(
            "/v1/step-up",
            post(async |State(state): Shared, request: Request| {
                answer(state, Step::StepUp, request, step_up::step_up).await
            })
            .put(async |State(state): Shared, request: Request| {
                answer(state, Step::StepUp, request, step_up::take).await
            }),
        )
        .route("/v1/sso2/{provider}/identify", get(sso2::identify))
        .route(
            "/v1/sso2/{provider}/landing",
            post(async |State(state): Shared, Path(id), request: Request| {
                let act = |call, message| sso2::landing(call, id, message);
                answer(state, Step::Landing, request, act).await
            }),
        )
        .route(
            "/v1/sso2/{provider}/authenticate",
            post(async |State(state): Shared, Path(id), request: Request| {
                let act = |call, message| sso2::authenticate(call, id, message);
                answer(state, Step::Authenticate, request, act).await
            }),
        )
        .route(
            "/v1/sso2/{provider}/status",
            post(async |State(state): Shared, Path(id), request: Request| {
                let act = |call, message| sso2::status(call, id, message);
                answer(state, Step::Status, request, act).await
            }),
        )
        .route(
            "/v1/sso2/{provider}/sign-out",
            post(async |State(state): Shared, Path(id), request: Request| {
                let act = |call, message| sso2::sign_out(call, id, message);
                answer(state, Step::SignOut, request, act).await
            }),
        )
}
