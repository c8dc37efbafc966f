//! The rules of `[[providers]]`: what all kinds share. What is particular to one stands in a file of its name.

mod oidc;
mod paytronix;
mod sso2;
mod step_up;

use std::ops::Range;

use admit_one_protocol::discovery::is_trustworthy;
use toml::Spanned;

use super::{Reader, Result};
use crate::config::{ProviderConfig, file};

impl Reader<'_> {
    pub(super) fn providers(
        &self,
        written: Vec<Spanned<file::Provider>>,
    ) -> Result<Vec<ProviderConfig>> {
        let mut providers: Vec<ProviderConfig> = Vec::new();
        for provider in written {
            let span = provider.span();
            let id = provider.get_ref().id.clone();
            let path = provider.get_ref().redirect_path.clone();
            let provider = self.provider(provider.into_inner(), span)?;
            if providers.iter().any(|other| other.id == provider.id) {
                return Err(self.not(&id, "an id that no other provider has"));
            }
            if providers
                .iter()
                .any(|other| other.redirect_path == provider.redirect_path)
            {
                // Each provider has a redirect URI of its own: RFC 9700 section 4.4's mix-up defence.
                return Err(self.not(&path.unwrap_or(id), "a path that no other provider has"));
            }
            providers.push(provider);
        }
        if providers.is_empty() {
            return Err(self.source.absence(
                "providers",
                None,
                "at least one `[[providers]]` table",
            ));
        }
        Ok(providers)
    }

    fn provider(&self, written: file::Provider, table: Range<usize>) -> Result<ProviderConfig> {
        if written.client_id.get_ref().is_empty() {
            return Err(self.not(&written.client_id, "the id that the provider gave us"));
        }
        let label = self.label(
            written.label.clone(),
            written.labels.clone(),
            "what stands on the button",
        )?;
        let id = self.identifier(written.id.clone())?;
        let folder = match written.kind {
            file::Kind::Sso2 => "/landing/",
            file::Kind::Oidc | file::Kind::Paytronix => "/callback/",
        };
        let redirect_path = match written.redirect_path.clone() {
            None => format!("{folder}{id}"),
            Some(path) => self.redirect_path(path, folder, &id)?,
        };
        let client_id = written.client_id.get_ref().clone();
        // What Payway's `verified` is about isn't published, so it counts only where the operator says so.
        let trust_verified = written
            .trust_verified
            .unwrap_or(written.kind != file::Kind::Sso2);
        self.own_keys(&written)?;
        let (issuer, dialect) = match written.kind {
            file::Kind::Oidc => self.oidc(written, table)?,
            file::Kind::Sso2 => self.sso2(written, table)?,
            file::Kind::Paytronix => self.paytronix(written, table)?,
        };
        Ok(ProviderConfig {
            id,
            label,
            issuer,
            client_id,
            redirect_path,
            trust_verified,
            dialect,
        })
    }

    /// Refuses keys that are another kind's: whoever wrote one expects something of it.
    fn own_keys(&self, written: &file::Provider) -> Result<()> {
        let strange = written
            .particular()
            .into_iter()
            .find_map(|(kinds, span)| span.filter(|_| !kinds.contains(&written.kind)));
        match strange {
            None => Ok(()),
            Some(span) => Err(self.source.mistake(
                span,
                "a key of another `kind`",
                format!("the keys of `kind = \"{}\"`", written.kind.as_str()),
            )),
        }
    }

    /// An address that paths are appended to.
    fn base(&self, url: Spanned<String>) -> Result<String> {
        let text = url.get_ref();
        if !is_trustworthy(text) || text.contains(['?', '#']) {
            return Err(self.not(
                &url,
                "an `https://` URL, or `http://` on localhost, without query or fragment",
            ));
        }
        Ok(text.trim_end_matches('/').to_owned())
    }

    /// A key that this kind can't do without.
    fn required<T>(
        &self,
        name: &str,
        written: Option<Spanned<T>>,
        table: &Range<usize>,
    ) -> Result<Spanned<T>> {
        written.ok_or_else(|| {
            self.source
                .absence(name, Some(table.clone()), "this key is required")
        })
    }

    /// The page that the provider sends the buyer back to, which the app knows by its folder.
    fn redirect_path(&self, path: Spanned<String>, folder: &str, id: &str) -> Result<String> {
        let name = path.get_ref().strip_prefix(folder).unwrap_or_default();
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        // A browser takes `.` and `..` for folders.
        if !plain || matches!(name, "" | "." | "..") {
            return Err(self.not(&path, &format!("a path such as `{folder}{id}`")));
        }
        Ok(path.into_inner())
    }
}
