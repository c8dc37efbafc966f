//! What the sandbox can be asked to do wrong, one variant for each rule that it breaks.
//!
//! The faults of a vendor's system start with its name; those of the club don't.
//! The names of the OpenID Foundation's RP test modules are those of its suite, without the prefix
//! `oidcc-client-test`. A fault of [`Group::Lenient`] breaks no rule: providers do it, and a client has to cope.

use serde::{Deserialize, Serialize};

use crate::system::System;

/// Where a fault shows, which is how the control page sorts them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The provider's metadata and keys.
    Discovery,
    /// The redirect back to the client.
    Response,
    /// The token endpoint, whatever the grant.
    Token,
    /// The claims of an ID token from the exchange of a code.
    IdToken,
    /// The header and signature of every ID token.
    Signature,
    /// The answer to a refresh.
    Refresh,
    /// UserInfo.
    Userinfo,
    /// The return from RP-initiated logout.
    Logout,
    /// Allowed, or at least seen: the buyer has to get in.
    Lenient,
    /// Airlock IAM.
    Airlock,
    /// Tulo Payway.
    Payway,
    /// Paytronix.
    Paytronix,
    /// SessionM.
    #[serde(rename = "sessionm")]
    SessionM,
}

impl Group {
    /// Every group, in the order of a sign-in.
    pub const ALL: [Group; 13] = [
        Group::Discovery,
        Group::Response,
        Group::Token,
        Group::IdToken,
        Group::Signature,
        Group::Refresh,
        Group::Userinfo,
        Group::Logout,
        Group::Lenient,
        Group::Airlock,
        Group::Payway,
        Group::Paytronix,
        Group::SessionM,
    ];

    /// Whose fault it is.
    pub const fn system(self) -> System {
        match self {
            Group::Airlock => System::Airlock,
            Group::Payway => System::Payway,
            Group::Paytronix => System::Paytronix,
            Group::SessionM => System::SessionM,
            _ => System::Club,
        }
    }

    /// The heading on the control page.
    pub const fn title(self) -> &'static str {
        match self {
            Group::Discovery => "Discovery and keys",
            Group::Response => "Authorization response",
            Group::Token => "Token endpoint",
            Group::IdToken => "ID token: claims",
            Group::Signature => "ID token: signature",
            Group::Refresh => "Refresh",
            Group::Userinfo => "UserInfo",
            Group::Logout => "Logout",
            Group::Lenient => "Unusual, yet the buyer has to get in",
            Group::Airlock => "Airlock IAM: step-up",
            Group::Payway => "Tulo Payway: Single Sign-On v2",
            Group::Paytronix => "Paytronix: guest sign-in",
            Group::SessionM => "SessionM: customers",
        }
    }
}

macro_rules! faults {
    ($($group:ident { $($variant:ident $name:literal $module:literal $doc:literal;)* })*) => {
        /// One misbehaviour, named after the rule it breaks.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[doc = $doc] #[serde(rename = $name)] $variant,)*)*
        }

        impl Fault {
            /// Every fault, group by group.
            pub const ALL: &'static [Fault] = &[$($(Fault::$variant,)*)*];

            /// The name in `PUT /faults`.
            pub const fn as_str(self) -> &'static str {
                match self { $($(Fault::$variant => $name,)*)* }
            }

            /// What happens, and the clause that forbids or allows it.
            pub const fn rule(self) -> &'static str {
                match self { $($(Fault::$variant => $doc,)*)* }
            }

            /// The OpenID Foundation's RP test module that does the same, or nothing.
            pub const fn module(self) -> Option<&'static str> {
                let module = match self { $($(Fault::$variant => $module,)*)* };
                if module.is_empty() { None } else { Some(module) }
            }

            /// Where it shows.
            pub const fn group(self) -> Group {
                match self { $($(Fault::$variant => Group::$group,)*)* }
            }

            /// Whose fault it is.
            pub const fn system(self) -> System {
                self.group().system()
            }
        }
    };
}

