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
        if written.label.get_ref().trim().is_empty() {
            return Err(self.not(&written.label, "what stands on the button"));
        }
        let id = self.identifier(written.id.clone())?;
        let redirect_path = match written.redirect_path.clone() {
            None if written.kind == file::Kind::Sso2 => format!("{LANDING}{id}"),
            None => format!("/callback/{id}"),
            Some(path) if written.kind == file::Kind::Sso2 => self.landing_path(path)?,
            Some(path) => self.redirect_path(path)?,
        };
        let (label, client_id) = (
            written.label.get_ref().clone(),
            written.client_id.get_ref().clone(),
        );
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

    /// SSO2's landing page, which the app knows by its path.
    fn landing_path(&self, path: Spanned<String>) -> Result<String> {
        let name = path.get_ref().strip_prefix(LANDING).unwrap_or_default();
        if name.is_empty() || name.contains('/') {
            return Err(self.not(&path, "a path such as `/landing/paper`"));
        }
        self.redirect_path(path)
    }

    fn redirect_path(&self, path: Spanned<String>) -> Result<String> {
        let text = path.get_ref();
        let ours = [
            "/v1/",
            "/healthz",
            "/readyz",
            "/metrics",
            "/openapi.json",
            "/profile",
            "/account",
            "/signed-out",
        ];
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte));
        if text.len() < 2
            || !text.starts_with('/')
            || text.contains("//")
            || !plain
            || ours.iter().any(|ours| text.starts_with(ours))
        {
            return Err(self.not(&path, "a path of its own, such as `/callback/club`"));
        }
        Ok(path.into_inner())
    }
}

const LANDING: &str = "/landing/";
