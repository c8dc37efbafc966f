//! `admit-one.toml`: read once, checked whole, refused with the line, the key, what was found and what is allowed.

mod address;
mod error;
mod file;
mod meaning;
mod secret;

use std::collections::BTreeMap;

use admit_one_protocol::{
    alg::Alg,
    api::{CookieMirror, Custody},
    handoff::Release,
    profile::Field,
    step_up::StepUp,
};

use crate::language::Language;

pub use address::Network;
pub use error::ConfigError;
pub use file::{
    ClientAuthMethod, CountryCodes, DirectoryKind, GrantAlg, LogFormat, Par, PaytronixCredentials,
    Search,
};
pub use secret::Secret;

/// Everything the backend was told, checked.
#[derive(Debug)]
pub struct Config {
    /// Where to listen, `address:port`.
    pub listen: String,
    /// Our own origin, as browsers see it; no trailing slash.
    pub public_url: String,
    /// The folder that Trunk built.
    pub app_dir: std::path::PathBuf,
    /// Where tokens rest in the browser.
    pub custody: Custody,
    /// A readable copy of the ID token for a shop on a sibling domain.
    pub cookie_mirror: Option<CookieMirror>,
    /// The absolute lifetime of a handle, seconds.
    pub handle_lifetime: u64,
    /// Where a buyer who can't go on finds help.
    pub support_url: Option<String>,
    /// What the pages look like.
    pub brand: Brand,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// The keys that seal handles and nonces: the first seals, all open.
    pub seal_keys: Vec<SealKey>,
    /// How long a proof's nonce is good for, seconds.
    pub nonce_lifetime: u64,
    /// The database's URL.
    pub database_url: String,
    /// Bounds of upstream calls.
    pub upstream: UpstreamLimits,
    /// Bounds of calls to us.
    pub limits: Limits,
    /// The identity providers, in the order of the page.
    pub providers: Vec<ProviderConfig>,
    /// What knows the contacts.
    pub directory: DirectoryConfig,
    /// The profile fields that the shop requires.
    pub required: Vec<Field>,
    /// What a session has to be for its profile to be changed.
    pub profile_authentication: StepUp,
    /// Whether the buyer may complete the profile later.
    pub later: bool,
    /// The shop.
    pub shop: Option<ShopConfig>,
    /// The sites whose pages may have the widget.
    pub partners: Vec<PartnerConfig>,
    /// The log's form.
    pub log_format: LogFormat,
    /// The log's filter, as `tracing` reads it.
    pub log_filter: String,
}

/// What the pages look like, where it isn't as ours do.
#[derive(Clone, Debug, Default)]
pub struct Brand {
    /// What buyers call who signs them in, where it isn't "Admit One".
    pub name: Option<Label>,
    /// The colour of buttons.
    pub color: Option<Color>,
    /// The same where it is dark; made of the other one where it isn't given.
    pub dark_color: Option<Color>,
    /// What stands before the name.
    pub logo: Option<Logo>,
}

/// Red, green and blue of sRGB.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Color(pub [u8; 3]);

/// An image.
#[derive(Clone, Debug)]
pub struct Logo {
    /// The file.
    pub image: Vec<u8>,
    /// What its name ends in: `svg`, `png` or `webp`.
    pub ending: &'static str,
    /// Whether it stands without the name beside it, because it says it.
    pub alone: bool,
}

/// A key that seals.
#[derive(Debug)]
pub struct SealKey {
    /// Stands in front of everything that the key sealed.
    pub id: String,
    /// 32 bytes.
    pub secret: Secret,
}

/// Bounds of upstream calls.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamLimits {
    /// For the whole call, milliseconds.
    pub timeout_ms: u64,
    /// For the connection, milliseconds.
    pub connect_timeout_ms: u64,
    /// After how many seconds metadata and keys are fetched again.
    pub metadata_ttl: u64,
    /// The longest answer, bytes.
    pub max_body: usize,
}

