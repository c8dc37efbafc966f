//! Step-up: the challenge of RFC 9470, Airlock IAM's SSO ticket, and the authorization request that carries it.
//!
//! The modules of Airlock are named after the pages of its documentation; `docs/systems/airlock.md` lists them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use admit_one_protocol::{
    Code,
    http::HttpRequest,
    par::RequestUri,
    step_up::{
        SsoTicket, SsoTicketError, StepUp, StepUpAuthorization, is_one_time_value,
        sso_ticket_request,
    },
    token::ClientAuth,
};
use proptest::prelude::*;
use serde_json::json;

/// Of the form of Airlock's example: a JWT by HS512.
const TICKET: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJqZG9lIn0.exxL0k4Xnw";
const STATE: &str = "c3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3Q";
const NONCE: &str = "bm9uY2Utbm9uY2Utbm9uY2Utbm9uY2Utbm9uY2Utbm8";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn answer(ticket: &str) -> Vec<u8> {
    json!({ "sso-ticket": ticket }).to_string().into_bytes()
}

fn ticket() -> SsoTicket {
    SsoTicket::accept(200, &answer(TICKET), "sso-ticket").unwrap()
}

fn refused(status: u16, body: &str) -> SsoTicketError {
    SsoTicket::accept(status, body.as_bytes(), "sso-ticket").unwrap_err()
}

fn values(values: &[&str]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// The request of a step-up, with what differs between tests.
fn with_request<T>(
    extra: &[(&str, &str)],
    ui_locales: Option<&str>,
    act: impl FnOnce(StepUpAuthorization<'_>) -> T,
) -> T {
    let extra = extra
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect::<BTreeMap<_, _>>();
    act(StepUpAuthorization {
        client_id: "strong-app",
        redirect_uri: "https://sso.example/callback/arena",
        scopes: &values(&["openid"]),
        state: STATE,
        nonce: NONCE,
        code_challenge: CHALLENGE,
        acr_values: &values(&["strong-acr"]),
        ui_locales,
        extra: &extra,
        ticket: ticket(),
    })
}

fn form(request: &HttpRequest) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body.as_bytes())
        .into_owned()
        .collect()
}

fn basic() -> ClientAuth {
    ClientAuth::Basic {
        client_secret: "strong-secret".to_owned(),
    }
}

mod rfc_9470_section_3 {
    use super::*;

    #[test]
    fn reads_the_examples() {
        let acr = StepUp::from_challenge(
            "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"A different authentication level is required\", \
             acr_values=\"myACR\"",
        );
        assert_eq!(
            acr.unwrap(),
            StepUp {
                acr_values: values(&["myACR"]),
                max_age: None
            }
        );
        let age = StepUp::from_challenge(
            "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"More recent authentication is required\", \
             max_age=\"5\"",
        );
        assert_eq!(
            age.unwrap(),
            StepUp {
                acr_values: vec![],
                max_age: Some(5)
            }
        );
    }

    #[test]
    fn acr_values_are_in_order_of_preference() {
        let step_up = StepUp::from_challenge(
            "DPoP error=insufficient_user_authentication, acr_values=\"b  a\", max_age=0",
        );
        assert_eq!(
            step_up.unwrap(),
            StepUp {
                acr_values: values(&["b", "a"]),
                max_age: Some(0)
            }
        );
    }

    #[test]
    fn another_error_asks_for_no_step_up() {
        for header in [
            "",
            "DPoP",
            "Bearer error=\"invalid_token\"",
            "Bearer error=\"insufficient_scope\", acr_values=\"strong\"",
            "Bearer realm=\"insufficient_user_authentication\"",
            "Basic error=\"insufficient_user_authentication\"",
            "error=\"insufficient_user_authentication\"",
        ] {
            assert_eq!(StepUp::from_challenge(header), None, "{header}");
        }
    }

