//! The people who have an account in every system.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{entropy::sha256, system::System};

/// The password of every persona.
pub const PASSWORD: &str = "ticket";

/// The second factor of whoever is asked for one.
pub const OTP: &str = "000000";

/// What happens to a persona after the right password.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Signed in.
    Open,
    /// Asked for a second factor first.
    SecondFactor,
    /// Told that the account is frozen.
    Frozen,
}

/// One person.
#[derive(Clone, Debug, Serialize)]
pub struct Persona {
    /// What is typed into `username`; the e-mail address does as well, where it is this persona's own.
    pub username: String,
    /// The subject identifier (OpenID Connect Core 8): never reassigned, means nothing.
    pub sub: String,
    /// What the control page says about this persona.
    pub about: String,
    /// What happens after the password.
    pub account: Account,
    /// The standard claims (OpenID Connect Core 5.1), before the scope is applied.
    pub claims: Map<String, Value>,
    #[serde(skip)]
    pub(crate) password: String,
}

impl Persona {
    /// Everyone who is there at the start.
    pub fn all() -> Vec<Persona> {
        vec![
            Persona::new(
                "alice",
                "b7f0c2d4-1001",
                "Everything the shop may ask for is there, and her e-mail is verified.",
                Account::Open,
                json!({
                    "name": "Alice Martin", "given_name": "Alice", "family_name": "Martin", "gender": "female",
                    "birthdate": "1988-04-12", "locale": "fr-CH", "zoneinfo": "Europe/Zurich",
                    "email": "alice@example.test", "email_verified": true,
                    "phone_number": "+41225550101", "phone_number_verified": true,
                    "address": {
                        "formatted": "Rue du Stade 1\n1200 Genève\nSuisse", "street_address": "Rue du Stade 1",
                        "postal_code": "1200", "locality": "Genève", "region": "GE", "country": "CH",
                    },
                }),
            ),
            Persona::new(
                "bob",
                "b7f0c2d4-1002",
                "His phone number and his country are missing.",
                Account::Open,
                json!({
                    "name": "Bob Keller", "given_name": "Bob", "family_name": "Keller", "gender": "male",
                    "birthdate": "1979-11-02", "locale": "de-CH", "zoneinfo": "Europe/Zurich",
                    "email": "bob@example.test", "email_verified": true,
                    "address": {
                        "formatted": "Arenaweg 7\n3014 Bern", "street_address": "Arenaweg 7",
                        "postal_code": "3014", "locality": "Bern", "region": "BE",
                    },
                }),
            ),
            Persona::new(
                "carol",
                "b7f0c2d4-1003",
                "She typed Alice's e-mail address when she joined, and never verified it.",
                Account::Open,
                json!({
                    "name": "Carol O'Neill", "given_name": "Carol", "family_name": "O'Neill", "gender": "female",
                    "birthdate": "1995-01-30", "locale": "en-GB", "zoneinfo": "Europe/London",
                    "email": "alice@example.test", "email_verified": false,
                    "phone_number": "+442079460123", "phone_number_verified": true,
                    "address": {
                        "formatted": "2 Terrace Lane\nLondon N5 1BU\nUnited Kingdom", "street_address": "2 Terrace Lane",
                        "postal_code": "N5 1BU", "locality": "London", "country": "GB",
                    },
                }),
            ),
            Persona::new(
                "dave",
                "b7f0c2d4-1004",
                "He is asked for a second factor; the third wrong one sends him back with access_denied.",
                Account::SecondFactor,
                json!({
                    "name": "Dave Šimić", "given_name": "Dave", "family_name": "Šimić", "gender": "male",
                    "birthdate": "2001-07-19", "locale": "en-GB", "zoneinfo": "Europe/Zagreb",
                    "email": "dave@example.test", "email_verified": true,
                    "phone_number": "+38515550104", "phone_number_verified": true,
                    "address": {
                        "formatted": "Ulica stadiona 4\n10000 Zagreb\nHrvatska", "street_address": "Ulica stadiona 4",
                        "postal_code": "10000", "locality": "Zagreb", "country": "HR",
                    },
                }),
            ),
            Persona::new(
                "erin",
                "b7f0c2d4-1005",
                "Her account is frozen: the login says so, and she can only go back, with access_denied.",
                Account::Frozen,
                json!({
                    "name": "Erin Ávila", "given_name": "Erin", "family_name": "Ávila", "gender": "female",
                    "birthdate": "1969-12-24", "locale": "es-ES", "zoneinfo": "Europe/Madrid",
                    "email": "erin@example.test", "email_verified": true,
                }),
            ),
        ]
    }

    /// A person with the password of all, and these claims (an object).
    pub fn new(username: &str, sub: &str, about: &str, account: Account, claims: Value) -> Persona {
        let mut claims = match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        };
        claims.insert("preferred_username".to_owned(), username.into());
        Persona {
            username: username.to_owned(),
            sub: sub.to_owned(),
            about: about.to_owned(),
            account,
            claims,
            password: PASSWORD.to_owned(),
        }
    }

    /// What a system calls this person: its `sub` or account; in SessionM the customer of whoever is there from the start.
    pub fn id_at(&self, system: System) -> String {
        let hex = || -> String {
            sha256(format!("{system}/{}", self.username).as_bytes())
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect()
        };
        match system {
            System::Club | System::Shop => self.sub.clone(),
            System::Airlock | System::Paytronix => self.username.clone(),
            // 24 hex digits, as all of its ids.
            System::Payway => hex()[..24].to_owned(),
            // A UUID; the digits that say how it was made are those of RFC 9562 5.8.
            System::SessionM => {
                let hex = hex();
                format!(
                    "{}-{}-8{}-8{}-{}",
                    &hex[..8],
                    &hex[8..12],
                    &hex[13..16],
                    &hex[17..20],
                    &hex[20..32]
                )
            }
        }
    }

    /// Whether this is who is meant by what was typed.
    pub(crate) fn is_named(&self, typed: &str) -> bool {
        let typed = typed.trim();
        self.username.eq_ignore_ascii_case(typed)
            || (self.claims.get("email_verified") == Some(&Value::Bool(true))
                && self.claim("email").eq_ignore_ascii_case(typed))
    }

    pub(crate) fn claim(&self, name: &str) -> &str {
        self.claims
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The claims that the scope asks for (OpenID Connect Core 5.4).
    pub(crate) fn claims_of(&self, scope: &str) -> Map<String, Value> {
        let mut claims = Map::new();
        for scope in scope.split(' ') {
            let names: &[&str] = match scope {
                "profile" => &[
                    "name",
                    "given_name",
                    "family_name",
                    "preferred_username",
                    "gender",
                    "birthdate",
                    "zoneinfo",
                    "locale",
                ],
                "email" => &["email", "email_verified"],
                "phone" => &["phone_number", "phone_number_verified"],
                "address" => &["address"],
                _ => &[],
            };
            for &name in names {
                if let Some(value) = self.claims.get(name) {
                    claims.insert(name.to_owned(), value.clone());
                }
            }
        }
        claims
    }
}
