//! The sandbox's control page: what a vendor doesn't publish is changed there, too.

use admit_one_sandbox::SandboxOptions;
use serde_json::Value;

use crate::buyer::ALICE;
use crate::journey::{Journey, journey};
use crate::wire::order;

async fn state(j: &Journey) -> Value {
    let state = order("GET", &format!("{}/state", j.stage.upstream), None).await;
    serde_json::from_str(&state).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_is_switched_on_and_all_are_switched_off() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.upstream).await;
        b.run("document.querySelector('[name=invalid_iss]').click()")
            .await;
        b.wait_for("document.querySelector('#status').innerText === 'invalid_iss is on'")
            .await;
        assert_eq!(state(j).await["faults"], serde_json::json!(["invalid_iss"]));
        assert_eq!(b.eval("document.querySelector('#on').innerText").await, "1");
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_error("id_token_iss").await;
        b.open(&j.stage.upstream).await;
        b.click("#reset").await;
        b.wait_for("document.querySelector('#status').innerText === 'All faults are off'")
            .await;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.sees_signed_in(ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_is_moved_and_the_keys_are_rotated() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.upstream).await;
        b.fill("#seconds", "-3600").await;
        b.submit("#seconds").await;
        b.wait_for(
            "document.querySelector('#status').innerText.includes('moved by -3600 seconds')",
        )
        .await;
        assert_eq!(state(j).await["offset"], -3600);
        b.click("[data-move=reset]").await;
        b.wait_for("document.querySelector('#status').innerText.includes('this machine')")
            .await;
        let before = state(j).await;
        assert_eq!(before["offset"], 0);
        b.click("#rotate").await;
        b.wait_for("document.querySelector('#status').innerText.startsWith('New keys sign: ')")
            .await;
        assert_ne!(state(j).await["signing_keys"], before["signing_keys"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_messages_are_shown_as_they_come_without_a_secret() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        let token = b
            .eval("JSON.parse(localStorage.getItem('admit-one')).access_token")
            .await;
        b.open(&j.stage.upstream).await;
        let paths = "[...document.querySelectorAll('#messages li summary code')].map((code) => code.innerText)";
        b.wait_for(&format!("{paths}.some((path) => path.startsWith('POST ') && path.endsWith('/token'))"))
            .await;
        // The newest stands first.
        let numbers = b
            .eval("[...document.querySelectorAll('#messages li')].map((line) => Number(line.dataset.number))")
            .await;
        let numbers: Vec<u64> = serde_json::from_value(numbers).unwrap();
        assert!(numbers.len() > 5 && numbers.is_sorted_by(|newer, older| newer > older), "{numbers:?}");
        let all = b.eval("document.querySelector('#messages').textContent").await;
        let all = all.as_str().unwrap();
        for secret in [token.as_str().unwrap(), "ticket", SandboxOptions::CLIENT_SECRET] {
            assert!(!all.contains(secret), "{secret}");
        }
        b.click("#forget").await;
        b.wait_for("document.querySelector('#messages').childElementCount === 0 && !document.querySelector('#nothing').hidden")
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_setting_is_changed_and_a_wrong_one_is_refused_in_words() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.upstream).await;
        let change = |value: &str| {
            format!(
                "const input = document.querySelector('[name=\"airlock.ticket_lifetime\"]'); \
                 input.value = '{value}'; input.dispatchEvent(new Event('change'))"
            )
        };
        b.wait_for("document.querySelector('[name=\"airlock.ticket_lifetime\"]')?.value === '10'")
            .await;
        b.run(&change("25")).await;
        b.wait_for("document.querySelector('#status').innerText.includes('ticket_lifetime is 25')")
            .await;
        b.run(&change("soon")).await;
        b.wait_for("document.querySelector('#status[data-bad]')?.innerText.includes('/settings')")
            .await;
        b.wait_for("document.querySelector('[name=\"airlock.ticket_lifetime\"]').value === '25'")
            .await;
        assert_eq!(state(j).await["settings"]["airlock"]["ticket_lifetime"], 25);
    })
    .await;
}
