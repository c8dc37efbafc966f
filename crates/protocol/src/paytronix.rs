//! Paytronix: the guest website's redirect is [an authorization request](crate::authorization) of its own kind; here is
//! what the backend asks of the programming interface.
//!
//! Public: [single sign-on](https://developers.paytronix.com/single_sign_on/sso_guest_website.html),
//! [OAuth](https://developers.paytronix.com/pxs_api_reference/oauth.html),
//! [authentication](https://developers.paytronix.com/pxs_api_reference/authentication.html). Tokens travel as parameters
//! there, so neither a URL nor a body of these requests may be shown.

mod answer;

use core::fmt;

use serde::{Serialize, Serializer};

use crate::{
    encoding,
    http::{HttpRequest, header, with_query},
};

pub use answer::{Card, Guest, GuestGrantKind, GuestToken, PaytronixError, accept_balances};

/// A code is good for five minutes; the redirect may say so itself.
pub const CODE_LIFETIME: u64 = 300;

/// An access token is good for thirty minutes, where the answer doesn't say.
pub const ACCESS_TOKEN_LIFETIME: u64 = 1800;

/// Where the guest logs in, below the address of the guest website.
pub const ACCOUNT_LOGIN: &str = "/guest/accountlogin";

/// A merchant's integration.
#[derive(Clone)]
pub struct Integration {
    /// The interface with its release, as in `https://m77.api.example.com/rest/25.33`; no slash at the end.
    pub api_url: String,
    /// The merchant.
    pub merchant_id: u64,
    /// The integration's identifier.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// How both travel with a request for tokens.
    pub credentials: Credentials,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// The member of a request that holds a code.
    pub code_field: String,
    /// The member that holds the redirect URI that a code was issued to.
    pub redirect_uri_field: String,
    /// Which `errorCode` says that an access token is good no more.
    pub invalid_token_codes: Vec<String>,
    /// The member that holds the balances.
    pub balance_field: String,
}

impl fmt::Debug for Integration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Integration({})", self.merchant_id)
    }
}

/// How an integration shows who it is when it asks for tokens. With other calls, whose parameters are in the address, it
/// is always the header.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Credentials {
    /// `Authorization: Basic`, as documented now.
    #[default]
    Basic,
    /// `client_id` and `client_secret` in the body, as documented before.
    Body,
}

/// What a guest's tokens are asked for with.
#[derive(Clone)]
pub enum GuestGrant {
    /// A code of the guest website.
    AuthorizationCode {
        /// The code.
        code: String,
        /// The redirect URI that it was issued to.
        redirect_uri: String,
    },
    /// A refresh token.
    RefreshToken {
        /// The refresh token.
        refresh_token: String,
    },
}

impl fmt::Debug for GuestGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GuestGrant::{:?}(..)", self.kind())
    }
}

impl GuestGrant {
    /// Which it is, for [`GuestToken::accept`].
    pub fn kind(&self) -> GuestGrantKind {
        match self {
            Self::AuthorizationCode { .. } => GuestGrantKind::Code,
            Self::RefreshToken { .. } => GuestGrantKind::Refresh,
        }
    }
}

#[derive(Serialize)]
struct WireGrant<'a> {
    authentication: &'static str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    grant_type: &'static str,
    #[serde(rename = "merchantId")]
    merchant_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(flatten, serialize_with = "in_order")]
    grant: Vec<(&'a str, &'a str)>,
}

/// Members whose names are configuration.
fn in_order<S: Serializer>(members: &[(&str, &str)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(members.iter().copied())
}

impl Integration {
    /// `oauth/requestGuestToken`: a code, or a refresh token, becomes tokens.
    pub fn request_guest_token(&self, grant: &GuestGrant) -> HttpRequest {
        let mut headers = vec![
            header("accept", "application/json"),
            header("content-type", "application/json; charset=UTF-8"),
        ];
        let client_secret = match self.credentials {
            Credentials::Basic => {
                headers.push(self.basic());
                None
            }
            Credentials::Body => Some(self.client_secret.as_str()),
        };
        let mut wire = WireGrant {
            authentication: "anonymous",
            client_id: &self.client_id,
            client_secret,
            grant_type: "authorization_code",
            merchant_id: self.merchant_id,
            scope: None,
            grant: Vec::new(),
        };
        match grant {
            GuestGrant::AuthorizationCode { code, redirect_uri } => {
                wire.grant = vec![
                    (&self.code_field, code),
                    (&self.redirect_uri_field, redirect_uri),
                ];
            }
            GuestGrant::RefreshToken { refresh_token } => {
                wire.grant_type = "refresh_token";
                wire.scope = Some(self.scopes.join(" ")).filter(|scope| !scope.is_empty());
                wire.grant = vec![("refresh_token", refresh_token)];
            }
        }
        HttpRequest {
            method: "POST",
            url: self.endpoint("oauth/requestGuestToken"),
            headers,
            body: serde_json::to_string(&wire).unwrap_or_default(),
        }
    }

    /// `guest/userInformation`: who a guest is.
    pub fn user_information(&self, username: &str, access_token: &str) -> HttpRequest {
        self.as_guest(
            "guest/userInformation",
            ("username", username),
            access_token,
        )
    }

    /// `guest/accountInformation`: what is on a guest's card.
    pub fn account_information(&self, card: &str, access_token: &str) -> HttpRequest {
        let card = ("printedCardNumber", card);
        self.as_guest("guest/accountInformation", card, access_token)
    }

    fn as_guest(&self, endpoint: &str, about: (&str, &str), access_token: &str) -> HttpRequest {
        let merchant_id = self.merchant_id.to_string();
        let parameters = [
            ("merchantId", merchant_id.as_str()),
            about,
            ("access_token", access_token),
            ("authentication", "oauth"),
        ];
        HttpRequest {
            method: "GET",
            url: with_query(&self.endpoint(endpoint), parameters),
            headers: vec![header("accept", "application/json"), self.basic()],
            body: String::new(),
        }
    }

    fn endpoint(&self, endpoint: &str) -> String {
        [&self.api_url, "/", endpoint, ".json"].concat()
    }

    /// Identifier and secret as they are, without the form encoding of RFC 6749 §2.3.1.
    fn basic(&self) -> (String, String) {
        let credentials = [&self.client_id, ":", &self.client_secret].concat();
        header(
            "authorization",
            &["Basic ", &encoding::base64(credentials)].concat(),
        )
    }
}
