//! Single values from their text. A value that would not come back as it was written is none.

use chrono::NaiveDate;

/// The largest integer below which a float64 holds every integer exactly (IEEE 754, 53 bits of significand).
const EXACT_IN_FLOAT: u64 = 1 << 53;
/// The significant digits that tell any two float64 apart (IEEE 754, section 5.12.2). More of them were not written for one.
const FLOAT_DIGITS: usize = 17;

/// The parts of a number in decimal notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number<'a> {
    is_negative: bool,
    /// Digits before the point.
    pub(crate) whole: &'a str,
    /// Digits after the point.
    pub(crate) fraction: &'a str,
    /// What follows `e`.
    pub(crate) exponent: Option<&'a str>,
}

impl<'a> Number<'a> {
    /// Takes apart what any programming language would take for a number: leading zeros, `+` and `.5` as well.
    fn lenient(text: &'a str) -> Option<Self> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, rest) = digits(unsigned);
        let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
        let has_point = whole.len() + fraction.len() + rest.len() < unsigned.len();
        let (exponent, rest) = match rest.strip_prefix(['e', 'E']) {
            Some(exponent) => {
                let (digits, rest) = digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
                (Some(exponent), if digits.is_empty() { "no digits" } else { rest })
            }
            None => (None, rest),
        };
        let is_number =
            rest.is_empty() && !(whole.is_empty() && fraction.is_empty()) && has_point != fraction.is_empty();
        is_number.then_some(Self { is_negative: text.starts_with('-'), whole, fraction, exponent })
    }

    /// Takes a number apart as JSON writes it (RFC 8259, section 6).
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let is_padded = |number: &Self| number.whole.len() > 1 && number.whole.starts_with('0');
        Self::lenient(text).filter(|number| !number.whole.is_empty() && !is_padded(number) && !text.starts_with('+'))
    }

    /// How many digits it has from the first to the last that is not zero.
    fn significant_digits(&self) -> usize {
        let (whole, fraction) = (self.whole.trim_start_matches('0'), self.fraction.trim_end_matches('0'));
        match (whole.is_empty(), fraction.is_empty()) {
            (true, _) => fraction.trim_start_matches('0').len(),
            (false, true) => whole.trim_end_matches('0').len(),
            (false, false) => whole.len() + fraction.len(),
        }
    }

    /// Whether it is written as an integer. `-0` is not: no integer type has it.
    pub(crate) fn is_integer(&self) -> bool {
        self.fraction.is_empty() && self.exponent.is_none() && !(self.is_negative && self.whole == "0")
    }
}

/// The digits with which a text begins, and the rest.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
}

/// An integer of 64 bits. Leading zeros and `+` only if the type was given: where it is inferred, they mark a code.
pub(crate) fn int64(text: &str, given: bool) -> Option<i64> {
    let bytes = text.as_bytes();
    let is_canonical = match bytes {
        [b'0'] | [b'1'..=b'9', ..] | [b'-', b'1'..=b'9', ..] => true,
        _ => given,
    };
    if is_canonical { text.parse().ok() } else { None }
}

/// Whether a float64 holds this integer, and every one nearer to zero, exactly.
pub(crate) fn is_exact_in_float(integer: i64) -> bool {
    integer.unsigned_abs() <= EXACT_IN_FLOAT
}

/// A float of 64 bits. It is the nearest to what is written; but an integer must be met exactly, and a number so large that
/// it would be infinite, or so small that it would be zero, is none. `NaN`, infinities and numbers of more than 17
/// significant digits only if the type was given.
pub(crate) fn float64(text: &str, given: bool) -> Option<f64> {
    if given && !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    let point = text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    let fits = if point {
        // What has few bytes has few digits.
        let digits = || Number::lenient(text).map_or(0, |number| number.significant_digits());
        let is_kept = given || text.len() <= FLOAT_DIGITS || digits() <= FLOAT_DIGITS;
        (given || is_float_text(text)) && is_kept && (value != 0.0 || digits() == 0)
    } else {
        let is_number = given || Number::parse(text).is_some();
        is_number && (text.len() <= 15 || text.parse().is_ok_and(is_exact_in_float))
    };
    fits.then_some(value)
}

/// A number of JSON, or one that begins with its point (`.5`).
fn is_float_text(text: &str) -> bool {
    let is_plain = |number: Number<'_>| number.whole.is_empty() && number.exponent.is_none() && !text.starts_with('+');
    Number::parse(text).is_some() || Number::lenient(text).is_some_and(is_plain)
}

