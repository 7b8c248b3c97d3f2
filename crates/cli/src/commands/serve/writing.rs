//! One write of a host, from its first message to the answer: all rows have landed, or the answer says which have not.

use std::{sync::Arc, time::Duration};

use lakeward_cloudquery::protocol::plugin::write::{Request, request::Message};
use lakeward_core::{
    budget::Budget,
    event::{Event, Observer},
    failure::{Failure, FailureKind},
    table::TableName,
};
use lakeward_sink::{Landed, Landing, SinkOptions};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use tonic::{Code, Status, Streaming};

use super::{
    GRACE,
    account::Account,
    destination::Destination,
    plugin::description,
    table_stream::{Item, Received, StreamError, TableStream},
};

/// The memory that the rows of one write may take on their way, from the message to the encoder's pages.
const MEMORY: u64 = 48 << 20;
/// Messages that may wait to be decoded: so many, and so many KiB, but always one.
const WAITING_MESSAGES: usize = 256;
const WAITING_KIB: u32 = 4 << 10;
/// How long the end of a write may take in the end: to give up multipart uploads.
const CLOSING: Duration = Duration::from_millis(400);

/// How a host's messages ended.
enum Heard {
    /// The host said that these were all.
    All,
    /// The process is to stop.
    Stopped,
    /// Nobody takes them any more.
    Refused,
    /// The host is gone, or sent what is no message.
    Broken(Status),
}

/// Takes all that a host writes, and waits until it has landed.
pub(super) async fn write(
    destination: Arc<Destination>,
    mut messages: Streaming<Request>,
    account: Arc<Account>,
    stopped: watch::Receiver<bool>,
) -> Result<(), Status> {
    let Some(_running) = account.begin() else {
        return Err(Status::resource_exhausted("as many writes as one plugin takes are under way: start another one"));
    };
    let settings = &destination.settings;
    let budget = Budget::new(MEMORY);
    let options = SinkOptions {
        bucket: destination.bucket.clone(),
        destination: settings.plan.destination.clone(),
        spool_dir: settings.spool_dir(),
        budget: budget.clone(),
        run: settings.run,
    };
    let (outlet, mut landing) = lakeward_sink::start(options, Arc::new(Log)).map_err(|failure| status(&failure))?;
    let received = Arc::new(Received::default());
    let stream = TableStream::new(settings.plan.destination.clone(), settings.run, budget, outlet, received.clone());
    let (sender, receiver) = mpsc::channel(WAITING_MESSAGES);
    let taking = tokio::task::spawn_blocking(move || stream.run(receiver));
    let (heard, records) = hear(&mut messages, sender, stopped.clone()).await;
    let taken = land(taking, &mut landing, stopped).await;
    let landed = landing.close_within(CLOSING).await;
    Ended { heard, records, taken, landed, received: received.rows() }.answer(&account)
}

/// Hands a host's messages on until they end; how they did, and how many records there were.
async fn hear(
    messages: &mut Streaming<Request>,
    sender: mpsc::Sender<Item>,
    mut stopped: watch::Receiver<bool>,
) -> (Heard, u64) {
    let room = Arc::new(Semaphore::new(WAITING_KIB as usize));
    let mut records = 0;
    loop {
        let next = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return (Heard::Stopped, records),
            () = sender.closed() => return (Heard::Refused, records),
            next = messages.message() => next,
        };
        let message = match next {
            Ok(Some(Request { message: Some(message) })) => message,
            // A kind of message that nobody knows yet: nothing to take, and nothing to lose.
            Ok(Some(Request { message: None })) => continue,
            Ok(None) => {
                let told = sender.send(Item::Complete).await;
                return (told.map_or(Heard::Refused, |()| Heard::All), records);
            }
            Err(status) => return (Heard::Broken(status), records),
        };
        let is_record = matches!(message, Message::Insert(_));
        let kib = u32::try_from(message.encoded_len() / 1024).unwrap_or(u32::MAX).clamp(1, WAITING_KIB);
        let place = tokio::select! {
            place = room.clone().acquire_many_owned(kib) => place,
            () = sender.closed() => return (Heard::Refused, records),
        };
        // The semaphore is never closed.
        let Ok(place) = place else { return (Heard::Refused, records) };
        if sender.send(Item::Message(message, place)).await.is_err() {
            return (Heard::Refused, records);
        }
        records += u64::from(is_record);
    }
}

