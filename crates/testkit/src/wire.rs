//! An HTTP/1.1 server on 127.0.0.1 whose handler may also answer by cutting the connection.

use std::{convert::Infallible, future::pending, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{Request, Response, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};

pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// What becomes of a request.
pub(crate) enum Reply {
    /// It is answered.
    Answer(Response<Body>),
    /// Its connection ends with RST.
    Reset,
    /// Its connection ends with FIN.
    Close,
    /// Nothing more happens on its connection.
    Hang,
}

/// Answers requests, any number of them at once.
pub(crate) trait Handler: Send + Sync + 'static {
    /// Decides on a request.
    fn reply(&self, request: Request<Incoming>) -> impl Future<Output = Reply> + Send;
}

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(handler: Arc<impl Handler>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let accepting = tokio::spawn(async move {
            // Dropped with this task, the set ends every connection.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    Ok((stream, _)) = listener.accept() => { connections.spawn(serve(stream, Arc::clone(&handler))); }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Self { address, accepting }
    }

    /// Ends every connection and waits until that is done.
    pub(crate) async fn stop(mut self) {
        self.accepting.abort();
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(stream: TcpStream, handler: Arc<impl Handler>) {
    // The handler can't reach the connection that it runs on, so it leaves a note and waits to be dropped with it.
    let (cut, mut cuts) = mpsc::channel(1);
    let service = service_fn(|request| {
        let (cut, handler) = (cut.clone(), Arc::clone(&handler));
        async move {
            let with_rst = match handler.reply(request).await {
                Reply::Answer(response) => return Ok::<_, Infallible>(response),
                Reply::Reset => true,
                Reply::Close => false,
                Reply::Hang => pending().await,
            };
            let _ = cut.send(with_rst).await;
            pending().await
        }
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A client that breaks off is no concern of the server's.
        _ = &mut connection => {}
        Some(with_rst) = cuts.recv() => {
            let stream = connection.into_parts().io.into_inner();
            if with_rst {
                stream.set_zero_linger().expect("an open socket takes SO_LINGER");
            }
        }
    }
}

/// An answer whose body is at hand.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Full::new(body.into()).boxed()).expect("a test's status and headers are valid")
}

/// An error as S3 writes it.
pub(crate) fn s3_error(status: u16, code: &str) -> Response<Body> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>A test asked for this answer.</Message>\
         <RequestId>FAULT</RequestId></Error>"
    );
    answer(status, &[(header::CONTENT_TYPE.as_str(), "application/xml")], body)
}

/// A client for the tests of this crate: one connection a request.
#[cfg(test)]
pub(crate) mod tests {
    use hyper::{Method, client::conn::http1::handshake};

    use super::*;

    pub(crate) struct Received {
        pub(crate) status: u16,
        pub(crate) body: Bytes,
    }

    impl Received {
        pub(crate) fn text(&self) -> &str {
            std::str::from_utf8(&self.body).unwrap()
        }
    }

    pub(crate) async fn put(endpoint: &str, path: &str, body: &[u8]) -> Result<Received, hyper::Error> {
        send(endpoint, Method::PUT, path, body).await
    }

    pub(crate) async fn get(endpoint: &str, path: &str) -> Result<Received, hyper::Error> {
        send(endpoint, Method::GET, path, b"").await
    }

    async fn send(endpoint: &str, method: Method, path: &str, body: &[u8]) -> Result<Received, hyper::Error> {
        let stream = TcpStream::connect(endpoint.strip_prefix("http://").unwrap()).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        let mut connections = JoinSet::new();
        connections.spawn(connection);
        let request = Request::builder().method(method).uri(path).header(header::HOST, "signed.example");
        let response = sender.send_request(request.body(Full::new(Bytes::copy_from_slice(body))).unwrap()).await?;
        Ok(Received { status: response.status().as_u16(), body: response.into_body().collect().await?.to_bytes() })
    }
}
