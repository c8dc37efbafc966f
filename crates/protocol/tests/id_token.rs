//! OpenID Connect Core: the ID token, its validation, and that of a refresh.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod signing;

use std::sync::LazyLock;

use admit_one_protocol::{
    Code,
    alg::Alg,
    encoding::base64url,
    id_token::{IdToken, IdTokenClaims, IdTokenError, IdTokenExpectations, UnverifiedIdToken},
    jwk::Jwk,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use signing::{Signer, verifies};

const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://id.example/club";
const ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";

static KEY: LazyLock<Signer> = LazyLock::new(|| Signer::new(Alg::Es256));

fn expected() -> IdTokenExpectations {
    IdTokenExpectations {
        issuer: ISSUER.to_owned(),
        client_id: "shop".to_owned(),
        nonce: "n-0S6_WzA2Mj".to_owned(),
        algs: Alg::ALL.to_vec(),
        acr_values: Vec::new(),
        max_age: None,
    }
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "248289761001", "aud": "shop", "nonce": "n-0S6_WzA2Mj",
        "exp": NOW + 300, "iat": NOW - 5, "email": "jane@example.com", "email_verified": true,
    })
}

fn with(name: &str, member: Value) -> Value {
    let mut claims = claims();
    claims[name] = member;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// The whole way of a token, with a real signature.
fn accept_as(claims: &Value, expected: &IdTokenExpectations, now: u64) -> Result<IdToken, Code> {
    let token = UnverifiedIdToken::parse(&KEY.token(claims)).map_err(|error| error.code())?;
    let check = token
        .check(&KEY.jwk(), &expected.algs)
        .map_err(|error| error.code())?;
    let valid = verifies(&check);
    let signed = check.verdict(valid).map_err(|error| error.code())?;
    signed
        .verify(expected, ACCESS_TOKEN, now)
        .map_err(|error| error.code())
}

fn accept(claims: &Value) -> Result<IdToken, Code> {
    accept_as(claims, &expected(), NOW)
}

fn direct(claims: &Value) -> Result<String, Code> {
    UnverifiedIdToken::parse(&KEY.token(claims))
        .and_then(|token| token.from_token_endpoint(ISSUER, "shop", NOW))
        .map(|token| token.sub)
        .map_err(|error| error.code())
}

/// Refused by the browser and, with the same code, by the backend, which knows neither nonce nor verifies.
fn refused_by_both(claims: &Value) -> Code {
    let code = accept(claims).unwrap_err();
    assert_eq!(direct(claims), Err(code));
    code
}

mod core_2 {
    use super::*;

    #[test]
    fn a_verified_token_has_its_claims() {
        let mut claims = with("name", json!("Jane Doe"));
        claims["sid"] = json!("session");
        claims["acr"] = json!("urn:one");
        claims["auth_time"] = json!(NOW - 60);
        let token = accept(&claims).unwrap();
        assert_eq!(token.sub(), "248289761001");
        assert_eq!(token.iss(), ISSUER);
        let claims = token.into_claims();
        assert_eq!(claims.aud, ["shop"]);
        assert_eq!(claims.exp, NOW + 300);
        assert_eq!(claims.iat, NOW - 5);
        assert_eq!(claims.auth_time, Some(NOW - 60));
        assert_eq!(claims.sid.as_deref(), Some("session"));
        assert_eq!(claims.acr.as_deref(), Some("urn:one"));
        assert_eq!(claims.name.as_deref(), Some("Jane Doe"));
        assert_eq!(claims.email.as_deref(), Some("jane@example.com"));
        assert!(claims.email_verified);
    }

    #[test]
    fn rejects_a_token_without_sub() {
        assert_eq!(refused_by_both(&without("sub")), Code::IdTokenSub);
        assert_eq!(refused_by_both(&with("sub", json!(""))), Code::IdTokenSub);
    }

    #[test]
    fn rejects_a_sub_over_255_characters() {
        assert!(accept(&with("sub", json!("x".repeat(255)))).is_ok());
        assert_eq!(
            refused_by_both(&with("sub", json!("x".repeat(256)))),
            Code::IdTokenSub
        );
    }

    #[test]
    fn rejects_claims_of_the_wrong_type() {
        for (name, member) in [
            ("sub", json!(7)),
            ("iss", json!(["https://id.example/club"])),
            ("aud", json!(7)),
            ("exp", json!("soon")),
            ("iat", json!({})),
            ("nonce", json!(7)),
        ] {
            assert_eq!(
                refused_by_both(&with(name, member)),
                Code::IdTokenMalformed,
                "{name}"
            );
        }
    }

    #[test]
    fn rejects_claims_that_are_not_an_object() {
        for payload in ["[]", "null", "7", "\"x\"", "{", ""] {
            let input = format!("{}.{}", base64url(r#"{"alg":"ES256"}"#), base64url(payload));
            let token = format!("{input}.{}", base64url(KEY.sign_bytes(input.as_bytes())));
            let token = UnverifiedIdToken::parse(&token).unwrap();
            let error = token
                .check(&KEY.jwk(), &Alg::ALL)
                .unwrap()
                .verdict(true)
                .unwrap_err();
            assert_eq!(error.code(), Code::IdTokenMalformed, "{payload}");
        }
    }

    /// RFC 7519, section 4: claim names are unique; a second one might be read by somebody else.
    #[test]
    fn rejects_a_claim_that_is_there_twice() {
        for name in ["sub", "exp", "aud", "email"] {
            let member = claims()[name].to_string();
            let payload = claims()
                .to_string()
                .replacen('{', &format!("{{\"{name}\":{member},"), 1);
            let input = format!("{}.{}", base64url(r#"{"alg":"ES256"}"#), base64url(payload));
            let token = format!("{input}.{}", base64url(KEY.sign_bytes(input.as_bytes())));
            let token = UnverifiedIdToken::parse(&token).unwrap();
            let error = token.from_token_endpoint(ISSUER, "shop", NOW).unwrap_err();
            assert_eq!(error.code(), Code::IdTokenMalformed, "{name}");
        }
    }

    #[test]
    fn odd_claims_that_prove_nothing_are_ignored() {
        let mut claims = with("name", json!(7));
        claims["email"] = json!(null);
        claims["email_verified"] = json!("true");
        claims["sid"] = json!(["x"]);
        claims["amr"] = json!({ "x": [1, 2, { "y": null }] });
        let token = accept(&claims).unwrap();
        assert_eq!(token.claims().name, None);
        assert_eq!(token.claims().sid, None);
        assert!(token.claims().email_verified);
    }

    #[test]
    fn an_error_never_quotes_the_token() {
        let token = KEY.token(&with("sub", json!({ "SECRET": 1 })));
        let error = UnverifiedIdToken::parse(&token)
            .unwrap()
            .from_token_endpoint(ISSUER, "shop", NOW)
            .unwrap_err();
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error}");
    }

    #[test]
    fn claims_are_kept_as_json() {
        let claims = accept(&claims()).unwrap().into_claims();
        let json = serde_json::to_string(&claims).unwrap();
        assert_eq!(
            serde_json::from_str::<IdTokenClaims>(&json).unwrap(),
            claims
        );
    }

    #[test]
    fn debug_keeps_the_secrets() {
        let token = UnverifiedIdToken::parse(&KEY.token(&claims())).unwrap();
        let check = token.check(&KEY.jwk(), &Alg::ALL).unwrap();
        let shown = format!(
            "{token:?} {check:?} {:?} {:?}",
            expected(),
            check.clone().verdict(true).unwrap()
        );
        assert!(
            !shown.contains("n-0S6_WzA2Mj") && !shown.contains("248289761001"),
            "{shown}"
        );
    }
}

mod core_3_1_3_7_rule_2_iss {
    use super::*;

    #[test]
    fn rejects_the_issuer_of_another_server() {
        assert_eq!(
            refused_by_both(&with("iss", json!("https://evil.example"))),
            Code::IdTokenIss
        );
    }

    #[test]
    fn compares_issuers_as_strings() {
        assert_eq!(
            refused_by_both(&with("iss", json!("https://id.example/club/"))),
            Code::IdTokenIss
        );
        assert_eq!(
            refused_by_both(&with("iss", json!("https://ID.example/club"))),
            Code::IdTokenIss
        );
    }

    #[test]
    fn rejects_a_missing_issuer() {
        assert_eq!(refused_by_both(&without("iss")), Code::IdTokenIss);
        assert_eq!(refused_by_both(&with("iss", json!(null))), Code::IdTokenIss);
    }
}

mod core_3_1_3_7_rule_3_aud {
    use super::*;

    #[test]
    fn rejects_the_audience_of_another_client() {
        assert_eq!(
            refused_by_both(&with("aud", json!("other"))),
            Code::IdTokenAud
        );
        assert_eq!(
            refused_by_both(&with("aud", json!(["other"]))),
            Code::IdTokenAud
        );
        assert_eq!(
            refused_by_both(&with("aud", json!("shop "))),
            Code::IdTokenAud
        );
    }

    #[test]
    fn rejects_a_missing_audience() {
        assert_eq!(refused_by_both(&without("aud")), Code::IdTokenAud);
        assert_eq!(refused_by_both(&with("aud", json!([]))), Code::IdTokenAud);
        assert_eq!(refused_by_both(&with("aud", json!(null))), Code::IdTokenAud);
    }

    #[test]
    fn accepts_an_array_of_one() {
        assert!(accept(&with("aud", json!(["shop"]))).is_ok());
        assert!(direct(&with("aud", json!(["shop", "shop"]))).is_ok());
    }

    #[test]
    fn rejects_audiences_that_we_do_not_trust() {
        let mut claims = with("aud", json!(["shop", "other"]));
        claims["azp"] = json!("shop");
        assert_eq!(refused_by_both(&claims), Code::IdTokenAud);
    }
}

mod core_3_1_3_7_rules_4_and_5_azp {
    use super::*;

    #[test]
    fn rejects_several_audiences_without_azp() {
        assert_eq!(
            refused_by_both(&with("aud", json!(["shop", "other"]))),
            Code::IdTokenAzp
        );
    }

    #[test]
    fn rejects_another_authorized_party() {
        assert_eq!(
            refused_by_both(&with("azp", json!("other"))),
            Code::IdTokenAzp
        );
    }

    #[test]
    fn accepts_us() {
        assert_eq!(
            accept(&with("azp", json!("shop")))
                .unwrap()
                .claims()
                .azp
                .as_deref(),
            Some("shop")
        );
    }
}

mod core_3_1_3_7_rule_6_signature {
    use super::*;

    #[test]
    fn accepts_each_algorithm() {
        for alg in Alg::ALL {
            let signer = Signer::new(alg);
            let token = UnverifiedIdToken::parse(&signer.token(&claims())).unwrap();
            let check = token.check(&signer.jwk(), &[alg]).unwrap();
            let valid = verifies(&check);
            assert!(valid, "{alg}");
            assert!(
                check
                    .verdict(valid)
                    .unwrap()
                    .verify(&expected(), ACCESS_TOKEN, NOW)
                    .is_ok(),
                "{alg}"
            );
        }
    }

    #[test]
    fn rejects_the_signature_of_another_key() {
        let token = UnverifiedIdToken::parse(&Signer::new(Alg::Es256).token(&claims())).unwrap();
        let check = token.check(&KEY.jwk(), &Alg::ALL).unwrap();
        let valid = verifies(&check);
        assert_eq!(check.verdict(valid).unwrap_err(), IdTokenError::Signature);
    }

    #[test]
    fn rejects_claims_that_were_changed() {
        let token = KEY.token(&claims());
        let mut parts: Vec<&str> = token.split('.').collect();
        let other = base64url(with("sub", json!("somebody else")).to_string());
        parts[1] = &other;
        let token = UnverifiedIdToken::parse(&parts.join(".")).unwrap();
        let check = token.check(&KEY.jwk(), &Alg::ALL).unwrap();
        let valid = verifies(&check);
        assert_eq!(
            check.verdict(valid).unwrap_err().code(),
            Code::IdTokenSignature
        );
    }
}

mod core_3_1_3_7_rules_7_and_8_alg {
    use super::*;

    fn check(token: &str, jwk: &Jwk, allowed: &[Alg]) -> Result<(), Code> {
        let token = UnverifiedIdToken::parse(token).map_err(|error| error.code())?;
        token
            .check(jwk, allowed)
            .map(drop)
            .map_err(|error| error.code())
    }

    #[test]
    fn rejects_an_algorithm_that_was_not_registered() {
        let token = KEY.token(&claims());
        assert_eq!(check(&token, &KEY.jwk(), &[Alg::Es256]), Ok(()));
        assert_eq!(
            check(&token, &KEY.jwk(), &[Alg::Rs256, Alg::EdDsa]),
            Err(Code::IdTokenAlg)
        );
        assert_eq!(check(&token, &KEY.jwk(), &[]), Err(Code::IdTokenAlg));
    }

    #[test]
    fn rejects_none_and_an_hmac_with_the_public_key() {
        for alg in ["none", "None", "HS256", "HS384", "HS512"] {
            let token = KEY.token_with(&json!({ "alg": alg }), &claims());
            assert_eq!(
                check(&token, &KEY.jwk(), &Alg::ALL),
                Err(Code::IdTokenAlg),
                "{alg}"
            );
        }
    }

    #[test]
    fn rejects_an_algorithm_that_does_not_fit_the_key() {
        for alg in ["RS256", "PS256", "ES384", "EdDSA"] {
            let token = KEY.token_with(&json!({ "alg": alg }), &claims());
            assert_eq!(
                check(&token, &KEY.jwk(), &Alg::ALL),
                Err(Code::IdTokenAlg),
                "{alg}"
            );
        }
    }

    #[test]
    fn rejects_a_key_that_is_for_another_algorithm_or_use() {
        let token = KEY.token(&claims());
        let key = |change: fn(&mut Jwk)| {
            let mut key = KEY.jwk();
            change(&mut key);
            key
        };
        let for_another_alg = key(|key| key.alg = Some("ES384".to_owned()));
        assert_eq!(
            check(&token, &for_another_alg, &Alg::ALL),
            Err(Code::IdTokenAlg)
        );
        let for_encryption = key(|key| key.key_use = Some("enc".to_owned()));
        assert_eq!(
            check(&token, &for_encryption, &Alg::ALL),
            Err(Code::IdTokenAlg)
        );
    }

    #[test]
    fn rejects_the_key_of_another_kid() {
        let token = KEY.token_with(&json!({ "alg": "ES256", "kid": "a" }), &claims());
        assert_eq!(UnverifiedIdToken::parse(&token).unwrap().kid(), Some("a"));
        let named = |kid: &str| Jwk {
            kid: Some(kid.to_owned()),
            ..KEY.jwk()
        };
        assert_eq!(check(&token, &named("a"), &Alg::ALL), Ok(()));
        assert_eq!(
            check(&token, &named("b"), &Alg::ALL),
            Err(Code::IdTokenKeyUnknown)
        );
    }

    #[test]
    fn a_token_without_kid_may_be_tried_with_any_key() {
        let token = KEY.token(&claims());
        assert_eq!(UnverifiedIdToken::parse(&token).unwrap().kid(), None);
        let named = Jwk {
            kid: Some("a".to_owned()),
            ..KEY.jwk()
        };
        assert_eq!(check(&token, &named, &Alg::ALL), Ok(()));
    }

    #[test]
    fn the_key_for_web_crypto_is_bare() {
        let key = Jwk {
            key_use: Some("sig".to_owned()),
            alg: Some("ES256".to_owned()),
            ..KEY.jwk()
        };
        let token = UnverifiedIdToken::parse(&KEY.token(&claims())).unwrap();
        assert_eq!(token.check(&key, &Alg::ALL).unwrap().jwk(), &KEY.jwk());
    }
}

mod core_3_1_3_7_rule_9_exp {
    use super::*;

    #[test]
    fn rejects_an_expired_token() {
        let claims = with("exp", json!(NOW - 121));
        assert_eq!(refused_by_both(&claims), Code::IdTokenExpired);
    }

    #[test]
    fn clocks_may_be_two_minutes_apart() {
        assert!(accept(&with("exp", json!(NOW - 120))).is_ok());
    }

    #[test]
    fn rejects_a_token_without_exp() {
        assert_eq!(refused_by_both(&without("exp")), Code::IdTokenMalformed);
    }

    #[test]
    fn accepts_a_float() {
        assert!(accept(&with("exp", json!(NOW as f64 + 300.5))).is_ok());
    }

    #[test]
    fn rejects_times_that_no_clock_shows() {
        for time in [
            json!(-1),
            json!(i64::MIN),
            json!(i64::MAX),
            json!(253_402_300_800_u64),
            json!(1e300),
            json!(-8e12),
            // RFC 7519 section 2: a number.
            json!(null),
            json!("1800000000"),
            json!([1]),
        ] {
            for name in ["exp", "iat", "nbf"] {
                assert_eq!(
                    refused_by_both(&with(name, time.clone())),
                    Code::IdTokenMalformed,
                    "{name} {time}"
                );
            }
        }
    }

    #[test]
    fn survives_a_clock_that_is_no_clock() {
        assert_eq!(
            accept_as(&claims(), &expected(), u64::MAX),
            Err(Code::IdTokenExpired)
        );
        assert_eq!(accept_as(&claims(), &expected(), 0), Err(Code::IdTokenIat));
    }
}

mod core_3_1_3_7_rule_10_iat {
    use super::*;

    #[test]
    fn rejects_a_token_without_iat() {
        assert_eq!(refused_by_both(&without("iat")), Code::IdTokenIat);
    }

    #[test]
    fn rejects_a_token_from_the_future() {
        assert!(accept(&with("iat", json!(NOW + 120))).is_ok());
        assert_eq!(
            refused_by_both(&with("iat", json!(NOW + 121))),
            Code::IdTokenIat
        );
    }

    #[test]
    fn rejects_a_token_made_over_ten_minutes_ago() {
        assert!(accept(&with("iat", json!(NOW - 600))).is_ok());
        assert_eq!(
            accept(&with("iat", json!(NOW - 601))),
            Err(Code::IdTokenIat)
        );
    }

    #[test]
    fn shows_iat_of_a_signed_token_to_the_clock() {
        let token = UnverifiedIdToken::parse(&KEY.token(&claims())).unwrap();
        assert_eq!(
            token
                .check(&KEY.jwk(), &Alg::ALL)
                .unwrap()
                .verdict(true)
                .unwrap()
                .iat(),
            Some(NOW - 5)
        );
    }
}

mod rfc_7519_section_4_1_5_nbf {
    use super::*;

    #[test]
    fn rejects_a_token_that_is_not_valid_yet() {
        assert!(accept(&with("nbf", json!(NOW + 120))).is_ok());
        assert_eq!(
            refused_by_both(&with("nbf", json!(NOW + 121))),
            Code::IdTokenNbf
        );
    }
}

mod core_3_1_3_7_rule_11_nonce {
    use super::*;

    #[test]
    fn rejects_another_nonce() {
        assert_eq!(
            accept(&with("nonce", json!("other"))),
            Err(Code::IdTokenNonce)
        );
        assert_eq!(
            accept(&with("nonce", json!("n-0S6_WzA2M"))),
            Err(Code::IdTokenNonce)
        );
    }

    #[test]
    fn rejects_a_missing_nonce() {
        assert_eq!(accept(&without("nonce")), Err(Code::IdTokenNonce));
    }
}

mod core_3_1_3_7_rule_12_acr {
    use super::*;

    fn asking() -> IdTokenExpectations {
        IdTokenExpectations {
            acr_values: vec!["urn:two".to_owned(), "urn:one".to_owned()],
            ..expected()
        }
    }

    #[test]
    fn accepts_any_that_was_asked_for() {
        assert!(accept_as(&with("acr", json!("urn:one")), &asking(), NOW).is_ok());
        assert!(accept_as(&with("acr", json!("urn:two")), &asking(), NOW).is_ok());
    }

    #[test]
    fn rejects_one_that_was_not_asked_for() {
        assert_eq!(
            accept_as(&with("acr", json!("0")), &asking(), NOW),
            Err(Code::IdTokenAcr)
        );
    }

    #[test]
    fn rejects_a_missing_one() {
        assert_eq!(accept_as(&claims(), &asking(), NOW), Err(Code::IdTokenAcr));
    }

    #[test]
    fn does_not_mind_where_none_was_asked_for() {
        assert!(accept(&with("acr", json!("0"))).is_ok());
    }
}

mod core_3_1_3_7_rule_13_auth_time {
    use super::*;

    fn asking() -> IdTokenExpectations {
        IdTokenExpectations {
            max_age: Some(300),
            ..expected()
        }
    }

    #[test]
    fn accepts_a_recent_one() {
        assert!(accept_as(&with("auth_time", json!(NOW - 10)), &asking(), NOW).is_ok());
        assert!(accept_as(&with("auth_time", json!(NOW - 420)), &asking(), NOW).is_ok());
    }

    #[test]
    fn rejects_one_older_than_max_age() {
        assert_eq!(
            accept_as(&with("auth_time", json!(NOW - 421)), &asking(), NOW),
            Err(Code::IdTokenAuthTime)
        );
    }

    #[test]
    fn rejects_one_in_the_future() {
        assert_eq!(
            accept_as(&with("auth_time", json!(NOW + 121)), &asking(), NOW),
            Err(Code::IdTokenAuthTime)
        );
    }

    #[test]
    fn rejects_a_missing_one() {
        assert_eq!(
            accept_as(&claims(), &asking(), NOW),
            Err(Code::IdTokenAuthTime)
        );
        assert_eq!(
            accept_as(&with("auth_time", json!("long ago")), &asking(), NOW),
            Err(Code::IdTokenAuthTime)
        );
    }

    #[test]
    fn accepts_a_float() {
        let token = accept_as(&with("auth_time", json!(NOW as f64 - 9.5)), &asking(), NOW).unwrap();
        assert_eq!(token.claims().auth_time, Some(NOW - 10));
    }

    #[test]
    fn does_not_mind_where_max_age_was_not_asked_for() {
        assert!(accept(&with("auth_time", json!(7))).is_ok());
    }

    #[test]
    fn survives_any_max_age() {
        let expected = IdTokenExpectations {
            max_age: Some(u64::MAX),
            ..expected()
        };
        assert!(accept_as(&with("auth_time", json!(0)), &expected, NOW).is_ok());
    }
}

mod core_3_1_3_8_at_hash {
    use super::*;

    #[test]
    fn accepts_the_hash_of_the_access_token() {
        // The value of the example in appendix A.3; ES256 hashes with SHA-256 as RS256 does.
        assert!(accept(&with("at_hash", json!("77QmUPtjPfzWtF2AnpK9RQ"))).is_ok());
    }

    #[test]
    fn rejects_the_hash_of_another_access_token() {
        let other = base64url(Alg::Es256.half_hash("other"));
        assert_eq!(
            accept(&with("at_hash", json!(other))),
            Err(Code::IdTokenAtHash)
        );
    }

    #[test]
    fn rejects_what_is_no_hash() {
        for at_hash in ["", "77Qm", "77QmUPtjPfzWtF2AnpK9RQ==", "not base64"] {
            assert_eq!(
                accept(&with("at_hash", json!(at_hash))),
                Err(Code::IdTokenAtHash),
                "{at_hash}"
            );
        }
    }

    #[test]
    fn does_without() {
        assert!(accept(&claims()).is_ok());
    }

    #[test]
    fn hashes_as_the_algorithm_does() {
        for (alg, length) in [
            (Alg::Rs256, 16),
            (Alg::Ps256, 16),
            (Alg::Es256, 16),
            (Alg::Es384, 24),
            (Alg::EdDsa, 32),
        ] {
            assert_eq!(alg.half_hash(ACCESS_TOKEN).len(), length, "{alg}");
        }
    }
}

mod core_12_2_refresh {
    use super::*;

    fn original() -> Value {
        let mut claims = with("auth_time", json!(NOW - 60));
        claims["azp"] = json!("shop");
        claims["sid"] = json!("session");
        claims["given_name"] = json!("Jane");
        claims
    }

    fn refresh_after(original: &Value, refreshed: &Value) -> Result<IdToken, Code> {
        let previous = accept(original).unwrap().into_claims();
        let token = UnverifiedIdToken::parse(&KEY.token(refreshed)).unwrap();
        let check = token.check(&KEY.jwk(), &Alg::ALL).unwrap();
        let valid = verifies(&check);
        let signed = check.verdict(valid).map_err(|error| error.code())?;
        signed
            .verify_refreshed(&previous, ACCESS_TOKEN, NOW + 3600)
            .map_err(|error| error.code())
    }

    fn refreshed() -> Value {
        let mut claims = original();
        claims["iat"] = json!(NOW + 3600);
        claims["exp"] = json!(NOW + 3900);
        claims
    }

    fn refresh_with(name: &str, member: Value) -> Result<IdToken, Code> {
        let mut claims = refreshed();
        claims[name] = member;
        refresh_after(&original(), &claims)
    }

    fn refresh_without(names: &[&str]) -> Result<IdToken, Code> {
        let mut claims = refreshed();
        for name in names {
            claims.as_object_mut().unwrap().remove(*name);
        }
        refresh_after(&original(), &claims)
    }

    #[test]
    fn accepts_the_same_person_again() {
        let token = refresh_after(&original(), &refreshed()).unwrap();
        assert_eq!(token.sub(), "248289761001");
        assert_eq!(token.claims().exp, NOW + 3900);
    }

    #[test]
    fn rejects_another_issuer() {
        assert_eq!(
            refresh_with("iss", json!("https://evil.example")),
            Err(Code::RefreshIss)
        );
        assert_eq!(refresh_without(&["iss"]), Err(Code::RefreshIss));
    }

    #[test]
    fn rejects_another_sub() {
        assert_eq!(
            refresh_with("sub", json!("somebody else")),
            Err(Code::RefreshSub)
        );
        assert_eq!(refresh_without(&["sub"]), Err(Code::RefreshSub));
    }

    #[test]
    fn rejects_another_audience() {
        assert_eq!(refresh_with("aud", json!("other")), Err(Code::RefreshAud));
        assert_eq!(
            refresh_with("aud", json!(["shop", "other"])),
            Err(Code::RefreshAud)
        );
        assert_eq!(refresh_without(&["aud"]), Err(Code::RefreshAud));
    }

    #[test]
    fn the_same_audience_may_be_spelled_as_an_array() {
        assert!(refresh_with("aud", json!(["shop"])).is_ok());
    }

    #[test]
    fn rejects_another_authorized_party() {
        assert_eq!(refresh_with("azp", json!("other")), Err(Code::RefreshAzp));
        assert_eq!(refresh_without(&["azp"]), Err(Code::RefreshAzp));
    }

    #[test]
    fn rejects_an_authorized_party_where_there_was_none() {
        assert_eq!(
            refresh_after(&without("azp"), &refreshed()),
            Err(Code::RefreshAzp)
        );
    }

    #[test]
    fn rejects_another_auth_time() {
        assert_eq!(
            refresh_with("auth_time", json!(NOW + 3600)),
            Err(Code::RefreshAuthTime)
        );
    }

    #[test]
    fn auth_time_may_be_left_out_or_a_float() {
        assert_eq!(
            refresh_without(&["auth_time"]).unwrap().claims().auth_time,
            Some(NOW - 60)
        );
        assert!(refresh_with("auth_time", json!((NOW - 60) as f64 + 0.25)).is_ok());
    }

    #[test]
    fn rejects_another_nonce() {
        assert_eq!(
            refresh_with("nonce", json!("other")),
            Err(Code::IdTokenNonce)
        );
    }

    #[test]
    fn the_nonce_may_be_left_out_and_is_still_known_the_next_time() {
        let token = refresh_without(&["nonce"]).unwrap();
        assert_eq!(token.claims().nonce.as_deref(), Some("n-0S6_WzA2Mj"));
    }

    #[test]
    fn rejects_an_expired_token() {
        assert_eq!(
            refresh_with("exp", json!(NOW + 3600 - 121)),
            Err(Code::IdTokenExpired)
        );
    }

    #[test]
    fn rejects_an_older_token_and_one_from_the_future() {
        assert_eq!(
            refresh_with("iat", json!(NOW - 5 - 121)),
            Err(Code::IdTokenIat)
        );
        assert_eq!(
            refresh_with("iat", json!(NOW + 3600 + 121)),
            Err(Code::IdTokenIat)
        );
        assert_eq!(refresh_without(&["iat"]), Err(Code::IdTokenIat));
    }

    #[test]
    fn rejects_the_hash_of_another_access_token() {
        assert_eq!(
            refresh_with("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
            Err(Code::IdTokenAtHash)
        );
    }

    #[test]
    fn what_is_left_out_is_as_it_was() {
        let claims = refresh_without(&["email", "email_verified", "given_name", "sid"])
            .unwrap()
            .into_claims();
        assert_eq!(claims.email.as_deref(), Some("jane@example.com"));
        assert!(claims.email_verified);
        assert_eq!(claims.given_name.as_deref(), Some("Jane"));
        assert_eq!(claims.sid.as_deref(), Some("session"));
    }

    #[test]
    fn a_new_email_is_verified_only_if_the_new_token_says_so() {
        let mut claims = refreshed();
        claims["email"] = json!("new@example.com");
        claims.as_object_mut().unwrap().remove("email_verified");
        assert!(
            !refresh_after(&original(), &claims)
                .unwrap()
                .claims()
                .email_verified
        );
    }
}

mod token_endpoint {
    use super::*;

    /// Rule 6: TLS stands in for the signature there, and the browser verifies it anyway.
    #[test]
    fn the_backend_learns_who_it_is() {
        let mut claims = with("sid", json!("session"));
        claims["nonce"] = json!("another's business");
        let token = UnverifiedIdToken::parse(&KEY.token(&claims)).unwrap();
        let direct = token.from_token_endpoint(ISSUER, "shop", NOW).unwrap();
        assert_eq!(direct.iss, ISSUER);
        assert_eq!(direct.sub, "248289761001");
        assert_eq!(direct.sid.as_deref(), Some("session"));
        assert_eq!(direct.exp, NOW + 300);
    }

    /// Rules 12 and 13: whoever sits in front of the browser can't leave them out.
    #[test]
    fn the_backend_checks_how_the_person_authenticated() {
        let direct = |claims: &Value| {
            let token = UnverifiedIdToken::parse(&KEY.token(claims)).unwrap();
            token.from_token_endpoint(ISSUER, "shop", NOW).unwrap()
        };
        let strong = ["strong".to_owned()];
        let check = |claims: &Value| {
            let checked = direct(claims).check_authentication(&strong, Some(300), NOW);
            checked.map_err(|error| error.code())
        };
        let mut claims = with("acr", json!("strong"));
        claims["auth_time"] = json!(NOW - 60);
        assert_eq!(check(&claims), Ok(()));
        claims["auth_time"] = json!(NOW - 600);
        assert_eq!(check(&claims), Err(Code::IdTokenAuthTime));
        claims["acr"] = json!("weak");
        assert_eq!(check(&claims), Err(Code::IdTokenAcr));
        let plain = direct(&without("acr"));
        assert!(plain.check_authentication(&[], None, NOW).is_ok());
    }
}

/// The example responses of OpenID Connect Core, appendix A, with the key of A.7.
mod core_appendix_a {
    use super::*;

    const NOW: u64 = 1_311_280_970;

    const A_2: &str = "eyJraWQiOiIxZTlnZGs3IiwiYWxnIjoiUlMyNTYifQ.ewogImlzcyI6ICJodHRwOi8vc2VydmVyLmV4YW1wbGUuY29tIiwKICJ\
        zdWIiOiAiMjQ4Mjg5NzYxMDAxIiwKICJhdWQiOiAiczZCaGRSa3F0MyIsCiAibm9uY2UiOiAibi0wUzZfV3pBMk1qIiwKICJleHAiOiAxMzExMjg\
        xOTcwLAogImlhdCI6IDEzMTEyODA5NzAsCiAibmFtZSI6ICJKYW5lIERvZSIsCiAiZ2l2ZW5fbmFtZSI6ICJKYW5lIiwKICJmYW1pbHlfbmFtZSI\
        6ICJEb2UiLAogImdlbmRlciI6ICJmZW1hbGUiLAogImJpcnRoZGF0ZSI6ICIwMDAwLTEwLTMxIiwKICJlbWFpbCI6ICJqYW5lZG9lQGV4YW1wbGU\
        uY29tIiwKICJwaWN0dXJlIjogImh0dHA6Ly9leGFtcGxlLmNvbS9qYW5lZG9lL21lLmpwZyIKfQ.rHQjEmBqn9Jre0OLykYNnspA10Qql2rvx4Fs\
        D00jwlB0Sym4NzpgvPKsDjn_wMkHxcp6CilPcoKrWHcipR2iAjzLvDNAReF97zoJqq880ZD1bwY82JDauCXELVR9O6_B0w3K-E7yM2macAAgNCUw\
        tik6SjoSUZRcf-O5lygIyLENx882p6MtmwaL1hd6qn5RZOQ0TLrOYu0532g9Exxcm-ChymrB4xLykpDj3lUivJt63eEGGN6DH5K6o33TcxkIjNrC\
        D4XB1CKKumZvCedgHHF3IAK4dVEDSUoGlH9z4pP_eWYNXvqQOjGs-rDaQzUHl6cQQWNiDpWOl_lxXjQEvQ";

    const A_3: &str = "eyJraWQiOiIxZTlnZGs3IiwiYWxnIjoiUlMyNTYifQ.ewogImlzcyI6ICJodHRwOi8vc2VydmVyLmV4YW1wbGUuY29tIiwKICJ\
        zdWIiOiAiMjQ4Mjg5NzYxMDAxIiwKICJhdWQiOiAiczZCaGRSa3F0MyIsCiAibm9uY2UiOiAibi0wUzZfV3pBMk1qIiwKICJleHAiOiAxMzExMjg\
        xOTcwLAogImlhdCI6IDEzMTEyODA5NzAsCiAiYXRfaGFzaCI6ICI3N1FtVVB0alBmeld0RjJBbnBLOVJRIgp9.F9gRev0Dt2tKcrBkHy72cmRqnL\
        dzw9FLCCSebV7mWs7o_sv2O5s6zMky2kmhHTVx9HmdvNnx9GaZ8XMYRFeYk8L5NZ7aYlA5W56nsG1iWOou_-gji0ibWIuuf4Owaho3YSoi7EvsTu\
        LFz6tq-dLyz0dKABMDsiCmJ5wqkPUDTE3QTXjzbUmOzUDli-gCh5QPuZAq0cNW3pf_2n4zpvTYtbmj12cVcxGIMZby7TMWESRjQ9_o3jvhVNcCGc\
        E0KAQXejhA1ocJhNEvQNqMFGlBb6_0RxxKjDZ-Oa329eGDidOvvp0h5hoES4a8IuGKS7NOcpp-aFwp0qVMDLI-Xnm-Pg";

    fn key() -> Jwk {
        serde_json::from_value(json!({
            "kty": "RSA", "kid": "1e9gdk7", "e": "AQAB",
            "n": "w7Zdfmece8iaB0kiTY8pCtiBtzbptJmP28nSWwtdjRu0f2GFpajvWE4VhfJAjEsOcwYzay7XGN0b-X84BfC8hmCTOj2b2eHT7NsZ\
                  egFPKRUQzJ9wW8ipn_aDJWMGDuB1XyqT1E7DYqjUCEOD1b4FLpy_xPn6oV_TYOfQ9fZdbE5HGxJUzekuGcOKqOQ8M7wfYHhHHLxG\
                  pQVgL0apWuP2gDDOdTtpuld4D2LK1MZK99s9gaSjRHE8JDb1Z4IGhEcEyzkxswVdPndUWzfvWBBWXWxtSUvQGBRkuy1BHOa4sP6F\
                  KjWEeeF7gm7UMs2Nm2QUgNZw6xvEDGaLk4KASdIxRQ".replace(' ', ""),
        }))
        .unwrap()
    }

    fn verify(token: &str, access_token: &str) -> Result<IdToken, IdTokenError> {
        let expected = IdTokenExpectations {
            issuer: "http://server.example.com".to_owned(),
            client_id: "s6BhdRkqt3".to_owned(),
            algs: vec![Alg::Rs256],
            ..expected()
        };
        let token = UnverifiedIdToken::parse(token)?;
        let check = token.check(&key(), &expected.algs)?;
        let valid = verifies(&check);
        check.verdict(valid)?.verify(&expected, access_token, NOW)
    }

    #[test]
    fn a_2_is_verified() {
        let token = verify(A_2, "").unwrap();
        assert_eq!(token.sub(), "248289761001");
        assert_eq!(token.claims().name.as_deref(), Some("Jane Doe"));
    }

    #[test]
    fn a_3_is_verified_with_its_access_token() {
        assert!(verify(A_3, ACCESS_TOKEN).is_ok());
        assert_eq!(
            Alg::Rs256.half_hash(ACCESS_TOKEN),
            Alg::Es256.half_hash(ACCESS_TOKEN)
        );
    }

    #[test]
    fn a_3_is_not_verified_with_another_access_token() {
        assert_eq!(verify(A_3, "other").unwrap_err(), IdTokenError::AtHash);
    }
}

mod properties {
    use super::*;

    fn member() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            (NOW - 1000..NOW + 1000).prop_map(Value::from),
            prop::sample::select(vec![
                json!("shop"),
                json!(["shop"]),
                json!(["shop", "x"]),
                json!(ISSUER),
                json!({})
            ]),
        ]
    }

    fn name() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "iss",
            "sub",
            "aud",
            "azp",
            "exp",
            "iat",
            "nbf",
            "nonce",
            "acr",
            "auth_time",
            "at_hash",
            "email",
            "sid",
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn any_text_is_survived(text: String) {
            let _ = UnverifiedIdToken::parse(&text);
        }

        #[test]
        fn any_header_and_claims_are_survived(header: Vec<u8>, claims: Vec<u8>, now: u64) {
            for header in [base64url(header), base64url(r#"{"alg":"RS256"}"#)] {
                let text = format!("{header}.{}.AAAA", base64url(&claims));
                if let Ok(token) = UnverifiedIdToken::parse(&text) {
                    let _ = token.from_token_endpoint(ISSUER, "shop", now);
                }
            }
        }

        #[test]
        fn whatever_is_verified_is_for_us_from_our_issuer_and_of_now(
            changes in prop::collection::hash_map(name(), member(), 1..4),
            now in NOW - 1000..NOW + 1000,
        ) {
            let mut claims = claims();
            for (name, member) in changes {
                claims[name] = member;
            }
            if let Ok(token) = accept_as(&claims, &expected(), now) {
                prop_assert_eq!(token.iss(), ISSUER);
                prop_assert!(!token.sub().is_empty());
                prop_assert_eq!(&token.claims().aud, &["shop"]);
                prop_assert!(token.claims().exp + 120 >= now);
                prop_assert!(token.claims().iat <= now + 120 && token.claims().iat + 600 >= now);
                prop_assert_eq!(claims["nonce"].as_str(), Some("n-0S6_WzA2Mj"));
            }
        }
    }
}
