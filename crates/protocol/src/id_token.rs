//! The ID token: [OpenID Connect Core §2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken), its
//! validation (§3.1.3.7, §3.1.3.8) and the one of a refresh (§12.2).
//!
//! Trust has stages, and each stage is a type: [`UnverifiedIdToken`] → [`SignatureCheck`] (for WebCrypto to answer) →
//! [`SignedIdToken`] → [`IdToken`], and only the last has a `sub`. Structure and times are jwt-compact's; the claims of
//! OpenID Connect, and what `alg` and the signature are bound to, are ours.

use core::fmt;

use chrono::{DateTime, Duration, Utc};
use jwt_compact::{Claims, TimeOptions, UntrustedToken};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::{alg::Alg, encoding::from_base64url, jwk::Jwk, object, wire};

mod claims;
mod error;
mod signature;

pub use claims::IdTokenClaims;
use claims::WireClaims;
pub use error::IdTokenError;
pub use signature::SignatureCheck;

/// How far clocks may be apart: on `exp`, `nbf`, `auth_time`, and on an `iat` in the future.
pub const LEEWAY: u64 = 120;

/// How old an ID token may be when a code has just been exchanged for it.
pub const OLDEST_IAT: u64 = 600;

/// Longer tokens are refused unread.
const LONGEST: usize = 64 * 1024;

/// The last second of the year 9999; later times would overflow when a leeway is added.
const LAST_SECOND: i64 = 253_402_300_799;

/// What the sign-in expects of its ID token.
#[derive(Clone, PartialEq)]
pub struct IdTokenExpectations {
    /// The issuer.
    pub issuer: String,
    /// Our client id.
    pub client_id: String,
    /// The `nonce` that was sent.
    pub nonce: String,
    /// The algorithms that were registered.
    pub algs: Vec<Alg>,
    /// The `acr_values` asked for.
    pub acr_values: Vec<String>,
    /// The `max_age` asked for.
    pub max_age: Option<u64>,
}

impl fmt::Debug for IdTokenExpectations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdTokenExpectations")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Deserialize)]
struct HeaderExtensions {
    /// "If any of the listed extension Header Parameters are not understood […], then the JWS is invalid"
    /// (RFC 7515 §4.1.11), and we understand none.
    #[serde(default, deserialize_with = "wire::present")]
    crit: bool,
}

/// An ID token whose structure is right, and nothing else is known.
#[derive(Clone)]
pub struct UnverifiedIdToken {
    alg: Alg,
    kid: Option<String>,
    signing_input: String,
    signature: Vec<u8>,
}

impl fmt::Debug for UnverifiedIdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnverifiedIdToken({})", self.alg)
    }
}

impl UnverifiedIdToken {
    /// Reads a JWS in compact serialization ([RFC 7515 §3.1](https://www.rfc-editor.org/rfc/rfc7515#section-3.1))
    /// with an `alg` that can prove something: `none` and the HMACs are refused here.
    #[inline(never)]
    pub fn parse(text: &str) -> Result<UnverifiedIdToken, IdTokenError> {
        if text.len() > LONGEST {
            return Err(IdTokenError::Malformed("it is too long"));
        }
        let token = UntrustedToken::<HeaderExtensions>::try_from(text)
            .map_err(|error| IdTokenError::structure(&error))?;
        let header = token.header();
        if header.other_fields.crit {
            return Err(IdTokenError::Malformed("`crit` is not understood"));
        }
        // A JWT made for another purpose says so (RFC 8725 §3.11): `at+jwt`, `logout+jwt`, `dpop+jwt`.
        if let Some(typ) = &header.token_type
            && typ.to_ascii_lowercase().ends_with("+jwt")
        {
            return Err(IdTokenError::Malformed("`typ` is another kind of JWT's"));
        }
        let alg = token.algorithm().parse().map_err(|_| IdTokenError::Alg {
            actual: wire::excerpt(token.algorithm()),
        })?;
        let (signing_input, _) = text.rsplit_once('.').unwrap_or_default();
        Ok(UnverifiedIdToken {
            alg,
            kid: header.key_id.clone(),
            signing_input: signing_input.to_owned(),
            signature: token.signature_bytes().to_vec(),
        })
    }

