//! Steps C to I of Payway SSO2 in the browser: the landing page is arrived at, from the identify endpoint or from a login
//! form of somebody else's, and the session that it is about becomes a sign-in of this browser, or doesn't.

use admit_one_protocol::{
    Code,
    api::{
        AuthenticateRequest, Kind, LandingRequest, SessionOutcome, SessionResponse, StatusRequest,
    },
    authorization::PendingAuthorization,
    sso2::{
        authenticate::Password,
        landing::{Arrival, central_login_url, return_uri},
    },
};
use leptos::prelude::*;

use crate::{
    api,
    app::App,
    browser::{self, Entry, Lock},
    callback::{Progress, Trouble, claim, finish, keep_destination, start_again},
    failure::Failure,
    pending,
    route::Route,
    sign_out, status, sync, verify,
};

/// A sign-in that is open, and the call that it is in.
struct Attempt {
    app: App,
    pending: PendingAuthorization,
    lock: Lock,
}

/// One try, from the address to the session, or to the form that comes before it.
pub(crate) async fn attempt(app: App, progress: RwSignal<Progress>) -> Result<(), Trouble> {
    let here = [browser::origin(), browser::path()].concat();
    let arrival = Arrival::parse(&browser::query(), &here).map_err(|error| {
        let failure = Failure::new(error.code()).with_detail(error);
        Trouble::Final(Failure {
            provider: app.callback_provider(),
            ..failure
        })
    })?;
    let found = pending::find(arrival.state())
        .filter(|pending| pending.kind == Kind::Sso2 && pending.is_answered_at(&here));
    let Some(pending) = found else {
        return unknown(app);
    };
    let _cookie = sign_out::before_a_cookie().await;
    let lock = claim(app, &pending).await?;
    if app.route.get_untracked() != Route::Landing {
        return Ok(()); // another page with this landing has finished it
    }
    // Another page may have been here meanwhile.
    let pending = pending::find(&pending.state).unwrap_or(pending);
    let attempt = Attempt { app, pending, lock };
    if attempt.pending.is_expired(browser::now_ms()) {
        return Err(attempt.last(Failure::new(Code::StateExpired)));
    }
    match (arrival, attempt.pending.session.clone()) {
        (Arrival::Refused { code, .. }, _) => Err(attempt.last(Failure::new(code))),
        (Arrival::Identified { t, .. }, None) => attempt.land(t, progress).await,
        // A reload, the back button, or the return from a login form of somebody else's.
        (_, Some(session)) => attempt.ask(session, progress).await,
        (Arrival::Returned { .. }, None) => {
            Err(attempt.spent(Failure::new(Code::Sso2SessionUnknown)))
        }
    }
}

/// A landing that nobody here has begun signs nobody in.
fn unknown(app: App) -> Result<(), Trouble> {
    app.session.observe();
    if app.session.current().is_some() {
        app.go(Route::Account, Entry::Replace);
        browser::spawn(sync::onward(app));
        return Ok(());
    }
    Err(Trouble::Final(Failure {
        provider: app.callback_provider(),
        ..Code::StateUnknown.into()
    }))
}

impl Attempt {
    /// Step C: the backend judges the message.
    async fn land(self, t: String, progress: RwSignal<Progress>) -> Result<(), Trouble> {
        let answer = api::landing(&self.pending.provider, &LandingRequest { t }).await;
        let answer = answer.map_err(|failure| self.refused(failure))?;
        if let (SessionOutcome::Anonymous, Some(session)) = (answer.outcome, &answer.session) {
            let mut pending = self.pending.clone();
            pending.session = Some(session.clone());
            pending::claim(pending, None);
            // The message leaves the address and the history with it.
            let state = browser::encoded(&self.pending.state);
            let path = [&*browser::path(), "?state=", &state].concat();
            browser::set_path(&path, Entry::Replace);
            return self.form(progress, Central::GoTo);
        }
        self.settle(answer)
    }

    /// Steps G and H: the session is asked about, since nothing in the address says what has become of it.
    async fn ask(self, session: String, progress: RwSignal<Progress>) -> Result<(), Trouble> {
        let request = StatusRequest {
            session: Some(session),
            handle: None,
        };
        let answer = api::status(&self.pending.provider, &request).await;
        let answer = answer.map_err(|failure| self.refused(failure))?;
        if answer.outcome == SessionOutcome::Anonymous {
            pending::claim(self.pending.clone(), None);
            return self.form(progress, Central::Offer);
        }
        self.settle(answer)
    }

