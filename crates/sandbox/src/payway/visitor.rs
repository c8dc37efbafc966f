//! What the organisation's two other sites do as SSO2 clients: identify, land, ask for the status (steps A to C and H).
//!
//! They stand in the same process, so that they call the operations themselves instead of by HTTP; the browser sees
//! the same redirects that it would see from any other site.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::{Map, Value};

use super::{
    authenticate::{redeem_ticket, session_status},
    client::{Client, ORGANISATION, Site},
    jwt::{self, AUDIENCE, Operation},
};
use crate::{
    entropy,
    page::{Forms, html},
    state::{App, Shared, State as Sandboxed},
    wire::{Parameters, cookie, found, set_cookie, with_query},
};

/// What a site remembers of one browser.
pub(super) struct Visitor {
    pub(super) site: Site,
    pub(super) sid: String,
    /// Who is signed in, as the site knows: a `sub`.
    pub(super) sub: Option<String>,
    /// Stands in the site's forms, against requests forged by other pages.
    pub(super) csrf: String,
}

impl Site {
    pub(super) const fn cookie(self) -> &'static str {
        match self {
            Site::Outside => "payway_outside",
            Site::LoginForm => "payway_login",
            Site::News => "payway_news",
        }
    }

    /// The page that visitors come back to.
    const fn home(self) -> &'static str {
        match self {
            Site::Outside => "/",
            Site::LoginForm => "/login",
            Site::News => "/site",
        }
    }
}

/// Steps A and B: the browser is sent to `/identify`, to come back to this path.
pub(super) fn identify(app: &Shared, site: Site, path: &str) -> Response {
    let client = Client::of_site(&app.options, site);
    let now = app.now();
    let mut claims = Map::new();
    for (name, value) in [("cid", client.id), ("iss", ORGANISATION), ("aud", AUDIENCE)] {
        claims.insert(name.to_owned(), value.into());
    }
    let lifetime = Operation::Identify.lifetime();
    for (name, time) in [("iat", now), ("nbf", now), ("exp", now + lifetime)] {
        claims.insert(name.to_owned(), time.into());
    }
    let t = jwt::sign(&claims, client.secret);
    let r = format!("{}{path}", app.options.payway_url);
    let url = format!("{}/identify", app.options.payway_url);
    found(&with_query(&url, [("t", &*t), ("r", &*r)]))
}

/// Step C: the session is remembered, and the browser goes where it came from, on this site alone.
pub(super) fn land(app: &App, site: Site, query: Option<String>) -> Response {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let client = Client::of_site(&app.options, site);
    let now = app.now();
    let claims = parameters
        .get("t")
        .and_then(|t| jwt::opened(t, client.secret))
        .filter(|claims| claims.get("exp").and_then(Value::as_i64) > Some(now))
        .unwrap_or_default();
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let home = format!("{}{}", app.options.payway_url, site.home());
    let r = parameters.get("r").filter(|r| {
        r.strip_prefix(&*home)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/']))
    });
    let (Some(sid), Some(r)) = (text("sid"), r) else {
        let why = "The sign-in service sent something that this site can't read.";
        return notice(
            StatusCode::BAD_REQUEST,
            "Something went wrong",
            why,
            "landing",
        );
    };
    let mut state = app.state();
    let sub = text("at").and_then(|at| redeem_ticket(&mut state, &client, at, now));
    let visitor = Visitor {
        site,
        sid: sid.to_owned(),
        sub,
        csrf: entropy::token(),
    };
    let name = entropy::token();
    state.payway.visitors.insert(name.clone(), visitor);
    let mut response = found(r);
    let cookie = set_cookie(site.cookie(), &name, "/", &app.options.payway_url);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// What the site knows of a browser after it asked for the status.
pub(super) enum Known {
    /// Nothing: it has to identify.
    Nobody,
    /// Nothing, and the browser that comes back from `/identify` sent no cookie.
    NoCookies,
    /// The name of the visitor.
    Visitor(String),
}

/// Step H: the plugin's table of status replies.
pub(super) fn status(
    app: &Shared,
    state: &mut Sandboxed,
    site: Site,
    headers: &HeaderMap,
    came_back: bool,
) -> Known {
    let client = Client::of_site(&app.options, site);
    let now = app.now();
    let Some(name) = cookie(headers, site.cookie()) else {
        return match came_back {
            true => Known::NoCookies,
            false => Known::Nobody,
        };
    };
    let Some((sid, known)) = state
        .payway
        .visitors
        .get(name)
        .filter(|visitor| visitor.site == site)
        .map(|visitor| (visitor.sid.clone(), visitor.sub.is_some()))
    else {
        return Known::Nobody;
    };
    let lks = if known { "loggedin" } else { "anon" };
    let reply = session_status(state, &client, &sid, lks, now);
    let sub = reply
        .at
        .and_then(|at| redeem_ticket(state, &client, &at, now));
    let visitors = &mut state.payway.visitors;
    match (reply.sts, visitors.get_mut(name)) {
        (Some("loggedin"), Some(visitor)) => {
            visitor.sub = sub.or(visitor.sub.take());
            Known::Visitor(name.to_owned())
        }
        (Some("anon"), Some(_)) if !known => Known::Visitor(name.to_owned()),
        _ => {
            visitors.remove(name);
            Known::Nobody
        }
    }
}

#[derive(askama::Template)]
#[template(path = "payway_notice.html")]
struct Notice<'a> {
    title: &'a str,
    text: &'a str,
    reason: &'a str,
}

/// A page that says why nothing goes on.
pub(super) fn notice(status: StatusCode, title: &str, text: &str, reason: &str) -> Response {
    let notice = Notice {
        title,
        text,
        reason,
    };
    html(status, &notice, Forms::Own)
}

/// Cookies are blocked: otherwise the browser would go round in circles.
pub(super) fn no_cookies() -> Response {
    let why = "This browser keeps no cookies, and without them nobody can sign in.";
    let mut response = notice(StatusCode::OK, "Cookies are blocked", why, "cookies");
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
    response
}
