//! Payway Single Sign-On v2, in the steps of its alternative login form.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::{
    Code,
    encoding::{base64url, from_base64url},
    sso2::{
        Client, EndUser, Reply, ReplyError, SessionStatus, SignedMessage, UnsignedMessage,
        UnverifiedReply, message::Operation,
    },
};
use aws_lc_rs::hmac;
use proptest::prelude::*;
use serde_json::{Value, json};

const SECRET: &[u8] = b"paper-secret-of-32-bytes-or-more!!";
const NOW: u64 = 1_700_000_000;

const CLIENT: Client<'static> = Client {
    sso_url: "https://sso.example",
    organisation: "paper",
    client_id: "paper-shop",
};
const END_USER: EndUser<'static> = EndUser {
    ip_address: "192.0.2.7",
    user_agent: "Mozilla/5.0 (X11)",
};

fn mac(secret: &[u8], input: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input)
}

fn signed(message: UnsignedMessage) -> SignedMessage {
    let tag = mac(SECRET, message.signing_input());
    message.signed(tag.as_ref())
}

/// The claims of a message of ours.
fn claims(message: &SignedMessage) -> Value {
    let claims = message.as_str().split('.').nth(1).unwrap();
    serde_json::from_slice(&from_base64url(claims).unwrap()).unwrap()
}

/// A message as SSO2 writes it.
fn message_of(secret: &[u8], header: &Value, claims: &Value) -> String {
    let part = |value: &Value| base64url(value.to_string());
    let input = format!("{}.{}", part(header), part(claims));
    let tag = mac(secret, input.as_bytes());
    format!("{input}.{}", base64url(tag))
}

fn message(claims: Value) -> String {
    let mut dated = json!({"iat": NOW, "nbf": NOW, "exp": NOW + 10});
    let all = dated.as_object_mut().unwrap();
    for (name, value) in claims.as_object().unwrap() {
        all.insert(name.clone(), value.clone());
    }
    message_of(SECRET, &json!({"typ": "JWT", "alg": "HS256"}), &dated)
}

/// What the backend does with a message: the HMAC by somebody else's cryptography, the rest by the protocol.
fn accept(t: &str) -> Result<Reply, ReplyError> {
    accept_at(t, NOW)
}

fn accept_at(t: &str, now: u64) -> Result<Reply, ReplyError> {
    let reply = UnverifiedReply::parse(t)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let valid = hmac::verify(&key, reply.signing_input(), reply.hmac()).is_ok();
    reply.accept(valid, now)
}

fn reply(claims: Value) -> Reply {
    accept(&message(claims)).unwrap()
}

mod the_envelope {
    use super::*;

