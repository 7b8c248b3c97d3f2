//! The demo's AWS: services of this process with an access portal, accounts and roles, and somebody who approves.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use lakeward_auth::Environment;
use lakeward_core::failure::Failure;
use lakeward_loopback::aws::{AccessKeys, Account, Approval, LoopbackAws, Options};
use tokio::{runtime::Handle, time::sleep};

use crate::commands::init::world::Approver;

/// The region of everything.
pub(super) const REGION: &str = "us-east-1";

/// The start URL of the access portal. Nobody opens it.
pub(super) const START_URL: &str = "https://lakeward-demo.awsapps.com/start";

/// The AWS file of the home: a session that is set up and not signed in, and a profile with it.
pub(super) const AWS_CONFIG: &str = "[sso-session demo]
sso_start_url = https://lakeward-demo.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access

[profile demo-writer]
sso_session = demo
sso_account_id = 111122223333
sso_role_name = DataWriter
region = us-east-1
";

/// How long a code waits for somebody before it is approved by itself: where no browser shows its page, and where one does.
const UNSEEN: Duration = Duration::from_secs(4);
const SEEN: Duration = Duration::from_secs(60);

/// How often it is looked for codes.
const LOOK: Duration = Duration::from_millis(200);

/// See the module. They end with their runtime.
pub(super) struct Services(Arc<LoopbackAws>);

impl Services {
    /// Starts them.
    ///
    /// # Errors
    /// When nothing can listen on 127.0.0.1.
    pub(super) async fn start() -> Result<Self, Failure> {
        let mut options = Options::default();
        options.region = REGION.to_owned();
        options.start_url = START_URL.to_owned();
        options.accounts = vec![
            Account::new("111122223333", "demo-data", &["DataWriter", "PowerUser"]),
            Account::new("444455556666", "demo-sandbox", &["DataWriter"]),
        ];
        options.approval = Approval::Page;
        LoopbackAws::start(options).await.map(|aws| Self(Arc::new(aws)))
    }

    /// The environment that leads to them, and to nothing else.
    pub(super) fn environment(&self, home: PathBuf) -> Environment {
        let mut variables = self.0.environment();
        // This is no EC2 instance.
        variables.push(("AWS_EC2_METADATA_DISABLED", "true".to_owned()));
        Environment::new(variables, Some(home))
    }

    /// The keys that they give out.
    pub(super) fn keys(&self) -> AccessKeys {
        self.0.access_keys()
    }

    /// Who approves where a key of the screen does.
    pub(super) fn approved_by_key(&self, opens: bool) -> Approver {
        let words = if opens {
            "the demo: press Approve on the page that your browser shows, or Enter here"
        } else {
            "the demo: Enter approves it, as Approve on that page does"
        };
        Approver { words: words.to_owned(), patience: None, aws: Arc::clone(&self.0) }
    }

    /// Approves codes that nobody has approved on their page after a while; how that is, and how pages without a code are approved.
    /// `opens`: whether a browser shows the page.
    pub(super) fn approved_in_time(&self, opens: bool, runtime: &Handle) -> Approver {
        let approver = Arc::clone(&self.0);
        let patience = if opens { SEEN } else { UNSEEN };
        runtime.spawn(async move {
            let mut since = HashMap::new();
            loop {
                let codes = approver.user_codes();
                since.retain(|code, _| codes.contains(code));
                for code in codes {
                    let waits = since.entry(code.clone()).or_insert_with(Instant::now).elapsed();
                    if waits >= patience {
                        // Somebody may just have answered it.
                        let _ = approver.approve(&code);
                    }
                }
                sleep(LOOK).await;
            }
        });
        let seconds = patience.as_secs();
        let words = if opens {
            format!("the demo: press Approve on the page that your browser shows, or wait {seconds} s")
        } else {
            format!("the demo: it is approved by itself in {seconds} s, or before with Approve on that page")
        };
        Approver { words, patience: Some(patience), aws: Arc::clone(&self.0) }
    }
}
