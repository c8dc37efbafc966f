//! The description of the interface, kept by hand beside this file; a test compares it with the routes.

/// OpenAPI 3.1.
pub const DOCUMENT: &str = include_str!("openapi.json");

#[cfg(test)]
mod tests {
    use admit_one_protocol::{
        Code, api, handoff, pkce::CodeVerifier, profile::Field, sso2::authenticate::Password,
    };
    use serde_json::{Value, json};

    use super::DOCUMENT;

    fn document() -> Value {
        serde_json::from_str(DOCUMENT).unwrap()
    }

    #[test]
    fn every_route_is_described() {
        let document = document();
        let routes = [include_str!("v1.rs"), include_str!("operations.rs")].concat();
        let mut count = 0;
        for route in routes.split(".route(").skip(1) {
            let path = route.split('"').nth(1).unwrap();
            assert!(
                document["paths"].get(path).is_some(),
                "{path} isn't in openapi.json"
            );
            count += 1;
        }
        assert_eq!(
            document["paths"].as_object().unwrap().len(),
            count,
            "openapi.json describes what isn't there"
        );
    }

    #[test]
    fn codes_and_fields_are_those_of_the_protocol() {
        let schemas = &document()["components"]["schemas"];
        assert_eq!(schemas["Code"]["enum"], json!(Code::ALL));
        assert_eq!(schemas["Field"]["enum"], json!(Field::ALL));
    }

    #[test]
    fn messages_have_the_members_that_are_described() {
        let schemas = &document()["components"]["schemas"];
        let text = || Some("x".to_owned());
        let messages = [
            (
                "ExchangeRequest",
                json!(api::ExchangeRequest {
                    provider: "x".into(),
                    code: "x".into(),
                    code_verifier: "x".into(),
                    redirect_uri: "x".into(),
                    iss: text(),
                    step_up: true,
                    handle: text()
                }),
            ),
            (
                "RefreshRequest",
                json!(api::RefreshRequest {
                    handle: text(),
                    provider: text()
                }),
            ),
            (
                "SignOutRequest",
                json!(api::SignOutRequest {
                    handle: text(),
                    id_token: text(),
                    ..Default::default()
                }),
            ),
            (
                "SignOutResponse",
                json!(api::SignOutResponse {
                    end_session_url: text()
                }),
            ),
            (
                "ProfileRequest",
                json!(api::ProfileRequest {
                    handle: text(),
                    access_token: "x".into()
                }),
            ),
            (
                "CompleteRequest",
                json!(api::CompleteRequest {
                    handle: text(),
                    ..Default::default()
                }),
            ),
            (
                "GrantRequest",
                json!(api::GrantRequest {
                    handle: text(),
                    return_to: text(),
                    lang: "en".into()
                }),
            ),
            (
                "GrantResponse",
                json!(api::GrantResponse {
                    location: "x".into()
                }),
            ),
            (
                "SealRequest",
                json!(handoff::SealRequest {
                    handle: text(),
                    id_token: text(),
                    ..Default::default()
                }),
            ),
            (
                "SealResponse",
                json!(handoff::SealResponse { sealed: "x".into() }),
            ),
            (
                "OpenRequest",
                json!(handoff::OpenRequest {
                    sealed: "x".into(),
                    verifier: CodeVerifier::new([0; 32]),
                    partner: "x".into(),
                    origin: "x".into()
                }),
            ),
            (
                "OpenResponse",
                json!(handoff::OpenResponse {
                    acr: text(),
                    iss: text(),
                    sub: text(),
                    contact_number: text(),
                    profile: Some(Default::default()),
                    id_token: text(),
                    expires_in: Some(1),
                    profile_completed: true
                }),
            ),
            (
                "StepUpRequest",
                json!(api::StepUpRequest {
                    handle: text(),
                    access_token: "x".into(),
                    state: "x".into(),
                    nonce: "x".into(),
                    code_challenge: "x".into(),
                    lang: "en".into(),
                    acr_values: vec!["x".into()]
                }),
            ),
            (
                "StepUpResponse",
                json!(api::StepUpResponse {
                    authorization_url: "x".into()
                }),
            ),
            ("StepUpTaken", json!(api::StepUpTaken {})),
            (
                "Balance",
                json!(api::Balance {
                    name: "x".into(),
                    amount: "x".into()
                }),
            ),
            (
                "ProfileResponse",
                json!(api::ProfileResponse {
                    contact_number: text(),
                    profile: Default::default(),
                    missing: vec![],
                    balances: Some(vec![])
                }),
            ),
            (
                "Problem",
                json!(api::Problem {
                    kind: "x".into(),
                    title: "x".into(),
                    status: 400,
                    code: Code::Internal,
                    request_id: text(),
                    fields: vec![Field::Email],
                    retry_after: Some(1),
                    remaining: Some(1)
                }),
            ),
            (
                "LandingRequest",
                json!(api::LandingRequest { t: "x".into() }),
            ),
            (
                "AuthenticateRequest",
                json!(api::AuthenticateRequest {
                    session: "x".into(),
                    username: "x".into(),
                    password: Password::new("x".into())
                }),
            ),
            (
                "StatusRequest",
                json!(api::StatusRequest {
                    handle: text(),
                    session: text()
                }),
            ),
            (
                "SessionResponse",
                json!(api::SessionResponse {
                    outcome: api::SessionOutcome::SignedIn,
                    tokens: serde_json::from_value(json!({"access_token": "x", "handle_expires_at": 1, "refreshable": true, "provider": "x", "time": 1})).ok(),
                    session: text()
                }),
            ),
        ];
        for (name, message) in messages {
            let mut members: Vec<_> = message.as_object().unwrap().keys().collect();
            let mut described: Vec<_> = schemas[name]["properties"]
                .as_object()
                .unwrap()
                .keys()
                .collect();
            members.sort();
            described.sort();
            assert_eq!(members, described, "{name}");
        }
    }
}
