//! The authorization request and response: RFC 6749, OpenID Connect Core, RFC 9207, RFC 9700.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;

use admit_one_protocol::{
    Code,
    api::PublicProvider,
    authorization::{
        AuthorizationCode, AuthorizationEntropy, AuthorizationRequest, AuthorizationResponseError,
        PendingAuthorization, StartOptions, callback_state,
    },
    pkce::CodeVerifier,
};
use proptest::prelude::*;
use serde_json::json;
use url::Url;

const STARTED_AT: u64 = 1_800_000_000_000;
const HOUR: u64 = 3_600_000;

fn provider() -> PublicProvider {
    serde_json::from_value(json!({
        "id": "club", "kind": "oidc", "label": "Club account", "issuer": "https://id.example",
        "client_id": "shop", "redirect_uri": "https://sso.example/callback/club",
        "authorization_endpoint": "https://id.example/authorize",
        "algs": ["RS256", "ES256"], "scopes": ["openid", "email"],
    }))
    .unwrap()
}

fn entropy() -> AuthorizationEntropy {
    AuthorizationEntropy {
        state: [1; 32],
        nonce: [2; 32],
        code_verifier: [3; 32],
    }
}

fn start(provider: &PublicProvider, options: StartOptions<'_>) -> AuthorizationRequest {
    AuthorizationRequest::new(provider, entropy(), options, STARTED_AT).unwrap()
}

fn parameters(url: &str) -> HashMap<String, String> {
    let pairs: Vec<_> = Url::parse(url)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect();
    let map: HashMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(map.len(), pairs.len(), "a parameter is repeated in {url}");
    map
}

fn pending() -> PendingAuthorization {
    start(
        &provider(),
        StartOptions {
            return_to: "/account".to_owned(),
            ..StartOptions::default()
        },
    )
    .pending
}

fn accept(
    pending: PendingAuthorization,
    query: &str,
) -> Result<AuthorizationCode, AuthorizationResponseError> {
    pending.accept(query, STARTED_AT + 60_000)
}

fn answer(more: &str) -> String {
    format!("state={}&{more}", pending().state)
}

fn refused(query: &str) -> Code {
    accept(pending(), query).unwrap_err().code()
}

mod oidc_core_3_1_2_1 {
    use super::*;

    #[test]
    fn asks_for_a_code_with_state_nonce_and_challenge() {
        let request = start(&provider(), StartOptions::default());
        assert!(request.url.starts_with("https://id.example/authorize?"));
        let parameters = parameters(&request.url);
        let pending = &request.pending;
        assert_eq!(parameters["response_type"], "code");
        assert_eq!(parameters["client_id"], "shop");
        assert_eq!(
            parameters["redirect_uri"],
            "https://sso.example/callback/club"
        );
        assert_eq!(parameters["scope"], "openid email");
        assert_eq!(parameters["state"], pending.state);
        assert_eq!(parameters["nonce"], pending.nonce);
        assert_eq!(
            parameters["code_challenge"],
            CodeVerifier::new([3; 32]).challenge()
        );
        assert_eq!(parameters["code_challenge_method"], "S256");
        assert_eq!(parameters.len(), 8);
    }

    #[test]
    fn the_verifier_stays_here() {
        let request = start(&provider(), StartOptions::default());
        assert!(!request.url.contains(request.pending.code_verifier.as_str()));
    }

    #[test]
    fn state_nonce_and_verifier_come_from_separate_entropy() {
        let pending = pending();
        assert_ne!(pending.state, pending.nonce);
        assert_ne!(pending.nonce, pending.code_verifier.as_str());
        assert_eq!(pending.state.len(), 43);
    }

    #[test]
    fn sends_what_the_configuration_asks_for() {
        let provider = PublicProvider {
            acr_values: vec!["urn:two".to_owned(), "urn:one".to_owned()],
            max_age: Some(300),
            prompt: Some("login".to_owned()),
            ui_locales: true,
            ..provider()
        };
        let options = StartOptions {
            lang: Some("fr"),
            login_hint: Some("alice@example.com"),
            ..StartOptions::default()
        };
        let request = start(&provider, options);
        let parameters = parameters(&request.url);
        assert_eq!(parameters["acr_values"], "urn:two urn:one");
        assert_eq!(parameters["max_age"], "300");
        assert_eq!(parameters["prompt"], "login");
        assert_eq!(parameters["ui_locales"], "fr");
        assert_eq!(parameters["login_hint"], "alice@example.com");
        assert_eq!(request.pending.max_age, Some(300));
        assert_eq!(request.pending.acr_values, provider.acr_values);
    }