    /// Step D: our own login form, or the way to a central one.
    fn form(self, progress: RwSignal<Progress>, central: Central) -> Result<(), Trouble> {
        let state = self.pending.state.clone();
        match self.central_form() {
            None => progress.set(Progress::LoginForm(state)),
            // Once it returns `true` the page is being left.
            Some(url) if central == Central::GoTo && browser::leave(&url) => {}
            Some(url) => progress.set(Progress::CentralForm(url)),
        }
        Ok(())
    }

    fn central_form(&self) -> Option<String> {
        let configuration = self.app.configuration.read_value();
        let provider = configuration.provider(&self.pending.provider)?;
        let back = return_uri(&self.pending.redirect_uri, &self.pending.state);
        provider
            .login_url
            .as_deref()
            .map(|url| central_login_url(url, &back))
    }

    /// Step I is the backend's: here is who signed in.
    fn settle(self, answer: SessionResponse) -> Result<(), Trouble> {
        let session = match (answer.outcome, answer.tokens) {
            (SessionOutcome::SignedIn, Some(tokens)) => verify::vouched(tokens, &self.pending),
            (SessionOutcome::Identify | SessionOutcome::Ended, _) => {
                return Err(self.spent(Failure::new(Code::Sso2SessionUnknown)));
            }
            _ => return Err(self.last(Failure::new(Code::Internal))),
        };
        let session = session.map_err(|refused| self.last(refused.into()))?;
        status::note();
        finish(self.app, session, &self.pending.state, Some(self.lock));
        Ok(())
    }

    /// What a refused call means for the sign-in.
    fn refused(&self, failure: Failure) -> Trouble {
        match failure.code {
            _ if failure.is_transient() => {
                pending::claim(self.pending.clone(), None);
                Trouble::Passing(failure.at(&self.pending.provider))
            }
            // Identifying again brings a new session, or a new ticket.
            Code::Sso2SessionUnknown | Code::Sso2TicketRefused => self.spent(failure),
            _ => self.last(failure),
        }
    }

    fn spent(&self, failure: Failure) -> Trouble {
        pending::consume(&self.pending.state);
        let failure = failure.at(&self.pending.provider);
        Trouble::Spent(failure, Box::new(self.pending.clone()))
    }

    fn last(&self, failure: Failure) -> Trouble {
        pending::consume(&self.pending.state);
        keep_destination(&self.pending.return_to);
        Trouble::Final(failure.at(&self.pending.provider))
    }
}

/// Whether the buyer is sent to a central login form, or asked.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Central {
    /// They have just pressed the button that leads there.
    GoTo,
    /// They have been there and came back as nobody.
    Offer,
}

/// Step E: what was typed into our own login form. `Err` is for the form to show.
pub async fn log_in(
    app: App,
    state: &str,
    username: String,
    password: Password,
) -> Result<(), Failure> {
    let _cookie = sign_out::before_a_cookie().await;
    let lock = browser::lock(&pending::key(state)).await;
    let open = pending::find(state).filter(|pending| !pending.is_expired(browser::now_ms()));
    let Some((pending, session)) =
        open.and_then(|pending| pending.session.clone().map(|session| (pending, session)))
    else {
        // Another tab has finished this sign-in, or it has been open for too long.
        if let Err(Trouble::Final(failure)) = unknown(app) {
            app.fail(failure);
        }
        return Ok(());
    };
    let request = AuthenticateRequest {
        session,
        username,
        password,
    };
    let answer = api::authenticate(&pending.provider, &request).await;
    drop(request);
    let attempt = Attempt { app, pending, lock };
    let trouble = match answer {
        Err(failure) if failure.is_transient() || is_for_the_form(failure.code) => {
            return Err(failure);
        }
        Err(failure) => Err(attempt.refused(failure)),
        Ok(answer) => attempt.settle(answer),
    };
    match trouble {
        Ok(()) => {}
        Err(Trouble::Spent(failure, pending)) => start_again(app, failure, pending).await,
        Err(
            Trouble::Final(failure) | Trouble::Passing(failure) | Trouble::Unchanged(failure, _),
        ) => app.fail(failure),
    }
    Ok(())
}

/// What the buyer can do something about where they are.
fn is_for_the_form(code: Code) -> bool {
    matches!(
        code,
        Code::Sso2Credentials
            | Code::Sso2Frozen
            | Code::Sso2NotActive
            | Code::Sso2AuthenticateError
            | Code::RequestMalformed
    )
}
