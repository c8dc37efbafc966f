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
    assert!(authenticate(&"a".repeat(LONGEST_USERNAME), &"x".repeat(LONGEST_PASSWORD)).is_some());
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
