//! READ FIRST: the sink as a whole. A source's messages come in through a bounded channel, one thread encodes them, and
//! sealed objects leave through the uploader.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use lakeward_core::{
    budget::Budget,
    event::Observer,
    failure::{Failure, FailureKind},
    message::{Message, Outlet, Stopped},
    plan::DestinationPlan,
    table::TableName,
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};
use uuid::Uuid;

use crate::{
    bucket::Bucket,
    encode,
    ledger::{Landed, Ledger},
    stop::Stop,
    table_writer::{TableWriter, WriterContext},
    upload::Uploader,
};

/// Messages that may wait between a source and the encoder. What they hold is bounded by the memory budget; this only
/// smooths the hand-over.
const WAITING_MESSAGES: usize = 8;

/// What a sink is made of.
#[derive(Debug)]
pub struct SinkOptions {
    /// Where objects are put.
    pub bucket: Bucket,
    /// What they look like and when they close.
    pub destination: DestinationPlan,
    /// The folder in which objects lie until they have landed, where they are too large for memory. Made when needed.
    pub spool_dir: PathBuf,
    /// The process's memory.
    pub budget: Budget,
    /// The run's id.
    pub run: Uuid,
}

/// Starts a sink on the current async runtime. Rows go in through the outlet; when all clones of it are dropped, the rest
/// lands, and [`Landing::finish`] tells how it went.
///
/// # Errors
/// When the system gives no thread.
pub fn start(options: SinkOptions, observer: Arc<dyn Observer>) -> Result<(SinkOutlet, Landing), Failure> {
    let SinkOptions { bucket, destination, spool_dir, budget, run } = options;
    let (sender, mut receiver) = mpsc::channel(WAITING_MESSAGES);
    let (done, finished) = oneshot::channel();
    let stop = Arc::new(Stop::default());
    let ledger = Arc::new(Ledger::new(observer));
    let share = budget.share();
    let uploader = Uploader::new(bucket, &destination, share, ledger.clone(), stop.clone(), Handle::current());
    let context = Arc::new(WriterContext {
        destination,
        spool_dir,
        budget,
        run,
        uploader: uploader.clone(),
        threads: encode::threads()?,
    });
    let engine = Engine {
        runtime: Handle::current(),
        context,
        ledger: ledger.clone(),
        stop: stop.clone(),
        open: HashMap::new(),
    };
    thread::Builder::new()
        .name("encode".into())
        .spawn(move || {
            engine.run(&mut receiver);
            // Whoever waited for this may be gone: then nobody is to be told.
            let _ = done.send(());
        })
        .map_err(|error| Failure::new(FailureKind::Bug, format!("no thread for encoding: {error}")))?;
    let outlet = SinkOutlet { sender, stop: stop.clone(), ledger: ledger.clone() };
    Ok((outlet, Landing { finished: Some(finished), uploader, ledger, stop }))
}

/// Where a source puts its messages. Clones share one sink.
#[derive(Clone, Debug)]
pub struct SinkOutlet {
    sender: mpsc::Sender<Message>,
    stop: Arc<Stop>,
    ledger: Arc<Ledger>,
}

impl SinkOutlet {
    /// A source failed: no more is taken. What was taken lands.
    pub fn fail(&self, failure: Failure) {
        self.ledger.fail(failure);
        self.stop.sources();
    }
}

impl Outlet for SinkOutlet {
    fn send(&self, message: Message) -> Result<(), Stopped> {
        if self.is_stopped() { Err(Stopped) } else { self.sender.blocking_send(message).map_err(|_| Stopped) }
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_sources()
    }
}

/// The other end of a sink: what has become of the rows.
#[derive(Debug)]
pub struct Landing {
    /// Until the encoding thread has said that it is done.
    finished: Option<oneshot::Receiver<()>>,
    uploader: Uploader,
    ledger: Arc<Ledger>,
    stop: Arc<Stop>,
}

impl Landing {
    /// Ends the run early: the sources stop, and what they handed over lands. A source that is stuck is not waited for.
    pub fn interrupt(&self, failure: Failure) {
        self.ledger.fail(failure);
        self.stop.sources();
    }

    /// Waits until all that was taken has landed or the run has failed. Cancel-safe: after a dropped call, call it again.
    pub async fn finish(&mut self) {
        // An error means that the thread panicked; the ledger then shows rows that have not landed.
        if let Some(finished) = &mut self.finished {
            if finished.await.is_err() {
                self.ledger.fail(Failure::new(FailureKind::Bug, "the encoder stopped unexpectedly"));
            }
            self.finished = None;
        }
        self.uploader.drained().await;
    }

