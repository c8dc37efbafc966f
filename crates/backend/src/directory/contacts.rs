//! The contacts directory: a contact for each person, linked by `iss` and `sub`.
//!
//! Who may claim a contact that is there already: somebody whose provider has verified the contact's e-mail, and only
//! while the contact is linked to nobody. An unverified e-mail claims nothing, and blocks no verified owner.

use admit_one_protocol::{
    Code,
    profile::{Field, Profile},
};
use sqlx::{Sqlite, SqlitePool, Transaction};

use super::{Claims, Contact, Person};
use crate::failure::Failure;

/// Our own store of contacts.
#[derive(Clone)]
pub(crate) struct Contacts {
    pool: SqlitePool,
}

type Tx = Transaction<'static, Sqlite>;

/// How often a transaction that lost a race is tried again.
const TRIES: usize = 3;

impl Contacts {
    pub(crate) fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// The contact that a person is linked to.
    pub(crate) async fn contact(&self, person: Person<'_>) -> Result<Option<Contact>, Failure> {
        let mut tx = self.pool.begin().await?;
        linked(&mut tx, person).await
    }

    /// Meets the provider's claims with the contact: finds it, claims it or makes it, and fills what it lacks.
    pub(crate) async fn sync(
        &self,
        person: Person<'_>,
        claims: &Profile,
        verified: Email,
        now: u64,
    ) -> Result<Contact, Failure> {
        let mut last = None;
        for _ in 0..TRIES {
            match self.sync_once(person, claims, verified, now as i64).await {
                Err(Refused::Lost(error)) => last = Some(error),
                Err(Refused::Failure(failure)) => return Err(failure),
                Ok(contact) => return Ok(contact),
            }
        }
        Err(last.map_or_else(
            || Failure::new(Code::DirectoryUnavailable, "lost every race"),
            Failure::from,
        ))
    }

    async fn sync_once(
        &self,
        person: Person<'_>,
        claims: &Profile,
        verified: Email,
        now: i64,
    ) -> Result<Contact, Refused> {
        let mut tx = self.begin().await?;
        let contact = match linked(&mut tx, person).await? {
            Some(contact) => contact,
            None => link(&mut tx, person, claims, verified, now).await?,
        };
        let contact = fill(&mut tx, contact, claims, verified, now).await?;
        tx.commit().await?;
        Ok(contact)
    }

    /// Saves what the buyer filled in.
    pub(crate) async fn complete(
        &self,
        person: Person<'_>,
        answers: &Profile,
        now: u64,
    ) -> Result<Contact, Failure> {
        let now = now as i64;
        let mut tx = self.begin().await?;
        let mut contact = match linked(&mut tx, person).await? {
            Some(contact) => contact,
            None => link(&mut tx, person, &Profile::default(), Email::Unverified, now).await?,
        };
        for (field, value) in answers.iter() {
            if field == Field::Email && !same_email(contact.profile.get(Field::Email), value) {
                may_have(&mut tx, &contact, value).await?;
            }
            contact.profile.set(field, value);
        }
        save(&mut tx, &contact, now).await?;
        tx.commit().await?;
        Ok(contact)
    }

    /// Adds contacts that are linked to nobody; returns how many numbers were new.
    pub(crate) async fn import(
        &self,
        contacts: &[(String, Profile)],
        now: u64,
    ) -> Result<usize, Failure> {
        let mut new = 0;
        // Who signs in meanwhile gets their turn in between.
        for contacts in contacts.chunks(IMPORTED_AT_ONCE) {
            let mut tx = self.begin().await?;
            for (number, profile) in contacts {
                let contact = Contact {
                    number: number.clone(),
                    profile: profile.clone(),
                };
                if insert(&mut tx, number, now as i64).await? {
                    save(&mut tx, &contact, now as i64).await?;
                    new += 1;
                }
            }
            tx.commit().await?;
        }
        Ok(new)
    }

    /// A transaction that writes: in SQLite, it queues at the beginning instead of failing at its first write.
    async fn begin(&self) -> Result<Tx, sqlx::Error> {
        self.pool.begin_with("BEGIN IMMEDIATE").await
    }
}

const IMPORTED_AT_ONCE: usize = 500;

/// What the provider says of the e-mail.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Email {
    Verified,
    /// At the sign-in; it may be somebody else's by now.
    VerifiedThen,
    Unverified,
}

impl From<&Claims> for Email {
    fn from(claims: &Claims) -> Self {
        match claims.email_verified {
            true if claims.is_old => Self::VerifiedThen,
            true => Self::Verified,
            false => Self::Unverified,
        }
    }
}