    #[test]
    fn is_found_among_other_challenges() {
        for header in [
            "Basic realm=\"a, b\", DPoP error=\"insufficient_user_authentication\", acr_values=x",
            "Negotiate YWJj/2==, DPoP  error = \"insufficient_user_authentication\" , acr_values=x",
            "Negotiate, dpop ERROR=insufficient_user_authentication,ACR_Values=x, Basic realm=\"z\"",
            ",, Bearer error=invalid_token, Bearer error=insufficient_user_authentication, acr_values=x",
        ] {
            let step_up = StepUp::from_challenge(header);
            assert_eq!(
                step_up.map(|step_up| step_up.acr_values),
                Some(values(&["x"])),
                "{header}"
            );
        }
    }

    #[test]
    fn a_broken_header_asks_for_nothing() {
        for header in [
            "DPoP error=\"insufficient_user_authentication",
            "DPoP error=\"insufficient_user_authentication\", acr_values=\"strong",
            "DPoP error=\"insufficient_user_authentication\", acr_values=",
            "DPoP error=\"insufficient_user_authentication\", é",
        ] {
            assert_eq!(StepUp::from_challenge(header), None, "{header}");
        }
    }

    #[test]
    fn a_max_age_that_is_no_number_asks_for_an_authentication_of_now() {
        let step_up =
            StepUp::from_challenge("DPoP error=insufficient_user_authentication, max_age=soon");
        assert_eq!(step_up.unwrap().max_age, Some(0));
    }

    #[test]
    fn writes_what_it_reads() {
        let step_up = StepUp {
            acr_values: values(&["strong-acr", "a\"b\\c"]),
            max_age: Some(300),
        };
        let challenge = step_up.to_challenge();
        assert_eq!(
            challenge,
            "DPoP error=\"insufficient_user_authentication\", \
             error_description=\"The authentication of this session is not enough for the call\", \
             acr_values=\"strong-acr a\\\"b\\\\c\", max_age=300"
        );
        assert_eq!(StepUp::from_challenge(&challenge), Some(step_up));
    }
}

mod rfc_9470_section_5 {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn wanted() -> StepUp {
        StepUp {
            acr_values: values(&["strong-acr"]),
            max_age: Some(300),
        }
    }

    #[test]
    fn is_met_by_what_was_asked_for() {
        assert!(wanted().is_met_by(Some("strong-acr"), Some(NOW - 10), NOW));
    }

    #[test]
    fn is_not_met_by_another_acr_or_none() {
        assert!(!wanted().is_met_by(Some("weak-acr"), Some(NOW), NOW));
        assert!(!wanted().is_met_by(Some("STRONG-ACR"), Some(NOW), NOW));
        assert!(!wanted().is_met_by(None, Some(NOW), NOW));
    }

    #[test]
    fn is_not_met_by_an_authentication_of_long_ago_or_of_unknown_age() {
        assert!(!wanted().is_met_by(Some("strong-acr"), Some(NOW - 421), NOW));
        assert!(!wanted().is_met_by(Some("strong-acr"), None, NOW));
    }

    #[test]
    fn nothing_is_met_by_anything() {
        assert!(StepUp::default().is_nothing());
        assert!(StepUp::default().is_met_by(None, None, NOW));
        assert!(!wanted().is_nothing());
    }

    #[test]
    fn only_what_the_provider_offers_is_asked_for_in_the_order_in_which_it_is_wanted() {
        let offered = values(&["a", "b", "c"]);
        let of = |wanted: &[&str]| {
            StepUp {
                acr_values: values(wanted),
                max_age: None,
            }
            .of_offered(&offered)
        };
        assert_eq!(of(&[]), Some(values(&["a", "b", "c"])));
        assert_eq!(of(&["c", "x", "a"]), Some(values(&["c", "a"])));
        assert_eq!(of(&["x"]), None);
        assert_eq!(StepUp::default().of_offered(&[]), None);
    }
}

mod start {
    use admit_one_protocol::{
        api::PublicProvider,
        authorization::{AuthorizationEntropy, PendingAuthorization, PendingStepUp, Replay},
        pkce::CodeVerifier,
        step_up::{StepUpStart, SteppingUp},
    };

