//! Going back: to pages that the browser has kept as they were, and after a sign-out.

use std::time::Duration;

use crate::browser::{Browser, Options};
use crate::buyer::ALICE;
use crate::journey::{Journey, journey, journey_on};
use crate::stage::Setup;

use super::alice_signed_in;

/// Chrome's back/forward cache takes pages with `no-store` too; Chromium's only when it is told to.
fn keeping_pages() -> Options {
    let feature =
        "CacheControlNoStoreEnterBackForwardCache:level/restore-unless-http-only-cookie-change";
    Options {
        args: vec![format!("--enable-features={feature}")],
        ..Options::default()
    }
}

/// A page that is kept as it is notes that it was shown again.
const NOTE: &str =
    "addEventListener('pageshow', (event) => { window.persisted = event.persisted; })";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_out_of_the_shop_does_not_lead_into_it_again() {
    journey(async |j| {
        let b = &j.browser;
        alice_signed_in(b, j).await;
        b.open(&j.stage.upstream).await;
        // Sent straight on: nobody has stopped here.
        let page = b.come_from_basket(&j.stage).await;
        b.wait_for(&format!("location.href === '{page}'")).await;
        goes_back(b).await;
        b.wait_for(&format!("location.origin === '{}'", j.stage.upstream))
            .await;
    })
    .await;
}

/// The sign-in page that was passed on the way, anew and as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_to_the_sign_in_page_ends_there() {
    let anew = Options {
        args: vec!["--disable-features=BackForwardCache".to_owned()],
        ..Options::default()
    };
    for options in [anew, keeping_pages()] {
        journey_on(Setup::default(), options, async |j| {
            let b = &j.browser;
            let page = b.come_from_basket(&j.stage).await;
            b.wait_for("admitOne.ready").await;
            b.sign_in("alice").await;
            b.wait_for(&format!("location.href === '{page}'")).await;
            b.run("setTimeout(() => history.go(-2), 0)").await;
            b.sees_signed_in(ALICE).await;
            b.wait_for("document.querySelector('[data-testid=continue]')")
                .await;
            // Long enough for the way to the shop.
            tokio::time::sleep(Duration::from_millis(700)).await;
            assert_eq!(
                b.eval("location.origin + location.pathname").await,
                j.stage.app("/")
            );
        })
        .await;
    }
}

async fn goes_back(b: &Browser) {
    b.run("setTimeout(() => history.back(), 0)").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_page_out_of_the_back_forward_cache_has_a_button_that_works() {
    journey_on(Setup::default(), keeping_pages(), async |j| {
        let b = &j.browser;
        // The page in its plain form, and the same in the whole app.
        for path in ["/", "/account"] {
            b.open(&j.stage.app(path)).await;
            b.wait_for("admitOne.ready").await;
            b.run(NOTE).await;
            b.press("sign-in").await;
            b.reaches_login().await;
            goes_back(b).await;
            b.wait_for("window.persisted === true").await;
            b.wait_for(
                "document.querySelector('[data-testid=sign-in]:not(:disabled):not([aria-busy=true])')",
            )
            .await;
            b.press("sign-in").await;
            b.reaches_login().await;
        }
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_was_stopped_on_the_way_to_can_be_pressed_again() {
    journey(async |j| {
        let b = &j.browser;
        // The page in its plain form, and the same in the whole app.
        for path in ["/", "/account"] {
            b.open(&j.stage.app(path)).await;
            b.wait_for("admitOne.ready").await;
            j.stage.sandbox_gate.hold("/authorize");
            // Not as a mouse does, which would wait for the next page.
            b.run(
                "setTimeout(() => { document.querySelector('[data-testid=sign-in]').click(); setTimeout(stop, 1000); }, 0)",
            )
            .await;
            b.wait_for("document.querySelector('[data-testid=sign-in][aria-busy=true]')")
                .await;
            j.stage.sandbox_gate.release();
            b.wait_for("document.querySelector('[data-testid=sign-in]:not([aria-busy=true])')")
                .await;
            b.press("sign-in").await;
            b.reaches_login().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_page_out_of_the_back_forward_cache_shows_nobody_who_has_signed_out() {
    journey_on(Setup::default(), keeping_pages(), async |j| {
        let b = &j.browser;
        alice_signed_in(b, j).await;
        // Not every browser tells a page afterwards what it has missed.
        b.before_each_page(
            "addEventListener('storage', (event) => event.stopImmediatePropagation())",
        )
        .await;
        b.open(&j.stage.app("/account")).await;
        b.sees_signed_in(ALICE).await;
        b.run(NOTE).await;
        b.open(&j.stage.upstream).await;
        let first = b.tab().await;
        let second = b.new_tab().await;
        b.open(&j.stage.app("/healthz")).await;
        // Without a word: an announcement would have the kept page dropped.
        b.run("localStorage.removeItem('admit-one')").await;
        b.switch_to(&first).await;
        goes_back(b).await;
        b.wait_for("window.persisted === true").await;
        b.sees_sign_in().await;
        shows_nothing_of_alice(b).await;
        b.close_tab(&second).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn going_back_after_a_sign_out_shows_nobodys_data() {
    journey(async |j| after_a_sign_out(j, "sign-out").await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn going_back_after_a_sign_out_everywhere_shows_nobodys_data() {
    journey_on(Setup::default(), keeping_pages(), async |j| {
        after_a_sign_out(j, "sign-out-everywhere").await;
    })
    .await;
}

async fn after_a_sign_out(j: &Journey, button: &str) {
    let b = &j.browser;
    alice_signed_in(b, j).await;
    for path in ["/account?from=newsletter", "/profile", "/account"] {
        b.open(&j.stage.app(path)).await;
        b.sees_signed_in(ALICE).await;
    }
    assert!(b.text().await.contains(NAME), "{}", b.text().await);
    b.press(button).await;
    b.wait_for("location.pathname === '/signed-out' && document.querySelector('#app h1')")
        .await;
    shows_nothing_of_alice(b).await;
    let mut seen = Vec::new();
    while !seen.ends_with(&["/".to_owned()]) {
        assert!(seen.len() < 12, "{seen:?}");
        let before = b.eval("history.length + location.href").await;
        goes_back(b).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        b.wait_for("document.readyState === 'complete'").await;
        if !b.url().await.starts_with(&j.stage.app) {
            continue; // the provider's
        }
        b.wait_for("admitOne.ready").await;
        shows_nothing_of_alice(b).await;
        let path = b.eval("location.pathname + location.search").await;
        seen.push(path.as_str().unwrap().to_owned());
        assert_ne!(b.eval("history.length + location.href").await, before);
    }
    for path in ["/account?from=newsletter", "/profile"] {
        assert!(seen.iter().any(|seen| seen == path), "{path}: {seen:?}");
    }
}

/// Alice's name.
const NAME: &str = "Alice";

async fn shows_nothing_of_alice(b: &Browser) {
    let html = b.eval("document.documentElement.outerHTML").await;
    let html = html.as_str().unwrap().to_lowercase();
    assert!(!html.contains("alice"), "{}: {html}", b.url().await);
}
