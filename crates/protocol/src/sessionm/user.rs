//! A customer's profile as SessionM answers it.

use core::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::{ExternalId, Numbers, PhoneNumber, country};
use crate::{
    profile::{Field, Profile},
    wire,
};

/// Whose a profile is, by its external ids.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Holder {
    /// The one who was asked for.
    Them,
    /// Somebody with the same id, but the answer doesn't say of which type: of several, it may be another's.
    Untyped,
    /// Nobody of that type: it may be claimed by who proves that it is theirs.
    Nobody,
    /// Another person of the same type.
    Another,
    /// Somebody, but the answer doesn't say of which type.
    Unsaid,
}

/// A profile. Whoever it was searched for by, compare: a search that finds something else than it was asked for must not
/// show it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct User {
    /// SessionM's own id.
    pub id: String,
    external_id: Option<String>,
    identifiers: Vec<WireIdentifier>,
    phone_numbers: Vec<PhoneNumber>,
    numbers: Numbers,
    profile: Profile,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("User").field(&self.profile).finish()
    }
}

#[derive(Clone, Deserialize, PartialEq)]
struct WireIdentifier {
    #[serde(default, deserialize_with = "wire::text")]
    external_id: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    external_id_type: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct WireUser {
    #[serde(default, deserialize_with = "wire::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    external_id: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    identifiers: Option<Vec<WireIdentifier>>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    email: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    first_name: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    last_name: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    gender: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    dob: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    locale: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    address: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    city: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    state: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    zip: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    country: Option<String>,
    #[serde(default)]
    phone_numbers: Option<Vec<PhoneNumber>>,
}

impl WireUser {
    /// `None` without an id, which nothing can be done with.
    pub(super) fn read(self, numbers: &Numbers) -> Option<User> {
        let id = self.id.filter(|id| !id.is_empty())?;
        let phone_numbers = self.phone_numbers.unwrap_or_default();
        let phone = main_phone(&phone_numbers).map(|number| numbers.read(number));
        let country = self.country.map(|code| {
            let code = code.to_ascii_uppercase();
            country::alpha_2(&code).map_or(code, str::to_owned)
        });
        let fields = [
            (Field::GivenName, self.first_name),
            (Field::FamilyName, self.last_name),
            (Field::Email, self.email),
            (Field::PhoneNumber, phone),
            (Field::Birthdate, self.dob),
            (Field::Gender, self.gender),
            (Field::Locale, self.locale),
            (Field::StreetAddress, self.address),
            (Field::PostalCode, self.zip),
            (Field::Locality, self.city),
            (Field::Region, self.state),
            (Field::Country, country),
        ];
        let profile = fields
            .into_iter()
            .filter_map(|(field, value)| Some((field, field.validate(&value?).ok()?)))
            .collect();
        Some(User {
            id,
            external_id: self.external_id,
            identifiers: self.identifiers.unwrap_or_default(),
            phone_numbers,
            numbers: numbers.clone(),
            profile,
        })
    }
}

impl User {
    /// Whose the profile is. `external_id` alone says nothing of its type, and shows only one of several: it counts
    /// where there are no `identifiers`.
    pub fn holder(&self, wanted: &ExternalId) -> Holder {
        if self.identifiers.is_empty() {
            return match &self.external_id {
                None => Holder::Nobody,
                Some(id) if *id == wanted.id => Holder::Untyped,
                Some(_) => Holder::Unsaid,
            };
        }
        let same_type = |identifier: &&WireIdentifier| {
            identifier.external_id_type.as_deref() == Some(&wanted.kind)
        };
        let mut holder = Holder::Nobody;
        for identifier in self.identifiers.iter().filter(same_type) {
            if identifier.external_id.as_deref() == Some(&wanted.id) {
                holder = match holder {
                    Holder::Another => Holder::Another,
                    _ => Holder::Them,
                };
            } else {
                holder = Holder::Another;
            }
        }
        holder
    }

    /// Whether this is the profile's e-mail. Only ASCII is folded.
    pub fn has_email(&self, email: &str) -> bool {
        let own = self.profile.get(Field::Email);
        own.is_some_and(|own| own.eq_ignore_ascii_case(email))
    }

    /// Whether this is one of the profile's telephone numbers, by its digits.
    pub fn has_phone(&self, phone: &str) -> bool {
        let wanted = Numbers::International.read(phone);
        let mut numbers = self.phone_numbers.iter().filter_map(number);
        wanted != "+" && numbers.any(|own| self.numbers.read(own) == wanted)
    }

    /// The fields that the shop may require, each valid and normalised; others count as missing.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The whole list of telephone numbers, with `phone` as the main one where it is given.
    pub(super) fn phone_numbers_with(&self, phone: Option<(&str, bool)>) -> Vec<PhoneNumber> {
        let mut numbers = self.phone_numbers.clone();
        let Some((phone, verified)) = phone else {
            return numbers;
        };
        let wanted = Numbers::International.read(phone);
        let is_wanted = |own: &str| self.numbers.read(own) == wanted;
        if main_phone(&numbers).is_some_and(is_wanted) {
            return numbers;
        }
        let had = numbers
            .iter()
            .position(|entry| number(entry).is_some_and(is_wanted));
        for entry in &mut numbers {
            if let Some(Value::Array(flags)) = entry.get_mut("preference_flags") {
                flags.retain(|flag| flag != PRIMARY);
            }
        }
        match had.and_then(|at| numbers.get_mut(at)) {
            Some(entry) => {
                let flags = entry
                    .entry("preference_flags")
                    .or_insert_with(|| Value::Array(Vec::new()));
                match flags {
                    Value::Array(flags) => flags.push(PRIMARY.into()),
                    other => *other = Value::Array(vec![PRIMARY.into()]),
                }
            }
            None => numbers.push(new_phone(self.numbers.written(phone), verified)),
        }
        numbers
    }
}

/// A number that is new, as the tenant writes it.
pub(super) fn new_phone(written: String, verified: bool) -> PhoneNumber {
    let members = [
        ("phone_number", Value::from(written)),
        ("phone_type", "mobile".into()),
        ("preference_flags", Value::Array(vec![PRIMARY.into()])),
        ("verified_ownership", verified.into()),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn number(entry: &PhoneNumber) -> Option<&str> {
    entry.get("phone_number").and_then(Value::as_str)
}

/// The one that is preferred, or else the first.
fn main_phone(numbers: &[PhoneNumber]) -> Option<&str> {
    let is_primary = |entry: &&PhoneNumber| {
        let flags = entry.get("preference_flags").and_then(Value::as_array);
        flags.is_some_and(|flags| flags.iter().any(|flag| flag == PRIMARY))
    };
    let main = numbers.iter().find(is_primary).or(numbers.first());
    main.and_then(number)
}

const PRIMARY: &str = "primary";
