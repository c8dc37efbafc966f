//! A customer's profile: what is written, and what is shown of it.

use serde_json::{Map, Value, json};

use super::date::{Date, timestamp};
use crate::{entropy, wire::Parameters};

/// The standard attributes that are strings.
const TEXTS: [&str; 13] = [
    "email",
    "first_name",
    "last_name",
    "gender",
    "dob",
    "locale",
    "ip",
    "address",
    "address2",
    "city",
    "state",
    "zip",
    "country",
];

/// At most so many custom attributes per profile.
const CUSTOM: usize = 200;

/// Customers are over so many years old.
const AGE: i64 = 13;

/// An external id, and the label that says whose it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Identifier {
    pub(super) external_id: String,
    external_id_type: Option<String>,
}

impl Identifier {
    fn of(object: &Map<String, Value>) -> Result<Option<Identifier>, String> {
        let text = |name: &str| match object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(format!("{name} is a string")),
        };
        let external_id_type = text("external_id_type")?;
        Ok(text("external_id")?.map(|external_id| Identifier {
            external_id,
            external_id_type,
        }))
    }

    fn shown(&self) -> Value {
        json!({ "external_id": self.external_id, "external_id_type": self.external_id_type })
    }
}

/// The `user` object of a request, found to be right.
pub(super) struct Draft {
    texts: Vec<(&'static str, Value)>,
    opted_in: Option<bool>,
    pub(super) identifiers: Vec<Identifier>,
    clear_identifiers: bool,
    /// Present, and the whole list is replaced.
    phone_numbers: Option<Vec<Value>>,
    user_profile: Option<Map<String, Value>>,
}

impl Draft {
    /// A member that the vendor's documents and clients don't have is refused, so that a wrong name is noticed.
    pub(super) fn of(user: &Value, now: i64) -> Result<Draft, String> {
        let user = user.as_object().ok_or("user is an object")?;
        let mut draft = Draft {
            texts: Vec::new(),
            opted_in: None,
            identifiers: Vec::new(),
            clear_identifiers: false,
            phone_numbers: None,
            user_profile: None,
        };
        for (name, value) in user {
            match (name.as_str(), value) {
                ("external_id" | "external_id_type" | "referral", _) => {}
                ("opted_in", Value::Bool(yes)) => draft.opted_in = Some(*yes),
                // One public client sends it so.
                ("opted_in", Value::String(yes)) if yes == "true" || yes == "false" => {
                    draft.opted_in = Some(yes == "true");
                }
                ("clear_identifiers", Value::Bool(yes)) => draft.clear_identifiers = *yes,
                ("identifiers", Value::Array(all)) => {
                    for one in all {
                        let one = one.as_object().ok_or("identifiers holds objects")?;
                        draft.identifiers.extend(Identifier::of(one)?);
                    }
                }
                ("phone_numbers", Value::Null) => draft.phone_numbers = Some(Vec::new()),
                ("phone_numbers", Value::Array(all)) => {
                    let all: Result<_, _> = all.iter().map(phone_number).collect();
                    draft.phone_numbers = Some(all?);
                }
                ("user_profile", Value::Object(custom)) if custom.len() <= CUSTOM => {
                    draft.user_profile = Some(custom.clone());
                }
                (name, value) => {
                    let known = (TEXTS.into_iter().find(|text| *text == name))
                        .ok_or_else(|| format!("{name} isn't an attribute, or of another type"))?;
                    if !(value.is_string() || value.is_null()) {
                        return Err(format!("{name} is a string"));
                    }
                    check(known, value, now)?;
                    draft.texts.push((known, value.clone()));
                }
            }
        }
        draft.identifiers.extend(Identifier::of(user)?);
        Ok(draft)
    }

    pub(super) fn email(&self) -> Option<&str> {
        (self.texts.iter())
            .find(|(name, _)| *name == "email")
            .and_then(|(_, email)| email.as_str())
    }
}

fn check(name: &str, value: &Value, now: i64) -> Result<(), String> {
    match (name, value.as_str()) {
        ("email", Some(email)) if !is_email(email) => Err("email is invalid".to_owned()),
        ("dob", Some(dob)) => {
            let dob = Date::parse(dob).ok_or("dob is YYYY-MM-DD")?;
            // Over thirteen years ago: on the birthday itself it isn't yet.
            if dob.years_on(AGE) < Date::of(now) {
                Ok(())
            } else {
                Err("dob is not over 13 years ago".to_owned())
            }
        }
        _ => Ok(()),
    }
}

fn is_email(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !email.contains(char::is_whitespace)
    })
}

fn phone_number(phone: &Value) -> Result<Value, String> {
    let object = phone.as_object().ok_or("phone_numbers holds objects")?;
    for (name, value) in object {
        let right = match name.as_str() {
            "phone_number" => value.as_str().is_some_and(is_digits),
            "phone_type" => value.is_string(),
            "preference_flags" => value.is_array(),
            "verified_ownership" => value.is_boolean(),
            _ => false,
        };
        if !right {
            return Err(format!("phone_numbers: {name} isn't right"));
        }
    }
    if !object.contains_key("phone_number") {
        return Err("phone_numbers: phone_number is missing".to_owned());
    }
    Ok(phone.clone())
}