    use super::*;

    fn provider() -> PublicProvider {
        serde_json::from_value(json!({
            "id": "arena", "kind": "oidc", "label": "Arena account", "issuer": "https://id.example",
            "client_id": "weak-app", "redirect_uri": "https://sso.example/callback/arena", "iss_required": true,
            "algs": ["RS256"], "scopes": ["openid"], "acr_values": ["weak-acr"],
            "step_up": { "client_id": "strong-app", "acr_values": ["strong-acr", "mtan"], "max_age": 300 },
        }))
        .unwrap()
    }

    fn start(provider: &PublicProvider, wanted: &StepUp) -> Option<StepUpStart> {
        let session = SteppingUp {
            person: PendingStepUp {
                iss: "https://id.example".to_owned(),
                sub: "alice".to_owned(),
                replay: Some(Replay::Grant),
            },
            handle: Some("handle".to_owned()),
            access_token: "access".to_owned(),
            return_to: "/profile".to_owned(),
            lang: "fr",
        };
        let entropy = AuthorizationEntropy {
            state: [1; 32],
            nonce: [2; 32],
            code_verifier: [3; 32],
        };
        StepUpStart::new(provider, wanted, session, entropy, 7)
    }

    fn wanting(acr_values: &[&str], max_age: Option<u64>) -> StepUp {
        StepUp {
            acr_values: values(acr_values),
            max_age,
        }
    }

    #[test]
    fn keeps_what_the_strong_client_has_to_come_back_with() {
        let pending = start(&provider(), &StepUp::default()).unwrap().pending;
        assert_eq!(pending.client_id, "strong-app");
        assert_eq!(pending.acr_values, values(&["strong-acr", "mtan"]));
        assert_eq!(pending.max_age, Some(300));
        assert!(pending.iss_required);
        let person = pending.step_up.clone().unwrap();
        assert!(person.is_of("https://id.example", "alice"));
        assert!(!person.is_of("https://id.example", "bob"));
        assert!(!person.is_of("https://other.example", "alice"));
        let kept = serde_json::to_string(&pending).unwrap();
        assert!(
            !kept.contains("access\"") && !kept.contains("handle"),
            "{kept}"
        );
        assert!(serde_json::from_str::<PendingAuthorization>(&kept).unwrap() == pending);
        let code = pending
            .accept(
                &format!(
                    "code=c&iss=https%3A%2F%2Fid.example&state={}",
                    person_state()
                ),
                8,
            )
            .unwrap();
        assert!(code.exchange_request().step_up);
        assert_eq!(code.expected().client_id, "strong-app");
        assert_eq!(code.expected().max_age, Some(300));
    }

    fn person_state() -> String {
        start(&provider(), &StepUp::default())
            .unwrap()
            .request
            .state
    }

    #[test]
    fn asks_with_the_same_state_nonce_and_verifier() {
        let StepUpStart { request, pending } = start(&provider(), &StepUp::default()).unwrap();
        assert_eq!(
            (&request.state, &request.nonce),
            (&pending.state, &pending.nonce)
        );
        assert_eq!(
            request.code_challenge,
            CodeVerifier::new([3; 32]).challenge()
        );
        assert!(is_one_time_value(&request.state) && is_one_time_value(&request.nonce));
        assert!(is_one_time_value(&request.code_challenge));
        assert_eq!(request.handle.as_deref(), Some("handle"));
        assert!(!format!("{request:?}").contains("access\""));
    }

    #[test]
    fn asks_for_what_the_call_wants_and_no_older_than_either_allows() {
        let start_of = |wanted| start(&provider(), &wanted).map(|start| start.pending);
        let pending = start_of(wanting(&["mtan", "x"], Some(60))).unwrap();
        assert_eq!(pending.acr_values, values(&["mtan"]));
        assert_eq!(pending.max_age, Some(60));
        assert_eq!(
            start_of(wanting(&[], Some(900))).unwrap().max_age,
            Some(300)
        );
        assert!(start_of(wanting(&["x"], None)).is_none());
    }

