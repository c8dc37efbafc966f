//! The pages by their paths. There are eight, so this is an enum and not a router.

/// A page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Route {
    /// `/`: the choice of providers, or the account of a buyer who is signed in.
    SignIn,
    /// `/callback/{provider}`.
    Callback,
    /// `/landing/{provider}`: where SSO2 sends the buyer back to.
    Landing,
    /// `/profile`: what is missing.
    Profile,
    /// `/account`.
    Account,
    /// `/signed-out`: where a provider sends the buyer back to.
    SignedOut,
    /// `/widget`: what a partner's page has opened.
    Widget,
    /// Anything else.
    Unknown,
}

impl Route {
    /// The page that the address names.
    pub fn here() -> Route {
        Route::parse(&crate::browser::path())
    }

    /// The page at this path, which may have a query and a trailing slash.
    pub fn parse(path: &str) -> Route {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        match path.trim_end_matches('/') {
            "" => Route::SignIn,
            "/profile" => Route::Profile,
            "/account" => Route::Account,
            "/signed-out" => Route::SignedOut,
            "/widget" => Route::Widget,
            path if is_below(path, "/callback/") => Route::Callback,
            path if is_below(path, "/landing/") => Route::Landing,
            _ => Route::Unknown,
        }
    }

    /// The path of a page that can be gone to.
    pub fn path(&self) -> &'static str {
        match self {
            Route::Profile => "/profile",
            Route::Account => "/account",
            Route::SignedOut => "/signed-out",
            Route::Widget => "/widget",
            Route::SignIn | Route::Callback | Route::Landing | Route::Unknown => "/",
        }
    }

    /// The key of the page's title.
    pub fn title(&self) -> &'static str {
        match self {
            Route::SignIn => "sign_in.title",
            Route::Callback => "callback.title",
            Route::Landing => "landing.title",
            Route::Profile => "profile.title",
            Route::Account => "account.title",
            Route::SignedOut => "signed_out.title",
            Route::Widget => "widget.title",
            Route::Unknown => "failure.title",
        }
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|id| !id.is_empty())
}
