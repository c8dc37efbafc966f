//! Secrets and keys: where they are, and whether they are good for what they are for.

use std::{io, ops::Range};

use toml::Spanned;

use super::{Reader, Result};
use crate::{
    config::{ConfigError, SealKey, Secret, file},
    jws::SigningKey,
};

impl Reader<'_> {
    pub(super) fn seal_keys(
        &self,
        keys: Spanned<Vec<Spanned<file::SealKey>>>,
    ) -> Result<Vec<SealKey>> {
        let span = keys.span();
        let mut sealed: Vec<SealKey> = Vec::new();
        for key in keys.into_inner() {
            let at = key.span();
            let key = key.into_inner();
            let id = self.identifier(key.id.clone())?;
            if sealed.iter().any(|other| other.id == id) {
                return Err(self.not(&key.id, "an id that no other key has"));
            }
            let (text, span) = self
                .secret(key.secret_env, key.secret_file)?
                .ok_or_else(|| {
                    self.source.absence(
                        "seal.keys.secret_env",
                        Some(at),
                        "`secret_env` or `secret_file`",
                    )
                })?;
            let secret = Secret::key(&text).ok_or_else(|| {
                self.source.mistake(
                    span,
                    format!("{} characters", text.trim().len()),
                    "32 bytes in base64url or hex",
                )
            })?;
            sealed.push(SealKey { id, secret });
        }
        if sealed.is_empty() {
            return Err(self
                .source
                .mistake(span, "no key", "at least one key; the first seals"));
        }
        Ok(sealed)
    }

    pub(super) fn key_file(&self, file: &Spanned<String>) -> Result<SigningKey> {
        let pem = self.read(file)?;
        SigningKey::from_pem(&pem).ok_or_else(|| {
            self.source.mistake(
                file.span(),
                "no key that we read",
                "a PKCS#8 private key in PEM: P-256, or RSA of 2048 bits or more",
            )
        })
    }

    /// The secret and the place that names it.
    pub(super) fn secret(
        &self,
        env: Option<Spanned<String>>,
        file: Option<Spanned<String>>,
    ) -> Result<Option<(String, Range<usize>)>> {
        match (env, file) {
            (None, None) => Ok(None),
            (Some(name), None) => match (self.secrets)(name.get_ref()) {
                Some(secret) if !secret.trim().is_empty() => {
                    Ok(Some((secret.trim().to_owned(), name.span())))
                }
                _ => {
                    // The secret itself may stand there.
                    let found = if is_name(name.get_ref()) {
                        format!("{:?}, which isn't set", name.get_ref())
                    } else {
                        "what is no variable's name".to_owned()
                    };
                    let allowed = "the name of an environment variable that holds the secret";
                    Err(self.source.mistake(name.span(), found, allowed))
                }
            },
            (None, Some(file)) => Ok(Some((self.read(&file)?.trim().to_owned(), file.span()))),
            (Some(_), Some(file)) => {
                Err(self
                    .source
                    .mistake(file.span(), "a variable and a file", "one of them"))
            }
        }
    }

    fn read(&self, file: &Spanned<String>) -> Result<String> {
        std::fs::read_to_string(file.get_ref()).map_err(|error| self.unreadable(file, &error))
    }

    pub(super) fn unreadable(&self, file: &Spanned<String>, error: &io::Error) -> ConfigError {
        let found = format!("{:?} ({error})", file.get_ref());
        self.source
            .mistake(file.span(), found, "a file that we may read")
    }
}

/// As variables are named by custom.
fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
