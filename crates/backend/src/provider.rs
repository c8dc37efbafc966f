//! An identity provider at run time: what all have in common, and its dialect.

use std::{ops::Deref, sync::Arc};

use admit_one_protocol::api::{Kind, PublicProvider};

use crate::{
    clock::Clock,
    config::{DialectConfig, Label, ProviderConfig},
    dialect::{Dialect, Oidc, Paytronix, Sso2},
    upstream::Upstream,
};

pub(crate) struct Provider {
    common: Common,
    pub(crate) dialect: Dialect,
}

/// What every dialect has.
#[derive(Clone)]
pub(crate) struct Common {
    /// The id in paths, logs and metrics.
    pub(crate) id: Arc<str>,
    pub(crate) label: Label,
    /// The `iss` of handles.
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    /// Where the buyer comes back to.
    pub(crate) redirect_uri: String,
    /// Whether what it says is verified may claim a contact.
    pub(crate) trust_verified: bool,
}

impl Deref for Provider {
    type Target = Common;

    fn deref(&self) -> &Common {
        &self.common
    }
}

impl Provider {
    pub(crate) fn new(
        config: ProviderConfig,
        public_url: &str,
        ttl: u64,
        upstream: Arc<Upstream>,
        clock: Clock,
    ) -> Arc<Self> {
        let common = Common {
            id: Arc::from(config.id),
            label: config.label,
            issuer: config.issuer,
            client_id: config.client_id,
            redirect_uri: format!("{public_url}{}", config.redirect_path),
            trust_verified: config.trust_verified,
        };
        let dialect = match config.dialect {
            DialectConfig::Oidc(config) => {
                Dialect::Oidc(Oidc::new(common.clone(), config, ttl, upstream, clock))
            }
            DialectConfig::Sso2(config) => Dialect::Sso2(Sso2::new(
                common.clone(),
                config,
                public_url,
                upstream,
                clock,
            )),
            DialectConfig::Paytronix(config) => {
                Dialect::Paytronix(Paytronix::new(common.clone(), config, upstream, clock))
            }
        };
        Arc::new(Self { common, dialect })
    }
}

impl Common {
    /// What the page may know, but for what is the dialect's.
    pub(crate) fn public(&self, kind: Kind) -> PublicProvider {
        PublicProvider {
            id: self.id.to_string(),
            kind,
            label: self.label.label.clone(),
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            authorization_endpoint: None,
            trouble: None,
            iss_required: false,
            algs: Vec::new(),
            scopes: Vec::new(),
            acr_values: Vec::new(),
            max_age: None,
            prompt: None,
            ui_locales: false,
            extra: Default::default(),
            step_up: None,
            login_url: None,
            forgot_password_url: None,
            register_url: None,
            status_interval: None,
        }
    }
}
