//! The plugin's calls, as hosts make them.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::Stream;
use lakeward_cloudquery::{
    protocol::plugin::{
        close, get_name, get_spec_schema, get_tables, get_version, init, plugin_server::Plugin, read, sync,
        test_connection, transform, transform_schema, write,
    },
    transport::{Host, HostId, Presence},
};
use lakeward_core::{
    config::destination_spec_schema,
    failure::{Failure, FailureKind, in_one_line},
    untrusted::printable,
};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

use super::{
    account::Account,
    destination::{Destination, Settings},
    reading, writing,
};

/// The name of the plugin that this one stands in for.
const NAME: &str = "s3";
/// As many hosts at once as one process is ever asked to serve: each initialisation takes half a MiB, for certificates.
const MOST_HOSTS: usize = 64;

type Answer<T> = Result<Response<T>, Status>;
pub(super) type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The plugin, for all hosts.
pub(super) struct DestinationPlugin {
    account: Arc<Account>,
    stopped: watch::Receiver<bool>,
    hosts: Mutex<Hosts>,
}

/// What each host has initialised: several can share one plugin, each with a spec of its own.
#[derive(Default)]
struct Hosts {
    by_id: BTreeMap<HostId, (Presence, Initialised)>,
    /// For a host that has come back on another connection.
    latest: Option<Initialised>,
}

#[derive(Clone)]
enum Initialised {
    /// Only the spec was looked at.
    Offline,
    Online(Arc<Destination>),
}

impl DestinationPlugin {
    pub(super) fn new(account: Arc<Account>, stopped: watch::Receiver<bool>) -> Self {
        Self { account, stopped, hosts: Mutex::default() }
    }

    fn destination<T>(&self, request: &Request<T>) -> Result<Arc<Destination>, Status> {
        let hosts = self.hosts();
        let own = request.extensions().get::<Host>().and_then(|host| hosts.by_id.get(&host.id()));
        match own.map(|(_, initialised)| initialised).or(hosts.latest.as_ref()) {
            Some(Initialised::Online(destination)) => Ok(destination.clone()),
            Some(Initialised::Offline) => {
                Err(Status::failed_precondition("the plugin was initialised without a connection: call Init again"))
            }
            None => Err(Status::failed_precondition("the plugin is not initialised: call Init first")),
        }
    }

    fn hosts(&self) -> MutexGuard<'_, Hosts> {
        // Entries are put in and taken out whole, so a panic elsewhere doesn't spoil them.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tonic::async_trait]
impl Plugin for DestinationPlugin {
    type SyncStream = Answers<sync::Response>;
    type ReadStream = Answers<read::Response>;
    type TransformStream = Answers<transform::Response>;

    async fn get_name(&self, _: Request<get_name::Request>) -> Answer<get_name::Response> {
        Ok(Response::new(get_name::Response { name: NAME.to_owned() }))
    }

    async fn get_version(&self, _: Request<get_version::Request>) -> Answer<get_version::Response> {
        Ok(Response::new(get_version::Response { version: concat!("v", env!("CARGO_PKG_VERSION")).to_owned() }))
    }

    async fn get_spec_schema(&self, _: Request<get_spec_schema::Request>) -> Answer<get_spec_schema::Response> {
        Ok(Response::new(get_spec_schema::Response { json_schema: Some(destination_spec_schema().to_string()) }))
    }

    async fn init(&self, request: Request<init::Request>) -> Answer<init::Response> {
        let host = request.extensions().get::<Host>().cloned();
        let init::Request { spec, no_connection, invocation_id } = request.into_inner();
        let invocation = (!no_connection).then_some(invocation_id.as_str());
        let settings = Settings::read(&spec, invocation).map_err(|failure| internal(&failure))?;
        let initialised = if no_connection {
            Initialised::Offline
        } else {
            Initialised::Online(Arc::new(settings.open().await.map_err(|failure| internal(&failure))?))
        };
        let mut hosts = self.hosts();
        // Those that left without a word: `Close` is one.
        hosts.by_id.retain(|_, (presence, _)| !presence.is_over());
        if let Some(host) = host {
            if hosts.by_id.len() >= MOST_HOSTS && !hosts.by_id.contains_key(&host.id()) {
                let what = "as many hosts as one plugin takes are connected: start another one";
                return Err(Status::resource_exhausted(what));
            }
            hosts.by_id.insert(host.id(), (host.presence(), initialised.clone()));
        }
        hosts.latest = Some(initialised);
        Ok(Response::new(init::Response {}))
    }

    async fn write(&self, request: Request<Streaming<write::Request>>) -> Answer<write::Response> {
        let destination = self.destination(&request)?;
        let (account, stopped) = (self.account.clone(), self.stopped.clone());
        // On a task of its own: a host that goes away ends this call, and what it wrote lands all the same.
        let writing = tokio::spawn(writing::write(destination, request.into_inner(), account.clone(), stopped));
        let written = writing.await.unwrap_or_else(|error| {
            let failure =
                Failure::new(FailureKind::Bug, format!("a write stopped, and its rows may be missing: {error}"));
            let status = internal(&failure);
            account.missing(failure);
            Err(status)
        });
        written.map(|()| Response::new(write::Response {}))
    }

    async fn read(&self, request: Request<read::Request>) -> Answer<Self::ReadStream> {
        let destination = self.destination(&request)?;
        reading::read(&destination, request.into_inner().table).await.map(Response::new)
    }

    async fn test_connection(&self, request: Request<test_connection::Request>) -> Answer<test_connection::Response> {
        let failed = |code: &str, failure: &Failure| test_connection::Response {
            success: false,
            failure_code: code.to_owned(),
            failure_description: description(failure),
        };
        let tested = match Settings::read(&request.into_inner().spec, None) {
            Err(failure) => failed("INVALID_SPEC", &failure),
            Ok(settings) => match settings.open().await {
                Err(failure) => failed("UNAUTHORIZED", &failure),
                Ok(_) => test_connection::Response { success: true, ..test_connection::Response::default() },
            },
        };
        Ok(Response::new(tested))
    }

    async fn close(&self, request: Request<close::Request>) -> Answer<close::Response> {
        let mut hosts = self.hosts();
        if let Some(host) = request.extensions().get::<Host>() {
            hosts.by_id.remove(&host.id());
        }
        if hosts.by_id.is_empty() {
            hosts.latest = None;
        }
        Ok(Response::new(close::Response {}))
    }

    async fn get_tables(&self, _: Request<get_tables::Request>) -> Answer<get_tables::Response> {
        Err(no_source())
    }

    async fn sync(&self, _: Request<sync::Request>) -> Answer<Self::SyncStream> {
        Err(no_source())
    }

    async fn transform(&self, _: Request<Streaming<transform::Request>>) -> Answer<Self::TransformStream> {
        Err(Status::unimplemented("this plugin is a destination and transforms nothing"))
    }

    async fn transform_schema(&self, _: Request<transform_schema::Request>) -> Answer<transform_schema::Response> {
        Err(Status::unimplemented("this plugin is a destination and transforms nothing"))
    }
}

fn no_source() -> Status {
    Status::unimplemented("this plugin is a destination and has no tables of its own")
}

/// How the original answers what is wrong with a spec or a connection.
fn internal(failure: &Failure) -> Status {
    if failure.kind == FailureKind::Bug {
        tracing::error!("{failure}");
    }
    Status::internal(description(failure))
}

/// A failure in one line.
pub(super) fn description(failure: &Failure) -> String {
    let text = match &failure.next {
        Some(next) => format!("{failure}; next: {}", in_one_line(next)),
        None => failure.to_string(),
    };
    printable(&text).into_owned()
}
