//! The registered clients, and how each proves at the token endpoint who it is.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

use crate::{
    entropy::{from_base64url, same},
    keys::Alg,
    wire::Parameters,
};

/// One registered client.
#[derive(Clone, Debug)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// The one method it may use at the token endpoint.
    pub auth: ClientAuth,
    /// Compared as strings (RFC 9700 2.1). An entry that ends in `/*` stands for any one last segment: the sandbox
    /// doesn't know how its client names its providers.
    pub redirect_uris: Vec<String>,
    /// Compared as strings (OpenID Connect RP-Initiated Logout 3.1).
    pub post_logout_redirect_uris: Vec<String>,
    /// `id_token_signed_response_alg`; without it the sandbox's setting counts.
    pub id_token_alg: Option<Alg>,
}

/// `token_endpoint_auth_method` (OpenID Connect Core 9) with what it takes.
#[derive(Clone)]
pub enum ClientAuth {
    /// `client_secret_basic`.
    Basic(String),
    /// `client_secret_post`.
    Post(String),
    /// `private_key_jwt`, with the client's public JWK (P-256 or RSA).
    PrivateKeyJwt(Value),
    /// `none`: a public client.
    None,
}

impl std::fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.method())
    }
}

impl ClientAuth {
    /// The registered name of the method.
    pub const fn method(&self) -> &'static str {
        match self {
            ClientAuth::Basic(_) => "client_secret_basic",
            ClientAuth::Post(_) => "client_secret_post",
            ClientAuth::PrivateKeyJwt(_) => "private_key_jwt",
            ClientAuth::None => "none",
        }
    }
}

impl Client {
    /// A client whose buyers come back to `{app_url}/callback/…` and, signed out, to `{app_url}/signed-out`.
    pub fn of_app(id: &str, auth: ClientAuth, app_url: &str) -> Client {
        Client {
            id: id.to_owned(),
            auth,
            redirect_uris: vec![format!("{app_url}/callback/*")],
            post_logout_redirect_uris: vec![format!("{app_url}/signed-out")],
            id_token_alg: None,
        }
    }

    pub(crate) fn may_redirect_to(&self, redirect_uri: &str) -> bool {
        self.redirect_uris
            .iter()
            .any(|registered| match registered.strip_suffix('*') {
                Some(prefix) if prefix.ends_with('/') => {
                    redirect_uri.strip_prefix(prefix).is_some_and(|last| {
                        !last.is_empty()
                            && last
                                .bytes()
                                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
                    })
                }
                _ => registered == redirect_uri,
            })
    }
}

/// What a client showed at the token endpoint, before it is compared with what was registered.
pub(crate) enum Credentials {
    Basic { id: String, secret: String },
    Post { id: String, secret: String },
    Assertion { id: String, assertion: String },
    Public { id: String },
}

impl Credentials {
    /// Reads them from `Authorization` or the body; two methods at once are refused (RFC 6749 2.3).
    pub(crate) fn of(authorization: Option<&str>, body: &Parameters) -> Option<Credentials> {
        let id = body.get("client_id").map(str::to_owned);
        let secret = body.get("client_secret").map(str::to_owned);
        let assertion = body.get("client_assertion").map(str::to_owned);
        match (authorization, secret, assertion) {
            (Some(basic), None, None) => {
                let credentials = Credentials::basic(basic)?;
                match (&credentials, &id) {
                    (Credentials::Basic { id, .. }, Some(named)) if id != named => None,
                    _ => Some(credentials),
                }
            }
            (None, Some(secret), None) => Some(Credentials::Post { id: id?, secret }),
            (None, None, Some(assertion)) => {
                const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                if body.get("client_assertion_type") != Some(JWT_BEARER) {
                    return None;
                }
                let claims = Assertion::claims(&assertion)?;
                let sub = claims.get("sub")?.as_str()?.to_owned();
                if id.is_some_and(|id| id != sub) {
                    return None;
                }
                Some(Credentials::Assertion { id: sub, assertion })
            }
            (None, None, None) => Some(Credentials::Public { id: id? }),
            _ => None,
        }
    }

