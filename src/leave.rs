//! Step *redirect*: makes `state`, `nonce` and `code_verifier`, keeps them, leaves for the provider.

use admit_one_protocol::{
    Code,
    api::{PublicConfiguration, PublicProvider},
    authorization::{
        AuthorizationEntropy, AuthorizationRequest, AuthorizationRequestError, StartOptions,
    },
    return_to::ReturnTo,
};

use crate::{
    browser::{self, Shelf},
    failure::Failure,
    pending,
};

/// Leaves for a provider whose endpoint is known. Once it returns `Ok` the page is being left.
pub fn leave(
    configuration: &PublicConfiguration,
    provider: &PublicProvider,
    return_to: &str,
) -> Result<(), Stayed> {
    if browser::subtle().is_none() {
        return Err(Code::CryptoUnavailable.into());
    }
    let entropy = || browser::entropy().ok_or(Code::CryptoUnavailable);
    let entropy = AuthorizationEntropy {
        state: entropy()?,
        nonce: entropy()?,
        code_verifier: entropy()?,
    };
    let login_hint = browser::parameter("login_hint");
    let options = StartOptions {
        return_to: return_to.to_owned(),
        lang: Some(&configuration.lang),
        login_hint: login_hint.as_deref(),
        // A provider that still knows who they were would sign them in again.
        prompt: wants_another().then_some("login"),
    };
    let request = AuthorizationRequest::new(provider, entropy, options, browser::now_ms())?;
    pending::prune();
    pending::keep(configuration.custody, &request.pending)?;
    if browser::leave(&request.url) {
        Ok(())
    } else {
        Err(Code::ProviderError.into())
    }
}

/// Why the page isn't being left. It becomes a failure, with words, only where somebody reads them.
pub enum Stayed {
    /// No request can be made.
    Request(AuthorizationRequestError),
    /// Something else.
    Code(Code),
}

impl From<AuthorizationRequestError> for Stayed {
    fn from(error: AuthorizationRequestError) -> Stayed {
        Stayed::Request(error)
    }
}

impl From<Code> for Stayed {
    fn from(code: Code) -> Stayed {
        Stayed::Code(code)
    }
}

impl From<Stayed> for Failure {
    fn from(stayed: Stayed) -> Failure {
        match stayed {
            Stayed::Request(error) => Failure::new(error.code()).with_detail(error),
            Stayed::Code(code) => code.into(),
        }
    }
}

/// Notes whether the next sign-in of this tab is to be with another account than the last.
pub fn want_another(wanted: bool) {
    if wanted {
        Shelf::Session.put(ANOTHER, "1");
    } else {
        Shelf::Session.remove(ANOTHER);
    }
}

/// Whether it is.
pub fn wants_another() -> bool {
    Shelf::Session.text(ANOTHER).is_some()
}

/// Notes the provider that somebody has signed in with.
pub fn used(provider: &str) {
    let _ = Shelf::Local.put(LAST, provider) || Shelf::Session.put(LAST, provider);
}

/// The provider that the buyer used last.
pub fn last_used() -> Option<String> {
    Shelf::ALL.into_iter().find_map(|shelf| shelf.text(LAST))
}

/// Where the buyer wants to go: the page's `return_to`, if it may be gone to.
pub fn wanted(configuration: &PublicConfiguration) -> Result<String, Code> {
    match browser::parameter("return_to") {
        Some(raw) => allowed(configuration, &raw).map(|return_to| return_to.as_str().to_owned()),
        None => Ok("/".to_owned()),
    }
}

/// An address that a buyer may be sent to.
pub fn allowed(configuration: &PublicConfiguration, raw: &str) -> Result<ReturnTo, Code> {
    let origins = configuration
        .shop
        .as_ref()
        .map(|shop| shop.origins.as_slice())
        .unwrap_or_default();
    ReturnTo::parse(raw, &browser::origin(), origins)
}

/// After so long a page that is being left has stayed.
pub const GONE_WITHIN_MS: u32 = 8_000;
const ANOTHER: &str = "admit-one.another";
const LAST: &str = "admit-one.last";
