//! SessionM as the directory: one customer, one profile, whatever fails in between.
//!
//! A person is searched for, and only somebody who isn't found gets a new profile. Two tabs or two instances take turns
//! (a lease in our database); what is about to be created is noted first, so that after a crash or a lost answer a search
//! comes before another try. Who is found by an e-mail or a telephone number has to have proven to the provider that it is
//! theirs, and no profile that carries another person's id is shown to anybody.

mod calls;
mod store;
mod turn;

use std::{sync::Arc, time::Duration};

use admit_one_protocol::{
    Code,
    profile::{Field, Profile},
    sessionm::{Countries, ExternalId, Holder, Numbers, Tenant, User},
};
use sqlx::SqlitePool;

use self::{
    calls::Calls,
    store::{Key, Proof, Store},
    turn::Wish,
};
use super::{Claims, Contact, Person, Synced};
use crate::{
    clock::Clock,
    config::{CountryCodes, Search, SessionMConfig},
    failure::Failure,
    upstream::Upstream,
};

/// SessionM.
pub(crate) struct SessionM {
    calls: Calls,
    store: Store,
    clock: Clock,
    order: Vec<Search>,
    external_id_type: String,
    /// There is one provider, so that an id is whose it is without its type.
    one_type: bool,
    opted_in: bool,
    timeout_ms: u64,
    required: Vec<Field>,
    /// Whether a profile may be created before it is complete.
    later: bool,
}

/// Who it is about: in our database, and at SessionM.
#[derive(Clone)]
struct Who {
    key: Key,
    external: ExternalId,
    one_type: bool,
}

impl Who {
    /// Whose a profile is.
    fn holder(&self, user: &User) -> Holder {
        match user.holder(&self.external) {
            Holder::Untyped if self.one_type => Holder::Them,
            Holder::Untyped => Holder::Unsaid,
            holder => holder,
        }
    }
}

const NOBODY: &str = "admit-one-check";

/// A turn's calls may take this many time-outs together.
const TURN: u32 = 4;

impl SessionM {
    pub(crate) fn new(
        sessionm: &SessionMConfig,
        required: Vec<Field>,
        later: bool,
        pool: SqlitePool,
        upstream: Arc<Upstream>,
        clock: Clock,
    ) -> Arc<Self> {
        let tenant = Tenant {
            api_url: sessionm.api_url.clone(),
            api_key: sessionm.api_key.clone(),
            api_secret: sessionm.api_secret.expose_str().to_owned(),
            lookup_path: sessionm.lookup_path.clone(),
            search_path: sessionm.search_path.clone(),
            store_id: sessionm.store_id.clone(),
            client_id: sessionm.client_id.clone(),
            countries: match sessionm.countries {
                CountryCodes::Alpha3 => Countries::Alpha3,
                CountryCodes::Alpha2 => Countries::Alpha2,
            },
            numbers: (sessionm.calling_code.clone())
                .map_or(Numbers::International, Numbers::National),
        };
        Arc::new(Self {
            calls: Calls::new(tenant, sessionm.timeout_ms, upstream, clock.clone()),
            store: Store::new(pool, clock.clone()),
            clock,
            order: sessionm.order.clone(),
            external_id_type: sessionm.external_id_type.clone(),
            one_type: sessionm.one_type,
            opted_in: sessionm.opted_in,
            timeout_ms: sessionm.timeout_ms,
            required,
            later,
        })
    }

    /// Whether it lets us in: asks for somebody whom nobody knows.
    pub(crate) async fn meet(&self) -> Result<(), Failure> {
        self.calls.retrieve_external(NOBODY).await?;
        Ok(())
    }

    /// The profile that a person is linked to.
    pub(crate) async fn contact(&self, person: Person<'_>) -> Result<Option<Contact>, Failure> {
        Ok(self
            .known(&self.who(person))
            .await?
            .map(|(user, _)| contact(&user)))
    }

    /// Searches, retrieves, and creates once what is required is known.
    pub(crate) async fn sync(
        self: &Arc<Self>,
        person: Person<'_>,
        claims: &Claims,
    ) -> Result<Synced, Failure> {
        let who = self.who(person);
        if let Some((user, proof)) = self.known(&who).await?
            && who.holder(&user) == Holder::Them
            && lacks(&user, claims).is_empty()
            && proof == Proof::of(claims)
        {
            return Ok(contact(&user).into());
        }
        self.turn(who, Wish::Meet(claims.clone())).await
    }

    /// Updates the profile with what the buyer filled in, or creates it with that.
    pub(crate) async fn complete(
        self: &Arc<Self>,
        person: Person<'_>,
        answers: &Profile,
    ) -> Result<Synced, Failure> {
        self.turn(self.who(person), Wish::Complete(answers.clone()))
            .await
    }

    fn who(&self, person: Person<'_>) -> Who {
        let kind = self.external_id_type.replace("{provider}", person.provider);
        Who {
            key: Key {
                iss: person.iss.to_owned(),
                sub: person.sub.to_owned(),
            },
            external: ExternalId {
                id: person.sub.to_owned(),
                kind,
            },
            one_type: self.one_type,
        }
    }

    /// The profile that we know to be theirs, as it is now, and what of it was proven before.
    async fn known(&self, who: &Who) -> Result<Option<(User, Proof)>, Failure> {
        let row = self.store.row(&who.key).await?;
        let Some(user_id) = row.user_id else {
            return Ok(None);
        };
        let Some(user) = self.calls.retrieve(&user_id).await? else {
            return Ok(None);
        };
        let user = self.still_theirs(who, &user_id, user).await?;
        Ok(Some((user, row.proof)))
    }

    /// The same as [`theirs`]; a link that doesn't hold any more is forgotten, so that the next search begins anew.
    async fn still_theirs(&self, who: &Who, user_id: &str, user: User) -> Result<User, Failure> {
        let theirs = theirs(who, user_id, user);
        if theirs.is_err() {
            self.store.unlink(&who.key, user_id).await?;
        }
        theirs
    }

    fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// The profile that was asked for by its id, unless it is somebody else's.
fn theirs(who: &Who, user_id: &str, user: User) -> Result<User, Failure> {
    if user.id != user_id {
        return Err(conflict(
            "asked for by its id, SessionM answered another profile than",
            user_id,
        ));
    }
    match who.holder(&user) {
        Holder::Them | Holder::Nobody => Ok(user),
        Holder::Another | Holder::Unsaid | Holder::Untyped => Err(conflict(
            "the external id of another person is on profile",
            user_id,
        )),
    }
}

/// Nobody's data is shown; the operator reads which profile it is about.
fn conflict(what: &str, user_id: &str) -> Failure {
    Failure::new(Code::DirectoryConflict, format!("{what} {user_id}"))
}

/// What the provider knows and the profile lacks. An e-mail that isn't verified isn't brought in.
fn lacks(user: &User, claims: &Claims) -> Profile {
    let has = |field| user.profile().get(field).is_some();
    let lacking = claims
        .profile
        .iter()
        .filter(|(field, _)| !has(*field) && (*field != Field::Email || claims.email_verified));
    lacking
        .map(|(field, value)| (field, value.to_owned()))
        .collect()
}

fn contact(user: &User) -> Contact {
    Contact {
        number: user.id.clone(),
        profile: user.profile().clone(),
    }
}

#[cfg(test)]
mod tests;
