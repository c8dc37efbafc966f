//! Why an ID token was not accepted.

use jwt_compact::ParseError;

use crate::Code;

/// Why an ID token was not accepted.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenError {
    /// Not a JWT with the claims of Core §2.
    #[error("the ID token is malformed: {0}")]
    Malformed(&'static str),
    /// `none`, an HMAC, an algorithm that wasn't registered, or one that doesn't fit the key (Core §3.1.3.7, 7, 8).
    #[error("`alg` is {actual:?}, which is not accepted for this provider and key")]
    Alg {
        /// What the token says.
        actual: String,
    },
    /// No key fits `kid` and `alg`.
    #[error("no key fits `kid` and `alg`")]
    KeyUnknown,
    /// The signature is wrong (Core §3.1.3.7, 6).
    #[error("the signature is wrong")]
    Signature,
    /// Another issuer, or none (Core §3.1.3.7, 2).
    #[error("`iss` is {actual:?}")]
    Iss {
        /// What the token says.
        actual: Option<String>,
    },
    /// No `sub`, an empty one or one over 255 characters (Core §2).
    #[error("`sub` is missing or not 1 to 255 characters long")]
    Sub,
    /// We aren't the audience, or others are too (Core §3.1.3.7, 3).
    #[error("`aud` is not our client alone")]
    Aud,
    /// The authorized party is another, or not named beside several audiences (Core §3.1.3.7, 4 and 5).
    #[error("`azp` is not our client")]
    Azp,
    /// Past `exp` (Core §3.1.3.7, 9).
    #[error("it is expired")]
    Expired,
    /// `iat` is missing, in the future or too long ago (Core §3.1.3.7, 10).
    #[error("`iat` is missing, in the future or too long ago")]
    Iat,
    /// Before `nbf` (RFC 7519 §4.1.5).
    #[error("it is not valid yet")]
    Nbf,
    /// Another `nonce`, or none (Core §3.1.3.7, 11; on refresh §12.2).
    #[error("`nonce` is not the one that was sent")]
    Nonce,
    /// Not an `acr` that was asked for (Core §3.1.3.7, 12).
    #[error("`acr` is not one that was asked for")]
    Acr,
    /// No `auth_time`, or one too long ago for `max_age` (Core §3.1.3.7, 13).
    #[error("`auth_time` is missing or too long ago")]
    AuthTime,
    /// `at_hash` belongs to another access token (Core §3.1.3.8).
    #[error("`at_hash` does not belong to the access token")]
    AtHash,
    /// `iss` changed (Core §12.2).
    #[error("`iss` changed on refresh")]
    RefreshIss,
    /// `sub` changed (Core §12.2).
    #[error("`sub` changed on refresh")]
    RefreshSub,
    /// `aud` changed (Core §12.2).
    #[error("`aud` changed on refresh")]
    RefreshAud,
    /// `azp` changed (Core §12.2).
    #[error("`azp` changed on refresh")]
    RefreshAzp,
    /// `auth_time` changed (Core §12.2).
    #[error("`auth_time` changed on refresh")]
    RefreshAuthTime,
}

impl IdTokenError {
    /// What jwt-compact says of the structure. Its messages may quote the token, so only their kind is kept.
    pub(super) fn structure(error: &ParseError) -> Self {
        Self::Malformed(match error {
            ParseError::InvalidTokenStructure => "it has not three parts",
            ParseError::InvalidBase64Encoding => "a part is not base64url",
            ParseError::UnsupportedContentType(_) => "`cty` is not JSON",
            _ => "the header is not understood",
        })
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed(_) => Code::IdTokenMalformed,
            Self::Alg { .. } => Code::IdTokenAlg,
            Self::KeyUnknown => Code::IdTokenKeyUnknown,
            Self::Signature => Code::IdTokenSignature,
            Self::Iss { .. } => Code::IdTokenIss,
            Self::Sub => Code::IdTokenSub,
            Self::Aud => Code::IdTokenAud,
            Self::Azp => Code::IdTokenAzp,
            Self::Expired => Code::IdTokenExpired,
            Self::Iat => Code::IdTokenIat,
            Self::Nbf => Code::IdTokenNbf,
            Self::Nonce => Code::IdTokenNonce,
            Self::Acr => Code::IdTokenAcr,
            Self::AuthTime => Code::IdTokenAuthTime,
            Self::AtHash => Code::IdTokenAtHash,
            Self::RefreshIss => Code::RefreshIss,
            Self::RefreshSub => Code::RefreshSub,
            Self::RefreshAud => Code::RefreshAud,
            Self::RefreshAzp => Code::RefreshAzp,
            Self::RefreshAuthTime => Code::RefreshAuthTime,
        }
    }
}
