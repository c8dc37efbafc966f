//! The sandbox's control page: what a vendor doesn't publish is changed there, too.

use crate::journey::journey;
use crate::wire::order;

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
        let state = order("GET", &format!("{}/state", j.stage.upstream), None).await;
        let state: serde_json::Value = serde_json::from_str(&state).unwrap();
        assert_eq!(state["settings"]["airlock"]["ticket_lifetime"], 25);
    })
    .await;
}
