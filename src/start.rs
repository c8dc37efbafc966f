//! Step *start*: the provider that was chosen, with all that is needed to leave for it.

use admit_one_protocol::{Code, api::PublicProvider};
use leptos::prelude::*;

pub use crate::leave::{allowed, last_used, leave, wanted};
use crate::{api, app::App, browser, failure::Failure, messages};

/// Leaves for a provider, to come back to `return_to`. Once it returns `Ok` the page is being left.
pub async fn start(app: App, provider_id: &str, return_to: &str) -> Result<(), Failure> {
    if browser::subtle().is_none() {
        return Err(Failure::new(Code::CryptoUnavailable).at(provider_id));
    }
    if !browser::is_online() {
        // Some browsers say so wrongly; if they are right, their own page would keep the buyer.
        configure(app).await?;
    }
    let provider = provider(app, provider_id)
        .await
        .map_err(|failure| failure.at(provider_id))?;
    leave(&app.configuration.read_value(), &provider, return_to)
        .map_err(|stayed| Failure::from(stayed).at(provider_id))
}

/// The provider, with the endpoint that may have been missing when the page was served.
async fn provider(app: App, id: &str) -> Result<PublicProvider, Failure> {
    let known = |app: App| app.configuration.read_value().provider(id).cloned();
    if let Some(provider) = known(app).filter(|provider| provider.authorization_endpoint.is_some())
    {
        return Ok(provider);
    }
    configure(app).await?;
    let provider = known(app).ok_or(Code::ProviderUnknown)?;
    match provider.authorization_endpoint {
        Some(_) => Ok(provider),
        None => {
            let trouble = provider.trouble.and_then(|trouble| trouble.code());
            Err(trouble.unwrap_or(Code::UpstreamUnreachable).into())
        }
    }
}

/// Fetches the configuration again.
async fn configure(app: App) -> Result<(), Failure> {
    let lang = app.configuration.read_value().lang.clone();
    let fresh = api::configuration(Some(&lang)).await?;
    messages::set_messages(fresh.messages.clone());
    app.configuration.set_value(fresh);
    Ok(())
}
