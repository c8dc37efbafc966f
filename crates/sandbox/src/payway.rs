//! Tulo Payway, at `{payway_url}`: Single Sign-On v2 (SSO2), the API behind it, and two sites of the same organisation.
//!
//! SSO2 is a shared session between the sites of an organisation: each sends its visitors through `/identify` once, asks
//! about the session over the back channel, and trades the authorization ticket that comes with a sign-in for an
//! access token. Every message is a JWT signed with the secret of the API client, in both directions.
//!
//! Written from the vendor's documentation ([SSO2], [authenticate with ticket], [API access]) and from the vendor's own
//! WordPress plugin ([payway-wordpress-sso2]). What neither says is the sandbox's choice, and marked so where it is
//! made.
//!
//! [SSO2]: https://docs.worldoftulo.com/payway/integration/sso/sso2/sso2
//! [authenticate with ticket]: https://docs.worldoftulo.com/payway/integration/sso/sso2/authenticate_with_ticket
//! [API access]: https://docs.worldoftulo.com/payway/integration/payway_api/api_access
//! [payway-wordpress-sso2]: https://github.com/adeprimo/payway-wordpress-sso2

mod api;
mod authenticate;
mod client;
mod identify;
mod jwt;
mod login_form;
mod operation;
mod person;
mod site;
mod visitor;

use std::collections::HashMap;

use axum::{Router, routing::get};
use serde::{Deserialize, Serialize};

use crate::{page, state::App, wire::see_other};

/// What it remembers.
#[derive(Default)]
pub(crate) struct Payway {
    /// The sessions of SSO2, by `sid`.
    sessions: HashMap<String, Session>,
    /// Which session a browser has, by the cookie of SSO2's own host.
    browsers: HashMap<String, String>,
    tickets: HashMap<String, Ticket>,
    access_tokens: HashMap<String, AccessToken>,
    refresh_tokens: HashMap<String, AccessToken>,
    /// Wrong passwords, by account, or by what was typed where there is none.
    attempts: HashMap<String, authenticate::Attempts>,
    /// What the organisation's two other sites know of their visitors, by their cookies.
    visitors: HashMap<String, visitor::Visitor>,
}

/// What `PUT /settings` changes under `payway`; times are in seconds. None of the defaults but the access token's hour
/// is published by the vendor.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// How long an authorization ticket is good for; it is used once in any case.
    pub(crate) ticket_lifetime: i64,
    /// Whether every session status has a ticket, or only that of a site which doesn't know of the sign-in yet.
    pub(crate) ticket_always: bool,
    /// How long an access token is good for: an hour.
    pub(crate) access_token_lifetime: i64,
    /// Whether a refresh token comes with the access token.
    pub(crate) refresh_token: bool,
    /// Wrong passwords until the account is frozen.
    pub(crate) attempts: u32,
    /// How long it is frozen then.
    pub(crate) frozen_for: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            ticket_lifetime: 60,
            ticket_always: false,
            access_token_lifetime: 3600,
            refresh_token: true,
            attempts: 5,
            frozen_for: 900,
        }
    }
}

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(identify::router())
        .merge(operation::router())
        .merge(api::router())
        .merge(login_form::router())
        .merge(site::router())
        .route("/", get(async || see_other("/site")))
        .route(
            "/payway.css",
            get(async || page::asset("text/css", include_str!("../assets/payway.css"))),
        )
        .with_state(app)
}

/// One browser's session, shared by all sites of the organisation.
#[derive(Clone)]
struct Session {
    status: Status,
    used_at: i64,
}

/// `sts`, with whose session it is.
#[derive(Clone, PartialEq)]
enum Status {
    Anonymous,
    /// With the `sub` of the persona.
    LoggedIn(String),
    Terminated,
}

impl Status {
    const fn as_str(&self) -> &'static str {
        match self {
            Status::Anonymous => "anon",
            Status::LoggedIn(_) => "loggedin",
            Status::Terminated => "terminated",
        }
    }
}

/// An authorization ticket: one-time, and bound to the client and to the person.
struct Ticket {
    client_id: &'static str,
    sub: String,
    expires_at: i64,
    used: bool,
}

/// An access token, or the refresh token beside it.
#[derive(Clone)]
struct AccessToken {
    client_id: &'static str,
    sub: String,
    scope: String,
    expires_at: i64,
}

impl Payway {
    /// Ends every login, as if all browsers had lost their cookie: the sites learn `session_not_found`.
    pub(crate) fn end_sessions(&mut self) {
        self.sessions.clear();
        self.browsers.clear();
    }

    /// Forgets what is over, so that a sandbox that runs for weeks stays small.
    pub(crate) fn tidy(&mut self, now: i64) {
        const DAY: i64 = 24 * 3600;
        if self.sessions.len() + self.tickets.len() + self.attempts.len() < 2000 {
            return;
        }
        self.sessions
            .retain(|_, session| now - session.used_at < 30 * DAY);
        let sessions = &self.sessions;
        self.browsers.retain(|_, sid| sessions.contains_key(sid));
        self.visitors
            .retain(|_, visitor| sessions.contains_key(&visitor.sid));
        self.tickets.retain(|_, ticket| now < ticket.expires_at);
        self.access_tokens.retain(|_, token| now < token.expires_at);
        self.refresh_tokens
            .retain(|_, token| now < token.expires_at);
        self.attempts
            .retain(|_, attempts| attempts.frozen_until > now);
    }
}
