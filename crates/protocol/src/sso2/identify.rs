//! Step A: the buyer is sent to the identify endpoint, with a message that says which client asks, and `r`, where the
//! landing page sends them on to.

use super::{Client, SignedMessage, UnsignedMessage};
use crate::http::with_query;

impl Client<'_> {
    /// The message of [`identify_url`].
    pub fn identify(&self, now: u64) -> UnsignedMessage {
        self.claims(now, MESSAGE_LIFETIME).unsigned()
    }
}

/// It travels through the browser, so it lives longer than the others: seconds.
const MESSAGE_LIFETIME: u64 = 60;

/// Where to send the buyer. `r` stands beside the message and not in it, so nothing that comes back in it is trusted
/// (see [`super::landing::Arrival`]).
pub fn identify_url(client: Client<'_>, message: &SignedMessage, return_uri: &str) -> String {
    let endpoint = format!("{}/identify", client.sso_url);
    with_query(&endpoint, [("t", message.as_str()), ("r", return_uri)])
}
