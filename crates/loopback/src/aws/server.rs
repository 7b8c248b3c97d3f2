//! The server: one listener for each service, the connections, the faults that are scripted, and the end.

use std::{fmt, future::poll_fn, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue, header};
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use lakeward_core::failure::{Failure, FailureKind};
use secrecy::SecretString;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use super::{
    clock::{self, Clock},
    compute, console,
    console_sessions::ConsoleSession,
    exchange::{Answer, Request, body_of},
    issued::{AccessKeys, Issued},
    oidc,
    options::{Account, Options},
    random,
    script::{Call, Fault, Operation, Service},
    secrets::HandedOut,
    sso_sessions::SsoSession,
    world::{Endpoints, World},
};

/// The longest body of a request: a session policy and some tokens.
const MOST_BODY: usize = 256 * 1024;

/// How long a request may take to arrive, its head and its body each.
const ARRIVAL: Duration = Duration::from_secs(120);

/// How long [`LoopbackAws::stop`] waits for requests in flight.
const STOP: Duration = Duration::from_secs(2);

/// The services of AWS that sign a person in and give out credentials, on ports of 127.0.0.1. Dropping it ends it.
#[derive(Debug)]
pub struct LoopbackAws {
    world: Arc<World>,
    stopping: watch::Sender<bool>,
    listening: Vec<JoinHandle<JoinSet<()>>>,
}

impl LoopbackAws {
    /// Begins to listen.
    ///
    /// # Errors
    /// [`FailureKind::Destination`] if nothing can listen on 127.0.0.1.
    pub async fn start(options: Options) -> Result<Self, Failure> {
        let (mut endpoints, mut listeners) = (Endpoints::default(), Vec::new());
        for (service, endpoint) in [
            (Service::Oidc, &mut endpoints.oidc),
            (Service::Portal, &mut endpoints.portal),
            (Service::SignIn, &mut endpoints.sign_in),
            (Service::Sts, &mut endpoints.sts),
            (Service::Account, &mut endpoints.account),
            (Service::Imds, &mut endpoints.imds),
            (Service::Container, &mut endpoints.container),
        ] {
            let failed = |error| Failure::new(FailureKind::Destination, format!("can't listen on 127.0.0.1: {error}"));
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
            *endpoint = format!("http://{}", listener.local_addr().map_err(failed)?);
            listeners.push((service, listener));
        }
        let world = Arc::new(World::new(options, endpoints));
        let (stopping, stop) = watch::channel(false);
        let listening = listeners.into_iter().map(|(service, listener)| {
            let server = Server { world: Arc::clone(&world), service, stop: stop.clone() };
            tokio::spawn(server.listen(listener))
        });
        Ok(Self { listening: listening.collect(), world, stopping })
    }

