//! `POST /v1/exchange`: a code and its verifier become tokens and a handle.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{ExchangeRequest, TokensResponse},
};

use crate::{
    answers::question, call::Call, dialect::Exchanged, failure::Failure, handle::Handle, step_up,
};

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
    let flow = if request.step_up {
        Flow::StepUp(Box::new(step_up::session(&call, &provider).await?))
    } else {
        Flow::SignIn
    };
    let asked = question(&[
        if request.step_up { "step-up" } else { "" },
        &request.provider,
        &request.code,
        &request.code_verifier,
        request.iss.as_deref().unwrap_or_default(),
        &call.jkt,
    ]);
    let exchanged = state
        .exchanges
        .answer(asked, Box::pin(provider.dialect.exchange(&call, request)))
        .await?;
    finish(&call, exchanged, flow)
}

/// What an exchange ends.
enum Flow {
    SignIn,
    /// By the client of the strong flow, of a session that was there before.
    StepUp(Box<Handle>),
}

/// The tokens for the browser, with a handle that is bound to its key.
pub(crate) fn signed_in(call: &Call, exchanged: Exchanged) -> Result<TokensResponse, Failure> {
    finish(call, exchanged, Flow::SignIn)
}

fn finish(call: &Call, exchanged: Exchanged, flow: Flow) -> Result<TokensResponse, Failure> {
    let state = &call.state;
    let Exchanged {
        tokens,
        who,
        claims,
        keys,
        told,
        made_at_ms,
    } = exchanged;
    let strong = matches!(flow, Flow::StepUp(_));
    let before = match flow {
        Flow::StepUp(before) => Some(before),
        Flow::SignIn => None,
    };
    if let Some(before) = &before
        && (before.iss != who.iss || before.sub != who.sub)
    {
        return Err(Failure::new(
            Code::StepUpSub,
            "the step-up came back with another `sub` than the handle's",
        ));
    }
    let handle = Handle {
        provider: call.provider_id().to_owned(),
        iss: who.iss,
        sub: who.sub,
        sid: who.sid,
        acr: who.acr,
        auth_time: who.auth_time,
        strong,
        jkt: call.jkt.clone(),
        made_at_ms,
        expires_at: made_at_ms / 1000 + state.config.handle_lifetime,
        refresh_token: tokens.refresh_token,
        told,
    };
    let sealed = handle.seal(&state.sealer)?;
    let sealed = if strong {
        call.offer(sealed)?
    } else {
        call.deliver(sealed, handle.expires_at)?
    };
    Ok(TokensResponse {
        access_token: tokens.access_token,
        expires_in: tokens.expires_in,
        scope: tokens.scope,
        id_token: tokens.id_token,
        claims,
        keys,
        handle: sealed,
        handle_expires_at: handle.expires_at,
        refreshable: handle.refresh_token.is_some(),
        provider: handle.provider,
        time: state.clock.now(),
    })
}
