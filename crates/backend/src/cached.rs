//! A document of a provider, kept: fetched once at a time, refreshed behind the caller's back, served stale rather than not.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;

use admit_one_protocol::Code;

use crate::failure::Failure;

pub(crate) struct Cached<T> {
    entry: ArcSwapOption<Entry<T>>,
    gate: Arc<tokio::sync::Mutex<()>>,
    failed: Mutex<Option<(Instant, Failure)>>,
}

struct Entry<T> {
    value: Arc<T>,
    at: Instant,
}

/// How long a failed fetch answers for those that come after it.
const FAILED_FOR: Duration = Duration::from_secs(1);
/// How long a stale document is served before the next try.
const STALE_FOR: Duration = Duration::from_secs(5);

impl<T: Send + Sync + 'static> Cached<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            entry: ArcSwapOption::empty(),
            gate: Arc::default(),
            failed: Mutex::new(None),
        })
    }

    /// What is there now, however old.
    pub(crate) fn peek(&self) -> Option<Arc<T>> {
        self.entry.load().as_ref().map(|entry| entry.value.clone())
    }

    /// Why the last fetch failed, if it did.
    pub(crate) fn trouble(&self) -> Option<Code> {
        self.recent_failure(Duration::MAX)
            .map(|failure| failure.code)
    }

    /// The document; `fetch` runs only when it is needed.
    pub(crate) async fn load<F>(
        self: &Arc<Self>,
        ttl: Duration,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, Failure>
    where
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        if let Some(entry) = self.entry.load_full() {
            if entry.at.elapsed() >= ttl && self.recent_failure(STALE_FOR).is_none() {
                self.refresh_behind(fetch());
            }
            return Ok(entry.value.clone());
        }
        let _turn = self.gate.lock().await;
        if let Some(value) = self.peek() {
            return Ok(value);
        }
        if let Some(failure) = self.recent_failure(FAILED_FOR) {
            return Err(failure);
        }
        // On the heap: every call would carry the room that it takes, and hardly any needs it.
        Box::pin(self.fetch(fetch())).await
    }

    /// A newer document than `seen`, fetched unless somebody else just did.
    pub(crate) async fn reload<F>(&self, seen: &Arc<T>, fetch: F) -> Result<Arc<T>, Failure>
    where
        F: Future<Output = Result<T, Failure>> + Send,
    {
        let _turn = self.gate.lock().await;
        match self.peek() {
            Some(value) if !Arc::ptr_eq(&value, seen) => Ok(value),
            _ => Box::pin(self.fetch(fetch)).await,
        }
    }

    fn refresh_behind<F>(self: &Arc<Self>, fetch: F)
    where
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let Ok(turn) = self.gate.clone().try_lock_owned() else {
            return;
        };
        let this = self.clone();
        tokio::spawn(async move {
            if let Err(failure) = this.fetch(fetch).await {
                tracing::warn!(code = %failure.code, cause = %failure.cause, "a provider's document stays as it was");
            }
            drop(turn);
        });
    }

    async fn fetch(
        &self,
        fetch: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Arc<T>, Failure> {
        let outcome = fetch.await.map(Arc::new);
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match &outcome {
            Ok(value) => {
                self.entry.store(Some(Arc::new(Entry {
                    value: value.clone(),
                    at: Instant::now(),
                })));
                *failed = None;
            }
            Err(failure) => *failed = Some((Instant::now(), failure.clone())),
        }
        outcome
    }

    fn recent_failure(&self, within: Duration) -> Option<Failure> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed
            .as_ref()
            .filter(|(at, _)| at.elapsed() < within)
            .map(|(_, failure)| failure.clone())
    }
}
