//! `requestGuestToken`: a code, a refresh token or a password for an access token.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Map, Value, json};

use super::{
    AccessToken, Grant, MERCHANT_ID, RELEASE, RefreshToken,
    account_login::SCOPES,
    integration::{Failure, authenticate, success},
    member::Member,
};
use crate::{
    entropy::{self, same},
    fault::Fault,
    persona::Account,
    state::{App, Shared, State as Sandboxed},
    wire::{self, not_json},
};

pub(super) fn router() -> Router<App> {
    let path = format!("/rest/{RELEASE}/oauth/requestGuestToken.json");
    Router::new().route(&path, post(request_guest_token))
}

async fn request_guest_token(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    if app.has(Fault::PaytronixSlow) {
        tokio::time::sleep(app.options.slow).await;
    }
    let mut state = app.state();
    let answer = match granted(&app, &mut state, &headers, &body) {
        Ok(answer) => answer,
        Err(failure) => return failure.into_response(),
    };
    if state.has(Fault::PaytronixTokenNotJson) {
        return not_json(StatusCode::OK);
    }
    let status = match state.has(Fault::PaytronixTokenHttp500WithSuccess) {
        true => StatusCode::INTERNAL_SERVER_ERROR,
        false => StatusCode::OK,
    };
    wire::json(status, &bent(&state, answer))
}

fn bent(state: &Sandboxed, mut answer: Map<String, Value>) -> Value {
    let has = |fault| state.has(fault);
    for (fault, name) in [
        (Fault::PaytronixTokenResultMissing, "result"),
        (Fault::PaytronixTokenAccessTokenMissing, "access_token"),
        (Fault::PaytronixTokenExpiresInMissing, "expires_in"),
        (Fault::PaytronixTokenUsernameMissing, "username"),
        (Fault::PaytronixTokenRefreshTokenMissing, "refresh_token"),
    ] {
        if has(fault) {
            answer.remove(name);
        }
    }
    if has(Fault::PaytronixTokenResultUnknown) {
        answer.insert("result".to_owned(), "authenticatedPartially".into());
    }
    if has(Fault::PaytronixTokenExpiresInString)
        && let Some(expires_in) = answer.get("expires_in").map(Value::to_string)
    {
        answer.insert("expires_in".to_owned(), expires_in.into());
    }
    Value::Object(answer)
}

fn granted(
    app: &Shared,
    state: &mut Sandboxed,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Map<String, Value>, Failure> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    let body: Map<String, Value> = match serde_json::from_slice(body) {
        Ok(body) if is_json => body,
        _ => return Err(Failure::invalid_request("The body is a JSON object.")),
    };
    let text = |name: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    authenticate(headers, text("client_id"), text("client_secret"))?;
    if body.get("merchantId").and_then(Value::as_i64) != Some(MERCHANT_ID) {
        return Err(Failure::invalid_request(
            "merchantId is the merchant's number.",
        ));
    }
    let styles = ["anonymous", "b2b", "oauth"];
    if body.contains_key("authentication")
        && !text("authentication").is_some_and(|style| styles.contains(&style))
    {
        return Err(Failure::invalid_request("authentication names no style."));
    }
    let now = app.now();
    match text("grant_type") {
        Some("authorization_code") => {
            let code = text("code").unwrap_or_default();
            by_code(state, code, text("redirect_uri"), now)
        }
        Some("refresh_token") => {
            let token = text("refresh_token").unwrap_or_default();
            by_refresh_token(state, token, text("scope"), now)
        }
        Some("password") if state.settings.paytronix.password_grant => {
            let username = text("username").unwrap_or_default();
            let password = text("password").unwrap_or_default();
            by_password(state, username, password, text("scope"), now)
        }
        Some(_) => Err(Failure::new(
            "oauth.unsupported_grant_type",
            "The grant type isn't supported.",
        )),
        None => Err(Failure::invalid_request("grant_type is missing.")),
    }
}

