//! `admit-one.toml` as it is written. [`Config`](super::Config) is what it means.

use std::{collections::BTreeMap, ops::Range};

use admit_one_protocol::{
    alg::Alg,
    api::{CookieMirror, Custody},
    handoff::Release,
    profile::Field,
};
use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) server: Server,
    #[serde(default)]
    pub(super) brand: Brand,
    pub(super) seal: Seal,
    #[serde(default)]
    pub(super) database: Database,
    #[serde(default)]
    pub(super) upstream: Upstream,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) providers: Vec<Spanned<Provider>>,
    pub(super) directory: Option<Spanned<Directory>>,
    #[serde(default)]
    pub(super) profile: Profile,
    pub(super) shop: Option<Spanned<Shop>>,
    #[serde(default)]
    pub(super) partners: Vec<Spanned<Partner>>,
    #[serde(default)]
    pub(super) log: Log,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub(super) listen: Spanned<String>,
    pub(super) public_url: Spanned<String>,
    #[serde(default = "app_dir")]
    pub(super) app_dir: String,
    #[serde(default)]
    pub(super) custody: Custody,
    pub(super) cookie_mirror: Option<Spanned<CookieMirror>>,
    pub(super) handle_lifetime: Option<Spanned<u64>>,
    pub(super) support_url: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) trusted_proxies: Vec<Spanned<String>>,
}

fn app_dir() -> String {
    "dist".to_owned()
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Brand {
    pub(super) name: Option<Spanned<String>>,
    pub(super) names: Labels,
    pub(super) color: Option<Spanned<String>>,
    pub(super) dark_color: Option<Spanned<String>>,
    pub(super) logo_file: Option<Spanned<String>>,
    pub(super) logo_alone: Option<Spanned<bool>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seal {
    pub(super) keys: Spanned<Vec<Spanned<SealKey>>>,
    pub(super) nonce_lifetime: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealKey {
    pub(super) id: Spanned<String>,
    pub(super) secret_env: Option<Spanned<String>>,
    pub(super) secret_file: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Database {
    pub(super) url: Spanned<String>,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: Spanned::new(0..0, "sqlite://admit-one.db".to_owned()),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Upstream {
    pub(super) timeout_ms: Option<Spanned<u64>>,
    pub(super) connect_timeout_ms: Option<Spanned<u64>>,
    pub(super) metadata_ttl: Option<Spanned<u64>>,
    pub(super) max_body: Option<Spanned<u64>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) per_minute: Option<Spanned<u64>>,
    pub(super) passwords_per_minute: Option<Spanned<u64>>,
    pub(super) max_body: Option<Spanned<u64>>,
    pub(super) max_in_flight: Option<Spanned<u64>>,
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Oidc,
    Sso2,
    Paytronix,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Oidc => "oidc",
            Self::Sso2 => "sso2",
            Self::Paytronix => "paytronix",
        }
    }
}

/// How the client authenticates at the token endpoint.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthMethod {
    /// HTTP Basic (RFC 6749 section 2.3.1).
    #[default]
    ClientSecretBasic,
    /// In the body (RFC 6749 section 2.3.1).
    ClientSecretPost,
    /// A signed assertion (RFC 7523 section 2.2).
    PrivateKeyJwt,
    /// A public client.
    None,
}

/// A label in other languages.
pub(super) type Labels = BTreeMap<String, Spanned<String>>;

/// The keys of every kind; which of them a kind takes is said in `meaning/provider/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Provider {
    pub(super) id: Spanned<String>,
    #[serde(default = "oidc")]
    pub(super) kind: Kind,
    pub(super) label: Spanned<String>,
    #[serde(default)]
    pub(super) labels: Labels,
    pub(super) client_id: Spanned<String>,
    pub(super) client_secret_env: Option<Spanned<String>>,
    pub(super) client_secret_file: Option<Spanned<String>>,
    pub(super) redirect_path: Option<Spanned<String>>,
    pub(super) trust_verified: Option<bool>,
    pub(super) scopes: Option<Spanned<Vec<String>>>,
    // OpenID Connect
    pub(super) issuer: Option<Spanned<String>>,
    pub(super) metadata_url: Option<Spanned<String>>,
    pub(super) client_key_file: Option<Spanned<String>>,
    pub(super) client_auth: Option<Spanned<ClientAuthMethod>>,
    pub(super) algs: Option<Spanned<Vec<Alg>>>,
    pub(super) acr_values: Option<Spanned<Vec<String>>>,
    pub(super) max_age: Option<Spanned<u64>>,
    pub(super) prompt: Option<Spanned<String>>,
    pub(super) ui_locales: Option<Spanned<bool>>,
    pub(super) extra: Option<Spanned<BTreeMap<String, String>>>,
    pub(super) step_up: Option<Spanned<StepUp>>,
    // Payway SSO2
    pub(super) sso_url: Option<Spanned<String>>,
    pub(super) api_url: Option<Spanned<String>>,
    pub(super) organisation: Option<Spanned<String>>,
    pub(super) me_path: Option<Spanned<String>>,
    pub(super) login_url: Option<Spanned<String>>,
    pub(super) forgot_password_url: Option<Spanned<String>>,
    pub(super) register_url: Option<Spanned<String>>,
    pub(super) status_interval: Option<Spanned<u64>>,
    pub(super) danger_short_secret: Option<Spanned<bool>>,
    pub(super) refresh_grant_type: Option<Spanned<String>>,
    pub(super) refresh_token_field: Option<Spanned<String>>,
    // Paytronix
    pub(super) site_url: Option<Spanned<String>>,
    pub(super) merchant_id: Option<Spanned<u64>>,
    pub(super) credentials: Option<Spanned<PaytronixCredentials>>,
    pub(super) code_field: Option<Spanned<String>>,
    pub(super) redirect_uri_field: Option<Spanned<String>>,
    pub(super) invalid_token_codes: Option<Spanned<Vec<String>>>,
    pub(super) balance_field: Option<Spanned<String>>,
}

