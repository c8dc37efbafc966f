//! The rules of `[[partners]]`.

use admit_one_protocol::{discovery::is_trustworthy, handoff::Release};
use toml::Spanned;

use super::{Reader, Result};
use crate::config::{ConfigError, DirectoryConfig, PartnerConfig, address::origin, file};

impl Reader<'_> {
    pub(super) fn partners(
        &self,
        partners: Vec<Spanned<file::Partner>>,
        directory: &DirectoryConfig,
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
            let label = partner.label;
            let label = label.unwrap_or_else(|| Spanned::new(span.clone(), id.clone()));
            let label = self.label(label, partner.labels, "what buyers call it")?;
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
            let origins = origins.collect::<Result<_>>()?;
            let return_path = match partner.return_path {
                None => "/".to_owned(),
                Some(written) if is_plain_path(written.get_ref()) => written.into_inner(),
                Some(written) => {
                    return Err(self.not(
                        &written,
                        "the path of a page that has the widget, such as `/`, without `?` and `#`",
                    ));
                }
            };
            let of_directory =
                |release: &Release| matches!(release, Release::Profile | Release::ContactNumber);
            if matches!(directory, DirectoryConfig::None)
                && partner.release.iter().any(of_directory)
            {
                let found = "what a directory knows, and none";
                let allowed = "`\"id_token\"` and `\"sub\"`, or a `[directory]`";
                return Err(ConfigError {
                    key: "partners.release".to_owned(),
                    ..self.source.mistake(span, found, allowed)
                });
            }
            let receives = |release: &[Release]| release.contains(&Release::IdToken);
            if receives(&partner.release)
                && !partner.danger_shared_id_token
                && known.iter().any(|other| receives(&other.release))
            {
                return Err(self.source.mistake(
                    span,
                    "a second partner that receives the ID token",
                    "one: with it each could be the buyer at the other; `danger_shared_id_token = true` if both look at who brings it",
                ));
            }
            known.push(PartnerConfig {
                id,
                label,
                origins,
                return_path,
                release: partner.release,
            });
        }
        Ok(known)
    }
}

/// A path that can't lead to another origin, and that nobody can add to.
fn is_plain_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte))
}
