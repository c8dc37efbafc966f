//! `POST /v1/exchange`: a code and its verifier become tokens and a handle.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{ExchangeRequest, TokensResponse},
};

use crate::{answers::question, call::Call, dialect::Exchanged, failure::Failure, handle::Handle};

pub(crate) async fn exchange(
    call: Arc<Call>,
    request: ExchangeRequest,
) -> Result<TokensResponse, Failure> {
    let state = &call.state;
    let provider = state
        .provider(&request.provider)
        .ok_or_else(|| Failure::new(Code::ProviderUnknown, "no provider of this id"))?;
    let provider = call.names(provider);
    if request.redirect_uri != provider.redirect_uri {
        return Err(Failure::new(
            Code::RedirectUriUnknown,
            "`redirect_uri` isn't this provider's",
        ));
    }
    let asked = question(&[
        &request.provider,
        &request.code,
        &request.code_verifier,
        request.iss.as_deref().unwrap_or_default(),
        &call.jkt,
    ]);
    let asking = call.clone();
    let exchanged: Exchanged = state
        .exchanges
        .answer(
            asked,
            Box::pin(async move { provider.dialect.exchange(&asking, request).await }),
        )
        .await?;
    signed_in(&call, exchanged)
}

/// The tokens for the browser, with a handle that is bound to its key.
pub(crate) fn signed_in(call: &Call, exchanged: Exchanged) -> Result<TokensResponse, Failure> {
    let state = &call.state;
    let Exchanged {
        tokens,
        who,
        claims,
        keys,
        made_at_ms,
    } = exchanged;
    let handle = Handle {
        provider: call.provider_id().to_owned(),
        iss: who.iss,
        sub: who.sub,
        sid: who.sid,
        acr: who.acr,
        auth_time: who.auth_time,
        strong: false,
        contact: None,
        jkt: call.jkt.clone(),
        made_at_ms,
        expires_at: made_at_ms / 1000 + state.config.handle_lifetime,
        refresh_token: tokens.refresh_token,
    };
    Ok(TokensResponse {
        access_token: tokens.access_token,
        expires_in: tokens.expires_in,
        scope: tokens.scope,
        id_token: tokens.id_token,
        claims,
        keys,
        handle: call.deliver(handle.seal(&state.sealer)?, handle.expires_at),
        handle_expires_at: handle.expires_at,
        refreshable: handle.refresh_token.is_some(),
        provider: handle.provider,
        time: state.clock.now(),
    })
}