    #[test]
    fn there_is_none_without_a_strong_flow() {
        let provider = PublicProvider {
            step_up: None,
            ..provider()
        };
        assert!(start(&provider, &StepUp::default()).is_none());
    }
}

mod airlock_sso_ticket_resource {
    use super::*;

    #[test]
    fn is_asked_by_get_with_the_access_token_in_the_header() {
        let resource = "https://id.example/auth-login/rest/oauth2/authorization-servers/arena/resources/sso-ticket";
        let request = sso_ticket_request(resource, "eyJraWQ.x");
        assert_eq!(request.method, "GET");
        assert_eq!(request.url, resource);
        assert!(
            request
                .headers
                .contains(&("authorization".to_owned(), "Bearer eyJraWQ.x".to_owned()))
        );
        assert!(request.body.is_empty());
        assert!(!format!("{request:?}").contains("eyJraWQ"));
    }

    #[test]
    fn answers_with_the_ticket_under_sso_ticket() {
        let url = with_request(&[], None, |request| {
            request.into_url("https://id.example/a")
        });
        assert!(url.contains(&format!("&login_hint={TICKET}&")), "{url}");
    }

    #[test]
    fn other_members_may_stand_beside_it() {
        let body = json!({ "language": "de", "sso-ticket": TICKET, "user": { "name": "x" } });
        assert!(SsoTicket::accept(200, body.to_string().as_bytes(), "sso-ticket").is_ok());
    }

    #[test]
    fn the_name_of_the_member_is_configuration() {
        let body = json!({ "user-ticket": TICKET }).to_string();
        assert!(SsoTicket::accept(200, body.as_bytes(), "user-ticket").is_ok());
        let error = SsoTicket::accept(200, body.as_bytes(), "sso-ticket").unwrap_err();
        assert_eq!(error.code(), Code::StepUpTicketField);
        assert!(error.to_string().contains("user-ticket"), "{error}");
        assert!(!error.to_string().contains(TICKET), "{error}");
    }

    #[test]
    fn the_content_type_does_not_matter_but_the_object_does() {
        for body in ["", "[]", "\"x\"", "<html>", TICKET] {
            assert_eq!(
                refused(200, body).code(),
                Code::StepUpTicketInvalid,
                "{body}"
            );
        }
        assert_eq!(refused(204, "").code(), Code::StepUpTicketInvalid);
        assert_eq!(refused(302, "{}").code(), Code::StepUpTicketInvalid);
        assert_eq!(refused(400, "{}").code(), Code::StepUpTicketInvalid);
    }

    #[test]
    fn a_ticket_is_a_text() {
        for body in [
            r#"{"sso-ticket":null}"#,
            r#"{"sso-ticket":7}"#,
            r#"{"sso-ticket":["x"]}"#,
            "{}",
        ] {
            assert_eq!(refused(200, body).code(), Code::StepUpTicketField, "{body}");
        }
        for ticket in ["", "a\nb", &"x".repeat(10_000)] {
            let body = String::from_utf8(answer(ticket)).unwrap();
            assert_eq!(refused(200, &body).code(), Code::StepUpTicketInvalid);
        }
    }

    #[test]
    fn a_refused_access_token_is_refreshed_or_the_buyer_signs_in_again() {
        assert_eq!(refused(401, "").code(), Code::StepUpTicketRefused);
    }

    #[test]
    fn a_missing_scope_and_a_wrong_name_are_the_operators() {
        assert_eq!(refused(403, "").code(), Code::StepUpTicketScope);
        assert_eq!(refused(404, "").code(), Code::StepUpTicketResource);
    }

    #[test]
    fn trouble_passes() {
        for status in [429, 500, 503] {
            assert_eq!(refused(status, "{}").code(), Code::UpstreamError);
        }
    }
}

mod airlock_sso_ticket {
    use super::*;