/// Bounds of calls to us.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls to `/v1` from one address in a minute; 0 for no limit.
    pub per_minute: u32,
    /// Passwords from one address in a minute; 0 for no limit.
    pub passwords_per_minute: u32,
    /// The longest body, bytes.
    pub max_body: usize,
    /// Calls to `/v1` at a time.
    pub max_in_flight: usize,
}

/// What buyers call something.
#[derive(Clone, Debug)]
pub struct Label {
    /// In languages that have no words of their own.
    pub label: String,
    /// In these.
    pub labels: BTreeMap<String, String>,
}

impl Label {
    /// What a buyer of this language reads.
    pub(crate) fn in_language(&self, language: Language) -> String {
        let own = self.labels.get(language.as_str());
        own.unwrap_or(&self.label).clone()
    }
}

/// An identity provider.
#[derive(Debug)]
pub struct ProviderConfig {
    /// The id in paths, logs and metrics.
    pub id: String,
    /// What stands on the button.
    pub label: Label,
    /// The `iss` of its people: the issuer identifier, compared as the string it is; for other kinds made of addresses.
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// The path of the redirect URI.
    pub redirect_path: String,
    /// Whether what it says is verified may claim a contact.
    pub trust_verified: bool,
    /// What is particular to its kind.
    pub dialect: DialectConfig,
}

/// What is particular to a kind of provider.
#[derive(Debug)]
pub enum DialectConfig {
    /// `kind = "oidc"`.
    Oidc(OidcConfig),
    /// `kind = "sso2"`.
    Sso2(Sso2Config),
    /// `kind = "paytronix"`.
    Paytronix(PaytronixConfig),
}

/// A merchant's guest website, and the interface behind it.
#[derive(Debug)]
pub struct PaytronixConfig {
    /// The interface with its release; no slash at the end.
    pub api_url: String,
    /// The merchant.
    pub merchant_id: u64,
    /// The integration's secret.
    pub secret: Secret,
    /// How it travels with a request for tokens.
    pub credentials: PaytronixCredentials,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// The member of a request that holds a code.
    pub code_field: String,
    /// The member that holds its redirect URI.
    pub redirect_uri_field: String,
    /// Which `errorCode` says that an access token is good no more.
    pub invalid_token_codes: Vec<String>,
    /// The member of an account that holds the balances.
    pub balance_field: String,
}

/// An OpenID provider.
#[derive(Debug)]
pub struct OidcConfig {
    /// Where the metadata is, if not below the issuer.
    pub metadata_url: Option<String>,
    /// How we authenticate, and with what.
    pub credential: Credential,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// The signature algorithms that ID tokens may have.
    pub algs: Vec<Alg>,
    /// `acr_values` to ask for.
    pub acr_values: Vec<String>,
    /// `max_age` to ask for.
    pub max_age: Option<u64>,
    /// `prompt` to send.
    pub prompt: Option<String>,
    /// Whether the page's language is sent.
    pub ui_locales: bool,
    /// Further parameters of the authorization request.
    pub extra: BTreeMap<String, String>,
    /// The client of the strong flow.
    pub step_up: Option<StepUpConfig>,
}

/// The client of a provider's strong flow, and where its tickets come from.
#[derive(Debug)]
pub struct StepUpConfig {
    /// Our client id there.
    pub client_id: String,
    /// How we authenticate, and with what.
    pub credential: Credential,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// `acr_values` to ask for; one of them has to come back.
    pub acr_values: Vec<String>,
    /// How many seconds ago the authentication may have been.
    pub max_age: u64,
    /// Where an access token becomes an SSO ticket.
    pub sso_ticket_resource: String,
    /// The member of its answer that is the ticket.
    pub ticket_field: String,
    /// Whether authorization requests are pushed.
    pub par: Par,
}

