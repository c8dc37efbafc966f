//! The rules of `[[partners]]`.

use admit_one_protocol::discovery::is_trustworthy;
use toml::Spanned;

use super::{Reader, Result};
use crate::config::{PartnerConfig, address::origin, file};

impl Reader<'_> {
    pub(super) fn partners(
        &self,
        partners: Vec<Spanned<file::Partner>>,
    ) -> Result<Vec<PartnerConfig>> {
        let mut known: Vec<PartnerConfig> = Vec::new();
        for partner in partners {
            let table = partner.span();
            let partner = partner.into_inner();
            let span = partner.id.span();
            let id = self.identifier(partner.id)?;
            if known.iter().any(|other| other.id == id) {
                return Err(self.source.mistake(
                    span,
                    format!("{id:?} twice"),
                    "an id that no other partner has",
                ));
            }
            if partner.origins.is_empty() {
                return Err(self.source.absence(
                    "partners.origins",
                    Some(table),
                    "at least one origin, such as `https://fanzine.example`",
                ));
            }
            let origins = partner
                .origins
                .iter()
                .map(|written| match origin(written.get_ref()) {
                    Some(origin) if &origin == written.get_ref() && is_trustworthy(&origin) => {
                        Ok(origin)
                    }
                    _ => Err(self.not(
                        written,
                        "an origin in lower case without a path: `https://…`, or `http://` on localhost",
                    )),
                });
            known.push(PartnerConfig {
                id,
                origins: origins.collect::<Result<_>>()?,
                release: partner.release,
            });
        }
        Ok(known)
    }
}