    /// The `alg` that the token claims.
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// The key that the token claims, where it names one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Binds `alg` to what was registered and to the key (Core §3.1.3.7, 7 and 8), and says what is to be verified.
    #[inline(never)]
    pub fn check(&self, jwk: &Jwk, allowed: &[Alg]) -> Result<SignatureCheck<'_>, IdTokenError> {
        let refused = || IdTokenError::Alg {
            actual: self.alg.to_string(),
        };
        if !allowed.contains(&self.alg) || !jwk.is_for(self.alg) {
            return Err(refused());
        }
        if !jwk.fits(self.alg, self.kid()) {
            return Err(IdTokenError::KeyUnknown);
        }
        if self
            .alg
            .signature_length()
            .is_some_and(|length| self.signature.len() != length)
        {
            return Err(IdTokenError::Signature);
        }
        Ok(SignatureCheck {
            token: self,
            jwk: jwk.bare(),
        })
    }

    /// What it says, whoever says it.
    fn claims(&self) -> Result<Claims<WireClaims>, IdTokenError> {
        let (_, claims) = self.signing_input.split_once('.').unwrap_or_default();
        let claims = from_base64url(claims).ok();
        claims
            .and_then(|claims| object::parse(&claims))
            .ok_or(IdTokenError::Malformed("the claims are not understood"))
    }

    /// What the backend checks of a token that it has received from the token endpoint itself: "the TLS server
    /// validation MAY be used to validate the issuer in place of checking the token signature" (Core §3.1.3.7, 6).
    /// The browser then verifies everything.
    pub fn from_token_endpoint(
        self,
        issuer: &str,
        client_id: &str,
        now: u64,
    ) -> Result<DirectIdToken, IdTokenError> {
        let claims = self.claims()?;
        check_party(&claims.custom, issuer, client_id)?;
        let exp = check_times(&claims, now)?;
        Ok(DirectIdToken {
            iss: issuer.to_owned(),
            sub: sub(&claims.custom)?,
            auth_time: claims.custom.auth_time(),
            acr: claims.custom.acr,
            sid: claims.custom.sid,
            exp,
        })
    }
}

/// What an ID token says that came over TLS from its issuer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DirectIdToken {
    /// The issuer.
    pub iss: String,
    /// The person at the issuer.
    pub sub: String,
    /// The session at the issuer (Front-Channel Logout §3).
    pub sid: Option<String>,
    /// How the person authenticated.
    pub acr: Option<String>,
    /// When the person authenticated.
    pub auth_time: Option<u64>,
    /// When it expires.
    pub exp: u64,
}

impl DirectIdToken {
    /// Core §3.1.3.7, 12 and 13, in a place where who signs in can't leave them out: the authorization request, and
    /// the check in the browser, are in the hands of whoever sits in front of it.
    pub fn check_authentication(
        &self,
        acr_values: &[String],
        max_age: Option<u64>,
        now: u64,
    ) -> Result<(), IdTokenError> {
        check_authentication(
            self.acr.as_deref(),
            self.auth_time,
            acr_values,
            max_age,
            now,
        )
    }
}

/// An ID token that the key has signed; what it says is not yet compared with anything.
pub struct SignedIdToken {
    alg: Alg,
    claims: Claims<WireClaims>,
}

impl fmt::Debug for SignedIdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedIdToken({})", self.alg)
    }
}

impl SignedIdToken {
    /// When the provider says that it made the token, for [`crate::clock::ClockOffset::after_iat`].
    pub fn iat(&self) -> Option<u64> {
        self.claims.issued_at.and_then(|time| seconds(&time))
    }