    #[test]
    fn is_a_post_of_json_with_the_message_as_t() {
        let message = signed(CLIENT.logout("5f3a", END_USER, NOW));
        let request = CLIENT.request(Operation::Logout, &message);
        assert_eq!(request.method, "POST");
        assert_eq!(request.url, "https://sso.example/logout");
        assert_eq!(request.body, format!(r#"{{"t":"{}"}}"#, message.as_str()));
        assert!(
            request
                .headers
                .contains(&("content-type".to_owned(), "application/json".to_owned()))
        );
    }

    #[test]
    fn has_operations_in_lower_case_without_a_trailing_slash() {
        let paths = [
            (Operation::Authenticate, "authenticate"),
            (Operation::SessionStatus, "sessionstatus"),
            (Operation::Logout, "logout"),
        ];
        for (operation, path) in paths {
            assert_eq!(operation.as_str(), path);
        }
    }

    #[test]
    fn is_signed_with_hs256_and_the_raw_bytes_of_the_secret() {
        let message = signed(CLIENT.identify(NOW));
        let (input, signature) = message.as_str().rsplit_once('.').unwrap();
        assert_eq!(
            from_base64url(signature).unwrap(),
            mac(SECRET, input.as_bytes()).as_ref()
        );
        let header = input.split('.').next().unwrap();
        assert_eq!(
            from_base64url(header).unwrap(),
            br#"{"alg":"HS256","typ":"JWT"}"#
        );
    }

    #[test]
    fn a_reply_of_another_algorithm_is_refused_unread() {
        for alg in ["none", "HS512", "RS256", "hs256", ""] {
            let t = message_of(SECRET, &json!({"alg": alg}), &json!({"sid": "5f3a"}));
            assert_eq!(accept(&t).unwrap_err(), ReplyError::Alg, "{alg}");
        }
    }

    #[test]
    fn a_reply_signed_with_another_secret_is_refused() {
        let claims = json!({"sid": "5f3a", "sts": "anon", "exp": NOW + 10});
        for secret in [b"another secret".as_slice(), b""] {
            let t = message_of(secret, &json!({"alg": "HS256"}), &claims);
            assert_eq!(accept(&t).unwrap_err(), ReplyError::Signature);
        }
        let whole = message(claims);
        let unsigned = whole.rsplit_once('.').unwrap().0;
        assert_eq!(
            accept(&format!("{unsigned}.")).unwrap_err(),
            ReplyError::Signature
        );
    }

    #[test]
    fn a_reply_whose_claims_were_changed_is_refused() {
        let t = message(json!({"sid": "5f3a", "sts": "anon"}));
        let parts: Vec<_> = t.split('.').collect();
        let other =
            base64url(json!({"sid": "5f3a", "sts": "loggedin", "at": "stolen"}).to_string());
        let t = [parts[0], &other, parts[2]].join(".");
        assert_eq!(accept(&t).unwrap_err(), ReplyError::Signature);
    }

    #[test]
    fn a_critical_extension_is_refused() {
        let t = message_of(
            SECRET,
            &json!({"alg": "HS256", "crit": ["b64"]}),
            &json!({}),
        );
        assert!(matches!(accept(&t), Err(ReplyError::Malformed(_))));
    }

    #[test]
    fn exp_nbf_and_iat_have_two_minutes_of_leeway() {
        let t = message(json!({"sts": "anon"}));
        let exp = NOW + 10;
        assert!(accept_at(&t, exp + 119).is_ok());
        assert_eq!(accept_at(&t, exp + 120).unwrap_err(), ReplyError::Expired);
        assert!(accept_at(&t, NOW - 120).is_ok());
        assert_eq!(
            accept_at(&t, NOW - 121).unwrap_err(),
            ReplyError::NotYetValid
        );
        let t = message_of(SECRET, &json!({"alg": "HS256"}), &json!({"iat": NOW + 121}));
        assert_eq!(accept(&t).unwrap_err(), ReplyError::NotYetValid);
    }

    #[test]
    fn claims_that_are_not_published_are_not_looked_at() {
        let reply = reply(
            json!({"sts": "anon", "iss": "anybody", "aud": ["anything"], "cid": 7, "new": {"x": 1}}),
        );
        assert_eq!(reply.status, Some(SessionStatus::Anon));
    }

    #[test]
    fn an_empty_claim_counts_as_absent() {
        let reply = reply(json!({"sid": "", "sts": "loggedin", "at": "", "err": ""}));
        assert_eq!((reply.sid, reply.ticket, reply.err), (None, None, None));
    }

    #[test]
    fn an_answer_without_t_is_malformed() {
        for body in [
            "",
            "{}",
            "[]",
            r#"{"t":7}"#,
            r#""t""#,
            "<html>",
            r#"{"t":"a.b"}"#,
            r#"{"t":"..."}"#,
        ] {
            let error = UnverifiedReply::of_answer(body.as_bytes()).unwrap_err();
            assert!(matches!(error, ReplyError::Malformed(_)), "{body}");
            assert_eq!(error.code(), Code::Sso2ReplyInvalid);
        }
        let long = format!(r#"{{"t":"{}"}}"#, "a".repeat(9000));
        assert!(UnverifiedReply::of_answer(long.as_bytes()).is_err());
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let message = signed(CLIENT.identify(NOW));
        let t = self::message(json!({"sid": "5f3a", "at": "ticket-7"}));
        let shown = format!(
            "{message:?} {:?} {:?}",
            UnverifiedReply::parse(&t),
            CLIENT.identify(NOW)
        );
        assert!(!shown.contains("eyJ"), "{shown}");
        assert!(!format!("{:?}", accept(&t)).contains("ticket-7"));
    }

    proptest! {
        #[test]
        fn any_message_is_survived(t in "[A-Za-z0-9_.-]{0,200}|\\PC*", now: u64) {
            if let Ok(reply) = UnverifiedReply::parse(&t) {
                let _ = reply.accept(true, now / 2);
            }
        }

        #[test]
        fn any_claims_are_survived(claims in any_json(), valid: bool) {
            let t = message_of(SECRET, &json!({"alg": "HS256"}), &claims);
            if let Ok(unverified) = UnverifiedReply::parse(&t) {
                let accepted = unverified.accept(valid, NOW);
                prop_assert!(valid || accepted.is_err());
            }
        }

        #[test]
        fn any_answer_is_survived(body: Vec<u8>) {
            let _ = UnverifiedReply::of_answer(&body);
        }
    }
}

/// Claims of the right names and of any values.
fn any_json() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z_]{0,12}".prop_map(Value::from),
        Just(json!("loggedin")),
        Just(json!([])),
        Just(json!({})),
    ];
    let name = prop::sample::select(vec![
        "sid", "sts", "at", "err", "raa", "frf", "exp", "nbf", "iat",
    ]);
    prop::collection::vec((name, value), 0..9).prop_map(|members| {
        Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    })
}

mod step_a_identify {
    use admit_one_protocol::sso2::identify::identify_url;

    use super::*;

    #[test]
    fn sends_this_message_byte_for_byte() {
        let message = signed(CLIENT.identify(NOW));
        assert_eq!(message.as_str(), IDENTIFY);
    }

    #[test]
    fn names_the_client_and_the_organisation_and_lives_a_minute() {
        let message = signed(CLIENT.identify(NOW));
        let expected = json!({
            "cid": "paper-shop", "iss": "paper", "aud": "pw-sso", "nbf": NOW, "exp": NOW + 60, "iat": NOW,
        });
        assert_eq!(claims(&message), expected);
    }

    #[test]
    fn carries_r_beside_the_message_and_percent_encoded() {
        let message = signed(CLIENT.identify(NOW));
        let url = identify_url(
            CLIENT,
            &message,
            "https://shop.example/landing/paper?state=s-1",
        );
        assert_eq!(
            url,
            format!(
                "https://sso.example/identify?t={IDENTIFY}&r=https%3A%2F%2Fshop.example%2Flanding%2Fpaper%3Fstate%3Ds-1"
            )
        );
    }

    const IDENTIFY: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJjaWQiOiJwYXBlci1zaG9wIiwiaXNzIjoicGFwZXIiLCJhdWQiOiJwdy1zc28iLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDA2MCwiaWF0IjoxNzAwMDAwMDAwfQ.3BYHrgMpE7-2j2hQJXt44hqYN4ThJUOnrJCjkYjNRB4";
}

