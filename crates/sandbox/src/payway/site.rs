//! The organisation's newspaper, on `/site`: another SSO2 client, to sign in and out elsewhere.

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};

use super::{
    authenticate::log_out,
    client::Site,
    person::Account,
    visitor::{self, Known, identify, land, no_cookies, notice},
};
use crate::{
    entropy::same,
    page::{Forms, html},
    state::App,
    wire::{Parameters, cookie, see_other, with_query},
};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/site", get(front_page))
        .route("/site/sign-out", post(sign_out))
        .route(
            "/site/landing",
            get(async |State(app): State<App>, RawQuery(query): RawQuery| {
                land(&app, Site::News, query)
            }),
        )
}

async fn front_page(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let came_back = parameters.get("identified").is_some();
    let mut state = app.state();
    let visitor = match visitor::status(&app, &mut state, Site::News, &headers, came_back) {
        Known::NoCookies => return no_cookies(),
        Known::Nobody => None,
        Known::Visitor(name) => state.payway.visitors.get(&name),
    };
    let Some(visitor) = visitor else {
        return identify(&app, Site::News, "/site?identified=1");
    };
    let account = visitor
        .sub
        .as_deref()
        .and_then(|sub| Account::of_sub(&state, sub));
    let home = format!("{}/site", app.options.payway_url);
    let page = FrontPage {
        csrf: &visitor.csrf,
        sign_in: &with_query("/login", [("continue", &*home)]),
        shop: &app.options.app_url,
        account,
    };
    html(StatusCode::OK, &page, Forms::Own)
}

/// The session ends for all sites.
async fn sign_out(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Parameters::parse(&body);
    let mut state = app.state();
    let name = cookie(&headers, Site::News.cookie()).unwrap_or_default();
    let meant = state.payway.visitors.get(name).filter(|visitor| {
        form.get("csrf")
            .is_some_and(|sent| same(sent, &visitor.csrf))
    });
    let Some(sid) = meant.map(|visitor| visitor.sid.clone()) else {
        let why = "The page was opened before you signed in or out. Go back and load it again.";
        return notice(StatusCode::BAD_REQUEST, "Something went wrong", why, "csrf");
    };
    log_out(&mut state, &sid);
    state.payway.visitors.remove(name);
    see_other(&format!("{}/site", app.options.payway_url))
}

#[derive(askama::Template)]
#[template(path = "payway_site.html")]
struct FrontPage<'a> {
    csrf: &'a str,
    sign_in: &'a str,
    shop: &'a str,
    account: Option<Account>,
}
