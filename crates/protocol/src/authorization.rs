//! The authorization request and response: [RFC 6749 §4.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1),
//! [OpenID Connect Core §3.1.2](https://openid.net/specs/openid-connect-core-1_0.html#AuthorizationEndpoint) and
//! [RFC 9207](https://www.rfc-editor.org/rfc/rfc9207).

use core::fmt;

use serde::Serialize;
use subtle::ConstantTimeEq;

use crate::{
    Code,
    alg::Alg,
    api::{ExchangeRequest, Kind, PublicProvider},
    discovery::is_trustworthy,
    encoding::base64url,
    http::with_query,
    id_token::IdTokenExpectations,
    object::{Read, Value, object},
    paytronix::CODE_LIFETIME,
    pkce::CodeVerifier,
    wire,
};

mod response;

use response::AuthorizationResponse;
pub(crate) use response::parameters;
pub use response::{AuthorizationResponseError, callback_state, unmatched};

/// A sign-in is open for an hour: long enough for a password reset on the way.
pub const PENDING_LIFETIME_MS: u64 = 3_600_000;

/// Fresh entropy for one request.
#[derive(Clone)]
pub struct AuthorizationEntropy {
    /// For `state`.
    pub state: [u8; 32],
    /// For `nonce`.
    pub nonce: [u8; 32],
    /// For `code_verifier`.
    pub code_verifier: [u8; 32],
}

/// What this one sign-in asks for.
#[derive(Clone, Debug, Default)]
pub struct StartOptions<'a> {
    /// Where the buyer goes afterwards, already accepted by [`crate::return_to::ReturnTo`].
    pub return_to: String,
    /// The page's language, for `ui_locales`.
    pub lang: Option<&'a str>,
    /// `login_hint`.
    pub login_hint: Option<&'a str>,
    /// `prompt`, instead of the configured one.
    pub prompt: Option<&'a str>,
}

/// Why no authorization request can be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationRequestError {
    /// The backend couldn't fetch the provider's metadata.
    #[error("the authorization endpoint of `{provider}` is not known")]
    EndpointUnknown {
        /// The provider's id.
        provider: String,
    },
    /// The endpoint isn't https, or has a fragment (RFC 6749 §3.1).
    #[error("the authorization endpoint {url:?} is not https")]
    EndpointInsecure {
        /// The endpoint.
        url: String,
    },
    /// None of the configured `algs` is one that we accept, so no ID token could be.
    #[error("`{provider}` has no signature algorithm that is accepted")]
    NoAlg {
        /// The provider's id.
        provider: String,
    },
}

impl AuthorizationRequestError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::EndpointUnknown { .. } => Code::ProviderUnavailable,
            Self::EndpointInsecure { .. } => Code::DiscoveryInvalid,
            Self::NoAlg { .. } => Code::IdTokenAlg,
        }
    }
}

/// A sign-in that is about to leave for the provider.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    /// Where to send the buyer.
    pub url: String,
    /// What to keep, under its `state`, until the buyer comes back.
    pub pending: PendingAuthorization,
}

impl AuthorizationRequest {
    /// The authorization code flow with `state`, `nonce` and PKCE, all three (RFC 9700 §2.1.1, §4.7).
    pub fn new(
        provider: &PublicProvider,
        entropy: AuthorizationEntropy,
        options: StartOptions<'_>,
        started_at_ms: u64,
    ) -> Result<AuthorizationRequest, AuthorizationRequestError> {
        let id = || provider.id.clone();
        let endpoint = provider
            .authorization_endpoint
            .as_deref()
            .ok_or_else(|| AuthorizationRequestError::EndpointUnknown { provider: id() })?;
        if !is_trustworthy(endpoint) || endpoint.contains('#') {
            return Err(AuthorizationRequestError::EndpointInsecure {
                url: endpoint.to_owned(),
            });
        }
        let algs: Vec<Alg> = provider
            .algs
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect();
        if algs.is_empty() && provider.kind.is_oidc() {
            return Err(AuthorizationRequestError::NoAlg { provider: id() });
        }
        let pending = PendingAuthorization {
            kind: provider.kind,
            provider: id(),
            issuer: provider.issuer.clone(),
            iss_required: provider.iss_required,
            client_id: provider.client_id.clone(),
            redirect_uri: provider.redirect_uri.clone(),
            state: base64url(entropy.state),
            nonce: base64url(entropy.nonce),
            code_verifier: CodeVerifier::new(entropy.code_verifier),
            scopes: scopes(provider),
            algs,
            acr_values: provider.acr_values.clone(),
            max_age: provider.max_age,
            return_to: options.return_to.clone(),
            started_at: started_at_ms,
            claimed_at: None,
            arrived_at: None,
            step_up: None,
            session: None,
        };
        let url = pending.url(endpoint, provider, &options);
        Ok(AuthorizationRequest { url, pending })
    }
}

