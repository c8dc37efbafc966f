//! The app's pages: what Trunk built, with the content, the sentences and the configuration already in it.

mod brand;
mod built;
mod content;
mod encoding;
mod messages;
pub(crate) mod widget;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use arc_swap::ArcSwapOption;
use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use crate::{
    app,
    call::{RequestId, cookie},
    config::Brand,
    failure::Failure,
    language::Language,
};
use admit_one_protocol::Code;
use built::Built;
use encoding::Encoding;

/// What stands in a page before the app is there.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Kind {
    SignIn,
    Callback,
    Landing,
    Profile,
    Account,
    SignedOut,
    /// What a partner's page opens; its place in the configuration.
    Widget(Option<usize>),
    /// Nothing of ours: the app says so.
    Nowhere,
}

/// The pages, and what was rendered of them in the last second.
pub(crate) struct Pages {
    folder: PathBuf,
    brand: Brand,
    pub(crate) https: bool,
    built: ArcSwapOption<Built>,
    looked: Mutex<Option<Instant>>,
    rendered: Mutex<HashMap<(Language, Kind), Arc<Rendered>>>,
}

struct Rendered {
    at: Instant,
    built: Arc<Built>,
    html: Bytes,
    brotli: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

/// How long a rendered page is served; its nonce and clock are that old at most.
const SERVED_FOR: Duration = Duration::from_secs(1);
/// How long a page waits for a provider that isn't known yet.
const PATIENCE: Duration = Duration::from_millis(500);

impl Pages {
    pub(crate) fn new(folder: PathBuf, brand: Brand, https: bool) -> Self {
        let pages = Self {
            folder,
            brand,
            https,
            built: ArcSwapOption::empty(),
            looked: Mutex::new(None),
            rendered: Mutex::default(),
        };
        if pages.current().is_none() {
            tracing::warn!(app_dir = %pages.folder.display(), "there is no app to serve: `index.html` is missing");
        }
        pages
    }

    /// What Trunk built, read again when it has built again.
    fn current(&self) -> Option<Arc<Built>> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.is_none_or(|at| at.elapsed() >= SERVED_FOR) {
            *looked = Some(Instant::now());
            let modified: Option<SystemTime> = std::fs::metadata(self.folder.join("index.html"))
                .and_then(|file| file.modified())
                .ok();
            let known = self.built.load().as_ref().map(|built| built.modified);
            if modified.is_some() && modified != known {
                match Built::read(&self.folder, &self.brand) {
                    Ok(built) => self.built.store(Some(Arc::new(built))),
                    Err(error) => tracing::error!(cause = %error, "the app can't be read"),
                }
            }
        }
        self.built.load_full()
    }

    pub(crate) fn is_built(&self) -> bool {
        self.current().is_some()
    }

    fn rendered(
        &self,
        state: &app::State,
        language: Language,
        kind: Kind,
    ) -> Option<Arc<Rendered>> {
        let mut rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = rendered
            .get(&(language, kind))
            .filter(|page| page.at.elapsed() < SERVED_FOR)
        {
            return Some(page.clone());
        }
        let built = self.current()?;
        let html = content::render(
            &built.template,
            &state.configuration(language),
            &widget::partner(&state.config, kind, language),
            language,
            kind,
        );
        let page = Arc::new(Rendered {
            at: Instant::now(),
            built,
            html: html.into(),
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
        });
        rendered.insert((language, kind), page.clone());
        Some(page)
    }
}

async fn page(
    state: Arc<app::State>,
    request: Request,
    kind: Kind,
    status: StatusCode,
) -> Response {
    let headers = request.headers();
    let language = language(request.uri(), headers);
    let encoding = Encoding::accepted(headers);
    state.meet_providers(PATIENCE).await;
    let Some(page) = state.pages.rendered(&state, language, kind) else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "5")],
            "The app isn't built yet.\n",
        )
            .into_response();
    };
    let (encoding, body) = match encoding {
        Encoding::Brotli => (
            encoding,
            page.brotli.get_or_init(|| encoding::brotli(&page.html)),
        ),
        Encoding::Gzip => (
            encoding,
            page.gzip.get_or_init(|| encoding::gzip(&page.html)),
        ),
        Encoding::Identity => (encoding, &page.html),
    };
    let mut response = (status, Body::from(body.clone())).into_response();
    let answer = response.headers_mut();
    answer.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.insert(
        header::VARY,
        HeaderValue::from_static("accept-encoding, accept-language"),
    );
    answer.insert(header::CONTENT_SECURITY_POLICY, page.built.csp.clone());
    answer.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(language.as_str()),
    );
    encoding.mark(answer);
    response
}

