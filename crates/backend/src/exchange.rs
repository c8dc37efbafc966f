//! `POST /v1/exchange`: a code and its verifier become tokens and a handle.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{ExchangeRequest, TokensResponse},
    id_token::{DirectIdToken, UnverifiedIdToken},
    jwk::Jwk,
    token::{TokenRequest, TokenResponse},
};

use crate::{
    answers::question, call::Call, failure::Failure, handle::Handle, metrics::UpstreamCall,
    provider::Provider,
};

/// What the provider answered to a code, before it is bound to a browser.
#[derive(Clone)]
pub(crate) struct Exchanged {
    tokens: TokenResponse,
    id_token: DirectIdToken,
    keys: Vec<Jwk>,
    /// Before the provider was asked: an answer that is kept makes no handle younger than a sign-out in between.
    made_at_ms: u64,
}

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
    let exchanged = state
        .exchanges
        .answer(
            asked,
            Box::pin(async move { ask(&asking, &provider, request).await }),
        )
        .await?;
    let Exchanged {
        tokens,
        id_token,
        keys,
        made_at_ms,
    } = exchanged;

    let handle = Handle {
        provider: call.provider_id().to_string(),
        iss: id_token.iss,
        sub: id_token.sub,
        sid: id_token.sid,
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
        keys,
        handle: call.deliver(handle.seal(&state.sealer)?, handle.expires_at),
        handle_expires_at: handle.expires_at,
        refreshable: handle.refresh_token.is_some(),
        provider: handle.provider,
        time: state.clock.now(),
    })
}

async fn ask(
    call: &Call,
    provider: &Arc<Provider>,
    request: ExchangeRequest,
) -> Result<Exchanged, Failure> {
    let made_at_ms = call.state.clock.now_ms();
    let metadata = provider.metadata().await?;
    // RFC 9207 section 2.4: a code that another server may have issued isn't sent on.
    match &request.iss {
        Some(iss) if *iss != provider.config.issuer => {
            return Err(Failure::new(
                Code::CallbackIssMismatch,
                "`iss` of the response isn't this provider's issuer",
            ));
        }
        None if metadata.authorization_response_iss_parameter_supported => {
            return Err(Failure::new(
                Code::CallbackIssMissing,
                "the provider announces `iss` and the response had none",
            ));
        }
        _ => {}
    }
    // Keys first: a set that can't be had must not cost the buyer the code.
    provider.keys().await?;
    let grant = TokenRequest::AuthorizationCode {
        code: request.code,
        code_verifier: request.code_verifier,
        redirect_uri: request.redirect_uri,
    };
    let tokens = tokens(call, provider, &metadata.token_endpoint, &grant).await?;
    let text = tokens
        .id_token
        .as_deref()
        .ok_or_else(|| Failure::new(Code::IdTokenMissing, "no `id_token` in the token response"))?;
    let id_token = UnverifiedIdToken::parse(text)?;
    let keys = provider.keys_for(&id_token).await?;
    let (config, now) = (&provider.config, call.state.clock.now());
    let id_token = id_token.from_token_endpoint(&config.issuer, &config.client_id, now)?;
    id_token.check_authentication(&config.acr_values, config.max_age, now)?;
    Ok(Exchanged {
        tokens,
        id_token,
        keys,
        made_at_ms,
    })
}

/// Asks the token endpoint.
pub(crate) async fn tokens(
    call: &Call,
    provider: &Arc<Provider>,
    endpoint: &str,
    grant: &TokenRequest,
) -> Result<TokenResponse, Failure> {
    let request = grant.to_http(
        endpoint,
        &provider.config.client_id,
        &provider.client_auth()?,
    );
    let kind = match grant {
        TokenRequest::AuthorizationCode { .. } => UpstreamCall::Token,
        TokenRequest::RefreshToken { .. } => UpstreamCall::Refresh,
    };
    let answer = call
        .state
        .upstream
        .send(&provider.id, kind, request)
        .await?;
    Ok(TokenResponse::accept(
        answer.status,
        answer.content_type.as_deref(),
        &answer.body,
        grant.grant(),
    )?)
}
