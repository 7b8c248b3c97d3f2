//! Days, times and instants as text (RFC 3339, and ISO 8601 with a sign for years that have more or fewer than four digits).

use arrow_schema::TimeUnit;

const SECONDS_A_DAY: i64 = 86_400;

/// How many of a unit are a second.
fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// The unit's sign, as durations are written.
pub(super) fn unit_sign(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

/// A day, counted from 1970-01-01, as `2026-02-28`.
pub(super) fn date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(days);
    if (0..=9999).contains(&year) {
        two_digits(year / 100, out);
        two_digits(year % 100, out);
    } else {
        out.push(if year < 0 { b'-' } else { b'+' });
        let digits = year.unsigned_abs();
        for limit in [1000, 100, 10] {
            if digits < limit {
                out.push(b'0');
            }
        }
        out.extend_from_slice(itoa::Buffer::new().format(digits).as_bytes());
    }
    out.push(b'-');
    two_digits(month, out);
    out.push(b'-');
    two_digits(day, out);
}

/// A day and time, counted from 1970-01-01, as `2026-02-28T12:30:00.5`; with `zoned` it is an instant in UTC and ends in `Z`.
pub(super) fn timestamp(value: i64, unit: TimeUnit, zoned: bool, out: &mut Vec<u8>) {
    let per_second = per_second(unit);
    let seconds = value.div_euclid(per_second);
    date(seconds.div_euclid(SECONDS_A_DAY), out);
    out.push(b'T');
    clock(seconds.rem_euclid(SECONDS_A_DAY), value.rem_euclid(per_second), unit, out);
    if zoned {
        out.push(b'Z');
    }
}

/// A time of day as `12:30:00.5`. One that is none (Arrow has 0 ≤ time < 24 h) keeps its value: `-00:00:01`, `24:00:00`.
pub(super) fn time(value: i64, unit: TimeUnit, out: &mut Vec<u8>) {
    let per_second = per_second(unit);
    if value < 0 {
        out.push(b'-');
    }
    clock((value / per_second).saturating_abs(), (value % per_second).abs(), unit, out);
}

/// Hours, minutes, seconds and as many digits of the fraction as it needs.
fn clock(seconds: i64, fraction: i64, unit: TimeUnit, out: &mut Vec<u8>) {
    let hours = seconds / 3600;
    if hours < 100 {
        two_digits(hours, out);
    } else {
        out.extend_from_slice(itoa::Buffer::new().format(hours).as_bytes());
    }
    out.push(b':');
    two_digits(seconds / 60 % 60, out);
    out.push(b':');
    two_digits(seconds % 60, out);
    if fraction > 0 {
        out.push(b'.');
        let (mut place, mut rest) = (per_second(unit) / 10, fraction);
        while rest > 0 && place > 0 {
            digit(rest / place, out);
            rest %= place;
            place /= 10;
        }
    }
}

/// Year, month and day in the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms",
/// `civil_from_days`). Unlike a calendar library's it has no last year, since Arrow's counts go beyond those.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn two_digits(number: i64, out: &mut Vec<u8>) {
    digit(number / 10, out);
    digit(number % 10, out);
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "one decimal digit")]
fn digit(digit: i64, out: &mut Vec<u8>) {
    out.push(b'0' + digit as u8);
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, SecondsFormat};

    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn dates_agree_with_a_calendar_library() {
        for days in (-719_528..2_932_896).step_by(97) {
            let expected =
                DateTime::from_timestamp(days * SECONDS_A_DAY, 0).expect("in range").date_naive().to_string();
            assert_eq!(text(|out| date(days, out)), expected);
        }
        let seconds = 1_700_000_000;
        let expected =
            DateTime::from_timestamp(seconds, 0).expect("in range").to_rfc3339_opts(SecondsFormat::Secs, true);
        assert_eq!(text(|out| timestamp(seconds, TimeUnit::Second, true, out)), expected);
    }

    #[test]
    fn fractions_have_the_fewest_digits() {
        for (value, unit, expected) in [
            (1_500, TimeUnit::Millisecond, "1970-01-01T00:00:01.5"),
            (-1, TimeUnit::Nanosecond, "1969-12-31T23:59:59.999999999"),
            (1, TimeUnit::Nanosecond, "1970-01-01T00:00:00.000000001"),
            (1_000_000, TimeUnit::Microsecond, "1970-01-01T00:00:01"),
            (-62_135_596_800, TimeUnit::Second, "0001-01-01T00:00:00"),
        ] {
            assert_eq!(text(|out| timestamp(value, unit, false, out)), expected);
        }
    }

    #[test]
    fn what_no_calendar_has_is_written_all_the_same() {
        assert_eq!(text(|out| date(-719_529, out)), "-0001-12-31");
        assert_eq!(text(|out| date(2_932_897, out)), "+10000-01-01");
        assert_eq!(text(|out| timestamp(i64::MIN, TimeUnit::Second, true, out)), "-292277022657-01-27T08:29:52Z");
        assert_eq!(text(|out| timestamp(i64::MAX, TimeUnit::Second, true, out)), "+292277026596-12-04T15:30:07Z");
        assert_eq!(text(|out| time(-1500, TimeUnit::Millisecond, out)), "-00:00:01.5");
        assert_eq!(text(|out| time(86_400, TimeUnit::Second, out)), "24:00:00");
        let far = text(|out| time(i64::MIN, TimeUnit::Nanosecond, out));
        assert_eq!(far, "-2562047:47:16.854775808");
    }
}