    #[test]
    fn the_prompt_of_the_moment_wins() {
        let provider = PublicProvider {
            prompt: Some("login".to_owned()),
            ..provider()
        };
        let request = start(
            &provider,
            StartOptions {
                prompt: Some("none"),
                ..StartOptions::default()
            },
        );
        assert_eq!(parameters(&request.url)["prompt"], "none");
    }

    #[test]
    fn keeps_the_language_to_itself_unless_configured() {
        let request = start(
            &provider(),
            StartOptions {
                lang: Some("fr"),
                ..StartOptions::default()
            },
        );
        assert!(!parameters(&request.url).contains_key("ui_locales"));
    }

    #[test]
    fn asks_for_openid_even_where_the_configuration_forgot() {
        let provider = PublicProvider {
            scopes: vec!["email".to_owned()],
            ..provider()
        };
        assert_eq!(
            parameters(&start(&provider, StartOptions::default()).url)["scope"],
            "openid email"
        );
    }

    #[test]
    fn extra_parameters_never_replace_ours() {
        let mut provider = provider();
        for (name, text) in [
            ("audience", "tickets & more"),
            ("state", "fixed"),
            ("code_challenge_method", "plain"),
        ] {
            provider.extra.push(name.to_owned(), text.to_owned());
        }
        let request = start(&provider, StartOptions::default());
        let parameters = parameters(&request.url);
        assert_eq!(parameters["audience"], "tickets & more");
        assert_eq!(parameters["state"], request.pending.state);
        assert_eq!(parameters["code_challenge_method"], "S256");
    }

    #[test]
    fn cannot_start_without_an_endpoint() {
        let provider = PublicProvider {
            authorization_endpoint: None,
            ..provider()
        };
        let error = AuthorizationRequest::new(&provider, entropy(), StartOptions::default(), 0)
            .unwrap_err();
        assert_eq!(error.code(), Code::ProviderUnavailable);
    }

    #[test]
    fn does_not_start_over_plain_http() {
        for endpoint in [
            "http://id.example/authorize",
            "https://id.example/authorize#x",
            "javascript:alert(1)",
        ] {
            let provider = PublicProvider {
                authorization_endpoint: Some(endpoint.to_owned()),
                ..provider()
            };
            let error = AuthorizationRequest::new(&provider, entropy(), StartOptions::default(), 0)
                .unwrap_err();
            assert_eq!(error.code(), Code::DiscoveryInvalid, "{endpoint}");
        }
    }

    #[test]
    fn does_not_start_where_no_id_token_could_be_accepted() {
        let provider = PublicProvider {
            algs: vec!["none".to_owned(), "HS256".to_owned()],
            ..provider()
        };
        let error = AuthorizationRequest::new(&provider, entropy(), StartOptions::default(), 0)
            .unwrap_err();
        assert_eq!(error.code(), Code::IdTokenAlg);
    }
}

mod rfc_6749_section_3_1 {
    use super::*;

    #[test]
    fn keeps_the_query_of_the_endpoint() {
        for endpoint in [
            "https://id.example/?realm=club",
            "https://id.example/?realm=club&",
        ] {
            let provider = PublicProvider {
                authorization_endpoint: Some(endpoint.to_owned()),
                ..provider()
            };
            let parameters = parameters(&start(&provider, StartOptions::default()).url);
            assert_eq!(parameters["realm"], "club");
            assert_eq!(parameters["response_type"], "code");
        }
    }

    #[test]
    fn rejects_a_repeated_parameter() {
        for query in [
            "code=a&code=b",
            "code=a&code=a",
            "code=a&iss=x&iss=x",
            "code=a&scope=1&scope=2",
            "code=a&state=",
        ] {
            assert_eq!(
                refused(&answer(query)),
                Code::CallbackParameterRepeated,
                "{query}"
            );
        }
    }

