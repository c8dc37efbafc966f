//! The application: what every call shares, and the routes.

use std::sync::{Arc, Once};

use admit_one_protocol::{
    api::{PublicConfiguration, PublicProvider},
    handoff::LIFETIME_MS,
};
use axum::{Router, extract::Request, response::Response, routing::get};
use tower::Service;

use crate::{
    answers::Answers,
    clock::Clock,
    config::{Config, DirectoryConfig},
    database,
    dialect::{Exchanged, Refreshed},
    directory::{Directory, contacts::Contacts, sessionm::SessionM},
    language::Language,
    limits::{InFlight, Rate},
    metrics::Metrics,
    nonce::Nonces,
    pages::Pages,
    proof::{SKEW_MS, Signatures},
    provider::Provider,
    replay::Replays,
    revocations::Revocations,
    seal::Sealer,
    upstream::Upstream,
};

/// What every call shares.
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) sealer: Sealer,
    pub(crate) signatures: Arc<Signatures>,
    pub(crate) replays: Replays,
    pub(crate) nonces: Nonces,
    pub(crate) rate: Rate,
    pub(crate) passwords: Rate,
    pub(crate) handoffs: Replays,
    pub(crate) in_flight: InFlight,
    /// Said once: a proxy that isn't believed.
    pub(crate) strange_proxy: Once,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) providers: Vec<Arc<Provider>>,
    pub(crate) directory: Option<Directory>,
    pub(crate) revocations: Revocations,
    pub(crate) exchanges: Arc<Answers<Exchanged>>,
    pub(crate) refreshes: Arc<Answers<Refreshed>>,
    pub(crate) pages: Pages,
}

impl State {
    pub(crate) fn provider(&self, id: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| &*provider.id == id)
    }

    /// What the page may know, now.
    pub(crate) fn configuration(&self, language: Language) -> PublicConfiguration {
        let config = &self.config;
        let mut messages = language.messages().clone();
        if let Some(name) = &config.brand.name {
            messages.insert("app.name".to_owned(), name.in_language(language));
        }
        PublicConfiguration {
            nonce: self.sealer.stamp(self.clock.now_ms()),
            time: self.clock.now(),
            lang: language.as_str().to_owned(),
            messages: messages.into_iter().collect(),
            custody: config.custody,
            cookie_mirror: config.cookie_mirror.clone(),
            providers: self
                .providers
                .iter()
                .map(|provider| PublicProvider {
                    label: provider.label.in_language(language),
                    ..provider.dialect.public()
                })
                .collect(),
            profile_later: config.later,
            directory: self.directory.is_some(),
            shop: config
                .shop
                .as_ref()
                .map(|shop| admit_one_protocol::api::PublicShop {
                    label: shop.label.in_language(language),
                    origins: shop.origins.clone(),
                }),
            support_url: config.support_url.clone(),
        }
    }

    /// Gives providers that aren't known yet a moment to answer.
    pub(crate) async fn meet_providers(&self, within: std::time::Duration) {
        let unknown = self
            .providers
            .iter()
            .filter(|provider| !provider.dialect.is_known());
        let mut meeting: tokio::task::JoinSet<()> = unknown
            .map(|provider| {
                let provider = provider.clone();
                async move {
                    let _ = provider.dialect.meet().await;
                }
            })
            .collect();
        if !meeting.is_empty() {
            let _ = tokio::time::timeout(within, async {
                while meeting.join_next().await.is_some() {}
            })
            .await;
            // What takes longer goes on behind the page.
            meeting.detach_all();
        }
    }
}

