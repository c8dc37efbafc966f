//! SessionM: the Core API, its statuses and errors, the lookup.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::{
    Code,
    http::{HttpRequest, retry_after},
    profile::{Field, Profile},
    sessionm::{
        Countries, Criterion, ExternalId, Holder, Numbers, SessionMError, Tenant, User, Written,
        accept_lookup, accept_user, digits,
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn tenant() -> Tenant {
    Tenant {
        api_url: "https://api-tenant.ent-sessionm.example".to_owned(),
        api_key: "k/1".to_owned(),
        api_secret: "s3cret".to_owned(),
        lookup_path: "/api/2.0/lookup".to_owned(),
        search_path: None,
        store_id: "S1".to_owned(),
        client_id: "C1".to_owned(),
        countries: Countries::Alpha3,
        numbers: Numbers::International,
    }
}

fn external() -> ExternalId {
    ExternalId {
        id: "idp-1".to_owned(),
        kind: "IDP".to_owned(),
    }
}

fn fields(fields: &[(Field, &str)]) -> Profile {
    let owned = fields
        .iter()
        .map(|(field, value)| (*field, (*value).to_owned()));
    owned.collect()
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(own, _)| own == name);
    found.map(|(_, value)| value.as_str())
}

/// The example of a profile response.
fn answer() -> Value {
    json!({"status":"ok","user":{"id":"00000000-0000-0000-0000-000000000001","external_id":"idp-1","opted_in":true,
        "activated":false,"proxy_ids":[],"identifiers":[{"external_id":"idp-1","external_id_type":"IDP"}],
        "email":"a@example.org","first_name":"A","last_name":"B","account_status":"good","suspended":false,
        "test_account":false,"available_points":0,"created_at":"2024-01-01 00:00:00","updated_at":"2024-01-01 00:00:00",
        "user_profile":{"_version":1},"phone_numbers":null}})
}

fn with(name: &str, member: Value) -> Value {
    let mut answer = answer();
    answer["user"][name] = member;
    answer
}

fn accept(answer: &Value) -> Result<User, SessionMError> {
    accept_user(200, answer.to_string().as_bytes(), &Numbers::International)
}

fn user(answer: &Value) -> User {
    accept(answer).unwrap()
}

mod authentication {
    use super::*;

    #[test]
    fn the_key_is_in_the_path_and_the_user_of_basic() {
        let request = tenant().retrieve("u-1");
        assert_eq!(
            request.url,
            "https://api-tenant.ent-sessionm.example/priv/v1/apps/k%2F1/users/u-1?show_identifiers=true"
        );
        // base64("k/1:s3cret")
        assert_eq!(
            header(&request, "authorization"),
            Some("Basic ay8xOnMzY3JldA==")
        );
        assert_eq!(header(&request, "content-type"), None);
    }

    #[test]
    fn neither_key_nor_secret_is_shown() {
        let requests = [
            tenant().retrieve("u-1"),
            tenant().look_up(Criterion::Email("a@b.example"), "r"),
        ];
        let shown = format!("{requests:?} {:?}", tenant());
        for hidden in ["k/1", "k%2F1", "s3cret", "ay8x", "u-1", "a@b.example"] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
        assert!(shown.contains("https://api-tenant.ent-sessionm.example"));
    }
}

mod retrieve {
    use super::*;

    #[test]
    fn the_external_id_is_one_segment_of_the_path() {
        for (id, segment) in [
            ("idp-1", "idp-1"),
            ("a/b?c#d", "a%2Fb%3Fc%23d"),
            ("..", "%2E%2E"),
            ("auth0|x y", "auth0%7Cx%20y"),
            ("é", "%C3%A9"),
        ] {
            let request = tenant().retrieve_external(id);
            let path =
                format!("/priv/v1/apps/k%2F1/external/users/{segment}?show_identifiers=true");
            assert!(request.url.ends_with(&path), "{}", request.url);
            assert_eq!((request.method, request.body.as_str()), ("GET", ""));
        }
    }

