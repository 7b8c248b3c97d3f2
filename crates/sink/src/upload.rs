//! Puts sealed objects, a few at once, and tries again until the object is in S3 or there is no hope.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use lakeward_core::{
    event::Event,
    failure::{Failure, FailureKind},
};
use tokio::{runtime::Handle, sync::Semaphore};

use crate::{
    bucket::Bucket,
    ledger::Ledger,
    put_error::{PutError, Verdict},
    sealed::Sealed,
    stop::Stop,
};

/// Uploads at once. Whoever seals the next object waits: so a slow S3 slows the source.
const UPLOADS: u32 = 4;

/// How long a run waits for the first answer of its server, unless `retry_deadline` is shorter.
const FIRST_ANSWER: Duration = Duration::from_secs(30);

/// How long a try may stand still before it is cut: at the most, and when the first answer is overdue.
const STALL: Duration = Duration::from_secs(60);
const SHORTEST_STALL: Duration = Duration::from_secs(1);

/// How long a try that is on its way may go on when the run ends early.
const LAST_TRY: Duration = Duration::from_secs(5);

/// Pauses between tries: random between nothing and a bound that doubles from the first to the last of these ("full
/// jitter", AWS architecture blog, "Exponential backoff and jitter").
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Uploader(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bucket: Bucket,
    ledger: Arc<Ledger>,
    stop: Arc<Stop>,
    runtime: Handle,
    slots: Arc<Semaphore>,
    patience: Mutex<Patience>,
}

impl Uploader {
    pub(crate) fn new(
        bucket: Bucket,
        retry_deadline: Duration,
        ledger: Arc<Ledger>,
        stop: Arc<Stop>,
        runtime: Handle,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(UPLOADS as usize));
        let patience = Mutex::new(Patience::new(retry_deadline));
        Self(Arc::new(Shared { bucket, ledger, stop, runtime, slots, patience }))
    }

    /// Takes an object; waits, on the caller's thread, while as many as may are on their way.
    pub(crate) fn submit(&self, sealed: Sealed) {
        let slots = self.0.slots.clone();
        // The semaphore is never closed.
        let Ok(slot) = self.0.runtime.block_on(slots.acquire_owned()) else { return };
        if self.0.stop.is_all() {
            return;
        }
        let shared = self.0.clone();
        self.0.runtime.spawn(async move {
            shared.upload(&sealed).await;
            // The object's memory first: who gets the slot may count on it.
            drop(sealed);
            drop(slot);
        });
    }

    /// Waits until nothing is on its way.
    pub(crate) async fn drained(&self) {
        // An error would mean a closed semaphore; it is never closed.
        let _ = self.0.slots.acquire_many(UPLOADS).await;
    }
}

impl Shared {
    async fn upload(&self, sealed: &Sealed) {
        let (mut tried, mut may_have_landed) = (0, false);
        loop {
            tried += 1;
            self.ledger.sending(&sealed.key);
            let began = Instant::now();
            let stall = self.patience(|patience| patience.tried(began));
            let result = tokio::select! {
                result = self.bucket.put(sealed, stall) => result,
                // Cut off: the ledger keeps it among those that are on their way.
                () = self.stop.all_for(LAST_TRY) => return,
            };
            let error = match result {
                Ok(()) => {
                    self.patience(|patience| patience.succeeded(Instant::now()));
                    return self.ledger.landed(&sealed.table, &sealed.key, sealed.rows, sealed.body.len());
                }
                Err(error) => error,
            };
            tracing::debug!(key = %sealed.key, tried, cause = error.cause, "a try failed");
            may_have_landed |= error.may_have_landed;
            if !may_have_landed {
                self.ledger.not_there(&sealed.key);
            }
            let left = match self.hope(sealed, &error, tried) {
                Ok(left) => left,
                Err(failure) => {
                    self.ledger.fail(failure);
                    return self.stop.all();
                }
            };
            // The last try begins when the time is up, not before.
            let pause = pause(tried).min(left);
            self.ledger.retried(&Event::UploadRetried {
                key: sealed.key.clone(),
                attempt: tried,
                cause: error.cause,
                wait: pause,
            });
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.all_for(Duration::ZERO) => return,
            }
        }
    }

    /// How long the run goes on trying after this try's error, or the failure with which it ends.
    fn hope(&self, sealed: &Sealed, error: &PutError, tried: u32) -> Result<Duration, Failure> {
        let place = self.bucket.place();
        if let Verdict::Never(kind, advice) = &error.verdict {
            let what = format!("object {} could not be put into {place}: {}", sealed.key, error.cause);
            return Err(Failure::new(*kind, what).next(advice));
        }
        match self.patience(|patience| patience.failed(error.answered, Instant::now())) {
            Hope::Left(left) => Ok(left),
            Hope::NeverAnswered(limit) => {
                let what = format!("{place} never answered in {} s: {}", limit.as_secs(), error.cause);
                let advice = "check [destination] endpoint and region, and the network or proxy between";
                Err(Failure::new(FailureKind::Destination, what).next(advice))
            }
            Hope::DeadlinePassed(deadline) => {
                let what = format!(
                    "object {} could not be put into {place}: no upload succeeded for {} s (retry_deadline), this one failed {tried} times, at last: {}",
                    sealed.key,
                    deadline.as_secs(),
                    error.cause
                );
                Err(Failure::new(FailureKind::Partial, what)
                    .next("run again when the server is well, or raise retry_deadline"))
            }
        }
    }

    fn patience<T>(&self, look: impl FnOnce(&mut Patience) -> T) -> T {
        look(&mut self.patience.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How long a run goes on trying: shared by its uploads, since one's success is progress for all.
#[derive(Debug)]
struct Patience {
    deadline: Duration,
    first_try: Option<Instant>,
    answered: bool,
    /// The last success, or the first try after which there was none.
    progress: Option<Instant>,
}

#[derive(Debug, PartialEq, Eq)]
enum Hope {
    /// So much time.
    Left(Duration),
    NeverAnswered(Duration),
    DeadlinePassed(Duration),
}

impl Patience {
    fn new(deadline: Duration) -> Self {
        Self { deadline, first_try: None, answered: false, progress: None }
    }

    /// A try begins; how long it may stand still.
    fn tried(&mut self, now: Instant) -> Duration {
        let first_try = *self.first_try.get_or_insert(now);
        self.progress.get_or_insert(now);
        let limit = STALL.min(self.deadline);
        if self.answered {
            return limit;
        }
        let left = self.first_answer().saturating_sub(now.saturating_duration_since(first_try));
        left.clamp(SHORTEST_STALL, limit.max(SHORTEST_STALL))
    }

    fn first_answer(&self) -> Duration {
        FIRST_ANSWER.min(self.deadline)
    }

    fn succeeded(&mut self, now: Instant) {
        self.answered = true;
        self.progress = Some(now);
    }

    /// What is left after a try that failed just now.
    fn failed(&mut self, answered: bool, now: Instant) -> Hope {
        self.answered |= answered;
        let left = |since: Option<Instant>, limit: Duration| {
            limit.saturating_sub(since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since)))
        };
        let first_answer = self.first_answer();
        let until_answer = if self.answered { Duration::MAX } else { left(self.first_try, first_answer) };
        let until_deadline = left(self.progress, self.deadline);
        if until_answer.is_zero() {
            Hope::NeverAnswered(first_answer)
        } else if until_deadline.is_zero() {
            Hope::DeadlinePassed(self.deadline)
        } else {
            Hope::Left(until_answer.min(until_deadline))
        }
    }
}