/// The scopes to ask for; without `openid` it wouldn't be OpenID Connect (Core §3.1.2.1).
fn scopes(provider: &PublicProvider) -> Vec<String> {
    let mut scopes = provider.scopes.clone();
    if provider.kind.is_oidc() && !scopes.iter().any(|scope| scope == "openid") {
        scopes.insert(0, "openid".to_owned());
    }
    scopes
}

/// A sign-in under way. Its JSON is kept in the browser and read by `early.js` too: the names are a contract.
#[derive(Clone, PartialEq, Serialize)]
pub struct PendingAuthorization {
    /// The dialect; `early.js` takes only those where it isn't said.
    #[serde(skip_serializing_if = "Kind::is_oidc")]
    pub kind: Kind,
    /// The provider's id.
    pub provider: String,
    /// The issuer that the answer has to come from.
    pub issuer: String,
    /// Whether the answer has to name it (RFC 9207 §2.4).
    pub iss_required: bool,
    /// Our client id.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// The one-time `state`, bound to this browser.
    pub state: String,
    /// The `nonce` that the ID token has to carry.
    pub nonce: String,
    /// The verifier of RFC 7636.
    pub code_verifier: CodeVerifier,
    /// The scopes asked for.
    pub scopes: Vec<String>,
    /// The algorithms that the ID token may be signed with.
    pub algs: Vec<Alg>,
    /// The `acr_values` asked for.
    pub acr_values: Vec<String>,
    /// The `max_age` asked for.
    pub max_age: Option<u64>,
    /// Where the buyer goes afterwards.
    pub return_to: String,
    /// When it began: milliseconds by the device's clock.
    pub started_at: u64,
    /// When a tab took it to finish it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_at: Option<u64>,
    /// When its answer was first seen here; codes of Paytronix are short-lived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<u64>,
    /// The session that is stepped up, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_up: Option<PendingStepUp>,
    /// SSO2: the anonymous session that the landing has brought, sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

object!(PendingAuthorization {
    kind,
    provider,
    issuer,
    iss_required,
    client_id,
    redirect_uri,
    state,
    nonce,
    code_verifier,
    scopes,
    algs,
    acr_values,
    max_age,
    return_to,
    started_at,
    claimed_at,
    arrived_at,
    step_up,
    session
});

/// What a step-up has to come back with: the same person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PendingStepUp {
    /// The issuer of the session that is stepped up.
    pub iss: String,
    /// Its person.
    pub sub: String,
    /// The call that asked for it, to be sent again once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
}

object!(PendingStepUp { iss, sub, replay });

impl PendingStepUp {
    /// Whether this is the person who left.
    pub fn is_of(&self, iss: &str, sub: &str) -> bool {
        self.iss == iss && self.sub == sub
    }
}

/// A call that needed more, to be sent again after a step-up. What it is about is kept elsewhere in the browser.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Replay {
    /// Into the shop.
    Grant,
    /// The answers of the profile are saved.
    Complete,
}

impl Read for Replay {
    fn read(value: Value) -> Option<Self> {
        match String::read(value)?.as_str() {
            "grant" => Some(Replay::Grant),
            "complete" => Some(Replay::Complete),
            _ => None,
        }
    }
}

impl fmt::Debug for PendingAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAuthorization")
            .field("provider", &self.provider)
            .field("issuer", &self.issuer)
            .field("started_at", &self.started_at)
            .finish_non_exhaustive()
    }
}

