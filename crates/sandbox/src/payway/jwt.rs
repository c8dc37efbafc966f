//! The envelope: HS256 with the API client's secret as raw bytes, the same in both directions.
//!
//! What SSO2 refuses isn't published by the vendor. The sandbox refuses whatever departs from the requests of the
//! vendor's own plugin, so that a client that is wrong finds out.

use aws_lc_rs::hmac;
use serde_json::{Map, Value, json};

use super::client::{Client, ORGANISATION};
use crate::{
    entropy::{base64url, from_base64url},
    options::SandboxOptions,
};

/// `aud` of every message.
pub(super) const AUDIENCE: &str = "pw-sso";

/// How far a client's clock may be ahead or behind, in seconds.
const LEEWAY: i64 = 5;

/// What a message asks for.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Operation {
    Identify,
    SessionStatus,
    Authenticate,
    AuthenticateWithTicket,
    Logout,
}

impl Operation {
    /// `exp - iat`, at most.
    pub(super) const fn lifetime(self) -> i64 {
        match self {
            Operation::Identify => 60,
            _ => 10,
        }
    }

    /// The claims beside those that every message has; each is a string.
    const fn claims(self) -> &'static [&'static str] {
        match self {
            Operation::Identify => &[],
            Operation::SessionStatus => &["sid", "ipa", "uas", "lks"],
            Operation::Authenticate => &["sid", "ipa", "uas", "usr", "pwd"],
            Operation::AuthenticateWithTicket => &["sid", "ipa", "uas", "at"],
            Operation::Logout => &["sid", "ipa", "uas"],
        }
    }
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// It isn't a JWT.
    Malformed,
    /// `alg` isn't HS256.
    Alg,
    /// `cid` names no API client.
    Client,
    /// The client's secret didn't sign it.
    Signature,
    /// A claim is missing, or isn't what the operation takes.
    Claim(&'static str),
    /// A claim that the operation doesn't have.
    UnknownClaim,
    /// It is past `exp`.
    Expired,
    /// `nbf` or `iat` is in the future.
    NotYetValid,
    /// It would be good for longer than the operation allows.
    Lifetime,
}

impl Refusal {
    /// One word for programs.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Refusal::Malformed => "malformed",
            Refusal::Alg => "alg",
            Refusal::Client => "client",
            Refusal::Signature => "signature",
            Refusal::Claim(_) => "claim",
            Refusal::UnknownClaim => "unknown_claim",
            Refusal::Expired => "expired",
            Refusal::NotYetValid => "not_yet_valid",
            Refusal::Lifetime => "lifetime",
        }
    }

    /// The claim that is to blame.
    pub(super) const fn claim(self) -> &'static str {
        match self {
            Refusal::Claim(name) => name,
            Refusal::Client => "cid",
            Refusal::Expired | Refusal::Lifetime => "exp",
            Refusal::NotYetValid => "nbf",
            _ => "t",
        }
    }

    /// A sentence for people.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Refusal::Malformed => "The message isn't a JWT.",
            Refusal::Alg => "The message isn't signed with HS256.",
            Refusal::Client => "No API client has this id.",
            Refusal::Signature => "The message isn't signed with the secret of the API client.",
            Refusal::Claim(_) => "A claim is missing, or has a value that it can't have.",
            Refusal::UnknownClaim => "The message has a claim that this operation doesn't know.",
            Refusal::Expired => "The message has expired.",
            Refusal::NotYetValid => "The message isn't valid yet.",
            Refusal::Lifetime => "The message would be good for too long.",
        }
    }
}

/// A message whose signature is its client's.
pub(super) struct Signed {
    pub(super) client: Client,
    claims: Map<String, Value>,
}

impl Signed {
    /// Finds the client by `cid`, and compares the signature.
    pub(super) fn read(options: &SandboxOptions, t: &str) -> Result<Signed, Refusal> {
        let claims = claims(t)?;
        let client = claims
            .get("cid")
            .and_then(Value::as_str)
            .and_then(|cid| Client::of_id(options, cid))
            .ok_or(Refusal::Client)?;
        verify(t, client.secret)?;
        Ok(Signed { client, claims })
    }

