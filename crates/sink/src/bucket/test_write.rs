//! The test write: one small object under a fixed key, put as a run puts its objects, and what the answers tell beside.

use std::{
    error::Error,
    fmt,
    time::{Duration, SystemTime},
};

use lakeward_core::failure::{Failure, FailureKind};

use super::{Bucket, exchange::Exchange};
use crate::{body::Body, denial::Denial, digest::Digester, put_error::PutError, refusal::Verdict, vendor::Condition};

/// What the key is made of, below the destination's prefix.
const NAME: &str = "_lakeward_check";

const TEXT: &str =
    "Lakeward has written this object to see whether it may write here (`lakeward check`). It holds no data.\n";

/// How long one request may stand still.
const STALL: Duration = Duration::from_secs(10);

/// How often the same is tried again, and after which pause.
const MOST_AGAIN: u32 = 2;
const PAUSE: Duration = Duration::from_millis(500);

/// How often it is tried in another way that an answer has taught.
const MOST_LEARNT: u32 = 4;

/// What came of a test write.
#[derive(Debug)]
pub struct TestWrite {
    /// The object's key.
    pub key: String,
    /// The region that the last request was signed for.
    pub region: String,
    /// Whether the server said that it is this one, and no other that had been asked for.
    pub moved: bool,
    /// The time by the server's clock, as an answer said it, and by this machine's then.
    pub clocks: Option<(SystemTime, SystemTime)>,
    /// Whether the object is there.
    pub result: Result<Written, NotWritten>,
}

/// How the object was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// As objects of a run are.
    Now,
    /// It was there from an earlier check. S3 had allowed the write, and does not allow to replace an object, which no run does.
    Before,
}

/// Why it was not.
#[derive(Debug)]
pub struct NotWritten {
    /// What failed, and the first advice.
    pub failure: Failure,
    /// Whether a server answered.
    pub answered: bool,
    /// The status, where the answer was an error of S3.
    pub status: Option<u16>,
    /// The error code, where there was one.
    pub code: String,
    /// Whether the bucket is elsewhere.
    pub elsewhere: bool,
    /// What AWS says of the missing permission, where it says that.
    pub denial: Option<Denial>,
}

impl fmt::Display for NotWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl Error for NotWritten {}

impl NotWritten {
    fn of(error: PutError) -> Self {
        let PutError { cause, answered, verdict, refusal, .. } = error;
        let (kind, advice) = match verdict {
            Verdict::Never(kind, advice) | Verdict::DoneIfOurs(kind, advice) => (kind, advice),
            Verdict::Again | Verdict::AtOnce if answered => {
                (FailureKind::Destination, "the server fails or is too busy: try again later".to_owned())
            }
            Verdict::Again | Verdict::AtOnce => (
                FailureKind::Destination,
                "check the network, proxies (HTTPS_PROXY, NO_PROXY), and [destination] endpoint and region".to_owned(),
            ),
        };
        Self {
            failure: Failure::new(kind, cause).next(advice),
            answered,
            status: refusal.as_ref().map(|refusal| refusal.status),
            code: refusal.as_ref().map(|refusal| refusal.code.clone()).unwrap_or_default(),
            elsewhere: refusal.as_ref().is_some_and(|refusal| refusal.elsewhere()),
            denial: refusal.and_then(|refusal| Denial::read(&refusal.message)),
        }
    }

    /// Whether it is a KMS key that can't be used.
    fn of_kms(&self) -> bool {
        self.code.starts_with("KMS.") || self.denial.as_ref().is_some_and(|denial| denial.action.starts_with("kms:"))
    }
}

impl Bucket {
    /// Writes the one object of a check below a prefix: with the headers, the checksum and, where the objects of a run have it, the
    /// condition of a run. An object that is there from an earlier check is replaced: S3 looks at the condition before it asks KMS
    /// for a key. Nothing is read or deleted.
    pub async fn test_write(&self, prefix: &str) -> TestWrite {
        let key = format!("{prefix}{NAME}");
        let mut clocks = None;
        let result = match self.tried(&key, Some(Condition::Put), &mut clocks).await {
            Ok(()) => Ok(Written::Now),
            Err(error) if matches!(error.verdict, Verdict::DoneIfOurs(..)) => {
                match self.tried(&key, None, &mut clocks).await.map_err(NotWritten::of) {
                    Ok(()) => Ok(Written::Now),
                    Err(refused) if refused.status == Some(403) && !refused.of_kms() => Ok(Written::Before),
                    Err(refused) => Err(refused),
                }
            }
            Err(error) => Err(NotWritten::of(error)),
        };
        let regional = self.regional().clone();
        TestWrite { key, region: regional.region, moved: regional.told, clocks, result }
    }

    async fn tried(
        &self,
        key: &str,
        condition: Option<Condition>,
        clocks: &mut Option<(SystemTime, SystemTime)>,
    ) -> Result<(), PutError> {
        let mut digester = Digester::new(self.profile().checksum);
        digester.update(TEXT.as_bytes());
        let (digests, body) = (digester.finish(), Body::in_memory([TEXT.into()]));
        let (mut again, mut learnt) = (0, 0);
        loop {
            let exchange = Exchange::new("PutObject", body.len());
            let result = self.put_through(&exchange, key, (&body, &digests), condition, STALL).await;
            *clocks = exchange.answer.seen().clocks.or(*clocks);
            match result {
                Err(PutError { verdict: Verdict::AtOnce, .. }) if learnt < MOST_LEARNT => learnt += 1,
                Err(PutError { verdict: Verdict::Again, .. }) if again < MOST_AGAIN => {
                    again += 1;
                    tokio::time::sleep(PAUSE * again).await;
                }
                result => return result,
            }
        }
    }
}
