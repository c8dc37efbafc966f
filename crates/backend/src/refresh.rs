//! `POST /v1/refresh`: the sealed refresh token becomes tokens and a new handle.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{RefreshRequest, TokensResponse},
    id_token::UnverifiedIdToken,
    jwk::Jwk,
    token::{TokenRequest, TokenResponse},
};

use crate::{
    answers::question,
    call::Call,
    exchange::tokens,
    failure::Failure,
    handle::{Age, Handle},
    provider::Provider,
};

/// What the provider answered to a refresh token.
#[derive(Clone)]
pub(crate) struct Refreshed {
    tokens: TokenResponse,
    keys: Vec<Jwk>,
}

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
    let (asking, of) = (call.clone(), handle.clone());
    let refreshed = state
        .refreshes
        .answer(
            asked,
            Box::pin(async move { ask(&asking, &provider, &of, refresh_token).await }),
        )
        .await?;
    let Refreshed { tokens, keys } = refreshed;

    // RFC 6749 section 6: without a new refresh token the old one goes on.
    let handle = Handle {
        refresh_token: tokens.refresh_token.or(handle.refresh_token),
        ..handle
    };
    Ok(TokensResponse {
        access_token: tokens.access_token,
        expires_in: tokens.expires_in,
        scope: tokens.scope,
        id_token: tokens.id_token,
        keys,
        handle: call.deliver(handle.seal(&state.sealer)?, handle.expires_at),
        handle_expires_at: handle.expires_at,
        refreshable: true,
        provider: handle.provider,
        time: state.clock.now(),
    })
}

async fn ask(
    call: &Call,
    provider: &Arc<Provider>,
    handle: &Handle,
    refresh_token: String,
) -> Result<Refreshed, Failure> {
    let metadata = provider.metadata().await?;
    let tokens = tokens(
        call,
        provider,
        &metadata.token_endpoint,
        &TokenRequest::RefreshToken { refresh_token },
    )
    .await?;
    // OpenID Connect Core section 12.2: the ID token is optional, and about the same person at the same issuer. The
    // browser, which knows the first one, verifies it; here only what the handle says is compared.
    let keys = match tokens
        .id_token
        .as_deref()
        .map(UnverifiedIdToken::parse)
        .transpose()?
    {
        None => Vec::new(),
        Some(id_token) => {
            let keys = provider.keys_for(&id_token).await?;
            let config = &provider.config;
            let claims = id_token
                .from_token_endpoint(&config.issuer, &config.client_id, call.state.clock.now())
                .map_err(as_refreshed)?;
            if claims.sub != handle.sub {
                return Err(Failure::new(
                    Code::RefreshSub,
                    "the refreshed ID token's `sub` changed",
                ));
            }
            keys
        }
    };
    Ok(Refreshed { tokens, keys })
}

/// The clauses of section 12.2 have codes of their own.
fn as_refreshed(error: admit_one_protocol::id_token::IdTokenError) -> Failure {
    let mut failure = Failure::from(error);
    failure.code = match failure.code {
        Code::IdTokenIss => Code::RefreshIss,
        Code::IdTokenSub => Code::RefreshSub,
        Code::IdTokenAud => Code::RefreshAud,
        Code::IdTokenAzp => Code::RefreshAzp,
        code => code,
    };
    failure
}
