//! Each fault and the code that it has to show.

use admit_one_sandbox::Fault;

/// A fault and what a sign-in comes to: a code, or `None` where it has to succeed.
pub(super) type Case = (Fault, Option<&'static str>);

/// What shows in the redirect back.
pub(super) const RESPONSE: &[Case] = &[
    (Fault::ResponseIssWrong, Some("callback_iss_mismatch")),
    (Fault::ResponseIssMissing, Some("callback_iss_missing")),
    (
        Fault::ResponseParameterRepeated,
        Some("callback_parameter_repeated"),
    ),
    (Fault::ResponseStateWrong, Some("state_unknown")),
    (Fault::ResponseStateMissing, Some("state_unknown")),
    (Fault::ResponseCodeMissing, Some("callback_malformed")),
    (Fault::ResponseAccessDenied, Some("access_denied")),
    (Fault::ResponseLoginRequired, Some("login_required")),
    (
        Fault::ResponseTemporarilyUnavailable,
        Some("provider_unavailable"),
    ),
    (Fault::ResponseServerError, Some("provider_unavailable")),
    (Fault::ResponseUnknownError, Some("provider_error")),
    (Fault::LenientExtraCallbackParameters, None),
];

/// What shows at the token endpoint.
pub(super) const TOKEN: &[Case] = &[
    (Fault::TokenErrorInvalidGrant, Some("exchange_refused")),
    (Fault::TokenErrorInvalidClient, Some("client_refused")),
    (Fault::TokenErrorNotJson, Some("token_response_invalid")),
    (Fault::TokenErrorEmpty, Some("token_response_invalid")),
    (Fault::TokenResponseNotJson, Some("token_response_invalid")),
    (Fault::TokenTypeUnknown, Some("token_type_unknown")),
    (
        Fault::TokenAccessTokenMissing,
        Some("token_response_invalid"),
    ),
    (Fault::TokenHttp500, Some("upstream_error")),
    (Fault::TokenSlow, Some("upstream_timeout")),
    (Fault::TokenDropsConnection, Some("upstream_unreachable")),
    (Fault::LenientExpiresInString, None),
    (Fault::LenientExpiresInFloat, None),
    (Fault::LenientExpiresInMissing, None),
    (Fault::LenientTokenTypeLowercase, None),
];

/// What shows in the claims of the ID token (OpenID Connect Core 3.1.3.7 and 3.1.3.8).
pub(super) const CLAIMS: &[Case] = &[
    (Fault::InvalidIss, Some("id_token_iss")),
    (Fault::MissingIss, Some("id_token_iss")),
    (Fault::MissingSub, Some("id_token_sub")),
    (Fault::InvalidAud, Some("id_token_aud")),
    (Fault::MissingAud, Some("id_token_aud")),
    (Fault::MultipleAudWithoutAzp, Some("id_token_azp")),
    (Fault::WrongAzp, Some("id_token_azp")),
    (Fault::MissingExp, Some("id_token_malformed")),
    (Fault::Expired, Some("id_token_expired")),
    (Fault::MissingIat, Some("id_token_iat")),
    (Fault::IatInFuture, Some("id_token_iat")),
    (Fault::IatLongAgo, Some("id_token_iat")),
    (Fault::NotYetValid, Some("id_token_nbf")),
    (Fault::NonceInvalid, Some("id_token_nonce")),
    (Fault::NonceMissing, Some("id_token_nonce")),
    (Fault::AcrMissing, Some("id_token_acr")),
    (Fault::AcrWrong, Some("id_token_acr")),
    (Fault::AuthTimeMissing, Some("id_token_auth_time")),
    (Fault::AuthTimeStale, Some("id_token_auth_time")),
    (Fault::InvalidAtHash, Some("id_token_at_hash")),
    (Fault::IdTokenMissing, Some("id_token_missing")),
    (Fault::IdTokenMalformed, Some("id_token_malformed")),
    (Fault::LenientAuthTimeFloat, None),
    (Fault::LenientAudArray, None),
    (Fault::LenientAtHashMissing, None),
];

/// What shows in the signature of the ID token.
pub(super) const SIGNATURE: &[Case] = &[
    (Fault::UnknownKid, Some("id_token_key_unknown")),
    (Fault::SigNone, Some("id_token_alg")),
    (Fault::InvalidSigRs256, Some("id_token_signature")),
    (Fault::InvalidSigEs256, Some("id_token_signature")),
    (Fault::InvalidSigHs256, Some("id_token_alg")),
    (Fault::SigHs256WithPublicKey, Some("id_token_alg")),
    (Fault::SigAlgOfAnotherKey, Some("id_token_key_unknown")),
    (Fault::SigEmbeddedJwk, Some("id_token_key_unknown")),
    (Fault::SigningKeyRotation, None),
    (Fault::SigningKeyRotationJustBeforeSigning, None),
];

/// What shows in the metadata and the keys, which a backend reads when it starts and then keeps.
pub(super) const DISCOVERY: &[Case] = &[
    (
        Fault::DiscoveryIssuerMismatch,
        Some("discovery_issuer_mismatch"),
    ),
    (Fault::DiscoveryNotJson, Some("discovery_invalid")),
    (Fault::DiscoveryHttp500, Some("upstream_error")),
    (Fault::JwksNotJson, Some("jwks_invalid")),
    (Fault::JwksEmpty, Some("id_token_key_unknown")),
    (Fault::KidAbsentSingleJwks, None),
    (Fault::KidAbsentMultipleJwks, None),
    (Fault::LenientKeysWithoutAlgUse, None),
    (Fault::LenientKeysUnknown, None),
    (Fault::LenientNoRevocationEndpoint, None),
    (Fault::LenientNoEndSessionEndpoint, None),
    (Fault::LenientNoUserinfoEndpoint, None),
];

/// What shows at UserInfo.
pub(super) const USERINFO: &[Case] = &[
    (Fault::UserinfoInvalidSub, Some("userinfo_sub")),
    (Fault::UserinfoMissingSub, Some("userinfo_sub")),
    (Fault::UserinfoNotJson, Some("userinfo_invalid")),
    (Fault::UserinfoUnauthorized, Some("userinfo_refused")),
    (Fault::LenientAggregatedClaims, None),
    (Fault::LenientDistributedClaims, None),
];

/// What shows when a session is refreshed (OpenID Connect Core 12.2).
pub(super) const REFRESH: &[Case] = &[
    (Fault::RefreshInvalidIssuer, Some("refresh_iss")),
    (Fault::RefreshInvalidSub, Some("refresh_sub")),
    (Fault::RefreshInvalidAud, Some("refresh_aud")),
    (Fault::RefreshInvalidAzp, Some("refresh_azp")),
    (Fault::RefreshAuthTimeChanged, Some("refresh_auth_time")),
    (Fault::RefreshNonceChanged, Some("id_token_nonce")),
    (Fault::RefreshRefused, Some("refresh_refused")),
    (Fault::LenientRefreshWithoutRefreshToken, None),
    (Fault::LenientRefreshWithoutIdToken, None),
    (Fault::LenientRefreshWithoutNonce, None),
    (Fault::LenientRefreshWithNonce, None),
];

/// What shows on the way back from the provider's logout; the buyer is signed out whatever it says.
pub(super) const LOGOUT: &[Fault] = &[Fault::LogoutStateWrong, Fault::LogoutStateMissing];

/// What passes: the sign-in was good, and the buyer may try the rest again.
pub(super) const PASSING: &[Fault] = &[Fault::UserinfoHttp500];

/// What needs an attempt that the buyer gave up earlier; `recovery.rs` has these.
pub(super) const EARLIER_ATTEMPT: &[Fault] = &[
    Fault::ResponseStateOfEarlierAttempt,
    Fault::LenientResumesEarlierAttempt,
];
