use admit_one_protocol::{
    sso2::{
        Ticket,
        status::{Asked, LocalUser, Verdict},
        ticket::{AccessTokenError, AccessTokenGrant, ApiClient, RefreshToken},
    },
    token::TokenResponse,
};

use super::*;

fn ticket(at: &str) -> Ticket {
    let asked = Asked {
        sid: "5f3a",
        last_known: SessionStatus::Anon,
        local: LocalUser::Nobody,
    };
    match Verdict::accept(reply(json!({"sts": "loggedin", "at": at})), asked).unwrap() {
        Verdict::LoggedIn { ticket } => ticket,
        other => panic!("{other:?}"),
    }
}

fn grant() -> AccessTokenGrant {
    AccessTokenGrant::Ticket(ticket("t-1"))
}

fn refresh() -> AccessTokenGrant {
    AccessTokenGrant::RefreshToken(RefreshToken("r-1".to_owned()))
}

const CLIENT: ApiClient<'static> = ApiClient {
    api_url: "https://api.example",
    client_id: "paper-shop",
    client_secret: "se&cret",
    scopes: &[],
    refresh_grant_type: "refresh_token",
    refresh_token_field: "refresh_token",
};

fn accept(
    status: u16,
    body: &[u8],
    grant: &AccessTokenGrant,
) -> Result<TokenResponse, AccessTokenError> {
    CLIENT.accept(status, body, grant)
}

#[test]
fn sends_this_form_byte_for_byte() {
    let scopes = [
        "/external/me/w".to_owned(),
        "/external/account/r".to_owned(),
    ];
    let client = ApiClient {
        scopes: &scopes,
        ..CLIENT
    };
    let request = client.access_token_request(&AccessTokenGrant::Ticket(ticket("t/1+2")));
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.url,
        "https://api.example/api/authorization/access_token"
    );
    assert_eq!(
        request.body,
        "client_id=paper-shop&client_secret=se%26cret&grant_type=ticket&scope=%2Fexternal%2Fme%2Fw+%2Fexternal%2Faccount%2Fr&ticket=t%2F1%2B2"
    );
    assert!(
        request
            .headers
            .contains(&("accept".to_owned(), "application/json".to_owned()))
    );
    assert!(request.headers.contains(&(
        "content-type".to_owned(),
        "application/x-www-form-urlencoded".to_owned()
    )));
    assert!(!format!("{client:?} {request:?} {:?} {:?}", grant(), refresh()).contains("t-1"));
    let renewed = client.access_token_request(&refresh());
    assert!(
        renewed.body.contains("grant_type=refresh_token")
            && renewed.body.ends_with("refresh_token=r-1")
    );
}

#[test]
fn needs_nothing_but_an_access_token() {
    let tokens = accept(200, br#"{"access_token":"a-1"}"#, &grant()).unwrap();
    assert_eq!(tokens.access_token, "a-1");
    assert_eq!(
        tokens.expires_in,
        Some(3600),
        "an hour, where the answer doesn't say"
    );
    assert_eq!((tokens.refresh_token, tokens.id_token), (None, None));
}

#[test]
fn takes_what_an_rfc_6749_answer_adds() {
    let body = br#"{"access_token":"a-1","token_type":"bearer","expires_in":"7200","refresh_token":"r-1","scope":"/external/me/w"}"#;
    let tokens = accept(200, body, &grant()).unwrap();
    assert_eq!(
        (tokens.expires_in, tokens.refresh_token.as_deref()),
        (Some(7200), Some("r-1"))
    );
}

#[test]
fn the_names_of_a_refresh_that_are_not_published_are_configuration() {
    let client = ApiClient {
        refresh_grant_type: "refresh",
        refresh_token_field: "renewal",
        ..CLIENT
    };
    let body = br#"{"access_token":"a-1","refresh_token":"other","renewal":"r-1"}"#;
    let tokens = client.accept(200, body, &grant()).unwrap();
    assert_eq!(tokens.refresh_token.as_deref(), Some("r-1"));
    let renewed = client.access_token_request(&refresh());
    assert_eq!(
        renewed.body,
        "client_id=paper-shop&client_secret=se%26cret&grant_type=refresh&scope=&renewal=r-1"
    );
}

#[test]
fn refuses_a_success_without_a_bearer_token() {
    for body in [
        &b""[..],
        b"{}",
        b"[]",
        br#"{"access_token":""}"#,
        br#"{"access_token":null}"#,
        b"<html>",
    ] {
        let error = accept(200, body, &grant()).unwrap_err();
        assert_eq!(error.code(), Code::TokenResponseInvalid);
    }
    let error = accept(200, br#"{"access_token":"a","token_type":"mac"}"#, &grant()).unwrap_err();
    assert_eq!(error.code(), Code::TokenTypeUnknown);
}

#[test]
fn a_refused_ticket_is_not_a_refused_client() {
    let cases: [(u16, &str, Code); 9] = [
        (400, r#"{"error":"invalid_grant"}"#, Code::Sso2TicketRefused),
        (401, r#"{"error":"invalid_grant"}"#, Code::Sso2TicketRefused),
        (
            400,
            r#"{"code":"invalid_parameter","field":"ticket","message":"no"}"#,
            Code::Sso2TicketRefused,
        ),
        (
            404,
            r#"{"code":"not_found","message":"no"}"#,
            Code::Sso2TicketRefused,
        ),
        (400, "", Code::Sso2TicketRefused),
        (400, r#"{"error":"invalid_client"}"#, Code::ClientRefused),
        (401, "", Code::ClientRefused),
        (400, r#"{"error":"invalid_scope"}"#, Code::ClientRefused),
        (503, r#"{"error":"invalid_grant"}"#, Code::UpstreamError),
    ];
    for (status, body, code) in cases {
        assert_eq!(
            accept(status, body.as_bytes(), &grant())
                .unwrap_err()
                .code(),
            code,
            "{status} {body}"
        );
    }
}

#[test]
fn an_error_with_200_is_an_error() {
    let error = accept(
        200,
        br#"{"error":"invalid_grant","access_token":"a-1"}"#,
        &grant(),
    )
    .unwrap_err();
    assert!(matches!(
        error,
        AccessTokenError::Refused { status: 200, .. }
    ));
}

#[test]
fn a_refused_refresh_token_ends_the_session() {
    let error = accept(400, br#"{"error":"invalid_grant"}"#, &refresh()).unwrap_err();
    assert_eq!(error.code(), Code::RefreshRefused);
}

proptest! {
    #[test]
    fn any_answer_is_survived(status: u16, body: Vec<u8>) {
        let _ = accept(status, &body, &grant());
    }
}
