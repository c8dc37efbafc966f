//! Payway Single Sign-On v2, in the steps of its alternative login form.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::{
    Code,
    encoding::{base64url, from_base64url},
    sso2::{
        Client, EndUser, Reply, ReplyError, SessionStatus, SignedMessage, UnsignedMessage,
        UnverifiedReply, message::Operation,
    },
};
use aws_lc_rs::hmac;
use proptest::prelude::*;
use serde_json::{Value, json};

const SECRET: &[u8] = b"paper-secret-of-32-bytes-or-more!!";
const NOW: u64 = 1_700_000_000;

const CLIENT: Client<'static> = Client {
    sso_url: "https://sso.example",
    organisation: "paper",
    client_id: "paper-shop",
};
const END_USER: EndUser<'static> = EndUser {
    ip_address: "192.0.2.7",
    user_agent: "Mozilla/5.0 (X11)",
};

fn mac(secret: &[u8], input: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input)
}

fn signed(message: UnsignedMessage) -> SignedMessage {
    let tag = mac(SECRET, message.signing_input());
    message.signed(tag.as_ref())
}

/// The claims of a message of ours.
fn claims(message: &SignedMessage) -> Value {
    let claims = message.as_str().split('.').nth(1).unwrap();
    serde_json::from_slice(&from_base64url(claims).unwrap()).unwrap()
}

/// A message as SSO2 writes it.
fn message_of(secret: &[u8], header: &Value, claims: &Value) -> String {
    let part = |value: &Value| base64url(value.to_string());
    let input = format!("{}.{}", part(header), part(claims));
    let tag = mac(secret, input.as_bytes());
    format!("{input}.{}", base64url(tag))
}

fn message(claims: Value) -> String {
    let mut dated = json!({"iat": NOW, "nbf": NOW, "exp": NOW + 10});
    let all = dated.as_object_mut().unwrap();
    for (name, value) in claims.as_object().unwrap() {
        all.insert(name.clone(), value.clone());
    }
    message_of(SECRET, &json!({"typ": "JWT", "alg": "HS256"}), &dated)
}

/// What the backend does with a message: the HMAC by somebody else's cryptography, the rest by the protocol.
fn accept(t: &str) -> Result<Reply, ReplyError> {
    accept_at(t, NOW)
}

fn accept_at(t: &str, now: u64) -> Result<Reply, ReplyError> {
    let reply = UnverifiedReply::parse(t)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let valid = hmac::verify(&key, reply.signing_input(), reply.hmac()).is_ok();
    reply.accept(valid, now)
}

fn reply(claims: Value) -> Reply {
    accept(&message(claims)).unwrap()
}

mod the_envelope;
/// Claims of the right names and of any values.
fn any_json() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z_]{0,12}".prop_map(Value::from),
        Just(json!("loggedin")),
        Just(json!([])),
        Just(json!({})),
    ];
    let name = prop::sample::select(vec![
        "sid", "sts", "at", "err", "raa", "frf", "exp", "nbf", "iat",
    ]);
    prop::collection::vec((name, value), 0..9).prop_map(|members| {
        Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    })
}

mod logout;
mod step_a_identify;
mod step_c_landing;
mod step_d_central_login_form;
mod step_e_authenticate;
mod step_h_session_status;
mod step_i_access_token;
mod step_i_me;
