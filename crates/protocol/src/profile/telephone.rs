//! Telephone numbers as they are written at home: with a trunk prefix, or none, and without the country's code.
//!
//! The codes are those of [ITU-T E.164](https://www.itu.int/rec/T-REC-E.164), the trunk prefixes those that
//! [libphonenumber](https://github.com/google/libphonenumber) knows. Countries that write their numbers in several ways at home
//! (Argentina, Brazil) aren't here.

/// The international form of a number that is written as in this country (ISO 3166-1 alpha-2), the country's code apart from
/// the rest; `None` where it can't be told for sure.
pub fn international(number: &str, country: &str) -> Option<String> {
    let digits = compact(number);
    let abroad = from_abroad(&digits);
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(abroad.unwrap_or(&digits)) {
        return None;
    }
    if let Some(digits) = abroad {
        return without_zero(digits);
    }
    let (code, rest) = if NORTH_AMERICA.split(' ').any(|known| known == country) {
        let rest = digits.strip_prefix('1').unwrap_or(&digits);
        let fits = rest.len() == 10 && !rest.starts_with(['0', '1']);
        ("1", fits.then_some(rest)?)
    } else if matches!(country, "RU" | "KZ") {
        let rest = digits.strip_prefix('8')?;
        ("7", (rest.len() == 10).then_some(rest)?)
    } else if country == "HU" {
        ("36", digits.strip_prefix("06")?)
    } else if let Some(code) = code(WITH_NOTHING, country) {
        // The code without its plus, perhaps; or a zero of former times.
        let doubtful = digits.starts_with(code) || digits.starts_with("00");
        let zero_fits = !digits.starts_with('0') || WITH_A_ZERO_OF_THEIRS.contains(&country);
        (code, (!doubtful && zero_fits).then_some(&*digits)?)
    } else {
        let rest = digits.strip_prefix('0')?;
        let code = code(WITH_ZERO, country)?;
        (code, (!rest.starts_with('0')).then_some(rest)?)
    };
    with_code(code, rest)
}

/// The same number without the zero of home, which some write behind the country's code.
fn without_zero(digits: &str) -> Option<String> {
    let mut codes = WITH_ZERO.split(' ').filter_map(|entry| entry.get(2..));
    let (code, rest) = codes.find_map(|code| Some((code, digits.strip_prefix(code)?)))?;
    with_code(code, rest.strip_prefix('0')?)
}

fn with_code(code: &str, rest: &str) -> Option<String> {
    let fits = (6..=12).contains(&rest.len());
    fits.then(|| format!("+{code} {rest}"))
}

/// The number without what people write between its digits.
pub(super) fn compact(number: &str) -> String {
    let between = |c: &char| c.is_whitespace() || ".-–/()".contains(*c);
    number.chars().filter(|c| !between(c)).collect()
}

/// What comes after the `+`, or the `00` that stands for it in most countries.
pub(super) fn from_abroad(compact: &str) -> Option<&str> {
    compact
        .strip_prefix('+')
        .or_else(|| compact.strip_prefix("00"))
}

