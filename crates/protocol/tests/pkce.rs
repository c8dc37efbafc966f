//! RFC 7636.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::pkce::CodeVerifier;

/// Appendix B: the octets of its step 1.
const ENTROPY: [u8; 32] = [
    116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77,
    105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
];

mod appendix_b {
    use super::*;

    #[test]
    fn entropy_becomes_the_verifier() {
        assert_eq!(
            CodeVerifier::new(ENTROPY).as_str(),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
    }

    #[test]
    fn the_verifier_becomes_the_challenge() {
        assert_eq!(
            CodeVerifier::new(ENTROPY).challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}

mod section_4_1 {
    use super::*;

    fn read(text: &str) -> Result<CodeVerifier, serde_json::Error> {
        serde_json::from_value(text.into())
    }

    #[test]
    fn a_verifier_survives_the_redirect() {
        let verifier = CodeVerifier::new(ENTROPY);
        let json = serde_json::to_string(&verifier).unwrap();
        assert_eq!(
            serde_json::from_str::<CodeVerifier>(&json).unwrap(),
            verifier
        );
    }

    #[test]
    fn refuses_42_and_129_characters() {
        assert!(read(&"a".repeat(42)).is_err());
        assert!(read(&"a".repeat(43)).is_ok());
        assert!(read(&"a".repeat(128)).is_ok());
        assert!(read(&"a".repeat(129)).is_err());
    }

    #[test]
    fn refuses_what_is_not_unreserved() {
        assert!(read(&"-._~".repeat(11)).is_ok());
        assert!(read(&"a+b/".repeat(11)).is_err());
    }

    #[test]
    fn debug_keeps_the_secret() {
        let verifier = CodeVerifier::new(ENTROPY);
        assert!(!format!("{verifier:?}").contains(verifier.as_str()));
    }
}
