//! Buyers sign in through the sandbox's OpenID provider.

use admit_one_sandbox::System;

use crate::browser::Options;
use crate::buyer::ALICE;
use crate::journey::{journey, journey_on};
use crate::stage::Setup;
use crate::wire::member;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alice_signs_in_sees_her_email_and_is_greeted_by_the_shop_with_her_contact_number() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("performance.getEntriesByName('signed-in').length === 1")
            .await;
        b.press("continue").await;
        b.wait_for(&format!(
            "location.origin === '{}' && document.readyState === 'complete'",
            j.stage.shop
        ))
        .await;
        let greeting = b.wait_for("document.body.innerText").await;
        let greeting = greeting.as_str().unwrap();
        assert!(greeting.contains("contact"), "{greeting}");
        assert!(
            !b.url().await.contains("token="),
            "the grant doesn't stay in the address bar: {}",
            b.url().await
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_providers_the_one_used_last_comes_first() {
    let more = "[[providers]]\nid = \"paper\"\nkind = \"oidc\"\nlabel = \"The Paper\"\nissuer = \"{upstream}/club\"\n\
        client_id = \"shop-es256\"\nclient_secret_env = \"CLUB\"\nscopes = [\"openid\", \"profile\", \"email\", \"phone\", \"address\"]\n";
    let setup = Setup {
        more: more.to_owned(),
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        let order = "window.admitOne.ready && [...document.querySelectorAll('.provider')].map((button) => button.dataset.provider)";
        b.open(&j.stage.app("/")).await;
        assert_eq!(b.wait_for(order).await, serde_json::json!(["club", "paper"]));
        b.click("[data-provider=paper]").await;
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("document.querySelector('[data-testid=continue]')").await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out' && document.querySelector('#app h1')").await;
        b.open(&j.stage.app("/")).await;
        assert_eq!(b.wait_for(order).await, serde_json::json!(["paper", "club"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dave_signs_in_with_his_second_factor() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("dave").await;
        b.fill("input[name=otp]", "000000").await;
        b.submit("input[name=otp]").await;
        b.sees_signed_in("dave@example.test").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erin_whose_account_is_frozen_comes_back_to_a_page_with_a_next_step() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("erin").await;
        b.wait_for("document.querySelector('[data-testid=club-frozen]')")
            .await;
        b.click("[name=cancel]").await;
        b.sees_error("access_denied").await;
        let text = b.text().await;
        assert!(text.contains("You’re not signed in"), "{text}");
        assert!(!b.somebody_is_signed_in().await);
        b.press("start-again").await;
        b.reaches_login().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_signed_with_es256_signs_in() {
    journey(async |j| {
        j.stage
            .sandbox
            .set_id_token_alg(admit_one_sandbox::Alg::Es256);
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_that_stand_in_userinfo_alone_are_shown() {
    journey(async |j| {
        j.stage.sandbox.set_claims_in_id_token(false);
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

/// RFC 7523 section 2.2: no secret, and a new assertion each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_signs_with_its_key_signs_in_refreshes_and_signs_out() {
    let setup = Setup {
        client_id: "shop-jwt",
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.open(&j.stage.app("/account")).await;
        b.refresh(&j.stage).await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out' && document.querySelector('#app h1')")
            .await;
        assert!(!b.somebody_is_signed_in().await);

        let revoked = async {
            while j.stage.heard(System::Club, "/revoke").is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(25)).await;
            }
        };
        let revoked = tokio::time::timeout(crate::browser::PATIENCE, revoked).await;
        assert!(revoked.is_ok(), "the refresh token isn't revoked");
        let calls = ["/token", "/revoke"].map(|path| j.stage.heard(System::Club, path));
        let grants: Vec<_> = calls[0]
            .iter()
            .map(|call| member(call, "grant_type"))
            .collect();
        assert_eq!(grants, [Some("authorization_code"), Some("refresh_token")]);
        let mut assertions = std::collections::BTreeSet::new();
        for call in calls.iter().flatten() {
            assert_eq!(call.status, 200, "{call:?}");
            assert_eq!(
                member(call, "client_assertion_type"),
                Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            );
            let claims = member(call, "client_assertion claims").unwrap();
            assert!(claims.contains(r#""sub":"shop-jwt""#), "{claims}");
            for other in ["Authorization", "client_secret"] {
                assert_eq!(member(call, other), None, "{other}");
            }
            assert!(
                assertions.insert(member(call, "client_assertion")),
                "{call:?}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_hint_and_the_language_of_a_link_reach_the_provider() {
    journey(async |j| {
        let b = &j.browser;
        let link = "/?login_hint=alice%40example.test&lang=fr";
        b.open(&j.stage.app(link)).await;
        b.press("sign-in").await;
        b.wait_for(
            "document.querySelector('input[name=username]')?.value === 'alice@example.test'",
        )
        .await;
        let asked = j.stage.heard(System::Club, "/authorize");
        let [asked] = &*asked else {
            panic!("one request, not {}", asked.len())
        };
        assert_eq!(member(asked, "login_hint"), Some(ALICE));
        assert_eq!(member(asked, "ui_locales"), Some("fr"));
    })
    .await;
}
