//! RFC 9449, with the keys of RFC 7518 and RFC 8037.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod signing;

use admit_one_protocol::{
    Code,
    alg::Alg,
    encoding::{base64url, from_base64url},
    proof::{
        Proof, ProofError, ProofExpectations, ProofKey, ProofSignatureCheck, UnverifiedProof, ath,
    },
};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use proptest::prelude::*;
use serde_json::{Value, json};
use signing::Signer;

/// Section 4.1, figure 2 (and 4.2): a proof for the token endpoint.
const TOKEN_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUkl\
    DUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6Il\
    AtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2Vu\
    IiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

/// Section 7.1, figure 13: a proof for a resource, with `ath`.
const RESOURCE_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo\
    UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI\
    6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wc\
    m90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9\
    .2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";

const URL: &str = "https://sso.example/v1/refresh";

fn verifies(check: &ProofSignatureCheck<'_>) -> bool {
    match &check.key {
        ProofKey::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(check.signing_input, &check.signature),
        ProofKey::Ed25519(point) => {
            UnparsedPublicKey::new(&ED25519, point).verify(check.signing_input, &check.signature)
        }
    }
    .is_ok()
}

fn expected() -> ProofExpectations<'static> {
    ProofExpectations {
        method: "POST",
        url: URL,
        ath: None,
    }
}

fn accept(text: &str, expected: ProofExpectations<'_>) -> Result<Proof, ProofError> {
    let proof = UnverifiedProof::parse(text)?;
    let valid = verifies(proof.signature_check());
    proof.accept(valid, expected)
}

fn header(signer: &Signer) -> Value {
    let jwk = signer.jwk();
    let alg = if jwk.kty == "OKP" { "EdDSA" } else { "ES256" };
    json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk })
}

