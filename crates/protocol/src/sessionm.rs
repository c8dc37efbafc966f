//! SessionM's Core API and lookup: a customer's profile is searched, retrieved, created and updated.
//!
//! Public: [the Core API](https://docs.sessionm.com/developer/APIs/Core/begin.htm), its
//! [statuses and errors](https://docs.sessionm.com/developer/APIs/Core/Overview/overview_statuses_errors.htm), and
//! [the lookup](https://docs.sessionm.com/developer/APIs/POS/user_lookup.htm).

mod answer;
mod country;
mod user;

use core::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    encoding,
    http::{HttpRequest, header},
    profile::{Field, Profile},
};

pub use answer::{SessionMError, accept_lookup, accept_user};
pub use user::{Holder, User};

/// A customer of SessionM's: where its API is, and what opens it.
#[derive(Clone)]
pub struct Tenant {
    /// The origin, and a path where a proxy needs one; no slash at the end.
    pub api_url: String,
    /// Stands in the path, and is the user of HTTP Basic.
    pub api_key: String,
    /// The password of HTTP Basic.
    pub api_secret: String,
    /// The path of the lookup.
    pub lookup_path: String,
    /// Where the tenant searches by e-mail instead, below the key in the path.
    pub search_path: Option<String>,
    /// `store_id` of a lookup.
    pub store_id: String,
    /// `client_id` of a lookup.
    pub client_id: String,
    /// How the tenant writes countries.
    pub countries: Countries,
    /// How the tenant writes telephone numbers.
    pub numbers: Numbers,
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tenant(..)")
    }
}

/// How countries are written; either is read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Countries {
    /// ISO 3166-1 alpha-3, as in `USA`.
    #[default]
    Alpha3,
    /// ISO 3166-1 alpha-2, as in `US`.
    Alpha2,
}

/// How telephone numbers are written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Numbers {
    /// In digits with the country's in front, as in `16175550100`.
    #[default]
    International,
    /// Those of this calling code without it, as in `6175550100`; others with `+`, to be told apart.
    National(String),
}

impl Numbers {
    /// A number as the tenant writes it.
    pub fn written(&self, phone: &str) -> String {
        let all = digits(phone);
        match self {
            Self::International => all,
            Self::National(code) => match all.strip_prefix(code.as_str()) {
                Some(national) => national.to_owned(),
                None => format!("+{all}"),
            },
        }
    }

    /// Whether a lookup, which has digits alone, can tell this number from one of another country.
    pub fn tell_apart(&self, phone: &str) -> bool {
        match self {
            Self::International => true,
            Self::National(code) => digits(phone).starts_with(code.as_str()),
        }
    }

    /// A number that the tenant has written, with `+` and the country's digits in front.
    pub fn read(&self, number: &str) -> String {
        let own = digits(number);
        match self {
            Self::National(code) if !number.trim_start().starts_with('+') => {
                format!("+{code}{own}")
            }
            _ => format!("+{own}"),
        }
    }
}

/// Who somebody is in another system.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ExternalId {
    /// `external_id`: the provider's `sub`.
    pub id: String,
    /// `external_id_type`: a label agreed with the tenant.
    pub kind: String,
}

/// What a lookup searches for; an exact match.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Criterion<'a> {
    /// An e-mail address.
    Email(&'a str),
    /// A telephone number; the digits of what the tenant writes are sent.
    Phone(&'a str),
}

/// What is written into a profile.
#[derive(Clone, Debug, Default)]
pub struct Written<'a> {
    /// The identity to add.
    pub external_id: Option<&'a ExternalId>,
    /// The fields to set; those that aren't there stay.
    pub fields: Profile,
    /// Whether the provider has verified the telephone number among them.
    pub phone_number_verified: bool,
    /// Whether the customer takes part; said on creation.
    pub opted_in: Option<bool>,
}

impl Tenant {
    /// Retrieves a profile by SessionM's own id.
    pub fn retrieve(&self, user_id: &str) -> HttpRequest {
        let path = format!("users/{}?show_identifiers=true", segment(user_id));
        self.request("GET", &path, String::new())
    }

    /// Retrieves a profile by the id that the person has elsewhere. The path has no place for its type: compare it with
    /// [`User::holder`].
    pub fn retrieve_external(&self, external_id: &str) -> HttpRequest {
        let path = format!(
            "external/users/{}?show_identifiers=true",
            segment(external_id)
        );
        self.request("GET", &path, String::new())
    }