/// Payway SSO2.
#[derive(Debug)]
pub struct Sso2Config {
    /// The address of SSO2.
    pub sso_url: String,
    /// The address of Payway's API.
    pub api_url: String,
    /// The organisation's id.
    pub organisation: String,
    /// The API client's secret, which signs every message both ways.
    pub secret: Secret,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// `grant_type` with a refresh token.
    pub refresh_grant_type: String,
    /// The parameter, and the member of an answer, that holds one.
    pub refresh_token_field: String,
    /// The path of the current account.
    pub me_path: String,
    /// The central login form; without it the form is ours.
    pub login_url: Option<String>,
    /// For our own form: where a forgotten password is replaced.
    pub forgot_password_url: Option<String>,
    /// For our own form: where accounts are made.
    pub register_url: Option<String>,
    /// How often the page asks for a session's status, seconds.
    pub status_interval: u64,
}

/// What proves to a provider that we are its client.
#[derive(Debug)]
pub enum Credential {
    /// `client_secret_basic`.
    Basic(Secret),
    /// `client_secret_post`.
    Post(Secret),
    /// `private_key_jwt`: a PKCS#8 key in PEM.
    Key(Box<crate::jws::SigningKey>),
    /// `none`.
    Public,
}

/// What knows the contacts.
#[derive(Debug)]
pub enum DirectoryConfig {
    /// Our own store.
    Contacts,
    /// SessionM.
    SessionM(Box<SessionMConfig>),
    /// Nothing.
    None,
}

/// A tenant of SessionM's.
#[derive(Clone, Debug)]
pub struct SessionMConfig {
    /// Where its API is; no slash at the end.
    pub api_url: String,
    /// Stands in the path, and is the user of HTTP Basic.
    pub api_key: String,
    /// The password of HTTP Basic.
    pub api_secret: Secret,
    /// What a profile is searched for by, the first that finds one counts.
    pub order: Vec<Search>,
    /// The type of our external ids; `{provider}` stands for the provider's id.
    pub external_id_type: String,
    /// There is one provider, and so one type.
    pub one_type: bool,
    /// The path of the lookup.
    pub lookup_path: String,
    /// Where an e-mail is searched for instead, below the key in the path.
    pub search_path: Option<String>,
    /// `store_id` of a lookup.
    pub store_id: String,
    /// `client_id` of a lookup.
    pub client_id: String,
    /// How countries are written.
    pub countries: CountryCodes,
    /// The calling code without which numbers are written.
    pub calling_code: Option<String>,
    /// `opted_in` of a new profile.
    pub opted_in: bool,
    /// For one call with its repetitions, milliseconds.
    pub timeout_ms: u64,
}

/// The shop to grant access to.
#[derive(Debug)]
pub struct ShopConfig {
    /// What stands on the link to it.
    pub label: Label,
    /// The address with `{lang}`, `{token}` and `{return_to}`.
    pub grant_url: String,
    /// What signs the grant.
    pub key: crate::jws::SigningKey,
    /// The grant's audience.
    pub audience: String,
    /// The grant's lifetime, seconds.
    pub lifetime: u64,
    /// Origins that a buyer may be returned to.
    pub origins: Vec<String>,
    /// What a session has to be to get a grant.
    pub authentication: StepUp,
}

/// A site whose pages may have the widget.
#[derive(Debug)]
pub struct PartnerConfig {
    /// What its page calls it.
    pub id: String,
    /// What buyers call it.
    pub label: Label,
    /// The origins of its pages, compared as strings.
    pub origins: Vec<String>,
    /// The path of the page of each origin that our pages come back to.
    pub return_path: String,
    /// What its pages may receive.
    pub release: Vec<Release>,
}

impl Config {
    /// The partner of this id.
    pub fn partner(&self, id: &str) -> Option<&PartnerConfig> {
        self.partners.iter().find(|partner| partner.id == id)
    }

    /// Reads a configuration; `secrets` answers the environment variables that `…_env` keys name.
    pub fn parse(
        text: &str,
        source_name: &str,
        secrets: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let source = error::Source {
            name: source_name,
            text,
        };
        let file: file::File = toml::from_str(text).map_err(|error| source.refused(&error))?;
        meaning::Reader { source, secrets }.config(file)
    }
}
