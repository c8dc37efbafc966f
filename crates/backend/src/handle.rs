//! The handle: all that a sign-in leaves with us, sealed and kept by the browser.

use admit_one_protocol::{Code, userinfo::UserInfo};
use serde::{Deserialize, Serialize};

use crate::seal::{Purpose, SealError, Sealer};

/// What a handle holds. The names are short because a cookie is.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub(crate) struct Handle {
    /// The provider's id.
    #[serde(rename = "p")]
    pub(crate) provider: String,
    #[serde(rename = "i")]
    pub(crate) iss: String,
    #[serde(rename = "s")]
    pub(crate) sub: String,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<String>,
    /// How the person authenticated.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(crate) acr: Option<String>,
    /// When the person authenticated, seconds.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(crate) auth_time: Option<u64>,
    /// The tokens are those of the step-up client.
    #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) strong: bool,
    /// The thumbprint of the browser's key (RFC 7638).
    #[serde(rename = "k")]
    pub(crate) jkt: String,
    /// When the sign-in was made, milliseconds; a refresh doesn't change it.
    #[serde(rename = "m")]
    pub(crate) made_at_ms: u64,
    /// The absolute end, seconds.
    #[serde(rename = "e")]
    pub(crate) expires_at: u64,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
    /// What the ID token has said of the person, where the provider has no UserInfo endpoint.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub(crate) told: Option<UserInfo>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({})", self.provider)
    }
}

/// Whether a handle past its end still opens: signing out always works.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Age {
    Checked,
    Any,
}

/// Why a handle was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum HandleError {
    #[error("the call has no handle")]
    Missing,
    #[error("the handle doesn't open")]
    Invalid,
    #[error("the handle's seal key isn't configured")]
    KeyUnknown,
    #[error("the handle is past its end")]
    Expired,
    #[error("the handle is bound to another key")]
    OtherKey,
}

impl HandleError {
    pub(crate) fn code(self) -> Code {
        match self {
            Self::Missing => Code::HandleMissing,
            Self::Invalid => Code::HandleInvalid,
            Self::KeyUnknown => Code::HandleKeyUnknown,
            Self::Expired => Code::HandleExpired,
            Self::OtherKey => Code::ProofKeyMismatch,
        }
    }
}

impl Handle {
    pub(crate) fn seal(&self, sealer: &Sealer) -> Result<String, SealError> {
        sealer.seal(
            Purpose::Handle,
            &serde_json::to_vec(self).map_err(|_| SealError::Altered)?,
        )
    }

    /// Opens a handle for the holder of the key it is bound to.
    pub(crate) fn open(
        sealed: &str,
        sealer: &Sealer,
        jkt: &str,
        age: Age,
        now: u64,
    ) -> Result<Self, HandleError> {
        let plaintext = sealer
            .open(Purpose::Handle, sealed)
            .map_err(|error| match error {
                SealError::KeyUnknown => HandleError::KeyUnknown,
                SealError::Altered => HandleError::Invalid,
            })?;
        let handle: Self = serde_json::from_slice(&plaintext).map_err(|_| HandleError::Invalid)?;
        if handle.jkt != jkt {
            return Err(HandleError::OtherKey);
        }
        if age == Age::Checked && handle.expires_at <= now {
            return Err(HandleError::Expired);
        }
        Ok(handle)
    }
}
