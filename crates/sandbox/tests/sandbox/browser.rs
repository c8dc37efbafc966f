//! A browser and a client that call the router in process, no port needed.

use std::collections::HashMap;

use admit_one_sandbox::{Sandbox, SandboxOptions};
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;
use tower::ServiceExt as _;

pub(crate) const APP: &str = "http://localhost:8800";
pub(crate) const REDIRECT_URI: &str = "http://localhost:8800/callback/club";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn sandbox() -> Sandbox {
    Sandbox::new(SandboxOptions::default())
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The query of `Location`.
    pub(crate) fn redirected(&self) -> HashMap<String, String> {
        let query = self
            .location()
            .split_once('?')
            .map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self
            .body
            .split_once(&start)
            .unwrap_or_else(|| panic!("no {name} in {}", self.body));
        rest.split('"').next().unwrap().to_owned()
    }
}

pub(crate) async fn send(sandbox: &Sandbox, request: Request<Body>) -> Answer {
    let response = sandbox.router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20)
        .await
        .map(|body| String::from_utf8(body.to_vec()).unwrap());
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.unwrap_or_else(|_| "broken".to_owned()),
    }
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// Keeps cookies; one is enough for each name.
pub(crate) struct Browser<'a> {
    pub(crate) sandbox: &'a Sandbox,
    host: &'static str,
    language: &'static str,
    cookies: HashMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox) -> Self {
        Browser {
            sandbox,
            host: "localhost:8900",
            language: "en",
            cookies: HashMap::new(),
        }
    }

    /// At another host of the sandbox.
    pub(crate) fn at(sandbox: &'a Sandbox, host: &'static str) -> Self {
        Browser {
            host,
            ..Browser::new(sandbox)
        }
    }

    pub(crate) fn at_shop(sandbox: &'a Sandbox) -> Self {
        Browser::at(sandbox, "shop.localhost:8900")
    }

    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        self.call("GET", url, String::new()).await
    }

    pub(crate) async fn post(&mut self, url: &str, pairs: &[(&str, &str)]) -> Answer {
        self.call("POST", url, form(pairs)).await
    }

    async fn call(&mut self, method: &str, url: &str, body: String) -> Answer {
        let origin = format!("http://{}", self.host);
        let path = url.strip_prefix(&origin).unwrap_or(url);
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.host)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let answer = send(self.sandbox, request).await;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            assert!(
                set.contains("HttpOnly") && set.contains("SameSite=Lax"),
                "{set}"
            );
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// An authorization request that is right, with these parameters put over it.
    pub(crate) async fn authorize(&mut self, changes: &[(&str, &str)]) -> Answer {
        let mut parameters = vec![
            ("client_id", "shop"),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "openid profile email phone address offline_access"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        parameters.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        parameters.extend(changes);
        self.get(&format!("/club/authorize?{}", form(&parameters)))
            .await
    }

    /// Types into the login page that an authorization request led to.
    pub(crate) async fn log_in(&mut self, led: &Answer, username: &str, password: &str) -> Answer {
        let page = self.get(led.location()).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let csrf = page.hidden("csrf");
        let typed = [
            ("csrf", &*csrf),
            ("username", username),
            ("password", password),
        ];
        self.post(led.location(), &typed).await
    }

    /// From the request to the redirect back to the client.
    pub(crate) async fn sign_in(&mut self, username: &str) -> Answer {
        self.sign_in_with(username, &[]).await
    }

    pub(crate) async fn sign_in_with(
        &mut self,
        username: &str,
        changes: &[(&str, &str)],
    ) -> Answer {
        let led = self.authorize(changes).await;
        let back = self.log_in(&led, username, "ticket").await;
        assert!(back.location().starts_with(REDIRECT_URI), "{back:?}");
        back
    }

    /// From the request to the tokens.
    pub(crate) async fn tokens(&mut self, username: &str) -> Value {
        let back = self.sign_in(username).await;
        exchange(self.sandbox, &back.redirected()["code"])
            .await
            .json()
    }
}

