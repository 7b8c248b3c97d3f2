//! From a config's tables to the plan: what each value means, and whether they go together. All that does not is told at
//! once.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

use arrow_schema::DataType;

use super::{
    FILE_SIZE, Inputs, MAX_RECORD_BYTES, MAX_ROW_GROUP_LENGTH, REJECTS, RETRY_DEADLINE, SAMPLE, SHUTDOWN_GRACE,
    error::{Finding, nearest},
    tables::{self, At, Auth, Config, Source, SourceKind, Storage},
    values::{self, Wrong},
};
use crate::{
    batch::ClosePolicy,
    column_type::{self, COLUMN_TYPES, ColumnTypeError},
    key::{Template, TemplateError, Variable},
    plan,
    table::TableName,
};

/// The smallest size that a limit on bytes can have.
const MIN_SIZE: u64 = 1 << 10;
/// Offsets of text columns have 31 bits; a record is held in memory as text and as what is decoded from it.
const MAX_RECORD: u64 = 1 << 30;

/// One PutObject creates at most 5 GiB (Amazon S3 user guide, "Uploading objects"); an object closes a little above its limit.
const MAX_OBJECT: u64 = 4 << 30;

/// Reads a config into the plan, without the layer of the flags.
pub(super) fn lower(config: &Config, inputs: &Inputs<'_>) -> Result<(plan::Plan, Vec<Finding>), Vec<Finding>> {
    let mut reader =
        Reader { folder: inputs.file.parent().unwrap_or(Path::new("/")), errors: Vec::new(), warnings: Vec::new() };
    let state_dir = config.top.state_dir.as_ref().map(|dir| reader.path(dir));
    let shutdown_grace = reader.duration(config.top.shutdown_grace.as_ref(), SHUTDOWN_GRACE);
    let auth = match &config.auth {
        Auth::Chain => plan::AuthPlan::Chain,
        Auth::Env => plan::AuthPlan::Env,
        Auth::Profile(auth) => plan::AuthPlan::Profile(auth.profile.value.clone()),
    };
    let destination = reader.destination(&config.destination, &config.storage);
    reader.one_stdin(&config.sources);
    let sources: Vec<Option<plan::SourcePlan>> = config.sources.iter().map(|source| reader.source(source)).collect();
    match (destination, sources.into_iter().collect()) {
        (Some(destination), Some(sources)) if reader.errors.is_empty() => {
            let plan = plan::Plan {
                state_dir: state_dir.unwrap_or_else(|| inputs.default_state_dir.clone()),
                shutdown_grace,
                auth,
                destination,
                sources,
                only_tables: Vec::new(),
            };
            Ok((plan, reader.warnings))
        }
        _ => Err(reader.errors),
    }
}

