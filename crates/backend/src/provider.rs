//! An identity provider at run time: its configuration, its metadata and its keys.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use admit_one_protocol::{
    Code,
    api::PublicProvider,
    discovery::{self, ProviderMetadata},
    encoding::base64url,
    http::HttpRequest,
    id_token::UnverifiedIdToken,
    jwk::{Jwk, JwkSet},
    token::ClientAuth,
};

use crate::{
    cached::Cached,
    clock::Clock,
    config::{Credential, ProviderConfig},
    failure::Failure,
    metrics::UpstreamCall,
    upstream::Upstream,
};

pub(crate) struct Provider {
    pub(crate) id: Arc<str>,
    pub(crate) config: ProviderConfig,
    pub(crate) redirect_uri: String,
    upstream: Arc<Upstream>,
    clock: Clock,
    ttl: Duration,
    metadata: Arc<Cached<ProviderMetadata>>,
    keys: Arc<Cached<JwkSet>>,
    refetches: Mutex<Refetches>,
}

impl Provider {
    pub(crate) fn new(
        config: ProviderConfig,
        public_url: &str,
        ttl: u64,
        upstream: Arc<Upstream>,
        clock: Clock,
    ) -> Arc<Self> {
        Arc::new(Self {
            id: Arc::from(config.id.as_str()),
            redirect_uri: format!("{public_url}{}", config.redirect_path),
            config,
            upstream,
            clock,
            ttl: Duration::from_secs(ttl),
            metadata: Cached::new(),
            keys: Cached::new(),
            refetches: Mutex::new(Refetches::new()),
        })
    }

    /// The provider's metadata (OpenID Connect Discovery section 4).
    pub(crate) async fn metadata(self: &Arc<Self>) -> Result<Arc<ProviderMetadata>, Failure> {
        let this = self.clone();
        self.metadata
            .load(self.ttl, async move { this.fetch_metadata().await })
            .await
    }

    /// The provider's keys, as last fetched.
    pub(crate) async fn keys(self: &Arc<Self>) -> Result<Arc<JwkSet>, Failure> {
        let this = self.clone();
        self.keys
            .load(self.ttl, async move { this.fetch_keys().await })
            .await
    }

    /// The keys that fit an ID token: an unknown `kid` has the set fetched again, at most once for this token.
    pub(crate) async fn keys_for(
        self: &Arc<Self>,
        id_token: &UnverifiedIdToken,
    ) -> Result<Vec<Jwk>, Failure> {
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
            match self.keys.reload(&set, self.fetch_keys()).await {
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
                discovery::well_known(&self.config.issuer),
                Code::DiscoveryInvalid,
            )
            .await?;
        Ok(ProviderMetadata::parse(&body, &self.config.issuer)?)
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
            url,
            headers,
            body: String::new(),
        };
        self.upstream
            .send(&self.id, call, request)
            .await?
            .document(refused)
    }

    /// What proves to the provider that we are its client (OpenID Connect Core section 9).
    pub(crate) fn client_auth(&self) -> Result<ClientAuth, Failure> {
        let client_id = &self.config.client_id;
        Ok(match &self.config.credential {
            Credential::Basic(secret) => ClientAuth::Basic {
                client_secret: secret.expose_str().to_owned(),
            },
            Credential::Post(secret) => ClientAuth::Post {
                client_secret: secret.expose_str().to_owned(),
            },
            Credential::Public => ClientAuth::None,
            Credential::Key(key) => {
                let now = self.clock.now();
                let mut jti = [0; 16];
                aws_lc_rs::rand::fill(&mut jti)
                    .map_err(|_| Failure::new(Code::Internal, "no entropy"))?;
                // The issuer as the only audience: a token endpoint's address could be another server's.
                let assertion = key.sign(&serde_json::json!({
                    "iss": client_id, "sub": client_id, "aud": self.config.issuer,
                    "jti": base64url(jti), "iat": now, "exp": now + 60,
                }))?;
                ClientAuth::PrivateKeyJwt { assertion }
            }
        })
    }

    /// What the page may know.
    pub(crate) fn public(&self) -> PublicProvider {
        let metadata = self.metadata.peek();
        let config = &self.config;
        PublicProvider {
            id: config.id.clone(),
            kind: "oidc".to_owned(),
            label: config.label.clone(),
            issuer: config.issuer.clone(),
            client_id: config.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            authorization_endpoint: metadata
                .as_ref()
                .map(|metadata| metadata.authorization_endpoint.clone()),
            trouble: metadata
                .is_none()
                .then(|| self.metadata.trouble())
                .flatten(),
            iss_required: metadata
                .is_some_and(|metadata| metadata.authorization_response_iss_parameter_supported),
            algs: config.algs.iter().map(ToString::to_string).collect(),
            scopes: config.scopes.clone(),
            acr_values: config.acr_values.clone(),
            max_age: config.max_age,
            prompt: config.prompt.clone(),
            ui_locales: config.ui_locales,
            extra: BTreeMap::clone(&config.extra),
        }
    }

    /// Whether the metadata is there already.
    pub(crate) fn is_known(&self) -> bool {
        self.metadata.peek().is_some()
    }
}

/// Strangers can't have us hammer a provider: five refetches at once, then one in ten seconds.
struct Refetches {
    left: u32,
    since: Instant,
}

const REFETCH_BURST: u32 = 5;
const REFETCH_EVERY: Duration = Duration::from_secs(10);

impl Refetches {
    fn new() -> Self {
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
