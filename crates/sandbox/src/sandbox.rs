//! The whole, with the handle that tests hold.

use std::{collections::HashMap, convert::Infallible, sync::Arc};

use axum::{Router, body::Body, extract::Request, middleware, routing::get};
use serde_json::Value;
use tower::{ServiceExt as _, service_fn};

use crate::{
    airlock, control,
    fault::Fault,
    keys::Alg,
    messages::{self, Message},
    options::SandboxOptions,
    partner, paytronix, payway,
    persona::Persona,
    provider, sessionm, shop,
    state::{App, Shared},
    system::System,
    wire::see_other,
};

/// An OpenID provider, four vendors' systems, their control page and a ticket shop.
///
/// A clone is another handle on the same sandbox.
#[derive(Clone)]
pub struct Sandbox(App);

impl Sandbox {
    /// Makes the keys; nothing listens yet.
    pub fn new(options: SandboxOptions) -> Sandbox {
        Sandbox(Arc::new(Shared::new(options)))
    }

    /// Everything it serves: the control page on `/`, the provider under `/club`, the shop on `shop.*` and under `/shop`,
    /// and each vendor's system on its own host.
    pub fn router(&self) -> Router {
        let app = &self.0;
        let recorded = |system: System, router: Router| {
            router.layer(middleware::from_fn_with_state(
                (app.clone(), system),
                messages::record,
            ))
        };
        let main = control::router(app.clone())
            .nest(
                "/club",
                recorded(System::Club, provider::router(app.clone())),
            )
            .route("/shop/", get(async || see_other("/shop")))
            .nest(
                "/shop",
                recorded(System::Shop, shop::router(app.clone(), shop::Door::Path)),
            );
        let hosts = HashMap::from(
            [
                (System::Airlock, airlock::router(app.clone())),
                (System::Payway, payway::router(app.clone())),
                (System::Paytronix, paytronix::router(app.clone())),
                (System::SessionM, sessionm::router(app.clone())),
                (System::Shop, shop::router(app.clone(), shop::Door::Host)),
            ]
            .map(|(system, router)| (system, recorded(system, router))),
        );
        Router::new().fallback_service(service_fn(move |request: Request<Body>| {
            let router = System::of_host(request.headers())
                .and_then(|system| hosts.get(&system))
                .unwrap_or(&main)
                .clone();
            async move {
                Ok::<_, Infallible>(
                    router
                        .oneshot(request)
                        .await
                        .unwrap_or_else(|never| match never {}),
                )
            }
        }))
    }

    /// A partner's page with the widget in it, for a listener of its own: it is on an origin of its own.
    pub fn partner_router(&self) -> Router {
        partner::router(self.0.clone())
    }

    /// The provider's issuer, `{public_url}/club`.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The issuer of Airlock's authorization server `arena`.
    pub fn airlock_issuer(&self) -> String {
        airlock::issuer(&self.0.options)
    }

    /// What it was started with.
    pub fn options(&self) -> &SandboxOptions {
        &self.0.options
    }

    /// Switches exactly these faults on.
    pub fn set_faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.0.state().faults = faults.into_iter().collect();
    }

    /// The faults that are on.
    pub fn faults(&self) -> Vec<Fault> {
        self.0.state().faults.iter().copied().collect()
    }

    /// Moves the clock of provider and shop.
    pub fn advance_clock(&self, seconds: i64) {
        self.0
            .clock
            .set_offset(self.0.clock.offset().saturating_add(seconds));
    }

    /// Seconds since the epoch, as provider and shop see them.
    pub fn now(&self) -> i64 {
        self.0.now()
    }

    /// New signing keys; the former ones stay published for an hour.
    pub fn rotate(&self) {
        let now = self.0.now();
        self.0.state().keys.rotate(now);
    }

    /// What ID tokens are signed with from now on.
    pub fn set_id_token_alg(&self, alg: Alg) {
        self.0.state().settings.id_token_alg = alg;
    }

    /// Whether the scopes' claims are in the ID token too, or in UserInfo alone.
    pub fn set_claims_in_id_token(&self, yes: bool) {
        self.0.state().settings.claims_in_id_token = yes;
    }

    /// What `PUT /settings` does: what is named changes, and nothing when a name or a value is wrong.
    pub fn change_settings(&self, changes: Value) -> Result<(), serde_json::Error> {
        let mut state = self.0.state();
        state.settings = state.settings.changed(changes)?;
        Ok(())
    }

    /// Every customer of SessionM, with all that is known of them.
    pub fn sessionm_customers(&self) -> Vec<Value> {
        self.0.state().sessionm.customers()
    }

    /// A customer more for SessionM, from the `user` object of a create request; its id, or why there is none.
    pub fn add_sessionm_customer(&self, user: &Value) -> Result<String, String> {
        let now = self.0.now();
        self.0.state().sessionm.add(user, now)
    }

    /// Adds somebody, or replaces whoever has the same subject.
    pub fn add_persona(&self, persona: Persona) {
        let mut state = self.0.state();
        state.personas.retain(|known| known.sub != persona.sub);
        state.personas.push(persona);
    }

    /// Ends every login at every system, as if all browsers had lost their cookie.
    pub fn end_sessions(&self) {
        self.0.state().end_sessions();
    }

    /// The last messages over the wire, oldest first, secrets masked.
    pub fn messages(&self) -> Vec<Message> {
        self.0.state().messages.iter().cloned().collect()
    }

    /// The private key of the client `shop-jwt` (PKCS#8, PEM), for its owner's configuration.
    pub fn client_key_pem(&self) -> String {
        control::pem(&self.0.client_key)
    }
}