impl Provider {
    /// The keys that not every kind takes: which do, and where it stands, if it does.
    pub(super) fn particular(&self) -> Vec<(&'static [Kind], Option<Range<usize>>)> {
        use Kind::{Oidc, Paytronix, Sso2};
        fn span<T>(key: &Option<Spanned<T>>) -> Option<Range<usize>> {
            key.as_ref().map(Spanned::span)
        }
        vec![
            (&[Oidc], span(&self.issuer)),
            (&[Oidc], span(&self.metadata_url)),
            (&[Oidc], span(&self.client_key_file)),
            (&[Oidc], span(&self.client_auth)),
            (&[Oidc], span(&self.algs)),
            (&[Oidc], span(&self.acr_values)),
            (&[Oidc], span(&self.max_age)),
            (&[Oidc], span(&self.prompt)),
            (&[Oidc], span(&self.ui_locales)),
            (&[Oidc], span(&self.extra)),
            (&[Oidc], span(&self.step_up)),
            (&[Sso2], span(&self.sso_url)),
            (&[Sso2, Paytronix], span(&self.api_url)),
            (&[Sso2], span(&self.organisation)),
            (&[Sso2], span(&self.me_path)),
            (&[Sso2], span(&self.login_url)),
            (&[Sso2], span(&self.forgot_password_url)),
            (&[Sso2], span(&self.register_url)),
            (&[Sso2], span(&self.status_interval)),
            (&[Sso2], span(&self.danger_short_secret)),
            (&[Sso2], span(&self.refresh_grant_type)),
            (&[Sso2], span(&self.refresh_token_field)),
            (&[Paytronix], span(&self.site_url)),
            (&[Paytronix], span(&self.merchant_id)),
            (&[Paytronix], span(&self.credentials)),
            (&[Paytronix], span(&self.code_field)),
            (&[Paytronix], span(&self.redirect_uri_field)),
            (&[Paytronix], span(&self.invalid_token_codes)),
            (&[Paytronix], span(&self.balance_field)),
        ]
    }
}

/// How an integration of Paytronix' shows who it is when it asks for tokens.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum PaytronixCredentials {
    /// HTTP Basic.
    #[default]
    Basic,
    /// In the body.
    Body,
}