    /// Whether it is a request for this operation, and of now.
    pub(super) fn check(&self, operation: Operation, now: i64) -> Result<(), Refusal> {
        const COMMON: [&str; 6] = ["cid", "iss", "aud", "iat", "nbf", "exp"];
        let is = |name: &'static str, expected: &str| match self.text(name) {
            text if text == expected => Ok(()),
            _ => Err(Refusal::Claim(name)),
        };
        let time = |name: &'static str| {
            self.claims
                .get(name)
                .and_then(Value::as_i64)
                .ok_or(Refusal::Claim(name))
        };
        is("iss", ORGANISATION)?;
        is("aud", AUDIENCE)?;
        let (iat, nbf, exp) = (time("iat")?, time("nbf")?, time("exp")?);
        if now >= exp + LEEWAY {
            return Err(Refusal::Expired);
        }
        if nbf > now + LEEWAY || iat > now + LEEWAY {
            return Err(Refusal::NotYetValid);
        }
        if exp - iat > operation.lifetime() {
            return Err(Refusal::Lifetime);
        }
        for &name in operation.claims() {
            let right = match (name, self.text(name)) {
                ("ipa", ipa) => ipa.parse::<std::net::IpAddr>().is_ok(),
                ("lks", lks) => ["anon", "loggedin", "terminated"].contains(&lks),
                (_, text) => !text.is_empty(),
            };
            if !right {
                return Err(Refusal::Claim(name));
            }
        }
        let known = |name: &str| COMMON.contains(&name) || operation.claims().contains(&name);
        match self.claims.keys().all(|name| known(name)) {
            true => Ok(()),
            false => Err(Refusal::UnknownClaim),
        }
    }

    /// A claim that is a string, or an empty one.
    pub(super) fn text(&self, name: &str) -> &str {
        self.claims
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// The claims of a message that was signed with this secret, which is how a site reads an answer.
pub(super) fn opened(t: &str, secret: &str) -> Option<Map<String, Value>> {
    verify(t, secret).ok()?;
    claims(t).ok()
}

/// Signs the claims of an answer, with the members beside them that requests have, too.
pub(super) fn answer(
    mut claims: Map<String, Value>,
    lifetime: i64,
    now: i64,
) -> Map<String, Value> {
    let beside = json!({
        "iss": ORGANISATION, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + lifetime,
    });
    if let Value::Object(beside) = beside {
        claims.extend(beside);
    }
    claims
}

/// A compact JWS with HS256.
pub(super) fn sign(claims: &Map<String, Value>, secret: &str) -> String {
    let input = input("HS256", claims);
    let tag = hmac::sign(&key(secret), input.as_bytes());
    format!("{input}.{}", base64url(tag))
}

/// The same with `alg` `none`: nobody signed it.
pub(super) fn unsigned(claims: &Map<String, Value>) -> String {
    format!("{}.", input("none", claims))
}

fn input(alg: &str, claims: &Map<String, Value>) -> String {
    let header = json!({ "alg": alg, "typ": "JWT" }).to_string();
    let claims = Value::Object(claims.clone()).to_string();
    format!("{}.{}", base64url(header), base64url(claims))
}

fn key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

fn claims(t: &str) -> Result<Map<String, Value>, Refusal> {
    let mut parts = t.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::Malformed);
    };
    object(payload)
}

fn object(part: &str) -> Result<Map<String, Value>, Refusal> {
    from_base64url(part)
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or(Refusal::Malformed)
}

fn verify(t: &str, secret: &str) -> Result<(), Refusal> {
    let (input, signature) = t.rsplit_once('.').ok_or(Refusal::Malformed)?;
    let header = object(input.split('.').next().unwrap_or_default())?;
    if header.get("alg").and_then(Value::as_str) != Some("HS256") || header.contains_key("crit") {
        return Err(Refusal::Alg);
    }
    let tag = from_base64url(signature).ok_or(Refusal::Malformed)?;
    hmac::verify(&key(secret), input.as_bytes(), &tag).map_err(|_| Refusal::Signature)
}
