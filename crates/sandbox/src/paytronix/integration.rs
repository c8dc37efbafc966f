//! What every call of the interface shows: who calls, for which merchant; and how it answers.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{CLIENT_ID, CLIENT_SECRET};
use crate::{entropy::same, wire};

/// `{"result":"failure","errorCode":…,"errorMessage":…}`, with the status 200.
///
/// Of the codes, `user_info.not_found` was seen in a client's recorded answers; the others aren't published by the
/// vendor.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: &'static str,
}

impl Failure {
    pub(super) fn new(code: &str, message: &'static str) -> Failure {
        Failure {
            code: code.to_owned(),
            message,
        }
    }

    pub(super) fn invalid_request(message: &'static str) -> Failure {
        Failure::new("oauth.invalid_request", message)
    }

    pub(super) fn invalid_grant(message: &'static str) -> Failure {
        Failure::new("oauth.invalid_grant", message)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = json!({
            "result": "failure", "errorCode": self.code, "errorMessage": self.message,
        });
        wire::json(StatusCode::OK, &body)
    }
}

/// `{"result":"success", …}`.
pub(super) fn success(members: Value) -> Map<String, Value> {
    let mut answer = Map::from_iter([("result".to_owned(), json!("success"))]);
    if let Value::Object(members) = members {
        answer.extend(members);
    }
    answer
}

/// The integration's identifier and secret: as Basic, or as parameters in the older style, and not two that differ.
pub(super) fn authenticate(
    headers: &HeaderMap,
    id: Option<&str>,
    secret: Option<&str>,
) -> Result<(), Failure> {
    let refused = || {
        let why = "The integration's identifier or secret is missing or wrong.";
        Failure::new("oauth.invalid_client", why)
    };
    let is_ours = |id: &str, secret: &str| id == CLIENT_ID && same(secret, CLIENT_SECRET);
    let basic = match headers.get(header::AUTHORIZATION) {
        None => None,
        Some(value) => Some(value.to_str().ok().and_then(basic).ok_or_else(refused)?),
    };
    let by_header = basic.map(|(id, secret)| is_ours(&id, &secret));
    let by_parameters = match (id, secret) {
        (Some(id), Some(secret)) => Some(is_ours(id, secret)),
        // The identifier alone proves nothing, and may stand beside the header.
        (Some(id), None) if id != CLIENT_ID => Some(false),
        (None, Some(_)) => Some(false),
        _ => None,
    };
    match (by_header, by_parameters) {
        (Some(true), None | Some(true)) | (None, Some(true)) => Ok(()),
        _ => Err(refused()),
    }
}

/// `Basic base64(identifier:secret)`, without the form encoding that RFC 6749 puts first.
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
