//! Paytronix' answers: the member `result` is the verdict, whatever the HTTP status says. Its words are an open set:
//! one alone is a success.

use core::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ACCESS_TOKEN_LIFETIME, Integration};
use crate::{
    Code,
    api::Balance,
    profile::{Field, Profile},
    token::TokenResponse,
    userinfo::UserInfo,
    wire,
};

/// What tokens were asked for with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GuestGrantKind {
    /// A code.
    Code,
    /// A refresh token.
    Refresh,
}

/// Why an answer wasn't accepted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PaytronixError {
    /// The grant was refused. Which `errorCode` says why isn't public.
    #[error("the grant was refused ({words})")]
    GrantRefused {
        /// What it was.
        grant: GuestGrantKind,
        /// What the answer says.
        words: Words,
    },
    /// The access token is good no more.
    #[error("the access token was refused ({0})")]
    TokenRefused(Words),
    /// Any other verdict than `success`.
    #[error("the call failed ({0})")]
    Failed(Words),
    /// An answer about somebody else.
    #[error("the answer is about another guest")]
    AnotherGuest,
    /// No answer of the interface, and a status that says why.
    #[error("the interface answered {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// No answer of the interface.
    #[error("{status} with what is not an answer: {reason}")]
    Malformed {
        /// The HTTP status.
        status: u16,
        /// What is wrong.
        reason: &'static str,
    },
}

impl PaytronixError {
    /// The stable code, of a request for tokens.
    pub fn token_code(&self) -> Code {
        match self {
            Self::GrantRefused { grant, .. } => match grant {
                GuestGrantKind::Code => Code::ExchangeRefused,
                GuestGrantKind::Refresh => Code::RefreshRefused,
            },
            Self::AnotherGuest => Code::RefreshSub,
            Self::Unavailable { .. } => Code::UpstreamError,
            Self::TokenRefused(_) | Self::Failed(_) | Self::Malformed { .. } => {
                Code::TokenResponseInvalid
            }
        }
    }

    /// The stable code, of a call about a guest.
    pub fn guest_code(&self) -> Code {
        match self {
            Self::TokenRefused(_) => Code::UserinfoRefused,
            Self::AnotherGuest => Code::UserinfoSub,
            Self::Unavailable { .. } => Code::UpstreamError,
            Self::GrantRefused { .. } | Self::Failed(_) | Self::Malformed { .. } => {
                Code::UserinfoInvalid
            }
        }
    }
}

/// What an answer says of its failure, for the operator's log: bounded, on one line, and without what looks like a token,
/// a number of somebody's or an e-mail address.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Words {
    result: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Some(result) => write!(f, "result {result:?}")?,
            None => f.write_str("no result")?,
        }
        for (name, word) in [
            ("errorCode", &self.error_code),
            ("errorMessage", &self.error_message),
        ] {
            if let Some(word) = word {
                write!(f, ", {name} {word:?}")?;
            }
        }
        Ok(())
    }
}

fn cleaned(text: &str) -> String {
    let is_opaque = |word: &str| {
        let of_a_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_long = |run: &str| {
            // A card, a telephone number and a short token have digits, words and codes don't.
            run.len() >= 32 || run.len() >= 8 && run.bytes().any(|byte| byte.is_ascii_digit())
        };
        word.contains('@') || word.split(|c| !of_a_token(c)).any(is_long)
    };
    let words = wire::excerpt(text);
    let words: Vec<_> = words
        .split_whitespace()
        .map(|word| if is_opaque(word) { "…" } else { word })
        .collect();
    words.join(" ")
}

#[derive(Deserialize)]
struct Verdict {
    #[serde(default, deserialize_with = "wire::text")]
    result: Option<String>,
    #[serde(default, rename = "errorCode", deserialize_with = "wire::text")]
    error_code: Option<String>,
    #[serde(default, rename = "errorMessage", deserialize_with = "wire::text")]
    error_message: Option<String>,
}

/// The words of an answer, unless it is a success.
enum Refusal {
    Said {
        is_failure: bool,
        code: String,
        words: Words,
    },
    Nothing(PaytronixError),
}