faults! {
    Discovery {
        DiscoveryIssuerMismatch "discovery_issuer_mismatch" "-discovery-issuer-mismatch" "The metadata names another `issuer` (OpenID Connect Discovery 4.3).";
        DiscoveryNotJson "discovery_not_json" "" "The metadata is an HTML page (OpenID Connect Discovery 4.2).";
        DiscoveryHttp500 "discovery_http_500" "" "The metadata can't be had (RFC 9110 15.6.1).";
        JwksNotJson "jwks_not_json" "" "The keys are an HTML page (RFC 7517 5).";
        JwksEmpty "jwks_empty" "" "The key set holds no key (OpenID Connect Core 10.1).";
    }
    Response {
        ResponseIssWrong "response_iss_wrong" "" "`iss` names another server (RFC 9207 2.4).";
        ResponseIssMissing "response_iss_missing" "" "`iss` is announced but absent (RFC 9207 2.4).";
        ResponseParameterRepeated "response_parameter_repeated" "" "`code` comes twice (RFC 6749 3.1).";
        ResponseStateWrong "response_state_wrong" "" "`state` isn't the one that was sent (RFC 6749 4.1.2).";
        ResponseStateMissing "response_state_missing" "" "`state` is absent although it was sent (RFC 6749 4.1.2).";
        ResponseStateOfEarlierAttempt "response_state_of_earlier_attempt" "" "`state` is that of the attempt before, in this browser; the code is of this one (RFC 6749 4.1.2).";
        ResponseCodeMissing "response_code_missing" "" "There is neither `code` nor `error` (RFC 6749 4.1.2).";
        ResponseAccessDenied "response_access_denied" "" "After the login, `error=access_denied` (RFC 6749 4.1.2.1).";
        ResponseLoginRequired "response_login_required" "" "After the login, `error=login_required` (OpenID Connect Core 3.1.2.6).";
        ResponseTemporarilyUnavailable "response_temporarily_unavailable" "" "After the login, `error=temporarily_unavailable` (RFC 6749 4.1.2.1).";
        ResponseServerError "response_server_error" "" "After the login, `error=server_error` (RFC 6749 4.1.2.1).";
        ResponseUnknownError "response_unknown_error" "" "After the login, an `error` that nobody registered (RFC 6749 4.1.2.1).";
    }
    Token {
        TokenErrorInvalidGrant "token_error_invalid_grant" "" "The grant is refused: `invalid_grant` (RFC 6749 5.2).";
        TokenErrorInvalidClient "token_error_invalid_client" "" "The client is refused: `invalid_client` (RFC 6749 5.2).";
        TokenErrorNotJson "token_error_not_json" "" "The grant is refused in HTML (RFC 6749 5.2).";
        TokenErrorEmpty "token_error_empty" "" "The grant is refused with an empty body (RFC 6749 5.2).";
        TokenResponseNotJson "token_response_not_json" "" "Status 200, but the body is HTML (RFC 6749 5.1).";
        TokenTypeUnknown "token_type_unknown" "" "`token_type` is `mac` (RFC 6749 7.1).";
        TokenAccessTokenMissing "token_access_token_missing" "" "There is no `access_token` (RFC 6749 5.1).";
        TokenHttp500 "token_http_500" "" "The token endpoint breaks (RFC 9110 15.6.1).";
        TokenSlow "token_slow" "" "The answer takes longer than a client should wait.";
        TokenDropsConnection "token_drops_connection" "" "The connection ends in the middle of the answer (RFC 9112 8).";
    }
    IdToken {
        InvalidIss "invalid_iss" "-invalid-iss" "`iss` is another issuer (OpenID Connect Core 3.1.3.7, 2).";
        MissingIss "missing_iss" "" "`iss` is absent (OpenID Connect Core 2).";
        MissingSub "missing_sub" "-missing-sub" "`sub` is absent (OpenID Connect Core 2).";
        InvalidAud "invalid_aud" "-invalid-aud" "`aud` is another client (OpenID Connect Core 3.1.3.7, 3).";
        MissingAud "missing_aud" "-missing-aud" "`aud` is absent (OpenID Connect Core 2).";
        MultipleAudWithoutAzp "multiple_aud_without_azp" "" "Several audiences and no `azp` (OpenID Connect Core 3.1.3.7, 3 and 4).";
        WrongAzp "wrong_azp" "" "`azp` is another client (OpenID Connect Core 3.1.3.7, 5).";
        MissingExp "missing_exp" "" "`exp` is absent (OpenID Connect Core 2).";
        Expired "expired" "" "`exp` is past (OpenID Connect Core 3.1.3.7, 9).";
        MissingIat "missing_iat" "-missing-iat" "`iat` is absent (OpenID Connect Core 2).";
        IatInFuture "iat_in_future" "" "`iat` is an hour ahead (OpenID Connect Core 3.1.3.7, 10).";
        IatLongAgo "iat_long_ago" "" "`iat` is two days ago (OpenID Connect Core 3.1.3.7, 10).";
        NotYetValid "not_yet_valid" "" "`nbf` is an hour ahead (RFC 7519 4.1.5).";
        NonceInvalid "nonce_invalid" "-nonce-invalid" "`nonce` isn't the one that was sent (OpenID Connect Core 3.1.3.7, 11).";
        NonceMissing "nonce_missing" "" "`nonce` is absent although it was sent (OpenID Connect Core 3.1.3.7, 11).";
        AcrMissing "acr_missing" "" "`acr` is absent although `acr_values` asked for one (OpenID Connect Core 3.1.3.7, 12).";
        AcrWrong "acr_wrong" "" "`acr` is none of the `acr_values` (OpenID Connect Core 3.1.3.7, 12).";
        AuthTimeMissing "auth_time_missing" "" "`auth_time` is absent although `max_age` asked for it (OpenID Connect Core 3.1.3.7, 13).";
        AuthTimeStale "auth_time_stale" "" "`auth_time` is longer ago than `max_age` allows (OpenID Connect Core 3.1.3.7, 13).";
        InvalidAtHash "invalid_at_hash" "-invalid-athash" "`at_hash` belongs to another access token (OpenID Connect Core 3.1.3.8).";
        IdTokenMissing "id_token_missing" "" "The response has no `id_token` (OpenID Connect Core 3.1.3.3).";
        IdTokenMalformed "id_token_malformed" "" "The ID token isn't a JWS (RFC 7515 7.1).";
    }
    Signature {
        KidAbsentMultipleJwks "kid_absent_multiple_jwks" "-kid-absent-multiple-jwks" "No `kid`, and several keys fit: refuse, or try all (OpenID Connect Core 10.1).";
        UnknownKid "unknown_kid" "" "`kid` names no published key (OpenID Connect Core 10.1.1).";
        SigNone "sig_none" "-idtoken-sig-none" "`alg` is `none` (OpenID Connect Core 2, RFC 8725 3.2).";
        InvalidSigRs256 "invalid_sig_rs256" "-invalid-sig-rs256" "RS256, one bit of the signature wrong (OpenID Connect Core 3.1.3.7, 6).";
        InvalidSigEs256 "invalid_sig_es256" "-invalid-sig-es256" "ES256, one bit of the signature wrong (OpenID Connect Core 3.1.3.7, 6).";
        InvalidSigHs256 "invalid_sig_hs256" "-invalid-sig-hs256" "HS256 with a wrong secret (OpenID Connect Core 3.1.3.7, 8).";
        SigHs256WithPublicKey "sig_hs256_with_public_key" "" "HS256 keyed with the published RSA key (RFC 8725 2.1).";
        SigAlgOfAnotherKey "sig_alg_of_another_key" "" "`alg` is RS256, `kid` names the elliptic curve's key (RFC 8725 3.1).";
        SigEmbeddedJwk "sig_embedded_jwk" "" "Signed with a key that comes in the header, in `jwk` (RFC 8725 3.10).";
        SigningKeyRotationJustBeforeSigning "signing_key_rotation_just_before_signing" "-signing-key-rotation-just-before-signing" "A new key for this token, the former ones unpublished at once: fetch again, then accept (OpenID Connect Core 10.1.1).";
    }
    Refresh {
        RefreshInvalidIssuer "refresh_invalid_issuer" "-refresh-token-invalid-issuer" "The refreshed ID token's `iss` differs (OpenID Connect Core 12.2).";
        RefreshInvalidSub "refresh_invalid_sub" "-refresh-token-invalid-sub" "The refreshed ID token's `sub` differs (OpenID Connect Core 12.2).";
        RefreshInvalidAud "refresh_invalid_aud" "-refresh-token-invalid-aud" "The refreshed ID token's `aud` lacks the client (OpenID Connect Core 12.2).";
        RefreshInvalidAzp "refresh_invalid_azp" "-refresh-token-invalid-azp" "The refreshed ID token's `azp` differs (OpenID Connect Core 12.2).";
        RefreshAuthTimeChanged "refresh_auth_time_changed" "" "The refreshed ID token's `auth_time` is that of the refresh (OpenID Connect Core 12.2).";
        RefreshNonceChanged "refresh_nonce_changed" "" "The refreshed ID token has another `nonce` (OpenID Connect Core 12.2).";
        RefreshRefused "refresh_refused" "" "The refresh token is refused: `invalid_grant` (RFC 6749 5.2).";
    }
    Userinfo {
        UserinfoInvalidSub "userinfo_invalid_sub" "-userinfo-invalid-sub" "`sub` isn't the ID token's (OpenID Connect Core 5.3.2).";
        UserinfoMissingSub "userinfo_missing_sub" "" "`sub` is absent (OpenID Connect Core 5.3.2).";
        UserinfoNotJson "userinfo_not_json" "" "The claims are an HTML page (OpenID Connect Core 5.3.2).";
        UserinfoUnauthorized "userinfo_unauthorized" "" "The access token is refused: `invalid_token` (RFC 6750 3.1).";
        UserinfoHttp500 "userinfo_http_500" "" "UserInfo breaks (RFC 9110 15.6.1).";
    }
    Logout {
        LogoutStateWrong "logout_state_wrong" "-rp-init-logout-other-state" "The buyer comes back with another `state` (RP-Initiated Logout 3).";
        LogoutStateMissing "logout_state_missing" "-rp-init-logout-no-state" "The buyer comes back without `state` (RP-Initiated Logout 3).";
    }
    Lenient {
        KidAbsentSingleJwks "kid_absent_single_jwks" "-kid-absent-single-jwks" "No `kid`, and one key is published (OpenID Connect Core 10.1).";
        SigningKeyRotation "signing_key_rotation" "-signing-key-rotation" "A new key for this token, the former ones published still (OpenID Connect Core 10.1.1).";
        LenientResumesEarlierAttempt "lenient_resumes_earlier_attempt" "" "The login completes the attempt that was given up before in this browser: its `state`, `nonce` and challenge.";
        LenientExtraCallbackParameters "lenient_extra_callback_parameters" "" "`session_state`, `scope` and a marketing parameter on the callback (RFC 6749 4.1.2: MUST ignore).";
        LenientExpiresInString "lenient_expires_in_string" "" "`expires_in` is a string.";
        LenientExpiresInFloat "lenient_expires_in_float" "" "`expires_in` is a float.";
        LenientExpiresInMissing "lenient_expires_in_missing" "" "`expires_in` is absent (RFC 6749 5.1: RECOMMENDED).";
        LenientTokenTypeLowercase "lenient_token_type_lowercase" "" "`token_type` is `bearer` (RFC 6749 5.1: case insensitive).";
        LenientAuthTimeFloat "lenient_auth_time_float" "" "`auth_time` has a fraction (RFC 7519 2: NumericDate may).";
        LenientAudArray "lenient_aud_array" "" "`aud` is an array of one (RFC 7519 4.1.3).";
        LenientAtHashMissing "lenient_at_hash_missing" "-missing-athash" "`at_hash` is absent (OpenID Connect Core 3.1.3.6: OPTIONAL).";
        LenientKeysWithoutAlgUse "lenient_keys_without_alg_use" "" "Keys have neither `alg` nor `use` (RFC 7517 4.2, 4.4: OPTIONAL).";
        LenientKeysUnknown "lenient_keys_unknown" "" "A key of an unknown type stands among the others (RFC 7517 5: SHOULD ignore).";
        LenientRefreshWithoutRefreshToken "lenient_refresh_without_refresh_token" "" "A refresh gives no new refresh token; the old one stays good (RFC 6749 6).";
        LenientRefreshWithoutIdToken "lenient_refresh_without_id_token" "" "A refresh gives no ID token (OpenID Connect Core 12.2).";
        LenientRefreshWithoutNonce "lenient_refresh_without_nonce" "" "The refreshed ID token has no `nonce`, which is also the default (OpenID Connect Core 12.2: SHOULD NOT).";
        LenientRefreshWithNonce "lenient_refresh_with_nonce" "" "The refreshed ID token repeats the `nonce` (OpenID Connect Core 12.2: then the same).";
        LenientNoRevocationEndpoint "lenient_no_revocation_endpoint" "" "There is no revocation endpoint (RFC 8414 2: OPTIONAL).";
        LenientNoEndSessionEndpoint "lenient_no_end_session_endpoint" "" "There is no logout (RP-Initiated Logout 2.1).";
        LenientNoUserinfoEndpoint "lenient_no_userinfo_endpoint" "" "There is no UserInfo endpoint (OpenID Connect Discovery 3: RECOMMENDED); the ID token has the claims.";
        LenientAggregatedClaims "lenient_aggregated_claims" "-aggregated-claims" "UserInfo has aggregated claims (OpenID Connect Core 5.6.2).";
        LenientDistributedClaims "lenient_distributed_claims" "-distributed-claims" "UserInfo has distributed claims (OpenID Connect Core 5.6.2).";
    }
    Airlock {
        AirlockParNotOffered "airlock_par_not_offered" "" "Pushed requests are neither announced nor taken (RFC 9126 5: OPTIONAL).";
        AirlockParHttp500 "airlock_par_http_500" "" "The endpoint for pushed requests breaks (RFC 9110 15.6.1).";
        AirlockParRefused "airlock_par_refused" "" "The pushed request is refused: `invalid_request` (RFC 9126 2.3).";
        AirlockParUriMissing "airlock_par_uri_missing" "" "The request is taken, and the answer has no `request_uri` (RFC 9126 2.2).";
        AirlockParExpired "airlock_par_expired" "" "The pushed request has expired when the browser arrives: `invalid_request_uri` (RFC 9126 2.2).";
        AirlockResourceUnauthorized "airlock_resource_unauthorized" "" "The SSO ticket resource refuses the access token: 401, `invalid_token` (RFC 6750 3.1).";
        AirlockResourceForbidden "airlock_resource_forbidden" "" "The SSO ticket resource wants more scopes: 403, `insufficient_scope` (RFC 6750 3.1).";
        AirlockResourceNotFound "airlock_resource_not_found" "" "There is no resource of that name: 404 (RFC 9110 15.5.5).";
        AirlockResourceHttp500 "airlock_resource_http_500" "" "The SSO ticket resource breaks (RFC 9110 15.6.1).";
        AirlockResourceNotJson "airlock_resource_not_json" "" "Status 200, but the SSO ticket resource answers in HTML.";
        AirlockResourceSlow "airlock_resource_slow" "" "The SSO ticket takes longer than a client should wait.";
        AirlockResourceMoreMembers "airlock_resource_more_members" "" "Other members stand beside the ticket: a resource may have several providers, and the buyer has to get in.";
        AirlockTicketFieldWrong "airlock_ticket_field_wrong" "" "The ticket stands under `ticket`, not under the configured name.";
        AirlockTicketEmpty "airlock_ticket_empty" "" "The ticket is an empty string.";
        AirlockTicketExpired "airlock_ticket_expired" "" "The ticket is eleven seconds old when it is handed out: one more than it lives.";
        AirlockTicketUsed "airlock_ticket_used" "" "The ticket was taken before: each is good once, by its `jti`.";
        AirlockTicketIgnored "airlock_ticket_ignored" "" "The ticket is good, yet the password page shows: the flow has no step for it.";
        AirlockTicketOfAnotherPerson "airlock_ticket_of_another_person" "" "The ticket names another person, who then steps up.";
        AirlockAccessDenied "airlock_access_denied" "" "After the second factor, `error=access_denied` (RFC 6749 4.1.2.1).";
        AirlockAcrWeaker "airlock_acr_weaker" "" "After the second factor, `acr` is `weak-acr`: the client has to compare.";
        AirlockAcrMissing "airlock_acr_missing" "" "After the second factor, there is no `acr`: an unknown one is no error, so it looks like this.";
        AirlockAcrCase "airlock_acr_case" "" "After the second factor, `acr` is `STRONG-ACR`: the match is case-sensitive.";
        AirlockSubOther "airlock_sub_other" "" "After the second factor, `sub` is another person.";
        AirlockAuthTimeStale "airlock_auth_time_stale" "" "After the second factor, `auth_time` is an hour ago although `prompt=login` was sent (OpenID Connect Core 3.1.2.1).";
        AirlockAuthTimeMissing "airlock_auth_time_missing" "" "After the second factor, there is no `auth_time` (OpenID Connect Core 2: REQUIRED with `max_age`).";
    }
    Payway {
        PaywayIdentifyHttp500 "payway_identify_http_500" "" "`/identify` breaks: the visitor is left there (RFC 9110 15.6.1).";
        PaywayLandingBadSignature "payway_landing_bad_signature" "" "The landing's `t` has one bit of its signature wrong (RFC 7515 5.2).";
        PaywayLandingWrongSecret "payway_landing_wrong_secret" "" "The landing's `t` is signed with another client's secret.";
        PaywayLandingAlgNone "payway_landing_alg_none" "" "The landing's `t` has `alg` `none` (RFC 8725 3.2).";
        PaywayLandingExpired "payway_landing_expired" "" "The landing's `t` expired an hour ago (RFC 7519 4.1.4).";
        PaywayLandingNotYetValid "payway_landing_not_yet_valid" "" "The landing's `t` is valid in an hour (RFC 7519 4.1.5).";
        PaywayLandingUndated "payway_landing_undated" "" "The landing's `t` has neither `iat` nor `nbf` nor `exp`: it would be good for ever.";
        PaywayLandingGarbage "payway_landing_garbage" "" "The landing's `t` isn't a JWT.";
        PaywayLandingReflected "payway_landing_reflected" "" "The landing's `t` is the request that the client itself signed: its signature holds, and it says nothing.";
        PaywayLandingTokenMissing "payway_landing_token_missing" "" "The landing has no `t`.";
        PaywayLandingErr "payway_landing_err" "" "The landing's `t` has `err` and nothing else.";
        PaywayLandingSidMissing "payway_landing_sid_missing" "" "The landing's `t` has no `sid`.";
        PaywayLandingStatusUnknown "payway_landing_status_unknown" "" "The landing's `sts` is a word that nobody published.";
        PaywayLandingTicketMissing "payway_landing_ticket_missing" "" "The landing says `loggedin` without `at`: the status has to be asked for one.";
        PaywayLandingReturnElsewhere "payway_landing_return_elsewhere" "" "The landing's `r` is another site's: it isn't signed, and leads nowhere but home.";
        PaywayLandingReturnMissing "payway_landing_return_missing" "" "The landing has no `r`.";
        PaywayStatusSessionNotFound "payway_status_session_not_found" "" "The status is `err=session_not_found`: identify again.";
        PaywayStatusTerminated "payway_status_terminated" "" "The status is `terminated`, as after a sign-out elsewhere: identify again.";
        PaywayStatusAnon "payway_status_anon" "" "The status is `anon`, whoever is signed in: sign out here, then identify again.";
        PaywayStatusUnknown "payway_status_unknown" "" "The status's `sts` is a word that nobody published.";
        PaywayStatusTicketMissing "payway_status_ticket_missing" "" "The status is `loggedin` without `at`, although the site doesn't know of it yet: identify again.";
        PaywayStatusOtherSession "payway_status_other_session" "" "The status is of another `sid` than that which was asked about.";
        PaywayStatusHttp500 "payway_status_http_500" "" "The status can't be had: what was known stays (RFC 9110 15.6.1).";
        PaywayStatusGarbage "payway_status_garbage" "" "The status is an HTML page.";
        PaywayAuthenticateHttp500 "payway_authenticate_http_500" "" "The sign-in is answered with the status 500, and with a `t` all the same.";
        PaywayAuthenticateGarbage "payway_authenticate_garbage" "" "The sign-in is answered with an HTML page.";
        PaywayAuthenticateUnknownErr "payway_authenticate_unknown_err" "" "The sign-in is refused with an `err` that nobody published.";
        PaywayAuthenticateTicketMissing "payway_authenticate_ticket_missing" "" "The sign-in succeeds, without `at`: identify again.";
        PaywayAuthenticateDetailMissing "payway_authenticate_detail_missing" "" "A refused sign-in says neither `raa` nor `frf`.";
        PaywayAuthenticateDetailString "payway_authenticate_detail_string" "" "A refused sign-in has `raa` and `frf` as strings.";
        PaywayReplyAlgNone "payway_reply_alg_none" "" "Every reply of the back channel has `alg` `none` (RFC 8725 3.2).";
        PaywayReplyWrongSecret "payway_reply_wrong_secret" "" "Every reply of the back channel is signed with another client's secret.";
        PaywayReplyExpired "payway_reply_expired" "" "Every reply of the back channel expired an hour ago (RFC 7519 4.1.4).";
        PaywayReplyTokenMissing "payway_reply_token_missing" "" "Every reply of the back channel has its JWT under another name than `t`.";
        PaywayLogoutHttp500 "payway_logout_http_500" "" "The sign-out is answered with the status 500, and the session lives on (RFC 9110 15.6.1).";
        PaywayTicketRefused "payway_ticket_refused" "" "The ticket is refused, as one that was used before (RFC 6749 5.2).";
        PaywayTokenNotJson "payway_token_not_json" "" "Instead of the access token, an HTML page with the status 200.";
        PaywayTokenHttp500 "payway_token_http_500" "" "The endpoint for access tokens breaks (RFC 9110 15.6.1).";
        PaywayTokenAccessTokenMissing "payway_token_access_token_missing" "" "The answer has no `access_token`.";
        PaywayRefreshRefused "payway_refresh_refused" "" "The refresh token is refused (RFC 6749 5.2).";
        PaywayMeUnauthorized "payway_me_unauthorized" "" "The access token is refused: the status 401.";
        PaywayMeNotJson "payway_me_not_json" "" "The account is an HTML page.";
        PaywayMeHttp500 "payway_me_http_500" "" "The account can't be had: the status 500 with the API's error.";
        PaywayMeIdMissing "payway_me_id_missing" "" "The account has no `id`.";
        PaywayMeIdMalformed "payway_me_id_malformed" "" "The account's `id` isn't 24 hexadecimal digits.";
        PaywaySlow "payway_slow" "" "Operations and API take longer than a client should wait.";
    }
    Paytronix {
        PaytronixStateMissing "paytronix_state_missing" "" "`state` is absent from the redirect although it was sent (RFC 6749 4.1.2).";
        PaytronixStateWrong "paytronix_state_wrong" "" "`state` on the redirect isn't the one that was sent (RFC 6749 4.1.2).";
        PaytronixCodeMissing "paytronix_code_missing" "" "The redirect has neither `code` nor `error`.";
        PaytronixResponseUnknownError "paytronix_response_unknown_error" "" "After the login, an `error` that nobody registered (RFC 6749 4.1.2.1).";
        PaytronixResponseExpiresInMissing "paytronix_response_expires_in_missing" "" "The redirect has no `expires_in`, which no standard asks for: the guest has to get in.";
        PaytronixCodeRefused "paytronix_code_refused" "" "The code is refused: `result` is `failure`.";
        PaytronixTokenResultUnknown "paytronix_token_result_unknown" "" "`result` is a word that nobody published, with tokens beside it: a failure.";
        PaytronixTokenResultMissing "paytronix_token_result_missing" "" "There is no `result`, with tokens all the same: a failure.";
        PaytronixTokenHttp500WithSuccess "paytronix_token_http_500_with_success" "" "The status is 500, and the body says `success`.";
        PaytronixTokenNotJson "paytronix_token_not_json" "" "Instead of the tokens, an HTML page with the status 200.";
        PaytronixTokenAccessTokenMissing "paytronix_token_access_token_missing" "" "`success`, without `access_token`.";
        PaytronixTokenUsernameMissing "paytronix_token_username_missing" "" "`success`, without `username`.";
        PaytronixTokenRefreshTokenMissing "paytronix_token_refresh_token_missing" "" "`success`, without `refresh_token`: the guest has to get in, for half an hour.";
        PaytronixTokenExpiresInMissing "paytronix_token_expires_in_missing" "" "`success`, without `expires_in`: the guest has to get in.";
        PaytronixTokenExpiresInString "paytronix_token_expires_in_string" "" "`expires_in` is a string: the guest has to get in.";
        PaytronixRefreshRefused "paytronix_refresh_refused" "" "The refresh token is refused: `result` is `failure`.";
        PaytronixInvalidTokenOnce "paytronix_invalid_token_once" "" "The first call of each sign-in is refused for its token: refresh, and send it again.";
        PaytronixInvalidTokenAlways "paytronix_invalid_token_always" "" "Every call is refused for its token: the guest has to log in again.";
        PaytronixUserInformationOfAnother "paytronix_user_information_of_another" "" "The fields are those of another `username`.";
        PaytronixUserInformationResultMissing "paytronix_user_information_result_missing" "" "The guest's information has no `result`: a failure.";
        PaytronixUserInformationNotJson "paytronix_user_information_not_json" "" "The guest's information is an HTML page with the status 200.";
        PaytronixUserInformationHttp500 "paytronix_user_information_http_500" "" "The guest's information can't be had (RFC 9110 15.6.1).";
        PaytronixCardNumberAsNumber "paytronix_card_number_as_number" "" "The card numbers are JSON numbers, of 16 digits: the same card.";
        PaytronixCardMissing "paytronix_card_missing" "" "The guest has no card: there is nothing to ask a balance of.";
        PaytronixAccountInvalidTokenOnce "paytronix_account_invalid_token_once" "" "The guest's information is answered, and the first call of each sign-in for the account is refused for its token: refresh, and send it again.";
        PaytronixAccountSuspended "paytronix_account_suspended" "" "`accountStatus` is `SUSPENDED`.";
        PaytronixAccountInvalidStatus "paytronix_account_invalid_status" "" "`result` of the account is `invalid_status`.";
        PaytronixAccountInformationNotJson "paytronix_account_information_not_json" "" "The account is an HTML page with the status 200.";
        PaytronixAccountInformationHttp500 "paytronix_account_information_http_500" "" "The account can't be had (RFC 9110 15.6.1).";
        PaytronixSlow "paytronix_slow" "" "The interface takes longer than a client should wait.";
    }
    SessionM {
        SessionMCreateTimesOut "sessionm_create_times_out" "" "The profile is created, and the answer takes longer than a client should wait.";
        SessionMCreateHttp500 "sessionm_create_http_500" "" "The profile is created, and the answer is a 500.";
        SessionMCreateDropsConnection "sessionm_create_drops_connection" "" "The profile is created, and the connection ends in the middle of the answer (RFC 9112 8).";
        SessionMCreateEmailTaken "sessionm_create_email_taken" "" "No profile is created: the e-mail has one already.";
        SessionMCreateRaced "sessionm_create_raced" "" "Somebody else creates the profile a moment before: the e-mail has one now.";
        SessionMUpdateHttp500 "sessionm_update_http_500" "" "The profile is updated, and the answer is a 500.";
        SessionMRetrieveOther "sessionm_retrieve_other" "" "Another profile is answered than that which was asked for.";
        SessionMLookupSeveral "sessionm_lookup_several" "" "The lookup finds more than one customer, which is an error.";
        SessionMLookupOther "sessionm_lookup_other" "" "The lookup finds a customer who isn't who was asked for.";
        SessionMLookupMisses "sessionm_lookup_misses" "" "The lookup finds nobody, although the customer is there.";
        SessionMLookupSlow "sessionm_lookup_slow" "" "The lookup takes longer than a client should wait.";
        SessionMLookupUserOnTop "sessionm_lookup_user_on_top" "" "The lookup's `user` stands on top, not in `payload`: its place isn't published, and the buyer has to get in.";
        SessionMUserNotFoundHttp404 "sessionm_user_not_found_http_404" "" "`user_not_found` has HTTP 404, not 200: both are documented.";
        SessionMErrorUpperCase "sessionm_error_upper_case" "" "Error codes are in capitals, as the documentation lists them.";
        SessionMNotAvailable "sessionm_not_available" "" "Everything is answered with `not_available`, as an error with HTTP 200.";
        SessionMUnauthorized "sessionm_unauthorized" "" "The credentials are refused: 401.";
        SessionMHttp500 "sessionm_http_500" "" "Everything breaks before anything is done: 500.";
        SessionMNotJson "sessionm_not_json" "" "Everything is answered with an HTML page and the status 200.";
        SessionMRateLimited "sessionm_rate_limited" "" "Everything is refused: 429 with `Retry-After: 1` (RFC 6585 4).";
        SessionMRateLimitedOnce "sessionm_rate_limited_once" "" "The first call of each kind is refused: 429 with `Retry-After`; whoever waits gets through (RFC 6585 4).";
        SessionMRateLimitedWithoutRetryAfter "sessionm_rate_limited_without_retry_after" "" "The same without `Retry-After`: a second later it goes on (RFC 6585 4: MAY).";
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        Fault::ALL
            .iter()
            .copied()
            .find(|fault| fault.as_str() == name)
            .ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

/// A name that no [`Fault`] has.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no fault; GET /state lists them")]
pub struct UnknownFault(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_leads_to_its_variant() {
        for &fault in Fault::ALL {
            assert_eq!(fault.as_str().parse::<Fault>().unwrap(), fault);
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.as_str());
            assert!(
                fault.rule().ends_with('.'),
                "{fault} says what it does in a sentence"
            );
        }
    }
}
