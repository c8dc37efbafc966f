//! The rules of `[directory]`.

use std::ops::Range;

use admit_one_protocol::discovery::is_trustworthy;
use toml::Spanned;

use super::{Reader, Result};
use crate::config::{DirectoryConfig, DirectoryKind, Search, Secret, SessionMConfig, file};

impl Reader<'_> {
    pub(super) fn directory(
        &self,
        written: Option<Spanned<file::Directory>>,
        providers: usize,
    ) -> Result<DirectoryConfig> {
        let Some(written) = written else {
            return Ok(DirectoryConfig::Contacts);
        };
        let table = written.span();
        let written = written.into_inner();
        if written.kind == DirectoryKind::SessionM {
            return Ok(DirectoryConfig::SessionM(Box::new(
                self.sessionm(written, table, providers)?,
            )));
        }
        if let Some(span) = of_sessionm(&written) {
            return Err(self.source.mistake(
                span,
                "a key of another directory",
                "only `kind`, unless it is `\"sessionm\"`",
            ));
        }
        Ok(match written.kind {
            DirectoryKind::None => DirectoryConfig::None,
            DirectoryKind::Contacts | DirectoryKind::SessionM => DirectoryConfig::Contacts,
        })
    }

    fn sessionm(
        &self,
        written: file::Directory,
        table: Range<usize>,
        providers: usize,
    ) -> Result<SessionMConfig> {
        let absent = |key: &str, what: &str| {
            let key = format!("directory.{key}");
            self.source.absence(&key, Some(table.clone()), what)
        };
        let url = written
            .api_url
            .ok_or_else(|| absent("api_url", "the tenant's address"))?;
        let api_url = url.get_ref().trim_end_matches('/').to_owned();
        if !is_trustworthy(&api_url) || api_url.contains(['?', '#']) {
            return Err(self.not(
                &url,
                "an `https://` URL, or `http://` on localhost, without query or fragment",
            ));
        }
        let key = written
            .api_key
            .ok_or_else(|| absent("api_key", "the tenant's API key"))?;
        // RFC 7617 section 2: the user of HTTP Basic has no colon.
        if key.get_ref().is_empty()
            || !key
                .get_ref()
                .bytes()
                .all(|b| b.is_ascii_graphic() && b != b':')
        {
            return Err(self.not(&key, "the API key, without white space and `:`"));
        }
        let (secret, _) = self
            .secret(written.api_secret_env, written.api_secret_file)?
            .ok_or_else(|| absent("api_secret_env", "`api_secret_env` or `api_secret_file`"))?;
        let order = match written.order {
            // Not by number unless asked to: digits that are read in another way than the tenant writes them are somebody else's.
            None => vec![Search::ExternalId, Search::Email],
            Some(order) => self.order(order, providers)?,
        };
        let external_id_type = match written.external_id_type {
            None => "{provider}".to_owned(),
            // The same `sub` at two providers is two people.
            Some(kind) if kind.get_ref().contains("{provider}") || providers == 1 => {
                kind.into_inner()
            }
            Some(kind) => {
                return Err(self.not(
                    &kind,
                    "a type with `{provider}` in it, since there are several",
                ));
            }
        };
        let lookup_path = match written.lookup_path {
            None => "/api/2.0/lookup".to_owned(),
            Some(path) if path.get_ref().starts_with('/') && is_path(path.get_ref()) => {
                path.into_inner()
            }
            Some(path) => return Err(self.not(&path, "a path, such as `/api/2.0/lookup`")),
        };
        let search_path = match written.search_path {
            Some(path) if path.get_ref().starts_with('/') || !is_path(path.get_ref()) => {
                return Err(self.not(&path, "a path below the API key, such as `users/search`"));
            }
            path => path.map(Spanned::into_inner),
        };
        let calling_code = match written.calling_code {
            // ITU-T E.164: one to three digits, the first of which isn't 0.
            Some(code) if !is_calling_code(code.get_ref()) => {
                return Err(self.not(&code, "a country's calling code in digits, such as `\"1\"`"));
            }
            code => code.map(Spanned::into_inner),
        };
        let text = |written: Option<Spanned<String>>| {
            written.map_or_else(|| "admit-one".to_owned(), Spanned::into_inner)
        };
        Ok(SessionMConfig {
            api_url,
            api_key: key.into_inner(),
            api_secret: Secret::new(secret),
            order,
            external_id_type,
            one_type: providers == 1,
            lookup_path,
            search_path,
            store_id: text(written.store_id),
            client_id: text(written.client_id),
            countries: written
                .countries
                .map(Spanned::into_inner)
                .unwrap_or_default(),
            calling_code,
            opted_in: written.opted_in.is_some_and(Spanned::into_inner),
            timeout_ms: self.number(written.timeout_ms, 5_000, 100..=60_000)?,
        })
    }

    fn order(&self, order: Spanned<Vec<Search>>, providers: usize) -> Result<Vec<Search>> {
        let searches = order.get_ref();
        let repeats = (1..searches.len()).any(|at| searches[..at].contains(&searches[at]));
        if repeats || !searches.contains(&Search::ExternalId) {
            let found = format!("{searches:?}");
            return Err(self.source.mistake(
                order.span(),
                found,
                "`external_id`, by which a profile that we made is found again, and what else of `email`, `phone_number`, `user_id`, each once",
            ));
        }
        // Whoever chooses their own `sub` at another provider would choose whose profile it is.
        if providers > 1 && searches.contains(&Search::UserId) {
            let found = "`user_id`, with several providers";
            let allowed = "it where the one provider has SessionM's own ids as `sub`";
            return Err(self.source.mistake(order.span(), found, allowed));
        }
        Ok(order.into_inner())
    }
}

fn is_calling_code(text: &str) -> bool {
    (1..=3).contains(&text.len())
        && !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_path(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte))
}

/// The first key that only SessionM has.
fn of_sessionm(written: &file::Directory) -> Option<Range<usize>> {
    let texts = [
        &written.api_url,
        &written.api_key,
        &written.api_secret_env,
        &written.api_secret_file,
        &written.external_id_type,
        &written.lookup_path,
        &written.search_path,
        &written.calling_code,
        &written.store_id,
        &written.client_id,
    ];
    let others = [
        written.order.as_ref().map(Spanned::span),
        written.countries.as_ref().map(Spanned::span),
        written.opted_in.as_ref().map(Spanned::span),
        written.timeout_ms.as_ref().map(Spanned::span),
    ];
    texts
        .into_iter()
        .map(|text| text.as_ref().map(Spanned::span))
        .chain(others)
        .flatten()
        .next()
}