mod step_c_landing {
    use admit_one_protocol::sso2::landing::{
        Arrival, ArrivalError, Landing, LandingError, refusal_uri, return_uri,
    };

    use super::*;

    const PAGE: &str = "https://shop.example/landing/paper";

    fn arrival(t: &str, r: &str) -> Result<Arrival, ArrivalError> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("t", t), ("r", r)])
            .finish();
        Arrival::parse(&query, PAGE)
    }

    fn identified() -> Arrival {
        Arrival::Identified {
            t: "a.b.c".to_owned(),
            state: "s-1".to_owned(),
        }
    }

    #[test]
    fn finds_the_state_of_the_sign_in_in_r() {
        assert_eq!(
            arrival("a.b.c", &return_uri(PAGE, "s-1")).unwrap(),
            identified()
        );
    }

    #[test]
    fn reads_an_r_that_was_not_percent_encoded() {
        let query = format!("?t=a.b.c&r={PAGE}?state=s-1");
        assert_eq!(Arrival::parse(&query, PAGE).unwrap(), identified());
    }

    #[test]
    fn tells_a_refusal_of_ours_by_its_code() {
        let arrival = |address: &str| {
            let (page, query) = address.split_once('?').unwrap();
            assert_eq!(page, PAGE);
            Arrival::parse(query, PAGE).unwrap()
        };
        let refused = |code| Arrival::Refused {
            state: "s-1".to_owned(),
            code,
        };
        let address = refusal_uri(PAGE, "s-1", Code::RateLimited);
        assert_eq!(arrival(&address), refused(Code::RateLimited));
        let unknown = address.replace("rate_limited", "made_up");
        assert_eq!(arrival(&unknown), refused(Code::Internal));
        // Whoever has a message has been at SSO2.
        let both = format!("t=a.b.c&r={PAGE}?state=s-1&error=rate_limited");
        assert_eq!(Arrival::parse(&both, PAGE).unwrap(), identified());
    }

    #[test]
    fn refuses_an_r_that_leads_elsewhere() {
        let elsewhere = [
            "https://evil.example/landing/paper?state=s-1",
            "https://shop.example.evil.example/landing/paper?state=s-1",
            "https://shop.example/landing/other?state=s-1",
            "https://shop.example/landing/paper/?state=s-1",
            "https://shop.example/landing/paper?state=s-1&next=//evil.example",
            "https://shop.example/landing/paper?state=s-1#x",
            "https://shop.example/landing/paper?state=",
            "https://shop.example/landing/paper?states=s-1",
            "https://shop.example/landing/paper",
            "//shop.example/landing/paper?state=s-1",
            "/landing/paper?state=s-1",
            "javascript:alert(1)",
            "",
        ];
        for r in elsewhere {
            let error = arrival("a.b.c", r).unwrap_err();
            assert_eq!(error, ArrivalError::Return, "{r}");
            assert_eq!(error.code(), Code::Sso2LandingReturn);
        }
        assert_eq!(
            Arrival::parse("t=a.b.c", PAGE).unwrap_err(),
            ArrivalError::Return
        );
        assert_eq!(
            Arrival::parse("t=a.b.c&state=s-1", PAGE).unwrap_err(),
            ArrivalError::Return,
            "a state beside the message is nobody's word"
        );
    }

    #[test]
    fn refuses_a_repeated_parameter() {
        let r = return_uri(PAGE, "s-1");
        for query in [
            format!("t=a&t=b&r={r}"),
            format!("t=a&r={r}&r={r}"),
            "state=a&state=a".to_owned(),
        ] {
            let error = Arrival::parse(&query, PAGE).unwrap_err();
            assert!(
                matches!(error, ArrivalError::ParameterRepeated(_)),
                "{query}"
            );
        }
    }

    #[test]
    fn says_when_there_is_nothing_in_it() {
        for query in ["", "?", "state=", "t=&state=", "code=c", "tpw=1"] {
            let error = Arrival::parse(query, PAGE).unwrap_err();
            assert_eq!(error, ArrivalError::Malformed, "{query}");
            assert_eq!(error.code(), Code::Sso2LandingInvalid);
        }
    }

    fn landing(claims: Value) -> Result<Landing, LandingError> {
        Landing::accept(accept(&message(claims))?)
    }

    #[test]
    fn an_anonymous_session_is_not_a_sign_in() {
        for claims in [
            json!({"sid": "5f3a", "sts": "anon"}),
            json!({"sid": "5f3a", "sts": "anon", "at": "t"}),
        ] {
            let landing = landing(claims).unwrap();
            assert_eq!(
                landing,
                Landing::Anonymous {
                    sid: "5f3a".to_owned()
                }
            );
        }
    }

    #[test]
    fn who_is_logged_in_already_comes_with_a_ticket() {
        let landed = landing(json!({"sid": "5f3a", "sts": "loggedin", "at": "t-1"})).unwrap();
        assert!(matches!(landed, Landing::LoggedIn { sid, ticket: Some(_) } if sid == "5f3a"));
    }

    #[test]
    fn logged_in_without_a_ticket_is_nobody_yet() {
        let landed = landing(json!({"sid": "5f3a", "sts": "loggedin", "at": ""})).unwrap();
        assert!(matches!(landed, Landing::LoggedIn { ticket: None, .. }));
    }

    #[test]
    fn refuses_what_is_not_a_landing() {
        let odd = [
            json!({}),
            json!({"sid": "5f3a"}),
            json!({"sts": "anon"}),
            json!({"sid": "", "sts": "anon"}),
            json!({"sid": "5f3a", "sts": "terminated"}),
            json!({"sid": "5f3a", "sts": "LoggedIn", "at": "t-1"}),
            json!({"sid": "x".repeat(256), "sts": "anon"}),
        ];
        for claims in odd {
            let error = landing(claims.clone()).unwrap_err();
            assert_eq!(error.code(), Code::Sso2LandingInvalid, "{claims}");
        }
    }

    #[test]
    fn refuses_our_own_messages_played_back() {
        let own = [
            signed(CLIENT.identify(NOW)),
            signed(CLIENT.logout("5f3a", END_USER, NOW)),
            signed(CLIENT.session_status("5f3a", END_USER, SessionStatus::LoggedIn, NOW)),
        ];
        for message in own {
            let error = Landing::accept(accept(message.as_str()).unwrap()).unwrap_err();
            assert_eq!(error.code(), Code::Sso2LandingInvalid);
        }
    }

    #[test]
    fn refuses_a_message_that_would_be_good_for_ever() {
        let landing = |times: Value| {
            let mut claims = json!({"sid": "5f3a", "sts": "loggedin"});
            let all = claims.as_object_mut().unwrap();
            all.extend(times.as_object().unwrap().clone());
            let t = message_of(SECRET, &json!({"alg": "HS256"}), &claims);
            Landing::accept(accept(&t).unwrap())
        };
        for old in [
            json!({}),
            json!({"iat": NOW - 120}),
            json!({"nbf": NOW - 86_400, "iat": NOW - 86_400}),
        ] {
            assert!(landing(old.clone()).is_err(), "{old}");
        }
        for new in [
            json!({"exp": NOW}),
            json!({"iat": NOW - 119}),
            json!({"nbf": NOW}),
        ] {
            assert!(landing(new.clone()).is_ok(), "{new}");
        }
    }

    #[test]
    fn refuses_a_landing_of_another_client() {
        let t = message_of(
            b"secret of another site",
            &json!({"alg": "HS256"}),
            &json!({"sid": "5f3a", "sts": "anon", "exp": NOW}),
        );
        let error = LandingError::from(accept(&t).unwrap_err());
        assert_eq!(error.code(), Code::Sso2LandingInvalid);
    }

    #[test]
    fn an_err_is_an_err_whatever_stands_beside_it() {
        let error = landing(
            json!({"err": "client_not_found", "sid": "5f3a", "sts": "loggedin", "at": "t-1"}),
        )
        .unwrap_err();
        assert_eq!(error.code(), Code::Sso2LandingError);
        assert!(error.to_string().contains("client_not_found"));
    }

    proptest! {
        #[test]
        fn any_query_is_survived(query: String) {
            let _ = Arrival::parse(&query, PAGE);
        }

        #[test]
        fn only_an_address_of_our_own_is_gone_on_to(r in "(https://shop\\.example)?[/a-z?=&#.%-]{0,40}") {
            if let Ok(arrival) = arrival("a.b.c", &r) {
                prop_assert_eq!(return_uri(PAGE, arrival.state()), r);
            }
        }

        #[test]
        fn any_claims_of_a_landing_are_survived(claims in any_json()) {
            let t = message_of(SECRET, &json!({"alg": "HS256"}), &claims);
            if let Ok(reply) = accept(&t) {
                let _ = Landing::accept(reply);
            }
        }
    }
}

