//! A look at whether a source is there, which starts no program and reads no more of files than the sample that columns are inferred from.

use std::{path::PathBuf, sync::Arc};

use lakeward_core::{
    budget::Budget,
    failure::Failure,
    plan::{InputFormat, Plan, PluginPlace, SourcePlan},
    untrusted::excerpt,
};

use crate::{
    Commands, Context,
    discover::{discover, format_of},
    error::{Error, shown},
    locate::{Own, locate},
    open::Stream,
    program::{find, plugin_at},
    read::TableReader,
};

/// How many files are looked into at most: a look may not take as long as a run.
const LOOKED_INTO: usize = 1000;
/// The memory of a look. Samples are not of it.
const MEMORY: u64 = 16 << 20;

/// What a look at a source came to, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Glance {
    /// It is there. With it, what may not be what was meant, a sentence each, without a dot.
    There(String, Vec<String>),
    /// A run alone can tell whether it is there.
    Later(String),
}

/// Looks at one of the sources of a plan: whether each path finds files, and whether a run could tell their columns, where they are not
/// too many; or whether its program is there.
///
/// # Errors
/// When a run would not find it, or fail at its beginning.
pub fn glance(source: &SourcePlan, plan: &Plan) -> Result<Glance, Failure> {
    Ok(match source {
        SourcePlan::Files { paths, read, .. } => {
            let own_places = plan.own_places();
            let own = Own::of(&own_places, &plan.sources);
            let mut files: Vec<PathBuf> = Vec::new();
            for path in paths {
                files.extend(locate(path, &own)?);
            }
            let Some(first) = files.first() else { return Err(Error::Bug("files without a path".into()).into()) };
            let mut stream = Stream::file(first)?;
            let format = named(format_of(&mut stream, first, read.format)?);
            let first = shown(first);
            let what = match files.len() {
                1 => format!("1 file: {first} ({format})"),
                count => format!("{count} files, the first is {first} ({format})"),
            };
            Glance::There(what, if files.len() > LOOKED_INTO { Vec::new() } else { odd(source, plan)? })
        }
        SourcePlan::Stdin { table, read } => {
            let format = read.format.map_or("text", named);
            Glance::Later(format!("standard input as {format}, for table {table}: a run reads it, a check does not"))
        }
        SourcePlan::Command { command, folder, table, .. } => {
            let program = command.first().map_or("", String::as_str);
            let found = find(program, folder).map_err(|cause| Error::NotStarted {
                command: format!("the command {} of table {table}", excerpt(program, 200)),
                cause,
            })?;
            Glance::There(
                format!("the command of table {table}: {} is there; a check does not run it", shown(&found)),
                Vec::new(),
            )
        }
        SourcePlan::CloudQuery(plugin) => match &plugin.place {
            PluginPlace::Program { path, .. } => {
                plugin_at(path)?;
                Glance::There(format!("the plugin {} is there; a check does not start it", shown(path)), Vec::new())
            }
            PluginPlace::Address(address) => Glance::Later(format!(
                "the plugin at {}: a run connects to it, a check does not",
                excerpt(address, 200)
            )),
        },
    })
}

/// What is odd about the tables of a source of files, each with its table.
fn odd(source: &SourcePlan, plan: &Plan) -> Result<Vec<String>, Failure> {
    let context = Context {
        budget: Budget::new(MEMORY),
        observer: Arc::new(()),
        run_id: String::new(),
        spool_dir: plan.state_dir.join("spool"),
        own_places: plan.own_places(),
        commands: Commands::default(),
    };
    let readers = discover(std::slice::from_ref(source), &[], &context)?;
    let of_table = |reader: &TableReader| {
        let table = &reader.table().name;
        reader.notes().into_iter().map(|note| format!("table {table}: {note}")).collect::<Vec<_>>()
    };
    Ok(readers.iter().flat_map(of_table).collect())
}

fn named(format: InputFormat) -> &'static str {
    match format {
        InputFormat::Csv => "CSV",
        InputFormat::Tsv => "TSV",
        InputFormat::Ndjson => "NDJSON",
        InputFormat::Json => "JSON",
        InputFormat::Parquet => "Parquet",
        InputFormat::Arrow => "Arrow",
    }
}