/// Waits until all that was taken has landed, or until the time to stop is over. `None` where it was not all taken until then.
async fn land(
    taking: JoinHandle<Result<(), StreamError>>,
    landing: &mut Landing,
    mut stopped: watch::Receiver<bool>,
) -> Option<Result<(), StreamError>> {
    let mut taken = None;
    {
        let all = async {
            taken = Some(taking.await.unwrap_or_else(|error| {
                Err(Failure::new(FailureKind::Bug, format!("taking rows stopped: {error}")).into())
            }));
            landing.finish().await;
        };
        let mut all = std::pin::pin!(all);
        let asked = tokio::select! {
            () = &mut all => false,
            _ = stopped.wait_for(|stopped| *stopped) => true,
        };
        if asked {
            let _ = timeout_at(Instant::now() + GRACE, all).await;
        }
    }
    taken
}

/// All that is known of a write in its end.
struct Ended {
    heard: Heard,
    records: u64,
    taken: Option<Result<(), StreamError>>,
    landed: Landed,
    received: Vec<(TableName, u64)>,
}

impl Ended {
    fn answer(self, account: &Account) -> Result<(), Status> {
        let Self { heard, records, taken, landed, received } = self;
        let (mut missing, mut all_missing) = (Vec::new(), 0);
        for (table, rows) in &received {
            let have = landed.tables.iter().find(|entry| entry.table == *table).map_or(0, |entry| entry.landed());
            tracing::info!(table = table.as_str(), rows, landed = have, "table written");
            let lost = rows.saturating_sub(have);
            if lost > 0 {
                all_missing += lost;
                missing.push(format!("{lost} of the {rows} rows of table {table}"));
            }
        }
        let is_uncertain = match &taken {
            None => true,
            Some(Err(StreamError::Failure(failure))) => failure.kind == FailureKind::Bug,
            Some(_) => false,
        };
        if is_uncertain {
            all_missing = all_missing.max(1);
            missing.push(format!("rows of the last of {records} records"));
        }
        let why = cause(heard, taken, landed.failure, all_missing);
        if all_missing == 0 {
            return why.map_or(Ok(()), |(failure, code)| {
                tracing::warn!("a write ended early, and all rows that were taken have landed: {failure}");
                Err(Status::new(code, description(&failure)))
            });
        }
        let (failure, code) =
            why.unwrap_or_else(|| (Failure::new(FailureKind::Bug, "no reason is known"), Code::Internal));
        let uncertain = match landed.uncertain.as_slice() {
            [] => String::new(),
            keys => {
                format!("; S3 may have {} or not", keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            }
        };
        let failure = Failure { what: format!("{failure}; not landed: {}{uncertain}", missing.join(", ")), ..failure };
        tracing::error!("{}", description(&failure));
        let status = Status::new(code, description(&failure));
        account.missing(failure);
        Err(status)
    }
}

/// Why a write did not end as it should, and how that is answered.
fn cause(
    heard: Heard,
    taken: Option<Result<(), StreamError>>,
    failure: Option<Failure>,
    missing: u64,
) -> Option<(Failure, Code)> {
    // The first cause decides: the sink's own, then what could not be taken, then how the messages ended.
    if let Some(failure) = failure {
        return Some((failure, Code::Internal));
    }
    match taken {
        Some(Err(StreamError::Failure(failure))) => return Some((failure, Code::Internal)),
        Some(Err(error @ StreamError::Unsupported(_))) => {
            return Some((Failure::new(FailureKind::Input, error.to_string()), Code::Unimplemented));
        }
        Some(Err(error @ (StreamError::Table(_) | StreamError::Stopped(_)))) => {
            return Some((Failure::new(FailureKind::Input, error.to_string()), Code::InvalidArgument));
        }
        Some(Ok(())) | None => {}
    }
    match heard {
        Heard::All if missing == 0 => None,
        Heard::All | Heard::Refused | Heard::Stopped => {
            let what = "the plugin was asked to stop before the write had ended";
            Some((Failure::new(FailureKind::Interrupted, what), Code::Unavailable))
        }
        Heard::Broken(status) => {
            let what = format!("the host's messages broke off: {}", status.message());
            Some((Failure::new(FailureKind::Input, what), Code::Aborted))
        }
    }
}

fn status(failure: &Failure) -> Status {
    Status::internal(description(failure))
}

/// Tells in the log what happens.
struct Log;

impl Observer for Log {
    fn on(&self, event: &Event) {
        match event {
            Event::ObjectLanded { table, key, rows, bytes } => {
                tracing::debug!(table = table.as_str(), key = key.as_str(), rows, bytes, "an object has landed");
            }
            Event::UploadRetried { key, attempt, cause, .. } => {
                tracing::warn!(key = key.as_str(), attempt, cause, "an upload is tried again");
            }
            _ => {}
        }
    }
}
