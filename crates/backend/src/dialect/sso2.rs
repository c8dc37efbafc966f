//! Payway SSO2: the operations beside the browser, the access token for a ticket, and the account it belongs to.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{ExchangeRequest, Kind, PublicProvider, SignOutRequest},
    id_token::IdTokenClaims,
    profile::Field,
    sso2::{
        Client, EndUser, Reply, ReplyError, SessionStatus, SignedMessage, Ticket, UnsignedMessage,
        UnverifiedReply,
        account::{Account, Verified, me_request},
        authenticate::{Authenticated, Password},
        identify::identify_url,
        landing::{Landing, return_uri},
        message::Operation,
        status::{Asked, LocalUser, Verdict},
        ticket::{self, AccessTokenGrant, ApiClient, RefreshToken},
    },
    token::TokenResponse,
    userinfo::{UserInfo, UserInfoError},
};
use aws_lc_rs::hmac;

use super::{Exchanged, Refreshed, Who};
use crate::{
    call::Call, clock::Clock, config::Sso2Config, failure::Failure, handle::Handle,
    metrics::UpstreamCall, provider::Common, upstream::Upstream,
};

pub(crate) struct Sso2 {
    common: Common,
    config: Sso2Config,
    /// The client's secret as UTF-8 bytes: it signs both ways.
    key: hmac::Key,
    identify_endpoint: String,
    upstream: Arc<Upstream>,
    clock: Clock,
}

