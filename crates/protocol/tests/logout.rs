//! OpenID Connect RP-Initiated Logout.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;

use admit_one_protocol::logout::{LogoutReturn, end_session_url};
use proptest::prelude::*;
use url::Url;

mod section_2 {
    use super::*;

    fn parameters(url: &str) -> HashMap<String, String> {
        Url::parse(url)
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect()
    }

    #[test]
    fn names_the_session_the_client_and_the_way_back() {
        let url = end_session_url(
            "https://id.example/logout",
            Some("a.b.c"),
            "shop",
            "https://sso.example/signed-out",
            "s t&te",
        );
        let parameters = parameters(&url);
        assert_eq!(parameters["id_token_hint"], "a.b.c");
        assert_eq!(parameters["client_id"], "shop");
        assert_eq!(
            parameters["post_logout_redirect_uri"],
            "https://sso.example/signed-out"
        );
        assert_eq!(parameters["state"], "s t&te");
    }

    #[test]
    fn does_without_a_hint() {
        let url = end_session_url(
            "https://id.example/logout",
            None,
            "shop",
            "https://sso.example/signed-out",
            "s",
        );
        assert!(!parameters(&url).contains_key("id_token_hint"));
    }

    #[test]
    fn keeps_the_query_of_the_endpoint() {
        let url = end_session_url(
            "https://id.example/?do=logout",
            None,
            "shop",
            "https://sso.example/",
            "s",
        );
        assert_eq!(parameters(&url)["do"], "logout");
        assert_eq!(parameters(&url)["state"], "s");
    }
}

mod section_3 {
    use super::*;

    #[test]
    fn our_state_confirms_the_sign_out() {
        assert_eq!(
            LogoutReturn::accept("?state=abc", Some("abc")),
            LogoutReturn::Confirmed
        );
    }

    #[test]
    fn another_state_confirms_nothing() {
        assert_eq!(
            LogoutReturn::accept("state=other", Some("abc")),
            LogoutReturn::Unconfirmed
        );
    }

    #[test]
    fn no_state_confirms_nothing() {
        assert_eq!(
            LogoutReturn::accept("", Some("abc")),
            LogoutReturn::Unconfirmed
        );
        assert_eq!(
            LogoutReturn::accept("state=", Some("")),
            LogoutReturn::Unconfirmed
        );
    }

    #[test]
    fn a_sign_out_that_was_not_begun_is_not_confirmed() {
        assert_eq!(
            LogoutReturn::accept("state=abc", None),
            LogoutReturn::Unconfirmed
        );
    }

    #[test]
    fn a_repeated_state_confirms_nothing() {
        assert_eq!(
            LogoutReturn::accept("state=abc&state=abc", Some("abc")),
            LogoutReturn::Unconfirmed
        );
    }

    proptest! {
        #[test]
        fn any_query_is_survived(query: String, expected: Option<String>) {
            let _ = LogoutReturn::accept(&query, expected.as_deref());
        }
    }
}
