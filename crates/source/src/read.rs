//! Reading a table: one thread cuts blocks, the rayon pool decodes them, and the caller's thread hands them over in order.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use lakeward_core::{
    budget::{Budget, Reservation},
    event::Event,
    failure::Failure,
    message::{Message, Outlet, Rows, Stopped},
    plan::{InputFormat, OnError},
    table::Table,
};

use crate::{
    Context,
    block::{BLOCK_CELLS, Cutter, Limits},
    columnar::{Columnar, Part, broken, guarded, is_columnar},
    command::EndCommand,
    decode::{
        Decoded, Decoder, MAX_ITEM_CELLS, Rejected, cells,
        conform::{Conform, cut, slice_memory},
        item_cells,
    },
    error::{Error, MisfitAt, shown},
    input::Input,
    note::{self, Note},
    open::Stream,
    reject::RejectsFile,
};

/// The most text that is decoded at once; a single record may be larger. Cells are read column by column, so a block should stay in the
/// cache of a core: 4 MiB took a tenth more CPU for JSON lines.
const BLOCK_BYTES: u64 = 1 << 20;
/// The most memory that a cell takes while it is decoded: the place of its text, and its value.
const CELL_BYTES: u64 = 24;
/// How often a reader that waits for input looks whether the run is stopping.
const GLANCE: Duration = Duration::from_millis(100);

/// A table that was found and can be read, once.
pub struct TableReader {
    pub(crate) table: Arc<Table>,
    pub(crate) given: Vec<bool>,
    pub(crate) notes: Vec<Note>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) longest: usize,
    pub(crate) on_error: OnError,
    /// Whether all rows were looked at when the columns were inferred.
    pub(crate) is_fully_sampled: bool,
    /// Rows set aside in the run so far, over all tables.
    pub(crate) rejects: Arc<AtomicU64>,
    /// Whether it is only looked at.
    pub(crate) is_look: bool,
    pub(crate) context: Context,
}

/// What reading a table came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableRead {
    /// Rows read: those handed over and those set aside.
    pub rows_read: u64,
    /// Rows set aside in the rejects file.
    pub rows_rejected: u64,
    /// The first of them, with its place and the reason.
    pub first_rejected: Option<String>,
    /// Whether the table was read to its end. Otherwise the run is stopping, and `End` was not sent.
    pub complete: bool,
}

