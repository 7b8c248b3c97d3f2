//! Requests as no client would send them: signed by hand and written to a socket.

use std::{net::SocketAddr, time::SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use lakeward_loopback::EmbeddedS3;
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A request to be signed and sent.
pub(crate) struct Raw<'a> {
    pub(crate) method: &'a str,
    /// As it stands in the request line.
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, String)>,
    /// `x-amz-content-sha256`.
    pub(crate) payload: &'a str,
    /// What is sent after the head. Its length is sent as `Content-Length` unless the headers hold one.
    pub(crate) body: &'a [u8],
}

pub(crate) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

impl<'a> Raw<'a> {
    pub(crate) fn put(path: &'a str, body: &'a [u8]) -> Self {
        Self { method: "PUT", path, headers: Vec::new(), payload: UNSIGNED, body }
    }

    pub(crate) fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn payload(mut self, payload: &'a str) -> Self {
        self.payload = payload;
        self
    }

    /// The head of the request, signed.
    pub(crate) fn head(&self, server: &EmbeddedS3) -> String {
        let secret = server.secret_access_key().expose_secret();
        let identity = Credentials::new(server.access_key_id(), secret, None, None, "test").into();
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(server.region())
            .name("s3")
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .expect("parameters")
            .into();
        let uri = format!("{}{}", server.endpoint(), self.path);
        let signed = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let request =
            SignableRequest::new(self.method, &uri, signed, SignableBody::Precomputed(self.payload.to_owned()))
                .expect("a request");
        let (instructions, _) = sign(request, &params).expect("a signature").into_parts();
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", self.method, self.path, address(server));
        let added = instructions.headers();
        for (name, value) in self.headers.iter().map(|(name, value)| (*name, value.as_str())).chain(added) {
            head += &format!("{name}: {value}\r\n");
        }
        if !head.to_lowercase().contains("\r\ncontent-length:") {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        head + "connection: close\r\n\r\n"
    }

    /// Sends it and hands back status and body of the answer. If the body is shorter than announced, the sending side is
    /// closed after it.
    pub(crate) async fn send(&self, server: &EmbeddedS3) -> (u16, String) {
        let mut stream = connect(server).await;
        stream.write_all(self.head(server).as_bytes()).await.expect("the head is sent");
        stream.write_all(self.body).await.expect("the body is sent");
        if self.headers.iter().any(|(name, _)| *name == "content-length") {
            stream.shutdown().await.expect("the end is sent");
        }
        read_answer(stream).await
    }
}

pub(crate) async fn connect(server: &EmbeddedS3) -> TcpStream {
    TcpStream::connect(address(server).parse::<SocketAddr>().expect("an address")).await.expect("a connection")
}

/// The status (0 without an answer) and the body.
pub(crate) async fn read_answer(mut stream: TcpStream) -> (u16, String) {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, answer)
}

/// A body as aws-chunked, without signatures: one chunk, then the trailers.
pub(crate) fn chunked(body: &[u8], trailers: &[(&str, &str)]) -> Vec<u8> {
    let mut encoded = format!("{:x}\r\n", body.len()).into_bytes();
    encoded.extend_from_slice(body);
    encoded.extend_from_slice(b"\r\n0\r\n");
    for (name, value) in trailers {
        encoded.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
    }
    encoded.extend_from_slice(b"\r\n");
    encoded
}

fn address(server: &EmbeddedS3) -> &str {
    server.endpoint().strip_prefix("http://").expect("plain HTTP")
}
