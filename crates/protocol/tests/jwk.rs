//! RFC 7517, RFC 7638 and RFC 8037.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    alg::Alg,
    encoding::{base64url, from_base64url},
    jwk::{Jwk, JwkSet},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi\
    FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgd\
    AZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEg\
    U8awapJzKnqDKgw";

/// The key of RFC 7638, section 3.1.
fn rsa() -> Value {
    json!({ "kty": "RSA", "n": N, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" })
}

/// The public key of RFC 7515, appendix A.3.1.
fn ec() -> Value {
    json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

/// The public key of RFC 8037, appendix A.2.
fn okp() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

fn jwk(value: Value) -> Jwk {
    serde_json::from_value(value).unwrap()
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

fn set(keys: impl IntoIterator<Item = Value>) -> JwkSet {
    let keys: Vec<Value> = keys.into_iter().collect();
    JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

mod rfc_7638_section_3 {
    use super::*;

    #[test]
    fn the_example_key_has_the_example_thumbprint() {
        assert_eq!(
            jwk(rsa()).thumbprint(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn optional_members_do_not_count() {
        let plain = json!({ "kty": "RSA", "n": N, "e": "AQAB" });
        assert_eq!(jwk(plain).thumbprint(), jwk(rsa()).thumbprint());
    }

    #[test]
    fn the_key_of_rfc_9449_has_the_thumbprint_of_its_section_6_1() {
        let key = json!({
            "kty": "EC", "crv": "P-256",
            "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        });
        assert_eq!(
            jwk(key).thumbprint(),
            "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
        );
    }

    #[test]
    fn the_key_of_rfc_8037_appendix_a_3_has_its_thumbprint() {
        assert_eq!(
            jwk(okp()).thumbprint(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }
}

mod rfc_7517_section_4 {
    use super::*;

    #[test]
    fn unknown_members_are_ignored() {
        let key = jwk(with(rsa(), "x5c", json!(["MIIC"])));
        assert!(key.fits(Alg::Rs256, Some("2011-04-29")));
    }

    #[test]
    fn private_members_are_dropped() {
        let key = jwk(with(
            ec(),
            "d",
            json!("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"),
        ));
        assert!(!serde_json::to_string(&key).unwrap().contains("jpsQ"));
    }

    #[test]
    fn a_key_without_alg_and_use_fits_each_algorithm_of_its_type() {
        let key = jwk(json!({ "kty": "RSA", "n": N, "e": "AQAB" }));
        assert!(key.fits(Alg::Rs256, None));
        assert!(key.fits(Alg::Ps256, None));
    }

    #[test]
    fn a_key_fits_no_algorithm_of_another_type() {
        assert!(!jwk(ec()).fits(Alg::Rs256, None));
        assert!(!jwk(okp()).fits(Alg::Es256, None));
        assert!(!jwk(json!({ "kty": "RSA", "n": N, "e": "AQAB" })).fits(Alg::EdDsa, None));
    }

    #[test]
    fn the_type_decides_and_not_the_members() {
        assert!(!jwk(with(rsa(), "kty", json!("EC"))).fits(Alg::Rs256, None));
        assert!(!jwk(with(ec(), "kty", json!("OKP"))).fits(Alg::Es256, None));
    }

    #[test]
    fn a_key_fits_no_algorithm_of_another_curve() {
        assert!(jwk(ec()).fits(Alg::Es256, None));
        assert!(!jwk(ec()).fits(Alg::Es384, None));
        assert!(!jwk(with(ec(), "crv", json!("P-384"))).fits(Alg::Es256, None));
    }

    #[test]
    fn a_key_for_another_alg_does_not_fit() {
        assert!(!jwk(rsa()).fits(Alg::Ps256, None));
    }

    #[test]
    fn a_key_for_encryption_does_not_fit() {
        assert!(jwk(with(ec(), "use", json!("sig"))).fits(Alg::Es256, None));
        assert!(!jwk(with(ec(), "use", json!("enc"))).fits(Alg::Es256, None));
    }

    #[test]
    fn a_key_that_may_not_verify_does_not_fit() {
        assert!(jwk(with(ec(), "key_ops", json!(["verify"]))).fits(Alg::Es256, None));
        assert!(!jwk(with(ec(), "key_ops", json!(["encrypt"]))).fits(Alg::Es256, None));
    }

    #[test]
    fn a_key_with_another_kid_does_not_fit() {
        assert!(jwk(rsa()).fits(Alg::Rs256, Some("2011-04-29")));
        assert!(!jwk(rsa()).fits(Alg::Rs256, Some("2012")));
    }

    #[test]
    fn a_key_without_kid_fits_any() {
        assert!(jwk(ec()).fits(Alg::Es256, Some("anything")));
    }

    #[test]
    fn a_coordinate_of_another_length_does_not_fit() {
        assert!(!jwk(with(ec(), "x", json!("AAAA"))).fits(Alg::Es256, None));
        assert!(!jwk(with(ec(), "y", Value::Null)).fits(Alg::Es256, None));
    }

    /// RFC 7518, sections 3.3 and 3.5.
    #[test]
    fn an_rsa_key_under_2048_bits_does_not_fit() {
        let short = json!({ "kty": "RSA", "n": &N[..168], "e": "AQAB" });
        assert!(!jwk(short).fits(Alg::Rs256, None));
        // Nor does one that zeros make long.
        let long = format!("{}{}", "A".repeat(176), &N[..168]);
        assert!(!jwk(json!({ "kty": "RSA", "n": long, "e": "AQAB" })).fits(Alg::Rs256, None));
        let one_bit_less = format!("a{}", &N[1..]);
        assert!(!jwk(with(rsa(), "n", json!(one_bit_less))).fits(Alg::Rs256, None));
        let zero_before = base64url([&[0][..], &from_base64url(N).unwrap()].concat());
        assert!(jwk(with(rsa(), "n", json!(zero_before))).fits(Alg::Rs256, None));
        let endless = base64url([255; 2049]);
        assert!(!jwk(with(rsa(), "n", json!(endless))).fits(Alg::Rs256, None));
    }

    /// With these every signature is its own message.
    #[test]
    fn an_rsa_exponent_of_one_does_not_fit() {
        for e in ["", "AA", "AQ", "AAAB"] {
            assert!(
                !jwk(with(rsa(), "e", json!(e))).fits(Alg::Rs256, None),
                "{e}"
            );
        }
        assert!(jwk(with(rsa(), "e", json!("Aw"))).fits(Alg::Rs256, None));
    }

    #[test]
    fn the_bare_key_has_nothing_that_web_crypto_compares() {
        let all = with(
            with(with(ec(), "use", json!("sig")), "alg", json!("ES256")),
            "key_ops",
            json!(["verify"]),
        );
        assert_eq!(serde_json::to_value(jwk(all).bare()).unwrap(), ec());
    }
}

mod rfc_7517_section_5 {
    use super::*;

    #[test]
    fn keys_that_are_not_understood_are_skipped() {
        let odd = [
            json!({ "kty": "oct", "k": "AAAA" }),
            json!({ "kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA" }),
            json!({ "kty": "RSA", "n": 5 }),
            json!({ "kid": "no type" }),
            json!("not an object"),
            json!(null),
        ];
        let keys = set(odd.into_iter().chain([ec()]));
        assert_eq!(keys.keys(), [Arc::new(jwk(ec()))]);
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for body in ["", "[]", "{}", "{\"keys\":{}}", "<html>", "null"] {
            let error = JwkSet::parse(body.as_bytes()).unwrap_err();
            assert_eq!(error.code(), Code::JwksInvalid, "{body}");
        }
    }

    #[test]
    fn the_key_that_the_token_names_is_the_only_candidate() {
        let keys = set([with(ec(), "kid", json!("a")), with(ec(), "kid", json!("b"))]);
        let candidates = keys.candidates(Alg::Es256, Some("b"));
        assert_eq!(candidates.len(), 1);
        assert_eq!(candidates[0].kid.as_deref(), Some("b"));
    }

    #[test]
    fn the_named_key_comes_before_one_without_name() {
        let keys = set([ec(), with(ec(), "kid", json!("b"))]);
        let candidates = keys.candidates(Alg::Es256, Some("b"));
        assert_eq!(candidates[0].kid.as_deref(), Some("b"));
        assert_eq!(candidates.len(), 2);
    }

    #[test]
    fn an_unknown_kid_has_no_candidate() {
        assert!(
            set([with(ec(), "kid", json!("a"))])
                .candidates(Alg::Es256, Some("c"))
                .is_empty()
        );
    }

    #[test]
    fn a_token_without_kid_gets_each_key_that_fits() {
        let keys = set([
            with(ec(), "kid", json!("a")),
            rsa(),
            with(ec(), "kid", json!("b")),
            okp(),
        ]);
        assert_eq!(keys.candidates(Alg::Es256, None).len(), 2);
    }

    #[test]
    fn at_most_eight_keys_are_tried() {
        let keys = set((0..20).map(|i| with(ec(), "kid", json!(i.to_string()))));
        assert_eq!(keys.candidates(Alg::Es256, None).len(), 8);
    }
}

mod properties {
    use super::*;

    fn member() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<u64>().prop_map(Value::from),
            "[A-Za-z0-9_=+-]{0,50}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            prop::sample::select(vec![
                "RSA", "EC", "OKP", "oct", "P-256", "P-384", "Ed25519", "sig", "enc", "AQAB", N
            ])
            .prop_map(Value::from),
        ]
    }

    fn name() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "kty", "kid", "alg", "use", "key_ops", "n", "e", "crv", "x", "y",
        ])
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(body: Vec<u8>) {
            let _ = JwkSet::parse(&body);
        }

        #[test]
        fn whatever_the_keys_a_candidate_is_for_the_algorithm(
            keys in prop::collection::vec(prop::collection::hash_map(name(), member(), 0..10), 0..12),
            kid: Option<String>,
        ) {
            let set = JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
            for alg in Alg::ALL {
                let candidates = set.candidates(alg, kid.as_deref());
                prop_assert!(candidates.len() <= 8);
                for key in candidates {
                    prop_assert_eq!(key.kty.as_str(), alg.kty());
                    prop_assert_eq!(key.crv.as_deref().filter(|_| alg.crv().is_some()), alg.crv());
                    prop_assert_eq!(key.thumbprint().len(), 43);
                }
            }
        }
    }
}
