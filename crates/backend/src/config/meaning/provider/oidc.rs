//! `kind = "oidc"`.

use std::ops::Range;

use admit_one_protocol::{alg::Alg, discovery::is_trustworthy};
use toml::Spanned;

use super::{Reader, Result};
use crate::config::{ClientAuthMethod, Credential, DialectConfig, OidcConfig, Secret, file};

impl Reader<'_> {
    pub(super) fn oidc(
        &self,
        written: file::Provider,
        table: Range<usize>,
    ) -> Result<(String, DialectConfig)> {
        let issuer = self.required("providers.issuer", written.issuer, &table)?;
        if !is_trustworthy(issuer.get_ref()) || issuer.get_ref().contains(['?', '#']) {
            return Err(self.not(
                &issuer,
                "an `https://` URL, or `http://` on localhost, without query or fragment",
            ));
        }
        let metadata_url = match written.metadata_url {
            Some(url) if !is_trustworthy(url.get_ref()) || url.get_ref().contains('#') => {
                return Err(self.not(&url, "the `https://` address of the provider's metadata"));
            }
            url => url.map(Spanned::into_inner),
        };
        let scopes = match written.scopes {
            None => ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            Some(scopes) => self.scopes(scopes)?,
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
        let step_up = written
            .step_up
            .map(|step_up| self.step_up(step_up, &scopes))
            .transpose()?;
        let config = OidcConfig {
            metadata_url,
            credential: self.credential(
                written
                    .client_auth
                    .map(Spanned::into_inner)
                    .unwrap_or_default(),
                secret,
                written.client_key_file,
                table,
                "providers.client_auth",
            )?,
            scopes,
            algs,
            acr_values: written
                .acr_values
                .map(Spanned::into_inner)
                .unwrap_or_default(),
            max_age: written.max_age.map(Spanned::into_inner),
            prompt: written
                .prompt
                .map(|prompt| match prompt.get_ref().as_str() {
                    "none" => Err(self.not(&prompt, "what lets a buyer sign in: not `none`")),
                    _ => Ok(prompt.into_inner()),
                })
                .transpose()?,
            ui_locales: written.ui_locales.is_none_or(Spanned::into_inner),
            extra,
            step_up,
        };
        Ok((issuer.into_inner(), DialectConfig::Oidc(config)))
    }

    /// The scopes of an OpenID Connect request.
    pub(super) fn scopes(&self, scopes: Spanned<Vec<String>>) -> Result<Vec<String>> {
        if scopes.get_ref().iter().any(|scope| scope == "openid") {
            return Ok(scopes.into_inner());
        }
        let found = format!("{:?}", scopes.get_ref());
        Err(self.source.mistake(
            scopes.span(),
            found,
            "a list with `openid` in it (OpenID Connect Core section 3.1.2.1)",
        ))
    }

    pub(super) fn credential(
        &self,
        method: ClientAuthMethod,
        secret: Option<(String, Range<usize>)>,
        key_file: Option<Spanned<String>>,
        table: Range<usize>,
        key: &str,
    ) -> Result<Credential> {
        let needs = |what: &str| self.source.absence(key, Some(table.clone()), what);
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
