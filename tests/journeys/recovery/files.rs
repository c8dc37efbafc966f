//! Scripts and WebAssembly of ours that don't come at first.

use serde_json::json;

use crate::buyer::ALICE;
use crate::journey::{Journey, journey};

/// The addresses of a module of ours and of its WebAssembly, neither of which the browser has.
async fn not_yet_fetched(j: &Journey, module: &str) -> [String; 2] {
    let b = &j.browser;
    b.open(&j.stage.app("/")).await;
    let script = b.eval(&format!("admitOne.named('{module}')")).await;
    let script = script.as_str().unwrap().to_owned();
    b.open("about:blank").await;
    b.devtools("Network.clearBrowserCache", json!({})).await;
    let wasm = script.replace(".js", "_bg.wasm");
    [script, wasm]
}

/// What the page says while the app doesn't come.
const LATE: &str = "document.querySelector('[data-testid=late][role=alert]')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_is_honoured_although_a_file_of_ours_is_refused_at_first() {
    for kind in [0, 1] {
        journey(async |j| {
            let b = &j.browser;
            let file = &not_yet_fetched(j, "sign-in").await[kind];
            j.stage.backend_gate.refuse(file, 2);
            b.open(&j.stage.app("/")).await;
            b.sign_in("alice").await;
            b.sees_signed_in(ALICE).await;
            assert!(j.stage.backend_gate.count(file) >= 3, "{file}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_goes_on_although_the_app_is_refused_at_first() {
    for kind in [0, 1] {
        journey(async |j| {
            let b = &j.browser;
            let file = &not_yet_fetched(j, "app").await[kind];
            j.stage.backend_gate.refuse(file, 1);
            b.open(&j.stage.app("/")).await;
            b.sign_in("alice").await;
            b.wait_for("document.querySelector('[data-testid=continue]')")
                .await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_does_not_come_is_spoken_of_and_comes_once_it_can() {
    journey(async |j| {
        let b = &j.browser;
        let [file, _] = not_yet_fetched(j, "app").await;
        j.stage.backend_gate.refuse(&file, usize::MAX);
        b.open(&j.stage.app("/account")).await;
        b.wait_for(LATE).await;
        assert_eq!(
            b.eval(&format!("{LATE}.querySelector('button').textContent"))
                .await,
            "Load the page again"
        );
        j.stage.backend_gate.refuse(&file, 0);
        // Which a network that is back has it try at once.
        b.run("dispatchEvent(new Event('online'))").await;
        b.sees_sign_in().await;
        b.wait_for(&format!("!{LATE}")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_hangs_is_spoken_of_and_goes_on_when_it_comes() {
    journey(async |j| {
        let b = &j.browser;
        let [file, _] = not_yet_fetched(j, "app").await;
        j.stage.backend_gate.hold(&file);
        b.open(&j.stage.app("/account")).await;
        b.wait_for(LATE).await;
        j.stage.backend_gate.release();
        b.sees_sign_in().await;
        b.wait_for(&format!("!{LATE}")).await;
    })
    .await;
}
