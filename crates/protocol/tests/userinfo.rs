//! OpenID Connect Core, section 5.3.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::{
    Code,
    profile::Field,
    userinfo::{UserInfo, userinfo_request},
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn claims() -> Value {
    json!({
        "sub": "248289761001",
        "given_name": "Jane", "family_name": "Doe",
        "email": "janedoe@example.com", "email_verified": true,
        "phone_number": "+1 (425) 555-1212",
        "birthdate": "1984-10-31", "gender": "female", "locale": "en_US",
        "address": {
            "street_address": "1234 Hollywood Blvd.", "locality": "Los Angeles", "region": "CA",
            "postal_code": "90210", "country": "us",
        },
    })
}

fn accept(claims: &Value) -> Result<UserInfo, Code> {
    UserInfo::accept(
        200,
        Some("application/json"),
        claims.to_string().as_bytes(),
        "248289761001",
    )
    .map_err(|error| error.code())
}

fn with(name: &str, member: Value) -> Value {
    let mut claims = claims();
    claims[name] = member;
    claims
}

mod section_5_3_1 {
    use super::*;

    #[test]
    fn the_access_token_travels_in_the_header() {
        let request = userinfo_request("https://id.example/me", "a.b");
        assert_eq!(request.method, "GET");
        assert_eq!(request.url, "https://id.example/me");
        assert!(
            request
                .headers
                .contains(&("authorization".to_owned(), "Bearer a.b".to_owned()))
        );
        assert!(request.body.is_empty());
        assert!(!format!("{request:?}").contains("a.b"));
    }
}

mod section_5_4 {
    use super::*;
    use admit_one_protocol::encoding::base64url;

    #[test]
    fn an_id_token_may_say_the_same() {
        let payload = base64url(claims().to_string());
        let token = format!("e30.{payload}.c2ln");
        let told = UserInfo::of_id_token(&token, claims()["sub"].as_str().unwrap());
        assert_eq!(told, accept(&claims()).ok());
        assert_eq!(UserInfo::of_id_token(&token, "somebody-else"), None);
        assert_eq!(UserInfo::of_id_token("e30.e30", "a"), None);
        assert_eq!(UserInfo::of_id_token("e30", "a"), None);
    }

    #[test]
    fn what_is_not_said_again_stays_as_it_was() {
        let before = accept(&with("email_verified", json!(true))).unwrap();
        let sub_alone = accept(&json!({ "sub": claims()["sub"] })).unwrap();
        assert_eq!(sub_alone.or_as_before(before.clone()), before);
        let mut changed = with("email_verified", json!(false));
        changed["email"] = json!("new@x.example");
        let changed = accept(&changed).unwrap().or_as_before(before);
        assert_eq!(changed.profile.get(Field::Email), Some("new@x.example"));
        assert!(!changed.email_verified);
    }
}

mod section_5_3_2 {
    use super::*;

    #[test]
    fn a_number_is_verified_only_where_the_provider_says_so() {
        assert!(!accept(&claims()).unwrap().phone_number_verified);
        let said = with("phone_number_verified", json!(true));
        assert!(accept(&said).unwrap().phone_number_verified);
        let mut none = said;
        none["phone_number"] = json!("12");
        assert!(!accept(&none).unwrap().phone_number_verified);
    }

    #[test]
    fn becomes_the_profile() {
        let info = accept(&claims()).unwrap();
        assert!(info.email_verified);
        let profile = info.profile;
        assert_eq!(profile.get(Field::GivenName), Some("Jane"));
        assert_eq!(profile.get(Field::Email), Some("janedoe@example.com"));
        assert_eq!(profile.get(Field::PhoneNumber), Some("+14255551212"));
        assert_eq!(profile.get(Field::Locale), Some("en-US"));
        assert_eq!(profile.get(Field::Country), Some("US"));
        assert_eq!(profile.iter().count(), Field::ALL.len());
    }

    #[test]
    fn rejects_another_sub() {
        assert_eq!(
            accept(&with("sub", json!("somebody else"))),
            Err(Code::UserinfoSub)
        );
        assert_eq!(
            accept(&with("sub", json!("248289761001 "))),
            Err(Code::UserinfoSub)
        );
    }