impl TableReader {
    /// The table's name and columns.
    #[must_use]
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// What may not be what was meant, a sentence each, without a dot.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        note::told(&self.notes)
    }

    /// The files, in the order in which they are read. Standard input is none.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.inputs.iter().filter_map(|input| match input {
            Input::File { path, .. } => Some(path.as_path()),
            Input::Piped { .. } | Input::Spooled { .. } => None,
        })
    }

    /// Each input as messages name it, fit for a terminal, in the order in which they are read.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.inputs.iter().map(|input| match input {
            Input::File { path, .. } => shown(path),
            Input::Piped { stream, .. } => stream.name.clone(),
            Input::Spooled { name, .. } => name.clone(),
        })
    }

    /// Bytes of all files as stored; `None` for standard input.
    #[must_use]
    pub fn input_bytes(&self) -> Option<u64> {
        let bytes = |input: &Input| match input {
            Input::File { stamp, .. } => Some(stamp.bytes),
            Input::Piped { .. } | Input::Spooled { .. } => None,
        };
        self.inputs.iter().map(bytes).sum()
    }

    /// The same for a look before a run: rows that are to be set aside are counted, however many, and written nowhere.
    #[must_use]
    pub fn for_a_look(self) -> Self {
        Self { is_look: true, ..self }
    }

    /// Reads the table and sends `Begin`, its rows and `End`. Tells the observer of the start and of each block.
    ///
    /// It blocks, and needs a thread of its own that is none of the rayon pool's.
    ///
    /// # Errors
    /// When an input can't be read, changed since it was found, or holds a row that does not fit and is not to be set
    /// aside. Rows handed over before stay handed over.
    pub fn read(self, outlet: &dyn Outlet) -> Result<TableRead, Failure> {
        let Self { table, given, inputs, longest, on_error, is_fully_sampled, rejects, is_look, context, .. } = self;
        let rejects_file = match &on_error {
            OnError::Skip { rejects, .. } => Some(RejectsFile::new(rejects, &table.name, &context.run_id, !is_look)),
            OnError::Fail => None,
        };
        let max_rejects = match on_error {
            OnError::Skip { max_rejects, .. } if !is_look => max_rejects,
            OnError::Skip { .. } | OnError::Fail => None,
        };
        context.observer.on(&Event::TableStarted { table: table.name.clone() });
        let mut handover = Handover {
            table: &table,
            outlet,
            context: &context,
            rejects_file,
            max_rejects,
            rejects: &rejects,
            is_fully_sampled,
            done: TableRead::default(),
        };
        if outlet.send(Message::Begin(Arc::clone(&table))).is_err() {
            return Ok(handover.done);
        }
        let (sender, steps) = sync_channel(rayon::current_num_threads() + 2);
        let reading = Reading {
            limits: limits(&table, &context.budget),
            table: Arc::clone(&table),
            given,
            longest,
            budget: context.budget.clone(),
            spool_dir: context.spool_dir.clone(),
            steps: sender,
        };
        let take = |input: &mut Input| match input {
            Input::Piped { stream, .. } => stream.take_command(),
            Input::File { .. } | Input::Spooled { .. } => None,
        };
        // They end with this call, however it ends: the reading thread may be waiting for them.
        let mut inputs = inputs;
        let _commands: Vec<EndCommand> = inputs.iter_mut().filter_map(take).collect();
        // Not a scoped thread: one that waits for standard input can't be ended, only left behind.
        let thread = thread::Builder::new().name(format!("read {}", table.name));
        thread.spawn(move || reading.run(inputs)).map_err(|error| Error::Bug(format!("no thread: {error}")))?;
        let outcome = handover.run(&steps);
        // Whatever happened, what was set aside is there to be looked at.
        let synced = handover.rejects_file.as_mut().map_or(Ok(()), RejectsFile::sync);
        match outcome {
            Ok(End::Complete) => {
                synced?;
                handover.done.complete = outlet.send(Message::End(table.name.clone())).is_ok();
            }
            Ok(End::Stopped) => synced?,
            Err(error) => return Err(error.into()),
        }
        Ok(handover.done)
    }
}

fn limits(table: &Table, budget: &Budget) -> Limits {
    let cells: usize = table.schema.fields().iter().map(|field| cells(field.data_type())).sum();
    // Several blocks are under way at once, each with what is decoded from it.
    let bytes = (budget.limit() / 32).clamp(64 << 10, BLOCK_BYTES);
    Limits {
        bytes: usize::try_from(bytes).unwrap_or(64 << 10),
        rows: Limits::rows_of(cells),
        items: most_item_cells(table).map_or(usize::MAX, |cells| (BLOCK_CELLS / cells).max(1)),
    }
}

fn most_item_cells(table: &Table) -> Option<usize> {
    table.schema.fields().iter().filter_map(|field| item_cells(field.data_type())).max()
}

/// One step of reading, in the order of the files.
enum Step {
    /// A block that is being decoded.
    Block { input: Arc<str>, decoded: Receiver<Result<(Decoded, Reservation), Error>>, stored: u64 },
    /// An input has been read: so many bytes after its last block.
    Ended { stored: u64 },
    /// Reading came to a fault.
    Failed(Error),
    /// All inputs have been read.
    Complete,
}

/// The thread that cuts blocks.
struct Reading {
    table: Arc<Table>,
    given: Vec<bool>,
    longest: usize,
    limits: Limits,
    budget: Budget,
    spool_dir: PathBuf,
    steps: SyncSender<Step>,
}

/// The other side went away: it has stopped or failed.
struct Gone;

