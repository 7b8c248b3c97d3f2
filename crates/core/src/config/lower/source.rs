//! `[[source]]`: where rows come from.

use std::collections::BTreeMap;

use arrow_schema::DataType;

use super::{
    super::{
        MAX_RECORD_BYTES, REJECTS, SAMPLE,
        error::{Finding, nearest},
        tables::{self, At, Source, SourceKind},
        values::{self, Wrong},
    },
    MIN_SIZE, Reader,
};
use crate::{
    column_type::{self, COLUMN_TYPES, ColumnTypeError},
    plan,
    table::TableName,
};

/// Offsets of text columns have 31 bits; a record is held in memory as text and as what is decoded from it.
const MAX_RECORD: u64 = 1 << 30;

impl Reader<'_> {
    pub(super) fn one_stdin(&mut self, sources: &[Source]) {
        let stdin = sources.iter().filter(|source| matches!(source.kind, SourceKind::Stdin(_)));
        for source in stdin.skip(1) {
            let what = "a second [[source]] takes standard input, which can be read once";
            self.errors.push(Finding::new(source.span.clone(), what));
        }
    }

    pub(super) fn source(&mut self, source: &Source) -> Option<plan::SourcePlan> {
        let read = |reader: &mut Self, format| reader.read(&source.read, format);
        match &source.kind {
            SourceKind::Files(files) => {
                let folder = self.folder;
                let paths: Vec<Option<String>> =
                    files.paths.value.iter().map(|path| self.value(path, |path| values::glob(folder, path))).collect();
                let table = files.table.as_ref().map(|name| self.table_name(name));
                let read = read(self, files.format.map(input_format));
                let table = match table {
                    Some(name) => Some(name?),
                    None => None,
                };
                Some(plan::SourcePlan::Files { paths: paths.into_iter().collect::<Option<_>>()?, table, read })
            }
            SourceKind::Stdin(stdin) => {
                let table = self.table_name(&stdin.table);
                let read = read(self, Some(input_format(stdin.format)));
                Some(plan::SourcePlan::Stdin { table: table?, read })
            }
            SourceKind::Command(command) => {
                let folder = self.folder;
                let words = self.value(&command.command, |words| values::command(folder, words));
                let table = self.table_name(&command.table);
                let read = read(self, Some(input_format(command.format)));
                Some(plan::SourcePlan::Command { command: words?, folder: folder.to_owned(), table: table?, read })
            }
            SourceKind::CloudQuery(table) => self.plugin(table, &source.span).map(plan::SourcePlan::CloudQuery),
        }
    }

    fn table_name(&mut self, name: &At<String>) -> Option<TableName> {
        self.value(name, |name| TableName::new(name).map_err(|error| Wrong::new(error.to_string())))
    }

    fn read(&mut self, table: &tables::Read, format: Option<plan::InputFormat>) -> plan::ReadPlan {
        let columns = table.columns.iter().flatten();
        let columns: BTreeMap<String, DataType> =
            columns.filter_map(|(column, name)| Some((column.clone(), self.column_type(name)?))).collect();
        let sample = match &table.sample {
            Some(At { value: tables::Size::Text(text), .. }) if text == "all" => plan::Sample::All,
            other => plan::Sample::Bytes(self.sample(other.as_ref())),
        };
        let rejects = match &table.rejects {
            Some(rejects) => self.path(rejects),
            None => self.folder.join(REJECTS),
        };
        let skips = table.on_error == Some(tables::OnError::Skip);
        let on_error = if skips {
            let max_rejects = table.max_rejects.as_ref().map(|most| most.value);
            plan::OnError::Skip { rejects, max_rejects }
        } else {
            let hint = "set on_error = \"skip\", or take this key out";
            if let Some(most) = &table.max_rejects {
                self.wrong(most, "no row is ever rejected, because on_error is \"fail\"", hint);
            }
            if let Some(rejects) = &table.rejects {
                self.warnings
                    .push(Finding::value(rejects.span.clone(), "has no effect while on_error is \"fail\"").hint(hint));
            }
            plan::OnError::Fail
        };
        let max_record_bytes = self.sized(table.max_record_bytes.as_ref(), MAX_RECORD_BYTES, MIN_SIZE, MAX_RECORD);
        plan::ReadPlan { format, columns, sample, max_record_bytes, on_error }
    }

    fn sample(&mut self, sample: Option<&At<tables::Size>>) -> u64 {
        let default = tables::Size::Text(SAMPLE.to_owned());
        let Some(sample) = sample else { return values::size(&default).unwrap_or(0) };
        let read = |size: &tables::Size| match values::size(size) {
            Ok(0) => Err(Wrong::new("nothing can be told from a sample of 0 bytes").hint("write \"16MiB\" or \"all\"")),
            Ok(bytes) => Ok(bytes),
            Err(wrong) => {
                Err(Wrong::new(wrong.what).hint("write a size as \"16MiB\" or a number of bytes, or \"all\""))
            }
        };
        self.value(sample, read).unwrap_or(0)
    }

    fn column_type(&mut self, name: &At<String>) -> Option<DataType> {
        self.value(name, |name| {
            column_type::parse(name).map_err(|error| {
                let names =
                    COLUMN_TYPES.iter().flat_map(|(main, others, _)| [main].into_iter().chain(*others)).copied();
                let near = nearest(name, names).filter(|_| matches!(error, ColumnTypeError::Unknown(_)));
                let hint = near.map(|near| format!("did you mean \"{near}\"?"));
                Wrong { what: error.to_string(), hint }
            })
        })
    }
}

fn input_format(format: tables::InputFormat) -> plan::InputFormat {
    match format {
        tables::InputFormat::Csv => plan::InputFormat::Csv,
        tables::InputFormat::Tsv => plan::InputFormat::Tsv,
        tables::InputFormat::Ndjson => plan::InputFormat::Ndjson,
        tables::InputFormat::Json => plan::InputFormat::Json,
        tables::InputFormat::Parquet => plan::InputFormat::Parquet,
        tables::InputFormat::Arrow => plan::InputFormat::Arrow,
    }
}
