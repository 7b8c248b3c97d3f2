//! Sends what is sealed, a few at once, and tries again until it is in S3 or there is no hope.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use lakeward_core::{
    event::Event,
    failure::{Failure, FailureKind},
    key::ObjectKey,
    plan::DestinationPlan,
    table::TableName,
};
use tokio::{runtime::Handle, task::JoinSet};

use crate::{
    bucket::Bucket,
    denial::Denial,
    gate::Gate,
    ledger::Ledger,
    multipart::{Completion, LargeObject, Part},
    patience::{Hope, Patience, STALL},
    put_error::PutError,
    refusal::Verdict,
    sealed::{Sealed, Unit},
    stop::Stop,
    vendor::Profile,
};

/// How long a try that is on its way, and may make an object, may go on when the run ends early.
const LAST_TRY: Duration = Duration::from_secs(5);

/// How long S3 may take to make a large object of its parts: "several minutes" (Amazon S3 API reference,
/// CompleteMultipartUpload).
const COMPLETING: Duration = Duration::from_secs(600);

/// How long a run that ends early spends on aborting its multipart uploads.
const ABORTING: Duration = Duration::from_secs(5);

/// How long before that it waits for what is on its way to see that the run is over.
const SETTLING: Duration = Duration::from_secs(1);

/// Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Uploader(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bucket: Bucket,
    destination: DestinationPlan,
    ledger: Arc<Ledger>,
    stop: Arc<Stop>,
    runtime: Handle,
    gate: Gate,
    patience: Mutex<Patience>,
    /// Objects in parts that have not landed.
    large: Mutex<Vec<Arc<LargeObject>>>,
}

impl Uploader {
    /// An uploader whose uploads hold no more than so many bytes in memory.
    pub(crate) fn new(
        bucket: Bucket,
        destination: &DestinationPlan,
        most_memory: u64,
        ledger: Arc<Ledger>,
        stop: Arc<Stop>,
        runtime: Handle,
    ) -> Self {
        let (gate, patience) = (Gate::new(most_memory), Mutex::new(Patience::new(destination.retry)));
        let destination = destination.clone();
        Self(Arc::new(Shared { bucket, destination, ledger, stop, runtime, gate, patience, large: Mutex::default() }))
    }

    /// What the server takes.
    pub(crate) fn profile(&self) -> Profile {
        self.0.bucket.profile()
    }

    /// Begins an object that is sent in parts. Nothing is sent before its first part is.
    pub(crate) fn large_object(&self, table: TableName, key: ObjectKey) -> Arc<LargeObject> {
        let object = Arc::new(LargeObject::new(table, key));
        lock(&self.0.large).push(object.clone());
        object
    }

    /// Takes an object or a part of one; waits, on the caller's thread, while as many as may are on their way.
    pub(crate) fn submit(&self, sealed: Sealed) {
        let place = self.0.runtime.block_on(self.0.gate.enter(sealed.memory.bytes()));
        if self.0.stop.is_all() {
            return;
        }
        let shared = self.0.clone();
        self.0.runtime.spawn(async move {
            shared.send(&sealed).await;
            // The memory first: who gets the place may count on it.
            drop(sealed);
            drop(place);
        });
    }

    /// Waits until nothing is on its way.
    pub(crate) async fn drained(&self) {
        self.0.gate.drained().await;
    }

    /// Aborts the multipart uploads that will not be completed. What S3 keeps of them costs money, but no rows are lost with
    /// it: so an abort that is refused is told and is no failure.
    pub(crate) async fn abort_rest(&self) {
        if lock(&self.0.large).is_empty() {
            return;
        }
        // Where it takes longer, a whole object is on its way: that is nothing to wait for.
        let _ = tokio::time::timeout(SETTLING, self.drained()).await;
        let mut aborts = JoinSet::new();
        for object in std::mem::take(&mut *lock(&self.0.large)) {
            if let Some((id, bytes)) = object.abandon().map(|(id, bytes)| (id.to_owned(), bytes)) {
                let bucket = self.0.bucket.clone();
                aborts.spawn(async move {
                    let result = bucket.abort_upload(&object, &id, ABORTING).await;
                    // Where there is no such upload there is nothing to abort.
                    result
                        .err()
                        .filter(|error| !matches!(error.verdict, Verdict::DoneIfOurs(..)))
                        .map(|error| (error, bytes))
                });
            }
        }
        let refused: Vec<(PutError, u64)> = aborts.join_all().await.into_iter().flatten().collect();
        let bytes: u64 = refused.iter().map(|(_, bytes)| bytes).sum();
        if let Some((PutError { cause, verdict, .. }, _)) = refused.first() {
            let denied = matches!(verdict, Verdict::Never(FailureKind::Denied, _));
            let allow = if denied { "allow s3:AbortMultipartUpload, or " } else { "" };
            tracing::warn!(
                "{} multipart upload(s) with {bytes} bytes could not be aborted in {}: {cause}; {allow}ask the bucket's owner for a lifecycle rule with AbortIncompleteMultipartUpload (DaysAfterInitiation: 1)",
                refused.len(),
                self.0.bucket.place(),
            );
        }
    }
}

