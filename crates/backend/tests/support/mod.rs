//! A provider that does as the test says, a browser with a key, and the backend between them, in one process.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    missing_docs,
    reason = "support of several tests, none of which uses all of it"
)]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use admit_one_backend::{App, Clock, Config};
use admit_one_protocol::{Code, encoding::base64url};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// What is logged on this thread while it lives, down to the least detail.
pub struct Log {
    written: Written,
    _logging: tracing::subscriber::DefaultGuard,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn start() -> Self {
        // A place in the code that is reached first by a thread that logs nowhere would be silent for ours, too.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        Self {
            written,
            _logging: tracing::subscriber::set_default(subscriber),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.written.0.lock().unwrap().clone()).unwrap()
    }

    /// The line of a refused or failed call, by the request's id.
    #[track_caller]
    pub fn line_of(&self, answer: &Answer) -> String {
        let id = answer.headers["x-request-id"].to_str().unwrap();
        let text = self.text();
        let mut lines = text.lines().filter(|line| line.contains(id));
        lines
            .next()
            .unwrap_or_else(|| panic!("{id} in {text}"))
            .to_owned()
    }

    /// Checks that the operator reads the first of these, and nobody the others.
    #[track_caller]
    pub fn says_and_hides(&self, said: &[&str], hidden: &[&str]) {
        let text = self.text();
        for said in said {
            assert!(text.contains(said), "{said} isn't in {text}");
        }
        for hidden in hidden {
            let line = text.lines().find(|line| line.contains(hidden));
            assert_eq!(line, None, "{hidden} is there");
        }
    }
}

pub const ORIGIN: &str = "https://sso.example";

/// What the token endpoint answers, once.
pub type Script = Box<dyn FnOnce() -> Response + Send>;

/// A provider on a port of its own. It answers well, unless a test says otherwise.
#[derive(Clone)]
pub struct Upstream {
    pub issuer: String,
    pub inner: Arc<Mutex<Inner>>,
}

pub struct Inner {
    pub issuer: String,
    /// The next answers of the token endpoint.
    pub token: VecDeque<Script>,
    /// The next claims' changes; `null` removes one.
    pub claims: Value,
    pub header: Value,
    pub kids: Vec<String>,
    pub metadata: Value,
    pub userinfo: Option<(u16, String)>,
    pub jwks: Option<(u16, String)>,
    /// The answers of the SSO ticket resource and of the endpoint for pushed requests.
    pub ticket: Option<(u16, String)>,
    pub pushed: Option<(u16, String)>,
    pub rotated: u32,
    /// What came in: path, authorization, body.
    pub seen: Vec<(String, Option<String>, String)>,
    pub delay_ms: u64,
    pub refresh_token: Option<String>,
    pub now: u64,
}

impl Upstream {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!(
            "http://127.0.0.1:{}/op",
            listener.local_addr().unwrap().port()
        );
        let inner = Inner {
            issuer: issuer.clone(),
            token: VecDeque::new(),
            claims: json!({}),
            header: json!({"alg": "ES256", "kid": "k1"}),
            kids: vec!["k1".to_owned()],
            metadata: json!({}),
            userinfo: None,
            jwks: None,
            ticket: None,
            pushed: None,
            rotated: 0,
            seen: Vec::new(),
            delay_ms: 0,
            refresh_token: Some("refresh-0".to_owned()),
            now: Clock::default().now(),
        };
        let upstream = Self {
            issuer,
            inner: Arc::new(Mutex::new(inner)),
        };
        let router = Router::new()
            .route("/op/.well-known/openid-configuration", get(metadata))
            .route("/op/jwks", get(jwks))
            .route("/op/token", post(token))
            .route("/op/revoke", post(revoke))
            .route("/op/me", get(userinfo))
            .route("/op/resources/sso-ticket", get(ticket))
            .route("/op/par", post(pushed))
            .with_state(upstream.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        upstream
    }

