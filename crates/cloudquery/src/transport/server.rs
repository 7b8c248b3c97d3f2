//! Serves the connections of hosts with HTTP/2.

use std::{
    convert::Infallible,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    task::JoinSet,
};
use tonic::{body::Body, codegen::Service};

use super::{
    filtered::Filtered,
    listener::{Listener, Socket},
};
use crate::protocol::{
    Versions,
    discovery::discovery_server::DiscoveryServer,
    plugin::plugin_server::{Plugin, PluginServer},
};

/// The largest message in bytes that is taken (observed: the limit of the original).
pub const LARGEST_MESSAGE: usize = 200 << 20;
/// What a host may send on one stream, and on a connection, before it is read, in bytes: enough for the wire to stay busy.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
/// What a host may put into one frame, in bytes: records are larger than the 16 KiB that HTTP/2 begins with.
const LARGEST_FRAME: u32 = 1 << 20;
/// Calls of one host at once.
const MOST_CALLS: u32 = 64;
/// How often a silent host is asked whether it is still there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(20);
const PONG: Duration = Duration::from_secs(20);
/// How long to wait where the system has no socket to give.
const PAUSE: Duration = Duration::from_millis(100);

/// A host's connection. Every request has that of its own among its extensions.
#[derive(Clone, Debug)]
pub struct Host {
    id: HostId,
    /// Held by the connection and by the requests that came over it.
    here: Arc<()>,
}

/// Tells the connections of hosts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(u64);

/// Whether a host is still there.
#[derive(Clone, Debug)]
pub struct Presence(Weak<()>);

impl Host {
    fn new(id: u64) -> Self {
        Self { id: HostId(id), here: Arc::default() }
    }

    /// Which one it is.
    #[must_use]
    pub fn id(&self) -> HostId {
        self.id
    }

    /// What tells later whether it is still there.
    #[must_use]
    pub fn presence(&self) -> Presence {
        Presence(Arc::downgrade(&self.here))
    }
}

impl Presence {
    /// Whether the connection is closed, and all that was asked over it is answered.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// Serves a plugin to all hosts that connect, until `stop` holds true; then answers that are due are still given, and
/// connections without any end at once.
pub async fn serve<P: Plugin>(listener: Listener, plugin: Arc<P>, mut stop: watch::Receiver<bool>) {
    let ids = AtomicU64::new(0);
    let mut hosts = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = hosts.join_next() => continue,
            () = stopped(&mut stop) => break,
        };
        let host = Host::new(ids.fetch_add(1, Ordering::Relaxed));
        match accepted {
            #[cfg(unix)]
            Ok(Socket::Unix(socket)) => {
                hosts.spawn(serve_host(Filtered::new(socket), host, plugin.clone(), stop.clone()));
            }
            Ok(Socket::Tcp(socket)) => {
                hosts.spawn(serve_host(socket, host, plugin.clone(), stop.clone()));
            }
            Err(error) => {
                tracing::warn!("a host could not connect: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    while hosts.join_next().await.is_some() {}
}

async fn serve_host<P: Plugin>(
    socket: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    host: Host,
    plugin: Arc<P>,
    mut stop: watch::Receiver<bool>,
) {
    let plugin = PluginServer::from_arc(plugin).max_decoding_message_size(LARGEST_MESSAGE);
    let plugin = plugin.max_encoding_message_size(LARGEST_MESSAGE);
    let discovery = DiscoveryServer::new(Versions);
    let id = host.id;
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(host.clone());
        answer(plugin.clone(), discovery.clone(), request)
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_frame_size(LARGEST_FRAME)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(MOST_CALLS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG)
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    if let Err(error) = result {
        tracing::debug!("the connection of host {} ended: {error}", id.0);
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody can say it any more, which is as good.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn answer<P: Plugin>(
    mut plugin: PluginServer<P>,
    mut discovery: DiscoveryServer<Versions>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    if request.uri().path().starts_with("/cloudquery.discovery.v1.Discovery/") {
        discovery.call(request).await
    } else {
        // What is no method is answered as such there.
        plugin.call(request).await
    }
}
