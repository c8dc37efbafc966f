//! Airlock IAM: flows by `acr_values`, and the step-up with an SSO ticket.

mod authorization_server;
mod faults;
mod flows;
mod protected_resource;
mod pushed_request;
mod sso_ticket;

use admit_one_sandbox::{Fault, Sandbox, SandboxOptions};
use axum::http::StatusCode;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, CHALLENGE, VERIFIER, call, claims_of, form, part, sandbox};

const HOST: &str = "airlock.localhost:8900";
const CALLBACK: &str = "http://localhost:8800/callback/arena";

fn issuer() -> String {
    format!("http://{HOST}/auth-login/rest/oauth2/authorization-servers/arena")
}

fn basic(client: &str) -> String {
    let secret = match client {
        "weak-app" => SandboxOptions::WEAK_SECRET,
        _ => SandboxOptions::STRONG_SECRET,
    };
    format!("Basic {}", STANDARD.encode(format!("{client}:{secret}")))
}

async fn backend(
    sandbox: &Sandbox,
    client: &str,
    endpoint: &str,
    pairs: &[(&str, &str)],
) -> Answer {
    let basic = basic(client);
    let headers = [
        ("authorization", &*basic),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let url = format!("{}/{endpoint}", issuer());
    call(sandbox, "POST", &url, &headers, form(pairs)).await
}

async fn with_token(sandbox: &Sandbox, url: &str, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    call(
        sandbox,
        "GET",
        url,
        &[("authorization", &bearer)],
        String::new(),
    )
    .await
}

async fn resource(sandbox: &Sandbox, tokens: &Value) -> Answer {
    let url = format!("{}/resources/sso-ticket", issuer());
    with_token(sandbox, &url, tokens["access_token"].as_str().unwrap()).await
}

async fn protected(sandbox: &Sandbox, tokens: &Value) -> Answer {
    let url = format!("http://{HOST}/api/protected");
    with_token(sandbox, &url, tokens["access_token"].as_str().unwrap()).await
}

/// A buyer's browser at the arena's login, with what the client asks of it.
struct Buyer<'a>(Browser<'a>);

impl<'a> Buyer<'a> {
    fn new(sandbox: &'a Sandbox) -> Buyer<'a> {
        Buyer(Browser::at(sandbox, HOST))
    }

    async fn authorize(&mut self, client: &str, changes: &[(&str, &str)]) -> Answer {
        self.0
            .get(&format!(
                "/auth-login/oauth2/v3/arena/authorize?{}",
                request(client, changes)
            ))
            .await
    }

    async fn password(&mut self, led: &Answer, username: &str, password: &str) -> Answer {
        self.0.log_in(led, username, password).await
    }

    async fn otp(&mut self, led: &Answer, otp: &str) -> Answer {
        let page = self.0.get(led.location()).await;
        assert!(page.body.contains("airlock-otp"), "{page:?}");
        let csrf = page.hidden("csrf");
        self.0
            .post(led.location(), &[("csrf", &csrf), ("otp", otp)])
            .await
    }

    /// The weak flow, from the button to the tokens.
    async fn sign_in(&mut self, username: &str) -> Value {
        let led = self
            .authorize("weak-app", &[("acr_values", "weak-acr")])
            .await;
        let back = self.password(&led, username, "ticket").await;
        exchange(self.0.sandbox, "weak-app", &back).await.json()
    }

    /// The strong flow with a ticket, as far as the second factor.
    async fn step_up(&mut self, ticket: &str) -> Answer {
        let changes = [
            ("acr_values", "strong-acr"),
            ("prompt", "login"),
            ("login_hint", ticket),
        ];
        self.authorize("strong-app", &changes).await
    }

    /// What it shows: the page's mark.
    async fn shows(&mut self, led: &Answer, mark: &str) -> bool {
        let page = self.0.get(led.location()).await;
        page.body.contains(&format!("data-testid=\"{mark}\""))
    }

    /// The whole of it: weak, ticket, second factor, tokens of the strong client.
    async fn signed_up(&mut self, username: &str, faults: &[Fault]) -> Value {
        let weak = self.sign_in(username).await;
        self.0.sandbox.set_faults(faults.iter().copied());
        let ticket = ticket(self.0.sandbox, &weak).await;
        let led = self.step_up(&ticket).await;
        let back = self.otp(&led, "000000").await;
        exchange(self.0.sandbox, "strong-app", &back).await.json()
    }
}

fn request(client: &str, changes: &[(&str, &str)]) -> String {
    let mut parameters = vec![
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    parameters.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    parameters.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    form(&parameters)
}

async fn exchange(sandbox: &Sandbox, client: &str, back: &Answer) -> Answer {
    let redirected = back.redirected();
    let code = redirected
        .get("code")
        .unwrap_or_else(|| panic!("no code: {back:?}"));
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    backend(sandbox, client, "token", &pairs).await
}

async fn ticket(sandbox: &Sandbox, tokens: &Value) -> String {
    let answer = resource(sandbox, tokens).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["sso-ticket"].as_str().unwrap().to_owned()
}

fn challenge(answer: &Answer) -> &str {
    answer.headers["www-authenticate"].to_str().unwrap()
}

async fn push(sandbox: &Sandbox, changes: &[(&str, &str)]) -> Answer {
    let with_acr = [
        &[("acr_values", "strong-acr"), ("prompt", "login")],
        changes,
    ]
    .concat();
    let request = request("strong-app", &with_acr);
    let pairs: Vec<(String, String)> = form_urlencoded::parse(request.as_bytes())
        .into_owned()
        .collect();
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    backend(sandbox, "strong-app", "par", &pairs).await
}
