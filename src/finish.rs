//! A callback in its plain form, on the page as it was served: verifies what the exchange has brought, and shows who is
//! signed in. Whatever isn't plain is left to the whole app, which begins anew and does everything itself.

use admit_one_protocol::{
    api::{CookieMirror, Custody, TokensResponse},
    authorization::{AuthorizationCode, PendingAuthorization, callback_state},
};

use crate::{
    browser::{self, Entry},
    custody::{forget_answers, keep_return_to},
    pending,
    route::Route,
    signed_in::{SignedIn, put_down},
    verify,
};

/// Takes the response in the address to its end; then the app goes on, however it ended.
pub fn run() {
    browser::spawn(async {
        finish().await;
        browser::boot_load();
    });
}

/// Takes the answer to the exchange that `early.js` has sent, if all of it is as it should be; else nothing has changed.
///
/// What happens between two waits is a function of its own, here and in [`verify`]: a browser compiles each when it is first
/// called, and takes more than its share for a long one.
async fn finish() -> Option<()> {
    let (pending, code) = arrived()?;
    let answer = browser::boot_exchanged(SOON_MS).await?;
    let session = verify::exchanged(tokens(&answer)?, &code, &pending).await;
    end(&session.ok()?, &pending)
}

/// The sign-in that the address is a response to, where tokens are kept.
#[inline(never)]
fn arrived() -> Option<(PendingAuthorization, AuthorizationCode)> {
    custody()?;
    let query = browser::query();
    let pending = pending::find(&callback_state(&query)?)?;
    let code = pending.clone().accept(&query, browser::now_ms()).ok()?;
    Some((pending, code))
}

/// Puts the session down, and shows who is signed in.
#[inline(never)]
fn end(session: &SignedIn, pending: &PendingAuthorization) -> Option<()> {
    if !put_down(custody()?, mirror().as_ref(), session) {
        return None;
    }
    show(session);
    tidy(session, &pending.state);
    Some(())
}

#[inline(never)]
fn tidy(session: &SignedIn, state: &str) {
    let claims = &session.claims;
    if browser::boot_person().is_some_and(|(iss, sub)| iss != claims.iss || sub != claims.sub) {
        forget_answers();
    }
    keep_return_to(session);
    browser::announce(&session.person());
    pending::consume(state);
    pending::forget_restarts();
    browser::boot_release();
}

#[inline(never)]
fn tokens(answer: &str) -> Option<TokensResponse> {
    serde_json::from_slice(answer.as_bytes()).ok()
}

/// Shows who is signed in. The code leaves the address and the history.
#[inline(never)]
fn show(session: &SignedIn) {
    browser::boot_show(&session.shown_name());
    browser::set_path(Route::Account.path(), Entry::Replace);
    let message = |key: &str| browser::boot_data(&["messages", key]).unwrap_or_default();
    browser::set_title(&[&message("account.title"), " · ", &message("app.name")].concat());
}

/// Where tokens are kept, if they are: else they would end with this module.
fn custody() -> Option<Custody> {
    match browser::boot_data(&["custody"])?.as_str() {
        "local" => Some(Custody::Local),
        "session" => Some(Custody::Session),
        _ => None,
    }
}

fn mirror() -> Option<CookieMirror> {
    Some(CookieMirror {
        name: browser::boot_data(&["cookie_mirror", "name"])?,
        domain: browser::boot_data(&["cookie_mirror", "domain"])?,
    })
}

/// After which the page says more than that it is working.
const SOON_MS: u32 = 5_000;
