//! Paytronix: the guest website's code becomes tokens, and those a guest with a card.

use std::{sync::Arc, time::Duration};

use admit_one_protocol::{
    Code,
    api::{Balance, ExchangeRequest, Kind, PublicProvider},
    http::HttpRequest,
    id_token::IdTokenClaims,
    paytronix::{
        ACCESS_TOKEN_LIFETIME, ACCOUNT_LOGIN, Card, Credentials, Guest, GuestGrant, GuestToken,
        Integration, PaytronixError, accept_balances,
    },
    token::TokenResponse,
};

use super::{Exchanged, Known, Refreshed, Who};
use crate::{
    clock::Clock,
    config::{PaytronixConfig, PaytronixCredentials},
    failure::Failure,
    handle::Handle,
    metrics::UpstreamCall,
    provider::Common,
    upstream::{Answer, Upstream},
};

pub(crate) struct Paytronix {
    common: Common,
    integration: Integration,
    upstream: Arc<Upstream>,
    clock: Clock,
}

/// What is only shown beside the rest keeps nobody waiting longer.
const BALANCE_WITHIN: Duration = Duration::from_secs(3);

impl Paytronix {
    pub(crate) fn new(
        common: Common,
        config: PaytronixConfig,
        upstream: Arc<Upstream>,
        clock: Clock,
    ) -> Arc<Self> {
        let integration = Integration {
            api_url: config.api_url,
            merchant_id: config.merchant_id,
            client_id: common.client_id.clone(),
            client_secret: config.secret.expose_str().to_owned(),
            credentials: match config.credentials {
                PaytronixCredentials::Basic => Credentials::Basic,
                PaytronixCredentials::Body => Credentials::Body,
            },
            scopes: config.scopes,
            code_field: config.code_field,
            redirect_uri_field: config.redirect_uri_field,
            invalid_token_codes: config.invalid_token_codes,
            balance_field: config.balance_field,
        };
        Arc::new(Self {
            common,
            integration,
            upstream,
            clock,
        })
    }

    /// What the page may know.
    pub(super) fn public(&self) -> PublicProvider {
        PublicProvider {
            authorization_endpoint: Some([&self.common.issuer, ACCOUNT_LOGIN].concat()),
            scopes: self.integration.scopes.clone(),
            ..self.common.public(Kind::Paytronix)
        }
    }

    /// Whether the guest website and the interface answer: what they say of themselves is nothing.
    pub(super) async fn probe(&self) -> Result<(), Failure> {
        self.upstream.reach(&self.common.issuer).await?;
        self.upstream.reach(&self.integration.api_url).await
    }

    /// `requestGuestToken` with a code. The one who signs in is who the answer names.
    pub(super) async fn exchange(&self, request: ExchangeRequest) -> Result<Exchanged, Failure> {
        let made_at_ms = self.clock.now_ms();
        if request.iss.is_some_and(|iss| iss != self.common.issuer) {
            return Err(Failure::new(
                Code::CallbackIssMismatch,
                "`iss` of the response isn't this guest website's",
            ));
        }
        let grant = GuestGrant::AuthorizationCode {
            code: request.code,
            redirect_uri: request.redirect_uri,
        };
        let GuestToken {
            tokens, username, ..
        } = self.request_guest_token(&grant).await?;
        let sub = username.ok_or_else(|| {
            Failure::new(
                Code::TokenResponseInvalid,
                "no `username` beside the tokens",
            )
        })?;
        let now = made_at_ms / 1000;
        let claims = IdTokenClaims {
            iss: self.common.issuer.clone(),
            sub: sub.clone(),
            aud: vec![self.common.client_id.clone()],
            iat: now,
            exp: now + tokens.expires_in.unwrap_or(ACCESS_TOKEN_LIFETIME),
            ..IdTokenClaims::default()
        };
        Ok(Exchanged {
            tokens,
            who: Who {
                iss: self.common.issuer.clone(),
                sub,
                sid: None,
                acr: None,
                auth_time: None,
            },
            claims: Some(claims),
            keys: Vec::new(),
            told: None,
            made_at_ms,
        })
    }

    /// `requestGuestToken` with a refresh token.
    pub(super) async fn refresh(
        &self,
        handle: &Handle,
        refresh_token: String,
    ) -> Result<Refreshed, Failure> {
        let grant = GuestGrant::RefreshToken { refresh_token };
        let tokens: TokenResponse = self
            .request_guest_token(&grant)
            .await?
            .of(&handle.sub)
            .map_err(|error| Failure::new(error.token_code(), error.to_string()))?;
        Ok(Refreshed {
            tokens,
            keys: Vec::new(),
            told: None,
        })
    }

    /// `userInformation`, and what is on the guest's card, if that can be had.
    pub(super) async fn person(
        &self,
        handle: &Handle,
        access_token: &str,
    ) -> Result<Known, Failure> {
        let request = self.integration.user_information(&handle.sub, access_token);
        let answer = self.send(UpstreamCall::Userinfo, request).await?;
        let guest = Guest::accept(answer.status, &answer.body, &handle.sub, &self.integration)
            .map_err(of_guest)?;
        let balances = match guest.card {
            None => Vec::new(),
            Some(card) => match self.balances(&card, access_token).await {
                Ok(balances) => balances,
                Err(failure) if failure.code == Code::UserinfoRefused => return Err(failure),
                Err(failure) => {
                    tracing::warn!(provider = &*self.common.id, code = %failure.code, cause = %failure.cause, "the balance isn't shown");
                    Vec::new()
                }
            },
        };
        Ok(Known {
            balances: Some(balances),
            ..guest.userinfo.into()
        })
    }

    /// `accountInformation`.
    async fn balances(&self, card: &Card, access_token: &str) -> Result<Vec<Balance>, Failure> {
        let request = self
            .integration
            .account_information(card.number(), access_token);
        let answer = self
            .upstream
            .send_within(
                BALANCE_WITHIN,
                &self.common.id,
                UpstreamCall::Account,
                request,
            )
            .await?;
        accept_balances(answer.status, &answer.body, &self.integration).map_err(of_guest)
    }

    async fn request_guest_token(&self, grant: &GuestGrant) -> Result<GuestToken, Failure> {
        let call = match grant {
            GuestGrant::AuthorizationCode { .. } => UpstreamCall::Token,
            GuestGrant::RefreshToken { .. } => UpstreamCall::Refresh,
        };
        let request = self.integration.request_guest_token(grant);
        let answer = self.send(call, request).await?;
        GuestToken::accept(answer.status, &answer.body, grant.kind())
            .map_err(|error| Failure::new(error.token_code(), error.to_string()))
    }

    async fn send(&self, call: UpstreamCall, request: HttpRequest) -> Result<Answer, Failure> {
        self.upstream.send(&self.common.id, call, request).await
    }
}

fn of_guest(error: PaytronixError) -> Failure {
    Failure::new(error.guest_code(), error.to_string())
}