mod step_d_central_login_form {
    use admit_one_protocol::sso2::landing::{central_login_url, return_uri};

    #[test]
    fn is_told_where_to_continue() {
        let back = return_uri("https://shop.example/landing/paper", "s-1");
        let encoded = "continue=https%3A%2F%2Fshop.example%2Flanding%2Fpaper%3Fstate%3Ds-1";
        let forms = [
            (
                "https://paper.portal.example/login?continue=",
                "https://paper.portal.example/login?",
            ),
            (
                "https://paper.portal.example/login",
                "https://paper.portal.example/login?",
            ),
            (
                "https://paper.portal.example/login?lang=sv",
                "https://paper.portal.example/login?lang=sv&",
            ),
            (
                "https://paper.portal.example/login?lang=sv&continue=",
                "https://paper.portal.example/login?lang=sv&",
            ),
        ];
        for (form, begins) in forms {
            assert_eq!(central_login_url(form, &back), format!("{begins}{encoded}"));
        }
    }
}

mod step_e_authenticate {
    use admit_one_protocol::sso2::authenticate::{
        AuthenticateError, Authenticated, LONGEST_PASSWORD, LONGEST_USERNAME, Password,
    };

    use super::*;

    fn authenticate(username: &str, password: &str) -> Option<UnsignedMessage> {
        let password = Password::new(password.to_owned());
        CLIENT
            .authenticate("5f3a", END_USER, username, &password, NOW)
            .ok()
    }

    #[test]
    fn adds_usr_and_pwd_and_lives_ten_seconds() {
        let message = signed(authenticate("alice@example.test", "ti\"cket ü").unwrap());
        let expected = json!({
            "cid": "paper-shop", "iss": "paper", "sid": "5f3a", "ipa": "192.0.2.7", "uas": "Mozilla/5.0 (X11)",
            "usr": "alice@example.test", "pwd": "ti\"cket ü", "aud": "pw-sso", "nbf": NOW, "exp": NOW + 10, "iat": NOW,
        });
        assert_eq!(claims(&message), expected);
    }

