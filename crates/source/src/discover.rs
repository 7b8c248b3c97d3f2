//! From the plan's sources to readers: which files each table has, and what its columns are.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
};

use arrow_schema::{Field, Schema, SchemaRef};
use lakeward_core::{
    column_type,
    failure::Failure,
    plan::{InputFormat, OnError, OwnPlace, ReadPlan, Sample, SourcePlan},
    table::{Table, TableName},
    untrusted,
};

use crate::{
    Context,
    block::{Block, Cutter, Limits, MAX_COLUMNS},
    columnar::{
        self, Columnar, is_columnar,
        schema::{Union, retyped},
        stored::Stored,
    },
    decode::json::record_text,
    error::{Error, Misfit, MisfitAt, Place as At, nearest, shown},
    infer::{Almost, BadKey, Firsts, Odd, OddValue, SeenFields},
    input::Input,
    locate::{Own, locate},
    open::{Stamp, Stream},
    read::TableReader,
    sniff::{SNIFFED, by_magic, sniff, stripped},
};

/// The longest record that can be asked for: Arrow's strings and lists count their bytes and items in 31 bits.
const LONGEST_RECORD: u64 = 1 << 30;
/// The most bytes of samples that are kept where several inputs are pipes. They are outside of the budget, each until its
/// table's turn comes.
const KEPT_BYTES: u64 = 32 << 20;
/// How much of a sample is looked at in one go.
const SAMPLE_STEP: usize = 256 << 10;
/// How much of an odd value is told.
const VALUE: usize = 40;

/// Finds the files of all tables, tells their formats and infers their columns. Returns one reader a table, in the order in
/// which the sources name them; with `only`, those tables alone.
///
/// It opens every file, one at a time, and reads the sample. The same table in several sources or files is one table.
/// Of standard input and of commands, what was sampled is kept to be read again. Several of them share 32 MiB for it, however
/// large a sample is asked for: all commands start here, and their samples are in memory at once.
///
/// # Errors
/// When something is missing or can't be read, a table has no columns, two sources of one table differ in how it is to be
/// read, or `only` names a table that is not there.
pub fn discover(sources: &[SourcePlan], only: &[TableName], context: &Context) -> Result<Vec<TableReader>, Failure> {
    discover_beside(sources, only, &[], context)
}

/// As [`discover`], beside sources of other kinds, which have the tables `elsewhere`.
///
/// # Errors
/// Also when one of these tables is one of the sources' here.
pub fn discover_beside(
    sources: &[SourcePlan],
    only: &[TableName],
    elsewhere: &[TableName],
    context: &Context,
) -> Result<Vec<TableReader>, Failure> {
    let mut groups = group(sources, only, &context.own_places)?;
    if let Some(group) = groups.iter().find(|group| elsewhere.contains(&group.name)) {
        return Err(Error::Elsewhere { table: group.name.clone() }.into());
    }
    for name in only {
        let mut known = groups.iter().map(|group| &group.name).chain(elsewhere);
        if !known.clone().any(|known| known == name) {
            let near = nearest(name.as_str(), known.by_ref().map(TableName::as_str)).map(str::to_owned);
            return Err(Error::UnknownTable { name: name.to_string(), near }.into());
        }
    }
    groups.retain(|group| only.is_empty() || only.contains(&group.name));
    let pipes =
        groups.iter().flat_map(|group| &group.places).filter(|(place, _)| !matches!(place, Place::File(_))).count();
    let most_kept = if pipes > 1 { KEPT_BYTES / pipes as u64 } else { u64::MAX };
    let rejects = Arc::<AtomicU64>::default();
    groups.into_iter().map(|group| Ok(group.into_reader(&rejects, most_kept, context)?)).collect()
}

/// The inputs of one table, before they are opened.
struct Group<'a> {
    name: TableName,
    read: &'a ReadPlan,
    places: Vec<(Place<'a>, Option<InputFormat>)>,
    seen: HashSet<PathBuf>,
}

enum Place<'a> {
    File(PathBuf),
    Stdin,
    Command { command: &'a [String], folder: &'a Path },
}

