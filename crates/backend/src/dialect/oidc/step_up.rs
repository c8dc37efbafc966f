//! Step-up at an OpenID provider: the client of the strong flow, and Airlock IAM's SSO ticket.

use std::sync::Arc;

use admit_one_protocol::{
    Code,
    api::{PublicStepUp, StepUpRequest},
    par::RequestUri,
    step_up::{SsoTicket, StepUp, StepUpAuthorization, sso_ticket_request},
};

use super::{Client, Oidc};
use crate::{
    config::{Par, StepUpConfig},
    failure::Failure,
    metrics::UpstreamCall,
};

impl Oidc {
    /// What the page may know of it.
    pub(super) fn public_step_up(&self) -> Option<PublicStepUp> {
        let step_up = self.config.step_up.as_ref()?;
        Some(PublicStepUp {
            client_id: step_up.client_id.clone(),
            acr_values: step_up.acr_values.clone(),
            max_age: Some(step_up.max_age),
        })
    }

    /// Whether the provider keeps a strong client for us.
    pub(in crate::dialect) fn has_step_up(&self) -> bool {
        self.config.step_up.is_some()
    }

    /// Whether a sign-in or a step-up asks for this `acr`.
    pub(in crate::dialect) fn gives(&self, acr: &str) -> bool {
        let step_up = self.config.step_up.iter();
        let mut asked = step_up
            .flat_map(|step_up| &step_up.acr_values)
            .chain(&self.config.acr_values);
        asked.any(|asked| asked == acr)
    }

    /// The client of the strong flow.
    pub(super) fn strong(&self) -> Result<(&StepUpConfig, Client<'_>), Failure> {
        let step_up = self.config.step_up.as_ref().ok_or_else(|| {
            Failure::new(
                Code::StepUpUnavailable,
                "the provider has no `[providers.step_up]`",
            )
        })?;
        let client = Client {
            id: &step_up.client_id,
            credential: &step_up.credential,
        };
        Ok((step_up, client))
    }

    /// Where to send the buyer: an authorization request of the strong client with a fresh SSO ticket in it.
    pub(in crate::dialect) async fn step_up(
        self: &Arc<Self>,
        request: &StepUpRequest,
    ) -> Result<String, Failure> {
        let (step_up, client) = self.strong()?;
        let wanted = StepUp {
            acr_values: request.acr_values.clone(),
            max_age: None,
        };
        let acr_values = wanted.of_offered(&step_up.acr_values).ok_or_else(|| {
            Failure::new(
                Code::StepUpUnavailable,
                format!(
                    "none of {:?} is one of `step_up.acr_values`",
                    wanted.acr_values
                ),
            )
        })?;
        let metadata = self.metadata().await?;
        let announced = metadata.pushed_authorization_request_endpoint.as_deref();
        let push = match (step_up.par, announced) {
            (Par::Never, _) | (Par::Auto, None) => None,
            (Par::Auto | Par::Always, Some(endpoint)) => {
                Some((endpoint, self.client_auth(client)?))
            }
            (Par::Always, None) => {
                return Err(Failure::new(
                    Code::StepUpParMissing,
                    "the metadata has no `pushed_authorization_request_endpoint`",
                ));
            }
        };
        let authorization = StepUpAuthorization {
            client_id: client.id,
            redirect_uri: &self.common.redirect_uri,
            scopes: &step_up.scopes,
            state: &request.state,
            nonce: &request.nonce,
            code_challenge: &request.code_challenge,
            acr_values: &acr_values,
            ui_locales: self.config.ui_locales.then_some(request.lang.as_str()),
            extra: &self.config.extra,
            // After everything that can be done before: it lives for seconds.
            ticket: self.sso_ticket(step_up, &request.access_token).await?,
        };
        let endpoint = &metadata.authorization_endpoint;
        let Some((push_endpoint, auth)) = push else {
            return Ok(authorization.into_url(endpoint));
        };
        let pushing = authorization.into_pushed(push_endpoint, &auth);
        let answer = self
            .upstream
            .send(&self.common.id, UpstreamCall::PushedRequest, pushing)
            .await?;
        let pushed = RequestUri::accept(answer.status, &answer.body)?;
        Ok(pushed.authorization_url(endpoint, client.id))
    }

    /// Asks the resource for a ticket.
    async fn sso_ticket(
        &self,
        step_up: &StepUpConfig,
        access_token: &str,
    ) -> Result<SsoTicket, Failure> {
        let request = sso_ticket_request(&step_up.sso_ticket_resource, access_token);
        let answer = self
            .upstream
            .send(&self.common.id, UpstreamCall::SsoTicket, request)
            .await?;
        let ticket = SsoTicket::accept(answer.status, &answer.body, &step_up.ticket_field)?;
        Ok(ticket)
    }
}
