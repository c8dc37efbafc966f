//! The buyer's profile.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use admit_one_protocol::{
    Code,
    profile::{Field, Profile, ProfileError, countries, missing},
};
use proptest::prelude::*;

fn valid(field: Field, value: &str) -> Option<String> {
    field.validate(value).ok()
}

mod fields {
    use super::*;

    #[test]
    fn travel_by_the_names_of_their_claims() {
        for field in Field::ALL {
            assert_eq!(serde_json::to_value(field).unwrap(), field.as_str());
        }
        assert_eq!(Field::StreetAddress.as_str(), "address.street_address");
        assert_eq!(Field::ALL.len(), 12);
    }

    #[test]
    fn have_the_input_types_and_autocomplete_tokens_of_html() {
        assert_eq!(Field::Email.input_type(), "email");
        assert_eq!(Field::PhoneNumber.input_type(), "tel");
        assert_eq!(Field::Birthdate.input_type(), "date");
        assert_eq!(Field::GivenName.autocomplete(), "given-name");
        assert_eq!(Field::Locality.autocomplete(), "address-level2");
        assert_eq!(Field::Country.autocomplete(), "country");
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(serde_json::from_str::<Profile>(r#"{"shoe_size":"42"}"#).is_err());
    }

    #[test]
    fn a_profile_is_a_plain_object() {
        let mut profile = Profile::default();
        assert!(profile.is_empty());
        profile.set(Field::Country, "CH");
        assert_eq!(
            serde_json::to_string(&profile).unwrap(),
            r#"{"address.country":"CH"}"#
        );
        assert!(!format!("{profile:?}").contains("CH"));
    }
}

mod validation {
    use super::*;

    #[test]
    fn white_space_around_is_trimmed_and_alone_is_empty() {
        assert_eq!(valid(Field::GivenName, "  Ada \n").as_deref(), Some("Ada"));
        assert_eq!(
            Field::GivenName.validate(" \t "),
            Err(ProfileError::Empty(Field::GivenName))
        );
    }

    #[test]
    fn too_long_is_refused() {
        assert!(valid(Field::FamilyName, &"é".repeat(100)).is_some());
        let error = Field::FamilyName.validate(&"é".repeat(101)).unwrap_err();
        assert_eq!(error, ProfileError::TooLong(Field::FamilyName));
        assert_eq!(error.code(), Code::ProfileInvalid);
        assert_eq!(error.field(), Field::FamilyName);
    }

    #[test]
    fn control_characters_are_refused_but_for_lines_of_the_street() {
        assert_eq!(
            Field::GivenName.validate("A\u{0}da"),
            Err(ProfileError::Malformed(Field::GivenName))
        );
        assert_eq!(valid(Field::Locality, "Bern\nWest"), None);
        assert_eq!(
            valid(Field::StreetAddress, "c/o Ada\nMain St 1").as_deref(),
            Some("c/o Ada\nMain St 1")
        );
    }

    #[test]
    fn an_email_has_the_shape_of_one() {
        for address in [
            "a@b.ch",
            "Ada.Lovelace+tickets@Example.CO.UK",
            "ü@exämple.de",
            "o'neil@x-y.org",
        ] {
            assert_eq!(valid(Field::Email, address).as_deref(), Some(address));
        }
        for address in [
            "a", "@b.ch", "a@", "a@b", "a b@c.ch", "a@b..ch", "a@-b.ch", "a@b-.ch", "a@b@c.ch",
            "a@b.ch.",
        ] {
            assert_eq!(valid(Field::Email, address), None, "{address}");
        }
        assert_eq!(valid(Field::Email, "Ada <a@b.ch>"), None);
        assert_eq!(
            valid(Field::Email, &format!("{}@b.ch", "a".repeat(65))),
            None
        );
    }

    #[test]
    fn a_telephone_number_loses_what_stands_between_its_digits() {
        for (value, normal) in [
            ("+41 79 123 45 67", "+41791234567"),
            ("+1 (425) 555-1212", "+14255551212"),
            ("+41 (0)79 123 45 67", "+41791234567"),
            ("0041.79.123.45.67", "+41791234567"),
            ("+49\u{a0}30/123456", "+4930123456"),
            ("+683 4000", "+6834000"),
        ] {
            assert_eq!(
                valid(Field::PhoneNumber, value).as_deref(),
                Some(normal),
                "{value}"
            );
        }
        for value in [
            "079 123 45 67",
            "+41",
            "+12345",
            "+41 79 12",
            "+1234567890123456",
            "+41 79 x",
            "++4179123456",
            "+0123456789",
        ] {
            assert_eq!(valid(Field::PhoneNumber, value), None, "{value}");
        }
    }

    #[test]
    fn a_birthdate_is_a_day_that_exists() {
        for value in ["1984-10-31", "2000-02-29", "1900-01-01", "2024-02-29"] {
            assert_eq!(valid(Field::Birthdate, value).as_deref(), Some(value));
        }
        for value in [
            "0000-10-31",
            "1984",
            "1984-13-01",
            "1984-00-10",
            "1984-04-31",
            "1900-02-29",
            "2023-02-29",
            "84-1-1",
            "31.10.1984",
            "1984-10-3a",
            "1984-10-31-",
            "1899-12-31",
            "1984-10-+1",
        ] {
            assert_eq!(valid(Field::Birthdate, value), None, "{value}");
        }
    }

    #[test]
    fn a_locale_may_have_an_underscore() {
        assert_eq!(valid(Field::Locale, "de_CH").as_deref(), Some("de-CH"));
        assert_eq!(
            valid(Field::Locale, "zh-Hant-TW").as_deref(),
            Some("zh-Hant-TW")
        );
        for value in ["d", "deutsch und mehr", "de--CH", "-de", "1a"] {
            assert_eq!(valid(Field::Locale, value), None, "{value}");
        }
    }

    #[test]
    fn a_country_is_an_iso_code() {
        assert_eq!(valid(Field::Country, "ch").as_deref(), Some("CH"));
        for value in ["XX", "C", "Switzerland", "A ", "F "] {
            assert_eq!(valid(Field::Country, value), None, "{value}");
        }
        assert_eq!(countries().count(), 250);
    }
}

mod missing_fields {
    use super::*;

    #[test]
    fn only_what_is_required_is_asked_for_in_its_order() {
        let mut profile = Profile::default();
        profile.set(Field::GivenName, "Bob");
        let required = [Field::PhoneNumber, Field::GivenName, Field::Country];
        assert_eq!(
            missing(&required, &profile),
            [Field::PhoneNumber, Field::Country]
        );
        assert_eq!(missing(&[], &profile), []);
    }

    #[test]
    fn an_invalid_value_is_as_good_as_none() {
        let mut profile = Profile::default();
        profile.set(Field::PhoneNumber, "ask me");
        profile.set(Field::GivenName, " ");
        assert_eq!(
            missing(&[Field::PhoneNumber, Field::GivenName], &profile).len(),
            2
        );
    }
}

proptest! {
    #[test]
    fn what_is_valid_stays_as_it_is(field in prop::sample::select(Field::ALL.to_vec()), value: String) {
        if let Ok(normal) = field.validate(&value) {
            prop_assert_eq!(field.validate(&normal), Ok(normal.clone()));
            prop_assert!(!normal.is_empty() && normal.chars().count() <= field.longest());
        }
    }

    #[test]
    fn a_valid_telephone_number_is_e164(value in "[+0-9 ().-]{0,24}") {
        if let Ok(number) = Field::PhoneNumber.validate(&value) {
            prop_assert!(number.len() <= 16 && number[1..].bytes().all(|b| b.is_ascii_digit()));
        }
    }
}