    #[test]
    fn becomes_the_profile() {
        let answer = json!({"status": "ok", "user": {
            "id": "u", "email": "a@example.org", "first_name": "A", "last_name": "B", "gender": "female",
            "dob": "1990-01-31", "locale": "en-us", "address": "Rue 1", "city": "Lausanne", "state": "VD", "zip": 1000,
            "country": "CHE",
            "phone_numbers": [
                {"phone_number": "41791111111", "phone_type": "home", "preference_flags": []},
                {"phone_number": "41792222222", "phone_type": "mobile", "preference_flags": ["primary"]},
            ],
        }});
        let user = user(&answer);
        let profile = user.profile();
        assert_eq!(profile.iter().count(), Field::ALL.len());
        assert_eq!(profile.get(Field::PhoneNumber), Some("+41792222222"));
        assert_eq!(profile.get(Field::Country), Some("CH"));
        assert_eq!(profile.get(Field::PostalCode), Some("1000"));
        assert!(user.has_email("A@Example.org") && !user.has_email("b@example.org"));
        assert!(user.has_phone("+41 79 111 11 11") && !user.has_phone("") && !user.has_phone("+1"));
        assert!(!format!("{user:?}").contains("example.org"));
    }

    #[test]
    fn an_answer_without_an_id_or_with_an_odd_list_of_numbers_is_no_profile() {
        for odd in [
            with("id", Value::Null),
            with("id", json!("")),
            with("phone_numbers", json!("41791111111")),
            json!({"status": "ok"}),
            json!({"status": "ok", "user": []}),
        ] {
            assert_eq!(
                accept(&odd).unwrap_err().code(),
                Code::DirectoryInvalid,
                "{odd}"
            );
        }
    }
}

mod external_ids {
    use super::*;

    fn holder(identifiers: Value, external_id: Value) -> Holder {
        let mut answer = with("identifiers", identifiers);
        answer["user"]["external_id"] = external_id;
        user(&answer).holder(&external())
    }

    fn id(id: &str, kind: &str) -> Value {
        json!({"external_id": id, "external_id_type": kind})
    }

    #[test]
    fn the_type_counts_as_much_as_the_id() {
        assert_eq!(
            holder(json!([id("idp-1", "IDP")]), json!("idp-1")),
            Holder::Them
        );
        assert_eq!(
            holder(json!([id("idp-1", "OTHER")]), json!("idp-1")),
            Holder::Nobody
        );
        assert_eq!(
            holder(json!([id("idp-1", "idp")]), json!("idp-1")),
            Holder::Nobody
        );
    }

    #[test]
    fn another_id_of_our_type_is_another_person_even_beside_ours() {
        assert_eq!(
            holder(json!([id("idp-2", "IDP")]), json!("idp-2")),
            Holder::Another
        );
        let both = json!([id("idp-2", "IDP"), id("idp-1", "IDP")]);
        assert_eq!(holder(both, json!("idp-1")), Holder::Another);
        let both = json!([id("idp-1", "IDP"), id("idp-2", "IDP")]);
        assert_eq!(holder(both, json!("idp-1")), Holder::Another);
    }

    #[test]
    fn several_types_are_several_ways_to_one_person() {
        let both = json!([id("x", "OTHER"), id("idp-1", "IDP")]);
        assert_eq!(holder(both, json!("x")), Holder::Them);
    }

    #[test]
    fn without_identifiers_the_one_that_is_shown_is_ours_or_says_too_little() {
        assert_eq!(holder(Value::Null, json!("idp-1")), Holder::Untyped);
        assert_eq!(holder(Value::Null, json!("idp-2")), Holder::Unsaid);
        assert_eq!(holder(json!([]), Value::Null), Holder::Nobody);
    }
}

mod create {
    use super::*;

