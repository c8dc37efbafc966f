//! A refused call: the cause goes to the log, the answer says what the caller may do (RFC 9457).

use std::borrow::Cow;

use admit_one_protocol::{Code, api::Problem, profile::Field, step_up::StepUp};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

/// Why a call was refused.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {cause}")]
pub struct Failure {
    /// What the caller learns.
    pub code: Code,
    /// What the log learns; nothing secret, nobody's data.
    pub cause: Cow<'static, str>,
    /// The profile fields in question.
    pub fields: Vec<Field>,
    /// Seconds after which to try again.
    pub retry_after: Option<u64>,
    /// What the session's authentication has to be.
    pub step_up: Option<StepUp>,
    /// How many attempts remain.
    pub remaining: Option<u32>,
}

impl Failure {
    /// A failure and its cause.
    pub(crate) fn new(code: Code, cause: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            cause: cause.into(),
            fields: Vec::new(),
            retry_after: None,
            step_up: None,
            remaining: None,
        }
    }

    /// The profile fields in question.
    pub(crate) fn with_fields(mut self, fields: impl Into<Vec<Field>>) -> Self {
        self.fields = fields.into();
        self
    }

    /// When to try again.
    pub(crate) fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// What the session's authentication has to be.
    pub(crate) fn with_step_up(mut self, wanted: StepUp) -> Self {
        self.step_up = Some(wanted);
        self
    }

    /// The same with the address that was asked, without its query.
    pub(crate) fn asking(mut self, url: &str) -> Self {
        let address = url.split('?').next().unwrap_or(url);
        self.cause = format!("{} ({address})", self.cause).into();
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The problem document.
    pub(crate) fn into_problem(self, request_id: Option<String>) -> Response {
        let status = self.status();
        // 503 and 504 pass: the buyer's page tries again by itself.
        let retry_after = self
            .retry_after
            .or(matches!(status.as_u16(), 503 | 504).then_some(2));
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: self.code.advice().to_owned(),
            status: status.as_u16(),
            code: self.code,
            request_id,
            fields: self.fields,
            retry_after,
            remaining: self.remaining.map(u64::from),
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, Body::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let challenge = self.step_up.map(|wanted| wanted.to_challenge());
        if let Some(challenge) = challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A protocol's error, with its code; its message names no values that are secret.
macro_rules! from_protocol {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error.code(), error.to_string())
            }
        }
    )*};
}

from_protocol!(
    admit_one_protocol::discovery::DiscoveryError,
    admit_one_protocol::token::TokenError,
    admit_one_protocol::id_token::IdTokenError,
    admit_one_protocol::proof::ProofError,
    admit_one_protocol::userinfo::UserInfoError,
    admit_one_protocol::step_up::SsoTicketError,
    admit_one_protocol::par::PushedRequestError,
    admit_one_protocol::sso2::ReplyError,
    admit_one_protocol::sso2::landing::LandingError,
    admit_one_protocol::sso2::authenticate::CredentialsError,
    admit_one_protocol::sso2::status::OtherSession,
    admit_one_protocol::sso2::ticket::AccessTokenError,
    crate::handle::HandleError
);

impl From<admit_one_protocol::sso2::authenticate::AuthenticateError> for Failure {
    fn from(error: admit_one_protocol::sso2::authenticate::AuthenticateError) -> Self {
        use admit_one_protocol::sso2::authenticate::AuthenticateError as Error;
        let failure = Self::new(error.code(), error.to_string());
        match error {
            Error::InvalidCredentials { remaining_attempts } => Self {
                remaining: remaining_attempts.and_then(|count| count.try_into().ok()),
                ..failure
            },
            Error::AccountFrozen { frozen_for } => Self {
                retry_after: frozen_for,
                ..failure
            },
            _ => failure,
        }
    }
}

impl From<crate::seal::SealError> for Failure {
    fn from(error: crate::seal::SealError) -> Self {
        Self::new(Code::Internal, error.to_string())
    }
}

impl From<crate::jws::SigningError> for Failure {
    fn from(error: crate::jws::SigningError) -> Self {
        Self::new(Code::Internal, error.to_string())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::new(Code::DirectoryUnavailable, error.to_string())
    }
}
