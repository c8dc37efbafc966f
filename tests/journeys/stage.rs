//! The servers of a journey: a sandbox and a backend of its own, in this process, on free ports, with an empty database.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use admit_one_backend::{App, Clock, Config};
use admit_one_sandbox::{Fault, Message, Sandbox, SandboxOptions, System};
use axum::{Router, extract::Request};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::directory::Directory;
use crate::gate::Gate;
use crate::wire::order;

/// The arena: Airlock IAM, without its strong flow.
pub(crate) const ARENA: &str = r#"
[[providers]]
id = "arena"
label = "Arena account"
issuer = "{airlock}/auth-login/rest/oauth2/authorization-servers/arena"
client_id = "weak-app"
client_secret_env = "WEAK"
acr_values = ["weak-acr"]
"#;

/// The paper: Payway SSO2.
pub(crate) const PAPER: &str = r#"
[[providers]]
id = "paper"
kind = "sso2"
label = "Newspaper account"
sso_url = "{payway}"
api_url = "{payway}"
organisation = "paper"
client_id = "paper-shop"
client_secret_env = "PAPER"
"#;

/// The diner: Paytronix.
pub(crate) const DINER: &str = r#"
[[providers]]
id = "diner"
kind = "paytronix"
label = "Diner account"
site_url = "{paytronix}"
api_url = "{paytronix}/rest/25.33"
merchant_id = 77
client_id = "diner-shop"
client_secret_env = "DINER"
"#;

/// How the deployment of a journey differs from the plain one.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// `server.custody`.
    pub(crate) custody: &'static str,
    /// Further lines of `[server]`.
    pub(crate) server: String,
    /// `client_id`; the one that ends in `-public` has no secret, the one that ends in `-jwt` signs with a key.
    pub(crate) client_id: &'static str,
    /// That key, in PEM, where it isn't of the sandbox's client.
    pub(crate) client_key: Option<String>,
    /// Further lines of the `[[providers]]` entry.
    pub(crate) provider: String,
    /// Further tables at the end of the file.
    pub(crate) more: String,
    /// Further lines of `[shop]`.
    pub(crate) shop: &'static str,
    /// Further lines of `[profile]`.
    pub(crate) profile: &'static str,
    /// `[directory]`.
    pub(crate) directory: Directory,
    /// `profile.required`.
    pub(crate) required: &'static [&'static str],
    /// `limits.per_minute`.
    pub(crate) per_minute: u32,
    /// `profile.later`.
    pub(crate) later: bool,
    /// `upstream.timeout_ms`.
    pub(crate) timeout_ms: u64,
    /// The issuer, where it isn't the sandbox's.
    pub(crate) issuer: Option<String>,
    /// Contacts that the shop knows already, as `admit-one import` takes them.
    pub(crate) contacts: Option<&'static str>,
    /// Faults that the sandbox has before the backend starts.
    pub(crate) faults: Vec<Fault>,
    /// How many backends share the address and the database.
    pub(crate) instances: usize,
    /// The app's host.
    pub(crate) host: &'static str,
    /// Port for the backend, where it has to be known beforehand.
    pub(crate) listener: Option<std::sync::Arc<std::net::TcpListener>>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            custody: "local",
            server: String::new(),
            client_id: "shop",
            client_key: None,
            provider: String::new(),
            more: String::new(),
            shop: "",
            profile: "",
            directory: Directory::Contacts,
            required: &[
                "given_name",
                "family_name",
                "email",
                "phone_number",
                "address.country",
            ],
            per_minute: 1_000_000,
            later: false,
            timeout_ms: 3000,
            issuer: None,
            contacts: None,
            faults: vec![],
            instances: 1,
            host: "localhost",
            listener: None,
        }
    }
}

impl Setup {
    /// The same with this directory.
    pub(crate) fn with(self, directory: Directory) -> Setup {
        Setup { directory, ..self }
    }
}

/// The running servers. They end when this is dropped.
pub(crate) struct Stage {
    /// The app's origin.
    pub(crate) app: String,
    /// The sandbox: its faults, its clock, its keys.
    pub(crate) sandbox: Sandbox,
    /// The sandbox's origin.
    pub(crate) upstream: String,
    /// The shop's origin.
    pub(crate) shop: String,
    /// The origin of a partner's page.
    pub(crate) partner: String,
    /// The origin of the same page where no partner is.
    pub(crate) stranger: String,
    /// In front of the backend.
    pub(crate) backend_gate: Gate,
    /// In front of the sandbox.
    pub(crate) sandbox_gate: Gate,
    backend: Mutex<Backend>,
    servers: Vec<JoinHandle<()>>,
    _folder: TempDir,
}

/// The instances of the backend, in a runtime of their own, with which all that they are doing ends.
struct Backend {
    toml: String,
    listener: std::net::TcpListener,
    instances: usize,
    /// None while they are down.
    runtime: Option<Runtime>,
    clocks: Vec<Clock>,
}

