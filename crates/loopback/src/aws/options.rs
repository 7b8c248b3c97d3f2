//! Who and what there is in the loopback AWS, how long what it gives out lives, and how it answers a sign-in.

use std::time::Duration;

use secrecy::SecretString;

use super::random;

/// The account of what [`Options::default`] and [`User::new`] make up.
const ACCOUNT: &str = "111122223333";

/// What a loopback AWS holds and how it behaves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The region that IAM Identity Center, the compute services and everything else are in.
    pub region: String,
    /// The start URL of the access portal; a trailing `/` and `#/` make no difference.
    pub start_url: String,
    /// What the one person who signs in at the access portal may use.
    pub accounts: Vec<Account>,
    /// The ARN of who signs in at the console (`aws login`).
    pub console_user: String,
    /// IAM users with keys of their own.
    pub users: Vec<User>,
    /// IAM roles that STS hands out.
    pub roles: Vec<Role>,
    /// The name of the instance's role in IMDS; without one IMDS answers with 404.
    pub instance_role: Option<String>,
    /// The name of the role of the container credentials.
    pub container_role: String,
    /// Who says yes or no to a sign-in.
    pub approval: Approval,
    /// What becomes of a refresh token of IAM Identity Center that was used.
    pub refresh_tokens: RefreshTokens,
    /// How long what is given out lives.
    pub lifetimes: Lifetimes,
    /// How far the time of a signed request or of a proof of possession may be from the [`Clock`](super::Clock). `None` if it does not matter, as
    /// for a test that lets credentials expire by advancing the clock.
    pub most_skew: Option<Duration>,
    /// The most that a page of the portal's lists holds, where the client asks for no less.
    pub page_size: usize,
    /// Whether IMDS answers without a token, as before its version 2.
    pub imds_v1: bool,
}

impl Default for Options {
    /// One account with the roles `Reader` and `Writer`, an instance role, no users and roles of IAM; sign-ins are
    /// approved at once and refresh tokens rotate.
    fn default() -> Self {
        Self {
            region: "us-east-1".into(),
            start_url: "https://d-9067loopb0.awsapps.com/start".into(),
            accounts: vec![Account::new(ACCOUNT, "Loopback", &["Reader", "Writer"])],
            console_user: format!("arn:aws:iam::{ACCOUNT}:user/Console"),
            users: Vec::new(),
            roles: Vec::new(),
            instance_role: Some("InstanceRole".into()),
            container_role: "TaskRole".into(),
            approval: Approval::Automatic,
            refresh_tokens: RefreshTokens::Rotate,
            lifetimes: Lifetimes::default(),
            most_skew: Some(Duration::from_secs(300)),
            page_size: 100,
            imds_v1: false,
        }
    }
}

/// Who says yes or no to a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Every sign-in is approved at once.
    Automatic,
    /// Every sign-in is denied at once.
    Denied,
    /// A page asks whoever opens it; [`LoopbackAws::approve`](super::LoopbackAws::approve) and
    /// [`deny`](super::LoopbackAws::deny) answer for a device code.
    Page,
}

/// What becomes of a refresh token that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshTokens {
    /// It is void, and the answer holds a new one.
    Rotate,
    /// It stays valid, and the answer repeats it.
    Repeat,
    /// It stays valid, and the answer holds none.
    Omit,
}

/// An account as the access portal lists it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Its name, which the portal may leave out.
    pub name: Option<String>,
    /// Its owner's address, which the portal may leave out.
    pub email: Option<String>,
    /// The names of the roles in it.
    pub roles: Vec<String>,
}

impl Account {
    /// An account with a name and roles.
    pub fn new(id: impl Into<String>, name: impl Into<String>, roles: &[&str]) -> Self {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        Self { id: id.into(), name: Some(name.into()), email: Some("aws@example.com".into()), roles }
    }
}

/// An IAM user with an access key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct User {
    /// `arn:aws:iam::ACCOUNT:user/NAME`.
    pub arn: String,
    /// The id of the key.
    pub access_key_id: String,
    /// The key's secret.
    pub secret_access_key: SecretString,
    /// The user's MFA device.
    pub mfa: Option<MfaDevice>,
}

impl User {
    /// A user of the account 111122223333 with a random access key.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            arn: format!("arn:aws:iam::{ACCOUNT}:user/{name}"),
            access_key_id: random::access_key_id("AKIA"),
            secret_access_key: random::token(30).into(),
            mfa: None,
        }
    }

    /// Gives the user an MFA device that always shows the same code.
    #[must_use]
    pub fn with_mfa(mut self, serial: impl Into<String>, code: impl Into<SecretString>) -> Self {
        self.mfa = Some(MfaDevice { serial: serial.into(), code: code.into() });
        self
    }
}

/// An MFA device.
#[derive(Clone, Debug)]
pub struct MfaDevice {
    /// Its ARN, or the serial number of a piece of hardware.
    pub serial: String,
    /// The code that it shows.
    pub code: SecretString,
}

/// An IAM role.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Role {
    /// `arn:aws:iam::ACCOUNT:role/NAME`.
    pub arn: String,
    /// Who may assume it: ARNs of users and roles, or `arn:aws:iam::ACCOUNT:root` for all of an account.
    pub trusts: Vec<String>,
    /// The external id that must come with the call.
    pub external_id: Option<String>,
    /// Whether the call must come with an MFA code, or from a session that did.
    pub requires_mfa: bool,
    /// The longest session (`MaxSessionDuration`).
    pub longest_session: Duration,
    /// The subjects of web identity tokens that may assume it.
    pub subjects: Vec<String>,
}

impl Role {
    /// A role that some principals may assume, for an hour at most.
    pub fn new(arn: impl Into<String>, trusts: &[&str]) -> Self {
        Self {
            arn: arn.into(),
            trusts: trusts.iter().map(|arn| (*arn).to_owned()).collect(),
            external_id: None,
            requires_mfa: false,
            longest_session: Duration::from_secs(3600),
            subjects: Vec::new(),
        }
    }
}

/// How long what is given out lives. The defaults are AWS's.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Lifetimes {
    /// The registration of an OIDC client.
    pub registration: Duration,
    /// A device code.
    pub device_code: Duration,
    /// How long to wait between two polls for a device code. Zero: no poll is too early.
    pub device_interval: Duration,
    /// An authorization code.
    pub authorization_code: Duration,
    /// An access token of IAM Identity Center.
    pub sso_token: Duration,
    /// How long such a token can be refreshed.
    pub sso_session: Duration,
    /// Credentials from the access portal.
    pub sso_role: Duration,
    /// Credentials of a console sign-in.
    pub console: Duration,
    /// How long those can be refreshed.
    pub console_session: Duration,
    /// Credentials from STS. `None`: as long as the call asked for.
    pub sts: Option<Duration>,
    /// A web identity token.
    pub web_identity: Duration,
    /// Credentials from IMDS.
    pub instance: Duration,
    /// Container credentials.
    pub container: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        let (minutes, hours) = (|n: u64| Duration::from_secs(n * 60), |n: u64| Duration::from_secs(n * 3600));
        Self {
            registration: hours(90 * 24),
            device_code: minutes(10),
            device_interval: Duration::from_secs(1),
            authorization_code: minutes(10),
            sso_token: hours(1),
            sso_session: hours(8),
            sso_role: hours(1),
            console: minutes(15),
            console_session: hours(12),
            sts: None,
            web_identity: hours(24),
            instance: hours(6),
            container: hours(6),
        }
    }
}
