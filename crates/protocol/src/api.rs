//! The messages between the browser app and the backend, version 1, and the public configuration in the page's data block.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    Code,
    id_token::IdTokenClaims,
    jwk::Jwk,
    object::{Object, Read, Value, object},
    profile::{Field, Profile},
    sso2::authenticate::Password,
};

/// Where tokens rest in the browser.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Custody {
    /// localStorage, as the reference architecture says.
    #[default]
    Local,
    /// sessionStorage: gone with the tab.
    Session,
    /// Nowhere: gone with the page.
    Memory,
    /// Tokens in memory, the handle in a `__Host-` HttpOnly cookie (RFC 10017).
    Cookie,
}

impl Custody {
    /// Whether the tokens outlive the page; else they rest in the memory of the module that has verified them.
    pub fn is_stored(self) -> bool {
        matches!(self, Custody::Local | Custody::Session)
    }
}

/// A readable copy of the ID token in a cookie, for a shop on a sibling domain.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CookieMirror {
    /// The cookie's name.
    pub name: String,
    /// The `Domain` attribute.
    pub domain: String,
}

impl Read for CookieMirror {
    fn read(value: Value) -> Option<Self> {
        let mut object = Object::read(value)?;
        let mirror = CookieMirror {
            name: object.take("name"),
            domain: object.take("domain"),
        };
        object.end(mirror)
    }
}

/// What the page needs to know, inlined as JSON in `<script type="application/json" id="admit-one">`.
/// `GET /v1/configuration` answers with the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublicConfiguration {
    /// Nonce for the first proof (RFC 9449 section 8).
    pub nonce: String,
    /// The backend's clock, seconds since the epoch.
    pub time: u64,
    /// The language of `messages`.
    pub lang: String,
    /// The sentences that the app shows, by key; `%{name}` stands for an argument. A page has only those that are said
    /// before the app is there: the others come in a file beside it.
    pub messages: Texts,
    /// Where tokens rest.
    pub custody: Custody,
    /// The cookie mirror, where configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie_mirror: Option<CookieMirror>,
    /// The providers, in the order of the configuration.
    pub providers: Vec<PublicProvider>,
    /// Whether the buyer may skip the completion of the profile.
    pub profile_later: bool,
    /// Whether there is a directory to sync with.
    pub directory: bool,
    /// The shop, where configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<PublicShop>,
    /// Where a buyer who can't go on finds help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_url: Option<String>,
}

object!(PublicConfiguration {
    nonce,
    time,
    lang,
    messages,
    custody,
    cookie_mirror,
    providers,
    profile_later,
    directory,
    shop,
    support_url
});

impl PublicConfiguration {
    /// The provider of this id.
    pub fn provider(&self, id: &str) -> Option<&PublicProvider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// Whether the buyer may type a password on a page of ours: SSO2's own login form.
    pub fn asks_for_passwords(&self) -> bool {
        let mut providers = self.providers.iter();
        providers.any(|provider| provider.kind == Kind::Sso2 && provider.login_url.is_none())
    }
}

/// Texts by their names. There are few, and a map's code would be a part of the first screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts(Vec<(String, String)>);

impl Texts {
    /// The text of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut texts = self.iter();
        texts.find_map(|(other, text)| (other == name).then_some(text))
    }

    /// Each name with its text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (&**name, &**text))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a text under a name that isn't there yet.
    pub fn push(&mut self, name: String, text: String) {
        self.0.push((name, text));
    }
}

impl FromIterator<(String, String)> for Texts {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(texts: I) -> Self {
        Texts(texts.into_iter().collect())
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// The dialect that a provider speaks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// OpenID Connect.
    #[default]
    Oidc,
    /// Payway Single Sign-On v2.
    Sso2,
    /// The guest website of Paytronix.
    Paytronix,
}

impl Kind {
    /// Whether it is OpenID Connect, which goes without saying.
    pub fn is_oidc(&self) -> bool {
        *self == Kind::Oidc
    }

    /// Whether a provider that has just signed somebody in still knows them, so that another round asks nothing of them.
    /// The guest website of Paytronix asks for the password each time.
    pub fn knows_the_person_again(&self) -> bool {
        *self != Kind::Paytronix
    }
}

/// What the page knows of the client that a provider keeps for step-up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublicStepUp {
    /// Our client id there.
    pub client_id: String,
    /// The `acr_values` that it asks for, in order of preference.
    pub acr_values: Vec<String>,
    /// How long ago the second factor may have been given, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
}

