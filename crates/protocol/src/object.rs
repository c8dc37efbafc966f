//! JSON objects that are read whole and taken apart by the names of their members: for what a browser reads before anybody is
//! signed in. What serde derives for a struct is quicker, and several times as large in the download.

use std::{fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

use crate::{
    alg::Alg,
    api::{Custody, Kind, Texts},
    wire::{Flag, Seconds},
};

/// A JSON value.
pub(crate) enum Value {
    Null,
    Flag(bool),
    Whole(u64),
    /// Below zero, or not whole.
    Other(f64),
    Text(String),
    List(Vec<Value>),
    Object(Object),
}

/// The members of a JSON object that haven't been taken yet.
pub(crate) struct Object {
    members: Vec<(String, Value)>,
    /// Those that were taken were as they should be.
    right: bool,
}

/// What a JSON value can become.
pub(crate) trait Read: Sized {
    /// `None` where the value is of another type.
    fn read(value: Value) -> Option<Self>;
}

/// What can be a member of an object.
pub(crate) trait Member: Read {
    /// Whether the object may do without it.
    const OPTIONAL: bool;

    /// In the place of one that isn't there.
    fn placeholder() -> Self;
}

impl Object {
    /// A member. One that isn't right leaves a placeholder, and [`Object::end`] refuses the whole: a way out for each would
    /// be most of the code.
    #[inline(never)]
    pub(crate) fn take<T: Member>(&mut self, name: &str) -> T {
        let (value, absent) = match self.remove(name) {
            Some(value) => (T::read(value), false),
            None => (None, true),
        };
        self.right &= value.is_some() || (absent && T::OPTIONAL);
        value.unwrap_or_else(T::placeholder)
    }

    /// A member that counts as absent where it is of another type than expected.
    #[inline(never)]
    pub(crate) fn take_if_right<T: Read>(&mut self, name: &str) -> Option<T> {
        self.remove(name).and_then(T::read)
    }

    /// A name that is there twice means two things to two readers.
    #[inline(never)]
    fn remove(&mut self, name: &str) -> Option<Value> {
        let mut found = None;
        while let Some(at) = self.members.iter().position(|(other, _)| other == name) {
            self.right &= found.is_none();
            found = Some(self.members.swap_remove(at).1);
        }
        found
    }

    /// What was made of the members, if each was right.
    pub(crate) fn end<T>(&self, made: T) -> Option<T> {
        self.right.then_some(made)
    }
}

/// Reads a struct by the names of its fields; `field = "name"` where the name on the wire is another.
macro_rules! object {
    ($type:ident { $($field:ident $(= $name:literal)?),+ $(,)? }) => {
        impl $crate::object::Read for $type {
            fn read(value: $crate::object::Value) -> Option<Self> {
                let mut object = <$crate::object::Object as $crate::object::Read>::read(value)?;
                let made = $type {
                    $($field: object.take($crate::object::name!($field $($name)?)),)+
                };
                object.end(made)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::object::read(deserializer)
            }
        }
    };
}

macro_rules! name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}

pub(crate) use {name, object};

/// Reads JSON; `None` where it isn't of this type.
pub(crate) fn parse<T: Read>(json: &[u8]) -> Option<T> {
    T::read(serde_json::from_slice(json).ok()?)
}

/// Reads a value with any deserializer.
pub(crate) fn read<'de, D: Deserializer<'de>, T: Read>(deserializer: D) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    T::read(value).ok_or_else(|| {
        D::Error::custom("a member is missing, there twice, or not what it should be")
    })
}

impl Read for Object {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl Read for String {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Read for u64 {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Whole(number) => Some(number),
            _ => None,
        }
    }
}

impl Read for bool {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }
}

impl<T: Read> Read for Arc<T> {
    fn read(value: Value) -> Option<Self> {
        T::read(value).map(Arc::new)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: Value) -> Option<Self> {
        let Value::List(values) = value else {
            return None;
        };
        let mut read = Vec::with_capacity(values.len());
        for value in values {
            read.push(T::read(value)?);
        }
        Some(read)
    }
}

