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
    let error =
        landing(json!({"err": "client_not_found", "sid": "5f3a", "sts": "loggedin", "at": "t-1"}))
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
