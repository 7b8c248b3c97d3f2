//! The credentials of a run: got once, kept, and renewed well before they expire.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError, future},
};
use lakeward_core::failure::Failure;

use tokio::sync::OwnedMutexGuard;

use crate::{error::SourceError, link::Source, sources::as_wanted, tools::Tools};

/// From when on credentials are renewed if nobody else is at it, and from when on everybody waits for new ones. Both shrink with
/// credentials that live less than an hour.
const ADVISORY: Duration = Duration::from_mins(15);
const MANDATORY: Duration = Duration::from_mins(10);
/// How long nothing is tried after a renewal that failed.
const PAUSE: Duration = Duration::from_mins(1);

/// Credentials that renew themselves. Clones share them.
#[derive(Clone)]
pub struct Renewing(Arc<Inner>);

struct Inner {
    source: Arc<dyn Source>,
    tools: Tools,
    kept: Mutex<Option<Kept>>,
    /// Held by whoever renews.
    renewal: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone)]
struct Kept {
    credentials: Credentials,
    got: SystemTime,
    /// No renewal is tried before this.
    paused_until: Option<SystemTime>,
}

/// How urgent a renewal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    No,
    Advisory,
    Mandatory,
    Expired,
}

impl Kept {
    fn due(&self, now: SystemTime) -> Due {
        let Some(expiry) = self.credentials.expiry() else { return Due::No };
        let Ok(left) = expiry.duration_since(now) else { return Due::Expired };
        let life = expiry.duration_since(self.got).unwrap_or_default();
        let is_paused = self.paused_until.is_some_and(|until| now < until);
        match left {
            Duration::ZERO => Due::Expired,
            _ if is_paused => Due::No,
            left if left <= MANDATORY.min(life / 6) => Due::Mandatory,
            left if left <= ADVISORY.min(life / 4) => Due::Advisory,
            _ => Due::No,
        }
    }

    /// When a renewal is tried again after one that failed now.
    fn pause(&self, now: SystemTime) -> SystemTime {
        let left = self.credentials.expiry().and_then(|expiry| expiry.duration_since(now).ok()).unwrap_or_default();
        now + PAUSE.min(left / 4)
    }
}

impl Renewing {
    pub(crate) fn new(source: Arc<dyn Source>, tools: Tools) -> Self {
        Self(Arc::new(Inner { source, tools, kept: Mutex::default(), renewal: Arc::default() }))
    }

    /// Whether later credentials can differ from those at hand.
    #[must_use]
    pub fn renews(&self) -> bool {
        self.0.source.renews()
    }

    /// Gets other credentials than those with this access key id, which a server has refused as expired. True if there are
    /// some now; false if the source has no others.
    ///
    /// # Errors
    /// [`FailureKind::Denied`](lakeward_core::failure::FailureKind::Denied) when the source gives none;
    /// [`FailureKind::Destination`](lakeward_core::failure::FailureKind::Destination) when it can't be reached.
    pub async fn renew(&self, refused: &str) -> Result<bool, Failure> {
        let turn = self.0.renewal.clone().lock_owned().await;
        let is_other = |credentials: &Credentials| credentials.access_key_id() != refused;
        // Somebody else may have been faster.
        if self.kept().is_some_and(|kept| is_other(&kept.credentials)) {
            return Ok(true);
        }
        let credentials = self.fetch(turn).await.map_err(|error| error.failure())?;
        Ok(is_other(&credentials))
    }

    /// Credentials that are good now.
    pub(crate) async fn current(&self) -> Result<Credentials, SourceError> {
        let now = self.0.tools.now();
        let kept = self.kept();
        let due = kept.as_ref().map_or(Due::Expired, |kept| kept.due(now));
        let turn = match (kept, due) {
            (Some(kept), Due::No) => return Ok(kept.credentials),
            (Some(kept), Due::Advisory) => match self.0.renewal.clone().try_lock_owned() {
                Ok(turn) => turn,
                Err(_) => return Ok(kept.credentials),
            },
            _ => self.0.renewal.clone().lock_owned().await,
        };
        // Somebody else may have been faster.
        if let Some(kept) = self.kept().filter(|kept| kept.due(self.0.tools.now()) == Due::No) {
            return Ok(kept.credentials);
        }
        match (self.fetch(turn).await, self.kept()) {
            (Ok(credentials), _) => Ok(credentials),
            (Err(error), Some(mut kept)) if kept.due(self.0.tools.now()) != Due::Expired => {
                tracing::warn!("credentials were not renewed early: {error}");
                kept.paused_until = Some(kept.pause(self.0.tools.now()));
                let credentials = kept.credentials.clone();
                self.keep(kept);
                Ok(credentials)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Gets credentials and keeps them. It goes on, and keeps its turn, when the caller no longer waits: what a sign-in's
    /// renewal answers must not be lost. Of programs the caller may say otherwise ([`with_programs`](crate::with_programs)).
    async fn fetch(&self, turn: OwnedMutexGuard<()>) -> Result<Credentials, SourceError> {
        let this = self.clone();
        let work = tokio::spawn(as_wanted(async move {
            let _turn = turn;
            let credentials = this.0.source.fetch(&this.0.tools).await?;
            let got = this.0.tools.now();
            if credentials.expiry().is_some_and(|expiry| expiry <= got) {
                return Err(SourceError::new(
                    "the credentials that were given have expired already",
                    "set this machine's clock, or sign in again",
                ));
            }
            this.keep(Kept { credentials: credentials.clone(), got, paused_until: None });
            Ok(credentials)
        }));
        work.await.unwrap_or_else(|error| {
            Err(SourceError::caused("getting credentials stopped", error, "report this as a bug"))
        })
    }

    fn kept(&self) -> Option<Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, kept: Kept) {
        *self.0.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }
}

impl ProvideCredentials for Renewing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.current().await.map_err(CredentialsError::provider_error) })
    }
}

