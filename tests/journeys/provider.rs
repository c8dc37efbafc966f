//! The same good way through a certified OpenID provider that none of us wrote: npm's `oidc-provider`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use crate::browser::Options;
use crate::buyer::ALICE;
use crate::journey::{Journey, journey_on};
use crate::stage::Setup;
use crate::wire::order;

/// A running provider; it ends when this is dropped, even by a process that dies.
struct Provider {
    process: Child,
    issuer: String,
}

impl Provider {
    /// Starts one for an app at this origin.
    fn start(app: &str, environment: &[(&str, &str)]) -> Provider {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc-provider");
        assert!(
            folder.join("node_modules").is_dir(),
            "{} has no node_modules: run `npm ci --prefix tests/oidc-provider` first",
            folder.display()
        );
        let mut process = Command::new("node")
            .arg(folder.join("server.mjs"))
            .env("PORT", "0")
            .env("STOP_WITH_STDIN", "1")
            .env("REDIRECT_URIS", format!("{app}/callback/club"))
            .env("POST_LOGOUT_REDIRECT_URIS", format!("{app}/signed-out"))
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts (Node.js 20 or newer)");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ready ").map(str::to_owned))
            .expect("oidc-provider says where it is");
        std::thread::spawn(move || lines.for_each(drop));
        Provider { process, issuer }
    }

    /// New signing keys.
    async fn rotate(&self, query: &str) {
        self.control("POST", &format!("rotate{query}")).await;
    }

    /// The private key of the client `shop-jwt`.
    async fn client_key(&self) -> String {
        self.control("GET", "clients/shop-jwt/key.pem").await
    }

    async fn control(&self, method: &str, path: &str) -> String {
        let origin = url::Url::parse(&self.issuer)
            .unwrap()
            .origin()
            .ascii_serialization();
        order(method, &format!("{origin}/__control/{path}"), None).await
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a journey with an `oidc-provider` of its own as the club.
async fn journey_at<Steps: AsyncFnOnce(&Journey, &Provider)>(
    client_id: &'static str,
    environment: &[(&str, &str)],
    steps: Steps,
) {
    let listener = Arc::new(std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let app = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let provider = Provider::start(&app, environment);
    let client_key = match client_id {
        "shop-jwt" => Some(provider.client_key().await),
        _ => None,
    };
    let setup = Setup {
        client_id,
        client_key,
        issuer: Some(provider.issuer.clone()),
        listener: Some(listener),
        ..Setup::default()
    };
    journey_on(setup, Options::default(), async |j: &Journey| {
        steps(j, &provider).await
    })
    .await;
}

async fn alice_signs_in(j: &Journey) {
    let b = &j.browser;
    b.open(&j.stage.app("/")).await;
    b.sign_in("alice").await;
    b.wait_for("document.querySelector('[data-testid=continue]')")
        .await;
    b.sees_signed_in(ALICE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alice_signs_in_and_enters_the_shop() {
    journey_at("shop", &[], async |j, _| {
        alice_signs_in(j).await;
        j.browser.press("continue").await;
        j.browser
            .wait_for(&format!("location.origin === '{}'", j.stage.shop))
            .await;
        assert!(
            j.browser.text().await.contains("contact"),
            "{}",
            j.browser.text().await
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bob_is_asked_for_what_is_missing() {
    journey_at("shop", &[], async |j, _| {
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("bob").await;
        b.fill("[name=phone_number]", "+41315550102").await;
        b.fill("[name=\"address.country\"]", "CH").await;
        b.press("save").await;
        b.sees_signed_in("bob@example.test").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_only_from_userinfo_under_an_issuer_with_a_path() {
    let environment = [("CONFORM_ID_TOKEN_CLAIMS", "1"), ("ISSUER_PATH", "/club")];
    journey_at("shop", &environment, async |j, provider| {
        assert!(provider.issuer.ends_with("/club"));
        alice_signs_in(j).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_with_ps256() {
    journey_at("shop-ps256", &[], async |j, _| alice_signs_in(j).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_with_es256() {
    journey_at("shop-es256", &[], async |j, _| alice_signs_in(j).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_with_eddsa() {
    journey_at("shop-eddsa", &[], async |j, _| alice_signs_in(j).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_its_secret_in_the_body_and_one_without_a_secret_sign_in() {
    journey_at("shop-post", &[], async |j, _| alice_signs_in(j).await).await;
    journey_at("shop-public", &[], async |j, _| alice_signs_in(j).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_signs_with_its_key_signs_in_refreshes_and_signs_out() {
    journey_at("shop-jwt", &[], async |j, _| {
        alice_signs_in(j).await;
        let b = &j.browser;
        b.open(&j.stage.app("/account")).await;
        b.refresh(&j.stage).await;
        b.refresh(&j.stage).await; // with the rotated refresh token
        b.press("sign-out-everywhere").await;
        b.wait_for(
            "location.pathname === '/signed-out' && document.querySelector('[data-testid=status]')",
        )
        .await;
        assert!(!b.somebody_is_signed_in().await);
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.reaches_login().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_keys_don_t_matter_to_sign_in_and_refresh() {
    journey_at("shop", &[], async |j, provider| {
        alice_signs_in(j).await;
        provider.rotate("?drop").await;
        let b = j.another_browser(Options::default()).await;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        provider.rotate("").await;
        j.browser.open(&j.stage.app("/account")).await;
        j.browser.refresh(&j.stage).await;
        j.browser.refresh(&j.stage).await; // with the rotated refresh token
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_everywhere_ends_the_providers_session_too() {
    journey_at("shop", &[], async |j, _| {
        alice_signs_in(j).await;
        let b = &j.browser;
        let other = j.another_browser(Options::default()).await;
        other.open(&j.stage.app("/")).await;
        other.sign_in("alice").await;
        other.sees_signed_in(ALICE).await;

        b.open(&j.stage.app("/account")).await;
        b.press("sign-out-everywhere").await;
        b.wait_for("location.pathname === '/signed-out' && document.querySelector('#app h1')")
            .await;
        assert!(!b.somebody_is_signed_in().await);
        // Confirmed by its `state`, which leaves the address; a reload asks for no second confirmation.
        let confirmed =
            "document.querySelector('[data-testid=status]') !== null && location.search === ''";
        b.wait_for(confirmed).await;
        b.reload().await;
        b.wait_for(confirmed).await;
        b.open(&j.stage.app("/")).await;
        b.press("sign-in").await;
        b.reaches_login().await;

        // The other browser learns it at its next call.
        other.open(&j.stage.app("/account")).await;
        other.press("refresh").await;
        other.sees_error("handle_revoked").await;
        assert!(!other.somebody_is_signed_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_here_leaves_the_other_browser_alone() {
    journey_at("shop", &[], async |j, _| {
        let other = j.another_browser(Options::default()).await;
        other.open(&j.stage.app("/")).await;
        other.sign_in("alice").await;
        other.sees_signed_in(ALICE).await;
        let b = &j.browser;
        b.open(&j.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.open(&j.stage.app("/account")).await;
        b.press("sign-out").await;
        b.wait_for("location.pathname === '/signed-out' && document.querySelector('#app h1')")
            .await;
        assert!(!b.somebody_is_signed_in().await);
        other.open(&j.stage.app("/account")).await;
        other.refresh(&j.stage).await;
    })
    .await;
}
