//! SessionM: the directory of customers, with the core's profiles and the point of sale's lookup.
//!
//! Written from the vendor's documentation (docs.sessionm.com) and from public clients of it. Neither says what the
//! lookup's answer looks like, what a second profile with the same e-mail or external id is refused with, or how often
//! one may call: what the sandbox does there is its own choice, and a fault or a setting changes it.

mod customer;
mod date;
mod lookup;
mod reply;
mod users;

use std::collections::HashMap;

use axum::Router;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{persona::Persona, state::App, system::System};

use customer::Customer;

/// The longest that an answer to a lookup is kept for a repetition, in seconds.
const REMEMBERED: i64 = 24 * 3600;

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(users::router())
        .merge(lookup::router())
        .with_state(app)
}

/// What it remembers.
pub(crate) struct SessionM {
    customers: Vec<Customer>,
    /// The answers to lookups, by `client_id` and `request_id`.
    answered: HashMap<(String, String), (i64, Value)>,
    /// When a call that was refused for being one too many may come again.
    held_back: HashMap<String, i64>,
}

impl Default for SessionM {
    fn default() -> Self {
        let mut sessionm = SessionM {
            customers: Vec::new(),
            answered: HashMap::new(),
            held_back: HashMap::new(),
        };
        sessionm.seed();
        sessionm
    }
}

impl SessionM {
    /// Forgets what is over.
    pub(crate) fn tidy(&mut self, now: i64) {
        if self.answered.len() > 2000 {
            self.answered.retain(|_, (at, _)| now - *at < REMEMBERED);
        }
    }

    /// Every customer, with all that is known.
    pub(crate) fn customers(&self) -> Vec<Value> {
        self.customers.iter().map(Customer::whole).collect()
    }

    /// The customer that a persona is, as far as an e-mail address that they proved tells.
    pub(crate) fn customer_of(&self, persona: &Persona) -> Option<&str> {
        if persona.claims.get("email_verified") != Some(&Value::Bool(true)) {
            return None;
        }
        self.customers
            .iter()
            .find(|customer| customer.has_email(persona.claim("email")))
            .map(|customer| &*customer.id)
    }

    /// A customer more, from the `user` object of a create request; its id comes back.
    pub(crate) fn add(&mut self, user: &Value, now: i64) -> Result<String, String> {
        let draft = customer::Draft::of(user, now)?;
        self.refuse_second(&draft, None)?;
        let customer = Customer::new(customer::new_id(), draft, now);
        let id = customer.id.clone();
        self.customers.push(customer);
        Ok(id)
    }

    /// One e-mail address belongs to one profile, and so does one external id.
    fn refuse_second(&self, draft: &customer::Draft, own: Option<&str>) -> Result<(), String> {
        let mut others = (self.customers.iter()).filter(|customer| Some(&*customer.id) != own);
        others.try_for_each(|other| {
            if draft.email().is_some_and(|email| other.has_email(email)) {
                return Err("email has already been taken".to_owned());
            }
            if (draft.identifiers.iter()).any(|identifier| other.identifiers.contains(identifier)) {
                return Err("external_id has already been taken".to_owned());
            }
            Ok(())
        })
    }

    /// Alice and Erin are customers since before they signed in anywhere; two others share a phone.
    fn seed(&mut self) {
        const LONG_AGO: i64 = 1_704_067_200;
        let of = |name: &str| {
            Persona::all()
                .iter()
                .find(|persona| persona.username == name)
                .map(|persona| persona.id_at(System::SessionM))
        };
        let phone = |number: &str| {
            json!([{
                "phone_number": number, "phone_type": "mobile", "preference_flags": ["primary"],
                "verified_ownership": true,
            }])
        };
        let seeds = [
            (
                of("alice"),
                json!({
                    "external_id": "crm-1001", "external_id_type": "CRM", "email": "alice@example.test",
                    "opted_in": true, "first_name": "Alice", "last_name": "Martin",
                    "dob": "1988-04-12", "locale": "fr-ch", "address": "Rue du Stade 1", "zip": "1200",
                    "city": "Genève", "state": "GE", "country": "CHE", "phone_numbers": phone("41225550101"),
                    "user_profile": { "language_preference": "FR" },
                }),
            ),
            (
                of("erin"),
                json!({
                    "external_id": "crm-1005", "external_id_type": "CRM", "email": "erin@example.test",
                    "first_name": "Erin", "last_name": "Ávila", "dob": "1969-12-24", "locale": "es-es",
                }),
            ),
            (
                None,
                json!({
                    "external_id": "crm-2001", "external_id_type": "CRM", "email": "hana@example.test",
                    "first_name": "Hana", "last_name": "Moser", "phone_numbers": phone("41315550199"),
                }),
            ),
            (
                None,
                json!({
                    "external_id": "crm-2002", "external_id_type": "CRM", "email": "ivo@example.test",
                    "first_name": "Ivo", "last_name": "Moser", "phone_numbers": phone("41315550199"),
                }),
            ),
        ];
        for (id, user) in seeds {
            if let Ok(draft) = customer::Draft::of(&user, LONG_AGO) {
                let mut customer =
                    Customer::new(id.unwrap_or_else(customer::new_id), draft, LONG_AGO);
                customer.suspended = customer.has_email("erin@example.test");
                self.customers.push(customer);
            }
        }
    }
}

/// What `PUT /settings` changes under `sessionm`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Whether `GET …/users/search?email=` is there. The vendor names the task, not its address.
    pub(crate) core_search: bool,
    /// The query parameter with which a profile comes with its `auth_token`; the vendor publishes none.
    pub(crate) auth_token_parameter: Option<String>,
}
