//! RFC 9700, section 4.11: no open redirector.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::{Code, return_to::ReturnTo};
use proptest::prelude::*;
use url::Url;

const OWN: &str = "https://sso.example";

fn shops() -> Vec<String> {
    vec![
        "https://shop.example".to_owned(),
        "http://shop.localhost:8900".to_owned(),
    ]
}

fn accepts(raw: &str) -> bool {
    match ReturnTo::parse(raw, OWN, &shops()) {
        Ok(return_to) => {
            assert_eq!(return_to.as_str(), raw);
            true
        }
        Err(code) => {
            assert_eq!(code, Code::ReturnToNotAllowed);
            false
        }
    }
}

mod own_paths {
    use super::*;

    #[test]
    fn accepts_a_path_with_query_and_fragment() {
        for raw in [
            "/",
            "/account",
            "/a//b",
            "/?x=1",
            "/account?next=%2F%2Fevil.example#top",
            "/été",
        ] {
            assert!(accepts(raw), "{raw}");
        }
        assert!(ReturnTo::parse("/account", OWN, &[]).unwrap().is_own());
    }

    #[test]
    fn refuses_two_slashes() {
        assert!(!accepts("//evil.example/"));
        assert!(!accepts("///evil.example/"));
    }

    #[test]
    fn refuses_a_backslash() {
        assert!(!accepts("/\\evil.example/"));
        assert!(!accepts("\\\\evil.example/"));
    }

    #[test]
    fn refuses_control_characters_that_browsers_drop() {
        assert!(!accepts("/\t/evil.example/"));
        assert!(!accepts("/\n/evil.example/"));
        assert!(!accepts("/\u{0}/evil.example/"));
        assert!(!accepts("/account\u{7f}"));
    }

    #[test]
    fn refuses_white_space_that_browsers_trim() {
        assert!(!accepts(" //evil.example/"));
        assert!(!accepts("/account "));
    }

    #[test]
    fn refuses_dots_that_leave_two_slashes() {
        assert!(!accepts("/.//evil.example/"));
        assert!(!accepts("/..//evil.example/"));
        assert!(!accepts("/%2e//evil.example/"));
    }

    #[test]
    fn refuses_a_relative_path() {
        assert!(!accepts("account"));
        assert!(!accepts(""));
        assert!(!accepts("?x=1"));
    }

    #[test]
    fn refuses_more_than_2048_bytes() {
        assert!(accepts(&format!("/{}", "a".repeat(2047))));
        assert!(!accepts(&format!("/{}", "a".repeat(2048))));
    }
}

mod origins {
    use super::*;

    #[test]
    fn accepts_our_own_and_the_shop_s() {
        assert!(accepts("https://sso.example/account"));
        assert!(accepts("https://shop.example"));
        assert!(accepts("https://shop.example/event/7?seat=A1#map"));
        assert!(accepts("http://shop.localhost:8900/"));
        assert!(
            ReturnTo::parse("https://sso.example/", OWN, &shops())
                .unwrap()
                .is_own()
        );
        assert!(
            !ReturnTo::parse("https://shop.example/", OWN, &shops())
                .unwrap()
                .is_own()
        );
    }

    #[test]
    fn refuses_a_host_that_begins_like_the_shop_s() {
        assert!(!accepts("https://shop.example.evil.example/"));
        assert!(!accepts("https://shop.example@evil.example/"));
        assert!(!accepts("https://shop.example:444/"));
        assert!(!accepts("https://shop.examples/"));
    }

    #[test]
    fn refuses_another_scheme() {
        assert!(!accepts("http://shop.example/"));
        assert!(!accepts("javascript:alert(1)"));
        assert!(!accepts("data:text/html,hello"));
        assert!(!accepts("HTTPS://shop.example/"));
    }

    #[test]
    fn a_configured_origin_that_is_none_allows_nothing() {
        for origin in [
            "",
            "https://",
            "https:",
            "https://shop.example/path",
            "javascript:",
        ] {
            let origins = [origin.to_owned()];
            for raw in [
                "//evil.example",
                "https://evil.example/",
                "https://shop.example/path/x",
                "javascript:/1",
            ] {
                assert!(
                    ReturnTo::parse(raw, "", &origins).is_err(),
                    "{origin} {raw}"
                );
            }
        }
    }
}

mod properties {
    use super::*;

    /// Pieces that tempt a parser.
    fn tempting() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            prop::sample::select(vec![
                "/",
                "//",
                "\\",
                ".",
                "..",
                "%2e",
                "%2f",
                "@",
                ":",
                "?",
                "#",
                "\t",
                "\n",
                " ",
                "\u{feff}",
                "\u{3000}",
                "https:",
                "http://",
                "javascript:",
                "evil.example",
                "sso.example",
                "https://sso.example",
                "https://shop.example",
                "http://shop.localhost:8900",
                ":8900",
                "[::1]",
                "。",
            ])
            .prop_map(str::to_owned),
            any::<String>(),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn what_is_accepted_resolves_to_an_allowed_origin(raw in tempting()) {
            if let Ok(return_to) = ReturnTo::parse(&raw, OWN, &shops()) {
                let url = Url::parse(OWN).unwrap().join(return_to.as_str()).unwrap();
                let origin = url.origin().ascii_serialization();
                prop_assert!(origin == OWN || shops().contains(&origin), "{raw:?} leads to {url}");
                prop_assert_eq!(return_to.is_own(), origin == OWN);
                // A path of ours stays one when the browser's own `pathname` is resolved again.
                if return_to.is_own() && raw.starts_with('/') {
                    let again = Url::parse(OWN).unwrap().join(url.path()).unwrap();
                    prop_assert_eq!(again.origin().ascii_serialization(), OWN);
                }
            }
        }
    }
}
