//! The rules of `[[providers]]`.

use std::ops::Range;

use admit_one_protocol::{alg::Alg, discovery::is_trustworthy};
use toml::Spanned;

use super::{Reader, Result};
use crate::config::{ClientAuthMethod, Credential, ProviderConfig, Secret, file};

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
                Ok(Credential::Key(Box::new(self.key_file(&file)?)))
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
