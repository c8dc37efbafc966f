//! `POST /v1/step-up`, the exchange that ends it, and the calls that ask for it (RFC 9470).

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod support;

use std::collections::HashMap;

use admit_one_backend::{App, Config};
use admit_one_protocol::{Code, step_up::StepUp};
use serde_json::{Value, json};
use support::{Answer, Browser, Log, TICKET, Upstream, exchange_body, merge, secrets, toml};

const STATE: &str = "c3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3RhdGUtc3Q";
const NONCE: &str = "bm9uY2Utbm9uY2Utbm9uY2Utbm9uY2Utbm9uY2Utbm8";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// `strong-app:strong-secret`.
const STRONG: &str = "Basic c3Ryb25nLWFwcDpzdHJvbmctc2VjcmV0";

/// A backend whose provider has a strong flow, with some changes to the file.
async fn configured(changes: &[(&str, &str)]) -> Browser {
    configured_at(Upstream::start().await, changes).await
}

/// The same, where the provider takes pushed requests.
async fn announcing_par(changes: &[(&str, &str)]) -> Browser {
    let upstream = Upstream::start().await;
    let endpoint = format!("{}/par", upstream.issuer);
    upstream.with(|inner| {
        inner.metadata = json!({"pushed_authorization_request_endpoint": endpoint});
    });
    configured_at(upstream, changes).await
}

async fn configured_at(upstream: Upstream, changes: &[(&str, &str)]) -> Browser {
    let step_up = format!(
        r#"
[providers.step_up]
client_id = "strong-app"
client_secret_env = "STRONG"
acr_values = ["strong-acr", "mtan"]
sso_ticket_resource = "{}/resources/sso-ticket"
"#,
        upstream.issuer
    );
    let mut text = toml(&upstream.issuer, "", &step_up);
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let config =
        Config::parse(&text, "test.toml", &secrets).unwrap_or_else(|error| panic!("{error}"));
    Browser::of(App::start(config).await.unwrap(), upstream).await
}

async fn stepping_up() -> Browser {
    configured(&[]).await
}

fn body(handle: &Value, changes: Value) -> Value {
    let mut body = json!({
        "handle": handle, "access_token": "access-1", "state": STATE, "nonce": NONCE, "code_challenge": CHALLENGE, "lang": "fr",
    });
    merge(&mut body, &changes);
    body
}

async fn step_up(browser: &mut Browser, handle: &Value, changes: Value) -> Answer {
    let body = body(handle, changes);
    browser.call("POST", "/v1/step-up", body).await
}

/// The parameters of the address that a step-up leads to.
async fn parameters(browser: &mut Browser, changes: Value) -> HashMap<String, String> {
    let handle = browser.exchange().await.ok()["handle"].clone();
    let answer = step_up(browser, &handle, changes).await.ok();
    let url = answer["authorization_url"].as_str().unwrap();
    let (endpoint, query) = url.split_once('?').unwrap();
    assert_eq!(endpoint, format!("{}/auth", browser.upstream.issuer));
    decoded(query)
}

fn decoded(query: &str) -> HashMap<String, String> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        let decoded = percent_encoding::percent_decode_str(&text);
        decoded.decode_utf8().unwrap().into_owned()
    };
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    pairs
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// The buyer comes back with the claims that the strong client's ID token has.
async fn come_back(browser: &mut Browser, handle: &Value, claims: Value) -> Answer {
    let code = format!("strong-code-{}", browser.upstream.count("/token"));
    come_back_with(browser, handle, claims, &code).await
}

async fn come_back_with(
    browser: &mut Browser,
    handle: &Value,
    claims: Value,
    code: &str,
) -> Answer {
    let now = browser.app.clock().now();
    let mut strong = json!({"aud": "strong-app", "acr": "strong-acr", "auth_time": now});
    merge(&mut strong, &claims);
    browser.upstream.claims(strong);
    let mut body = exchange_body(code);
    merge(&mut body, &json!({"step_up": true, "handle": handle}));
    let answer = browser.call("POST", "/v1/exchange", body).await;
    browser.upstream.claims(json!({}));
    answer
}

mod start {
    use super::*;

