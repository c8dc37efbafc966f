//! OpenID Connect Discovery 1.0.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::{
    Code,
    discovery::{ProviderMetadata, is_trustworthy, well_known},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const ISSUER: &str = "https://id.example/club";

fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://id.example/club/authorize",
        "token_endpoint": "https://id.example/club/token",
        "jwks_uri": "https://id.example/club/jwks",
    })
}

fn parse(metadata: &Value) -> Result<ProviderMetadata, Code> {
    ProviderMetadata::parse(metadata.to_string().as_bytes(), ISSUER).map_err(|error| error.code())
}

fn with(name: &str, member: Value) -> Value {
    let mut metadata = metadata();
    metadata[name] = member;
    metadata
}

mod rfc_9126_section_5 {
    use super::*;

    #[test]
    fn the_endpoint_for_pushed_requests_is_read_and_may_be_missing() {
        let url = "https://id.example/club/par";
        let announced = parse(&with("pushed_authorization_request_endpoint", json!(url)));
        let announced = announced.unwrap().pushed_authorization_request_endpoint;
        assert_eq!(announced.as_deref(), Some(url));
        let missing = parse(&metadata()).unwrap();
        assert_eq!(missing.pushed_authorization_request_endpoint, None);
    }

    #[test]
    fn it_is_https_as_every_endpoint() {
        let insecure = with(
            "pushed_authorization_request_endpoint",
            json!("http://id.example/par"),
        );
        assert_eq!(parse(&insecure), Err(Code::DiscoveryInvalid));
    }
}

mod section_4_1 {
    use super::*;

    #[test]
    fn the_path_of_the_issuer_is_kept() {
        assert_eq!(
            well_known("https://id.example/club"),
            "https://id.example/club/.well-known/openid-configuration"
        );
    }

    #[test]
    fn one_last_slash_is_dropped() {
        assert_eq!(
            well_known("https://id.example/"),
            "https://id.example/.well-known/openid-configuration"
        );
        assert_eq!(
            well_known("https://id.example"),
            "https://id.example/.well-known/openid-configuration"
        );
    }
}

mod section_4_3 {
    use super::*;

    #[test]
    fn accepts_the_issuer_that_was_asked() {
        assert_eq!(parse(&metadata()).unwrap().issuer, ISSUER);
    }

    #[test]
    fn rejects_another_issuer() {
        let other = with("issuer", json!("https://evil.example"));
        assert_eq!(parse(&other), Err(Code::DiscoveryIssuerMismatch));
    }

    #[test]
    fn rejects_an_issuer_that_differs_by_a_slash_or_a_letters_case() {
        assert_eq!(
            parse(&with("issuer", json!("https://id.example/club/"))),
            Err(Code::DiscoveryIssuerMismatch)
        );
        assert_eq!(
            parse(&with("issuer", json!("https://ID.example/club"))),
            Err(Code::DiscoveryIssuerMismatch)
        );
    }
}

mod section_3 {
    use super::*;

    #[test]
    fn rejects_what_is_not_json() {
        for body in ["", "<html>", "[]", "null", "{}"] {
            let error = ProviderMetadata::parse(body.as_bytes(), ISSUER).unwrap_err();
            assert_eq!(error.code(), Code::DiscoveryInvalid, "{body}");
        }
    }

    #[test]
    fn rejects_a_missing_required_member() {
        for name in [
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
        ] {
            let mut metadata = metadata();
            metadata.as_object_mut().unwrap().remove(name);
            assert_eq!(parse(&metadata), Err(Code::DiscoveryInvalid), "{name}");
        }
    }

    #[test]
    fn rejects_an_endpoint_that_is_not_https() {
        let endpoints = [
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "revocation_endpoint",
            "end_session_endpoint",
        ];
        for name in endpoints {
            assert!(
                parse(&with(name, json!("https://id.example/x"))).is_ok(),
                "{name}"
            );
            assert_eq!(
                parse(&with(name, json!("http://id.example/x"))),
                Err(Code::DiscoveryInvalid),
                "{name}"
            );
        }
    }

    /// Or a provider could have the backend call what listens beside it.
    #[test]
    fn only_an_issuer_on_this_machine_has_endpoints_on_it() {
        for name in ["token_endpoint", "jwks_uri", "userinfo_endpoint"] {
            let metadata = with(name, json!("http://localhost:9000/x"));
            assert_eq!(parse(&metadata), Err(Code::DiscoveryInvalid), "{name}");
        }
        let issuer = "http://localhost:8900/club";
        let local = metadata().to_string().replace(ISSUER, issuer);
        assert!(ProviderMetadata::parse(local.as_bytes(), issuer).is_ok());
    }

