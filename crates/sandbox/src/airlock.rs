//! Airlock IAM.

use axum::Router;
use serde::{Deserialize, Serialize};

use crate::state::App;

/// What it remembers.
#[derive(Default)]
pub(crate) struct Airlock {}

impl Airlock {
    /// Ends every login, as if all browsers had lost their cookie.
    pub(crate) fn end_sessions(&mut self) {}

    /// Forgets what is over.
    pub(crate) fn tidy(&mut self, _now: i64) {}
}

/// What `PUT /settings` changes under `airlock`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {}

pub(crate) fn router(app: App) -> Router {
    Router::new().with_state(app)
}
