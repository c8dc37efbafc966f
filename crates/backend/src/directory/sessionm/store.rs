//! What we keep about people whose profiles are at SessionM: whose is whose, and who is at it.

use admit_one_protocol::{profile::Field, sessionm::digits};
use sqlx::SqlitePool;

use super::Claims;
use crate::{clock::Clock, failure::Failure};

/// Our rows, shared by all instances.
pub(super) struct Store {
    pool: SqlitePool,
    clock: Clock,
}

/// A person by issuer and subject.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Key {
    pub(super) iss: String,
    pub(super) sub: String,
}

/// What the person's provider has verified.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Proof {
    /// In lower case.
    pub(super) email: Option<String>,
    /// In digits.
    pub(super) phone_number: Option<String>,
}

impl Proof {
    pub(super) fn of(claims: &Claims) -> Self {
        let email = claims.profile.get(Field::Email);
        let number = claims.profile.get(Field::PhoneNumber);
        Self {
            email: email
                .filter(|_| claims.email_verified)
                .map(str::to_ascii_lowercase),
            phone_number: number.filter(|_| claims.phone_number_verified).map(digits),
        }
    }
}

/// What is known of a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    /// The profile.
    pub(super) user_id: Option<String>,
    /// What their provider had verified when we last looked.
    pub(super) proof: Proof,
    /// What will be in it, where there is none yet.
    pub(super) draft: Option<Claims>,
    /// When a creation was begun whose outcome isn't known, milliseconds.
    pub(super) creating_since_ms: Option<u64>,
}

/// How long what a buyer began, and gave up, is kept.
const DRAFTS_FOR_MS: u64 = 7 * 86_400_000;

impl Store {
    pub(super) fn new(pool: SqlitePool, clock: Clock) -> Self {
        Self { pool, clock }
    }

    pub(super) async fn row(&self, key: &Key) -> Result<Row, Failure> {
        type Columns = (
            Option<String>,
            Option<String>,
            Option<i64>,
            Option<String>,
            Option<String>,
            i64,
        );
        let row: Option<Columns> = sqlx::query_as(
            "SELECT user_id, draft, creating_since_ms, verified_email, verified_phone_number,
             updated_at_ms FROM sessionm_people
             WHERE iss = $1 AND sub = $2",
        )
        .bind(&key.iss)
        .bind(&key.sub)
        .fetch_optional(&self.pool)
        .await?;
        let Some((user_id, draft, creating_since_ms, email, phone_number, updated_at_ms)) = row
        else {
            return Ok(Row::default());
        };
        Ok(Row {
            user_id,
            proof: Proof {
                email,
                phone_number,
            },
            // A draft of another version's form is as good as none: the provider says it again. In an old one an e-mail is
            // verified that may be somebody else's by now.
            draft: draft
                .filter(|_| updated_at_ms >= self.oldest_ms())
                .and_then(|draft| serde_json::from_str(&draft).ok()),
            creating_since_ms: creating_since_ms.and_then(|at| u64::try_from(at).ok()),
        })
    }

    /// Keeps what is known until there is a profile, and forgets what others gave up long ago.
    pub(super) async fn draft(&self, key: &Key, draft: &Claims) -> Result<(), Failure> {
        let draft = serde_json::to_string(draft).unwrap_or_default();
        sqlx::query(
            "INSERT INTO sessionm_people (iss, sub, draft, updated_at_ms) VALUES ($1, $2, $3, $4)
             ON CONFLICT (iss, sub) DO UPDATE SET draft = excluded.draft, updated_at_ms = excluded.updated_at_ms",
        )
        .bind(&key.iss)
        .bind(&key.sub)
        .bind(draft)
        .bind(self.clock.now_ms() as i64)
        .execute(&self.pool)
        .await?;
        self.forget_drafts().await
    }

