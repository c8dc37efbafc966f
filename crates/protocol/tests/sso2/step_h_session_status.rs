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
