//! Each fault, as it shows on the wire.

use std::collections::HashMap;

use admit_one_sandbox::{Fault, Group, Sandbox, SandboxOptions};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::browser::{
    Answer, Browser, backend, claims_of, exchange, form, get_json, header_of, is_signed, refresh,
    sandbox, send, userinfo,
};

async fn signed_in_with(sandbox: &Sandbox, fault: Fault) -> Value {
    sandbox.set_faults([fault]);
    Browser::new(sandbox).tokens("alice").await
}

/// OpenID Connect Core 3.1.3.7, one claim at a time.
#[tokio::test]
async fn each_claim_fault_changes_its_claim_and_leaves_the_signature_right() {
    let sandbox = sandbox();
    let right = Browser::new(&sandbox).tokens("alice").await;
    let right = claims_of(&right);
    let now = sandbox.now();
    for &fault in Fault::ALL
        .iter()
        .filter(|fault| fault.group() == Group::IdToken)
    {
        let tokens = signed_in_with(&sandbox, fault).await;
        let claims = match fault {
            Fault::IdTokenMissing => {
                assert!(tokens.get("id_token").is_none());
                continue;
            }
            Fault::IdTokenMalformed => {
                assert_eq!(tokens["id_token"], "this-is.not-a-jwt");
                continue;
            }
            _ => claims_of(&tokens),
        };
        assert!(
            is_signed(&sandbox, tokens["id_token"].as_str().unwrap()).await,
            "{fault}"
        );
        let absent = |name: &str| right.get(name).is_some() && claims.get(name).is_none();
        let differs = |name: &str| claims.get(name).is_some_and(|value| *value != right[name]);
        let time = |name: &str| claims[name].as_i64().unwrap();
        assert!(
            match fault {
                Fault::InvalidIss => differs("iss"),
                Fault::MissingIss => absent("iss"),
                Fault::MissingSub => absent("sub"),
                Fault::InvalidAud => differs("aud"),
                Fault::MissingAud => absent("aud"),
                Fault::MultipleAudWithoutAzp =>
                    claims["aud"].as_array().unwrap().len() == 2 && claims.get("azp").is_none(),
                Fault::WrongAzp => claims["azp"] == "another-client",
                Fault::MissingExp => absent("exp"),
                Fault::Expired => time("exp") < now - 3000,
                Fault::MissingIat => absent("iat"),
                Fault::IatInFuture => time("iat") > now + 3000,
                Fault::IatLongAgo => time("iat") < now - 100_000,
                Fault::NotYetValid => time("nbf") > now + 3000,
                Fault::NonceInvalid => differs("nonce"),
                Fault::NonceMissing => absent("nonce"),
                Fault::AcrMissing => absent("acr"),
                Fault::AcrWrong => differs("acr"),
                Fault::AuthTimeMissing => absent("auth_time"),
                Fault::AuthTimeStale => time("auth_time") < now - 100_000,
                Fault::InvalidAtHash => differs("at_hash"),
                other => panic!("{other} has no check"),
            },
            "{fault}: {claims}"
        );
    }
}

