//! From the plan's sources to readers: which files each table has, and what its columns are.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
};

use lakeward_core::{
    failure::Failure,
    plan::{InputFormat, OnError, OwnPlace, ReadPlan, Sample, SourcePlan},
    table::{Table, TableName},
    untrusted,
};

use crate::{
    Context,
    block::MAX_COLUMNS,
    error::{Error, nearest, shown},
    locate::{Own, locate},
    open::Stream,
    read::TableReader,
    sampler::{Columns, Sampler},
    sniff::{SNIFFED, sniff, stripped},
};

/// The longest record that can be asked for: Arrow's strings and lists count their bytes and items in 31 bits.
const LONGEST_RECORD: u64 = 1 << 30;
/// The most bytes of samples that are kept where several inputs are pipes. They are outside of the budget, each until its
/// table's turn comes.
const KEPT_BYTES: u64 = 32 << 20;

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
    let is_wanted = |group: &Group<'_>| only.is_empty() || only.contains(&group.name);
    // What of their columns is there is not known.
    let left_out: BTreeSet<usize> =
        groups.iter().filter(|group| !is_wanted(group)).flat_map(|group| group.sources.clone()).collect();
    groups.retain(is_wanted);
    let pipes =
        groups.iter().flat_map(|group| &group.places).filter(|(place, _)| !matches!(place, Place::File(_))).count();
    let most_kept = if pipes > 1 { KEPT_BYTES / pipes as u64 } else { u64::MAX };
    let rejects = Arc::<AtomicU64>::default();
    let of_sources: Vec<BTreeSet<usize>> = groups.iter().map(|group| group.sources.clone()).collect();
    let (mut readers, mut faults) = (Vec::with_capacity(groups.len()), Vec::new());
    for group in groups {
        // Whoever mends a file wants to know of all, but nothing is started for that.
        if faults.is_empty() || group.places.iter().all(|(place, _)| matches!(place, Place::File(_))) {
            match group.into_reader(&rejects, most_kept, context, &mut faults) {
                Ok(reader) => readers.push(reader),
                Err(fault) if fault.is_of_one_file() => faults.push(fault),
                // It may be for want of what can't be read.
                Err(fault) if faults.is_empty() => return Err(fault.into()),
                Err(_) => {}
            }
        }
    }
    if let Some(fault) = Error::of(faults) {
        return Err(fault.into());
    }
    for (number, read) in (0..).zip(sources).filter_map(|(number, source)| Some((number, source.read()?))) {
        if !left_out.contains(&number) {
            let tables = readers.iter().zip(&of_sources).filter(|(_, sources)| sources.contains(&number));
            has_columns(&tables.map(|(reader, _)| reader.table()).collect::<Vec<_>>(), read)?;
        }
    }
    Ok(readers)
}

/// Whether each column whose type a source gives is one of a table of the source.
fn has_columns(tables: &[&Arc<Table>], read: &ReadPlan) -> Result<(), Error> {
    let Some(first) = tables.first() else { return Ok(()) };
    let there = || tables.iter().flat_map(|table| table.schema.fields()).map(|field| field.name().as_str());
    match read.columns.keys().find(|column| !there().any(|there| there == column.as_str())) {
        None => Ok(()),
        Some(column) => Err(Error::UnknownColumn {
            table: Some(first.name.clone()).filter(|_| tables.len() == 1),
            column: column.clone(),
            near: nearest(column, there()).map(str::to_owned),
        }),
    }
}

/// The inputs of one table, before they are opened.
struct Group<'a> {
    name: TableName,
    read: &'a ReadPlan,
    places: Vec<(Place<'a>, Option<InputFormat>)>,
    /// The sources that have it, by their number.
    sources: BTreeSet<usize>,
    seen: HashSet<PathBuf>,
}

/// Where an input is.
pub(crate) enum Place<'a> {
    File(PathBuf),
    Stdin,
    Command { command: &'a [String], folder: &'a Path },
}

fn group<'a>(sources: &'a [SourcePlan], only: &[TableName], own_places: &[OwnPlace]) -> Result<Vec<Group<'a>>, Error> {
    let mut groups = Groups::default();
    let mut has_stdin = false;
    let own = Own::of(own_places, sources);
    for (number, source) in sources.iter().enumerate() {
        groups.source = number;
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
    /// The source that is gone through.
    source: usize,
}

impl<'a> Groups<'a> {
    /// The group of a table.
    fn name(&mut self, name: TableName, read: &'a ReadPlan) -> Option<&mut Group<'a>> {
        let next = self.in_order.len();
        let index = *self.index.entry(name.clone()).or_insert(next);
        if index == next {
            let (sources, seen) = (BTreeSet::new(), HashSet::new());
            self.in_order.push(Group { name, read, places: Vec::new(), sources, seen });
        }
        let group = self.in_order.get_mut(index)?;
        group.sources.insert(self.source);
        Some(group)
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
    /// Looks at its inputs; of a pipe, at no more than `most_kept` bytes. What is wrong with files alone is put to the `faults`.
    fn into_reader(
        self,
        rejects: &Arc<AtomicU64>,
        most_kept: u64,
        context: &Context,
        faults: &mut Vec<Error>,
    ) -> Result<TableReader, Error> {
        let Self { name, read, places, .. } = self;
        let longest = usize::try_from(read.max_record_bytes.min(LONGEST_RECORD)).unwrap_or(usize::MAX);
        let count = places.len() as u64;
        let mut sampler = Sampler::new(&name, &read.columns, longest, most_kept, context);
        let mut left = match read.sample {
            Sample::Bytes(bytes) => bytes,
            Sample::All => u64::MAX,
        };
        let mut inputs = Vec::with_capacity(places.len());
        for (index, (place, format)) in places.into_iter().enumerate() {
            // What a small file leaves is shared among those that follow.
            let share = left / (count - index as u64).max(1);
            let is_file = matches!(place, Place::File(_));
            if !is_file && !faults.is_empty() {
                continue;
            }
            let (input, taken) = match sampler.input(place, format, read, share) {
                Err(fault) if is_file && fault.is_of_one_file() => {
                    faults.push(fault);
                    continue;
                }
                input => input?,
            };
            left = left.saturating_sub(taken);
            inputs.push(input);
            if sampler.width() > MAX_COLUMNS {
                return Err(Error::TooManyColumns { table: name, most: MAX_COLUMNS });
            }
        }
        let (is_fully_sampled, on_error) = (sampler.is_full, read.on_error.clone());
        let Columns { schema, given, notes } = sampler.columns(read)?;
        Ok(TableReader {
            table: Arc::new(Table { name, schema }),
            given,
            notes,
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