    /// Creates a profile.
    pub fn create(&self, written: &Written<'_>) -> HttpRequest {
        let phone = written.phone();
        let numbers = phone
            .map(|(phone, verified)| vec![user::new_phone(self.numbers.written(phone), verified)]);
        self.request("POST", "users", self.body(written, numbers.as_deref()))
    }

    /// Updates a profile as it was retrieved. An update replaces the list of telephone numbers, so it is sent whole,
    /// whether it changes or not.
    pub fn update(&self, user: &User, written: &Written<'_>) -> HttpRequest {
        let numbers = user.phone_numbers_with(written.phone());
        let path = format!("users/{}", segment(&user.id));
        self.request("PUT", &path, self.body(written, Some(&numbers)))
    }

    /// Searches. A `request_id` that was used before is answered with the answer of then.
    pub fn look_up(&self, criterion: Criterion<'_>, request_id: &str) -> HttpRequest {
        let (email, phone) = match criterion {
            Criterion::Email(email) => {
                if let Some(path) = &self.search_path {
                    let query: String = form_urlencoded::Serializer::new(String::new())
                        .append_pair("email", email)
                        .finish();
                    return self.request("GET", &format!("{path}?{query}"), String::new());
                }
                (Some(email), None)
            }
            Criterion::Phone(phone) => (None, Some(digits(&self.numbers.written(phone)))),
        };
        let body = json(&WireLookup {
            store_id: &self.store_id,
            client_id: &self.client_id,
            request_id,
            request_payload: WirePayload { email, phone },
        });
        self.send(
            "POST",
            format!("{}{}", self.api_url, self.lookup_path),
            body,
        )
    }

    fn request(&self, method: &'static str, path: &str, body: String) -> HttpRequest {
        let url = format!(
            "{}/priv/v1/apps/{}/{path}",
            self.api_url,
            segment(&self.api_key)
        );
        self.send(method, url, body)
    }

    fn send(&self, method: &'static str, url: String, body: String) -> HttpRequest {
        let credentials = encoding::base64(format!("{}:{}", self.api_key, self.api_secret));
        let mut headers = vec![
            header("accept", "application/json"),
            header("authorization", &format!("Basic {credentials}")),
        ];
        if !body.is_empty() {
            headers.push(header("content-type", "application/json"));
        }
        HttpRequest {
            method,
            url,
            headers,
            body,
        }
    }

    fn body(&self, written: &Written<'_>, phone_numbers: Option<&[PhoneNumber]>) -> String {
        let field = |field| written.fields.get(field);
        let country = field(Field::Country).map(|code| match self.countries {
            Countries::Alpha3 => country::alpha_3(code).unwrap_or(code),
            Countries::Alpha2 => code,
        });
        json(&WireBody {
            user: WireUser {
                external_id: written.external_id.map(|external| external.id.as_str()),
                external_id_type: written.external_id.map(|external| external.kind.as_str()),
                email: field(Field::Email),
                opted_in: written.opted_in,
                first_name: field(Field::GivenName),
                last_name: field(Field::FamilyName),
                gender: field(Field::Gender),
                dob: field(Field::Birthdate),
                locale: field(Field::Locale).map(str::to_ascii_lowercase),
                address: field(Field::StreetAddress),
                city: field(Field::Locality),
                state: field(Field::Region),
                zip: field(Field::PostalCode),
                country,
                phone_numbers,
            },
        })
    }
}

impl Written<'_> {
    /// The number, and whether it is verified.
    fn phone(&self) -> Option<(&str, bool)> {
        let phone = self.fields.get(Field::PhoneNumber)?;
        Some((phone, self.phone_number_verified))
    }
}

/// An entry of the list, with whatever members it came with.
type PhoneNumber = Map<String, Value>;

/// The digits of a telephone number, with the country's and without `+`.
pub fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

/// One segment of a path: all but the unreserved characters of
/// [RFC 3986 §2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3) are encoded.
fn segment(text: &str) -> String {
    use fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric()
            || b"-_~".contains(&byte)
            || (byte == b'.' && text.len() > 2)
        {
            encoded.push(byte as char);
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Maps with text for keys and no other values than JSON's always become JSON.
fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[derive(Serialize)]
struct WireBody<'a> {
    user: WireUser<'a>,
}

#[derive(Serialize)]
struct WireUser<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opted_in: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dob: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_numbers: Option<&'a [PhoneNumber]>,
}

#[derive(Serialize)]
struct WireLookup<'a> {
    store_id: &'a str,
    client_id: &'a str,
    request_id: &'a str,
    request_payload: WirePayload<'a>,
}

#[derive(Serialize)]
struct WirePayload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}
