//! RFC 7515, section 2 and appendix C.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::encoding::{base64url, from_base64url};
use proptest::prelude::*;

mod appendix_c {
    use super::*;

    #[test]
    fn encodes_the_example() {
        assert_eq!(base64url([3, 236, 255, 224, 193]), "A-z_4ME");
        assert_eq!(from_base64url("A-z_4ME").unwrap(), [3, 236, 255, 224, 193]);
    }
}

mod section_2 {
    use super::*;

    #[test]
    fn refuses_padding() {
        assert!(from_base64url("A-z_4ME=").is_err());
    }

    #[test]
    fn refuses_the_other_alphabet() {
        assert!(from_base64url("A+z/4ME").is_err());
    }

    #[test]
    fn refuses_white_space() {
        assert!(from_base64url("A-z_ 4ME").is_err());
        assert!(from_base64url("A-z_4ME\n").is_err());
    }

    #[test]
    fn refuses_a_second_spelling_of_the_same_bytes() {
        assert_eq!(from_base64url("AA").unwrap(), [0]);
        assert!(from_base64url("AB").is_err());
    }

    proptest! {
        #[test]
        fn what_is_decoded_encodes_to_the_same_text(text in "[A-Za-z0-9_-]{0,64}") {
            if let Ok(bytes) = from_base64url(&text) {
                prop_assert_eq!(base64url(bytes), text);
            }
        }

        #[test]
        fn any_bytes_come_back(bytes: Vec<u8>) {
            prop_assert_eq!(from_base64url(&base64url(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn any_text_is_survived(text: String) {
            let _ = from_base64url(&text);
        }
    }
}
