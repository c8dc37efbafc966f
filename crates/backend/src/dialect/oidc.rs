//! OpenID Connect: the provider's metadata and keys, and what is asked of its endpoints.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use admit_one_protocol::{
    Code,
    api::{ExchangeRequest, Kind, PublicProvider, SignOutRequest},
    discovery::ProviderMetadata,
    encoding::base64url,
    id_token::UnverifiedIdToken,
    jwk::JwkSet,
    logout::end_session_url,
    revocation::{self, TokenTypeHint, revocation_request},
    token::{ClientAuth, TokenRequest, TokenResponse},
    userinfo::{UserInfo, userinfo_request},
};

use super::{Exchanged, Known, Refreshed, Who};
use crate::{
    cached::Cached,
    call::Call,
    clock::Clock,
    config::{Credential, OidcConfig},
    failure::Failure,
    handle::Handle,
    metrics::UpstreamCall,
    provider::Common,
    upstream::Upstream,
};

mod metadata;
mod step_up;

use metadata::Refetches;

/// A client of ours at the provider: that of the configuration, or the one that its strong flow has.
#[derive(Clone, Copy)]
struct Client<'a> {
    id: &'a str,
    credential: &'a Credential,
}

pub(crate) struct Oidc {
    common: Common,
    config: OidcConfig,
    upstream: Arc<Upstream>,
    clock: Clock,
    ttl: Duration,
    metadata: Arc<Cached<ProviderMetadata>>,
    keys: Arc<Cached<JwkSet>>,
    refetches: Mutex<Refetches>,
}

impl Oidc {
    pub(crate) fn new(
        common: Common,
        config: OidcConfig,
        ttl: u64,
        upstream: Arc<Upstream>,
        clock: Clock,
    ) -> Arc<Self> {
        Arc::new(Self {
            common,
            config,
            upstream,
            clock,
            ttl: Duration::from_secs(ttl),
            metadata: Cached::new(),
            keys: Cached::new(),
            refetches: Mutex::new(Refetches::new()),
        })
    }

    /// What proves to the provider that we are its client (OpenID Connect Core section 9).
    fn client_auth(&self, client: Client<'_>) -> Result<ClientAuth, Failure> {
        let client_id = client.id;
        Ok(match client.credential {
            Credential::Basic(secret) => ClientAuth::Basic {
                client_secret: secret.expose_str().to_owned(),
            },
            Credential::Post(secret) => ClientAuth::Post {
                client_secret: secret.expose_str().to_owned(),
            },
            Credential::Public => ClientAuth::None,
            Credential::Key(key) => {
                let now = self.clock.now();
                let mut jti = [0; 16];
                aws_lc_rs::rand::fill(&mut jti)
                    .map_err(|_| Failure::new(Code::Internal, "no entropy"))?;
                // The issuer as the only audience: a token endpoint's address could be another server's.
                let assertion = key.sign(&serde_json::json!({
                    "iss": client_id, "sub": client_id, "aud": self.common.issuer,
                    "jti": base64url(jti), "iat": now, "exp": now + 60,
                }))?;
                ClientAuth::PrivateKeyJwt { assertion }
            }
        })
    }

