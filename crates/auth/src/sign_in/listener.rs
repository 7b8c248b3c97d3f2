//! Where a browser comes back to after a sign-in: a port of 127.0.0.1 (RFC 8252, section 7.3). What it brings can be pasted instead.

use std::{convert::Infallible, future::Future, net::Ipv4Addr, sync::Mutex, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::excerpt,
};
use secrecy::SecretString;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};
use uuid::Uuid;

/// The path that is registered with the services.
const PATH: &str = "/oauth/callback";

/// The most bytes of a request's head. A code of the services has some kilobytes.
const MOST_HEAD: usize = 64 * 1024;

/// How long one exchange with a browser may take.
const EXCHANGE: Duration = Duration::from_secs(10);

/// The most connections at once: browsers open some ahead of need.
const MOST_CONNECTIONS: usize = 32;

/// What came back.
#[derive(Debug)]
pub(crate) enum Callback {
    /// The sign-in was approved: the authorization code, which is good for one exchange.
    Code(SecretString),
    /// It was not, and the service says why, made printable.
    Refused(String),
    /// It is not this sign-in's, or brings nothing: it says what was wrong, and the sign-in goes on.
    Stray(&'static str),
}

/// Listens from when it is made until it is dropped, so no browser comes too early.
#[derive(Debug)]
pub(crate) struct Listener {
    redirect: String,
    state: String,
    callbacks: mpsc::Receiver<Callback>,
    listening: JoinHandle<()>,
}

impl Listener {
    /// Listens on this port, or on any that is free.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when the port can't be had; [`FailureKind::Destination`] when none can.
    pub(crate) async fn start(port: Option<u16>) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| match port {
            Some(port) => Failure::new(
                FailureKind::Usage,
                format!("nothing can listen on 127.0.0.1:{port} for the browser to come back to: {error}"),
            )
            .next("end what listens there, choose another --redirect-port, or sign in with --flow device"),
            None => Failure::new(
                FailureKind::Destination,
                format!("nothing can listen on 127.0.0.1 for the browser to come back to: {error}"),
            )
            .next("sign in with --flow device"),
        };
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await.map_err(failed)?;
        let redirect = format!("http://{}{PATH}", socket.local_addr().map_err(failed)?);
        let state = Uuid::new_v4().to_string();
        // One is enough; a browser that comes twice is answered twice.
        let (send, callbacks) = mpsc::channel(8);
        let listening = tokio::spawn(listen(socket, state.clone(), send));
        Ok(Self { redirect, state, callbacks, listening })
    }

    /// Where the browser has to be sent back to: `http://127.0.0.1:PORT/oauth/callback`.
    pub(crate) fn redirect(&self) -> &str {
        &self.redirect
    }

    /// What the browser has to bring back with the code, which nobody else can know.
    pub(crate) fn state(&self) -> &str {
        &self.state
    }

    /// The next thing that came back. It is told after the browser had its answer. Nothing is lost when this is dropped.
    pub(crate) async fn callback(&mut self) -> Callback {
        match self.callbacks.recv().await {
            Some(callback) => callback,
            None => std::future::pending().await,
        }
    }

