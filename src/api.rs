//! The only file that sends HTTP: the calls to our own backend, and nobody else.

use admit_one_protocol::{
    Code,
    api::{
        AuthenticateRequest, CompleteRequest, ExchangeRequest, GrantRequest, GrantResponse,
        LandingRequest, Problem, ProfileRequest, ProfileResponse, PublicConfiguration,
        RefreshRequest, SessionResponse, SignOutRequest, SignOutResponse, StatusRequest,
        StepUpRequest, StepUpResponse, StepUpTaken, TokensResponse,
    },
    handoff::{SealRequest, SealResponse},
    step_up::StepUp,
};
use js_sys::{Array, Promise};
use reqwasm::http::{Method, Request, Response};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::{browser, failure::Failure};

/// `GET /v1/configuration`: what the data block says, for a page that has none or an old one.
pub async fn configuration(lang: Option<&str>) -> Result<PublicConfiguration, Failure> {
    let lang = lang
        .map(|lang| format!("?lang={}", browser::encoded(lang)))
        .unwrap_or_default();
    let request = Request::get(&format!("/v1/configuration{lang}"));
    // Whatever is wrong with it, there is only one thing to do: to ask again.
    let answer = settled(request).await?;
    if answer.status == 200 {
        parsed(&answer.text)
    } else {
        Err(refusal(answer.status))
    }
}

/// `POST /v1/exchange`.
pub async fn exchange(body: &ExchangeRequest) -> Result<TokensResponse, Failure> {
    post("/v1/exchange", body.handle.as_deref(), body).await
}

/// The exchange that `early.js` has sent: `None` where it sent none. A nonce that was too old is the caller's to repeat.
pub async fn early_exchange() -> Option<Result<TokensResponse, Failure>> {
    let exchange = browser::boot_exchange()?;
    let racing = Promise::race(
        &Array::of2(&exchange, &browser::timer(TIMEOUT_MS)).unchecked_into::<Array>(),
    );
    match JsFuture::from(racing.unchecked_into::<Promise>()).await {
        Ok(value) => Some(match value.dyn_into::<web_sys::Response>() {
            Ok(response) => read(Response::from_raw(response))
                .await
                .and_then(judged)
                .and_then(|text| parsed(&text)),
            Err(_) => Err(Failure::new(Code::Offline).with_detail("no answer in time")),
        }),
        Err(error) => Some(Err(unreachable(&error))),
    }
}

/// `POST /v1/refresh`.
pub async fn refresh(body: &RefreshRequest) -> Result<TokensResponse, Failure> {
    post("/v1/refresh", body.handle.as_deref(), body).await
}

/// `POST /v1/sign-out`.
pub async fn sign_out(body: &SignOutRequest) -> Result<SignOutResponse, Failure> {
    post("/v1/sign-out", body.handle.as_deref(), body).await
}

/// `POST /v1/profile`: sync.
pub async fn profile(body: &ProfileRequest) -> Result<ProfileResponse, Failure> {
    post("/v1/profile", body.handle.as_deref(), body).await
}

/// `PUT /v1/profile`: complete.
pub async fn complete(body: &CompleteRequest) -> Result<ProfileResponse, Failure> {
    let text = send(
        Method::PUT,
        "/v1/profile",
        body.handle.as_deref(),
        written(body)?,
    )
    .await?;
    parsed(&text)
}

/// `POST /v1/grant`.
pub async fn grant(body: &GrantRequest) -> Result<GrantResponse, Failure> {
    post("/v1/grant", body.handle.as_deref(), body).await
}

/// `POST /v1/handoff/seal`.
pub async fn seal(body: &SealRequest) -> Result<SealResponse, Failure> {
    post("/v1/handoff/seal", body.handle.as_deref(), body).await
}

/// `POST /v1/step-up`.
pub async fn step_up(body: &StepUpRequest) -> Result<StepUpResponse, Failure> {
    post("/v1/step-up", body.handle.as_deref(), body).await
}

/// `PUT /v1/step-up`: the session of the step-up takes the place of the one before, where the handle is a cookie.
pub async fn take_step_up() -> Result<(), Failure> {
    let body = written(&StepUpTaken {})?;
    send(Method::PUT, "/v1/step-up", None, body).await?;
    Ok(())
}

/// `POST /v1/sso2/{provider}/landing`.
pub async fn landing(provider: &str, body: &LandingRequest) -> Result<SessionResponse, Failure> {
    post(&sso2(provider, "landing"), None, body).await
}