    #[tokio::test]
    async fn a_fresh_ticket_goes_as_the_login_hint() {
        let mut browser = stepping_up().await;
        let parameters = parameters(&mut browser, json!({})).await;
        assert_eq!(parameters["client_id"], "strong-app");
        assert_eq!(parameters["login_hint"], TICKET);
        assert_eq!(parameters["prompt"], "login");
        assert_eq!(parameters["acr_values"], "strong-acr mtan");
        assert_eq!(parameters["scope"], "openid profile email");
        assert_eq!(parameters["state"], STATE);
        assert_eq!(parameters["nonce"], NONCE);
        assert_eq!(parameters["code_challenge"], CHALLENGE);
        assert_eq!(parameters["ui_locales"], "fr");
        assert_eq!(
            parameters["redirect_uri"],
            "https://sso.example/callback/club"
        );
        let (authorization, _) = browser.upstream.last("/ticket");
        assert_eq!(authorization.as_deref(), Some("Bearer access-1"));
    }

    #[tokio::test]
    async fn each_step_up_has_a_ticket_of_its_own() {
        let mut browser = stepping_up().await;
        let handle = browser.exchange().await.ok()["handle"].clone();
        step_up(&mut browser, &handle, json!({})).await.ok();
        step_up(&mut browser, &handle, json!({})).await.ok();
        assert_eq!(browser.upstream.count("/ticket"), 2);
    }

    #[tokio::test]
    async fn what_is_asked_for_is_what_the_call_wants_and_the_provider_has() {
        let mut browser = stepping_up().await;
        let wanted = json!({"acr_values": ["mtan", "other"]});
        assert_eq!(parameters(&mut browser, wanted).await["acr_values"], "mtan");
        let handle = browser.exchange().await.ok()["handle"].clone();
        step_up(&mut browser, &handle, json!({"acr_values": ["other"]}))
            .await
            .refused(Code::StepUpUnavailable);
        assert_eq!(browser.upstream.count("/ticket"), 1);
    }

    #[tokio::test]
    async fn a_provider_without_a_strong_flow_has_no_step_up() {
        let mut browser = Browser::start().await;
        let handle = browser.exchange().await.ok()["handle"].clone();
        step_up(&mut browser, &handle, json!({}))
            .await
            .refused(Code::StepUpUnavailable);
        come_back(&mut browser, &handle, json!({}))
            .await
            .refused(Code::StepUpUnavailable);
    }

    #[tokio::test]
    async fn who_is_not_signed_in_has_no_step_up() {
        let mut browser = stepping_up().await;
        step_up(&mut browser, &Value::Null, json!({}))
            .await
            .refused(Code::HandleMissing);
        let handle = browser.exchange().await.ok()["handle"].clone();
        let mut thief = browser.another().await;
        step_up(&mut thief, &handle, json!({}))
            .await
            .refused(Code::ProofKeyMismatch);
        let everywhere = json!({"handle": handle, "reach": "everywhere", "state": "s"});
        browser.call("POST", "/v1/sign-out", everywhere).await.ok();
        step_up(&mut browser, &handle, json!({}))
            .await
            .refused(Code::HandleRevoked);
        assert_eq!(browser.upstream.count("/ticket"), 0);
    }

    #[tokio::test]
    async fn what_the_browser_makes_has_to_have_its_form() {
        let mut browser = stepping_up().await;
        let handle = browser.exchange().await.ok()["handle"].clone();
        for wrong in [
            json!({"state": "short"}),
            json!({"nonce": ""}),
            json!({"code_challenge": "x".repeat(44)}),
        ] {
            step_up(&mut browser, &handle, wrong)
                .await
                .refused(Code::RequestMalformed);
        }
        for wrong in ["", "a b", "a\r\nx: y"] {
            step_up(&mut browser, &handle, json!({"access_token": wrong}))
                .await
                .refused(Code::StepUpTicketRefused);
        }
        assert_eq!(browser.upstream.count("/ticket"), 0);
    }

