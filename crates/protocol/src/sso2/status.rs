//! Step H, and the same question again every few minutes: what has become of the session. The table of the vendor's plugin
//! is [`Verdict::accept`].

use super::{Client, EndUser, Reply, SessionStatus, Ticket, UnsignedMessage};
use crate::Code;

impl Client<'_> {
    /// The message that asks for the status; `last_known` decides what SSO2 tells.
    pub fn session_status(
        &self,
        sid: &str,
        end_user: EndUser<'_>,
        last_known: SessionStatus,
        now: u64,
    ) -> UnsignedMessage {
        let mut claims = self.session_claims(sid, end_user, now);
        claims.lks = Some(last_known.as_str());
        claims.unsigned()
    }
}

/// Whether the site remembers who is signed in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LocalUser {
    /// Somebody is signed in here.
    Remembered,
    /// Nobody is.
    Nobody,
}

/// What a reply about the status means for the site.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The session is gone: whoever was signed in here is no longer, and the next sign-in identifies again.
    Dropped,
    /// Somebody has logged in.
    LoggedIn {
        /// What proves who it is.
        ticket: Ticket,
    },
    /// Somebody is logged in and there is no ticket that says who: identify again.
    IdentifyAgain,
    /// Nobody is logged in any more, and somebody was signed in here: they are signed out, and the next sign-in identifies
    /// again.
    SignedOut,
    /// Nothing has changed.
    Unchanged,
    /// A word that the table doesn't have: for the operator to see, and nothing changes.
    Unknown {
        /// `err`, if that is what isn't known.
        err: Option<String>,
    },
}

/// What was asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The session's id.
    pub sid: &'a str,
    /// What was last known of it.
    pub last_known: SessionStatus,
    /// Whether somebody is signed in here by it.
    pub local: LocalUser,
}

/// The reply is about another session than was asked about.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`sid` is of another session than was asked about")]
pub struct OtherSession;

impl OtherSession {
    /// The stable code.
    pub fn code(self) -> Code {
        Code::Sso2ReplyInvalid
    }
}

impl Verdict {
    /// Accepts a verified message as the answer to what was asked.
    pub fn accept(reply: Reply, asked: Asked<'_>) -> Result<Verdict, OtherSession> {
        if reply.sid.as_deref().is_some_and(|sid| sid != asked.sid) {
            return Err(OtherSession);
        }
        Ok(Self::of(reply, asked.last_known, asked.local))
    }

    /// The table: what SSO2 says, what was last known, and whether somebody is signed in here.
    fn of(reply: Reply, last_known: SessionStatus, local: LocalUser) -> Verdict {
        use SessionStatus::{Anon, LoggedIn, Terminated};
        match (reply.status, reply.err.as_deref(), reply.ticket) {
            (Some(Terminated), ..) | (_, Some("session_not_found"), _) => Verdict::Dropped,
            (_, Some(_), _) | (None, ..) => Verdict::Unknown { err: reply.err },
            (Some(LoggedIn), None, Some(ticket)) => Verdict::LoggedIn { ticket },
            (Some(LoggedIn), None, None) => match (last_known, local) {
                (Anon | Terminated, _) | (LoggedIn, LocalUser::Nobody) => Verdict::IdentifyAgain,
                (LoggedIn, LocalUser::Remembered) => Verdict::Unchanged,
            },
            (Some(Anon), None, _) => match local {
                LocalUser::Remembered => Verdict::SignedOut,
                LocalUser::Nobody => Verdict::Unchanged,
            },
        }
    }
}