/// `true` or `false` in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Days since 1970-01-01 of `YYYY-MM-DD`.
pub(crate) fn date(text: &str) -> Option<i32> {
    let (date, rest) = leading_date(text.as_bytes())?;
    if !rest.is_empty() {
        return None;
    }
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// A moment as ISO 8601 writes it: `YYYY-MM-DD`, `T` or a space, `HH:MM`, optionally `:SS` and a fraction down to the
/// microsecond, optionally `Z` or an offset. Gives the microseconds since 1970-01-01T00:00 and, with a zone, the offset's
/// seconds.
pub(crate) fn moment(text: &str) -> Option<(i64, Option<i64>)> {
    let (date, rest) = leading_date(text.as_bytes())?;
    let [b'T' | b' ', h1, h2, b':', m1, m2, rest @ ..] = rest else { return None };
    let (hour, minute) = (pair(*h1, *h2)?, pair(*m1, *m2)?);
    let (second, rest) = match rest {
        [b':', s1, s2, rest @ ..] => (pair(*s1, *s2)?, rest),
        _ => (0, rest),
    };
    let (micros, rest) = match rest {
        [b'.', rest @ ..] => fraction(rest)?,
        _ => (0, rest),
    };
    let offset = offset(rest)?;
    let time = date.and_hms_micro_opt(hour, minute, second, micros)?;
    Some((time.and_utc().timestamp_micros(), offset))
}

/// Microseconds of a timestamp without a zone.
pub(crate) fn timestamp(text: &str) -> Option<i64> {
    match moment(text)? {
        (micros, None) => Some(micros),
        _ => None,
    }
}

/// Microseconds in UTC of a timestamp with a zone.
pub(crate) fn timestamp_utc(text: &str) -> Option<i64> {
    match moment(text)? {
        (micros, Some(offset)) => micros.checked_sub(offset * 1_000_000),
        _ => None,
    }
}

fn leading_date(text: &[u8]) -> Option<(NaiveDate, &[u8])> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, rest @ ..] = text else { return None };
    let year = pair(*y1, *y2)? * 100 + pair(*y3, *y4)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, pair(*m1, *m2)?, pair(*d1, *d2)?)?;
    Some((date, rest))
}

fn pair(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

/// Microseconds of the digits after a point; digits beyond must be zeros.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || digits.iter().skip(6).any(|digit| *digit != b'0') {
        return None;
    }
    let micros = (0..6).fold(0, |sum, place| sum * 10 + digits.get(place).map_or(0, |digit| u32::from(digit - b'0')));
    Some((micros, rest))
}

/// Seconds east of UTC: `Z`, `±HH`, `±HHMM` or `±HH:MM`. The inner `None` is no zone at all.
fn offset(text: &[u8]) -> Option<Option<i64>> {
    let (sign, hours, minutes) = match text {
        [] => return Some(None),
        b"Z" => return Some(Some(0)),
        [sign, h1, h2] => (sign, pair(*h1, *h2)?, 0),
        [sign, h1, h2, b':', m1, m2] | [sign, h1, h2, m1, m2] => (sign, pair(*h1, *h2)?, pair(*m1, *m2)?),
        _ => return None,
    };
    let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
    match sign {
        _ if hours > 23 || minutes > 59 => None,
        b'+' => Some(Some(seconds)),
        b'-' => Some(Some(-seconds)),
        _ => None,
    }
}

