//! Logout: OpenID Connect RP-Initiated Logout 1.0. Its address isn't published by the vendor.

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::get,
};

use super::{
    authorization::{COOKIE_PATH, SESSION_COOKIE},
    login::{notice, signed_out},
};
use crate::{
    entropy::sha256,
    state::App,
    wire::{Parameters, cookie, see_other, set_cookie, with_query},
};

pub(crate) const PATH: &str = "/auth-login/oauth2/v3/arena/end-session";

pub(crate) fn router() -> Router<App> {
    Router::new().route(PATH, get(end_session))
}

/// Without an ID token that was issued here, nobody is led anywhere (section 3).
async fn end_session(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let mut state = app.state();
    let hinted = parameters.get("id_token_hint").is_some_and(|hint| {
        let issued = &state.airlock.issued_id_tokens;
        issued.contains_key(&sha256(hint.as_bytes()))
    });
    let back = parameters.get("post_logout_redirect_uri");
    let registered = |uri: &&str| {
        let mut clients = app.options.airlock_clients.iter();
        clients.any(|client| {
            client
                .post_logout_redirect_uris
                .iter()
                .any(|one| one == uri)
        })
    };
    if back.is_some_and(|uri| !hinted || !registered(&uri)) {
        return notice(
            StatusCode::BAD_REQUEST,
            "The post_logout_redirect_uri isn't registered, or nobody says for whom.",
        );
    }
    if let Some(name) = cookie(&headers, SESSION_COOKIE) {
        state.airlock.sessions.remove(name);
    }
    let mut response = match back {
        Some(back) => {
            let sent = parameters.get("state").map(|state| ("state", state));
            see_other(&with_query(back, sent))
        }
        None => signed_out(),
    };
    let cookie = set_cookie(SESSION_COOKIE, "", COOKIE_PATH, &app.options.airlock_url);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