    #[test]
    fn sends_nothing_that_nobody_types() {
        assert!(authenticate("", "ticket").is_none());
        assert!(authenticate("alice", "").is_none());
        assert!(authenticate(&"a".repeat(LONGEST_USERNAME + 1), "ticket").is_none());
        assert!(authenticate("alice", &"x".repeat(LONGEST_PASSWORD + 1)).is_none());
        assert!(
            authenticate(&"a".repeat(LONGEST_USERNAME), &"x".repeat(LONGEST_PASSWORD)).is_some()
        );
    }

    #[test]
    fn a_password_is_never_shown() {
        let password = Password::new("ticket".to_owned());
        assert_eq!(format!("{password:?}"), "Password(..)");
        let message = CLIENT
            .authenticate("5f3a", END_USER, "alice", &password, NOW)
            .unwrap();
        assert_eq!(format!("{message:?}"), "UnsignedMessage(..)");
        let request = CLIENT.request(Operation::Authenticate, &signed(message));
        assert!(!format!("{request:?}").contains("eyJ"));
    }

    fn refused(claims: Value) -> AuthenticateError {
        Authenticated::accept(reply(claims)).unwrap_err()
    }

    #[test]
    fn a_login_brings_the_session_and_a_ticket() {
        let login = Authenticated::accept(reply(
            json!({"sid": "5f3a", "sts": "loggedin", "at": "t-1"}),
        ))
        .unwrap();
        assert_eq!(login.sid.as_deref(), Some("5f3a"));
    }

    #[test]
    fn invalid_credentials_says_how_many_attempts_remain() {
        let error = refused(json!({"err": "invalid_credentials", "raa": 4}));
        assert_eq!(
            error,
            AuthenticateError::InvalidCredentials {
                remaining_attempts: Some(4)
            }
        );
        assert_eq!(error.code(), Code::Sso2Credentials);
        let error = refused(json!({"err": "invalid_credentials", "raa": null}));
        assert_eq!(
            error,
            AuthenticateError::InvalidCredentials {
                remaining_attempts: None
            }
        );
    }

    #[test]
    fn account_frozen_says_for_how_long() {
        let error = refused(json!({"err": "account_frozen", "frf": 540}));
        assert_eq!(
            error,
            AuthenticateError::AccountFrozen {
                frozen_for: Some(540)
            }
        );
        assert_eq!(error.code(), Code::Sso2Frozen);
    }

    #[test]
    fn account_not_active_has_a_code_of_its_own() {
        let error = refused(json!({"err": "account_not_active"}));
        assert_eq!(error, AuthenticateError::AccountNotActive);
        assert_eq!(error.code(), Code::Sso2NotActive);
    }

    #[test]
    fn a_session_that_is_gone_has_a_code_of_its_own() {
        for claims in [
            json!({"err": "session_not_found"}),
            json!({"sts": "terminated"}),
        ] {
            assert_eq!(refused(claims).code(), Code::Sso2SessionUnknown);
        }
    }

    #[test]
    fn an_err_wins_over_loggedin() {
        let error = refused(json!({"err": "something_new", "sts": "loggedin", "at": "t-1"}));
        assert_eq!(error.code(), Code::Sso2AuthenticateError);
        assert!(error.to_string().contains("something_new"));
    }

    #[test]
    fn logged_in_without_a_ticket_is_nobody_yet() {
        let login = Authenticated::accept(reply(json!({"sts": "loggedin"}))).unwrap();
        assert_eq!(login.ticket, None);
    }

    #[test]
    fn neither_loggedin_nor_an_err_signs_nobody_in() {
        for claims in [
            json!({}),
            json!({"sts": "anon", "at": "t-1"}),
            json!({"at": "t-1"}),
        ] {
            assert_eq!(
                refused(claims.clone()),
                AuthenticateError::Malformed,
                "{claims}"
            );
        }
    }

    #[test]
    fn another_status_than_200_is_trouble_upstream() {
        let error = ReplyError::Status {
            status: 500,
            err: Some("boom".to_owned()),
        };
        assert_eq!(error.code(), Code::UpstreamError);
        assert!(error.to_string().contains("500") && error.to_string().contains("boom"));
    }

    proptest! {
        #[test]
        fn any_claims_of_a_reply_are_survived(claims in any_json()) {
            let t = message_of(SECRET, &json!({"alg": "HS256"}), &claims);
            if let Ok(reply) = accept(&t) {
                let _ = Authenticated::accept(reply);
            }
        }
    }
}

mod step_h_session_status {
    use admit_one_protocol::sso2::status::{Asked, LocalUser, Verdict};

    use super::*;

    #[test]
    fn sends_this_message_byte_for_byte() {
        let message = CLIENT.session_status("5f3a", END_USER, SessionStatus::Anon, NOW);
        assert_eq!(signed(message).as_str(), SESSION_STATUS);
    }

    #[test]
    fn says_what_was_last_known() {
        for (status, word) in [
            (SessionStatus::Anon, "anon"),
            (SessionStatus::LoggedIn, "loggedin"),
            (SessionStatus::Terminated, "terminated"),
        ] {
            let message = signed(CLIENT.session_status("5f3a", END_USER, status, NOW));
            assert_eq!(claims(&message)["lks"], word);
            assert_eq!(claims(&message)["exp"], NOW + 10);
        }
    }

    const STATUSES: [SessionStatus; 3] = [
        SessionStatus::Anon,
        SessionStatus::LoggedIn,
        SessionStatus::Terminated,
    ];
    const LOCAL_USERS: [LocalUser; 2] = [LocalUser::Remembered, LocalUser::Nobody];

