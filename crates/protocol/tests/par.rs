//! RFC 9126, Pushed Authorization Requests: the answer of the endpoint, and what the browser takes to the provider.
//! What is pushed is in `step_up.rs`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::{
    Code,
    par::{PushedRequestError, RequestUri},
};
use proptest::prelude::*;

/// The example of section 2.2.
const EXAMPLE: &str = r#"{
    "request_uri": "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c",
    "expires_in": 60
}"#;

fn refused(status: u16, body: &str) -> PushedRequestError {
    RequestUri::accept(status, body.as_bytes()).unwrap_err()
}

mod section_2_2 {
    use super::*;

    #[test]
    fn accepts_the_example() {
        assert!(RequestUri::accept(201, EXAMPLE.as_bytes()).is_ok());
    }

    #[test]
    fn accepts_another_success_than_201() {
        assert!(RequestUri::accept(200, EXAMPLE.as_bytes()).is_ok());
    }

    #[test]
    fn refuses_a_success_without_a_request_uri() {
        for body in [
            "",
            "[]",
            "{}",
            "<html>",
            r#"{"request_uri":""}"#,
            r#"{"request_uri":7}"#,
            r#"{"request_uri":"urn:a b"}"#,
            r#"{"request_uri":"urn:\u00e9"}"#,
        ] {
            assert_eq!(refused(201, body).code(), Code::StepUpParInvalid, "{body}");
        }
        let long = format!(r#"{{"request_uri":"urn:{}"}}"#, "x".repeat(4096));
        assert_eq!(refused(201, &long).code(), Code::StepUpParInvalid);
    }

    #[test]
    fn a_request_uri_is_not_shown() {
        let uri = RequestUri::accept(201, EXAMPLE.as_bytes()).unwrap();
        assert_eq!(format!("{uri:?}"), "RequestUri(..)");
    }
}

mod section_2_3 {
    use super::*;

    #[test]
    fn an_error_is_kept_for_the_operator() {
        let error = refused(400, r#"{"error":"invalid_request"}"#);
        assert_eq!(error.code(), Code::StepUpParRefused);
        assert!(error.to_string().contains("invalid_request"), "{error}");
        assert_eq!(
            refused(401, r#"{"error":"invalid_client"}"#).code(),
            Code::StepUpParRefused
        );
        assert_eq!(refused(405, "").code(), Code::StepUpParRefused);
        assert_eq!(refused(413, "<html>").code(), Code::StepUpParRefused);
    }

    #[test]
    fn an_error_with_200_is_an_error() {
        let both = r#"{"error":"invalid_request","request_uri":"urn:x"}"#;
        assert_eq!(refused(200, both).code(), Code::StepUpParRefused);
    }

    #[test]
    fn trouble_passes() {
        for status in [429, 500, 503] {
            assert_eq!(refused(status, EXAMPLE).code(), Code::UpstreamError);
        }
    }
}

mod section_4 {
    use super::*;

    #[test]
    fn the_browser_takes_the_client_and_the_reference_and_nothing_else() {
        let uri = RequestUri::accept(201, EXAMPLE.as_bytes()).unwrap();
        assert_eq!(
            uri.authorization_url("https://as.example.com/authorize", "s6BhdRkqt3"),
            "https://as.example.com/authorize?client_id=s6BhdRkqt3\
             &request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3A6esc_11ACC5bwc014ltc14eY22c"
        );
    }

    #[test]
    fn a_query_of_the_endpoint_is_kept() {
        let uri = RequestUri::accept(201, br#"{"request_uri":"urn:x"}"#).unwrap();
        assert_eq!(
            uri.authorization_url("https://id.example/a?t=1", "shop"),
            "https://id.example/a?t=1&client_id=shop&request_uri=urn%3Ax"
        );
    }
}

mod properties {
    use super::*;

    proptest! {
        #[test]
        fn any_answer_is_survived(status: u16, body: Vec<u8>) {
            let _ = RequestUri::accept(status, &body);
        }

        #[test]
        fn whatever_is_accepted_is_one_parameter(status in 200_u16..300, uri: String) {
            let body = serde_json::json!({ "request_uri": uri }).to_string();
            if let Ok(accepted) = RequestUri::accept(status, body.as_bytes()) {
                let url = url::Url::parse(&accepted.authorization_url("https://id.example/a", "shop")).unwrap();
                let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                prop_assert_eq!(pairs, vec![
                    ("client_id".to_owned(), "shop".to_owned()),
                    ("request_uri".to_owned(), uri),
                ]);
                prop_assert_eq!(url.fragment(), None);
            }
        }
    }
}
