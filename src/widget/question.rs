//! What the buyer is asked on our page before it is done for a partner.

use admit_one_protocol::handoff::PublicPartner;

use crate::session::SignedIn;

/// What is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subject {
    /// Whether the partner may know who they are.
    Release,
    /// Whether they give one more proof.
    StepUp,
    /// Whether they are signed out.
    SignOut,
}

/// A question; a press answers the one that was shown, and no other.
#[derive(Clone, PartialEq)]
pub struct Question {
    /// What is asked.
    pub subject: Subject,
    /// For whom.
    pub partner: PublicPartner,
    /// Who is asked, as in [`SignedIn::person`].
    person: String,
}

impl Question {
    /// A question to who is signed in.
    pub(super) fn new(subject: Subject, partner: &PublicPartner, session: &SignedIn) -> Question {
        Question {
            subject,
            partner: partner.clone(),
            person: session.person(),
        }
    }

    /// The key of the page's title.
    pub fn title(&self) -> &'static str {
        match self.subject {
            Subject::Release => "ask.release.title",
            Subject::StepUp => "ask.step_up.title",
            Subject::SignOut => "ask.sign_out.title",
        }
    }
}
