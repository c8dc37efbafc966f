//! The log: one JSON object a line, or text for people.

use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Config, LogFormat};

/// Starts the log; the first one to do so in a process wins.
pub fn start(config: &Config) {
    let filter: Targets = config
        .log_filter
        .parse()
        .unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let form = tracing_subscriber::fmt::layer().with_target(false);
    let form = match config.log_format {
        LogFormat::Json => form
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .boxed(),
        LogFormat::Text => form.with_ansi(false).boxed(),
    };
    let _ = tracing_subscriber::registry()
        .with(form.with_filter(filter))
        .try_init();
}
