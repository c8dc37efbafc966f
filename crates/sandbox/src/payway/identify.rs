//! Identify, steps A to C: the visitor's browser comes with `t` and `r`, and leaves for the landing page with both.

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::get,
};
use serde_json::{Map, Value, json};

use super::{
    Session, Status,
    authenticate::issue_ticket,
    client::{Client, Site},
    jwt::{self, Operation, Refusal, Signed},
    visitor::notice,
};
use crate::{
    entropy::{self, base64url},
    fault::Fault,
    state::{App, State as Sandboxed},
    wire::{Parameters, cookie, found, not_json, set_cookie, with_query},
};

pub(super) fn router() -> Router<App> {
    Router::new().route("/identify", get(identify))
}

/// The cookie of SSO2's own host. Its name and lifetime aren't published by the vendor.
const SSO_COOKIE: &str = "payway_sso";

async fn identify(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if app.has(Fault::PaywayIdentifyHttp500) {
        return not_json(StatusCode::INTERNAL_SERVER_ERROR);
    }
    // The plugin appends `r` as it is, and other clients percent-encode it. A raw one loses its tail at the first `&`.
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let Some(t) = parameters.get("t") else {
        return refused("missing", "The link carries no message (t).");
    };
    let Some(r) = parameters.get("r") else {
        return refused("return", "The link doesn't say where to return to (r).");
    };
    let now = app.now();
    let signed = match Signed::read(&app.options, t) {
        Ok(signed) => signed,
        Err(why) => return refused(why.reason(), why.text()),
    };
    let client = signed.client.clone();
    match signed.check(Operation::Identify, now) {
        Ok(()) => {}
        // The words of `err` on the landing page aren't published by the vendor.
        Err(Refusal::Expired) => {
            return landed(
                &client,
                &[("t", &error(&client, "token_expired", now)), ("r", r)],
            );
        }
        Err(why) => return refused(why.reason(), why.text()),
    }

    let mut state = app.state();
    let (sid, browser) = session(&mut state, &headers, now);
    let status = state
        .payway
        .sessions
        .get(&sid)
        .map_or(Status::Anonymous, |session| session.status.clone());
    let mut claims = Map::new();
    claims.insert("sid".to_owned(), sid.into());
    claims.insert("sts".to_owned(), status.as_str().into());
    if let Status::LoggedIn(sub) = &status {
        let at = issue_ticket(&mut state, &client, sub, now);
        claims.insert("at".to_owned(), at.into());
    }
    let mut response = match client.site {
        Site::Outside => bent(&state, &client, claims, t, r, now),
        _ => landed(
            &client,
            &[("t", &signed_answer(&client, claims, now)), ("r", r)],
        ),
    };
    if let Some(browser) = browser {
        let cookie = set_cookie(SSO_COOKIE, &browser, "/", &app.options.payway_url);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The browser's session; where it has none, or one that was ended, a new anonymous one with a new cookie.
fn session(state: &mut Sandboxed, headers: &HeaderMap, now: i64) -> (String, Option<String>) {
    let payway = &mut state.payway;
    let known = cookie(headers, SSO_COOKIE).and_then(|browser| payway.browsers.get(browser));
    if let Some(sid) = known
        && let Some(session) = payway.sessions.get_mut(sid)
        && session.status != Status::Terminated
    {
        session.used_at = now;
        return (sid.clone(), None);
    }
    let (sid, browser) = (entropy::token(), entropy::token());
    let session = Session {
        status: Status::Anonymous,
        used_at: now,
    };
    payway.sessions.insert(sid.clone(), session);
    payway.browsers.insert(browser.clone(), sid.clone());
    (sid, Some(browser))
}

/// 302 to the landing page that was registered for the client.
fn landed(client: &Client, parameters: &[(&str, &str)]) -> Response {
    found(&with_query(&client.landing, parameters.iter().copied()))
}

fn signed_answer(client: &Client, claims: Map<String, Value>, now: i64) -> String {
    let claims = jwt::answer(claims, Operation::Identify.lifetime(), now);
    jwt::sign(&claims, client.secret)
}

fn error(client: &Client, err: &str, now: i64) -> String {
    let claims = Map::from_iter([("err".to_owned(), err.into())]);
    signed_answer(client, claims, now)
}

/// The landing with its faults, which are for the site under test alone.
fn bent(
    state: &Sandboxed,
    client: &Client,
    mut claims: Map<String, Value>,
    request: &str,
    r: &str,
    now: i64,
) -> Response {
    let has = |fault| state.has(fault);
    if has(Fault::PaywayLandingTicketMissing) {
        claims.remove("at");
    }
    if has(Fault::PaywayLandingSidMissing) {
        claims.remove("sid");
    }
    if has(Fault::PaywayLandingStatusUnknown) {
        claims.insert("sts".to_owned(), "asleep".into());
    }
    let mut claims = jwt::answer(claims, Operation::Identify.lifetime(), now);
    let mut shift = |seconds: i64| {
        let times =
            json!({ "iat": now + seconds, "nbf": now + seconds, "exp": now + seconds + 60 });
        if let Value::Object(times) = times {
            claims.extend(times);
        }
    };
    if has(Fault::PaywayLandingExpired) {
        shift(-3600);
    }
    if has(Fault::PaywayLandingNotYetValid) {
        shift(3600);
    }
    if has(Fault::PaywayLandingUndated) {
        claims.retain(|name, _| !["iat", "nbf", "exp"].contains(&name.as_str()));
    }
    let t = if has(Fault::PaywayLandingErr) {
        error(client, "internal_error", now)
    } else if has(Fault::PaywayLandingAlgNone) {
        jwt::unsigned(&claims)
    } else if has(Fault::PaywayLandingWrongSecret) {
        jwt::sign(&claims, "somebody-else's-secret-of-32-bytes")
    } else if has(Fault::PaywayLandingBadSignature) {
        spoilt(&jwt::sign(&claims, client.secret))
    } else if has(Fault::PaywayLandingGarbage) {
        "this-is.not-a-jwt".to_owned()
    } else if has(Fault::PaywayLandingReflected) {
        request.to_owned()
    } else {
        jwt::sign(&claims, client.secret)
    };
    let mut parameters = vec![("t", &*t), ("r", r)];
    if has(Fault::PaywayLandingTokenMissing) {
        parameters.remove(0);
    }
    if has(Fault::PaywayLandingReturnMissing) {
        parameters.retain(|(name, _)| *name != "r");
    }
    if has(Fault::PaywayLandingReturnElsewhere) {
        parameters.retain(|(name, _)| *name != "r");
        parameters.push(("r", "https://elsewhere.example/landing"));
    }
    landed(client, &parameters)
}

/// One bit of the signature is wrong.
fn spoilt(t: &str) -> String {
    let Some((input, signature)) = t.rsplit_once('.') else {
        return t.to_owned();
    };
    let mut tag = entropy::from_base64url(signature).unwrap_or_default();
    if let Some(first) = tag.first_mut() {
        *first ^= 1;
    }
    format!("{input}.{}", base64url(tag))
}

/// Without a client whose message holds there is nowhere to send the browser.
fn refused(reason: &'static str, why: &str) -> Response {
    notice(
        StatusCode::BAD_REQUEST,
        "This sign-in can't go on",
        why,
        reason,
    )
}