/// `lang` of the address, or the one that the page has remembered over the redirect (`boot.js`), or the browser's wish.
fn language(uri: &Uri, headers: &HeaderMap) -> Language {
    let remembered = cookie(headers, "admit-one-lang");
    let query = [
        uri.query().unwrap_or_default(),
        "&lang=",
        remembered.unwrap_or_default(),
    ]
    .concat();
    let query = if remembered.is_some() {
        Some(query.as_str())
    } else {
        uri.query()
    };
    let accept = headers.get(header::ACCEPT_LANGUAGE);
    Language::chosen(query, accept.and_then(|value| value.to_str().ok()))
}

pub(crate) async fn sign_in(State(state): State<Arc<app::State>>, request: Request) -> Response {
    page(state, request, Kind::SignIn, StatusCode::OK).await
}

pub(crate) async fn callback(State(state): State<Arc<app::State>>, request: Request) -> Response {
    page(state, request, Kind::Callback, StatusCode::OK).await
}

pub(crate) async fn landing(State(state): State<Arc<app::State>>, request: Request) -> Response {
    page(state, request, Kind::Landing, StatusCode::OK).await
}

pub(crate) async fn profile(State(state): State<Arc<app::State>>, request: Request) -> Response {
    page(state, request, Kind::Profile, StatusCode::OK).await
}

pub(crate) async fn account(State(state): State<Arc<app::State>>, request: Request) -> Response {
    page(state, request, Kind::Account, StatusCode::OK).await
}

pub(crate) async fn signed_out(State(state): State<Arc<app::State>>, request: Request) -> Response {
    page(state, request, Kind::SignedOut, StatusCode::OK).await
}

/// `GET /v1/configuration`: the data block again, for a page that has grown old.
pub(crate) async fn configuration(
    State(state): State<Arc<app::State>>,
    request: Request,
) -> Response {
    let language = language(request.uri(), request.headers());
    if let Err(failure) = state.admit(&request) {
        return failure.into_problem(RequestId::of(&request));
    }
    state
        .meet_providers(Duration::from_millis(state.config.upstream.timeout_ms))
        .await;
    let body = serde_json::to_vec(&state.configuration(language)).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What Trunk built beside the page: hashed files for a year, others asked about each time.
pub(crate) async fn asset(State(state): State<Arc<app::State>>, request: Request) -> Response {
    let headers = request.headers();
    let found = state
        .pages
        .current()
        .and_then(|built| built.assets.get(request.uri().path()).cloned())
        .or_else(|| messages::file(request.uri().path()));
    match found {
        Some(asset) if request.method() == Method::GET || request.method() == Method::HEAD => {
            let mut response = asset.respond(headers);
            widget::share(request.uri().path(), response.headers_mut());
            response
        }
        _ => {
            let wants_page = headers
                .get(header::ACCEPT)
                .and_then(|accept| accept.to_str().ok())
                .is_some_and(|accept| accept.contains("text/html"));
            if wants_page && request.method() == Method::GET {
                // A wrong link still leads a person somewhere.
                return page(state, request, Kind::Nowhere, StatusCode::NOT_FOUND).await;
            }
            not_found(request).await
        }
    }
}

/// Neither a page nor a call: of its path, or of its method there.
pub(crate) async fn not_found(request: Request) -> Response {
    Failure::new(Code::NotFound, "nothing is served here").into_problem(RequestId::of(&request))
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    fn languages() -> impl Strategy<Value = Language> {
        select(Language::all().collect::<Vec<_>>())
    }

    fn asked(path: &str, cookie: &[u8], accept: &[u8]) -> Language {
        let headers = [(header::COOKIE, cookie), (header::ACCEPT_LANGUAGE, accept)];
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name, HeaderValue::from_bytes(value).unwrap()));
        language(&path.parse().unwrap(), &headers.collect())
    }

    proptest! {
        #[test]
        fn a_remembered_language_is_read_back_whatever_stands_beside_it(
            remembered in languages(), other in languages(), region in "(-[A-Z]{2})?",
            before in "([a-z]{1,8}=[a-zé=&]{0,8}; ){0,3}", after in "(; [a-z]{1,8}=[a-zé=&]{0,8}){0,3}",
        ) {
            let tag = remembered.as_str();
            let cookie = format!("{before}admit-one-lang={tag}{region}{after}");
            let accept = other.as_str().as_bytes();
            prop_assert_eq!(asked("/callback/club?code=c", cookie.as_bytes(), accept), remembered);
            let path = format!("/?lang={}", other.as_str());
            prop_assert_eq!(asked(&path, cookie.as_bytes(), accept), other, "the address comes first");
        }

        #[test]
        fn what_is_remembered_and_is_no_language_counts_for_nothing(
            odd in "[^;\\p{C}]{0,20}", wished in languages(),
        ) {
            let known = Language::all().any(|language| {
                odd.trim().split(['-', '_', '&']).next().unwrap().eq_ignore_ascii_case(language.as_str())
            });
            prop_assume!(!known);
            let cookie = format!("admit-one-lang={odd}");
            prop_assert_eq!(asked("/", cookie.as_bytes(), wished.as_str().as_bytes()), wished);
        }
    }
}
