//! Runs a journey: servers, browser, the steps, and what a reader needs when a step fails.

use std::fs::File;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::browser::{Browser, Options};
use crate::buyer::ALICE;
use crate::directory::Directory;
use crate::driver::Driver;
use crate::stage::{Setup, Stage};

/// What the steps of a journey have at hand.
pub(crate) struct Journey {
    /// The servers.
    pub(crate) stage: Stage,
    /// The buyer's browser.
    pub(crate) browser: Browser,
    browsers: Mutex<Vec<Browser>>,
    driver: Driver,
}

impl Journey {
    /// Starts another browser, with a profile of its own.
    pub(crate) async fn another_browser(&self, options: Options) -> Browser {
        let browser = Browser::start(&self.driver.url, options).await;
        self.browsers.lock().unwrap().push(browser.clone());
        browser
    }

    /// Signs alice in in a browser of hers, so that the shop has her contact.
    pub(crate) async fn alice_signs_in_elsewhere(&self) {
        let b = self.another_browser(Options::default()).await;
        b.open(&self.stage.app("/")).await;
        b.sign_in("alice").await;
        b.sees_signed_in(ALICE).await;
        b.wait_for("document.querySelector('[data-testid=continue]')")
            .await;
    }
}

/// Runs a journey on the plain deployment.
pub(crate) async fn journey(steps: impl AsyncFnOnce(&Journey)) {
    journey_on(Setup::default(), Options::default(), steps).await;
}

/// Runs a journey on the plain deployment with this directory.
pub(crate) async fn journey_with(directory: Directory, steps: impl AsyncFnOnce(&Journey)) {
    journey_on(Setup::default().with(directory), Options::default(), steps).await;
}

/// Runs a journey on a deployment and in a browser of its own kind.
pub(crate) async fn journey_on<Steps: AsyncFnOnce(&Journey)>(
    setup: Setup,
    options: Options,
    steps: Steps,
) {
    // `journeys::sandbox::a_sentence::{{closure}}`, perhaps inside the name of what wraps the steps.
    let name = std::any::type_name::<Steps>()
        .split("::{{")
        .next()
        .unwrap_or_default();
    let name = name
        .rsplit('<')
        .next()
        .unwrap_or_default()
        .replace("journeys::", "")
        .replace("::", "-");
    let name = format!("{name}-with-{}", setup.directory.name());
    let _slot = Slot::take().await;
    let stage = Stage::start(&setup).await;
    let driver = Driver::start();
    let browser = Browser::start(&driver.url, options).await;
    let journey = Journey {
        stage,
        browsers: Mutex::new(vec![browser.clone()]),
        browser,
        driver,
    };

    let outcome =
        tokio::time::timeout(LIMIT, AssertUnwindSafe(steps(&journey)).catch_unwind()).await;
    let browsers = journey.browsers.lock().unwrap().clone();
    if !matches!(outcome, Ok(Ok(()))) {
        eprintln!(
            "{name} failed; the backend was asked for {}",
            journey.stage.backend_gate.seen()
        );
        for (number, browser) in browsers.iter().enumerate() {
            let suffix = if number == 0 {
                String::new()
            } else {
                format!("-{}", number + 1)
            };
            let screenshot = folder().join(format!("{name}{suffix}.png"));
            eprintln!(
                "{name}{suffix} failed with this in the browser:\n{}",
                browser.describe(&screenshot).await
            );
        }
    }
    for browser in browsers {
        browser.close().await;
    }
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => panic!("{name} isn't over after {LIMIT:?}"),
    }
}

/// How long a journey may take.
const LIMIT: Duration = Duration::from_secs(240);

/// The right to run: two journeys at a time, over all processes, for each is a browser and more.
struct Slot {
    _lock: File,
}

impl Slot {
    async fn take() -> Slot {
        let folder = folder();
        loop {
            for number in 0..2 {
                let lock = File::create(folder.join(format!("slot-{number}.lock"))).unwrap();
                if lock.try_lock().is_ok() {
                    return Slot { _lock: lock };
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Where screenshots go.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/journeys");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
