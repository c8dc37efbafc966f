//! Where tokens rest, rung by rung, and what a stolen handle is worth.

use std::time::Duration;

use admit_one_sandbox::Fault;
use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use crate::browser::{Browser, Options};
use crate::buyer::{ALICE, BOB};
use crate::journey::{Journey, journey, journey_on};
use crate::paytronix::diner;
use crate::recovery::{WAKE, shifted};
use crate::stage::Setup;

/// Everything that scripts of the page can read of storage and cookies.
const READABLE: &str =
    "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])";

/// Whether there is a JWT or a handle in what scripts can read.
fn has_token(readable: &Value) -> bool {
    let readable = readable.as_str().unwrap();
    readable.contains("eyJ")
        || readable.contains(r#"_token\":\""#)
        || readable.contains(r#"handle\":\""#)
}

fn rung(custody: &'static str) -> Setup {
    Setup {
        custody,
        ..Setup::default()
    }
}

async fn sign_alice_in(browser: &Browser, app: &str) {
    browser.open(app).await;
    browser.sign_in("alice").await;
    browser.sees_signed_in(ALICE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn local_keeps_the_session_under_one_key_over_tabs_and_reloads() {
    journey(async |j| {
        let b = &j.browser;
        sign_alice_in(b, &j.stage.app).await;
        let session: Value = serde_json::from_str(
            b.eval("localStorage.getItem('admit-one')")
                .await
                .as_str()
                .unwrap(),
        )
        .unwrap();
        let text = session.to_string();
        assert!(
            text.contains("access_token") && text.contains("id_token"),
            "{text}"
        );
        assert!(
            !text.contains("refresh_token"),
            "the refresh token never reaches the browser: {text}"
        );
        b.reload().await;
        b.sees_signed_in(ALICE).await;
        b.new_tab().await;
        b.open(&j.stage.app("/account")).await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn session_keeps_it_in_the_tab() {
    journey_on(rung("session"), Options::default(), async |j| {
        let b = &j.browser;
        sign_alice_in(b, &j.stage.app).await;
        assert_eq!(
            b.eval("localStorage.getItem('admit-one')").await,
            Value::Null
        );
        b.reload().await;
        b.sees_signed_in(ALICE).await;
        b.new_tab().await;
        b.open(&j.stage.app("/")).await;
        b.sees_sign_in().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_keeps_it_in_the_page() {
    journey_on(rung("memory"), Options::default(), async |j| {
        let b = &j.browser;
        sign_alice_in(b, &j.stage.app).await;
        let readable = b.eval(READABLE).await;
        assert!(!has_token(&readable), "{readable}");
        b.open(&j.stage.app("/")).await;
        b.sees_sign_in().await;
    })
    .await;
}

/// The cookie with the handle, as the browser has it.
async fn handle_cookie(j: &Journey) -> Option<Value> {
    let ours = json!({ "urls": [j.stage.app] });
    let cookies = j.browser.devtools("Network.getCookies", ours).await;
    let mut cookies = cookies["cookies"].as_array().unwrap().iter();
    cookies
        .find(|cookie| cookie["name"] == "__Host-admit-one")
        .cloned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookie_keeps_the_handle_from_scripts_and_the_tokens_in_memory() {
    journey_on(rung("cookie"), Options::default(), async |j| {
        let b = &j.browser;
        sign_alice_in(b, &j.stage.app).await;
        let readable = b.eval(READABLE).await;
        assert!(!has_token(&readable), "{readable}");
        let cookie = handle_cookie(j).await.expect("a cookie");
        assert_eq!(
            (&cookie["httpOnly"], &cookie["secure"], &cookie["sameSite"], &cookie["path"]),
            (&json!(true), &json!(true), &json!("Strict"), &json!("/"))
        );
        // The page is gone, and with it the tokens; the cookie brings them back.
        b.reload().await;
        b.sees_signed_in(ALICE).await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out' || document.querySelector('[data-testid=sign-in]')").await;
        b.open(&j.stage.app("/")).await;
        b.sees_sign_in().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_with_the_cookie_alone_is_refused() {
    journey_on(rung("cookie"), Options::default(), async |j| {
        let b = &j.browser;
        sign_alice_in(b, &j.stage.app).await;
        let bare = b.settle("(await fetch('/v1/refresh', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } })).json()").await;
        assert_eq!(bare["code"], "header_missing");
        let unproven = b.settle("(await fetch('/v1/refresh', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', 'X-Admit-One': '1' } })).json()").await;
        assert_eq!(unproven["code"], "proof_missing");
    })
    .await;
}

/// The mirror cookie's value, on a page of whichever host.
const MIRROR: &str = "document.cookie.match(/(?:^|; )admit_one_id=([^;]+)/)?.[1]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sibling_host_reads_the_id_token_in_the_mirror_cookie_while_the_session_lasts() {
    let server =
        "cookie_mirror = { name = \"admit_one_id\", domain = \"arena.localhost\" }".to_owned();
    let setup = Setup {
        server,
        host: "tickets.arena.localhost",
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        let tickets = b.tab().await;
        let shop = b.new_tab().await;
        let sibling = j
            .stage
            .upstream
            .replace("localhost", "stands.arena.localhost");
        b.open(&format!("{sibling}/healthz")).await;
        assert_eq!(b.eval(MIRROR).await, Value::Null);

        b.switch_to(&tickets).await;
        sign_alice_in(b, &j.stage.app).await;
        let first = id_token(b).await;
        b.switch_to(&shop).await;
        b.wait_for(&format!("{MIRROR} === {first}")).await;
        // A host that is no sibling doesn't.
        b.open(&format!("{}/healthz", j.stage.upstream)).await;
        assert_eq!(b.eval(MIRROR).await, Value::Null);
        b.open(&format!("{sibling}/healthz")).await;

        b.switch_to(&tickets).await;
        b.open(&j.stage.app("/account")).await;
        j.stage.pass(5); // or the next token would be of the same second
        b.refresh(&j.stage).await;
        let second = id_token(b).await;
        assert_ne!(second, first);
        b.switch_to(&shop).await;
        b.wait_for(&format!("{MIRROR} === {second}")).await;

        b.switch_to(&tickets).await;
        b.press("sign-out").await;
        b.wait_for("localStorage.getItem('admit-one') === null")
            .await;
        b.switch_to(&shop).await;
        b.wait_for(&format!("{MIRROR} === undefined")).await;
    })
    .await;
}

/// The ID token that the app has put down.
async fn id_token(b: &Browser) -> Value {
    let id_token = b
        .eval("JSON.parse(localStorage.getItem('admit-one')).id_token")
        .await;
    assert!(
        id_token
            .as_str()
            .is_some_and(|token| token.starts_with("eyJ")),
        "{id_token}"
    );
    id_token
}

/// A browser that has learned Ed25519 since, with `admit-one-test` out of the storage.
const WITHOUT_ED25519: &str = "const generate = SubtleCrypto.prototype.generateKey;
    if (localStorage.getItem('admit-one-test')) SubtleCrypto.prototype.generateKey = function (algorithm, ...more) {
        return algorithm.name === 'Ed25519' ? Promise.reject(new DOMException('', 'NotSupportedError'))
            : generate.call(this, algorithm, ...more);
    };";

/// The curve of the key that signs.
const CURVE: &str = "JSON.parse(atob((await admitOne.proof('POST', '/')).split('.')[0])).jwk.crv";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_without_ed25519_signs_in_and_keeps_its_key_when_it_has_it() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/healthz")).await;
        b.run("localStorage.setItem('admit-one-test', 'old')").await;
        b.before_each_page(WITHOUT_ED25519).await;
        sign_alice_in(b, &j.stage.app).await;
        assert_eq!(b.settle(CURVE).await, "P-256");
        b.open(&j.stage.app("/account")).await;
        b.refresh(&j.stage).await;
        b.run("localStorage.removeItem('admit-one-test')").await;
        b.open(&j.stage.app("/account")).await;
        b.refresh(&j.stage).await;
        assert_eq!(b.settle(CURVE).await, "P-256");
        // Another one, new today.
        let new = j.another_browser(Options::default()).await;
        sign_alice_in(&new, &j.stage.app).await;
        assert_eq!(new.settle(CURVE).await, "Ed25519");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_copied_to_another_browser_is_useless_there() {
    journey(async |j| {
        let b = &j.browser;
        alice_is_settled(j).await;
        let stolen = b.eval("localStorage.getItem('admit-one')").await;
        let thief = j.another_browser(Options::default()).await;
        thief.open(&j.stage.app("/")).await;
        thief
            .run(&format!("localStorage.setItem('admit-one', {stolen})"))
            .await;
        thief.open(&j.stage.app("/account")).await;
        thief.press("refresh").await;
        thief.sees_error("proof_key_mismatch").await;
        assert!(!thief.somebody_is_signed_in().await);
        // The buyer isn't bothered.
        b.open(&j.stage.app("/account")).await;
        b.refresh(&j.stage).await;
    })
    .await;
}

/// Alice in two tabs of her own; she signs out in the second.
async fn a_sign_out_is_seen_in_the_other_tab(j: &Journey, before_each_page: &str) {
    let b = &j.browser;
    b.before_each_page(before_each_page).await;
    sign_alice_in(b, &j.stage.app).await;
    let first = b.tab().await;
    b.new_tab().await;
    b.before_each_page(before_each_page).await;
    // The provider knows her already.
    b.open(&j.stage.app("/")).await;
    b.press("sign-in").await;
    b.sees_signed_in(ALICE).await;
    b.press("sign-out").await;
    b.switch_to(&first).await;
    b.wait_for("document.querySelector('[data-testid=user-email]') === null")
        .await;
    assert!(!b.text().await.contains(ALICE), "{}", b.text().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_is_seen_in_tabs_that_share_no_storage() {
    journey_on(rung("session"), Options::default(), async |j| {
        a_sign_out_is_seen_in_the_other_tab(j, "").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_is_seen_in_tabs_whose_shared_storage_is_full() {
    journey(async |j| {
        a_sign_out_is_seen_in_the_other_tab(j, FULL).await;
    })
    .await;
}

/// She is signed in, and her session is put down.
async fn still_has_alice(b: &Browser, store: &str) {
    b.sees_signed_in(ALICE).await;
    let session = b.eval(&format!("{store}.getItem('admit-one')")).await;
    assert!(session.is_string(), "{session}");
}

/// She is signed in, and nothing about it is under way.
async fn alice_is_settled(j: &Journey) {
    sign_alice_in(&j.browser, &j.stage.app).await;
    let settled = "document.querySelector('[data-testid=continue]')";
    j.browser.wait_for(settled).await;
}

/// After the end of any handle, on this page alone.
fn forty_days_later() -> String {
    shifted(40 * 86_400) + WAKE
}

/// The tab's session in storage as if she had signed in anew in another tab, of which this page hasn't heard yet.
const SIGNED_IN_ANEW: &str = "const session = JSON.parse(localStorage.getItem('admit-one')); \
    session.ends_at += 80 * 86400; session.refresh_at += 80 * 86400; \
    localStorage.setItem('admit-one', JSON.stringify(session))";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_one_tabs_session_is_not_the_end_of_anothers() {
    journey_on(rung("session"), Options::default(), async |j| {
        let b = &j.browser;
        sign_alice_in(b, &j.stage.app).await;
        let first = b.tab().await;
        b.new_tab().await;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.sees_signed_in(ALICE).await;
        let second = b.tab().await;
        b.switch_to(&first).await;
        b.run(&forty_days_later()).await;
        b.sees_sign_in().await;
        b.switch_to(&second).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        still_has_alice(b, "sessionStorage").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_session_is_over_leaves_a_newer_one_alone() {
    journey(async |j| {
        let b = &j.browser;
        alice_is_settled(j).await;
        b.run(SIGNED_IN_ANEW).await;
        b.run(&forty_days_later()).await;
        still_has_alice(b, "localStorage").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_about_an_earlier_session_ends_no_later_one() {
    journey(async |j| {
        let b = &j.browser;
        alice_is_settled(j).await;
        j.stage.sandbox.set_faults([Fault::RefreshRefused]);
        j.stage.backend_gate.hold("/v1/refresh");
        b.press("refresh").await;
        j.stage.backend_gate.is_holding(1).await;
        b.run(SIGNED_IN_ANEW).await;
        j.stage.backend_gate.release();
        b.wait_for(
            "document.querySelector('[data-testid=refresh]').getAttribute('aria-busy') !== 'true'",
        )
        .await;
        still_has_alice(b, "localStorage").await;
    })
    .await;
}

/// Alice is signed in in one tab, and in a second one her refresh is held back; its answer is good whatever happens meanwhile.
async fn her_refresh_is_held(j: &Journey) -> [WindowHandle; 2] {
    let b = &j.browser;
    j.stage
        .sandbox
        .set_faults([Fault::LenientNoRevocationEndpoint]);
    alice_is_settled(j).await;
    let first = b.tab().await;
    b.new_tab().await;
    j.stage.backend_gate.hold("/v1/refresh");
    b.open(&j.stage.app("/account")).await;
    j.stage.backend_gate.is_holding(1).await;
    let second = b.tab().await;
    b.switch_to(&first).await;
    [first, second]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_ends_after_the_sign_out_leaves_no_cookie() {
    journey_on(rung("cookie"), Options::default(), async |j| {
        let b = &j.browser;
        // The second stays while the first goes to the provider's sign-out.
        let [_, second] = her_refresh_is_held(j).await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out' || document.querySelector('[data-testid=sign-in]')").await;
        let signed_out = j.stage.backend_gate.count("/v1/sign-out");
        j.stage.backend_gate.release();
        b.switch_to(&second).await;
        b.wait_for("document.querySelector('[data-testid=sign-in]')")
            .await;
        for _ in 0..50 {
            if j.stage.backend_gate.count("/v1/sign-out") > signed_out {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(handle_cookie(j).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_ends_after_somebody_else_has_signed_in_leaves_no_cookie() {
    journey_on(rung("cookie"), Options::default(), async |j| {
        let b = &j.browser;
        her_refresh_is_held(j).await;
        b.press("sign-out").await;
        b.wait_for("document.querySelector('#app h1') && location.pathname === '/signed-out'")
            .await;
        b.open(&j.stage.app("/")).await;
        b.sign_in("bob").await;
        b.sees_signed_in(BOB).await;
        assert!(handle_cookie(j).await.is_some());
        j.stage.backend_gate.release();
        // It was Alice's: Bob would have gone into the shop as her.
        for _ in 0..100 {
            if handle_cookie(j).await.is_none() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(handle_cookie(j).await, None);
    })
    .await;
}

async fn alice_signs_out_out_of_reach(j: &Journey) {
    let b = &j.browser;
    alice_is_settled(j).await;
    b.unreachable(&["*/v1/*"]).await;
    b.press("sign-out").await;
    b.wait_for("location.pathname === '/signed-out'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_that_reached_nobody_takes_the_cookie_away_once_it_can() {
    for reload in [false, true] {
        journey_on(rung("cookie"), Options::default(), async |j| {
            let b = &j.browser;
            alice_signs_out_out_of_reach(j).await;
            assert!(handle_cookie(j).await.is_some());
            b.unreachable(&[]).await;
            if reload {
                b.open(&j.stage.app("/")).await;
            } else {
                b.run("dispatchEvent(new Event('online'))").await;
            }
            b.wait_for("!localStorage.getItem('admit-one.forget')")
                .await;
            assert_eq!(handle_cookie(j).await, None);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_that_reached_nobody_leaves_the_next_sign_in_its_cookie() {
    journey_on(rung("cookie"), Options::default(), async |j| {
        let b = &j.browser;
        alice_signs_out_out_of_reach(j).await;
        b.unreachable(&[]).await;
        // It reaches us while somebody signs in in another tab, and is answered late.
        j.stage.backend_gate.hold("/v1/sign-out");
        b.run("dispatchEvent(new Event('online'))").await;
        j.stage.backend_gate.is_holding(1).await;
        b.new_tab().await;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await; // the provider remembers her
        b.wait_for("location.pathname.startsWith('/callback/') || document.querySelector('[data-testid=user-email]')")
            .await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        j.stage.backend_gate.release();
        b.sees_signed_in(ALICE).await;
        b.wait_for("!localStorage.getItem('admit-one.forget')").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(handle_cookie(j).await.is_some());
        b.reload().await;
        b.sees_signed_in(ALICE).await;
        b.refresh(&j.stage).await;
    })
    .await;
}

const FULL: &str = "const set = Storage.prototype.setItem; \
    Storage.prototype.setItem = function (...entry) { \
        if (this === localStorage) throw new DOMException('full', 'QuotaExceededError'); \
        return set.apply(this, entry); };";

/// Of a guest there is no ID token: whoever was in the cookie before is there no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mirror_cookie_is_of_nobody_but_who_is_signed_in() {
    let setup = Setup {
        server: "cookie_mirror = { name = \"admit_one_id\", domain = \"arena.localhost\" }"
            .to_owned(),
        host: "tickets.arena.localhost",
        ..diner()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        let first = b.tab().await;
        b.goes_to_the_diner(&j.stage).await;
        b.new_tab().await;
        b.open(&j.stage.app("/")).await;
        b.click("[data-provider=club]").await;
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for(MIRROR).await;
        b.switch_to(&first).await;
        b.log_in("bob").await;
        b.sees_signed_in(BOB).await;
        b.wait_for(&format!("{MIRROR} === undefined")).await;
    })
    .await;
}