    #[test]
    fn is_shown_nowhere() {
        assert_eq!(format!("{:?}", ticket()), "SsoTicket(..)");
        with_request(&[], None, |request| {
            assert!(!format!("{request:?}").contains("eyJ"));
        });
        let pushed = with_request(&[], None, |request| {
            request.into_pushed("https://id.example/par", &basic())
        });
        assert!(!format!("{pushed:?}").contains("eyJ"));
    }

    #[test]
    fn is_opaque() {
        // A JWE has five parts, and nothing says that a ticket is a JWT at all.
        for text in ["a.b.c.d.e", "Bearer a.b.c", "ticket é&?#+%"] {
            let accepted = SsoTicket::accept(200, &answer(text), "sso-ticket").unwrap();
            let url = with_request(&[], None, |request| {
                StepUpAuthorization {
                    ticket: accepted,
                    ..request
                }
                .into_url("https://id.example/a")
            });
            let url = url::Url::parse(&url).unwrap();
            let hint = url.query_pairs().find(|(name, _)| name == "login_hint");
            assert_eq!(hint.unwrap().1, text, "the whole value is the ticket");
        }
    }
}

mod airlock_authorize {
    use super::*;

    const ENDPOINT: &str = "https://id.example/auth-login/oauth2/v3/arena/authorize";

    /// The parameters of Airlock's example stand first and in its order; ours follow.
    #[test]
    fn byte_for_byte() {
        assert_eq!(
            with_request(&[], None, |request| request.into_url(ENDPOINT)),
            format!(
                "{ENDPOINT}?response_type=code&client_id=strong-app\
                 &redirect_uri=https%3A%2F%2Fsso.example%2Fcallback%2Farena&scope=openid&state={STATE}\
                 &acr_values=strong-acr&prompt=login&login_hint={TICKET}\
                 &nonce={NONCE}&code_challenge={CHALLENGE}&code_challenge_method=S256"
            )
        );
    }

    #[test]
    fn a_configured_parameter_replaces_none_of_ours() {
        let url = with_request(
            &[
                ("prompt", "none"),
                ("login_hint", "x"),
                ("audience", "tickets"),
            ],
            Some("fr"),
            |request| request.into_url(ENDPOINT),
        );
        let url = url::Url::parse(&url).unwrap();
        let all = |name: &str| -> Vec<String> {
            let pairs = url.query_pairs().filter(|(own, _)| own == name);
            pairs.map(|(_, value)| value.into_owned()).collect()
        };
        assert_eq!(all("prompt"), ["login"]);
        assert_eq!(all("login_hint"), [TICKET]);
        assert_eq!(all("audience"), ["tickets"]);
        assert_eq!(all("ui_locales"), ["fr"]);
    }

    #[test]
    fn what_the_browser_makes_has_its_form() {
        assert!(is_one_time_value(STATE) && is_one_time_value(NONCE));
        assert!(is_one_time_value(CHALLENGE));
        for text in [
            "",
            "short",
            &"x".repeat(44),
            &"=".repeat(43),
            &"x".repeat(43),
        ] {
            assert!(!is_one_time_value(text), "{text}");
        }
    }
}

mod rfc_9126_section_2_1 {
    use super::*;

    #[test]
    fn the_same_request_is_pushed_with_the_client_s_authentication() {
        let request = with_request(&[], None, |request| {
            request.into_pushed("https://id.example/par", &basic())
        });
        assert_eq!(request.method, "POST");
        assert_eq!(request.url, "https://id.example/par");
        assert!(request.headers.contains(&(
            "authorization".to_owned(),
            "Basic c3Ryb25nLWFwcDpzdHJvbmctc2VjcmV0".to_owned()
        )));
        assert!(request.headers.contains(&(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned()
        )));
        let url = with_request(&[], None, |request| {
            request.into_url("https://id.example/a")
        });
        assert_eq!(url.split_once('?').unwrap().1, request.body);
    }

