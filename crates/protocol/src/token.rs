//! The token endpoint: [RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3), §5 and §6,
//! [OpenID Connect Core §3.1.3](https://openid.net/specs/openid-connect-core-1_0.html#TokenEndpoint).

use core::fmt;

use serde::Deserialize;

use crate::{
    Code, encoding,
    http::{HttpRequest, header},
    wire,
};

/// How our client authenticates ([Core §9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)).
#[derive(Clone)]
pub enum ClientAuth {
    /// `client_secret_basic`.
    Basic {
        /// The secret.
        client_secret: String,
    },
    /// `client_secret_post`.
    Post {
        /// The secret.
        client_secret: String,
    },
    /// `private_key_jwt` (RFC 7523 §2.2).
    PrivateKeyJwt {
        /// The signed assertion, made for this one request.
        assertion: String,
    },
    /// `none`: a public client.
    None,
}

impl fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "ClientAuth::Basic(..)",
            Self::Post { .. } => "ClientAuth::Post(..)",
            Self::PrivateKeyJwt { .. } => "ClientAuth::PrivateKeyJwt(..)",
            Self::None => "ClientAuth::None",
        })
    }
}

impl ClientAuth {
    /// A form with the client's authentication, one method and no more (RFC 6749 §2.3).
    pub(crate) fn form<'a>(
        &'a self,
        url: &str,
        client_id: &'a str,
        mut pairs: Vec<(&'a str, &'a str)>,
    ) -> HttpRequest {
        let mut headers = Vec::new();
        match self {
            Self::Basic { client_secret } => {
                headers.push(header("authorization", &basic(client_id, client_secret)));
            }
            Self::Post { client_secret } => {
                pairs.extend([("client_id", client_id), ("client_secret", client_secret)]);
            }
            Self::PrivateKeyJwt { assertion } => pairs.extend([
                ("client_id", client_id),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", assertion),
            ]),
            Self::None => pairs.push(("client_id", client_id)),
        }
        HttpRequest::form(url, headers, &pairs)
    }
}

/// Id and secret are form-encoded first (RFC 6749 §2.3.1).
fn basic(client_id: &str, client_secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let credentials = format!("{}:{}", encode(client_id), encode(client_secret));
    format!("Basic {}", encoding::base64(credentials))
}

/// A request to the token endpoint.
#[derive(Clone)]
pub enum TokenRequest {
    /// A code becomes tokens (RFC 6749 §4.1.3).
    AuthorizationCode {
        /// The code.
        code: String,
        /// The verifier (RFC 7636 §4.5).
        code_verifier: String,
        /// The redirect URI that the code was issued to.
        redirect_uri: String,
    },
    /// A refresh token becomes tokens (RFC 6749 §6).
    RefreshToken {
        /// The refresh token.
        refresh_token: String,
    },
}

impl TokenRequest {
    /// The request to send.
    pub fn to_http(&self, token_endpoint: &str, client_id: &str, auth: &ClientAuth) -> HttpRequest {
        let pairs = match self {
            Self::AuthorizationCode {
                code,
                code_verifier,
                redirect_uri,
            } => vec![
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("code_verifier", code_verifier),
                ("redirect_uri", redirect_uri),
            ],
            Self::RefreshToken { refresh_token } => {
                vec![
                    ("grant_type", "refresh_token"),
                    ("refresh_token", refresh_token.as_str()),
                ]
            }
        };
        auth.form(token_endpoint, client_id, pairs)
    }

    /// Which grant it is, for [`TokenResponse::accept`].
    pub fn grant(&self) -> Grant {
        match self {
            Self::AuthorizationCode { .. } => Grant::Code,
            Self::RefreshToken { .. } => Grant::Refresh,
        }
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenRequest::{:?}(..)", self.grant())
    }
}

/// What the tokens were asked for with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grant {
    /// An authorization code.
    Code,
    /// A refresh token.
    Refresh,
}

/// Why a token response was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// An error response (RFC 6749 §5.2).
    #[error("the token endpoint answered `{error}`")]
    Refused {
        /// What was asked with.
        grant: Grant,
        /// `error`.
        error: String,
        /// `error_description`, for the log.
        description: Option<String>,
    },
    /// 401 without an error object: our client was turned away, perhaps by something in front of the provider.
    #[error("the token endpoint answered 401 without an error object")]
    Unauthorized,
    /// The provider is in trouble, or has too much to do.
    #[error("the token endpoint answered {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// Not a token response (RFC 6749 §5.1).
    #[error("{status} with what is not a token response ({reason}): {beginning:?}")]
    Malformed {
        /// The HTTP status.
        status: u16,
        /// What is wrong.
        reason: String,
        /// How the body begins; empty where it might hold a token.
        beginning: String,
    },
    /// Not a bearer token: "The client MUST NOT use an access token if it does not understand the token type"
    /// (RFC 6749 §7.1).
    #[error("`token_type` is {0:?}, expected `Bearer`")]
    TokenType(String),
    /// No ID token in answer to a code (Core §3.1.3.3).
    #[error("`id_token` is missing")]
    IdTokenMissing,
}

