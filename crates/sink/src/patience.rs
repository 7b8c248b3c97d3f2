//! How long a run goes on trying, and how long it pauses between two tries.

use std::time::{Duration, Instant};

use lakeward_core::plan::RetryPlan;

/// How long a run waits for the first answer of its server, unless `retry_deadline` is shorter.
const FIRST_ANSWER: Duration = Duration::from_secs(30);

/// How long a try may stand still before it is cut: at the most, and when the first answer is overdue.
pub(crate) const STALL: Duration = Duration::from_secs(60);
const SHORTEST_STALL: Duration = Duration::from_secs(1);

/// So many bytes of bodies are not taken by the system alone: somebody reads them, which is as good as an answer.
const READ_BY_SOMEBODY: u64 = 8 << 20;

/// Pauses between tries: random between nothing and a bound that doubles from this one to the plan's longest ("full jitter",
/// AWS architecture blog, "Exponential backoff and jitter").
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Shared by a run's uploads, since one's success is progress for all.
#[derive(Debug)]
pub(crate) struct Patience {
    plan: RetryPlan,
    first_try: Option<Instant>,
    answered: bool,
    /// Requests under way, those that pause among them.
    under_way: u32,
    /// The last success, or when a request came after none was under way.
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
        Self { plan, first_try: None, answered: false, under_way: 0, progress: None }
    }

    /// A request comes. Time in which there is nothing to send counts for no deadline.
    pub(crate) fn begins(&mut self, now: Instant) {
        if self.under_way == 0 {
            self.progress = Some(now);
        }
        self.under_way += 1;
    }

    /// A request is over, whichever way.
    pub(crate) fn ends(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// A try begins; how long it may stand still. `moved` are the bytes of bodies that the run has sent.
    pub(crate) fn tried(&mut self, moved: u64, now: Instant) -> Duration {
        self.answered |= moved > READ_BY_SOMEBODY;
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

    /// What is left after a request's `tried`th try, which failed just now, and in which bytes moved for so long: that time is no
    /// standstill.
    pub(crate) fn failed(&mut self, answered: bool, tried: u32, moving: Duration, now: Instant) -> Hope {
        self.answered |= answered;
        self.progress = self.progress.map(|progress| (progress + moving).min(now));
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
        patience.tried(0, start);
        assert!(pauses(&patience.failed(false, LATE, Duration::ZERO, start + seconds(29)), seconds(1)));
        assert_eq!(
            patience.failed(false, LATE, Duration::ZERO, start + seconds(30)),
            Hope::NeverAnswered(FIRST_ANSWER)
        );
        assert!(pauses(&patience.failed(true, LATE, Duration::ZERO, start + seconds(32)), LONGEST));
        assert!(pauses(&patience.failed(false, LATE, Duration::ZERO, start + seconds(899)), seconds(1)));
    }

    #[test]
    fn a_try_may_stand_still_no_longer_than_the_run_would_wait() {
        let start = Instant::now();
        let mut patient = patience(900);
        assert_eq!(patient.tried(0, start), FIRST_ANSWER);
        assert_eq!(patient.tried(0, start + seconds(20)), seconds(10));
        assert_eq!(patient.tried(0, start + seconds(50)), SHORTEST_STALL);
        patient.succeeded(start + seconds(51));
        assert_eq!(patient.tried(0, start + seconds(52)), STALL);
        assert_eq!(patience(3).tried(0, start), seconds(3));
    }

    #[test]
    fn a_shorter_deadline_holds_for_the_first_answer_too() {
        let start = Instant::now();
        let mut patience = patience(3);
        patience.tried(0, start);
        assert_eq!(patience.failed(false, 1, Duration::ZERO, start + seconds(4)), Hope::NeverAnswered(seconds(3)));
        assert_eq!(patience.failed(true, 1, Duration::ZERO, start + seconds(4)), Hope::DeadlinePassed(seconds(3)));
    }

    #[test]
    fn the_deadline_counts_from_the_last_progress() {
        let start = Instant::now();
        let mut patience = patience(60);
        patience.tried(0, start);
        assert!(pauses(&patience.failed(true, LATE, Duration::ZERO, start + seconds(59)), seconds(1)));
        patience.succeeded(start + seconds(60));
        assert!(pauses(&patience.failed(true, LATE, Duration::ZERO, start + seconds(119)), seconds(1)));
        assert_eq!(
            patience.failed(true, LATE, Duration::ZERO, start + seconds(120)),
            Hope::DeadlinePassed(seconds(60))
        );
    }

    #[test]
    fn time_without_anything_to_send_counts_for_no_deadline() {
        let start = Instant::now();
        let mut patience = patience(60);
        patience.begins(start);
        patience.tried(0, start);
        patience.succeeded(start + seconds(1));
        patience.ends();
        patience.begins(start + seconds(1000));
        patience.tried(0, start + seconds(1000));
        assert!(pauses(&patience.failed(true, 1, Duration::ZERO, start + seconds(1001)), LONGEST));
        assert_eq!(
            patience.failed(true, LATE, Duration::ZERO, start + seconds(1060)),
            Hope::DeadlinePassed(seconds(60))
        );
    }

    #[test]
    fn a_body_that_moves_is_progress_and_one_that_somebody_reads_an_answer() {
        let start = Instant::now();
        let mut patience = patience(60);
        patience.tried(0, start);
        assert_eq!(patience.tried(READ_BY_SOMEBODY + 1, start + seconds(40)), STALL);
        assert!(pauses(&patience.failed(false, 1, seconds(100), start + seconds(100)), LONGEST));
        assert_eq!(
            patience.failed(false, LATE, Duration::ZERO, start + seconds(160)),
            Hope::DeadlinePassed(seconds(60))
        );
    }

    #[test]
    fn one_request_is_tried_no_more_often_than_planned() {
        let start = Instant::now();
        let mut patience =
            Patience::new(RetryPlan { deadline: seconds(60), most_tries: Some(3), longest_pause: LONGEST });
        patience.tried(0, start);
        assert!(pauses(&patience.failed(true, 2, Duration::ZERO, start), LONGEST));
        assert_eq!(patience.failed(true, 3, Duration::ZERO, start), Hope::TriedEnough(3));
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
