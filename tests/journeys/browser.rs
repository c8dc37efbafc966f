//! One browser with a profile of its own, and what a journey can do to it.

mod devtools;

use std::panic::Location;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fantoccini::error::CmdError;
use fantoccini::wd::{Capabilities, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

/// How long anything may take to appear.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A browser session. Clones are the same session.
#[derive(Clone)]
pub(crate) struct Browser(Arc<Inner>);

struct Inner {
    client: Client,
    console: Mutex<Vec<String>>,
    _profile: tempfile::TempDir,
}

/// What a browser is started with, besides what every one needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Further command-line arguments.
    pub(crate) args: Vec<String>,
    /// Chromium's `Preferences`.
    pub(crate) preferences: Option<Value>,
}

impl Browser {
    /// Starts one with an empty profile.
    pub(crate) async fn start(webdriver: &str, options: Options) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let mut args: Vec<String> = ARGUMENTS.iter().map(ToString::to_string).collect();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        args.extend(options.args);
        let mut chrome =
            json!({ "args": args, "prefs": options.preferences.unwrap_or_else(|| json!({})) });
        if let Some(binary) = chromium() {
            chrome["binary"] = binary.into();
        }
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".into(), chrome);
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
        // Commands don't wait for a wasm that a gate holds back.
        capabilities.insert("pageLoadStrategy".into(), "eager".into());
        capabilities.insert("unhandledPromptBehavior".into(), "accept".into());
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(webdriver)
            .await
            .expect("chromedriver starts Chromium");
        Browser(Arc::new(Inner {
            client,
            console: Mutex::default(),
            _profile: profile,
        }))
    }

    /// Ends the session.
    pub(crate) async fn close(&self) {
        let _ = self.0.client.clone().close().await;
    }

    /// Goes to an address and waits for `load`.
    pub(crate) async fn open(&self, url: &str) {
        self.0
            .client
            .goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url} opens: {error}"));
    }

    /// Goes to an address without waiting for anything.
    pub(crate) async fn depart(&self, url: &str) {
        self.run(&format!(
            "setTimeout(() => location.assign({}), 0)",
            json!(url)
        ))
        .await;
    }

    /// The reload button.
    pub(crate) async fn reload(&self) {
        self.0.client.refresh().await.unwrap();
    }

    /// The back button.
    pub(crate) async fn back(&self) {
        self.0.client.back().await.unwrap();
    }

    /// The address shown.
    pub(crate) async fn url(&self) -> String {
        self.0
            .client
            .current_url()
            .await
            .map(String::from)
            .unwrap_or_default()
    }

    /// Everything a reader sees.
    pub(crate) async fn text(&self) -> String {
        self.eval("document.body.innerText")
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Evaluates an expression.
    pub(crate) async fn eval(&self, expression: &str) -> Value {
        self.try_eval(expression)
            .await
            .unwrap_or_else(|error| panic!("`{expression}`: {error}"))
    }

    async fn try_eval(&self, expression: &str) -> Result<Value, CmdError> {
        self.0
            .client
            .execute(&format!("return ({expression})"), vec![])
            .await
    }

    /// Runs statements.
    pub(crate) async fn run(&self, script: &str) {
        self.0
            .client
            .execute(script, vec![])
            .await
            .unwrap_or_else(|error| panic!("`{script}`: {error}"));
    }

    /// Evaluates an expression that is a promise.
    pub(crate) async fn settle(&self, promise: &str) -> Value {
        self.try_settle(promise)
            .await
            .unwrap_or_else(|error| panic!("`{promise}`: {error}"))
    }

    async fn try_settle(&self, promise: &str) -> Result<Value, CmdError> {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             (async () => ({promise}))().then(done, (error) => done({{ error: String(error) }}));"
        );
        self.0.client.execute_async(&script, vec![]).await
    }

    /// Waits until an expression is truthy, over reloads and redirects, and returns its value.
    #[track_caller]
    pub(crate) fn wait_for(&self, expression: &str) -> impl Future<Output = Value> + use<> {
        let at = Location::caller();
        let (browser, expression) = (self.clone(), expression.to_owned());
        async move {
            let since = Instant::now();
            let mut last = String::new();
            while since.elapsed() < PATIENCE {
                match browser.try_eval(&expression).await {
                    Ok(value) if truthy(&value) => return value,
                    Ok(value) => last = value.to_string(),
                    Err(error) => last = error.to_string(), // between two documents there is nothing to ask
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            panic!("{at}: `{expression}` is still {last} after {PATIENCE:?}");
        }
    }

    /// Waits for an element and clicks it as a mouse does.
    #[track_caller]
    pub(crate) fn click(&self, css: &str) -> impl Future<Output = ()> + use<> {
        let at = Location::caller();
        let (browser, css) = (self.clone(), css.to_owned());
        async move {
            let since = Instant::now();
            let mut last = None;
            while since.elapsed() < PATIENCE {
                let clicked = match browser.0.client.find(Locator::Css(&css)).await {
                    Ok(element) => element.click().await,
                    Err(error) => Err(error),
                };
                match clicked {
                    Ok(()) => return,
                    Err(error) => last = Some(error),
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            panic!("{at}: `{css}` can't be clicked: {last:?}");
        }
    }

    /// Clicks what has this `data-testid`.
    #[track_caller]
    pub(crate) fn press(&self, testid: &str) -> impl Future<Output = ()> + use<> {
        self.click(&format!("[data-testid={testid}]"))
    }

    /// Waits for a field, empties it and types into it.
    #[track_caller]
    pub(crate) fn fill(&self, css: &str, text: &str) -> impl Future<Output = ()> + use<> {
        let found = self.wait_for(&format!("!!document.querySelector({})", json!(css)));
        let (browser, css, text) = (self.clone(), css.to_owned(), text.to_owned());
        async move {
            found.await;
            let element = browser.0.client.find(Locator::Css(&css)).await.unwrap();
            if element.tag_name().await.unwrap() == "select" {
                element.select_by_value(&text).await.unwrap();
            } else {
                element.clear().await.unwrap();
                element.send_keys(&text).await.unwrap();
            }
        }
    }

    /// Types into whatever has the focus.
    pub(crate) async fn keys(&self, keys: &str) {
        self.0
            .client
            .active_element()
            .await
            .unwrap()
            .send_keys(keys)
            .await
            .unwrap();
    }

    /// The tab in front.
    pub(crate) async fn tab(&self) -> WindowHandle {
        self.0.client.window().await.unwrap()
    }

    /// Opens a tab of the same browser and brings it to the front.
    pub(crate) async fn new_tab(&self) -> WindowHandle {
        let tab = self.0.client.new_window(true).await.unwrap().handle;
        self.switch_to(&tab).await;
        tab
    }

    /// Waits until there are so many tabs and windows, and brings the last one to the front.
    pub(crate) async fn sees_windows(&self, count: usize) {
        let since = Instant::now();
        loop {
            let windows = self.0.client.windows().await.unwrap();
            if windows.len() == count {
                return self.switch_to(&windows[count - 1]).await;
            }
            assert!(
                since.elapsed() < PATIENCE,
                "{} windows instead of {count}",
                windows.len()
            );
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Closes the tab in front and brings another one there.
    pub(crate) async fn close_tab(&self, next: &WindowHandle) {
        self.0.client.close_window().await.unwrap();
        self.switch_to(next).await;
    }

    /// Brings a tab to the front.
    pub(crate) async fn switch_to(&self, tab: &WindowHandle) {
        self.0.client.switch_to_window(tab.clone()).await.unwrap();
    }
}

fn truthy(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value != "" && value != 0
}

/// Chromium, where it isn't where chromedriver looks.
fn chromium() -> Option<String> {
    if let Ok(named) = std::env::var("CHROMIUM") {
        return Some(named);
    }
    let path = std::env::var_os("PATH")?;
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
    ];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file())
        .map(|file| file.display().to_string())
}

const ARGUMENTS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=Translate,MediaRouter,OptimizationHints",
    "--lang=en",
    "--window-size=1280,800",
];