    /// The documentation's number has no country code. Its `user_profile` is the client's own; we keep nothing there.
    #[test]
    fn the_message_of_the_documentation_byte_for_byte() {
        let written = Written {
            external_id: Some(&external()),
            fields: fields(&[
                (Field::Email, "a@example.org"),
                (Field::GivenName, "A"),
                (Field::FamilyName, "B"),
                (Field::Birthdate, "1990-01-31"),
                (Field::Locale, "en-US"),
                (Field::Country, "US"),
                (Field::PhoneNumber, "+16175550100"),
            ]),
            opted_in: Some(true),
            ..Written::default()
        };
        let tenant = Tenant {
            numbers: Numbers::National("1".to_owned()),
            ..tenant()
        };
        let request = tenant.create(&written);
        assert_eq!(request.method, "POST");
        assert!(
            request.url.ends_with("/priv/v1/apps/k%2F1/users"),
            "{}",
            request.url
        );
        assert_eq!(header(&request, "content-type"), Some("application/json"));
        let golden = concat!(
            r#"{"user":{"external_id":"idp-1","external_id_type":"IDP","email":"a@example.org","opted_in":true,"#,
            r#""first_name":"A","last_name":"B","dob":"1990-01-31","locale":"en-us","country":"USA","#,
            r#""phone_numbers":[{"phone_number":"6175550100","phone_type":"mobile","#,
            r#""preference_flags":["primary"],"verified_ownership":false}]}}"#
        );
        assert_eq!(request.body, golden);
    }

    #[test]
    fn what_is_not_known_is_not_sent() {
        let written = Written {
            external_id: Some(&external()),
            ..Written::default()
        };
        assert_eq!(
            tenant().create(&written).body,
            r#"{"user":{"external_id":"idp-1","external_id_type":"IDP"}}"#
        );
    }

    #[test]
    fn a_verified_number_is_said_to_be_so_and_countries_may_have_two_letters() {
        let written = Written {
            fields: fields(&[(Field::PhoneNumber, "+41791111111"), (Field::Country, "CH")]),
            phone_number_verified: true,
            ..Written::default()
        };
        let tenant = Tenant {
            countries: Countries::Alpha2,
            ..tenant()
        };
        let body: Value = serde_json::from_str(&tenant.create(&written).body).unwrap();
        assert_eq!(body["user"]["country"], "CH");
        assert_eq!(body["user"]["phone_numbers"][0]["verified_ownership"], true);
    }
}

mod update {
    use super::*;

    fn numbers(user: &User, phone: Option<&str>) -> Value {
        let phone = phone.map(|phone| (Field::PhoneNumber, phone));
        let written = Written {
            fields: fields(phone.as_slice()),
            ..Written::default()
        };
        let request = tenant().update(user, &written);
        assert_eq!(request.method, "PUT");
        assert!(request.url.ends_with(&format!("/users/{}", user.id)));
        let body: Value = serde_json::from_str(&request.body).unwrap();
        body["user"]["phone_numbers"].clone()
    }

    fn list() -> Value {
        json!([
            {"phone_number": "41791111111", "phone_type": "home", "preference_flags": ["sms"], "label": "kept"},
            {"phone_number": "41792222222", "phone_type": "mobile", "preference_flags": ["primary"]},
        ])
    }

    #[test]
    fn the_list_of_numbers_is_sent_whole_even_where_nothing_changes_in_it() {
        let user = user(&with("phone_numbers", list()));
        assert_eq!(numbers(&user, None), list());
        assert_eq!(numbers(&user, Some("+41792222222")), list());
    }

    #[test]
    fn a_new_number_becomes_the_main_one_and_the_others_stay() {
        let user = user(&with("phone_numbers", list()));
        let sent = numbers(&user, Some("+41793333333"));
        assert_eq!(sent[0], list()[0]);
        assert_eq!(sent[1]["preference_flags"], json!([]));
        assert_eq!(
            sent[2],
            json!({"phone_number": "41793333333", "phone_type": "mobile", "preference_flags": ["primary"], "verified_ownership": false})
        );
    }

    #[test]
    fn a_number_of_the_list_is_made_the_main_one_without_a_second_entry() {
        let user = user(&with("phone_numbers", list()));
        let sent = numbers(&user, Some("+41791111111"));
        assert_eq!(sent.as_array().unwrap().len(), 2);
        assert_eq!(sent[0]["preference_flags"], json!(["sms", "primary"]));
    }

    #[test]
    fn a_cleared_list_is_shown_as_null_and_stays_empty() {
        assert_eq!(numbers(&user(&answer()), None), json!([]));
    }
}

