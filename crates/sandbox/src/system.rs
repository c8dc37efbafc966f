//! The systems that stand in one sandbox, each on a host of its own.

use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};

/// One of the systems that the sandbox emulates.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// The OpenID provider "Club account", under `/club` on the sandbox's own host.
    Club,
    /// Airlock IAM: an OpenID provider with step-up by SSO ticket.
    Airlock,
    /// Tulo Payway: Single Sign-On v2 and the account behind it.
    Payway,
    /// Paytronix: the guest website, and the programming interface that takes its codes.
    Paytronix,
    /// SessionM: the directory of customers.
    SessionM,
    /// The ticket shop.
    Shop,
}

impl System {
    /// All of them.
    pub const ALL: [System; 6] = [
        System::Club,
        System::Airlock,
        System::Payway,
        System::Paytronix,
        System::SessionM,
        System::Shop,
    ];

    /// The first label of its host, and its name on the control page's calls.
    pub const fn as_str(self) -> &'static str {
        match self {
            System::Club => "club",
            System::Airlock => "airlock",
            System::Payway => "payway",
            System::Paytronix => "paytronix",
            System::SessionM => "sessionm",
            System::Shop => "shop",
        }
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            System::Club => "Club account",
            System::Airlock => "Airlock IAM",
            System::Payway => "Tulo Payway",
            System::Paytronix => "Paytronix",
            System::SessionM => "SessionM",
            System::Shop => "Ticket shop",
        }
    }

    /// Whose host was asked; the club has none.
    pub(crate) fn of_host(headers: &HeaderMap) -> Option<System> {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        let (label, _) = host.split_once('.')?;
        System::ALL
            .into_iter()
            .filter(|system| *system != System::Club)
            .find(|system| system.as_str().eq_ignore_ascii_case(label))
    }

    /// Its own host beside the sandbox's: `http://localhost:8900` has `http://airlock.localhost:8900`.
    pub(crate) fn beside(self, public_url: &str) -> String {
        let Ok(url) = url::Url::parse(public_url) else {
            return public_url.to_owned();
        };
        // An address has no names under it, and `localhost` is the name of this one (RFC 6761 6.3).
        let parent = url.domain().unwrap_or("localhost");
        let port = url.port().map(|port| format!(":{port}"));
        format!(
            "{}://{}.{parent}{}",
            url.scheme(),
            self.as_str(),
            port.unwrap_or_default()
        )
    }
}

impl std::fmt::Display for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_a_host_beside_the_sandboxs() {
        for (public_url, beside) in [
            ("http://localhost:8900", "http://airlock.localhost:8900"),
            ("http://127.0.0.1:8900", "http://airlock.localhost:8900"),
            (
                "https://sandbox.example/some/path",
                "https://airlock.sandbox.example",
            ),
        ] {
            assert_eq!(System::Airlock.beside(public_url), beside);
        }
    }

    #[test]
    fn a_host_belongs_to_one_system() {
        let of = |host: &str| {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            System::of_host(&headers)
        };
        assert_eq!(of("airlock.localhost:8900"), Some(System::Airlock));
        assert_eq!(of("SessionM.localhost:8900"), Some(System::SessionM));
        assert_eq!(of("shop.localhost"), Some(System::Shop));
        assert_eq!(of("localhost:8900"), None);
        assert_eq!(of("club.localhost:8900"), None);
        assert_eq!(of("127.0.0.1:8900"), None);
    }
}
