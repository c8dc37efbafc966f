//! `POST /v1/refresh`: the sealed refresh token becomes tokens and a new handle.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{RefreshRequest, TokensResponse},
};

use crate::{
    answers::question,
    call::Call,
    dialect::Refreshed,
    failure::Failure,
    handle::{Age, Handle},
};

pub(crate) async fn refresh(
    call: Arc<Call>,
    request: RefreshRequest,
) -> Result<TokensResponse, Failure> {
    let state = &call.state;
    let handle = call.handle(Age::Checked)?;
    let provider = call.provider_of(&handle)?;
    if request
        .provider
        .is_some_and(|named| named != handle.provider)
    {
        return Err(Failure::new(
            Code::HandleProviderMismatch,
            "the handle belongs to another provider than the call names",
        ));
    }
    state.revocations.check(&handle).await?;
    let refresh_token = handle.refresh_token.clone().ok_or_else(|| {
        Failure::new(
            Code::RefreshUnavailable,
            "the provider gave no refresh token",
        )
    })?;

    let asked = question(&[call.sealed.as_deref().unwrap_or_default()]);
    let refreshed = state
        .refreshes
        .answer(
            asked,
            Box::pin(provider.dialect.refresh(&handle, refresh_token)),
        )
        .await?;
    let Refreshed { tokens, keys, told } = refreshed;

    // RFC 6749 section 6: without a new refresh token the old one goes on.
    let handle = Handle {
        refresh_token: tokens.refresh_token.or(handle.refresh_token),
        told: match (told, handle.told) {
            (Some(told), Some(before)) => Some(told.or_as_before(before)),
            (told, before) => told.or(before),
        },
        ..handle
    };
    Ok(TokensResponse {
        access_token: tokens.access_token,
        expires_in: tokens.expires_in,
        scope: tokens.scope,
        id_token: tokens.id_token,
        claims: None,
        keys,
        handle: call.deliver(handle.seal(&state.sealer)?, handle.expires_at)?,
        handle_expires_at: handle.expires_at,
        refreshable: true,
        provider: handle.provider,
        time: state.clock.now(),
    })
}