mod statuses_and_errors {
    use super::*;

    fn refused(status: u16, body: &str) -> SessionMError {
        accept_user(status, body.as_bytes(), &Numbers::International).unwrap_err()
    }

    fn error(code: &str) -> String {
        json!({"status": "error", "errors": {"code": code}}).to_string()
    }

    #[test]
    fn an_error_with_200_is_an_error() {
        let mut odd = answer();
        odd["status"] = json!("error");
        odd["errors"] = json!({"code": "requires_registered_user"});
        assert_eq!(
            accept(&odd),
            Err(SessionMError::Refused(
                "requires_registered_user".to_owned()
            ))
        );
    }

    #[test]
    fn ok_with_404_is_an_error_too() {
        assert_eq!(refused(404, &answer().to_string()), SessionMError::NotFound);
    }

    #[test]
    fn codes_are_compared_without_case() {
        for code in ["user_not_found", "USER_NOT_FOUND", " User_Not_Found "] {
            assert_eq!(refused(200, &error(code)), SessionMError::NotFound);
        }
    }

    #[test]
    fn each_code_has_its_meaning() {
        for (code, expected) in [
            ("internal_server_error", Code::DirectoryUnavailable),
            ("not_available", Code::DirectoryUnavailable),
            ("https_only", Code::DirectoryRefused),
            ("invalid_auth_token", Code::DirectoryRefused),
            ("invalid_api_key", Code::DirectoryRefused),
            ("access_denied", Code::DirectoryRefused),
            ("validation", Code::DirectoryProfileRefused),
            ("missing_data", Code::DirectoryProfileRefused),
            ("something_new", Code::DirectoryProfileRefused),
        ] {
            assert_eq!(refused(200, &error(code)).code(), expected, "{code}");
        }
    }

    #[test]
    fn statuses_without_an_envelope_have_theirs() {
        for (status, expected) in [
            (401, Code::DirectoryRefused),
            (403, Code::DirectoryRefused),
            (429, Code::DirectoryBusy),
            (500, Code::DirectoryUnavailable),
            (503, Code::DirectoryUnavailable),
            (200, Code::DirectoryInvalid),
            (302, Code::DirectoryInvalid),
        ] {
            assert_eq!(
                refused(status, "<h1>Hello</h1>").code(),
                expected,
                "{status}"
            );
        }
        assert_eq!(refused(404, "<h1>Hello</h1>"), SessionMError::NotFound);
    }

    #[test]
    fn a_message_which_may_name_a_person_stays_out() {
        let body = r#"{"status":"error","errors":{"code":"validation","message":"a@example.org is taken"}}"#;
        assert!(!refused(200, body).to_string().contains("example.org"));
    }

    #[test]
    fn what_stands_in_the_place_of_a_code_and_is_none_stays_out_too() {
        for said in [
            "a@example.org",
            "a@example.org is taken",
            "Alice is too young",
            "+41791234567",
            "41791234567",
            "n41791234567",
        ] {
            for errors in [json!(said), json!([said]), json!({ "code": said })] {
                let body = json!({"status": "error", "errors": errors}).to_string();
                let error = refused(200, &body);
                assert_eq!(error.code(), Code::DirectoryProfileRefused, "{said}");
                assert_eq!(error.to_string(), "what was sent was refused (…)", "{said}");
            }
        }
    }