    #[test]
    fn rejects_a_repeated_parameter_in_another_spelling() {
        assert_eq!(
            refused(&answer("code=a&c%6Fde=b")),
            Code::CallbackParameterRepeated
        );
    }

    #[test]
    fn reads_a_hundred_parameters_and_no_more() {
        let others = |count| (0..count).map(|at| format!("&p{at}=1")).collect::<String>();
        assert!(accept(pending(), &answer(&format!("code=a{}", others(98)))).is_ok());
        let refused = refused(&answer(&format!("code=a{}", others(99))));
        assert_eq!(refused, Code::CallbackMalformed);
        // The page counts them before anything else is there.
        assert!(include_str!("../../../src/early.js").contains("names.length <= 100 "));
    }

    #[test]
    fn a_parameter_without_value_is_as_good_as_absent() {
        assert!(accept(pending(), &answer("code=a&error=&iss=")).is_ok());
        assert_eq!(refused(&answer("code=")), Code::CallbackMalformed);
    }
}

mod rfc_6749_section_4_1_2 {
    use super::*;

    #[test]
    fn accepts_a_code_with_our_state() {
        let code = accept(pending(), &answer("code=SplxlOBeZQQYbYS6WxSbIA")).unwrap();
        assert_eq!(code.code(), "SplxlOBeZQQYbYS6WxSbIA");
        assert_eq!(code.iss(), None);
        assert_eq!(code.pending().return_to, "/account");
    }

    #[test]
    fn accepts_a_query_with_its_question_mark() {
        assert!(accept(pending(), &format!("?{}", answer("code=a"))).is_ok());
    }

    #[test]
    fn ignores_parameters_that_it_does_not_know() {
        assert!(
            accept(
                pending(),
                &answer("code=a&session_state=x&authuser=0&hd=example.com&scope=openid")
            )
            .is_ok()
        );
    }

    #[test]
    fn rejects_an_answer_without_code_or_error() {
        assert_eq!(refused(&answer("")), Code::CallbackMalformed);
    }

    #[test]
    fn decodes_the_code() {
        assert_eq!(
            accept(pending(), &answer("code=4%2F0A+b")).unwrap().code(),
            "4/0A b"
        );
    }

    #[test]
    fn the_exchange_carries_what_the_backend_needs() {
        let pending = pending();
        let verifier = pending.code_verifier.clone();
        let exchange = accept(pending, &answer("code=a&iss=https%3A%2F%2Fid.example"))
            .unwrap()
            .exchange_request();
        assert_eq!(exchange.provider, "club");
        assert_eq!(exchange.code, "a");
        assert_eq!(exchange.code_verifier, verifier.as_str());
        assert_eq!(exchange.redirect_uri, "https://sso.example/callback/club");
        assert_eq!(exchange.iss.as_deref(), Some("https://id.example"));
    }

    #[test]
    fn the_id_token_is_compared_with_what_was_asked_for() {
        let pending = PendingAuthorization {
            acr_values: vec!["urn:two".to_owned()],
            max_age: Some(60),
            ..pending()
        };
        let nonce = pending.nonce.clone();
        let expected = accept(pending, &answer("code=a")).unwrap().expected();
        assert_eq!(expected.issuer, "https://id.example");
        assert_eq!(expected.client_id, "shop");
        assert_eq!(expected.nonce, nonce);
        assert_eq!(expected.algs.len(), 2);
        assert_eq!(expected.acr_values, ["urn:two"]);
        assert_eq!(expected.max_age, Some(60));
    }
}

mod rfc_6749_section_4_1_2_1 {
    use super::*;

    #[test]
    fn each_error_has_its_code() {
        for (error, code) in [
            ("access_denied", Code::AccessDenied),
            ("login_required", Code::LoginRequired),
            ("interaction_required", Code::LoginRequired),
            ("consent_required", Code::LoginRequired),
            ("account_selection_required", Code::LoginRequired),
            ("temporarily_unavailable", Code::ProviderUnavailable),
            ("server_error", Code::ProviderUnavailable),
            ("invalid_request", Code::ProviderError),
            ("invalid_scope", Code::ProviderError),
            ("something_new", Code::ProviderError),
        ] {
            assert_eq!(refused(&answer(&format!("error={error}"))), code, "{error}");
        }
    }