    #[test]
    fn rejects_an_endpoint_with_a_fragment() {
        let metadata = with(
            "authorization_endpoint",
            json!("https://id.example/authorize#now"),
        );
        assert_eq!(parse(&metadata), Err(Code::DiscoveryInvalid));
    }

    #[test]
    fn does_without_the_optional_members() {
        let metadata = parse(&with("revocation_endpoint", Value::Null)).unwrap();
        assert_eq!(metadata.revocation_endpoint, None);
        assert_eq!(metadata.userinfo_endpoint, None);
        assert_eq!(metadata.end_session_endpoint, None);
        assert!(!metadata.authorization_response_iss_parameter_supported);
        assert_eq!(metadata.token_endpoint_auth_methods_supported, None);
    }

    #[test]
    fn reads_the_optional_members() {
        let mut wire = with(
            "authorization_response_iss_parameter_supported",
            json!(true),
        );
        wire["id_token_signing_alg_values_supported"] = json!(["RS256", "none"]);
        wire["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
        wire["userinfo_endpoint"] = json!("https://id.example/me");
        let metadata = parse(&wire).unwrap();
        assert!(metadata.authorization_response_iss_parameter_supported);
        assert_eq!(
            metadata.id_token_signing_alg_values_supported.unwrap(),
            ["RS256", "none"]
        );
        assert_eq!(
            metadata.token_endpoint_auth_methods_supported.unwrap(),
            ["client_secret_post"]
        );
        assert_eq!(metadata.userinfo_endpoint.unwrap(), "https://id.example/me");
    }
}

mod trustworthy {
    use super::*;

    #[test]
    fn https_and_this_machine_are() {
        for url in [
            "https://id.example",
            "https://id.example:8443/x?y",
            "https://[2001:db8::1]/",
            "http://localhost:8900/club",
            "http://club.localhost/",
            "http://127.0.0.1:1",
            "http://[::1]:8900/",
        ] {
            assert!(is_trustworthy(url), "{url}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for url in [
            "",
            "id.example",
            "//id.example",
            "http://id.example",
            "http://localhost.evil.example",
            "http://evillocalhost",
            "http://localhost@evil.example",
            "http://evil.example#@localhost",
            "http://127.0.0.1.evil.example",
            "http://127.1",
            "http://127.9.9.9/",
            "http://192.168.0.1",
            "http://[::2]",
            "http://[::1",
            "http://localhost:99999",
            "http://localhost\\@evil.example",
            "https://",
            "https:///x",
            "https://user:password@id.example",
            "https://id.exa mple",
            "javascript:https://id.example",
            " https://id.example",
        ] {
            assert!(!is_trustworthy(url), "{url}");
        }
    }

    proptest! {
        #[test]
        fn what_is_trustworthy_is_so_for_a_browser(
            url in "(https?:)?//?[a-z@:.\\[\\]0-9#?/\\\\-]{0,12}(localhost|127.0.0.1|evil.example|\\[::1\\])[a-z@:.0-9#?/\\\\]{0,8}"
        ) {
            if is_trustworthy(&url) && let Ok(parsed) = url::Url::parse(&url) {
                prop_assert!(parsed.username().is_empty() && parsed.password().is_none());
                let host = parsed.host_str().unwrap();
                let local = host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]";
                prop_assert!(parsed.scheme() == "https" || local, "{url} is {parsed}");
            }
        }
    }
}

mod properties {
    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_survived(body: Vec<u8>, issuer: String) {
            let _ = ProviderMetadata::parse(&body, &issuer);
        }

        #[test]
        fn whatever_is_accepted_has_the_issuer_and_safe_endpoints(
            issuer in prop::sample::select(vec![ISSUER, "https://evil.example", ""]),
            endpoint in prop::sample::select(vec!["https://id.example/a", "http://id.example/a", "x", "http://localhost/"]),
            optional in prop::option::of(prop::sample::select(vec!["https://id.example/a", "http://id.example/a", ""])),
        ) {
            let body = json!({
                "issuer": issuer, "authorization_endpoint": endpoint, "token_endpoint": endpoint, "jwks_uri": endpoint,
                "revocation_endpoint": optional,
            });
            if let Ok(metadata) = parse(&body) {
                prop_assert_eq!(metadata.issuer, ISSUER);
                prop_assert!(is_trustworthy(&metadata.token_endpoint));
                prop_assert!(metadata.revocation_endpoint.is_none_or(|url| is_trustworthy(&url)));
            }
        }
    }
}