impl Stage {
    /// Starts both.
    pub(crate) async fn start(setup: &Setup) -> Stage {
        let dist = dist();
        let folder = tempfile::tempdir().unwrap();
        let sandbox_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = match &setup.listener {
            Some(listener) => listener.try_clone().unwrap(),
            None => std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
        };
        listener.set_nonblocking(true).unwrap();
        let sandbox_port = sandbox_listener.local_addr().unwrap().port();
        let app_port = listener.local_addr().unwrap().port();
        let app = format!("http://{}:{app_port}", setup.host);
        let upstream = format!("http://localhost:{sandbox_port}");

        let mut options = SandboxOptions::new(&upstream, &app);
        options.slow = Duration::from_millis(2 * setup.timeout_ms);
        let shop = options.shop_url.clone();
        let sandbox = Sandbox::new(options);
        sandbox.set_faults(setup.faults.iter().copied());
        let sandbox_gate = Gate::default();
        let mut servers = vec![sandbox_gate.serve(sandbox_listener, sandbox.router())];
        let partner_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let partner_port = partner_listener.local_addr().unwrap().port();
        let partner = format!("http://partner.localhost:{partner_port}");
        servers.push(Gate::default().serve(partner_listener, sandbox.partner_router()));

        let database = folder.path().join("admit-one.db");
        let client_key = folder.path().join("client.pem");
        let pem = setup.client_key.clone();
        std::fs::write(&client_key, pem.unwrap_or_else(|| sandbox.client_key_pem())).unwrap();
        let toml = configuration(setup, &app, &upstream, &shop, &dist, &database)
            .replace(
                "{client_key}",
                &format!("{:?}", client_key.display().to_string()),
            )
            .replace("{partner}", &partner);
        if let Some(contacts) = setup.contacts {
            let imported = admit_one_backend::import(&config(&toml), contacts).await;
            imported.unwrap_or_else(|error| panic!("the contacts are imported: {error}"));
        }
        let backend_gate = Gate::default();
        let mut backend = Backend {
            toml,
            listener,
            instances: setup.instances,
            runtime: None,
            clocks: vec![],
        };
        backend.start(&backend_gate).await;

        Stage {
            app,
            sandbox,
            upstream,
            shop,
            stranger: partner.replacen("partner.", "stranger.", 1),
            partner,
            backend_gate,
            sandbox_gate,
            backend: Mutex::new(backend),
            servers,
            _folder: folder,
        }
    }

    /// Lets time pass for everybody but the browser.
    pub(crate) fn pass(&self, seconds: i64) {
        for clock in &self.backend.lock().unwrap().clocks {
            clock.advance(seconds);
        }
        self.sandbox.advance_clock(seconds);
    }

    /// Ends the backend in the middle of whatever it is doing. Who connects meanwhile, waits for [`Stage::restart`].
    pub(crate) fn crash(&self) {
        self.backend.lock().unwrap().crash();
    }

    /// Starts it again, with the same database.
    #[expect(
        clippy::await_holding_lock,
        reason = "nobody else asks for it meanwhile"
    )]
    pub(crate) async fn restart(&self) {
        let mut backend = self.backend.lock().unwrap();
        backend.start(&self.backend_gate).await;
    }

    /// An address of the app.
    pub(crate) fn app(&self, path: &str) -> String {
        format!("{}{path}", self.app)
    }

    /// A page of the shop that a buyer comes from.
    pub(crate) fn basket(&self) -> String {
        format!("{}/basket/derby", self.shop)
    }

    /// Gives the sandbox's access tokens another lifetime, in seconds.
    pub(crate) async fn access_token_lifetime(&self, seconds: u32) {
        let settings = serde_json::json!({ "access_token_lifetime": seconds });
        order(
            "PUT",
            &format!("{}/settings", self.upstream),
            Some(settings),
        )
        .await;
    }

    /// What a system of the sandbox heard at this path, oldest first.
    pub(crate) fn heard(&self, system: System, path: &str) -> Vec<Message> {
        let messages = self.sandbox.messages().into_iter();
        messages
            .filter(|message| message.system == system && message.path.ends_with(path))
            .collect()
    }

    /// Waits until so many refreshes came.
    pub(crate) async fn sees_refreshes(&self, count: usize) {
        for _ in 0..400 {
            if self.backend_gate.count("/v1/refresh") >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!(
            "{} refreshes, expected {count}",
            self.backend_gate.count("/v1/refresh")
        );
    }
}

