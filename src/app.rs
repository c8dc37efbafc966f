//! The app: what its parts share, and which page is shown.

use admit_one_protocol::{Code, api::PublicConfiguration};
use leptos::{mount::mount_to, prelude::*};

use crate::{
    api,
    browser::{self, Entry},
    failure::Failure,
    messages::{self, t, title},
    pages,
    route::Route,
    session::Session,
    tabs,
    widget::Question,
};

/// What the parts of the app share.
#[derive(Clone, Copy)]
pub struct App {
    /// From the data block.
    pub configuration: StoredValue<PublicConfiguration>,
    /// The page.
    pub route: RwSignal<Route>,
    /// Who is signed in.
    pub session: Session,
    /// What stands in place of the page.
    pub failure: RwSignal<Option<Failure>>,
    /// What went wrong on the page, beside what is on it.
    pub notice: RwSignal<Option<Failure>>,
    /// The buyer has completed the profile on this page.
    pub completed: RwSignal<bool>,
    /// What the buyer is asked on a partner's behalf.
    pub asking: RwSignal<Option<Question>>,
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
        self.route.set(Route::here());
    }

    /// Shows a failure in place of the page. The address becomes the sign-in page's, so that a reload begins anew.
    pub fn fail(self, failure: Failure) {
        browser::complain("Admit One", &failure.for_developers().into());
        let comes_back = |route| matches!(route, Route::Callback | Route::Landing);
        if comes_back(self.route.get_untracked()) {
            if comes_back(Route::here()) {
                browser::set_path("/", Entry::Replace);
            }
            self.route.set(Route::SignIn);
        }
        self.starting.set(None);
        browser::set_title(&title(failure.title()));
        self.failure.set(Some(failure));
        browser::spawn(async {
            browser::sleep(0).await;
            browser::focus_heading();
        });
    }

    /// The provider whose callback the address is.
    pub fn callback_provider(self) -> Option<String> {
        let here = [browser::origin(), browser::path()].concat();
        let configuration = self.configuration.read_value();
        configuration
            .providers
            .iter()
            .find(|provider| provider.redirect_uri == here)
            .map(|provider| provider.id.clone())
    }
}

/// Mounts the whole app, with the configuration of the data block or, on a page without one, of the backend.
pub fn mount() {
    let page = |app: App| {
        app.session.observe();
        tabs::listen(app);
        browser::spawn(tabs::resume(app));
        whole(app)
    };
    match browser::configuration() {
        Some(configuration) => place(configuration, page),
        None => browser::spawn(async move {
            for pause in [500, 1000, 2000, 4000, 8000] {
                let lang = browser::parameter("lang");
                if let Ok(configuration) = api::configuration(lang.as_deref()).await {
                    browser::set_boot_nonce(&configuration.nonce);
                    return place(configuration, page);
                }
                browser::sleep(pause).await;
            }
            browser::complain("the configuration can't be read", &"".into());
        }),
    }
}

/// Mounts a page in place of what was served.
fn place(mut configuration: PublicConfiguration, page: fn(App) -> AnyView) {
    let messages = std::mem::take(&mut configuration.messages);
    messages::set_name(messages.get("app.name"));
    let file = browser::boot_messages();
    let file = file.and_then(|file| serde_json::from_slice(file.as_bytes()).ok());
    messages::set_messages(file.unwrap_or(messages));
    let support = configuration.support_url.take();
    let Some(place) = browser::mount_point() else {
        return;
    };
    mount_to(place, move || {
        let configuration = StoredValue::new(configuration);
        let app = App {
            configuration,
            route: RwSignal::new(Route::here()),
            session: Session::nobody(configuration),
            failure: RwSignal::new(None),
            notice: RwSignal::new(None),
            completed: RwSignal::new(false),
            asking: RwSignal::new(None),
            starting: RwSignal::new(None),
        };
        vec![page(app), support.map_or_else(pages::parts::nothing, help)]
    })
    .forget();
    browser::unmark_session();
    browser::boot_ready();
}

/// Where a buyer finds help, if the operator says so.
fn help(url: String) -> AnyView {
    view! { <footer class="support"><a href=url>{t("app.support")}</a></footer> }.into_any()
}

/// The page that the address and the session ask for.
fn whole(app: App) -> AnyView {
    let signed_in = Memo::new(move |_| app.session.is_signed_in());
    announce_page(app, signed_in);
    pages::parts::dynamic(move || {
        if let Some(failure) = app.failure.get() {
            return pages::failure::failure(app, failure);
        }
        match (app.route.get(), signed_in.get()) {
            (Route::Callback, _) => pages::callback::callback(app),
            (Route::Landing, _) => pages::landing::landing(app),
            (Route::Widget, _) => pages::widget::widget(app),
            (Route::Unknown, _) => pages::failure::failure(app, Code::NotFound.into()),
            (Route::Profile, true) => pages::profile::profile(app),
            (Route::SignedOut, false) => pages::signed_out::signed_out(app),
            (_, true) => pages::account::account(app),
            (_, false) => pages::sign_in::sign_in(app),
        }
    })
}

/// On a change of page: the title, and the focus on the new heading.
fn announce_page(app: App, signed_in: Memo<bool>) {
    Effect::new(move |before: Option<&'static str>| {
        let failed = app.failure.read().as_ref().map(Failure::title);
        let name = match (failed, app.route.get(), signed_in.get()) {
            (Some(title), ..) => title,
            (_, Route::SignIn | Route::SignedOut, true) => "account.title",
            (_, Route::Account | Route::Profile, false) => "sign_in.title",
            (_, Route::Widget, _) => {
                let asking = app.asking.read();
                asking
                    .as_ref()
                    .map_or(Route::Widget.title(), Question::title)
            }
            (_, route, _) => route.title(),
        };
        browser::set_title(&title(name));
        if before.is_some_and(|before| before != name) {
            browser::focus_heading();
        }
        name
    });
}