    /// Where the services listen.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.world.endpoints
    }

    /// The environment that leads AWS's clients here, apart from container credentials.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let Endpoints { oidc, portal, sign_in, sts, account, imds, .. } = self.endpoints();
        vec![
            ("AWS_ENDPOINT_URL_SSO_OIDC", oidc.clone()),
            ("AWS_ENDPOINT_URL_SSO", portal.clone()),
            ("AWS_ENDPOINT_URL_SIGNIN", sign_in.clone()),
            ("AWS_ENDPOINT_URL_STS", sts.clone()),
            ("AWS_ENDPOINT_URL_ACCOUNT", account.clone()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.clone()),
        ]
    }

    /// The full URI of the container credentials, which need [`Self::container_token`].
    #[must_use]
    pub fn container_full_uri(&self) -> String {
        format!("{}{}", self.endpoints().container, compute::FULL)
    }

    /// The relative URI of the container credentials, on the endpoint of [`Service::Container`]; they need no token.
    #[must_use]
    pub fn container_relative_uri(&self) -> &'static str {
        compute::RELATIVE
    }

    /// The token that container credentials need.
    #[must_use]
    pub fn container_token(&self) -> SecretString {
        self.world.container_token()
    }

    /// Makes another token for them, as EKS does now and then.
    pub fn rotate_container_token(&self) {
        self.world.new_container_token();
    }

    /// The time of all services.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.world.clock.clone()
    }

    /// Approves the sign-in that shows a user code. `false` if none waits for it.
    #[must_use]
    pub fn approve(&self, user_code: &str) -> bool {
        self.world.clients.decide(user_code, true, self.world.clock.now())
    }

    /// Denies the sign-in that shows a user code. `false` if none waits for it.
    #[must_use]
    pub fn deny(&self, user_code: &str) -> bool {
        self.world.clients.decide(user_code, false, self.world.clock.now())
    }

    /// Where a browser ends in which somebody approves the page of a sign-in without a code. `None` if it is no such page.
    #[must_use]
    pub fn approved(&self, url: &str) -> Option<String> {
        oidc::approved(&self.world, url)
    }

    /// The user codes of the sign-ins that wait for an answer.
    #[must_use]
    pub fn user_codes(&self) -> Vec<String> {
        self.world.clients.waiting(self.world.clock.now())
    }

    /// A sign-in at IAM Identity Center, made without a client or a browser: what a cache of tokens would hold.
    #[must_use]
    pub fn sso_session(&self) -> SsoSession {
        oidc::sign_in(&self.world)
    }

    /// A sign-in at the console, made without a browser, for the key with this thumbprint (RFC 7638): what a cache would
    /// hold.
    #[must_use]
    pub fn console_session(&self, key_thumbprint: &str) -> ConsoleSession {
        console::sign_in(&self.world, key_thumbprint)
    }

    /// A new web identity token, as a file in a pod would hold it.
    #[must_use]
    pub fn web_identity_token(&self, subject: impl Into<String>) -> SecretString {
        // Nobody but STS reads it, so it holds nothing.
        let token = format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", random::token(96), random::token(64));
        let token = self.world.secrets.noted(token);
        let lifetime = self.world.options.lifetimes.web_identity;
        self.world.web_identities.insert(&token, subject.into(), self.world.clock.now(), lifetime);
        token.into()
    }

    /// An access key by its id, expired or not: a user's, or one that a service gave out.
    #[must_use]
    pub fn issued(&self, access_key_id: &str) -> Option<Issued> {
        self.world.keys.get(access_key_id)
    }

    /// All access keys, for an S3 that accepts them.
    #[must_use]
    pub fn access_keys(&self) -> AccessKeys {
        self.world.keys.clone()
    }

    /// Every secret that was given out, users' keys included, and every one that will be. Nothing else tells them.
    #[must_use]
    pub fn handed_out(&self) -> HandedOut {
        self.world.secrets.clone()
    }

    /// Makes an access key unknown. `false` if it was.
    pub fn revoke_key(&self, access_key_id: &str) -> bool {
        self.world.keys.remove(access_key_id)
    }

    /// Makes every access token of IAM Identity Center void before its time. They can be refreshed.
    pub fn revoke_access_tokens(&self) {
        self.world.sso.revoke_access();
    }

    /// Ends every session of IAM Identity Center and of the console: nothing can be refreshed.
    pub fn end_sessions(&self) {
        self.world.sso.end_all();
        self.world.console.end_all();
    }

    /// Makes every registered OIDC client unknown.
    pub fn forget_clients(&self) {
        self.world.clients.forget();
    }

    /// Changes what can be used at the access portal.
    pub fn assign(&self, accounts: Vec<Account>) {
        self.world.set_accounts(accounts);
    }

    /// Makes the next calls of an operation, after those that are scripted already, end in this way.
    pub fn fail_next(&self, operation: Operation, times: usize, fault: &Fault) {
        self.world.script.add(operation, times, fault);
    }

    /// Forgets what was scripted and did not happen yet.
    pub fn fail_no_more(&self) {
        self.world.script.clear();
    }

    /// The calls so far (the last 10,000).
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.world.script.calls()
    }

    /// How often an operation was called.
    #[must_use]
    pub fn count(&self, operation: Operation) -> usize {
        self.calls().iter().filter(|call| call.operation == Some(operation)).count()
    }

    /// Takes no more requests, and ends those in flight.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        for listening in self.listening {
            let Ok(mut connections) = listening.await else { continue };
            let all = async { while connections.join_next().await.is_some() {} };
            if timeout(STOP, all).await.is_err() {
                tracing::debug!("requests to the loopback AWS were cut off");
            }
            connections.shutdown().await;
        }
    }
}