    #[tokio::test]
    async fn each_refusal_of_the_resource_has_its_code() {
        let mut browser = stepping_up().await;
        let handle = browser.exchange().await.ok()["handle"].clone();
        for (status, text, code) in [
            (401, "", Code::StepUpTicketRefused),
            (403, "", Code::StepUpTicketScope),
            (404, "", Code::StepUpTicketResource),
            (500, "", Code::UpstreamError),
            (200, "<html>", Code::StepUpTicketInvalid),
            (200, r#"{"ticket":"x"}"#, Code::StepUpTicketField),
        ] {
            browser
                .upstream
                .with(|inner| inner.ticket = Some((status, text.to_owned())));
            step_up(&mut browser, &handle, json!({}))
                .await
                .refused(code);
        }
    }

    #[tokio::test]
    async fn the_member_of_the_answer_is_configuration() {
        let mut browser = configured(&[(
            "[providers.step_up]",
            "[providers.step_up]\nticket_field = \"user\"\nscopes = [\"openid\", \"x\"]",
        )])
        .await;
        browser
            .upstream
            .with(|inner| inner.ticket = Some((200, r#"{"user":"of-user"}"#.to_owned())));
        let parameters = parameters(&mut browser, json!({})).await;
        assert_eq!(parameters["login_hint"], "of-user");
        assert_eq!(parameters["scope"], "openid x");
    }
}

mod pushed_requests {
    use super::*;

    #[tokio::test]
    async fn keep_the_ticket_out_of_the_address_where_the_provider_has_them() {
        let mut browser = announcing_par(&[]).await;
        let parameters = parameters(&mut browser, json!({})).await;
        assert_eq!(
            parameters,
            HashMap::from([
                ("client_id".to_owned(), "strong-app".to_owned()),
                ("request_uri".to_owned(), "urn:pushed:1".to_owned()),
            ])
        );
        let (authorization, body) = browser.upstream.last("/par");
        assert_eq!(authorization.as_deref(), Some(STRONG));
        let pushed = decoded(&body);
        assert_eq!(pushed["login_hint"], TICKET);
        assert_eq!(pushed["prompt"], "login");
        assert_eq!(pushed["state"], STATE);
    }

    #[tokio::test]
    async fn never_means_never() {
        let mut browser = announcing_par(&[(
            "[providers.step_up]",
            "[providers.step_up]\npar = \"never\"",
        )])
        .await;
        assert_eq!(
            parameters(&mut browser, json!({})).await["login_hint"],
            TICKET
        );
        assert_eq!(browser.upstream.count("/par"), 0);
    }

    #[tokio::test]
    async fn always_means_always() {
        let mut browser = configured(&[(
            "[providers.step_up]",
            "[providers.step_up]\npar = \"always\"",
        )])
        .await;
        let handle = browser.exchange().await.ok()["handle"].clone();
        step_up(&mut browser, &handle, json!({}))
            .await
            .refused(Code::StepUpParMissing);
        assert_eq!(browser.upstream.count("/ticket"), 0, "no ticket is wasted");
    }

    #[tokio::test]
    async fn a_refusal_is_the_operators_and_puts_no_ticket_into_the_address() {
        let mut browser = announcing_par(&[]).await;
        let handle = browser.exchange().await.ok()["handle"].clone();
        for (status, text, code) in [
            (
                400,
                r#"{"error":"invalid_request"}"#,
                Code::StepUpParRefused,
            ),
            (401, "", Code::StepUpParRefused),
            (201, "{}", Code::StepUpParInvalid),
            (503, "", Code::UpstreamError),
        ] {
            browser
                .upstream
                .with(|inner| inner.pushed = Some((status, text.to_owned())));
            let refused = step_up(&mut browser, &handle, json!({}))
                .await
                .refused(code);
            assert!(!refused.body.to_string().contains("eyJ"));
        }
    }
}

mod coming_back {
    use super::*;

    #[tokio::test]
    async fn the_strong_client_exchanges_the_code_and_the_contact_stays() {
        let mut browser = stepping_up().await;
        let (handle, profile) = browser.signed_in().await;
        let strong = come_back(&mut browser, &json!(handle), json!({}))
            .await
            .ok();
        let (authorization, body) = browser.upstream.last("/token");
        assert_eq!(authorization.as_deref(), Some(STRONG));
        assert!(body.contains("code=strong-code-1"));
        assert_ne!(strong["handle"], json!(handle));
        // The handle carries the number already, so the next sync has no new one to give.
        let sync = json!({"handle": strong["handle"], "access_token": strong["access_token"]});
        let synced = browser.call("POST", "/v1/profile", sync).await.ok();
        assert_eq!(synced["contact_number"], profile["contact_number"]);
        assert_eq!(synced.get("handle"), None);
    }

    #[tokio::test]
    async fn the_strong_client_refreshes_and_revokes_what_it_was_given() {
        let mut browser = stepping_up().await;
        let weak = browser.exchange().await.ok()["handle"].clone();
        let strong = come_back(&mut browser, &weak, json!({})).await.ok()["handle"].clone();
        browser.upstream.claims(json!({"aud": "strong-app"}));
        let refreshed = browser
            .call("POST", "/v1/refresh", json!({"handle": strong}))
            .await
            .ok();
        assert_eq!(browser.upstream.last("/token").0.as_deref(), Some(STRONG));
        let sign_out = json!({"handle": refreshed["handle"], "state": "s"});
        let left = browser.call("POST", "/v1/sign-out", sign_out).await.ok();
        assert_eq!(browser.upstream.last("/revoke").0.as_deref(), Some(STRONG));
        let url = left["end_session_url"].as_str().unwrap();
        assert!(url.contains("client_id=strong-app"), "{url}");
    }

    #[tokio::test]
    async fn another_persons_return_signs_nobody_up() {
        let mut browser = stepping_up().await;
        let weak = browser.exchange().await.ok()["handle"].clone();
        come_back(&mut browser, &weak, json!({"sub": "mallory"}))
            .await
            .refused(Code::StepUpSub);
        // The weak session is as it was.
        let refreshed = browser.call("POST", "/v1/refresh", json!({"handle": weak}));
        refreshed.await.ok();
        assert_ne!(browser.upstream.last("/token").0.as_deref(), Some(STRONG));
    }

    #[tokio::test]
    async fn acr_is_one_of_those_asked_for() {
        let mut browser = stepping_up().await;
        let weak = browser.exchange().await.ok()["handle"].clone();
        for acr in [json!("weak-acr"), Value::Null, json!("Strong-acr")] {
            come_back(&mut browser, &weak, json!({"acr": acr}))
                .await
                .refused(Code::IdTokenAcr);
        }
    }

    #[tokio::test]
    async fn auth_time_is_recent() {
        let mut browser = stepping_up().await;
        let weak = browser.exchange().await.ok()["handle"].clone();
        let long_ago = browser.app.clock().now() - 421;
        for auth_time in [json!(long_ago), Value::Null] {
            come_back(&mut browser, &weak, json!({"auth_time": auth_time}))
                .await
                .refused(Code::IdTokenAuthTime);
        }
    }

    #[tokio::test]
    async fn how_recent_is_configuration() {
        for (max_age, fits) in [(60, 179), (0, 119)] {
            let key = format!("[providers.step_up]\nmax_age = {max_age}");
            let mut browser = configured(&[("[providers.step_up]", &key)]).await;
            let weak = browser.exchange().await.ok()["handle"].clone();
            let now = browser.app.clock().now();
            come_back(&mut browser, &weak, json!({"auth_time": now - fits - 3}))
                .await
                .refused(Code::IdTokenAuthTime);
            come_back(&mut browser, &weak, json!({"auth_time": now - fits}))
                .await
                .ok();
        }
    }

    #[tokio::test]
    async fn the_id_token_is_the_strong_clients() {
        let mut browser = stepping_up().await;
        let weak = browser.exchange().await.ok()["handle"].clone();
        come_back(&mut browser, &weak, json!({"aud": "shop"}))
            .await
            .refused(Code::IdTokenAud);
    }

    #[tokio::test]
    async fn nobody_comes_back_who_did_not_leave() {
        let mut browser = stepping_up().await;
        come_back(&mut browser, &Value::Null, json!({}))
            .await
            .refused(Code::HandleMissing);
        let weak = browser.exchange().await.ok()["handle"].clone();
        let everywhere = json!({"handle": weak, "reach": "everywhere", "state": "s"});
        browser.call("POST", "/v1/sign-out", everywhere).await.ok();
        let before = browser.upstream.count("/token");
        come_back(&mut browser, &weak, json!({}))
            .await
            .refused(Code::HandleRevoked);
        assert_eq!(browser.upstream.count("/token"), before);
    }

    #[tokio::test]
    async fn nobody_comes_back_to_a_session_that_went_with_its_page() {
        let mut browser = configured(&[("app_dir", "custody = \"memory\"\napp_dir")]).await;
        come_back(&mut browser, &Value::Null, json!({}))
            .await
            .refused(Code::HandleMissing);
        assert_eq!(browser.upstream.count("/token"), 0);
    }

    #[tokio::test]
    async fn the_cookie_is_the_session_of_before_until_the_browser_takes_the_new_one() {
        let mut browser = configured(&[("app_dir", "custody = \"cookie\"\napp_dir")]).await;
        browser.exchange().await.ok();
        let weak = browser.cookie.clone();
        come_back(&mut browser, &Value::Null, json!({})).await.ok();
        let offered = browser.cookie.clone().unwrap();
        assert!(
            offered.starts_with("__Host-admit-one-strong=new."),
            "{offered}"
        );
        // A browser that refuses what came with it goes on as it was.
        browser.cookie = weak.clone();
        browser.call("POST", "/v1/refresh", json!({})).await.ok();
        assert_ne!(browser.upstream.last("/token").0.as_deref(), Some(STRONG));
        let not_offered = browser.call("PUT", "/v1/step-up", json!({})).await;
        not_offered.refused(Code::HandleMissing);
        // One that has verified it takes it, and it is bound to that browser.
        let both = format!("{}; {offered}", weak.unwrap());
        let mut thief = browser.another().await;
        thief.cookie = Some(both.clone());
        let stolen = thief.call("PUT", "/v1/step-up", json!({})).await;
        stolen.refused(Code::ProofKeyMismatch);
        browser.cookie = Some(both);
        let answer = browser.call("PUT", "/v1/step-up", json!({})).await;
        assert!(withdraws(&answer), "{:?}", answer.headers);
        answer.ok();
        let taken = browser.cookie.clone().unwrap();
        assert!(taken.starts_with("__Host-admit-one=new."), "{taken}");
        browser.upstream.claims(json!({"aud": "strong-app"}));
        browser.call("POST", "/v1/refresh", json!({})).await.ok();
        assert_eq!(browser.upstream.last("/token").0.as_deref(), Some(STRONG));
    }

    /// Whether the browser is to forget the cookie that was offered.
    fn withdraws(answer: &Answer) -> bool {
        let cookies = answer.headers.get_all("set-cookie").iter();
        let gone = "__Host-admit-one-strong=; Path=/; Max-Age=0";
        cookies
            .into_iter()
            .any(|cookie| cookie.to_str().unwrap().starts_with(gone))
    }

    #[tokio::test]
    async fn a_sign_out_leaves_no_cookie_that_was_offered() {
        let mut browser = configured(&[("app_dir", "custody = \"cookie\"\napp_dir")]).await;
        browser.exchange().await.ok();
        let answer = browser
            .call("POST", "/v1/sign-out", json!({"state": "s"}))
            .await;
        assert!(withdraws(&answer), "{:?}", answer.headers);
    }

    #[tokio::test]
    async fn a_session_that_was_ended_everywhere_is_not_taken() {
        let mut browser = configured(&[("app_dir", "custody = \"cookie\"\napp_dir")]).await;
        browser.exchange().await.ok();
        let weak = browser.cookie.clone();
        come_back(&mut browser, &Value::Null, json!({})).await.ok();
        let offered = browser.cookie.clone();
        browser.cookie = weak;
        let everywhere = json!({"reach": "everywhere", "state": "s"});
        browser.call("POST", "/v1/sign-out", everywhere).await.ok();
        browser.cookie = offered;
        let taken = browser.call("PUT", "/v1/step-up", json!({})).await;
        taken.refused(Code::HandleRevoked);
    }

    #[tokio::test]
    async fn an_answer_of_a_step_up_is_none_of_a_sign_in() {
        let mut browser = stepping_up().await;
        let weak = browser.exchange().await.ok()["handle"].clone();
        come_back_with(&mut browser, &weak, json!({}), "strong-code")
            .await
            .ok();
        let before = browser.upstream.count("/token");
        let again = browser.call("POST", "/v1/exchange", exchange_body("strong-code"));
        again.await.ok();
        assert_eq!(browser.upstream.count("/token"), before + 1);
    }
}

mod rfc_9470_section_3 {
    use super::*;

    const COMPLETE: &[(&str, &str)] = &[(
        "[profile]",
        "[profile]\nacr_values = [\"strong-acr\"]\nmax_age = 60",
    )];
    const GRANT: &[(&str, &str)] = &[("[shop]", "[shop]\nacr_values = [\"strong-acr\"]")];

    fn asked(answer: &Answer) -> StepUp {
        let header = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(header.starts_with("DPoP error=\"insufficient_user_authentication\""));
        StepUp::from_challenge(header).unwrap()
    }

    async fn complete(browser: &mut Browser, handle: &Value) -> Answer {
        let answers = json!({"handle": handle, "profile": {"phone_number": "+41315550102"}});
        browser.call("PUT", "/v1/profile", answers).await
    }

    #[tokio::test]
    async fn a_profile_that_needs_more_says_what() {
        let mut browser = configured(COMPLETE).await;
        let (weak, _) = browser.signed_in().await;
        let refused = complete(&mut browser, &json!(weak))
            .await
            .refused(Code::InsufficientUserAuthentication);
        assert_eq!(
            asked(&refused),
            StepUp {
                acr_values: vec!["strong-acr".to_owned()],
                max_age: Some(60)
            }
        );
        let strong = come_back(&mut browser, &json!(weak), json!({})).await.ok();
        complete(&mut browser, &strong["handle"]).await.ok();
    }

    #[tokio::test]
    async fn an_authentication_of_too_long_ago_is_not_enough() {
        let mut browser = configured(COMPLETE).await;
        let (weak, _) = browser.signed_in().await;
        let ago = browser.app.clock().now() - 200;
        let strong = come_back(&mut browser, &json!(weak), json!({"auth_time": ago})).await;
        let strong = strong.ok()["handle"].clone();
        complete(&mut browser, &strong)
            .await
            .refused(Code::InsufficientUserAuthentication);
    }

    #[tokio::test]
    async fn a_grant_that_needs_more_says_what() {
        let mut browser = configured(GRANT).await;
        let (weak, _) = browser.signed_in().await;
        complete(&mut browser, &json!(weak)).await.ok();
        let grant = json!({"handle": weak, "lang": "en"});
        let refused = browser.call("POST", "/v1/grant", grant).await;
        let refused = refused.refused(Code::InsufficientUserAuthentication);
        assert_eq!(
            asked(&refused),
            StepUp {
                acr_values: vec!["strong-acr".to_owned()],
                max_age: None
            }
        );
        let strong = come_back(&mut browser, &json!(weak), json!({})).await.ok();
        let grant = json!({"handle": strong["handle"], "lang": "en"});
        browser.call("POST", "/v1/grant", grant).await.ok();
        // Another acr of the provider's strong flow isn't the one that the shop wants.
        let mtan = come_back(&mut browser, &json!(weak), json!({"acr": "mtan"})).await;
        let grant = json!({"handle": mtan.ok()["handle"], "lang": "en"});
        let refused = browser.call("POST", "/v1/grant", grant).await;
        refused.refused(Code::InsufficientUserAuthentication);
    }

    #[tokio::test]
    async fn the_same_word_of_a_provider_without_a_strong_flow_is_worth_nothing() {
        let other = Upstream::start().await;
        let tables = format!(
            r#"[[providers]]
id = "other"
label = "Other"
issuer = "{}"
client_id = "shop"
client_secret_env = "CLUB"

[[providers]]
id = "club""#,
            other.issuer
        );
        let change = [GRANT[0], ("[[providers]]\nid = \"club\"", tables.as_str())];
        let mut browser = configured(&change).await;
        other.claims(json!({"acr": "strong-acr", "auth_time": browser.app.clock().now()}));
        let mut body = exchange_body("code");
        let there = format!("{}/callback/other", support::ORIGIN);
        merge(
            &mut body,
            &json!({"provider": "other", "redirect_uri": there}),
        );
        let tokens = browser.call("POST", "/v1/exchange", body).await.ok();
        let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
        browser.call("POST", "/v1/profile", sync).await.ok();
        complete(&mut browser, &tokens["handle"]).await.ok();
        let grant = json!({"handle": tokens["handle"], "lang": "en"});
        let refused = browser.call("POST", "/v1/grant", grant).await;
        refused.refused(Code::InsufficientUserAuthentication);
    }

    #[tokio::test]
    async fn a_refresh_keeps_what_a_session_is_worth() {
        let mut browser = configured(GRANT).await;
        let (weak, _) = browser.signed_in().await;
        complete(&mut browser, &json!(weak)).await.ok();
        let strong = come_back(&mut browser, &json!(weak), json!({})).await.ok();
        browser.upstream.claims(json!({"aud": "strong-app"}));
        let refreshing = json!({"handle": strong["handle"]});
        let refreshed = browser.call("POST", "/v1/refresh", refreshing).await.ok();
        let grant = json!({"handle": refreshed["handle"], "lang": "en"});
        browser.call("POST", "/v1/grant", grant).await.ok();
    }

    #[tokio::test]
    async fn where_nothing_is_demanded_nothing_is_asked() {
        let mut browser = stepping_up().await;
        let (weak, _) = browser.signed_in().await;
        let answer = complete(&mut browser, &json!(weak)).await;
        assert!(!answer.headers.contains_key("www-authenticate"));
        answer.ok();
    }
}

mod log {
    use super::*;

    const CODE: &str = "the-strong-code-itself";

    #[tokio::test]
    async fn has_neither_ticket_nor_handle_nor_token_nor_code() {
        let log = Log::start();
        let mut handles = Vec::new();
        for pushed in [false, true] {
            let mut browser = match pushed {
                true => announcing_par(&[]).await,
                false => stepping_up().await,
            };
            let handle = browser.exchange().await.ok()["handle"].clone();
            step_up(&mut browser, &handle, json!({})).await.ok();
            let odd_tickets = [
                (200, json!({"another-ticket": TICKET})),
                (200, json!({"sso-ticket": format!("{TICKET}\n")})),
                (200, json!([TICKET])),
                (
                    401,
                    json!({"error": "invalid_token", "error_description": TICKET}),
                ),
                (403, json!({"error": TICKET})),
                (404, json!(TICKET)),
                (500, json!({"sso-ticket": TICKET})),
            ];
            for (status, answer) in odd_tickets {
                let answer = (status, answer.to_string());
                browser.upstream.with(|inner| inner.ticket = Some(answer));
                let refused = step_up(&mut browser, &handle, json!({})).await;
                assert_ne!(refused.status, 200);
                assert!(!refused.body.to_string().contains(TICKET));
            }
            browser.upstream.with(|inner| {
                inner.ticket = None;
                let told = json!({"error": "invalid_request", "error_description": TICKET});
                inner.pushed = Some((400, told.to_string()));
            });
            step_up(&mut browser, &handle, json!({})).await;

            let stepped = come_back_with(&mut browser, &handle, json!({}), CODE)
                .await
                .ok();
            let told = format!("{CODE} of alice@club.example is used");
            let told = json!({"error": "invalid_grant", "error_description": told});
            browser
                .upstream
                .answers(400, "application/json", told.to_string());
            come_back(&mut browser, &handle, json!({}))
                .await
                .refused(Code::ExchangeRefused);
            come_back(&mut browser, &handle, json!({"acr": "weak"})).await;
            come_back(&mut browser, &handle, json!({"sub": "bob-the-other"})).await;
            let mut thief = browser.another().await;
            step_up(&mut thief, &handle, json!({}))
                .await
                .refused(Code::ProofKeyMismatch);
            handles.extend([
                handle,
                stepped["handle"].clone(),
                stepped["id_token"].clone(),
            ]);
        }
        let handles = handles.iter().map(|handle| handle.as_str().unwrap());
        let verifier = "v".repeat(43);
        let mut hidden = vec![
            TICKET,
            CODE,
            STATE,
            NONCE,
            CHALLENGE,
            &verifier,
            "access-1",
            "refresh-1",
            "refresh-2",
            "strong-secret",
            STRONG.trim_start_matches("Basic "),
            "alice@",
            "bob-the-other",
        ];
        hidden.extend(handles);
        let said = [
            "step_up_ticket_field",
            "another-ticket",
            "step_up_ticket_refused",
            "step_up_ticket_invalid",
            "exchange_refused",
        ];
        log.says_and_hides(&said, &hidden);
    }
}
