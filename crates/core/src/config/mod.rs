//! The config: its layers (defaults, file, environment, flags) resolve once into a validated [`Plan`].
//!
//! Nothing here reads a file or the environment: the caller hands everything over as [`Inputs`]. The stages, each of which
//! tells all that it finds wrong before the next one starts: the file's syntax and the environment laid over it
//! (`document`), the shape of the tables against the schema (`shape`), what the values mean and whether they go together
//! (`lower`).

mod document;
mod environment;
mod shape;
mod schema;
mod tables;
mod cloudquery;
mod import;
mod lower;
mod values;
mod secret;
mod reference;
mod error;

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

pub use cloudquery::{DestinationSpec, destination_spec, destination_spec_schema};
pub use error::{ConfigError, Place, Style, render};
pub use import::{Imported, SpecFile, import};
pub use lower::{endpoint_fault, plugin_spec_fault};
pub use reference::{Reference, expand};
pub use schema::json_schema;
pub use secret::mask;

use crate::{plan::Plan, table::TableName};
use document::Document;
use error::Finding;

// The defaults, written as a config writes them.
const SHUTDOWN_GRACE: &str = "20s";
const RETRY_DEADLINE: &str = "15m";
const FILE_SIZE: &str = "128MiB";
const SAMPLE: &str = "16MiB";
const MAX_RECORD_BYTES: &str = "64MiB";
const PART_SIZE: &str = "64MiB";
const MAX_BACKOFF: u64 = 20;
const MAX_ROW_GROUP_LENGTH: u64 = 1 << 20;
const REJECTS: &str = "rejects";
const PLUGIN_TIMEOUT: &str = "30m";

/// The version of the format that this Lakeward reads.
const VERSION: i64 = 1;

/// The layers of a config.
#[derive(Clone, Debug)]
pub struct Inputs<'a> {
    /// The file's absolute path. Relative paths in the config, also those from the environment, count from its folder.
    pub file: &'a Path,
    /// The file's text.
    pub text: &'a str,
    /// The environment; only variables that begin with `LAKEWARD_` are looked at.
    pub environment: &'a [(String, String)],
    /// The command line.
    pub flags: Flags,
    /// Where state is kept when no layer says so.
    pub default_state_dir: PathBuf,
}

/// What the command line lays over the config.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// Each `--table`.
    pub tables: Vec<String>,
}

/// A config that can be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// What is to be done.
    pub plan: Plan,
    /// What is odd, though nothing is wrong: one line each.
    pub warnings: Vec<String>,
}

/// Resolves a config.
///
/// # Errors
/// All that can honestly be told at once: every syntax error; else every unknown or missing key and every value of the wrong
/// type; else every value that can't be taken and every contradiction.
pub fn resolve(inputs: &Inputs<'_>) -> Result<Resolved, Vec<ConfigError>> {
    /// Kept, because putting it together takes longer than all the rest, and a wizard resolves with each answer.
    static SCHEMA: LazyLock<serde_json::Value> = LazyLock::new(json_schema);
    let mut document = Document::parse(inputs.text)?;
    let mut warnings = environment::overlay(&mut document, &SCHEMA, inputs.environment);
    if let Some((version, span)) = document.version().filter(|(version, _)| *version != VERSION) {
        // Nothing else of the file can be judged.
        let finding =
            Finding::value(span, format!("this Lakeward reads version {VERSION} of the config, not {version}"));
        return Err(document.errors(vec![finding]));
    }
    let findings = shape::check(&document.root, &SCHEMA);
    if !findings.is_empty() {
        return Err(document.errors(findings));
    }
    let config = tables::Config::read(&document.root).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        document.errors(vec![Finding::value(span, error.message())])
    })?;
    let (mut only_tables, mut flag_errors) = (Vec::new(), Vec::new());
    for name in &inputs.flags.tables {
        match TableName::new(name) {
            Ok(name) if only_tables.contains(&name) => {}
            Ok(name) => only_tables.push(name),
            Err(error) => {
                let what = error.to_string();
                flag_errors.push(ConfigError { at: Place::Flag("--table"), key: None, what, hint: None });
            }
        }
    }
    match lower::lower(&config, inputs) {
        Ok((plan, findings)) if flag_errors.is_empty() => {
            warnings.extend(document.errors(findings).iter().map(ConfigError::to_string));
            Ok(Resolved { plan: Plan { only_tables, ..plan }, warnings })
        }
        Ok(_) => Err(flag_errors),
        Err(findings) => Err(document.errors(findings).into_iter().chain(flag_errors).collect()),
    }
}

#[cfg(test)]
mod tests;
