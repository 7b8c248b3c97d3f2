//! Where the state of a source is kept, and the backend that the plugin writes it to while it runs.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use lakeward_cloudquery::{
    protocol::plugin::sync::Backend,
    state::{SharedState, State, StateBackend, StateFile, StateFileError},
    transport::{Address, Listener, serve},
};
use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::{Plan, PluginPlan, Storage},
};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

/// What the plugin is told to call the table of its state.
const TABLE: &str = "lakeward_state";

/// The state of a source that is being read.
#[derive(Debug)]
pub(super) struct KeptState {
    file: StateFile,
    shared: SharedState,
    source: String,
}

impl KeptState {
    /// Opens the state that goes with this source and this destination.
    pub(super) fn open(plan: &Plan, plugin: &PluginPlan) -> Result<Self, Failure> {
        let (file, state) = StateFile::open(path(plan, &plugin.name)).map_err(failure)?;
        Ok(Self { file, shared: SharedState::new(state), source: plugin.name.clone() })
    }

    /// The state as the plugin has left it.
    pub(super) fn now(&self) -> State {
        self.shared.now()
    }

    /// Saves what was the state when all rows had been read.
    pub(super) fn save(&self, state: State) -> Result<(), Failure> {
        self.file.save(&self.source, state).map_err(failure)
    }

    /// Serves it to the plugin until what is returned is dropped: beside the plugin's socket, where it has one.
    pub(super) async fn serve(&self, socket: Option<&Path>) -> Result<(Backend, Served), Failure> {
        let address = match socket {
            Some(socket) => Address::Unix(socket.with_extension("state")),
            None => Address::Tcp("127.0.0.1:0".to_owned()),
        };
        let listener = Listener::bind(address).await?;
        let connection = match listener.address() {
            Address::Unix(path) => format!("unix://{}", path.display()),
            Address::Tcp(address) => address,
        };
        let (served, stop) = watch::channel(false);
        tokio::spawn(serve(listener, Arc::new(StateBackend::new(self.shared.clone())), stop));
        Ok((Backend { table_name: TABLE.to_owned(), connection }, Served { _stop: served }))
    }
}

/// A backend that is served.
#[derive(Debug)]
pub(super) struct Served {
    _stop: watch::Sender<bool>,
}

/// The state of a source belongs to where its rows went: another destination begins afresh.
fn path(plan: &Plan, source: &str) -> PathBuf {
    let destination = &plan.destination;
    let storage = match &destination.storage {
        Storage::S3(s3) => s3.endpoint.clone().unwrap_or_default(),
        Storage::Embedded { dir } => dir.to_string_lossy().into_owned(),
    };
    let place = [storage.trim_end_matches('/'), &destination.bucket, destination.path.prefix()].join("\n");
    let mut name = format!("{source}-");
    for byte in Sha256::digest(place).iter().take(8) {
        let _ = write!(name, "{byte:02x}");
    }
    plan.state_dir.join("cloudquery").join(name + ".json")
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err gives")]
fn failure(error: StateFileError) -> Failure {
    let (kind, next) = match &error {
        StateFileError::InUse(_) => {
            (FailureKind::Input, "wait until it has ended; of two runs at once, both would land the same rows")
        }
        StateFileError::Unreadable { .. } => {
            (FailureKind::Input, "put the file back as it was, or take it away: then all rows land anew")
        }
        StateFileError::Unwritable { .. } => {
            (FailureKind::Destination, "make room, or set `state_dir` to a folder that can be written")
        }
    };
    Failure::new(kind, error.to_string()).next(next)
}