fn group<'a>(sources: &'a [SourcePlan], only: &[TableName], own_places: &[OwnPlace]) -> Result<Vec<Group<'a>>, Error> {
    let mut groups = Groups::default();
    let mut has_stdin = false;
    let own = Own::of(own_places, sources);
    for source in sources {
        match source {
            SourcePlan::Files { paths, table, read } => {
                if let Some(table) = table
                    && !only.is_empty()
                    && !only.contains(table)
                {
                    // Its files may be missing today.
                    groups.name(table.clone(), read);
                    continue;
                }
                for path in paths {
                    for file in locate(path, &own)? {
                        let table = match table {
                            Some(table) => table.clone(),
                            None => stem(&file)?,
                        };
                        groups.add(table, read, Place::File(file))?;
                    }
                }
            }
            SourcePlan::Command { command, folder, table, read } => {
                groups.add(table.clone(), read, Place::Command { command, folder })?;
            }
            SourcePlan::Stdin { table, read } => {
                if std::mem::replace(&mut has_stdin, true) {
                    return Err(Error::StdinTwice);
                }
                groups.add(table.clone(), read, Place::Stdin)?;
            }
            // Its tables are elsewhere.
            SourcePlan::CloudQuery(_) => {}
        }
    }
    Ok(groups.in_order)
}

/// The table that a file without a given one belongs to.
fn stem(file: &Path) -> Result<TableName, Error> {
    let stem = stripped(file).file_stem().unwrap_or_default().to_string_lossy();
    TableName::new(&stem).map_err(|error| Error::TableName {
        path: shown(file),
        cause: untrusted::printable(&error.to_string()).into_owned(),
    })
}

#[derive(Default)]
struct Groups<'a> {
    in_order: Vec<Group<'a>>,
    index: HashMap<TableName, usize>,
}

impl<'a> Groups<'a> {
    /// The group of a table.
    fn name(&mut self, name: TableName, read: &'a ReadPlan) -> Option<&mut Group<'a>> {
        let next = self.in_order.len();
        let index = *self.index.entry(name.clone()).or_insert(next);
        if index == next {
            self.in_order.push(Group { name, read, places: Vec::new(), seen: HashSet::new() });
        }
        self.in_order.get_mut(index)
    }

    fn add(&mut self, name: TableName, read: &'a ReadPlan, place: Place<'a>) -> Result<(), Error> {
        let Some(group) = self.name(name, read) else { return Ok(()) };
        if let Some(key) = difference(group.read, read) {
            return Err(Error::Conflict { table: group.name.clone(), key });
        }
        if let Place::File(path) = &place {
            let real = path.canonicalize().map_err(|cause| Error::Unreadable { path: shown(path), cause })?;
            if !group.seen.insert(real) {
                // Two paths of the config mean the same file, and its rows are to land once.
                return Ok(());
            }
        }
        group.places.push((place, read.format));
        Ok(())
    }
}

/// The key in which two sources of one table differ. Their formats may.
fn difference(one: &ReadPlan, other: &ReadPlan) -> Option<&'static str> {
    let folder = |plan: &ReadPlan| match &plan.on_error {
        OnError::Fail => None,
        OnError::Skip { rejects, .. } => Some(rejects.clone()),
    };
    if one.columns != other.columns {
        Some("columns")
    } else if one.sample != other.sample {
        Some("sample")
    } else if one.max_record_bytes != other.max_record_bytes {
        Some("max_record_bytes")
    } else if folder(one).is_some() != folder(other).is_some() {
        Some("on_error")
    } else if folder(one) != folder(other) {
        Some("rejects")
    } else if one.on_error != other.on_error {
        Some("max_rejects")
    } else {
        None
    }
}

