//! The app: what its parts share, and which page is shown.

use admit_one_protocol::api::PublicConfiguration;
use leptos::{mount::mount_to, prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;

use crate::{
    api,
    browser::{self, Entry},
    failure::Failure,
    messages::{self, t},
    pages,
    route::Route,
    session::Session,
    tabs,
};

/// What the parts of the app share.
#[derive(Clone, Copy)]
pub struct App {
    /// From the data block.
    pub configuration: RwSignal<PublicConfiguration>,
    /// The page.
    pub route: RwSignal<Route>,
    /// Who is signed in.
    pub session: Session,
    /// What stands in place of the page.
    pub failure: RwSignal<Option<Failure>>,
    /// What went wrong on the page, beside what is on it.
    pub notice: RwSignal<Option<Failure>>,
    /// The provider that the page is leaving for.
    pub starting: RwSignal<Option<String>>,
}

impl App {
    /// Goes to a page.
    pub fn go(self, route: Route, entry: Entry) {
        browser::set_path(route.path(), entry);
        self.failure.set(None);
        self.notice.set(None);
        self.route.set(route);
    }

    /// Shows the page that the address names.
    pub fn follow(self) {
        self.failure.set(None);
        self.notice.set(None);
        self.route.set(Route::parse(&browser::path()));
    }

    /// Shows a failure in place of the page. The address becomes the sign-in page's, so that a reload begins anew.
    pub fn fail(self, failure: Failure) {
        browser::complain(
            &format!("Admit One: {}", failure.for_developers()),
            &JsValue::from(failure.code.advice()),
        );
        if self.route.get_untracked() == Route::Callback {
            browser::set_path("/", Entry::Replace);
            self.route.set(Route::SignIn);
        }
        self.starting.set(None);
        self.failure.set(Some(failure));
    }

    /// The provider whose callback the address is.
    pub fn callback_provider(self) -> Option<String> {
        let here = format!("{}{}", browser::origin(), browser::path());
        let configuration = self.configuration.read_untracked();
        configuration
            .providers
            .iter()
            .find(|provider| provider.redirect_uri == here)
            .map(|provider| provider.id.clone())
    }
}

/// Mounts the app, with the configuration of the data block or, on a page without one, of the backend.
pub fn mount() {
    match browser::data_block().and_then(|text| serde_json::from_str(&text).ok()) {
        Some(configuration) => mount_with(configuration),
        None => spawn_local(async {
            for pause in [500, 1000, 2000, 4000, 8000] {
                if let Ok(configuration) =
                    api::configuration(browser::parameter("lang").as_deref()).await
                {
                    browser::set_boot_nonce(&configuration.nonce);
                    return mount_with(configuration);
                }
                browser::sleep(pause).await;
            }
            browser::complain("the configuration can't be read", &JsValue::NULL);
        }),
    }
}

/// Mounts the app with this configuration.
pub fn mount_with(mut configuration: PublicConfiguration) {
    messages::set_messages(std::mem::take(&mut configuration.messages));
    let Some(place) = browser::mount_point() else {
        return;
    };
    mount_to(place, move || {
        let configuration = RwSignal::new(configuration);
        let app = App {
            configuration,
            route: RwSignal::new(Route::parse(&browser::path())),
            session: Session::restore(configuration),
            failure: RwSignal::new(None),
            notice: RwSignal::new(None),
            starting: RwSignal::new(None),
        };
        provide_context(app);
        tabs::listen(app);
        spawn_local(tabs::resume(app));
        view! { <Page/> <Support/> }
    })
    .forget();
    browser::unmark_session();
    browser::boot_ready();
}

/// The page that the address and the session ask for.
#[component]
fn Page() -> impl IntoView {
    let app = expect_context::<App>();
    let signed_in = Memo::new(move |_| app.session.is_signed_in());
    announce_page(app, signed_in);
    move || {
        if let Some(failure) = app.failure.get() {
            return view! { <pages::failure::FailurePage failure/> }.into_any();
        }
        match (app.route.get(), signed_in.get()) {
            (Route::Callback, _) => view! { <pages::callback::Callback/> }.into_any(),
            (Route::Unknown, _) => pages::failure::not_found().into_any(),
            (Route::Profile, true) => view! { <pages::profile::Profile/> }.into_any(),
            (Route::SignedOut, false) => view! { <pages::signed_out::SignedOut/> }.into_any(),
            (_, true) => view! { <pages::account::Account/> }.into_any(),
            (_, false) => view! { <pages::sign_in::SignIn/> }.into_any(),
        }
    }
}

/// On a change of page: the title, and the focus on the new heading.
fn announce_page(app: App, signed_in: Memo<bool>) {
    Effect::new(move |before: Option<String>| {
        let name = match (
            app.failure.read().is_some(),
            app.route.get(),
            signed_in.get(),
        ) {
            (true, ..) => "failure",
            (_, Route::SignIn, true) => "account",
            (_, Route::Account | Route::Profile, false) => "sign_in",
            (_, route, _) => route.name(),
        };
        browser::set_title(&format!(
            "{} · {}",
            t(&format!("{name}.title")),
            t("app.name")
        ));
        if before.is_some_and(|before| before != name) {
            browser::focus_heading();
        }
        name.to_owned()
    });
}

/// Where a buyer finds help, if the operator says so.
#[component]
fn Support() -> impl IntoView {
    let app = expect_context::<App>();
    let url = app.configuration.read_untracked().support_url.clone();
    url.map(|url| view! { <footer class="support"><a href=url>{t("app.support")}</a></footer> })
}