    #[test]
    fn an_error_wins_over_a_code() {
        assert_eq!(
            refused(&answer("error=access_denied&code=a")),
            Code::AccessDenied
        );
    }

    #[test]
    fn an_error_of_another_sign_in_is_not_ours() {
        assert_eq!(
            refused("error=access_denied&state=other"),
            Code::StateUnknown
        );
    }

    #[test]
    fn keeps_the_description_for_the_log_without_line_breaks() {
        let error = accept(
            pending(),
            &answer("error=invalid_scope&error_description=no%0Ascope"),
        )
        .unwrap_err();
        let AuthorizationResponseError::Refused { description, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(description.as_deref(), Some("no scope"));
    }
}

mod rfc_9207_section_2_4 {
    use super::*;

    #[test]
    fn accepts_our_issuer() {
        assert!(accept(pending(), &answer("code=a&iss=https%3A%2F%2Fid.example")).is_ok());
    }

    #[test]
    fn rejects_the_issuer_of_another_server() {
        assert_eq!(
            refused(&answer("code=a&iss=https%3A%2F%2Fevil.example")),
            Code::CallbackIssMismatch
        );
    }

    #[test]
    fn compares_issuers_as_strings() {
        assert_eq!(
            refused(&answer("code=a&iss=https%3A%2F%2Fid.example%2F")),
            Code::CallbackIssMismatch
        );
        assert_eq!(
            refused(&answer("code=a&iss=https%3A%2F%2FID.example")),
            Code::CallbackIssMismatch
        );
    }

    #[test]
    fn rejects_a_missing_issuer_where_the_provider_announces_it() {
        let pending = PendingAuthorization {
            iss_required: true,
            ..pending()
        };
        assert_eq!(
            accept(pending, &answer("code=a")).unwrap_err().code(),
            Code::CallbackIssMissing
        );
    }

    #[test]
    fn does_without_it_elsewhere() {
        assert!(accept(pending(), &answer("code=a")).is_ok());
    }

    #[test]
    fn checks_it_on_error_responses_too() {
        assert_eq!(
            refused(&answer(
                "error=access_denied&iss=https%3A%2F%2Fevil.example"
            )),
            Code::CallbackIssMismatch
        );
    }
}

mod rfc_9700_section_4_4 {
    use super::*;

    #[test]
    fn the_redirect_uri_of_another_provider_brings_no_answer_to_this_one() {
        assert!(pending().is_answered_at("https://sso.example/callback/club"));
        for address in [
            "https://sso.example/callback/club2",
            "https://sso.example/callback/newspaper",
            "https://sso.example/callback/club/",
            "https://SSO.example/callback/club",
            "http://sso.example/callback/club",
            "",
        ] {
            assert!(!pending().is_answered_at(address), "{address}");
        }
    }
}

mod rfc_9700_section_4_7 {
    use super::*;

    #[test]
    fn rejects_the_state_of_another_sign_in() {
        assert_eq!(refused("code=a&state=other"), Code::StateUnknown);
    }

    #[test]
    fn rejects_a_missing_state() {
        assert_eq!(refused("code=a"), Code::StateUnknown);
        assert_eq!(refused("code=a&state="), Code::StateUnknown);
    }

    #[test]
    fn rejects_a_state_that_ours_begins_with() {
        let state = &pending().state[..42];
        assert_eq!(
            refused(&format!("code=a&state={state}")),
            Code::StateUnknown
        );
    }

    #[test]
    fn finds_the_state_of_a_callback() {
        assert_eq!(
            callback_state("?code=a&state=b%20c").as_deref(),
            Some("b c")
        );
        assert_eq!(callback_state("code=a"), None);
        assert_eq!(callback_state("state="), None);
        assert_eq!(callback_state("state=a&state=a"), None);
    }
}

mod lifetime {
    use super::*;

    #[test]
    fn accepts_within_the_hour() {
        assert!(
            pending()
                .accept(&answer("code=a"), STARTED_AT + HOUR)
                .is_ok()
        );
    }