impl fmt::Debug for Renewing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewing").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::{aws_files::AwsFiles, environment::Environment, http_client::http_client, resolution};

    const START: SystemTime = SystemTime::UNIX_EPOCH;

    /// A source whose keys have the number of the call as their id and live so many seconds; 0 fails.
    struct Scripted {
        life: Arc<AtomicU64>,
        calls: Arc<AtomicU64>,
        now: Arc<AtomicU64>,
    }

    #[async_trait]
    impl Source for Scripted {
        async fn fetch(&self, _: &Tools) -> Result<Credentials, SourceError> {
            let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            match self.life.load(Ordering::SeqCst) {
                0 => Err(SourceError::new("no", "wait")),
                life => {
                    let expires = START + Duration::from_secs(self.now.load(Ordering::SeqCst) + life);
                    Ok(Credentials::new(call.to_string(), "secret", None, Some(expires), "scripted"))
                }
            }
        }

        fn needs(&self) -> Vec<crate::step::Step> {
            Vec::new()
        }
    }

    struct Script {
        provider: Renewing,
        life: Arc<AtomicU64>,
        calls: Arc<AtomicU64>,
        now: Arc<AtomicU64>,
    }

    impl Script {
        fn new(life: u64) -> Self {
            let (life, calls, now) = (Arc::new(AtomicU64::new(life)), Arc::default(), Arc::new(AtomicU64::new(1000)));
            let (environment, files) = (Environment::new([("", "")], None), AwsFiles::default());
            let resolution = resolution::resolve(&lakeward_core::plan::AuthPlan::Env, &environment, &files);
            let mut tools = Tools::new(
                &environment,
                &files,
                None,
                resolution.region.as_ref(),
                http_client(&Default::default()).unwrap(),
            );
            let clock: Arc<AtomicU64> = Arc::clone(&now);
            tools.clock = Arc::new(move || START + Duration::from_secs(clock.load(Ordering::SeqCst)));
            let source = Scripted { life: Arc::clone(&life), calls: Arc::clone(&calls), now: Arc::clone(&now) };
            Self { provider: Renewing::new(Arc::new(source), tools), life, calls, now }
        }

        /// The id of the keys after so many seconds.
        async fn after(&self, seconds: u64) -> Result<String, String> {
            self.now.fetch_add(seconds, Ordering::SeqCst);
            let credentials = self.provider.current().await.map_err(|error| error.what)?;
            Ok(credentials.access_key_id().to_owned())
        }
    }

    #[tokio::test]
    async fn an_hour_is_renewed_a_quarter_before_its_end_and_seconds_in_proportion() {
        let hour = Script::new(3600);
        assert_eq!(hour.after(0).await.unwrap(), "1");
        assert_eq!(hour.after(2699).await.unwrap(), "1");
        assert_eq!(hour.after(1).await.unwrap(), "2");
        let seconds = Script::new(8);
        let mut ids = Vec::new();
        for _ in 0..20 {
            ids.push(seconds.after(1).await.unwrap());
        }
        assert_eq!((ids[0].as_str(), ids[19].as_str()), ("1", "4"));
    }

    #[tokio::test]
    async fn an_early_renewal_that_fails_is_tolerated_until_the_end() {
        let script = Script::new(3600);
        assert_eq!(script.after(0).await.unwrap(), "1");
        script.life.store(0, Ordering::SeqCst);
        assert_eq!(script.after(2800).await.unwrap(), "1");
        assert_eq!(script.after(1).await.unwrap(), "1");
        assert_eq!(script.calls.load(Ordering::SeqCst), 2, "a second try follows only after a pause");
        assert_eq!(script.after(60).await.unwrap(), "1");
        assert_eq!(script.calls.load(Ordering::SeqCst), 3);
        assert_eq!(script.after(800).await, Err("no".to_owned()));
        script.life.store(3600, Ordering::SeqCst);
        assert_eq!(script.after(1).await.unwrap(), "5");
    }

    #[tokio::test]
    async fn many_callers_make_one_renewal() {
        let script = Script::new(3600);
        let callers = (0..50).map(|_| {
            let provider = script.provider.clone();
            tokio::spawn(async move { provider.current().await.unwrap().access_key_id().to_owned() })
        });
        for caller in callers.collect::<Vec<_>>() {
            assert_eq!(caller.await.unwrap(), "1");
        }
        assert!(script.provider.renew("1").await.unwrap());
        assert!(script.provider.renew("1").await.unwrap(), "the keys are others already");
        assert_eq!(script.calls.load(Ordering::SeqCst), 2);
    }
}
