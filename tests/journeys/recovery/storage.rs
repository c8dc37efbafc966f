//! Storage that is full, blocked or throws, and browsers that lack what others have.

use serde_json::json;

use crate::browser::Options;
use crate::buyer::ALICE;
use crate::journey::{journey, journey_on};
use crate::stage::Setup;

use super::alice_signed_in;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_local_storage_doesn_t_keep_alice_out() {
    journey(async |j| {
        let full = "const set = Storage.prototype.setItem; \
            Storage.prototype.setItem = function (...entry) { \
                if (this === localStorage) throw new DOMException('full', 'QuotaExceededError'); \
                return set.apply(this, entry); };";
        j.browser.before_each_page(full).await;
        alice_signed_in(&j.browser, j).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_local_storage_that_throws_doesn_t_keep_alice_out() {
    journey(async |j| {
        let throws = "Object.defineProperty(window, 'localStorage', \
            { get() { throw new DOMException('denied', 'SecurityError'); } });";
        j.browser.before_each_page(throws).await;
        j.browser.open(&j.stage.app("/")).await;
        j.browser.sign_in("alice").await;
        j.browser.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_without_any_storage_is_told_before_the_redirect() {
    let blocked = Options {
        preferences: Some(json!({ "profile.default_content_setting_values.cookies": 2 })),
        ..Options::default()
    };
    journey_on(Setup::default(), blocked, async |j| {
        j.browser.open(&j.stage.app("/")).await;
        j.browser.press("sign-in").await;
        j.browser.sees_error("storage_blocked").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_without_indexed_db_signs_in() {
    journey(async |j| {
        let throws = "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('denied', 'SecurityError'); } });";
        j.browser.before_each_page(throws).await;
        alice_signed_in(&j.browser, j).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_without_web_locks_signs_in_and_refreshes() {
    journey(async |j| {
        j.browser
            .before_each_page("Object.defineProperty(navigator, 'locks', { value: undefined });")
            .await;
        alice_signed_in(&j.browser, j).await;
        j.browser.open(&j.stage.app("/account")).await;
        j.browser.refresh(&j.stage).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_whose_indexed_db_is_slow_or_never_answers_signs_in() {
    journey(async |j| {
        // On the callback alone, and for longer than the page waits for it.
        let slow = "if (location.pathname.startsWith('/callback/')) { \
            const open = IDBFactory.prototype.open; \
            IDBFactory.prototype.open = function (...name) { \
                const asked = {}; \
                setTimeout(() => { \
                    const request = open.apply(this, name); \
                    for (const event of ['onupgradeneeded', 'onsuccess', 'onerror']) \
                        request[event] = (...heard) => { asked.result = request.result; asked[event]?.(...heard); }; \
                }, 3000); \
                return asked; }; }";
        let b = &j.browser;
        b.before_each_page(slow).await;
        alice_signed_in(b, j).await;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        // The key that answered late is the one that stays.
        b.open(&j.stage.app("/account")).await;
        b.refresh(&j.stage).await;

        let never = "IDBFactory.prototype.open = () => ({});";
        let b = j.another_browser(Options::default()).await;
        b.before_each_page(never).await;
        alice_signed_in(&b, j).await;
    })
    .await;
}
