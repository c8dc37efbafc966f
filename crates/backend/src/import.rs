//! `admit-one import`: contacts that the shop knows already, each to be claimed by whoever proves the e-mail.

use admit_one_protocol::profile::Profile;
use serde::Deserialize;

use crate::{Config, Failure, config::DirectoryConfig, database, directory::contacts::Contacts};

/// Why contacts were not imported: nothing of the file was, then, unless the database has failed in the middle of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The configuration keeps contacts elsewhere, where an import would never be looked for.
    #[error("`[directory]` keeps no contacts of ours; an import takes `kind = \"contacts\"`")]
    OtherDirectory,
    /// The file isn't a JSON array of contacts.
    #[error("line {line}, column {column}: {cause}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        cause: String,
    },
    /// A field is malformed.
    #[error("contact {number}: {cause}")]
    Field {
        /// The contact.
        number: String,
        /// The field, and what it takes.
        cause: String,
    },
    /// The database can't be used.
    #[error(transparent)]
    Database(#[from] database::DatabaseError),
    /// The database doesn't take them.
    #[error("the contacts can't be saved: {0}")]
    Save(#[from] Failure),
}

/// One contact of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportedContact {
    contact_number: String,
    profile: Profile,
}

/// Imports a JSON array of `{"contact_number": "…", "profile": {"email": "…", …}}`; returns how many were new.
/// A number that is there already is left as it is, so a file can be imported again.
pub async fn import(config: &Config, text: &str) -> Result<usize, ImportError> {
    if !matches!(config.directory, DirectoryConfig::Contacts) {
        return Err(ImportError::OtherDirectory);
    }
    let contacts: Vec<ImportedContact> =
        serde_json::from_str(text).map_err(|error| ImportError::Malformed {
            line: error.line(),
            column: error.column(),
            cause: error.to_string(),
        })?;
    let mut checked = Vec::with_capacity(contacts.len());
    for contact in contacts {
        if contact.contact_number.trim().is_empty() {
            return Err(ImportError::Field {
                number: format!("{:?}", contact.contact_number),
                cause: "the contact number is empty".to_owned(),
            });
        }
        let mut profile = Profile::default();
        for (field, value) in contact.profile.iter() {
            let value = field.validate(value).map_err(|error| ImportError::Field {
                number: contact.contact_number.clone(),
                cause: format!("{}: {error}", field.as_str()),
            })?;
            profile.set(field, value);
        }
        checked.push((contact.contact_number, profile));
    }
    let pool = database::open(&config.database_url).await?;
    let directory = Contacts::new(pool.clone());
    let imported = directory
        .import(&checked, crate::Clock::default().now())
        .await;
    // The last connection locks the database while it ends; whoever opens it next shouldn't meet that.
    pool.close().await;
    Ok(imported?)
}