impl Reading {
    fn run(self, inputs: Vec<Input>) {
        for input in inputs {
            match self.input(input) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    // When no one listens any more, no one misses it.
                    let _ = self.steps.send(Step::Failed(error));
                    return;
                }
                Err(Gone) => return,
            }
        }
        let _ = self.steps.send(Step::Complete);
    }

    fn input(&self, input: Input) -> Result<Result<(), Error>, Gone> {
        match input {
            Input::Piped { format, stream } if is_columnar(format) => match Columnar::stream(*stream) {
                Ok(columnar) => self.columnar(columnar),
                Err(error) => Ok(Err(error)),
            },
            Input::Piped { format, stream } => self.stream(*stream, format),
            Input::Spooled { name, format, stored } => match Columnar::stored(name, stored, format) {
                Ok(columnar) => self.columnar(columnar),
                Err(error) => Ok(Err(error)),
            },
            Input::File { path, format, stamp } => {
                if let Err(error) = stamp.check(&path) {
                    return Ok(Err(error));
                }
                match self.file(&path, format)? {
                    Ok(()) => Ok(stamp.check(&path)),
                    // A fault in a file that changed is most likely the change.
                    Err(error) => Ok(stamp.check(&path).and(Err(error))),
                }
            }
        }
    }

    fn file(&self, path: &Path, format: InputFormat) -> Result<Result<(), Error>, Gone> {
        if is_columnar(format) {
            match Columnar::file(path, format, &self.spool_dir) {
                Ok(columnar) => self.columnar(columnar),
                Err(error) => Ok(Err(error)),
            }
        } else {
            match Stream::file(path) {
                Ok(stream) => self.stream(stream, format),
                Err(error) => Ok(Err(error)),
            }
        }
    }

    fn columnar(&self, mut columnar: Columnar) -> Result<Result<(), Error>, Gone> {
        let input: Arc<str> = columnar.name().into();
        let conform = Arc::new(Conform::new(Arc::clone(&self.table.schema), columnar.schema()));
        let (mut stored, format) = (0, columnar.format());
        loop {
            let part = match columnar.next(self.limits, &self.budget) {
                Ok(Some(part)) => part,
                Ok(None) => break,
                Err(error) => return Ok(Err(error)),
            };
            let Part { mut first_row, batch, memory, .. } = part;
            stored += part.stored;
            // Each piece asks for its own memory, together with what it is cut from: nothing may be held while waiting.
            drop(memory);
            let mut start = 0;
            for piece in cut(&batch, self.limits) {
                let mut memory = self.budget.reserve(2 * piece.bytes as u64);
                let rows = batch.slice(start, piece.rows);
                let (sender, decoded) = sync_channel(1);
                let (conform, name) = (Arc::clone(&conform), Arc::clone(&input));
                rayon::spawn(move || {
                    let decoded = guarded(&name, format, || {
                        conform.piece(&rows, first_row).map_err(|error| broken(&name, format, &error))
                    });
                    drop(rows);
                    let _ = sender.send(decoded.map(|decoded| {
                        let bytes: usize = decoded.batch.columns().iter().map(slice_memory).sum();
                        memory.resize(bytes.max(1) as u64);
                        (decoded, memory)
                    }));
                });
                let step = Step::Block { input: Arc::clone(&input), decoded, stored: std::mem::take(&mut stored) };
                self.steps.send(step).map_err(|_| Gone)?;
                start += piece.rows;
                first_row += piece.rows as u64;
            }
        }
        self.steps.send(Step::Ended { stored: stored + columnar.left() }).map_err(|_| Gone)?;
        Ok(Ok(()))
    }

    fn stream(&self, stream: Stream, format: InputFormat) -> Result<Result<(), Error>, Gone> {
        let input: Arc<str> = stream.name.as_str().into();
        let mut cutter = match Cutter::new(stream, format, self.longest) {
            Ok(cutter) => cutter,
            Err(error) => return Ok(Err(error)),
        };
        let decoder = Arc::new(Decoder::new(Arc::clone(&self.table.schema), self.given.clone(), cutter.header()));
        let item_cells = most_item_cells(&self.table).unwrap_or_default();
        loop {
            // Raw text, its fields and what is decoded from it.
            let mut memory = self.budget.reserve(3 * self.limits.bytes as u64);
            let block = match cutter.next(self.limits) {
                Ok(Some(block)) => block,
                Ok(None) => break,
                Err(error) => return Ok(Err(error)),
            };
            // A single record may be larger than the limits.
            let items = block.items.saturating_mul(item_cells).min(MAX_ITEM_CELLS) as u64;
            memory.resize(memory.bytes().max(2 * block.memory() as u64 + items * CELL_BYTES));
            let (sender, decoded) = sync_channel(1);
            let decoder = Arc::clone(&decoder);
            rayon::spawn(move || {
                let decoded = decoder.decode(&block);
                drop(block);
                let decoded = decoded.map_err(|error| Error::Bug(format!("a block could not be decoded: {error}")));
                let _ = sender.send(decoded.map(|decoded| {
                    memory.resize(decoded.batch.get_array_memory_size() as u64);
                    (decoded, memory)
                }));
            });
            let stored = cutter.stream().take_stored();
            self.steps.send(Step::Block { input: Arc::clone(&input), decoded, stored }).map_err(|_| Gone)?;
        }
        let stored = cutter.stream().take_stored();
        self.steps.send(Step::Ended { stored }).map_err(|_| Gone)?;
        Ok(Ok(()))
    }
}

