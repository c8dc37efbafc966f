//! What other pages try with the widget, with our page and with what it sends.

use std::time::Duration;

use super::{
    ELEMENT, WHO, on_partners_page, open, press, sees_events, sign_in_by_popup, with_partner,
};
use crate::buyer::ALICE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_origin_gets_nothing() {
    on_partners_page(with_partner(), async |j, b| {
        sign_in_by_popup(b, "alice").await;
        // The same page elsewhere: our page refuses, though the buyer is signed in there.
        open(b, &j.stage.stranger).await;
        press(b).await;
        sees_events(b, &["ready", "error partner_origin"]).await;
        b.sees_windows(1).await;
        assert_eq!(j.stage.backend_gate.count("/v1/handoff/seal"), 1);
        let opened = j.stage.backend_gate.count("/v1/handoff/open");
        // Nor does the frame load there, so that it hears nothing.
        let page = format!("{}/", j.stage.stranger);
        b.open(&page).await;
        let frame = format!(
            "new Promise((resolve) => {{ \
               const frame = Object.assign(document.createElement('iframe'), {{ src: '{}/widget/frame?partner=fanzine' }}); \
               addEventListener('message', () => resolve('answered')); \
               frame.onload = () => {{ frame.contentWindow.postMessage({{ sealed: 'x', verifier: 'y' }}, '*'); setTimeout(resolve, 700, 'silent'); }}; \
               document.body.append(frame); }})",
            j.stage.app
        );
        assert_eq!(b.settle(&frame).await, "silent");
        assert_eq!(j.stage.backend_gate.count("/v1/handoff/open"), opened);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_that_is_not_known_is_told_so_whoever_is_signed_in() {
    on_partners_page(with_partner(), async |j, b| {
        b.run(&format!("{ELEMENT}.setAttribute('partner', 'nobody')"))
            .await;
        press(b).await;
        sees_events(b, &["ready", "error partner_unknown"]).await;
        b.sees_windows(1).await;
        open(b, &j.stage.partner).await;
        sign_in_by_popup(b, "alice").await;
        open(b, &j.stage.partner).await;
        b.run(&format!("{ELEMENT}.setAttribute('partner', 'nobody')"))
            .await;
        press(b).await;
        sees_events(b, &["ready", "error partner_unknown"]).await;
        assert_eq!(j.stage.backend_gate.count("/v1/handoff/seal"), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leads_nowhere_opens_nothing() {
    on_partners_page(with_partner(), async |_, b| {
        b.online(false).await;
        press(b).await;
        sees_events(b, &["ready", "error offline"]).await;
        b.online(true).await;
        b.run(&format!("{ELEMENT}.removeAttribute('partner')"))
            .await;
        press(b).await;
        sees_events(b, &["ready", "error offline", "error partner_unknown"]).await;
        b.sees_windows(1).await;
        // The developer reads what to do.
        let console = b.console().await;
        assert!(
            console.iter().any(|line| line.contains("[[partners]]")),
            "{console:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_others_are_ignored() {
    on_partners_page(with_partner(), async |j, b| {
        let mallory = r#"{ result: { sub: 'mallory', profile_completed: false } }"#;
        let page = b.tab().await;
        press(b).await;
        b.sees_windows(2).await;
        let popup = b.tab().await;
        b.switch_to(&page).await;
        // Not even with the right challenge: this page isn't of our origin.
        b.run(
            "const { challenge } = JSON.parse(sessionStorage.getItem('admit-one.widget')); \
             postMessage({ challenge, sealed: 'x.AAAA' }, '*'); postMessage({ challenge, error: 'x' }, '*')",
        )
        .await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        sees_events(b, &["ready"]).await;
        b.switch_to(&popup).await;
        j.stage.backend_gate.hold("/v1/handoff/open");
        b.click("[data-provider=arena]").await;
        b.log_in("alice").await;
        b.sees_windows(1).await;
        b.switch_to(&page).await;
        // Nor what says that it is the frame's.
        b.wait_for(&format!("!!{ELEMENT}.shadowRoot.querySelector('iframe')"))
            .await;
        b.run(&format!("postMessage({mallory}, '*')")).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        sees_events(b, &["ready"]).await;
        j.stage.backend_gate.release();
        sees_events(b, &["ready", "signed-in"]).await;
        assert_eq!(b.eval(WHO).await, ALICE);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_the_page_never_asked_for_is_ignored() {
    on_partners_page(with_partner(), async |j, b| {
        b.open("about:blank").await;
        let forged = "%7B%22challenge%22%3A%22AAAA%22%2C%22sealed%22%3A%22x.AAAA%22%7D";
        open(b, &format!("{}/#admit-one={forged}", j.stage.partner)).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        sees_events(b, &["ready"]).await;
        assert_eq!(b.url().await, format!("{}/", j.stage.partner));
        assert_eq!(j.stage.backend_gate.count("/v1/handoff/open"), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_for_another_partner_of_the_page_is_left_to_that_ones_element() {
    on_partners_page(with_partner(), async |j, b| {
        b.run(
            "sessionStorage.setItem('admit-one.widget', JSON.stringify({ partner: 'other', action: 'sign-in', \
               challenge: 'AAAA', verifier: 'x', redirected: location.origin + '/' }))",
        )
        .await;
        b.open("about:blank").await;
        let answer = "%7B%22challenge%22%3A%22AAAA%22%2C%22error%22%3A%22access_denied%22%7D";
        open(b, &format!("{}/#admit-one={answer}", j.stage.partner)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        sees_events(b, &["ready"]).await;
        b.run(
            "const other = document.createElement('admit-one'); other.setAttribute('partner', 'other'); \
             other.addEventListener('admit-one:error', ({ detail }) => { window.heard = detail.code; }); \
             document.body.append(other)",
        )
        .await;
        b.wait_for("window.heard === 'access_denied'").await;
        sees_events(b, &["ready"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_is_played_in_another_page_is_refused() {
    on_partners_page(with_partner(), async |j, b| {
        sign_in_by_popup(b, "alice").await;
        // What the page asks of ours, as somebody saw it pass by.
        b.run("window.open = (url) => { window.opened = url; return { closed: false, focus() {} } }")
            .await;
        b.run(&format!("{ELEMENT}.stepUp().catch(() => {{}})")).await;
        let url = b.wait_for("window.opened").await;
        let url = url.as_str().unwrap().replace("step-up", "sign-in");
        let challenge = url.split("challenge=").nth(1).unwrap();
        let challenge = challenge.split('&').next().unwrap();
        // Another page of the partner's, which knows all of it but the verifier.
        b.new_tab().await;
        open(b, &j.stage.partner).await;
        let kept = serde_json::json!({
            "partner": "fanzine", "action": "sign-in", "challenge": challenge, "verifier": "v".repeat(43),
            "redirected": format!("{}/", j.stage.partner),
        });
        b.run(&format!(
            "sessionStorage.setItem('admit-one.widget', JSON.stringify({kept}))"
        ))
        .await;
        b.depart(&url).await;
        b.wait_for("location.host.startsWith('partner.') && !location.hash")
            .await;
        sees_events(b, &["ready", "error handoff_verifier"]).await;
        assert_eq!(b.eval(WHO).await, "nobody");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_page_goes_nowhere_but_to_the_partners_own_pages() {
    on_partners_page(with_partner(), async |j, b| {
        sign_in_by_popup(b, "alice").await;
        let partner = &j.stage.partner;
        let ask = async |partner: &str, origin: &str| {
            let query = format!(
                "action=sign-in&challenge={}&partner={partner}&return_to=http%3A%2F%2Fevil.localhost%2F",
                "A".repeat(43)
            );
            let url = j.stage.app(&format!("/widget?{query}&origin="));
            b.open("about:blank").await;
            b.run(&format!(
                "location.assign('{url}' + encodeURIComponent('{origin}'))"
            ))
            .await;
        };
        for origin in [
            "http://evil.localhost".to_owned(),
            "//evil.localhost".to_owned(),
            format!("{partner}/"),
            // A page that leads on, and takes the fragment along.
            format!("{partner}/out?url=http://evil.localhost/"),
            format!("{partner}@evil.localhost"),
            format!("{partner}.evil.localhost"),
            format!("javascript:alert(1)//{partner}"),
            format!(" {partner}"),
        ] {
            ask("fanzine", &origin).await;
            b.sees_error("partner_origin").await;
        }
        ask("nobody", partner).await;
        b.sees_error("partner_unknown").await;
        assert_eq!(j.stage.backend_gate.count("/v1/handoff/seal"), 1);
        // Who asks doesn't choose the page either.
        ask("fanzine", partner).await;
        b.wait_for("location.host.startsWith('partner.') && !location.hash")
            .await;
        assert_eq!(b.url().await, format!("{partner}/"));
    })
    .await;
}
