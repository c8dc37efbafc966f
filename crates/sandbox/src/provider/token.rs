//! The token endpoint: RFC 6749 4.1.3, 5 and 6, RFC 7636 4.5, OpenID Connect Core 3.1.3 and 12.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

use super::{
    AccessToken, Grant, RefreshToken,
    id_token::{self, Occasion},
};
use crate::{
    client::{Client, Credentials, Proven},
    entropy::{self, base64url, same, sha256},
    fault::Fault,
    state::{App, Shared, State as Sandboxed},
    wire::{self, Parameters, dropped, not_json},
};

pub(crate) fn router() -> Router<App> {
    Router::new().route("/token", post(token))
}

/// An error of RFC 6749 5.2.
pub(crate) struct TokenError {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        if self.error != "invalid_client" {
            return wire::json(StatusCode::BAD_REQUEST, &body);
        }
        let mut response = wire::json(StatusCode::UNAUTHORIZED, &body);
        let challenge = HeaderValue::from_static("Basic realm=\"Club account\", charset=\"UTF-8\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
        response
    }
}

async fn token(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    if app.has(Fault::TokenSlow) {
        tokio::time::sleep(app.options.slow).await;
    }
    if let Some(broken) = broken_instead(&app) {
        return broken;
    }
    let body = Parameters::parse(&body);
    let mut state = app.state();
    match grant(&app, &mut state, &headers, &body) {
        Ok(answer) if state.has(Fault::TokenResponseNotJson) => {
            drop(answer);
            not_json(StatusCode::OK)
        }
        Ok(answer) => wire::json(StatusCode::OK, &answer),
        Err(error) => error.into_response(),
    }
}

fn broken_instead(app: &Shared) -> Option<Response> {
    let state = app.state();
    if state.has(Fault::TokenHttp500) {
        Some(not_json(StatusCode::INTERNAL_SERVER_ERROR))
    } else if state.has(Fault::TokenDropsConnection) {
        Some(dropped())
    } else if state.has(Fault::TokenErrorNotJson) {
        Some(not_json(StatusCode::BAD_REQUEST))
    } else if state.has(Fault::TokenErrorEmpty) {
        Some(StatusCode::BAD_REQUEST.into_response())
    } else if state.has(Fault::TokenErrorInvalidGrant) {
        let description = "the sandbox was asked to answer so";
        Some(
            TokenError {
                error: "invalid_grant",
                description,
            }
            .into_response(),
        )
    } else if state.has(Fault::TokenErrorInvalidClient) {
        let description = "the sandbox was asked to answer so";
        Some(
            TokenError {
                error: "invalid_client",
                description,
            }
            .into_response(),
        )
    } else {
        None
    }
}

fn grant(
    app: &Shared,
    state: &mut Sandboxed,
    headers: &HeaderMap,
    body: &Parameters,
) -> Result<Value, TokenError> {
    if body.repeated().is_some() {
        return Err(TokenError {
            error: "invalid_request",
            description: "a parameter comes twice",
        });
    }
    let client = authenticate(app, state, headers, body)?;
    match body.get("grant_type") {
        Some("authorization_code") => exchange(app, state, &client, body),
        Some("refresh_token") => refresh(app, state, &client, body),
        Some(_) => Err(TokenError {
            error: "unsupported_grant_type",
            description: "authorization_code or refresh_token",
        }),
        None => Err(TokenError {
            error: "invalid_request",
            description: "grant_type is missing",
        }),
    }
}

/// [OpenID Connect Core 9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication).
pub(crate) fn authenticate(
    app: &Shared,
    state: &mut Sandboxed,
    headers: &HeaderMap,
    body: &Parameters,
) -> Result<Client, TokenError> {
    const REFUSED: TokenError = TokenError {
        error: "invalid_client",
        description: "unknown client, wrong secret, or not the registered method",
    };
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let credentials = Credentials::of(authorization, body).ok_or(REFUSED)?;
    let client = state
        .client(credentials.client_id())
        .cloned()
        .ok_or(REFUSED)?;
    match credentials.prove(&client).ok_or(REFUSED)? {
        Proven::Now => Ok(client),
        Proven::ByAssertion(assertion) => {
            let now = app.now();
            let endpoint = format!("{}/token", app.issuer);
            let jti = assertion
                .accept(&client.id, &[&app.issuer, &endpoint], now)
                .ok_or(REFUSED)?;
            // RFC 7523 3, 7: an assertion is used once.
            match state.assertions.insert(jti.to_owned(), now + 3600) {
                None => Ok(client),
                Some(_) => Err(REFUSED),
            }
        }
    }
}