impl PendingAuthorization {
    fn url(&self, endpoint: &str, provider: &PublicProvider, options: &StartOptions<'_>) -> String {
        match self.kind {
            Kind::Oidc => {}
            // The parameters of the guest website's login; `state` is optional there, not here.
            Kind::Paytronix => {
                let scope = self.scopes.join(" ");
                let mut pairs = vec![
                    ("response_type", "code"),
                    ("client_id", &self.client_id),
                    ("redirect_uri", &self.redirect_uri),
                    ("state", &self.state),
                ];
                if !scope.is_empty() {
                    pairs.push(("scope", &scope));
                }
                return with_query(endpoint, pairs);
            }
            // A call of ours, which signs the request and leaves with it.
            Kind::Sso2 => return with_query(endpoint, vec![("state", self.state.as_str())]),
        }
        let scope = self.scopes.join(" ");
        let acr_values = self.acr_values.join(" ");
        let max_age = self.max_age.map(|seconds| seconds.to_string());
        let code_challenge = self.code_verifier.challenge();
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &scope),
            ("state", &self.state),
            ("nonce", &self.nonce),
            ("code_challenge", &code_challenge),
            ("code_challenge_method", "S256"),
        ];
        let optional = [
            ("acr_values", Some(acr_values.as_str())),
            ("max_age", max_age.as_deref()),
            ("prompt", options.prompt.or(provider.prompt.as_deref())),
            ("login_hint", options.login_hint),
            ("ui_locales", options.lang.filter(|_| provider.ui_locales)),
        ];
        for (name, value) in optional {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                pairs.push((name, value));
            }
        }
        // Parameters MUST NOT be included more than once (RFC 6749 §3.1): ours win over configured ones.
        for (name, value) in provider.extra.iter() {
            if !pairs.iter().any(|(ours, _)| *ours == name) {
                pairs.push((name, value));
            }
        }
        with_query(endpoint, pairs)
    }

    /// Whether a response at this address (without its query) may belong to this sign-in: each issuer has a redirect
    /// URI of its own, and "the client MUST […] check that the authorization response was received at the correct
    /// redirect URI" ([RFC 9700 §4.4.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.4.2)).
    pub fn is_answered_at(&self, address: &str) -> bool {
        self.redirect_uri == address
    }

    /// Whether it was begun too long ago: by the device's clock alone; a start in the future is a clock that was set back
    /// meanwhile.
    pub fn is_expired(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.started_at) > PENDING_LIFETIME_MS
    }

    /// Accepts the authorization response of
    /// [RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2), given as the query of the callback.
    /// It takes `self`, so a response is accepted at most once.
    #[inline(never)]
    pub fn accept(
        self,
        query: &str,
        now_ms: u64,
    ) -> Result<AuthorizationCode, AuthorizationResponseError> {
        let response = AuthorizationResponse::parse(query)?;
        match &response.iss {
            Some(iss) if *iss != self.issuer => {
                return Err(AuthorizationResponseError::IssuerMismatch {
                    actual: wire::excerpt(iss),
                    expected: self.issuer,
                });
            }
            None if self.iss_required => return Err(AuthorizationResponseError::IssuerMissing),
            _ => {}
        }
        let same_state = |state: &String| bool::from(state.as_bytes().ct_eq(self.state.as_bytes()));
        if !response.state.as_ref().is_some_and(same_state) {
            return Err(AuthorizationResponseError::StateMismatch);
        }
        if self.is_expired(now_ms) {
            return Err(AuthorizationResponseError::Expired);
        }
        if let Some(error) = response.error {
            return Err(AuthorizationResponseError::Refused {
                error: wire::excerpt(&error),
                description: response.error_description.map(|text| wire::excerpt(&text)),
            });
        }
        let code = response.code.ok_or(AuthorizationResponseError::Malformed)?;
        // The guest website says how long its code is good for, and is believed where that isn't longer.
        if self.kind == Kind::Paytronix
            && let Some(arrived_at) = self.arrived_at
        {
            let said = response.expires_in.and_then(|said| said.parse().ok());
            let lifetime = said.unwrap_or(CODE_LIFETIME).min(CODE_LIFETIME);
            if now_ms.saturating_sub(arrived_at) >= lifetime * 1000 {
                return Err(AuthorizationResponseError::CodeLate);
            }
        }
        Ok(AuthorizationCode {
            code,
            iss: response.iss,
            pending: self,
        })
    }
}

/// A code that belongs to a sign-in of this browser.
#[derive(Clone, PartialEq)]
pub struct AuthorizationCode {
    code: String,
    iss: Option<String>,
    pending: PendingAuthorization,
}

impl AuthorizationCode {
    /// The code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// `iss` of the response, where it had one.
    pub fn iss(&self) -> Option<&str> {
        self.iss.as_deref()
    }

    /// The sign-in that it belongs to.
    pub fn pending(&self) -> &PendingAuthorization {
        &self.pending
    }

    /// The call to the backend that makes tokens of it.
    pub fn exchange_request(&self) -> ExchangeRequest {
        ExchangeRequest {
            provider: self.pending.provider.clone(),
            code: self.code.clone(),
            code_verifier: self.pending.code_verifier.as_str().to_owned(),
            redirect_uri: self.pending.redirect_uri.clone(),
            iss: self.iss.clone(),
            step_up: self.pending.step_up.is_some(),
            handle: None,
        }
    }

    /// What the ID token is compared with.
    pub fn expected(&self) -> IdTokenExpectations {
        IdTokenExpectations {
            issuer: self.pending.issuer.clone(),
            client_id: self.pending.client_id.clone(),
            nonce: self.pending.nonce.clone(),
            algs: self.pending.algs.clone(),
            acr_values: self.pending.acr_values.clone(),
            max_age: self.pending.max_age,
        }
    }
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationCode")
            .field("iss", &self.iss)
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}