    /// What a reply means under each of the circumstances that the row leaves open.
    fn verdicts(claims: Value, last_known: &[SessionStatus], local: &[LocalUser]) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for last_known in last_known {
            for local in local {
                let asked = Asked {
                    sid: "5f3a",
                    last_known: *last_known,
                    local: *local,
                };
                verdicts.push(Verdict::accept(reply(claims.clone()), asked).unwrap());
            }
        }
        verdicts
    }

    fn all(verdicts: &[Verdict], expected: &Verdict) {
        assert!(
            verdicts.iter().all(|verdict| verdict == expected),
            "{verdicts:?}"
        );
    }

    #[test]
    fn row_1_terminated_drops_the_local_session() {
        for claims in [
            json!({"sts": "terminated"}),
            json!({"sts": "terminated", "at": "t-1", "err": "x"}),
        ] {
            all(
                &verdicts(claims, &STATUSES, &LOCAL_USERS),
                &Verdict::Dropped,
            );
        }
    }

    #[test]
    fn row_1_session_not_found_drops_the_local_session() {
        for claims in [
            json!({"err": "session_not_found"}),
            json!({"err": "session_not_found", "sts": "loggedin", "at": "t-1"}),
        ] {
            all(
                &verdicts(claims, &STATUSES, &LOCAL_USERS),
                &Verdict::Dropped,
            );
        }
    }

    #[test]
    fn row_2_loggedin_with_a_ticket_is_exchanged() {
        for verdict in verdicts(
            json!({"sid": "5f3a", "sts": "loggedin", "at": "t-1"}),
            &STATUSES,
            &LOCAL_USERS,
        ) {
            assert!(matches!(verdict, Verdict::LoggedIn { .. }));
        }
    }

    #[test]
    fn row_3_loggedin_without_a_ticket_after_anon_or_terminated_identifies_again() {
        let before = [SessionStatus::Anon, SessionStatus::Terminated];
        for claims in [
            json!({"sts": "loggedin"}),
            json!({"sts": "loggedin", "at": ""}),
        ] {
            all(
                &verdicts(claims, &before, &LOCAL_USERS),
                &Verdict::IdentifyAgain,
            );
        }
    }

    #[test]
    fn row_4_loggedin_as_before_without_a_local_user_identifies_again() {
        let verdicts = verdicts(
            json!({"sts": "loggedin"}),
            &[SessionStatus::LoggedIn],
            &[LocalUser::Nobody],
        );
        all(&verdicts, &Verdict::IdentifyAgain);
    }

    #[test]
    fn row_5_anon_signs_a_remembered_user_out() {
        for claims in [json!({"sts": "anon"}), json!({"sts": "anon", "at": "t-1"})] {
            all(
                &verdicts(claims, &STATUSES, &[LocalUser::Remembered]),
                &Verdict::SignedOut,
            );
        }
    }

    #[test]
    fn a_reply_about_another_session_is_no_answer() {
        let asked = Asked {
            sid: "5f3a",
            last_known: SessionStatus::Anon,
            local: LocalUser::Nobody,
        };
        let other = reply(json!({"sid": "5f3b", "sts": "loggedin", "at": "t-1"}));
        let error = Verdict::accept(other, asked).unwrap_err();
        assert_eq!(error.code(), Code::Sso2ReplyInvalid);
    }

    #[test]
    fn what_is_as_it_was_changes_nothing() {
        let remembered = [LocalUser::Remembered];
        all(
            &verdicts(
                json!({"sts": "loggedin"}),
                &[SessionStatus::LoggedIn],
                &remembered,
            ),
            &Verdict::Unchanged,
        );
        all(
            &verdicts(json!({"sts": "anon"}), &STATUSES, &[LocalUser::Nobody]),
            &Verdict::Unchanged,
        );
    }

    #[test]
    fn a_word_that_the_table_lacks_changes_nothing_and_is_shown_to_the_operator() {
        for claims in [
            json!({}),
            json!({"sts": "asleep"}),
            json!({"sts": "asleep", "at": "t-1"}),
        ] {
            all(
                &verdicts(claims, &STATUSES, &LOCAL_USERS),
                &Verdict::Unknown { err: None },
            );
        }
        for claims in [
            json!({"err": "new"}),
            json!({"err": "new", "sts": "loggedin", "at": "t-1"}),
        ] {
            all(
                &verdicts(claims, &STATUSES, &LOCAL_USERS),
                &Verdict::Unknown {
                    err: Some("new".to_owned()),
                },
            );
        }
    }

    proptest! {
        #[test]
        fn nobody_is_signed_in_without_a_ticket(claims in any_json()) {
            let has_ticket = claims["at"].as_str().is_some_and(|at| !at.is_empty());
            let t = message_of(SECRET, &json!({"alg": "HS256"}), &claims);
            if let Ok(reply) = accept(&t) {
                for last_known in STATUSES {
                    let asked = Asked { sid: "5f3a", last_known, local: LocalUser::Nobody };
                    let verdict = Verdict::accept(reply.clone(), asked);
                    let signed_in = matches!(verdict, Ok(Verdict::LoggedIn { .. }));
                    prop_assert!(has_ticket || !signed_in);
                }
            }
        }
    }

    const SESSION_STATUS: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJjaWQiOiJwYXBlci1zaG9wIiwiaXNzIjoicGFwZXIiLCJzaWQiOiI1ZjNhIiwiaXBhIjoiMTkyLjAuMi43IiwidWFzIjoiTW96aWxsYS81LjAgKFgxMSkiLCJsa3MiOiJhbm9uIiwiYXVkIjoicHctc3NvIiwibmJmIjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDAwMTAsImlhdCI6MTcwMDAwMDAwMH0.P9CUv10wxdZw1FLgNABeLsQiTadet4NrlxbyLf8jADI";
}

