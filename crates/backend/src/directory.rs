//! The directory: what the shop knows of a person, in our own store or in somebody else's.

pub(crate) mod contacts;
pub(crate) mod sessionm;

use std::sync::Arc;

use admit_one_protocol::{profile::Profile, userinfo::UserInfo};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use contacts::Contacts;
use sessionm::SessionM;

/// Where contacts are.
#[derive(Clone)]
pub(crate) enum Directory {
    /// Our own store.
    Contacts(Contacts),
    /// SessionM.
    SessionM(Arc<SessionM>),
}

/// Who signs in.
#[derive(Clone, Copy)]
pub(crate) struct Person<'a> {
    /// The provider's id in the configuration.
    pub(crate) provider: &'a str,
    pub(crate) iss: &'a str,
    pub(crate) sub: &'a str,
}

/// What the provider says of them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Claims {
    pub(crate) profile: Profile,
    pub(crate) email_verified: bool,
    pub(crate) phone_number_verified: bool,
    /// They said it at the sign-in, which may be a while ago.
    #[serde(skip)]
    pub(crate) is_old: bool,
}

impl From<&UserInfo> for Claims {
    fn from(userinfo: &UserInfo) -> Self {
        Self {
            profile: userinfo.profile.clone(),
            email_verified: userinfo.email_verified,
            phone_number_verified: userinfo.phone_number_verified,
            is_old: false,
        }
    }
}

/// What the shop knows of a person.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Contact {
    pub(crate) number: String,
    pub(crate) profile: Profile,
}

/// What a call to the directory came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Synced {
    /// The contact's number; absent while there is no contact yet.
    pub(crate) number: Option<String>,
    /// What is known by now.
    pub(crate) profile: Profile,
}

impl From<Contact> for Synced {
    fn from(Contact { number, profile }: Contact) -> Self {
        Self {
            number: Some(number),
            profile,
        }
    }
}

impl Directory {
    /// The contact that a person is linked to.
    pub(crate) async fn contact(&self, person: Person<'_>) -> Result<Option<Contact>, Failure> {
        match self {
            Self::Contacts(contacts) => contacts.contact(person).await,
            Self::SessionM(sessionm) => sessionm.contact(person).await,
        }
    }

    /// Meets the provider's claims with the contact: finds it, claims it or makes it, and fills what it lacks.
    pub(crate) async fn sync(
        &self,
        person: Person<'_>,
        claims: &Claims,
        now: u64,
    ) -> Result<Synced, Failure> {
        match self {
            Self::Contacts(contacts) => contacts
                .sync(person, &claims.profile, claims.into(), now)
                .await
                .map(Synced::from),
            Self::SessionM(sessionm) => sessionm.sync(person, claims).await,
        }
    }

    /// Saves what the buyer filled in.
    pub(crate) async fn complete(
        &self,
        person: Person<'_>,
        answers: &Profile,
        now: u64,
    ) -> Result<Synced, Failure> {
        match self {
            Self::Contacts(contacts) => contacts
                .complete(person, answers, now)
                .await
                .map(Synced::from),
            Self::SessionM(sessionm) => sessionm.complete(person, answers).await,
        }
    }
}