object!(PublicStepUp {
    client_id,
    acr_values,
    max_age
});

/// A code as it travels: the first screen doesn't need to know all that there are.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Trouble(String);

impl Read for Trouble {
    fn read(value: Value) -> Option<Self> {
        String::read(value).map(Trouble)
    }
}

impl From<Code> for Trouble {
    fn from(code: Code) -> Self {
        Trouble(code.as_str().to_owned())
    }
}

impl Trouble {
    /// The code, if we know it.
    pub fn code(&self) -> Option<Code> {
        Code::ALL
            .iter()
            .find(|code| code.as_str() == self.0)
            .copied()
    }
}

/// What the page knows of a provider.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublicProvider {
    /// The id in the configuration and in `/callback/{id}`.
    pub id: String,
    /// Its dialect.
    pub kind: Kind,
    /// What stands on the button after "Continue with".
    pub label: String,
    /// The issuer identifier.
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// The one redirect URI of this provider.
    pub redirect_uri: String,
    /// Where a sign-in begins: from the metadata of an OpenID provider (absent while that couldn't be fetched), else from
    /// the configuration; for SSO2 it is a call of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    /// Why it couldn't be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// The provider announces `iss` in its responses (RFC 9207).
    pub iss_required: bool,
    /// The signature algorithms that its ID tokens may have.
    pub algs: Vec<String>,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// `acr_values` to ask for, in order of preference.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// `max_age` to ask for, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// `prompt` to send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Whether to send the page's language as `ui_locales`.
    pub ui_locales: bool,
    /// Further parameters of the authorization request.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub extra: Texts,
    /// The client for step-up, where configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_up: Option<PublicStepUp>,
    /// SSO2: the central login form; absent where the form is ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_url: Option<String>,
    /// SSO2, for our own form: where a forgotten password is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forgot_password_url: Option<String>,
    /// SSO2, for our own form: where accounts are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register_url: Option<String>,
    /// SSO2: how often the session's status is asked for, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_interval: Option<u64>,
}

object!(PublicProvider {
    id,
    kind,
    label,
    issuer,
    client_id,
    redirect_uri,
    authorization_endpoint,
    trouble,
    iss_required,
    algs,
    scopes,
    acr_values,
    max_age,
    prompt,
    ui_locales,
    extra,
    step_up,
    login_url,
    forgot_password_url,
    register_url,
    status_interval
});

/// What the page knows of the shop.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublicShop {
    /// What stands on the link to it.
    pub label: String,
    /// Origins, besides our own, that a buyer may be returned to.
    pub origins: Vec<String>,
}

object!(PublicShop { label, origins });

/// `POST /v1/exchange`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRequest {
    /// Provider id.
    pub provider: String,
    /// The authorization code.
    pub code: String,
    /// The verifier of RFC 7636.
    pub code_verifier: String,
    /// The redirect URI that the code was issued to.
    pub redirect_uri: String,
    /// `iss` of the authorization response, where it had one; compared before the code is sent on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The code is the step-up client's, and `handle` is the session that is stepped up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub step_up: bool,
    /// The handle of that session; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
}

/// The answer to an exchange or a refresh. The next nonce travels as the header `DPoP-Nonce`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokensResponse {
    /// The access token.
    pub access_token: String,
    /// Its lifetime in seconds, where the provider says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// The scope granted, where it differs from the one asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The ID token; always there after an exchange, perhaps not after a refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// Who signed in, by the backend's word, where the dialect has no ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<IdTokenClaims>,
    /// The keys of the provider that fit the ID token: one, or the few that fit when it names none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Arc<Jwk>>,
    /// The sealed handle; absent when it travels as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// When the handle ends, seconds since the epoch.
    pub handle_expires_at: u64,
    /// Whether the handle can be refreshed.
    pub refreshable: bool,
    /// The provider's id.
    pub provider: String,
    /// The backend's clock, seconds since the epoch.
    pub time: u64,
}

object!(TokensResponse {
    access_token,
    expires_in,
    scope,
    id_token,
    claims,
    keys,
    handle,
    handle_expires_at,
    refreshable,
    provider,
    time
});

/// `POST /v1/refresh`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The handle; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The provider that the browser believes the handle to be of; compared where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// How far a sign-out reaches.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SignOutReach {
    /// This browser.
    #[default]
    Here,
    /// Every browser of this person.
    Everywhere,
}

