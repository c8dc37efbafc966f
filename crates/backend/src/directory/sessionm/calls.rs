//! Calls to SessionM: within a time-out, again after a while where that may help, and not before we may.

use std::{
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use admit_one_protocol::{
    Code,
    encoding::base64url,
    http::{HttpRequest, retry_after},
    sessionm::{Criterion, SessionMError, Tenant, User, Written, accept_lookup, accept_user},
};
use tokio::time::Instant;

use crate::{
    clock::Clock,
    failure::Failure,
    metrics::UpstreamCall,
    upstream::{Answer, Upstream},
};

pub(super) struct Calls {
    tenant: Tenant,
    upstream: Arc<Upstream>,
    clock: Clock,
    timeout: Duration,
    label: Arc<str>,
    /// Until when SessionM wants to hear nothing of us, milliseconds.
    quiet_until_ms: AtomicU64,
}

/// Why a call brought nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// SessionM said no; nothing was changed.
    Refused(SessionMError),
    /// SessionM wants us to wait; nothing was changed.
    Wait(u64),
    /// Nobody knows whether it did what it was asked.
    Doubtful(Failure),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(error) => Failure::new(error.code(), error.to_string()),
            Trouble::Wait(seconds) => {
                Failure::new(Code::DirectoryBusy, "SessionM asked us to wait")
                    .with_retry_after(seconds)
            }
            Trouble::Doubtful(failure) => failure,
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Without `Retry-After`, what a buyer is asked to wait once our own patience is over.
const WAIT_SECONDS: u64 = 5;
/// A proxy's mistake must not keep us quiet for days.
const LONGEST_WAIT: u64 = 600;

impl Calls {
    pub(super) fn new(
        tenant: Tenant,
        timeout_ms: u64,
        upstream: Arc<Upstream>,
        clock: Clock,
    ) -> Self {
        Self {
            tenant,
            upstream,
            clock,
            timeout: Duration::from_millis(timeout_ms),
            label: Arc::from("sessionm"),
            quiet_until_ms: AtomicU64::new(0),
        }
    }

    /// Whether the digits of this number are nobody else's in the form that the tenant writes.
    pub(super) fn tells_apart(&self, phone: &str) -> bool {
        self.tenant.numbers.tell_apart(phone)
    }

    pub(super) async fn retrieve(&self, user_id: &str) -> Result<Option<User>, Trouble> {
        let request = self.tenant.retrieve(user_id);
        found(self.user(UpstreamCall::Retrieve, request, Again::Yes).await)
    }

    pub(super) async fn retrieve_external(&self, id: &str) -> Result<Option<User>, Trouble> {
        let request = self.tenant.retrieve_external(id);
        found(self.user(UpstreamCall::Retrieve, request, Again::Yes).await)
    }

    /// The id of the one profile that a lookup finds.
    pub(super) async fn look_up(
        &self,
        criterion: Criterion<'_>,
    ) -> Result<Option<String>, Trouble> {
        let mut request_id = [0; 16];
        aws_lc_rs::rand::fill(&mut request_id)
            .map_err(|_| Trouble::Doubtful(Failure::new(Code::Internal, "no entropy")))?;
        let request = self.tenant.look_up(criterion, &base64url(request_id));
        found(
            self.send(UpstreamCall::Lookup, request, Again::Yes, accept_lookup)
                .await,
        )
    }

    /// Creates a profile; sent again only where SessionM has turned it away unread.
    pub(super) async fn create(&self, written: &Written<'_>) -> Result<User, Trouble> {
        let request = self.tenant.create(written);
        self.user(UpstreamCall::Create, request, Again::IfUnread)
            .await
    }

    /// Updates a profile; twice does what once does.
    pub(super) async fn update(&self, user: &User, written: &Written<'_>) -> Result<User, Trouble> {
        let request = self.tenant.update(user, written);
        self.user(UpstreamCall::Update, request, Again::Yes).await
    }

    async fn user(
        &self,
        call: UpstreamCall,
        request: HttpRequest,
        again: Again,
    ) -> Result<User, Trouble> {
        let accept = |status, body: &[u8]| accept_user(status, body, &self.tenant.numbers);
        self.send(call, request, again, accept).await
    }

    async fn send<T>(
        &self,
        call: UpstreamCall,
        request: HttpRequest,
        again: Again,
        accept: impl Fn(u16, &[u8]) -> Result<T, SessionMError>,
    ) -> Result<T, Trouble> {
        let until = Instant::now() + self.timeout;
        let mut pause = FIRST_PAUSE;
        loop {
            let now_ms = self.clock.now_ms();
            let quiet_until_ms = self.quiet_until_ms.load(Ordering::Relaxed);
            if now_ms < quiet_until_ms {
                let wait = Duration::from_millis(quiet_until_ms - now_ms);
                if Instant::now() + wait >= until {
                    return Err(Trouble::Wait(wait.as_millis().div_ceil(1000) as u64));
                }
                tokio::time::sleep(wait).await;
            }
            let left = until.saturating_duration_since(Instant::now());
            let sent = self
                .upstream
                .send_within(left, &self.label, call, request.clone())
                .await;
            let trouble = match sent {
                Err(failure) => Trouble::Doubtful(Failure {
                    code: Code::DirectoryUnavailable,
                    ..failure
                }),
                Ok(answer) => match accept(answer.status, &answer.body) {
                    Ok(accepted) => return Ok(accepted),
                    Err(SessionMError::Busy) => self.busy(&answer),
                    // Whether a creation that got this did nothing, isn't said.
                    Err(_) if answer.says_when() && again == Again::Yes => self.busy(&answer),
                    Err(error) => judged(error, again),
                },
            };
            let may_repeat = match &trouble {
                Trouble::Wait(_) => true,
                Trouble::Doubtful(_) => again == Again::Yes,
                Trouble::Refused(error) => error.is_passing() && again == Again::Yes,
            };
            if !may_repeat || Instant::now() + pause >= until {
                return Err(trouble);
            }
            // With `Retry-After` everybody waits, above; without it only this call does, a little longer each time.
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    fn busy(&self, answer: &Answer) -> Trouble {
        let asked = answer.retry_after.as_deref();
        match asked.and_then(|value| retry_after(value, self.clock.now())) {
            Some(seconds) => {
                let seconds = seconds.clamp(1, LONGEST_WAIT);
                self.quiet_until_ms
                    .fetch_max(self.clock.now_ms() + seconds * 1000, Ordering::Relaxed);
                Trouble::Wait(seconds)
            }
            None => Trouble::Wait(WAIT_SECONDS),
        }
    }
}

/// Whether a request may be sent again.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Again {
    Yes,
    /// Only if it certainly did nothing.
    IfUnread,
}

/// What isn't a clear no to a creation leaves a doubt.
fn judged(error: SessionMError, again: Again) -> Trouble {
    let clear = matches!(
        error,
        SessionMError::Refused(_)
            | SessionMError::Unauthorized(_)
            | SessionMError::NotFound
            | SessionMError::Several(_)
    );
    if clear || again == Again::Yes {
        Trouble::Refused(error)
    } else {
        Trouble::Doubtful(Failure::new(error.code(), error.to_string()))
    }
}

fn found<T>(outcome: Result<T, Trouble>) -> Result<Option<T>, Trouble> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(Trouble::Refused(SessionMError::NotFound)) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}
