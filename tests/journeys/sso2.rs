//! Payway SSO2, in the steps of its alternative login form: our own form, a central one, no form at all; signed out
//! elsewhere; and everything that the emulator can be asked to do wrong.

mod elsewhere;
mod faults;
mod form;
mod landing;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::journey::Journey;
use crate::stage::{Setup, Stage};

/// A deployment with the paper beside the club; `lines` are further ones of its table.
fn paper(lines: &str) -> Setup {
    let more = format!(
        r#"
[[providers]]
id = "paper"
kind = "sso2"
label = "Newspaper account"
sso_url = "{{payway}}"
api_url = "{{payway}}"
organisation = "paper"
client_id = "paper-shop"
client_secret_env = "PAPER"
trust_verified = true
{lines}
"#
    );
    Setup {
        more,
        required: &["given_name", "family_name", "email"],
        ..Setup::default()
    }
}

/// The same with Payway's central login form.
fn central() -> Setup {
    paper("login_url = \"{payway}/login?continue=\"")
}

/// The same with a status every second.
fn polled() -> Setup {
    paper("status_interval = 1")
}

const LOGIN_FORM: &str = "!!document.querySelector('[data-testid=login-form]')";

impl Stage {
    fn payway(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.options().payway_url)
    }

    fn payway_settings(&self, settings: Value) {
        let changed = self.sandbox.change_settings(json!({ "payway": settings }));
        changed.unwrap();
    }
}

impl Browser {
    /// Presses the paper's button (steps A and B).
    async fn press_paper(&self) {
        self.click("[data-provider=paper]").await;
    }

    /// Opens the app, presses the paper's button, and waits for our own login form (step D).
    async fn reaches_login_form(&self, stage: &Stage) {
        self.open(&stage.app("/")).await;
        self.press_paper().await;
        self.wait_for(LOGIN_FORM).await;
        self.wait_for("document.activeElement.id === 'username'")
            .await;
    }

    /// Types into our own login form and sends it (step E).
    async fn types(&self, username: &str, password: &str) {
        self.fill("#username", username).await;
        self.fill("#password", password).await;
        self.press("log-in").await;
    }

    /// The whole good way, to the synced account.
    async fn reads_the_paper_as(&self, stage: &Stage, persona: &str) {
        self.reaches_login_form(stage).await;
        self.types(persona, "ticket").await;
        self.sees_signed_in(&format!("{persona}@example.test"))
            .await;
        self.wait_for(
            "document.querySelector('[data-testid=continue], [data-testid=profile-form]')",
        )
        .await;
    }

    /// Signs in at the organisation's own site.
    async fn signs_in_at_the_news(&self, stage: &Stage, persona: &str) {
        self.open(&stage.payway("/site")).await;
        self.press("payway-sign-in").await;
        self.log_in(persona).await;
        self.wait_for("document.querySelector('[data-testid=payway-reader]')")
            .await;
    }
}

/// Nothing that anybody could read later holds the password.
async fn nobody_kept_the_password(j: &Journey, password: &str) {
    let stores = "JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), location.href, document.cookie])";
    let kept = j.browser.eval(stores).await;
    assert!(!kept.as_str().unwrap().contains(password), "{kept}");
}
