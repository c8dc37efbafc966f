//! The envelope of every SSO2 message: a JWT signed with HS256 and the API client's secret, both ways.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{LONGEST_SID, SessionStatus, Ticket};
use crate::{
    Code,
    encoding::{base64url, from_base64url},
    http::{HttpRequest, header},
    wire,
};

/// Who we are at SSO2.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// The address of SSO2, without a trailing slash.
    pub sso_url: &'a str,
    /// `iss`: the organisation's id.
    pub organisation: &'a str,
    /// `cid`: the API client's id.
    pub client_id: &'a str,
}

/// The person at the browser, as SSO2 wants to know them.
#[derive(Clone, Copy, Debug)]
pub struct EndUser<'a> {
    /// `ipa`: their IP address.
    pub ip_address: &'a str,
    /// `uas`: the `User-Agent` of their browser.
    pub user_agent: &'a str,
}

/// The claims of our messages, in the order in which the vendor's plugin writes them.
#[derive(Default, Serialize)]
pub(super) struct Claims<'a> {
    cid: &'a str,
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ipa: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uas: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lks: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pwd: Option<&'a str>,
    aud: &'static str,
    nbf: u64,
    exp: u64,
    iat: u64,
}

impl<'a> Client<'a> {
    /// The claims that every message has.
    pub(super) fn claims(&self, now: u64, lifetime: u64) -> Claims<'a> {
        Claims {
            cid: self.client_id,
            iss: self.organisation,
            aud: AUDIENCE,
            nbf: now,
            exp: now + lifetime,
            iat: now,
            ..Claims::default()
        }
    }

    /// Those that every message about a session has, too.
    pub(super) fn session_claims(
        &self,
        sid: &'a str,
        end_user: EndUser<'a>,
        now: u64,
    ) -> Claims<'a> {
        Claims {
            sid: Some(sid),
            ipa: Some(end_user.ip_address),
            uas: Some(end_user.user_agent),
            ..self.claims(now, SESSION_MESSAGE_LIFETIME)
        }
    }

    /// The message that ends the session at every site of the organisation.
    pub fn logout(&self, sid: &str, end_user: EndUser<'_>, now: u64) -> UnsignedMessage {
        self.session_claims(sid, end_user, now).unsigned()
    }

    /// The request of an operation beside the browser: `{"t": …}`.
    pub fn request(&self, operation: Operation, message: &SignedMessage) -> HttpRequest {
        HttpRequest {
            method: "POST",
            url: format!("{}/{}", self.sso_url, operation.as_str()),
            headers: vec![
                header("accept", "application/json"),
                header("content-type", "application/json"),
            ],
            // A compact JWT has no character that JSON would escape.
            body: format!(r#"{{"t":"{}"}}"#, message.as_str()),
        }
    }
}

/// `aud` of our messages.
const AUDIENCE: &str = "pw-sso";
/// Every message but identify's is good for this long, seconds.
const SESSION_MESSAGE_LIFETIME: u64 = 10;

/// An operation beside the browser: its path is in lower case, without a trailing slash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Step E.
    Authenticate,
    /// Step H.
    SessionStatus,
    /// The end, for all sites.
    Logout,
}

impl Operation {
    /// The last segment of its path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authenticate => "authenticate",
            Self::SessionStatus => "sessionstatus",
            Self::Logout => "logout",
        }
    }
}

impl Claims<'_> {
    pub(super) fn unsigned(&self) -> UnsignedMessage {
        let claims = serde_json::to_vec(self).expect("strings and numbers are JSON");
        UnsignedMessage {
            signing_input: [&base64url(HEADER), ".", &base64url(claims)].concat(),
        }
    }
}

/// The header of the vendor's own example.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// A message that wants an HMAC with SHA-256, by the client's secret as UTF-8 bytes.
#[derive(Clone, PartialEq)]
pub struct UnsignedMessage {
    signing_input: String,
}

impl UnsignedMessage {
    /// What is signed.
    pub fn signing_input(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    /// The message with its signature.
    pub fn signed(self, hmac: &[u8]) -> SignedMessage {
        SignedMessage([&self.signing_input, ".", &base64url(hmac)].concat())
    }
}

/// It may hold a password.
impl fmt::Debug for UnsignedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnsignedMessage(..)")
    }
}

/// A signed message, the value of `t`.
#[derive(Clone, PartialEq)]
pub struct SignedMessage(String);

impl SignedMessage {
    /// The compact JWT.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedMessage(..)")
    }
}

/// Why a message of SSO2 was not accepted.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// Not a compact JWT with a JSON object in it, or no `{"t": …}` around it.
    #[error("the message is malformed: {0}")]
    Malformed(&'static str),
    /// `alg` isn't HS256, the only one that SSO2 signs with.
    #[error("`alg` is not `HS256`")]
    Alg,
    /// Not signed with our client's secret.
    #[error("the signature is wrong")]
    Signature,
    /// Past `exp`.
    #[error("the message is past its `exp`")]
    Expired,
    /// Before `nbf` or `iat`.
    #[error("the message is from the future")]
    NotYetValid,
    /// The operation answered with another status than 200.
    #[error("the operation answered {status}{}", said(.err))]
    Status {
        /// The HTTP status.
        status: u16,
        /// `err`, where the answer was a message for all that.
        err: Option<String>,
    },
}

