//! Step E with our own login form: the buyer's e-mail address and password, in a message that is signed but not encrypted,
//! so over TLS alone.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{Client, EndUser, Reply, SessionStatus, Ticket, UnsignedMessage};
use crate::Code;

/// A password on its way to SSO2. It can't be shown, compared or copied, and its bytes are overwritten when it is dropped.
#[derive(Deserialize, Serialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// A password as it was typed.
    pub fn new(typed: String) -> Self {
        Self(typed)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        let mut bytes = core::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        // Without a reader the compiler would leave the writing out.
        core::hint::black_box(&bytes);
    }
}

/// Longer e-mail addresses and passwords are refused unsent.
pub const LONGEST_USERNAME: usize = 254;
/// In bytes.
pub const LONGEST_PASSWORD: usize = 1024;

/// Credentials are missing or longer than anybody's are.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the username or the password is empty or too long")]
pub struct CredentialsError;

impl CredentialsError {
    /// The stable code.
    pub fn code(self) -> Code {
        Code::RequestMalformed
    }
}

impl Client<'_> {
    /// The message with `usr` and `pwd`.
    pub fn authenticate(
        &self,
        sid: &str,
        end_user: EndUser<'_>,
        username: &str,
        password: &Password,
        now: u64,
    ) -> Result<UnsignedMessage, CredentialsError> {
        let fits = |text: &str, longest| (1..=longest).contains(&text.len());
        if !fits(username, LONGEST_USERNAME) || !fits(&password.0, LONGEST_PASSWORD) {
            return Err(CredentialsError);
        }
        let mut claims = self.session_claims(sid, end_user, now);
        claims.usr = Some(username);
        claims.pwd = Some(&password.0);
        Ok(claims.unsigned())
    }
}

/// A session that the buyer has just logged in to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Authenticated {
    /// The session's id, where the reply names it.
    pub sid: Option<String>,
    /// What proves who it is; where it is missing, identify again.
    pub ticket: Option<Ticket>,
}

/// Why nobody was logged in.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticateError {
    /// `invalid_credentials`.
    #[error("the credentials are wrong")]
    InvalidCredentials {
        /// How many attempts remain, where SSO2 says so.
        remaining_attempts: Option<u64>,
    },
    /// `account_frozen`.
    #[error("the account is frozen")]
    AccountFrozen {
        /// For how many seconds still, where SSO2 says so.
        frozen_for: Option<u64>,
    },
    /// `account_not_active`.
    #[error("the account is not active")]
    AccountNotActive,
    /// `session_not_found`, or the session was terminated meanwhile.
    #[error("the session is gone")]
    SessionNotFound,
    /// Another `err`.
    #[error("`err` is {err:?}")]
    Err {
        /// The word.
        err: String,
    },
    /// Neither logged in nor an `err`.
    #[error("neither logged in, nor an `err`")]
    Malformed,
}

impl AuthenticateError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::InvalidCredentials { .. } => Code::Sso2Credentials,
            Self::AccountFrozen { .. } => Code::Sso2Frozen,
            Self::AccountNotActive => Code::Sso2NotActive,
            Self::SessionNotFound => Code::Sso2SessionUnknown,
            Self::Err { .. } => Code::Sso2AuthenticateError,
            Self::Malformed => Code::Sso2ReplyInvalid,
        }
    }
}

impl Authenticated {
    /// Accepts a verified message as the answer to an authentication.
    pub fn accept(reply: Reply) -> Result<Authenticated, AuthenticateError> {
        use AuthenticateError as Error;
        if let Some(err) = reply.err {
            return Err(match err.as_str() {
                "invalid_credentials" => Error::InvalidCredentials {
                    remaining_attempts: reply.remaining_attempts,
                },
                "account_frozen" => Error::AccountFrozen {
                    frozen_for: reply.frozen_for,
                },
                "account_not_active" => Error::AccountNotActive,
                "session_not_found" => Error::SessionNotFound,
                _ => Error::Err { err },
            });
        }
        match reply.status {
            Some(SessionStatus::LoggedIn) => Ok(Authenticated {
                sid: reply.sid,
                ticket: reply.ticket,
            }),
            Some(SessionStatus::Terminated) => Err(Error::SessionNotFound),
            Some(SessionStatus::Anon) | None => Err(Error::Malformed),
        }
    }
}
