//! Paytronix, as guests and an integration see it.

use admit_one_sandbox::{Party, Sandbox};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, form, sandbox, send};

pub(crate) const HOST: &str = "paytronix.localhost:8900";
pub(crate) const REDIRECT_URI: &str = "http://localhost:8800/callback/diner";
const REST: &str = "/rest/25.33";

fn changed<'a>(right: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> String {
    let mut pairs = right.to_vec();
    pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    form(&pairs)
}

/// The guest's browser, on its way from one of our pages, with these parameters put over the right ones.
pub(crate) async fn login_page(browser: &mut Browser<'_>, changes: &[(&str, &str)]) -> Answer {
    let right = [
        ("response_type", "code"),
        ("client_id", "diner-shop"),
        ("redirect_uri", REDIRECT_URI),
        ("state", "the-state"),
        ("scope", "user_read account_read"),
    ];
    let query = changed(&right, changes);
    browser.get(&format!("/guest/accountlogin?{query}")).await
}

async fn typed(browser: &mut Browser<'_>, page: &Answer, rest: &[(&str, &str)]) -> Answer {
    let (login, csrf) = (page.hidden("login"), page.hidden("csrf"));
    let mut pairs = vec![("login", &*login), ("csrf", &*csrf)];
    pairs.extend(rest);
    browser.post("/guest/accountlogin", &pairs).await
}

/// From our page back to it.
pub(crate) async fn logged_in(sandbox: &Sandbox, username: &str) -> Answer {
    let mut browser = Browser::at(sandbox, HOST);
    let page = login_page(&mut browser, &[]).await;
    let pairs = [("username", username), ("password", "ticket")];
    typed(&mut browser, &page, &pairs).await
}