fn claims() -> Value {
    json!({ "jti": "7", "htm": "POST", "htu": URL, "iat": 1_562_262_616, "nonce": "n" })
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

/// Accepts a proof with this changed in its header.
fn header_with(name: &str, member: Value) -> Result<Proof, ProofError> {
    signed_with(Alg::Es256, name, member)
}

/// Accepts a proof by a key of this kind, with this changed in its header.
fn signed_with(alg: Alg, name: &str, member: Value) -> Result<Proof, ProofError> {
    let signer = Signer::new(alg);
    accept(
        &signer.token_with(&with(header(&signer), name, member), &claims()),
        expected(),
    )
}

/// Accepts a proof with this changed in its claims.
fn claims_with(name: &str, member: Value) -> Result<Proof, ProofError> {
    let signer = Signer::new(Alg::Es256);
    accept(
        &signer.token_with(&header(&signer), &with(claims(), name, member)),
        expected(),
    )
}

mod section_4_2 {
    use super::*;

    #[test]
    fn the_example_is_a_proof() {
        let expected = ProofExpectations {
            method: "POST",
            url: "https://server.example.com/token",
            ath: None,
        };
        let proof = accept(TOKEN_PROOF, expected).unwrap();
        assert_eq!(proof.jti, "-BwC3ESc6acc2lTc");
        assert_eq!(proof.nonce, None);
        // Section 6.1.
        assert_eq!(
            proof.thumbprint,
            "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
        );
    }

    #[test]
    fn ours_is_a_proof_with_its_nonce() {
        let proof = claims_with("jti", json!("8")).unwrap();
        assert_eq!(proof.jti, "8");
        assert_eq!(proof.nonce.as_deref(), Some("n"));
    }
}

mod section_7_1 {
    use super::*;

    const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

    fn resource(ath: Option<&str>) -> ProofExpectations<'_> {
        ProofExpectations {
            method: "GET",
            url: "https://resource.example.org/protectedresource",
            ath,
        }
    }

    #[test]
    fn the_example_is_a_proof_for_its_token() {
        assert_eq!(ath(TOKEN), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
        assert!(accept(RESOURCE_PROOF, resource(Some(&ath(TOKEN)))).is_ok());
    }

    #[test]
    fn it_is_none_for_another_token() {
        assert_eq!(
            accept(RESOURCE_PROOF, resource(Some(&ath("other")))),
            Err(ProofError::Ath)
        );
    }

    #[test]
    fn it_is_none_where_no_token_is() {
        assert_eq!(accept(RESOURCE_PROOF, resource(None)), Err(ProofError::Ath));
    }

    #[test]
    fn a_proof_without_ath_is_none_for_a_token() {
        let expected = ProofExpectations {
            method: "POST",
            url: "https://server.example.com/token",
            ath: Some("x"),
        };
        assert_eq!(accept(TOKEN_PROOF, expected), Err(ProofError::Ath));
    }
}

mod section_4_3 {
    use super::*;

    #[test]
    fn rule_2_rejects_what_is_not_a_jwt() {
        for text in ["", "a", "a.b", "a.b.c", "a.b.c.d", "e30.e30.AAAA"] {
            assert_eq!(
                UnverifiedProof::parse(text).unwrap_err().code(),
                Code::ProofInvalid,
                "{text}"
            );
        }
    }

    #[test]
    fn more_than_4_kib_are_refused_unread() {
        let error = claims_with("padding", json!("x".repeat(4096))).unwrap_err();
        assert_eq!(error, ProofError::Malformed("too long"));
    }

    #[test]
    fn rule_3_rejects_missing_claims() {
        for name in ["jti", "htm", "htu", "iat"] {
            let signer = Signer::new(Alg::Es256);
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(name);
            let error =
                accept(&signer.token_with(&header(&signer), &claims), expected()).unwrap_err();
            assert_eq!(error, ProofError::Malformed("the claims"), "{name}");
        }
    }

    #[test]
    fn rule_3_rejects_claims_that_are_an_array() {
        let signer = Signer::new(Alg::Es256);
        let token = signer.token_with(&header(&signer), &json!(["7", "POST", URL, 0, "n", null]));
        let error = accept(&token, expected()).unwrap_err();
        assert_eq!(error, ProofError::Malformed("the claims"));
    }

    #[test]
    fn rule_3_rejects_a_jti_that_cannot_be_remembered() {
        assert_eq!(
            claims_with("jti", json!("")),
            Err(ProofError::Malformed("`jti`"))
        );
        assert!(claims_with("jti", json!("x".repeat(128))).is_ok());
        assert_eq!(
            claims_with("jti", json!("x".repeat(129))),
            Err(ProofError::Malformed("`jti`"))
        );
    }

    #[test]
    fn rule_4_rejects_another_typ() {
        assert_eq!(header_with("typ", json!("JWT")), Err(ProofError::Typ));
        assert_eq!(header_with("typ", json!("jwt")), Err(ProofError::Typ));
    }

    #[test]
    fn rule_5_rejects_another_alg() {
        for alg in ["none", "HS256", "RS256", "ES384", "es256", "Ed25519"] {
            for key in [Alg::Es256, Alg::EdDsa] {
                assert_eq!(
                    signed_with(key, "alg", json!(alg)),
                    Err(ProofError::Alg),
                    "{alg}"
                );
            }
        }
    }

    #[test]
    fn rule_5_binds_the_alg_to_the_key() {
        for (key, alg) in [(Alg::Es256, "EdDSA"), (Alg::EdDsa, "ES256")] {
            assert_eq!(signed_with(key, "alg", json!(alg)), Err(ProofError::Alg));
        }
        let other = serde_json::to_value(Signer::new(Alg::EdDsa).jwk()).unwrap();
        assert_eq!(header_with("jwk", other), Err(ProofError::Alg));
    }

    #[test]
    fn rule_6_rejects_a_signature_by_another_key() {
        for alg in [Alg::Es256, Alg::EdDsa] {
            let other = serde_json::to_value(Signer::new(alg).jwk()).unwrap();
            assert_eq!(
                signed_with(alg, "jwk", other),
                Err(ProofError::Signature),
                "{alg}"
            );
        }
    }

    #[test]
    fn rule_6_rejects_a_signature_of_another_length() {
        let (input, signature) = TOKEN_PROOF.rsplit_once('.').unwrap();
        let short = format!("{input}.{}", &signature[..84]);
        assert_eq!(
            UnverifiedProof::parse(&short).unwrap_err(),
            ProofError::Signature
        );
    }

    #[test]
    fn rule_7_rejects_a_private_key() {
        for alg in [Alg::Es256, Alg::EdDsa] {
            let private = with(
                serde_json::to_value(Signer::new(alg).jwk()).unwrap(),
                "d",
                json!("AAAA"),
            );
            assert_eq!(
                signed_with(alg, "jwk", private),
                Err(ProofError::Jwk),
                "{alg}"
            );
        }
    }

    #[test]
    fn rule_7_rejects_a_key_of_another_kind() {
        let key = |name, member| {
            with(
                serde_json::to_value(Signer::new(Alg::Es256).jwk()).unwrap(),
                name,
                member,
            )
        };
        assert_eq!(
            header_with("jwk", key("kty", json!("RSA"))),
            Err(ProofError::Jwk)
        );
        assert_eq!(
            header_with("jwk", key("crv", json!("P-384"))),
            Err(ProofError::Jwk)
        );
        assert_eq!(
            header_with("jwk", key("x", json!("AAAA"))),
            Err(ProofError::Jwk)
        );
        assert_eq!(
            header_with("jwk", key("y", json!("A+A="))),
            Err(ProofError::Jwk)
        );
    }

    #[test]
    fn rule_8_rejects_another_method() {
        assert_eq!(claims_with("htm", json!("PUT")), Err(ProofError::Method));
        assert_eq!(claims_with("htm", json!("post")), Err(ProofError::Method));
    }

    #[test]
    fn rule_9_rejects_another_address() {
        assert_eq!(
            claims_with("htu", json!("https://sso.example/v1/grant")),
            Err(ProofError::Url)
        );
        assert_eq!(
            claims_with("htu", json!("https://evil.example/v1/refresh")),
            Err(ProofError::Url)
        );
    }

    #[test]
    fn rule_9_ignores_query_and_fragment() {
        assert!(claims_with("htu", json!(format!("{URL}?a=b#c"))).is_ok());
    }

    #[test]
    fn rule_11_leaves_freshness_to_the_nonce() {
        assert!(claims_with("iat", json!(0)).is_ok());
        assert!(claims_with("iat", json!(4_000_000_000_u64)).is_ok());
        assert!(claims_with("iat", json!(1.5)).is_ok());
    }

    #[test]
    fn unknown_claims_are_ignored() {
        assert!(claims_with("exp", json!(1)).is_ok());
    }
}

mod rfc_7515_section_4_1_11 {
    use super::*;

    #[test]
    fn extensions_that_are_not_understood_are_refused() {
        assert_eq!(
            header_with("crit", json!(["b64"])),
            Err(ProofError::Malformed("`crit` is not understood"))
        );
    }

    #[test]
    fn a_claim_that_is_there_twice_is_refused() {
        let signer = Signer::new(Alg::Es256);
        let claims = claims().to_string().replacen('{', r#"{"htm":"GET","#, 1);
        let input = format!(
            "{}.{}",
            base64url(header(&signer).to_string()),
            base64url(claims)
        );
        let token = format!("{input}.{}", base64url(signer.sign_bytes(input.as_bytes())));
        assert_eq!(
            accept(&token, expected()),
            Err(ProofError::Malformed("the claims"))
        );
    }
}

mod rfc_8037 {
    use super::*;

    /// Appendix A.1 and A.2.
    const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    /// Appendix A.3.
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

    fn signer() -> Signer {
        Signer::of_seed(&from_base64url(D).unwrap())
    }

    /// A proof by this key; Ed25519 signs the same with the same.
    pub(super) fn proof() -> String {
        signer().token_with(&header(&signer()), &claims())
    }

    #[test]
    fn the_key_of_the_appendix_signs_and_has_its_thumbprint() {
        assert_eq!(signer().jwk().x.as_deref(), Some(X));
        let proof = proof();
        let unverified = UnverifiedProof::parse(&proof).unwrap();
        let point = from_base64url(X).unwrap().try_into().unwrap();
        assert_eq!(unverified.signature_check().key, ProofKey::Ed25519(point));
        assert_eq!(accept(&proof, expected()).unwrap().thumbprint, THUMBPRINT);
    }

    #[test]
    fn another_curve_or_a_second_coordinate_is_refused() {
        let jwk = serde_json::to_value(signer().jwk()).unwrap();
        for (name, member) in [
            ("crv", json!("X25519")),
            ("crv", json!("P-256")),
            ("kty", json!("EC")),
            ("y", json!(X)),
            ("x", json!("AAAA")),
        ] {
            let key = with(jwk.clone(), name, member);
            let refused = signed_with(Alg::EdDsa, "jwk", key);
            assert_eq!(refused, Err(ProofError::Jwk), "{name}");
        }
    }

    fn key_of(point: [u8; 32]) -> Result<Proof, ProofError> {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(point) });
        signed_with(Alg::EdDsa, "jwk", jwk)
    }

    /// Points of order 1, 2, 4 and 8, y with either sign of x: for them anybody can make a signature.
    #[test]
    fn a_key_of_small_order_is_refused() {
        let of_order_8 = [
            "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o",
            "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
        ];
        let mut points: Vec<[u8; 32]> = of_order_8
            .map(|point| from_base64url(point).unwrap().try_into().unwrap())
            .to_vec();
        let (mut one, mut minus_one) = ([0; 32], [0xff; 32]);
        one[0] = 1;
        (minus_one[0], minus_one[31]) = (0xec, 0x7f);
        points.extend([[0; 32], one, minus_one]);
        for mut point in points {
            assert_eq!(key_of(point), Err(ProofError::Jwk), "{point:?}");
            point[31] |= 0x80;
            assert_eq!(key_of(point), Err(ProofError::Jwk), "{point:?}");
        }
    }

    /// RFC 8032 section 5.1.3, 1: "If the resulting value is >= p, decoding fails."
    #[test]
    fn a_key_has_one_spelling() {
        for (low, refused) in [
            (0xeb, ProofError::Signature),
            (0xed, ProofError::Jwk),
            (0xf0, ProofError::Jwk),
            (0xff, ProofError::Jwk),
        ] {
            let mut point = [0xff; 32];
            (point[0], point[31]) = (low, 0x7f);
            assert_eq!(key_of(point), Err(refused), "{low:x}");
        }
    }

    /// RFC 8032 section 5.1.7, 1: S is below the group's order L.
    #[test]
    fn a_signature_has_one_spelling() {
        let proof = proof();
        let (input, signature) = proof.rsplit_once('.').unwrap();
        let mut signature = from_base64url(signature).unwrap();
        let order = from_base64url("7dP1XBpjEljWnPei3vneFAAAAAAAAAAAAAAAAAAAABA").unwrap();
        let mut carry = 0;
        for (byte, more) in signature[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(more) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        assert_eq!(carry, 0);
        let other = format!("{input}.{}", base64url(signature));
        assert_eq!(accept(&other, expected()), Err(ProofError::Signature));
    }
}

mod properties {
    use super::*;

    proptest! {
        #[test]
        fn an_ed25519_proof_with_one_character_changed_is_none(
            position in 0..rfc_8037::proof().len(),
            character in prop::sample::select(b"ABab01-_.".to_vec()),
        ) {
            let mut bytes = rfc_8037::proof().into_bytes();
            prop_assume!(bytes[position] != character);
            bytes[position] = character;
            prop_assert!(accept(&String::from_utf8(bytes).unwrap(), expected()).is_err());
        }

        #[test]
        fn any_text_is_survived(text: String) {
            let _ = UnverifiedProof::parse(&text);
        }

        #[test]
        fn any_header_and_claims_are_survived(header: Vec<u8>, claims: Vec<u8>, signature: Vec<u8>) {
            let text = format!("{}.{}.{}", base64url(header), base64url(claims), base64url(signature));
            let _ = UnverifiedProof::parse(&text);
        }

        #[test]
        fn a_proof_with_one_character_changed_is_none(
            position in 0..TOKEN_PROOF.len(),
            character in prop::sample::select(b"ABab01-_.".to_vec()),
        ) {
            let mut bytes = TOKEN_PROOF.as_bytes().to_vec();
            prop_assume!(bytes[position] != character);
            bytes[position] = character;
            let text = String::from_utf8(bytes).unwrap();
            let expected = ProofExpectations { method: "POST", url: "https://server.example.com/token", ath: None };
            prop_assert!(accept(&text, expected).is_err());
        }
    }
}
