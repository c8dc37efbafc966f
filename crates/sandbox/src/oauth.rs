//! What a token endpoint remembers and refuses, whoever runs it: RFC 6749, RFC 6750, RFC 7009 and RFC 7636.

use std::collections::HashMap;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    client::{Client, Credentials, Proven},
    entropy::{self, base64url, same, sha256},
    wire::{self, Parameters},
};

/// An error of [RFC 6749 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
#[derive(Debug)]
pub(crate) struct TokenError {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

impl TokenError {
    pub(crate) const fn invalid_grant(description: &'static str) -> TokenError {
        TokenError {
            error: "invalid_grant",
            description,
        }
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        if self.error != "invalid_client" {
            return wire::json(StatusCode::BAD_REQUEST, &body);
        }
        let mut response = wire::json(StatusCode::UNAUTHORIZED, &body);
        let challenge = HeaderValue::from_static("Basic realm=\"clients\", charset=\"UTF-8\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
        response
    }
}

/// The client that a request to the token endpoint comes from, and how far it has proved that
/// ([OpenID Connect Core 9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)).
pub(crate) fn authenticate(
    clients: &[Client],
    headers: &HeaderMap,
    body: &Parameters,
) -> Result<(Client, Proven), TokenError> {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let credentials = Credentials::of(authorization, body).ok_or(WRONG_CLIENT)?;
    let client = clients
        .iter()
        .find(|client| client.id == credentials.client_id())
        .ok_or(WRONG_CLIENT)?;
    let proven = credentials.prove(client).ok_or(WRONG_CLIENT)?;
    Ok((client.clone(), proven))
}

/// Why a client isn't taken for who it says.
pub(crate) const WRONG_CLIENT: TokenError = TokenError {
    error: "invalid_client",
    description: "unknown client, wrong secret, or not the registered method",
};

/// What one sign-in allows one client.
pub(crate) trait Granted: Clone {
    /// Whose it is.
    fn client_id(&self) -> &str;
    /// What it is good for.
    fn scope(&self) -> &str;
}

/// Grants, and the codes and tokens that stand for them and end with them.
pub(crate) struct Tokens<G> {
    grants: HashMap<String, Kept<G>>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
}

struct Kept<G> {
    grant: G,
    granted_at: i64,
    revoked: bool,
}

/// RFC 6749 4.1.2.
struct Code {
    grant: String,
    redirect_uri: String,
    code_challenge: Option<String>,
    expires_at: i64,
    used: bool,
}

/// RFC 6750.
struct Access {
    grant: String,
    expires_at: i64,
}

/// RFC 9700 4.14.2: each is used once.
struct Refresh {
    grant: String,
    used: bool,
}

/// What becomes of a refresh token that was used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rotation {
    /// It is replaced.
    Replaced,
    /// It stays good.
    Kept,
}

/// What a code is bound to.
pub(crate) struct Bound<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) code_challenge: Option<&'a str>,
    pub(crate) expires_at: i64,
}

impl<G> Default for Tokens<G> {
    fn default() -> Self {
        Tokens {
            grants: HashMap::new(),
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
        }
    }
}

impl<G: Granted> Tokens<G> {
    /// A new grant, and the code for it.
    pub(crate) fn grant(&mut self, grant: G, bound: &Bound<'_>, now: i64) -> String {
        let (id, code) = (entropy::name(), entropy::token());
        self.codes.insert(
            code.clone(),
            Code {
                grant: id.clone(),
                redirect_uri: bound.redirect_uri.to_owned(),
                code_challenge: bound.code_challenge.map(str::to_owned),
                expires_at: bound.expires_at,
                used: false,
            },
        );
        self.grants.insert(
            id,
            Kept {
                grant,
                granted_at: now,
                revoked: false,
            },
        );
        code
    }

    /// Takes the code of a token request: RFC 6749 4.1.3, RFC 7636 4.6.
    pub(crate) fn redeem(
        &mut self,
        client_id: &str,
        body: &Parameters,
        now: i64,
    ) -> Result<(String, G), TokenError> {
        let refused = |description| Err(TokenError::invalid_grant(description));
        let Some(code) = body.get("code").and_then(|code| self.codes.get_mut(code)) else {
            return refused("the code is unknown");
        };
        let Some(kept) = self
            .grants
            .get_mut(&code.grant)
            .filter(|kept| kept.grant.client_id() == client_id)
        else {
            return refused("the code is another client's");
        };
        if code.used {
            // RFC 6749 4.1.2: a code that comes twice takes back what it gave.
            kept.revoked = true;
            return refused("the code was used before; what it gave is revoked");
        }
        if now >= code.expires_at {
            return refused("the code has expired");
        }
        if body.get("redirect_uri") != Some(&*code.redirect_uri) {
            return refused("redirect_uri isn't that of the authorization request");
        }
        match (&code.code_challenge, body.get("code_verifier")) {
            (None, None) => {}
            (Some(challenge), Some(verifier))
                if same(&base64url(sha256(verifier.as_bytes())), challenge) => {}
            // RFC 9700 2.1.1: a verifier without a challenge is a downgrade.
            (None, Some(_)) => {
                return refused("there was no code_challenge for this code_verifier");
            }
            (Some(_), _) => return refused("code_verifier doesn't fit the code_challenge"),
        }
        code.used = true;
        Ok((code.grant.clone(), kept.grant.clone()))
    }