    /// The client that a sign-in begins with.
    fn plain(&self) -> Client<'_> {
        Client {
            id: &self.common.client_id,
            credential: &self.config.credential,
        }
    }

    /// The client that a handle's tokens were issued to.
    fn client_of(&self, handle: &Handle) -> Result<Client<'_>, Failure> {
        if handle.strong {
            Ok(self.strong()?.1)
        } else {
            Ok(self.plain())
        }
    }

    /// What the page may know.
    pub(super) fn public(&self) -> PublicProvider {
        let metadata = self.metadata.peek();
        let config = &self.config;
        PublicProvider {
            authorization_endpoint: metadata
                .as_ref()
                .map(|metadata| metadata.authorization_endpoint.clone()),
            trouble: metadata
                .is_none()
                .then(|| self.metadata.trouble())
                .flatten()
                .map(Into::into),
            iss_required: metadata
                .is_some_and(|metadata| metadata.authorization_response_iss_parameter_supported),
            algs: config.algs.iter().map(ToString::to_string).collect(),
            scopes: config.scopes.clone(),
            acr_values: config.acr_values.clone(),
            max_age: config.max_age,
            prompt: config.prompt.clone(),
            ui_locales: config.ui_locales,
            extra: config.extra.clone().into_iter().collect(),
            step_up: self.public_step_up(),
            ..self.common.public(Kind::Oidc)
        }
    }

    /// The token request with a code (OpenID Connect Core section 3.1.3).
    pub(super) async fn exchange(
        self: &Arc<Self>,
        call: &Call,
        request: ExchangeRequest,
    ) -> Result<Exchanged, Failure> {
        let made_at_ms = call.state.clock.now_ms();
        let (client, acr_values, max_age) = if request.step_up {
            let (step_up, client) = self.strong()?;
            (client, &step_up.acr_values, Some(step_up.max_age))
        } else {
            let config = &self.config;
            (self.plain(), &config.acr_values, config.max_age)
        };
        let metadata = self.metadata().await?;
        // RFC 9207 section 2.4: a code that another server may have issued isn't sent on.
        match &request.iss {
            Some(iss) if *iss != self.common.issuer => {
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
        self.keys().await?;
        let grant = TokenRequest::AuthorizationCode {
            code: request.code,
            code_verifier: request.code_verifier,
            redirect_uri: request.redirect_uri,
        };
        let tokens = self
            .tokens(client, &metadata.token_endpoint, &grant)
            .await?;
        let text = tokens.id_token.as_deref().ok_or_else(|| {
            Failure::new(Code::IdTokenMissing, "no `id_token` in the token response")
        })?;
        let id_token = UnverifiedIdToken::parse(text)?;
        let keys = self.keys_for(&id_token).await?;
        let now = self.clock.now();
        let id_token = id_token.from_token_endpoint(&self.common.issuer, client.id, now)?;
        id_token.check_authentication(acr_values, max_age, now)?;
        let told = told(&metadata, text, &id_token.sub);
        Ok(Exchanged {
            tokens,
            who: Who {
                iss: id_token.iss,
                sub: id_token.sub,
                sid: id_token.sid,
                acr: id_token.acr,
                auth_time: id_token.auth_time,
            },
            claims: None,
            keys,
            told,
            made_at_ms,
        })
    }

    /// OpenID Connect Core section 12: the ID token is optional, and about the same person at the same issuer. The
    /// browser, which knows the first one, verifies it; here only what the handle says is compared.
    pub(super) async fn refresh(
        self: &Arc<Self>,
        handle: &Handle,
        refresh_token: String,
    ) -> Result<Refreshed, Failure> {
        let client = self.client_of(handle)?;
        let metadata = self.metadata().await?;
        let grant = TokenRequest::RefreshToken { refresh_token };
        let tokens = self
            .tokens(client, &metadata.token_endpoint, &grant)
            .await?;
        let Some(text) = tokens.id_token.as_deref() else {
            return Ok(Refreshed {
                tokens,
                keys: Vec::new(),
                told: None,
            });
        };
        let id_token = UnverifiedIdToken::parse(text)?;
        let keys = self.keys_for(&id_token).await?;
        let claims = id_token
            .from_token_endpoint(&self.common.issuer, client.id, self.clock.now())
            .map_err(as_refreshed)?;
        if claims.sub != handle.sub {
            return Err(Failure::new(
                Code::RefreshSub,
                "the refreshed ID token's `sub` changed",
            ));
        }
        let told = told(&metadata, text, &handle.sub);
        Ok(Refreshed { tokens, keys, told })
    }

    /// UserInfo (OpenID Connect Core section 5.3), of the same person as the handle.
    pub(super) async fn person(
        self: &Arc<Self>,
        handle: &Handle,
        access_token: &str,
    ) -> Result<Known, Failure> {
        let metadata = self.metadata().await?;
        let Some(endpoint) = &metadata.userinfo_endpoint else {
            let told = handle.told.clone().ok_or_else(|| {
                Failure::new(
                    Code::UserinfoInvalid,
                    "the provider has no UserInfo endpoint, and had one when this buyer signed in",
                )
            })?;
            let age_ms = self.clock.now_ms().saturating_sub(handle.made_at_ms);
            return Ok(Known {
                is_old: age_ms > NEWS_FOR_MS,
                ..told.into()
            });
        };
        let request = userinfo_request(endpoint, access_token);
        let answer = self
            .upstream
            .send(&self.common.id, UpstreamCall::Userinfo, request)
            .await?;
        let userinfo = UserInfo::accept(
            answer.status,
            answer.content_type.as_deref(),
            &answer.body,
            &handle.sub,
        )?;
        Ok(userinfo.into())
    }

    /// Revokes the refresh token; the rest is RP-initiated logout.
    pub(super) async fn sign_out(
        self: &Arc<Self>,
        call: &Call,
        handle: &Handle,
        request: &SignOutRequest,
    ) -> Option<String> {
        let client = self.client_of(handle).ok()?;
        let metadata = self.metadata().await.ok()?;
        if let (Some(endpoint), Some(refresh_token)) =
            (&metadata.revocation_endpoint, &handle.refresh_token)
            && let Err(failure) = self.revoke(client, endpoint, refresh_token).await
        {
            tracing::warn!(provider = &*self.common.id, code = %failure.code, cause = %failure.cause, "the refresh token wasn't revoked");
        }
        let back = format!("{}/signed-out", call.state.config.public_url);
        let endpoint = metadata.end_session_endpoint.as_ref()?;
        Some(end_session_url(
            endpoint,
            request.id_token.as_deref(),
            client.id,
            &back,
            &request.state,
        ))
    }

    /// Asks the token endpoint.
    async fn tokens(
        &self,
        client: Client<'_>,
        endpoint: &str,
        grant: &TokenRequest,
    ) -> Result<TokenResponse, Failure> {
        let request = grant.to_http(endpoint, client.id, &self.client_auth(client)?);
        let kind = match grant {
            TokenRequest::AuthorizationCode { .. } => UpstreamCall::Token,
            TokenRequest::RefreshToken { .. } => UpstreamCall::Refresh,
        };
        let answer = self.upstream.send(&self.common.id, kind, request).await?;
        Ok(TokenResponse::accept(
            answer.status,
            answer.content_type.as_deref(),
            &answer.body,
            grant.grant(),
        )?)
    }

    /// Token revocation (RFC 7009 section 2).
    async fn revoke(&self, client: Client<'_>, endpoint: &str, token: &str) -> Result<(), Failure> {
        let request = revocation_request(
            endpoint,
            token,
            TokenTypeHint::RefreshToken,
            client.id,
            &self.client_auth(client)?,
        );
        let answer = self
            .upstream
            .send(&self.common.id, UpstreamCall::Revocation, request)
            .await?;
        revocation::accept(answer.status, &answer.body)
            .map_err(|error| Failure::new(error.code(), error.to_string()))
    }
}

/// What the ID token says of the person, where there is no UserInfo endpoint to ask.
fn told(metadata: &ProviderMetadata, id_token: &str, sub: &str) -> Option<UserInfo> {
    let is_asked = metadata.userinfo_endpoint.is_some();
    (!is_asked).then(|| UserInfo::of_id_token(id_token, sub))?
}

/// The clauses of OpenID Connect Core section 12.2 have codes of their own.
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
/// How long after the sign-in an ID token says what the provider says now.
const NEWS_FOR_MS: u64 = 300_000;