impl Backend {
    async fn start(&mut self, gate: &Gate) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (toml, instances, gate) = (self.toml.clone(), self.instances, gate.clone());
        let listener = self.listener.try_clone().unwrap();
        let started = runtime.spawn(async move {
            let mut backends = Vec::new();
            for _ in 0..instances {
                let backend = App::start(config(&toml)).await;
                backends
                    .push(backend.unwrap_or_else(|error| panic!("the backend starts: {error}")));
            }
            let router = in_turn(backends.clone());
            gate.serve(TcpListener::from_std(listener).unwrap(), router);
            backends.iter().map(|one| one.clock().clone()).collect()
        });
        self.clocks = started.await.unwrap();
        self.runtime = Some(runtime);
    }

    fn crash(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn config(toml: &str) -> Config {
    Config::parse(toml, "admit-one.toml", &secret).unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.crash();
        self.servers.iter().for_each(JoinHandle::abort);
    }
}

/// One backend of several: the next one has the next request of a path.
fn in_turn(backends: Vec<App>) -> Router {
    let seen: Mutex<HashMap<String, usize>> = Mutex::default();
    let turn = Arc::new((backends, seen));
    Router::new().fallback(async move |request: Request| {
        let (backends, seen) = &*turn;
        let next = {
            let mut seen = seen.lock().unwrap();
            let next = seen.entry(request.uri().path().to_owned()).or_default();
            *next += 1;
            *next
        };
        backends[next % backends.len()].answer(request).await
    })
}

/// The built app.
fn dist() -> PathBuf {
    let dist = std::env::var_os("ADMIT_ONE_DIST").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("dist"),
        PathBuf::from,
    );
    assert!(
        dist.join("index.html").is_file(),
        "{} has no index.html: run `trunk build --release --cargo-profile wasm` first",
        dist.display()
    );
    dist
}

fn secret(name: &str) -> Option<String> {
    Some(
        match name {
            "SEAL" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            "CLUB" => SandboxOptions::CLIENT_SECRET,
            "PAPER" => "paper-secret-of-32-bytes-or-more!!",
            "WEEKLY" => "weekly-secret-of-32-bytes-or-more!",
            "WEAK" => SandboxOptions::WEAK_SECRET,
            "STRONG" => SandboxOptions::STRONG_SECRET,
            "DINER" => "diner-secret",
            "SESSIONM" => SandboxOptions::SESSIONM_SECRET,
            "GRANT" => SandboxOptions::SHOP_SECRET,
            _ => return None,
        }
        .to_owned(),
    )
}

fn configuration(
    setup: &Setup,
    app: &str,
    upstream: &str,
    shop: &str,
    dist: &std::path::Path,
    database: &std::path::Path,
) -> String {
    let issuer = setup
        .issuer
        .clone()
        .unwrap_or_else(|| format!("{upstream}/club"));
    let mut toml = String::new();
    write!(
        toml,
        r#"
[server]
listen = "127.0.0.1:0"
public_url = "{app}"
app_dir = {dist:?}
custody = "{custody}"
{server}

[seal]
keys = [{{ id = "2026-11", secret_env = "SEAL" }}]

[database]
url = "sqlite://{database}"

[upstream]
timeout_ms = {timeout_ms}

[limits]
per_minute = {per_minute}
passwords_per_minute = 0

[[providers]]
id = "club"
kind = "oidc"
label = "Club account"
issuer = "{issuer}"
client_id = "{client_id}"
{client_auth}
scopes = ["openid", "profile", "email", "phone", "address", "offline_access"]
{provider}

[directory]
{directory}

[profile]
required = {required:?}
later = {later}
{profile}

[shop]
label = "Ticket shop"
grant_url = "{shop}/api/1/redirect/account?lang={{lang}}&token={{token}}"
grant_alg = "HS256"
grant_secret_env = "GRANT"
origins = ["{shop}"]
{demands}

{more}
"#,
        more = setup
            .more
            .replace("{upstream}", upstream)
            .replace("{payway}", &upstream.replace("://", "://payway."))
            .replace("{airlock}", &upstream.replace("://", "://airlock."))
            .replace("{paytronix}", &upstream.replace("://", "://paytronix.")),
        directory = setup
            .directory
            .lines()
            .replace("{sessionm}", &upstream.replace("://", "://sessionm.")),
        demands = setup.shop,
        profile = setup.profile,
        custody = setup.custody,
        server = setup.server,
        database = database.display(),
        timeout_ms = setup.timeout_ms,
        client_id = setup.client_id,
        client_auth = match setup.client_id {
            id if id.ends_with("-public") => "client_auth = \"none\"",
            id if id.ends_with("-post") =>
                "client_auth = \"client_secret_post\"\nclient_secret_env = \"CLUB\"",
            id if id.ends_with("-jwt") =>
                "client_auth = \"private_key_jwt\"\nclient_key_file = {client_key}",
            _ => "client_secret_env = \"CLUB\"",
        },
        provider = setup.provider,
        required = setup.required,
        per_minute = setup.per_minute,
        later = setup.later,
    )
    .unwrap();
    toml
}
