//! What the sandbox remembers, all of it in memory.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    airlock::{self, Airlock},
    client::{Client, ClientAuth},
    clock::Clock,
    entropy::same,
    fault::Fault,
    keys::{Alg, Key, KeyRing},
    messages::Message,
    oauth::Tokens,
    options::SandboxOptions,
    paytronix::{self, Paytronix},
    payway::{self, Payway},
    persona::Persona,
    provider::{Grant, Interaction, IssuedIdToken, Session},
    sessionm::{self, SessionM},
    shop::Shop,
    system::System,
};

/// What every handler shares.
pub(crate) type App = Arc<Shared>;

/// What doesn't change, the clock, and a lock on the rest.
pub(crate) struct Shared {
    pub(crate) options: SandboxOptions,
    pub(crate) issuer: String,
    pub(crate) clock: Clock,
    /// The key of `shop-jwt`, both halves: whoever configures a client fetches it here.
    pub(crate) client_key: Key,
    state: Mutex<State>,
}

/// What changes. It is never held over an `await`.
pub(crate) struct State {
    pub(crate) faults: BTreeSet<Fault>,
    pub(crate) settings: Settings,
    pub(crate) clients: Vec<Client>,
    pub(crate) personas: Vec<Persona>,
    pub(crate) keys: KeyRing,
    pub(crate) interactions: HashMap<String, Interaction>,
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) tokens: Tokens<Grant>,
    pub(crate) issued_id_tokens: HashMap<Vec<u8>, IssuedIdToken>,
    pub(crate) assertions: HashMap<String, i64>,
    pub(crate) messages: VecDeque<Message>,
    pub(crate) message_count: u64,
    pub(crate) airlock: Airlock,
    pub(crate) payway: Payway,
    pub(crate) paytronix: Paytronix,
    pub(crate) sessionm: SessionM,
    pub(crate) shop: Shop,
}

/// What `PUT /settings` changes; times are in seconds. Each system but the club has a table of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) id_token_alg: Alg,
    pub(crate) code_lifetime: i64,
    pub(crate) access_token_lifetime: i64,
    pub(crate) id_token_lifetime: i64,
    /// Whether the scopes' claims are in the ID token too, or in UserInfo alone (OpenID Connect Core 5.4).
    pub(crate) claims_in_id_token: bool,
    /// Whether a persona has another e-mail address at each vendor's system, and so is another contact there.
    pub(crate) own_emails: bool,
    pub(crate) airlock: airlock::Settings,
    pub(crate) payway: payway::Settings,
    pub(crate) paytronix: paytronix::Settings,
    pub(crate) sessionm: sessionm::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            id_token_alg: Alg::Rs256,
            code_lifetime: 60,
            access_token_lifetime: 600,
            id_token_lifetime: 600,
            claims_in_id_token: true,
            own_emails: false,
            airlock: airlock::Settings::default(),
            payway: payway::Settings::default(),
            paytronix: paytronix::Settings::default(),
            sessionm: sessionm::Settings::default(),
        }
    }
}

impl Shared {
    pub(crate) fn new(options: SandboxOptions) -> Shared {
        let client_key = Key::generate(Alg::Es256);
        let mut clients = options.clients.clone();
        if clients.iter().all(|client| client.id != "shop-jwt") {
            let auth = ClientAuth::PrivateKeyJwt(client_key.jwk());
            clients.push(Client::of_app("shop-jwt", auth, &options.app_url));
        }
        let state = State {
            faults: BTreeSet::new(),
            settings: Settings {
                id_token_alg: options.id_token_alg,
                ..Settings::default()
            },
            clients,
            personas: options.personas.clone(),
            keys: KeyRing::of(&[Alg::Rs256, Alg::Es256]),
            interactions: HashMap::new(),
            sessions: HashMap::new(),
            tokens: Tokens::default(),
            issued_id_tokens: HashMap::new(),
            assertions: HashMap::new(),
            messages: VecDeque::new(),
            message_count: 0,
            airlock: Airlock::default(),
            payway: Payway::default(),
            paytronix: Paytronix::default(),
            sessionm: SessionM::default(),
            shop: Shop::default(),
        };
        Shared {
            issuer: format!("{}/club", options.public_url),
            options,
            clock: Clock::default(),
            client_key,
            state: Mutex::new(state),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.state().faults.contains(&fault)
    }
}

impl Settings {
    /// What is named changes, in a system's own table too; everything else stays as it is.
    pub(crate) fn changed(&self, changes: Value) -> Result<Settings, serde_json::Error> {
        use serde::de::Error as _;
        fn merge(settings: &mut Value, changes: Value) -> Result<(), serde_json::Error> {
            match (settings, changes) {
                (Value::Object(settings), Value::Object(changes)) => {
                    for (name, change) in changes {
                        merge(settings.entry(name).or_insert(Value::Null), change)?;
                    }
                }
                (Value::Object(_), _) => {
                    return Err(serde_json::Error::custom("settings are a JSON object"));
                }
                (setting, change) => *setting = change,
            }
            Ok(())
        }
        let mut settings = serde_json::to_value(self)?;
        merge(&mut settings, changes)?;
        serde_json::from_value(settings)
    }
}

impl State {
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// Who typed this, if the password is theirs.
    pub(crate) fn persona_with(&self, typed: &str, password: &str) -> Option<&Persona> {
        self.personas
            .iter()
            .find(|persona| persona.is_named(typed))
            .filter(|persona| same(&persona.password, password))
    }

    /// A persona as a vendor's system knows them.
    pub(crate) fn at(&self, system: System, mut persona: Persona) -> Persona {
        if self.settings.own_emails
            && let Some(email) = persona.claims.get_mut("email")
            && let Some((name, domain)) = email.as_str().and_then(|email| email.split_once('@'))
        {
            *email = format!("{name}@{}.{domain}", system.as_str()).into();
        }
        persona
    }

    pub(crate) fn persona(&self, sub: &str) -> Option<&Persona> {
        self.personas.iter().find(|persona| persona.sub == sub)
    }

    /// Ends every login at every system, as if all browsers had lost their cookie.
    pub(crate) fn end_sessions(&mut self) {
        self.sessions.clear();
        self.airlock.end_sessions();
        self.payway.end_sessions();
        self.paytronix.end_sessions();
    }

    /// Forgets what is over, so that a sandbox that runs for weeks stays small.
    pub(crate) fn tidy(&mut self, now: i64) {
        const DAY: i64 = 24 * 3600;
        self.airlock.tidy(now);
        self.payway.tidy(now);
        self.paytronix.tidy(now);
        self.sessionm.tidy(now);
        if self.interactions.len() + self.tokens.len() < 2000 {
            return;
        }
        self.interactions
            .retain(|_, interaction| now - interaction.started_at < 2 * 3600);
        self.tokens.tidy(now);
        self.assertions.retain(|_, exp| *exp > now);
        self.sessions
            .retain(|_, session| now - session.auth_time < 30 * DAY);
        self.issued_id_tokens
            .retain(|_, token| now - token.issued_at < 30 * DAY);
    }
}
