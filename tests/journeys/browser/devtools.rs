//! What a journey reaches through the developer tools: network, storage, scripts before all others, the console.

use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

use super::Browser;

impl Browser {
    /// A command of the Chrome DevTools Protocol, for the tab in front.
    pub(crate) async fn devtools(&self, cmd: &str, params: Value) -> Value {
        let command = Vendor {
            path: "goog/cdp/execute",
            body: json!({ "cmd": cmd, "params": params }),
        };
        self.0
            .client
            .issue_cmd(command)
            .await
            .unwrap_or_else(|error| panic!("{cmd}: {error}"))
    }

    /// Runs a script in every document of this tab before its own scripts do.
    pub(crate) async fn before_each_page(&self, script: &str) {
        self.devtools("Page.enable", json!({})).await;
        self.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": script }),
        )
        .await;
    }

    /// The network cable of this tab.
    pub(crate) async fn online(&self, online: bool) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools(
            "Network.emulateNetworkConditions",
            json!({ "offline": !online, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 }),
        )
        .await;
    }

    /// Requests that fail as if the network were gone, by pattern; none for none.
    pub(crate) async fn unreachable(&self, patterns: &[&str]) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setBlockedURLs", json!({ "urls": patterns }))
            .await;
    }

    /// Forgets cookies and everything that these origins stored.
    pub(crate) async fn forget(&self, origins: &[&str]) {
        self.devtools("Network.clearBrowserCookies", json!({}))
            .await;
        for origin in origins {
            self.devtools(
                "Storage.clearDataForOrigin",
                json!({ "origin": origin, "storageTypes": "all" }),
            )
            .await;
        }
    }

    /// What the console of the tab in front has said so far, violations of the content security policy included.
    pub(crate) async fn console(&self) -> Vec<String> {
        let command = Vendor {
            path: "se/log",
            body: json!({ "type": "browser" }),
        };
        let news = self.0.client.issue_cmd(command).await.unwrap_or_default();
        let mut console = self.0.console.lock().unwrap();
        for entry in news.as_array().into_iter().flatten() {
            let part = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            console.push(format!(
                "{} {}: {}",
                part("level"),
                part("source"),
                part("message")
            ));
        }
        console.clone()
    }

    /// Where the browser stands, for a reader of a failed journey; the screenshot goes to `screenshot`.
    pub(crate) async fn describe(&self, screenshot: &std::path::Path) -> String {
        let url = self.url().await;
        let text = self
            .try_eval("document.body?.innerText ?? ''")
            .await
            .unwrap_or_default();
        let html = self
            .try_eval("document.getElementById('app')?.innerHTML ?? ''")
            .await
            .unwrap_or_default();
        let key = self.try_settle(KEY_ANSWERS).await.unwrap_or_default();
        let console = self.console().await.join("\n    ");
        if let Ok(png) = self.0.client.screenshot().await {
            let _ = std::fs::write(screenshot, png);
        }
        let (text, html) = (
            text.as_str().unwrap_or_default(),
            html.as_str().unwrap_or_default(),
        );
        let html: String = html.chars().take(3000).collect();
        format!(
            "  url: {url}\n  its key: {key}\n  text: {}\n  #app: {html}\n  console:\n    {console}\n  screenshot: {}",
            text.replace('\n', "\n    "),
            screenshot.display()
        )
    }
}

/// Whether the page can sign a proof within a second.
const KEY_ANSWERS: &str = "await Promise.race([ \
    window.admitOne?.proof('POST', '/').then(() => 'signs'), new Promise((done) => setTimeout(done, 1000, 'hangs'))])";

/// A command that `WebDriver` itself doesn't have.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(
        &self,
        base_url: &url::Url,
        session_id: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base_url.join(&format!(
            "session/{}/{}",
            session_id.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
