//! A turn: while it lasts, no other call and no other instance looks for this person's profile, or makes it.

use std::{sync::Arc, time::Duration};

use admit_one_protocol::{
    Code,
    encoding::base64url,
    profile::{Field, Profile, missing},
    sessionm::{Criterion, Holder, SessionMError, User, Written, digits},
};
use tokio::time::Instant;

use super::{
    Claims, SessionM, Synced, TURN, Who,
    calls::Trouble,
    conflict, contact, lacks,
    store::{Proof, Row},
};
use crate::failure::Failure;

mod find;

/// What a turn is for.
pub(super) enum Wish {
    /// The provider's claims meet the profile.
    Meet(Claims),
    /// The buyer's answers go into it.
    Complete(Profile),
}

struct Turn {
    sessionm: Arc<SessionM>,
    who: Who,
    /// Who holds our leases.
    holder: String,
    until: Instant,
}

/// A lease outlasts the turn that it is for by this much: clocks of instances differ.
const MARGIN_MS: u64 = 5_000;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

impl SessionM {
    /// Takes a turn. It goes to its end when the one who asked has gone: what is half done would be a riddle.
    pub(super) async fn turn(self: &Arc<Self>, who: Who, wish: Wish) -> Result<Synced, Failure> {
        let mut holder = [0; 16];
        aws_lc_rs::rand::fill(&mut holder)
            .map_err(|_| Failure::new(Code::Internal, "no entropy"))?;
        let length = self.timeout() * TURN;
        let turn = Turn {
            sessionm: self.clone(),
            who,
            holder: base64url(holder),
            until: Instant::now() + length,
        };
        let going = tokio::spawn(async move {
            let outcome = tokio::time::timeout(length, turn.go(wish)).await;
            let released = turn.sessionm.store.release(&turn.holder).await;
            if let Err(failure) = released {
                tracing::warn!(cause = %failure.cause, "a lease ends by itself only");
            }
            outcome.unwrap_or_else(|_| Err(late()))
        });
        going
            .await
            .unwrap_or_else(|_| Err(Failure::new(Code::Internal, "a turn broke off")))
    }
}

fn late() -> Failure {
    Failure::new(
        Code::DirectoryUnavailable,
        "SessionM and our database took too long",
    )
}

impl Turn {
    async fn go(&self, wish: Wish) -> Result<Synced, Failure> {
        let Who { key, .. } = &self.who;
        self.lease(&format!("person\n{}\n{}", key.iss, key.sub))
            .await?;
        match wish {
            Wish::Meet(claims) => self.meet(claims).await,
            Wish::Complete(answers) => self.complete(answers).await,
        }
    }

