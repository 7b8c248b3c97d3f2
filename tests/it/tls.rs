//! An endpoint over TLS whose certificate nobody's system trusts: refused, trusted by its own, or taken unchecked.

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use lakeward_testkit::{Home, HomeCommand};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

use crate::{
    program::{files, lacks, numbered, root, summary},
    server,
};

/// A self-signed certificate for `localhost` and 127.0.0.1, with its key: made for these tests, and good for nothing else.
fn pem(name: &str) -> PathBuf {
    root().join("tests/data/tls").join(name)
}

/// A server that stores nothing and answers every PUT as S3 does.
struct TlsServer {
    endpoint: String,
    listening: JoinHandle<()>,
}

impl TlsServer {
    async fn start() -> Self {
        let certificate = CertificateDer::from_pem_file(pem("certificate.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(pem("key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust the certificate goes away: what these tests are about.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(stored)).await;
                });
            }
        });
        Self { endpoint, listening }
    }

    fn sync<'home>(&self, home: &'home Home, more: &str) -> HomeCommand<'home> {
        home.write("t.csv", numbered(0, 100));
        server::sync(home, &self.endpoint, more, &files(&["t.csv"])).args(["--progress", "json"])
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn stored(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    request.into_body().collect().await?;
    Ok(Response::builder().header("ETag", "\"0123\"").body(Full::default()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_unknown_authority_is_refused_with_what_to_do() {
    let (server, home) = (TlsServer::start().await, Home::new());
    let output = server.sync(&home, "").run().exits(69);
    let says = [
        "invalid peer certificate",
        "AWS_CA_BUNDLE",
        "endpoint_skip_tls_verify = true",
        "100 rows of 100 read did not land",
    ];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_that_aws_ca_bundle_names_is_trusted() {
    let (server, home) = (TlsServer::start().await, Home::new());
    let output = server.sync(&home, "").env("AWS_CA_BUNDLE", pem("certificate.pem")).run().exits(0);
    assert_eq!(summary(&output)["tables"][0]["landed"], 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_that_the_profile_names_is_trusted() {
    let (server, home) = (TlsServer::start().await, Home::new());
    home.write(".aws/config", format!("[default]\nca_bundle = {}\n", pem("certificate.pem").display()));
    let output = server.sync(&home, "").run().exits(0);
    assert_eq!(summary(&output)["tables"][0]["landed"], 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_taken_unchecked_only_where_the_config_says_so() {
    let (server, home) = (TlsServer::start().await, Home::new());
    let output = server.sync(&home, "endpoint_skip_tls_verify = true").run().exits(0);
    assert_eq!(summary(&output)["tables"][0]["landed"], 100);
}
