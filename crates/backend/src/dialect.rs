//! The dialects that providers speak. Each has a file with the same functions, one for each thing that a call asks of a
//! provider; a new dialect is a file here, a variant, and its arms below.

mod oidc;
mod paytronix;
mod sso2;

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{Balance, ExchangeRequest, PublicProvider, SignOutRequest, StepUpRequest},
    id_token::IdTokenClaims,
    jwk::Jwk,
    token::TokenResponse,
    userinfo::UserInfo,
};

pub(crate) use oidc::Oidc;
pub(crate) use paytronix::Paytronix;
pub(crate) use sso2::{Sso2, anonymous, remembered};

use crate::{call::Call, failure::Failure, handle::Handle};

/// What a provider speaks, with all that it takes.
pub(crate) enum Dialect {
    Oidc(Arc<Oidc>),
    Sso2(Arc<Sso2>),
    Paytronix(Arc<Paytronix>),
}

/// Who signed in, and with what.
#[derive(Clone)]
pub(crate) struct Exchanged {
    pub(crate) tokens: TokenResponse,
    pub(crate) who: Who,
    /// For the browser, where there is no ID token that says it.
    pub(crate) claims: Option<IdTokenClaims>,
    /// The keys that fit the ID token.
    pub(crate) keys: Vec<Arc<Jwk>>,
    /// What the ID token says of the person, where nothing else does.
    pub(crate) told: Option<UserInfo>,
    /// Before the provider was asked: an answer that is kept makes no handle younger than a sign-out in between.
    pub(crate) made_at_ms: u64,
}

/// What a handle says of a person.
#[derive(Clone)]
pub(crate) struct Who {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) sid: Option<String>,
    pub(crate) acr: Option<String>,
    pub(crate) auth_time: Option<u64>,
}

/// What the provider answered to a refresh token.
#[derive(Clone)]
pub(crate) struct Refreshed {
    pub(crate) tokens: TokenResponse,
    pub(crate) keys: Vec<Arc<Jwk>>,
    /// As in [`Exchanged`].
    pub(crate) told: Option<UserInfo>,
}

/// What the provider knows of a person.
pub(crate) struct Known {
    pub(crate) userinfo: UserInfo,
    /// It is what was said at the sign-in.
    pub(crate) is_old: bool,
    /// What they have there, where the dialect has such a thing.
    pub(crate) balances: Option<Vec<Balance>>,
}

impl From<UserInfo> for Known {
    fn from(userinfo: UserInfo) -> Self {
        Self {
            userinfo,
            is_old: false,
            balances: None,
        }
    }
}

impl Dialect {
    /// What start-up and `check --probe` ask of the provider.
    pub(crate) async fn meet(&self) -> Result<(), Failure> {
        match self {
            Self::Oidc(oidc) => oidc.meet().await,
            // It has nothing to say of itself.
            Self::Sso2(_) => Ok(()),
            Self::Paytronix(_) => Ok(()),
        }
    }

    /// Asks what can be asked without a buyer.
    pub(crate) async fn probe(&self) -> Result<(), Failure> {
        match self {
            Self::Oidc(oidc) => oidc.meet().await,
            Self::Sso2(sso2) => sso2.probe().await,
            Self::Paytronix(paytronix) => paytronix.probe().await,
        }
    }

    /// Whether a sign-in can begin without asking the provider first.
    pub(crate) fn is_known(&self) -> bool {
        match self {
            Self::Oidc(oidc) => oidc.is_known(),
            Self::Sso2(_) => true,
            Self::Paytronix(_) => true,
        }
    }

    /// What the page may know.
    pub(crate) fn public(&self) -> PublicProvider {
        match self {
            Self::Oidc(oidc) => oidc.public(),
            Self::Sso2(sso2) => sso2.public(),
            Self::Paytronix(paytronix) => paytronix.public(),
        }
    }

    /// Whether a buyer who is signed in can give one more proof.
    pub(crate) fn has_step_up(&self) -> bool {
        match self {
            Self::Oidc(oidc) => oidc.has_step_up(),
            Self::Sso2(_) | Self::Paytronix(_) => false,
        }
    }

    /// Whether the configuration expects this `acr` of the provider.
    pub(crate) fn gives(&self, acr: &str) -> bool {
        match self {
            Self::Oidc(oidc) => oidc.gives(acr),
            Self::Sso2(_) | Self::Paytronix(_) => false,
        }
    }

    /// A code becomes tokens.
    pub(crate) async fn exchange(
        &self,
        call: &Call,
        request: ExchangeRequest,
    ) -> Result<Exchanged, Failure> {
        match self {
            Self::Oidc(oidc) => oidc.exchange(call, request).await,
            Self::Sso2(sso2) => sso2.exchange(request),
            Self::Paytronix(paytronix) => paytronix.exchange(request).await,
        }
    }

    /// Where to send a buyer who is signed in for one more proof.
    pub(crate) async fn step_up(&self, request: &StepUpRequest) -> Result<String, Failure> {
        refuse_unsendable(&request.access_token, Code::StepUpTicketRefused)?;
        match self {
            Self::Oidc(oidc) => oidc.step_up(request).await,
            Self::Sso2(_) => Err(Failure::new(
                Code::StepUpUnavailable,
                "SSO2 has one way to log in",
            )),
            Self::Paytronix(_) => Err(Failure::new(
                Code::StepUpUnavailable,
                "the guest website has one way to log in",
            )),
        }
    }

    /// A refresh token becomes tokens, of the same person.
    pub(crate) async fn refresh(
        &self,
        handle: &Handle,
        refresh_token: String,
    ) -> Result<Refreshed, Failure> {
        match self {
            Self::Oidc(oidc) => oidc.refresh(handle, refresh_token).await,
            Self::Sso2(sso2) => sso2.refresh(handle, refresh_token).await,
            Self::Paytronix(paytronix) => paytronix.refresh(handle, refresh_token).await,
        }
    }

    /// What the provider knows of the person.
    pub(crate) async fn person(
        &self,
        handle: &Handle,
        access_token: &str,
    ) -> Result<Known, Failure> {
        refuse_unsendable(access_token, Code::UserinfoRefused)?;
        match self {
            Self::Oidc(oidc) => oidc.person(handle, access_token).await,
            Self::Sso2(sso2) => sso2.person(handle, access_token).await.map(Known::from),
            Self::Paytronix(paytronix) => paytronix.person(handle, access_token).await,
        }
    }

    /// Ends the session at the provider as far as that can be done from here; answers where to send the buyer for the
    /// rest. A provider in trouble keeps nobody signed in here.
    pub(crate) async fn sign_out(
        &self,
        call: &Call,
        handle: &Handle,
        request: &SignOutRequest,
    ) -> Option<String> {
        match self {
            Self::Oidc(oidc) => oidc.sign_out(call, handle, request).await,
            Self::Sso2(sso2) => sso2.sign_out(call, handle, request).await,
            // No way to end a session there is published: the tokens are forgotten.
            Self::Paytronix(_) => None,
        }
    }
}

/// An access token comes from the browser and goes on in a header or a parameter.
fn refuse_unsendable(access_token: &str, code: Code) -> Result<(), Failure> {
    if !access_token.is_empty() && access_token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Failure::new(
        code,
        "the access token has characters that none has (RFC 6750 section 2.1)",
    ))
}