impl Sso2 {
    pub(crate) fn new(
        common: Common,
        config: Sso2Config,
        public_url: &str,
        upstream: Arc<Upstream>,
        clock: Clock,
    ) -> Arc<Self> {
        Arc::new(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, config.secret.expose()),
            identify_endpoint: format!("{public_url}/v1/sso2/{}/identify", common.id),
            common,
            config,
            upstream,
            clock,
        })
    }

    fn client(&self) -> Client<'_> {
        Client {
            sso_url: &self.config.sso_url,
            organisation: &self.config.organisation,
            client_id: &self.common.client_id,
        }
    }

    fn sign(&self, message: UnsignedMessage) -> SignedMessage {
        let tag = hmac::sign(&self.key, message.signing_input());
        message.signed(tag.as_ref())
    }

    fn verify(&self, reply: UnverifiedReply) -> Result<Reply, ReplyError> {
        let valid = hmac::verify(&self.key, reply.signing_input(), reply.hmac()).is_ok();
        reply.accept(valid, self.clock.now())
    }

    /// What the page may know. Identify is a call of ours, which signs the message and leaves with it.
    pub(super) fn public(&self) -> PublicProvider {
        PublicProvider {
            authorization_endpoint: Some(self.identify_endpoint.clone()),
            scopes: self.config.scopes.clone(),
            login_url: self.config.login_url.clone(),
            forgot_password_url: self.config.forgot_password_url.clone(),
            register_url: self.config.register_url.clone(),
            status_interval: Some(self.config.status_interval),
            ..self.common.public(Kind::Sso2)
        }
    }

    /// Whether both of its addresses answer: what they say of themselves is nothing.
    pub(super) async fn probe(&self) -> Result<(), Failure> {
        self.upstream.reach(&self.config.sso_url).await?;
        self.upstream.reach(&self.config.api_url).await
    }

    /// Step A: where to send the buyer, for the sign-in of this `state`.
    pub(crate) fn identify(&self, state: &str) -> String {
        let message = self.sign(self.client().identify(self.clock.now()));
        let return_uri = return_uri(&self.common.redirect_uri, state);
        identify_url(self.client(), &message, &return_uri)
    }

    /// Step C: what the landing page was given.
    pub(crate) fn landing(&self, t: &str) -> Result<Landing, Failure> {
        let reply = UnverifiedReply::parse(t).and_then(|reply| self.verify(reply));
        let reply = reply.map_err(admit_one_protocol::sso2::landing::LandingError::from)?;
        Ok(Landing::accept(reply)?)
    }

    /// Step E: the buyer's credentials, for their anonymous session.
    pub(crate) async fn authenticate(
        &self,
        end_user: EndUser<'_>,
        sid: &str,
        username: &str,
        password: Password,
    ) -> Result<Authenticated, Failure> {
        let message =
            self.client()
                .authenticate(sid, end_user, username, &password, self.clock.now())?;
        drop(password);
        let reply = self.ask(Operation::Authenticate, message).await?;
        Ok(Authenticated::accept(reply)?)
    }

    /// Step H, and ever again: what has become of the session.
    pub(crate) async fn session_status(
        &self,
        end_user: EndUser<'_>,
        asked: Asked<'_>,
    ) -> Result<Verdict, Failure> {
        let now = self.clock.now();
        let message = self
            .client()
            .session_status(asked.sid, end_user, asked.last_known, now);
        let reply = self.ask(Operation::SessionStatus, message).await?;
        let verdict = Verdict::accept(reply, asked)?;
        if let Verdict::Unknown { err } = &verdict {
            tracing::warn!(
                provider = &*self.common.id,
                err,
                "a status that isn't known"
            );
        }
        Ok(verdict)
    }

    /// Step I: the ticket becomes an access token, and that the person.
    pub(crate) async fn redeem(
        &self,
        sid: String,
        ticket: Ticket,
        made_at_ms: u64,
    ) -> Result<Exchanged, Failure> {
        let tokens = self.access_token(AccessTokenGrant::Ticket(ticket)).await?;
        let account = self.me(&tokens.access_token).await?;
        let claims = self.claims(&account, &tokens);
        let who = Who {
            iss: self.common.issuer.clone(),
            sub: account.id,
            sid: Some(sid),
            acr: None,
            auth_time: None,
        };
        Ok(Exchanged {
            tokens,
            who,
            claims: Some(claims),
            keys: Vec::new(),
            told: None,
            made_at_ms,
        })
    }

    /// There is no ID token: what one would say, for the browser. The session's id stays in the sealed handle.
    fn claims(&self, account: &Account, tokens: &TokenResponse) -> IdTokenClaims {
        let now = self.clock.now();
        let UserInfo {
            profile,
            email_verified,
            ..
        } = &account.userinfo;
        let known = |field| profile.get(field).map(str::to_owned);
        let (given_name, family_name) = (known(Field::GivenName), known(Field::FamilyName));
        let name: Vec<_> = [&given_name, &family_name]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        IdTokenClaims {
            iss: self.common.issuer.clone(),
            sub: account.id.clone(),
            aud: vec![self.common.client_id.clone()],
            iat: now,
            exp: now + tokens.expires_in.unwrap_or(ticket::ACCESS_TOKEN_LIFETIME),
            email: known(Field::Email),
            email_verified: *email_verified,
            name: (!name.is_empty()).then(|| name.join(" ")),
            given_name,
            family_name,
            ..IdTokenClaims::default()
        }
    }

    /// A refresh token becomes an access token, of the same person.
    pub(super) async fn refresh(
        &self,
        handle: &Handle,
        refresh_token: String,
    ) -> Result<Refreshed, Failure> {
        let grant = AccessTokenGrant::RefreshToken(RefreshToken(refresh_token));
        let tokens = self.access_token(grant).await?;
        if self.me(&tokens.access_token).await?.id != handle.sub {
            return Err(Failure::new(
                Code::RefreshSub,
                "the refreshed token is another person's",
            ));
        }
        Ok(Refreshed {
            tokens,
            keys: Vec::new(),
            told: None,
        })
    }

    /// The account of the same person as the handle.
    pub(super) async fn person(
        &self,
        handle: &Handle,
        access_token: &str,
    ) -> Result<UserInfo, Failure> {
        let account = self.me(access_token).await?;
        if account.id != handle.sub {
            return Err(UserInfoError::Sub.into());
        }
        Ok(account.userinfo)
    }

    /// SSO2 has no codes.
    pub(super) fn exchange(&self, _request: ExchangeRequest) -> Result<Exchanged, Failure> {
        Err(Failure::new(
            Code::RequestMalformed,
            "SSO2 has no codes: its calls are below /v1/sso2",
        ))
    }

    /// Ends the session at every site of the organisation.
    pub(super) async fn sign_out(
        &self,
        call: &Call,
        handle: &Handle,
        _request: &SignOutRequest,
    ) -> Option<String> {
        let sid = handle.sid.as_deref()?;
        let ip_address = call.caller.to_string();
        let end_user = EndUser {
            ip_address: &ip_address,
            user_agent: call.user_agent(),
        };
        let message = self.client().logout(sid, end_user, self.clock.now());
        // "200 = done": the body says nothing.
        let outcome = self.send(Operation::Logout, message).await;
        let failure = match outcome {
            Ok(answer) if answer.status == 200 => return None,
            Ok(answer) => Failure::new(
                Code::UpstreamError,
                format!("logout answered {}", answer.status),
            ),
            Err(failure) => failure,
        };
        tracing::warn!(provider = &*self.common.id, code = %failure.code, cause = %failure.cause, "the session wasn't ended at SSO2");
        None
    }

    async fn access_token(&self, grant: AccessTokenGrant) -> Result<TokenResponse, Failure> {
        let client = ApiClient {
            api_url: &self.config.api_url,
            client_id: &self.common.client_id,
            client_secret: self.config.secret.expose_str(),
            scopes: &self.config.scopes,
            refresh_grant_type: &self.config.refresh_grant_type,
            refresh_token_field: &self.config.refresh_token_field,
        };
        let call = match grant {
            AccessTokenGrant::Ticket(_) => UpstreamCall::Token,
            AccessTokenGrant::RefreshToken(_) => UpstreamCall::Refresh,
        };
        let request = client.access_token_request(&grant);
        let answer = self.upstream.send(&self.common.id, call, request).await?;
        Ok(client.accept(answer.status, &answer.body, &grant)?)
    }

    async fn me(&self, access_token: &str) -> Result<Account, Failure> {
        let request = me_request(&self.config.api_url, &self.config.me_path, access_token);
        let answer = self
            .upstream
            .send(&self.common.id, UpstreamCall::Userinfo, request)
            .await?;
        let verified = if self.common.trust_verified {
            Verified::IsEmail
        } else {
            Verified::IsNotEmail
        };
        Ok(Account::accept(
            answer.status,
            answer.content_type.as_deref(),
            &answer.body,
            verified,
        )?)
    }

    async fn send(
        &self,
        operation: Operation,
        message: UnsignedMessage,
    ) -> Result<crate::upstream::Answer, Failure> {
        let call = match operation {
            Operation::Authenticate => UpstreamCall::Authenticate,
            Operation::SessionStatus => UpstreamCall::SessionStatus,
            Operation::Logout => UpstreamCall::Logout,
        };
        let request = self.client().request(operation, &self.sign(message));
        self.upstream.send(&self.common.id, call, request).await
    }

    async fn ask(&self, operation: Operation, message: UnsignedMessage) -> Result<Reply, Failure> {
        let answer = self.send(operation, message).await?;
        let reply = UnverifiedReply::of_answer(&answer.body).and_then(|reply| self.verify(reply));
        if answer.status != 200 {
            // It may be a message for all that, which the operator wants to read.
            let err = reply.ok().and_then(|reply| reply.err);
            let status = answer.status;
            return Err(ReplyError::Status { status, err }.into());
        }
        Ok(reply?)
    }
}

/// What is asked about a session of a sign-in under way.
pub(crate) fn anonymous(sid: &str) -> Asked<'_> {
    Asked {
        sid,
        last_known: SessionStatus::Anon,
        local: LocalUser::Nobody,
    }
}

/// What is asked about the session of a buyer who is signed in.
pub(crate) fn remembered(sid: &str) -> Asked<'_> {
    Asked {
        sid,
        last_known: SessionStatus::LoggedIn,
        local: LocalUser::Remembered,
    }
}