    #[test]
    fn no_parameter_comes_twice_whatever_the_authentication() {
        let others = [
            ClientAuth::Post {
                client_secret: "s".to_owned(),
            },
            ClientAuth::PrivateKeyJwt {
                assertion: "a".to_owned(),
            },
            ClientAuth::None,
            basic(),
        ];
        for auth in others {
            let request = with_request(&[], None, |request| {
                request.into_pushed("https://id.example/par", &auth)
            });
            let form = form(&request);
            let names: std::collections::HashSet<_> = form.iter().map(|(name, _)| name).collect();
            assert_eq!(names.len(), form.len(), "{auth:?}");
            assert!(
                form.contains(&("client_id".to_owned(), "strong-app".to_owned())),
                "{auth:?}"
            );
        }
    }

    #[test]
    fn nothing_of_it_is_in_the_address_that_the_browser_takes() {
        let uri = RequestUri::accept(201, br#"{"request_uri":"urn:x","expires_in":60}"#).unwrap();
        let url = uri.authorization_url("https://id.example/a", "strong-app");
        assert!(!url.contains("login_hint") && !url.contains(STATE), "{url}");
    }
}

mod properties {
    use super::*;

    /// Pieces that tempt a parser of challenges.
    fn tempting() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            prop::sample::select(vec![
                "DPoP ",
                "Bearer ",
                "Basic",
                " ",
                ",",
                "=",
                "\"",
                "\\",
                "\t",
                "error",
                "error=",
                "insufficient_user_authentication",
                "error=\"insufficient_user_authentication\"",
                "acr_values=",
                "max_age=",
                "\"strong weak\"",
                "18446744073709551616",
                "é",
                "==",
            ])
            .prop_map(str::to_owned),
            any::<String>(),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn any_challenge_is_survived(header in tempting()) {
            if let Some(step_up) = StepUp::from_challenge(&header) {
                prop_assert!(header.to_ascii_lowercase().contains("error"));
                prop_assert!(step_up.acr_values.iter().all(|acr| !acr.is_empty() && !acr.contains(' ')));
            }
        }

        #[test]
        fn a_challenge_of_ours_is_read_as_it_was_meant(
            acr_values in prop::collection::vec("[!-~]{1,12}", 0..4),
            max_age: Option<u64>,
            before in prop::sample::select(vec!["", "Basic realm=\"x, y\", ", "Negotiate abc==, ", ", "]),
        ) {
            let step_up = StepUp { acr_values, max_age };
            let header = format!("{before}{}", step_up.to_challenge());
            prop_assert!(header.bytes().all(|b| (b' '..=b'~').contains(&b)));
            prop_assert_eq!(StepUp::from_challenge(&header), Some(step_up));
        }

        #[test]
        fn any_answer_of_the_resource_is_survived(status: u16, body: Vec<u8>, field: String) {
            let _ = SsoTicket::accept(status, &body, &field);
        }

        #[test]
        fn a_ticket_is_accepted_from_a_success_alone_and_never_shown(status: u16, ticket in "[A-Za-z0-9_.-]{8,200}") {
            match SsoTicket::accept(status, &answer(&ticket), "sso-ticket") {
                Ok(accepted) => {
                    prop_assert!((200..300).contains(&status));
                    let shown = format!("{accepted:?}");
                    prop_assert!(!shown.contains(&ticket));
                }
                Err(error) => {
                    prop_assert!(!(200..300).contains(&status));
                    let shown = format!("{error} {error:?}");
                    prop_assert!(!shown.contains(&ticket));
                }
            }
        }

        #[test]
        fn whatever_the_ticket_is_it_is_one_parameter(text: String) {
            if let Ok(accepted) = SsoTicket::accept(200, &answer(&text), "sso-ticket") {
                let request = |request: StepUpAuthorization<'_>| {
                    StepUpAuthorization { ticket: accepted, ..request }.into_url("https://id.example/a")
                };
                let url = url::Url::parse(&with_request(&[], None, request)).unwrap();
                let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                prop_assert_eq!(pairs.len(), 11);
                prop_assert!(pairs.contains(&("login_hint".to_owned(), text)));
            }
        }
    }
}