    pub fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.inner.lock().unwrap())
    }

    /// The token endpoint's next answer.
    pub fn answers(&self, status: u16, content_type: &'static str, body: impl Into<String>) {
        let body = body.into();
        self.with(|inner| {
            inner.token.push_back(Box::new(move || {
                (
                    StatusCode::from_u16(status).unwrap(),
                    [(header::CONTENT_TYPE, content_type)],
                    body,
                )
                    .into_response()
            }));
        });
    }

    pub fn claims(&self, claims: Value) {
        self.with(|inner| inner.claims = claims);
    }

    pub fn count(&self, path: &str) -> usize {
        self.with(|inner| inner.seen.iter().filter(|(seen, ..)| seen == path).count())
    }

    pub fn last(&self, path: &str) -> (Option<String>, String) {
        self.with(|inner| {
            let (_, authorization, body) = inner
                .seen
                .iter()
                .rev()
                .find(|(seen, ..)| seen == path)
                .unwrap();
            (authorization.clone(), body.clone())
        })
    }
}

impl Inner {
    fn note(&mut self, path: &str, headers: &HeaderMap, body: String) {
        let authorization = headers
            .get(header::AUTHORIZATION)
            .map(|value| value.to_str().unwrap().to_owned());
        self.seen.push((path.to_owned(), authorization, body));
    }

    pub fn id_token(&self) -> String {
        let mut claims = json!({"iss": self.issuer, "sub": "alice", "aud": "shop", "iat": self.now, "exp": self.now + 300, "nonce": "n"});
        merge(&mut claims, &self.claims);
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        // The backend has it from the token endpoint itself and doesn't verify the signature; the browser does.
        format!(
            "{}.{}.{}",
            part(&self.header),
            part(&claims),
            base64url([7; 64])
        )
    }
}

pub fn merge(into: &mut Value, changes: &Value) {
    for (key, value) in changes.as_object().unwrap() {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(key);
        } else {
            into[key] = value.clone();
        }
    }
}

async fn metadata(State(upstream): State<Upstream>, headers: HeaderMap) -> Response {
    upstream.with(|inner| {
        inner.note("/metadata", &headers, String::new());
        let issuer = &inner.issuer;
        let mut metadata = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/auth"), "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"), "userinfo_endpoint": format!("{issuer}/me"),
            "revocation_endpoint": format!("{issuer}/revoke"), "end_session_endpoint": format!("{issuer}/end"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        match &inner.metadata {
            Value::String(text) => ([(header::CONTENT_TYPE, "text/html")], text.clone()).into_response(),
            changes => {
                merge(&mut metadata, changes);
                json_response(metadata)
            }
        }
    })
}

async fn jwks(State(upstream): State<Upstream>, headers: HeaderMap) -> Response {
    upstream.with(|inner| {
        inner.note("/jwks", &headers, String::new());
        if let Some((status, body)) = &inner.jwks {
            return (StatusCode::from_u16(*status).unwrap(), body.clone()).into_response();
        }
        let coordinate = base64url([5; 32]);
        let keys: Vec<Value> = inner.kids.iter().map(|kid| json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": coordinate, "y": coordinate})).collect();
        json_response(json!({"keys": keys}))
    })
}

async fn token(State(upstream): State<Upstream>, headers: HeaderMap, body: String) -> Response {
    let delay = upstream.with(|inner| inner.delay_ms);
    tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
    upstream.with(|inner| {
        inner.note("/token", &headers, body);
        if let Some(script) = inner.token.pop_front() {
            return script();
        }
        inner.rotated += 1;
        let refresh_token = inner.refresh_token.as_ref().map(|_| format!("refresh-{}", inner.rotated));
        let mut tokens = json!({"access_token": format!("access-{}", inner.rotated), "token_type": "bearer", "expires_in": 300, "id_token": inner.id_token()});
        if let Some(refresh_token) = refresh_token {
            tokens["refresh_token"] = refresh_token.into();
        }
        json_response(tokens)
    })
}

async fn revoke(State(upstream): State<Upstream>, headers: HeaderMap, body: String) -> StatusCode {
    upstream.with(|inner| inner.note("/revoke", &headers, body));
    StatusCode::OK
}

async fn userinfo(State(upstream): State<Upstream>, headers: HeaderMap) -> Response {
    upstream.with(|inner| {
        inner.note("/me", &headers, String::new());
        match &inner.userinfo {
            Some((status, body)) => (StatusCode::from_u16(*status).unwrap(), [(header::CONTENT_TYPE, "application/json")], body.clone()).into_response(),
            None => json_response(json!({"sub": "alice", "email": "alice@club.example", "email_verified": true, "given_name": "Alice"})),
        }
    })
}

async fn ticket(State(upstream): State<Upstream>, headers: HeaderMap) -> Response {
    upstream.with(|inner| {
        inner.note("/ticket", &headers, String::new());
        match &inner.ticket {
            Some((status, body)) => {
                (StatusCode::from_u16(*status).unwrap(), body.clone()).into_response()
            }
            None => json_response(json!({"sso-ticket": TICKET})),
        }
    })
}

async fn pushed(State(upstream): State<Upstream>, headers: HeaderMap, body: String) -> Response {
    upstream.with(|inner| {
        inner.note("/par", &headers, body);
        let (status, body) = inner.pushed.clone().unwrap_or((
            201,
            json!({"request_uri": "urn:pushed:1", "expires_in": 60}).to_string(),
        ));
        (StatusCode::from_u16(status).unwrap(), body).into_response()
    })
}

/// What the SSO ticket resource answers with.
pub const TICKET: &str = "eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiJhbGljZSJ9.c2lnbmVk";

fn json_response(value: Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        value.to_string(),
    )
        .into_response()
}

/// A private key as `openssl genpkey` writes it.
pub fn pem(pkcs8: &[u8]) -> String {
    let text = base64url(pkcs8).replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    format!("-----BEGIN PRIVATE KEY-----\n{text}{padding}\n-----END PRIVATE KEY-----\n")
}

/// The configuration of these tests; `more` comes after the tables that every test needs.
pub fn toml(issuer: &str, server: &str, more: &str) -> String {
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
public_url = "{ORIGIN}"
app_dir = "tests/support/dist"
{server}

[seal]
keys = [{{ id = "new", secret_env = "SEAL" }}, {{ id = "old", secret_env = "OLD_SEAL" }}]

[database]
url = "sqlite::memory:"

[upstream]
timeout_ms = 400

[shop]
label = "Shop"
grant_url = "https://shop.example/enter?lang={{lang}}&token={{token}}&return_to={{return_to}}"
grant_secret_env = "GRANT"
origins = ["https://shop.example"]

[profile]
required = ["given_name", "email", "phone_number"]

[limits]
per_minute = 0

[[providers]]
id = "club"
label = "Club <account>"
issuer = "{issuer}"
client_id = "shop"
client_secret_env = "CLUB"

{more}
"#
    )
}

