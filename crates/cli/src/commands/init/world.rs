//! What the wizard works in. It is a value, so that the same wizard can run against services that are not AWS.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use lakeward_auth::{
    Environment,
    sign_in::{Act, Machine, Situation, situation},
};
use lakeward_core::{
    failure::Failure,
    plan::{Plan, Storage},
    untrusted::printable,
};
use lakeward_loopback::{
    EmbeddedS3, Options,
    aws::{AccessKeys, LoopbackAws},
};
use lakeward_wizard::{Event, Trouble};
use secrecy::{ExposeSecret, SecretString};

use crate::run::Objects;

/// The environment that leads to AWS, and what there is of a person and of this machine.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The variables and the home that credentials, sign-ins and their endpoints are looked up in.
    pub(crate) environment: Environment,
    /// Whether the services that the environment leads to are this process's own: keys may be shown to them, wherever objects go.
    pub(crate) own_services: bool,
    /// Whether a browser here is one that the person sees.
    pub(crate) situation: Situation,
    /// Whether a page to sign in is opened by itself.
    pub(crate) opens: bool,
    /// Where drafts and locks are kept.
    pub(crate) state_dir: PathBuf,
    /// The home, which is shown as `~`.
    pub(crate) home: Option<PathBuf>,
    /// What stands in for AWS, where something does.
    pub(crate) stand_in: Option<StandIn>,
}

/// A stand-in for AWS in this process.
#[derive(Clone, Debug)]
pub(crate) struct StandIn {
    /// The folder in which every bucket is a folder.
    pub(crate) lake: PathBuf,
    /// The same as it is named where the person is, if it stays.
    pub(crate) kept: Option<PathBuf>,
    /// The keys with which one may write there.
    pub(crate) keys: AccessKeys,
    /// Who approves a sign-in.
    pub(crate) approval: Approver,
}

/// How a sign-in is approved where nobody may.
#[derive(Clone, Debug)]
pub(crate) struct Approver {
    /// As it is told while one waits for that.
    pub(crate) words: String,
    /// How long it is waited for somebody; without it for as long as it takes.
    pub(crate) patience: Option<Duration>,
    pub(crate) aws: Arc<LoopbackAws>,
}

impl Approver {
    /// As if somebody had opened the page of a browser, approved it, and pasted where that led.
    pub(crate) fn approved(&self, page: &SecretString) -> Option<Act> {
        self.aws.approved(page.expose_secret()).map(|end| Act::Paste(end.into()))
    }

    /// Approves every code that waits for somebody.
    pub(crate) fn approve_codes(&self) {
        for code in self.aws.user_codes() {
            // Somebody may just have answered it.
            let _ = self.aws.approve(&code);
        }
    }
}

impl World {
    /// That of this process.
    pub(crate) fn real(state_dir: PathBuf, attended: bool) -> Self {
        let environment = Environment::real();
        let situation = situation(&environment, Machine::real());
        // Whoever names a browser has one.
        let is_named = std::env::var_os("BROWSER").is_some_and(|named| !named.is_empty());
        let opens = attended && (situation.opens || is_named);
        Self {
            environment,
            own_services: false,
            situation,
            opens,
            state_dir,
            home: std::env::home_dir(),
            stand_in: None,
        }
    }

    /// The plan as it is carried out here. Where something stands in for AWS, S3 is a server of this process, whatever the plan says;
    /// it serves for as long as it is held.
    ///
    /// # Errors
    /// As those of [`EmbeddedS3::start`].
    pub(crate) async fn lead(&self, mut plan: Plan) -> Result<(Plan, Option<EmbeddedS3>), Failure> {
        let destination = &mut plan.destination;
        let (Some(stand_in), Storage::S3(s3)) = (&self.stand_in, &mut destination.storage) else {
            return Ok((plan, None));
        };
        let mut options = Options::new(&stand_in.lake, &destination.bucket, destination.path.prefix());
        options.access_keys = Some(stand_in.keys.clone());
        let server = EmbeddedS3::start(options).await?;
        s3.endpoint = Some(server.endpoint().to_owned());
        s3.use_path_style = Some(true);
        Ok((plan, Some(server)))
    }

    /// Where the objects of a plan are found, where something stands in for S3.
    pub(crate) fn objects(&self, plan: &Plan) -> Option<Objects> {
        let (stand_in, Storage::S3(_)) = (self.stand_in.as_ref()?, &plan.destination.storage) else { return None };
        let lake = stand_in.kept.as_ref().unwrap_or(&stand_in.lake);
        Some(Objects {
            place: format!("{}/", lake.join(&plan.destination.bucket).display()),
            stay: stand_in.kept.is_some(),
        })
    }

    /// The folder of the drafts.
    pub(crate) fn drafts(&self) -> &Path {
        &self.state_dir
    }

    /// A path as it is shown: below the home with `~`.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let below =
            self.home.as_deref().filter(|home| *home != Path::new("/")).and_then(|home| path.strip_prefix(home).ok());
        let path = below.map_or_else(|| path.to_owned(), |below| Path::new("~").join(below));
        printable(&path.display().to_string()).into_owned()
    }
}

/// Where events go, from any thread and task.
#[derive(Clone)]
pub(crate) struct Events(Arc<dyn Fn(Event) + Send + Sync>);

impl Events {
    pub(crate) fn to(receiver: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receiver))
    }

    pub(crate) fn send(&self, event: Event) {
        (self.0)(event);
    }
}

/// A failure in the wizard's terms.
pub(crate) fn trouble(failure: &Failure) -> Trouble {
    let safe = |text: &str| text.lines().map(|line| printable(line).into_owned()).collect::<Vec<_>>().join("\n");
    Trouble {
        what: safe(&failure.what),
        next: failure.next.as_deref().map(safe),
        statement: None,
        code: failure.kind.exit_code(),
        can_set_aside: failure.can_set_aside,
    }
}
