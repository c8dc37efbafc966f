//! Paytronix: the guest website's redirect, the token service, the guest and the account.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::{
    Code,
    api::{Balance, PublicProvider},
    authorization::{
        AuthorizationEntropy, AuthorizationRequest, PendingAuthorization, StartOptions,
    },
    http::HttpRequest,
    paytronix::{
        ACCESS_TOKEN_LIFETIME, CODE_LIFETIME, Credentials, Guest, GuestGrant, GuestGrantKind,
        GuestToken, Integration, PaytronixError, accept_balances,
    },
    profile::Field,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn integration() -> Integration {
    Integration {
        api_url: "https://m77.api.example.com/rest/25.33".to_owned(),
        merchant_id: 77,
        client_id: "diner-shop".to_owned(),
        client_secret: "s:cret+".to_owned(),
        credentials: Credentials::Basic,
        scopes: ["user_read", "account_read"].map(str::to_owned).to_vec(),
        code_field: "code".to_owned(),
        redirect_uri_field: "redirect_uri".to_owned(),
        invalid_token_codes: vec!["oauth.invalid_token".to_owned()],
        balance_field: "walletBalances".to_owned(),
    }
}

fn code() -> GuestGrant {
    GuestGrant::AuthorizationCode {
        code: "APA91bFdV3CW".to_owned(),
        redirect_uri: "https://sso.example/callback/diner".to_owned(),
    }
}

fn refresh() -> GuestGrant {
    GuestGrant::RefreshToken {
        refresh_token: "refresh-1".to_owned(),
    }
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(own, _)| own == name);
    found.map(|(_, value)| value.as_str())
}

mod guest_website {
    use super::*;

    const STARTED_AT: u64 = 1_700_000_000_000;

    fn start() -> AuthorizationRequest {
        let provider: PublicProvider = serde_json::from_value(json!({
            "id": "diner", "kind": "paytronix", "label": "Diner", "issuer": "https://site.example",
            "client_id": "awesomesite", "redirect_uri": "https://www.example.com/login",
            "authorization_endpoint": "https://site.example/guest/accountlogin",
            "algs": [], "scopes": ["account_read", "user_read"],
        }))
        .unwrap();
        let entropy = AuthorizationEntropy {
            state: [1; 32],
            nonce: [2; 32],
            code_verifier: [3; 32],
        };
        AuthorizationRequest::new(&provider, entropy, StartOptions::default(), STARTED_AT).unwrap()
    }

    fn arrived(at: u64) -> PendingAuthorization {
        PendingAuthorization {
            arrived_at: Some(at),
            ..start().pending
        }
    }

    fn answer(more: &str) -> String {
        format!("?code=APA91bFdV3CW&state={}{more}", start().pending.state)
    }

    fn refused(query: &str) -> Code {
        let pending = start().pending;
        pending.accept(query, STARTED_AT + 1).unwrap_err().code()
    }

    #[test]
    fn the_redirect_of_the_documentation_with_a_state() {
        let state = start().pending.state;
        assert_eq!(
            start().url,
            format!(
                "https://site.example/guest/accountlogin?response_type=code&client_id=awesomesite\
                 &redirect_uri=https%3A%2F%2Fwww.example.com%2Flogin&state={state}&scope=account_read+user_read"
            )
        );
        assert_eq!(state.len(), 43);
    }

    #[test]
    fn the_answer_of_the_documentation_with_the_state() {
        let code = start()
            .pending
            .accept(&answer("&expires_in=300"), STARTED_AT + 1);
        assert_eq!(code.unwrap().code(), "APA91bFdV3CW");
    }

    #[test]
    fn nobody_signs_in_without_the_state_or_with_another() {
        assert_eq!(
            refused("?code=APA91bFdV3CW&expires_in=300"),
            Code::StateUnknown
        );
        assert_eq!(
            refused("?code=APA91bFdV3CW&state=another"),
            Code::StateUnknown
        );
    }

