//! `[providers.step_up]`, and what `[shop]` and `[profile]` demand of a session.

use admit_one_protocol::{discovery::is_trustworthy, step_up::StepUp};
use toml::Spanned;

use super::{Reader, Result};
use crate::config::{DialectConfig, ProviderConfig, StepUpConfig, file};

impl Reader<'_> {
    pub(super) fn step_up(
        &self,
        step_up: Spanned<file::StepUp>,
        scopes: &[String],
    ) -> Result<StepUpConfig> {
        let table = step_up.span();
        let written = step_up.into_inner();
        if written.client_id.get_ref().is_empty() {
            return Err(self.not(&written.client_id, "the id that the provider gave us"));
        }
        let resource = &written.sso_ticket_resource;
        if !is_trustworthy(resource.get_ref()) || resource.get_ref().contains('#') {
            return Err(self.not(
                resource,
                "an `https://` URL, or `http://` on localhost, without fragment",
            ));
        }
        let acr_values = self.acr_values(written.acr_values)?;
        let ticket_field = match written.ticket_field {
            None => "sso-ticket".to_owned(),
            Some(field) if field.get_ref().is_empty() => {
                return Err(self.not(&field, "the member of the answer that is the ticket"));
            }
            Some(field) => field.into_inner(),
        };
        let secret = self.secret(written.client_secret_env, written.client_secret_file)?;
        Ok(StepUpConfig {
            client_id: written.client_id.into_inner(),
            credential: self.credential(
                written.client_auth,
                secret,
                written.client_key_file,
                table,
                "providers.step_up.client_auth",
            )?,
            scopes: match written.scopes {
                None => scopes.to_vec(),
                Some(scopes) => self.scopes(scopes)?,
            },
            acr_values,
            max_age: self.number(written.max_age, 300, 0..=86_400)?,
            sso_ticket_resource: written.sso_ticket_resource.into_inner(),
            ticket_field,
            par: written.par,
        })
    }

    /// What a call demands: something that at least one provider can give.
    pub(in super::super) fn authentication(
        &self,
        acr_values: Option<Spanned<Vec<String>>>,
        max_age: Option<Spanned<u64>>,
        providers: &[ProviderConfig],
    ) -> Result<StepUp> {
        let acr_values = match acr_values {
            None => Vec::new(),
            Some(written) => {
                let reachable = written
                    .get_ref()
                    .iter()
                    .any(|acr| providers.iter().any(|provider| can_give(provider, acr)));
                if !reachable {
                    return Err(self.source.mistake(
                        written.span(),
                        format!("{:?}", written.get_ref()),
                        "one that a provider has among its `acr_values` or `step_up.acr_values`",
                    ));
                }
                self.acr_values(written)?
            }
        };
        let says_when =
            |provider: &ProviderConfig| matches!(provider.dialect, DialectConfig::Oidc(_));
        if let Some(written) = &max_age
            && !providers.iter().any(says_when)
        {
            return Err(self.source.mistake(
                written.span(),
                written.get_ref().to_string(),
                "nothing: no provider here says when the buyer signed in",
            ));
        }
        let max_age = max_age
            .map(|seconds| self.number(Some(seconds), 0, 0..=366 * 86_400))
            .transpose()?;
        Ok(StepUp {
            acr_values,
            max_age,
        })
    }

    /// Names that stand in one parameter, one space between them.
    fn acr_values(&self, written: Spanned<Vec<String>>) -> Result<Vec<String>> {
        let plain = |acr: &String| !acr.is_empty() && acr.bytes().all(|b| b.is_ascii_graphic());
        if written.get_ref().is_empty() || !written.get_ref().iter().all(plain) {
            let found = format!("{:?}", written.get_ref());
            let allowed = "at least one name without spaces, as the provider spells it";
            return Err(self.source.mistake(written.span(), found, allowed));
        }
        Ok(written.into_inner())
    }
}

fn can_give(provider: &ProviderConfig, acr: &String) -> bool {
    match &provider.dialect {
        DialectConfig::Oidc(config) => {
            let step_up = config.step_up.as_ref();
            config.acr_values.contains(acr)
                || step_up.is_some_and(|step_up| step_up.acr_values.contains(acr))
        }
        DialectConfig::Sso2(_) => false,
        DialectConfig::Paytronix(_) => false,
    }
}
