//! The directory of a journey: our own contacts, or SessionM. A journey that has to come out the same with either is run
//! with both, by [`with_both_directories`].

use admit_one_sandbox::SandboxOptions;

/// What the deployment of a journey has as its directory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Directory {
    /// Our own store.
    Contacts,
    /// The emulated SessionM, and how long it is waited for.
    SessionM { timeout_ms: u64 },
}

impl Directory {
    /// SessionM, waited for as long as the providers are by default.
    pub(crate) const SESSIONM: Directory = Directory::SessionM { timeout_ms: 2000 };

    /// The lines of `[directory]`.
    pub(crate) fn lines(self) -> String {
        match self {
            Directory::Contacts => "kind = \"contacts\"".to_owned(),
            Directory::SessionM { timeout_ms } => format!(
                "kind = \"sessionm\"\napi_url = \"{{sessionm}}\"\napi_key = \"{key}\"\n\
                 api_secret_env = \"SESSIONM\"\ntimeout_ms = {timeout_ms}",
                key = SandboxOptions::SESSIONM_KEY
            ),
        }
    }

    /// What a reader of a failure is told.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Directory::Contacts => "contacts",
            Directory::SessionM { .. } => "sessionm",
        }
    }
}

/// Runs each of these journeys, which take a [`Directory`], with both: `<journey>::with_contacts` and
/// `<journey>::with_sessionm`.
macro_rules! with_both_directories {
    ($($journey:ident),+ $(,)?) => {$(
        mod $journey {
            use crate::directory::Directory;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn with_contacts() {
                super::$journey(Directory::Contacts).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn with_sessionm() {
                super::$journey(Directory::SESSIONM).await;
            }
        }
    )+};
}

pub(crate) use with_both_directories;
