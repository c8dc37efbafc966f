//! [OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html): the provider's metadata.

use serde::{Deserialize, Serialize};

use crate::{Code, wire};

/// Why the provider's metadata or keys were not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// `issuer` MUST be the one that was asked (§4.3).
    #[error("`issuer` is {actual:?}, expected {expected:?}")]
    IssuerMismatch {
        /// What the document says.
        actual: String,
        /// What was asked for.
        expected: String,
    },
    /// Not JSON, or a required member is missing (§3).
    #[error("the metadata is malformed: {0}")]
    Metadata(serde_json::Error),
    /// An endpoint that isn't https (§3), or has a fragment (RFC 6749 §3.1).
    #[error("`{member}` is {url:?}, which is not https")]
    Endpoint {
        /// The member of the metadata.
        member: &'static str,
        /// Its value.
        url: String,
    },
    /// Not a JWK Set (RFC 7517 §5).
    #[error("the key set is malformed: {0}")]
    Jwks(serde_json::Error),
}

impl DiscoveryError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::IssuerMismatch { .. } => Code::DiscoveryIssuerMismatch,
            Self::Metadata(_) | Self::Endpoint { .. } => Code::DiscoveryInvalid,
            Self::Jwks(_) => Code::JwksInvalid,
        }
    }
}

/// The address of the metadata: a path in the issuer is kept, its last slash isn't
/// ([§4.1](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationRequest)).
pub fn well_known(issuer: &str) -> String {
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    format!("{issuer}/.well-known/openid-configuration")
}

/// What we read of [§3](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProviderMetadata {
    /// The issuer identifier, the same string as configured.
    pub issuer: String,
    /// Where the buyer is sent.
    pub authorization_endpoint: String,
    /// Where codes become tokens.
    pub token_endpoint: String,
    /// Where the keys are.
    pub jwks_uri: String,
    /// Where the claims are.
    pub userinfo_endpoint: Option<String>,
    /// Where tokens are revoked (RFC 8414 §2); many providers have none.
    pub revocation_endpoint: Option<String>,
    /// Where the buyer signs out (RP-Initiated Logout §2.1).
    pub end_session_endpoint: Option<String>,
    /// Where authorization requests are pushed (RFC 9126 §5).
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Whether responses carry `iss` (RFC 9207 §3).
    pub authorization_response_iss_parameter_supported: bool,
    /// How clients authenticate; `client_secret_basic` where absent.
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// The algorithms of ID tokens.
    pub id_token_signing_alg_values_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct WireMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    revocation_endpoint: Option<String>,
    #[serde(default)]
    end_session_endpoint: Option<String>,
    #[serde(default)]
    pushed_authorization_request_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: Option<wire::Flag>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    id_token_signing_alg_values_supported: Option<Vec<String>>,
}

impl ProviderMetadata {
    /// Accepts the answer of [`well_known`]: "the `issuer` value returned MUST be identical to the Issuer URL" (§4.3).
    pub fn parse(body: &[u8], issuer: &str) -> Result<Self, DiscoveryError> {
        let wire: WireMetadata = wire::object(body).map_err(DiscoveryError::Metadata)?;
        if wire.issuer != issuer {
            return Err(DiscoveryError::IssuerMismatch {
                actual: wire.issuer,
                expected: issuer.to_owned(),
            });
        }
        // http is for development, where the issuer is on this machine, too: a provider elsewhere has no business there.
        let secure = issuer.starts_with("https:");
        let endpoint = |member, url| endpoint(member, url, secure);
        let optional = |member, url: Option<String>| {
            url.filter(|url| !url.is_empty())
                .map(|url| endpoint(member, url))
                .transpose()
        };
        Ok(Self {
            issuer: wire.issuer,
            authorization_endpoint: endpoint(
                "authorization_endpoint",
                wire.authorization_endpoint,
            )?,
            token_endpoint: endpoint("token_endpoint", wire.token_endpoint)?,
            jwks_uri: endpoint("jwks_uri", wire.jwks_uri)?,
            userinfo_endpoint: optional("userinfo_endpoint", wire.userinfo_endpoint)?,
            revocation_endpoint: optional("revocation_endpoint", wire.revocation_endpoint)?,
            end_session_endpoint: optional("end_session_endpoint", wire.end_session_endpoint)?,
            pushed_authorization_request_endpoint: optional(
                "pushed_authorization_request_endpoint",
                wire.pushed_authorization_request_endpoint,
            )?,
            authorization_response_iss_parameter_supported: wire
                .authorization_response_iss_parameter_supported
                .is_some_and(|flag| flag.is_true()),
            token_endpoint_auth_methods_supported: wire.token_endpoint_auth_methods_supported,
            id_token_signing_alg_values_supported: wire.id_token_signing_alg_values_supported,
        })
    }
}

fn endpoint(member: &'static str, url: String, secure: bool) -> Result<String, DiscoveryError> {
    let is_allowed = is_trustworthy(&url) && (!secure || url.starts_with("https:"));
    if is_allowed && !url.contains('#') {
        Ok(url)
    } else {
        Err(DiscoveryError::Endpoint {
            member,
            url: wire::excerpt(&url),
        })
    }
}

/// Whether what is sent to the URL reaches no one else: https, or http to this machine.
pub fn is_trustworthy(url: &str) -> bool {
    if url
        .chars()
        .any(|c| c == '\\' || c.is_control() || c.is_whitespace())
    {
        return false;
    }
    let (secure, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return false,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some(host) = host(authority) else {
        return false;
    };
    secure || is_loopback(host)
}

/// The host of an authority without user information; `None` where it isn't one.
fn host(authority: &str) -> Option<&str> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let literal = |b: u8| b.is_ascii_hexdigit() || b":.".contains(&b);
        if !host.contains(':') || !host.bytes().all(literal) {
            return None;
        }
        let port = port.strip_prefix(':').unwrap_or(port);
        return is_port(port).then_some(host);
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let named = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    (!host.is_empty() && host.bytes().all(named) && is_port(port)).then_some(host)
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.parse::<u16>().is_ok()
}

/// The names of this machine, as they are written; the parsers for whatever else means it would be 2 KB of the download.
fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1") || host.ends_with(".localhost")
}
