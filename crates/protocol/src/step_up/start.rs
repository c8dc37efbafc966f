//! How a step-up begins in the browser: what is sent to the backend, and what is kept until the buyer comes back.

use crate::{
    api::{Kind, PublicProvider, StepUpRequest},
    authorization::{AuthorizationEntropy, PendingAuthorization, PendingStepUp},
    encoding::base64url,
    pkce::CodeVerifier,
};

use super::StepUp;

/// The session that is stepped up.
#[derive(Clone)]
pub struct SteppingUp<'a> {
    /// Who it is, and which call is sent again afterwards.
    pub person: PendingStepUp,
    /// Its handle; absent when it travels as a cookie.
    pub handle: Option<String>,
    /// Its access token.
    pub access_token: String,
    /// The page that the buyer returns to.
    pub return_to: String,
    /// The page's language.
    pub lang: &'a str,
}

/// A step-up that is about to leave. It has no `Debug`: an access token is in it.
pub struct StepUpStart {
    /// What to ask the backend.
    pub request: StepUpRequest,
    /// What to keep, under its `state`, until the buyer comes back.
    pub pending: PendingAuthorization,
}

impl StepUpStart {
    /// A step-up at the session's provider; `None` where that has no strong flow, or none of what is wanted.
    pub fn new(
        provider: &PublicProvider,
        wanted: &StepUp,
        session: SteppingUp<'_>,
        entropy: AuthorizationEntropy,
        started_at_ms: u64,
    ) -> Option<StepUpStart> {
        let step_up = provider.step_up.as_ref()?;
        let acr_values = wanted.of_offered(&step_up.acr_values)?;
        let algs = provider.algs.iter();
        let pending = PendingAuthorization {
            kind: Kind::Oidc,
            provider: provider.id.clone(),
            issuer: provider.issuer.clone(),
            iss_required: provider.iss_required,
            client_id: step_up.client_id.clone(),
            redirect_uri: provider.redirect_uri.clone(),
            state: base64url(entropy.state),
            nonce: base64url(entropy.nonce),
            code_verifier: CodeVerifier::new(entropy.code_verifier),
            scopes: Vec::new(),
            algs: algs.filter_map(|name| name.parse().ok()).collect(),
            acr_values: acr_values.clone(),
            // Of the call and of the provider the one that lets less pass.
            max_age: match (wanted.max_age, step_up.max_age) {
                (Some(wanted), Some(configured)) => Some(wanted.min(configured)),
                (wanted, configured) => wanted.or(configured),
            },
            return_to: session.return_to,
            started_at: started_at_ms,
            claimed_at: None,
            arrived_at: None,
            step_up: Some(session.person),
            session: None,
        };
        let request = StepUpRequest {
            handle: session.handle,
            access_token: session.access_token,
            state: pending.state.clone(),
            nonce: pending.nonce.clone(),
            code_challenge: pending.code_verifier.challenge(),
            lang: session.lang.to_owned(),
            acr_values,
        };
        Some(StepUpStart { request, pending })
    }
}
