//! What a partner's page asks for: it has opened `/widget` in a popup, or in its own place. The ordinary journey is walked,
//! and what came of it goes back to that page alone: sealed, to its origin, in a message or in the fragment of its address.

mod asked;
mod question;

use std::cell::Cell;

use admit_one_protocol::{
    Code,
    api::SignOutReach,
    handoff::{PublicPartner, SealRequest},
    step_up::StepUp,
};
use js_sys::Object;
use leptos::prelude::*;

use self::asked::{Action, Asked, Visit};
pub use self::question::{Question, Subject};
use crate::{
    again::Wait,
    api,
    app::App,
    browser::{self, Entry},
    callback::keep_destination,
    consent,
    failure::Failure,
    refresh,
    route::Route,
    session::SignedIn,
    sign_out::{self, Purpose},
    start, step_up, sync,
};

/// What the partner's page is told.
enum Answer {
    Sealed(String),
    SignedOut,
    /// The buyer didn't want to.
    Cancelled,
    Error(Code),
}

/// The address of this page, to come back to.
pub fn address() -> String {
    asked::address()
}

/// Whether a sign-in that comes back to this address goes on to a step-up.
pub fn is_for_step_up(address: &str) -> bool {
    asked::is_for_step_up(address)
}

/// The partner that a sign-in is for which comes back to this address.
pub fn awaits(address: &str) -> Option<PublicPartner> {
    Visit::awaits(address)
}

/// Where whoever is signed in already is taken instead, by a link to this address.
pub fn instead_of(address: String) -> String {
    Visit::instead_of(address)
}

/// If a sign-in for a partner was the way on this page: goes to where whoever has signed in elsewhere meanwhile is asked. Says
/// whether it was.
pub fn go_back_to_ask(app: App) -> bool {
    let wanted = start::wanted(&app.configuration.read_value()).unwrap_or_default();
    let is_awaited = app.route.get_untracked() == Route::SignIn && awaits(&wanted).is_some();
    if is_awaited {
        go(app, &instead_of(wanted));
    }
    is_awaited
}

/// Does what was asked for, as far as it can be done now; what leads elsewhere comes back to this page. `agreed` is the
/// question that the buyer has just said yes to.
pub async fn run(app: App, agreed: Option<Question>) {
    if LEAVING.get() {
        return;
    }
    let asked = match Asked::here() {
        Ok(asked) => asked,
        Err(code) => return refuse(app, code),
    };
    let mut wait = Wait::new(app);
    let acted = loop {
        match act(app, &asked, agreed.clone()).await {
            // The buyer can try again here, and need not where it passes.
            Err(failure) if failure.is_transient() => {
                app.notice.set(Some(failure.clone()));
                if !wait.is_over(failure).await {
                    return;
                }
            }
            acted => break acted,
        }
    };
    match acted {
        Ok(Some(answer)) => hand_over(app, &asked, answer).await,
        Ok(None) => {}
        Err(failure) if asked.partner.is_some() => {
            browser::complain("Admit One", &failure.for_developers().into());
            hand_over(app, &asked, Answer::Error(failure.code)).await;
        }
        Err(failure) => app.fail(failure),
    }
}

/// The buyer doesn't want what they were asked: that is all that the partner's page is told.
pub async fn cancel(app: App) {
    app.asking.set(None);
    app.notice.set(None);
    match Asked::here() {
        Ok(asked) => hand_over(app, &asked, Answer::Cancelled).await,
        Err(code) => app.fail(code.into()),
    }
}

/// The same on a page that comes before this one, and leads to this address of it.
pub async fn cancel_at(app: App, address: &str) {
    browser::set_path(address, Entry::Replace);
    cancel(app).await;
}

/// Signs out here, to come back and sign in as somebody else.
pub async fn other_account(app: App) {
    if app.session.current().is_some()
        && let Err(failure) = end(app, Purpose::OtherAccount).await
    {
        app.fail(failure);
    }
}

/// Back from a sign-out that began on this page: goes on there, and says so.
pub fn signed_out(app: App) -> bool {
    if (LEAVING.replace(false) || browser::parameter("state").is_some())
        && let Some(address) = Visit::signed_out()
    {
        browser::spawn(async move { go(app, &address) });
        return true;
    }
    false
}

/// Goes to the page of this address.
pub fn go(app: App, address: &str) {
    app.go(Route::Widget, Entry::Replace);
    browser::set_path(address, Entry::Replace);
}

