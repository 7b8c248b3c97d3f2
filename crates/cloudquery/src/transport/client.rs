//! A host's connection to a plugin.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tonic::{body::Body, codegen::Service};

use super::listener::Address;

/// What a plugin may send on one stream, and on the connection, before it is read, in bytes.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// A connection; clones share it. It ends with the last of them.
#[derive(Clone, Debug)]
pub struct Connection(SendRequest<Body>);

impl Connection {
    /// Connects to a plugin, on the current async runtime.
    ///
    /// # Errors
    /// When nobody listens there, or what does speaks no HTTP/2.
    pub async fn open(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(host) => {
                let socket = TcpStream::connect(host.as_str()).await?;
                // Requests are small and are waited for.
                socket.set_nodelay(true)?;
                Self::over(socket).await
            }
            #[cfg(unix)]
            Address::Unix(path) => Self::over(UnixStream::connect(path).await?).await,
            #[cfg(not(unix))]
            Address::Unix(_) => Err(io::Error::new(io::ErrorKind::Unsupported, "there are no unix sockets")),
        }
    }

    // No pings: Go's servers end a connection that sends them more often than every five minutes.
    async fn over(socket: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> io::Result<Self> {
        let (requests, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(TokioIo::new(socket))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("the connection to a plugin ended: {error}");
            }
        });
        Ok(Self(requests))
    }
}

impl Service<Request<Body>> for Connection {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}
