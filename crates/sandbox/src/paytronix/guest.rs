//! The service `guest`: who a token belongs to, and what is on an account. The token is a parameter of the query.

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Map, Value, json};

use super::{
    MERCHANT_ID, RELEASE,
    integration::{Failure, authenticate, success},
    member::Member,
};
use crate::{
    fault::Fault,
    state::{App, State as Sandboxed},
    system::System,
    wire::{self, Parameters, not_json},
};

pub(super) fn router() -> Router<App> {
    let path = |endpoint: &str| format!("/rest/{RELEASE}/guest/{endpoint}.json");
    Router::new()
        .route(&path("userInformation"), get(user_information))
        .route(&path("accountInformation"), get(account_information))
}

/// The scope of a call for the account.
const ACCOUNT: &str = "account_read";

async fn user_information(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if app.has(Fault::PaytronixSlow) {
        tokio::time::sleep(app.options.slow).await;
    }
    let mut state = app.state();
    if state.has(Fault::PaytronixUserInformationHttp500) {
        return not_json(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let member = match member(&mut state, &headers, &parameters, "user_read", app.now()) {
        Ok(member) => member,
        Err(failure) => return failure.into_response(),
    };
    if parameters.get("username") != Some(member.username()) {
        let why = "The guest wasn't found.";
        return Failure::new("user_info.not_found", why).into_response();
    }
    if state.has(Fault::PaytronixUserInformationNotJson) {
        return not_json(StatusCode::OK);
    }
    let mut fields = member.fields();
    let mut cards = json!([member.card]);
    if state.has(Fault::PaytronixUserInformationOfAnother) {
        fields.insert("username".to_owned(), "somebody-else".into());
        fields.insert("email".to_owned(), "somebody-else@example.test".into());
    }
    if state.has(Fault::PaytronixCardNumberAsNumber) {
        cards = json!([member.card.parse::<u64>().unwrap_or_default()]);
    }
    let mut answer = success(json!({
        "accountIds": [member.account_id], "fields": fields, "primaryCardNumbers": cards,
    }));
    let addresses = member.addresses();
    if !addresses.is_empty() {
        answer.insert("addresses".to_owned(), addresses.into());
    }
    for (fault, name) in [
        (Fault::PaytronixUserInformationResultMissing, "result"),
        (Fault::PaytronixCardMissing, "primaryCardNumbers"),
    ] {
        if state.has(fault) {
            answer.remove(name);
        }
    }
    wire::json(StatusCode::OK, &Value::Object(answer))
}

async fn account_information(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if app.has(Fault::PaytronixSlow) {
        tokio::time::sleep(app.options.slow).await;
    }
    let mut state = app.state();
    if state.has(Fault::PaytronixAccountInformationHttp500) {
        return not_json(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let member = match member(&mut state, &headers, &parameters, ACCOUNT, app.now()) {
        Ok(member) => member,
        Err(failure) => return failure.into_response(),
    };
    if parameters.get("printedCardNumber") != Some(&*member.card) {
        let why = "The card wasn't found.";
        return Failure::new("account_info.not_found", why).into_response();
    }
    if state.has(Fault::PaytronixAccountInformationNotJson) {
        return not_json(StatusCode::OK);
    }
    let mut answer = account(&member);
    let field = state.settings.paytronix.wallet_field.clone();
    answer.insert(field, member.balances());
    if state.has(Fault::PaytronixAccountSuspended) {
        answer.insert("accountStatus".to_owned(), "SUSPENDED".into());
    }
    if state.has(Fault::PaytronixAccountInvalidStatus) {
        answer = Map::from_iter([
            ("result".to_owned(), "invalid_status".into()),
            (
                "errorMessage".to_owned(),
                "The card can't be asked about.".into(),
            ),
        ]);
    }
    wire::json(StatusCode::OK, &Value::Object(answer))
}

fn account(member: &Member) -> Map<String, Value> {
    // The last six digits, as in the documentation's example.
    let masked = &member.card[member.card.len() - 6..];
    success(json!({
        "username": member.username(),
        "accountStatus": "ACTIVE",
        "queryCardStatus": "ACTIVE",
        "isRegistered": true,
        "cardTemplateCode": 1,
        "cardTemplateLabel": "Diner Rewards",
        "tierCode": 2,
        "tierLabel": "Regular",
        "enrollmentStore": { "code": "0042", "label": "Diner at the Stadium" },
        "fields": {
            "enrollDate": "2024-05-17",
            "externalAccounts": [],
            "favoriteStore": { "code": "0042", "label": "Diner at the Stadium" },
        },
        "primaryCard": {
            "printedCardNumber": member.card, "maskedCardNumber": masked, "status": "ACTIVE",
        },
        "additionalCards": [],
    }))
}

/// The "OAuth" style: `authentication=oauth`, `merchantId` and `access_token` as parameters, beside the integration's
/// own credentials.
fn member(
    state: &mut Sandboxed,
    headers: &HeaderMap,
    parameters: &Parameters,
    scope: &str,
    now: i64,
) -> Result<Member, Failure> {
    if parameters.repeated().is_some() {
        return Err(Failure::invalid_request("A parameter comes twice."));
    }
    let one = |name: &str| parameters.get(name);
    authenticate(headers, one("client_id"), one("client_secret"))?;
    if one("merchantId") != Some(&*MERCHANT_ID.to_string()) {
        return Err(Failure::invalid_request(
            "merchantId is the merchant's number.",
        ));
    }
    if one("authentication") != Some("oauth") {
        return Err(Failure::invalid_request("authentication is oauth."));
    }
    let invalid = Failure::new(
        &state.settings.paytronix.invalid_token_code,
        "The access token is invalid.",
    );
    let (always, once) = (
        state.has(Fault::PaytronixInvalidTokenAlways),
        state.has(Fault::PaytronixInvalidTokenOnce)
            || scope == ACCOUNT && state.has(Fault::PaytronixAccountInvalidTokenOnce),
    );
    let paytronix = &mut state.paytronix;
    let grant = one("access_token")
        .and_then(|token| paytronix.access_tokens.get(token))
        .filter(|token| now < token.expires_at)
        .and_then(|token| paytronix.grants.get_mut(&token.grant))
        .filter(|grant| !grant.revoked);
    let Some(grant) = grant else {
        return Err(invalid);
    };
    if always || (once && !std::mem::replace(&mut grant.refused_once, true)) {
        return Err(invalid);
    }
    if !grant.scope.split(' ').any(|granted| granted == scope) {
        let why = "The access token lacks a scope.";
        return Err(Failure::new("oauth.insufficient_scope", why));
    }
    let sub = grant.sub.clone();
    let persona = state.persona(&sub).cloned().ok_or(invalid)?;
    Ok(Member::of(state.at(System::Paytronix, persona)))
}