    /// Identifier and secret are form-encoded before they are joined (RFC 6749 2.3.1).
    fn basic(authorization: &str) -> Option<Credentials> {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let (scheme, encoded) = authorization.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        let decoded = |text: &str| {
            let query = format!("x={text}");
            form_urlencoded::parse(query.as_bytes())
                .next()
                .map(|(_, value)| value.into_owned())
        };
        Some(Credentials::Basic {
            id: decoded(id)?,
            secret: decoded(secret)?,
        })
    }

    pub(crate) fn client_id(&self) -> &str {
        match self {
            Credentials::Basic { id, .. }
            | Credentials::Post { id, .. }
            | Credentials::Assertion { id, .. }
            | Credentials::Public { id } => id,
        }
    }

    /// Whether they are this client's, by the method it registered and no other.
    pub(crate) fn prove(&self, client: &Client) -> Option<Proven> {
        match (self, &client.auth) {
            (Credentials::Basic { secret, .. }, ClientAuth::Basic(registered))
            | (Credentials::Post { secret, .. }, ClientAuth::Post(registered))
                if same(secret, registered) =>
            {
                Some(Proven::Now)
            }
            (Credentials::Public { .. }, ClientAuth::None) => Some(Proven::Now),
            (Credentials::Assertion { assertion, .. }, ClientAuth::PrivateKeyJwt(jwk)) => {
                Assertion::verify(assertion, jwk).map(Proven::ByAssertion)
            }
            _ => None,
        }
    }
}

/// A client that is who it says; an assertion's claims are still to be checked.
pub(crate) enum Proven {
    Now,
    ByAssertion(Assertion),
}

/// The claims of a signed `client_assertion` (RFC 7523 3).
pub(crate) struct Assertion(Value);

impl Assertion {
    fn claims(jwt: &str) -> Option<Value> {
        serde_json::from_slice(&from_base64url(jwt.split('.').nth(1)?)?).ok()
    }

    fn verify(jwt: &str, jwk: &Value) -> Option<Assertion> {
        let (input, signature) = jwt.rsplit_once('.')?;
        let header: Value =
            serde_json::from_slice(&from_base64url(input.split('.').next()?)?).ok()?;
        let signature = from_base64url(signature)?;
        let part = |name: &str| from_base64url(jwk.get(name)?.as_str()?);
        let verified = match (header.get("alg")?.as_str()?, jwk.get("kty")?.as_str()?) {
            ("ES256", "EC") => {
                let point = [vec![4], part("x")?, part("y")?].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(input.as_bytes(), &signature)
            }
            (alg @ ("RS256" | "PS256"), "RSA") => {
                let key = RsaPublicKeyComponents {
                    n: part("n")?,
                    e: part("e")?,
                };
                let rule = if alg == "RS256" {
                    &RSA_PKCS1_2048_8192_SHA256
                } else {
                    &RSA_PSS_2048_8192_SHA256
                };
                key.verify(rule, input.as_bytes(), &signature)
            }
            _ => return None,
        };
        verified.ok()?;
        Assertion::claims(jwt).map(Assertion)
    }

    /// `iss` and `sub` are the client, `aud` is the provider, it is fresh and has a `jti` (OpenID Connect Core 9).
    pub(crate) fn accept(&self, client_id: &str, audiences: &[&str], now: i64) -> Option<&str> {
        let text = |name: &str| self.0.get(name).and_then(Value::as_str);
        let is_ours = |aud: &Value| aud.as_str().is_some_and(|aud| audiences.contains(&aud));
        let aud = match self.0.get("aud")? {
            Value::Array(all) => all.iter().any(is_ours),
            one => is_ours(one),
        };
        let exp = self.0.get("exp")?.as_i64()?;
        (text("iss") == Some(client_id)
            && text("sub") == Some(client_id)
            && aud
            && exp > now
            && exp <= now + 3600)
            .then(|| text("jti"))
            .flatten()
    }
}
