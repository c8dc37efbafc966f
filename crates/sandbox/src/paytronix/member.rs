//! A persona, as the diner's guests have them.

use serde_json::{Map, Value, json};

use crate::{entropy::sha256, persona::Persona};

/// One guest.
pub(super) struct Member {
    pub(super) persona: Persona,
    /// `accountIds` has it.
    pub(super) account_id: u32,
    /// `primaryCardNumbers` has it: 16 digits, too many for a JavaScript number.
    pub(super) card: String,
}

impl Member {
    pub(super) fn of(persona: Persona) -> Member {
        let hash = sha256(format!("paytronix guest {}", persona.sub).as_bytes());
        let number = hash
            .iter()
            .take(7)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Member {
            persona,
            account_id: 100_000 + u32::from(hash[8]) * 256 + u32::from(hash[9]),
            card: format!("9990{:012}", number % 1_000_000_000_000),
        }
    }

    pub(super) fn username(&self) -> &str {
        &self.persona.username
    }

    /// `fields`: their names are case-sensitive, and blank ones are omitted.
    pub(super) fn fields(&self) -> Map<String, Value> {
        let claims = &self.persona.claims;
        let verified = claims.get("email_verified") == Some(&Value::Bool(true));
        let mut fields = Map::new();
        for (name, value) in [
            ("username", self.username()),
            ("email", self.persona.claim("email")),
            ("firstName", self.persona.claim("given_name")),
            ("lastName", self.persona.claim("family_name")),
            ("mobilePhone", self.persona.claim("phone_number")),
        ] {
            add(&mut fields, name, value);
        }
        fields.insert("emailVerified".to_owned(), verified.into());
        fields.insert("optIn".to_owned(), true.into());
        fields
    }

    /// `addresses`: one, or none, without what is blank.
    pub(super) fn addresses(&self) -> Vec<Value> {
        let Some(Value::Object(address)) = self.persona.claims.get("address") else {
            return Vec::new();
        };
        let part = |name| {
            address
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let mut shown = Map::from_iter([("addressId".to_owned(), json!(1))]);
        for (name, value) in [
            ("label", "Home"),
            ("address1", part("street_address")),
            ("city", part("locality")),
            ("country", part("country")),
            ("postalCode", part("postal_code")),
        ] {
            add(&mut shown, name, value);
        }
        vec![Value::Object(shown)]
    }

    /// What is in the wallet; the form of an entry isn't published by the vendor.
    pub(super) fn balances(&self) -> Value {
        let points = self.account_id % 500;
        json!([
            { "walletCode": 1, "name": "Points", "balance": points },
            { "walletCode": 2, "name": "Reward dollars", "balance": 7.5 },
        ])
    }
}

fn add(fields: &mut Map<String, Value>, name: &str, value: &str) {
    if !value.is_empty() {
        fields.insert(name.to_owned(), value.into());
    }
}