    /// ID Token Validation ([Core §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation))
    /// and Access Token Validation (§3.1.3.8), after an exchange.
    #[inline(never)]
    pub fn verify(
        self,
        expected: &IdTokenExpectations,
        access_token: &str,
        now: u64,
    ) -> Result<IdToken, IdTokenError> {
        let claims = &self.claims.custom;
        check_party(claims, &expected.issuer, &expected.client_id)?;
        let sub = sub(claims)?;
        check_times(&self.claims, now)?;
        // 10. "The `iat` Claim can be used to reject tokens that were issued too far away from the current time".
        if self
            .iat()
            .is_none_or(|iat| iat.saturating_add(OLDEST_IAT) < now)
        {
            return Err(IdTokenError::Iat);
        }
        // 11. "a `nonce` Claim MUST be present and its value checked".
        let same_nonce =
            |nonce: &str| bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes()));
        if !claims.nonce.as_deref().is_some_and(same_nonce) {
            return Err(IdTokenError::Nonce);
        }
        check_authentication(
            claims.acr.as_deref(),
            claims.auth_time(),
            &expected.acr_values,
            expected.max_age,
            now,
        )?;
        self.into_id_token(sub, access_token)
    }

    /// Successful Refresh Response
    /// ([Core §12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse)): compared with the
    /// claims of the ID token that the person signed in with, or of the last refresh.
    pub fn verify_refreshed(
        self,
        previous: &IdTokenClaims,
        access_token: &str,
        now: u64,
    ) -> Result<IdToken, IdTokenError> {
        let claims = &self.claims.custom;
        if claims.iss.as_deref() != Some(&previous.iss) {
            return Err(IdTokenError::RefreshIss);
        }
        if claims.sub.as_deref() != Some(&previous.sub) {
            return Err(IdTokenError::RefreshSub);
        }
        if !claims.aud.is_same_set(&previous.aud) {
            return Err(IdTokenError::RefreshAud);
        }
        // "if no `azp` Claim was present in the original ID Token, one MUST NOT be present in the new ID Token".
        if claims.azp != previous.azp {
            return Err(IdTokenError::RefreshAzp);
        }
        check_times(&self.claims, now)?;
        // `iat` "MUST represent the time that the new ID Token is issued": an older token doesn't come back.
        if self
            .iat()
            .is_none_or(|iat| iat.saturating_add(LEEWAY) < previous.iat)
        {
            return Err(IdTokenError::Iat);
        }
        // It may be left out, but it doesn't change.
        if let (Some(auth_time), Some(before)) = (claims.auth_time(), previous.auth_time)
            && auth_time != before
        {
            return Err(IdTokenError::RefreshAuthTime);
        }
        // "it SHOULD NOT have a `nonce` Claim […]; however, if it is present, its value MUST be the same".
        if claims.nonce.is_some() && claims.nonce != previous.nonce {
            return Err(IdTokenError::Nonce);
        }
        let sub = previous.sub.clone();
        let mut token = self.into_id_token(sub, access_token)?;
        token.claims.keep_from(previous);
        Ok(token)
    }

    fn into_id_token(self, sub: String, access_token: &str) -> Result<IdToken, IdTokenError> {
        let (exp, iat) = (self.claims.expiration, self.claims.issued_at);
        let claims = self.claims.custom;
        // §3.1.3.8: optional in the code flow, but where it is there it has to be right.
        if let Some(at_hash) = &claims.at_hash {
            let expected = self.alg.half_hash(access_token);
            if !from_base64url(at_hash).is_ok_and(|actual| bool::from(actual.ct_eq(&expected))) {
                return Err(IdTokenError::AtHash);
            }
        }
        let auth_time = claims.auth_time();
        Ok(IdToken {
            claims: IdTokenClaims {
                iss: claims.iss.unwrap_or_default(),
                sub,
                aud: claims.aud.0,
                azp: claims.azp,
                exp: exp
                    .and_then(|time| seconds(&time))
                    .ok_or(IdTokenError::Expired)?,
                iat: iat
                    .and_then(|time| seconds(&time))
                    .ok_or(IdTokenError::Iat)?,
                auth_time,
                nonce: claims.nonce,
                acr: claims.acr,
                sid: claims.sid,
                email: claims.email,
                email_verified: claims.email_verified.is_some_and(|flag| flag.is_true()),
                name: claims.name,
                given_name: claims.given_name,
                family_name: claims.family_name,
            },
        })
    }
}