    /// Takes the refresh token of a token request: RFC 6749 6. Each is used once, and one that comes twice ends them
    /// all (RFC 9700 4.14.2).
    pub(crate) fn refresh(
        &mut self,
        client_id: &str,
        body: &Parameters,
        rotation: Rotation,
    ) -> Result<(String, G), TokenError> {
        let refused = |description| Err(TokenError::invalid_grant(description));
        let Some(token) = body
            .get("refresh_token")
            .and_then(|token| self.refresh.get_mut(token))
        else {
            return refused("the refresh token is unknown");
        };
        let Some(kept) = self
            .grants
            .get_mut(&token.grant)
            .filter(|kept| kept.grant.client_id() == client_id)
        else {
            return refused("the refresh token is another client's");
        };
        if kept.revoked {
            return refused("the refresh token is revoked");
        }
        if token.used {
            kept.revoked = true;
            return refused("the refresh token was used before; its whole family is revoked");
        }
        let granted = |asked| kept.grant.scope().split(' ').any(|scope| scope == asked);
        if !body
            .get("scope")
            .is_none_or(|scope| scope.split(' ').all(granted))
        {
            return Err(TokenError {
                error: "invalid_scope",
                description: "more than was granted",
            });
        }
        token.used = rotation == Rotation::Replaced;
        Ok((token.grant.clone(), kept.grant.clone()))
    }

    /// A new access token for this grant.
    pub(crate) fn issue_access(&mut self, grant: &str, expires_at: i64) -> String {
        let token = entropy::token();
        let grant = grant.to_owned();
        self.access
            .insert(token.clone(), Access { grant, expires_at });
        token
    }

    /// A new refresh token for this grant.
    pub(crate) fn issue_refresh(&mut self, grant: &str) -> String {
        let token = entropy::token();
        let (grant, used) = (grant.to_owned(), false);
        self.refresh.insert(token.clone(), Refresh { grant, used });
        token
    }

    /// What an access token is good for, while it is.
    pub(crate) fn of_access(&self, token: &str, now: i64) -> Option<&G> {
        let access = self.access.get(token).filter(|one| now < one.expires_at)?;
        let kept = self.grants.get(&access.grant)?;
        (!kept.revoked).then_some(&kept.grant)
    }

    /// A token that is unknown, or another client's, is left alone (RFC 7009 2.2).
    pub(crate) fn revoke(&mut self, token: &str, client_id: &str) {
        let id = (self.refresh.get(token).map(|refresh| &refresh.grant))
            .or_else(|| self.access.get(token).map(|access| &access.grant));
        let Some(kept) = id
            .and_then(|id| self.grants.get_mut(id))
            .filter(|kept| kept.grant.client_id() == client_id)
        else {
            return;
        };
        if self.access.remove(token).is_none() {
            // RFC 7009 2.1: with a refresh token go the access tokens of the same grant.
            kept.revoked = true;
        }
    }

    /// How much there is to keep.
    pub(crate) fn len(&self) -> usize {
        self.codes.len() + self.access.len()
    }

    /// Forgets what is over.
    pub(crate) fn tidy(&mut self, now: i64) {
        const DAY: i64 = 24 * 3600;
        self.codes.retain(|_, code| now - code.expires_at < 3600);
        self.access.retain(|_, token| now - token.expires_at < 3600);
        self.grants
            .retain(|_, kept| now - kept.granted_at < 30 * DAY);
        let grants = &self.grants;
        self.refresh
            .retain(|_, token| grants.contains_key(&token.grant));
    }
}

/// The token of `Authorization: Bearer` (RFC 6750 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// RFC 6750 3: the challenge says the error, and what else there is to say.
pub(crate) fn bearer_challenge(
    status: StatusCode,
    error: Option<&str>,
    more: &[(&str, &str)],
) -> Response {
    let body = match error {
        Some(error) => json!({ "error": error }),
        None => json!({}),
    };
    let mut response = wire::json(status, &body);
    let parameters: Vec<String> = (error.map(|error| ("error", error)).into_iter())
        .chain(more.iter().copied())
        .map(|(name, value)| format!("{name}=\"{value}\""))
        .collect();
    let challenge = format!("Bearer {}", parameters.join(", "));
    if let Ok(challenge) = HeaderValue::try_from(challenge.trim()) {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