/// "Grant by authorization grant": once, within five minutes. The names `code` and `redirect_uri` are RFC 6749's
/// (4.1.3): the vendor's aren't published.
fn by_code(
    state: &mut Sandboxed,
    code: &str,
    redirect_uri: Option<&str>,
    now: i64,
) -> Result<Map<String, Value>, Failure> {
    let refused_anyway = state.has(Fault::PaytronixCodeRefused);
    let paytronix = &mut state.paytronix;
    let Some(code) = paytronix.codes.get_mut(code) else {
        return Err(Failure::invalid_grant(
            "The authorization grant is unknown.",
        ));
    };
    let Some(grant) = paytronix.grants.get_mut(&code.grant) else {
        return Err(Failure::invalid_grant(
            "The authorization grant is unknown.",
        ));
    };
    if code.used {
        grant.revoked = true;
        return Err(Failure::invalid_grant(
            "The authorization grant was used before.",
        ));
    }
    if refused_anyway {
        return Err(Failure::invalid_grant(
            "The sandbox was asked to answer so.",
        ));
    }
    if now >= code.expires_at {
        return Err(Failure::invalid_grant(
            "The authorization grant has expired.",
        ));
    }
    if redirect_uri.is_some_and(|uri| uri != code.redirect_uri) {
        return Err(Failure::invalid_grant(
            "redirect_uri isn't that of the login.",
        ));
    }
    code.used = true;
    let (name, grant) = (code.grant.clone(), grant.clone());
    tokens(state, &name, &grant, None, now)
}

/// "Grant by refresh token": before the access token is thirty minutes old, or after.
fn by_refresh_token(
    state: &mut Sandboxed,
    token: &str,
    scope: Option<&str>,
    now: i64,
) -> Result<Map<String, Value>, Failure> {
    if state.has(Fault::PaytronixRefreshRefused) {
        return Err(Failure::invalid_grant(
            "The sandbox was asked to answer so.",
        ));
    }
    let rotates = state.settings.paytronix.refresh_token_rotates;
    let paytronix = &mut state.paytronix;
    let known = paytronix.refresh_tokens.get_mut(token).and_then(|token| {
        let grant = paytronix.grants.get(&token.grant)?;
        Some((token, grant.clone()))
    });
    let Some((kept, grant)) = known else {
        return Err(Failure::invalid_grant("The refresh token is unknown."));
    };
    if kept.used || grant.revoked || now >= kept.expires_at {
        return Err(Failure::invalid_grant(
            "The refresh token isn't good any more.",
        ));
    }
    let granted: Vec<&str> = grant.scope.split(' ').collect();
    if scope.is_some_and(|scope| !scope.split(' ').all(|one| granted.contains(&one))) {
        return Err(Failure::invalid_request("More scopes than were granted."));
    }
    kept.used = rotates;
    let name = kept.grant.clone();
    let same_again = (!rotates).then_some(token);
    tokens(state, &name, &grant, same_again, now)
}

/// The grant of the merchant's own apps.
fn by_password(
    state: &mut Sandboxed,
    username: &str,
    password: &str,
    scope: Option<&str>,
    now: i64,
) -> Result<Map<String, Value>, Failure> {
    let scope = scope.map_or_else(|| SCOPES.join(" "), str::to_owned);
    if !scope.split(' ').all(|one| SCOPES.contains(&one)) {
        return Err(Failure::invalid_request("A scope is unknown."));
    }
    let sub = state
        .personas
        .iter()
        .find(|persona| persona.is_named(username) && same(&persona.password, password))
        .filter(|persona| persona.account != Account::Frozen)
        .map(|persona| persona.sub.clone())
        .ok_or_else(|| Failure::invalid_grant("The username or the password is wrong."))?;
    let grant = Grant {
        sub,
        scope,
        granted_at: now,
        revoked: false,
        refused_once: false,
    };
    let name = entropy::name();
    state.paytronix.grants.insert(name.clone(), grant.clone());
    tokens(state, &name, &grant, None, now)
}

fn tokens(
    state: &mut Sandboxed,
    name: &str,
    grant: &Grant,
    same_refresh_token: Option<&str>,
    now: i64,
) -> Result<Map<String, Value>, Failure> {
    let username = state
        .persona(&grant.sub)
        .map(|persona| Member::of(persona.clone()).username().to_owned())
        .ok_or_else(|| Failure::invalid_grant("The guest is gone."))?;
    let settings = state.settings.paytronix.clone();
    let access_token = entropy::token();
    let refresh_token = same_refresh_token.map_or_else(entropy::token, str::to_owned);
    let answer = success(json!({
        "access_token": access_token, "expires_in": settings.access_token_lifetime,
        "refresh_token": refresh_token, "scope": grant.scope, "token_type": "bearer", "username": username,
    }));
    let made = AccessToken {
        grant: name.to_owned(),
        expires_at: now + settings.access_token_lifetime,
    };
    state.paytronix.access_tokens.insert(access_token, made);
    let made = RefreshToken {
        grant: name.to_owned(),
        expires_at: now + settings.refresh_token_lifetime,
        used: false,
    };
    state.paytronix.refresh_tokens.insert(refresh_token, made);
    Ok(answer)
}
