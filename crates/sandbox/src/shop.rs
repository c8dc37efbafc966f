//! A small ticket shop that takes a grant: a signed, short-lived token for it alone, good once.
//!
//! The redirect into the shop has the path of SecuTix's own, `/api/1/redirect/account?lang=&token=`.

mod events;
mod grant;

use std::collections::HashMap;

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::Response,
    routing::{get, post},
};

use crate::{
    entropy,
    page::{self, Forms, html},
    state::{App, Shared},
    wire::{Parameters, cookie, origin, see_other, set_cookie, with_query},
};
use events::{EVENTS, Event};
use grant::{Grant, Refusal};

/// Who is in the shop, and which grants were taken.
#[derive(Default)]
pub(crate) struct Shop {
    sessions: HashMap<String, Visitor>,
    taken: HashMap<String, i64>,
}

/// Somebody whom a grant let in.
#[derive(Clone)]
struct Visitor {
    contact_number: String,
    lang: String,
}

/// By which of its two addresses the shop was entered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Door {
    /// A host of its own, `shop.*`.
    Host,
    /// `/shop` on the sandbox's own host.
    Path,
}

/// The shop at one of its addresses.
#[derive(Clone)]
struct Entrance {
    app: App,
    /// Without a trailing slash.
    url: String,
    /// `aud` of the grants it takes.
    origin: String,
    /// What its paths start with.
    base: &'static str,
}

pub(crate) fn router(app: App, door: Door) -> Router {
    let (url, base) = match door {
        Door::Host => (app.options.shop_url.clone(), ""),
        Door::Path => (format!("{}/shop", app.options.public_url), "/shop"),
    };
    let origin = origin(&url).unwrap_or_default();
    Router::new()
        .route("/", get(landing))
        .route("/account", get(account))
        .route("/basket/{event}", get(basket))
        .route("/api/1/redirect/account", get(redirect_account))
        .route("/sign-out", post(sign_out))
        .route(
            "/shop.css",
            get(async || page::asset("text/css", include_str!("../assets/shop.css"))),
        )
        .fallback(lost)
        .with_state(Entrance {
            app,
            url,
            origin,
            base,
        })
}

impl Entrance {
    fn visitor(&self, headers: &HeaderMap) -> Option<Visitor> {
        let name = cookie(headers, SHOP_COOKIE)?;
        self.app.state().shop.sessions.get(name).cloned()
    }

    /// Where the app signs the buyer in, to come back to this path.
    fn sign_in(&self, path: &str) -> String {
        let back = format!("{}{path}", self.url);
        with_query(
            &format!("{}/", self.app.options.app_url),
            [("return_to", &*back)],
        )
    }

    fn page(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        path: &str,
        body: Body<'_>,
    ) -> Response {
        let visitor = self.visitor(headers);
        let page = ShopPage {
            base: self.base,
            greeting: greeting(visitor.as_ref().map_or("en", |visitor| &visitor.lang)),
            contact_number: visitor.as_ref().map(|visitor| &*visitor.contact_number),
            sign_in: &self.sign_in(path),
            body,
        };
        html(status, &page, Forms::Own)
    }

    fn refused(&self, headers: &HeaderMap, refusal: Refusal) -> Response {
        self.page(
            StatusCode::FORBIDDEN,
            headers,
            "/account",
            Body::Refused(refusal),
        )
    }

    /// The path of an address in this shop, as it stands after the base; nothing for any other address.
    fn own_path(&self, return_to: &str) -> Option<String> {
        let path = return_to
            .strip_prefix(&self.url)
            .or_else(|| return_to.strip_prefix(self.base))?;
        let is_path = path.starts_with('/') && !path.starts_with("//");
        let is_plain = path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        (is_path && is_plain).then(|| path.to_owned())
    }
}

async fn landing(State(shop): State<Entrance>, headers: HeaderMap) -> Response {
    let events: Vec<_> = EVENTS
        .iter()
        .map(|event| (event, shop.sign_in(&format!("/basket/{}", event.id))))
        .collect();
    shop.page(StatusCode::OK, &headers, "/account", Body::Landing(events))
}

async fn account(State(shop): State<Entrance>, headers: HeaderMap) -> Response {
    shop.page(StatusCode::OK, &headers, "/account", Body::Account)
}

