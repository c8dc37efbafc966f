//! What a partner's page asks for: it has opened `/widget` in a popup, or in its own place. The ordinary journey is walked,
//! and what came of it goes back to that page alone: sealed, to its origin, in a message or in the fragment of its address.

use std::cell::Cell;

use admit_one_protocol::{Code, api::SignOutReach, handoff::SealRequest, step_up::StepUp};
use js_sys::Object;
use leptos::prelude::*;

use crate::{
    api,
    app::App,
    browser::{self, Entry, Shelf},
    callback::keep_destination,
    failure::Failure,
    refresh,
    route::Route,
    session::SignedIn,
    sign_out, step_up, sync,
};

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Action {
    SignIn,
    StepUp,
    SignOut,
}

/// What stands in the address.
struct Asked {
    partner: String,
    action: Action,
    challenge: String,
    /// The origin of the page that asks.
    origin: String,
    /// The page there that we come back to, by the backend's word: whoever asks doesn't choose where a result stands in an
    /// address. `None` where the backend has said nothing of the partner yet; then nothing but a seal of its is sent.
    return_uri: Option<String>,
}

/// What the partner's page is told.
enum Answer {
    Sealed(String),
    SignedOut,
    Error(Code),
}

/// The address of this page, to come back to.
pub fn address() -> String {
    ["/widget?", &browser::query()].concat()
}

/// Does what was asked for, as far as it can be done now; what leads elsewhere comes back to this page.
pub async fn run(app: App) {
    if LEAVING.get() {
        return;
    }
    let asked = match Asked::here() {
        Ok(asked) => asked,
        Err(code) => return app.fail(code.into()),
    };
    match act(app, &asked).await {
        Ok(Some(answer)) => hand_over(app, &asked, answer).await,
        Ok(None) => {}
        // The buyer can try again here.
        Err(failure) if failure.is_transient() => app.notice.set(Some(failure)),
        Err(failure) if asked.return_uri.is_some() => {
            browser::complain("Admit One", &failure.for_developers().into());
            hand_over(app, &asked, Answer::Error(failure.code)).await;
        }
        Err(failure) => app.fail(failure),
    }
}

/// Back from a sign-out that a partner's page has asked for.
pub fn signed_out(app: App) {
    if LEAVING.replace(false) || browser::parameter("state").is_some() {
        let wanted = served().filter(|(_, address)| address.contains("action=sign-out"));
        if let Some((_, address)) = wanted {
            browser::spawn(async move { go(app, &address) });
        }
    }
}

/// Goes to the page of this address.
pub fn go(app: App, address: &str) {
    app.go(Route::Widget, Entry::Replace);
    browser::set_path(address, Entry::Replace);
}

impl Asked {
    fn here() -> Result<Asked, Code> {
        let parameter = |name| browser::parameter(name).unwrap_or_default();
        let action = match &*parameter("action") {
            "sign-in" => Action::SignIn,
            "step-up" => Action::StepUp,
            "sign-out" => Action::SignOut,
            _ => return Err(Code::NotFound),
        };
        let (partner, origin) = (parameter("partner"), parameter("origin"));
        let return_path = match browser::partner().as_deref() {
            Some([known, path, origins @ ..]) if *known == partner => {
                if !origins.contains(&origin) {
                    return Err(Code::PartnerOrigin);
                }
                Shelf::Session.put(KEY, &[path, " ", &address()].concat());
                Some(path.clone())
            }
            Some([]) => return Err(Code::PartnerUnknown),
            // The journey has led here, and the page that was served was another.
            _ => served()
                .filter(|(_, known)| *known == address())
                .map(|(path, _)| path),
        };
        Ok(Asked {
            challenge: parameter("challenge"),
            return_uri: return_path.map(|path| [origin.as_str(), &path].concat()),
            partner,
            action,
            origin,
        })
    }
}

/// The `return_path` and the address of this page as it was served for its partner in this tab.
fn served() -> Option<(String, String)> {
    let text = Shelf::Session.text(KEY)?;
    let (path, address) = text.split_once(' ')?;
    Some((path.to_owned(), address.to_owned()))
}

