//! SessionM's envelope: "status" is the verdict, whatever the HTTP status says.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Numbers,
    user::{User, WireUser},
};
use crate::{Code, wire};

/// Why an answer is no profile.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionMError {
    /// Nobody has this id, e-mail or number.
    #[error("no profile was found")]
    NotFound,
    /// The lookup found several, or won't say which: "more than one hit" is an error there, whose code isn't public.
    #[error("the lookup has no single profile ({0})")]
    Several(String),
    /// Our key, secret or address is turned away.
    #[error("the key or the secret was refused ({0})")]
    Unauthorized(String),
    /// We ask too much.
    #[error("too many calls")]
    Busy,
    /// SessionM is in trouble.
    #[error("the answer was {0}")]
    Unavailable(String),
    /// What was sent isn't accepted: a malformed field, an e-mail that another profile has, somebody under 13.
    #[error("what was sent was refused ({0})")]
    Refused(String),
    /// Not an envelope.
    #[error("{status} with what is not an answer of this API")]
    Malformed {
        /// The HTTP status.
        status: u16,
    },
}

impl SessionMError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::NotFound | Self::Malformed { .. } => Code::DirectoryInvalid,
            Self::Several(_) => Code::DirectoryConflict,
            Self::Unauthorized(_) => Code::DirectoryRefused,
            Self::Busy => Code::DirectoryBusy,
            Self::Unavailable(_) => Code::DirectoryUnavailable,
            Self::Refused(_) => Code::DirectoryProfileRefused,
        }
    }

    /// Whether another try may go better.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable(_))
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "wire::or_absent")]
    status: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    errors: Option<Value>,
}

#[derive(Deserialize)]
struct UserEnvelope {
    user: WireUser,
}

/// Accepts the answer to a retrieval, a creation or an update. `numbers` is how the tenant writes them.
pub fn accept_user(status: u16, body: &[u8], numbers: &Numbers) -> Result<User, SessionMError> {
    verdict(status, body).map_err(|refusal| refusal.of_core())?;
    wire::object::<UserEnvelope>(body)
        .ok()
        .and_then(|envelope| envelope.user.read(numbers))
        .ok_or(SessionMError::Malformed { status })
}

/// Accepts the answer to a lookup: the id of the one profile that it found. The rest of the profile is retrieved by
/// that id, and compared.
///
/// The shape isn't public, so both of those that are likely are read, and an answer in any other is not taken for
/// "nobody": that would make a second profile.
pub fn accept_lookup(status: u16, body: &[u8]) -> Result<String, SessionMError> {
    verdict(status, body).map_err(|refusal| refusal.of_lookup())?;
    let malformed = SessionMError::Malformed { status };
    let Ok(mut answer) = wire::object::<serde_json::Map<String, Value>>(body) else {
        return Err(malformed);
    };
    let found = match answer.remove("payload") {
        Some(Value::Object(mut payload)) => payload.remove("user").or(payload.remove("users")),
        Some(other) => Some(other),
        None => answer.remove("user").or(answer.remove("users")),
    };
    let one = match found {
        None => return Err(malformed),
        Some(Value::Null) => return Err(SessionMError::NotFound),
        Some(Value::Array(mut many)) => match (many.pop(), many.len()) {
            (None, _) => return Err(SessionMError::NotFound),
            (Some(one), 0) => one,
            (Some(_), more) => return Err(SessionMError::Several((more + 1).to_string())),
        },
        Some(one) => one,
    };
    let id = one.get("user_id").or(one.get("id")).and_then(Value::as_str);
    match id {
        Some(id) if !id.is_empty() => Ok(id.to_owned()),
        _ => Err(malformed),
    }
}

/// What isn't `ok`.
enum Refusal {
    Status(u16),
    Code(String),
    Malformed(u16),
}

fn verdict(status: u16, body: &[u8]) -> Result<(), Refusal> {
    if matches!(status, 401 | 403 | 429) {
        return Err(Refusal::Status(status));
    }
    let Ok(envelope) = wire::object::<Envelope>(body) else {
        // JSON or not, a server in trouble is one, and an id that isn't there isn't.
        return Err(match status {
            404 | 500.. => Refusal::Status(status),
            _ => Refusal::Malformed(status),
        });
    };
    let word = envelope.status.unwrap_or_default();
    if word.eq_ignore_ascii_case("ok") && (200..300).contains(&status) {
        return Ok(());
    }
    match envelope.errors.as_ref().and_then(code) {
        Some(code) => Err(Refusal::Code(code)),
        None if (200..300).contains(&status) && !word.eq_ignore_ascii_case("error") => {
            Err(Refusal::Malformed(status))
        }
        None => Err(Refusal::Status(status)),
    }
}

/// The code, in lower case: the documentation writes capitals, the wire mostly doesn't. Messages stay where they are, for
/// they may name a person.
fn code(errors: &Value) -> Option<String> {
    let error = match errors {
        Value::Array(errors) => errors.first()?,
        other => other,
    };
    let code = error.get("code").or(Some(error))?.as_str()?;
    (!code.trim().is_empty()).then(|| wire::code(code).to_ascii_lowercase())
}

impl Refusal {
    fn of_core(self) -> SessionMError {
        self.named(SessionMError::Refused)
    }

    fn of_lookup(self) -> SessionMError {
        match self {
            // Without a code it is the path that isn't there.
            Self::Status(status @ 404) => SessionMError::Malformed { status },
            refusal => refusal.named(|code| match code.as_str() {
                "missing_data" | "argument_error" => SessionMError::Refused(code),
                _ => SessionMError::Several(code),
            }),
        }
    }

    fn named(self, other: impl FnOnce(String) -> SessionMError) -> SessionMError {
        match self {
            Self::Malformed(status) => SessionMError::Malformed { status },
            Self::Status(404) => SessionMError::NotFound,
            Self::Status(429) => SessionMError::Busy,
            Self::Status(status @ (401 | 403)) => SessionMError::Unauthorized(status.to_string()),
            Self::Status(status @ 500..) => SessionMError::Unavailable(status.to_string()),
            Self::Status(status) => other(status.to_string()),
            Self::Code(code) => match code.as_str() {
                "user_not_found" | "not_found" => SessionMError::NotFound,
                "internal_server_error" | "not_available" => SessionMError::Unavailable(code),
                "invalid_api_key" | "invalid_auth_token" | "access_denied" | "https_only" => {
                    SessionMError::Unauthorized(code)
                }
                _ => other(code),
            },
        }
    }
}
