//! The search for a person's profile: what is found has to be what was searched for, and theirs or nobody's.

use admit_one_protocol::{
    profile::Field,
    sessionm::{Criterion, Holder, User},
};

use super::Turn;
use crate::{
    config::Search,
    directory::sessionm::{Claims, conflict, store::Proof, theirs},
    failure::Failure,
};

impl Turn {
    /// Searches in the configured order; the first that finds one counts, and has to have found what was searched for.
    pub(super) async fn find(&self, claims: &Claims) -> Result<Option<User>, Failure> {
        for search in &self.sessionm.order {
            let found = match search {
                Search::ExternalId => self.by_external_id().await?,
                Search::Email => self.by_email(claims).await?,
                Search::PhoneNumber => self.by_phone_number(claims).await?,
                Search::UserId => self.by_user_id().await?,
            };
            let Some(user) = found else {
                continue;
            };
            // In an order that searches for the external id later, there might be a profile with it, too.
            if self.who.holder(&user) != Holder::Them
                && let Some(other) = self.by_external_id().await?
                && other.id != user.id
            {
                let what = "beside the profile of the external id, a search found profile";
                return Err(conflict(what, &user.id));
            }
            return Ok(Some(user));
        }
        Ok(None)
    }

    pub(super) async fn by_external_id(&self) -> Result<Option<User>, Failure> {
        let external = &self.who.external;
        let Some(user) = self.sessionm.calls.retrieve_external(&external.id).await? else {
            return Ok(None);
        };
        match self.who.holder(&user) {
            Holder::Them => Ok(Some(user)),
            _ => Err(conflict(
                "the search by external id found, without that id in our type, profile",
                &user.id,
            )),
        }
    }

    async fn by_email(&self, claims: &Claims) -> Result<Option<User>, Failure> {
        let email = claims.profile.get(Field::Email);
        let Some(email) = email.filter(|_| claims.email_verified) else {
            return Ok(None);
        };
        let Some(user) = self.looked_up(Criterion::Email(email)).await? else {
            return Ok(None);
        };
        if !user.has_email(email) {
            let what = "the search by e-mail found, with another e-mail, profile";
            return Err(conflict(what, &user.id));
        }
        let by = Proof {
            phone_number: None,
            ..Proof::of(claims)
        };
        self.proven_by_all(user, &by).await.map(Some)
    }

    async fn by_phone_number(&self, claims: &Claims) -> Result<Option<User>, Failure> {
        let phone = claims.profile.get(Field::PhoneNumber);
        let Some(phone) = phone.filter(|_| claims.phone_number_verified) else {
            return Ok(None);
        };
        if !self.sessionm.calls.tells_apart(phone) {
            return Ok(None);
        }
        let Some(user) = self.looked_up(Criterion::Phone(phone)).await? else {
            return Ok(None);
        };
        if !user.has_phone(phone) {
            let what = "the search by telephone number found, with another number, profile";
            return Err(conflict(what, &user.id));
        }
        // A family shares a number, and numbers change hands: an e-mail that differs speaks against it.
        let email = claims.profile.get(Field::Email);
        let differs = email.is_some_and(|email| !user.has_email(email));
        if differs && claims.email_verified && user.profile().get(Field::Email).is_some() {
            let what = "the search by telephone number found, with another e-mail, profile";
            return Err(conflict(what, &user.id));
        }
        let by = Proof {
            email: None,
            ..Proof::of(claims)
        };
        self.proven_by_all(user, &by).await.map(Some)
    }

    /// Whoever has the profile already has to have proven what it is found by: an e-mail that was only typed would let its
    /// owner in to the one who typed it.
    async fn proven_by_all(&self, user: User, by: &Proof) -> Result<User, Failure> {
        let key = &self.who.key;
        if self.who.holder(&user) != Holder::Them
            && self.sessionm.store.is_unproven(key, &user.id, by).await?
        {
            let what = "somebody whose provider hasn't verified what was searched for has profile";
            return Err(conflict(what, &user.id));
        }
        Ok(user)
    }

    async fn by_user_id(&self) -> Result<Option<User>, Failure> {
        let user_id = &self.who.external.id;
        if !is_uuid(user_id) {
            return Ok(None);
        }
        let user = self.sessionm.calls.retrieve(user_id).await?;
        user.map(|user| theirs(&self.who, user_id, user))
            .transpose()
    }

    /// What a lookup found, whole: it has to be the profile that it named, and nobody else's.
    async fn looked_up(&self, criterion: Criterion<'_>) -> Result<Option<User>, Failure> {
        let Some(user_id) = self.look_up(criterion).await? else {
            return Ok(None);
        };
        match self.sessionm.calls.retrieve(&user_id).await? {
            Some(user) => theirs(&self.who, &user_id, user)
                .map(Some)
                .map_err(|failure| by(criterion, failure)),
            None => {
                let what = "what was found can't be retrieved, profile";
                Err(by(criterion, conflict(what, &user_id)))
            }
        }
    }

    pub(super) async fn look_up(
        &self,
        criterion: Criterion<'_>,
    ) -> Result<Option<String>, Failure> {
        let looked = self.sessionm.calls.look_up(criterion).await;
        looked.map_err(|trouble| by(criterion, trouble.into()))
    }
}

/// Says which search it was, and not for whom.
fn by(criterion: Criterion<'_>, failure: Failure) -> Failure {
    let by = match criterion {
        Criterion::Email(_) => "e-mail",
        Criterion::Phone(_) => "telephone number",
    };
    Failure {
        cause: format!("the search by {by}: {}", failure.cause).into(),
        ..failure
    }
}

/// The form of SessionM's ids; a `sub` of another one isn't one.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
