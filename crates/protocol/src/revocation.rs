//! Token revocation, [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009).

use serde::Deserialize;

use crate::{Code, http::HttpRequest, token::ClientAuth, wire};

/// Which token it is: a hint ([§2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenTypeHint {
    /// `access_token`.
    AccessToken,
    /// `refresh_token`.
    RefreshToken,
}

/// The request of [§2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1).
pub fn revocation_request(
    revocation_endpoint: &str,
    token: &str,
    hint: TokenTypeHint,
    client_id: &str,
    auth: &ClientAuth,
) -> HttpRequest {
    let hint = match hint {
        TokenTypeHint::AccessToken => "access_token",
        TokenTypeHint::RefreshToken => "refresh_token",
    };
    auth.form(
        revocation_endpoint,
        client_id,
        vec![("token", token), ("token_type_hint", hint)],
    )
}

/// Why a revocation was not accepted.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// An error response (§2.2.1).
    #[error("the revocation endpoint answered `{error}`")]
    Refused {
        /// `error`.
        error: String,
    },
    /// Anything else; after 503 "the client must assume the token still exists and may retry".
    #[error("the revocation endpoint answered {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
}

impl RevocationError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused { error }
                if error == "invalid_client" || error == "unauthorized_client" =>
            {
                Code::ClientRefused
            }
            Self::Refused { .. } | Self::Unavailable { .. } => Code::UpstreamError,
        }
    }
}

#[derive(Deserialize)]
struct WireError {
    error: String,
}

/// Accepts the answer ([§2.2](https://www.rfc-editor.org/rfc/rfc7009#section-2.2)): "invalid tokens do not cause an
/// error response", so any success means that the token is gone.
pub fn accept(status: u16, body: &[u8]) -> Result<(), RevocationError> {
    if (200..300).contains(&status) {
        return Ok(());
    }
    Err(match wire::object::<WireError>(body) {
        Ok(WireError { error }) if status < 500 => RevocationError::Refused {
            error: wire::code(&error),
        },
        _ => RevocationError::Unavailable { status },
    })
}
