//! The end of step I: who the access token belongs to
//! ([current account](https://docs.worldoftulo.com/payway/integration/payway_api/endpoints/me_api/v3/current_account)).

use serde::Deserialize;

use crate::{
    http::HttpRequest,
    profile::{Field, Profile},
    userinfo::{UserInfo, UserInfoError, userinfo_request},
    wire,
};

/// The request for the current account: the access token travels in the header.
pub fn me_request(api_url: &str, me_path: &str, access_token: &str) -> HttpRequest {
    userinfo_request(&[api_url, me_path].concat(), access_token)
}

/// What Payway's `verified` says. That an account is verified with a confirmation code is published, that this verifies its
/// e-mail address isn't.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verified {
    /// It is about the e-mail address.
    IsEmail,
    /// It is about something else: no e-mail address counts as verified.
    IsNotEmail,
}

/// The account that an access token belongs to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Account {
    /// `id`, 24 hexadecimal digits: the `sub` of the person.
    pub id: String,
    /// What Payway knows of the person.
    pub userinfo: UserInfo,
}

#[derive(Deserialize)]
struct WireAnswer {
    item: WireAccount,
}

#[derive(Deserialize)]
struct WireAccount {
    #[serde(default)]
    id: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    email: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    verified: Option<bool>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    first_name: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    last_name: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    mobile_phone_number: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    birth_date: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    gender: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    address: Option<WireAddress>,
}

/// [Payway's address](https://docs.worldoftulo.com/payway/integration/payway_api/shared/api_address).
#[derive(Default, Deserialize)]
struct WireAddress {
    #[serde(default, deserialize_with = "wire::or_absent")]
    street: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    street_number: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    zip_code: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    city: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    country_code: Option<String>,
}

impl Account {
    /// Accepts the answer.
    pub fn accept(
        status: u16,
        content_type: Option<&str>,
        body: &[u8],
        verified: Verified,
    ) -> Result<Account, UserInfoError> {
        let malformed = || UserInfoError::Malformed {
            status,
            content_type: wire::excerpt(content_type.unwrap_or("no content type")),
        };
        match status {
            200..300 => {}
            401 | 403 => return Err(UserInfoError::Refused),
            429 | 500.. => return Err(UserInfoError::Unavailable { status }),
            _ => return Err(malformed()),
        }
        let WireAnswer { mut item } = wire::object(body).map_err(|_| malformed())?;
        let is_id = |id: &String| id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = item.id.take().filter(is_id).ok_or_else(malformed)?;
        let says_verified = verified == Verified::IsEmail && item.verified == Some(true);
        let profile: Profile = item
            .into_fields()
            .into_iter()
            .filter_map(|(field, value)| Some((field, field.validate(&value?).ok()?)))
            .collect();
        let email_verified = says_verified && profile.get(Field::Email).is_some();
        Ok(Account {
            id,
            userinfo: UserInfo {
                profile,
                email_verified,
                phone_number_verified: false,
            },
        })
    }
}

impl WireAccount {
    fn into_fields(self) -> [(Field, Option<String>); 10] {
        let address = self.address.unwrap_or_default();
        let street_address = match (address.street, address.street_number) {
            (Some(street), Some(number)) => Some([&street, " ", &number].concat()),
            (street, _) => street,
        };
        [
            (Field::GivenName, self.first_name),
            (Field::FamilyName, self.last_name),
            (Field::Email, self.email),
            (Field::PhoneNumber, self.mobile_phone_number),
            (Field::Birthdate, self.birth_date),
            (Field::Gender, self.gender),
            (Field::StreetAddress, street_address),
            (Field::PostalCode, address.zip_code),
            (Field::Locality, address.city),
            (Field::Country, address.country_code),
        ]
    }
}