pub fn secrets(name: &str) -> Option<String> {
    match name {
        "SEAL" => Some(base64url([1; 32])),
        "OLD_SEAL" => Some("02".repeat(32)),
        "CLUB" => Some("s e:cret".to_owned()),
        "PAPER" => Some("paper-secret-of-32-bytes-or-more!!".to_owned()),
        "WEEKLY" => Some("weekly-secret-of-32-bytes-or-more!".to_owned()),
        "STRONG" => Some("strong-secret".to_owned()),
        "TENANT" => Some("tenant-secret".to_owned()),
        "GRANT" => Some("a grant secret of some forty characters..".to_owned()),
        _ => None,
    }
}

/// A browser with its key, and the backend it talks to.
pub struct Browser {
    pub app: App,
    pub upstream: Upstream,
    key: Key,
    pub nonce: String,
    pub cookie: Option<String>,
    count: u32,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Checks that the call was refused with a code, as RFC 9457 wants it.
    #[track_caller]
    pub fn refused(self, code: Code) -> Self {
        assert_eq!(self.body["code"], code.as_str(), "{}", self.body);
        assert_eq!(self.status, code.status());
        assert_eq!(self.body["status"], code.status());
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert_eq!(
            self.body["request_id"],
            self.headers["x-request-id"].to_str().unwrap()
        );
        assert!(
            self.headers.contains_key("dpop-nonce"),
            "every answer brings the next nonce"
        );
        self
    }
}

impl Browser {
    pub async fn start() -> Self {
        Self::configured("", "").await
    }

    pub async fn configured(server: &str, more: &str) -> Self {
        let upstream = Upstream::start().await;
        Self::at(upstream, server, more).await
    }

    pub async fn at(upstream: Upstream, server: &str, more: &str) -> Self {
        let text = toml(&upstream.issuer, server, more);
        let config =
            Config::parse(&text, "test.toml", &secrets).unwrap_or_else(|error| panic!("{error}"));
        let app = App::start(config).await.unwrap();
        Self::of(app, upstream).await
    }

