//! Mix-up (RFC 9700 section 4.4): what one provider has answered is played into every other provider's address, with a
//! sign-in that is open there. It signs nobody in; where it belongs, it still does.

use std::time::Duration;

use crate::browser::{Browser, Options};
use crate::buyer::Outcome;
use crate::journey::{Journey, journey_on};
use crate::stage::{ARENA, DINER, PAPER, Setup};

const PROVIDERS: [&str; 4] = ["club", "arena", "paper", "diner"];

/// What a provider has answered: a code, or SSO2's message.
struct Answer {
    address: String,
    secret: String,
}

fn path(provider: &str) -> String {
    match provider {
        "paper" => "/landing/paper".to_owned(),
        _ => format!("/callback/{provider}"),
    }
}

/// What a provider's address says to an answer that isn't its provider's: it is asked, and has never given such a code;
/// a message that it hasn't signed doesn't get so far.
fn refused_as(provider: &str) -> &'static str {
    match provider {
        "paper" => "sso2_landing_invalid",
        _ => "exchange_refused",
    }
}

/// Signs alice in at the provider; the app doesn't get to see the answer.
async fn answered(j: &Journey, provider: &str) -> Answer {
    let b = &j.browser;
    if provider == "paper" {
        b.open(&format!("{}/site", j.stage.sandbox.options().payway_url))
            .await;
        b.press("payway-sign-in").await;
        b.log_in("alice").await;
        b.wait_for("document.querySelector('[data-testid=payway-reader]')")
            .await;
    }
    b.open(&j.stage.app("/")).await;
    j.stage.backend_gate.refuse(&path(provider), 1);
    b.click(&format!("[data-provider={provider}]")).await;
    if provider != "paper" {
        b.log_in("alice").await;
    }
    let page = j.stage.app(&format!("{}?", path(provider)));
    let address = address(b, |address| address.starts_with(&page)).await;
    let parsed = url::Url::parse(&address).unwrap();
    let name = if provider == "paper" { "t" } else { "code" };
    let (_, secret) = parsed.query_pairs().find(|(own, _)| own == name).unwrap();
    Answer {
        secret: secret.into_owned(),
        address,
    }
}

/// Waits for the browser's address, which a page that was refused doesn't know.
async fn address(b: &Browser, wanted: impl Fn(&str) -> bool) -> String {
    for _ in 0..400 {
        let address = b.url().await;
        if wanted(&address) {
            return address;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the browser is still at {}", b.url().await);
}

/// Begins a sign-in with a provider and leaves it open; brings its `state` and `issuer`.
async fn open_at(j: &Journey, provider: &str) -> (String, String) {
    let b = &j.browser;
    b.open(&j.stage.app("/")).await;
    // Nothing is begun again by itself, which would be another sign-in.
    b.run("localStorage.setItem('admit-one.restarts', String(Date.now()))")
        .await;
    // The page there is refused, so that a provider which still knows alice doesn't answer at once.
    j.stage.backend_gate.refuse(&path(provider), 1);
    b.click(&format!("[data-provider={provider}]")).await;
    let pendings = "Object.entries(localStorage).filter(([name]) => name.startsWith('admit-one.pending.')) \
        .map(([, text]) => JSON.parse(text)).sort((one, other) => other.started_at - one.started_at)";
    let start = j.stage.app("/");
    address(b, |address| address != start).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    j.stage.backend_gate.refuse(&path(provider), 0);
    b.open(&j.stage.app("/signed-out")).await;
    let pending = b
        .wait_for(&format!(
            "{pendings}.find((pending) => pending.provider === '{provider}')"
        ))
        .await;
    let part = |name: &str| pending[name].as_str().unwrap().to_owned();
    (part("state"), part("issuer"))
}

fn played_into(j: &Journey, provider: &str, secret: &str, state: &str, issuer: &str) -> String {
    let page = j.stage.app(&path(provider));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if provider == "paper" {
        query.append_pair("t", secret);
        query.append_pair("r", &format!("{page}?state={state}"));
    } else {
        query.extend_pairs([("code", secret), ("state", state)]);
        if provider != "diner" {
            query.append_pair("iss", issuer);
        }
    }
    format!("{page}?{}", query.finish())
}

async fn an_answer_of(provider: &str) {
    let setup = Setup {
        more: [ARENA, PAPER, DINER].concat(),
        required: &[],
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j| {
        let b = &j.browser;
        let answer = answered(j, provider).await;
        for other in PROVIDERS.into_iter().filter(|other| *other != provider) {
            let (state, issuer) = open_at(j, other).await;
            b.open(&played_into(j, other, &answer.secret, &state, &issuer))
                .await;
            assert_eq!(
                b.outcome().await,
                Outcome::Error(refused_as(other).to_owned()),
                "{provider} into {other}"
            );
            assert!(!b.somebody_is_signed_in().await, "{provider} into {other}");
        }
        // It was good all along.
        b.open(&answer.address).await;
        b.sees_signed_in(crate::buyer::ALICE).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_the_club_signs_nobody_in_elsewhere() {
    an_answer_of("club").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_the_arena_signs_nobody_in_elsewhere() {
    an_answer_of("arena").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_the_paper_signs_nobody_in_elsewhere() {
    an_answer_of("paper").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_the_diner_signs_nobody_in_elsewhere() {
    an_answer_of("diner").await;
}
