//! Where a buyer goes after signing in: never an open redirector
//! ([RFC 9700 §4.11](https://www.rfc-editor.org/rfc/rfc9700#section-4.11)).

use crate::Code;

/// Longer addresses are refused.
const LONGEST: usize = 2048;

/// An address that a buyer may be sent to: a path on our own origin, or a URL on an origin that was allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReturnTo {
    address: String,
    own: bool,
}

impl ReturnTo {
    /// Accepts a path on our own origin (`/` and not `//`), or an absolute URL whose origin is, as a string, exactly
    /// one of ours and the shop's. Refused is whatever a browser would read differently than we do: backslashes,
    /// control characters, white space.
    pub fn parse(raw: &str, own_origin: &str, shop_origins: &[String]) -> Result<ReturnTo, Code> {
        let refused = Err(Code::ReturnToNotAllowed);
        if raw.len() > LONGEST
            || raw
                .chars()
                .any(|c| c == '\\' || c.is_control() || c.is_whitespace())
        {
            return refused;
        }
        if raw.starts_with('/') {
            return if is_path(raw) {
                Ok(ReturnTo {
                    address: raw.to_owned(),
                    own: true,
                })
            } else {
                refused
            };
        }
        let own = on_origin(raw, own_origin);
        if own || shop_origins.iter().any(|origin| on_origin(raw, origin)) {
            Ok(ReturnTo {
                address: raw.to_owned(),
                own,
            })
        } else {
            refused
        }
    }

    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// Whether it is on our own origin.
    pub fn is_own(&self) -> bool {
        self.own
    }
}

/// A path whose first segment isn't empty or made of dots: `/.//host` would become `//host` once it is resolved.
fn is_path(raw: &str) -> bool {
    let path = raw.split(['?', '#']).next().unwrap_or_default();
    let mut segments = path.split('/').skip(1);
    let first = segments.next().unwrap_or_default();
    path == "/" || !(first.is_empty() || is_dots(first))
}

/// `.` and `..`, in the spellings that the URL standard takes for them.
fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase();
    matches!(
        plain.as_str(),
        "." | "%2e" | ".." | ".%2e" | "%2e." | "%2e%2e"
    )
}

fn on_origin(raw: &str, origin: &str) -> bool {
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    if !host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@'])) {
        return false;
    }
    raw.strip_prefix(origin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}