/// Phone numbers are written in digits alone.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// One customer.
#[derive(Clone)]
pub(super) struct Customer {
    pub(super) id: String,
    texts: Map<String, Value>,
    opted_in: bool,
    pub(super) suspended: bool,
    /// The one that was updated last comes last.
    pub(super) identifiers: Vec<Identifier>,
    phone_numbers: Vec<Value>,
    user_profile: Map<String, Value>,
    version: u64,
    tags: Vec<String>,
    created_at: i64,
    updated_at: i64,
}

/// What is shown on request only.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shown {
    /// `show_identifiers=true`.
    pub(super) identifiers: bool,
    /// `user[user_profile]=true`.
    pub(super) user_profile: bool,
}

impl Shown {
    pub(super) const ALL: Shown = Shown {
        identifiers: true,
        user_profile: true,
    };

    pub(super) fn of(query: &Parameters) -> Shown {
        let asks = |name: &str| query.get(name) == Some("true");
        Shown {
            identifiers: asks("show_identifiers"),
            user_profile: asks("user[user_profile]"),
        }
    }
}

impl Customer {
    pub(super) fn new(id: String, draft: Draft, now: i64) -> Customer {
        let mut customer = Customer {
            id,
            texts: Map::new(),
            opted_in: false,
            suspended: false,
            identifiers: Vec::new(),
            phone_numbers: Vec::new(),
            user_profile: Map::new(),
            version: 0,
            tags: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        customer.update(draft, now);
        customer
    }

    /// What is named is replaced, a list as a whole.
    pub(super) fn update(&mut self, draft: Draft, now: i64) {
        for (name, value) in draft.texts {
            match value {
                Value::Null => drop(self.texts.remove(name)),
                value => drop(self.texts.insert(name.to_owned(), value)),
            }
        }
        self.opted_in = draft.opted_in.unwrap_or(self.opted_in);
        if draft.clear_identifiers {
            self.identifiers.clear();
        }
        for identifier in draft.identifiers {
            self.identifiers.retain(|known| *known != identifier);
            self.identifiers.push(identifier);
        }
        if let Some(phone_numbers) = draft.phone_numbers {
            self.phone_numbers = phone_numbers;
        }
        if let Some(custom) = draft.user_profile {
            self.write_custom(custom);
        }
        self.updated_at = now;
    }

    pub(super) fn write_custom(&mut self, custom: Map<String, Value>) {
        self.user_profile.extend(custom);
        self.version += 1;
    }

    pub(super) fn tag(&mut self, tags: Vec<String>) {
        self.tags.extend(tags);
        self.tags.sort_unstable();
        self.tags.dedup();
    }

    /// Two spellings of one address are one address.
    pub(super) fn has_email(&self, email: &str) -> bool {
        !email.is_empty() && self.text("email").eq_ignore_ascii_case(email)
    }

    pub(super) fn has_external_id(&self, external_id: &str) -> bool {
        (self.identifiers.iter()).any(|identifier| identifier.external_id == external_id)
    }

    pub(super) fn has_phone(&self, phone: &str) -> bool {
        self.phone_numbers
            .iter()
            .any(|known| known["phone_number"] == phone)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.texts
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The profile as an answer has it.
    pub(super) fn shown(&self, shown: Shown) -> Value {
        let mut user = json!({
            "id": self.id,
            "external_id": self.identifiers.last().map(|identifier| &identifier.external_id),
            "opted_in": self.opted_in,
            "activated": false,
            "proxy_ids": [],
            "account_status": if self.suspended { "suspended" } else { "good" },
            "suspended": self.suspended,
            "test_account": false,
            "available_points": 0,
            "created_at": timestamp(self.created_at),
            "updated_at": timestamp(self.updated_at),
            "phone_numbers": null,
        });
        if let Value::Object(user) = &mut user {
            user.extend(self.texts.clone());
            if !self.phone_numbers.is_empty() {
                user.insert("phone_numbers".to_owned(), json!(self.phone_numbers));
            }
            if shown.identifiers {
                let all: Vec<_> = self.identifiers.iter().map(Identifier::shown).collect();
                user.insert("identifiers".to_owned(), all.into());
            }
            if shown.user_profile {
                let mut custom = self.user_profile.clone();
                custom.insert("_version".to_owned(), self.version.into());
                user.insert("user_profile".to_owned(), custom.into());
            }
        }
        user
    }

    /// The answer to a lookup has the standard attributes under another name for the id.
    pub(super) fn looked_up(&self) -> Value {
        let mut user = self.shown(Shown::default());
        if let Value::Object(user) = &mut user {
            user.remove("id");
            user.insert("user_id".to_owned(), self.id.as_str().into());
        }
        user
    }

    /// All of it, for the control page.
    pub(super) fn whole(&self) -> Value {
        let mut user = self.shown(Shown::ALL);
        user["tags"] = json!(self.tags);
        user
    }
}

/// A UUID of random bits (RFC 9562 5.4).
pub(super) fn new_id() -> String {
    let hex: String = entropy::sha256(entropy::token().as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "{}-{}-4{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..32]
    )
}