async fn basket(State(shop): State<Entrance>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    match EVENTS
        .iter()
        .find(|event| path.strip_prefix("/basket/") == Some(event.id))
    {
        Some(event) => shop.page(StatusCode::OK, &headers, path, Body::Basket { event, path }),
        None => shop.page(StatusCode::OK, &headers, path, Body::Lost(path)),
    }
}

async fn lost(State(shop): State<Entrance>, uri: Uri, headers: HeaderMap) -> Response {
    shop.page(
        StatusCode::NOT_FOUND,
        &headers,
        uri.path(),
        Body::Lost(uri.path()),
    )
}

/// Takes the grant, starts the shop's own session, and leaves the token behind in the redirect.
async fn redirect_account(
    State(shop): State<Entrance>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let granted = match enter(&shop.app, &shop.origin, &parameters) {
        Ok(granted) => granted,
        Err(refusal) => return shop.refused(&headers, refusal),
    };
    let path = granted
        .return_to
        .as_deref()
        .and_then(|return_to| shop.own_path(return_to));
    let lang = parameters
        .get("lang")
        .filter(|lang| lang.len() <= 35)
        .unwrap_or("en")
        .to_owned();
    let name = entropy::token();
    shop.app.state().shop.sessions.insert(
        name.clone(),
        Visitor {
            contact_number: granted.sub,
            lang,
        },
    );
    let to = format!("{}{}", shop.base, path.as_deref().unwrap_or("/account"));
    let mut response = see_other(&to);
    response
        .headers_mut()
        .append(header::SET_COOKIE, shop.cookie(&name));
    response
}

fn enter(app: &Shared, origin: &str, parameters: &Parameters) -> Result<Grant, Refusal> {
    const BARE: [&str; 5] = [
        "contactNumber",
        "contact_number",
        "contactId",
        "contact_id",
        "contact",
    ];
    if parameters.iter().any(|(name, _)| BARE.contains(&name)) {
        return Err(Refusal::BareContactId);
    }
    if parameters.repeated().is_some() {
        return Err(Refusal::Malformed);
    }
    let token = parameters.get("token").ok_or(Refusal::Missing)?;
    let now = app.now();
    let granted = Grant::verify(
        token,
        app.options.shop_secret.as_bytes(),
        &app.options.app_url,
        origin,
        now,
    )?;
    let taken = &mut app.state().shop.taken;
    taken.retain(|_, exp| *exp + grant::LEEWAY > now);
    match taken.insert(granted.jti.clone(), granted.exp) {
        None => Ok(granted),
        Some(_) => Err(Refusal::Reused),
    }
}

/// The session cookie is `SameSite=Lax`, so another site's form signs nobody out.
async fn sign_out(State(shop): State<Entrance>, headers: HeaderMap, _body: Bytes) -> Response {
    if let Some(name) = cookie(&headers, SHOP_COOKIE) {
        shop.app.state().shop.sessions.remove(name);
    }
    let mut response = see_other(&format!("{}/", shop.base));
    response
        .headers_mut()
        .append(header::SET_COOKIE, shop.cookie(""));
    response
}

impl Entrance {
    fn cookie(&self, value: &str) -> axum::http::HeaderValue {
        let path = if self.base.is_empty() { "/" } else { self.base };
        set_cookie(SHOP_COOKIE, value, path, &self.url)
    }
}

/// The greeting, and the language that it is in.
fn greeting(lang: &str) -> (&'static str, &'static str) {
    match lang.split('-').next() {
        Some("fr") => ("fr", "Bienvenue, contact numéro"),
        Some("de") => ("de", "Willkommen, Kontakt Nummer"),
        _ => ("en", "Welcome, contact number"),
    }
}

enum Body<'a> {
    Landing(Vec<(&'a Event, String)>),
    Account,
    Basket { event: &'a Event, path: &'a str },
    Lost(&'a str),
    Refused(Refusal),
}

#[derive(askama::Template)]
#[template(path = "shop.html")]
struct ShopPage<'a> {
    base: &'a str,
    greeting: (&'static str, &'static str),
    contact_number: Option<&'a str>,
    sign_in: &'a str,
    body: Body<'a>,
}

const SHOP_COOKIE: &str = "shop_session";