fn pause(tried: u32) -> Duration {
    let bound = FIRST_PAUSE.saturating_mul(1 << tried.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    bound.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_never_answers_gets_thirty_seconds() {
        let start = Instant::now();
        let mut patience = Patience::new(Duration::from_secs(900));
        patience.tried(start);
        let seconds = Duration::from_secs;
        assert_eq!(patience.failed(false, start + seconds(29)), Hope::Left(seconds(1)));
        assert_eq!(patience.failed(false, start + seconds(30)), Hope::NeverAnswered(FIRST_ANSWER));
        assert_eq!(patience.failed(true, start + seconds(32)), Hope::Left(seconds(868)));
        assert_eq!(patience.failed(false, start + seconds(800)), Hope::Left(seconds(100)));
    }

    #[test]
    fn a_try_may_stand_still_no_longer_than_the_run_would_wait() {
        let start = Instant::now();
        let mut patience = Patience::new(Duration::from_secs(900));
        assert_eq!(patience.tried(start), FIRST_ANSWER);
        assert_eq!(patience.tried(start + Duration::from_secs(20)), Duration::from_secs(10));
        assert_eq!(patience.tried(start + Duration::from_secs(50)), SHORTEST_STALL);
        patience.succeeded(start + Duration::from_secs(51));
        assert_eq!(patience.tried(start + Duration::from_secs(52)), STALL);
        assert_eq!(Patience::new(Duration::from_secs(3)).tried(start), Duration::from_secs(3));
    }

    #[test]
    fn a_shorter_deadline_holds_for_the_first_answer_too() {
        let (start, deadline) = (Instant::now(), Duration::from_secs(3));
        let mut patience = Patience::new(deadline);
        patience.tried(start);
        assert_eq!(patience.failed(false, start + Duration::from_secs(4)), Hope::NeverAnswered(deadline));
        assert_eq!(patience.failed(true, start + Duration::from_secs(4)), Hope::DeadlinePassed(deadline));
    }

    #[test]
    fn the_deadline_counts_from_the_last_progress() {
        let start = Instant::now();
        let limit = Duration::from_secs(60);
        let mut patience = Patience::new(limit);
        patience.tried(start);
        assert_eq!(patience.failed(true, start + Duration::from_secs(59)), Hope::Left(Duration::from_secs(1)));
        patience.succeeded(start + Duration::from_secs(60));
        assert_eq!(patience.failed(true, start + Duration::from_secs(119)), Hope::Left(Duration::from_secs(1)));
        assert_eq!(patience.failed(true, start + Duration::from_secs(120)), Hope::DeadlinePassed(limit));
    }

    #[test]
    fn pauses_are_random_below_a_bound_that_grows_and_ends() {
        fastrand::seed(7);
        for tried in 1..200 {
            let bound = FIRST_PAUSE.saturating_mul(1 << (tried - 1).min(10)).min(LONGEST_PAUSE);
            assert!(pause(tried) <= bound);
        }
        let pauses: Vec<Duration> = (0..100).map(|_| pause(20)).collect();
        assert!(
            pauses.iter().any(|pause| *pause < LONGEST_PAUSE / 4)
                && pauses.iter().any(|pause| *pause > LONGEST_PAUSE / 2)
        );
    }
}
