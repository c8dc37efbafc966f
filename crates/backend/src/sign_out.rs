//! `POST /v1/sign-out`: the provider's tokens are revoked, and the buyer is told where to sign out there too.

use std::sync::Arc;

use admit_one_protocol::{
    api::{SignOutReach, SignOutRequest, SignOutResponse},
    logout::end_session_url,
    revocation::{self, TokenTypeHint, revocation_request},
};

use crate::{call::Call, failure::Failure, handle::Age, metrics::UpstreamCall, provider::Provider};

pub(crate) async fn sign_out(
    call: Arc<Call>,
    request: SignOutRequest,
) -> Result<SignOutResponse, Failure> {
    call.forget();
    // Who wants to leave may, with a handle of any age.
    let handle = call.handle(Age::Any)?;
    let provider = call.provider_of(&handle)?;
    if request.reach == SignOutReach::Everywhere {
        call.state
            .revocations
            .revoke(&handle.iss, &handle.sub, call.state.clock.now_ms())
            .await?;
    }
    // A provider in trouble keeps nobody signed in here.
    let Ok(metadata) = provider.metadata().await else {
        return Ok(SignOutResponse {
            end_session_url: None,
        });
    };
    if let (Some(endpoint), Some(refresh_token)) =
        (&metadata.revocation_endpoint, &handle.refresh_token)
        && let Err(failure) = revoke(&call, &provider, endpoint, refresh_token).await
    {
        tracing::warn!(provider = &*provider.id, code = %failure.code, cause = %failure.cause, "the refresh token wasn't revoked");
    }
    let back = format!("{}/signed-out", call.state.config.public_url);
    let end_session_url = metadata.end_session_endpoint.as_ref().map(|endpoint| {
        end_session_url(
            endpoint,
            request.id_token.as_deref(),
            &provider.config.client_id,
            &back,
            &request.state,
        )
    });
    Ok(SignOutResponse { end_session_url })
}

/// Token revocation (RFC 7009 section 2).
async fn revoke(
    call: &Call,
    provider: &Arc<Provider>,
    endpoint: &str,
    token: &str,
) -> Result<(), Failure> {
    let auth = provider.client_auth()?;
    let request = revocation_request(
        endpoint,
        token,
        TokenTypeHint::RefreshToken,
        &provider.config.client_id,
        &auth,
    );
    let answer = call
        .state
        .upstream
        .send(&provider.id, UpstreamCall::Revocation, request)
        .await?;
    revocation::accept(answer.status, &answer.body)
        .map_err(|error| Failure::new(error.code(), error.to_string()))
}