impl Group<'_> {
    /// Looks at its inputs; of a pipe, at no more than `most_kept` bytes.
    fn into_reader(self, rejects: &Arc<AtomicU64>, most_kept: u64, context: &Context) -> Result<TableReader, Error> {
        let Self { name, read, places, .. } = self;
        let longest = usize::try_from(read.max_record_bytes.min(LONGEST_RECORD)).unwrap_or(usize::MAX);
        let count = places.len() as u64;
        let mut sampler = Sampler {
            table: &name,
            seen: SeenFields::default(),
            union: Union::new(&read.columns),
            text: None,
            longest,
            most_kept,
            is_full: true,
            empty: None,
            misfit: None,
            no_numbers: HashMap::new(),
            no_times: HashMap::new(),
            nothing_came: false,
            names: None,
            differ: false,
            context,
        };
        let mut left = match read.sample {
            Sample::Bytes(bytes) => bytes,
            Sample::All => u64::MAX,
        };
        let mut inputs = Vec::with_capacity(places.len());
        for (index, (place, format)) in places.into_iter().enumerate() {
            // What a small file leaves is shared among those that follow.
            let share = left / (count - index as u64).max(1);
            let (input, taken) = sampler.input(place, format, read, share)?;
            left = left.saturating_sub(taken);
            inputs.push(input);
            if sampler.seen.len().max(sampler.union.len()) > MAX_COLUMNS {
                return Err(Error::TooManyColumns { table: name, most: MAX_COLUMNS });
            }
        }
        let (is_fully_sampled, on_error, differ) = (sampler.is_full, read.on_error.clone(), sampler.differ);
        let (schema, given, odd) = sampler.columns(&name, read)?;
        Ok(TableReader {
            table: Arc::new(Table { name, schema }),
            given,
            odd,
            differ,
            inputs,
            longest,
            on_error,
            is_fully_sampled,
            rejects: Arc::clone(rejects),
            is_look: false,
            context: context.clone(),
        })
    }
}

/// The format of a file: what is given, or what its content and its name tell.
pub(crate) fn format_of(stream: &mut Stream, path: &Path, given: Option<InputFormat>) -> Result<InputFormat, Error> {
    match given {
        Some(format) => Ok(format),
        None => match sniff(stream.peek(SNIFFED)?, path) {
            Some(format) => Ok(format),
            None if stream.peek(1)?.is_empty() => Ok(InputFormat::Csv),
            None => Err(Error::Format { path: shown(path) }),
        },
    }
}

/// Looks at a sample of each input of a table.
struct Sampler<'a> {
    table: &'a TableName,
    /// The columns of inputs of text.
    seen: SeenFields,
    /// The columns of inputs that say of which types they are.
    union: Union,
    /// The first input of text.
    text: Option<String>,
    longest: usize,
    /// The most bytes of a pipe that are taken in, beyond its first record.
    most_kept: u64,
    /// Whether the sample is everything.
    is_full: bool,
    /// An input without a header.
    empty: Option<String>,
    /// The first record that is no row, with its input and line.
    misfit: Option<Box<MisfitAt>>,
    /// Of each column of CSV the first value that is no number.
    no_numbers: HashMap<String, OddValue>,
    /// The same of those that are no dates or times.
    no_times: HashMap<String, OddValue>,
    /// The input that was opened last is a pipe through which nothing came.
    nothing_came: bool,
    /// The names of the first input's columns, sorted, where the input says them, and whether those of another are others.
    names: Option<Vec<String>>,
    differ: bool,
    context: &'a Context,
}