impl TokenError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused { grant, error, .. } => match (error.as_str(), grant) {
                ("invalid_grant", Grant::Code) => Code::ExchangeRefused,
                ("invalid_grant", Grant::Refresh) => Code::RefreshRefused,
                (
                    "invalid_client"
                    | "unauthorized_client"
                    | "invalid_request"
                    | "unsupported_grant_type"
                    | "invalid_scope",
                    _,
                ) => Code::ClientRefused,
                ("temporarily_unavailable" | "server_error", _) => Code::UpstreamError,
                _ => Code::TokenResponseInvalid,
            },
            Self::Unauthorized => Code::ClientRefused,
            Self::Unavailable { .. } => Code::UpstreamError,
            Self::Malformed { .. } => Code::TokenResponseInvalid,
            Self::TokenType(_) => Code::TokenTypeUnknown,
            Self::IdTokenMissing => Code::IdTokenMissing,
        }
    }
}

/// Tokens of a provider.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The access token, a bearer token.
    pub access_token: String,
    /// Its lifetime in seconds, where the provider says so.
    pub expires_in: Option<u64>,
    /// The refresh token; often absent from the answer to a refresh, where the old one goes on.
    pub refresh_token: Option<String>,
    /// The ID token; always there in answer to a code.
    pub id_token: Option<String>,
    /// The scope granted, where it differs from the one asked for.
    pub scope: Option<String>,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct WireTokens {
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    expires_in: Option<wire::Seconds>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    id_token: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    scope: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    error: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    error_description: Option<String>,
}

impl TokenResponse {
    /// Accepts the answer of the token endpoint (RFC 6749 §5.1, Core §3.1.3.3). The body says what it is; its
    /// `Content-Type` is what real providers get wrong, and is only shown where the body isn't understood.
    pub fn accept(
        status: u16,
        content_type: Option<&str>,
        body: &[u8],
        grant: Grant,
    ) -> Result<TokenResponse, TokenError> {
        if status >= 500 || status == 429 {
            return Err(TokenError::Unavailable { status });
        }
        let success = (200..300).contains(&status);
        let wire: WireTokens = match wire::object(body) {
            Ok(wire) => wire,
            Err(_) if status == 401 => return Err(TokenError::Unauthorized),
            Err(error) => {
                // Where it stops being JSON, and not serde's message, which may quote a token.
                let place = format!("line {} column {}", error.line(), error.column());
                let content_type = content_type.unwrap_or("no content type");
                let reason = format!("{}, {place}", wire::excerpt(content_type));
                // A success that isn't JSON may still hold a token, unless it is a page.
                let shown = !success || body.trim_ascii_start().starts_with(b"<");
                let beginning = if shown {
                    wire::excerpt(&String::from_utf8_lossy(body))
                } else {
                    String::new()
                };
                return Err(TokenError::Malformed {
                    status,
                    reason,
                    beginning,
                });
            }
        };
        // Some providers answer an error with 200.
        if let Some(error) = wire.error {
            return Err(TokenError::Refused {
                grant,
                error: wire::code(&error),
                description: wire.error_description.map(|text| wire::excerpt(&text)),
            });
        }
        if status == 401 {
            return Err(TokenError::Unauthorized);
        }
        let malformed = |reason: &str| TokenError::Malformed {
            status,
            reason: reason.to_owned(),
            beginning: String::new(),
        };
        if !success {
            return Err(malformed("no `error`"));
        }
        let given = |token: Option<String>| token.filter(|token| !token.is_empty());
        let access_token =
            given(wire.access_token).ok_or_else(|| malformed("no `access_token`"))?;
        let token_type = wire.token_type.unwrap_or_default();
        if !token_type.eq_ignore_ascii_case("bearer") {
            return Err(TokenError::TokenType(wire::excerpt(&token_type)));
        }
        let id_token = given(wire.id_token);
        if id_token.is_none() && grant == Grant::Code {
            return Err(TokenError::IdTokenMissing);
        }
        Ok(TokenResponse {
            access_token,
            expires_in: wire.expires_in.and_then(|seconds| seconds.whole()),
            refresh_token: given(wire.refresh_token),
            id_token,
            scope: given(wire.scope),
        })
    }
}
