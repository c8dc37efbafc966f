//! What a partner's page meets of ours: the page that it opens, the frame that it holds, and the loader's headers.

use std::sync::{Arc, LazyLock};

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{Kind, built::hashes};
use crate::{
    app,
    call::RequestId,
    config::{Config, PartnerConfig},
    failure::Failure,
    headers::Framed,
    language::Language,
};
use admit_one_protocol::{Code, handoff::PublicPartner};

/// Opens for the page around it what our page has sealed. It is no page of the app: nothing but this script is in it.
const FRAME: &str = include_str!("../../../../src/shell/frame.html");

static FRAME_SCRIPT: LazyLock<String> = LazyLock::new(|| hashes(FRAME, "script"));

/// Where the loader is served.
const LOADER: &str = "/admit-one.js";

/// `GET /widget`: the app, which knows by the page whether the partner is one.
pub(crate) async fn page(State(state): State<Arc<app::State>>, request: Request) -> Response {
    let asked = asked(&request);
    let mut partners = state.config.partners.iter();
    let place = partners.position(|partner| Some(&*partner.id) == asked);
    super::page(state, request, Kind::Widget(place), StatusCode::OK).await
}

/// What the page may know of the partner, as JSON; nothing of one that isn't there.
pub(super) fn partner(config: &Config, kind: Kind, language: Language) -> String {
    let Kind::Widget(Some(place)) = kind else {
        return String::new();
    };
    let partner = config.partners.get(place);
    partner.map_or_else(String::new, |partner| {
        let public = PublicPartner {
            id: partner.id.clone(),
            label: partner.label.in_language(language),
            origins: partner.origins.clone(),
            return_path: partner.return_path.clone(),
            release: partner.release.clone(),
        };
        serde_json::to_string(&public).unwrap_or_default()
    })
}

/// `GET /widget/frame`: for the pages of this partner, and in no other page.
pub(crate) async fn frame(State(state): State<Arc<app::State>>, request: Request) -> Response {
    let Some(partner) = asked(&request).and_then(|id| state.config.partner(id)) else {
        return Failure::new(Code::PartnerUnknown, "no partner has this id")
            .into_problem(RequestId::of(&request));
    };
    let mut response = Response::new(Body::from(FRAME));
    response.extensions_mut().insert(Framed);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(&policy(partner)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn policy(partner: &PartnerConfig) -> String {
    format!(
        "default-src 'none'; script-src{}; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors {}",
        *FRAME_SCRIPT,
        partner.origins.join(" ")
    )
}

/// Modules are fetched by CORS, and the loader is for every page.
pub(super) fn share(path: &str, headers: &mut HeaderMap) {
    if path == LOADER {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        );
    }
}

/// The partner that the address names; an id has nothing in it to decode.
fn asked(request: &Request) -> Option<&str> {
    let mut pairs = request.uri().query()?.split('&');
    pairs.find_map(|pair| pair.strip_prefix("partner="))
}
