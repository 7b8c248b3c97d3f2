//! An HTTP/1.1 proxy in front of an S3 endpoint that misbehaves on purpose.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::stream;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::{Method, Request, Response, body::Incoming, client::conn::http1, header, http::response};
use hyper_util::rt::TokioIo;
use memchr::memmem;
use tokio::{net::TcpStream, task::JoinSet};

use crate::wire::{Body, Handler, Reply, Server, s3_error};

/// What goes wrong. The shares are of all requests that no outage or expiry takes, at most one fault each, drawn from
/// `seed` in the order of arrival: they add up to at most 1, and what is left passes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Share answered `503 SlowDown`, unforwarded.
    pub slow_down: f64,
    /// Share answered `500 InternalError`, unforwarded.
    pub internal_error: f64,
    /// Share answered `400 RequestTimeout`, unforwarded.
    pub request_timeout: f64,
    /// Share answered `200` with an error in the body, unforwarded.
    pub error_in_200: f64,
    /// Share whose connections, both, are reset after a part of the request's body went up.
    pub reset: f64,
    /// Share that goes up whole and is carried out, but whose answer is thrown away and the connection reset.
    pub lost: f64,
    /// Share that goes up whole and whose answer's body trickles back, a byte every 20 ms.
    pub trickle: f64,
    /// From this request on (the first is 1), for this long, every connection is reset.
    pub outage: Option<(u64, Duration)>,
    /// After so many requests, every other one is answered `403 ExpiredToken`, unforwarded.
    pub expired_after: Option<u64>,
    /// How long lies between two answers at least. An answer is held back; its request is acted on when it arrives.
    pub pace: Duration,
    /// Where the draws begin.
    pub seed: u64,
}

/// How often each thing happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All requests.
    pub requests: u64,
    /// Forwarded and answered whole, without a fault.
    pub passed: u64,
    /// Answered `503 SlowDown`.
    pub slow_down: u64,
    /// Answered `500 InternalError`.
    pub internal_error: u64,
    /// Answered `400 RequestTimeout`.
    pub request_timeout: u64,
    /// Answered `200` with an error in the body.
    pub error_in_200: u64,
    /// Reset inside the request's body.
    pub reset: u64,
    /// Carried out, answer thrown away.
    pub lost: u64,
    /// Answered a byte at a time.
    pub trickle: u64,
    /// Reset during the outage.
    pub outage: u64,
    /// Answered `403 ExpiredToken`.
    pub expired: u64,
    /// Forwarded, but the server behind did not answer; the connection was reset.
    pub unanswered: u64,
    /// Requests by method and path, without the query.
    pub seen: BTreeMap<(String, String), u64>,
    /// How often the server behind said that it made an object, by path: by PutObject, or by completing a multipart upload.
    pub stored: BTreeMap<String, u64>,
}

/// The proxy; it stops when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    server: Server,
    proxy: Arc<Proxy>,
}

impl FaultProxy {
    /// Listens on a free port of 127.0.0.1 and forwards to an S3 that speaks plain HTTP. A request goes on as it came,
    /// with the `Host` it was signed for.
    ///
    /// # Panics
    ///
    /// When the shares of faults are no shares.
    pub async fn start(upstream: SocketAddr, faults: Faults) -> Self {
        let shares = faults.shares().map(|(share, _)| share);
        let valid = shares.iter().all(|share| *share >= 0.0) && shares.iter().sum::<f64>() <= 1.0 + f64::EPSILON;
        assert!(valid, "the shares of faults must be positive and add up to at most 1: {shares:?}");
        let state = State {
            random: fastrand::Rng::with_seed(faults.seed),
            outage_ends: None,
            counts: Counts::default(),
            completed: BTreeSet::new(),
        };
        let proxy = Arc::new(Proxy { upstream, faults, state: Mutex::new(state), turn: tokio::sync::Mutex::default() });
        Self { server: Server::start(Arc::clone(&proxy)).await, proxy }
    }