mod step_i_access_token {
    use admit_one_protocol::sso2::{
        Ticket,
        status::{Asked, LocalUser, Verdict},
        ticket::{AccessTokenError, AccessTokenGrant, ApiClient, RefreshToken, accept},
    };

    use super::*;

    fn ticket(at: &str) -> Ticket {
        let asked = Asked {
            sid: "5f3a",
            last_known: SessionStatus::Anon,
            local: LocalUser::Nobody,
        };
        match Verdict::accept(reply(json!({"sts": "loggedin", "at": at})), asked).unwrap() {
            Verdict::LoggedIn { ticket } => ticket,
            other => panic!("{other:?}"),
        }
    }

    fn grant() -> AccessTokenGrant {
        AccessTokenGrant::Ticket(ticket("t-1"))
    }

    fn refresh() -> AccessTokenGrant {
        AccessTokenGrant::RefreshToken(RefreshToken("r-1".to_owned()))
    }

    #[test]
    fn sends_this_form_byte_for_byte() {
        let scopes = [
            "/external/me/w".to_owned(),
            "/external/account/r".to_owned(),
        ];
        let client = ApiClient {
            api_url: "https://api.example",
            client_id: "paper-shop",
            client_secret: "se&cret",
            scopes: &scopes,
        };
        let request = client.access_token_request(&AccessTokenGrant::Ticket(ticket("t/1+2")));
        assert_eq!(request.method, "POST");
        assert_eq!(
            request.url,
            "https://api.example/api/authorization/access_token"
        );
        assert_eq!(
            request.body,
            "client_id=paper-shop&client_secret=se%26cret&grant_type=ticket&scope=%2Fexternal%2Fme%2Fw+%2Fexternal%2Faccount%2Fr&ticket=t%2F1%2B2"
        );
        assert!(
            request
                .headers
                .contains(&("accept".to_owned(), "application/json".to_owned()))
        );
        assert!(request.headers.contains(&(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned()
        )));
        assert!(!format!("{client:?} {request:?} {:?} {:?}", grant(), refresh()).contains("t-1"));
        let renewed = client.access_token_request(&refresh());
        assert!(
            renewed.body.contains("grant_type=refresh_token")
                && renewed.body.ends_with("refresh_token=r-1")
        );
    }

