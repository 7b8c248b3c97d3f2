//! A source plugin, as its host asks it: what it is, which tables it has, and their rows.

use std::io;

use bytes::Bytes;
use http::Uri;
use lakeward_core::{
    table::Table,
    untrusted::{excerpt, printable},
};
use tonic::{Request, Status, Streaming};

use crate::{
    protocol::{
        VERSION,
        discovery::{discovery_client::DiscoveryClient, get_versions},
        plugin::{close, get_name, get_tables, get_version, init, plugin_client::PluginClient, sync},
    },
    tables::{self, TableError},
    transport::{Address, Connection, LARGEST_MESSAGE},
};

/// What is asked of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The tables: names with `*`, as the plugin reads them.
    pub tables: Vec<String>,
    /// Those of them to leave out.
    pub skip_tables: Vec<String>,
    /// Whether tables that are read through one of them stay out unless they are named themselves.
    pub skip_dependent_tables: bool,
    /// Whether each row's `_cq_id` is made of its primary key.
    pub deterministic_cq_id: bool,
}

/// What a plugin calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Why a source did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It answered with an error, or the connection broke.
    #[error("{call}: {}", told(.status))]
    Call {
        /// What was asked.
        call: &'static str,
        /// The answer.
        status: Status,
    },
    /// It speaks another version of the protocol.
    #[error("it speaks version {} of the plugin protocol, and Lakeward {VERSION}", listed(.0))]
    Version(Vec<i32>),
    /// It listed what is no table.
    #[error("the list of its tables can't be read: {0}")]
    Table(#[from] TableError),
}

impl SourceError {
    fn call(call: &'static str) -> impl Fn(Status) -> Self {
        move |status| Self::Call { call, status }
    }
}

/// The words of a status, in one printable line. They are the plugin's, and as long as it likes.
#[must_use]
pub fn told(status: &Status) -> String {
    let message = printable(status.message().trim());
    if message.is_empty() { status.code().description().to_owned() } else { message.into_owned() }
}

fn listed(versions: &[i32]) -> String {
    let versions: Vec<String> = versions.iter().take(10).map(ToString::to_string).collect();
    if versions.is_empty() { "no".to_owned() } else { versions.join(", ") }
}

/// A plugin that was connected to.
#[derive(Clone, Debug)]
pub struct SourcePlugin {
    discovery: DiscoveryClient<Connection>,
    plugin: PluginClient<Connection>,
}

impl SourcePlugin {
    /// Connects to it.
    ///
    /// # Errors
    /// As [`Connection::open`].
    pub async fn connect(address: &Address) -> io::Result<Self> {
        let connection = Connection::open(address).await?;
        // The name by which every server takes it.
        let origin = Uri::from_static("http://localhost");
        Ok(Self {
            discovery: DiscoveryClient::with_origin(connection.clone(), origin.clone()),
            plugin: PluginClient::with_origin(connection, origin).max_decoding_message_size(LARGEST_MESSAGE),
        })
    }

    /// Makes sure that the protocol is spoken, and asks who it is.
    ///
    /// # Errors
    /// When it is another protocol, or it does not answer.
    pub async fn identify(&mut self) -> Result<Identity, SourceError> {
        let asked = self.discovery.get_versions(get_versions::Request {}).await;
        let versions =
            asked.map_err(SourceError::call("it does not tell the protocol's versions"))?.into_inner().versions;
        if !versions.contains(&VERSION) {
            return Err(SourceError::Version(versions));
        }
        let name = self.plugin.get_name(get_name::Request {}).await;
        let name = name.map_err(SourceError::call("it does not tell its name"))?.into_inner().name;
        let version = self.plugin.get_version(get_version::Request {}).await;
        let version = version.map_err(SourceError::call("it does not tell its version"))?.into_inner().version;
        Ok(Identity { name: excerpt(&name, 80), version: excerpt(&version, 40) })
    }

    /// Hands over the plugin's spec, as JSON.
    ///
    /// # Errors
    /// When it does not take it, or can't connect to what it reads from.
    pub async fn init(&mut self, spec: Bytes, run: &str) -> Result<(), SourceError> {
        let request = init::Request { spec, no_connection: false, invocation_id: run.to_owned() };
        self.plugin.init(request).await.map_err(SourceError::call("it does not take its spec"))?;
        Ok(())
    }

    /// The tables that were selected, and those without which they can't be read.
    ///
    /// # Errors
    /// When it has none of them, or lists what is no table.
    pub async fn tables(&mut self, selection: &Selection) -> Result<Vec<Table>, SourceError> {
        let Selection { tables, skip_tables, skip_dependent_tables, .. } = selection.clone();
        let request = get_tables::Request { tables, skip_tables, skip_dependent_tables };
        let answer = self.plugin.get_tables(request).await.map_err(SourceError::call("it does not list its tables"))?;
        Ok(answer.into_inner().tables.into_iter().map(tables::table).collect::<Result<_, _>>()?)
    }

    /// Asks for the rows. `backend` is where it reads and writes what it has remembered.
    ///
    /// # Errors
    /// When it does not begin.
    pub async fn sync(
        &mut self,
        selection: &Selection,
        backend: Option<sync::Backend>,
    ) -> Result<Streaming<sync::Response>, SourceError> {
        let Selection { tables, skip_tables, skip_dependent_tables, deterministic_cq_id } = selection.clone();
        let request = sync::Request {
            tables,
            skip_tables,
            skip_dependent_tables,
            deterministic_cq_id,
            backend,
            shard: None,
            with_error_messages: true,
        };
        let answer = self.plugin.sync(Request::new(request)).await;
        Ok(answer.map_err(SourceError::call("it does not begin to sync"))?.into_inner())
    }

    /// Tells it that nothing more will be asked.
    ///
    /// # Errors
    /// When it can't close what it has open.
    pub async fn close(&mut self) -> Result<(), SourceError> {
        self.plugin.close(close::Request {}).await.map_err(SourceError::call("it does not close"))?;
        Ok(())
    }
}
