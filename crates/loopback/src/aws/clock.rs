//! The time of the loopback AWS: the system's until a test says otherwise.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use chrono::{DateTime, SecondsFormat, Utc};

/// A clock that runs, and that can be set and advanced while it does. Its clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Reading>>);

/// What the clock showed at an instant.
#[derive(Debug)]
struct Reading {
    shown: SystemTime,
    at: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Reading { shown: SystemTime::now(), at: Instant::now() })))
    }
}

impl Clock {
    /// What it shows.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).now()
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reading.shown += by;
    }

    /// Sets it, forward or back; it runs on from there.
    pub fn set(&self, to: SystemTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Reading { shown: to, at: Instant::now() };
    }
}

impl Reading {
    fn now(&self) -> SystemTime {
        self.shown + self.at.elapsed()
    }
}

/// As in `2026-11-23T21:39:05Z`.
pub(super) fn iso(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// As in the header `Date`.
pub(super) fn http_date(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Seconds since 1970.
pub(super) fn unix_seconds(time: SystemTime) -> i64 {
    DateTime::<Utc>::from(time).timestamp()
}

/// Milliseconds since 1970.
pub(super) fn unix_millis(time: SystemTime) -> i64 {
    DateTime::<Utc>::from(time).timestamp_millis()
}

/// How far two times lie apart.
pub(super) fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_set_and_advanced_and_runs_on() {
        let clock = Clock::default();
        assert!(apart(clock.now(), SystemTime::now()) < Duration::from_secs(5));
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_763_933_945);
        let same = clock.clone();
        same.set(then);
        let early = clock.now();
        assert_eq!(iso(early), "2025-11-23T21:39:05Z");
        assert_eq!(http_date(early), "Sun, 23 Nov 2025 21:39:05 GMT");
        assert_eq!(unix_seconds(early), 1_763_933_945);
        assert_eq!(unix_millis(then), 1_763_933_945_000);
        same.advance(Duration::from_secs(3600));
        assert!(clock.now() >= early + Duration::from_secs(3600));
    }
}