    #[test]
    fn rejects_after_the_hour() {
        let error = pending()
            .accept(&answer("code=a"), STARTED_AT + HOUR + 1)
            .unwrap_err();
        assert_eq!(error.code(), Code::StateExpired);
    }

    #[test]
    fn a_start_in_the_future_is_a_clock_that_was_set_back() {
        assert!(
            pending()
                .accept(&answer("code=a"), STARTED_AT - HOUR)
                .is_ok()
        );
    }
}

mod storage {
    use super::*;

    /// `early.js` reads and writes this.
    #[test]
    fn the_names_are_a_contract() {
        let json = serde_json::to_value(pending()).unwrap();
        let names: Vec<_> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            names,
            [
                "acr_values",
                "algs",
                "client_id",
                "code_verifier",
                "iss_required",
                "issuer",
                "max_age",
                "nonce",
                "provider",
                "redirect_uri",
                "return_to",
                "scopes",
                "started_at",
                "state",
            ]
        );
        assert_eq!(json["algs"], json!(["RS256", "ES256"]));
        assert_eq!(json["started_at"], json!(STARTED_AT));
    }

    #[test]
    fn it_comes_back_as_it_was_and_with_a_claim() {
        let pending = pending();
        let mut json = serde_json::to_value(&pending).unwrap();
        assert!(serde_json::from_value::<PendingAuthorization>(json.clone()).unwrap() == pending);
        json["claimed_at"] = json!(STARTED_AT + 1);
        let claimed: PendingAuthorization = serde_json::from_value(json).unwrap();
        assert_eq!(claimed.claimed_at, Some(STARTED_AT + 1));
    }

    #[test]
    fn debug_keeps_the_secrets() {
        let pending = pending();
        let shown = format!("{pending:?}");
        assert!(!shown.contains(&pending.state) && !shown.contains(&pending.nonce));
        let code = accept(pending, &answer("code=SECRET")).unwrap();
        assert!(!format!("{code:?}").contains("SECRET"));
    }
}

mod properties {
    use super::*;

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::sample::select(vec![
                "code",
                "state",
                "iss",
                "error",
                "error_description",
                "c%6fde",
                "x",
                ""
            ])
            .prop_map(str::to_owned),
            "[a-z%0-9+]{0,6}",
        ]
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(pending().state),
            Just("https%3A%2F%2Fid.example".to_owned()),
            "[ -~]{0,12}",
            any::<String>(),
        ]
    }

    fn query() -> impl Strategy<Value = String> {
        let pair = (name(), value()).prop_map(|(name, value)| format!("{name}={value}"));
        prop::collection::vec(pair, 0..6).prop_map(|pairs| pairs.join("&"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn any_text_is_survived(query: String, now: u64) {
            let _ = callback_state(&query);
            let _ = pending().accept(&query, now);
        }

        #[test]
        fn what_is_accepted_has_our_state_our_issuer_and_each_parameter_once(query in query()) {
            let pending = pending();
            let state = pending.state.clone();
            if let Ok(code) = accept(pending, &query) {
                let pairs: Vec<(String, String)> =
                    Url::parse(&format!("https://sso.example/?{}", query.replace('#', "%23")))
                        .unwrap().query_pairs().into_owned().collect();
                for (name, _) in &pairs {
                    prop_assert_eq!(pairs.iter().filter(|(other, _)| other == name).count(), 1, "{}", query);
                }
                prop_assert_eq!(callback_state(&query), Some(state));
                prop_assert!(!code.code().is_empty());
                prop_assert!(code.iss().is_none_or(|iss| iss == "https://id.example"));
            }
        }

        #[test]
        fn a_repeated_parameter_is_never_accepted(name in "[a-z_]{1,8}", first in "[a-z]{0,4}", second in "[a-z]{0,4}") {
            let query = answer(&format!("code=a&{name}={first}&{name}={second}"));
            let error = accept(pending(), &query).unwrap_err();
            prop_assert_eq!(error.code(), Code::CallbackParameterRepeated);
            if name == "state" {
                prop_assert_eq!(callback_state(&query), None);
            }
        }
    }
}
