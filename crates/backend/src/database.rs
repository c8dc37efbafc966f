//! The database: opened once, brought up to date at start.

use std::str::FromStr;

use sqlx::{
    AssertSqlSafe, SqlSafeStr, SqlitePool,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// Why the database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It can't be opened.
    #[error(
        "the database can't be opened: {0}. The folder of `database.url` has to exist, and to be writable for this user"
    )]
    Open(#[from] sqlx::Error),
    /// A migration failed.
    #[error("the database can't be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// Opens the database and runs what migrations it lacks.
pub(crate) async fn open(url: &str) -> Result<SqlitePool, DatabaseError> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A contact that was saved stays saved, whatever happens to the power.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(std::time::Duration::from_secs(5))
        .foreign_keys(true);
    // Every connection to a database in memory would be a database of its own.
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    let pool = SqlitePoolOptions::new()
        // No `min_connections`: the pool would open the first one twice at once, and the first two of a new database
        // collide over its journal.
        .max_connections(if in_memory { 1 } else { 4 })
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(std::time::Duration::from_secs(5))
        .connect_with(options)
        .await?;
    migrator().run(&pool).await?;
    Ok(pool)
}

fn migrator() -> Migrator {
    let migrations = [
        (1, "contacts", include_str!("../migrations/1_contacts.sql")),
        (2, "sessionm", include_str!("../migrations/2_sessionm.sql")),
        (
            3,
            "sessionm_proofs",
            include_str!("../migrations/3_sessionm_proofs.sql"),
        ),
        (
            4,
            "sessionm_indexes",
            include_str!("../migrations/4_sessionm_indexes.sql"),
        ),
    ];
    let migrations = migrations.map(|(version, name, sql)| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            AssertSqlSafe(sql).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn opens_a_new_database_each_time() {
        for _ in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite://{}", folder.path().join("new.db").display());
            open(&url).await.unwrap().close().await;
        }
    }
}
