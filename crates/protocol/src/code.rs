//! The stable codes of everything that can go wrong, each with who must act and what that person does.
//!
//! A buyer reads the sentence of `locales/*.yml` under `error.<code>`; a developer or operator reads
//! [`Code::advice`]. `docs/errors.md` is generated from this table.

use serde::{Deserialize, Serialize};

/// Who has to do something about an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor {
    /// The person at the browser: try again, allow storage, use another account.
    Buyer,
    /// Whoever runs Admit One: configuration, keys, network.
    Operator,
    /// Whoever runs the identity provider: it broke a rule of its protocol.
    Provider,
    /// Whoever wrote the page or program that called us.
    Developer,
}

macro_rules! codes {
    ($($variant:ident $name:literal $actor:ident $status:literal $advice:literal;)*) => {
        /// One failure, by its stable name.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $advice] #[serde(rename = $name)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The name on the wire, in logs, metrics and documentation.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// Who has to act.
            pub const fn actor(self) -> Actor {
                match self { $(Code::$variant => Actor::$actor,)* }
            }

            /// The HTTP status with which the backend answers it.
            pub const fn status(self) -> u16 {
                match self { $(Code::$variant => $status,)* }
            }

            /// What a developer or operator does about it.
            pub const fn advice(self) -> &'static str {
                match self { $(Code::$variant => $advice,)* }
            }
        }
    };
}