/// The answer; `None` where the page is being left, or another one shown, or the buyer asked, for what has to come first.
async fn act(app: App, asked: &Asked, agreed: Option<Question>) -> Result<Option<Answer>, Failure> {
    // A step-up that didn't work.
    if let Some(failure) = app.notice.get_untracked().filter(|notice| notice.unchanged) {
        return Err(failure);
    }
    app.notice.set(None);
    let session = app.session.current();
    if asked.action == Action::SignOut {
        return leave(app, asked, session, agreed).await;
    }
    let Some(session) = session else {
        if asked.action == Action::StepUp && !step_up::is_anywhere(app) {
            return Err(Code::StepUpUnavailable.into());
        }
        sign_in(app);
        return Ok(None);
    };
    let Some(partner) = &asked.partner else {
        return load_again();
    };
    if !consent::is_given(partner, &session) {
        let question = Question::new(Subject::Release, partner, &session);
        if !asked.is_fresh && agreed.as_ref() != Some(&question) {
            app.asking.set(Some(question));
            return Ok(None);
        }
        consent::give(partner, &session);
    }
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
            let question = Question::new(Subject::StepUp, partner, &session);
            if agreed.as_ref() != Some(&question) {
                app.asking.set(Some(question));
                return Ok(None);
            }
            step_up::begin(app, &StepUp::default(), None).await?;
            return Ok(None);
        }
    }
    // A token that is about to expire is of no use to the partner; without a fresh one it does with the old.
    if session.is_due() {
        let _ = refresh::refresh(app).await;
    }
    let now = app.session.current();
    let Some(session) = now.filter(|now| now.is_same_person(&session)) else {
        browser::spawn(run(app, None)); // whoever it is now
        return Ok(None);
    };
    match api::seal(&request(app, asked, partner, &session)).await {
        Ok(answer) => Ok(Some(Answer::Sealed(answer.sealed))),
        Err(failure) if failure.ends_session() => {
            if app.session.end_of(&session, Some(failure.code)) {
                sign_in(app);
            } else {
                browser::spawn(run(app, None)); // whoever it is now
            }
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// To the choice of providers, and back here.
fn sign_in(app: App) {
    let back = Visit::sign_in();
    app.go(Route::SignIn, Entry::Replace);
    keep_destination(&back);
}

/// Has the page served for the partner: the one that the journey came from doesn't know who that is.
fn load_again() -> Result<Option<Answer>, Failure> {
    if browser::parameter("again").is_some() {
        return Err(Code::PartnerOrigin.into());
    }
    browser::leave_for_good(&[&address(), "&again="].concat());
    Ok(None)
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
    agreed: Option<Question>,
) -> Result<Option<Answer>, Failure> {
    // Not for a link that somebody has made up.
    let Some(partner) = &asked.partner else {
        return Err(Code::PartnerOrigin.into());
    };
    let Some(session) = session else {
        return Ok(Some(Answer::SignedOut));
    };
    let question = Question::new(Subject::SignOut, partner, &session);
    if agreed.as_ref() != Some(&question) {
        app.asking.set(Some(question));
        return Ok(None);
    }
    end(app, Purpose::Leave).await?;
    Ok(None)
}

/// Ends the session, perhaps by way of the provider, and comes back to this page.
async fn end(app: App, purpose: Purpose) -> Result<(), Failure> {
    LEAVING.set(true);
    Visit::sign_out();
    let left = sign_out::sign_out(app, SignOutReach::Here, purpose).await;
    left.inspect_err(|_| LEAVING.set(false))
}

fn request(app: App, asked: &Asked, partner: &PublicPartner, session: &SignedIn) -> SealRequest {
    SealRequest {
        handle: session.handle.clone(),
        partner: partner.id.clone(),
        origin: asked.origin.clone(),
        challenge: asked.challenge.clone(),
        id_token: session.id_token.clone(),
        profile_completed: app.completed.get_untracked(),
    }
}

/// For no partner of ours, or not for this page of theirs: so much its developer may know there. It says nothing of the buyer.
fn refuse(app: App, code: Code) {
    let parameter = |name| browser::parameter(name).unwrap_or_default();
    let message = Object::new();
    browser::set(&message, "challenge", &parameter("challenge").into());
    browser::set(&message, "error", &code.as_str().into());
    browser::tell_opener(&message, &parameter("origin"));
    app.fail(code.into());
}

/// To the window that has opened this one, which closes it; else into the address of the partner's page.
async fn hand_over(app: App, asked: &Asked, answer: Answer) {
    let message = Object::new();
    browser::set(&message, "challenge", &asked.challenge.as_str().into());
    match answer {
        Answer::Sealed(sealed) => browser::set(&message, "sealed", &sealed.into()),
        Answer::Error(code) => browser::set(&message, "error", &code.as_str().into()),
        // In the loader's words, as when the popup is closed.
        Answer::Cancelled => browser::set(&message, "error", &"popup_closed".into()),
        Answer::SignedOut => {}
    }
    Visit::forget();
    if let Some(session) = app.session.current() {
        app.session
            .update(&session, |session| session.return_to = None);
    }
    if browser::tell_opener(&message, &asked.origin) {
        browser::sleep(PATIENCE_MS).await;
    }
    let Some(page) = asked.return_uri() else {
        return app.fail(Code::PartnerOrigin.into());
    };
    let fragment = browser::in_address(&message);
    browser::leave_for_good(&[&page, "#admit-one=", &fragment].concat());
}

thread_local! {
    /// The page is being left to sign out.
    static LEAVING: Cell<bool> = const { Cell::new(false) };
}

/// How long the window that opened this one may take to close it.
const PATIENCE_MS: u32 = 1_500;
