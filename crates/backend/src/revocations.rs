//! "Not before" for a person of an issuer: all the server-side state that a sign-in has.

use admit_one_protocol::Code;
use sqlx::SqlitePool;

use crate::{failure::Failure, handle::Handle};

#[derive(Clone)]
pub(crate) struct Revocations {
    pool: SqlitePool,
}

impl Revocations {
    pub(crate) fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// Refuses a handle that was made before its person signed out everywhere.
    pub(crate) async fn check(&self, handle: &Handle) -> Result<(), Failure> {
        let at_ms: Option<i64> =
            sqlx::query_scalar("SELECT at_ms FROM not_before WHERE iss = $1 AND sub = $2")
                .bind(&handle.iss)
                .bind(&handle.sub)
                .fetch_optional(&self.pool)
                .await?;
        match at_ms {
            Some(at_ms) if handle.made_at_ms <= at_ms as u64 => Err(Failure::new(
                Code::HandleRevoked,
                "the handle was made before the buyer signed out everywhere",
            )),
            _ => Ok(()),
        }
    }

    /// Refuses, from now on, whatever handle the person has.
    pub(crate) async fn revoke(&self, iss: &str, sub: &str, now_ms: u64) -> Result<(), Failure> {
        sqlx::query(
            "INSERT INTO not_before (iss, sub, at_ms) VALUES ($1, $2, $3)
             ON CONFLICT (iss, sub) DO UPDATE SET at_ms = excluded.at_ms WHERE not_before.at_ms < excluded.at_ms",
        )
        .bind(iss)
        .bind(sub)
        .bind(now_ms as i64)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whether the database answers.
    pub(crate) async fn reachable(&self) -> bool {
        sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM not_before WHERE iss = ''")
            .fetch_one(&self.pool)
            .await
            .is_ok()
    }
}