codes! {
    // The authorization response.
    CallbackParameterRepeated "callback_parameter_repeated" Provider 400 "The callback carries a parameter twice, which RFC 6749 section 3.1 forbids; look for a proxy that rewrites the URL.";
    CallbackMalformed "callback_malformed" Provider 400 "The callback carries neither `code` nor `error`, isn't a form-encoded query (RFC 6749 section 4.1.2), or has more than a hundred parameters.";
    CallbackIssMismatch "callback_iss_mismatch" Provider 400 "`iss` of the authorization response names another issuer (RFC 9207 section 2.4): a mix-up, or a wrong `issuer` in the configuration.";
    CallbackIssMissing "callback_iss_missing" Provider 400 "The provider announces `authorization_response_iss_parameter_supported` but sent no `iss` (RFC 9207 section 2.4).";
    CallbackUsed "callback_used" Buyer 400 "This callback was already used in this browser; the sign-in has to be started again.";
    StateUnknown "state_unknown" Buyer 400 "No sign-in with this `state` was started in this browser (RFC 9700 section 4.7), or its storage was cleared meanwhile.";
    StateExpired "state_expired" Buyer 400 "The sign-in was started more than an hour ago; it has to be started again.";
    AccessDenied "access_denied" Buyer 403 "The provider answered `access_denied`: the buyer gave up there, or isn't allowed in.";
    LoginRequired "login_required" Buyer 401 "The provider answered `login_required`, `interaction_required`, `consent_required` or `account_selection_required`: it wants to ask the buyer something, and `prompt`, or its own settings, forbid that.";
    ProviderUnavailable "provider_unavailable" Provider 503 "The provider answered `temporarily_unavailable` or `server_error`; the buyer may try again.";
    ProviderError "provider_error" Provider 400 "The provider refused the authorization request; its `error` is in the console of the browser.";
    // Discovery and keys.
    DiscoveryIssuerMismatch "discovery_issuer_mismatch" Operator 502 "The metadata's `issuer` differs from the configured one (OpenID Connect Discovery section 4.3); they must be the same string, trailing slash included.";
    DiscoveryInvalid "discovery_invalid" Provider 502 "The provider's metadata isn't JSON or lacks a required member (OpenID Connect Discovery section 3).";
    JwksInvalid "jwks_invalid" Provider 502 "The provider's `jwks_uri` doesn't answer with a JWK Set (RFC 7517 section 5).";
    // The token endpoint.
    ExchangeRefused "exchange_refused" Buyer 400 "The token endpoint answered `invalid_grant`: the code is expired, used or not for this client; the sign-in has to be started again.";
    ClientRefused "client_refused" Operator 502 "The token endpoint refused our client (`invalid_client`, `unauthorized_client`, `invalid_request`, `unsupported_grant_type` or `invalid_scope`): check `client_id`, the secret and `client_auth`.";
    TokenResponseInvalid "token_response_invalid" Provider 502 "The token endpoint's answer isn't a token response (RFC 6749 section 5.1); its beginning is in the log.";
    TokenTypeUnknown "token_type_unknown" Provider 502 "`token_type` isn't `Bearer` (RFC 6749 section 7.1).";
    UpstreamTimeout "upstream_timeout" Provider 504 "The provider didn't answer within `upstream.timeout_ms`.";
    UpstreamUnreachable "upstream_unreachable" Operator 502 "The provider can't be reached: check its address, DNS, TLS and the firewall.";
    UpstreamError "upstream_error" Provider 502 "The provider answered with a server error.";
    // The ID token.
    IdTokenMissing "id_token_missing" Provider 502 "The token response has no `id_token` (OpenID Connect Core section 3.1.3.3); does the scope contain `openid`?";
    IdTokenMalformed "id_token_malformed" Provider 502 "The ID token isn't a JWT with the claims of OpenID Connect Core section 2.";
    IdTokenAlg "id_token_alg" Provider 502 "The ID token's `alg` isn't one of the provider's `algs`, or doesn't fit the key (OpenID Connect Core section 3.1.3.7, 7 and 8).";
    IdTokenKeyUnknown "id_token_key_unknown" Provider 502 "No key of the provider's JWK Set fits the ID token's `kid` and `alg`, even after fetching it again.";
    IdTokenSignature "id_token_signature" Provider 502 "The ID token's signature is wrong (OpenID Connect Core section 3.1.3.7, 6).";
    IdTokenIss "id_token_iss" Provider 502 "The ID token's `iss` isn't the configured `issuer` (OpenID Connect Core section 3.1.3.7, 2).";
    IdTokenSub "id_token_sub" Provider 502 "The ID token has no `sub`, or one over 255 characters (OpenID Connect Core section 2).";
    IdTokenAud "id_token_aud" Provider 502 "The ID token's `aud` lacks our `client_id` or names audiences we don't trust (OpenID Connect Core section 3.1.3.7, 3).";
    IdTokenAzp "id_token_azp" Provider 502 "The ID token's `azp` isn't our `client_id`, or is missing beside several audiences (OpenID Connect Core section 3.1.3.7, 4 and 5).";
    IdTokenExpired "id_token_expired" Provider 502 "The ID token is past its `exp` (OpenID Connect Core section 3.1.3.7, 9); compare the provider's clock with ours.";
    IdTokenIat "id_token_iat" Provider 502 "The ID token's `iat` is missing, in the future or too long ago (OpenID Connect Core section 3.1.3.7, 10); compare the provider's clock with ours.";
    IdTokenNbf "id_token_nbf" Provider 502 "The ID token isn't valid yet (`nbf`, RFC 7519 section 4.1.5); compare the provider's clock with ours.";
    IdTokenNonce "id_token_nonce" Provider 502 "The ID token's `nonce` isn't the one that was sent (OpenID Connect Core section 3.1.3.7, 11).";
    IdTokenAcr "id_token_acr" Provider 502 "The ID token's `acr` isn't one of the `acr_values` asked for (OpenID Connect Core section 3.1.3.7, 12).";
    IdTokenAuthTime "id_token_auth_time" Provider 502 "The ID token's `auth_time` is missing or older than `max_age` (OpenID Connect Core section 3.1.3.7, 13).";
    IdTokenAtHash "id_token_at_hash" Provider 502 "The ID token's `at_hash` doesn't belong to the access token (OpenID Connect Core section 3.1.3.8).";
    RefreshIss "refresh_iss" Provider 502 "The refreshed ID token's `iss` changed (OpenID Connect Core section 12.2).";
    RefreshSub "refresh_sub" Provider 502 "The refreshed ID token's `sub` changed (OpenID Connect Core section 12.2).";
    RefreshAud "refresh_aud" Provider 502 "The refreshed ID token's `aud` lacks our `client_id` (OpenID Connect Core section 12.2).";
    RefreshAzp "refresh_azp" Provider 502 "The refreshed ID token's `azp` changed (OpenID Connect Core section 12.2).";
    RefreshAuthTime "refresh_auth_time" Provider 502 "The refreshed ID token's `auth_time` changed (OpenID Connect Core section 12.2).";
    RefreshRefused "refresh_refused" Buyer 401 "The provider refused the refresh token (`invalid_grant`): it expired or was revoked; the buyer signs in again.";
    RefreshUnavailable "refresh_unavailable" Buyer 401 "The provider gave no refresh token; add `offline_access` to `scopes` if it needs it. The buyer signs in again.";
    // UserInfo.
    UserinfoInvalid "userinfo_invalid" Provider 502 "The UserInfo endpoint's answer isn't a claims object (OpenID Connect Core section 5.3.2).";
    UserinfoSub "userinfo_sub" Provider 502 "UserInfo's `sub` isn't the ID token's (OpenID Connect Core section 5.3.2).";
    UserinfoRefused "userinfo_refused" Buyer 401 "The UserInfo endpoint refused the access token; refresh it, or have the buyer sign in again.";
    // Handle and proof.
    ProofMissing "proof_missing" Developer 401 "The call needs one `DPoP` header (RFC 9449 section 4.3).";
    ProofInvalid "proof_invalid" Developer 401 "The `DPoP` header isn't a valid proof for this method and address (RFC 9449 section 4.3).";
    ProofNonce "proof_nonce" Developer 401 "The proof's `nonce` is missing, expired or not ours; send the call again with the nonce of the `DPoP-Nonce` header (RFC 9449 section 8).";
    ProofReplayed "proof_replayed" Developer 401 "This proof was used before (RFC 9449 section 11.1); make a new one for each call.";
    ProofKeyMismatch "proof_key_mismatch" Buyer 401 "The proof's key isn't the one that the handle is bound to; the buyer signs in again.";
    HandleMissing "handle_missing" Buyer 401 "The call came without a handle; the buyer signs in again.";
    HandleInvalid "handle_invalid" Buyer 401 "The handle isn't one of ours, or was altered; the buyer signs in again.";
    HandleKeyUnknown "handle_key_unknown" Operator 401 "The handle was sealed with a key that is no longer in `seal.keys`; keep an old key there until its handles have expired.";
    HandleExpired "handle_expired" Buyer 401 "The handle is past its absolute lifetime (`server.handle_lifetime`); the buyer signs in again.";
    HandleProviderMismatch "handle_provider_mismatch" Developer 401 "The handle belongs to another provider than the call names, or its provider was removed from the configuration.";
    HandleRevoked "handle_revoked" Buyer 401 "The buyer signed out everywhere, or the account was closed, after this handle was made.";
    // Calls.
    OriginNotAllowed "origin_not_allowed" Developer 403 "The call's `Origin` isn't ours; calls come from `server.public_url` alone.";
    HeaderMissing "header_missing" Developer 403 "Calls from the browser carry the header `X-Admit-One: 1`.";
    ProviderUnknown "provider_unknown" Developer 400 "No `[[providers]]` entry has this id.";
    RedirectUriUnknown "redirect_uri_unknown" Developer 400 "The `redirect_uri` isn't this provider's.";
    ReturnToNotAllowed "return_to_not_allowed" Developer 400 "`return_to` is neither on our own origin nor on one of `shop.origins`.";
    RequestMalformed "request_malformed" Developer 400 "The body isn't the JSON that this call takes; see `/openapi.json`.";
    RequestTooLarge "request_too_large" Developer 413 "The body or the headers exceed the limits.";
    RateLimited "rate_limited" Buyer 429 "Too many calls from this address; `Retry-After` says when to try again (`[limits]`).";
    NotFound "not_found" Developer 404 "Nothing is served at this address.";
    // Contacts and the shop.
    ContactEmailTaken "contact_email_taken" Buyer 409 "The e-mail belongs to a contact that is linked to another sign-in; merge the two in the contacts directory, or have the buyer use the other account.";
    ContactEmailUnverified "contact_email_unverified" Buyer 409 "A contact has this e-mail, but the provider doesn't say that it is verified, so it can't be claimed.";
    ProfileInvalid "profile_invalid" Buyer 422 "A profile field is empty, too long or malformed; `fields` names it.";
    ProfileIncomplete "profile_incomplete" Buyer 409 "Required profile fields are missing; complete the profile first.";
    DirectoryUnavailable "directory_unavailable" Operator 503 "The contacts database, or the directory, doesn't answer; the cause is in the log.";
    ShopUnknown "shop_unknown" Operator 404 "No `[shop]` is configured.";
    // Step-up.
    InsufficientUserAuthentication "insufficient_user_authentication" Buyer 401 "The call needs another authentication than the session's (RFC 9470 section 3): `WWW-Authenticate` says which `acr_values` and `max_age`, as `[shop]` or `[profile]` has them; step up and send it again.";
    StepUpUnavailable "step_up_unavailable" Operator 400 "The provider has no `[providers.step_up]`, or none of its `acr_values` is one that the call asks for; compare them with those of `[shop]` and `[profile]`.";
    StepUpTicketRefused "step_up_ticket_refused" Buyer 401 "The SSO ticket resource answered 401 to the access token; refresh it, or have the buyer sign in again.";
    StepUpTicketScope "step_up_ticket_scope" Operator 502 "The SSO ticket resource answered 403: the access token lacks one of the resource's scopes; add them all to the provider's `scopes`.";
    StepUpTicketResource "step_up_ticket_resource" Operator 502 "The SSO ticket resource answered 404: check the resource's name at the end of `step_up.sso_ticket_resource`.";
    StepUpTicketField "step_up_ticket_field" Operator 502 "The SSO ticket resource's answer has no text under `step_up.ticket_field`; the log has the names of the members that are there.";
    StepUpTicketInvalid "step_up_ticket_invalid" Provider 502 "The SSO ticket resource's answer isn't a JSON object with a ticket; its status is in the log.";
    StepUpParRefused "step_up_par_refused" Operator 502 "The pushed authorization request endpoint refused the request (RFC 9126 section 2.3); its `error` is in the log. Check the strong client's `client_id`, secret and redirect URI, or set `step_up.par = \"never\"`.";
    StepUpParInvalid "step_up_par_invalid" Provider 502 "The pushed authorization request endpoint's answer has no `request_uri` (RFC 9126 section 2.2).";
    StepUpParMissing "step_up_par_missing" Operator 502 "`step_up.par` is `\"always\"`, but the provider's metadata has no `pushed_authorization_request_endpoint` (RFC 9126 section 5).";
    StepUpSub "step_up_sub" Buyer 403 "Somebody else came back from the step-up than the one who is signed in, whose session stays as it was.";
    StepUpAbandoned "step_up_abandoned" Buyer 400 "The buyer came back from the provider without an answer; the session stays as it was.";
    // Payway SSO2.
    Sso2LandingInvalid "sso2_landing_invalid" Provider 400 "The landing's `t` isn't a message of SSO2's that is signed with this client's secret, in time and complete (docs/systems/payway.md): check `client_secret` and the clocks; else it was forged.";
    Sso2LandingReturn "sso2_landing_return" Provider 400 "The landing's `r` isn't the address that the buyer was sent with: our landing page with the `state` of the sign-in. Nothing signs `r`, so nobody is signed in.";
    Sso2LandingError "sso2_landing_error" Provider 502 "SSO2 could not identify the session: the landing's message has `err`, which is in the log.";
    Sso2Credentials "sso2_credentials" Buyer 403 "SSO2 answered `invalid_credentials`; `remaining` says how many attempts remain before the account is frozen.";
    Sso2Frozen "sso2_frozen" Buyer 403 "SSO2 answered `account_frozen`; `retry_after` says for how many seconds.";
    Sso2NotActive "sso2_not_active" Buyer 403 "SSO2 answered `account_not_active`: the buyer activates the account with the newspaper first, by the message that it sent.";
    Sso2AuthenticateError "sso2_authenticate_error" Provider 502 "SSO2 refused the credentials with an `err` that isn't known; it is in the log.";
    Sso2ReplyInvalid "sso2_reply_invalid" Provider 502 "An operation of SSO2 didn't answer with a `t`: a message that is signed with this client's secret and in time; the cause is in the log.";
    Sso2SessionUnknown "sso2_session_unknown" Buyer 401 "The anonymous session of this sign-in is over, or isn't this browser's; the sign-in has to be started again.";
    Sso2TicketRefused "sso2_ticket_refused" Buyer 400 "Payway's API refused the authorization ticket: it is expired, spent or another client's; the sign-in has to be started again.";
    Sso2SignedOut "sso2_signed_out" Buyer 401 "The SSO2 session was ended, here or at another site of the organisation; the buyer signs in again.";
    // Paytronix.
    PaytronixCodeLate "paytronix_code_late" Buyer 400 "The code of the guest website came to us later than the 300 s that it is good for; the sign-in has to be started again.";
    // A directory that is somebody else's.
    DirectoryConflict "directory_conflict" Operator 409 "The directory has several profiles for this person, or one that belongs to another: nobody's data is shown. Merge or unlink them there; the cause in the log says which search found what.";
    DirectoryRefused "directory_refused" Operator 502 "The directory refused our credentials: check `api_key`, the secret and `api_url` in `[directory]`.";
    DirectoryProfileRefused "directory_profile_refused" Buyer 422 "The directory doesn't accept the profile: a malformed field, an e-mail that another profile has, or a customer who is too young; its code is in the log.";
    DirectoryInvalid "directory_invalid" Provider 502 "The directory's answer isn't one of its API; compare `api_url` and `lookup_path` in `[directory]` with what the tenant was given.";
    DirectoryBusy "directory_busy" Buyer 503 "The directory asked us to wait; `Retry-After` says how long.";
    // A partner's page.
    PartnerUnknown "partner_unknown" Developer 400 "No `[[partners]]` entry has this id.";
    PartnerOrigin "partner_origin" Developer 403 "The page's origin isn't one of the partner's `origins`, which are compared as strings.";
    HandoffInvalid "handoff_invalid" Developer 400 "What was sealed for a partner's page isn't ours or was altered, or the challenge isn't one of RFC 7636 section 4.2.";
    HandoffExpired "handoff_expired" Buyer 400 "What was sealed for a partner's page was brought later than the 60 s that it is good for; the buyer presses again.";
    HandoffPartner "handoff_partner" Developer 403 "What was sealed is for another partner than the one whose frame asks.";
    HandoffOrigin "handoff_origin" Developer 403 "What was sealed is for a page of another origin than the one that asks.";
    HandoffVerifier "handoff_verifier" Developer 403 "The verifier isn't the one whose challenge the result was sealed for: another page asked for it.";
    HandoffUsed "handoff_used" Developer 409 "What was sealed was opened before.";
    // The browser.
    StorageBlocked "storage_blocked" Buyer 400 "The browser blocks all storage for this site, so a sign-in can't be brought back safely.";
    CryptoUnavailable "crypto_unavailable" Developer 400 "`crypto.subtle` is missing: serve the page over https (or from localhost).";
    Offline "offline" Buyer 503 "The browser can't reach the backend; it tries again when it is online.";
    Internal "internal" Operator 500 "Something that should not happen did; the cause is in the log under the request id.";
}

impl core::fmt::Display for Code {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}
