//! From what is written to what is meant; every rule that TOML itself can't state.

mod brand;
mod directory;
mod partners;
mod provider;
mod secrets;
mod shop;

use admit_one_protocol::{api::CookieMirror, discovery::is_trustworthy};
use toml::Spanned;

use super::{
    Config, ConfigError, Label, Limits, Network, UpstreamLimits, address::origin, error::Source,
    file,
};

use crate::language::Language;

type Result<T> = std::result::Result<T, ConfigError>;

pub(super) struct Reader<'a> {
    pub(super) source: Source<'a>,
    pub(super) secrets: &'a dyn Fn(&str) -> Option<String>,
}

impl Reader<'_> {
    pub(super) fn config(&self, file: file::File) -> Result<Config> {
        let server = file.server;
        let public_url = self.public_url(&server.public_url)?;
        let providers = self.providers(file.providers)?;
        let directory = self.directory(file.directory, providers.len())?;
        let partners = self.partners(file.partners, &directory)?;
        let shop = file
            .shop
            .map(|shop| self.shop(shop, &directory, &providers))
            .transpose()?;
        Ok(Config {
            listen: self.listen(server.listen)?,
            cookie_mirror: server
                .cookie_mirror
                .map(|mirror| self.cookie_mirror(mirror, &public_url))
                .transpose()?,
            public_url,
            app_dir: server.app_dir.into(),
            custody: server.custody,
            handle_lifetime: self.number(server.handle_lifetime, 30 * 86_400, 60..=366 * 86_400)?,
            brand: self.brand(file.brand)?,
            support_url: server
                .support_url
                .map(|url| self.web_address(url))
                .transpose()?,
            trusted_proxies: server
                .trusted_proxies
                .into_iter()
                .map(|proxy| self.network(&proxy))
                .collect::<Result<_>>()?,
            nonce_lifetime: self.number(file.seal.nonce_lifetime, 300, 10..=3600)?,
            seal_keys: self.seal_keys(file.seal.keys)?,
            database_url: self.database(file.database.url)?,
            upstream: UpstreamLimits {
                timeout_ms: self.number(file.upstream.timeout_ms, 10_000, 100..=120_000)?,
                connect_timeout_ms: self.number(
                    file.upstream.connect_timeout_ms,
                    3_000,
                    50..=60_000,
                )?,
                metadata_ttl: self.number(file.upstream.metadata_ttl, 3_600, 1..=86_400)?,
                max_body: self.size(file.upstream.max_body, 1 << 20, 4_096..=16 << 20)?,
            },
            limits: Limits {
                per_minute: self.number(file.limits.per_minute, 120, 0..=u64::from(u32::MAX))?
                    as u32,
                passwords_per_minute: self.number(
                    file.limits.passwords_per_minute,
                    20,
                    0..=u64::from(u32::MAX),
                )? as u32,
                max_body: self.size(file.limits.max_body, 16 << 10, 4_096..=1 << 20)?,
                max_in_flight: self.size(file.limits.max_in_flight, 1024, 1..=1 << 20)?,
            },
            profile_authentication: self.authentication(
                file.profile.acr_values,
                file.profile.max_age,
                &providers,
            )?,
            providers,
            directory,
            required: file.profile.required,
            later: file.profile.later,
            shop,
            partners,
            log_format: file.log.format,
            log_filter: self.filter(file.log.filter)?,
        })
    }

    fn listen(&self, listen: Spanned<String>) -> Result<String> {
        let parts = listen.get_ref().rsplit_once(':');
        match parts.map(|(host, port)| (host, port.parse::<u16>())) {
            Some((host, Ok(_))) if !host.is_empty() => Ok(listen.into_inner()),
            _ => Err(self.not(&listen, "an address and a port, such as `127.0.0.1:8800`")),
        }
    }

    fn public_url(&self, url: &Spanned<String>) -> Result<String> {
        let written = url.get_ref().trim_end_matches('/');
        match origin(written) {
            Some(origin) if origin == written && is_trustworthy(&origin) => Ok(origin),
            _ => Err(self.not(
                url,
                "an origin in lower case without a path: `https://…`, or `http://` on localhost",
            )),
        }
    }

    /// Another one browsers drop without a word.
    fn cookie_mirror(
        &self,
        mirror: Spanned<CookieMirror>,
        public_url: &str,
    ) -> Result<CookieMirror> {
        let span = mirror.span();
        let mirror = mirror.into_inner();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if mirror.name.is_empty()
            || !mirror.name.bytes().all(plain)
            || mirror.name.starts_with("__Host-")
        {
            let allowed = "letters, digits, `-`, `_` and `.`, and no `__Host-` before them";
            return Err(self
                .source
                .mistake(span, format!("the name {:?}", mirror.name), allowed));
        }
        let host = public_url.split("://").nth(1).unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default();
        let domain = mirror.domain.trim_start_matches('.');
        let is_parent = |rest: &str| rest.is_empty() || rest.ends_with('.');
        if !domain.contains('.') || !host.strip_suffix(domain).is_some_and(is_parent) {
            let found = format!("the domain {:?}", mirror.domain);
            let allowed = format!("{host:?} or a domain that it is in, in lower case");
            return Err(self.source.mistake(span, found, allowed));
        }
        Ok(mirror)
    }

    /// `what` it is, in the words of a mistake.
    fn label(&self, label: Spanned<String>, labels: file::Labels, what: &str) -> Result<Label> {
        let named = |written: Spanned<String>| match written.get_ref().trim() {
            "" => Err(self.not(&written, what)),
            _ => Ok(written.into_inner()),
        };
        let known = || Language::all().map(Language::as_str);
        let labels = labels.into_iter().map(|(language, written)| {
            if known().any(|known| known == language) {
                return Ok((language, named(written)?));
            }
            let allowed = known().collect::<Vec<_>>().join(", ");
            let found = format!("the language {language:?}");
            Err(self.source.mistake(written.span(), found, allowed))
        });
        Ok(Label {
            labels: labels.collect::<Result<_>>()?,
            label: named(label)?,
        })
    }

    fn web_address(&self, url: Spanned<String>) -> Result<String> {
        if origin(url.get_ref()).is_some() || url.get_ref().starts_with("mailto:") {
            return Ok(url.into_inner());
        }
        Err(self.not(&url, "an `https://`, `http://` or `mailto:` address"))
    }

    fn network(&self, text: &Spanned<String>) -> Result<Network> {
        match text.get_ref().parse::<Network>() {
            Ok(network) if !network.is_everybody() => Ok(network),
            Ok(_) => Err(self.not(
                text,
                "your own proxies: of everybody, the caller would be whoever a stranger writes",
            )),
            Err(()) => Err(self.not(text, "an IP address or a range, such as `10.0.0.0/8`")),
        }
    }

    fn database(&self, url: Spanned<String>) -> Result<String> {
        if url.get_ref().starts_with("sqlite:") {
            return Ok(url.into_inner());
        }
        // The URL of another database may carry a password.
        Err(self.source.mistake(
            url.span(),
            "another database",
            "`sqlite://` and a file, or `sqlite::memory:`",
        ))
    }

    fn filter(&self, filter: Option<Spanned<String>>) -> Result<String> {
        let Some(filter) = filter else {
            return Ok("info".to_owned());
        };
        match filter
            .get_ref()
            .parse::<tracing_subscriber::filter::Targets>()
        {
            Ok(_) => Ok(filter.into_inner()),
            Err(_) => Err(self.not(
                &filter,
                "a filter such as `info` or `info,admit_one_backend=debug`",
            )),
        }
    }

    fn identifier(&self, id: Spanned<String>) -> Result<String> {
        let text = id.get_ref();
        if text.is_empty()
            || text.len() > 32
            || !text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        {
            return Err(self.not(&id, "1 to 32 letters, digits, `-` and `_`"));
        }
        Ok(id.into_inner())
    }

    fn number(
        &self,
        written: Option<Spanned<u64>>,
        default: u64,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<u64> {
        match written {
            None => Ok(default),
            Some(number) if range.contains(number.get_ref()) => Ok(number.into_inner()),
            Some(number) => {
                let allowed = format!("{} to {}", range.start(), range.end());
                Err(self
                    .source
                    .mistake(number.span(), number.get_ref().to_string(), allowed))
            }
        }
    }

    fn size(
        &self,
        written: Option<Spanned<u64>>,
        default: u64,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<usize> {
        self.number(written, default, range)
            .map(|number| number as usize)
    }

    fn not(&self, found: &Spanned<String>, allowed: &str) -> ConfigError {
        self.source
            .mistake(found.span(), format!("{:?}", found.get_ref()), allowed)
    }
}
