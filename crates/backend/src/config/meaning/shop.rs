//! The rules of `[shop]`.

use admit_one_protocol::discovery::is_trustworthy;
use toml::Spanned;

use super::{Reader, Result};
use crate::{
    config::{DirectoryConfig, GrantAlg, ProviderConfig, ShopConfig, address::origin, file},
    grant::PLACEHOLDERS,
    jws::SigningKey,
};

impl Reader<'_> {
    pub(super) fn shop(
        &self,
        shop: Spanned<file::Shop>,
        directory: &DirectoryConfig,
        providers: &[ProviderConfig],
    ) -> Result<ShopConfig> {
        let table = shop.span();
        let shop = shop.into_inner();
        if matches!(directory, DirectoryConfig::None) {
            return Err(self.source.mistake(
                table,
                "`[shop]` beside `directory.kind = \"none\"`",
                "`directory.kind = \"contacts\"` or `\"sessionm\"`: a grant names a contact",
            ));
        }
        // What stands before the first placeholder has the whole host: the token mustn't choose where it goes.
        let url = shop.grant_url.get_ref();
        let (fixed, _) = url.split_once('{').unwrap_or((url, ""));
        let host_ends = |(_, rest): (&str, &str)| rest.contains(['/', '?']);
        let shop_origin = fixed
            .split_once("://")
            .filter(|parts| host_ends(*parts) && url.contains("{token}"))
            .and_then(|_| origin(fixed.split('?').next()?))
            .filter(|origin| is_trustworthy(origin));
        let Some(shop_origin) = shop_origin else {
            return Err(self.not(
                &shop.grant_url,
                "an `https://` URL, or `http://` on localhost, with `{token}` in it",
            ));
        };
        let unnamed = PLACEHOLDERS
            .iter()
            .fold(shop.grant_url.get_ref().clone(), |url, name| {
                url.replace(name, "")
            });
        if unnamed.contains(['{', '}']) {
            return Err(self.not(
                &shop.grant_url,
                "a URL with `{token}`, perhaps `{lang}` and `{return_to}`, and no other braces in it",
            ));
        }
        let secret = self.secret(shop.grant_secret_env, shop.grant_secret_file)?;
        let key = match (shop.grant_alg, secret, shop.grant_key_file) {
            (GrantAlg::HS256, Some((secret, span)), None) => {
                // RFC 7518 section 3.2: a key of at least the hash's size.
                if secret.len() < 32 {
                    return Err(self.source.mistake(
                        span,
                        format!("{} characters", secret.len()),
                        "at least 32",
                    ));
                }
                SigningKey::hs256(secret.as_bytes())
            }
            (GrantAlg::ES256, None, Some(file)) => match self.key_file(&file)? {
                key if key.alg() == "ES256" => key,
                key => {
                    let found = format!("a key for {}", key.alg());
                    return Err(self.source.mistake(file.span(), found, "a key of P-256"));
                }
            },
            (GrantAlg::HS256, _, _) => {
                return Err(self.source.absence(
                    "shop.grant_secret_env",
                    Some(table),
                    "`grant_secret_env` or `grant_secret_file`, and no `grant_key_file`",
                ));
            }
            (GrantAlg::ES256, _, _) => {
                return Err(self.source.absence(
                    "shop.grant_key_file",
                    Some(table),
                    "`grant_key_file`, and no secret",
                ));
            }
        };
        let origins = shop
            .origins
            .iter()
            .map(|written| match origin(written.get_ref()) {
                Some(origin) if &origin == written.get_ref() => Ok(origin),
                _ => Err(self.not(written, "an origin such as `https://shop.example`")),
            });
        Ok(ShopConfig {
            origins: origins.collect::<Result<_>>()?,
            label: self.label(shop.label, shop.labels, "what stands on the link")?,
            grant_url: shop.grant_url.into_inner(),
            key,
            audience: shop.audience.unwrap_or(shop_origin),
            lifetime: self.number(shop.lifetime, 60, 5..=600)?,
            authentication: self.authentication(shop.acr_values, shop.max_age, providers)?,
        })
    }
}
