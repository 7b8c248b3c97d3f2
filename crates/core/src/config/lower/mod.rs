//! From a config's tables to the plan: what each value means, and whether they go together. All that does not is told at
//! once.

mod auth;
mod cloudquery;
mod destination;
mod source;
mod plugin;

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

pub(super) use cloudquery::lower_spec;
pub use destination::endpoint_fault;
pub use plugin::plugin_spec_fault;

use super::{
    Inputs, SHUTDOWN_GRACE,
    error::Finding,
    tables::{self, At, Config},
    values::{self, Wrong},
};
use crate::plan;

/// The smallest size that a limit on bytes can have.
const MIN_SIZE: u64 = 1 << 10;

/// Reads a config into the plan, without the layer of the flags.
pub(super) fn lower(config: &Config, inputs: &Inputs<'_>) -> Result<(plan::Plan, Vec<Finding>), Vec<Finding>> {
    let mut reader =
        Reader { folder: inputs.file.parent().unwrap_or(Path::new("/")), errors: Vec::new(), warnings: Vec::new() };
    let state_dir = config.top.state_dir.as_ref().map(|dir| reader.path(dir));
    let shutdown_grace = reader.duration(config.top.shutdown_grace.as_ref(), SHUTDOWN_GRACE);
    let auth = reader.auth(&config.auth);
    reader.check(&config.destination.bucket, |name| values::bucket(name));
    let destination = reader.destination(&config.destination, &config.storage);
    reader.one_stdin(&config.sources);
    let sources: Vec<Option<plan::SourcePlan>> = config.sources.iter().map(|source| reader.source(source)).collect();
    reader.plugin_names(&config.sources, &sources);
    match (destination, sources.into_iter().collect()) {
        (Some(destination), Some(sources)) if reader.errors.is_empty() => {
            let plan = plan::Plan {
                config_file: Some(inputs.file.to_owned()),
                state_dir: state_dir.unwrap_or_else(|| inputs.default_state_dir.clone()),
                shutdown_grace,
                auth: auth.unwrap_or(plan::AuthPlan::Chain),
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
