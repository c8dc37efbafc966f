//! Deep links, the way back, and the grant that lets a buyer into the shop.

use crate::buyer::{ALICE, NUMBER};
use crate::journey::journey;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deep_link_survives_the_redirect() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/account?from=newsletter")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("location.pathname + location.search === '/account?from=newsletter'")
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_buyer_who_came_from_the_shop_is_returned_to_the_page_they_came_from() {
    journey(async |j| {
        let b = &j.browser;
        let page = b.come_from_basket(&j.stage).await;
        b.sign_in("alice").await;
        b.wait_for(&format!("location.href === '{page}'")).await;
        assert!(b.text().await.contains("contact"), "{}", b.text().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_signed_in_already_goes_on_to_the_page_that_the_link_names() {
    journey(async |j| {
        let b = &j.browser;
        let page = j.stage.basket();
        let link = j.stage.app(&format!("/?return_to={}", percent(&page)));
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("!!document.querySelector('[data-testid=continue]')")
            .await;
        b.open(&link).await;
        b.wait_for(&format!("location.href === '{page}'")).await;
        // The way back leads to the account, and stays there.
        b.back().await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("location.pathname === '/account'").await;
        // A shop that sends its buyer back at once, as one does that takes no cookies, makes no circle; the page is kept.
        b.run("sessionStorage.setItem('admit-one.sent-on', Date.now())")
            .await;
        b.open(&link).await;
        b.sees_signed_in(ALICE).await;
        b.press("continue").await;
        b.wait_for(&format!("location.href === '{page}'")).await;
        // To a page of ours.
        b.open(&j.stage.app("/?return_to=%2Fprofile")).await;
        b.sees_signed_in(ALICE).await;
        b.run("sessionStorage.removeItem('admit-one.sent-on')")
            .await;
        b.reload().await;
        b.wait_for("location.pathname === '/profile'").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_the_link_names_outlives_a_session_that_is_over() {
    journey(async |j| {
        let b = &j.browser;
        let page = j.stage.basket();
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("!!document.querySelector('[data-testid=continue]')")
            .await;
        b.run(
            "const session = JSON.parse(localStorage.getItem('admit-one')); session.handle = 'v1.none.x'; \
             localStorage.setItem('admit-one', JSON.stringify(session))",
        )
        .await;
        b.open(&j.stage.app(&format!("/?return_to={}", percent(&page))))
            .await;
        b.sees_sign_in().await;
        b.press("sign-in").await;
        b.wait_for(&format!("location.href === '{page}'")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_to_a_foreign_page_is_refused() {
    journey(async |j| {
        let b = &j.browser;
        let foreign = [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "javascript:alert(1)",
        ]
        .map(|foreign| j.stage.app(&format!("/?return_to={}", percent(foreign))));
        for link in &foreign {
            b.open(link).await;
            b.sees_error("return_to_not_allowed").await;
        }
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        for link in &foreign {
            b.open(link).await;
            b.sees_error("return_to_not_allowed").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_lets_in_once_and_unaltered() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        let granting = "(async () => { \
            const { handle } = JSON.parse(localStorage.getItem('admit-one')); \
            const headers = { 'Content-Type': 'application/json', 'X-Admit-One': '1', \
                DPoP: await window.admitOne.proof('POST', '/v1/grant', handle) }; \
            const body = JSON.stringify({ handle, lang: 'en' }); \
            return (await fetch('/v1/grant', { method: 'POST', headers, body })).json(); })()";
        let granted = b.settle(granting).await;
        let location = granted["location"]
            .as_str()
            .unwrap_or_else(|| panic!("{granted}"));
        assert!(location.starts_with(&j.stage.shop), "{location}");
        let altered = location.replacen("token=eyJ", "token=eyK", 1);
        assert_ne!(altered, location);
        b.open(&altered).await;
        b.wait_for("document.querySelector('[data-testid=grant-refused]')")
            .await;
        b.open(location).await;
        b.wait_for(NUMBER).await;
        b.open(location).await;
        b.wait_for("document.querySelector('[data-testid=grant-refused]')")
            .await;
    })
    .await;
}

/// As it stands in a query.
pub(crate) fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