    /// What somebody pasted: the URL that the browser was sent to, its query, or the bare code.
    pub(crate) fn pasted(&self, text: &str) -> Callback {
        pasted(text, &self.state)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// See [`Listener::pasted`]. A bare code comes without a state: whoever pastes it saw where it came from.
pub(super) fn pasted(text: &str, state: &str) -> Callback {
    let text = text.trim().trim_matches(['"', '\'', '<', '>']);
    match text.split_once('?') {
        Some((_, query)) => brought(query, state),
        None if text.contains("code=") || text.contains("error=") => brought(text, state),
        None if text.is_empty() || text.contains("://") || text.contains(char::is_whitespace) => {
            Callback::Stray("what was pasted holds no code: paste the whole URL that the browser was sent to")
        }
        None => Callback::Code(text.into()),
    }
}

/// What a query brings.
fn brought(query: &str, state: &str) -> Callback {
    let query = query.split('#').next().unwrap_or_default();
    let value = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
    };
    if value("state").as_deref() != Some(state) {
        return Callback::Stray("a browser came back from another sign-in, which does not count here");
    }
    match (value("error"), value("code")) {
        (Some(error), _) => {
            let description = value("error_description").map(|text| format!(": {text}")).unwrap_or_default();
            Callback::Refused(excerpt(&format!("{error}{description}"), 400))
        }
        (None, Some(code)) => Callback::Code(code.into()),
        (None, None) => Callback::Stray("the browser came back without a code"),
    }
}

async fn listen(socket: TcpListener, state: String, callbacks: mpsc::Sender<Callback>) {
    let mut exchanges = JoinSet::new();
    loop {
        while exchanges.len() >= MOST_CONNECTIONS {
            exchanges.join_next().await;
        }
        while exchanges.try_join_next().is_some() {}
        match socket.accept().await {
            Ok((stream, _)) => drop(exchanges.spawn(exchange(stream, state.clone(), callbacks.clone()))),
            // The system is out of something; it may not be in a moment.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Answers one request, then passes on what it brought: with that the sign-in may end, and the listener with it.
async fn exchange(stream: TcpStream, state: String, callbacks: mpsc::Sender<Callback>) {
    let came = Mutex::new(None);
    let service = service_fn(|request| answer(&request, &state, &came));
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(MOST_HEAD)
        .timer(TokioTimer::new())
        .header_read_timeout(EXCHANGE)
        .serve_connection(TokioIo::new(stream), service);
    // A browser that has gone away meanwhile still brought what it brought.
    let _ = timeout(EXCHANGE, connection).await;
    let came = came.into_inner().unwrap_or_default();
    if let Some(callback) = came {
        let _ = callbacks.send(callback).await;
    }
}

fn answer(
    request: &Request<Incoming>,
    state: &str,
    came: &Mutex<Option<Callback>>,
) -> impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> + use<> {
    let (status, title, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, PATH) => {
            let callback = brought(request.uri().query().unwrap_or_default(), state);
            let page = match &callback {
                Callback::Code(_) => (
                    StatusCode::OK,
                    "Lakeward has the answer",
                    "It goes on in the terminal. This tab can be closed.".to_owned(),
                ),
                Callback::Refused(why) => (
                    StatusCode::OK,
                    "The sign-in was refused",
                    format!("{why}. The terminal says what can be done. This tab can be closed."),
                ),
                Callback::Stray(_) => (
                    StatusCode::BAD_REQUEST,
                    "This is not the sign-in that Lakeward waits for",
                    "Open the page that the terminal shows. This tab can be closed.".to_owned(),
                ),
            };
            if let Ok(mut came) = came.lock() {
                *came = Some(callback);
            }
            page
        }
        (_, PATH) => (StatusCode::METHOD_NOT_ALLOWED, "Not like this", "A browser comes here with GET.".to_owned()),
        // Browsers ask for icons and more by themselves.
        _ => (StatusCode::NOT_FOUND, "Nothing is here", "Lakeward waits for a sign-in at another path.".to_owned()),
    };
    let mut response = Response::new(Full::from(page(title, &text)));
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    std::future::ready(Ok(response))
}

fn page(title: &str, text: &str) -> String {
    let text = quick_xml::escape::escape(text);
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <body style=\"font-family: sans-serif; max-width: 40em; margin: 15vh auto; padding: 0 1em\">\
         <h1>{title}</h1><p>{text}</p></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn code(callback: Callback) -> Option<String> {
        use secrecy::ExposeSecret;
        match callback {
            Callback::Code(code) => Some(code.expose_secret().to_owned()),
            _ => None,
        }
    }

    /// Sends a request's head and reads the answer to its end.
    async fn asked(listener: &Listener, head: &str) -> String {
        let address = listener.redirect().trim_start_matches("http://").trim_end_matches(PATH);
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{head}\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn a_browser_is_answered_before_its_code_is_told() {
        let mut listener = Listener::start(None).await.unwrap();
        let state = listener.state().to_owned();
        for (head, status) in [
            ("GET /favicon.ico HTTP/1.1".to_owned(), "404"),
            (format!("POST {PATH}?code=c&state={state} HTTP/1.1"), "405"),
            (format!("GET {PATH}?code=c&state=another HTTP/1.1"), "400"),
            (format!("GET {PATH}?state={state} HTTP/1.1"), "400"),
            (format!("GET {PATH}?error=access_denied&error_description=%3Cb%3Eno&state={state} HTTP/1.1"), "200"),
            (format!("GET {PATH}?code=a%2Fb%2B&state={state} HTTP/1.1"), "200"),
            (format!("GET /{} HTTP/1.1", "x".repeat(2 * MOST_HEAD)), "431"),
        ] {
            let answer = asked(&listener, &head).await;
            // A head that is too long may meet a reset before its answer is read.
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) || status == "431", "{head:.80}: {answer}");
            assert!(!answer.contains("<b>"), "{answer}");
        }
        assert!(matches!(listener.callback().await, Callback::Stray(what) if what.contains("another sign-in")));
        assert!(matches!(listener.callback().await, Callback::Stray(what) if what.contains("without a code")));
        assert!(matches!(listener.callback().await, Callback::Refused(why) if why == "access_denied: <b>no"));
        assert_eq!(code(listener.callback().await).as_deref(), Some("a/b+"));
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_named() {
        let first = Listener::start(None).await.unwrap();
        let port = first.redirect().split([':', '/']).nth(4).unwrap().parse().unwrap();
        let taken = Listener::start(Some(port)).await.unwrap_err();
        assert_eq!(taken.kind, FailureKind::Usage);
        assert!(taken.what.contains(&format!("127.0.0.1:{port} ")), "{taken}");
        drop(first);
        // The task that held the port ends when the runtime comes to it.
        sleep(Duration::from_millis(50)).await;
        assert!(Listener::start(Some(port)).await.is_ok());
    }

    #[test]
    fn what_is_pasted_is_a_url_a_query_or_a_code() {
        for text in [
            "http://127.0.0.1:1/oauth/callback?code=c%2B1&state=s",
            "  'http://127.0.0.1:1/oauth/callback?state=s&code=c%2B1#x' ",
            "code=c%2B1&state=s",
            "c+1\n",
        ] {
            assert_eq!(code(pasted(text, "s")).as_deref(), Some("c+1"), "{text}");
        }
        for text in ["", "http://127.0.0.1:1/oauth/callback", "two words", "code=c", "x?code=c&state=t"] {
            assert!(matches!(pasted(text, "s"), Callback::Stray(_)), "{text}");
        }
        assert!(matches!(pasted("?error=e&state=s", "s"), Callback::Refused(why) if why == "e"));
    }
}