/// `POST /v1/sign-out`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignOutRequest {
    /// The handle; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// How far it reaches.
    #[serde(default)]
    pub reach: SignOutReach,
    /// `id_token_hint` for the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// `state` for the provider, compared on return.
    pub state: String,
}

/// The answer to a sign-out.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SignOutResponse {
    /// Where to send the buyer so that the provider signs them out too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_session_url: Option<String>,
}

/// `POST /v1/profile` (sync).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRequest {
    /// The handle; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The access token for UserInfo.
    pub access_token: String,
}

/// `PUT /v1/profile` (complete).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CompleteRequest {
    /// The handle; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The fields that the buyer filled in.
    pub profile: Profile,
}

/// Something that a guest has at the provider: points, money.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Balance {
    /// What it is, in the provider's words.
    pub name: String,
    /// How much, as the provider writes it.
    pub amount: String,
}

/// The answer to both.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ProfileResponse {
    /// The contact's number in the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_number: Option<String>,
    /// What is known of the buyer.
    pub profile: Profile,
    /// What the shop requires and the contact lacks, in the order of the configuration.
    pub missing: Vec<Field>,
    /// What the buyer has at the provider; absent where it wasn't asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balances: Option<Vec<Balance>>,
}

/// `POST /v1/grant`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRequest {
    /// The handle; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// Where in the shop the buyer wanted to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_to: Option<String>,
    /// The page's language.
    pub lang: String,
}

/// The answer to a grant.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct GrantResponse {
    /// Where to send the buyer.
    pub location: String,
}

/// `POST /v1/step-up`.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StepUpRequest {
    /// The handle; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The access token for the SSO ticket.
    pub access_token: String,
    /// The one-time `state` of the browser.
    pub state: String,
    /// The `nonce` that the ID token has to carry.
    pub nonce: String,
    /// The challenge of RFC 7636, by `S256`.
    pub code_challenge: String,
    /// The page's language.
    pub lang: String,
    /// Which of the provider's `acr_values` to ask for, in order of preference; all of them, where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
}

impl core::fmt::Debug for StepUpRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StepUpRequest")
            .field("acr_values", &self.acr_values)
            .finish_non_exhaustive()
    }
}

/// The answer to it.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub struct StepUpResponse {
    /// Where to send the buyer, at once: what is in it is good for seconds.
    pub authorization_url: String,
}

impl core::fmt::Debug for StepUpResponse {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("StepUpResponse(..)")
    }
}

/// `PUT /v1/step-up`, where the handle is a cookie: the browser has verified what the step-up's exchange has brought, and takes
/// its session in place of the one before. The answer is the same, empty.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StepUpTaken {}

/// `POST /v1/sso2/{provider}/landing`: the landing page was arrived at (step C).
#[derive(Clone, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LandingRequest {
    /// The message, as it stands in the landing's address.
    pub t: String,
}

/// `POST /v1/sso2/{provider}/authenticate`: our own login form was sent (step E).
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticateRequest {
    /// The anonymous session, as the landing has brought it.
    pub session: String,
    /// The e-mail address.
    pub username: String,
    /// The password.
    pub password: Password,
}

/// `POST /v1/sso2/{provider}/status`: what has become of the session (step H)?
#[derive(Clone, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StatusRequest {
    /// The handle of a buyer who is signed in; absent when it travels as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The anonymous session of a sign-in under way; goes before the handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// What a session of SSO2 is, or has become.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionOutcome {
    /// Somebody is signed in: `tokens`.
    SignedIn,
    /// Nobody has logged in yet: `session`.
    Anonymous,
    /// The buyer is still signed in, and nothing has changed.
    Unchanged,
    /// Who it is can't be said: identify again.
    Identify,
    /// The session is over, here or at another site of the organisation.
    Ended,
}

/// The answer to a landing, a login and a status.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SessionResponse {
    /// What it came to.
    pub outcome: SessionOutcome,
    /// The tokens of who is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokensResponse>,
    /// The anonymous session, sealed for this browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

impl From<SessionOutcome> for SessionResponse {
    fn from(outcome: SessionOutcome) -> Self {
        Self {
            outcome,
            tokens: None,
            session: None,
        }
    }
}

/// An error as RFC 9457 describes it (`application/problem+json`).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Problem {
    /// `{public_url}/docs/errors#{code}`, or `about:blank`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The advice of the code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: Code,
    /// The request's id, under which the cause stands in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The profile fields in question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// Seconds after which to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// How many attempts remain before the account is frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u64>,
}