/// RFC 6749 4.1.3, RFC 7636 4.6.
fn exchange(
    app: &Shared,
    state: &mut Sandboxed,
    client: &Client,
    body: &Parameters,
) -> Result<Value, TokenError> {
    let refused = |description| {
        Err(TokenError {
            error: "invalid_grant",
            description,
        })
    };
    let now = app.now();
    let Some(code) = body.get("code").and_then(|code| state.codes.get_mut(code)) else {
        return refused("the code is unknown");
    };
    let Some(grant) = state
        .grants
        .get_mut(&code.grant)
        .filter(|grant| grant.client_id == client.id)
    else {
        return refused("the code is another client's");
    };
    if code.used {
        // RFC 6749 4.1.2: a code that comes twice takes back what it gave.
        grant.revoked = true;
        return refused("the code was used before; what it gave is revoked");
    }
    if now >= code.expires_at {
        return refused("the code has expired");
    }
    if body.get("redirect_uri") != Some(&*code.redirect_uri) {
        return refused("redirect_uri isn't that of the authorization request");
    }
    let challenge = body
        .get("code_verifier")
        .map(|verifier| base64url(sha256(verifier.as_bytes())));
    if !challenge.is_some_and(|challenge| same(&challenge, &code.code_challenge)) {
        return refused("code_verifier doesn't fit the code_challenge");
    }
    code.used = true;
    let (id, grant) = (code.grant.clone(), grant.clone());
    Ok(tokens(app, state, &id, &grant, Occasion::Code))
}

/// RFC 6749 6; each refresh token is used once, and one that comes twice ends them all (RFC 9700 4.14.2).
fn refresh(
    app: &Shared,
    state: &mut Sandboxed,
    client: &Client,
    body: &Parameters,
) -> Result<Value, TokenError> {
    let refused = |description| {
        Err(TokenError {
            error: "invalid_grant",
            description,
        })
    };
    if state.has(Fault::RefreshRefused) {
        return refused("the sandbox was asked to answer so");
    }
    let keeps_its_token = state.has(Fault::LenientRefreshWithoutRefreshToken);
    let Some(token) = body
        .get("refresh_token")
        .and_then(|token| state.refresh_tokens.get_mut(token))
    else {
        return refused("the refresh token is unknown");
    };
    let Some(grant) = state
        .grants
        .get_mut(&token.grant)
        .filter(|grant| grant.client_id == client.id)
    else {
        return refused("the refresh token is another client's");
    };
    if grant.revoked {
        return refused("the refresh token is revoked");
    }
    if token.used {
        grant.revoked = true;
        return refused("the refresh token was used before; its whole family is revoked");
    }
    if let Some(scope) = body.get("scope")
        && !scope
            .split(' ')
            .all(|asked| grant.scope.split(' ').any(|granted| granted == asked))
    {
        return Err(TokenError {
            error: "invalid_scope",
            description: "more than was granted",
        });
    }
    token.used = !keeps_its_token;
    let (id, grant) = (token.grant.clone(), grant.clone());
    Ok(tokens(app, state, &id, &grant, Occasion::Refresh))
}

fn tokens(
    app: &Shared,
    state: &mut Sandboxed,
    id: &str,
    grant: &Grant,
    occasion: Occasion,
) -> Value {
    let lifetime = state.settings.access_token_lifetime;
    let access_token = entropy::token();
    let expires_at = app.now() + lifetime;
    state.access_tokens.insert(
        access_token.clone(),
        AccessToken {
            grant: id.to_owned(),
            expires_at,
        },
    );
    let mut answer = json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": lifetime, "scope": grant.scope,
    });
    let refreshed = occasion == Occasion::Refresh;
    let offline = grant
        .scope
        .split(' ')
        .any(|scope| scope == "offline_access");
    if offline && !(refreshed && state.has(Fault::LenientRefreshWithoutRefreshToken)) {
        let refresh_token = entropy::token();
        state.refresh_tokens.insert(
            refresh_token.clone(),
            RefreshToken {
                grant: id.to_owned(),
                used: false,
            },
        );
        answer["refresh_token"] = refresh_token.into();
    }
    let without_id_token = if refreshed {
        state.has(Fault::LenientRefreshWithoutIdToken)
    } else {
        state.has(Fault::IdTokenMissing)
    };
    if !without_id_token {
        answer["id_token"] = id_token::issue(app, state, grant, &access_token, occasion).into();
    }
    bend_answer(state, &mut answer, lifetime);
    answer
}

fn bend_answer(state: &Sandboxed, answer: &mut Value, lifetime: i64) {
    if state.has(Fault::TokenTypeUnknown) {
        answer["token_type"] = "mac".into();
    }
    if state.has(Fault::LenientTokenTypeLowercase) {
        answer["token_type"] = "bearer".into();
    }
    if state.has(Fault::LenientExpiresInString) {
        answer["expires_in"] = lifetime.to_string().into();
    }
    if state.has(Fault::LenientExpiresInFloat) {
        answer["expires_in"] = json!(lifetime as f64 - 0.5);
    }
    if let Value::Object(members) = answer {
        if state.has(Fault::LenientExpiresInMissing) {
            members.remove("expires_in");
        }
        if state.has(Fault::TokenAccessTokenMissing) {
            members.remove("access_token");
        }
    }
}