/// One request to a host, as a backend sends it.
pub(crate) async fn call(
    sandbox: &Sandbox,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Answer {
    let url = url::Url::parse(url).unwrap();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let path = &url[url::Position::BeforePath..];
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(sandbox, request.body(Body::from(body)).unwrap()).await
}

/// The client `shop` at an endpoint of the provider.
pub(crate) async fn backend(sandbox: &Sandbox, endpoint: &str, pairs: &[(&str, &str)]) -> Answer {
    let basic = STANDARD.encode(format!("shop:{}", SandboxOptions::CLIENT_SECRET));
    backend_as(sandbox, endpoint, &format!("Basic {basic}"), pairs).await
}

pub(crate) async fn backend_as(
    sandbox: &Sandbox,
    endpoint: &str,
    authorization: &str,
    pairs: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder()
        .method("POST")
        .uri(format!("/club/{endpoint}"))
        .header(header::HOST, "localhost:8900")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if !authorization.is_empty() {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    send(sandbox, request.body(Body::from(form(pairs))).unwrap()).await
}

pub(crate) async fn exchange(sandbox: &Sandbox, code: &str) -> Answer {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    backend(sandbox, "token", &pairs).await
}

pub(crate) async fn refresh(sandbox: &Sandbox, tokens: &Value) -> Answer {
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    backend(
        sandbox,
        "token",
        &[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ],
    )
    .await
}

pub(crate) async fn userinfo(sandbox: &Sandbox, tokens: &Value) -> Answer {
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    backend_as(sandbox, "userinfo", &bearer, &[]).await
}

pub(crate) async fn get_json(sandbox: &Sandbox, path: &str) -> Value {
    let request = Request::builder()
        .uri(path)
        .header(header::HOST, "localhost:8900")
        .body(Body::empty())
        .unwrap();
    send(sandbox, request).await.json()
}

pub(crate) async fn put(sandbox: &Sandbox, path: &str, body: &Value) -> Answer {
    let request = Request::builder()
        .method("PUT")
        .uri(path)
        .header(header::HOST, "localhost:8900")
        .body(Body::from(body.to_string()))
        .unwrap();
    send(sandbox, request).await
}

/// A part of a JWS, read as JSON.
pub(crate) fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub(crate) fn header_of(tokens: &Value) -> Value {
    part(tokens["id_token"].as_str().unwrap(), 0)
}

pub(crate) fn claims_of(tokens: &Value) -> Value {
    part(tokens["id_token"].as_str().unwrap(), 1)
}

/// Whether the published key that the token names made its signature.
pub(crate) async fn is_signed(sandbox: &Sandbox, token: &str) -> bool {
    use aws_lc_rs::signature as rules;
    let header = part(token, 0);
    let keys = get_json(sandbox, "/club/jwks").await;
    let Some(key) = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .cloned()
    else {
        return false;
    };
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let point = || [vec![4], bytes("x"), bytes("y")].concat();
    let rsa = |rule| {
        rules::RsaPublicKeyComponents {
            n: bytes("n"),
            e: bytes("e"),
        }
        .verify(rule, input.as_bytes(), &signature)
    };
    let other = |rule: &'static dyn rules::VerificationAlgorithm, key: Vec<u8>| {
        rules::UnparsedPublicKey::new(rule, key).verify(input.as_bytes(), &signature)
    };
    match header["alg"].as_str().unwrap() {
        "RS256" => rsa(&rules::RSA_PKCS1_2048_8192_SHA256),
        "PS256" => rsa(&rules::RSA_PSS_2048_8192_SHA256),
        "ES256" => other(&rules::ECDSA_P256_SHA256_FIXED, point()),
        "ES384" => other(&rules::ECDSA_P384_SHA384_FIXED, point()),
        "EdDSA" => other(&rules::ED25519, bytes("x")),
        alg => panic!("{alg}"),
    }
    .is_ok()
}