fn verdict(status: u16, body: &[u8]) -> Result<(), Refusal> {
    let Ok(verdict) = wire::object::<Verdict>(body) else {
        return Err(Refusal::Nothing(if status == 429 || status >= 500 {
            PaytronixError::Unavailable { status }
        } else {
            let reason = "not a JSON object";
            PaytronixError::Malformed { status, reason }
        }));
    };
    if verdict.result.as_deref() == Some("success") {
        return Ok(());
    }
    let clean = |word: &Option<String>| word.as_deref().map(cleaned);
    Err(Refusal::Said {
        is_failure: verdict.result.as_deref() == Some("failure"),
        words: Words {
            result: clean(&verdict.result),
            error_code: clean(&verdict.error_code),
            error_message: clean(&verdict.error_message),
        },
        code: verdict.error_code.unwrap_or_default(),
    })
}

/// The tokens of a guest.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GuestToken {
    /// The tokens. A new refresh token takes the place of the old one; where there is none, the old one goes on.
    pub tokens: TokenResponse,
    /// Who they belong to: the `sub` of the person. Always there in answer to a code.
    pub username: Option<String>,
}

#[derive(Deserialize)]
struct WireTokens {
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    token_type: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    expires_in: Option<wire::Seconds>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    scope: Option<String>,
    #[serde(default)]
    username: Option<String>,
}

/// As long as a `sub` may be (OpenID Connect Core §2).
const LONGEST_USERNAME: usize = 255;

impl GuestToken {
    /// Accepts the answer to `requestGuestToken`.
    pub fn accept(
        status: u16,
        body: &[u8],
        grant: GuestGrantKind,
    ) -> Result<GuestToken, PaytronixError> {
        verdict(status, body).map_err(|refusal| match refusal {
            Refusal::Said {
                is_failure: true,
                words,
                ..
            } => PaytronixError::GrantRefused { grant, words },
            Refusal::Said { words, .. } => PaytronixError::Failed(words),
            Refusal::Nothing(error) => error,
        })?;
        let malformed = |reason| PaytronixError::Malformed { status, reason };
        let wire: WireTokens = wire::object(body).map_err(|_| malformed("odd tokens"))?;
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let token_type = wire.token_type.as_deref().unwrap_or("bearer");
        if !token_type.eq_ignore_ascii_case("bearer") {
            return Err(malformed("`token_type` is not `bearer`"));
        }
        let access_token =
            given(wire.access_token).ok_or_else(|| malformed("no `access_token`"))?;
        let username = given(wire.username);
        let is_whole = |username: &String| username.len() <= LONGEST_USERNAME;
        if grant == GuestGrantKind::Code && !username.as_ref().is_some_and(is_whole) {
            return Err(malformed("no `username`, or one that is too long"));
        }
        let expires_in = wire.expires_in.and_then(|seconds| seconds.whole());
        Ok(GuestToken {
            tokens: TokenResponse {
                access_token,
                expires_in: expires_in.or(Some(ACCESS_TOKEN_LIFETIME)),
                refresh_token: given(wire.refresh_token),
                id_token: None,
                scope: given(wire.scope),
            },
            username,
        })
    }

    /// The tokens of a refresh, if they are the same guest's.
    pub fn of(self, username: &str) -> Result<TokenResponse, PaytronixError> {
        match self.username {
            Some(other) if other != username => Err(PaytronixError::AnotherGuest),
            _ => Ok(self.tokens),
        }
    }
}

/// A guest, as `userInformation` shows them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Guest {
    /// What Paytronix knows of the person.
    pub userinfo: UserInfo,
    /// The first of the cards, whose account has the balance.
    pub card: Option<Card>,
}

/// The number of a card.
#[derive(Clone, PartialEq)]
pub struct Card(String);

impl Card {
    /// The number, for the one call that needs it.
    pub fn number(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card(..)")
    }
}

#[derive(Deserialize)]
struct WireGuest {
    #[serde(default)]
    fields: WireFields,
    #[serde(default, deserialize_with = "wire::or_absent")]
    addresses: Option<Vec<WireAddress>>,
    #[serde(
        default,
        rename = "primaryCardNumbers",
        deserialize_with = "wire::or_absent"
    )]
    cards: Option<Vec<Value>>,
}

/// The names are case-sensitive, and blank fields are omitted.
#[derive(Default, Deserialize)]
struct WireFields {
    #[serde(default, deserialize_with = "wire::text")]
    username: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    email: Option<String>,
    #[serde(
        default,
        rename = "emailVerified",
        deserialize_with = "wire::or_absent"
    )]
    email_verified: Option<bool>,
    #[serde(default, rename = "firstName", deserialize_with = "wire::or_absent")]
    first_name: Option<String>,
    #[serde(default, rename = "lastName", deserialize_with = "wire::or_absent")]
    last_name: Option<String>,
    #[serde(default, rename = "mobilePhone", deserialize_with = "wire::or_absent")]
    mobile_phone: Option<String>,
}