    /// Ends everything now and tells what has landed until here. Multipart uploads that are left are aborted, which takes a few
    /// seconds at the most.
    pub async fn close(self) -> Landed {
        self.close_within(Duration::MAX).await
    }

    /// [`close`](Self::close), with less time for the aborts.
    pub async fn close_within(self, limit: Duration) -> Landed {
        self.stop.all();
        let _ = tokio::time::timeout(limit, self.uploader.abort_rest()).await;
        self.ledger.close()
    }
}

enum Next {
    Message(Message),
    /// An open object has reached its age.
    Due,
    /// The sources have been stopped, and nothing is waiting.
    Stopped,
    /// No message will come any more.
    End,
}

struct Engine {
    runtime: Handle,
    context: Arc<WriterContext>,
    ledger: Arc<Ledger>,
    stop: Arc<Stop>,
    open: HashMap<TableName, TableWriter>,
}

impl Engine {
    fn run(mut self, receiver: &mut mpsc::Receiver<Message>) {
        let result = self.take_all(receiver).and_then(|()| self.land_open());
        if let Err(failure) = result {
            self.ledger.fail(failure);
            self.stop.all();
        }
    }

    fn take_all(&mut self, receiver: &mut mpsc::Receiver<Message>) -> Result<(), Failure> {
        while !self.stop.is_all() {
            match self.next(receiver) {
                Next::Message(message) => self.take(message)?,
                Next::Due => self.close_aged()?,
                // What has been handed over is still taken; a source that is stuck is not waited for.
                Next::Stopped => receiver.close(),
                Next::End => break,
            }
        }
        Ok(())
    }

    /// Waits for what comes next.
    fn next(&self, receiver: &mut mpsc::Receiver<Message>) -> Next {
        let due = async {
            match self.next_deadline() {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                // In this order: an object that is due closes however busy other tables are, and after a stop all messages
                // come first.
                biased;
                () = due => Next::Due,
                message = receiver.recv() => message.map_or(Next::End, Next::Message),
                () = self.stop.sources_stopped() => Next::Stopped,
            }
        })
    }

    fn take(&mut self, message: Message) -> Result<(), Failure> {
        match message {
            Message::Begin(table) => {
                self.ledger.begin(&table.name);
                let writer = TableWriter::new(table.clone(), self.context.clone());
                if self.open.insert(table.name.clone(), writer).is_some() {
                    return Err(out_of_turn(&table.name, "began twice"));
                }
            }
            Message::Rows(rows) => {
                let Some(writer) = self.open.get_mut(&rows.table) else {
                    return Err(out_of_turn(&rows.table, "sent rows before it began"));
                };
                self.ledger.taken(&rows.table, rows.batch.num_rows());
                writer.write(rows)?;
                self.relieve()?;
            }
            Message::End(table) => {
                let Some(mut writer) = self.open.remove(&table) else {
                    return Err(out_of_turn(&table, "ended before it began"));
                };
                // Without rotation also for a table without rows: those of an earlier run must not stay.
                let DestinationPlan { no_rotate, write_empty_objects, .. } = self.context.destination;
                if no_rotate || (write_empty_objects && !writer.has_begun()) {
                    writer.open()?;
                }
                writer.finish()?;
                self.ledger.ended(&table);
            }
        }
        Ok(())
    }

    /// Takes memory from the open objects, the largest first, until they hold no more than their share: however many tables
    /// there are at once.
    fn relieve(&mut self) -> Result<(), Failure> {
        let share = self.context.budget.share();
        while self.open.values().map(TableWriter::memory_bytes).sum::<u64>() > share {
            let Some(largest) = self.open.values_mut().max_by_key(|writer| writer.memory_bytes()) else { break };
            if !largest.relieve()? {
                break;
            }
        }
        Ok(())
    }

    /// Lands what is open when the messages end before the tables do. Without rotation a half-read table would replace the
    /// whole one of an earlier run, so there it is dropped, and the ledger counts its rows as not landed.
    fn land_open(&mut self) -> Result<(), Failure> {
        if self.stop.is_all() || self.context.destination.no_rotate {
            return Ok(());
        }
        self.open.drain().try_for_each(|(_, writer)| writer.finish())
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.open.values().filter_map(TableWriter::deadline).min()
    }

    fn close_aged(&mut self) -> Result<(), Failure> {
        let now = Instant::now() + Duration::from_millis(1);
        self.open.values_mut().try_for_each(|writer| writer.close_if_due(now))
    }
}

fn out_of_turn(table: &TableName, what: &str) -> Failure {
    Failure::new(FailureKind::Bug, format!("table {table}: the source {what}"))
}