/// A connection that is to be reset.
#[derive(Debug)]
struct Reset;

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is reset")
    }
}

impl std::error::Error for Reset {}

/// One service's server.
#[derive(Clone)]
struct Server {
    world: Arc<World>,
    service: Service,
    stop: watch::Receiver<bool>,
}

impl Server {
    /// Accepts connections until told to stop; hands back those that are still open.
    async fn listen(self, listener: TcpListener) -> JoinSet<()> {
        let (mut connections, mut stop) = (JoinSet::new(), self.stop.clone());
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(&mut stop) => return connections,
            };
            match accepted {
                Ok((stream, _)) => drop(connections.spawn(self.clone().serve(stream))),
                Err(error) => {
                    tracing::warn!(%error, "the loopback AWS can't accept a connection");
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn serve(self, stream: TcpStream) {
        drop(stream.set_nodelay(true));
        let mut stop = self.stop.clone();
        let answer = service_fn(move |request| Box::pin(self.clone().exchange(request)));
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(ARRIVAL)
            .serve_connection(TokioIo::new(stream), answer);
        let ended = tokio::select! {
            ended = poll_fn(|context| connection.poll_without_shutdown(context)) => ended,
            () = stopped(&mut stop) => {
                std::pin::Pin::new(&mut connection).graceful_shutdown();
                poll_fn(|context| connection.poll_without_shutdown(context)).await
            }
        };
        if ended.is_err_and(|error| error.is_user()) {
            // With no time to linger the system closes with a reset.
            drop(connection.into_parts().io.into_inner().set_zero_linger());
        }
    }

    /// Reads a request, takes it down, and answers it or fails as scripted.
    async fn exchange(mut self, request: http::Request<Incoming>) -> Result<Answer, Reset> {
        let (head, body) = request.into_parts();
        let body = timeout(ARRIVAL, Limited::new(body, MOST_BODY).collect()).await;
        let (path, query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or_default().to_owned());
        let Ok(Ok(body)) = body else { return Ok(self.dated(body_of(413, "text/plain", "too much"))) };
        let request = Request { method: head.method, path, query, headers: head.headers, body: body.to_bytes() };
        let operation = self.service.operation(&request);
        let (method, path) = (request.method.to_string(), request.path.clone());
        let number = self.world.script.called(Call { service: self.service, operation, method, path, status: None });
        let answer = match operation {
            None => self.service.unknown(),
            Some(operation) => self.act(operation, &request).await?,
        };
        self.world.script.answered(number, answer.status().as_u16());
        Ok(self.dated(answer))
    }

    async fn act(&mut self, operation: Operation, request: &Request) -> Result<Answer, Reset> {
        match self.world.script.take(operation) {
            None => Ok(self.service.answer(&self.world, operation, request)),
            Some(Fault::Error { status, code, message }) => Ok(self.service.error(status, &code, &message)),
            Some(Fault::Body { status, headers, body }) => {
                let mut answer = body_of(status, "text/html", body);
                for (name, value) in headers {
                    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
                        answer.headers_mut().insert(name, value);
                    }
                }
                Ok(answer)
            }
            Some(Fault::Delay(delay)) => {
                tokio::select! {
                    () = sleep(delay) => Ok(self.service.answer(&self.world, operation, request)),
                    () = stopped(&mut self.stop) => Err(Reset),
                }
            }
            Some(Fault::Silence) => {
                stopped(&mut self.stop).await;
                Err(Reset)
            }
            Some(Fault::Reset) => Err(Reset),
            Some(Fault::LostAnswer) => {
                drop(self.service.answer(&self.world, operation, request));
                Err(Reset)
            }
        }
    }

    /// With the clock's time, by which clients notice that theirs is wrong.
    fn dated(&self, mut answer: Answer) -> Answer {
        if let Ok(date) = HeaderValue::from_str(&clock::http_date(self.world.clock.now())) {
            answer.headers_mut().insert(header::DATE, date);
        }
        answer
    }
}

/// Waits until the server is told to stop, or is dropped.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}