/// A decimal of `precision` digits, `scale` of them after the point, times 10 to the `scale`. Exact: a digit beyond the
/// scale must be zero. The type was given, so the number may have leading zeros, `+` or no digit before its point.
pub(crate) fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let number = Number::lenient(text)?;
    let sign = if number.is_negative { -1 } else { 1 };
    let exponent: i64 = number.exponent.map_or(Some(0), |exponent| exponent.parse().ok())?;
    let fraction = number.fraction.trim_end_matches('0');
    let mut value = 0_i128;
    for digit in number.whole.bytes().chain(fraction.bytes()) {
        value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let shift = exponent.checked_add(i64::from(scale))?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let power = |places: i64| u32::try_from(places).ok().and_then(|places| 10_i128.checked_pow(places));
    let value = if value == 0 {
        0
    } else if shift >= 0 {
        value.checked_mul(power(shift)?)?
    } else {
        let power = power(shift.checked_neg()?)?;
        if value % power != 0 {
            return None;
        }
        value / power
    };
    (value < 10_i128.checked_pow(u32::from(precision))?).then_some(sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_exact_or_none() {
        assert_eq!(int64("-9223372036854775808", false), Some(i64::MIN));
        for text in ["9223372036854775808", "007", "+5", "-0", "1.0", "1e3", "", " 1", "١"] {
            assert_eq!(int64(text, false), None, "{text:?}");
        }
        assert_eq!((int64("007", true), int64("+5", true)), (Some(7), Some(5)));
    }

    #[test]
    fn floats_are_the_nearest_but_integers_exact() {
        for (text, value) in
            [("1.5", 1.5), ("-0", -0.0), (".5", 0.5), ("1e-5", 1e-5), ("9007199254740992", 9_007_199_254_740_992.0)]
        {
            assert_eq!(float64(text, false), Some(value), "{text:?}");
        }
        for text in
            ["9007199254740993", "12345678901234567890", "1e999", "-1e999", "NaN", "inf", "1.", "01.5", "+1.5", ""]
        {
            assert_eq!(float64(text, false), None, "{text:?}");
        }
        for text in ["1e-400", "-0.001e-400", "2e-324", ".5e-330"] {
            assert_eq!((float64(text, false), float64(text, true)), (None, None), "{text:?}");
        }
        assert_eq!((float64("0.0e-400", false), float64("5e-324", false)), (Some(0.0), Some(f64::from_bits(1))));
        for (text, value) in [
            ("0.123456789012345678", 0.123_456_789_012_345_68),
            ("1.00000000000000000001", 1.0),
            ("123456789.123456789e5", 12_345_678_912_345.68),
        ] {
            assert_eq!((float64(text, false), float64(text, true)), (None, Some(value)), "{text:?}");
        }
        for text in ["0.00012345678901234567", "12345678.901234567", "12345678901234567000.0", "0.1000000000000000000"]
        {
            assert!(float64(text, false).is_some(), "{text:?}");
        }
        assert!(float64("NaN", true).is_some_and(f64::is_nan));
        assert_eq!((float64("1e999", true), float64("9007199254740993", true)), (None, None));
    }

    #[test]
    fn dates_and_moments() {
        assert_eq!(
            (date("1970-01-01"), date("2000-02-29"), date("0001-01-01")),
            (Some(0), Some(11_016), Some(-719_162))
        );
        for text in ["2001-02-29", "2001-13-01", "2001-1-1", "20010101", "2001-01-01T00:00", "+2001-01-01"] {
            assert_eq!(date(text), None, "{text:?}");
        }
        assert_eq!(timestamp("1970-01-01 00:00"), Some(0));
        assert_eq!(timestamp("1970-01-01T00:00:01.5"), Some(1_500_000));
        assert_eq!(timestamp("1970-01-01T00:00:00.123456000"), Some(123_456));
        assert_eq!(timestamp("1969-12-31T23:59:59.999999"), Some(-1));
        assert_eq!(timestamp_utc("1970-01-01T02:00:00+02:00"), Some(0));
        assert_eq!(timestamp_utc("1970-01-01 00:00:00-0130"), Some(5_400_000_000));
        assert_eq!(timestamp_utc("1970-01-01T00:00:00Z"), Some(0));
        for text in [
            "1970-01-01T00:00:00.1234567",
            "1970-01-01T24:00",
            "1970-01-01T00:00:60",
            "1970-01-01T00:00 Z",
            "1970-01-01T",
        ] {
            assert_eq!(moment(text), None, "{text:?}");
        }
        assert_eq!((timestamp("1970-01-01T00:00Z"), timestamp_utc("1970-01-01T00:00")), (None, None));
    }

    #[test]
    fn decimals_are_never_rounded() {
        let cases = [
            ("12.50", Some(1250)),
            ("-0.01", Some(-1)),
            ("1e2", Some(10_000)),
            ("1.5E-1", Some(15)),
            ("007", Some(700)),
            (".5", Some(50)),
            ("0", Some(0)),
            ("0e99", Some(0)),
            ("99.99", Some(9999)),
            ("0.010", Some(1)),
        ];
        for (text, value) in cases {
            assert_eq!(decimal(text, 5, 2), value, "{text:?}");
        }
        for text in ["0.001", "1000", "1e999999999999", "1e-3", "", "-", ".", "1.2.3", "--1", "x", "+-1", "1e"] {
            assert_eq!(decimal(text, 5, 2), None, "{text:?}");
        }
        assert_eq!(decimal("99999999999999999999999999999999999999", 38, 0), Some(10_i128.pow(38) - 1));
        assert_eq!(decimal("999999999999999999999999999999999999999", 38, 0), None);
    }
}
