//! The API clients of the organisation, each flagged as an "SSO2 client" with a landing page.

use crate::options::SandboxOptions;

/// `iss` of every message: the organisation's id.
pub(super) const ORGANISATION: &str = "paper";

/// The API client of the site that is under test.
const CLIENT_ID: &str = "paper-shop";

/// Its secret: the raw bytes are the key of its messages, in both directions.
const CLIENT_SECRET: &str = "paper-secret-of-32-bytes-or-more!!";

/// One API client.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) id: &'static str,
    pub(super) secret: &'static str,
    /// "Redirect URI" of the API client: where `/identify` sends its visitors, whatever they came with.
    pub(super) landing: String,
    /// The scopes that were issued to it.
    pub(super) scopes: &'static [&'static str],
    pub(super) site: Site,
}

/// Which site a client belongs to.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Site {
    /// The one under test: faults are for it alone.
    Outside,
    /// The organisation's central login form, on `/login`.
    LoginForm,
    /// The organisation's newspaper, on `/site`.
    News,
}

impl Client {
    pub(super) fn all(options: &SandboxOptions) -> [Client; 3] {
        const SCOPES: &[&str] = &["/external/me/w", "/external/account/r"];
        let client = |id, secret, landing, site| Client {
            id,
            secret,
            landing,
            scopes: SCOPES,
            site,
        };
        let SandboxOptions {
            app_url,
            payway_url,
            ..
        } = options;
        [
            client(
                CLIENT_ID,
                CLIENT_SECRET,
                format!("{app_url}/landing/paper"),
                Site::Outside,
            ),
            client(
                "paper-portal",
                "portal-secret-of-32-bytes-or-more!",
                format!("{payway_url}/login/landing"),
                Site::LoginForm,
            ),
            client(
                "paper-news",
                "news-secret-of-32-bytes-or-more!!!",
                format!("{payway_url}/site/landing"),
                Site::News,
            ),
        ]
    }

    pub(super) fn of_id(options: &SandboxOptions, id: &str) -> Option<Client> {
        Client::all(options)
            .into_iter()
            .find(|client| client.id == id)
    }

    pub(super) fn of_site(options: &SandboxOptions, site: Site) -> Client {
        let [outside, login_form, news] = Client::all(options);
        match site {
            Site::Outside => outside,
            Site::LoginForm => login_form,
            Site::News => news,
        }
    }
}