impl Read for Texts {
    fn read(value: Value) -> Option<Self> {
        let mut texts = Texts::default();
        for (name, value) in Object::read(value)?.members {
            texts.push(name, String::read(value)?);
        }
        Some(texts)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)
    }
}

impl Read for Flag {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Flag(flag) => Some(Flag::Bool(flag)),
            Value::Text(text) => Some(Flag::Text(text)),
            _ => None,
        }
    }
}

impl Read for Seconds {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Whole(seconds) => Some(Seconds::Integer(seconds)),
            Value::Other(seconds) => Some(Seconds::Float(seconds)),
            Value::Text(text) => Some(Seconds::Text(text)),
            _ => None,
        }
    }
}

impl Read for Alg {
    fn read(value: Value) -> Option<Self> {
        String::read(value)?.parse().ok()
    }
}

impl Read for Kind {
    fn read(value: Value) -> Option<Self> {
        match String::read(value)?.as_str() {
            "oidc" => Some(Kind::Oidc),
            "sso2" => Some(Kind::Sso2),
            "paytronix" => Some(Kind::Paytronix),
            _ => None,
        }
    }
}

impl Read for Custody {
    fn read(value: Value) -> Option<Self> {
        match String::read(value)?.as_str() {
            "local" => Some(Custody::Local),
            "session" => Some(Custody::Session),
            "memory" => Some(Custody::Memory),
            "cookie" => Some(Custody::Cookie),
            _ => None,
        }
    }
}

macro_rules! members {
    ($($type:ty: $optional:literal),+ $(,)?) => {$(
        impl Member for $type {
            const OPTIONAL: bool = $optional;

            fn placeholder() -> Self {
                Self::default()
            }
        }
    )+};
}

members!(String: false, u64: false, Custody: false, bool: true, Kind: true, Texts: true);

impl<T: Read> Member for Option<T> {
    const OPTIONAL: bool = true;

    fn placeholder() -> Self {
        None
    }
}

impl<T: Read> Member for Vec<T> {
    const OPTIONAL: bool = true;

