//! The OpenID provider "Club account", at the issuer `{public_url}/club`.
//!
//! OpenID Connect Core, Discovery and RP-Initiated Logout, RFC 6749, RFC 7009, RFC 7636, RFC 9207; code flow only.

mod authorization;
mod authorization_response;
mod discovery;
mod end_session;
mod id_token;
mod language;
mod login;
mod register;
mod revocation;
mod token;
mod userinfo;

use axum::{Router, routing::get};

pub(crate) use authorization::{AuthorizationRequest, Interaction, Stage};
pub(crate) use id_token::IssuedIdToken;

use crate::{oauth::Granted, page, state::App};

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(discovery::router())
        .merge(authorization::router())
        .merge(login::router())
        .merge(register::router())
        .merge(token::router())
        .merge(userinfo::router())
        .merge(revocation::router())
        .merge(end_session::router())
        .route(
            "/club.css",
            get(async || page::asset("text/css", include_str!("../assets/club.css"))),
        )
        .with_state(app)
}

/// Somebody who is signed in at the provider, in one browser.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) sub: String,
    pub(crate) sid: String,
    pub(crate) auth_time: i64,
    pub(crate) acr: Acr,
}

/// How the buyer proved who they are.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Acr {
    Password,
    Otp,
}

impl Acr {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Acr::Password => "password",
            Acr::Otp => "otp",
        }
    }

    pub(crate) const fn amr(self) -> &'static [&'static str] {
        match self {
            Acr::Password => &["pwd"],
            Acr::Otp => &["pwd", "otp"],
        }
    }
}

/// What one sign-in allows one client; its code and all its tokens end with it.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) session: Session,
}

impl Granted for Grant {
    fn client_id(&self) -> &str {
        &self.client_id
    }

    fn scope(&self) -> &str {
        &self.scope
    }
}
