//! The buyer's profile, in the claims of
//! [OpenID Connect Core §5.1](https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims).

pub mod telephone;

use core::fmt;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Code;

macro_rules! fields {
    ($($variant:ident $name:literal $input:literal $autocomplete:literal $longest:literal $doc:literal;)*) => {
        /// A field of the profile, by the name of its claim.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        pub enum Field {
            $(#[doc = $doc] #[serde(rename = $name)] $variant,)*
        }

        impl Field {
            /// Every field, in the order in which a form asks for them.
            pub const ALL: &'static [Field] = &[$(Field::$variant,)*];

            /// The name of the claim; those of the address have a dot.
            pub const fn as_str(self) -> &'static str {
                match self { $(Field::$variant => $name,)* }
            }

            /// The `type` of its input element.
            pub const fn input_type(self) -> &'static str {
                match self { $(Field::$variant => $input,)* }
            }

            /// Its `autocomplete` token (HTML, "Autofill").
            pub const fn autocomplete(self) -> &'static str {
                match self { $(Field::$variant => $autocomplete,)* }
            }

            /// The most characters that it takes.
            pub const fn longest(self) -> usize {
                match self { $(Field::$variant => $longest,)* }
            }
        }
    };
}

fields! {
    GivenName "given_name" "text" "given-name" 100 "The given name.";
    FamilyName "family_name" "text" "family-name" 100 "The family name.";
    Email "email" "email" "email" 254 "The e-mail address.";
    PhoneNumber "phone_number" "tel" "tel" 40 "The telephone number, as E.164 writes it.";
    Birthdate "birthdate" "date" "bday" 10 "The day of birth, `YYYY-MM-DD`.";
    Gender "gender" "text" "sex" 50 "The gender.";
    Locale "locale" "text" "language" 35 "The language, as BCP 47 writes it.";
    StreetAddress "address.street_address" "text" "street-address" 250 "Street and number; may have several lines.";
    PostalCode "address.postal_code" "text" "postal-code" 20 "The postal code.";
    Locality "address.locality" "text" "address-level2" 100 "The city.";
    Region "address.region" "text" "address-level1" 100 "The state or canton.";
    Country "address.country" "text" "country" 2 "The country, as ISO 3166-1 alpha-2 writes it.";
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a value was not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Nothing but white space.
    #[error("`{0}` is empty")]
    Empty(Field),
    /// More characters than [`Field::longest`].
    #[error("`{0}` is too long")]
    TooLong(Field),
    /// Not of the form that the field has.
    #[error("`{0}` is malformed")]
    Malformed(Field),
}

impl ProfileError {
    /// The stable code.
    pub fn code(&self) -> Code {
        Code::ProfileInvalid
    }

    /// The field.
    pub fn field(&self) -> Field {
        match self {
            Self::Empty(field) | Self::TooLong(field) | Self::Malformed(field) => *field,
        }
    }
}

impl Field {
    /// The value in its one spelling.
    pub fn validate(&self, value: &str) -> Result<String, ProfileError> {
        let value = value.trim();
        if value.is_empty() {
            return Err(ProfileError::Empty(*self));
        }
        if value.chars().count() > self.longest() {
            return Err(ProfileError::TooLong(*self));
        }
        let several_lines = *self == Field::StreetAddress;
        if value
            .chars()
            .any(|c| c.is_control() && !(several_lines && matches!(c, '\n' | '\r')))
        {
            return Err(ProfileError::Malformed(*self));
        }
        match self {
            Field::Email => email(value),
            Field::PhoneNumber => phone_number(value),
            Field::Birthdate => birthdate(value),
            Field::Locale => locale(value),
            Field::Country => country(value),
            _ => Some(value.to_owned()),
        }
        .ok_or(ProfileError::Malformed(*self))
    }
}

/// The shape of an address; whether it exists, only a message to it tells. It is kept as it was written.
fn email(value: &str) -> Option<String> {
    let (local, domain) = value.rsplit_once('@')?;
    let odd = |c: char| c.is_whitespace() || "@<>()[],;:\\\"".contains(c);
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let local_fits = (1..=64).contains(&local.len()) && !local.contains(odd);
    (local_fits && domain.contains('.') && domain.split('.').all(label)).then(|| value.to_owned())
}

/// `+` and 7 to 15 digits, after what people write between them is gone.
fn phone_number(value: &str) -> Option<String> {
    // The zero of "+41 (0)79" is dialled only within the country.
    let value = if value.starts_with('+') {
        value.replacen("(0)", "", 1)
    } else {
        value.to_owned()
    };
    let compact = telephone::compact(&value);
    let digits = telephone::from_abroad(&compact)?;
    let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    (fits && !digits.starts_with('0')).then(|| format!("+{digits}"))
}

/// A day that exists, from 1900 on. "0000" for a year that is withheld (Core §5.1) isn't a day of birth.
fn birthdate(value: &str) -> Option<String> {
    let mut parts = value.split('-');
    let mut number = |length: usize| {
        let part = parts.next()?;
        (part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())?
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    (parts.next().is_none() && year >= 1900 && (1..=days).contains(&day)).then(|| value.to_owned())
}

/// "many implementations use an underscore as the separator rather than a dash" (Core §5.1).
fn locale(value: &str) -> Option<String> {
    let tag = value.replace('_', "-");
    let subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let language = tag.split('-').next().unwrap_or_default();
    let is_language =
        (2..=8).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
    (is_language && tag.split('-').all(subtag)).then_some(tag)
}

fn country(value: &str) -> Option<String> {
    let code = value.to_ascii_uppercase();
    (code.len() == 2 && COUNTRIES.split(' ').any(|known| known == code)).then_some(code)
}

/// ISO 3166-1 alpha-2, and Kosovo's XK, which everybody uses.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET \
    FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ \
    IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML \
    MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS \
    PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL \
    TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Every country's code, for a choice.
pub fn countries() -> impl Iterator<Item = &'static str> {
    COUNTRIES.split(' ')
}

/// ISO 639-1.
const LANGUAGES: &str = "aa ab af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cv cy da de dv dz ee \
    el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ig ii ik io is it iu ja jv ka kg \
    ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr \
    nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti \
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Every language's code, for a choice.
pub fn languages() -> impl Iterator<Item = &'static str> {
    LANGUAGES.split(' ')
}

/// What is known of a buyer.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Profile(BTreeMap<Field, String>);

impl Profile {
    /// The value of a field.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.0.get(&field).map(String::as_str)
    }

    /// Sets the value of a field.
    pub fn set(&mut self, field: Field, value: impl Into<String>) {
        self.0.insert(field, value.into());
    }

    /// The fields that have a value.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, value)| (*field, value.as_str()))
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Field, String)> for Profile {
    fn from_iter<T: IntoIterator<Item = (Field, String)>>(fields: T) -> Self {
        // One by one: collecting into a map sorts first, and a sort is 4 KB of the browser's download.
        let mut profile = Self::default();
        for (field, value) in fields {
            profile.set(field, value);
        }
        profile
    }
}

/// A profile is about a person, so only the names of its fields are shown.
impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What is required and lacks a valid value, in the order of what is required.
pub fn missing(required: &[Field], profile: &Profile) -> Vec<Field> {
    let lacks = |field: &&Field| {
        let value = profile.get(**field);
        value.is_none_or(|value| field.validate(value).is_err())
    };
    required.iter().filter(lacks).copied().collect()
}
