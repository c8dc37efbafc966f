//! The authorization response, and why it may not be accepted.

use crate::{Code, wire};

/// The `state` of a callback, to find the pending sign-in by; `None` where it is missing or repeated.
pub fn callback_state(query: &str) -> Option<String> {
    let mut states = parameters(query).filter(|(name, _)| name == "state");
    let (_, state) = states.next()?;
    (states.next().is_none() && !state.is_empty()).then_some(state)
}

/// Why a callback that belongs to no sign-in of this browser isn't accepted: what is wrong with itself is said first.
pub fn unmatched(query: &str) -> AuthorizationResponseError {
    match AuthorizationResponse::parse(query) {
        Err(error) => error,
        Ok(response) if response.code.is_none() && response.error.is_none() => {
            AuthorizationResponseError::Malformed
        }
        Ok(_) => AuthorizationResponseError::StateMismatch,
    }
}

/// The parameters of a query, decoded, in their order.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = (String, String)> {
    let query = query.strip_prefix('?').unwrap_or(query);
    form_urlencoded::parse(query.as_bytes()).into_owned()
}

/// A response with more parameters isn't one.
const MOST_PARAMETERS: usize = 100;

/// The parameters of a response that we know; others are ignored ("The client MUST ignore unrecognized response
/// parameters", RFC 6749 §4.1.2).
#[derive(Default)]
pub(super) struct AuthorizationResponse {
    pub(super) code: Option<String>,
    pub(super) state: Option<String>,
    pub(super) iss: Option<String>,
    pub(super) expires_in: Option<String>,
    pub(super) error: Option<String>,
    pub(super) error_description: Option<String>,
}

impl AuthorizationResponse {
    pub(super) fn parse(query: &str) -> Result<Self, AuthorizationResponseError> {
        let mut all: Vec<(String, String)> = Vec::new();
        for (name, value) in parameters(query) {
            if all.iter().any(|(other, _)| *other == name) {
                return Err(AuthorizationResponseError::ParameterRepeated {
                    name: wire::excerpt(&name),
                });
            }
            if all.len() == MOST_PARAMETERS {
                return Err(AuthorizationResponseError::Malformed);
            }
            all.push((name, value));
        }
        // "Parameters sent without a value MUST be treated as if they were omitted" (RFC 6749 §3.1).
        let mut take = |name: &str| {
            let at = all.iter().position(|(other, _)| other == name)?;
            Some(all.swap_remove(at).1).filter(|value| !value.is_empty())
        };
        Ok(Self {
            code: take("code"),
            state: take("state"),
            iss: take("iss"),
            expires_in: take("expires_in"),
            error: take("error"),
            error_description: take("error_description"),
        })
    }
}

/// Why an authorization response was not accepted.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationResponseError {
    /// "Request and response parameters MUST NOT be included more than once" (RFC 6749 §3.1).
    #[error("`{name}` is there more than once")]
    ParameterRepeated {
        /// The parameter.
        name: String,
    },
    /// Neither `code` nor `error` (RFC 6749 §4.1.2), or more than a hundred parameters.
    #[error("neither `code` nor `error` is there, or too much else")]
    Malformed,
    /// `iss` names another server: a mix-up attack (RFC 9207 §2.4).
    #[error("`iss` is {actual:?}, expected {expected:?}")]
    IssuerMismatch {
        /// What the response says.
        actual: String,
        /// Where the buyer was sent.
        expected: String,
    },
    /// The provider announces `iss` but left it out (RFC 9207 §2.4).
    #[error("`iss` is missing")]
    IssuerMissing,
    /// Another sign-in's `state`, or none (RFC 9700 §4.7).
    #[error("`state` is not the one that was sent")]
    StateMismatch,
    /// More than an hour after the start.
    #[error("the sign-in was started more than an hour ago")]
    Expired,
    /// The code has waited for longer than it is good for.
    #[error("the code came too late")]
    CodeLate,
    /// An error response (RFC 6749 §4.1.2.1, Core §3.1.2.6).
    #[error("the provider answered `{error}`")]
    Refused {
        /// `error`.
        error: String,
        /// `error_description`, for the log and never for the page.
        description: Option<String>,
    },
}

impl AuthorizationResponseError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::ParameterRepeated { .. } => Code::CallbackParameterRepeated,
            Self::Malformed => Code::CallbackMalformed,
            Self::IssuerMismatch { .. } => Code::CallbackIssMismatch,
            Self::IssuerMissing => Code::CallbackIssMissing,
            Self::StateMismatch => Code::StateUnknown,
            Self::Expired => Code::StateExpired,
            Self::CodeLate => Code::PaytronixCodeLate,
            Self::Refused { error, .. } => match error.as_str() {
                "access_denied" => Code::AccessDenied,
                "login_required"
                | "interaction_required"
                | "consent_required"
                | "account_selection_required" => Code::LoginRequired,
                "temporarily_unavailable" | "server_error" => Code::ProviderUnavailable,
                _ => Code::ProviderError,
            },
        }
    }
}
