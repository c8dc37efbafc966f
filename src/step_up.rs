//! Step-up: a buyer who is signed in gives one more proof, and what asked for it goes on. Until that has worked, and if it
//! doesn't, the session stays as it was.

use admit_one_protocol::{
    Code,
    api::{Custody, PublicStepUp},
    authorization::{
        AuthorizationCode, AuthorizationEntropy, PendingAuthorization, PendingStepUp, Replay,
        callback_state,
    },
    step_up::{StepUp, StepUpStart, SteppingUp},
};
use leptos::prelude::*;

use crate::{
    api,
    app::App,
    browser::{self, Entry, Shelf},
    custody,
    failure::Failure,
    grant, pages, pending, refresh,
    route::Route,
    session::SignedIn,
    sync, verify, widget,
};

/// The strong flow of the session's provider, where it has one.
pub fn offered(app: App, session: &SignedIn) -> Option<PublicStepUp> {
    let configuration = app.configuration.read_value();
    configuration.provider(&session.provider)?.step_up.clone()
}

/// Whether a provider has a strong flow.
pub fn is_anywhere(app: App) -> bool {
    let configuration = app.configuration.read_value();
    let mut providers = configuration.providers.iter();
    providers.any(|provider| provider.step_up.is_some())
}

/// Whether the session came out of it already.
pub fn is_done(offered: &PublicStepUp, session: &SignedIn) -> bool {
    let acr = session.claims.acr.as_ref();
    acr.is_some_and(|acr| offered.acr_values.contains(acr))
}

/// Leaves for the provider; what asked for it is sent again on return. Once it returns `Ok` the page is being left.
pub async fn begin(app: App, wanted: &StepUp, replay: Option<Replay>) -> Result<(), Failure> {
    let left = match leave(app, wanted, replay).await {
        // The access token may just have ended: a fresh one, and once more.
        Err(failure) if failure.code == Code::StepUpTicketRefused && is_refreshable(app) => {
            refresh::refresh(app).await?;
            leave(app, wanted, replay).await
        }
        left => left,
    };
    left.map_err(unchanged)
}

fn is_refreshable(app: App) -> bool {
    let session = app.session.current();
    session.is_some_and(|session| session.refreshable)
}

fn unchanged(failure: Failure) -> Failure {
    Failure {
        unchanged: true,
        ..failure
    }
}

async fn leave(app: App, wanted: &StepUp, replay: Option<Replay>) -> Result<(), Failure> {
    let session = app.session.current().ok_or(Code::HandleMissing)?;
    if session.access_token.is_none() && session.refreshable {
        refresh::refresh(app).await?;
    }
    let session = app.session.current().ok_or(Code::HandleMissing)?;
    let start = start(app, &session, wanted, replay)?;
    let state = start.pending.state.clone();
    pending::prune();
    let custody = app.configuration.read_value().custody;
    pending::keep(custody, &start.pending)?;
    if custody == Custody::Memory && !custody::lay_aside(&session, &state) {
        forget(&state);
        return Err(Code::StorageBlocked.into());
    }
    let answer = api::step_up(&start.request).await;
    let left = answer.and_then(|answer| {
        Shelf::Session.put(LEFT, &state);
        // Nothing is waited for: the ticket in it lives for seconds.
        if browser::leave(&answer.authorization_url) {
            Ok(())
        } else {
            Err(Code::ProviderError.into())
        }
    });
    left.inspect_err(|_| forget(&state))
}

fn start(
    app: App,
    session: &SignedIn,
    wanted: &StepUp,
    replay: Option<Replay>,
) -> Result<StepUpStart, Failure> {
    let entropy = || browser::entropy().ok_or(Code::CryptoUnavailable);
    let entropy = AuthorizationEntropy {
        state: entropy()?,
        nonce: entropy()?,
        code_verifier: entropy()?,
    };
    let configuration = app.configuration.read_value();
    let provider = configuration.provider(&session.provider);
    let provider = provider.ok_or(Code::ProviderUnknown)?;
    let stepping_up = SteppingUp {
        person: PendingStepUp {
            iss: session.claims.iss.clone(),
            sub: session.claims.sub.clone(),
            replay,
        },
        handle: session.handle.clone(),
        access_token: session.access_token.clone().unwrap_or_default(),
        return_to: match app.route.get_untracked() {
            Route::Widget => widget::address(),
            route => route.path().to_owned(),
        },
        lang: &configuration.lang,
    };
    StepUpStart::new(provider, wanted, stepping_up, entropy, browser::now_ms())
        .ok_or_else(|| Code::StepUpUnavailable.into())
}

