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
