//! Spans of time as people count them: in one unit, and no finer than anybody cares.

use std::time::Duration;

/// `40 s`, `90 min`, `11 h`, `5 days`, `14 months`, `2 years`.
pub(crate) fn rough(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / (24 * 3600));
    // Of a unit there are at least two, so that the fraction left out is no half of it.
    match (seconds, minutes, hours, days) {
        (..120, ..) => format!("{seconds} s"),
        (_, ..120, ..) => format!("{minutes} min"),
        (_, _, ..48, _) => format!("{hours} h"),
        (_, _, _, ..60) => format!("{days} days"),
        (_, _, _, ..730) => format!("{} months", days / 30),
        _ => format!("{} years", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_one_unit() {
        let hour = 3600;
        let spans = [0, 119, 120, 90 * 60, 2 * hour, 47 * hour + 3599, 48 * hour, 60 * 24 * hour, 1065 * 24 * hour];
        let told = spans.map(|seconds| rough(Duration::from_secs(seconds)));
        assert_eq!(told, ["0 s", "119 s", "2 min", "90 min", "2 h", "47 h", "2 days", "2 months", "2 years"]);
    }
}
