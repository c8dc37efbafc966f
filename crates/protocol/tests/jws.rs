//! RFC 7515, appendix A, and RFC 8037, appendix A: the examples go through our parser to somebody else's cryptography.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod signing;

use admit_one_protocol::{
    Code,
    alg::{Alg, UnknownAlg},
    id_token::UnverifiedIdToken,
    jwk::Jwk,
};
use serde_json::{Value, json};

const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn jwk(value: Value) -> Jwk {
    serde_json::from_value(value).unwrap()
}

fn code(token: &str) -> Code {
    UnverifiedIdToken::parse(token).unwrap_err().code()
}

mod appendix_a_1 {
    use super::*;

    #[test]
    fn an_hmac_is_refused_whatever_its_key() {
        let token = format!(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        assert_eq!(code(&token), Code::IdTokenAlg);
    }
}

mod appendix_a_2 {
    use super::*;

    const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5\
        jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN\
        9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVm\
        tVrBp0igcN_IoypGlUPQGe77Rw";

    fn key() -> Jwk {
        jwk(json!({
            "kty": "RSA",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR\
                  T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB\
                  dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia\
                  GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ".replace(' ', ""),
            "e": "AQAB",
        }))
    }

    #[test]
    fn the_rs256_signature_verifies() {
        let token =
            UnverifiedIdToken::parse(&format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{SIGNATURE}"))
                .unwrap();
        assert_eq!(token.alg(), Alg::Rs256);
        let check = token.check(&key(), &[Alg::Rs256]).unwrap();
        assert_eq!(
            check.signing_input(),
            format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}").as_bytes()
        );
        assert!(signing::verifies(&check));
        assert!(check.verdict(true).is_ok());
    }

    #[test]
    fn it_is_no_ps256_signature() {
        // {"alg":"PS256"}
        let token =
            UnverifiedIdToken::parse(&format!("eyJhbGciOiJQUzI1NiJ9.{PAYLOAD}.{SIGNATURE}"))
                .unwrap();
        assert!(!signing::verifies(
            &token.check(&key(), &[Alg::Ps256]).unwrap()
        ));
    }
}

mod appendix_a_3 {
    use super::*;

    const SIGNATURE: &str =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn key() -> Jwk {
        jwk(json!({
            "kty": "EC", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }))
    }

    #[test]
    fn the_es256_signature_verifies() {
        let token =
            UnverifiedIdToken::parse(&format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{SIGNATURE}"))
                .unwrap();
        let check = token.check(&key(), &[Alg::Es256]).unwrap();
        assert_eq!(check.signature().len(), 64);
        assert!(signing::verifies(&check));
    }

    #[test]
    fn a_signature_of_another_length_is_refused_unseen() {
        let token = UnverifiedIdToken::parse(&format!(
            "eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{}",
            &SIGNATURE[4..]
        ))
        .unwrap();
        assert_eq!(
            token.check(&key(), &[Alg::Es256]).unwrap_err().code(),
            Code::IdTokenSignature
        );
    }

    #[test]
    fn a_signature_that_does_not_verify_is_refused() {
        let token = UnverifiedIdToken::parse(&format!(
            "eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{}",
            "A".repeat(86)
        ))
        .unwrap();
        let check = token.check(&key(), &[Alg::Es256]).unwrap();
        let valid = signing::verifies(&check);
        assert!(!valid);
        assert_eq!(
            check.verdict(valid).unwrap_err().code(),
            Code::IdTokenSignature
        );
    }
}

mod appendix_a_5 {
    use super::*;

    #[test]
    fn an_unsecured_jws_is_refused() {
        assert_eq!(
            code(&format!("eyJhbGciOiJub25lIn0.{PAYLOAD}.")),
            Code::IdTokenAlg
        );
    }

    #[test]
    fn no_spelling_of_none_is_an_algorithm() {
        for name in [
            "none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "RS1", "rs256", "",
        ] {
            assert_eq!(name.parse::<Alg>(), Err(UnknownAlg(name.to_owned())));
        }
        for alg in Alg::ALL {
            assert_eq!(alg.as_str().parse(), Ok(alg));
            assert_eq!(serde_json::to_value(alg).unwrap(), alg.as_str());
        }
    }
}

mod rfc_8037_appendix_a_4 {
    use super::*;

    /// Its payload isn't JSON, so it stops at the claims; the signature is right.
    #[test]
    fn the_eddsa_signature_verifies() {
        let token = UnverifiedIdToken::parse(
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
             hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        )
        .unwrap();
        let key = jwk(
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
        );
        let check = token.check(&key, &[Alg::EdDsa]).unwrap();
        assert!(signing::verifies(&check));
        assert_eq!(
            check.verdict(true).unwrap_err().code(),
            Code::IdTokenMalformed
        );
    }
}

mod section_4_1_11 {
    use super::*;

    #[test]
    fn extensions_that_are_not_understood_are_refused() {
        let signer = signing::Signer::new(Alg::Es256);
        let token = |header| signer.token_with(&header, &json!({}));
        assert!(UnverifiedIdToken::parse(&token(json!({ "alg": "ES256", "b64": true }))).is_ok());
        let critical = token(json!({ "alg": "ES256", "crit": ["b64"], "b64": true }));
        assert_eq!(code(&critical), Code::IdTokenMalformed);
        assert_eq!(
            code(&token(json!({ "alg": "ES256", "crit": null }))),
            Code::IdTokenMalformed
        );
    }
}

mod section_7_1 {
    use super::*;

    #[test]
    fn what_is_not_three_parts_is_refused() {
        for token in [
            "",
            ".",
            "..",
            "a",
            "a.b",
            "a.b.c.d",
            "eyJhbGciOiJFUzI1NiJ9.e30",
            "a.b.c.d.e",
        ] {
            assert_eq!(code(token), Code::IdTokenMalformed, "{token}");
        }
    }

    #[test]
    fn padding_is_refused() {
        assert_eq!(
            code(&format!("eyJhbGciOiJFUzI1NiJ9=.{PAYLOAD}.AAAA")),
            Code::IdTokenMalformed
        );
    }

    #[test]
    fn more_than_64_kib_are_refused_unread() {
        let token = format!("eyJhbGciOiJFUzI1NiJ9.{}.AAAA", "A".repeat(64 * 1024));
        assert_eq!(code(&token), Code::IdTokenMalformed);
    }
}

mod rfc_8725_section_3_11 {
    use super::*;

    #[test]
    fn a_jwt_of_another_type_is_no_id_token() {
        let signer = signing::Signer::new(Alg::Es256);
        let token =
            |typ: &str| signer.token_with(&json!({ "alg": "ES256", "typ": typ }), &json!({}));
        for typ in ["JWT", "jwt", "application/jwt"] {
            assert!(UnverifiedIdToken::parse(&token(typ)).is_ok(), "{typ}");
        }
        for typ in ["at+jwt", "application/at+JWT", "logout+jwt", "dpop+jwt"] {
            assert_eq!(code(&token(typ)), Code::IdTokenMalformed, "{typ}");
        }
    }
}