    #[test]
    fn expires_in_is_accepted_and_not_required() {
        for more in ["", "&expires_in=300", "&expires_in=soon", "&expires_in=-1"] {
            arrived(STARTED_AT)
                .accept(&answer(more), STARTED_AT + 1)
                .unwrap();
        }
    }

    #[test]
    fn a_code_that_has_waited_for_five_minutes_is_late() {
        let last = STARTED_AT + CODE_LIFETIME * 1000 - 1;
        arrived(STARTED_AT).accept(&answer(""), last).unwrap();
        let late = arrived(STARTED_AT).accept(&answer("&expires_in=300"), last + 1);
        assert_eq!(late.unwrap_err().code(), Code::PaytronixCodeLate);
        // What the redirect says counts where it is shorter.
        let late = arrived(STARTED_AT).accept(&answer("&expires_in=10"), STARTED_AT + 10_000);
        assert_eq!(late.unwrap_err().code(), Code::PaytronixCodeLate);
        let late = arrived(STARTED_AT).accept(&answer("&expires_in=9999"), last + 1);
        assert_eq!(late.unwrap_err().code(), Code::PaytronixCodeLate);
        // However long the guest took before.
        let slow = STARTED_AT + 3_000_000;
        arrived(slow).accept(&answer(""), slow + 1000).unwrap();
    }

    #[test]
    fn an_error_is_told_and_the_rest_is_malformed() {
        let state = start().pending.state;
        assert_eq!(
            refused(&format!("?error=access_denied&state={state}")),
            Code::AccessDenied
        );
        assert_eq!(
            refused(&format!("?error=guest.locked_out&state={state}")),
            Code::ProviderError
        );
        assert_eq!(
            refused(&format!("?expires_in=300&state={state}")),
            Code::CallbackMalformed
        );
    }

    #[test]
    fn the_answer_of_another_kind_of_provider_does_not_hurry() {
        let mut other = arrived(STARTED_AT);
        other.kind = admit_one_protocol::api::Kind::Oidc;
        other.accept(&answer(""), STARTED_AT + 600_000).unwrap();
    }
}

mod authentication {
    use super::*;

    #[test]
    fn identifier_and_secret_travel_in_the_header_as_they_are() {
        let requests = [
            integration().request_guest_token(&code()),
            integration().user_information("a", "t"),
            integration().account_information("9", "t"),
        ];
        for request in requests {
            // base64("diner-shop:s:cret+")
            assert_eq!(
                header(&request, "authorization"),
                Some("Basic ZGluZXItc2hvcDpzOmNyZXQr")
            );
            assert!(!request.body.contains("cret") && !request.url.contains("cret"));
        }
    }

    #[test]
    fn the_older_style_has_them_in_the_body_and_never_in_an_address() {
        let integration = Integration {
            credentials: Credentials::Body,
            ..integration()
        };
        let request = integration.request_guest_token(&code());
        assert_eq!(header(&request, "authorization"), None);
        let body: Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(
            (&body["client_id"], &body["client_secret"]),
            (&json!("diner-shop"), &json!("s:cret+"))
        );
        assert!(!integration.user_information("a", "t").url.contains("cret"));
    }

    #[test]
    fn tokens_and_secrets_are_not_shown() {
        let shown = format!(
            "{:?} {:?} {:?} {:?} {:?}",
            integration(),
            code(),
            integration().request_guest_token(&refresh()),
            integration().user_information("alice", "access-1"),
            GuestToken::accept(200, tokens().to_string().as_bytes(), GuestGrantKind::Code),
        );
        for hidden in [
            "cret",
            "APA91",
            "refresh-1",
            "access-1",
            "alice",
            "merchantId",
        ] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
    }
}

mod request_guest_token {
    use super::*;

    #[test]
    fn with_an_authorization_grant_byte_for_byte() {
        let request = integration().request_guest_token(&code());
        assert_eq!(request.method, "POST");
        assert_eq!(
            request.url,
            "https://m77.api.example.com/rest/25.33/oauth/requestGuestToken.json"
        );
        assert_eq!(
            header(&request, "content-type"),
            Some("application/json; charset=UTF-8")
        );
        assert_eq!(
            request.body,
            r#"{"authentication":"anonymous","client_id":"diner-shop","grant_type":"authorization_code","merchantId":77,"code":"APA91bFdV3CW","redirect_uri":"https://sso.example/callback/diner"}"#
        );
    }

