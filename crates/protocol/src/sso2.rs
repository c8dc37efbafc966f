//! Payway Single Sign-On v2 (SSO2), with a login form of one's own or a central one, in the steps A to I of Payway's
//! [alternative login form](https://docs.worldoftulo.com/payway/integration/sso/sso2/alternative_login_form/).
//!
//! | step | here |
//! | --- | --- |
//! | A: the buyer is sent to the identify endpoint | [`identify`] |
//! | B, C: back on the landing page, with a session that is anonymous or logged in | [`landing`] |
//! | D, E: the login form, ours or a central one with `continue` | [`authenticate`], [`landing::central_login_url`] |
//! | F, G: back at the landing page | [`landing::Arrival::Returned`] |
//! | H: the session status | [`status`] |
//! | I: the authorization ticket becomes an access token, and that the person | [`ticket`], [`account`] |
//!
//! What Payway's pages leave open is filled from its own
//! [WordPress plugin](https://github.com/adeprimo/payway-wordpress-sso2); `docs/systems/payway.md` says which is which.
//! The HMAC is the caller's: this file makes what is signed, and judges what was.

pub mod account;
pub mod authenticate;
pub mod identify;
pub mod landing;
pub mod message;
pub mod status;
pub mod ticket;

use core::fmt;

pub use message::{
    Client, EndUser, Reply, ReplyError, SignedMessage, UnsignedMessage, UnverifiedReply,
};

/// The status of a session: `sts` of a reply, and `lks` ("last known status") of a question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SessionStatus {
    /// `anon`: there is a session, and nobody has logged in to it.
    Anon,
    /// `loggedin`.
    LoggedIn,
    /// `terminated`: it was ended, here or at another site of the organisation.
    Terminated,
}

impl SessionStatus {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anon => "anon",
            Self::LoggedIn => "loggedin",
            Self::Terminated => "terminated",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Anon, Self::LoggedIn, Self::Terminated]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// An authorization ticket (`at`): short-lived, for our client alone, good once
/// ([ticket authentication](https://docs.worldoftulo.com/payway/integration/ticket_authentication/)).
#[derive(Clone, Eq, PartialEq)]
pub struct Ticket(String);

impl Ticket {
    /// For the one request that spends it.
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(..)")
    }
}

/// Longer session ids are refused: ours are kept in a handle.
const LONGEST_SID: usize = 255;