/// The client of the strong flow.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepUp {
    pub(super) client_id: Spanned<String>,
    pub(super) client_secret_env: Option<Spanned<String>>,
    pub(super) client_secret_file: Option<Spanned<String>>,
    pub(super) client_key_file: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) client_auth: ClientAuthMethod,
    pub(super) scopes: Option<Spanned<Vec<String>>>,
    pub(super) acr_values: Spanned<Vec<String>>,
    pub(super) max_age: Option<Spanned<u64>>,
    pub(super) sso_ticket_resource: Spanned<String>,
    pub(super) ticket_field: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) par: Par,
}

/// Whether authorization requests of a step-up are pushed (RFC 9126).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Par {
    /// Where the provider's metadata has an endpoint for it.
    #[default]
    Auto,
    /// They travel in the address.
    Never,
    /// Or there is no step-up.
    Always,
}

fn oidc() -> Kind {
    Kind::Oidc
}

/// What knows the shop's contacts.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum DirectoryKind {
    /// Our own store.
    #[default]
    Contacts,
    /// SessionM.
    SessionM,
    /// Nothing: the provider's claims are all there is.
    None,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Directory {
    pub(super) kind: DirectoryKind,
    pub(super) api_url: Option<Spanned<String>>,
    pub(super) api_key: Option<Spanned<String>>,
    pub(super) api_secret_env: Option<Spanned<String>>,
    pub(super) api_secret_file: Option<Spanned<String>>,
    pub(super) order: Option<Spanned<Vec<Search>>>,
    pub(super) external_id_type: Option<Spanned<String>>,
    pub(super) lookup_path: Option<Spanned<String>>,
    pub(super) search_path: Option<Spanned<String>>,
    pub(super) store_id: Option<Spanned<String>>,
    pub(super) client_id: Option<Spanned<String>>,
    pub(super) countries: Option<Spanned<CountryCodes>>,
    pub(super) calling_code: Option<Spanned<String>>,
    pub(super) opted_in: Option<Spanned<bool>>,
    pub(super) timeout_ms: Option<Spanned<u64>>,
}

/// What a profile is searched for by.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Search {
    /// The provider's `sub` as external id.
    ExternalId,
    /// The e-mail, where the provider has verified it.
    Email,
    /// The telephone number, where the provider has verified it.
    PhoneNumber,
    /// The provider's `sub` as the directory's own id.
    UserId,
}

/// How countries are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum CountryCodes {
    /// `USA`.
    #[default]
    Alpha3,
    /// `US`.
    Alpha2,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Profile {
    pub(super) required: Vec<Field>,
    pub(super) later: bool,
    pub(super) acr_values: Option<Spanned<Vec<String>>>,
    pub(super) max_age: Option<Spanned<u64>>,
}

/// The signature of a grant.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub enum GrantAlg {
    /// HMAC with SHA-256; the shop shares the secret.
    #[default]
    HS256,
    /// ECDSA with P-256; the shop holds the public key.
    ES256,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shop {
    pub(super) label: Spanned<String>,
    #[serde(default)]
    pub(super) labels: Labels,
    pub(super) grant_url: Spanned<String>,
    #[serde(default)]
    pub(super) grant_alg: GrantAlg,
    pub(super) grant_secret_env: Option<Spanned<String>>,
    pub(super) grant_secret_file: Option<Spanned<String>>,
    pub(super) grant_key_file: Option<Spanned<String>>,
    pub(super) audience: Option<String>,
    pub(super) lifetime: Option<Spanned<u64>>,
    pub(super) acr_values: Option<Spanned<Vec<String>>>,
    pub(super) max_age: Option<Spanned<u64>>,
    #[serde(default)]
    pub(super) origins: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Partner {
    pub(super) id: Spanned<String>,
    pub(super) label: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) labels: Labels,
    pub(super) origins: Vec<Spanned<String>>,
    pub(super) return_path: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) release: Vec<Release>,
    #[serde(default)]
    pub(super) danger_shared_id_token: bool,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Log {
    pub(super) format: LogFormat,
    pub(super) filter: Option<Spanned<String>>,
}