    #[test]
    fn the_names_that_are_not_published_are_configuration() {
        let integration = Integration {
            code_field: "authorizationCode".to_owned(),
            redirect_uri_field: "redirectUri".to_owned(),
            ..integration()
        };
        let body = integration.request_guest_token(&code()).body;
        let expected = r#""authorizationCode":"APA91bFdV3CW","redirectUri":"https://sso.example/callback/diner"}"#;
        assert!(body.ends_with(expected), "{body}");
    }

    #[test]
    fn with_a_refresh_token_byte_for_byte() {
        let integration = Integration {
            credentials: Credentials::Body,
            ..integration()
        };
        assert_eq!(
            integration.request_guest_token(&refresh()).body,
            r#"{"authentication":"anonymous","client_id":"diner-shop","client_secret":"s:cret+","grant_type":"refresh_token","merchantId":77,"scope":"user_read account_read","refresh_token":"refresh-1"}"#
        );
    }
}

fn tokens() -> Value {
    json!({"result":"success","access_token":"access-1","expires_in":1800,"refresh_token":"refresh-1",
        "scope":"user_read account_read user_write account_write","token_type":"bearer","username":"guest@example.test"})
}

fn tokens_with(name: &str, member: Value) -> Value {
    let mut tokens = tokens();
    tokens[name] = member;
    tokens
}

fn accept(body: &Value, grant: GuestGrantKind) -> Result<GuestToken, PaytronixError> {
    GuestToken::accept(200, body.to_string().as_bytes(), grant)
}

fn token_code(body: &Value, grant: GuestGrantKind) -> Code {
    accept(body, grant).unwrap_err().token_code()
}

mod tokens {
    use super::*;

    #[test]
    fn the_answer_that_was_recorded() {
        let token = accept(&tokens(), GuestGrantKind::Code).unwrap();
        assert_eq!(token.username.as_deref(), Some("guest@example.test"));
        assert_eq!(token.tokens.access_token, "access-1");
        assert_eq!(token.tokens.refresh_token.as_deref(), Some("refresh-1"));
        assert_eq!(token.tokens.expires_in, Some(1800));
        assert_eq!(token.tokens.id_token, None);
    }

    #[test]
    fn thirty_minutes_where_expires_in_says_nothing_that_is_understood() {
        for (member, expected) in [
            (Value::Null, ACCESS_TOKEN_LIFETIME),
            (json!("soon"), ACCESS_TOKEN_LIFETIME),
            (json!("600"), 600),
            (json!(600.5), 600),
        ] {
            let token = accept(&tokens_with("expires_in", member), GuestGrantKind::Code).unwrap();
            assert_eq!(token.tokens.expires_in, Some(expected));
        }
    }

    #[test]
    fn a_new_refresh_token_is_taken_and_may_be_missing() {
        let token = accept(
            &tokens_with("refresh_token", Value::Null),
            GuestGrantKind::Refresh,
        );
        assert_eq!(token.unwrap().tokens.refresh_token, None);
    }

    #[test]
    fn somebody_signs_in_or_nobody() {
        for odd in [
            tokens_with("username", Value::Null),
            tokens_with("username", json!("")),
            tokens_with("username", json!("a".repeat(256))),
            tokens_with("username", json!(7)),
            tokens_with("access_token", Value::Null),
            tokens_with("token_type", json!("mac")),
        ] {
            assert_eq!(
                token_code(&odd, GuestGrantKind::Code),
                Code::TokenResponseInvalid,
                "{odd}"
            );
        }
    }

    #[test]
    fn a_refresh_is_of_the_same_guest() {
        let refreshed = || accept(&tokens(), GuestGrantKind::Refresh).unwrap();
        refreshed().of("guest@example.test").unwrap();
        let other = refreshed().of("other").unwrap_err();
        assert_eq!(other.token_code(), Code::RefreshSub);
        let unnamed = accept(
            &tokens_with("username", Value::Null),
            GuestGrantKind::Refresh,
        )
        .unwrap();
        unnamed.of("anybody").unwrap();
    }
}