    #[test]
    fn needs_nothing_but_an_access_token() {
        let tokens = accept(200, br#"{"access_token":"a-1"}"#, &grant()).unwrap();
        assert_eq!(tokens.access_token, "a-1");
        assert_eq!(
            tokens.expires_in,
            Some(3600),
            "an hour, where the answer doesn't say"
        );
        assert_eq!((tokens.refresh_token, tokens.id_token), (None, None));
    }

    #[test]
    fn takes_what_an_rfc_6749_answer_adds() {
        let body = br#"{"access_token":"a-1","token_type":"bearer","expires_in":"7200","refresh_token":"r-1","scope":"/external/me/w"}"#;
        let tokens = accept(200, body, &grant()).unwrap();
        assert_eq!(
            (tokens.expires_in, tokens.refresh_token.as_deref()),
            (Some(7200), Some("r-1"))
        );
    }

    #[test]
    fn refuses_a_success_without_a_bearer_token() {
        for body in [
            &b""[..],
            b"{}",
            b"[]",
            br#"{"access_token":""}"#,
            br#"{"access_token":null}"#,
            b"<html>",
        ] {
            let error = accept(200, body, &grant()).unwrap_err();
            assert_eq!(error.code(), Code::TokenResponseInvalid);
        }
        let error =
            accept(200, br#"{"access_token":"a","token_type":"mac"}"#, &grant()).unwrap_err();
        assert_eq!(error.code(), Code::TokenTypeUnknown);
    }

    #[test]
    fn a_refused_ticket_is_not_a_refused_client() {
        let cases: [(u16, &str, Code); 9] = [
            (400, r#"{"error":"invalid_grant"}"#, Code::Sso2TicketRefused),
            (401, r#"{"error":"invalid_grant"}"#, Code::Sso2TicketRefused),
            (
                400,
                r#"{"code":"invalid_parameter","field":"ticket","message":"no"}"#,
                Code::Sso2TicketRefused,
            ),
            (
                404,
                r#"{"code":"not_found","message":"no"}"#,
                Code::Sso2TicketRefused,
            ),
            (400, "", Code::Sso2TicketRefused),
            (400, r#"{"error":"invalid_client"}"#, Code::ClientRefused),
            (401, "", Code::ClientRefused),
            (400, r#"{"error":"invalid_scope"}"#, Code::ClientRefused),
            (503, r#"{"error":"invalid_grant"}"#, Code::UpstreamError),
        ];
        for (status, body, code) in cases {
            assert_eq!(
                accept(status, body.as_bytes(), &grant())
                    .unwrap_err()
                    .code(),
                code,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn an_error_with_200_is_an_error() {
        let error = accept(
            200,
            br#"{"error":"invalid_grant","access_token":"a-1"}"#,
            &grant(),
        )
        .unwrap_err();
        assert!(matches!(
            error,
            AccessTokenError::Refused { status: 200, .. }
        ));
    }

    #[test]
    fn a_refused_refresh_token_ends_the_session() {
        let error = accept(400, br#"{"error":"invalid_grant"}"#, &refresh()).unwrap_err();
        assert_eq!(error.code(), Code::RefreshRefused);
    }

    proptest! {
        #[test]
        fn any_answer_is_survived(status: u16, body: Vec<u8>) {
            let _ = accept(status, &body, &grant());
        }
    }
}

mod step_i_me {
    use admit_one_protocol::{
        profile::Field,
        sso2::account::{Account, Verified, me_request},
        userinfo::UserInfoError,
    };

    use super::*;

    const ID: &str = "585a4768edce2c5e6f000001";

    fn me(item: Value, verified: Verified) -> Result<Account, UserInfoError> {
        let body = json!({ "item": item }).to_string();
        Account::accept(200, Some("application/json"), body.as_bytes(), verified)
    }

    #[test]
    fn asks_with_the_access_token_in_the_header() {
        let request = me_request("https://api.example", "/external/api/v1/me", "a-1");
        assert_eq!(
            (request.method, request.url.as_str()),
            ("GET", "https://api.example/external/api/v1/me")
        );
        assert!(
            request
                .headers
                .contains(&("authorization".to_owned(), "Bearer a-1".to_owned()))
        );
    }

    #[test]
    fn reads_the_account_of_the_documentation() {
        let item = json!({
            "id": "585a4768edce2c5e6f000001", "email": "user@email.com", "status": "created", "verified": false,
            "customer_number": "12345", "first_name": "Kalle", "last_name": "Anka", "mobile_phone_number": "+46701234567",
            "birth_date": "1980-06-10", "gender": "M", "company_registration_number": null, "user_products": [],
            "address": {"street": "Södra Vollsjövägen", "street_number": "2", "zip_code": "27567", "city": "Vollsjö", "country_code": "SE"},
        });
        let account = me(item, Verified::IsEmail).unwrap();
        assert_eq!(account.id, "585a4768edce2c5e6f000001");
        let profile = &account.userinfo.profile;
        let expected = [
            (Field::GivenName, "Kalle"),
            (Field::FamilyName, "Anka"),
            (Field::Email, "user@email.com"),
            (Field::PhoneNumber, "+46701234567"),
            (Field::Birthdate, "1980-06-10"),
            (Field::StreetAddress, "Södra Vollsjövägen 2"),
            (Field::PostalCode, "27567"),
            (Field::Locality, "Vollsjö"),
            (Field::Country, "SE"),
        ];
        for (field, value) in expected {
            assert_eq!(profile.get(field), Some(value), "{field}");
        }
        assert!(!account.userinfo.email_verified);
    }

    #[test]
    fn a_value_that_is_not_valid_counts_as_missing() {
        let account = me(
            json!({"id": ID, "email": "nowhere", "mobile_phone_number": "50460531", "first_name": 7}),
            Verified::IsEmail,
        );
        assert!(account.unwrap().userinfo.profile.is_empty());
    }

    #[test]
    fn verified_is_about_the_e_mail_only_where_the_operator_says_so() {
        let item = json!({"id": ID, "email": "a@example.test", "verified": true});
        assert!(
            me(item.clone(), Verified::IsEmail)
                .unwrap()
                .userinfo
                .email_verified
        );
        assert!(
            !me(item, Verified::IsNotEmail)
                .unwrap()
                .userinfo
                .email_verified
        );
        let without = json!({"id": ID, "verified": true});
        assert!(
            !me(without, Verified::IsEmail)
                .unwrap()
                .userinfo
                .email_verified
        );
        let spelled = json!({"id": ID, "email": "a@example.test", "verified": "true"});
        assert!(
            !me(spelled, Verified::IsEmail)
                .unwrap()
                .userinfo
                .email_verified
        );
    }

    #[test]
    fn an_account_without_an_id_is_nobody() {
        for item in [
            json!({}),
            json!({"id": ""}),
            json!({"id": null}),
            json!({"id": "585a4768edce2c5e6f00000"}),
            json!({"id": "585a4768edce2c5e6f00000g"}),
            json!([]),
            json!(null),
        ] {
            let error = me(item.clone(), Verified::IsEmail).unwrap_err();
            assert_eq!(error.code(), Code::UserinfoInvalid, "{item}");
        }
    }

    #[test]
    fn the_status_says_what_is_wrong() {
        let answer = |status| {
            Account::accept(status, None, br#"{"message":"no"}"#, Verified::IsEmail)
                .unwrap_err()
                .code()
        };
        assert_eq!(answer(401), Code::UserinfoRefused);
        assert_eq!(answer(403), Code::UserinfoRefused);
        assert_eq!(answer(500), Code::UpstreamError);
        assert_eq!(answer(429), Code::UpstreamError);
        assert_eq!(answer(404), Code::UserinfoInvalid);
    }

    proptest! {
        #[test]
        fn any_answer_is_survived(status: u16, body: Vec<u8>) {
            let _ = Account::accept(status, None, &body, Verified::IsEmail);
        }
    }
}

mod logout {
    use super::*;

    #[test]
    fn names_the_session() {
        let message = signed(CLIENT.logout("5f3a", END_USER, NOW));
        let expected = json!({
            "cid": "paper-shop", "iss": "paper", "sid": "5f3a", "ipa": "192.0.2.7", "uas": "Mozilla/5.0 (X11)",
            "aud": "pw-sso", "nbf": NOW, "exp": NOW + 10, "iat": NOW,
        });
        assert_eq!(claims(&message), expected);
    }
}
