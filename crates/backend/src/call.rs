//! What every call of the browser goes through: limits, origin, body, proof; then the answer, one log line, one count.

use std::{
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use admit_one_protocol::{
    Actor, Code,
    api::{
        AuthenticateRequest, CompleteRequest, Custody, ExchangeRequest, GrantRequest,
        LandingRequest, ProfileRequest, RefreshRequest, SignOutRequest, StatusRequest,
        StepUpRequest, StepUpTaken,
    },
    encoding::base64url,
    handoff::{OpenRequest, SealRequest},
    proof::ProofExpectations,
};
use aws_lc_rs::digest;
use axum::{body::Body, extract::Request, response::Response};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt, Limited};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{runtime::Handle as Runtime, sync::OwnedSemaphorePermit};

use crate::{
    app::State,
    failure::Failure,
    handle::{Age, Handle, HandleError},
    limits,
    metrics::Step,
    proof::prove,
    provider::Provider,
};

/// Where a connection came from.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The request's id, in the log and in the answer.
#[derive(Clone)]
pub(crate) struct RequestId(pub(crate) Arc<str>);

impl RequestId {
    /// The id of a request, for its problem document.
    pub(crate) fn of(request: &Request) -> Option<String> {
        request
            .extensions()
            .get::<Self>()
            .map(|id| id.0.to_string())
    }
}

/// The cookie of `custody = "cookie"` (RFC 10017).
pub(crate) const COOKIE: &str = "__Host-admit-one";

/// The cookie of a step-up's session, until the browser has verified it.
const STRONG_COOKIE: &str = "__Host-admit-one-strong";

/// A body that may carry the handle.
pub(crate) trait Message: DeserializeOwned + Send {
    /// Whether the call needs a proof; one without has something else that only its caller knows.
    const PROVEN: bool = true;
    /// Where the handle is with `custody = "cookie"`.
    const COOKIE: &str = COOKIE;

    fn handle(&self) -> Option<&str> {
        None
    }
}

macro_rules! with_handle {
    ($($message:ty),*) => {$(
        impl Message for $message {
            fn handle(&self) -> Option<&str> {
                self.handle.as_deref()
            }
        }
    )*};
}

with_handle!(
    ExchangeRequest,
    RefreshRequest,
    SignOutRequest,
    ProfileRequest,
    CompleteRequest,
    GrantRequest,
    StepUpRequest,
    StatusRequest,
    SealRequest
);

impl Message for LandingRequest {}

impl Message for AuthenticateRequest {}

// The frame in a partner's page has no key: its storage isn't that of our pages.
impl Message for OpenRequest {
    const PROVEN: bool = false;
}

impl Message for StepUpTaken {
    const COOKIE: &str = STRONG_COOKIE;
}

/// A call whose proof was accepted.
pub(crate) struct Call {
    pub(crate) state: Arc<State>,
    /// The thumbprint of the browser's key; empty where the call needs no proof.
    pub(crate) jkt: String,
    /// The handle as it came.
    pub(crate) sealed: Option<String>,
    /// Where the browser is, as far as our proxies say.
    pub(crate) caller: IpAddr,
    user_agent: Option<HeaderValue>,
    provider: OnceLock<Arc<str>>,
    cookies: Mutex<Vec<HeaderValue>>,
}

impl Call {
    /// What the browser calls itself.
    pub(crate) fn user_agent(&self) -> &str {
        let text = self
            .user_agent
            .as_ref()
            .and_then(|value| value.to_str().ok());
        let text = text.unwrap_or_default();
        &text[..text.len().min(LONGEST_USER_AGENT)]
    }

    /// The handle, opened for the key that made the proof.
    pub(crate) fn handle(&self, age: Age) -> Result<Handle, Failure> {
        let sealed = self.sealed.as_deref().ok_or(HandleError::Missing)?;
        Ok(Handle::open(
            sealed,
            &self.state.sealer,
            &self.jkt,
            age,
            self.state.clock.now(),
        )?)
    }

    /// The handle's provider, for the log too.
    pub(crate) fn provider_of(&self, handle: &Handle) -> Result<Arc<Provider>, Failure> {
        match self.state.provider(&handle.provider) {
            Some(provider) if provider.issuer == handle.iss => Ok(self.names(provider)),
            _ => Err(Failure::new(
                Code::HandleProviderMismatch,
                "the handle's provider isn't configured (any more)",
            )),
        }
    }

    /// Notes the provider for the log and the metrics.
    pub(crate) fn names(&self, provider: &Arc<Provider>) -> Arc<Provider> {
        let _ = self.provider.set(provider.id.clone());
        provider.clone()
    }