mod result {
    use super::*;

    #[test]
    fn is_the_verdict_and_the_status_is_not() {
        let body = tokens().to_string();
        for status in [200, 400, 401, 500] {
            GuestToken::accept(status, body.as_bytes(), GuestGrantKind::Code).unwrap();
        }
        let failure =
            json!({"result": "failure", "errorCode": "oauth.invalid_grant", "errorMessage": "No."});
        assert_eq!(
            token_code(&failure, GuestGrantKind::Code),
            Code::ExchangeRefused
        );
        assert_eq!(
            token_code(&failure, GuestGrantKind::Refresh),
            Code::RefreshRefused
        );
    }

    #[test]
    fn any_other_word_is_a_failure_even_with_tokens_beside_it() {
        let words = [
            "Success",
            "SUCCESS",
            "success ",
            "authenticatedSuccess",
            "noMatchingGuests",
            "invalid_status",
            "invalidInputs",
            "cardCreatedSuccess",
            "uniquenessConflict",
            "",
        ];
        for word in words {
            let body = tokens_with("result", json!(word));
            assert_eq!(
                token_code(&body, GuestGrantKind::Code),
                Code::TokenResponseInvalid,
                "{word:?}"
            );
        }
        for odd in [Value::Null, json!(true), json!(["success"]), json!(1)] {
            let body = tokens_with("result", odd);
            assert_eq!(
                token_code(&body, GuestGrantKind::Code),
                Code::TokenResponseInvalid
            );
        }
    }

    #[test]
    fn its_words_are_kept_for_the_operator_bounded_and_without_tokens() {
        let body = json!({
            "result": "authenticatedPartially", "errorCode": "user_info.not_found\nforged line",
            "errorMessage": format!("guest@example.test used {} twice 6273940012345678 {}", "t0k-en_".repeat(6), "very ".repeat(100)),
        });
        let said = accept(&body, GuestGrantKind::Code).unwrap_err().to_string();
        assert!(said.contains("\"authenticatedPartially\""), "{said}");
        assert!(said.contains("user_info.not_found forged line"), "{said}");
        assert!(said.contains("… used … twice … very very"), "{said}");
        assert!(
            said.len() < 700
                && !said.contains('\n')
                && !said.contains("guest@")
                && !said.contains("t0k"),
            "{said}"
        );
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for (status, expected) in [
            (200, Code::TokenResponseInvalid),
            (404, Code::TokenResponseInvalid),
            (429, Code::UpstreamError),
            (502, Code::UpstreamError),
        ] {
            for body in ["<h1>success</h1>", "\"success\"", "[]", ""] {
                let error =
                    GuestToken::accept(status, body.as_bytes(), GuestGrantKind::Code).unwrap_err();
                assert_eq!(error.token_code(), expected, "{status} {body}");
            }
        }
    }
}

fn guest() -> Value {
    json!({"result":"success","accountIds":[213],
        "addresses":[{"addressId":1,"label":"Home","address1":"1 High Street","city":"London","country":"GB","postalCode":"N1 1AA"}],
        "fields":{"username":"guest","email":"guest@example.test","firstName":"Gu","lastName":"Est","mobilePhone":"+44 7700 900123","emailVerified":true,"optIn":true},
        "primaryCardNumbers":["9990000000000001"]})
}

fn accept_guest(body: &Value) -> Result<Guest, Code> {
    Guest::accept(200, body.to_string().as_bytes(), "guest", &integration())
        .map_err(|error| error.guest_code())
}

mod user_information {
    use super::*;

    #[test]
    fn the_token_is_a_parameter_and_no_header() {
        let request = integration().user_information("guest+1@example.test", "a/b+c");
        assert_eq!(request.method, "GET");
        assert_eq!(
            request.url,
            "https://m77.api.example.com/rest/25.33/guest/userInformation.json?merchantId=77\
             &username=guest%2B1%40example.test&access_token=a%2Fb%2Bc&authentication=oauth"
        );
    }

