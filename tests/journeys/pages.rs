//! What every page owes every buyer: keyboard, announcements, narrow screens, languages, the dark, a strict policy.

use serde_json::json;

use crate::browser::{Browser, Options};
use crate::buyer::ALICE;
use crate::journey::{journey, journey_on};
use crate::stage::{ARENA, Setup};
use crate::wire::send;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// Moves the focus with the tabulator until it is on what has this `data-testid`.
async fn tab_to(b: &Browser, css: &str) {
    b.wait_for(&format!("document.querySelector({})", json!(css)))
        .await;
    for _ in 0..20 {
        if b.eval(&format!("document.activeElement.matches({})", json!(css)))
            .await
            == true
        {
            // Ours, not whatever the browser draws by itself.
            let ring = "(({ outlineStyle, outlineWidth, outlineColor }) => [outlineStyle, outlineWidth, outlineColor])\
                (getComputedStyle(document.activeElement))";
            assert_eq!(
                b.eval(ring).await,
                json!(["solid", "3px", "rgb(29, 99, 216)"]),
                "the focus on {css}"
            );
            return;
        }
        b.keys(TAB).await;
    }
    panic!("the tabulator doesn't reach {css}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_alone_leads_from_the_button_into_the_shop() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        tab_to(b, "[data-testid=sign-in]").await;
        b.keys(ENTER).await;
        b.fill("input[name=username]", "bob").await;
        b.fill("input[name=password]", "ticket").await;
        b.keys(ENTER).await;
        tab_to(b, "[name=phone_number]").await;
        b.keys("+41315550102").await;
        tab_to(b, "[name=\"address.country\"]").await;
        b.fill("[name=\"address.country\"]", "CH").await;
        tab_to(b, "[data-testid=save]").await;
        b.keys(ENTER).await;
        tab_to(b, "[data-testid=continue]").await;
        b.keys(ENTER).await;
        b.wait_for(&format!("location.origin === '{}'", j.stage.shop))
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_reaches_and_presses_every_button() {
    let setup = Setup {
        later: true,
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        let press = async |testid: &str| {
            tab_to(b, &format!("[data-testid={testid}]")).await;
            b.keys(ENTER).await;
        };
        b.open(&j.stage.app("/callback/club?code=a&state=b")).await;
        b.sees_error("state_unknown").await;
        press("start-again").await;
        b.log_in("bob").await;
        press("later").await;
        press("complete").await;
        press("later").await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        press("refresh").await;
        j.stage.sees_refreshes(1).await;
        let refreshed = "document.querySelector('[role=status][data-testid=refreshed]')";
        b.wait_for(refreshed).await;
        press("sign-out").await;
        press("start-again").await;
        press("sign-in").await;
        b.log_in("bob").await;
        press("later").await;
        press("sign-out-everywhere").await;
        b.wait_for("document.body.innerText.includes('on all your devices')")
            .await;
        press("start-again").await;
        // Carol's e-mail is another contact's: the way on is another account.
        j.alice_signs_in_elsewhere().await;
        press("sign-in").await;
        b.log_in("carol").await;
        b.sees_error("contact_email_taken").await;
        press("other-account").await;
        b.sees_sign_in().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_is_announced() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/callback/club?code=a&state=b")).await;
        b.sees_error("state_unknown").await;
        let announced = "(() => { const error = document.querySelector('[data-testid=error]'); \
            return error.closest('[role=alert], [aria-live]') !== null || error.querySelector('[role=alert], [aria-live]') !== null; })()";
        assert_eq!(b.eval(announced).await, true);
        let sentence = b.text().await;
        assert!(!sentence.contains("state_unknown") || sentence.len() > 60, "in the buyer's words: {sentence}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_breaks_the_content_security_policy() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
        b.open(&j.stage.app("/account")).await;
        b.press("refresh").await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out' && document.querySelector('#app h1')")
            .await;
        let console = b.console().await;
        let complaints: Vec<_> = console
            .iter()
            .filter(|line| {
                line.contains("Content Security Policy")
                    || line.contains("console-api")
                    || line.contains("javascript")
            })
            .collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
    })
    .await;
}

/// No page is wider than the screen.
async fn fits(b: &Browser, page: &str) {
    let width = b.eval("document.documentElement.scrollWidth").await;
    assert!(width.as_u64().unwrap() <= 320, "{page} is {width} px wide");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_a_narrow_phone() {
    journey(async |j| {
        let b = &j.browser;
        let phone = json!({ "width": 320, "height": 640, "deviceScaleFactor": 2, "mobile": true });
        b.devtools("Emulation.setDeviceMetricsOverride", phone)
            .await;
        for lang in ["en", "fr", "de"] {
            b.open("about:blank").await;
            b.forget(&[&j.stage.app, &j.stage.upstream]).await;
            b.open(
                &j.stage
                    .app(&format!("/callback/club?code=a&state=b&lang={lang}")),
            )
            .await;
            b.sees_error("state_unknown").await;
            fits(b, "the error").await;
            b.open(&j.stage.app(&format!("/?lang={lang}"))).await;
            b.wait_for("document.querySelector('[data-testid=sign-in]')")
                .await;
            fits(b, "the sign-in").await;
            b.sign_in("bob").await;
            b.wait_for(
                "document.querySelector('[data-testid=profile-form], [data-testid=continue]')",
            )
            .await;
            fits(b, "the profile").await;
            if b.eval("document.querySelector('[data-testid=profile-form]') !== null")
                .await
                == true
            {
                b.fill("[name=phone_number]", "+41315550102").await;
                b.fill("[name=\"address.country\"]", "CH").await;
                b.press("save").await;
            }
            b.wait_for("document.querySelector('[data-testid=continue]')")
                .await;
            b.open(&j.stage.app(&format!("/account?lang={lang}"))).await;
            b.wait_for("document.querySelector('[data-testid=sign-out]')")
                .await;
            fits(b, "the account").await;
            b.press("sign-out").await;
            b.wait_for("location.pathname === '/signed-out' && document.querySelector('#app h1')")
                .await;
            fits(b, "the signed-out page").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_was_given_up_is_not_the_one_used_last() {
    const FIRST: &str = "document.querySelector('.provider').dataset.provider";
    let setup = Setup {
        more: ARENA.to_owned(),
        required: &[],
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.click("[data-provider=arena]").await;
        b.reaches_login().await;
        b.open(&j.stage.app("/")).await;
        b.sees_sign_in().await;
        assert_eq!(b.eval(FIRST).await, "club");
        b.click("[data-provider=arena]").await;
        b.log_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out' && document.querySelector('#app h1')")
            .await;
        b.open(&j.stage.app("/")).await;
        b.sees_sign_in().await;
        assert_eq!(b.eval(FIRST).await, "arena");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn french_and_german_come_by_parameter_and_by_the_browser() {
    journey(async |j| {
        let b = &j.browser;
        let mut texts = Vec::new();
        for lang in ["en", "fr", "de"] {
            b.open(&j.stage.app(&format!("/?lang={lang}"))).await;
            b.wait_for("document.querySelector('[data-testid=sign-in]') && window.admitOne.ready")
                .await;
            assert_eq!(b.eval("document.documentElement.lang").await, lang);
            texts.push(b.text().await);
        }
        assert!(
            texts[0] != texts[1] && texts[1] != texts[2] && texts[0] != texts[2],
            "{texts:?}"
        );
        // What the browser asks for counts where neither the address nor the buyer has said anything.
        b.open("about:blank").await;
        b.forget(&[&j.stage.app]).await;
        b.devtools("Network.enable", json!({})).await;
        b.devtools(
            "Network.setExtraHTTPHeaders",
            json!({ "headers": { "Accept-Language": "fr-CH, fr;q=0.9, en;q=0.8" } }),
        )
        .await;
        b.open(&j.stage.app("/")).await;
        b.wait_for("document.documentElement.lang === 'fr'").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_is_written_as_in_the_buyers_own_english() {
    journey(async |j| {
        let b = &j.browser;
        let agent = b.eval("navigator.userAgent").await;
        let british = json!({ "userAgent": agent, "acceptLanguage": "en-GB" });
        b.devtools("Emulation.setUserAgentOverride", british).await;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        let until = b
            .wait_for("[...document.querySelectorAll('.facts dd')].map((dd) => dd.textContent).find((text) => / 20\\d\\d/.test(text))")
            .await;
        let until = until.as_str().unwrap();
        assert!(until.starts_with(|first: char| first.is_ascii_digit()), "{until}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_language_that_was_asked_for_stays_to_the_end() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/?lang=fr")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out' && document.querySelector('#app h1')")
            .await;
        assert_eq!(b.eval("document.documentElement.lang").await, "fr");
        b.open(&j.stage.app("/nowhere")).await;
        assert_eq!(b.eval("document.documentElement.lang").await, "fr");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dark_is_dark_and_the_light_is_light() {
    journey(async |j| {
        let b = &j.browser;
        let mut brightness = Vec::new();
        for scheme in ["light", "dark"] {
            let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            b.devtools("Emulation.setEmulatedMedia", features).await;
            b.open(&j.stage.app("/")).await;
            b.wait_for("document.querySelector('[data-testid=sign-in]')").await;
            let of = |what: &str| {
                format!(
                    "(() => {{ const canvas = document.createElement('canvas').getContext('2d'); \
                     canvas.fillStyle = getComputedStyle(document.querySelector('{what}')).{}; canvas.fillRect(0, 0, 1, 1); \
                     const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data; return (r + g + b) / 3; }})()",
                    if what == "h1" { "color" } else { "backgroundColor" }
                )
            };
            let page = b.eval(&of("body")).await.as_f64().unwrap();
            let text = b.eval(&of("h1")).await.as_f64().unwrap();
            brightness.push((page, text));
        }
        let [light, dark] = brightness[..] else { unreachable!() };
        let legible = light.0 > 200.0 && light.1 < 100.0 && dark.0 < 60.0 && dark.1 > 150.0;
        assert!(legible, "(page, text) in light and dark: {light:?}, {dark:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_turns_for_whoever_wants_less_motion() {
    journey(async |j| {
        let b = &j.browser;
        for (wish, turns) in [("no-preference", "turn"), ("reduce", "none")] {
            let features = json!({ "features": [{ "name": "prefers-reduced-motion", "value": wish }] });
            b.devtools("Emulation.setEmulatedMedia", features).await;
            b.open(&j.stage.app("/")).await;
            b.wait_for("document.querySelector('[data-testid=sign-in]')").await;
            let busy = "(() => { const button = document.querySelector('[data-testid=sign-in]'); \
                button.setAttribute('aria-busy', 'true'); return getComputedStyle(button, '::after').animationName; })()";
            assert_eq!(b.eval(busy).await, turns, "{wish}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_fit_from_right_to_left() {
    journey(async |j| {
        let b = &j.browser;
        let narrow = json!({ "width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": true });
        b.devtools("Emulation.setDeviceMetricsOverride", narrow).await;
        let turned = "document.documentElement.dir = 'rtl'; \
            new MutationObserver(() => { document.documentElement.dir = 'rtl'; }).observe(document.documentElement, { childList: true });";
        let fits = "document.documentElement.dir === 'rtl' && document.documentElement.scrollWidth <= 320 \
            && [...document.querySelectorAll('#app *')].every((each) => each.getBoundingClientRect().left >= 0)";
        b.open(&j.stage.app("/")).await;
        b.wait_for("document.querySelector('[data-testid=sign-in]')").await;
        b.run(turned).await;
        b.wait_for(fits).await;
        b.sign_in("bob").await;
        b.wait_for("document.querySelector('[data-testid=profile-form]')").await;
        b.run(turned).await;
        b.wait_for(fits).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_is_in_the_served_page_and_stays_where_it_is() {
    journey(async |j| {
        let (status, html) = send("GET", &j.stage.app("/"), None).await;
        assert_eq!(status, 200);
        assert!(html.contains("data-testid=\"sign-in\""), "{html}");
        let b = &j.browser;
        let place = "JSON.stringify(document.querySelector('[data-testid=sign-in]').getBoundingClientRect())";
        j.stage.backend_gate.hold(".wasm");
        b.depart(&j.stage.app("/")).await;
        b.wait_for(&format!("location.origin === '{}' && document.querySelector('[data-testid=sign-in]')", j.stage.app)).await;
        let served = b.eval(place).await;
        j.stage.backend_gate.release();
        b.wait_for("window.admitOne.ready").await;
        assert_eq!(b.eval(place).await, served);
    })
    .await;
}

/// An image whose one colour comes from a style in it, as drawing programs write it.
const LOGO: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 60 30'><style>rect{fill:#00ff00}</style>\
    <rect width='60' height='30'/><script>document.documentElement.remove()</script></svg>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_have_the_operators_colour_and_logo() {
    let folder = tempfile::tempdir().unwrap();
    let logo = folder.path().join("logo.svg");
    std::fs::write(&logo, LOGO).unwrap();
    let setup = Setup {
        more: format!(
            "[brand]\nname = \"Club\"\ncolor = \"#c01020\"\nlogo_file = {:?}\n",
            logo.display().to_string()
        ),
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        for (scheme, color) in [("light", "rgb(192, 16, 32)"), ("dark", "rgb(201, 52, 65)")] {
            let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            b.devtools("Emulation.setEmulatedMedia", features).await;
            b.open(&j.stage.app("/")).await;
            b.wait_for("document.querySelector('[data-testid=sign-in]')").await;
            let button = "(({ backgroundColor, color }) => [backgroundColor, color])(getComputedStyle(document.querySelector('[data-testid=sign-in]')))";
            assert_eq!(b.eval(button).await, json!([color, "rgb(255, 255, 255)"]), "{scheme}");
        }
        assert_eq!(b.eval("document.querySelector('.masthead').innerText.trim()").await, "Club");
        let pixel = "(async () => { const image = document.querySelector('.masthead img'); await image.decode(); \
             const canvas = document.createElement('canvas').getContext('2d'); canvas.drawImage(image, 0, 0, 10, 10); \
             const { width, height } = image.getBoundingClientRect(); \
             return [...canvas.getImageData(5, 5, 1, 1).data, width, height]; })()";
        assert_eq!(b.settle(pixel).await, json!([0, 255, 0, 255, 72, 36]));
        // Opened by itself it is a page of our origin: no script of it runs.
        let address = b.eval("document.querySelector('.masthead img').src").await;
        b.open(address.as_str().unwrap()).await;
        assert_eq!(b.eval("document.documentElement?.localName").await, "svg");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_signed_out_page_of_somebody_who_is_signed_in_is_their_account() {
    journey(async |j| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.open(&j.stage.app("/signed-out")).await;
        b.wait_for("document.title.startsWith('Your account')")
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_without_streaming_webassembly_is_told_so() {
    journey(async |j| {
        let b = &j.browser;
        b.before_each_page("delete WebAssembly.compileStreaming")
            .await;
        b.open(&j.stage.app("/")).await;
        b.wait_for("document.querySelector('#app .unsupported[role=alert]')")
            .await;
    })
    .await;
}
