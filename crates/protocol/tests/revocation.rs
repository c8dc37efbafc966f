//! RFC 7009.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::{
    Code,
    revocation::{TokenTypeHint, accept, revocation_request},
    token::ClientAuth,
};
use proptest::prelude::*;

mod section_2_1 {
    use super::*;

    #[test]
    fn posts_token_and_hint_with_the_clients_authentication() {
        let auth = ClientAuth::Basic {
            client_secret: "secret".to_owned(),
        };
        let request = revocation_request(
            "https://id.example/revoke",
            "r&t",
            TokenTypeHint::RefreshToken,
            "shop",
            &auth,
        );
        assert_eq!(request.method, "POST");
        assert_eq!(request.url, "https://id.example/revoke");
        assert_eq!(request.body, "token=r%26t&token_type_hint=refresh_token");
        assert!(
            request
                .headers
                .iter()
                .any(|(name, value)| name == "authorization" && value.starts_with("Basic "))
        );
    }

    #[test]
    fn a_public_client_names_itself() {
        let request = revocation_request(
            "https://id.example/revoke",
            "t",
            TokenTypeHint::AccessToken,
            "shop",
            &ClientAuth::None,
        );
        assert_eq!(
            request.body,
            "token=t&token_type_hint=access_token&client_id=shop"
        );
    }
}

mod section_2_2 {
    use super::*;

    #[test]
    fn any_success_means_that_the_token_is_gone() {
        assert!(accept(200, b"").is_ok());
        assert!(accept(204, b"").is_ok());
        assert!(accept(200, b"<html>").is_ok());
    }

    #[test]
    fn a_refused_client_is_the_operators_concern() {
        let error = accept(401, br#"{"error":"invalid_client"}"#).unwrap_err();
        assert_eq!(error.code(), Code::ClientRefused);
    }

    #[test]
    fn another_error_is_the_providers() {
        let error = accept(400, br#"{"error":"unsupported_token_type"}"#).unwrap_err();
        assert_eq!(error.code(), Code::UpstreamError);
        assert_eq!(accept(503, b"").unwrap_err().code(), Code::UpstreamError);
        assert_eq!(
            accept(503, br#"{"error":"invalid_client"}"#)
                .unwrap_err()
                .code(),
            Code::UpstreamError
        );
        assert_eq!(
            accept(404, b"<html>").unwrap_err().code(),
            Code::UpstreamError
        );
    }

    proptest! {
        #[test]
        fn any_answer_is_survived(status: u16, body: Vec<u8>) {
            prop_assert_eq!(accept(status, &body).is_ok(), (200..300).contains(&status));
        }
    }
}