    #[test]
    fn a_status_of_neither_word_is_no_answer() {
        assert_eq!(
            refused(200, r#"{"user":{"id":"u"}}"#),
            SessionMError::Malformed { status: 200 }
        );
        assert_eq!(
            refused(200, r#"{"status":"okay","user":{"id":"u"}}"#),
            SessionMError::Malformed { status: 200 }
        );
    }
}

mod numbers {
    use super::*;

    fn national() -> Tenant {
        Tenant {
            numbers: Numbers::National("1".to_owned()),
            ..tenant()
        }
    }

    /// The documentation's example of a profile has `6175550100`.
    #[test]
    fn of_one_country_may_be_written_without_its_code() {
        let body = national()
            .look_up(Criterion::Phone("+1 617 555 0100"), "r")
            .body;
        assert!(body.contains(r#"{"phone":"6175550100"}"#), "{body}");
        let written = Written {
            fields: fields(&[(Field::PhoneNumber, "+16175550100")]),
            ..Written::default()
        };
        let body: Value = serde_json::from_str(&national().create(&written).body).unwrap();
        assert_eq!(
            body["user"]["phone_numbers"][0]["phone_number"],
            "6175550100"
        );
    }

    #[test]
    fn are_read_as_they_are_written() {
        let user = |number: &str| {
            let answer = with("phone_numbers", json!([{ "phone_number": number }]));
            let answer = answer.to_string();
            accept_user(200, answer.as_bytes(), &national().numbers).unwrap()
        };
        let own = user("6175550100");
        assert_eq!(own.profile().get(Field::PhoneNumber), Some("+16175550100"));
        assert!(own.has_phone("+16175550100") && !own.has_phone("+6175550100"));
        let foreign = user("+41791111111");
        assert_eq!(
            foreign.profile().get(Field::PhoneNumber),
            Some("+41791111111")
        );
        // The same number again changes nothing; another is written in the same way.
        let again = |phone| {
            let written = Written {
                fields: fields(&[(Field::PhoneNumber, phone)]),
                ..Written::default()
            };
            let body = national().update(&own, &written).body;
            let body: Value = serde_json::from_str(&body).unwrap();
            body["user"]["phone_numbers"].clone()
        };
        assert_eq!(
            again("+16175550100"),
            json!([{ "phone_number": "6175550100" }])
        );
        assert_eq!(again("+41791111111")[1]["phone_number"], "+41791111111");
    }
}

mod lookup {
    use super::*;

    #[test]
    fn the_message_of_the_documentation_byte_for_byte() {
        let request = tenant().look_up(Criterion::Email("a@example.org"), "5f0c");
        assert_eq!(request.method, "POST");
        assert_eq!(
            request.url,
            "https://api-tenant.ent-sessionm.example/api/2.0/lookup"
        );
        assert_eq!(
            request.body,
            r#"{"store_id":"S1","client_id":"C1","request_id":"5f0c","request_payload":{"email":"a@example.org"}}"#
        );
    }

    #[test]
    fn a_number_is_sent_in_digits_only() {
        let request = tenant().look_up(Criterion::Phone("+41 79 111 11 11"), "r");
        assert!(
            request.body.contains(r#"{"phone":"41791111111"}"#),
            "{}",
            request.body
        );
        assert_eq!(digits("+1 (617) 555-0100"), "16175550100");
    }

    #[test]
    fn an_email_is_searched_for_in_the_core_where_the_tenant_has_that() {
        let tenant = Tenant {
            search_path: Some("users/search".to_owned()),
            ..tenant()
        };
        let request = tenant.look_up(Criterion::Email("a+b&c@example.org"), "r");
        assert_eq!((request.method, request.body.as_str()), ("GET", ""));
        assert_eq!(
            request.url,
            "https://api-tenant.ent-sessionm.example/priv/v1/apps/k%2F1/users/search?email=a%2Bb%26c%40example.org"
        );
        // Only that: a number is looked up as before.
        let request = tenant.look_up(Criterion::Phone("+41791111111"), "r");
        assert_eq!(request.method, "POST");
    }

    fn found(body: Value) -> Result<String, SessionMError> {
        accept_lookup(200, body.to_string().as_bytes())
    }

    #[test]
    fn the_one_hit_is_named_by_its_id() {
        let shapes = [
            json!({"status": "ok", "payload": {"user": {"user_id": "u-1"}}}),
            json!({"status": "ok", "payload": {"users": [{"id": "u-1"}]}}),
            json!({"status": "ok", "user": {"id": "u-1"}}),
        ];
        for shape in shapes {
            assert_eq!(found(shape.clone()), Ok("u-1".to_owned()), "{shape}");
        }
    }

    #[test]
    fn several_hits_are_never_one() {
        let list = json!({"status": "ok", "payload": {"users": [{"id": "u-1"}, {"id": "u-2"}]}});
        assert_eq!(found(list).unwrap_err().code(), Code::DirectoryConflict);
        for code in ["validation", "multiple_users_found"] {
            let error = json!({"status": "error", "errors": {"code": code}});
            assert_eq!(found(error).unwrap_err().code(), Code::DirectoryConflict);
        }
    }

    #[test]
    fn nobody_is_somebody_who_was_searched_for_and_not_an_answer_that_is_not_understood() {
        for nobody in [
            json!({"status": "error", "errors": {"code": "USER_NOT_FOUND"}}),
            json!({"status": "ok", "payload": {"user": null}}),
            json!({"status": "ok", "payload": {"users": []}}),
        ] {
            assert_eq!(found(nobody), Err(SessionMError::NotFound));
        }
        for odd in [
            json!({"status": "ok"}),
            json!({"status": "ok", "payload": {}}),
            json!({"status": "ok", "payload": {"customer": {"id": "u-1"}}}),
            json!({"status": "ok", "payload": {"user": {"email": "a@example.org"}}}),
            json!({"status": "ok", "payload": {"user": {"user_id": 7}}}),
        ] {
            assert_eq!(
                found(odd.clone()).unwrap_err().code(),
                Code::DirectoryInvalid,
                "{odd}"
            );
        }
        // A path that isn't there is a mistake in the configuration.
        let wrong_path = accept_lookup(404, b"<h1>Not found</h1>").unwrap_err();
        assert_eq!(wrong_path.code(), Code::DirectoryInvalid);
    }

    #[test]
    fn a_request_that_is_wrong_is_not_several_hits() {
        let error = json!({"status": "error", "errors": {"code": "missing_data"}});
        assert_eq!(
            found(error).unwrap_err(),
            SessionMError::Refused("missing_data".to_owned())
        );
    }
}

mod rate_limits {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("120", 0), Some(120));
        assert_eq!(retry_after(" 0 ", 0), Some(0));
        assert_eq!(retry_after("99999999999999999999999", 0), Some(u64::MAX));
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(retry_after(date, 784_111_767), Some(10));
        assert_eq!(retry_after(date, 784_111_800), Some(0));
        for odd in ["", "-1", "soon", "1.5"] {
            assert_eq!(retry_after(odd, 0), None, "{odd}");
        }
    }
}

mod any_bytes {
    use super::*;

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "(ok|error|user_not_found|u-1|[a-z@.]{0,8})".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            let names = "(status|user|users|payload|errors|code|id|user_id|identifiers|external_id|external_id_type|phone_numbers|phone_number|preference_flags|email)";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(names, inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn never_panic(status in 0u16..700, body in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = accept_user(status, &body, &Numbers::International);
            let _ = accept_lookup(status, &body);
        }

        #[test]
        fn only_ok_is_accepted(status in 0u16..700, value in json_value()) {
            let body = value.to_string();
            let word = value.get("status").and_then(Value::as_str).unwrap_or_default();
            let ok = word.eq_ignore_ascii_case("ok") && (200..300).contains(&status);
            if let Ok(user) = accept_user(status, body.as_bytes(), &Numbers::International) {
                prop_assert!(ok && !user.id.is_empty());
                // What came in goes out whole.
                let sent = tenant().update(&user, &Written::default());
                let sent: Value = serde_json::from_str(&sent.body).unwrap();
                let came = &value["user"]["phone_numbers"];
                let came = if came.is_null() { json!([]) } else { came.clone() };
                prop_assert_eq!(&sent["user"]["phone_numbers"], &came);
            }
            if let Ok(id) = accept_lookup(status, body.as_bytes()) {
                prop_assert!(ok && !id.is_empty());
            }
        }

        #[test]
        fn a_number_is_read_as_it_was_written(code in "[1-9][0-9]{0,2}", phone in "\\+[1-9][0-9]{6,14}") {
            for numbers in [Numbers::International, Numbers::National(code.clone())] {
                prop_assert_eq!(numbers.read(&numbers.written(&phone)), phone.clone());
            }
        }

        #[test]
        fn a_retry_after_never_panics(value in ".{0,40}", now in any::<u64>()) {
            let _ = retry_after(&value, now);
        }
    }
}
