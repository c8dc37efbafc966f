//! Steps B and C: the buyer arrives at the landing page, with the session in `t` and the way on in `r`. And F and G: they
//! come back to it from a login form of somebody else's, with neither.

use core::fmt;

use super::{Reply, ReplyError, SessionStatus, Ticket};
use crate::{Code, authorization::parameters, http::with_query, wire};

/// The address that the buyer is sent to identify with, and comes back to: our landing page, with the `state` of the
/// pending sign-in. It has one parameter, so it survives a server that doesn't expect it to be percent-encoded.
pub fn return_uri(landing_page: &str, state: &str) -> String {
    with_query(landing_page, [("state", state)])
}

fn known(error: &str) -> Code {
    let mut codes = Code::ALL.iter().copied();
    codes
        .find(|code| code.as_str() == error)
        .unwrap_or(Code::Internal)
}

/// Where a buyer is sent whose step A our backend refuses: to our landing page, which shows why.
pub fn refusal_uri(landing_page: &str, state: &str, code: Code) -> String {
    with_query(landing_page, [("state", state), ("error", code.as_str())])
}

/// Step D with a central login form, Payway's own or another site's: `continue` says where to go after logging in.
/// The form's address may end in `continue=` already, as Payway writes it.
pub fn central_login_url(login_url: &str, return_uri: &str) -> String {
    let form = login_url.strip_suffix("continue=").unwrap_or(login_url);
    let form = form.strip_suffix(['?', '&']).unwrap_or(form);
    with_query(form, [("continue", return_uri)])
}

/// How a buyer arrives at the landing page.
#[derive(Clone, PartialEq)]
pub enum Arrival {
    /// Step C: from the identify endpoint.
    Identified {
        /// The message, which the backend judges.
        t: String,
        /// The `state` in `r`.
        state: String,
    },
    /// Step G: from a login form of somebody else's, or after a reload.
    Returned {
        /// The `state` of the address.
        state: String,
    },
    /// Step A, which our backend refused: nobody has been at SSO2.
    Refused {
        /// The `state` of the address.
        state: String,
        /// The backend's reason; [`Code::Internal`] where it is none that we know.
        code: Code,
    },
}

/// The message may hold a ticket.
impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Arrival::Identified { .. } => "Arrival::Identified(..)",
            Arrival::Returned { .. } => "Arrival::Returned(..)",
            Arrival::Refused { .. } => "Arrival::Refused(..)",
        })
    }
}

/// Why an arrival belongs to nothing that was begun here.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrivalError {
    /// A parameter is there twice.
    #[error("`{0}` is there more than once")]
    ParameterRepeated(String),
    /// Neither a message nor a `state`.
    #[error("neither `t` nor `state` is there")]
    Malformed,
    /// `r` isn't our landing page with a `state`: nothing signs it, so it may have been made by anybody.
    #[error("`r` is not the address that the buyer was sent with")]
    Return,
}

impl ArrivalError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::ParameterRepeated(_) => Code::CallbackParameterRepeated,
            Self::Malformed => Code::Sso2LandingInvalid,
            Self::Return => Code::Sso2LandingReturn,
        }
    }
}

impl Arrival {
    /// Reads the query of the landing page at this address. `r` has to be exactly the address that we made.
    pub fn parse(query: &str, landing_page: &str) -> Result<Arrival, ArrivalError> {
        let (mut t, mut r, mut state, mut error) = (None, None, None, None);
        for (name, value) in parameters(query) {
            let place = match name.as_str() {
                "t" => &mut t,
                "r" => &mut r,
                "state" => &mut state,
                "error" => &mut error,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(ArrivalError::ParameterRepeated(wire::excerpt(&name)));
            }
        }
        let state = state.filter(|state| !state.is_empty());
        let Some(t) = t.filter(|t| !t.is_empty()) else {
            let state = state.ok_or(ArrivalError::Malformed)?;
            return Ok(match error {
                None => Arrival::Returned { state },
                Some(error) => Arrival::Refused {
                    state,
                    code: known(&error),
                },
            });
        };
        let own = |r: String| {
            let (_, query) = r.split_once('?')?;
            let (_, state) = parameters(query).find(|(name, _)| name == "state")?;
            (!state.is_empty() && r == return_uri(landing_page, &state)).then_some(state)
        };
        let state = r.and_then(own).ok_or(ArrivalError::Return)?;
        Ok(Arrival::Identified { t, state })
    }

    /// The `state` of the sign-in that it belongs to.
    pub fn state(&self) -> &str {
        match self {
            Arrival::Identified { state, .. }
            | Arrival::Returned { state }
            | Arrival::Refused { state, .. } => state,
        }
    }
}

/// The session details that the landing page is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Landing {
    /// Nobody is logged in to SSO2 in this browser: the buyer goes on to a login form.
    Anonymous {
        /// The new session's id.
        sid: String,
    },
    /// Somebody is already: no form at all.
    LoggedIn {
        /// The session's id.
        sid: String,
        /// What proves who it is; where it is missing, the session's status is asked for one.
        ticket: Option<Ticket>,
    },
}

/// Why a landing was not accepted.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LandingError {
    /// `t` isn't a message of SSO2's to us.
    #[error(transparent)]
    Message(#[from] ReplyError),
    /// `t` lacks what a landing has.
    #[error("the landing's message is malformed: {0}")]
    Malformed(&'static str),
    /// SSO2 could not identify the session, in its own word.
    #[error("the landing's message has `err` {err:?}")]
    Err {
        /// `err`.
        err: String,
    },
}

impl LandingError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Message(_) | Self::Malformed(_) => Code::Sso2LandingInvalid,
            Self::Err { .. } => Code::Sso2LandingError,
        }
    }
}

impl Landing {
    /// Accepts a verified message as a landing's. It came through the browser, so one without an `exp` would be good for
    /// ever, and is refused, unless its `iat` or `nbf` says that it is new.
    pub fn accept(reply: Reply) -> Result<Landing, LandingError> {
        use LandingError::Malformed;
        if let Some(err) = reply.err {
            return Err(LandingError::Err { err });
        }
        if !reply.ends {
            return Err(Malformed("no `exp`, nor a recent `iat` or `nbf`"));
        }
        let sid = reply.sid.ok_or(Malformed("no `sid`"))?;
        match reply.status {
            Some(SessionStatus::Anon) => Ok(Landing::Anonymous { sid }),
            Some(SessionStatus::LoggedIn) => Ok(Landing::LoggedIn {
                sid,
                ticket: reply.ticket,
            }),
            Some(SessionStatus::Terminated) | None => {
                Err(Malformed("`sts` is neither `anon` nor `loggedin`"))
            }
        }
    }
}