fn said(err: &Option<String>) -> String {
    err.as_ref()
        .map(|err| format!(" with `err` {err:?}"))
        .unwrap_or_default()
}

impl ReplyError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Status { .. } => Code::UpstreamError,
            _ => Code::Sso2ReplyInvalid,
        }
    }
}

#[derive(Deserialize)]
struct WireHeader {
    alg: String,
    #[serde(default, deserialize_with = "wire::present")]
    crit: bool,
}

#[derive(Deserialize)]
struct WireBody {
    t: String,
}

/// The claims of a message to us. Others than these aren't published, so none of them is looked at.
#[derive(Clone, Deserialize)]
struct WireReply {
    #[serde(default)]
    sid: Option<String>,
    #[serde(default)]
    sts: Option<String>,
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    err: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    raa: Option<wire::Seconds>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    frf: Option<wire::Seconds>,
    #[serde(default)]
    exp: Option<wire::Seconds>,
    #[serde(default)]
    nbf: Option<wire::Seconds>,
    #[serde(default)]
    iat: Option<wire::Seconds>,
}

/// A message whose structure is right, and nothing else is known.
#[derive(Clone)]
pub struct UnverifiedReply {
    signing_input: Vec<u8>,
    hmac: Vec<u8>,
    claims: WireReply,
}

impl fmt::Debug for UnverifiedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedReply(..)")
    }
}

impl UnverifiedReply {
    /// Reads the value of `t`.
    pub fn parse(t: &str) -> Result<Self, ReplyError> {
        use ReplyError::Malformed;
        if t.len() > LONGEST {
            return Err(Malformed("too long"));
        }
        let mut parts = t.split('.');
        let (Some(head), Some(claims), Some(hmac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Malformed("not three parts"));
        };
        let decoded = |part| from_base64url(part).map_err(|_| Malformed("not base64url"));
        let header: WireHeader =
            wire::object(&decoded(head)?).map_err(|_| Malformed("no header"))?;
        if header.alg != "HS256" {
            return Err(ReplyError::Alg);
        }
        if header.crit {
            return Err(Malformed("`crit` is not understood"));
        }
        Ok(Self {
            signing_input: t.as_bytes()[..head.len() + 1 + claims.len()].to_vec(),
            hmac: decoded(hmac)?,
            claims: wire::object(&decoded(claims)?).map_err(|_| Malformed("no claims"))?,
        })
    }

    /// Reads the answer of an operation.
    pub fn of_answer(body: &[u8]) -> Result<Self, ReplyError> {
        let body: WireBody = wire::object(body).map_err(|_| ReplyError::Malformed("no `t`"))?;
        Self::parse(&body.t)
    }

    /// What was signed.
    pub fn signing_input(&self) -> &[u8] {
        &self.signing_input
    }

    /// The HMAC that it has to have, compared in constant time by the caller.
    pub fn hmac(&self) -> &[u8] {
        &self.hmac
    }

    /// Accepts the message, `valid` being whether the HMAC is our secret's. `exp`, `nbf` and `iat` are compared where
    /// they are there, with two minutes of leeway.
    pub fn accept(self, valid: bool, now: u64) -> Result<Reply, ReplyError> {
        if !valid {
            return Err(ReplyError::Signature);
        }
        let claims = self.claims;
        let time = |claim: &Option<wire::Seconds>| match claim {
            None => Ok(None),
            Some(seconds) => seconds
                .whole()
                .map(Some)
                .ok_or(ReplyError::Malformed("a time is no time")),
        };
        let (exp, nbf, iat) = (time(&claims.exp)?, time(&claims.nbf)?, time(&claims.iat)?);
        if exp.is_some_and(|exp| exp + LEEWAY <= now) {
            return Err(ReplyError::Expired);
        }
        if [nbf, iat]
            .into_iter()
            .flatten()
            .any(|from| from > now + LEEWAY)
        {
            return Err(ReplyError::NotYetValid);
        }
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Reply {
            sid: given(claims.sid).filter(|sid| sid.len() <= LONGEST_SID),
            status: claims.sts.as_deref().and_then(SessionStatus::parse),
            ticket: given(claims.at).map(Ticket),
            err: given(claims.err).map(|err| wire::code(&err)),
            remaining_attempts: claims.raa.and_then(|number| number.whole()),
            frozen_for: claims.frf.and_then(|seconds| seconds.whole()),
            ends: exp.is_some()
                || [nbf, iat]
                    .into_iter()
                    .flatten()
                    .any(|from| from + LEEWAY > now),
        })
    }
}

/// Longer messages are refused unread.
const LONGEST: usize = 8192;
/// How far apart the clocks may be, seconds.
const LEEWAY: u64 = 120;

/// What SSO2 says, by its signature.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// `sid`: the session's id.
    pub sid: Option<String>,
    /// `sts`: its status; `None` where it is missing or a word that we don't know.
    pub status: Option<SessionStatus>,
    /// `at`: the authorization ticket.
    pub ticket: Option<Ticket>,
    /// `err`: what is wrong.
    pub err: Option<String>,
    /// `raa`: how many attempts remain.
    pub remaining_attempts: Option<u64>,
    /// `frf`: for how many seconds the account is still frozen.
    pub frozen_for: Option<u64>,
    /// Whether the message is good for a time only: it has an `exp`, or is younger than the leeway.
    pub(super) ends: bool,
}