enum Refused {
    /// Another transaction was faster; the next try sees what it did.
    Lost(sqlx::Error),
    Failure(Failure),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => Self::Lost(error),
            _ => Self::Failure(error.into()),
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Lost(error) => error.into(),
            Refused::Failure(failure) => failure,
        }
    }
}

async fn linked(tx: &mut Tx, person: Person<'_>) -> Result<Option<Contact>, Failure> {
    let row: Option<(String, String)> = sqlx::query_as(
        "SELECT contacts.number, contacts.profile FROM links JOIN contacts ON contacts.number = links.number
         WHERE links.iss = $1 AND links.sub = $2",
    )
    .bind(person.iss)
    .bind(person.sub)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(read).transpose()
}

/// The first sign-in of a person: claims the contact of the e-mail, where that is allowed, or makes one.
async fn link(
    tx: &mut Tx,
    person: Person<'_>,
    claims: &Profile,
    verified: Email,
    now: i64,
) -> Result<Contact, Refused> {
    let contact = match claims.get(Field::Email).map(key) {
        None => None,
        Some(key) => claimable(tx, &key, verified).await?,
    };
    let contact = match contact {
        Some(contact) => contact,
        None => make(tx, now).await?,
    };
    sqlx::query("INSERT INTO links (iss, sub, number, linked_at) VALUES ($1, $2, $3, $4)")
        .bind(person.iss)
        .bind(person.sub)
        .bind(&contact.number)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(contact)
}

/// The contact of an e-mail, if this person may have it; `None` if it stands in nobody's way.
async fn claimable(tx: &mut Tx, key: &str, verified: Email) -> Result<Option<Contact>, Refused> {
    let taken = || {
        Failure::new(
            Code::ContactEmailTaken,
            "the e-mail belongs to a contact that is linked to another sign-in",
        )
    };
    if let Some(owner) = owner(tx, key).await?
        && is_linked(tx, &owner).await?
    {
        return Err(taken().into());
    }
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT number, profile FROM contacts WHERE email_key = $1 ORDER BY created_at, number",
    )
    .bind(key)
    .fetch_all(&mut **tx)
    .await?;
    let mut strangers = false;
    for row in rows {
        if is_linked(tx, &row.0).await? {
            strangers = true;
        } else if verified != Email::Unverified {
            return Ok(Some(read(row)?));
        } else {
            return Err(Failure::new(
                Code::ContactEmailUnverified,
                "a contact has this e-mail and the provider hasn't verified it",
            )
            .into());
        }
    }
    match (strangers, verified) {
        // Neither can prove that the e-mail is theirs: the one who came first keeps it.
        (true, Email::Unverified) => Err(taken().into()),
        _ => Ok(None),
    }
}

/// Whether the buyer may write this e-mail into their own contact.
async fn may_have(tx: &mut Tx, contact: &Contact, email: &str) -> Result<(), Failure> {
    let about = [Field::Email];
    let key = key(email);
    if let Some(current) = contact.profile.get(Field::Email)
        && owner(tx, &self::key(current)).await?.as_ref() == Some(&contact.number)
    {
        return Err(Failure::new(
            Code::ProfileInvalid,
            "a verified e-mail changes at the provider",
        )
        .with_fields(about));
    }
    let numbers: Vec<String> = sqlx::query_scalar(
        "SELECT number FROM contacts WHERE email_key = $1 UNION SELECT number FROM verified_emails WHERE email_key = $1",
    )
    .bind(&key)
    .fetch_all(&mut **tx)
    .await?;
    let mut code = None;
    for number in numbers.iter().filter(|number| **number != contact.number) {
        if is_linked(tx, number).await? {
            code = Some(Code::ContactEmailTaken);
        } else {
            code = code.or(Some(Code::ContactEmailUnverified));
        }
    }
    code.map_or(Ok(()), |code| {
        Err(Failure::new(code, "the e-mail is another contact's").with_fields(about))
    })
}

/// Whether a provider that has verified another e-mail than the contact's takes the contact along: the one that it has is of
/// that provider, since nobody else is linked to it, and the new one stands in nobody's way.
async fn has_moved(tx: &mut Tx, contact: &Contact, email: &str) -> Result<bool, Failure> {
    let Some(current) = contact.profile.get(Field::Email) else {
        return Ok(false);
    };
    if same_email(Some(current), email)
        || links(tx, &contact.number).await? != 1
        || owner(tx, &key(current)).await?.as_ref() != Some(&contact.number)
        || owner(tx, &key(email)).await?.is_some()
    {
        return Ok(false);
    }
    let others: Vec<String> =
        sqlx::query_scalar("SELECT number FROM contacts WHERE email_key = $1")
            .bind(key(email))
            .fetch_all(&mut **tx)
            .await?;
    for number in others {
        if !is_linked(tx, &number).await? {
            return Ok(false); // whose it is, is for the shop to say
        }
    }
    Ok(true)
}