/// Why the backend doesn't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A seal key can't be used.
    #[error(transparent)]
    Seal(#[from] crate::seal::SealKeyError),
    /// TLS can't be set up.
    #[error(transparent)]
    Tls(#[from] crate::upstream::TlsError),
    /// The database can't be used.
    #[error(transparent)]
    Database(#[from] crate::database::DatabaseError),
}

/// The backend, ready to answer.
#[derive(Clone)]
pub struct App {
    pub(crate) state: Arc<State>,
    router: Router,
}

fn router(state: Arc<State>) -> Router {
    Router::new()
        .merge(crate::v1::router())
        .merge(crate::operations::router())
        .route("/", get(crate::pages::sign_in))
        .route("/callback/{provider}", get(crate::pages::callback))
        .route("/landing/{provider}", get(crate::pages::landing))
        .route("/profile", get(crate::pages::profile))
        .route("/account", get(crate::pages::account))
        .route("/signed-out", get(crate::pages::signed_out))
        .route("/widget", get(crate::pages::widget::page))
        .route("/widget/frame", get(crate::pages::widget::frame))
        .fallback(crate::pages::asset)
        .method_not_allowed_fallback(crate::pages::not_found)
        .with_state(state)
}

/// Proofs that are remembered: two times this many, of nine bytes each.
const REPLAYS: usize = 7 << 15;

/// Results opened by partners' pages that are remembered, likewise.
const HANDOFFS: usize = 7 << 13;

/// Exchanges that are kept for a retry, and refreshes likewise; of some 3 KB each.
const ANSWERS: usize = 1024;

impl App {
    /// Opens the database, and begins to fetch what the providers say of themselves.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_with_clock(config, Clock::default()).await
    }

    /// The same, with a clock that a test moves.
    pub async fn start_with_clock(config: Config, clock: Clock) -> Result<Self, StartError> {
        let metrics = Arc::new(Metrics::new());
        let upstream = Arc::new(Upstream::new(config.upstream, metrics.clone())?);
        let pool = database::open(&config.database_url).await?;
        let mut config = config;
        let providers: Vec<_> = std::mem::take(&mut config.providers)
            .into_iter()
            .map(|provider| {
                Provider::new(
                    provider,
                    &config.public_url,
                    config.upstream.metadata_ttl,
                    upstream.clone(),
                    clock.clone(),
                )
            })
            .collect();
        for provider in providers.iter().cloned() {
            tokio::spawn(async move {
                if let Err(failure) = provider.dialect.meet().await {
                    tracing::warn!(provider = &*provider.id, code = %failure.code, cause = %failure.cause, "the provider isn't known yet");
                }
            });
        }
        let state = State {
            sealer: Sealer::new(&config.seal_keys)?,
            signatures: Arc::default(),
            replays: Replays::new(
                config.nonce_lifetime * 1000 + SKEW_MS,
                REPLAYS,
                clock.now_ms(),
            ),
            nonces: Nonces::default(),
            handoffs: Replays::new(LIFETIME_MS + SKEW_MS, HANDOFFS, clock.now_ms()),
            rate: Rate::new(config.limits.per_minute),
            passwords: Rate::new(config.limits.passwords_per_minute),
            strange_proxy: Once::new(),
            in_flight: InFlight::new(config.limits.max_in_flight),
            directory: match &config.directory {
                DirectoryConfig::Contacts => Some(Directory::Contacts(Contacts::new(pool.clone()))),
                DirectoryConfig::SessionM(sessionm) => Some(Directory::SessionM(SessionM::new(
                    sessionm,
                    config.required.clone(),
                    config.later,
                    pool.clone(),
                    upstream.clone(),
                    clock.clone(),
                ))),
                DirectoryConfig::None => None,
            },
            revocations: Revocations::new(pool),
            exchanges: Answers::new(ANSWERS),
            refreshes: Answers::new(ANSWERS),
            pages: Pages::new(
                config.app_dir.clone(),
                config.brand.clone(),
                config.public_url.starts_with("https:"),
            ),
            metrics,
            providers,
            clock,
            config,
        };
        let state = Arc::new(state);
        let router = router(state.clone());
        Ok(Self { state, router })
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Response {
        crate::headers::around(&self.state, request, async |request| {
            // What a router can't answer it has a page for.
            let Ok(response) = self.router.clone().call(request).await;
            response
        })
        .await
    }

    /// The clock, for tests.
    pub fn clock(&self) -> &Clock {
        &self.state.clock
    }

    /// Asks every provider what can be asked without a buyer, and a directory elsewhere whether it lets us in; answers names
    /// and causes of failure.
    pub async fn probe(&self) -> Vec<(String, Result<(), crate::Failure>)> {
        let mut answers = Vec::new();
        for provider in &self.state.providers {
            let name = format!("provider {}", provider.id);
            answers.push((name, provider.dialect.probe().await));
        }
        if let Some(Directory::SessionM(sessionm)) = &self.state.directory {
            answers.push(("directory".to_owned(), sessionm.meet().await));
        }
        answers
    }
}
