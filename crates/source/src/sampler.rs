//! Looks at a sample of each input of a table, from which its columns are inferred.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
};

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use lakeward_core::{
    column_type,
    plan::{InputFormat, OnError, ReadPlan, Sample},
    table::TableName,
    untrusted::excerpt,
};

use crate::{
    Context,
    block::{Block, Cutter, Limits},
    columnar::{
        self, Columnar, is_columnar,
        schema::{Union, retyped},
        stored::Stored,
    },
    decode::json::record_text,
    discover::{Place, format_of},
    error::{Error, Misfit, MisfitAt, Place as At},
    infer::{Almost, BadKey, Firsts, Odd, SeenFields, VALUE},
    input::Input,
    note::{Note, OddValue},
    open::{Stamp, Stream},
    sniff::by_magic,
};

/// How much of a sample is looked at in one go.
const SAMPLE_STEP: usize = 256 << 10;

/// Looks at a sample of each input of a table.
pub(crate) struct Sampler<'a> {
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
    pub(crate) is_full: bool,
    /// An input without a header.
    empty: Option<String>,
    /// The first record that is no row, with its input and line.
    misfit: Option<Box<MisfitAt>>,
    /// Of each column of CSV the first value that is no number.
    no_numbers: HashMap<String, OddValue>,
    /// The same of those that are no dates or times.
    no_times: HashMap<String, OddValue>,
    /// Of each column of JSON the first value that is something else than those before it.
    mixed: HashMap<String, Note>,
    /// The first header that is one column and looks like several.
    one_column: Option<Note>,
    /// The input that was opened last is a pipe through which nothing came.
    nothing_came: bool,
    /// How many inputs it has.
    inputs: usize,
    /// The names of the first input's columns, sorted, where the input says them, and whether those of another are others.
    names: Option<Vec<String>>,
    differ: bool,
    context: &'a Context,
}

/// What a table's columns are.
pub(crate) struct Columns {
    pub(crate) schema: SchemaRef,
    /// Of each column whether its type was not inferred from text.
    pub(crate) given: Vec<bool>,
    /// What may not be what was meant.
    pub(crate) notes: Vec<Note>,
}

impl<'a> Sampler<'a> {
    pub(crate) fn new(
        table: &'a TableName,
        columns: &BTreeMap<String, DataType>,
        longest: usize,
        most_kept: u64,
        context: &'a Context,
    ) -> Self {
        Self {
            table,
            seen: SeenFields::default(),
            union: Union::new(columns),
            text: None,
            longest,
            most_kept,
            is_full: true,
            empty: None,
            misfit: None,
            no_numbers: HashMap::new(),
            no_times: HashMap::new(),
            mixed: HashMap::new(),
            one_column: None,
            nothing_came: false,
            inputs: 0,
            names: None,
            differ: false,
            context,
        }
    }

    /// How many columns it has so far.
    pub(crate) fn width(&self) -> usize {
        self.seen.len().max(self.union.len())
    }

    /// Opens an input and takes in its first `share` bytes, but at least a record. Gives how many it took.
    pub(crate) fn input(
        &mut self,
        place: Place<'_>,
        format: Option<InputFormat>,
        read: &ReadPlan,
        share: u64,
    ) -> Result<(Input, u64), Error> {
        self.inputs += 1;
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
                if let [column] = header.as_slice()
                    && let Some(what) = several(column, format)
                {
                    self.one_column.get_or_insert_with(|| Note::OneColumn { path: name.clone(), what });
                }
            }
            None if is_delimited => self.empty = Some(name.clone()),
            None => {}
        }
        let taken = self.blocks(&name, &mut cutter, header.as_deref(), share)?;
        self.seen.end_input(&name);
        Ok((taken, cutter.into_stream()))
    }

    fn blocks(&mut self, name: &str, cutter: &mut Cutter, header: Option<&[String]>, share: u64) -> Result<u64, Error> {
        let mut taken = 0;
        loop {
            let left = usize::try_from(share.saturating_sub(taken)).unwrap_or(usize::MAX);
            if left == 0 && taken > 0 {
                self.is_full = false;
                return Ok(taken);
            }
            let Some(block) =
                cutter.next(Limits { bytes: left.clamp(1, SAMPLE_STEP), rows: usize::MAX, items: usize::MAX })?
            else {
                return Ok(taken);
            };
            taken += block.raw.len() as u64;
            self.block(name, header, &block)?;
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
                                self.first(firsts, name, column, record.line, || excerpt(text, VALUE));
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

    fn first(&mut self, firsts: Firsts, path: &str, column: &str, line: u64, value: impl Fn() -> String) {
        let (column, path) = (|| column.to_owned(), || path.to_owned());
        let odd =
            || OddValue { column: column(), path: path(), line, value: value(), more: 0, otherwise: String::new() };
        if firsts.no_number {
            self.no_numbers.insert(column(), odd());
        }
        if firsts.no_time {
            self.no_times.insert(column(), odd());
        }
        if let Some(before) = firsts.others {
            let note = || Note::Mixed { column: column(), before, value: value(), path: path(), line };
            self.mixed.entry(column()).or_insert_with(note);
        }
    }

    fn json(&mut self, name: &str, block: &Block, row: usize, line: u64) -> Result<Option<Misfit>, Error> {
        let text = match record_text(block.text(row)) {
            Ok(text) => text,
            Err(misfit) => return Ok(Some(misfit)),
        };
        let observed = self.seen.observe_json(text);
        for (column, firsts, value) in self.seen.take_firsts() {
            self.first(firsts, name, &column, line, || value.clone());
        }
        match observed {
            Ok(misfit) => Ok(misfit),
            Err(BadKey(key)) => Err(Error::Key { path: name.to_owned(), line, key: excerpt(&key, 80) }),
        }
    }

    /// The table's columns, and what is odd in those that were inferred.
    pub(crate) fn columns(mut self, read: &ReadPlan) -> Result<Columns, Error> {
        let table = self.table;
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
        let inferred: HashMap<_, _> = inferred.into_iter().collect();
        let (mut fields, mut given, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        if self.differ {
            notes.push(Note::Differ { inputs: self.inputs });
        }
        notes.extend(self.one_column.take());
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
                notes.extend(first.map(|first| Note::Odd(OddValue { more: others - 1, otherwise, ..first })));
            } else if !is_given && *field.data_type() == DataType::Utf8 {
                let unlike = || {
                    let unlike = self.seen.unlike(field.name())?;
                    Some(Note::Unlike { column: field.name().clone(), unlike })
                };
                notes.extend(self.mixed.remove(field.name()).or_else(unlike));
            }
            given.push(is_given);
            fields.push(field);
        }
        let schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
        Ok(Columns { schema, given, notes })
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

/// What of a header of one column looks like several.
fn several(column: &str, format: InputFormat) -> Option<&'static str> {
    let has = |separator: char| column.contains(separator);
    match format {
        InputFormat::Tsv if has(',') => Some("commas in it: if the file is CSV, set its format to csv"),
        InputFormat::Csv if has('\t') => Some("tabs in it: if the file is TSV, set its format to tsv"),
        InputFormat::Csv | InputFormat::Tsv if has(';') => {
            Some("semicolons in it, which separate nothing: convert the file, so that commas or tabs do")
        }
        _ => None,
    }
}
