//! Days and seconds of the Gregorian calendar, in UTC.

/// A day, which compares as the calendar goes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    /// `YYYY-MM-DD`, and nothing else.
    pub(crate) fn parse(text: &str) -> Option<Date> {
        let is_shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_shaped {
            return None;
        }
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (1..=days)
            .contains(&day)
            .then_some(Date { year, month, day })
    }

    /// The day of a moment (seconds since the epoch).
    pub(crate) fn of(seconds: i64) -> Date {
        // Eras of 400 years that start on the first of March: the leap day comes last.
        let days = seconds.div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Date { year, month, day }
    }

    /// The same day some years later or earlier; the leap day becomes one that no year has, between its neighbours.
    pub(crate) fn years_on(self, years: i64) -> Date {
        Date {
            year: self.year + years,
            ..self
        }
    }
}

/// `YYYY-MM-DD HH:MM:SS`, as the answers have it.
pub(crate) fn timestamp(seconds: i64) -> String {
    let Date { year, month, day } = Date::of(seconds);
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_its_day_and_time() {
        assert_eq!(timestamp(0), "1970-01-01 00:00:00");
        assert_eq!(timestamp(1_704_067_200), "2024-01-01 00:00:00");
        assert_eq!(timestamp(1_709_251_199), "2024-02-29 23:59:59");
        assert_eq!(timestamp(-1), "1969-12-31 23:59:59");
        assert_eq!(Some(Date::of(951_782_400)), Date::parse("2000-02-29"));
    }

    #[test]
    fn only_days_that_there_are_parse() {
        for wrong in [
            "2023-02-29",
            "1900-02-29",
            "2023-13-01",
            "2023-04-31",
            "2023-00-10",
            "2023-1-01",
            "01.02.2023",
            "",
        ] {
            assert_eq!(Date::parse(wrong), None, "{wrong}");
        }
        assert!(Date::parse("2000-02-29").is_some());
        assert!(Date::parse("1990-01-31") < Date::parse("1990-02-01"));
    }
}
