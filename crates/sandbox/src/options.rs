//! What a sandbox is started with.

use std::time::Duration;

use crate::{
    client::{Client, ClientAuth},
    keys::Alg,
    persona::Persona,
    system::System,
    wire::origin,
};

/// What a sandbox is started with; [`SandboxOptions::new`] fills in what the demonstration uses.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// Where the sandbox is reached; the provider's issuer is `{public_url}/club`.
    pub public_url: String,
    /// Where the app is: `iss` of the grants the shop takes, and where its "Sign in to buy" leads.
    pub app_url: String,
    /// Where the shop is reached. On `localhost` it is `shop.localhost`, elsewhere `{public_url}/shop`; it is served at both.
    pub shop_url: String,
    /// Where Airlock IAM is reached: `airlock.*`, beside `public_url`. Each system knows its requests by the first label of their `Host`.
    pub airlock_url: String,
    /// Where Tulo Payway is reached: `payway.*`.
    pub payway_url: String,
    /// Where Paytronix is reached: `paytronix.*`.
    pub paytronix_url: String,
    /// Where SessionM is reached: `sessionm.*`.
    pub sessionm_url: String,
    /// The secret that the shop shares with the backend (HS256).
    pub shop_secret: String,
    /// The registered clients, beside `shop-jwt`, whose key the sandbox makes.
    pub clients: Vec<Client>,
    /// The clients that Airlock IAM knows.
    pub airlock_clients: Vec<Client>,
    /// Who has an account.
    pub personas: Vec<Persona>,
    /// What ID tokens are signed with, unless a client registered something else.
    pub id_token_alg: Alg,
    /// How long `token_slow` takes.
    pub slow: Duration,
}

impl SandboxOptions {
    /// The secret of the clients `shop`, `shop-post` and `shop-es256`.
    pub const CLIENT_SECRET: &str = "shop-secret";

    /// The API key of SessionM, in its paths and for HTTP Basic.
    pub const SESSIONM_KEY: &str = "sessionm-key";

    /// The secret that goes with [`SandboxOptions::SESSIONM_KEY`].
    pub const SESSIONM_SECRET: &str = "sessionm-secret";

    /// The secret of Airlock's client `weak-app`.
    pub const WEAK_SECRET: &str = "weak-secret";

    /// The secret of Airlock's client `strong-app`.
    pub const STRONG_SECRET: &str = "strong-secret";

    /// The secret that the demonstration's shop shares with its backend.
    pub const SHOP_SECRET: &str = "a-secret-that-only-the-sandbox-shop-has";

    /// The demonstration's clients and personas, at these addresses (without a trailing slash).
    pub fn new(public_url: &str, app_url: &str) -> SandboxOptions {
        let (public_url, app_url) = (
            public_url.trim_end_matches('/'),
            app_url.trim_end_matches('/'),
        );
        let secret = || SandboxOptions::CLIENT_SECRET.to_owned();
        let mut es256 = Client::of_app("shop-es256", ClientAuth::Basic(secret()), app_url);
        es256.id_token_alg = Some(Alg::Es256);
        SandboxOptions {
            public_url: public_url.to_owned(),
            app_url: app_url.to_owned(),
            shop_url: SandboxOptions::shop_beside(public_url),
            airlock_url: System::Airlock.beside(public_url),
            payway_url: System::Payway.beside(public_url),
            paytronix_url: System::Paytronix.beside(public_url),
            sessionm_url: System::SessionM.beside(public_url),
            shop_secret: SandboxOptions::SHOP_SECRET.to_owned(),
            clients: vec![
                Client::of_app("shop", ClientAuth::Basic(secret()), app_url),
                Client::of_app("shop-post", ClientAuth::Post(secret()), app_url),
                Client::of_app("shop-public", ClientAuth::None, app_url),
                es256,
            ],
            airlock_clients: vec![
                Client::of_app(
                    "weak-app",
                    ClientAuth::Basic(SandboxOptions::WEAK_SECRET.to_owned()),
                    app_url,
                ),
                Client::of_app(
                    "strong-app",
                    ClientAuth::Basic(SandboxOptions::STRONG_SECRET.to_owned()),
                    app_url,
                ),
            ],
            personas: Persona::all(),
            id_token_alg: Alg::Rs256,
            slow: Duration::from_secs(15),
        }
    }

    /// Where a system is reached.
    pub fn url_of(&self, system: System) -> String {
        match system {
            System::Club => format!("{}/club", self.public_url),
            System::Airlock => self.airlock_url.clone(),
            System::Payway => self.payway_url.clone(),
            System::Paytronix => self.paytronix_url.clone(),
            System::SessionM => self.sessionm_url.clone(),
            System::Shop => self.shop_url.clone(),
        }
    }

    fn shop_beside(public_url: &str) -> String {
        match (origin(public_url), url::Url::parse(public_url)) {
            (Some(origin), Ok(url)) if url.host_str() == Some("localhost") => {
                origin.replacen("://", "://shop.", 1)
            }
            _ => format!("{public_url}/shop"),
        }
    }
}

impl Default for SandboxOptions {
    fn default() -> Self {
        SandboxOptions::new("http://localhost:8900", "http://localhost:8800")
    }
}
