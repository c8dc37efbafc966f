//! What went wrong, as the buyer, the developer and the retry logic need to know it.

use admit_one_protocol::{Code, api::Problem, profile::Field, step_up::StepUp};

/// A failure with its stable code.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The stable code.
    pub code: Code,
    /// For the developer: what was found.
    pub detail: Option<String>,
    /// Under which the cause stands in the backend's log.
    pub request_id: Option<String>,
    /// The profile fields in question.
    pub fields: Vec<Field>,
    /// Seconds after which to try again, as the backend asks.
    pub retry_after: Option<u64>,
    /// How many attempts remain.
    pub remaining: Option<u64>,
    /// The provider with which the buyer may start again at once.
    pub provider: Option<String>,
    /// What the call demands of the session (RFC 9470).
    pub step_up: Option<StepUp>,
    /// A step-up didn't work, and the session stays as it was.
    pub unchanged: bool,
}

impl Failure {
    /// A failure found in the browser.
    pub fn new(code: Code) -> Failure {
        Failure {
            code,
            detail: None,
            request_id: None,
            fields: Vec::new(),
            retry_after: None,
            remaining: None,
            provider: None,
            step_up: None,
            unchanged: false,
        }
    }

    /// The same with what was found, for the developer.
    pub fn with_detail(self, detail: impl ToString) -> Failure {
        Failure {
            detail: Some(detail.to_string()),
            ..self
        }
    }

    /// The same with the provider that the buyer was at.
    pub fn at(self, provider: &str) -> Failure {
        Failure {
            provider: Some(provider.to_owned()),
            ..self
        }
    }

    /// Whether waiting may help: the network, the backend or the provider is away, and nothing was decided.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.code,
            Code::Offline
                | Code::Internal
                | Code::UpstreamTimeout
                | Code::UpstreamUnreachable
                | Code::UpstreamError
                | Code::ProviderUnavailable
                | Code::DirectoryUnavailable
                | Code::DirectoryBusy
                | Code::RateLimited
        )
    }

    /// Whether it passes by itself: we can't be reached, or have too much to do and say when to come again.
    pub fn passes(&self) -> bool {
        let is_busy = matches!(self.code, Code::RateLimited | Code::DirectoryBusy);
        self.code == Code::Offline || is_busy && self.retry_after.is_some()
    }

    /// Whether another try a moment later is likely to help; a timeout has made the buyer wait long enough.
    pub fn is_brief(&self) -> bool {
        self.is_transient()
            && !matches!(
                self.code,
                Code::UpstreamTimeout | Code::RateLimited | Code::DirectoryBusy
            )
    }

    /// Whether the handle is worth nothing any more, so that the session has ended.
    pub fn ends_session(&self) -> bool {
        matches!(
            self.code,
            Code::RefreshRefused
                | Code::RefreshUnavailable
                | Code::HandleMissing
                | Code::HandleInvalid
                | Code::HandleKeyUnknown
                | Code::HandleExpired
                | Code::HandleProviderMismatch
                | Code::HandleRevoked
                | Code::ProofKeyMismatch
        )
    }

    /// Whether the e-mail, or somebody else's claim, stands between the buyer and the contact.
    pub fn is_conflict(&self) -> bool {
        matches!(
            self.code,
            Code::ContactEmailTaken | Code::ContactEmailUnverified | Code::DirectoryConflict
        )
    }

    /// The message that heads its page, and its tab.
    pub fn title(&self) -> &'static str {
        match self.code {
            _ if self.is_conflict() => "failure.conflict",
            // Who gave up has had their way: nothing failed.
            Code::AccessDenied if !self.unchanged => "failure.denied",
            _ => "failure.title",
        }
    }

    /// What stands in the developer's line.
    pub fn for_developers(&self) -> String {
        let mut line = self.code.to_string();
        for (name, value) in [("detail", &self.detail), ("request", &self.request_id)] {
            if let Some(value) = value {
                line.push_str(&format!(" · {name}: {value}"));
            }
        }
        line
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Failure {
        Failure::new(code)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure {
            request_id: problem.request_id,
            fields: problem.fields,
            retry_after: problem.retry_after,
            remaining: problem.remaining,
            ..Failure::new(problem.code)
        }
    }
}