    /// The URL to give to a client as its endpoint.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// What has happened so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.proxy.state().counts.clone()
    }

    /// Ends every connection and tells what happened.
    pub async fn stop(self) -> Counts {
        self.server.stop().await;
        self.proxy.state().counts.clone()
    }
}

/// What is done with a request.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Pass,
    SlowDown,
    InternalError,
    RequestTimeout,
    ErrorIn200,
    Reset,
    Lost,
    Trickle,
    Outage,
    Expired,
}

impl Faults {
    fn shares(&self) -> [(f64, Fate); 7] {
        [
            (self.slow_down, Fate::SlowDown),
            (self.internal_error, Fate::InternalError),
            (self.request_timeout, Fate::RequestTimeout),
            (self.error_in_200, Fate::ErrorIn200),
            (self.reset, Fate::Reset),
            (self.lost, Fate::Lost),
            (self.trickle, Fate::Trickle),
        ]
    }
}

impl Counts {
    fn of(&mut self, fate: Fate) -> &mut u64 {
        match fate {
            Fate::Pass => &mut self.passed,
            Fate::SlowDown => &mut self.slow_down,
            Fate::InternalError => &mut self.internal_error,
            Fate::RequestTimeout => &mut self.request_timeout,
            Fate::ErrorIn200 => &mut self.error_in_200,
            Fate::Reset => &mut self.reset,
            Fate::Lost => &mut self.lost,
            Fate::Trickle => &mut self.trickle,
            Fate::Outage => &mut self.outage,
            Fate::Expired => &mut self.expired,
        }
    }
}

#[derive(Debug)]
struct Proxy {
    upstream: SocketAddr,
    faults: Faults,
    state: Mutex<State>,
    /// Whose answer is next, where they are paced.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    outage_ends: Option<Instant>,
    counts: Counts,
    /// The queries of multipart uploads that have been completed.
    completed: BTreeSet<String>,
}

impl Proxy {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fate of the next request, and where its body is cut should it be reset.
    fn draw(&self, request: &Request<Incoming>) -> (Fate, u64) {
        let length = request.body().size_hint().exact().unwrap_or(64 * 1024);
        let mut state = self.state();
        let (draw, cut) = (state.random.f64(), state.random.u64(0..length.max(1)));
        state.counts.requests += 1;
        let seen = (request.method().to_string(), request.uri().path().to_owned());
        *state.counts.seen.entry(seen).or_default() += 1;
        (self.fate(&mut state, draw), cut)
    }

    fn fate(&self, state: &mut State, draw: f64) -> Fate {
        let number = state.counts.requests;
        if let Some((at, lasts)) = self.faults.outage
            && number >= at
            && Instant::now() < *state.outage_ends.get_or_insert_with(|| Instant::now() + lasts)
        {
            return Fate::Outage;
        }
        if self.faults.expired_after.is_some_and(|after| number > after) {
            return Fate::Expired;
        }
        let mut below = 0.0;
        let mut shares = self.faults.shares().into_iter();
        let drawn = shares.find(|(share, _)| {
            below += share;
            draw < below
        });
        drawn.map_or(Fate::Pass, |(_, fate)| fate)
    }

    /// Counts an object that the server has made.
    fn note(&self, makes: Option<(String, Option<String>)>, (answer, body): &(response::Parts, Bytes)) {
        let made = answer.status.is_success() && memmem::find(body, b"<Error").is_none();
        let Some((path, upload)) = makes.filter(|_| made) else { return };
        let mut state = self.state();
        // S3 answers for a while in the same way when an upload is completed again.
        if upload.is_none_or(|upload| state.completed.insert(upload)) {
            *state.counts.stored.entry(path).or_default() += 1;
        }
    }

