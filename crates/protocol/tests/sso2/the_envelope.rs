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
    let other = base64url(json!({"sid": "5f3a", "sts": "loggedin", "at": "stolen"}).to_string());
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
