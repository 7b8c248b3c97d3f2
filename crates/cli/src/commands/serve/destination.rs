//! A destination that a host has initialised: its spec, and the bucket that can be written.

use std::{path::PathBuf, time::Duration};

use lakeward_auth::Environment;
use lakeward_core::{
    config::{ConfigError, DestinationSpec, destination_spec},
    failure::{Failure, FailureKind},
    key::Variable,
    plan::Plan,
};
use lakeward_sink::{Bucket, put_empty};
use uuid::Uuid;

use super::{GRACE, test_object::test_object};
use crate::{config_file::default_state_dir, storage::Storage};

/// How long a test write is tried: a host waits for it.
const TEST_DEADLINE: Duration = Duration::from_secs(60);

/// A spec that can be run, with nothing opened yet.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) plan: Plan,
    pub(super) run: Uuid,
    test_write: bool,
}

/// A bucket with what is to be written to it.
pub(super) struct Destination {
    pub(super) settings: Settings,
    pub(super) bucket: Bucket,
    _storage: Storage,
}

impl Settings {
    /// Reads a host's spec. `invocation` is the host's name for the run, where it gives one.
    pub(super) fn read(spec: &[u8], invocation: Option<&str>) -> Result<Self, Failure> {
        let spec = destination_spec(spec).map_err(|errors| told(&errors))?;
        let DestinationSpec { destination, auth, test_write } = spec;
        let named = invocation.filter(|id| !id.is_empty()).map(Uuid::parse_str);
        let run = match named {
            Some(Ok(run)) => run,
            Some(Err(error)) if destination.path.uses(Variable::SyncId) => {
                let what = format!("the path holds {{{{SYNC_ID}}}}, and the host's invocation id is no UUID: {error}");
                return Err(Failure::new(FailureKind::Usage, what).next("take {{SYNC_ID}} out of the spec's path"));
            }
            None if invocation.is_some() && destination.path.uses(Variable::SyncId) => {
                let what = "the path holds {{SYNC_ID}}, and the host gave no invocation id";
                return Err(Failure::new(FailureKind::Usage, what).next("take {{SYNC_ID}} out of the spec's path"));
            }
            _ => Uuid::now_v7(),
        };
        let state_dir = default_state_dir();
        let (sources, only_tables) = (Vec::new(), Vec::new());
        let plan =
            Plan { config_file: None, state_dir, shutdown_grace: GRACE, auth, destination, sources, only_tables };
        Ok(Self { plan, run, test_write })
    }

    /// Signs in, and makes the test write if the spec has not taken it out.
    pub(super) async fn open(self) -> Result<Destination, Failure> {
        let storage = Storage::open(&self.plan, &Environment::real(), &()).await?;
        let bucket = storage.bucket.clone();
        if self.test_write {
            let (table, key) = test_object(&self.plan.destination, self.run)?;
            let mut destination = self.plan.destination.clone();
            destination.retry.deadline = destination.retry.deadline.min(TEST_DEADLINE);
            put_empty(&bucket, &destination, table, key).await?;
        }
        Ok(Destination { settings: self, bucket, _storage: storage })
    }

    /// The folder in which large objects lie until they have landed.
    pub(super) fn spool_dir(&self) -> PathBuf {
        self.plan.state_dir.join("spool")
    }
}

fn told(errors: &[ConfigError]) -> Failure {
    let line = |error: &ConfigError| match &error.hint {
        Some(hint) => format!("{} ({hint})", error.what),
        None => error.what.clone(),
    };
    let lines: Vec<String> = errors.iter().map(line).collect();
    Failure::new(FailureKind::Usage, format!("the destination's spec can't be taken: {}", lines.join("; ")))
}
