//! [OpenID Connect Core §5.3](https://openid.net/specs/openid-connect-core-1_0.html#UserInfo): the claims of the
//! person who signed in.

use serde::{Deserialize, Serialize};

use crate::{
    Code,
    encoding::from_base64url,
    http::{HttpRequest, header},
    profile::{Field, Profile},
    wire,
};

/// The request of [§5.3.1](https://openid.net/specs/openid-connect-core-1_0.html#UserInfoRequest): the access token
/// travels in the header.
pub fn userinfo_request(userinfo_endpoint: &str, access_token: &str) -> HttpRequest {
    HttpRequest {
        method: "GET",
        url: userinfo_endpoint.to_owned(),
        headers: vec![
            header("accept", "application/json"),
            header("authorization", &format!("Bearer {access_token}")),
        ],
        body: String::new(),
    }
}

/// Why a UserInfo response was not accepted.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UserInfoError {
    /// The access token was refused (§5.3.3, RFC 6750 §3.1).
    #[error("the access token was refused")]
    Refused,
    /// The provider is in trouble, or has too much to do.
    #[error("the UserInfo endpoint answered {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// Not a claims object (§5.3.2).
    #[error("{status} with what is not a claims object ({content_type})")]
    Malformed {
        /// The HTTP status.
        status: u16,
        /// The content type.
        content_type: String,
    },
    /// "The `sub` Claim in the UserInfo Response MUST be verified to exactly match the `sub` Claim in the ID Token"
    /// (§5.3.2).
    #[error("`sub` is not the ID token's")]
    Sub,
}

impl UserInfoError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused => Code::UserinfoRefused,
            Self::Unavailable { .. } => Code::UpstreamError,
            Self::Malformed { .. } => Code::UserinfoInvalid,
            Self::Sub => Code::UserinfoSub,
        }
    }
}

/// What the provider knows of the person.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UserInfo {
    /// The fields that the shop may require, each valid and normalised; others count as missing.
    pub profile: Profile,
    /// Whether the provider has verified the e-mail address.
    pub email_verified: bool,
    /// Whether the provider has verified the telephone number.
    pub phone_number_verified: bool,
}

#[derive(Deserialize)]
struct WireUserInfo {
    #[serde(default)]
    sub: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    email_verified: Option<wire::Flag>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    phone_number_verified: Option<wire::Flag>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    given_name: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    family_name: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    email: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    phone_number: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    birthdate: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    gender: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    locale: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    address: Option<WireAddress>,
}

#[derive(Default, Deserialize)]
struct WireAddress {
    #[serde(default, deserialize_with = "wire::or_absent")]
    street_address: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    postal_code: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    locality: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    region: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    country: Option<String>,
}

impl UserInfo {
    /// The same of an ID token that the token endpoint has just answered with, where there is no UserInfo endpoint: its claims
    /// may be in it as well ([§5.4](https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims)).
    pub fn of_id_token(id_token: &str, sub: &str) -> Option<UserInfo> {
        let claims = from_base64url(id_token.split('.').nth(1)?).ok()?;
        UserInfo::accept(200, None, &claims, sub).ok()
    }

    /// With what was known before and isn't said any more, as in a refreshed ID token.
    pub fn or_as_before(mut self, before: UserInfo) -> UserInfo {
        if self.profile.get(Field::Email).is_none() {
            self.email_verified = before.email_verified;
        }
        if self.profile.get(Field::PhoneNumber).is_none() {
            self.phone_number_verified = before.phone_number_verified;
        }
        for (field, value) in before.profile.iter() {
            if self.profile.get(field).is_none() {
                self.profile.set(field, value);
            }
        }
        self
    }

    /// Accepts the answer of [§5.3.2](https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse) for the
    /// person of the ID token.
    pub fn accept(
        status: u16,
        content_type: Option<&str>,
        body: &[u8],
        sub: &str,
    ) -> Result<UserInfo, UserInfoError> {
        match status {
            200..300 => {}
            401 | 403 => return Err(UserInfoError::Refused),
            429 | 500.. => return Err(UserInfoError::Unavailable { status }),
            _ => return Err(malformed(status, content_type)),
        }
        let wire: WireUserInfo = wire::object(body).map_err(|_| malformed(status, content_type))?;
        if wire.sub.as_deref() != Some(sub) {
            return Err(UserInfoError::Sub);
        }
        let says = |flag: &Option<wire::Flag>| flag.as_ref().is_some_and(wire::Flag::is_true);
        let says_verified = says(&wire.email_verified);
        let says_phone_verified = says(&wire.phone_number_verified);
        let profile: Profile = wire
            .into_fields()
            .into_iter()
            .filter_map(|(field, value)| Some((field, field.validate(&value?).ok()?)))
            .collect();
        let email_verified = says_verified && profile.get(Field::Email).is_some();
        let phone_number_verified =
            says_phone_verified && profile.get(Field::PhoneNumber).is_some();
        Ok(UserInfo {
            profile,
            email_verified,
            phone_number_verified,
        })
    }
}

fn malformed(status: u16, content_type: Option<&str>) -> UserInfoError {
    let content_type = wire::excerpt(content_type.unwrap_or("no content type"));
    UserInfoError::Malformed {
        status,
        content_type,
    }
}

impl WireUserInfo {
    fn into_fields(self) -> [(Field, Option<String>); 12] {
        let address = self.address.unwrap_or_default();
        [
            (Field::GivenName, self.given_name),
            (Field::FamilyName, self.family_name),
            (Field::Email, self.email),
            (Field::PhoneNumber, self.phone_number),
            (Field::Birthdate, self.birthdate),
            (Field::Gender, self.gender),
            (Field::Locale, self.locale),
            (Field::StreetAddress, address.street_address),
            (Field::PostalCode, address.postal_code),
            (Field::Locality, address.locality),
            (Field::Region, address.region),
            (Field::Country, address.country),
        ]
    }
}
