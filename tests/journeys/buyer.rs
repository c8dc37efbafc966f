//! What buyers do and see, in the words of the app's test ids and the sandbox's form fields.

use serde_json::json;

use crate::browser::Browser;
use crate::shop::percent;
use crate::stage::Stage;

/// The e-mail of `alice`, here and at every upstream.
pub(crate) const ALICE: &str = "alice@example.test";
/// The e-mail of `bob`.
pub(crate) const BOB: &str = "bob@example.test";
/// The e-mail of `dave`.
pub(crate) const DAVE: &str = "dave@example.test";

/// The contact's number, in the shop's greeting.
pub(crate) const NUMBER: &str = "location.host.startsWith('shop.') && \
    document.querySelector('[data-testid=contact-number]')?.innerText";

/// What a sign-in came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// The e-mail shown.
    SignedIn(String),
    /// The code of the error shown.
    Error(String),
}

const USERNAME: &str = "input[name=username]";
const ERROR: &str = "document.querySelector('[data-testid=error]')?.dataset.code";
const EMAIL: &str = "document.querySelector('[data-testid=user-email]')?.innerText.trim()";

impl Browser {
    /// Follows the shop's link to the sign-in page; returns the page of the shop that it leads back to.
    pub(crate) async fn come_from_basket(&self, stage: &Stage) -> String {
        let page = stage.basket();
        self.open(&stage.app(&format!("/?return_to={}", percent(&page))))
            .await;
        page
    }

    /// Presses the sign-in button and signs in at the sandbox.
    pub(crate) async fn sign_in(&self, persona: &str) {
        self.press("sign-in").await;
        self.log_in(persona).await;
    }

    /// Says yes to what a partner's page has asked for, once the page takes a yes.
    #[track_caller]
    pub(crate) fn agree(&self) -> impl Future<Output = ()> + use<> {
        // A press that gives the page the focus counts for nothing else.
        let focus = self.click("main:has([data-testid=agree]) h1");
        let agree = self.click("[data-testid=agree]:not([aria-disabled])");
        async move {
            focus.await;
            agree.await;
        }
    }

    /// Fills in the sandbox's login form.
    pub(crate) async fn log_in(&self, persona: &str) {
        self.fill(USERNAME, persona).await;
        self.fill("input[name=password]", "ticket").await;
        self.submit("input[name=password]").await;
    }

    /// Submits the form of a field, as its button does.
    pub(crate) async fn submit(&self, field: &str) {
        let button = format!(
            "document.querySelector({}).form.querySelector('button:not([type=button]):not([name=cancel]), input[type=submit]')",
            json!(field)
        );
        // A click that leaves the page may or may not answer; what follows waits for the next page anyway.
        self.run(&format!(
            "const button = {button}; setTimeout(() => button.click(), 0)"
        ))
        .await;
    }

    /// Waits for the login form of the upstream.
    pub(crate) async fn reaches_login(&self) {
        self.wait_for(&format!("!!document.querySelector('{USERNAME}')"))
            .await;
    }

    /// Waits until this e-mail is shown as signed in, by the app itself: the page as it was served shows what was stored.
    #[track_caller]
    pub(crate) fn sees_signed_in(&self, email: &str) -> impl Future<Output = ()> + use<> {
        let seen = self.wait_for(&format!("{ERROR} ?? (window.admitOne?.ready && {EMAIL})"));
        let email = email.to_owned();
        async move {
            assert_eq!(seen.await.as_str(), Some(&*email), "the e-mail signed in");
        }
    }

    /// Waits for an error, which has to be this one.
    #[track_caller]
    pub(crate) fn sees_error(&self, code: &str) -> impl Future<Output = ()> + use<> {
        let seen = self.wait_for(ERROR);
        let code = code.to_owned();
        async move {
            assert_eq!(
                seen.await.as_str(),
                Some(&*code),
                "the code of the error shown"
            );
        }
    }

    /// Waits for whatever comes of a sign-in.
    pub(crate) async fn outcome(&self) -> Outcome {
        let outcome = self
            .wait_for(&format!(
                "({ERROR} && {{ error: {ERROR} }}) || ({EMAIL} && {{ email: {EMAIL} }})"
            ))
            .await;
        match outcome["error"].as_str() {
            Some(code) => Outcome::Error(code.to_owned()),
            None => Outcome::SignedIn(outcome["email"].as_str().unwrap_or_default().to_owned()),
        }
    }

    /// Waits until the contact is synced too, or something went wrong: the next step is on the page then.
    pub(crate) async fn settled_outcome(&self) -> Outcome {
        let next = "document.querySelector('[data-testid=continue], [data-testid=profile-form], [data-testid=error]')";
        self.wait_for(&format!("!!{next}")).await;
        self.outcome().await
    }

    /// Whether anything in this page or its storage says that somebody is signed in. Holds on the app's origin only.
    pub(crate) async fn somebody_is_signed_in(&self) -> bool {
        let session = "localStorage.getItem('admit-one') ?? sessionStorage.getItem('admit-one')";
        self.eval(&format!("Boolean(({session}) || {EMAIL})")).await == true
    }

    /// Presses the refresh button of the account page; the answer is good and alice stays.
    pub(crate) async fn refresh(&self, stage: &Stage) {
        let before = stage.backend_gate.count("/v1/refresh");
        self.press("refresh").await;
        stage.sees_refreshes(before + 1).await;
        self.wait_for(
            "document.querySelector('[data-testid=refresh]:not(:disabled):not([aria-busy=true])')",
        )
        .await;
        self.sees_signed_in(ALICE).await;
    }

    /// Waits for the sign-in button, with nobody signed in.
    #[track_caller]
    pub(crate) fn sees_sign_in(&self) -> impl Future<Output = ()> + use<> {
        let seen = self.wait_for("!!document.querySelector('[data-testid=sign-in]')");
        let browser = self.clone();
        async move {
            seen.await;
            assert!(
                !browser.somebody_is_signed_in().await,
                "somebody is signed in"
            );
        }
    }
}
