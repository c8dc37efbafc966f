//! From what is written to what is meant; every rule that TOML itself can't state.

use std::ops::Range;

use admit_one_protocol::{alg::Alg, discovery::is_trustworthy};
use toml::Spanned;

use super::{
    ClientAuthMethod, Config, ConfigError, Credential, DirectoryKind, GrantAlg, Limits,
    ProviderConfig, SealKey, Secret, ShopConfig, UpstreamLimits, address::origin, error::Source,
    file,
};
use crate::jws::SigningKey;

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
        let shop = file
            .shop
            .map(|shop| self.shop(shop, file.directory.kind))
            .transpose()?;
        Ok(Config {
            listen: self.listen(server.listen)?,
            public_url,
            app_dir: server.app_dir.into(),
            custody: server.custody,
            cookie_mirror: server.cookie_mirror,
            handle_lifetime: self.number(server.handle_lifetime, 30 * 86_400, 60..=366 * 86_400)?,
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
                max_body: self.size(file.limits.max_body, 16 << 10, 4_096..=1 << 20)?,
                max_in_flight: self.size(file.limits.max_in_flight, 1024, 1..=1 << 20)?,
            },
            providers,
            directory: file.directory.kind,
            required: file.profile.required,
            later: file.profile.later,
            shop,
            log_format: file.log.format,
            log_filter: self.filter(file.log.filter)?,
        })
    }

    fn listen(&self, listen: Spanned<String>) -> Result<String> {
        let port = listen
            .get_ref()
            .rsplit_once(':')
            .map(|(_, port)| port.parse::<u16>());
        match port {
            Some(Ok(_)) => Ok(listen.into_inner()),
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

    fn web_address(&self, url: Spanned<String>) -> Result<String> {
        if origin(url.get_ref()).is_some() || url.get_ref().starts_with("mailto:") {
            return Ok(url.into_inner());
        }
        Err(self.not(&url, "an `https://`, `http://` or `mailto:` address"))
    }

    fn network(&self, text: &Spanned<String>) -> Result<super::Network> {
        text.get_ref()
            .parse()
            .map_err(|()| self.not(text, "an IP address or a range, such as `10.0.0.0/8`"))
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

    fn seal_keys(&self, keys: Spanned<Vec<Spanned<file::SealKey>>>) -> Result<Vec<SealKey>> {
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

    fn providers(&self, written: Vec<Spanned<file::Provider>>) -> Result<Vec<ProviderConfig>> {
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
        let file::Kind::Oidc = written.kind;
        if !is_trustworthy(written.issuer.get_ref())
            || written.issuer.get_ref().contains(['?', '#'])
        {
            return Err(self.not(
                &written.issuer,
                "an `https://` URL, or `http://` on localhost, without query or fragment",
            ));
        }
        if written.client_id.get_ref().is_empty() {
            return Err(self.not(&written.client_id, "the id that the provider gave us"));
        }
        if written.label.get_ref().trim().is_empty() {
            return Err(self.not(&written.label, "what stands on the button"));
        }
        let scopes = match written.scopes {
            None => ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            Some(scopes) if scopes.get_ref().iter().any(|scope| scope == "openid") => {
                scopes.into_inner()
            }
            Some(scopes) => {
                let found = format!("{:?}", scopes.get_ref());
                return Err(self.source.mistake(
                    scopes.span(),
                    found,
                    "a list with `openid` in it (OpenID Connect Core section 3.1.2.1)",
                ));
            }
        };
        let algs = match written.algs {
            None => vec![Alg::Rs256, Alg::Ps256, Alg::Es256, Alg::Es384, Alg::EdDsa],
            Some(algs) if algs.get_ref().is_empty() => {
                return Err(self.source.mistake(
                    algs.span(),
                    "none",
                    "at least one of RS256, PS256, ES256, ES384, EdDSA",
                ));
            }
            Some(algs) => algs.into_inner(),
        };
        let extra = match written.extra {
            None => Default::default(),
            Some(extra) => match extra
                .get_ref()
                .keys()
                .find(|key| OUR_PARAMETERS.contains(&key.as_str()))
            {
                Some(key) => {
                    return Err(self.source.mistake(
                        extra.span(),
                        format!("{key:?}"),
                        "parameters that no other key sets",
                    ));
                }
                None => extra.into_inner(),
            },
        };
        let secret = self.secret(written.client_secret_env, written.client_secret_file)?;
        let id = self.identifier(written.id)?;
        Ok(ProviderConfig {
            credential: self.credential(
                written.client_auth,
                secret,
                written.client_key_file,
                table,
            )?,
            redirect_path: match written.redirect_path {
                None => format!("/callback/{id}"),
                Some(path) => self.redirect_path(path)?,
            },
            id,
            label: written.label.into_inner(),
            issuer: written.issuer.into_inner(),
            client_id: written.client_id.into_inner(),
            scopes,
            algs,
            acr_values: written.acr_values,
            max_age: written.max_age,
            prompt: written.prompt,
            ui_locales: written.ui_locales.unwrap_or(true),
            extra,
        })
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

    fn credential(
        &self,
        method: ClientAuthMethod,
        secret: Option<(String, Range<usize>)>,
        key_file: Option<Spanned<String>>,
        table: Range<usize>,
    ) -> Result<Credential> {
        let needs = |what: &str| {
            self.source
                .absence("providers.client_auth", Some(table.clone()), what)
        };
        match (method, secret, key_file) {
            (ClientAuthMethod::ClientSecretBasic, Some((secret, _)), None) => {
                Ok(Credential::Basic(Secret::new(secret)))
            }
            (ClientAuthMethod::ClientSecretPost, Some((secret, _)), None) => {
                Ok(Credential::Post(Secret::new(secret)))
            }
            (ClientAuthMethod::PrivateKeyJwt, None, Some(file)) => {
                Ok(Credential::Key(self.key_file(&file)?))
            }
            (ClientAuthMethod::None, None, None) => Ok(Credential::Public),
            (ClientAuthMethod::ClientSecretBasic | ClientAuthMethod::ClientSecretPost, _, None) => {
                Err(needs(
                    "`client_secret_env` or `client_secret_file`, or another `client_auth`",
                ))
            }
            (ClientAuthMethod::PrivateKeyJwt, None, None) => Err(needs("`client_key_file`")),
            (_, Some((_, span)), _) => {
                Err(self
                    .source
                    .mistake(span, "a secret", "none, for this `client_auth`"))
            }
            (_, _, Some(file)) => {
                Err(self
                    .source
                    .mistake(file.span(), "a key", "none, for this `client_auth`"))
            }
        }
    }

    fn shop(&self, shop: Spanned<file::Shop>, directory: DirectoryKind) -> Result<ShopConfig> {
        let table = shop.span();
        let shop = shop.into_inner();
        if directory == DirectoryKind::None {
            return Err(self.source.mistake(
                table,
                "`[shop]` beside `directory.kind = \"none\"`",
                "`directory.kind = \"contacts\"`: a grant names a contact",
            ));
        }
        let Some(shop_origin) = origin(
            shop.grant_url
                .get_ref()
                .split(['{', '?'])
                .next()
                .unwrap_or_default(),
        ) else {
            return Err(self.not(
                &shop.grant_url,
                "an `https://` URL, or `http://` on localhost, with `{token}` in it",
            ));
        };
        if !is_trustworthy(&shop_origin) || !shop.grant_url.get_ref().contains("{token}") {
            return Err(self.not(
                &shop.grant_url,
                "an `https://` URL, or `http://` on localhost, with `{token}` in it",
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
            (GrantAlg::ES256, None, Some(file)) => self.key_file(&file)?,
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
            label: shop.label,
            grant_url: shop.grant_url.into_inner(),
            key,
            audience: shop.audience.unwrap_or(shop_origin),
            lifetime: self.number(shop.lifetime, 60, 5..=600)?,
        })
    }

    fn key_file(&self, file: &Spanned<String>) -> Result<SigningKey> {
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
    fn secret(
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
                _ => Err(self.source.mistake(
                    name.span(),
                    format!("{:?}, which isn't set", name.get_ref()),
                    "the name of an environment variable that holds the secret",
                )),
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
        std::fs::read_to_string(file.get_ref()).map_err(|error| {
            self.source.mistake(
                file.span(),
                format!("{:?} ({error})", file.get_ref()),
                "a file that we may read",
            )
        })
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

/// Parameters of the authorization request that other keys, or we, decide.
const OUR_PARAMETERS: &[&str] = &[
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "acr_values",
    "ui_locales",
    "login_hint",
    "request",
    "request_uri",
];
