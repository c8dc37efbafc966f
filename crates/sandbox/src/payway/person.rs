//! Who has a Payway account.

use serde_json::{Value, json};

use crate::{
    entropy::sha256,
    persona::{self, Persona},
    state::State as Sandboxed,
    system::System,
};

/// He joined and never confirmed: `account_not_active`.
const NOT_ACTIVE: &str = "b7f0c2d4-1006";

/// A persona, as Payway has them.
pub(super) struct Account {
    pub(super) persona: Persona,
    /// 24 hexadecimal digits.
    pub(super) id: String,
    pub(super) customer_number: String,
    pub(super) is_active: bool,
}

/// Everybody, and one more who is known here alone.
fn accounts(state: &Sandboxed) -> Vec<Account> {
    let frank = Persona::new(
        "frank",
        NOT_ACTIVE,
        "He joined the paper and never confirmed it: his account isn't active.",
        persona::Account::Open,
        json!({
            "name": "Frank Weiss", "given_name": "Frank", "family_name": "Weiss",
            "email": "frank@example.test", "email_verified": true,
        }),
    );
    let has_frank = state.persona(NOT_ACTIVE).is_some();
    state
        .personas
        .iter()
        .cloned()
        .chain((!has_frank).then_some(frank))
        .map(|persona| Account::of(state.at(System::Payway, persona)))
        .collect()
}

impl Account {
    fn of(persona: Persona) -> Account {
        let id = persona.id_at(System::Payway);
        let number = sha256(id.as_bytes())
            .iter()
            .take(3)
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        Account {
            id,
            customer_number: format!("{}", 100_000 + number % 900_000),
            is_active: persona.sub != NOT_ACTIVE,
            persona,
        }
    }

    pub(super) fn named(state: &Sandboxed, usr: &str) -> Option<Account> {
        accounts(state)
            .into_iter()
            .find(|account| account.persona.is_named(usr))
    }

    pub(super) fn of_sub(state: &Sandboxed, sub: &str) -> Option<Account> {
        accounts(state)
            .into_iter()
            .find(|account| account.persona.sub == sub)
    }

    pub(super) fn is_frozen(&self) -> bool {
        self.persona.account == persona::Account::Frozen
    }

    /// `item` of the answer about the current account, with the members of the [documentation].
    ///
    /// [documentation]: https://docs.worldoftulo.com/payway/integration/payway_api/endpoints/me_api/v3/current_account
    pub(super) fn item(&self) -> Value {
        let claim = |name| self.persona.claim(name);
        let or_null = |text: &str| match text {
            "" => Value::Null,
            text => text.into(),
        };
        json!({
            "id": self.id,
            "email": claim("email"),
            "status": "created",
            "verified": self.persona.claims.get("email_verified") == Some(&Value::Bool(true)),
            "customer_number": self.customer_number,
            "first_name": claim("given_name"),
            "last_name": claim("family_name"),
            "mobile_phone_number": or_null(claim("phone_number")),
            "birth_date": or_null(claim("birthdate")),
            "company_registration_number": null,
            "alias": self.persona.username,
            "account_origin": null,
            "address": self.address(),
            "user_products": [],
        })
    }

    /// A Payway address, in parts: the [documentation] has the number of the house apart from the street.
    ///
    /// [documentation]: https://docs.worldoftulo.com/payway/integration/payway_api/shared/api_address
    fn address(&self) -> Value {
        let Some(Value::Object(address)) = self.persona.claims.get("address") else {
            return Value::Null;
        };
        let part = |name| address.get(name).and_then(Value::as_str);
        let street_address = part("street_address").unwrap_or_default();
        let (street, number) = match street_address.rsplit_once(' ') {
            Some((street, number)) if number.starts_with(|first: char| first.is_ascii_digit()) => {
                (street, Some(number))
            }
            _ => (street_address, None),
        };
        json!({
            "first_name": self.persona.claim("given_name"),
            "last_name": self.persona.claim("family_name"),
            "street": street,
            "street_number": number,
            "zip_code": part("postal_code"),
            "city": part("locality"),
            "country_code": part("country"),
        })
    }

    /// What they subscribe to.
    pub(super) fn products(&self) -> &'static [&'static str] {
        match self.persona.username.as_str() {
            "alice" => &["paper-digital"],
            "bob" => &["paper-weekend"],
            _ => &[],
        }
    }
}
