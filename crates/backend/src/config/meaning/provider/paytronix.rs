//! `kind = "paytronix"`.

use std::ops::Range;

use toml::Spanned;

use super::{Reader, Result};
use crate::config::{DialectConfig, PaytronixConfig, Secret, file};

impl Reader<'_> {
    pub(super) fn paytronix(
        &self,
        written: file::Provider,
        table: Range<usize>,
    ) -> Result<(String, DialectConfig)> {
        let site_url = self.required("providers.site_url", written.site_url, &table)?;
        let site_url = self.base(site_url)?;
        let api_url = self.required("providers.api_url", written.api_url, &table)?;
        let merchant_id = self.required("providers.merchant_id", written.merchant_id, &table)?;
        // RFC 7617 section 2: the user of HTTP Basic has no colon.
        if written.client_id.get_ref().contains(':') {
            return Err(self.not(
                &written.client_id,
                "the integration's identifier, without `:`",
            ));
        }
        let secret = self.secret(written.client_secret_env, written.client_secret_file)?;
        let Some((secret, _)) = secret else {
            return Err(self.source.absence(
                "providers.client_secret_env",
                Some(table),
                "`client_secret_env` or `client_secret_file`: the integration's secret",
            ));
        };
        let invalid_token_codes = match written.invalid_token_codes {
            None => vec!["oauth.invalid_token".to_owned()],
            Some(codes) if codes.get_ref().is_empty() => {
                return Err(self.source.mistake(
                    codes.span(),
                    "none",
                    "at least one `errorCode` that says that an access token is good no more",
                ));
            }
            Some(codes) => codes.into_inner(),
        };
        let name = |written: Option<Spanned<String>>, otherwise: &str| {
            written.map_or_else(|| otherwise.to_owned(), Spanned::into_inner)
        };
        let config = PaytronixConfig {
            api_url: self.base(api_url)?,
            merchant_id: merchant_id.into_inner(),
            secret: Secret::new(secret),
            credentials: written
                .credentials
                .map(Spanned::into_inner)
                .unwrap_or_default(),
            scopes: match written.scopes {
                None => SCOPES.map(str::to_owned).to_vec(),
                Some(scopes) => scopes.into_inner(),
            },
            code_field: name(written.code_field, "code"),
            redirect_uri_field: name(written.redirect_uri_field, "redirect_uri"),
            invalid_token_codes,
            balance_field: name(written.balance_field, "walletBalances"),
        };
        // What a `username` is unique in.
        Ok((site_url, DialectConfig::Paytronix(config)))
    }
}

const SCOPES: [&str; 4] = ["account_read", "account_write", "user_read", "user_write"];