/// `POST /v1/sso2/{provider}/authenticate`.
pub async fn authenticate(
    provider: &str,
    body: &AuthenticateRequest,
) -> Result<SessionResponse, Failure> {
    post(&sso2(provider, "authenticate"), None, body).await
}

/// `POST /v1/sso2/{provider}/status`.
pub async fn status(provider: &str, body: &StatusRequest) -> Result<SessionResponse, Failure> {
    post(&sso2(provider, "status"), body.handle.as_deref(), body).await
}

fn sso2(provider: &str, operation: &str) -> String {
    ["/v1/sso2/", provider, "/", operation].concat()
}

async fn post<B: Serialize, A: DeserializeOwned>(
    path: &str,
    handle: Option<&str>,
    body: &B,
) -> Result<A, Failure> {
    let text = send(Method::POST, path, handle, written(body)?).await?;
    parsed(&text)
}

/// Sends a call with its proof; once more where the nonce was too old (RFC 9449 section 8).
async fn send(
    method: Method,
    path: &str,
    handle: Option<&str>,
    body: String,
) -> Result<String, Failure> {
    let mut again = true;
    loop {
        let proof = browser::proof(&method.to_string(), path, handle)
            .await
            .map_err(|error| {
                browser::complain("no proof could be signed", &error);
                Failure::new(Code::CryptoUnavailable)
            })?;
        let request = Request::new(path)
            .method(method)
            .header("Content-Type", "application/json")
            .header("X-Admit-One", "1")
            .header("DPoP", &proof)
            .body(body.as_str());
        match settled(request).await.and_then(judged) {
            Ok(text) => return Ok(text),
            Err(failure) if failure.code == Code::ProofNonce && again => again = false,
            Err(failure) => return Err(failure),
        }
    }
}

/// Sends a request that ends, one way or another.
async fn settled(request: Request) -> Result<Answer, Failure> {
    let abort = web_sys::AbortController::new().ok();
    let signal = abort.as_ref().map(web_sys::AbortController::signal);
    if let Some(abort) = abort {
        browser::spawn(async move {
            browser::sleep(TIMEOUT_MS).await;
            abort.abort();
        });
    }
    let response = request.abort_signal(signal.as_ref()).send().await;
    read(response.map_err(|error| Failure::new(Code::Offline).with_detail(error))?).await
}

/// An answer, read whole.
struct Answer {
    status: u16,
    text: String,
    /// What a refused call demands.
    challenge: Option<String>,
}

/// Reads an answer.
async fn read(response: Response) -> Result<Answer, Failure> {
    if let Some(nonce) = response.headers().get("DPoP-Nonce") {
        browser::set_boot_nonce(&nonce);
    }
    // Not `Response::text`, which panics where the connection ends in the middle of the body.
    let reading = response
        .as_raw()
        .text()
        .map_err(|error| unreachable(&error))?;
    let text = JsFuture::from(reading.unchecked_into::<Promise>())
        .await
        .map_err(|error| unreachable(&error))?;
    Ok(Answer {
        status: response.status(),
        text: text.as_string().unwrap_or_default(),
        challenge: response.headers().get("WWW-Authenticate"),
    })
}

/// The text of a success; a problem document as the failure that it is.
fn judged(answer: Answer) -> Result<String, Failure> {
    if (200..300).contains(&answer.status) {
        return Ok(answer.text);
    }
    let problem = serde_json::from_slice::<Problem>(answer.text.as_bytes());
    let failure = problem.map_or_else(|_| refusal(answer.status), Failure::from);
    Err(Failure {
        step_up: answer
            .challenge
            .and_then(|header| StepUp::from_challenge(&header)),
        ..failure
    })
}

/// A proxy in between answers in its own words.
fn refusal(status: u16) -> Failure {
    Failure::new(Code::Internal).with_detail(format!("HTTP {status}"))
}

fn unreachable(error: &wasm_bindgen::JsValue) -> Failure {
    browser::complain("the backend can't be reached", error);
    Failure::new(Code::Offline)
}

fn written<B: Serialize>(body: &B) -> Result<String, Failure> {
    serde_json::to_string(body).map_err(|error| Failure::new(Code::Internal).with_detail(error))
}

fn parsed<A: DeserializeOwned>(text: &str) -> Result<A, Failure> {
    serde_json::from_slice(text.as_bytes())
        .map_err(|error| Failure::new(Code::Internal).with_detail(error))
}

/// Longer than the backend waits for a provider by default.
const TIMEOUT_MS: u32 = 25_000;