    pub async fn of(app: App, upstream: Upstream) -> Self {
        let mut browser = Self {
            app,
            upstream,
            key: Key::ed25519(),
            nonce: String::new(),
            cookie: None,
            count: 0,
        };
        browser.nonce = browser.get("/v1/configuration").await.ok()["nonce"]
            .as_str()
            .unwrap()
            .to_owned();
        browser
    }

    /// The same browser with a key of P-256, as those have that know no Ed25519.
    pub fn with_p_256(mut self) -> Self {
        self.key = Key::p_256();
        self
    }

    /// Another browser at the same backend: another key.
    pub async fn another(&self) -> Self {
        Self::of(self.app.clone(), self.upstream.clone()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.answer(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    /// A call as the app makes it.
    pub async fn call(&mut self, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request(method, path, &body);
        let answer = self.send(request).await;
        self.learn(&answer);
        answer
    }

    pub fn learn(&mut self, answer: &Answer) {
        if let Some(nonce) = answer.headers.get("dpop-nonce") {
            self.nonce = nonce.to_str().unwrap().to_owned();
        }
        if let Some(cookie) = answer.headers.get(header::SET_COOKIE) {
            self.cookie = Some(
                cookie
                    .to_str()
                    .unwrap()
                    .split(';')
                    .next()
                    .unwrap()
                    .to_owned(),
            );
        }
    }

    pub fn request(&mut self, method: &str, path: &str, body: &Value) -> Request<Body> {
        let proof = self.proof(method, path, body["handle"].as_str());
        self.request_with(method, path, body, &proof)
    }

    pub fn request_with(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        proof: &str,
    ) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("origin", ORIGIN)
            .header("x-admit-one", "1")
            .header("dpop", proof);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", format!("other=1; {cookie}"));
        }
        request.body(Body::from(body.to_string())).unwrap()
    }

    pub fn proof(&mut self, method: &str, path: &str, handle: Option<&str>) -> String {
        let mut claims = self.proof_claims(method, path);
        if let Some(handle) = handle {
            claims["ath"] = admit_one_protocol::proof::ath(handle).into();
        }
        self.sign(&claims)
    }

    pub fn proof_claims(&mut self, method: &str, path: &str) -> Value {
        self.count += 1;
        json!({"jti": format!("jti-{}", self.count), "htm": method, "htu": format!("{ORIGIN}{path}"), "iat": 1, "nonce": self.nonce})
    }

    pub fn sign(&self, claims: &Value) -> String {
        let header = self.key.header();
        let input = format!(
            "{}.{}",
            base64url(header.to_string()),
            base64url(claims.to_string())
        );
        let signature = self.key.sign(input.as_bytes());
        format!("{input}.{}", base64url(signature))
    }

    pub async fn exchange(&mut self) -> Answer {
        self.count += 1;
        let code = format!("code-{}", self.count);
        self.call("POST", "/v1/exchange", exchange_body(&code))
            .await
    }

    /// Signs in and syncs; the handle knows the contact.
    pub async fn signed_in(&mut self) -> (String, Value) {
        let tokens = self.exchange().await.ok();
        let sync = json!({"handle": tokens["handle"], "access_token": tokens["access_token"]});
        let profile = self.call("POST", "/v1/profile", sync).await.ok();
        (tokens["handle"].as_str().unwrap().to_owned(), profile)
    }
}

pub fn exchange_body(code: &str) -> Value {
    json!({"provider": "club", "code": code, "code_verifier": "v".repeat(43), "redirect_uri": format!("{ORIGIN}/callback/club")})
}

/// The two kinds of key that a browser makes.
enum Key {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl Key {
    fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    fn p_256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn header(&self) -> Value {
        let (alg, jwk) = match self {
            Self::Ed25519(key) => {
                let x = base64url(key.public_key());
                ("EdDSA", json!({"kty": "OKP", "crv": "Ed25519", "x": x}))
            }
            Self::P256(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                let (x, y) = (base64url(x), base64url(y));
                (
                    "ES256",
                    json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}),
                )
            }
        };
        json!({"typ": "dpop+jwt", "alg": alg, "jwk": jwk})
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Self::P256(key) => {
                let signature = key.sign(&SystemRandom::new(), message).unwrap();
                signature.as_ref().to_vec()
            }
        }
    }
}