#[derive(Default, Deserialize)]
struct WireAddress {
    #[serde(default, deserialize_with = "wire::or_absent")]
    address1: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    city: Option<String>,
    #[serde(default, rename = "postalCode", deserialize_with = "wire::text")]
    postal_code: Option<String>,
    #[serde(default, deserialize_with = "wire::or_absent")]
    country: Option<String>,
}

impl Guest {
    /// Accepts the answer of `userInformation` for this guest.
    pub fn accept(
        status: u16,
        body: &[u8],
        username: &str,
        integration: &Integration,
    ) -> Result<Guest, PaytronixError> {
        verdict(status, body).map_err(|refusal| integration.judge(refusal))?;
        let reason = "no `fields`";
        let wire: WireGuest =
            wire::object(body).map_err(|_| PaytronixError::Malformed { status, reason })?;
        if wire
            .fields
            .username
            .as_deref()
            .is_some_and(|other| other != username)
        {
            return Err(PaytronixError::AnotherGuest);
        }
        let says_verified = wire.fields.email_verified == Some(true);
        let address = wire.addresses.unwrap_or_default().into_iter().next();
        let address = address.unwrap_or_default();
        let fields = [
            (Field::GivenName, wire.fields.first_name),
            (Field::FamilyName, wire.fields.last_name),
            (Field::Email, wire.fields.email),
            (Field::PhoneNumber, wire.fields.mobile_phone),
            (Field::StreetAddress, address.address1),
            (Field::PostalCode, address.postal_code),
            (Field::Locality, address.city),
            (Field::Country, address.country),
        ];
        let profile: Profile = fields
            .into_iter()
            .filter_map(|(field, value)| Some((field, field.validate(&value?).ok()?)))
            .collect();
        let email_verified = says_verified && profile.get(Field::Email).is_some();
        let card = wire.cards.unwrap_or_default().iter().find_map(card);
        Ok(Guest {
            userinfo: UserInfo {
                profile,
                email_verified,
                phone_number_verified: false,
            },
            card,
        })
    }
}

/// Text, or a number in its place.
fn card(value: &Value) -> Option<Card> {
    let number = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let fits = (1..=LONGEST_CARD).contains(&number.len());
    (fits && number.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(Card(number))
}

const LONGEST_CARD: usize = 64;

impl Integration {
    fn judge(&self, refusal: Refusal) -> PaytronixError {
        match refusal {
            Refusal::Said { code, words, .. } if self.invalid_token_codes.contains(&code) => {
                PaytronixError::TokenRefused(words)
            }
            Refusal::Said { words, .. } => PaytronixError::Failed(words),
            Refusal::Nothing(error) => error,
        }
    }
}

/// Accepts the answer of `accountInformation`: the balances of a card. The shape isn't public; read are a list of objects
/// with `name` and `balance`, and an object of numbers by name. What isn't understood is left out.
pub fn accept_balances(
    status: u16,
    body: &[u8],
    integration: &Integration,
) -> Result<Vec<Balance>, PaytronixError> {
    verdict(status, body).map_err(|refusal| integration.judge(refusal))?;
    let reason = "not an account";
    let mut answer: Map<String, Value> =
        wire::object(body).map_err(|_| PaytronixError::Malformed { status, reason })?;
    let balances = match answer.remove(&integration.balance_field) {
        Some(Value::Array(entries)) => entries
            .iter()
            .filter_map(|entry| balance(entry.get("name")?.as_str()?, entry.get("balance")?))
            .take(MOST_BALANCES)
            .collect(),
        Some(Value::Object(by_name)) => by_name
            .iter()
            .filter_map(|(name, amount)| balance(name, amount))
            .take(MOST_BALANCES)
            .collect(),
        _ => Vec::new(),
    };
    Ok(balances)
}

const MOST_BALANCES: usize = 12;

fn balance(name: &str, amount: &Value) -> Option<Balance> {
    let amount = match amount {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let line = |text: &str, longest: usize| {
        let text: String = wire::excerpt(text.trim()).chars().take(longest).collect();
        (!text.is_empty()).then_some(text)
    };
    Some(Balance {
        name: line(name, 60)?,
        amount: line(&amount, 30)?,
    })
}
