//! A partner's page with the widget in it: a fanzine on an origin of its own, under the strictest policy that lets the widget
//! work.

use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};

use crate::{page::asset, state::App};

/// The page under `/`, without a popup under `/redirect`, and cut off from every popup under `/isolated`. Who asks for `/moved` is
/// led to `/redirect`.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route(
            "/",
            get(async |State(app): State<App>| answer(&app, "popup")),
        )
        .route(
            "/redirect",
            get(async |State(app): State<App>| answer(&app, "redirect")),
        )
        .route("/moved", get(async || Redirect::to("/redirect")))
        .route(
            "/isolated",
            get(async |State(app): State<App>| {
                let policy = HeaderName::from_static("cross-origin-opener-policy");
                ([(policy, "same-origin")], answer(&app, "popup"))
            }),
        )
        .route(
            "/fanzine.css",
            get(async || asset("text/css", include_str!("../assets/fanzine.css"))),
        )
        .route(
            "/fanzine.js",
            get(async || asset("text/javascript", include_str!("../assets/fanzine.js"))),
        )
        .with_state(app)
}

fn answer(app: &App, mode: &str) -> Response {
    let app_url = &app.options.app_url;
    let page = FanzinePage { app_url, mode };
    let Ok(body) = askama::Template::render(&page) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // What `docs/widget.md` asks of a partner, and for the page's own icon.
    let policy = format!(
        "default-src 'none'; script-src 'self' {app_url}; frame-src {app_url}; style-src 'self'; img-src data:; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = Html(body).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[derive(askama::Template)]
#[template(path = "fanzine.html")]
struct FanzinePage<'a> {
    app_url: &'a str,
    mode: &'a str,
}