impl Sampler<'_> {
    /// Opens an input and takes in its first `share` bytes, but at least a record. Gives how many it took.
    fn input(
        &mut self,
        place: Place<'_>,
        format: Option<InputFormat>,
        read: &ReadPlan,
        share: u64,
    ) -> Result<(Input, u64), Error> {
        let (name, input) = match place {
            Place::File(path) => return self.file(path, format, share),
            Place::Stdin => ("standard input", None),
            Place::Command { command, folder } => ("a command", Some((command, folder))),
        };
        let format = format.ok_or(Error::PipeFormat { name })?;
        if read.sample == Sample::All && !is_columnar(format) {
            return Err(Error::PipeSample { name });
        }
        let stream = match input {
            None => Stream::stdin()?,
            Some((command, folder)) => {
                Stream::command(&self.context.commands, command, folder, self.table, !is_columnar(format))?
            }
        };
        self.piped(stream, format, share)
    }

    fn file(&mut self, path: PathBuf, format: Option<InputFormat>, share: u64) -> Result<(Input, u64), Error> {
        let stamp = Stamp::of(&path)?;
        let mut stream = Stream::file(&path)?;
        let format = format_of(&mut stream, &path, format)?;
        let taken = if is_columnar(format) {
            let columnar = Columnar::file(&path, format, &self.context.spool_dir)?;
            self.union.add(columnar.name(), columnar.schema())?;
            self.compare(columnar.schema().fields().iter().map(|field| field.name().clone()).collect());
            0
        } else {
            self.sample(stream, format, share)?.0
        };
        Ok((Input::File { path, format, stamp }, taken))
    }

    /// Compares the columns of an input with those of the first.
    fn compare(&mut self, mut names: Vec<String>) {
        names.sort_unstable();
        let first = self.names.get_or_insert_with(|| names.clone());
        self.differ |= *first != names;
    }

    fn piped(&mut self, mut stream: Stream, format: InputFormat, share: u64) -> Result<(Input, u64), Error> {
        if is_columnar(format) && columnar::needs_file(&mut stream, format)? {
            let stored = Stored::spool(&mut stream, &self.context.spool_dir)?;
            let name = stream.name;
            self.union.add(&name, Columnar::stored(name.clone(), stored.clone(), format)?.schema())?;
            return Ok((Input::Spooled { name, format, stored }, 0));
        }
        self.nothing_came = stream.peek(1)?.is_empty();
        stream.keep();
        let (taken, mut stream) = if is_columnar(format) {
            let columnar = Columnar::stream(stream)?;
            self.union.add(columnar.name(), columnar.schema())?;
            (0, columnar.into_stream().ok_or_else(|| Error::Bug("a stream was lost".into()))?)
        } else {
            self.sample(stream, format, share.min(self.most_kept))?
        };
        stream.rewind();
        Ok((Input::Piped { format, stream: Box::new(stream) }, taken))
    }

    fn sample(&mut self, mut stream: Stream, format: InputFormat, share: u64) -> Result<(u64, Stream), Error> {
        if by_magic(stream.peek(8)?).is_some() {
            return Err(Error::NotOfFormat { path: stream.name, format: "text" });
        }
        let name = stream.name.clone();
        self.text.get_or_insert_with(|| name.clone());
        let mut cutter = Cutter::new(stream, format, self.longest)?;
        let is_delimited = matches!(format, InputFormat::Csv | InputFormat::Tsv);
        let header = cutter.header().map(<[String]>::to_vec);
        match &header {
            // Every column of every file is there, even if no row is looked at.
            Some(header) => {
                header.iter().for_each(|column| _ = self.seen.place(column));
                self.compare(header.clone());
            }
            None if is_delimited => self.empty = Some(name.clone()),
            None => {}
        }
        let mut taken = 0;
        loop {
            let left = usize::try_from(share.saturating_sub(taken)).unwrap_or(usize::MAX);
            if left == 0 && taken > 0 {
                self.is_full = false;
                return Ok((taken, cutter.into_stream()));
            }
            let Some(block) =
                cutter.next(Limits { bytes: left.clamp(1, SAMPLE_STEP), rows: usize::MAX, items: usize::MAX })?
            else {
                return Ok((taken, cutter.into_stream()));
            };
            taken += block.raw.len() as u64;
            self.block(&name, header.as_deref(), &block)?;
        }
    }

    fn block(&mut self, name: &str, header: Option<&[String]>, block: &Block) -> Result<(), Error> {
        let mut misfits = block.misfits.iter().peekable();
        for (row, record) in block.records.iter().enumerate() {
            let mut misfit = misfits.next_if(|(misfit, _)| *misfit == row).map(|(_, misfit)| misfit.clone());
            if misfit.is_none() {
                misfit = match (&block.fields, header) {
                    (Some(fields), Some(header)) => {
                        for (index, column) in header.iter().enumerate() {
                            let text = fields.text().get(fields.range(row, index)).map(std::str::from_utf8);
                            if let (Some(Ok(text)), Some(place)) = (text, self.seen.place(column)) {
                                let firsts = place.observe_field(text);
                                self.first(firsts, name, column, record.line, text);
                            }
                        }
                        None
                    }
                    _ => self.json(name, block, row, record.line)?,
                };
            }
            if let Some(misfit) = misfit {
                let place = At::Line(record.line);
                self.misfit.get_or_insert_with(|| Box::new(MisfitAt { path: name.to_owned(), place, misfit }));
            }
        }
        Ok(())
    }

    fn first(&mut self, firsts: Firsts, path: &str, column: &str, line: u64, text: &str) {
        let value = || OddValue {
            column: column.to_owned(),
            path: path.to_owned(),
            line,
            value: untrusted::excerpt(text, VALUE),
            more: 0,
            otherwise: String::new(),
        };
        if firsts.no_number {
            self.no_numbers.insert(column.to_owned(), value());
        }
        if firsts.no_time {
            self.no_times.insert(column.to_owned(), value());
        }
    }

    fn json(&mut self, name: &str, block: &Block, row: usize, line: u64) -> Result<Option<Misfit>, Error> {
        let text = match record_text(block.text(row)) {
            Ok(text) => text,
            Err(misfit) => return Ok(Some(misfit)),
        };
        match self.seen.observe_json(text) {
            Ok(misfit) => Ok(misfit),
            Err(BadKey(key)) => Err(Error::Key { path: name.to_owned(), line, key: untrusted::excerpt(&key, 80) }),
        }
    }

    /// The table's columns, for each whether its type was not inferred from text, and what is odd in those that were.
    fn columns(mut self, table: &TableName, read: &ReadPlan) -> Result<(SchemaRef, Vec<bool>, Vec<OddValue>), Error> {
        let inferred = self.seen.columns();
        let schema = if self.union.is_empty() {
            if inferred.is_empty() {
                return Err(self.no_columns(table.clone(), read.on_error != OnError::Fail));
            }
            Schema::new(
                inferred.iter().map(|(name, inferred)| Field::new(name, inferred.clone(), true)).collect::<Vec<_>>(),
            )
        } else {
            if let Some(text) = self.text {
                self.union.add_text(&text, inferred.clone())?;
            }
            self.union.schema()
        };
        if schema.fields().is_empty() {
            return Err(Error::NoColumns { table: table.clone(), why: "its files have none".into() });
        }
        for column in read.columns.keys() {
            if schema.index_of(column).is_err() {
                let near =
                    nearest(column, schema.fields().iter().map(|field| field.name().as_str())).map(str::to_owned);
                return Err(Error::UnknownColumn { table: table.clone(), column: column.clone(), near });
            }
        }
        let inferred: HashMap<_, _> = inferred.into_iter().collect();
        let (mut fields, mut given, mut odd) = (Vec::new(), Vec::new(), Vec::new());
        for field in schema.fields() {
            let asked = read.columns.get(field.name());
            let field = match asked {
                Some(asked) if asked != field.data_type() => retyped(field, asked.clone()),
                _ => field.as_ref().clone(),
            };
            let is_given = asked.is_some() || inferred.get(field.name()) != Some(field.data_type());
            if let Some(Odd { almost, others, data_type }) = self.seen.odd(field.name()).filter(|_| !is_given) {
                let first = match almost {
                    Almost::Numbers => self.no_numbers.remove(field.name()),
                    Almost::Times => self.no_times.remove(field.name()),
                };
                let otherwise = column_type::describe(&data_type);
                odd.extend(first.map(|first| OddValue { more: others - 1, otherwise, ..first }));
            }
            given.push(is_given);
            fields.push(field);
        }
        Ok((Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())), given, odd))
    }

    /// Why nothing was found from which to make columns.
    fn no_columns(self, table: TableName, skips: bool) -> Error {
        match (self.misfit, self.empty) {
            (Some(at), _) => Error::Misfit { at, partly_sampled: false, skips },
            (None, Some(path)) => Error::Empty { path },
            (None, None) if self.nothing_came => Error::NoColumns { table, why: "nothing came".into() },
            (None, None) => Error::NoColumns { table, why: "its files hold no object with a key".into() },
        }
    }
}