/// The answer; `None` where the page is being left, or another one shown, for what has to come first.
async fn act(app: App, asked: &Asked) -> Result<Option<Answer>, Failure> {
    // A step-up that didn't work.
    if let Some(failure) = app.notice.get_untracked().filter(|notice| notice.unchanged) {
        return Err(failure);
    }
    app.notice.set(None);
    let session = app.session.current();
    if asked.action == Action::SignOut {
        return leave(app, asked, session).await;
    }
    let Some(session) = session else {
        sign_in(app);
        return Ok(None);
    };
    if session.missing.is_none() {
        come_back(app, &session);
        sync::onward(app).await;
        return Ok(None);
    }
    if session
        .missing
        .as_ref()
        .is_some_and(|missing| !missing.is_empty())
        && !session.later
    {
        come_back(app, &session);
        sync::proceed(app).await;
        return Ok(None);
    }
    if asked.action == Action::StepUp {
        let offered = step_up::offered(app, &session).ok_or(Code::StepUpUnavailable)?;
        if !step_up::is_done(&offered, &session) {
            step_up::begin(app, &StepUp::default(), None).await?;
            return Ok(None);
        }
    }
    // A token that is about to expire is of no use to the partner; without a fresh one it does with the old.
    if session.is_due() {
        let _ = refresh::refresh(app).await;
    }
    let Some(session) = app.session.current() else {
        sign_in(app);
        return Ok(None);
    };
    match api::seal(&request(app, asked, &session)).await {
        Ok(answer) => Ok(Some(Answer::Sealed(answer.sealed))),
        Err(failure) if failure.ends_session() => {
            app.session.end(Some(failure.code));
            sign_in(app);
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// To the choice of providers, and back here.
fn sign_in(app: App) {
    let address = address();
    app.go(Route::SignIn, Entry::Replace);
    keep_destination(&address);
}

/// What comes first leads here afterwards.
fn come_back(app: App, session: &SignedIn) {
    let address = address();
    app.session
        .update(session, |session| session.return_to = Some(address));
}

/// Signs out, perhaps by way of the provider; back from there nobody is signed in, and that is the answer.
async fn leave(
    app: App,
    asked: &Asked,
    session: Option<SignedIn>,
) -> Result<Option<Answer>, Failure> {
    // Not for a link that somebody has made up.
    if asked.return_uri.is_none() {
        return Err(Code::PartnerOrigin.into());
    }
    let Some(session) = session else {
        return Ok(Some(Answer::SignedOut));
    };
    // A provider may want the ID token back, which isn't kept on every rung.
    if session.id_token.is_none() && session.is_due() {
        let _ = refresh::refresh(app).await;
    }
    LEAVING.set(true);
    let left = sign_out::sign_out(app, SignOutReach::Here).await;
    left.inspect_err(|_| LEAVING.set(false))?;
    Ok(None)
}

fn request(app: App, asked: &Asked, session: &SignedIn) -> SealRequest {
    SealRequest {
        handle: session.handle.clone(),
        partner: asked.partner.clone(),
        origin: asked.origin.clone(),
        challenge: asked.challenge.clone(),
        id_token: session.id_token.clone(),
        profile_completed: app.completed.get_untracked(),
    }
}

/// To the window that has opened this one, which closes it; else into the address of the partner's page.
async fn hand_over(app: App, asked: &Asked, answer: Answer) {
    let message = Object::new();
    browser::set(&message, "challenge", &asked.challenge.as_str().into());
    match answer {
        Answer::Sealed(sealed) => browser::set(&message, "sealed", &sealed.into()),
        Answer::Error(code) => browser::set(&message, "error", &code.as_str().into()),
        Answer::SignedOut => {}
    }
    Shelf::Session.remove(KEY);
    if browser::tell_opener(&message, &asked.origin) {
        browser::sleep(PATIENCE_MS).await;
    }
    let Some(page) = &asked.return_uri else {
        return app.fail(Code::PartnerOrigin.into());
    };
    let fragment = browser::in_address(&message);
    browser::leave_for_good(&[page, "#admit-one=", &fragment].concat());
}

thread_local! {
    /// The page is being left to sign out.
    static LEAVING: Cell<bool> = const { Cell::new(false) };
}

/// What [`served`] reads.
const KEY: &str = "admit-one.widget";
/// How long the window that opened this one may take to close it.
const PATIENCE_MS: u32 = 1_500;