    /// The provider that was noted.
    pub(crate) fn provider_id(&self) -> &str {
        self.provider.get().map_or("", |provider| provider)
    }

    /// Hands the handle to the browser: in the body, or as a cookie.
    pub(crate) fn deliver(
        &self,
        sealed: String,
        expires_at: u64,
    ) -> Result<Option<String>, Failure> {
        let left = expires_at.saturating_sub(self.state.clock.now());
        self.hand(COOKIE, sealed, left)
    }

    /// Hands the handle of a step-up to the browser: in the body, or as a cookie beside the session's, which stays until
    /// the browser has verified what came with it.
    pub(crate) fn offer(&self, sealed: String) -> Result<Option<String>, Failure> {
        self.hand(STRONG_COOKIE, sealed, OFFERED_FOR)
    }

    fn hand(&self, name: &str, sealed: String, seconds: u64) -> Result<Option<String>, Failure> {
        if self.state.config.custody != Custody::Cookie {
            return Ok(Some(sealed));
        }
        let length = name.len() + sealed.len();
        if length > LONGEST_COOKIE {
            return Err(Failure::new(
                Code::Internal,
                format!(
                    "a cookie of {length} bytes, more than browsers keep: the provider's tokens are too long for `custody = \"cookie\"`"
                ),
            ));
        }
        self.set_cookie(name, &sealed, seconds);
        Ok(None)
    }

    /// Has the browser forget what [`Call::offer`] has handed to it as a cookie.
    pub(crate) fn withdraw(&self) {
        self.set_cookie(STRONG_COOKIE, "", 0);
    }

    fn set_cookie(&self, name: &str, value: &str, seconds: u64) {
        if let Ok(cookie) = HeaderValue::try_from(written_cookie(name, value, seconds)) {
            let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
            cookies.push(cookie);
        }
    }