    fn placeholder() -> Self {
        Vec::new()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(match u64::try_from(number) {
            Ok(number) => Value::Whole(number),
            Err(_) => Value::Other(number as f64),
        })
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Other(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = object.next_key()? {
            members.push((name, object.next_value()?));
        }
        let right = true;
        Ok(Value::Object(Object { members, right }))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::{Serialize, de::DeserializeOwned};
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::{
        api::{
            CookieMirror, PublicConfiguration, PublicProvider, PublicShop, PublicStepUp,
            TokensResponse,
        },
        authorization::{PendingStepUp, Replay},
        id_token::IdTokenClaims,
        jwk::Jwk,
    };

    #[track_caller]
    fn reads_what_it_writes<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
        let written = serde_json::to_string(value).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&written).unwrap(), value);
    }

    #[track_caller]
    fn reads_all_that_it_writes<T: Read + Serialize>(values: &[T]) {
        for value in values {
            let written = serde_json::to_value(value).unwrap();
            let read: Value = serde_json::from_value(written.clone()).unwrap();
            let read = T::read(read).expect("it is read");
            assert_eq!(serde_json::to_value(read).unwrap(), written);
        }
    }

    fn provider() -> PublicProvider {
        serde_json::from_value(json!({
            "id": "p", "kind": "sso2", "label": "P", "issuer": "https://p", "client_id": "c",
            "redirect_uri": "https://us/callback/p", "authorization_endpoint": "https://p/a",
            "trouble": "upstream_timeout", "iss_required": true, "algs": ["RS256"],
            "scopes": ["openid"], "acr_values": ["a", "b"], "max_age": 60, "prompt": "login",
            "ui_locales": true, "extra": {"b": "1", "a": "2"},
            "step_up": {"client_id": "s", "acr_values": [], "max_age": 1},
            "login_url": "https://p/l", "forgot_password_url": "https://p/f",
            "register_url": "https://p/r", "status_interval": 360,
        }))
        .unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        reads_all_that_it_writes(&[Kind::Oidc, Kind::Sso2, Kind::Paytronix]);
        reads_all_that_it_writes(&[
            Custody::Local,
            Custody::Session,
            Custody::Memory,
            Custody::Cookie,
        ]);
        reads_all_that_it_writes(&Alg::ALL);
        reads_all_that_it_writes(&[Replay::Grant, Replay::Complete]);
        reads_what_it_writes(&provider());
        reads_what_it_writes(&PendingStepUp {
            iss: "https://p".to_owned(),
            sub: "alice".to_owned(),
            replay: Some(Replay::Complete),
        });
        let text = |text: &str| Some(text.to_owned());
        let jwk = Jwk {
            kty: "RSA".to_owned(),
            kid: text("k"),
            alg: text("RS256"),
            key_use: text("sig"),
            key_ops: Some(vec!["verify".to_owned()]),
            n: text("n"),
            e: text("e"),
            crv: text("P-256"),
            x: text("x"),
            y: text("y"),
        };
        reads_what_it_writes(&jwk);
        let claims = IdTokenClaims {
            iss: "https://p".to_owned(),
            sub: "alice".to_owned(),
            aud: vec!["c".to_owned()],
            azp: text("c"),
            exp: u64::MAX,
            iat: 1,
            auth_time: Some(2),
            nonce: text("n"),
            acr: text("a"),
            sid: text("s"),
            email: text("a@b.example"),
            email_verified: true,
            name: text("Alice é \u{1f3ab}"),
            given_name: text("Alice"),
            family_name: text("A"),
        };
        reads_what_it_writes(&claims);
        reads_what_it_writes(&TokensResponse {
            access_token: "a".to_owned(),
            expires_in: Some(60),
            scope: text("openid"),
            id_token: text("i"),
            claims: Some(claims),
            keys: vec![Arc::new(jwk)],
            handle: text("h"),
            handle_expires_at: 7,
            refreshable: true,
            provider: "p".to_owned(),
            time: 8,
        });
        reads_what_it_writes(&PublicConfiguration {
            nonce: "n".to_owned(),
            time: 1,
            lang: "en".to_owned(),
            messages: Texts::from_iter([("b".to_owned(), "B".to_owned())]),
            custody: Custody::Cookie,
            cookie_mirror: Some(CookieMirror {
                name: "n".to_owned(),
                domain: "d".to_owned(),
            }),
            providers: vec![provider()],
            profile_later: true,
            directory: true,
            shop: Some(PublicShop {
                label: "s".to_owned(),
                origins: vec!["https://shop".to_owned()],
            }),
            support_url: text("https://help"),
        });
    }

    fn step_up(json: &str) -> Option<PublicStepUp> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn a_member_that_is_missing_there_twice_or_of_another_type_refuses_the_whole() {
        assert!(step_up(r#"{"client_id": "c", "acr_values": ["a"], "max_age": 1}"#).is_some());
        // What may be left out may be `null`; what nobody asks for may be anything.
        assert!(
            step_up(r#"{"client_id": "c", "max_age": null, "more": {"x": [1.5, -1]}}"#).is_some()
        );
        for wrong in [
            r#"{}"#,
            r#"[]"#,
            r#"["c", ["a"], 1]"#,
            r#"null"#,
            r#"{"client_id": null}"#,
            r#"{"client_id": 1}"#,
            r#"{"client_id": "c", "client_id": "c"}"#,
            r#"{"client_id": "c", "acr_values": "a"}"#,
            r#"{"client_id": "c", "acr_values": ["a", 1]}"#,
            r#"{"client_id": "c", "max_age": 1, "max_age": 2}"#,
            r#"{"client_id": "c", "max_age": 1.0}"#,
            r#"{"client_id": "c", "max_age": -1}"#,
            r#"{"client_id": "c", "max_age": "1"}"#,
        ] {
            assert_eq!(step_up(wrong), None, "{wrong}");
        }
        let mut unknown: Json = serde_json::to_value(provider()).unwrap();
        unknown["kind"] = json!("saml");
        assert!(serde_json::from_value::<PublicProvider>(unknown).is_err());
    }
}
