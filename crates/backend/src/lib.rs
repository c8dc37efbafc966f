//! The thin backend of Admit One: it serves the app, holds the secrets, exchanges codes, keeps the contacts.
//!
//! ```text
//! config    admit-one.toml          pages     the app with its content
//! call      what every call needs   exchange, refresh, sign_out, profile, grant, step_up    the calls
//! proof, seal, handle, replay       provider, dialect, cached, upstream            the other side
//! ```

mod answers;
mod app;
mod cached;
mod call;
mod clock;
pub mod config;
mod database;
mod dialect;
mod directory;
mod exchange;
mod failure;
mod grant;
mod handle;
mod handoff;
mod headers;
mod import;
mod jws;
mod language;
mod limits;
mod log;
mod metrics;
mod nonce;
mod openapi;
mod operations;
mod pages;
mod profile;
mod proof;
mod provider;
mod refresh;
mod replay;
mod revocations;
mod seal;
mod serve;
mod sign_out;
mod sso2;
mod step_up;
mod upstream;
mod v1;

pub use app::{App, StartError};
pub use clock::Clock;
pub use config::{Config, ConfigError};
pub use failure::Failure;
pub use import::{ImportError, import};
pub use log::start as start_log;
pub use openapi::DOCUMENT as OPENAPI;
pub use serve::serve;
