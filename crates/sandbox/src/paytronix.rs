//! Paytronix, at `{paytronix_url}`: the guest website that leads to a code, and the programming interface that takes it.
//!
//! The interface answers 200 whatever happens, and its verdict is the member `result`. The tokens travel as parameters.
//!
//! Written from the vendor's documentation ([single sign-on], [OAuth], [authentication], [account balance]) and from
//! the public code of clients. What neither says is the sandbox's choice, and marked so where it is made.
//!
//! [single sign-on]: https://developers.paytronix.com/single_sign_on/sso_guest_website.html
//! [OAuth]: https://developers.paytronix.com/pxs_api_reference/oauth.html
//! [authentication]: https://developers.paytronix.com/pxs_api_reference/authentication.html
//! [account balance]: https://developers.paytronix.com/mobile_application/account_balance.html

mod account_login;
mod guest;
mod guest_token;
mod integration;
mod member;

use std::collections::HashMap;

use axum::{Router, routing::get};
use serde::{Deserialize, Serialize};

use crate::{page, state::App};

/// The merchant, in every call.
const MERCHANT_ID: i64 = 77;

/// The release of the interface, in every path.
const RELEASE: &str = "25.33";

/// The integration's identifier.
const CLIENT_ID: &str = "diner-shop";

/// The integration's secret.
const CLIENT_SECRET: &str = "diner-secret";

/// What it remembers.
#[derive(Default)]
pub(crate) struct Paytronix {
    logins: HashMap<String, account_login::Login>,
    codes: HashMap<String, Code>,
    grants: HashMap<String, Grant>,
    access_tokens: HashMap<String, AccessToken>,
    refresh_tokens: HashMap<String, RefreshToken>,
}

/// What `PUT /settings` changes under `paytronix`; times are in seconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// How long a code is good for: five minutes.
    pub(crate) code_lifetime: i64,
    /// How long an access token is good for: thirty minutes.
    pub(crate) access_token_lifetime: i64,
    /// How long a refresh token is good for: not published by the vendor.
    pub(crate) refresh_token_lifetime: i64,
    /// Whether a refresh token is used once, and replaced: not published by the vendor.
    pub(crate) refresh_token_rotates: bool,
    /// Whether a guest's password is taken for tokens, as from the merchant's own apps.
    pub(crate) password_grant: bool,
    /// The member that holds an account's balances: its name isn't published by the vendor.
    pub(crate) wallet_field: String,
    /// `errorCode` of a token that isn't good any more: not published by the vendor.
    pub(crate) invalid_token_code: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            code_lifetime: 300,
            access_token_lifetime: 1800,
            refresh_token_lifetime: 30 * 24 * 3600,
            refresh_token_rotates: true,
            password_grant: true,
            wallet_field: "walletBalances".to_owned(),
            invalid_token_code: "oauth.invalid_token".to_owned(),
        }
    }
}

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(account_login::router())
        .merge(guest_token::router())
        .merge(guest::router())
        .route(
            "/diner.css",
            get(async || page::asset("text/css", include_str!("../assets/diner.css"))),
        )
        .with_state(app)
}

/// An authorization grant: once, for the client and the redirect URI that it was made for.
struct Code {
    grant: String,
    redirect_uri: String,
    expires_at: i64,
    used: bool,
}

/// What one sign-in allows; its tokens end with it.
#[derive(Clone)]
struct Grant {
    sub: String,
    scope: String,
    granted_at: i64,
    revoked: bool,
    /// Whether a call was refused already because `paytronix_invalid_token_once` was on, or the same of the account.
    refused_once: bool,
}

struct AccessToken {
    grant: String,
    expires_at: i64,
}

struct RefreshToken {
    grant: String,
    expires_at: i64,
    used: bool,
}

impl Paytronix {
    /// Ends every login: the guest website has none but those that are under way.
    pub(crate) fn end_sessions(&mut self) {
        self.logins.clear();
    }

    /// Forgets what is over, so that a sandbox that runs for weeks stays small.
    pub(crate) fn tidy(&mut self, now: i64) {
        if self.logins.len() + self.codes.len() + self.access_tokens.len() < 2000 {
            return;
        }
        self.logins.retain(|_, login| now - login.started_at < 7200);
        self.codes.retain(|_, code| now < code.expires_at + 3600);
        self.access_tokens
            .retain(|_, token| now < token.expires_at + 3600);
        self.refresh_tokens
            .retain(|_, token| now < token.expires_at);
        self.grants
            .retain(|_, grant| now - grant.granted_at < 60 * 24 * 3600);
    }
}
