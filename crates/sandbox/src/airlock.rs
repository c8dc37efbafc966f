//! Airlock IAM, at the authorization server `arena`: an OpenID provider whose flows are chosen by `acr_values`, and
//! that hands out SSO tickets to step up with.
//!
//! Written from the vendor's documentation (docs.airlock.com/iam, "Step-up with SSO ticket" and the pages of the plugins
//! that it names). That documentation says nothing of the addresses of UserInfo, revocation, logout and pushed
//! authorization requests, nor of what happens to a ticket that isn't good; there the sandbox follows the open
//! standards, and a setting or a fault changes it.

mod authorization;
mod discovery;
mod end_session;
mod id_token;
mod login;
mod par;
mod protected;
mod resource;
mod ticket;
mod token;

use std::collections::HashMap;

use axum::{Router, routing::get};
use serde::{Deserialize, Serialize};

use crate::{
    entropy,
    keys::{Alg, KeyRing},
    oauth::{Granted, Tokens},
    options::SandboxOptions,
    page,
    persona::Persona,
    state::{App, State},
    system::System,
};

/// The authorization server's identifier, which stands in every address.
const AS_ID: &str = "arena";

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(discovery::router())
        .merge(authorization::router())
        .merge(par::router())
        .merge(login::router())
        .merge(token::router())
        .merge(resource::router())
        .merge(protected::router())
        .merge(end_session::router())
        .route(
            "/auth-login/airlock.css",
            get(async || page::asset("text/css", include_str!("../assets/airlock.css"))),
        )
        .with_state(app)
}

/// The prefix of the authorization server's own endpoints, which is also `iss`.
pub(crate) fn issuer(options: &SandboxOptions) -> String {
    format!(
        "{}/auth-login/rest/oauth2/authorization-servers/{AS_ID}",
        options.airlock_url
    )
}

/// What it remembers.
pub(crate) struct Airlock {
    keys: KeyRing,
    ticket_key: String,
    /// The tickets that were taken, until they expire: `jti`, or the hash of the whole.
    taken: HashMap<String, i64>,
    pushed: HashMap<String, par::Pushed>,
    interactions: HashMap<String, login::Interaction>,
    sessions: HashMap<String, Session>,
    tokens: Tokens<Grant>,
    issued_id_tokens: HashMap<Vec<u8>, i64>,
    /// How often each person got through to the protected resource.
    admitted: HashMap<String, u64>,
}

impl Default for Airlock {
    fn default() -> Self {
        Airlock {
            keys: KeyRing::of(&[]),
            ticket_key: entropy::token(),
            taken: HashMap::new(),
            pushed: HashMap::new(),
            interactions: HashMap::new(),
            sessions: HashMap::new(),
            tokens: Tokens::default(),
            issued_id_tokens: HashMap::new(),
            admitted: HashMap::new(),
        }
    }
}

impl Airlock {
    /// Ends every login, as if all browsers had lost their cookie.
    pub(crate) fn end_sessions(&mut self) {
        self.sessions.clear();
    }

    /// Forgets what is over.
    pub(crate) fn tidy(&mut self, now: i64) {
        const DAY: i64 = 24 * 3600;
        if self.interactions.len() + self.pushed.len() + self.tokens.len() < 2000 {
            return;
        }
        self.taken.retain(|_, exp| *exp > now);
        self.pushed.retain(|_, pushed| pushed.expires_at > now);
        self.interactions
            .retain(|_, interaction| now - interaction.started_at < 2 * 3600);
        self.sessions
            .retain(|_, session| now - session.auth_time < 30 * DAY);
        self.issued_id_tokens
            .retain(|_, issued_at| now - *issued_at < 30 * DAY);
        self.tokens.tidy(now);
    }
}

