//! How long a run goes on trying, and how long it pauses between two tries.

use std::time::{Duration, Instant};

use lakeward_core::plan::RetryPlan;

/// How long a run waits for the first answer of its server, unless `retry_deadline` is shorter.
const FIRST_ANSWER: Duration = Duration::from_secs(30);

/// How long a try may stand still before it is cut: at the most, and when the first answer is overdue.
const STALL: Duration = Duration::from_secs(60);
const SHORTEST_STALL: Duration = Duration::from_secs(1);

/// Pauses between tries: random between nothing and a bound that doubles from this one to the plan's longest ("full jitter",
/// AWS architecture blog, "Exponential backoff and jitter").
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Shared by a run's uploads, since one's success is progress for all.
#[derive(Debug)]
pub(crate) struct Patience {
    plan: RetryPlan,
    first_try: Option<Instant>,
    answered: bool,
    /// The last success, or the first try after which there was none.
    progress: Option<Instant>,
}

/// What is left after a try that failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Hope {
    /// Another try after this pause.
    Pause(Duration),
    /// Nothing: the server has not answered for so long.
    NeverAnswered(Duration),
    /// Nothing: no upload succeeded for so long.
    DeadlinePassed(Duration),
    /// Nothing: this request was tried as often as it may be.
    TriedEnough(u32),
}

impl Patience {
    pub(crate) fn new(plan: RetryPlan) -> Self {
        Self { plan, first_try: None, answered: false, progress: None }
    }

    /// A try begins; how long it may stand still.
    pub(crate) fn tried(&mut self, now: Instant) -> Duration {
        let first_try = *self.first_try.get_or_insert(now);
        self.progress.get_or_insert(now);
        let limit = STALL.min(self.plan.deadline);
        if self.answered {
            return limit;
        }
        let left = self.first_answer().saturating_sub(now.saturating_duration_since(first_try));
        left.clamp(SHORTEST_STALL, limit.max(SHORTEST_STALL))
    }

    fn first_answer(&self) -> Duration {
        FIRST_ANSWER.min(self.plan.deadline)
    }

    pub(crate) fn succeeded(&mut self, now: Instant) {
        self.answered = true;
        self.progress = Some(now);
    }

    /// What is left after a request's `tried`th try, which failed just now.
    pub(crate) fn failed(&mut self, answered: bool, tried: u32, now: Instant) -> Hope {
        self.answered |= answered;
        let left = |since: Option<Instant>, limit: Duration| {
            limit.saturating_sub(since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since)))
        };
        let first_answer = self.first_answer();
        let until_answer = if self.answered { Duration::MAX } else { left(self.first_try, first_answer) };
        let until_deadline = left(self.progress, self.plan.deadline);
        if until_answer.is_zero() {
            Hope::NeverAnswered(first_answer)
        } else if until_deadline.is_zero() {
            Hope::DeadlinePassed(self.plan.deadline)
        } else if self.plan.most_tries.is_some_and(|most| tried >= most) {
            Hope::TriedEnough(tried)
        } else {
            // The last try begins when the time is up, not before.
            Hope::Pause(pause(tried, self.plan.longest_pause).min(until_answer).min(until_deadline))
        }
    }
}

fn pause(tried: u32, longest: Duration) -> Duration {
    let bound = FIRST_PAUSE.saturating_mul(1 << tried.saturating_sub(1).min(10)).min(longest);
    bound.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(20);
    /// So many tries that the pause would often be long.
    const LATE: u32 = 20;

    fn patience(deadline: u64) -> Patience {
        Patience::new(RetryPlan { deadline: seconds(deadline), most_tries: None, longest_pause: LONGEST })
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn pauses(hope: &Hope, most: Duration) -> bool {
        matches!(hope, Hope::Pause(pause) if *pause <= most)
    }

    #[test]
    fn a_server_that_never_answers_gets_thirty_seconds() {
        let start = Instant::now();
        let mut patience = patience(900);
        patience.tried(start);
        assert!(pauses(&patience.failed(false, LATE, start + seconds(29)), seconds(1)));
        assert_eq!(patience.failed(false, LATE, start + seconds(30)), Hope::NeverAnswered(FIRST_ANSWER));
        assert!(pauses(&patience.failed(true, LATE, start + seconds(32)), LONGEST));
        assert!(pauses(&patience.failed(false, LATE, start + seconds(899)), seconds(1)));
    }

    #[test]
    fn a_try_may_stand_still_no_longer_than_the_run_would_wait() {
        let start = Instant::now();
        let mut patient = patience(900);
        assert_eq!(patient.tried(start), FIRST_ANSWER);
        assert_eq!(patient.tried(start + seconds(20)), seconds(10));
        assert_eq!(patient.tried(start + seconds(50)), SHORTEST_STALL);
        patient.succeeded(start + seconds(51));
        assert_eq!(patient.tried(start + seconds(52)), STALL);
        assert_eq!(patience(3).tried(start), seconds(3));
    }

    #[test]
    fn a_shorter_deadline_holds_for_the_first_answer_too() {
        let start = Instant::now();
        let mut patience = patience(3);
        patience.tried(start);
        assert_eq!(patience.failed(false, 1, start + seconds(4)), Hope::NeverAnswered(seconds(3)));
        assert_eq!(patience.failed(true, 1, start + seconds(4)), Hope::DeadlinePassed(seconds(3)));
    }

    #[test]
    fn the_deadline_counts_from_the_last_progress() {
        let start = Instant::now();
        let mut patience = patience(60);
        patience.tried(start);
        assert!(pauses(&patience.failed(true, LATE, start + seconds(59)), seconds(1)));
        patience.succeeded(start + seconds(60));
        assert!(pauses(&patience.failed(true, LATE, start + seconds(119)), seconds(1)));
        assert_eq!(patience.failed(true, LATE, start + seconds(120)), Hope::DeadlinePassed(seconds(60)));
    }

    #[test]
    fn one_request_is_tried_no_more_often_than_planned() {
        let start = Instant::now();
        let mut patience =
            Patience::new(RetryPlan { deadline: seconds(60), most_tries: Some(3), longest_pause: LONGEST });
        patience.tried(start);
        assert!(pauses(&patience.failed(true, 2, start), LONGEST));
        assert_eq!(patience.failed(true, 3, start), Hope::TriedEnough(3));
    }

    #[test]
    fn pauses_are_random_below_a_bound_that_grows_and_ends() {
        fastrand::seed(7);
        for tried in 1..200 {
            let bound = FIRST_PAUSE.saturating_mul(1 << (tried - 1).min(10)).min(LONGEST);
            assert!(pause(tried, LONGEST) <= bound);
        }
        let pauses: Vec<Duration> = (0..100).map(|_| pause(LATE, LONGEST)).collect();
        assert!(pauses.iter().any(|pause| *pause < LONGEST / 4) && pauses.iter().any(|pause| *pause > LONGEST / 2));
    }
}
