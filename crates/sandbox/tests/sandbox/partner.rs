//! The partner's page, on a router of its own.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use tower::ServiceExt as _;

use crate::browser::{APP, sandbox};

#[tokio::test]
async fn the_page_has_the_widget_under_a_policy_that_allows_it_and_nothing_else_of_ours() {
    let request = Request::get("/").body(Body::empty()).unwrap();
    let answer = sandbox().partner_router().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str();
    assert_eq!(
        policy.unwrap(),
        format!(
            "default-src 'none'; script-src 'self' {APP}; frame-src {APP}; style-src 'self'; img-src data:; \
             form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
    );
    let page = axum::body::to_bytes(answer.into_body(), 1 << 16).await;
    let page = String::from_utf8(page.unwrap().to_vec()).unwrap();
    assert!(page.contains(&format!("src=\"{APP}/admit-one.js\"")));
    assert!(page.contains("<admit-one partner=\"fanzine\""));
}