    #[test]
    fn becomes_the_profile() {
        let guest = accept_guest(&guest()).unwrap();
        let profile = &guest.userinfo.profile;
        assert_eq!(profile.get(Field::GivenName), Some("Gu"));
        assert_eq!(profile.get(Field::PhoneNumber), Some("+447700900123"));
        assert_eq!(profile.get(Field::PostalCode), Some("N1 1AA"));
        assert_eq!(profile.get(Field::Country), Some("GB"));
        assert!(guest.userinfo.email_verified && !guest.userinfo.phone_number_verified);
        assert_eq!(guest.card.unwrap().number(), "9990000000000001");
    }

    #[test]
    fn an_email_is_verified_where_it_says_true_and_nothing_else() {
        for odd in [json!(false), Value::Null, json!("true"), json!(1)] {
            let mut body = guest();
            body["fields"]["emailVerified"] = odd;
            assert!(!accept_guest(&body).unwrap().userinfo.email_verified);
        }
        let mut body = guest();
        body["fields"]["email"] = json!("nobody");
        assert!(!accept_guest(&body).unwrap().userinfo.email_verified);
    }

    #[test]
    fn blank_fields_are_omitted_and_names_have_their_case() {
        let body = json!({"result": "success", "fields": {"firstname": "gu"}});
        let guest = accept_guest(&body).unwrap();
        assert!(guest.userinfo.profile.is_empty() && guest.card.is_none());
    }

    #[test]
    fn another_guest_is_refused() {
        let mut body = guest();
        body["fields"]["username"] = json!("Guest");
        assert_eq!(accept_guest(&body), Err(Code::UserinfoSub));
    }

    #[test]
    fn a_card_number_may_be_a_number() {
        let mut body = guest();
        body["primaryCardNumbers"] = json!([null, 9_990_000_000_000_001_u64]);
        assert_eq!(
            accept_guest(&body).unwrap().card.unwrap().number(),
            "9990000000000001"
        );
        body["primaryCardNumbers"] = json!(["9990&access_token=x"]);
        assert_eq!(accept_guest(&body).unwrap().card, None);
    }

    #[test]
    fn an_invalid_token_is_one_of_the_configured_codes() {
        let refused = |code: &str| {
            accept_guest(&json!({"result": "failure", "errorCode": code})).unwrap_err()
        };
        assert_eq!(refused("oauth.invalid_token"), Code::UserinfoRefused);
        assert_eq!(refused("user_info.not_found"), Code::UserinfoInvalid);
        assert_eq!(refused(""), Code::UserinfoInvalid);
    }

    #[test]
    fn without_a_verdict_it_is_nobody() {
        let mut body = guest();
        body.as_object_mut().unwrap().remove("result");
        assert_eq!(accept_guest(&body), Err(Code::UserinfoInvalid));
        let page = Guest::accept(500, b"<h1>Oops</h1>", "guest", &integration()).unwrap_err();
        assert_eq!(page.guest_code(), Code::UpstreamError);
    }
}

mod account_information {
    use super::*;

    fn balances(member: Value) -> Vec<Balance> {
        let body = json!({"result": "success", "walletBalances": member});
        accept_balances(200, body.to_string().as_bytes(), &integration()).unwrap()
    }

    fn balance(name: &str, amount: &str) -> Balance {
        Balance {
            name: name.to_owned(),
            amount: amount.to_owned(),
        }
    }

    #[test]
    fn the_card_is_a_parameter() {
        let request = integration().account_information("9990", "t");
        assert_eq!(
            request.url,
            "https://m77.api.example.com/rest/25.33/guest/accountInformation.json?merchantId=77\
             &printedCardNumber=9990&access_token=t&authentication=oauth"
        );
    }

