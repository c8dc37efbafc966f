//! Pushed authorization requests, [RFC 9126](https://www.rfc-editor.org/rfc/rfc9126): what the authorization request
//! carries goes from our backend to the provider, and the browser takes only a reference there.

use core::fmt;

use serde::Deserialize;

use crate::{
    Code,
    http::{HttpRequest, with_query},
    token::ClientAuth,
    wire,
};

/// The request of [§2.1](https://www.rfc-editor.org/rfc/rfc9126#section-2.1): the parameters of the authorization request,
/// with the client's authentication of the token endpoint.
pub(crate) fn push(
    pushed_authorization_request_endpoint: &str,
    client_id: &str,
    auth: &ClientAuth,
    mut pairs: Vec<(&str, &str)>,
) -> HttpRequest {
    // The one parameter that is in both; a repeated one would be refused (RFC 6749 §3.1).
    let again = matches!(
        auth,
        ClientAuth::Post { .. } | ClientAuth::PrivateKeyJwt { .. } | ClientAuth::None
    );
    if again {
        pairs.retain(|(name, _)| *name != "client_id");
    }
    auth.form(pushed_authorization_request_endpoint, client_id, pairs)
}

/// Why a pushed request was not accepted.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PushedRequestError {
    /// An error response (§2.3).
    #[error("the pushed authorization request endpoint answered {status} `{error}`")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// `error`, or nothing where it isn't JSON.
        error: String,
    },
    /// The provider is in trouble, or has too much to do (§2.3).
    #[error("the pushed authorization request endpoint answered {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// A success without a `request_uri` (§2.2).
    #[error("{status} without a `request_uri`")]
    Malformed {
        /// The HTTP status.
        status: u16,
    },
}

impl PushedRequestError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused { .. } => Code::StepUpParRefused,
            Self::Unavailable { .. } => Code::UpstreamError,
            Self::Malformed { .. } => Code::StepUpParInvalid,
        }
    }
}

/// The `request_uri` of [§2.2](https://www.rfc-editor.org/rfc/rfc9126#section-2.2): for this client, for one use, for a short time.
#[derive(Clone, PartialEq)]
pub struct RequestUri(String);

impl fmt::Debug for RequestUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestUri(..)")
    }
}

#[derive(Deserialize)]
struct WirePushed {
    #[serde(default, deserialize_with = "wire::or_absent")]
    request_uri: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    error: Option<String>,
}

impl RequestUri {
    /// Accepts the answer (§2.2, §2.3). `expires_in` isn't looked at: the browser leaves at once.
    pub fn accept(status: u16, body: &[u8]) -> Result<RequestUri, PushedRequestError> {
        if status >= 500 || status == 429 {
            return Err(PushedRequestError::Unavailable { status });
        }
        let wire = wire::object::<WirePushed>(body).unwrap_or(WirePushed {
            request_uri: None,
            error: None,
        });
        if wire.error.is_some() || !(200..300).contains(&status) {
            return Err(PushedRequestError::Refused {
                status,
                error: wire.error.as_deref().map(wire::code).unwrap_or_default(),
            });
        }
        wire.request_uri
            .filter(|uri| {
                (1..=LONGEST).contains(&uri.len()) && uri.bytes().all(|b| b.is_ascii_graphic())
            })
            .map(RequestUri)
            .ok_or(PushedRequestError::Malformed { status })
    }

    /// Where to send the browser ([§4](https://www.rfc-editor.org/rfc/rfc9126#section-4)): two parameters and no more.
    pub fn authorization_url(self, authorization_endpoint: &str, client_id: &str) -> String {
        with_query(
            authorization_endpoint,
            [("client_id", client_id), ("request_uri", &self.0)],
        )
    }
}

/// Browsers and proxies take URLs of this length.
const LONGEST: usize = 2048;
