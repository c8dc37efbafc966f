//! The SSO ticket resource of Airlock IAM: an OAuth resource endpoint that answers with a ticket for whoever the access token
//! is of. Its name and the member of its answer are free configuration there, so they are ours too.

use core::fmt;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    Code,
    http::{HttpRequest, header},
    wire,
};

/// An SSO ticket: opaque to us (it may be signed, or encrypted), good once and for seconds, and whoever has it is half
/// signed in. It is never put down, and nothing shows it.
#[derive(Clone, PartialEq)]
pub struct SsoTicket(String);

impl fmt::Debug for SsoTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SsoTicket(..)")
    }
}

/// The request for a ticket: the access token in the header
/// ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
pub fn sso_ticket_request(sso_ticket_resource: &str, access_token: &str) -> HttpRequest {
    HttpRequest {
        method: "GET",
        url: sso_ticket_resource.to_owned(),
        headers: vec![
            header("accept", "application/json"),
            header("authorization", &format!("Bearer {access_token}")),
        ],
        body: String::new(),
    }
}

/// Why the resource gave no ticket.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SsoTicketError {
    /// The access token is over (RFC 6750 §3.1, `invalid_token`): a fresh one may do.
    #[error("the SSO ticket resource refused the access token")]
    Refused,
    /// The access token lacks a scope (RFC 6750 §3.1, `insufficient_scope`).
    #[error("the SSO ticket resource wants a scope that the access token lacks")]
    Scope,
    /// There is no resource of this name.
    #[error("there is no SSO ticket resource at this address")]
    ResourceUnknown,
    /// The provider is in trouble, or has too much to do.
    #[error("the SSO ticket resource answered {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// Not a JSON object.
    #[error("the SSO ticket resource answered {status} with what is not a JSON object")]
    Malformed {
        /// The HTTP status.
        status: u16,
    },
    /// The ticket stands elsewhere in the answer.
    #[error("the SSO ticket resource's answer has no text under {field:?}, only members {found:?}")]
    FieldMissing {
        /// Where it was looked for.
        field: String,
        /// What there is: names, and never a value.
        found: Vec<String>,
    },
    /// A text, but none that a ticket can be.
    #[error(
        "what stands under {field:?} is not a ticket: it is empty, too long or has control characters"
    )]
    NoTicket {
        /// Where it was looked for.
        field: String,
    },
}

impl SsoTicketError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused => Code::StepUpTicketRefused,
            Self::Scope => Code::StepUpTicketScope,
            Self::ResourceUnknown => Code::StepUpTicketResource,
            Self::Unavailable { .. } => Code::UpstreamError,
            Self::FieldMissing { .. } => Code::StepUpTicketField,
            Self::Malformed { .. } | Self::NoTicket { .. } => Code::StepUpTicketInvalid,
        }
    }
}

impl SsoTicket {
    /// Accepts the answer of the resource: the text under `field`. Other members may stand beside it, of other providers
    /// of the same resource.
    pub fn accept(status: u16, body: &[u8], field: &str) -> Result<SsoTicket, SsoTicketError> {
        match status {
            200..300 => {}
            401 => return Err(SsoTicketError::Refused),
            403 => return Err(SsoTicketError::Scope),
            404 => return Err(SsoTicketError::ResourceUnknown),
            429 | 500.. => return Err(SsoTicketError::Unavailable { status }),
            _ => return Err(SsoTicketError::Malformed { status }),
        }
        let mut members: BTreeMap<String, Value> =
            wire::object(body).map_err(|_| SsoTicketError::Malformed { status })?;
        let Some(Value::String(ticket)) = members.remove(field) else {
            let found = members.keys().take(8).map(|name| wire::excerpt(name));
            return Err(SsoTicketError::FieldMissing {
                field: field.to_owned(),
                found: found.collect(),
            });
        };
        let is_ticket =
            (1..=LONGEST).contains(&ticket.len()) && !ticket.chars().any(char::is_control);
        if is_ticket {
            Ok(SsoTicket(ticket))
        } else {
            Err(SsoTicketError::NoTicket {
                field: field.to_owned(),
            })
        }
    }

    /// The ticket as it travels.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Longer ones would not get through as part of an address.
const LONGEST: usize = 6 * 1024;
