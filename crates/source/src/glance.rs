//! A look at whether a source is there, which starts no program and reads no more than the beginning of a file.

use std::path::PathBuf;

use lakeward_core::{
    failure::Failure,
    plan::{InputFormat, OwnPlace, PluginPlace, SourcePlan},
    untrusted::excerpt,
};

use crate::{
    discover::format_of,
    error::{Error, shown},
    locate::{Own, locate},
    open::Stream,
    program::{find, plugin_at},
};

/// What a look at a source came to, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Glance {
    /// It is there.
    There(String),
    /// A run alone can tell whether it is there.
    Later(String),
}

/// Looks at one of the sources of a plan: whether each path finds files and of what format the first one is, or whether its program is there.
///
/// # Errors
/// When a run would not find it.
pub fn glance(source: &SourcePlan, sources: &[SourcePlan], own_places: &[OwnPlace]) -> Result<Glance, Failure> {
    Ok(match source {
        SourcePlan::Files { paths, read, .. } => {
            let own = Own::of(own_places, sources);
            let mut files: Vec<PathBuf> = Vec::new();
            for path in paths {
                files.extend(locate(path, &own)?);
            }
            let Some(first) = files.first() else { return Err(Error::Bug("files without a path".into()).into()) };
            let mut stream = Stream::file(first)?;
            let format = named(format_of(&mut stream, first, read.format)?);
            let first = shown(first);
            Glance::There(match files.len() {
                1 => format!("1 file: {first} ({format})"),
                count => format!("{count} files, the first is {first} ({format})"),
            })
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
            Glance::There(format!("the command of table {table}: {} is there; a check does not run it", shown(&found)))
        }
        SourcePlan::CloudQuery(plugin) => match &plugin.place {
            PluginPlace::Program { path, .. } => {
                plugin_at(path)?;
                Glance::There(format!("the plugin {} is there; a check does not start it", shown(path)))
            }
            PluginPlace::Address(address) => Glance::Later(format!(
                "the plugin at {}: a run connects to it, a check does not",
                excerpt(address, 200)
            )),
        },
    })
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
