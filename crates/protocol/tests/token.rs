//! The token endpoint: RFC 6749, OpenID Connect Core.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::{
    Code,
    http::HttpRequest,
    token::{ClientAuth, Grant, TokenError, TokenRequest, TokenResponse},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const ENDPOINT: &str = "https://id.example/token";

fn code_request() -> TokenRequest {
    TokenRequest::AuthorizationCode {
        code: "SplxlOBeZQQYbYS6WxSbIA".to_owned(),
        code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
        redirect_uri: "https://sso.example/callback/club".to_owned(),
    }
}

fn form(request: &HttpRequest) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body.as_bytes())
        .into_owned()
        .collect()
}

fn field(request: &HttpRequest, name: &str) -> Option<String> {
    form(request)
        .into_iter()
        .find(|(own, _)| own == name)
        .map(|(_, value)| value)
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request
        .headers
        .iter()
        .find(|(own, _)| own == name)
        .map(|(_, value)| value.as_str())
}

fn tokens() -> Value {
    json!({ "access_token": "a", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r", "id_token": "i" })
}

fn with(name: &str, member: Value) -> Value {
    let mut tokens = tokens();
    tokens[name] = member;
    tokens
}

fn without(name: &str) -> Value {
    let mut tokens = tokens();
    tokens.as_object_mut().unwrap().remove(name);
    tokens
}

fn accept(body: &Value, grant: Grant) -> Result<TokenResponse, TokenError> {
    TokenResponse::accept(
        200,
        Some("application/json"),
        body.to_string().as_bytes(),
        grant,
    )
}

fn refused(status: u16, body: &str, grant: Grant) -> Code {
    TokenResponse::accept(status, None, body.as_bytes(), grant)
        .unwrap_err()
        .code()
}

mod rfc_6749_section_4_1_3 {
    use super::*;

    #[test]
    fn sends_code_verifier_and_redirect_uri_as_a_form() {
        let request = code_request().to_http(ENDPOINT, "shop", &ClientAuth::None);
        assert_eq!(request.method, "POST");
        assert_eq!(request.url, ENDPOINT);
        assert_eq!(
            header(&request, "content-type"),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(header(&request, "accept"), Some("application/json"));
        assert_eq!(
            field(&request, "grant_type").as_deref(),
            Some("authorization_code")
        );
        assert_eq!(
            field(&request, "code").as_deref(),
            Some("SplxlOBeZQQYbYS6WxSbIA")
        );
        assert_eq!(
            field(&request, "redirect_uri").as_deref(),
            Some("https://sso.example/callback/club")
        );
        assert_eq!(
            field(&request, "code_verifier").as_deref(),
            Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        );
    }
}

mod rfc_6749_section_6 {
    use super::*;

    #[test]
    fn sends_the_refresh_token() {
        let request = TokenRequest::RefreshToken {
            refresh_token: "tGzv3J&kF".to_owned(),
        };
        assert_eq!(request.grant(), Grant::Refresh);
        let request = request.to_http(ENDPOINT, "shop", &ClientAuth::None);
        assert_eq!(
            field(&request, "grant_type").as_deref(),
            Some("refresh_token")
        );
        assert_eq!(
            field(&request, "refresh_token").as_deref(),
            Some("tGzv3J&kF")
        );
    }

    #[test]
    fn the_answer_may_have_no_new_refresh_token_and_no_id_token() {
        let tokens = accept(
            &json!({ "access_token": "a", "token_type": "bearer" }),
            Grant::Refresh,
        )
        .unwrap();
        assert_eq!(tokens.refresh_token, None);
        assert_eq!(tokens.id_token, None);
        assert_eq!(tokens.expires_in, None);
    }
}

mod rfc_6749_section_2_3 {
    use super::*;

    /// The example of section 2.3.1.
    #[test]
    fn basic_is_as_in_the_example() {
        let auth = ClientAuth::Basic {
            client_secret: "7Fjfp0ZBr1KtDRbnfVdmIw".to_owned(),
        };
        let request = code_request().to_http(ENDPOINT, "s6BhdRkqt3", &auth);
        assert_eq!(
            header(&request, "authorization"),
            Some("Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3")
        );
        assert_eq!(field(&request, "client_id"), None);
        assert_eq!(field(&request, "client_secret"), None);
    }

    #[test]
    fn basic_encodes_id_and_secret_first() {
        let auth = ClientAuth::Basic {
            client_secret: "p@ss:w%rd é".to_owned(),
        };
        let request = code_request().to_http(ENDPOINT, "a:b", &auth);
        // base64("a%3Ab:p%40ss%3Aw%25rd+%C3%A9")
        assert_eq!(
            header(&request, "authorization"),
            Some("Basic YSUzQWI6cCU0MHNzJTNBdyUyNXJkKyVDMyVBOQ==")
        );
    }

    #[test]
    fn post_carries_the_secret_in_the_form() {
        let auth = ClientAuth::Post {
            client_secret: "p&ss".to_owned(),
        };
        let request = code_request().to_http(ENDPOINT, "shop", &auth);
        assert_eq!(field(&request, "client_id").as_deref(), Some("shop"));
        assert_eq!(field(&request, "client_secret").as_deref(), Some("p&ss"));
        assert_eq!(header(&request, "authorization"), None);
    }

    #[test]
    fn none_names_the_client_alone() {
        let request = code_request().to_http(ENDPOINT, "shop", &ClientAuth::None);
        assert_eq!(field(&request, "client_id").as_deref(), Some("shop"));
        assert_eq!(header(&request, "authorization"), None);
        assert_eq!(form(&request).len(), 5);
    }

    /// RFC 7523, section 2.2.
    #[test]
    fn private_key_jwt_carries_the_assertion() {
        let auth = ClientAuth::PrivateKeyJwt {
            assertion: "a.b.c".to_owned(),
        };
        let request = code_request().to_http(ENDPOINT, "shop", &auth);
        assert_eq!(
            field(&request, "client_assertion").as_deref(),
            Some("a.b.c")
        );
        assert_eq!(
            field(&request, "client_assertion_type").as_deref(),
            Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        );
        assert_eq!(header(&request, "authorization"), None);
    }

    #[test]
    fn debug_keeps_the_secrets() {
        let auth = ClientAuth::Post {
            client_secret: "SECRET".to_owned(),
        };
        let request = code_request().to_http(ENDPOINT, "shop", &auth);
        let shown = format!("{auth:?} {request:?} {:?}", code_request());
        assert!(!shown.contains("SECRET") && !shown.contains("Splxl") && !shown.contains("dBjft"));
    }
}

mod rfc_6749_section_5_1 {
    use super::*;

    #[test]
    fn accepts_a_whole_answer() {
        let tokens = accept(&with("scope", json!("openid")), Grant::Code).unwrap();
        assert_eq!(tokens.access_token, "a");
        assert_eq!(tokens.expires_in, Some(3600));
        assert_eq!(tokens.refresh_token.as_deref(), Some("r"));
        assert_eq!(tokens.id_token.as_deref(), Some("i"));
        assert_eq!(tokens.scope.as_deref(), Some("openid"));
    }

    #[test]
    fn expires_in_may_be_a_number_a_float_or_a_string() {
        for (value, seconds) in [
            (json!(3599), Some(3599)),
            (json!(3599.9), Some(3599)),
            (json!("3599"), Some(3599)),
            (json!("3599.5"), Some(3599)),
            (json!(-1), None),
            (json!("soon"), None),
            (json!(null), None),
            (json!({}), None),
            (json!(1e300), None),
            // Added to the time, it must not overflow.
            (json!(u64::MAX), None),
            (json!(u64::MAX.to_string()), None),
        ] {
            assert_eq!(
                accept(&with("expires_in", value.clone()), Grant::Code)
                    .unwrap()
                    .expires_in,
                seconds,
                "{value}"
            );
        }
    }

    #[test]
    fn a_null_or_empty_token_counts_as_absent() {
        let mut tokens = with("refresh_token", json!(null));
        tokens["scope"] = json!("");
        let tokens = accept(&tokens, Grant::Code).unwrap();
        assert_eq!(tokens.refresh_token, None);
        assert_eq!(tokens.scope, None);
    }

    #[test]
    fn the_content_type_is_not_what_decides() {
        let body = tokens().to_string();
        assert!(
            TokenResponse::accept(200, Some("text/html"), body.as_bytes(), Grant::Code).is_ok()
        );
        assert!(TokenResponse::accept(200, None, body.as_bytes(), Grant::Code).is_ok());
    }

    #[test]
    fn rejects_an_answer_without_access_token() {
        assert_eq!(
            accept(&without("access_token"), Grant::Code)
                .unwrap_err()
                .code(),
            Code::TokenResponseInvalid
        );
        assert_eq!(
            accept(&with("access_token", json!("")), Grant::Code)
                .unwrap_err()
                .code(),
            Code::TokenResponseInvalid
        );
        assert_eq!(
            accept(&with("access_token", json!(7)), Grant::Code)
                .unwrap_err()
                .code(),
            Code::TokenResponseInvalid
        );
    }

    #[test]
    fn rejects_what_is_not_json() {
        for body in [
            "",
            "<html>",
            "access_token=a&token_type=bearer",
            "[]",
            "[\"a\",\"bearer\",1,\"r\",\"i\"]",
            "null",
            "\"token\"",
        ] {
            assert_eq!(
                refused(200, body, Grant::Code),
                Code::TokenResponseInvalid,
                "{body}"
            );
        }
    }

    #[test]
    fn rejects_a_redirect() {
        assert_eq!(refused(302, "", Grant::Code), Code::TokenResponseInvalid);
        assert_eq!(
            refused(302, &tokens().to_string(), Grant::Code),
            Code::TokenResponseInvalid
        );
    }

    #[test]
    fn an_error_never_shows_a_token() {
        for body in [
            "access_token=SECRET",
            "\"SECRET\"",
            "{\"access_token\":\"SECRET\",\"id_token\":{}}",
        ] {
            let error = TokenResponse::accept(200, None, body.as_bytes(), Grant::Code).unwrap_err();
            assert!(!format!("{error:?} {error}").contains("SECRET"), "{error}");
        }
        let tokens = accept(&with("access_token", json!("SECRET")), Grant::Code).unwrap();
        assert!(!format!("{tokens:?}").contains("SECRET"));
    }

    #[test]
    fn an_error_shows_how_a_page_begins() {
        let error =
            TokenResponse::accept(200, Some("text/html"), b"<html>\nMaintenance", Grant::Code)
                .unwrap_err();
        assert!(error.to_string().contains("<html> Maintenance"), "{error}");
    }
}

mod rfc_6749_section_7_1 {
    use super::*;

    #[test]
    fn bearer_may_be_spelled_anyhow() {
        for token_type in ["Bearer", "bearer", "BEARER"] {
            assert!(accept(&with("token_type", json!(token_type)), Grant::Code).is_ok());
        }
    }

    #[test]
    fn rejects_another_type() {
        for token_type in [json!("mac"), json!("DPoP"), json!(null), json!("")] {
            let error = accept(&with("token_type", token_type), Grant::Code).unwrap_err();
            assert_eq!(error.code(), Code::TokenTypeUnknown);
        }
        assert_eq!(
            accept(&without("token_type"), Grant::Code)
                .unwrap_err()
                .code(),
            Code::TokenTypeUnknown
        );
    }
}

mod rfc_6749_section_5_2 {
    use super::*;

    #[test]
    fn invalid_grant_is_the_buyers_to_act_on() {
        let body = r#"{"error":"invalid_grant"}"#;
        assert_eq!(refused(400, body, Grant::Code), Code::ExchangeRefused);
        assert_eq!(refused(400, body, Grant::Refresh), Code::RefreshRefused);
        assert_eq!(refused(401, body, Grant::Refresh), Code::RefreshRefused);
    }

    #[test]
    fn a_refused_client_is_the_operators() {
        for error in [
            "invalid_client",
            "unauthorized_client",
            "invalid_request",
            "unsupported_grant_type",
            "invalid_scope",
        ] {
            let body = format!(r#"{{"error":"{error}"}}"#);
            assert_eq!(
                refused(400, &body, Grant::Code),
                Code::ClientRefused,
                "{error}"
            );
            assert_eq!(
                refused(401, &body, Grant::Refresh),
                Code::ClientRefused,
                "{error}"
            );
        }
    }

    #[test]
    fn trouble_is_the_providers() {
        assert_eq!(
            refused(400, r#"{"error":"temporarily_unavailable"}"#, Grant::Code),
            Code::UpstreamError
        );
        assert_eq!(refused(500, "", Grant::Code), Code::UpstreamError);
        assert_eq!(refused(503, "<html>", Grant::Refresh), Code::UpstreamError);
        assert_eq!(refused(429, "", Grant::Refresh), Code::UpstreamError);
    }

    #[test]
    fn an_error_that_is_not_json_or_empty_is_no_token_response() {
        assert_eq!(refused(400, "", Grant::Code), Code::TokenResponseInvalid);
        assert_eq!(
            refused(400, "Bad Request", Grant::Refresh),
            Code::TokenResponseInvalid
        );
        assert_eq!(refused(400, "{}", Grant::Code), Code::TokenResponseInvalid);
        assert_eq!(
            refused(404, "<html>", Grant::Code),
            Code::TokenResponseInvalid
        );
        assert_eq!(
            refused(400, r#"{"error":"something_new"}"#, Grant::Code),
            Code::TokenResponseInvalid
        );
        assert_eq!(
            refused(400, r#"{"error":{"code":7}}"#, Grant::Code),
            Code::TokenResponseInvalid
        );
    }

    #[test]
    fn a_401_without_an_error_object_is_a_refused_client() {
        assert_eq!(refused(401, "", Grant::Code), Code::ClientRefused);
        assert_eq!(refused(401, "<html>", Grant::Refresh), Code::ClientRefused);
        assert_eq!(refused(401, "{}", Grant::Refresh), Code::ClientRefused);
    }

    #[test]
    fn an_error_is_one_even_with_status_200() {
        assert_eq!(
            refused(200, r#"{"error":"invalid_grant"}"#, Grant::Code),
            Code::ExchangeRefused
        );
    }

    #[test]
    fn tokens_in_an_error_are_not_accepted() {
        assert_eq!(
            refused(400, &tokens().to_string(), Grant::Code),
            Code::TokenResponseInvalid
        );
    }

    #[test]
    fn keeps_the_description_for_the_log() {
        let body = r#"{"error":"invalid_grant","error_description":"code\nexpired"}"#;
        let error = TokenResponse::accept(400, None, body.as_bytes(), Grant::Code).unwrap_err();
        let TokenError::Refused { description, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(description.as_deref(), Some("code expired"));
    }
}

mod oidc_core_3_1_3_3 {
    use super::*;

    #[test]
    fn a_code_brings_an_id_token() {
        assert_eq!(
            accept(&without("id_token"), Grant::Code)
                .unwrap_err()
                .code(),
            Code::IdTokenMissing
        );
        assert_eq!(
            accept(&with("id_token", json!("")), Grant::Code)
                .unwrap_err()
                .code(),
            Code::IdTokenMissing
        );
        assert_eq!(
            accept(&with("id_token", json!(null)), Grant::Code)
                .unwrap_err()
                .code(),
            Code::IdTokenMissing
        );
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
            prop::sample::select(vec!["bearer", "invalid_grant", "", "3600"]).prop_map(Value::from),
        ]
    }

    fn name() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "access_token",
            "token_type",
            "expires_in",
            "refresh_token",
            "id_token",
            "scope",
            "error",
            "error_description",
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn any_bytes_are_survived(status: u16, content_type: Option<String>, body: Vec<u8>) {
            for grant in [Grant::Code, Grant::Refresh] {
                if let Err(error) = TokenResponse::accept(status, content_type.as_deref(), &body, grant) {
                    let _ = (error.code(), error.to_string());
                }
            }
        }

        #[test]
        fn what_is_accepted_is_a_bearer_token_in_a_success_without_error(
            status in prop::sample::select(vec![200_u16, 201, 302, 400, 401, 500]),
            members in prop::collection::hash_map(name(), member(), 0..8),
        ) {
            let body = json!(members);
            for grant in [Grant::Code, Grant::Refresh] {
                if let Ok(tokens) = TokenResponse::accept(status, None, body.to_string().as_bytes(), grant) {
                    prop_assert!((200..300).contains(&status));
                    prop_assert!(!tokens.access_token.is_empty());
                    prop_assert!(body["token_type"].as_str().unwrap().eq_ignore_ascii_case("bearer"));
                    prop_assert!(body["error"].as_str().is_none());
                    prop_assert!(grant == Grant::Refresh || tokens.id_token.is_some());
                }
            }
        }
    }
}
