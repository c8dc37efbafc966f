//! Step I: the authorization ticket becomes an access token, at the token endpoint of Payway's own API
//! ([API access](https://docs.worldoftulo.com/payway/integration/payway_api/api_access)).

use core::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Ticket;
use crate::{Code, http::HttpRequest, token::TokenResponse, wire};

/// Our client at Payway's API.
#[derive(Clone, Copy)]
pub struct ApiClient<'a> {
    /// The address of the API, without a trailing slash.
    pub api_url: &'a str,
    /// The API client's id.
    pub client_id: &'a str,
    /// Its secret.
    pub client_secret: &'a str,
    /// The scopes to ask for: paths, such as `/external/me/w`.
    pub scopes: &'a [String],
    /// `grant_type` with a refresh token. That access tokens are renewed with one is published; how isn't, and is by
    /// default as RFC 6749 (§6) has it, here and in the next.
    pub refresh_grant_type: &'a str,
    /// The parameter that holds a refresh token, and the member of an answer that brings one.
    pub refresh_token_field: &'a str,
}

impl fmt::Debug for ApiClient<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient")
            .field("api_url", &self.api_url)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// What an access token is asked for with.
#[derive(Clone, Debug)]
pub enum AccessTokenGrant {
    /// `ticket`.
    Ticket(Ticket),
    /// What came with the access token before.
    RefreshToken(RefreshToken),
}

/// A refresh token.
#[derive(Clone)]
pub struct RefreshToken(pub String);

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

/// An access token lives for an hour, where the answer doesn't say.
pub const ACCESS_TOKEN_LIFETIME: u64 = 3600;

impl ApiClient<'_> {
    /// The request for an access token.
    pub fn access_token_request(&self, grant: &AccessTokenGrant) -> HttpRequest {
        let scope = self.scopes.join(" ");
        let (grant_type, name, value) = match grant {
            AccessTokenGrant::Ticket(ticket) => ("ticket", "ticket", ticket.as_str()),
            AccessTokenGrant::RefreshToken(token) => (
                self.refresh_grant_type,
                self.refresh_token_field,
                token.0.as_str(),
            ),
        };
        let pairs = [
            ("client_id", self.client_id),
            ("client_secret", self.client_secret),
            ("grant_type", grant_type),
            ("scope", &scope),
            (name, value),
        ];
        HttpRequest::form(
            &format!("{}/api/authorization/access_token", self.api_url),
            Vec::new(),
            &pairs,
        )
    }

    /// Accepts the answer of the token endpoint. Only `access_token` is sure to be there; how it refuses isn't published, so
    /// the status decides and RFC 6749's words (§5.2) sharpen it.
    pub fn accept(
        &self,
        status: u16,
        body: &[u8],
        grant: &AccessTokenGrant,
    ) -> Result<TokenResponse, AccessTokenError> {
        if status >= 500 || status == 429 {
            return Err(AccessTokenError::Unavailable { status });
        }
        let success = (200..300).contains(&status);
        let mut answer: WireAnswer = match wire::object(body) {
            Ok(answer) => answer,
            Err(_) if success => return Err(AccessTokenError::Malformed { status }),
            Err(_) => WireAnswer::default(),
        };
        let error = answer.error.or(if success { None } else { answer.code });
        if !success || error.is_some() {
            let error = error.map(|error| wire::code(&error));
            let client = match error.as_deref() {
                Some("invalid_grant") => false,
                Some(
                    "invalid_client"
                    | "unauthorized_client"
                    | "unsupported_grant_type"
                    | "invalid_scope",
                ) => true,
                _ => matches!(status, 401 | 403),
            };
            return Err(if client {
                AccessTokenError::Client { status, error }
            } else {
                let grant = match grant {
                    AccessTokenGrant::Ticket(_) => "ticket",
                    AccessTokenGrant::RefreshToken(_) => "refresh token",
                };
                AccessTokenError::Refused {
                    grant,
                    status,
                    error,
                }
            });
        }
        let given = |token: Option<String>| token.filter(|token| !token.is_empty());
        let access_token =
            given(answer.access_token).ok_or(AccessTokenError::Malformed { status })?;
        if let Some(token_type) = answer
            .token_type
            .filter(|kind| !kind.eq_ignore_ascii_case("bearer"))
        {
            return Err(AccessTokenError::TokenType(wire::code(&token_type)));
        }
        let refresh_token = match answer.others.remove(self.refresh_token_field) {
            Some(Value::String(token)) => Some(token),
            _ => None,
        };
        let expires_in = answer.expires_in.and_then(|seconds| seconds.whole());
        Ok(TokenResponse {
            access_token,
            expires_in: Some(expires_in.unwrap_or(ACCESS_TOKEN_LIFETIME)),
            refresh_token: given(refresh_token),
            id_token: None,
            scope: given(answer.scope),
        })
    }
}

/// Why there is no access token.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// The ticket or the refresh token was refused: expired, spent, or another client's.
    #[error("the {grant} was refused with {status}{}", said(.error))]
    Refused {
        /// What was asked with.
        grant: &'static str,
        /// The HTTP status.
        status: u16,
        /// `error` or `code` of the answer, for the log.
        error: Option<String>,
    },
    /// Our client was refused.
    #[error("our client was refused with {status}{}", said(.error))]
    Client {
        /// The HTTP status.
        status: u16,
        /// `error` or `code` of the answer, for the log.
        error: Option<String>,
    },
    /// Payway is in trouble, or has too much to do.
    #[error("the access token endpoint answered {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// A success without an access token.
    #[error("{status} with what is not a token response")]
    Malformed {
        /// The HTTP status.
        status: u16,
    },
    /// `token_type` is there and isn't `Bearer`.
    #[error("`token_type` is {0:?}, expected `Bearer`")]
    TokenType(String),
}

fn said(error: &Option<String>) -> String {
    error
        .as_ref()
        .map(|error| format!(" and `{error}`"))
        .unwrap_or_default()
}

impl AccessTokenError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused {
                grant: "ticket", ..
            } => Code::Sso2TicketRefused,
            Self::Refused { .. } => Code::RefreshRefused,
            Self::Client { .. } => Code::ClientRefused,
            Self::Unavailable { .. } => Code::UpstreamError,
            Self::Malformed { .. } => Code::TokenResponseInvalid,
            Self::TokenType(_) => Code::TokenTypeUnknown,
        }
    }
}

#[derive(Default, Deserialize)]
struct WireAnswer {
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    token_type: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    expires_in: Option<wire::Seconds>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    scope: Option<String>,
    /// As RFC 6749 has it.
    #[serde(default, deserialize_with = "wire::or_absent")]
    error: Option<String>,
    /// As the rest of Payway's API has it.
    #[serde(default, deserialize_with = "wire::or_absent")]
    code: Option<String>,
    /// A refresh token among them, by the name that it has.
    #[serde(flatten)]
    others: Map<String, Value>,
}
