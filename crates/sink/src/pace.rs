//! How many uploads run at once: more while that helps, fewer when the server asks for it or falls behind.

use std::time::{Duration, Instant};

/// How many at the beginning, and at the most.
const FIRST: u32 = 4;
const MOST: u32 = 16;

/// Uploads below this size cost what one of this size does: most of their time is the way there and back.
const LEAST_BYTES: u64 = 256 << 10;

/// How much longer than at its best a byte may take: up to the first figure the number grows, beyond the second it shrinks. Where
/// more uploads only share what one alone would get, the time of each grows as their number does (the idea of TCP Vegas, and of
/// the gradient in Netflix's concurrency-limits).
const GROWS_TO: f64 = 1.5;
const SHRINKS_FROM: f64 = 2.5;

/// After each window the best is taken for this much worse, so that it follows a network that has become slower for good.
const FORGETS: f64 = 1.005;

/// Decides on the number from what uploads took: additive increase, multiplicative decrease.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    limit: u32,
    /// Successes since the limit was last looked at: how many, their seconds and their bytes.
    window: (u32, f64, f64),
    /// Whether the limit held somebody back within the window.
    was_full: bool,
    /// The fewest seconds a byte took, as a window's mean.
    best: Option<f64>,
    /// How long an upload takes at present.
    usual: Duration,
    slowed: Option<Instant>,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { limit: FIRST, window: (0, 0.0, 0.0), was_full: false, best: None, usual: Duration::ZERO, slowed: None }
    }

    /// How many uploads may run at once: 1 to [`MOST`].
    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    /// Somebody waits for a place.
    pub(crate) fn full(&mut self) {
        self.was_full = true;
    }

    /// An upload of so many bytes took so long.
    #[expect(clippy::cast_precision_loss, reason = "a mean of sizes")]
    pub(crate) fn succeeded(&mut self, bytes: u64, took: Duration) {
        let (count, seconds, all_bytes) = &mut self.window;
        *count += 1;
        *seconds += took.as_secs_f64();
        *all_bytes += bytes.max(LEAST_BYTES) as f64;
        self.usual = took;
        if *count < self.limit {
            return;
        }
        let each = *seconds / *all_bytes;
        let best = self.best.map_or(each, |best| each.min(best * FORGETS));
        if each <= best * GROWS_TO && self.was_full {
            self.limit = (self.limit + 1).min(MOST);
        } else if each > best * SHRINKS_FROM && self.limit > FIRST {
            self.limit -= 1;
        }
        self.best = Some(best);
        self.look_anew();
    }

    /// The server asks for fewer requests. What others are told about the same time is told of the same rush.
    pub(crate) fn slow_down(&mut self, now: Instant) {
        let rush = self.usual.max(Duration::from_millis(100));
        if self.slowed.is_some_and(|slowed| now.saturating_duration_since(slowed) < rush) {
            return;
        }
        self.limit = (self.limit / 2).max(1);
        self.slowed = Some(now);
        self.look_anew();
    }

    fn look_anew(&mut self) {
        self.window = (0, 0.0, 0.0);
        self.was_full = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// A server that is busy all the time: each upload takes `alone`, and longer in proportion once more than `room` run; beyond
    /// `refuses_from` it asks for fewer. Gives the limit after each of so many rounds.
    fn simulate(pace: &mut Pace, rounds: u32, alone: Duration, room: u32, refuses_from: u32) -> Vec<u32> {
        let mut now = Instant::now();
        let mut limits = Vec::new();
        for _ in 0..rounds {
            let running = pace.limit();
            let took = alone.mul_f64((f64::from(running) / f64::from(room)).max(1.0));
            now += took;
            for upload in 0..running {
                pace.full();
                if upload >= refuses_from { pace.slow_down(now) } else { pace.succeeded(8 * MIB, took) }
            }
            limits.push(pace.limit());
        }
        limits
    }

    #[test]
    fn where_there_is_room_it_grows_by_one_a_window_up_to_the_most() {
        let limits = simulate(&mut Pace::new(), 30, Duration::from_millis(200), 100, 100);
        assert_eq!(limits[..4], [5, 6, 7, 8]);
        assert_eq!(limits.last(), Some(&MOST));
    }

    #[test]
    fn where_more_uploads_only_wait_for_one_another_it_stops_growing() {
        let limits = simulate(&mut Pace::new(), 30, Duration::from_millis(200), 5, 100);
        assert!(limits.iter().all(|limit| (FIRST..=9).contains(limit)), "{limits:?}");
    }

    #[test]
    fn a_server_that_becomes_slow_gets_fewer_and_a_well_one_more_again() {
        let mut pace = Pace::new();
        let _ = simulate(&mut pace, 30, Duration::from_millis(200), 100, 100);
        let limits = simulate(&mut pace, 12, Duration::from_millis(200), 3, 100);
        assert!(limits.last().is_some_and(|limit| *limit <= 9), "{limits:?}");
        let limits = simulate(&mut pace, 30, Duration::from_millis(200), 100, 100);
        assert_eq!(limits.last(), Some(&MOST));
    }

    #[test]
    fn a_request_to_slow_down_halves_it_once_a_round_trip_and_never_below_one() {
        let mut pace = Pace::new();
        pace.succeeded(MIB, Duration::from_secs(1));
        let now = Instant::now();
        pace.slow_down(now);
        pace.slow_down(now + Duration::from_millis(500));
        assert_eq!(pace.limit(), 2);
        for second in 2..20 {
            pace.slow_down(now + Duration::from_secs(second));
        }
        assert_eq!(pace.limit(), 1);
        let limits = simulate(&mut Pace::new(), 60, Duration::from_millis(200), 100, 8);
        assert!(limits.iter().all(|limit| (1..=9).contains(limit)), "{limits:?}");
        assert!(limits.iter().filter(|limit| **limit >= 6).count() > 20, "{limits:?}");
    }

    #[test]
    fn without_anybody_waiting_it_does_not_grow() {
        let mut pace = Pace::new();
        (0..100).for_each(|_| pace.succeeded(MIB, Duration::from_millis(100)));
        assert_eq!(pace.limit(), FIRST);
    }
}