/// How reading ended, when nothing failed.
enum End {
    Complete,
    Stopped,
}

/// The side that hands decoded blocks over, in order.
struct Handover<'a> {
    table: &'a Table,
    outlet: &'a dyn Outlet,
    context: &'a Context,
    rejects_file: Option<RejectsFile>,
    max_rejects: Option<u64>,
    rejects: &'a AtomicU64,
    is_fully_sampled: bool,
    done: TableRead,
}

impl Handover<'_> {
    fn run(&mut self, steps: &Receiver<Step>) -> Result<End, Error> {
        loop {
            let step = match steps.recv_timeout(GLANCE) {
                Ok(step) => step,
                Err(RecvTimeoutError::Timeout) if self.outlet.is_stopped() => return Ok(End::Stopped),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::Bug("the reading thread ended too early".into()));
                }
            };
            match step {
                Step::Block { input, decoded, stored } => {
                    let decoded =
                        decoded.recv().map_err(|_| Error::Bug("a block was lost while it was decoded".into()))?;
                    let (decoded, memory) = decoded?;
                    if self.block(&input, decoded, memory, stored)?.is_err() {
                        return Ok(End::Stopped);
                    }
                }
                Step::Ended { stored: 0 } => {}
                Step::Ended { stored } => self.tell(0, 0, stored),
                Step::Failed(error) => return Err(error),
                Step::Complete => return Ok(End::Complete),
            }
        }
    }

    fn block(
        &mut self,
        input: &str,
        block: Decoded,
        memory: Reservation,
        stored: u64,
    ) -> Result<Result<(), Stopped>, Error> {
        let Decoded { batch, rejected } = block;
        let before = self.done.rows_rejected;
        let outcome = rejected.iter().try_for_each(|rejected| self.set_aside(input, rejected));
        let rejected = self.done.rows_rejected - before;
        if let Err(error) = outcome {
            // What is in the rejects file counts, whatever came after.
            self.tell(0, rejected, stored);
            return Err(error);
        }
        let rows = batch.num_rows() as u64;
        let sent = match rows {
            0 => Ok(()),
            _ => self.outlet.send(Message::Rows(Rows { table: self.table.name.clone(), batch, memory })),
        };
        let taken = if sent.is_ok() { rows } else { 0 };
        self.done.rows_read += taken;
        self.tell(taken, rejected, stored);
        Ok(sent)
    }

    fn set_aside(&mut self, input: &str, rejected: &Rejected) -> Result<(), Error> {
        let at =
            || Box::new(MisfitAt { path: input.to_owned(), place: rejected.place, misfit: rejected.misfit.clone() });
        let Some(file) = &mut self.rejects_file else {
            return Err(Error::Misfit { at: at(), partly_sampled: !self.is_fully_sampled, skips: false });
        };
        file.put(input, rejected)?;
        self.done.first_rejected.get_or_insert_with(|| {
            let Rejected { place, misfit, .. } = rejected;
            format!("{place} of {}: {misfit}", note::last(input))
        });
        self.done.rows_read += 1;
        self.done.rows_rejected += 1;
        let rejects = self.rejects.fetch_add(1, Ordering::Relaxed) + 1;
        match self.max_rejects {
            Some(most) if rejects > most => {
                let (table, rejects) = (self.table.name.clone(), file.shown());
                Err(Error::TooManyRejects { table, most, last: at(), rejects })
            }
            _ => Ok(()),
        }
    }

    fn tell(&self, rows: u64, rejected: u64, bytes: u64) {
        let table = self.table.name.clone();
        self.context.observer.on(&Event::RowsRead { table, rows, rejected, bytes });
    }
}