/// 2 to 5: the issuer, the audience and the authorized party.
fn check_party(claims: &WireClaims, issuer: &str, client_id: &str) -> Result<(), IdTokenError> {
    // 2. "MUST exactly match", as the strings they are.
    if claims.iss.as_deref() != Some(issuer) {
        return Err(IdTokenError::Iss {
            actual: claims.iss.as_deref().map(wire::excerpt),
        });
    }
    // 3. "rejected if the ID Token does not list the Client as a valid audience […]
    if !claims.aud.contains(client_id) {
        return Err(IdTokenError::Aud);
    }
    // 4. and 5. `azp` beside several audiences, and wherever it is.
    let several = claims.aud.0.iter().any(|audience| audience != client_id);
    match claims.azp.as_deref() {
        Some(azp) if azp != client_id => return Err(IdTokenError::Azp),
        None if several => return Err(IdTokenError::Azp),
        _ => {}
    }
    // […] or if it contains additional audiences not trusted by the Client." We trust none.
    if several {
        Err(IdTokenError::Aud)
    } else {
        Ok(())
    }
}

/// 9 and half of 10, and `nbf` (RFC 7519 §4.1.5). Returns `exp`.
fn check_times(claims: &Claims<WireClaims>, now: u64) -> Result<u64, IdTokenError> {
    for time in [claims.expiration, claims.not_before, claims.issued_at]
        .into_iter()
        .flatten()
    {
        if seconds(&time).is_none() {
            return Err(IdTokenError::Malformed("a time is out of range"));
        }
    }
    let clock = i64::try_from(now)
        .ok()
        .and_then(|now| DateTime::from_timestamp(now, 0))
        .unwrap_or(DateTime::<Utc>::MAX_UTC);
    let options = TimeOptions::new(Duration::seconds(LEEWAY.cast_signed()), || clock);
    let Some(exp) = claims.expiration.and_then(|time| seconds(&time)) else {
        return Err(IdTokenError::Malformed("`exp` is missing"));
    };
    claims
        .validate_expiration(&options)
        .map_err(|_| IdTokenError::Expired)?;
    if claims.not_before.is_some() {
        claims
            .validate_maturity(&options)
            .map_err(|_| IdTokenError::Nbf)?;
    }
    let iat = claims
        .issued_at
        .and_then(|time| seconds(&time))
        .ok_or(IdTokenError::Iat)?;
    if iat > now.saturating_add(LEEWAY) {
        return Err(IdTokenError::Iat);
    }
    Ok(exp)
}

/// 12 and 13: what was asked for is checked on return.
pub(crate) fn check_authentication(
    acr: Option<&str>,
    auth_time: Option<u64>,
    acr_values: &[String],
    max_age: Option<u64>,
    now: u64,
) -> Result<(), IdTokenError> {
    let asked = |acr: &str| acr_values.iter().any(|value| value == acr);
    if !acr_values.is_empty() && !acr.is_some_and(asked) {
        return Err(IdTokenError::Acr);
    }
    // "When a `max_age` request is made, […] check the `auth_time` Claim value".
    if let Some(max_age) = max_age {
        let auth_time = auth_time.ok_or(IdTokenError::AuthTime)?;
        let oldest = now.saturating_sub(max_age).saturating_sub(LEEWAY);
        if auth_time < oldest || auth_time > now.saturating_add(LEEWAY) {
            return Err(IdTokenError::AuthTime);
        }
    }
    Ok(())
}

/// "It MUST NOT exceed 255 ASCII characters in length" (Core §2).
fn sub(claims: &WireClaims) -> Result<String, IdTokenError> {
    match claims.sub.as_deref() {
        Some(sub) if (1..=255).contains(&sub.len()) => Ok(sub.to_owned()),
        _ => Err(IdTokenError::Sub),
    }
}

fn seconds(time: &DateTime<Utc>) -> Option<u64> {
    let seconds = time.timestamp();
    (seconds <= LAST_SECOND)
        .then(|| u64::try_from(seconds).ok())
        .flatten()
}

/// A verified ID token: made by [`SignedIdToken::verify`] and [`SignedIdToken::verify_refreshed`] alone.
#[derive(Clone, Debug, PartialEq)]
pub struct IdToken {
    claims: IdTokenClaims,
}

impl IdToken {
    /// The person at the issuer.
    pub fn sub(&self) -> &str {
        &self.claims.sub
    }

    /// The issuer.
    pub fn iss(&self) -> &str {
        &self.claims.iss
    }

    /// All of it.
    pub fn claims(&self) -> &IdTokenClaims {
        &self.claims
    }

    /// All of it, to keep.
    pub fn into_claims(self) -> IdTokenClaims {
        self.claims
    }
}
