//! `POST /v1/step-up`: where to send a buyer who is signed in for one more proof; and what calls demand of a session.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{StepUpRequest, StepUpResponse, StepUpTaken},
    step_up::{StepUp, is_one_time_value},
};

use crate::{
    call::Call,
    failure::Failure,
    handle::{Age, Handle},
    provider::Provider,
};

pub(crate) async fn step_up(
    call: Arc<Call>,
    request: StepUpRequest,
) -> Result<StepUpResponse, Failure> {
    let handle = call.handle(Age::Checked)?;
    let provider = call.provider_of(&handle)?;
    call.state.revocations.check(&handle).await?;
    let one_time = [&request.state, &request.nonce, &request.code_challenge];
    if !one_time.into_iter().all(|text| is_one_time_value(text)) {
        return Err(Failure::new(
            Code::RequestMalformed,
            "`state`, `nonce` or `code_challenge` isn't 32 octets in base64url",
        ));
    }
    let authorization_url = provider.dialect.step_up(&request).await?;
    Ok(StepUpResponse { authorization_url })
}

/// `PUT /v1/step-up`: the browser has verified what the exchange has brought; from here on the cookie is that session's.
pub(crate) async fn take(call: Arc<Call>, _: StepUpTaken) -> Result<StepUpTaken, Failure> {
    let handle = call.handle(Age::Checked)?;
    call.provider_of(&handle)?;
    call.state.revocations.check(&handle).await?;
    call.deliver(handle.seal(&call.state.sealer)?, handle.expires_at)?;
    call.withdraw();
    Ok(StepUpTaken {})
}

/// The session that an exchange steps up.
pub(crate) async fn session(call: &Call, provider: &Provider) -> Result<Handle, Failure> {
    if !provider.dialect.has_step_up() {
        return Err(Failure::new(
            Code::StepUpUnavailable,
            "the provider has no `[providers.step_up]`",
        ));
    }
    let handle = call.handle(Age::Checked)?;
    if handle.provider != *provider.id || handle.iss != provider.issuer {
        return Err(Failure::new(
            Code::HandleProviderMismatch,
            "the handle belongs to another provider than the call names",
        ));
    }
    call.state.revocations.check(&handle).await?;
    Ok(handle)
}

/// Refuses a call whose session was authenticated too weakly or too long ago
/// ([RFC 9470 section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3)).
pub(crate) fn demand(call: &Call, handle: &Handle, wanted: &StepUp) -> Result<(), Failure> {
    let now = call.state.clock.now();
    // The same word may mean less where a provider says it unasked.
    let provider = call.provider_of(handle)?;
    let acr = handle.acr.as_deref();
    let acr = acr.filter(|acr| provider.dialect.gives(acr));
    if wanted.is_met_by(acr, handle.auth_time, now) {
        return Ok(());
    }
    let cause = format!(
        "the session's `acr` is {:?}, its `auth_time` {:?}",
        handle.acr, handle.auth_time
    );
    Err(Failure::new(Code::InsufficientUserAuthentication, cause).with_step_up(wanted.clone()))
}