    /// Forgets what others gave up long ago.
    async fn forget_drafts(&self) -> Result<(), Failure> {
        for forget in [
            "DELETE FROM sessionm_people WHERE user_id IS NULL AND creating_since_ms IS NULL AND updated_at_ms < $1",
            "UPDATE sessionm_people SET draft = NULL WHERE draft IS NOT NULL AND updated_at_ms < $1",
        ] {
            sqlx::query(forget)
                .bind(self.oldest_ms())
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }

    /// When the oldest draft that is still kept was written.
    fn oldest_ms(&self) -> i64 {
        self.clock.now_ms().saturating_sub(DRAFTS_FOR_MS) as i64
    }

    /// Notes that a profile is about to be created, before it is.
    pub(super) async fn creating(&self, key: &Key) -> Result<(), Failure> {
        sqlx::query(
            "INSERT INTO sessionm_people (iss, sub, creating_since_ms, updated_at_ms) VALUES ($1, $2, $3, $3)
             ON CONFLICT (iss, sub) DO UPDATE SET creating_since_ms = excluded.creating_since_ms,
             updated_at_ms = excluded.updated_at_ms",
        )
        .bind(&key.iss)
        .bind(&key.sub)
        .bind(self.clock.now_ms() as i64)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Notes that the creation came to nothing, for certain.
    pub(super) async fn not_created(&self, key: &Key) -> Result<(), Failure> {
        sqlx::query(
            "UPDATE sessionm_people SET creating_since_ms = NULL WHERE iss = $1 AND sub = $2",
        )
        .bind(&key.iss)
        .bind(&key.sub)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Notes whose the profile is; `false` where another person of the issuer has it.
    pub(super) async fn link(
        &self,
        key: &Key,
        user_id: &str,
        proof: &Proof,
    ) -> Result<bool, Failure> {
        let done = sqlx::query(
            "INSERT INTO sessionm_people (iss, sub, user_id, updated_at_ms, verified_email, verified_phone_number)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (iss, sub) DO UPDATE SET user_id = excluded.user_id, draft = NULL,
             creating_since_ms = NULL, updated_at_ms = excluded.updated_at_ms,
             verified_email = excluded.verified_email, verified_phone_number = excluded.verified_phone_number",
        )
        .bind(&key.iss)
        .bind(&key.sub)
        .bind(user_id)
        .bind(self.clock.now_ms() as i64)
        .bind(&proof.email)
        .bind(&proof.phone_number)
        .execute(&self.pool)
        .await;
        match done {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_database_error()
                    .is_some_and(sqlx::error::DatabaseError::is_unique_violation) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether somebody else has the profile, whose provider hasn't verified what it is searched for by.
    pub(super) async fn is_unproven(
        &self,
        key: &Key,
        user_id: &str,
        by: &Proof,
    ) -> Result<bool, Failure> {
        let others: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM sessionm_people WHERE user_id = $1 AND NOT (iss = $2 AND sub = $3)
             AND (COALESCE(verified_email, '') <> COALESCE($4, verified_email, '')
             OR COALESCE(verified_phone_number, '') <> COALESCE($5, verified_phone_number, ''))",
        )
        .bind(user_id)
        .bind(&key.iss)
        .bind(&key.sub)
        .bind(&by.email)
        .bind(&by.phone_number)
        .fetch_one(&self.pool)
        .await?;
        Ok(others > 0)
    }

    /// Forgets the profile: it is gone, or was never theirs.
    pub(super) async fn unlink(&self, key: &Key, user_id: &str) -> Result<(), Failure> {
        sqlx::query(
            "UPDATE sessionm_people SET user_id = NULL WHERE iss = $1 AND sub = $2 AND user_id = $3",
        )
        .bind(&key.iss)
        .bind(&key.sub)
        .bind(user_id)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Takes a lease, unless somebody else has it.
    pub(super) async fn lease(
        &self,
        name: &str,
        holder: &str,
        for_ms: u64,
    ) -> Result<bool, Failure> {
        let now = self.clock.now_ms();
        let done = sqlx::query(
            "INSERT INTO sessionm_leases (name, holder, until_ms) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
             WHERE sessionm_leases.until_ms <= $4 OR sessionm_leases.holder = excluded.holder",
        )
        .bind(name)
        .bind(holder)
        .bind((now + for_ms) as i64)
        .bind(now as i64)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Gives back whatever the holder has.
    pub(super) async fn release(&self, holder: &str) -> Result<(), Failure> {
        sqlx::query("DELETE FROM sessionm_leases WHERE holder = $1")
            .bind(holder)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