    #[test]
    fn rejects_a_missing_sub() {
        assert_eq!(accept(&with("sub", json!(null))), Err(Code::UserinfoSub));
        assert_eq!(
            accept(&json!({ "email": "janedoe@example.com" })),
            Err(Code::UserinfoSub)
        );
    }

    #[test]
    fn rejects_what_is_not_a_claims_object() {
        for body in ["", "<html>", "null", "[]", "eyJhbGciOiJub25lIn0.e30."] {
            let error =
                UserInfo::accept(200, Some("application/jwt"), body.as_bytes(), "x").unwrap_err();
            assert_eq!(error.code(), Code::UserinfoInvalid, "{body}");
        }
    }

    #[test]
    fn claims_of_another_type_count_as_absent() {
        let info = accept(&with("given_name", json!(7))).unwrap();
        assert_eq!(info.profile.get(Field::GivenName), None);
        let info = accept(&with("address", json!("Hollywood Blvd."))).unwrap();
        assert_eq!(info.profile.get(Field::Country), None);
        assert_eq!(info.profile.get(Field::FamilyName), Some("Doe"));
    }

    #[test]
    fn values_that_the_shop_could_not_take_count_as_missing() {
        let info = accept(&with("birthdate", json!("0000-10-31"))).unwrap();
        assert_eq!(info.profile.get(Field::Birthdate), None);
        let info = accept(&with("phone_number", json!("555-1212"))).unwrap();
        assert_eq!(info.profile.get(Field::PhoneNumber), None);
    }

    #[test]
    fn an_email_is_verified_only_where_the_provider_says_so() {
        for (value, verified) in [
            (json!(true), true),
            (json!("true"), true),
            (json!(false), false),
            (json!("false"), false),
            (json!("yes"), false),
            (json!(1), false),
            (json!(null), false),
        ] {
            assert_eq!(
                accept(&with("email_verified", value.clone()))
                    .unwrap()
                    .email_verified,
                verified,
                "{value}"
            );
        }
    }

    #[test]
    fn no_email_is_never_verified() {
        assert!(
            !accept(&with("email", json!("not an address")))
                .unwrap()
                .email_verified
        );
    }
}

mod section_5_3_3 {
    use super::*;

    fn refused(status: u16) -> Code {
        UserInfo::accept(
            status,
            None,
            claims().to_string().as_bytes(),
            "248289761001",
        )
        .unwrap_err()
        .code()
    }

    #[test]
    fn a_refused_access_token_is_refreshed_or_the_buyer_signs_in_again() {
        assert_eq!(refused(401), Code::UserinfoRefused);
        assert_eq!(refused(403), Code::UserinfoRefused);
    }

    #[test]
    fn trouble_is_the_providers() {
        assert_eq!(refused(500), Code::UpstreamError);
        assert_eq!(refused(503), Code::UpstreamError);
        assert_eq!(refused(429), Code::UpstreamError);
    }

    #[test]
    fn anything_else_is_no_answer() {
        assert_eq!(refused(302), Code::UserinfoInvalid);
        assert_eq!(refused(404), Code::UserinfoInvalid);
    }
}

mod properties {
    use super::*;

    fn member() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[+0-9 ()-]{0,20}".prop_map(Value::from),
        ]
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(status: u16, body: Vec<u8>, sub: String) {
            let _ = UserInfo::accept(status, None, &body, &sub);
        }

        #[test]
        fn whatever_is_accepted_is_of_that_person_and_valid(
            sub in prop::sample::select(vec!["248289761001", "other", ""]),
            members in prop::collection::hash_map(prop::sample::select(Field::ALL.to_vec()), member(), 0..8),
        ) {
            let mut body = json!({ "sub": sub, "address": {} });
            for (field, value) in members {
                match field.as_str().split_once('.') {
                    Some((object, name)) => body[object][name] = value,
                    None => body[field.as_str()] = value,
                }
            }
            match accept(&body) {
                Ok(info) => {
                    prop_assert_eq!(sub, "248289761001");
                    for (field, value) in info.profile.iter() {
                        let again = field.validate(value);
                        prop_assert_eq!(again.as_deref(), Ok(value));
                    }
                }
                Err(code) => prop_assert_eq!(code, Code::UserinfoSub),
            }
        }
    }
}
