//! `kind = "sso2"`.

use std::ops::Range;

use admit_one_protocol::discovery::is_trustworthy;
use toml::Spanned;

use super::{Reader, Result};
use crate::config::{DialectConfig, Secret, Sso2Config, file};

impl Reader<'_> {
    pub(super) fn sso2(
        &self,
        written: file::Provider,
        table: Range<usize>,
    ) -> Result<(String, DialectConfig)> {
        let sso_url = self.required("providers.sso_url", written.sso_url, &table)?;
        let sso_url = self.base(sso_url)?;
        let api_url = self.required("providers.api_url", written.api_url, &table)?;
        let organisation = self.required("providers.organisation", written.organisation, &table)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if organisation.get_ref().is_empty() || !organisation.get_ref().bytes().all(plain) {
            return Err(self.not(&organisation, "the organisation's id at Payway"));
        }
        let secret = self.secret(written.client_secret_env, written.client_secret_file)?;
        let Some((secret, named_at)) = secret else {
            return Err(self.source.absence(
                "providers.client_secret_env",
                Some(table),
                "`client_secret_env` or `client_secret_file`: it signs every message",
            ));
        };
        let short = written.danger_short_secret.is_some_and(Spanned::into_inner);
        if secret.len() < SHORTEST_SECRET && !short {
            return Err(self.source.mistake(
                named_at,
                format!("a secret of {} bytes", secret.len()),
                "at least 32, which HS256 needs (RFC 7518 section 3.2); where Payway has given out a shorter one, \
                 `danger_short_secret = true`",
            ));
        }
        let me_path = match written.me_path {
            None => "/external/api/v1/me".to_owned(),
            Some(path) if path.get_ref().starts_with('/') => path.into_inner(),
            Some(path) => return Err(self.not(&path, "a path, such as `/external/api/v3/me`")),
        };
        let login_url = match written.login_url {
            Some(url) if !is_trustworthy(url.get_ref()) || url.get_ref().contains('#') => {
                return Err(self.not(&url, "the `https://` address of a login form"));
            }
            url => url.map(Spanned::into_inner),
        };
        let beside_the_form = |url: Option<Spanned<String>>| match url {
            Some(url) if login_url.is_some() => Err(self.source.mistake(
                url.span(),
                "a link beside our own login form",
                "it where there is no `login_url`: a central form has its own",
            )),
            Some(url) => self.web_address(url).map(Some),
            None => Ok(None),
        };
        let forgot_password_url = beside_the_form(written.forgot_password_url)?;
        let register_url = beside_the_form(written.register_url)?;
        // The vendor's six minutes, "not less in production"; less on this machine alone.
        let here = sso_url.starts_with("http://");
        let shortest = if here { 1 } else { STATUS_INTERVAL };
        let interval = self.number(written.status_interval, STATUS_INTERVAL, shortest..=86_400)?;
        let name = |written: Option<Spanned<String>>| {
            written.map_or_else(|| "refresh_token".to_owned(), Spanned::into_inner)
        };
        let config = Sso2Config {
            api_url: self.base(api_url)?,
            organisation: organisation.into_inner(),
            secret: Secret::new(secret),
            scopes: written
                .scopes
                .map_or_else(|| vec!["/external/me/w".to_owned()], Spanned::into_inner),
            refresh_grant_type: name(written.refresh_grant_type),
            refresh_token_field: name(written.refresh_token_field),
            me_path,
            login_url,
            forgot_password_url,
            register_url,
            status_interval: interval,
            sso_url,
        };
        // What a session's `sub` is unique in.
        let issuer = format!("{}/{}", config.sso_url, config.organisation);
        Ok((issuer, DialectConfig::Sso2(config)))
    }
}

/// The default of the vendor's plugin, seconds.
const STATUS_INTERVAL: u64 = 360;
/// "A key of the same size as the hash output … or larger MUST be used" (RFC 7518 section 3.2), bytes.
const SHORTEST_SECRET: usize = 32;
