//! Spans of time, as people read them.

use std::time::{Duration, SystemTime};

/// `40 s`, `9 min`, `3 h 12 min`, `2 d 4 h`.
pub(crate) fn span(span: Duration) -> String {
    let (minutes, hours) = (span.as_secs() / 60, span.as_secs() / 3600);
    match (hours / 24, hours, minutes) {
        (0, 0, 0) => format!("{} s", span.as_secs()),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

/// `09:12`, `01:02:03`.
pub(crate) fn clock(span: Duration) -> String {
    let seconds = span.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours:02}:{minutes:02}:{seconds:02}") } else { format!("{minutes:02}:{seconds:02}") }
}

/// How long ago something was; nothing where clocks disagree.
pub(crate) fn since(then: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or_default()
}

/// The time of day in UTC, to the second.
pub(crate) fn time_of_day(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() % (24 * 3600);
    format!("{:02}:{:02}:{:02} UTC", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        let spans = [40, 560, 11_530, 187_300].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(spans, ["40 s", "9 min", "3 h 12 min", "2 d 4 h"]);
        assert_eq!([552, 3723].map(|seconds| clock(Duration::from_secs(seconds))), ["09:12", "01:02:03"]);
    }
}
