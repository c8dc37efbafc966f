//! Prometheus metrics, by provider and step.

use std::{
    sync::{Arc, atomic::AtomicI64},
    time::Instant,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};

/// What a call to us does; the words of the design's journey.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Step {
    Exchange,
    Refresh,
    SignOut,
    Sync,
    Complete,
    Grant,
    #[expect(clippy::enum_variant_names, reason = "that is its name")]
    StepUp,
    Identify,
    Landing,
    Authenticate,
    Status,
    Seal,
    Open,
}

impl Step {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Refresh => "refresh",
            Self::SignOut => "sign_out",
            Self::Sync => "sync",
            Self::Complete => "complete",
            Self::Grant => "grant",
            Self::StepUp => "step_up",
            Self::Identify => "identify",
            Self::Landing => "landing",
            Self::Authenticate => "authenticate",
            Self::Status => "status",
            Self::Seal => "handoff_seal",
            Self::Open => "handoff_open",
        }
    }
}

/// What a call of ours to a provider is for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum UpstreamCall {
    Discovery,
    Keys,
    Token,
    Refresh,
    Revocation,
    Userinfo,
    Account,
    SsoTicket,
    PushedRequest,
    Lookup,
    Retrieve,
    Create,
    Update,
    Authenticate,
    SessionStatus,
    Logout,
}

impl UpstreamCall {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Keys => "keys",
            Self::Token => "token",
            Self::Refresh => "refresh",
            Self::Revocation => "revocation",
            Self::Userinfo => "userinfo",
            Self::Account => "account",
            Self::SsoTicket => "sso_ticket",
            Self::PushedRequest => "pushed_request",
            Self::Lookup => "lookup",
            Self::Retrieve => "retrieve",
            Self::Create => "create",
            Self::Update => "update",
            Self::Authenticate => "authenticate",
            Self::SessionStatus => "session_status",
            Self::Logout => "logout",
        }
    }
}

macro_rules! label {
    ($($kind:ty),*) => {$(
        impl EncodeLabelValue for $kind {
            fn encode(&self, encoder: &mut LabelValueEncoder) -> Result<(), std::fmt::Error> {
                self.as_str().encode(encoder)
            }
        }
    )*};
}

label!(Step, UpstreamCall);

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct CallLabels {
    provider: Arc<str>,
    step: Step,
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct StepLabels {
    step: Step,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct UpstreamLabels {
    provider: Arc<str>,
    call: UpstreamCall,
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct UpstreamTimeLabels {
    provider: Arc<str>,
    call: UpstreamCall,
}

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    call_seconds: Family<StepLabels, Histogram>,
    upstream: Family<UpstreamLabels, Counter>,
    upstream_seconds: Family<UpstreamTimeLabels, Histogram>,
    pub(crate) in_flight: Gauge<i64, AtomicI64>,
    nobody: Arc<str>,
}

fn seconds() -> Histogram {
    Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    ])
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("admit_one");
        let calls = Family::default();
        registry.register(
            "requests",
            "Calls to us, by provider, step and outcome (`ok` or the code)",
            calls.clone(),
        );
        let call_seconds = Family::<StepLabels, Histogram>::new_with_constructor(seconds);
        registry.register(
            "request_seconds",
            "How long calls to us take",
            call_seconds.clone(),
        );
        let upstream = Family::default();
        registry.register(
            "upstream_requests",
            "Calls to providers, by outcome (class of the status or the code)",
            upstream.clone(),
        );
        let upstream_seconds =
            Family::<UpstreamTimeLabels, Histogram>::new_with_constructor(seconds);
        registry.register(
            "upstream_seconds",
            "How long providers take",
            upstream_seconds.clone(),
        );
        let in_flight = Gauge::default();
        registry.register("in_flight", "Calls being answered", in_flight.clone());
        registry.register(
            "build",
            "What runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        Self {
            registry,
            calls,
            call_seconds,
            upstream,
            upstream_seconds,
            in_flight,
            nobody: Arc::from(""),
        }
    }

    /// Counts a call; `provider` is a configured one or nobody, so that strangers can't make up labels.
    pub(crate) fn call(
        &self,
        provider: Option<&Arc<str>>,
        step: Step,
        outcome: &'static str,
        since: Instant,
    ) {
        let provider = provider.unwrap_or(&self.nobody).clone();
        self.calls
            .get_or_create(&CallLabels {
                provider,
                step,
                outcome,
            })
            .inc();
        self.call_seconds
            .get_or_create(&StepLabels { step })
            .observe(since.elapsed().as_secs_f64());
    }

    /// Times a call to a provider.
    pub(crate) fn upstream<'a>(
        &'a self,
        provider: &'a Arc<str>,
        call: UpstreamCall,
    ) -> UpstreamTimer<'a> {
        UpstreamTimer {
            metrics: self,
            provider,
            call,
            since: Instant::now(),
        }
    }

    /// The text format.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        match prometheus_client::encoding::text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}

/// A call to a provider under way.
pub(crate) struct UpstreamTimer<'a> {
    metrics: &'a Metrics,
    provider: &'a Arc<str>,
    call: UpstreamCall,
    since: Instant,
}

impl UpstreamTimer<'_> {
    pub(crate) fn finish(self, outcome: &'static str) {
        let (provider, call) = (self.provider.clone(), self.call);
        self.metrics
            .upstream_seconds
            .get_or_create(&UpstreamTimeLabels {
                provider: provider.clone(),
                call,
            })
            .observe(self.since.elapsed().as_secs_f64());
        self.metrics
            .upstream
            .get_or_create(&UpstreamLabels {
                provider,
                call,
                outcome,
            })
            .inc();
    }
}