/// OpenID Connect Core 3.1.3.7, 6 to 8, and 10.1.
#[tokio::test]
async fn each_signature_fault_spoils_header_or_signature() {
    let sandbox = sandbox();
    for &fault in Fault::ALL
        .iter()
        .filter(|fault| fault.group() == Group::Signature)
    {
        let tokens = signed_in_with(&sandbox, fault).await;
        let (header, token) = (header_of(&tokens), tokens["id_token"].as_str().unwrap());
        let alg = header["alg"].as_str().unwrap();
        assert!(
            match fault {
                Fault::KidAbsentMultipleJwks => {
                    let keys = get_json(&sandbox, "/club/jwks").await;
                    let fitting = keys["keys"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .filter(|key| key["alg"] == "RS256")
                        .count();
                    header.get("kid").is_none() && fitting > 1
                }
                Fault::UnknownKid => alg == "RS256" && !is_signed(&sandbox, token).await,
                Fault::SigNone => alg == "none" && token.ends_with('.'),
                Fault::InvalidSigRs256 => alg == "RS256" && !is_signed(&sandbox, token).await,
                Fault::InvalidSigEs256 => alg == "ES256" && !is_signed(&sandbox, token).await,
                Fault::InvalidSigHs256 | Fault::SigHs256WithPublicKey => alg == "HS256",
                Fault::SigAlgOfAnotherKey =>
                    alg == "RS256" && header["kid"].as_str().unwrap().starts_with("es256"),
                Fault::SigEmbeddedJwk => header["jwk"]["kid"] == header["kid"],
                Fault::SigningKeyRotationJustBeforeSigning => {
                    let keys = get_json(&sandbox, "/club/jwks").await;
                    is_signed(&sandbox, token).await && keys["keys"].as_array().unwrap().len() == 2
                }
                other => panic!("{other} has no check"),
            },
            "{fault}: {header}"
        );
    }
}

/// RFC 6749 4.1.2, RFC 9207 2.
#[tokio::test]
async fn each_response_fault_changes_the_redirect() {
    let sandbox = sandbox();
    for &fault in Fault::ALL
        .iter()
        .filter(|fault| fault.group() == Group::Response)
    {
        sandbox.set_faults([fault]);
        let mut browser = Browser::new(&sandbox);
        if fault == Fault::ResponseStateOfEarlierAttempt {
            browser.authorize(&[("state", "given-up")]).await;
        }
        let back = browser.sign_in("alice").await;
        let parameters = back.redirected();
        let error = parameters.get("error").map(String::as_str);
        assert!(
            match fault {
                Fault::ResponseIssWrong => parameters["iss"] != sandbox.issuer(),
                Fault::ResponseIssMissing => !parameters.contains_key("iss"),
                Fault::ResponseParameterRepeated => back.location().matches("code=").count() == 2,
                Fault::ResponseStateWrong => parameters["state"] != "the-state",
                Fault::ResponseStateMissing => !parameters.contains_key("state"),
                Fault::ResponseStateOfEarlierAttempt => parameters["state"] == "given-up",
                Fault::ResponseCodeMissing => !parameters.contains_key("code") && error.is_none(),
                Fault::ResponseAccessDenied => error == Some("access_denied"),
                Fault::ResponseLoginRequired => error == Some("login_required"),
                Fault::ResponseTemporarilyUnavailable => error == Some("temporarily_unavailable"),
                Fault::ResponseServerError => error == Some("server_error"),
                Fault::ResponseUnknownError => error == Some("com.club.error-4711"),
                other => panic!("{other} has no check"),
            },
            "{fault}: {parameters:?}"
        );
    }
}

async fn asked_for_tokens(sandbox: &Sandbox) -> Answer {
    let back = Browser::new(sandbox).sign_in("alice").await;
    exchange(sandbox, &back.redirected()["code"]).await
}

/// RFC 6749 5.
#[tokio::test]
async fn each_token_fault_changes_the_answer() {
    let sandbox = Sandbox::new(SandboxOptions {
        slow: std::time::Duration::from_millis(150),
        ..SandboxOptions::default()
    });
    for &fault in Fault::ALL
        .iter()
        .filter(|fault| fault.group() == Group::Token)
    {
        sandbox.set_faults([fault]);
        let start = std::time::Instant::now();
        let answer = asked_for_tokens(&sandbox).await;
        let (status, body) = (answer.status.as_u16(), answer.body.as_str());
        assert!(
            match fault {
                Fault::TokenErrorInvalidGrant => status == 400 && body.contains("invalid_grant"),
                Fault::TokenErrorInvalidClient => status == 401 && body.contains("invalid_client"),
                Fault::TokenErrorNotJson => status == 400 && body.contains("<h1>"),
                Fault::TokenErrorEmpty => status == 400 && body.is_empty(),
                Fault::TokenResponseNotJson => status == 200 && body.contains("<h1>"),
                Fault::TokenTypeUnknown => answer.json()["token_type"] == "mac",
                Fault::TokenAccessTokenMissing => answer.json().get("access_token").is_none(),
                Fault::TokenHttp500 => status == 500,
                Fault::TokenSlow => status == 200 && start.elapsed().as_millis() >= 150,
                Fault::TokenDropsConnection => body == "broken",
                other => panic!("{other} has no check"),
            },
            "{fault}: {answer:?}"
        );
    }
}

/// OpenID Connect Core 12.2.
#[tokio::test]
async fn each_refresh_fault_changes_the_refreshed_token_alone() {
    let sandbox = sandbox();
    for &fault in Fault::ALL
        .iter()
        .filter(|fault| fault.group() == Group::Refresh)
    {
        let first = signed_in_with(&sandbox, fault).await;
        let answer = refresh(&sandbox, &first).await;
        if fault == Fault::RefreshRefused {
            assert_eq!(answer.json()["error"], "invalid_grant");
            continue;
        }
        let (before, after) = (claims_of(&first), claims_of(&answer.json()));
        assert_eq!(
            (&before["iss"], &before["aud"]),
            (&json!(sandbox.issuer()), &json!("shop"))
        );
        let name = match fault {
            Fault::RefreshInvalidIssuer => "iss",
            Fault::RefreshInvalidSub => "sub",
            Fault::RefreshInvalidAud => "aud",
            Fault::RefreshInvalidAzp => "azp",
            Fault::RefreshAuthTimeChanged => "auth_time",
            Fault::RefreshNonceChanged => "nonce",
            other => panic!("{other} has no check"),
        };
        assert!(
            after
                .get(name)
                .is_some_and(|value| Some(value) != before.get(name)),
            "{fault}: {after}"
        );
    }
}

/// OpenID Connect Core 5.3.
#[tokio::test]
async fn each_userinfo_fault_changes_the_answer() {
    let sandbox = sandbox();
    let tokens = Browser::new(&sandbox).tokens("alice").await;
    let sub = claims_of(&tokens)["sub"].clone();
    for &fault in Fault::ALL
        .iter()
        .filter(|fault| fault.group() == Group::Userinfo)
    {
        sandbox.set_faults([fault]);
        let answer = userinfo(&sandbox, &tokens).await;
        assert!(
            match fault {
                Fault::UserinfoInvalidSub => answer.json()["sub"] != sub,
                Fault::UserinfoMissingSub => answer.json().get("sub").is_none(),
                Fault::UserinfoNotJson =>
                    answer.status == StatusCode::OK && answer.body.contains("<h1>"),
                Fault::UserinfoUnauthorized => answer.status == StatusCode::UNAUTHORIZED,
                Fault::UserinfoHttp500 => answer.status == StatusCode::INTERNAL_SERVER_ERROR,
                other => panic!("{other} has no check"),
            },
            "{fault}: {answer:?}"
        );
    }
}

async fn fetched(sandbox: &Sandbox, path: &str) -> Answer {
    let request = axum::http::Request::builder()
        .uri(path)
        .body(axum::body::Body::empty())
        .unwrap();
    send(sandbox, request).await
}

/// OpenID Connect Discovery 4.3, RFC 7517 5.
#[tokio::test]
async fn each_discovery_fault_changes_metadata_or_keys() {
    let sandbox = sandbox();
    for &fault in Fault::ALL
        .iter()
        .filter(|fault| fault.group() == Group::Discovery)
    {
        sandbox.set_faults([fault]);
        let metadata = fetched(&sandbox, "/club/.well-known/openid-configuration").await;
        let keys = fetched(&sandbox, "/club/jwks").await;
        assert!(
            match fault {
                Fault::DiscoveryIssuerMismatch => metadata.json()["issuer"] != sandbox.issuer(),
                Fault::DiscoveryNotJson =>
                    metadata.status == StatusCode::OK && metadata.body.contains("<h1>"),
                Fault::DiscoveryHttp500 => metadata.status == StatusCode::INTERNAL_SERVER_ERROR,
                Fault::JwksNotJson => keys.body.contains("<h1>"),
                Fault::JwksEmpty => keys.json() == json!({ "keys": [] }),
                other => panic!("{other} has no check"),
            },
            "{fault}"
        );
    }
}

/// OpenID Connect RP-Initiated Logout 3.
#[tokio::test]
async fn each_logout_fault_changes_the_state() {
    let sandbox = sandbox();
    for (fault, ends) in [
        (Fault::LogoutStateWrong, None),
        (Fault::LogoutStateMissing, Some("/signed-out")),
    ] {
        let mut browser = Browser::new(&sandbox);
        sandbox.set_faults([fault]);
        let tokens = browser.tokens("alice").await;
        let query = form(&[
            ("id_token_hint", tokens["id_token"].as_str().unwrap()),
            (
                "post_logout_redirect_uri",
                "http://localhost:8800/signed-out",
            ),
            ("state", "left"),
        ]);
        let back = browser.get(&format!("/club/logout?{query}")).await;
        match ends {
            Some(end) => assert!(back.location().ends_with(end)),
            None => assert_ne!(back.redirected()["state"], "left"),
        }
    }
}

/// None of these breaks a rule: everything that is checked elsewhere stays right.
#[tokio::test]
async fn each_lenient_fault_is_seen_and_the_rest_stays_right() {
    let sandbox = sandbox();
    for &fault in Fault::ALL
        .iter()
        .filter(|fault| fault.group() == Group::Lenient)
    {
        sandbox.set_faults([fault]);
        let mut browser = Browser::new(&sandbox);
        if fault == Fault::LenientResumesEarlierAttempt {
            browser
                .authorize(&[("state", "given-up"), ("nonce", "earlier")])
                .await;
        }
        let parameters: HashMap<_, _> = browser.sign_in("alice").await.redirected();
        let tokens = exchange(&sandbox, &parameters["code"]).await.json();
        let (header, claims) = (header_of(&tokens), claims_of(&tokens));
        if header.get("kid").is_some() {
            assert!(
                is_signed(&sandbox, tokens["id_token"].as_str().unwrap()).await,
                "{fault}"
            );
        }
        let metadata = get_json(&sandbox, "/club/.well-known/openid-configuration").await;
        let keys = get_json(&sandbox, "/club/jwks").await;
        let keys = keys["keys"].as_array().unwrap();
        let profile = userinfo(&sandbox, &tokens).await;
        let has_userinfo = profile.status == StatusCode::OK;
        let profile = if has_userinfo {
            profile.json()
        } else {
            Value::Null
        };
        let refreshed = refresh(&sandbox, &tokens).await.json();
        let nonce = refreshed
            .get("id_token")
            .map(|_| claims_of(&refreshed).get("nonce").cloned());
        assert!(
            match fault {
                Fault::KidAbsentSingleJwks => header.get("kid").is_none() && keys.len() == 1,
                Fault::SigningKeyRotation => keys.len() > 2,
                Fault::LenientResumesEarlierAttempt => {
                    parameters["state"] == "given-up" && claims["nonce"] == "earlier"
                }
                Fault::LenientExtraCallbackParameters => parameters.contains_key("session_state"),
                Fault::LenientExpiresInString => tokens["expires_in"] == "600",
                Fault::LenientExpiresInFloat => tokens["expires_in"].is_f64(),
                Fault::LenientExpiresInMissing => tokens.get("expires_in").is_none(),
                Fault::LenientTokenTypeLowercase => tokens["token_type"] == "bearer",
                Fault::LenientAuthTimeFloat => claims["auth_time"].is_f64(),
                Fault::LenientAudArray => claims["aud"] == json!(["shop"]),
                Fault::LenientAtHashMissing => claims.get("at_hash").is_none(),
                Fault::LenientKeysWithoutAlgUse => keys.iter().all(|key| key.get("alg").is_none()),
                Fault::LenientKeysUnknown => keys.iter().any(|key| key["kty"] == "AKP"),
                Fault::LenientRefreshWithoutRefreshToken => {
                    refreshed.get("refresh_token").is_none()
                        && refresh(&sandbox, &tokens).await.status == StatusCode::OK
                }
                Fault::LenientRefreshWithoutIdToken => refreshed.get("id_token").is_none(),
                Fault::LenientRefreshWithoutNonce => nonce == Some(None),
                Fault::LenientRefreshWithNonce => nonce == Some(Some(json!("the-nonce"))),
                Fault::LenientNoRevocationEndpoint => {
                    metadata.get("revocation_endpoint").is_none()
                        && backend(&sandbox, "revoke", &[("token", "x")]).await.status
                            == StatusCode::NOT_FOUND
                }
                Fault::LenientNoEndSessionEndpoint =>
                    metadata.get("end_session_endpoint").is_none(),
                Fault::LenientNoUserinfoEndpoint => {
                    metadata.get("userinfo_endpoint").is_none()
                        && !has_userinfo
                        && claims["email"] == "alice@example.test"
                }
                Fault::LenientAggregatedClaims =>
                    profile["_claim_sources"]["stadium"]["JWT"].is_string(),
                Fault::LenientDistributedClaims =>
                    profile["_claim_sources"]["bank"]["endpoint"].is_string(),
                other => panic!("{other} has no check"),
            },
            "{fault}"
        );
    }
}