    #[test]
    fn balances_are_read_where_they_are_understood() {
        let list = json!([
            {"walletCode": 1, "name": "Points", "balance": 120},
            {"walletCode": 2, "name": "Reward dollars", "balance": 7.5},
            {"walletCode": 3, "name": "Text", "balance": "3.00"},
            {"walletCode": 4, "balance": 1}, {"name": "", "balance": 1}, {"name": "x", "balance": {}}, 5,
        ]);
        assert_eq!(
            balances(list),
            [
                balance("Points", "120"),
                balance("Reward dollars", "7.5"),
                balance("Text", "3.00")
            ]
        );
        assert_eq!(balances(json!({"Points": 120})), [balance("Points", "120")]);
        assert_eq!(balances(Value::Null), []);
    }

    #[test]
    fn what_is_shown_is_bounded() {
        let long = json!([{"name": "n\n".repeat(500), "balance": "9".repeat(500)}]);
        let shown = balances(long);
        assert!(shown[0].name.chars().count() <= 60 && shown[0].amount.len() == 30);
        assert!(!shown[0].name.contains('\n'));
        let many: Vec<_> = (0..100)
            .map(|at| json!({"name": at.to_string(), "balance": at}))
            .collect();
        assert_eq!(balances(many.into()).len(), 12);
    }

    #[test]
    fn any_other_word_is_a_failure() {
        let body = json!({"result": "invalid_status", "walletBalances": [{"name": "Points", "balance": 1}]});
        let error = accept_balances(200, body.to_string().as_bytes(), &integration()).unwrap_err();
        assert_eq!(error.guest_code(), Code::UserinfoInvalid);
        assert!(error.to_string().contains("invalid_status"));
        let body = json!({"result": "failure", "errorCode": "oauth.invalid_token"});
        let error = accept_balances(200, body.to_string().as_bytes(), &integration()).unwrap_err();
        assert_eq!(error.guest_code(), Code::UserinfoRefused);
    }
}

mod any_bytes {
    use super::*;

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            "(success|failure|bearer|guest|oauth.invalid_token|.{0,8})".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 32, 4, |inner| {
            let names = "(result|errorCode|errorMessage|access_token|refresh_token|expires_in|token_type|username|fields|addresses|address1|postalCode|primaryCardNumbers|email|emailVerified|walletBalances|name|balance)";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(names, inner, 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn never_panic(status in 0u16..700, body in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = GuestToken::accept(status, &body, GuestGrantKind::Code);
            let _ = Guest::accept(status, &body, "guest", &integration());
            let _ = accept_balances(status, &body, &integration());
        }

        #[test]
        fn only_success_is_one(status in 0u16..700, value in json_value()) {
            let body = value.to_string();
            let success = value["result"] == "success";
            for grant in [GuestGrantKind::Code, GuestGrantKind::Refresh] {
                match GuestToken::accept(status, body.as_bytes(), grant) {
                    Ok(token) => {
                        prop_assert!(success && !token.tokens.access_token.is_empty());
                        prop_assert!(grant == GuestGrantKind::Refresh || token.username.is_some());
                    }
                    Err(error) => prop_assert!(error.to_string().len() < 3000 && !error.to_string().contains('\n')),
                }
            }
            if let Ok(guest) = Guest::accept(status, body.as_bytes(), "guest", &integration()) {
                let named = &value["fields"]["username"];
                prop_assert!(success && (!named.is_string() || named == "guest"));
                for (field, kept) in guest.userinfo.profile.iter() {
                    prop_assert_eq!(field.validate(kept), Ok(kept.to_owned()));
                }
            }
            if let Ok(balances) = accept_balances(status, body.as_bytes(), &integration()) {
                prop_assert!(success && balances.len() <= 12);
            }
        }

        #[test]
        fn words_are_one_bounded_line(result in ".{0,400}", code in ".{0,400}") {
            prop_assume!(result != "success" && result != "failure");
            let body = json!({"result": result, "errorCode": code});
            let said = accept(&body, GuestGrantKind::Code).unwrap_err().to_string();
            prop_assert!(said.chars().count() < 5000);
            prop_assert!(said.chars().all(|c| !c.is_control()));
        }
    }
}