/// A request as the run's end tells it, and what it does.
struct Request<'a> {
    key: &'a ObjectKey,
    /// What failed if it does, as far as the bucket's place.
    failed: String,
    /// Whether it makes the object: then S3 may have it from the first try on.
    lands: bool,
    /// How many bytes it sends; a request without a body tells nothing of the pace.
    body: Option<u64>,
}

/// How a request ended.
enum End<T> {
    /// It succeeded.
    Done(T),
    /// An earlier try had succeeded, though its answer did not come.
    DoneBefore,
    /// It did not: the run is at its end. Whether S3 may have done it all the same.
    Over { in_doubt: bool },
}

impl Shared {
    async fn send(&self, sealed: &Sealed) {
        match &sealed.unit {
            Unit::Object { table, key, rows } => {
                let failed = format!("object {key} could not be put into");
                let request = Request { key, failed, lands: true, body: Some(sealed.body.len()) };
                let put = |stall| self.bucket.put(key, &sealed.body, &sealed.digests, stall);
                if let End::Done(()) | End::DoneBefore = self.persist(&request, put).await {
                    self.ledger.landed(table, key, *rows, sealed.body.len());
                }
            }
            Unit::Part { object, number } => {
                let Some(part) = self.send_part(object, *number, sealed).await else { return };
                if let Some(completion) = object.arrived(*number, part) {
                    self.complete(object, &completion).await;
                }
            }
        }
    }

    async fn send_part(&self, object: &LargeObject, number: u32, sealed: &Sealed) -> Option<Part> {
        let key = &object.key;
        let begin = || async {
            let failed = format!("the multipart upload of object {key} could not be begun in");
            let request = Request { key, failed, lands: false, body: None };
            match self.persist(&request, |stall| self.bucket.create_upload(key, stall)).await {
                End::Done(id) => Ok(id),
                _ => Err(()),
            }
        };
        let id = object.upload_id.get_or_try_init(begin).await.ok()?;
        let failed = format!("part {number} of object {key} could not be put into");
        let request = Request { key, failed, lands: false, body: Some(sealed.body.len()) };
        let put = |stall| self.bucket.put_part((key, id), number, &sealed.body, &sealed.digests, stall);
        match self.persist(&request, put).await {
            End::Done(e_tag) => Some(Part { e_tag, checksum: sealed.digests.checksum, bytes: sealed.body.len() }),
            _ => None,
        }
    }

    async fn complete(&self, object: &LargeObject, completion: &Completion) {
        let LargeObject { table, key, .. } = object;
        let Some(id) = object.upload_id.get() else { return };
        let failed = format!("object {key} could not be made of its parts in");
        let request = Request { key, failed, lands: true, body: None };
        let complete = |stall| {
            let patience = if stall < STALL { stall } else { COMPLETING.min(self.destination.retry.deadline) };
            self.bucket.complete_upload((key, id), completion, patience)
        };
        match self.persist(&request, complete).await {
            End::Done(()) | End::DoneBefore => {
                object.over();
                lock(&self.large).retain(|open| open.key != *key);
                self.ledger.landed(table, key, completion.rows, completion.bytes);
            }
            End::Over { in_doubt: true } => {}
            End::Over { in_doubt: false } => object.not_completed(),
        }
    }