fn code(known: &'static str, country: &str) -> Option<&'static str> {
    let mut entries = known.split(' ');
    entries.find_map(|entry| entry.strip_prefix(country).filter(|_| country.len() == 2))
}

/// A zero comes first at home.
const WITH_ZERO: &str = "AE971 AF93 AL355 AM374 AT43 AU61 AX358 AZ994 BA387 BD880 BE32 BG359 BL590 BO591 CC61 CD243 CH41 CN86 CO57 CU53 \
    CX61 DE49 DZ213 EC593 EG20 EH212 ER291 ET251 FI358 FR33 GB44 GE995 GF594 GG44 GH233 GP590 HR385 ID62 IE353 IL972 \
    IM44 IN91 IQ964 IR98 JE44 JO962 JP81 KE254 KG996 KH855 KI686 KP850 KR82 LA856 LB961 LI423 LK94 LR231 LT370 LY218 \
    MA212 MC377 MD373 ME382 MF590 MG261 MK389 MM95 MN976 MQ596 MW265 MY60 NA264 NG234 NL31 NP977 NZ64 PE51 PH63 PK92 \
    PM508 PS970 PY595 RE262 RO40 RS381 RW250 SA966 SD249 SE46 SI386 SK421 SL232 SO252 SS211 SY963 TH66 TR90 TW886 \
    TZ255 UA380 UG256 UY598 VE58 VN84 XK383 YE967 YT262 ZA27 ZM260 ZW263";

/// Nothing does.
const WITH_NOTHING: &str = "AD376 AO244 AW297 BF226 BH973 BI257 BJ229 BN673 BQ599 BT975 BW267 BZ501 CF236 CG242 CI225 CK682 CL56 CM237 CR506 \
    CV238 CW599 CY357 CZ420 DJ253 DK45 EE372 ES34 FJ679 FK500 FM691 FO298 GA241 GI350 GL299 GM220 GN224 GQ240 GR30 \
    GT502 GW245 GY592 HK852 HN504 HT509 IO246 IS354 IT39 KM269 KW965 LS266 LU352 LV371 ML223 MO853 MR222 MT356 MU230 \
    MV960 MX52 MZ258 NC687 NE227 NF672 NI505 NO47 NR674 NU683 OM968 PA507 PF689 PG675 PL48 PT351 PW680 QA974 SB677 \
    SC248 SG65 SH290 SJ47 SM378 SN221 SR597 ST239 SV503 SZ268 TD235 TG228 TJ992 TK690 TL670 TN216 TO676 TV688 UZ998 \
    VA39 VU678 WF681 WS685";

/// Countries without a trunk prefix whose numbers may begin with a zero, also from abroad.
const WITH_A_ZERO_OF_THEIRS: &[&str] = &["BJ", "CG", "CI", "IT", "SM", "VA"];

/// The code is 1, and ten digits follow, of which the first is neither 0 nor 1; a 1 may come first.
const NORTH_AMERICA: &str =
    "AG AI AS BB BM BS CA DM DO GD GU JM KN KY LC MP MS PR SX TC TT US VC VG VI";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::profile::{Field, countries};

    #[test]
    fn a_number_as_at_home_gets_the_code_of_its_country() {
        for (number, country, expected) in [
            ("079 123 45 67", "CH", "+41 791234567"),
            ("(030) 12 34 56-78", "DE", "+49 3012345678"),
            ("06.12.34.56.78", "FR", "+33 612345678"),
            ("07700 900123", "GB", "+44 7700900123"),
            ("06 6982 0001", "IT", "+39 0669820001"),
            ("612 34 56 78", "ES", "+34 612345678"),
            ("(212) 555-0123", "US", "+1 2125550123"),
            ("1 416 555 0123", "CA", "+1 4165550123"),
            ("8 912 345 67 89", "RU", "+7 9123456789"),
            ("06 20 123 4567", "HU", "+36 201234567"),
            ("412 34 567", "NO", "+47 41234567"),
            ("07 12 34 56 78", "CI", "+225 0712345678"),
        ] {
            let found = international(number, country);
            assert_eq!(found.as_deref(), Some(expected), "{number} in {country}");
            assert!(Field::PhoneNumber.validate(expected).is_ok());
        }
    }

    #[test]
    fn the_zero_of_home_goes_from_behind_the_code() {
        for number in [
            "+41 0 79 123 45 67",
            "+41 (0)79 123 45 67",
            "0041 079 123 45 67",
        ] {
            let found = international(number, "FR");
            assert_eq!(found.as_deref(), Some("+41 791234567"), "{number}");
        }
        assert_eq!(
            international("+39 06 6982 0001", "IT"),
            None,
            "it belongs to the number"
        );
    }

    #[test]
    fn what_may_be_something_else_stays_as_it_is() {
        for (number, country) in [
            ("41 79 123 45 67", "CH"), // with the code, or a zero too few
            ("791234567", "CH"),
            ("34 612 34 56 78", "ES"),
            ("298 211234", "FO"),
            ("(812) 123-45-67", "RU"),
            ("8 10 49 30 123456", "RU"),
            ("692 247 1234", "MH"),
            ("0 22 123 45 67", "PL"),
            ("062 12 34 56", "GA"),
            ("079 123 45 67", "US"),
            ("+41 79 123 45 67", "CH"),
            ("079 123 45 67", ""),
            ("079 123 45 67", "XX"),
            ("011 15 1234 5678", "AR"),
            ("0791", "CH"),
            ("079 CALL ME", "CH"),
            ("", "CH"),
        ] {
            assert_eq!(
                international(number, country),
                None,
                "{number} in {country}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_of_it_is_a_number(number in "[0-9 ()./-]{0,20}|\\PC{0,20}", at in 0..1000_usize) {
            let all: Vec<_> = countries().collect();
            if let Some(found) = international(&number, all[at % all.len()]) {
                prop_assert!(Field::PhoneNumber.validate(&found).is_ok(), "{}", found);
            }
        }
    }
}
