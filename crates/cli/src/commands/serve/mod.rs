//! `lakeward serve`: the plugin that CloudQuery's hosts start, or reach at an address, as their S3 destination.

mod log;
mod orphan;
mod plugin;
mod destination;
mod test_object;
mod writing;
mod table_stream;
mod account;
mod reading;
mod restore;

use std::{sync::Arc, time::Duration};

use lakeward_cloudquery::transport::{Address, Listener, serve as serve_hosts};
use lakeward_core::failure::{Failure, FailureKind, in_one_line};
use tokio::sync::watch;

use self::{account::Account, plugin::DestinationPlugin};
use crate::{
    arguments::{Network, OutputArguments, ServeArguments},
    signals::Interruption,
};

/// How long after a signal what was taken may land. A host waits 5 s before it kills its plugin.
const GRACE: Duration = Duration::from_millis(3000);
/// How long after that the last answers may take.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// Serves until a signal comes. Whoever serves has landed all that it took, or the failure says what is missing.
pub(crate) async fn serve(arguments: ServeArguments, output: OutputArguments) -> Result<(), Failure> {
    log::start(arguments.log_level, output.log_format);
    let served = serve_until_told(arguments).await;
    if let Err(failure) = &served {
        tracing::error!(next = failure.next.as_deref().map(in_one_line), "{failure}");
    }
    served
}

async fn serve_until_told(arguments: ServeArguments) -> Result<(), Failure> {
    let mut interruption = Interruption::patient();
    // A host that starts its plugin at a socket of its own makes no other use of it; one at an address may outlive many hosts.
    let is_own = arguments.network == Network::Unix;
    let address = match arguments.network {
        Network::Unix => Address::Unix(arguments.address.into()),
        Network::Tcp => Address::Tcp(arguments.address),
    };
    let listener = Listener::bind(address).await?;
    tracing::info!(address = %listener.address(), "lakeward {} is listening", env!("CARGO_PKG_VERSION"));
    let (stop, stopped) = watch::channel(false);
    let account = Arc::new(Account::default());
    let plugin = Arc::new(DestinationPlugin::new(account.clone(), stopped.clone()));
    let hosts = tokio::spawn(serve_hosts(listener, plugin, stopped));
    let why = tokio::select! {
        () = interruption.asked() => "asked to stop",
        () = orphan::orphaned(), if is_own => "the host is gone",
    };
    tracing::info!("{why}: what was taken lands");
    stop.send_replace(true);
    // Every write keeps to the grace period by itself.
    let writes = tokio::time::timeout(GRACE + LAST_ANSWERS, account.settled()).await;
    let answers = tokio::time::timeout(LAST_ANSWERS, hosts).await;
    if let Ok(Err(error)) = answers {
        return Err(Failure::new(FailureKind::Bug, format!("serving stopped: {error}")));
    }
    account.balance(writes.is_ok())
}
