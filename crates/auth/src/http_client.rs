//! The one HTTP client of all AWS calls: proxies, certificate authorities, and what never goes through a proxy.

use std::{
    fmt, fs,
    net::IpAddr,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::Request,
};
use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector as TcpConnector},
    rt::TokioExecutor,
};
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use crate::unreached::{proxy_of, unreached};

/// How long a connection to an endpoint whose certificate is not checked may take to open; others are told by their client.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the HTTP client is made with.
#[derive(Clone, Debug, Default)]
pub struct HttpClientOptions<'a> {
    /// A PEM file of the certificate authorities that are trusted instead of the system's, as `AWS_CA_BUNDLE` names it.
    pub ca_bundle: Option<&'a Path>,
    /// The URL of the endpoint whose certificate is taken unchecked, if the config asks for that.
    pub unverified_endpoint: Option<&'a str>,
}

/// Why there is no HTTP client.
#[derive(Debug)]
pub enum HttpClientError {
    /// The CA bundle can't be read.
    Unreadable(String, std::io::Error),
    /// The CA bundle holds no certificate, or a broken one.
    NoCertificate(String),
}

impl fmt::Display for HttpClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "the CA bundle {path} can't be read: {error}"),
            Self::NoCertificate(path) => write!(f, "the CA bundle {path} holds no valid PEM certificate"),
        }
    }
}

impl std::error::Error for HttpClientError {}

/// Makes the client. `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` hold, except for metadata services and this
/// machine itself: those are always reached directly. So is an endpoint whose certificate is not checked.
///
/// # Errors
/// When the CA bundle can't be used.
pub fn http_client(options: &HttpClientOptions<'_>) -> Result<SharedHttpClient, HttpClientError> {
    let trust = options.ca_bundle.map_or(Ok(TrustStore::default()), trust_only)?;
    let unverified = options.unverified_endpoint.and_then(|endpoint| endpoint.parse::<http::Uri>().ok());
    Ok(SharedHttpClient::new(Routes {
        proxied: verified(trust.clone(), ProxyConfig::from_env()),
        direct: verified(trust, ProxyConfig::disabled()),
        plain: Builder::new().build_http(),
        unverified: unverified.and_then(|uri| uri.authority().cloned()).map(|to| (to, Unverified::new())),
    }))
}

fn trust_only(bundle: &Path) -> Result<TrustStore, HttpClientError> {
    let name = bundle.display().to_string();
    let pem = fs::read(bundle).map_err(|error| HttpClientError::Unreadable(name.clone(), error))?;
    // The TLS library would panic on a broken certificate later: so each is looked at here.
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| HttpClientError::NoCertificate(name.clone()))?;
        roots.add(certificate).map_err(|_| HttpClientError::NoCertificate(name.clone()))?;
    }
    if roots.is_empty() {
        return Err(HttpClientError::NoCertificate(name));
    }
    Ok(TrustStore::empty().with_pem_certificate(pem))
}

fn verified(trust: TrustStore, proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let context = TlsContext::builder().with_trust_store(trust.clone()).build().unwrap_or_default();
        let mut builder = Connector::builder()
            .tls_provider(tls::Provider::rustls(CryptoMode::Ring))
            .tls_context(context)
            .proxy_config(proxy.clone());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.build()
    })
}

/// Chooses the way for each request by its host.
#[derive(Debug)]
struct Routes {
    proxied: SharedHttpClient,
    direct: SharedHttpClient,
    plain: SharedHttpClient,
    unverified: Option<(http::uri::Authority, Unverified)>,
}

impl HttpClient for Routes {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let way = |client: &SharedHttpClient| Way {
            client: client.clone(),
            settings: settings.clone(),
            components: components.clone(),
            connector: OnceLock::new(),
        };
        SharedHttpConnector::new(Route {
            proxied: way(&self.proxied),
            direct: way(&self.direct),
            plain: way(&self.plain),
            unverified: self.unverified.clone(),
        })
    }
}

#[derive(Debug)]
struct Route {
    proxied: Way,
    direct: Way,
    plain: Way,
    unverified: Option<(http::uri::Authority, Unverified)>,
}

impl HttpConnector for Route {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Ok(uri) = request.uri().parse::<http::Uri>() else { return self.proxied.call(request) };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let host = authority.to_owned();
        let is_elsewhere = !is_local(uri.host().unwrap_or_default());
        let proxy = uri.scheme_str().filter(|_| is_elsewhere).and_then(proxy_of);
        let answer = match &self.unverified {
            // The bucket may stand in the host name before the endpoint's.
            Some((endpoint, client)) if authority.ends_with(endpoint.as_str()) => client.call(request),
            _ if is_elsewhere => self.proxied.call(request),
            _ if uri.scheme_str() == Some("http") => self.plain.call(request),
            _ => self.direct.call(request),
        };
        HttpConnectorFuture::new(async move { answer.await.map_err(|error| unreached(&host, proxy, error)) })
    }
}

/// A way that is opened when it is first taken: to load the system's certificates takes longer than a small sync.
#[derive(Debug)]
struct Way {
    client: SharedHttpClient,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
    connector: OnceLock<SharedHttpConnector>,
}

impl Way {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.connector.get_or_init(|| self.client.http_connector(&self.settings, &self.components)).call(request)
    }
}

/// Whether the host is this machine or link-local, where the metadata services of EC2, ECS and EKS are.
fn is_local(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_link_local(),
        // fd00:ec2::254 and fd00:ec2::23 (Amazon EC2 and EKS user guides).
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unicast_link_local() || ip.segments()[..2] == [0xfd00, 0xec2],
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// A client that takes any certificate: only for an endpoint whose config says `endpoint_skip_tls_verify = true`.
#[derive(Clone, Debug)]
struct Unverified(Client<HttpsConnector<TcpConnector>, SdkBody>);

impl Unverified {
    fn new() -> Self {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone());
        let config = builder.with_safe_default_protocol_versions().unwrap_or_else(|_| ClientConfig::builder());
        let config = config
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth();
        let mut tcp = TcpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().wrap_connector(tcp);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request: http::Request<SdkBody> =
                Request::try_into_http1x(request).map_err(|error| ConnectorError::user(error.into()))?;
            let response = client.request(request).await.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Checks that the server holds the key of its certificate, and nothing about the certificate.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_services_and_this_machine_are_local() {
        for host in ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "169.254.170.2", "[fd00:ec2::254]"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["s3.amazonaws.com", "10.0.0.1", "[2001:db8::1]", "localhost.example.com"] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn a_ca_bundle_that_can_not_be_used_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ca.pem");
        let make = |path: &Path| http_client(&HttpClientOptions { ca_bundle: Some(path), unverified_endpoint: None });
        assert!(matches!(make(&path), Err(HttpClientError::Unreadable(..))));
        for text in ["", "not PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            fs::write(&path, text).expect("written");
            assert!(matches!(make(&path), Err(HttpClientError::NoCertificate(_))), "{text:?}");
        }
    }
}