    /// Waits until nobody else is at it.
    async fn lease(&self, name: &str) -> Result<(), Failure> {
        let for_ms = self.sessionm.timeout_ms * u64::from(TURN) + MARGIN_MS;
        let mut pause = FIRST_PAUSE;
        loop {
            if self
                .sessionm
                .store
                .lease(name, &self.holder, for_ms)
                .await?
            {
                return Ok(());
            }
            if Instant::now() + pause >= self.until {
                return Err(
                    Failure::new(Code::DirectoryBusy, "another call is at this profile")
                        .with_retry_after(MARGIN_MS / 1000),
                );
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn meet(&self, claims: Claims) -> Result<Synced, Failure> {
        let mut row = self.sessionm.store.row(&self.who.key).await?;
        if let Some(user) = self.linked(&mut row).await? {
            return self.settle(user, &claims).await;
        }
        let claims = match row.draft.take() {
            Some(draft) => with_draft(claims, draft),
            None => claims,
        };
        self.first(&row, claims, &[]).await
    }

    async fn complete(&self, answers: Profile) -> Result<Synced, Failure> {
        let mut row = self.sessionm.store.row(&self.who.key).await?;
        if let Some(user) = self.linked(&mut row).await? {
            return self.update(user, answers).await;
        }
        let mut claims = row.draft.take().unwrap_or_default();
        for (field, value) in answers.iter() {
            let same = claims.profile.get(field) == Some(value);
            match field {
                Field::Email if !same && claims.email_verified => return Err(changes_there()),
                Field::PhoneNumber if !same => claims.phone_number_verified = false,
                _ => {}
            }
            claims.profile.set(field, value);
        }
        // What the buyer has typed survives whatever comes next.
        self.sessionm.store.draft(&self.who.key, &claims).await?;
        let about: &[Field] = match answers.get(Field::Email) {
            Some(_) => &[Field::Email],
            None => &[],
        };
        self.first(&row, claims, about).await
    }

    /// The profile that we know to be theirs. One that SessionM has erased is forgotten here, too.
    async fn linked(&self, row: &mut Row) -> Result<Option<User>, Failure> {
        let Some(user_id) = row.user_id.take() else {
            return Ok(None);
        };
        match self.sessionm.calls.retrieve(&user_id).await? {
            Some(user) => self
                .sessionm
                .still_theirs(&self.who, &user_id, user)
                .await
                .map(Some),
            None => {
                self.sessionm.store.unlink(&self.who.key, &user_id).await?;
                Ok(None)
            }
        }
    }

    /// A person whose profile we don't know: searched for, and made if there is none.
    async fn first(&self, row: &Row, claims: Claims, about: &[Field]) -> Result<Synced, Failure> {
        let email = claims.profile.get(Field::Email);
        if let Some(email) = email {
            // Two people, or one at two providers, who bring the same e-mail take turns, too.
            self.lease(&format!("email\n{}", email.to_ascii_lowercase()))
                .await?;
        }
        if let Some(number) = claims.profile.get(Field::PhoneNumber)
            && claims.phone_number_verified
        {
            self.lease(&format!("phone_number\n{}", digits(number)))
                .await?;
        }
        if let Some(user) = self.find(&claims).await? {
            return self.settle(user, &claims).await;
        }
        if let Some(email) = email.filter(|_| !claims.email_verified)
            && self.look_up(Criterion::Email(email)).await?.is_some()
        {
            return Err(Failure::new(
                Code::ContactEmailUnverified,
                "a profile has this e-mail and the provider hasn't verified it",
            )
            .with_fields(about));
        }
        let incomplete = !missing(&self.sessionm.required, &claims.profile).is_empty();
        if incomplete && !self.sessionm.later {
            self.sessionm.store.draft(&self.who.key, &claims).await?;
            return Ok(Synced {
                number: None,
                profile: claims.profile,
            });
        }
        self.create(row, &claims).await
    }

    /// The profile is theirs: that is noted here and there, and what it lacks is filled in.
    async fn settle(&self, user: User, claims: &Claims) -> Result<Synced, Failure> {
        let Who { key, external, .. } = &self.who;
        let holder = self.who.holder(&user);
        let proof = Proof::of(claims);
        // Here first: of two people at once, the database lets one have it.
        if !self.sessionm.store.link(key, &user.id, &proof).await? {
            let what = "another person of the issuer is linked to profile";
            return Err(conflict(what, &user.id));
        }
        let mut written = Written {
            external_id: (holder != Holder::Them).then_some(external),
            fields: lacks(&user, claims),
            phone_number_verified: claims.phone_number_verified,
            opted_in: None,
        };
        if written.external_id.is_none() && written.fields.is_empty() {
            return Ok(contact(&user).into());
        }
        match self.put(&user, &written).await {
            Ok(updated) => Ok(updated),
            // A claim that SessionM doesn't take must not keep the buyer from their profile.
            Err(failure) if failure.code == Code::DirectoryProfileRefused => {
                tracing::warn!(user_id = user.id, cause = %failure.cause, "the provider's claims aren't taken into the profile");
                if written.external_id.is_none() {
                    return Ok(contact(&user).into());
                }
                written.fields = Profile::default();
                self.put(&user, &written).await
            }
            Err(failure) => Err(failure),
        }
    }

    /// Writes the buyer's answers into their profile.
    async fn update(&self, user: User, answers: Profile) -> Result<Synced, Failure> {
        if let Some(email) = answers
            .get(Field::Email)
            .filter(|email| !user.has_email(email))
        {
            if user.profile().get(Field::Email).is_some() {
                return Err(changes_there());
            }
            self.lease(&format!("email\n{}", email.to_ascii_lowercase()))
                .await?;
            if self.look_up(Criterion::Email(email)).await?.is_some() {
                return Err(Failure::new(
                    Code::ContactEmailUnverified,
                    "the e-mail is another profile's",
                )
                .with_fields([Field::Email]));
            }
        }
        let written = Written {
            fields: answers,
            ..Written::default()
        };
        self.put(&user, &written).await
    }

    async fn put(&self, user: &User, written: &Written<'_>) -> Result<Synced, Failure> {
        let updated = match self.sessionm.calls.update(user, written).await {
            Ok(updated) => updated,
            Err(trouble) => self.updated_all_the_same(user, written, trouble).await?,
        };
        // The answer to an update needn't show all external ids.
        if updated.id != user.id || self.who.holder(&updated) == Holder::Another {
            return Err(conflict(
                "updated was, instead of what was sent, profile",
                &updated.id,
            ));
        }
        Ok(contact(&updated).into())
    }

    /// Whether an update happened whose answer didn't say so.
    async fn updated_all_the_same(
        &self,
        user: &User,
        written: &Written<'_>,
        trouble: Trouble,
    ) -> Result<User, Failure> {
        let in_doubt = match &trouble {
            Trouble::Doubtful(_) => true,
            Trouble::Refused(error) => error.is_passing(),
            Trouble::Wait(_) => false,
        };
        if in_doubt && let Ok(Some(now)) = self.sessionm.calls.retrieve(&user.id).await {
            let theirs = written
                .external_id
                .is_none_or(|_| self.who.holder(&now) == Holder::Them);
            let has = |(field, value): (Field, &str)| now.profile().get(field) == Some(value);
            if theirs && now.id == user.id && written.fields.iter().all(has) {
                return Ok(now);
            }
        }
        Err(trouble.into())
    }

    /// Creates the profile, unless an earlier try may yet have done so.
    async fn create(&self, row: &Row, claims: &Claims) -> Result<Synced, Failure> {
        let SessionM { store, calls, .. } = &*self.sessionm;
        let key = &self.who.key;
        if let Some(since_ms) = row.creating_since_ms {
            let settled_ms = since_ms + 2 * self.sessionm.timeout_ms;
            let left_ms = settled_ms.saturating_sub(self.sessionm.clock.now_ms());
            if left_ms > 0 {
                let cause = "whether an earlier try made the profile isn't known yet";
                return Err(Failure::new(Code::DirectoryBusy, cause)
                    .with_retry_after(left_ms.div_ceil(1000)));
            }
        }
        store.creating(key).await?;
        let written = Written {
            external_id: Some(&self.who.external),
            fields: claims.profile.clone(),
            phone_number_verified: claims.phone_number_verified,
            opted_in: Some(self.sessionm.opted_in),
        };
        let refused = match calls.create(&written).await {
            Ok(user) => return self.created(user, claims).await,
            Err(Trouble::Doubtful(failure)) => return self.in_doubt(failure, claims).await,
            Err(trouble) => trouble,
        };
        store.not_created(key).await?;
        if let Trouble::Refused(SessionMError::Refused(_)) = &refused
            && let Some(user) = self.find(claims).await?
        {
            // Somebody else made it meanwhile.
            return self.settle(user, claims).await;
        }
        let mut failure = Failure::from(refused);
        if failure.code == Code::DirectoryInvalid {
            failure.cause = format!("create: {}", failure.cause).into();
        }
        Err(failure)
    }

    /// A profile that was just created has to be the one that the external id leads to.
    async fn created(&self, user: User, claims: &Claims) -> Result<Synced, Failure> {
        let user = match self.who.holder(&user) {
            Holder::Them => user,
            Holder::Another => {
                return Err(conflict("created was another person's profile", &user.id));
            }
            Holder::Nobody | Holder::Unsaid | Holder::Untyped => match self.by_external_id().await?
            {
                Some(found) if found.id == user.id => found,
                Some(found) => {
                    return Err(conflict(
                        "beside the one created, the external id leads to profile",
                        &found.id,
                    ));
                }
                None => user,
            },
        };
        let (store, proof) = (&self.sessionm.store, Proof::of(claims));
        if !store.link(&self.who.key, &user.id, &proof).await? {
            let what = "another person of the issuer is linked to profile";
            return Err(conflict(what, &user.id));
        }
        Ok(contact(&user).into())
    }

    /// Nobody knows whether a profile was created: it is searched for, for a while, and never created again meanwhile.
    async fn in_doubt(&self, failure: Failure, claims: &Claims) -> Result<Synced, Failure> {
        let until = self.until.min(Instant::now() + self.sessionm.timeout());
        let mut pause = FIRST_PAUSE;
        loop {
            match self.by_external_id().await {
                Ok(Some(user)) => return self.created(user, claims).await,
                Err(found) if found.code == Code::DirectoryConflict => return Err(found),
                Ok(None) | Err(_) => {}
            }
            if Instant::now() + pause >= until {
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }
}

/// The provider's claims, and what was typed in before where they say nothing.
fn with_draft(mut claims: Claims, draft: Claims) -> Claims {
    for (field, value) in draft.profile.iter() {
        if claims.profile.get(field).is_some() {
            continue;
        }
        claims.profile.set(field, value);
        match field {
            Field::Email => claims.email_verified = draft.email_verified,
            Field::PhoneNumber => claims.phone_number_verified = draft.phone_number_verified,
            _ => {}
        }
    }
    claims
}

fn changes_there() -> Failure {
    Failure::new(
        Code::ProfileInvalid,
        "an e-mail changes at the provider, since it decides whose profile it is",
    )
    .with_fields([Field::Email])
}