/// What `PUT /settings` changes under `airlock`; times are in seconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Whether pushed authorization requests (RFC 9126) are announced and taken.
    pub(crate) par: bool,
    /// Whether a request without `code_challenge` is refused.
    pub(crate) pkce_required: bool,
    /// Whether `iss` is announced and comes with the code (RFC 9207).
    pub(crate) response_iss: bool,
    /// The last segment of the SSO ticket resource's address.
    pub(crate) resource_name: String,
    /// The member that the ticket stands in.
    pub(crate) ticket_field: String,
    /// What the access token must be good for; nothing, and any token will do.
    pub(crate) resource_scopes: Vec<String>,
    pub(crate) ticket_lifetime: i64,
    /// How far the clocks of whoever makes and takes tickets may be apart.
    pub(crate) ticket_skew: i64,
    /// What happens with a ticket that isn't good.
    pub(crate) bad_ticket: BadTicket,
    /// How `acr` is found.
    pub(crate) acr_claim: AcrClaim,
    /// `acr` where the mapping finds none.
    pub(crate) default_acr: Option<String>,
    /// The `error` of `prompt=none` when somebody would have to type something.
    pub(crate) prompt_none_error: PromptNoneError,
    pub(crate) id_token_alg: Alg,
    /// Whether the scopes' claims are in the ID token too, or in UserInfo alone.
    pub(crate) claims_in_id_token: bool,
    pub(crate) code_lifetime: i64,
    pub(crate) access_token_lifetime: i64,
    pub(crate) id_token_lifetime: i64,
    /// `max_age` of the protected resource's challenge (RFC 9470 3); nothing, and how long ago doesn't matter.
    pub(crate) protected_max_age: Option<i64>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            par: true,
            pkce_required: false,
            response_iss: false,
            resource_name: "sso-ticket".to_owned(),
            ticket_field: "sso-ticket".to_owned(),
            resource_scopes: Vec::new(),
            ticket_lifetime: 10,
            ticket_skew: 0,
            bad_ticket: BadTicket::Ignore,
            acr_claim: AcrClaim::Flow,
            default_acr: None,
            prompt_none_error: PromptNoneError::InteractionRequired,
            id_token_alg: Alg::Rs256,
            claims_in_id_token: false,
            code_lifetime: 90,
            access_token_lifetime: 600,
            id_token_lifetime: 120,
            protected_max_age: None,
        }
    }
}

/// What happens with a ticket that is expired, used before, or not ours. The vendor's documentation doesn't say.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BadTicket {
    /// It counts as none: the password page shows.
    Ignore,
    /// The client hears `login_required` (OpenID Connect Core 3.1.2.6).
    LoginRequired,
}

/// Which plugin makes the `acr` claim.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AcrClaim {
    /// The requested value that chose the flow; where none did, there is no `acr`.
    Flow,
    /// The first requested value whose condition holds, then the first of the mapping, then the default.
    Mapping,
}

/// Both are documented; which one comes depends on the step.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PromptNoneError {
    /// `interaction_required`.
    InteractionRequired,
    /// `access_denied`.
    AccessDenied,
}

/// How the buyer proves who they are.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Flow {
    /// The application `weak-app`: a password.
    Weak,
    /// The application `strong-app`: a password, or an SSO ticket in its place, then a second factor.
    Strong,
}

impl Flow {
    /// The mapping, in its order.
    const ALL: [Flow; 2] = [Flow::Strong, Flow::Weak];

    /// The `acr` that stands for it. The match is exact, upper and lower case included.
    const fn acr(self) -> &'static str {
        match self {
            Flow::Weak => "weak-acr",
            Flow::Strong => "strong-acr",
        }
    }

    const fn roles(self) -> &'static [&'static str] {
        match self {
            Flow::Weak => &["authenticated"],
            Flow::Strong => &["authenticated", "strong"],
        }
    }

    /// The first of the requested values that there is a flow for, in the order of the request.
    fn requested(acr_values: &[String]) -> Option<Flow> {
        acr_values
            .iter()
            .find_map(|asked| Flow::ALL.into_iter().find(|flow| flow.acr() == asked))
    }
}

/// Somebody who is signed in, in one browser.
#[derive(Clone)]
struct Session {
    /// The persona's key.
    persona: String,
    auth_time: i64,
    flow: Flow,
}

/// What one sign-in allows one client.
#[derive(Clone)]
struct Grant {
    client_id: String,
    scope: String,
    nonce: Option<String>,
    acr: Option<String>,
    session: Session,
}

impl Granted for Grant {
    fn client_id(&self) -> &str {
        &self.client_id
    }

    fn scope(&self) -> &str {
        &self.scope
    }
}

impl State {
    fn airlock_persona(&self, sub: &str) -> Option<&Persona> {
        self.personas
            .iter()
            .find(|persona| persona.id_at(System::Airlock) == sub)
    }
}
