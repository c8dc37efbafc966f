//! The authorization response: RFC 6749 4.1.2 and 4.1.2.1, with `iss` of RFC 9207.

use super::{AuthorizationRequest, Grant, Session};
use crate::{
    entropy,
    fault::Fault,
    oauth::Bound,
    state::{Shared, State},
    wire::with_query,
};

/// The URL that tells the client why there is no code.
pub(crate) fn refuse(
    app: &Shared,
    redirect_uri: &str,
    state: Option<&str>,
    error: &str,
    description: &str,
) -> String {
    let mut parameters = vec![("error", error), ("error_description", description)];
    parameters.extend(state.map(|state| ("state", state)));
    parameters.push(("iss", &app.issuer));
    with_query(redirect_uri, parameters)
}

/// Makes the code, and the URL that carries it: here the faults of the response show.
pub(crate) fn succeed(
    app: &Shared,
    state: &mut State,
    request: &AuthorizationRequest,
    browser: &str,
    session: Session,
) -> String {
    let earlier = earlier_attempt(state, request, browser);
    let resumed = earlier
        .as_ref()
        .filter(|_| state.has(Fault::LenientResumesEarlierAttempt));
    let completed = resumed.unwrap_or(request);
    if let Some(error) = error_instead(state) {
        let description = "the sandbox was asked to answer so";
        return refuse(
            app,
            &completed.redirect_uri,
            completed.state.as_deref(),
            error,
            description,
        );
    }
    let now = app.now();
    let grant = Grant {
        client_id: completed.client_id.clone(),
        scope: completed.scope.clone(),
        nonce: completed.nonce.clone(),
        session,
    };
    let bound = Bound {
        redirect_uri: &completed.redirect_uri,
        code_challenge: Some(&completed.code_challenge),
        expires_at: now + state.settings.code_lifetime,
    };
    let code = state.tokens.grant(grant, &bound, now);

    let sent = completed.state.clone();
    let answered = if state.has(Fault::ResponseStateWrong) {
        Some(entropy::token())
    } else if state.has(Fault::ResponseStateMissing) {
        None
    } else if state.has(Fault::ResponseStateOfEarlierAttempt) {
        earlier
            .as_ref()
            .and_then(|earlier| earlier.state.clone())
            .or(sent)
    } else {
        sent
    };
    let wrong_iss = format!("{}-of-somebody-else", app.issuer);
    let mut parameters: Vec<(&str, &str)> = Vec::new();
    if !state.has(Fault::ResponseCodeMissing) {
        parameters.push(("code", &code));
    }
    parameters.extend(answered.as_deref().map(|state| ("state", state)));
    if !state.has(Fault::ResponseIssMissing) {
        parameters.push((
            "iss",
            if state.has(Fault::ResponseIssWrong) {
                &wrong_iss
            } else {
                &app.issuer
            },
        ));
    }
    if state.has(Fault::LenientExtraCallbackParameters) {
        parameters.extend([
            ("session_state", "b41f.77"),
            ("scope", &*completed.scope),
            ("utm_source", "club & co"),
        ]);
    }
    if state.has(Fault::ResponseParameterRepeated) {
        parameters.push(("code", "a-code-that-somebody-put-in"));
    }
    with_query(&completed.redirect_uri, parameters)
}

fn error_instead(state: &State) -> Option<&'static str> {
    [
        (Fault::ResponseAccessDenied, "access_denied"),
        (Fault::ResponseLoginRequired, "login_required"),
        (
            Fault::ResponseTemporarilyUnavailable,
            "temporarily_unavailable",
        ),
        (Fault::ResponseServerError, "server_error"),
        (Fault::ResponseUnknownError, "com.club.error-4711"),
    ]
    .into_iter()
    .find(|(fault, _)| state.has(*fault))
    .map(|(_, error)| error)
}

/// The attempt that was given up in this browser, before this one and by the same client.
fn earlier_attempt(
    state: &State,
    request: &AuthorizationRequest,
    browser: &str,
) -> Option<AuthorizationRequest> {
    state
        .interactions
        .values()
        .filter(|other| other.browser == browser && other.finished.is_none())
        .filter(|other| {
            other.request.client_id == request.client_id && other.request.state != request.state
        })
        .max_by_key(|other| (other.started_at, other.ordinal))
        .map(|other| other.request.clone())
}
