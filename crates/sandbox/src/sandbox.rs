//! The whole, with the handle that tests hold.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, header},
    middleware,
    routing::get,
};
use tower::{ServiceExt as _, service_fn};

use crate::{
    control,
    fault::Fault,
    keys::Alg,
    messages::{self, Message},
    options::SandboxOptions,
    persona::Persona,
    provider, shop,
    state::{App, Shared},
    wire::see_other,
};

/// An OpenID provider, its control page and a ticket shop.
///
/// A clone is another handle on the same sandbox.
#[derive(Clone)]
pub struct Sandbox(App);

impl Sandbox {
    /// Makes the keys; nothing listens yet.
    pub fn new(options: SandboxOptions) -> Sandbox {
        Sandbox(Arc::new(Shared::new(options)))
    }

    /// Everything it serves: the control page on `/`, the provider under `/club`, the shop on `shop.*` and under `/shop`.
    pub fn router(&self) -> Router {
        let app = &self.0;
        let recorded = |router: Router| {
            router.layer(middleware::from_fn_with_state(
                app.clone(),
                messages::record,
            ))
        };
        let main = control::router(app.clone())
            .nest("/club", recorded(provider::router(app.clone())))
            .route("/shop/", get(async || see_other("/shop")))
            .nest(
                "/shop",
                recorded(shop::router(app.clone(), shop::Door::Path)),
            );
        let shop = recorded(shop::router(app.clone(), shop::Door::Host));
        Router::new().fallback_service(service_fn(move |request: Request<Body>| {
            let router = if is_shop(request.headers()) {
                shop.clone()
            } else {
                main.clone()
            };
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

    /// The provider's issuer, `{public_url}/club`.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
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

    /// Adds somebody, or replaces whoever has the same subject.
    pub fn add_persona(&self, persona: Persona) {
        let mut state = self.0.state();
        state.personas.retain(|known| known.sub != persona.sub);
        state.personas.push(persona);
    }

    /// Ends every login session at the provider, as if all browsers had lost their cookie.
    pub fn end_sessions(&self) {
        self.0.state().sessions.clear();
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

fn is_shop(headers: &HeaderMap) -> bool {
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .is_some_and(|host| host.starts_with("shop."))
}
