//! [OpenID Connect RP-Initiated Logout](https://openid.net/specs/openid-connect-rpinitiated-1_0.html).

use subtle::ConstantTimeEq;

use crate::{authorization::callback_state, http::with_query};

/// Where to send the buyer so that the provider signs them out too
/// ([§2](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout)).
pub fn end_session_url(
    end_session_endpoint: &str,
    id_token_hint: Option<&str>,
    client_id: &str,
    post_logout_redirect_uri: &str,
    state: &str,
) -> String {
    let mut pairs = Vec::new();
    if let Some(hint) = id_token_hint.filter(|hint| !hint.is_empty()) {
        pairs.push(("id_token_hint", hint));
    }
    pairs.extend([
        ("client_id", client_id),
        ("post_logout_redirect_uri", post_logout_redirect_uri),
        ("state", state),
    ]);
    with_query(end_session_endpoint, pairs)
}

/// What a return to `/signed-out` means
/// ([§3](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RedirectionAfterLogout)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogoutReturn {
    /// The provider answers the sign-out that this browser began.
    Confirmed,
    /// `state` is another's or missing: somebody opened the address. Nobody is signed out because of it.
    Unconfirmed,
}

impl LogoutReturn {
    /// Compares `state` with the one that was sent, if any was.
    pub fn accept(query: &str, expected_state: Option<&str>) -> LogoutReturn {
        match (callback_state(query), expected_state) {
            (Some(state), Some(expected))
                if bool::from(state.as_bytes().ct_eq(expected.as_bytes())) =>
            {
                LogoutReturn::Confirmed
            }
            _ => LogoutReturn::Unconfirmed,
        }
    }
}