    /// The server's whole answer, unless it does not answer or the body is cut.
    async fn forward(&self, request: Request<Incoming>, cut: Option<u64>) -> Option<(response::Parts, Bytes)> {
        let stream = TcpStream::connect(self.upstream).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        // Dropped at the end of this function, the set ends the connection.
        let mut connections = JoinSet::new();
        connections.spawn(connection);
        let request = request.map(|body| Cut { body, left: cut });
        let (parts, body) = sender.send_request(request).await.ok()?.into_parts();
        Some((parts, body.collect().await.ok()?.to_bytes()))
    }
}

impl Handler for Proxy {
    async fn reply(&self, request: Request<Incoming>) -> Reply {
        let (fate, cut) = self.draw(&request);
        let makes = made_by(&request);
        let refused = match fate {
            Fate::SlowDown => Some(s3_error(503, "SlowDown")),
            Fate::InternalError => Some(s3_error(500, "InternalError")),
            Fate::RequestTimeout => Some(s3_error(400, "RequestTimeout")),
            Fate::ErrorIn200 => Some(s3_error(200, "InternalError")),
            Fate::Expired => Some(s3_error(403, "ExpiredToken")),
            _ => None,
        };
        let reply = match (refused, fate) {
            (Some(answer), _) => {
                // Read to its end, so that the client gets the answer and can use the connection again.
                let mut body = request.into_body();
                while let Some(Ok(_)) = body.frame().await {}
                Some(Reply::Answer(answer))
            }
            (None, Fate::Outage) => Some(Reply::Reset),
            (None, Fate::Reset) => {
                if !request.body().is_end_stream() {
                    let _ = self.forward(request, Some(cut)).await;
                }
                Some(Reply::Reset)
            }
            (None, _) => {
                self.forward(request, None).await.inspect(|answer| self.note(makes, answer)).map(|answer| match fate {
                    Fate::Lost => Reply::Reset,
                    Fate::Trickle => Reply::Answer(trickling(answer)),
                    _ => Reply::Answer(whole(answer)),
                })
            }
        };
        if !self.faults.pace.is_zero() {
            let _turn = self.turn.lock().await;
            tokio::time::sleep(self.faults.pace).await;
        }
        let mut state = self.state();
        match reply {
            Some(reply) => {
                *state.counts.of(fate) += 1;
                reply
            }
            None => {
                state.counts.unanswered += 1;
                Reply::Reset
            }
        }
    }
}

/// The path of the object that a request would make: by PutObject, or, with its query, by CompleteMultipartUpload.
fn made_by(request: &Request<Incoming>) -> Option<(String, Option<String>)> {
    let upload = request.uri().query().filter(|query| query.contains("uploadId=")).map(str::to_owned);
    let makes = match *request.method() {
        Method::PUT => upload.is_none(),
        Method::POST => upload.is_some(),
        _ => false,
    };
    makes.then(|| (request.uri().path().to_owned(), upload))
}

fn whole((parts, body): (response::Parts, Bytes)) -> Response<Body> {
    Response::from_parts(parts, Full::new(body).boxed())
}

fn trickling((parts, body): (response::Parts, Bytes)) -> Response<Body> {
    const PAUSE: Duration = Duration::from_millis(20);
    let bytes = stream::unfold(body, |mut left| async {
        if left.is_empty() {
            return None;
        }
        tokio::time::sleep(PAUSE).await;
        Some((Ok::<_, Infallible>(Frame::data(left.split_to(1))), left))
    });
    let mut response = Response::from_parts(parts, BodyExt::boxed(StreamBody::new(bytes)));
    // The length stays that of the whole answer, so that a client knows it has not got all yet.
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    response
}

/// A request's body that breaks off after so many bytes.
struct Cut {
    body: Incoming,
    left: Option<u64>,
}

impl http_body::Body for Cut {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.left == Some(0) {
            return Poll::Ready(Some(Err("cut on purpose".into())));
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.map(|frame| {
            let frame = frame?;
            let (Some(left), Some(data)) = (self.left, frame.data_ref()) else { return Ok(frame) };
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(data.len());
            self.left = Some(left - most as u64);
            Ok(Frame::data(data.slice(..most)))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