/// Whether the address is the answer to a step-up: it may replace the session's tokens, so they aren't refreshed meanwhile.
pub fn is_coming_back(app: App) -> bool {
    let pending = || pending::find(&callback_state(&browser::query())?)?.step_up;
    app.route.get_untracked() == Route::Callback && pending().is_some()
}

/// Takes the code of the strong flow to a session in place of the one before, of the same person.
pub async fn come_back(
    app: App,
    code: &AuthorizationCode,
    stepping_up: &PendingStepUp,
) -> Result<(), Failure> {
    // A refresh in another tab would bring back the session of before.
    let lock = browser::lock(refresh::LOCK).await;
    app.session.observe();
    let before = app.session.current().ok_or(Code::HandleMissing)?;
    if !stepping_up.is_of(&before.claims.iss, &before.claims.sub) {
        return Err(Code::StepUpSub.into());
    }
    let mut request = code.exchange_request();
    request.handle = before.handle.clone();
    let tokens = api::exchange(&request).await?;
    let strong = verify::exchanged(tokens, code, code.pending()).await?;
    if !stepping_up.is_of(&strong.claims.iss, &strong.claims.sub) {
        return Err(Code::StepUpSub.into());
    }
    app.session.observe();
    let current = app.session.current();
    if current.is_none_or(|current| !current.is_same_session(&before)) {
        return Err(Code::HandleMissing.into()); // signed out meanwhile
    }
    if app.configuration.read_value().custody == Custody::Cookie {
        // Not before: until here the cookie is that of the session before.
        api::take_step_up().await?;
    }
    app.session.adopt(strong.in_place_of(&before));
    drop(lock);
    // From here on there is nothing left that a reload could send again.
    forget(&code.pending().state);
    go_back(app, code.pending());
    refresh::watch(app);
    browser::spawn(go_on(app, stepping_up.replay));
    Ok(())
}

/// What asked for the step-up is sent again, once.
async fn go_on(app: App, replay: Option<Replay>) {
    let Some(session) = app.session.current() else {
        return;
    };
    let is_synced = session.missing.is_some();
    if !is_synced && replay.is_none() {
        return sync::onward(app).await;
    }
    if !is_synced && let Err(failure) = sync::sync(app).await {
        return sync::refused(app, &session, failure);
    }
    match replay {
        Some(Replay::Grant) => grant::replay(app).await,
        Some(Replay::Complete) => pages::profile::replay(app).await,
        None => {}
    }
}

/// The step-up of this response didn't work: the buyer is where they were before, and reads why.
pub fn failed(app: App, pending: &PendingAuthorization, failure: Failure) {
    browser::complain("Admit One", &failure.for_developers().into());
    forget(&pending.state);
    app.session.observe();
    if app.session.current().is_none() {
        return app.fail(failure);
    }
    go_back(app, pending);
    if failure.ends_session() {
        app.session.end(Some(failure.code));
    } else {
        app.notice.set(Some(unchanged(failure)));
        refresh::watch(app);
    }
}

/// Whether this tab has left for a step-up and is back without an answer, by the back button: that is said once. The
/// pending one stays, for the forward button.
pub fn is_abandoned(app: App) -> bool {
    if app.route.get_untracked() == Route::Callback {
        return false; // with an answer
    }
    let Some(state) = Shelf::Session.text(LEFT) else {
        return false;
    };
    Shelf::Session.remove(LEFT);
    let pending = pending::find(&state).and_then(|pending| pending.step_up);
    let current = app.session.current();
    let same_person = pending
        .zip(current)
        .is_some_and(|(left, current)| left.is_of(&current.claims.iss, &current.claims.sub));
    if same_person {
        let failure = unchanged(Code::StepUpAbandoned.into());
        app.notice.set(Some(failure));
    }
    same_person
}

/// To the page that the buyer left.
fn go_back(app: App, pending: &PendingAuthorization) {
    match Route::parse(&pending.return_to) {
        Route::Widget => widget::go(app, &pending.return_to),
        Route::Profile => app.go(Route::Profile, Entry::Replace),
        _ => app.go(Route::Account, Entry::Replace),
    }
}

fn forget(state: &str) {
    pending::consume(state);
    custody::forget_aside();
    Shelf::Session.remove(LEFT);
}

/// The `state` of the step-up that this tab has left for.
const LEFT: &str = "admit-one.step-up";
