//! The grant, as the shop reads it: a JWT of RFC 7519, checked by hand as RFC 8725 asks.

use aws_lc_rs::hmac;
use serde_json::Value;

use crate::entropy::from_base64url;

/// How far the backend's clock may be ahead or behind, in seconds.
pub(crate) const LEEWAY: i64 = 5;

/// The longest a grant may be good for, in seconds: it lives as long as a redirect takes.
const LONGEST: i64 = 120;

/// A grant that holds.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) sub: String,
    pub(crate) jti: String,
    pub(crate) exp: i64,
    pub(crate) return_to: Option<String>,
}

/// Why a grant was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// A contact number that anybody could have typed into the URL.
    BareContactId,
    /// There is no token.
    Missing,
    /// It isn't a JWT with every claim (RFC 7519 7.2).
    Malformed,
    /// `alg` isn't HS256 (RFC 8725 3.1).
    Alg,
    /// It was altered, or signed with another secret (RFC 7515 5.2).
    Signature,
    /// `iss` isn't the app (RFC 8725 3.8).
    Issuer,
    /// `aud` isn't this shop alone (RFC 8725 3.9).
    Audience,
    /// It is past `exp` (RFC 7519 4.1.4).
    Expired,
    /// `iat` or `nbf` is in the future (RFC 7519 4.1.5, 4.1.6).
    NotYetValid,
    /// It would be good for longer than a redirect takes.
    Lifetime,
    /// Its `jti` was taken before (RFC 7519 4.1.7).
    Reused,
}

impl Refusal {
    /// `data-reason` on the page.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Refusal::BareContactId => "bare_contact_id",
            Refusal::Missing => "missing",
            Refusal::Malformed => "malformed",
            Refusal::Alg => "alg",
            Refusal::Signature => "signature",
            Refusal::Issuer => "issuer",
            Refusal::Audience => "audience",
            Refusal::Expired => "expired",
            Refusal::NotYetValid => "not_yet_valid",
            Refusal::Lifetime => "lifetime",
            Refusal::Reused => "reused",
        }
    }

    /// What the page says.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Refusal::BareContactId => {
                "A contact number in a link proves nothing about who follows it."
            }
            Refusal::Missing => "The link carries no grant.",
            Refusal::Malformed => "The grant can't be read.",
            Refusal::Alg => "The grant isn't signed in the way that was agreed.",
            Refusal::Signature => "The grant was altered on its way, or somebody else made it.",
            Refusal::Issuer => "The grant comes from somebody whom this shop doesn't know.",
            Refusal::Audience => "The grant was made for another shop.",
            Refusal::Expired => "The grant has expired.",
            Refusal::NotYetValid => "The grant isn't valid yet.",
            Refusal::Lifetime => "The grant would be good for longer than this shop accepts.",
            Refusal::Reused => "The grant was used before.",
        }
    }
}

impl Grant {
    pub(crate) fn verify(
        token: &str,
        secret: &[u8],
        issuer: &str,
        origin: &str,
        now: i64,
    ) -> Result<Grant, Refusal> {
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::Malformed);
        };
        let header: Value = json(header)?;
        if header.get("alg").and_then(Value::as_str) != Some("HS256")
            || header.get("crit").is_some()
        {
            return Err(Refusal::Alg);
        }
        let tag = from_base64url(signature).ok_or(Refusal::Malformed)?;
        let input = &token[..token.len() - signature.len() - 1];
        hmac::verify(
            &hmac::Key::new(hmac::HMAC_SHA256, secret),
            input.as_bytes(),
            &tag,
        )
        .map_err(|_| Refusal::Signature)?;

        let claims: Value = json(payload)?;
        let text = |name: &str| {
            claims
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let time = |name: &str| claims.get(name).and_then(Value::as_i64);
        if text("iss") != Some(issuer) {
            return Err(Refusal::Issuer);
        }
        if text("aud") != Some(origin) {
            return Err(Refusal::Audience);
        }
        let (Some(exp), Some(iat), Some(sub), Some(jti)) =
            (time("exp"), time("iat"), text("sub"), text("jti"))
        else {
            return Err(Refusal::Malformed);
        };
        if now >= exp + LEEWAY {
            return Err(Refusal::Expired);
        }
        if iat > now + LEEWAY || time("nbf").is_some_and(|nbf| nbf > now + LEEWAY) {
            return Err(Refusal::NotYetValid);
        }
        if exp - iat > LONGEST {
            return Err(Refusal::Lifetime);
        }
        let return_to = text("return_to").map(str::to_owned);
        Ok(Grant {
            sub: sub.to_owned(),
            jti: jti.to_owned(),
            exp,
            return_to,
        })
    }
}

fn json(part: &str) -> Result<Value, Refusal> {
    let bytes = from_base64url(part).ok_or(Refusal::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Malformed)
}
