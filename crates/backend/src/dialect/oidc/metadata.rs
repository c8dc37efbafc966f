//! What a provider says of itself: its metadata and its keys, fetched when they are needed and kept for a while.

use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use admit_one_protocol::{
    Code,
    discovery::{self, ProviderMetadata},
    http::HttpRequest,
    id_token::UnverifiedIdToken,
    jwk::{Jwk, JwkSet},
};

use super::Oidc;
use crate::{failure::Failure, metrics::UpstreamCall};

impl Oidc {
    /// Fetches metadata and keys.
    pub(in crate::dialect) async fn meet(self: &Arc<Self>) -> Result<(), Failure> {
        self.keys().await.map(drop)
    }

    /// Whether the metadata is there already.
    pub(in crate::dialect) fn is_known(&self) -> bool {
        self.metadata.peek().is_some()
    }

    /// The provider's metadata (OpenID Connect Discovery section 4).
    pub(super) async fn metadata(self: &Arc<Self>) -> Result<Arc<ProviderMetadata>, Failure> {
        let fetch = || {
            let this = self.clone();
            async move { this.fetch_metadata().await }
        };
        self.metadata.load(self.ttl, fetch).await
    }

    /// The provider's keys, as last fetched.
    pub(super) async fn keys(self: &Arc<Self>) -> Result<Arc<JwkSet>, Failure> {
        let fetch = || {
            let this = self.clone();
            async move { this.fetch_keys().await }
        };
        self.keys.load(self.ttl, fetch).await
    }

    /// The keys that fit an ID token: an unknown `kid` has the set fetched again, at most once for this token.
    pub(super) async fn keys_for(
        self: &Arc<Self>,
        id_token: &UnverifiedIdToken,
    ) -> Result<Vec<Arc<Jwk>>, Failure> {
        let set = self.keys().await?;
        let found = set.candidates(id_token.alg(), id_token.kid());
        // A token that names no key fits old keys as well as new ones: those are fetched as often as strangers may have them.
        let is_known = !found.is_empty() && id_token.kid().is_some();
        let may_refetch = || {
            let mut refetches = self
                .refetches
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            refetches.take(Instant::now())
        };
        let found = if is_known || !may_refetch() {
            found
        } else {
            match self.keys.reload(&set, Box::pin(self.fetch_keys())).await {
                Ok(set) => set.candidates(id_token.alg(), id_token.kid()),
                Err(_) if !found.is_empty() => found,
                Err(failure) => return Err(failure),
            }
        };
        if found.is_empty() {
            return Err(Failure::new(
                Code::IdTokenKeyUnknown,
                "no key fits the ID token's `kid` and `alg`",
            ));
        }
        Ok(found)
    }

    async fn fetch_metadata(&self) -> Result<ProviderMetadata, Failure> {
        let body = self
            .fetch(
                UpstreamCall::Discovery,
                self.config
                    .metadata_url
                    .clone()
                    .unwrap_or_else(|| discovery::well_known(&self.common.issuer)),
                Code::DiscoveryInvalid,
            )
            .await?;
        Ok(ProviderMetadata::parse(&body, &self.common.issuer)?)
    }

    async fn fetch_keys(self: &Arc<Self>) -> Result<JwkSet, Failure> {
        let metadata = self.metadata().await?;
        let body = self
            .fetch(
                UpstreamCall::Keys,
                metadata.jwks_uri.clone(),
                Code::JwksInvalid,
            )
            .await?;
        Ok(JwkSet::parse(&body)?)
    }

    async fn fetch(
        &self,
        call: UpstreamCall,
        url: String,
        refused: Code,
    ) -> Result<bytes::Bytes, Failure> {
        let headers = vec![("accept".to_owned(), "application/json".to_owned())];
        let request = HttpRequest {
            method: "GET",
            url: url.clone(),
            headers,
            body: String::new(),
        };
        let answer = self.upstream.send(&self.common.id, call, request).await;
        answer
            .and_then(|answer| answer.document(refused))
            .map_err(|failure| failure.asking(&url))
    }
}

/// Strangers can't have us hammer a provider: five refetches at once, then one in ten seconds.
pub(super) struct Refetches {
    left: u32,
    since: Instant,
}

const REFETCH_BURST: u32 = 5;
const REFETCH_EVERY: Duration = Duration::from_secs(10);

impl Refetches {
    pub(super) fn new() -> Self {
        Self {
            left: REFETCH_BURST,
            since: Instant::now(),
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.since).as_secs() / REFETCH_EVERY.as_secs();
        if earned > 0 {
            self.left = REFETCH_BURST.min(
                self.left
                    .saturating_add(u32::try_from(earned).unwrap_or(REFETCH_BURST)),
            );
            self.since = now;
        }
        self.left
            .checked_sub(1)
            .inspect(|left| self.left = *left)
            .is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refetches_are_rationed() {
        let mut refetches = Refetches::new();
        let now = Instant::now();
        assert_eq!((0..8).filter(|_| refetches.take(now)).count(), 5);
        assert!(refetches.take(now + REFETCH_EVERY));
        assert!(!refetches.take(now + REFETCH_EVERY));
    }
}