struct Reader<'a> {
    folder: &'a Path,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl Reader<'_> {
    fn destination(&mut self, table: &tables::Destination, storage: &Storage) -> Option<plan::DestinationPlan> {
        self.check(&table.bucket, |name| values::bucket(name));
        let no_rotate = table.no_rotate.unwrap_or(false);
        let path = self.template(&table.path, no_rotate);
        let close = self.close(table, no_rotate);
        let retry_deadline = self.duration(table.retry_deadline.as_ref(), RETRY_DEADLINE);
        let storage = self.storage(storage);
        Some(plan::DestinationPlan {
            storage,
            bucket: table.bucket.value.clone(),
            parquet: match table.format.unwrap_or(tables::Format::Parquet) {
                tables::Format::Parquet => parquet(table),
            },
            path: path?,
            close,
            no_rotate,
            retry_deadline,
        })
    }

    fn storage(&mut self, storage: &Storage) -> plan::Storage {
        match storage {
            Storage::Embedded(embedded) => plan::Storage::Embedded { dir: self.path(&embedded.dir) },
            Storage::S3(s3) => {
                s3.region.iter().for_each(|region| self.check(region, |name| values::region(name)));
                s3.endpoint.iter().for_each(|endpoint| self.check(endpoint, |url| values::endpoint(url)));
                plan::Storage::S3(plan::S3Plan {
                    region: s3.region.as_ref().map(|region| region.value.clone()),
                    endpoint: s3.endpoint.as_ref().map(|endpoint| endpoint.value.clone()),
                    skip_tls_verify: s3.endpoint_skip_tls_verify.unwrap_or(false),
                    use_path_style: s3.use_path_style.unwrap_or(false),
                })
            }
        }
    }

    fn template(&mut self, path: &At<String>, no_rotate: bool) -> Option<Template> {
        let template = self.value(path, |path| {
            Template::parse(path).map_err(|error| match error {
                TemplateError::UnknownVariable { nearest: Some(near), .. } => {
                    Wrong::new(error.to_string()).hint(format!("did you mean {{{{{near}}}}}?"))
                }
                TemplateError::UnknownVariable { .. } => {
                    let all = Variable::ALL.map(|(name, _)| format!("{{{{{name}}}}}")).join(", ");
                    Wrong::new(error.to_string()).hint(format!("there are {all}"))
                }
                other => Wrong::new(other.to_string()),
            })
        })?;
        let template = template.with_table(!no_rotate);
        match (template.uses(Variable::Uuid), no_rotate) {
            (false, false) => self.wrong(
                path,
                "the path has no {{UUID}}: a table's later objects would overwrite its earlier ones",
                "put {{UUID}} into the path, or set no_rotate = true for one object a table",
            ),
            (true, true) => self.wrong(
                path,
                "the path has {{UUID}}, which does not go with no_rotate = true: one object a table has one key",
                "take {{UUID}} out of the path, or no_rotate out of the config",
            ),
            _ => {}
        }
        Some(template)
    }

    fn close(&mut self, table: &tables::Destination, no_rotate: bool) -> ClosePolicy {
        let rows = table.batch_size.as_ref().map_or(0, |rows| rows.value);
        let bytes = self.sized(table.batch_size_bytes.as_ref(), "0", 0, u64::MAX);
        let age = self.duration(table.batch_timeout.as_ref(), "0s");
        let file_size = self.sized(table.file_size.as_ref(), FILE_SIZE, MIN_SIZE, MAX_OBJECT);
        if !no_rotate {
            return ClosePolicy {
                rows: Some(rows).filter(|rows| *rows > 0),
                bytes: Some(bytes).filter(|bytes| *bytes > 0),
                age: Some(age).filter(|age| !age.is_zero()),
                file_size: Some(file_size),
            };
        }
        let limits = [
            table.batch_size.as_ref().filter(|_| rows > 0).map(|at| at.span.clone()),
            table.batch_size_bytes.as_ref().filter(|_| bytes > 0).map(|at| at.span.clone()),
            table.batch_timeout.as_ref().filter(|_| !age.is_zero()).map(|at| at.span.clone()),
            table.file_size.as_ref().map(|at| at.span.clone()),
        ];
        for span in limits.into_iter().flatten() {
            let what = "a limit does not go with no_rotate = true: a table's one object never closes before its end";
            self.errors.push(Finding::value(span, what).hint("take the limit out, or no_rotate"));
        }
        ClosePolicy::default()
    }

    fn one_stdin(&mut self, sources: &[Source]) {
        let stdin = sources.iter().filter(|source| matches!(source.kind, SourceKind::Stdin(_)));
        for source in stdin.skip(1) {
            let what = "a second [[source]] takes standard input, which can be read once";
            self.errors.push(Finding::new(source.span.clone(), what));
        }
    }

    fn source(&mut self, source: &Source) -> Option<plan::SourcePlan> {
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

    fn path(&mut self, path: &At<String>) -> PathBuf {
        let folder = self.folder;
        self.value(path, |path| values::path(folder, path)).unwrap_or_default()
    }

    fn duration(&mut self, given: Option<&At<tables::Duration>>, default: &str) -> std::time::Duration {
        match given {
            Some(given) => self.value(given, values::duration),
            None => values::duration(&tables::Duration(default.to_owned())).ok(),
        }
        .unwrap_or_default()
    }

    fn sized(&mut self, given: Option<&At<tables::Size>>, default: &str, least: u64, most: u64) -> u64 {
        match given {
            Some(given) => self.value(given, |size| values::size_within(size, least, most)),
            None => values::size(&tables::Size::Text(default.to_owned())).ok(),
        }
        .unwrap_or_default()
    }

    /// Reads a value; what is wrong with it is kept.
    fn value<T, V>(&mut self, at: &At<T>, read: impl FnOnce(&T) -> Result<V, Wrong>) -> Option<V> {
        read(&at.value).map_err(|wrong| self.errors.push(finding(at.span.clone(), wrong))).ok()
    }

    fn check<T>(&mut self, at: &At<T>, check: impl FnOnce(&T) -> Result<(), Wrong>) {
        self.value(at, check);
    }

    fn wrong<T>(&mut self, at: &At<T>, what: &str, hint: &str) {
        self.errors.push(finding(at.span.clone(), Wrong::new(what).hint(hint)));
    }
}

fn finding(span: Range<usize>, wrong: Wrong) -> Finding {
    Finding { hint: wrong.hint, ..Finding::value(span, wrong.what) }
}

fn parquet(table: &tables::Destination) -> plan::ParquetPlan {
    let max_row_group_length = table.format_spec.as_ref().and_then(|spec| spec.max_row_group_length);
    plan::ParquetPlan {
        compression: match table.compression.unwrap_or(tables::Compression::Zstd) {
            tables::Compression::Zstd => plan::Compression::Zstd,
            tables::Compression::Snappy => plan::Compression::Snappy,
            tables::Compression::Gzip => plan::Compression::Gzip,
            tables::Compression::None => plan::Compression::None,
        },
        max_row_group_length: max_row_group_length.unwrap_or(MAX_ROW_GROUP_LENGTH),
    }
}

fn input_format(format: tables::InputFormat) -> plan::InputFormat {
    match format {
        tables::InputFormat::Csv => plan::InputFormat::Csv,
        tables::InputFormat::Tsv => plan::InputFormat::Tsv,
        tables::InputFormat::Ndjson => plan::InputFormat::Ndjson,
        tables::InputFormat::Json => plan::InputFormat::Json,
    }
}