    /// Makes a request until it succeeds, there is no hope, or the run has ended.
    async fn persist<T, F>(&self, request: &Request<'_>, make: impl Fn(Duration) -> F) -> End<T>
    where
        F: Future<Output = Result<T, PutError>>,
    {
        lock(&self.patience).begins(Instant::now());
        let end = self.try_again(request, make).await;
        lock(&self.patience).ends();
        end
    }

    async fn try_again<T, F>(&self, request: &Request<'_>, make: impl Fn(Duration) -> F) -> End<T>
    where
        F: Future<Output = Result<T, PutError>>,
    {
        let (mut tried, mut in_doubt) = (0, false);
        let last_try = if request.lands { LAST_TRY } else { Duration::ZERO };
        loop {
            if self.stop.is_all() {
                return End::Over { in_doubt };
            }
            if request.lands {
                self.ledger.sending(request.key);
            }
            let began = Instant::now();
            let stall = lock(&self.patience).tried(self.bucket.moved(), began);
            let result = tokio::select! {
                result = make(stall) => result,
                // Cut off: the ledger keeps the object among those that are on their way.
                () = self.stop.all_for(last_try) => return End::Over { in_doubt: request.lands },
            };
            let error = match result {
                Ok(done) => {
                    lock(&self.patience).succeeded(Instant::now());
                    if let Some(bytes) = request.body {
                        self.gate.succeeded(bytes, began.elapsed());
                    }
                    return End::Done(done);
                }
                Err(error) => error,
            };
            tracing::debug!(key = %request.key, tried, cause = error.cause, "a try failed");
            if request.lands && in_doubt && matches!(error.verdict, Verdict::DoneIfOurs(..)) {
                lock(&self.patience).succeeded(Instant::now());
                return End::DoneBefore;
            }
            if error.slow_down {
                self.gate.slow_down();
            }
            in_doubt |= request.lands && error.may_be_done;
            if request.lands && !in_doubt {
                self.ledger.not_there(request.key);
            }
            if error.verdict == Verdict::AtOnce {
                continue;
            }
            tried += 1;
            let pause = match self.hope(request, &error, tried) {
                Ok(pause) => pause,
                Err(failure) => {
                    self.ledger.fail(failure);
                    self.stop.all();
                    return End::Over { in_doubt };
                }
            };
            self.ledger.retried(&Event::UploadRetried {
                key: request.key.clone(),
                attempt: tried,
                cause: error.cause,
                wait: pause,
            });
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.all_for(Duration::ZERO) => return End::Over { in_doubt },
            }
        }
    }

    /// How long to pause after this try's error, or the failure with which the run ends.
    fn hope(&self, request: &Request<'_>, error: &PutError, tried: u32) -> Result<Duration, Failure> {
        let place = self.bucket.place();
        let failed = &request.failed;
        if let Verdict::Never(kind, advice) | Verdict::DoneIfOurs(kind, advice) = &error.verdict {
            let what = format!("{failed} {place}: {}", error.cause);
            return Err(Failure::new(*kind, what).next(self.advice(error, advice)));
        }
        let (why, advice) = match lock(&self.patience).failed(error.answered, tried, error.moving, Instant::now()) {
            Hope::Pause(pause) => return Ok(pause),
            Hope::NeverAnswered(limit) => {
                let what = format!("{place} never answered in {} s: {}", limit.as_secs(), error.cause);
                let advice = "check [destination] endpoint and region, and the network or proxy between";
                return Err(Failure::new(FailureKind::Destination, what).next(advice));
            }
            Hope::DeadlinePassed(deadline) => {
                let deadline = deadline.as_secs();
                let why = format!(
                    "no upload succeeded for {deadline} s (retry_deadline), this one failed {tried} times, at last"
                );
                (why, "run again when the server is well, or raise retry_deadline")
            }
            Hope::TriedEnough(tries) => {
                let why = format!("it failed {tries} times (max_retries), at last");
                (why, "run again when the server is well, or raise max_retries")
            }
        };
        let what = format!("{failed} {place}: {why}: {}", error.cause);
        Err(Failure::new(FailureKind::Partial, what).next(advice))
    }

    /// What to do about a request that will never do: the missing statement, where AWS says enough of what is not allowed.
    fn advice(&self, error: &PutError, usual: &str) -> String {
        let Some(refusal) = error.refusal.as_ref().filter(|refusal| refusal.code == "AccessDenied") else {
            return usual.to_owned();
        };
        let said = Denial::read(&refusal.message).and_then(|denial| {
            let statement = denial.statement(&self.destination, &self.bucket.region());
            let statement = statement.map(|statement| format!(": {statement}")).unwrap_or_default();
            Some(format!("{}{statement}", denial.advice()?))
        });
        said.unwrap_or_else(|| format!("{usual}; `lakeward check` lists what to try"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every step leaves the guarded value whole, so a panic elsewhere doesn't spoil it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
