//! The operations of the back channel: `POST`, JSON, `{"t": …}` both ways, and the verdict in the claims.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::post,
};
use serde_json::{Map, Value, json};

use super::{
    authenticate::{Reply, authenticate, authenticate_with_ticket, log_out, session_status},
    client::{Client, Site},
    jwt::{self, Operation, Signed},
};
use crate::{
    entropy,
    fault::Fault,
    state::{App, Shared, State as Sandboxed},
    wire::{self, not_json},
};

pub(super) fn router() -> Router<App> {
    let operation = |operation| {
        post(
            async move |State(app): State<App>, headers: HeaderMap, body: Bytes| {
                perform(&app, operation, &headers, &body).await
            },
        )
    };
    Router::new()
        .route("/sessionstatus", operation(Operation::SessionStatus))
        .route("/authenticate", operation(Operation::Authenticate))
        .route(
            "/authenticatewithticket",
            operation(Operation::AuthenticateWithTicket),
        )
        .route("/logout", operation(Operation::Logout))
}

async fn perform(
    app: &Shared,
    operation: Operation,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    if app.has(Fault::PaywaySlow) {
        tokio::time::sleep(app.options.slow).await;
    }
    let now = app.now();
    let request = match request(app, operation, headers, body, now) {
        Ok(request) => request,
        Err(refused) => return *refused,
    };
    let (client, sid) = (&request.client, request.text("sid"));
    let mut state = app.state();
    if let Some(broken) = broken_instead(&state, client, operation, now) {
        return broken;
    }
    let reply = match operation {
        Operation::SessionStatus | Operation::Identify => {
            session_status(&mut state, client, sid, request.text("lks"), now)
        }
        Operation::Authenticate => {
            let (usr, pwd) = (request.text("usr"), request.text("pwd"));
            authenticate(&mut state, client, sid, usr, pwd, now)
        }
        Operation::AuthenticateWithTicket => {
            authenticate_with_ticket(&mut state, client, sid, request.text("at"), now)
        }
        Operation::Logout => log_out(&mut state, sid),
    };
    answered(&state, client, operation, &reply, now)
}

/// What an operation takes, and nothing beside it. How SSO2 refuses isn't published by the vendor: here with the
/// status 400 and the error body of the API.
fn request(
    app: &Shared,
    operation: Operation,
    headers: &HeaderMap,
    body: &Bytes,
    now: i64,
) -> Result<Signed, Box<Response>> {
    let refused = |status, code: &str, field: &str, message: &str| {
        let body = json!({ "code": code, "field": field, "message": message });
        Box::new(wire::json(status, &body))
    };
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !is_json {
        let why = "The body is application/json.";
        return Err(refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid_parameter",
            "Content-Type",
            why,
        ));
    }
    let members: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let t = match members.get("t") {
        Some(Value::String(t)) if members.len() == 1 => t,
        _ => {
            let why = "The body is an object with the one member t.";
            return Err(refused(
                StatusCode::BAD_REQUEST,
                "invalid_parameter",
                "t",
                why,
            ));
        }
    };
    let signed = Signed::read(&app.options, t);
    let checked = signed.and_then(|signed| signed.check(operation, now).map(|()| signed));
    checked.map_err(|why| {
        refused(
            StatusCode::BAD_REQUEST,
            why.reason(),
            why.claim(),
            why.text(),
        )
    })
}

/// An answer that isn't one; faults are for the site under test alone.
fn broken_instead(
    state: &Sandboxed,
    client: &Client,
    operation: Operation,
    now: i64,
) -> Option<Response> {
    if client.site != Site::Outside {
        return None;
    }
    let has = |fault| state.has(fault);
    match operation {
        Operation::SessionStatus if has(Fault::PaywayStatusHttp500) => {
            Some(not_json(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Operation::SessionStatus if has(Fault::PaywayStatusGarbage) => {
            Some(not_json(StatusCode::OK))
        }
        Operation::Authenticate if has(Fault::PaywayAuthenticateHttp500) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Some(error(client, status, "internal_error", now))
        }
        // Refused before the session is touched.
        Operation::Authenticate if has(Fault::PaywayAuthenticateUnknownErr) => Some(error(
            client,
            StatusCode::OK,
            "password_must_be_changed",
            now,
        )),
        Operation::Authenticate if has(Fault::PaywayAuthenticateGarbage) => {
            Some(not_json(StatusCode::OK))
        }
        Operation::Logout if has(Fault::PaywayLogoutHttp500) => {
            Some(not_json(StatusCode::INTERNAL_SERVER_ERROR))
        }
        _ => None,
    }
}

fn error(client: &Client, status: StatusCode, err: &str, now: i64) -> Response {
    let claims = Map::from_iter([("err".to_owned(), err.into())]);
    let claims = jwt::answer(claims, Operation::Authenticate.lifetime(), now);
    wire::json(status, &json!({ "t": jwt::sign(&claims, client.secret) }))
}

fn answered(
    state: &Sandboxed,
    client: &Client,
    operation: Operation,
    reply: &Reply,
    now: i64,
) -> Response {
    let mut claims = reply.claims();
    let has = |fault| client.site == Site::Outside && state.has(fault);
    bend(&mut claims, operation, has);
    let mut claims = jwt::answer(claims, operation.lifetime(), now);
    if has(Fault::PaywayReplyExpired) {
        for name in ["iat", "nbf", "exp"] {
            if let Some(Value::Number(time)) = claims.get(name) {
                let past = time.as_i64().unwrap_or_default() - 3600;
                claims.insert(name.to_owned(), past.into());
            }
        }
    }
    let t = if has(Fault::PaywayReplyAlgNone) {
        jwt::unsigned(&claims)
    } else if has(Fault::PaywayReplyWrongSecret) {
        jwt::sign(&claims, "somebody-else's-secret-of-32-bytes")
    } else {
        jwt::sign(&claims, client.secret)
    };
    let member = if has(Fault::PaywayReplyTokenMissing) {
        "token"
    } else {
        "t"
    };
    wire::json(StatusCode::OK, &json!({ member: t }))
}

fn bend(claims: &mut Map<String, Value>, operation: Operation, has: impl Fn(Fault) -> bool) {
    let text = |text: &str| Value::String(text.to_owned());
    match operation {
        Operation::SessionStatus => {
            if has(Fault::PaywayStatusSessionNotFound) {
                claims.retain(|name, _| name == "sid");
                claims.insert("err".to_owned(), text("session_not_found"));
            }
            for (fault, sts) in [
                (Fault::PaywayStatusTerminated, "terminated"),
                (Fault::PaywayStatusAnon, "anon"),
                (Fault::PaywayStatusUnknown, "asleep"),
            ] {
                if has(fault) {
                    claims.retain(|name, _| name == "sid");
                    claims.insert("sts".to_owned(), text(sts));
                }
            }
            if has(Fault::PaywayStatusTicketMissing) {
                claims.remove("at");
            }
            if has(Fault::PaywayStatusOtherSession) {
                claims.insert("sid".to_owned(), text(&entropy::token()));
            }
        }
        Operation::Authenticate => {
            if has(Fault::PaywayAuthenticateTicketMissing) {
                claims.remove("at");
            }
            for detail in ["raa", "frf"] {
                if has(Fault::PaywayAuthenticateDetailMissing) {
                    claims.remove(detail);
                }
                if has(Fault::PaywayAuthenticateDetailString)
                    && let Some(Value::Number(number)) = claims.get(detail)
                {
                    let number = number.to_string();
                    claims.insert(detail.to_owned(), number.into());
                }
            }
        }
        _ => {}
    }
}