    fn take_cookies(&self) -> Vec<HeaderValue> {
        std::mem::take(&mut *self.cookies.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has the browser forget the cookies.
    pub(crate) fn forget(&self) {
        if self.state.config.custody == Custody::Cookie {
            self.set_cookie(COOKIE, "", 0);
            self.withdraw();
        }
    }
}

/// Answers one call; `act` is what is particular to it.
pub(crate) async fn answer<M, A: Serialize, F>(
    state: Arc<State>,
    step: Step,
    request: Request,
    act: impl FnOnce(Arc<Call>, M) -> F + Send + 'static,
) -> Response
where
    M: Message + 'static,
    F: Future<Output = Result<A, Failure>> + Send + 'static,
{
    let since = Instant::now();
    let id = request
        .extensions()
        .get::<RequestId>()
        .map(|id| id.0.clone())
        .unwrap_or_default();
    let noted = id.clone();
    let (outcome, cookies) = match accept::<M>(&state, request).await {
        Ok((call, message, place)) => {
            Ongoing(Some(Box::pin(async move {
                let _place = place;
                // Made in the box: made outside, it would be moved there.
                let outcome = act(call.clone(), message).await;
                let outcome = outcome.and_then(|answer| written(&answer));
                let failure = outcome.as_ref().err();
                note(
                    &call.state,
                    &noted,
                    step,
                    call.provider.get(),
                    since,
                    failure,
                );
                (outcome, call.take_cookies())
            })))
            .await
        }
        Err(failure) => {
            note(&state, &noted, step, None, since, Some(&failure));
            (Err(failure), Vec::new())
        }
    };
    let mut response = match outcome {
        Ok(body) => json(body),
        Err(failure) => failure.into_problem(Some(id.to_string())),
    };
    let headers = response.headers_mut();
    headers.insert(
        "dpop-nonce",
        state.nonces.current(&state.sealer, state.clock.now_ms()),
    );
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// Whether a call is one that we act upon: the call, its body, and its place.
async fn accept<M: Message>(
    state: &Arc<State>,
    request: Request,
) -> Result<(Arc<Call>, M, OwnedSemaphorePermit), Failure> {
    let caller = state.admit(&request)?;
    let (parts, body) = request.into_parts();
    let ours = HeaderValue::from_str(&state.config.public_url).ok();
    if parts.headers.get(header::ORIGIN) != ours.as_ref() {
        return Err(Failure::new(Code::OriginNotAllowed, "`Origin` isn't ours"));
    }
    if parts
        .headers
        .get("x-admit-one")
        .is_none_or(|value| value != "1")
    {
        return Err(Failure::new(Code::HeaderMissing, "no `X-Admit-One: 1`"));
    }
    let message: M = read(body, state.config.limits.max_body).await?;
    // Not before the body is there: who dawdles over theirs takes nobody's place.
    let place = state.in_flight.enter().ok_or_else(|| {
        Failure::new(
            Code::RateLimited,
            "`limits.max_in_flight` calls are under way",
        )
        .with_retry_after(1)
    })?;
    let (sealed, ath) = match state.config.custody {
        Custody::Cookie => (cookie(&parts.headers, M::COOKIE).map(str::to_owned), None),
        _ => {
            let sealed = message.handle().map(str::to_owned);
            let ath = sealed.as_ref().map(|sealed| {
                base64url(digest::digest(&digest::SHA256, sealed.as_bytes()).as_ref())
            });
            (sealed, ath)
        }
    };
    let url = format!("{}{}", state.config.public_url, parts.uri.path());
    let expected = ProofExpectations {
        method: parts.method.as_str(),
        url: &url,
        ath: ath.as_deref(),
    };
    let jkt = if M::PROVEN {
        prove(state, &parts.headers, expected).await?
    } else {
        String::new()
    };
    let call = Arc::new(Call {
        state: state.clone(),
        jkt,
        sealed,
        caller,
        user_agent: parts.headers.get(header::USER_AGENT).cloned(),
        provider: OnceLock::new(),
        cookies: Mutex::default(),
    });
    Ok((call, message, place))
}

fn written(answer: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::with_capacity(ROOM_FOR_TOKENS);
    serde_json::to_writer(&mut body, answer)
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    Ok(body)
}

/// What is particular to a call. It goes on by itself when the caller has gone, since what is half done would be a riddle:
/// a code that is used, an answer that nobody has. It keeps its place until then, and is logged and counted; while somebody
/// waits, it costs no task. On the heap, since it is large and would be moved with every layer around it.
struct Ongoing<F: Future<Output: Send> + Send + 'static>(Option<Pin<Box<F>>>);

impl<F: Future<Output: Send> + Send + 'static> Future for Ongoing<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(acting) = &mut self.0 else {
            return Poll::Pending;
        };
        let outcome = acting.as_mut().poll(context);
        if outcome.is_ready() {
            self.0 = None;
        }
        outcome
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for Ongoing<F> {
    fn drop(&mut self) {
        if let (Some(acting), Ok(runtime)) = (self.0.take(), Runtime::try_current()) {
            runtime.spawn(acting);
        }
    }
}

impl State {
    /// Counts a call of an address, and says which.
    pub(crate) fn admit(&self, request: &Request) -> Result<IpAddr, Failure> {
        let peer = request.extensions().get::<Peer>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
        let proxies = &self.config.trusted_proxies;
        if request.headers().contains_key(limits::FORWARDED_FOR)
            && !proxies.iter().any(|network| network.contains(peer))
        {
            // It may be a stranger's; but where it is our proxy's, all buyers share its limits.
            self.strange_proxy.call_once(|| {
                tracing::warn!(%peer, "`X-Forwarded-For` isn't believed, since `server.trusted_proxies` doesn't have who sends it");
            });
        }
        let caller = limits::caller(peer, request.headers(), proxies);
        self.rate.take(caller).map_err(|seconds| {
            Failure::new(
                Code::RateLimited,
                "`limits.per_minute` calls came from this address",
            )
            .with_retry_after(seconds)
        })?;
        Ok(caller)
    }
}

/// Where an answer with tokens is written without being moved, bytes.
const ROOM_FOR_TOKENS: usize = 4096;

/// Providers are told no more of a `User-Agent`; `to_str` lets ASCII alone through.
const LONGEST_USER_AGENT: usize = 512;

/// As long as the answer of the exchange is kept for a retry, seconds.
const OFFERED_FOR: u64 = 60;
/// Name and value; browsers drop a longer one without a word (RFC 6265bis section 5.6).
const LONGEST_COOKIE: usize = 4096;

async fn read<M: Message>(body: Body, max: usize) -> Result<M, Failure> {
    let body = tokio::time::timeout(BODY_WITHIN, Limited::new(body, max).collect())
        .await
        .map_err(|_| Failure::new(Code::RequestMalformed, "the body didn't arrive in time"))?
        .map_err(
            |error| match error.downcast_ref::<http_body_util::LengthLimitError>() {
                Some(_) => Failure::new(
                    Code::RequestTooLarge,
                    "the body is longer than `limits.max_body`",
                ),
                None => Failure::new(Code::RequestMalformed, "the body broke off"),
            },
        )?;
    // serde's message can quote the body, which holds codes and tokens: its place must do.
    serde_json::from_slice(&body.to_bytes()).map_err(|error| {
        Failure::new(
            Code::RequestMalformed,
            format!(
                "the body is wrong at line {} column {}",
                error.line(),
                error.column()
            ),
        )
    })
}

/// How many headers an answer has when it leaves.
const MOST_HEADERS: usize = 14;

const BODY_WITHIN: Duration = Duration::from_secs(10);

fn written_cookie(name: &str, value: &str, seconds: u64) -> String {
    format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict")
}

/// The value of a cookie. What others have set beside it may be of any bytes.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| str::from_utf8(pair).ok()?.trim().split_once('='))
        .find(|(own, value)| *own == name && !value.is_empty())
        .map(|(_, value)| value)
}

fn json(body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.reserve(MOST_HEADERS);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// One line, one count.
pub(crate) fn note(
    state: &State,
    id: &str,
    step: Step,
    provider: Option<&Arc<str>>,
    since: Instant,
    failure: Option<&Failure>,
) {
    log(id, step, provider, since, failure);
    let outcome = failure.map_or("ok", |failure| failure.code.as_str());
    state.metrics.call(provider, step, outcome, since);
}

fn log(
    id: &str,
    step: Step,
    provider: Option<&Arc<str>>,
    since: Instant,
    failure: Option<&Failure>,
) {
    let ms = since.elapsed().as_micros() as f64 / 1000.0;
    let provider = provider.map_or("", |provider| provider);
    let step = step.as_str();
    let Some(Failure { code, cause, .. }) = failure else {
        tracing::info!(request_id = id, step, provider, ms, "ok");
        return;
    };
    // What whoever reads this can do about it; what a buyer does, the buyer reads.
    let advice = (code.actor() == Actor::Operator).then(|| code.advice());
    let (status, code) = (code.status(), code.as_str());
    if status >= 500 {
        tracing::error!(request_id = id, step, provider, ms, code, cause = %cause, advice, "failed");
    } else {
        tracing::warn!(request_id = id, step, provider, ms, code, cause = %cause, advice, "refused");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Names of others that are nearly ours, and their values of any bytes that a header can have.
    fn others() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let name = prop_oneof![
            Just("__Host-admit-one-strong".to_owned()),
            Just("__host-admit-one".to_owned()),
            Just("x__Host-admit-one".to_owned()),
            Just("__Host-admit-one ".to_owned()),
            Just(String::new()),
            "[a-zA-Z_-]{1,8}",
        ];
        let bytes = prop_oneof![b'\x20'..b';', b'<'..=b'\x7e', 0x80..=0xff_u8];
        let value = proptest::collection::vec(bytes, 0..12);
        let pair = (name, value).prop_map(|(name, value)| [name.as_bytes(), b"=", &value].concat());
        proptest::collection::vec(pair, 0..5)
    }

    fn headers(values: &[Vec<u8>]) -> HeaderMap {
        let values = values.iter().map(|value| HeaderValue::from_bytes(value));
        values
            .map(|value| (header::COOKIE, value.unwrap()))
            .collect()
    }

    proptest! {
        #[test]
        fn a_cookie_that_was_written_is_read_back_whatever_stands_beside_it(
            value in "[A-Za-z0-9_.=-]{1,40}", seconds: u64, before in others(), after in others(), together: bool,
        ) {
            let written = written_cookie(COOKIE, &value, seconds);
            let sent = written.split(';').next().unwrap().as_bytes().to_vec();
            let all = [before, vec![sent], after].concat();
            let all = if together { vec![all.join(&b"; "[..])] } else { all };
            let all = headers(&all);
            prop_assert_eq!(cookie(&all, COOKIE), Some(&*value));
        }

        #[test]
        fn the_cookies_of_others_are_none_of_ours(all in others()) {
            let all = headers(&[all.join(&b"; "[..])]);
            prop_assert_eq!(cookie(&all, COOKIE), None);
        }

        #[test]
        fn whatever_is_sent_as_cookies_is_read_without_panic(
            all in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            name in "[a-z=; ]{0,3}",
        ) {
            let fit = |value: &Vec<u8>| HeaderValue::from_bytes(value).is_ok();
            let all: Vec<_> = all.into_iter().filter(fit).collect();
            let sent = headers(&all);
            if let Some(value) = cookie(&sent, &name) {
                prop_assert!(!value.is_empty());
                let pair = format!("{name}={value}").into_bytes();
                let is_there = |all: &Vec<u8>| all.windows(pair.len()).any(|part| part == pair);
                prop_assert!(all.iter().any(is_there));
            }
        }
    }
}