/// Fills what the contact lacks with the provider's claims; what it has stays, but for an e-mail that has changed at the
/// provider that verified it.
async fn fill(
    tx: &mut Tx,
    mut contact: Contact,
    claims: &Profile,
    verified: Email,
    now: i64,
) -> Result<Contact, Refused> {
    let before = contact.profile.clone();
    if verified == Email::Verified
        && let Some(email) = claims.get(Field::Email)
        && has_moved(tx, &contact, email).await?
    {
        sqlx::query("DELETE FROM verified_emails WHERE email_key = $1")
            .bind(contact.profile.get(Field::Email).map(key))
            .execute(&mut **tx)
            .await?;
        contact.profile.set(Field::Email, email);
    }
    for (field, value) in claims.iter() {
        if contact.profile.get(field).is_some() {
            continue;
        }
        if field == Field::Email {
            let others = owner(tx, &key(value))
                .await?
                .is_some_and(|owner| owner != contact.number);
            if others
                || (verified == Email::Unverified && may_have(tx, &contact, value).await.is_err())
            {
                continue;
            }
        }
        contact.profile.set(field, value);
    }
    if verified != Email::Unverified
        && let Some(email) = claims.get(Field::Email)
        && same_email(contact.profile.get(Field::Email), email)
        && owner(tx, &key(email)).await?.is_none()
    {
        sqlx::query("INSERT INTO verified_emails (email_key, number) VALUES ($1, $2)")
            .bind(key(email))
            .bind(&contact.number)
            .execute(&mut **tx)
            .await?;
    }
    if contact.profile != before {
        save(tx, &contact, now).await?;
    }
    Ok(contact)
}

async fn make(tx: &mut Tx, now: i64) -> Result<Contact, Refused> {
    loop {
        let mut entropy = [0; 8];
        aws_lc_rs::rand::fill(&mut entropy)
            .map_err(|_| Failure::new(Code::Internal, "no entropy"))?;
        // Ten digits, of which none tells anything; a number that exists is drawn again.
        let number = (1_000_000_000 + u64::from_be_bytes(entropy) % 9_000_000_000).to_string();
        if insert(tx, &number, now).await? {
            let profile = Profile::default();
            return Ok(Contact { number, profile });
        }
    }
}

/// An empty contact; `false` if the number is another's.
async fn insert(tx: &mut Tx, number: &str, now: i64) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO contacts (number, profile, created_at, updated_at) VALUES ($1, '{}', $2, $2)
         ON CONFLICT (number) DO NOTHING",
    )
    .bind(number)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

async fn save(tx: &mut Tx, contact: &Contact, now: i64) -> Result<(), Failure> {
    let profile = serde_json::to_string(&contact.profile)
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    sqlx::query(
        "UPDATE contacts SET email_key = $1, profile = $2, updated_at = $3 WHERE number = $4",
    )
    .bind(contact.profile.get(Field::Email).map(key))
    .bind(profile)
    .bind(now)
    .bind(&contact.number)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn owner(tx: &mut Tx, key: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT number FROM verified_emails WHERE email_key = $1")
        .bind(key)
        .fetch_optional(&mut **tx)
        .await
}

async fn is_linked(tx: &mut Tx, number: &str) -> Result<bool, sqlx::Error> {
    Ok(links(tx, number).await? > 0)
}

/// How many people sign in as this contact.
async fn links(tx: &mut Tx, number: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT COUNT(*) FROM links WHERE number = $1")
        .bind(number)
        .fetch_one(&mut **tx)
        .await
}

fn read((number, profile): (String, String)) -> Result<Contact, Failure> {
    let profile = serde_json::from_str(&profile)
        .map_err(|_| Failure::new(Code::Internal, "a contact's profile isn't JSON"))?;
    Ok(Contact { number, profile })
}

/// Only ASCII is folded: of other letters some fold into ASCII ones, and an address would become another's.
fn key(email: &str) -> String {
    email.to_ascii_lowercase()
}

fn same_email(one: Option<&str>, other: &str) -> bool {
    one.is_some_and(|one| key(one) == key(other))
}

#[cfg(test)]
mod tests;