async fn code(sandbox: &Sandbox, username: &str) -> String {
    logged_in(sandbox, username).await.redirected()["code"].clone()
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

async fn request_guest_token(sandbox: &Sandbox, authorization: &str, body: &Value) -> Answer {
    let mut request = Request::post(format!("{REST}/oauth/requestGuestToken.json"))
        .header(header::HOST, HOST)
        .header(header::CONTENT_TYPE, "application/json; charset=UTF-8");
    if !authorization.is_empty() {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    send(sandbox, request.body(Body::from(body.to_string())).unwrap()).await
}

fn by_code(code: &str) -> Value {
    json!({
        "grant_type": "authorization_code", "merchantId": 77, "code": code,
        "redirect_uri": REDIRECT_URI, "client_id": "diner-shop",
    })
}

pub(crate) async fn exchange(sandbox: &Sandbox, code: &str) -> Answer {
    let authorization = basic("diner-shop", "diner-secret");
    request_guest_token(sandbox, &authorization, &by_code(code)).await
}

pub(crate) async fn refresh(sandbox: &Sandbox, tokens: &Value) -> Answer {
    let body = json!({
        "grant_type": "refresh_token", "merchantId": 77, "refresh_token": tokens["refresh_token"],
    });
    request_guest_token(sandbox, &basic("diner-shop", "diner-secret"), &body).await
}

pub(crate) async fn tokens(sandbox: &Sandbox, username: &str) -> Value {
    let code = code(sandbox, username).await;
    exchange(sandbox, &code).await.json()
}

async fn called(
    sandbox: &Sandbox,
    endpoint: &str,
    right: &[(&str, &str)],
    changes: &[(&str, &str)],
) -> Answer {
    let query = changed(right, changes);
    let request = Request::get(format!("{REST}/guest/{endpoint}.json?{query}"))
        .header(header::HOST, HOST)
        .header(header::AUTHORIZATION, basic("diner-shop", "diner-secret"))
        .body(Body::empty())
        .unwrap();
    send(sandbox, request).await
}

pub(crate) async fn user_information(
    sandbox: &Sandbox,
    tokens: &Value,
    changes: &[(&str, &str)],
) -> Answer {
    let right = [
        ("merchantId", "77"),
        ("username", tokens["username"].as_str().unwrap_or_default()),
        ("access_token", tokens["access_token"].as_str().unwrap()),
        ("authentication", "oauth"),
    ];
    called(sandbox, "userInformation", &right, changes).await
}

pub(crate) async fn account_information(
    sandbox: &Sandbox,
    tokens: &Value,
    card: &str,
    changes: &[(&str, &str)],
) -> Answer {
    let right = [
        ("merchantId", "77"),
        ("printedCardNumber", card),
        ("access_token", tokens["access_token"].as_str().unwrap()),
        ("authentication", "oauth"),
    ];
    called(sandbox, "accountInformation", &right, changes).await
}

pub(crate) async fn card(sandbox: &Sandbox, tokens: &Value) -> String {
    let guest = user_information(sandbox, tokens, &[]).await.json();
    guest["primaryCardNumbers"][0].as_str().unwrap().to_owned()
}

/// The `errorCode` of a failure, which comes with the status 200.
fn failure(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let body = answer.json();
    assert_eq!(body["result"], "failure", "{answer:?}");
    assert!(body["errorMessage"].is_string() && body.get("access_token").is_none());
    body["errorCode"].as_str().unwrap().to_owned()
}

mod guest_website {
    use super::*;

    #[tokio::test]
    async fn sends_the_guest_back_with_a_code_its_lifetime_and_state() {
        let sandbox = sandbox();
        let back = logged_in(&sandbox, "alice@example.test").await;
        assert_eq!(back.status, StatusCode::FOUND);
        assert!(
            back.location()
                .starts_with(&format!("{REDIRECT_URI}?code="))
        );
        let parameters = back.redirected();
        assert_eq!(
            (&*parameters["expires_in"], &*parameters["state"]),
            ("300", "the-state")
        );
        assert_eq!(parameters.len(), 3);
    }

    #[tokio::test]
    async fn echoes_no_state_where_none_was_sent() {
        let sandbox = sandbox();
        let mut browser = Browser::at(&sandbox, HOST);
        let page = login_page(&mut browser, &[("state", "")]).await;
        let pairs = [("username", "alice"), ("password", "ticket")];
        let back = typed(&mut browser, &page, &pairs).await;
        assert!(!back.redirected().contains_key("state"));
    }

    /// Without a client and its redirect URI there is nowhere to go.
    #[tokio::test]
    async fn stays_where_it_is_with_a_wrong_client_or_redirect_uri() {
        let sandbox = sandbox();
        let mut browser = Browser::at(&sandbox, HOST);
        for changes in [
            ("client_id", "somebody"),
            ("client_id", ""),
            ("redirect_uri", ""),
            ("redirect_uri", "https://elsewhere.example/callback/diner"),
            ("redirect_uri", "http://localhost:8800/callback/diner/"),
            ("redirect_uri", "http://localhost:8800/callback/club"),
        ] {
            let page = login_page(&mut browser, &[changes]).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{changes:?}");
            assert!(page.body.contains("data-testid=\"paytronix-error\""));
        }
        let twice = "/guest/accountlogin?client_id=diner-shop&client_id=diner-shop";
        assert_eq!(browser.get(twice).await.status, StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn tells_the_client_what_else_is_wrong() {
        let sandbox = sandbox();
        let mut browser = Browser::at(&sandbox, HOST);
        for (error, changes) in [
            ("unsupported_response_type", ("response_type", "token")),
            ("invalid_request", ("response_type", "")),
            ("invalid_scope", ("scope", "openid")),
        ] {
            let back = login_page(&mut browser, &[changes]).await;
            assert_eq!(back.redirected()["error"], error);
            assert_eq!(back.redirected()["state"], "the-state");
        }
    }

    #[tokio::test]
    async fn says_that_the_guest_went_back() {
        let sandbox = sandbox();
        let mut browser = Browser::at(&sandbox, HOST);
        let page = login_page(&mut browser, &[]).await;
        let back = typed(&mut browser, &page, &[("cancel", "1")]).await;
        assert_eq!(back.redirected()["error"], "access_denied");
        assert_eq!(back.redirected()["state"], "the-state");
        assert!(!back.redirected().contains_key("code"));
    }

    #[tokio::test]
    async fn keeps_a_wrong_password_to_itself_and_erin_out() {
        let sandbox = sandbox();
        let mut browser = Browser::at(&sandbox, HOST);
        let page = login_page(&mut browser, &[]).await;
        let pairs = [("username", "bob"), ("password", "wrong-one")];
        let page = typed(&mut browser, &page, &pairs).await;
        assert!(page.body.contains("data-testid=\"paytronix-login-error\""));
        assert!(page.body.contains("value=\"bob\"") && !page.body.contains("wrong-one"));
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("form-action 'self' http://localhost:8800;"));
        let pairs = [("username", "erin"), ("password", "ticket")];
        let page = typed(&mut browser, &page, &pairs).await;
        assert!(page.body.contains("data-testid=\"paytronix-frozen\""));
        let pairs = [("username", "bob"), ("password", "ticket")];
        let back = typed(&mut browser, &page, &pairs).await;
        assert!(back.redirected().contains_key("code"));
        let again = typed(&mut browser, &page, &pairs).await;
        assert_eq!(
            again.location(),
            back.location(),
            "a second click makes no second code"
        );
    }

    #[tokio::test]
    async fn takes_a_login_only_from_the_browser_that_opened_it() {
        let sandbox = sandbox();
        let mut mine = Browser::at(&sandbox, HOST);
        let page = login_page(&mut mine, &[]).await;
        let mut other = Browser::at(&sandbox, HOST);
        login_page(&mut other, &[]).await;
        let pairs = [("username", "alice"), ("password", "ticket")];
        let refused = typed(&mut other, &page, &pairs).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        let login = page.hidden("login");
        let forged = [("login", &*login), ("csrf", "x"), ("username", "alice")];
        let refused = mine.post("/guest/accountlogin", &forged).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        sandbox.end_sessions();
        let refused = typed(&mut mine, &page, &pairs).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    }
}

mod request_guest_token {
    use super::*;

    #[tokio::test]
    async fn gives_tokens_for_half_an_hour() {
        let sandbox = sandbox();
        let tokens = tokens(&sandbox, "alice").await;
        assert_eq!(tokens["result"], "success");
        assert_eq!(
            (&tokens["expires_in"], &tokens["token_type"]),
            (&json!(1800), &json!("bearer"))
        );
        assert_eq!(tokens["scope"], "user_read account_read");
        assert_eq!(tokens["username"], "alice");
        assert_eq!(
            user_information(&sandbox, &tokens, &[]).await.json()["result"],
            "success"
        );
        sandbox.advance_clock(1800);
        let late = user_information(&sandbox, &tokens, &[]).await;
        assert_eq!(failure(&late), "oauth.invalid_token");
    }

    #[tokio::test]
    async fn takes_a_code_once() {
        let sandbox = sandbox();
        let code = code(&sandbox, "alice").await;
        let tokens = exchange(&sandbox, &code).await.json();
        let again = exchange(&sandbox, &code).await;
        assert_eq!(failure(&again), "oauth.invalid_grant");
        let revoked = user_information(&sandbox, &tokens, &[]).await;
        assert_eq!(failure(&revoked), "oauth.invalid_token");
        assert_eq!(
            failure(&refresh(&sandbox, &tokens).await),
            "oauth.invalid_grant"
        );
    }

    #[tokio::test]
    async fn takes_a_code_within_five_minutes() {
        let sandbox = sandbox();
        let (in_time, late) = (code(&sandbox, "alice").await, code(&sandbox, "alice").await);
        sandbox.advance_clock(240);
        assert_eq!(
            exchange(&sandbox, &in_time).await.json()["result"],
            "success"
        );
        sandbox.advance_clock(61);
        assert_eq!(
            failure(&exchange(&sandbox, &late).await),
            "oauth.invalid_grant"
        );
    }

    #[tokio::test]
    async fn wants_the_redirect_uri_of_the_login_if_one_is_named() {
        let sandbox = sandbox();
        let code = code(&sandbox, "alice").await;
        let authorization = basic("diner-shop", "diner-secret");
        let mut body = by_code(&code);
        body["redirect_uri"] = "http://localhost:8800/callback/club".into();
        let refused = request_guest_token(&sandbox, &authorization, &body).await;
        assert_eq!(failure(&refused), "oauth.invalid_grant");
        let members = body.as_object_mut().unwrap();
        members.remove("redirect_uri");
        members.remove("client_id");
        let answer = request_guest_token(&sandbox, &authorization, &body).await;
        assert_eq!(answer.json()["result"], "success");
    }

    /// Basic is the current style; the older one has the credentials in the body.
    #[tokio::test]
    async fn takes_the_credentials_in_the_header_or_in_the_body() {
        let sandbox = sandbox();
        let code = code(&sandbox, "alice").await;
        let right = by_code(&code);
        let with_secret = |secret: &str| {
            let mut body = right.clone();
            body["client_secret"] = secret.into();
            body
        };
        let basic_right = basic("diner-shop", "diner-secret");
        for (authorization, body) in [
            (String::new(), right.clone()),
            (String::new(), with_secret("wrong")),
            (basic("diner-shop", "wrong"), right.clone()),
            (basic("club-shop", "diner-secret"), right.clone()),
            (basic_right.clone(), with_secret("wrong")),
            (
                "Bearer diner-secret".to_owned(),
                with_secret("diner-secret"),
            ),
        ] {
            let refused = request_guest_token(&sandbox, &authorization, &body).await;
            assert_eq!(failure(&refused), "oauth.invalid_client", "{authorization}");
        }
        let answer = request_guest_token(&sandbox, "", &with_secret("diner-secret")).await;
        assert_eq!(
            answer.json()["result"],
            "success",
            "and none of these spent the code"
        );
    }

    #[tokio::test]
    async fn refuses_a_body_that_is_wrong() {
        let sandbox = sandbox();
        let code = code(&sandbox, "alice").await;
        let authorization = basic("diner-shop", "diner-secret");
        for (error, change) in [
            ("oauth.invalid_request", json!({ "merchantId": "77" })),
            ("oauth.invalid_request", json!({ "merchantId": 78 })),
            ("oauth.invalid_request", json!({ "merchantId": null })),
            ("oauth.invalid_request", json!({ "grant_type": null })),
            ("oauth.invalid_request", json!({ "authentication": "card" })),
            (
                "oauth.unsupported_grant_type",
                json!({ "grant_type": "fieldset" }),
            ),
            ("oauth.invalid_grant", json!({ "code": "x" })),
        ] {
            let mut body = by_code(&code);
            let changes = change.as_object().unwrap().clone();
            body.as_object_mut().unwrap().extend(changes);
            let refused = request_guest_token(&sandbox, &authorization, &body).await;
            assert_eq!(failure(&refused), error, "{change}");
        }
        let request = Request::post(format!("{REST}/oauth/requestGuestToken.json"))
            .header(header::HOST, HOST)
            .header(header::AUTHORIZATION, &authorization)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(by_code(&code).to_string()))
            .unwrap();
        let refused = send(&sandbox, request).await;
        assert_eq!(failure(&refused), "oauth.invalid_request");
        let request = Request::post("/rest/19.2/oauth/requestGuestToken.json")
            .header(header::HOST, HOST)
            .body(Body::empty())
            .unwrap();
        assert_eq!(send(&sandbox, request).await.status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn replaces_a_refresh_token_with_each_refresh() {
        let sandbox = sandbox();
        let first = tokens(&sandbox, "alice").await;
        sandbox.advance_clock(1801);
        let second = refresh(&sandbox, &first).await.json();
        assert_eq!(
            (&second["result"], &second["username"]),
            (&json!("success"), &json!("alice"))
        );
        assert_ne!(first["refresh_token"], second["refresh_token"]);
        assert_ne!(first["access_token"], second["access_token"]);
        assert_eq!(
            user_information(&sandbox, &second, &[]).await.json()["result"],
            "success"
        );
        assert_eq!(
            failure(&refresh(&sandbox, &first).await),
            "oauth.invalid_grant"
        );
        assert_eq!(refresh(&sandbox, &second).await.json()["result"], "success");
    }

    #[tokio::test]
    async fn takes_no_refresh_token_that_is_too_old() {
        let sandbox = sandbox();
        let setting = json!({ "paytronix": { "refresh_token_lifetime": 7200 } });
        sandbox.change_settings(setting).unwrap();
        let tokens = tokens(&sandbox, "alice").await;
        sandbox.advance_clock(7200);
        let refused = refresh(&sandbox, &tokens).await;
        assert_eq!(failure(&refused), "oauth.invalid_grant");
    }

    #[tokio::test]
    async fn keeps_the_refresh_token_where_that_is_set() {
        let sandbox = sandbox();
        let setting = json!({ "paytronix": { "refresh_token_rotates": false } });
        sandbox.change_settings(setting).unwrap();
        let first = tokens(&sandbox, "alice").await;
        for _ in 0..2 {
            let again = refresh(&sandbox, &first).await.json();
            assert_eq!(again["refresh_token"], first["refresh_token"]);
        }
    }

    #[tokio::test]
    async fn grants_no_more_than_was_granted() {
        let sandbox = sandbox();
        let tokens = tokens(&sandbox, "alice").await;
        let body = json!({
            "grant_type": "refresh_token", "merchantId": 77, "refresh_token": tokens["refresh_token"],
            "scope": "user_read user_write",
        });
        let authorization = basic("diner-shop", "diner-secret");
        let refused = request_guest_token(&sandbox, &authorization, &body).await;
        assert_eq!(failure(&refused), "oauth.invalid_request");
    }

    /// The grant of the merchant's own apps.
    #[tokio::test]
    async fn takes_a_password_unless_that_is_off() {
        let sandbox = sandbox();
        let body = |username: &str, password: &str| {
            json!({
                "authentication": "anonymous", "client_id": "diner-shop", "client_secret": "diner-secret",
                "grant_type": "password", "merchantId": 77, "scope": "user_read",
                "username": username, "password": password,
            })
        };
        let answer = request_guest_token(&sandbox, "", &body("alice", "ticket")).await;
        assert_eq!(answer.json()["scope"], "user_read");
        for (username, password) in [("alice", "wrong"), ("erin", "ticket"), ("nobody", "ticket")] {
            let refused = request_guest_token(&sandbox, "", &body(username, password)).await;
            assert_eq!(failure(&refused), "oauth.invalid_grant");
        }
        let setting = json!({ "paytronix": { "password_grant": false } });
        sandbox.change_settings(setting).unwrap();
        let refused = request_guest_token(&sandbox, "", &body("alice", "ticket")).await;
        assert_eq!(failure(&refused), "oauth.unsupported_grant_type");
    }
}

mod guest {
    use super::*;

    #[tokio::test]
    async fn user_information_has_fields_addresses_and_cards() {
        let sandbox = sandbox();
        let tokens = tokens(&sandbox, "alice").await;
        let guest = user_information(&sandbox, &tokens, &[]).await.json();
        assert_eq!(
            guest["fields"],
            json!({
                "username": "alice", "email": "alice@example.test", "firstName": "Alice", "lastName": "Martin",
                "mobilePhone": "+41225550101", "emailVerified": true, "optIn": true,
            })
        );
        assert_eq!(
            guest["addresses"],
            json!([{
                "addressId": 1, "label": "Home", "address1": "Rue du Stade 1", "city": "Genève", "country": "CH",
                "postalCode": "1200",
            }])
        );
        assert!(guest["accountIds"][0].is_u64());
        let card = guest["primaryCardNumbers"][0].as_str().unwrap();
        assert!(card.len() == 16 && card.starts_with("9990"));
    }

    #[tokio::test]
    async fn user_information_omits_what_is_blank() {
        let sandbox = sandbox();
        let bob = tokens(&sandbox, "bob").await;
        let guest = user_information(&sandbox, &bob, &[]).await.json();
        assert!(guest["fields"].get("mobilePhone").is_none());
        assert_eq!(guest["addresses"][0]["city"], "Bern");
        assert!(guest["addresses"][0].get("country").is_none());
        let carol = tokens(&sandbox, "carol").await;
        let guest = user_information(&sandbox, &carol, &[]).await.json();
        assert_eq!(guest["fields"]["email"], "alice@example.test");
        assert_eq!(guest["fields"]["emailVerified"], false);
    }

    #[tokio::test]
    async fn user_information_is_of_the_tokens_owner_alone() {
        let sandbox = sandbox();
        let tokens = tokens(&sandbox, "alice").await;
        for username in ["bob", "Alice", ""] {
            let refused = user_information(&sandbox, &tokens, &[("username", username)]).await;
            assert_eq!(failure(&refused), "user_info.not_found");
        }
    }

    #[tokio::test]
    async fn calls_have_everything_as_parameters() {
        let sandbox = sandbox();
        let tokens = tokens(&sandbox, "alice").await;
        for (error, changes) in [
            ("oauth.invalid_request", ("merchantId", "78")),
            ("oauth.invalid_request", ("merchantId", "")),
            ("oauth.invalid_request", ("authentication", "")),
            ("oauth.invalid_request", ("authentication", "b2b")),
            ("oauth.invalid_token", ("access_token", "")),
            ("oauth.invalid_token", ("access_token", "x")),
            ("oauth.invalid_client", ("client_secret", "wrong")),
        ] {
            let refused = user_information(&sandbox, &tokens, &[changes]).await;
            assert_eq!(failure(&refused), error, "{changes:?}");
        }
        let query = form(&[
            ("merchantId", "77"),
            ("username", "alice"),
            ("authentication", "oauth"),
        ]);
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let request = Request::get(format!("{REST}/guest/userInformation.json?{query}"))
            .header(header::HOST, HOST)
            .header(header::AUTHORIZATION, bearer)
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            failure(&send(&sandbox, request).await),
            "oauth.invalid_client"
        );
        let setting = json!({ "paytronix": { "invalid_token_code": "token.too_old" } });
        sandbox.change_settings(setting).unwrap();
        let refused = user_information(&sandbox, &tokens, &[("access_token", "x")]).await;
        assert_eq!(failure(&refused), "token.too_old");
    }

    #[tokio::test]
    async fn calls_need_their_scope() {
        let sandbox = sandbox();
        let mut browser = Browser::at(&sandbox, HOST);
        let page = login_page(&mut browser, &[("scope", "account_read")]).await;
        let pairs = [("username", "alice"), ("password", "ticket")];
        let back = typed(&mut browser, &page, &pairs).await;
        let tokens = exchange(&sandbox, &back.redirected()["code"]).await.json();
        let refused = user_information(&sandbox, &tokens, &[]).await;
        assert_eq!(failure(&refused), "oauth.insufficient_scope");
    }

    #[tokio::test]
    async fn account_information_has_status_cards_and_balances() {
        let sandbox = sandbox();
        let tokens = tokens(&sandbox, "alice").await;
        let card = card(&sandbox, &tokens).await;
        let account = account_information(&sandbox, &tokens, &card, &[])
            .await
            .json();
        assert_eq!(
            (&account["result"], &account["username"]),
            (&json!("success"), &json!("alice"))
        );
        assert_eq!(account["accountStatus"], "ACTIVE");
        assert_eq!(account["queryCardStatus"], "ACTIVE");
        assert!(account["cardTemplateCode"].is_u64() && account["tierCode"].is_u64());
        assert_eq!(account["primaryCard"]["printedCardNumber"], json!(card));
        let masked = account["primaryCard"]["maskedCardNumber"].as_str().unwrap();
        assert_eq!(masked, &card[10..]);
        assert_eq!(account["walletBalances"][0]["name"], "Points");
        assert_eq!(account["walletBalances"][1]["balance"], 7.5);

        let setting = json!({ "paytronix": { "wallet_field": "wallets" } });
        sandbox.change_settings(setting).unwrap();
        let account = account_information(&sandbox, &tokens, &card, &[])
            .await
            .json();
        assert!(account.get("walletBalances").is_none() && account["wallets"].is_array());
    }

    #[tokio::test]
    async fn account_information_is_of_the_tokens_owner_alone() {
        let sandbox = sandbox();
        let (alice, bob) = (
            tokens(&sandbox, "alice").await,
            tokens(&sandbox, "bob").await,
        );
        let card = card(&sandbox, &bob).await;
        let refused = account_information(&sandbox, &alice, &card, &[]).await;
        assert_eq!(failure(&refused), "account_info.not_found");
    }
}

#[tokio::test]
async fn messages_hold_no_secret() {
    let sandbox = sandbox();
    let code = code(&sandbox, "alice").await;
    let first = exchange(&sandbox, &code).await.json();
    let second = refresh(&sandbox, &first).await.json();
    user_information(&sandbox, &second, &[]).await;
    let recorded = serde_json::to_string(&sandbox.messages()).unwrap();
    let token = |tokens: &Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    for secret in [
        code,
        token(&first, "access_token"),
        token(&first, "refresh_token"),
        token(&second, "access_token"),
        token(&second, "refresh_token"),
        basic("diner-shop", "diner-secret"),
        "diner-secret".to_owned(),
        "\"ticket\"".to_owned(),
    ] {
        assert!(!recorded.contains(&secret), "{secret} is in {recorded}");
    }
    let from = |path: &str| {
        let messages = sandbox.messages();
        messages
            .into_iter()
            .find(|message| message.path.ends_with(path))
            .unwrap()
            .from
    };
    assert_eq!(from("/guest/accountlogin"), Party::Browser);
    assert_eq!(from("/guest/userInformation.json"), Party::Backend);
}
