//! The accounts and roles that somebody who is signed in may use, page by page, no faster than the access portal likes.

use std::{fmt, sync::Arc, time::Duration};

use aws_sdk_sso::{Config, config::retry::RetryConfig};
use aws_smithy_runtime_api::{client::result::SdkError, http::Response};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::{StreamExt, TryStreamExt, stream};
use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::{excerpt, printable},
};
use tokio::{
    sync::{Mutex, mpsc},
    time::{Instant, sleep_until},
};

use super::{SignIn, SsoTarget};
use crate::{
    cache::sso_token::SsoTokens,
    error::{SourceError, code_of},
    tools::Tools,
};

/// The least time between two calls: the portal is said to allow some twenty a second.
const PACE: Duration = Duration::from_millis(67);

/// How many accounts' roles are asked for at once, so that a slow network does not make the pace.
const AT_ONCE: usize = 4;

/// How often a call is made, and how long the first and the longest pause are that are made where the answer names none.
const TRIES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The most that a page holds.
const PAGE: i32 = 100;

/// An account, as the access portal lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Its name, printable.
    pub name: Option<String>,
    /// Its owner's address, printable.
    pub email: Option<String>,
}

/// An account and what may be used in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRoles {
    /// The account.
    pub account: Account,
    /// The names of its roles, in the portal's order.
    pub roles: Vec<String>,
}

/// Why there is no list, or no role.
#[derive(Debug)]
pub enum DirectoryError {
    /// The sign-in is not good (any more).
    SignedOut(Failure),
    /// The sign-in is good, and this account or role is not assigned to it.
    NotAssigned(Failure),
    /// Too many calls are made by all who are signed in there; to wait is all that helps.
    TooMany(Failure),
    /// The portal does not answer.
    Unreachable(Failure),
    /// Anything else.
    Other(Failure),
}

impl DirectoryError {
    /// It, in words.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        match self {
            Self::SignedOut(failure)
            | Self::NotAssigned(failure)
            | Self::TooMany(failure)
            | Self::Unreachable(failure)
            | Self::Other(failure) => failure,
        }
    }
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedOut(failure)
            | Self::NotAssigned(failure)
            | Self::TooMany(failure)
            | Self::Unreachable(failure)
            | Self::Other(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for DirectoryError {}

impl SignIn {
    /// Sends the accounts, page by page. It ends early when nobody receives them any more.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn accounts(&self, target: &SsoTarget, to: mpsc::Sender<Account>) -> Result<(), DirectoryError> {
        Directory::open(self, target).await?.accounts(to).await
    }

    /// The roles of one account.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn roles(&self, target: &SsoTarget, account_id: &str) -> Result<Vec<String>, DirectoryError> {
        Directory::open(self, target).await?.roles(account_id).await
    }

    /// Sends every account with its roles, in the portal's order, each as soon as it is known: some 15 a second. It ends early
    /// when nobody receives them any more.
    ///
    /// # Errors
    /// See [`DirectoryError`].
    pub async fn assigned(&self, target: &SsoTarget, to: mpsc::Sender<AccountRoles>) -> Result<(), DirectoryError> {
        let directory = Directory::open(self, target).await?;
        let (send, accounts) = mpsc::channel(usize::try_from(PAGE).unwrap_or(1));
        let accounts = stream::unfold(accounts, async |mut accounts| Some((accounts.recv().await?, accounts)));
        let with_roles = accounts.map(|account: Account| async {
            let roles = directory.roles(&account.id).await?;
            Ok::<_, DirectoryError>(AccountRoles { account, roles })
        });
        let passed_on = with_roles.buffered(AT_ONCE).try_for_each(async |assigned| {
            // Whoever listens no more ends the list of accounts as well, by what it is sent to.
            let _ = to.send(assigned).await;
            Ok(())
        });
        let gone = async {
            to.closed().await;
            Ok(())
        };
        tokio::select! {
            result = async { tokio::try_join!(directory.accounts(send), passed_on).map(drop) } => result,
            result = gone => result,
        }
    }

    /// Whether the role that the sign-in is for is assigned. The answer of the portal holds keys, which are dropped.
    ///
    /// # Errors
    /// See [`DirectoryError`]; [`DirectoryError::NotAssigned`] names the roles, or else the accounts, that are.
    pub async fn verify(&self, target: &SsoTarget) -> Result<(), DirectoryError> {
        let Some(role) = &target.role else { return Ok(()) };
        let directory = Directory::open(self, target).await?;
        match directory.probe(&role.account_id, &role.role_name).await {
            Err(DirectoryError::NotAssigned(failure)) => {
                let allowed = directory.allowed(&role.account_id).await;
                Err(DirectoryError::NotAssigned(failure.next(allowed)))
            }
            answer => answer,
        }
    }
}

/// The portal, as one who is signed in sees it.
struct Directory {
    portal: aws_sdk_sso::Client,
    token: String,
    /// What signs in again.
    sign_in: String,
    /// When the next call may be made.
    free: Arc<Mutex<Instant>>,
}

impl Directory {
    async fn open(sign_in: &SignIn, target: &SsoTarget) -> Result<Self, DirectoryError> {
        let tools: &Tools = &sign_in.tools;
        let tokens = SsoTokens::new(target.sign_in.clone());
        let token = tokens.current(tools).await.map_err(|error| DirectoryError::SignedOut(error.failure()))?;
        let region = super::start_url::region_of(&target.sign_in.start_url).unwrap_or(&target.sign_in.region);
        Ok(Self {
            portal: tools.portal(region),
            token,
            sign_in: target.sign_in.sign_in(),
            free: Arc::new(Mutex::new(Instant::now())),
        })
    }

    async fn accounts(&self, to: mpsc::Sender<Account>) -> Result<(), DirectoryError> {
        let mut next = None;
        loop {
            let page = self
                .asked("IAM Identity Center does not list the accounts", async || {
                    let call = self.portal.list_accounts().access_token(&self.token).max_results(PAGE);
                    call.set_next_token(next.clone()).customize().config_override(once()).send().await
                })
                .await?;
            for account in page.account_list.unwrap_or_default() {
                let shown = |text: Option<String>| text.map(|text| printable(&text).into_owned());
                let Some(id) = shown(account.account_id) else { continue };
                let account = Account { id, name: shown(account.account_name), email: shown(account.email_address) };
                if to.send(account).await.is_err() {
                    return Ok(());
                }
            }
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(());
            }
        }
    }

    async fn roles(&self, account_id: &str) -> Result<Vec<String>, DirectoryError> {
        let what = format!("IAM Identity Center does not list the roles of account {}", printable(account_id));
        let (mut roles, mut next) = (Vec::new(), None);
        loop {
            let page = self
                .asked(&what, async || {
                    let call = self.portal.list_account_roles().access_token(&self.token).account_id(account_id);
                    let call = call.max_results(PAGE).set_next_token(next.clone());
                    call.customize().config_override(once()).send().await
                })
                .await?;
            let names = page.role_list.unwrap_or_default().into_iter().filter_map(|role| role.role_name);
            roles.extend(names.map(|name| printable(&name).into_owned()));
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(roles);
            }
        }
    }

    async fn probe(&self, account_id: &str, role_name: &str) -> Result<(), DirectoryError> {
        let what = format!(
            "the sign-in is good, but role {} of account {} is not assigned to it",
            printable(role_name),
            printable(account_id)
        );
        self.asked(&what, async || {
            let call = self.portal.get_role_credentials().access_token(&self.token);
            let call = call.account_id(account_id).role_name(role_name);
            call.customize().config_override(once()).send().await
        })
        .await
        .map(drop)
    }

    /// What may be used instead of a role that may not.
    async fn allowed(&self, account_id: &str) -> String {
        if let Ok(roles) = self.roles(account_id).await
            && !roles.is_empty()
        {
            return format!(
                "choose a role of account {} that is: {}",
                printable(account_id),
                excerpt(&roles.join(", "), 600)
            );
        }
        let (send, mut accounts) = mpsc::channel::<Account>(1);
        let list = async {
            let mut ids = Vec::new();
            while let Some(account) = accounts.recv().await {
                ids.push(account.id);
            }
            ids
        };
        match tokio::join!(self.accounts(send), list) {
            (_, ids) if !ids.is_empty() => {
                format!("choose an account that is: {}", excerpt(&ids.join(", "), 600))
            }
            _ => "ask who administers IAM Identity Center to assign an account and a permission set to you".to_owned(),
        }
    }

    /// Makes a call, at the pace of all, and again after a pause where that may help.
    async fn asked<T, E>(
        &self,
        what: &str,
        call: impl AsyncFn() -> Result<T, SdkError<E, Response>>,
    ) -> Result<T, DirectoryError>
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let mut tries = 1;
        loop {
            self.turn().await;
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let status = error.raw_response().map(|response| response.status().as_u16());
            let is_too_many = status == Some(429);
            // Of those that nobody has answered fewer are made: each takes its time.
            let most = if is_too_many { TRIES } else { 3 };
            let helps = is_too_many || status.is_none_or(|status| status >= 500);
            if !helps || tries >= most {
                return Err(self.told(what, error, status));
            }
            let after = error.raw_response().and_then(|response| response.headers().get("retry-after")?.parse().ok());
            let pause = after.map_or(FIRST_PAUSE * 2_u32.pow(tries - 1), Duration::from_secs).min(LONGEST_PAUSE);
            tries += 1;
            // All wait: it is the whole sign-in that is too fast.
            let mut free = self.free.lock().await;
            *free = (*free).max(Instant::now() + pause);
        }
    }

    async fn turn(&self) {
        let at = {
            let mut free = self.free.lock().await;
            let at = (*free).max(Instant::now());
            *free = at + PACE;
            at
        };
        sleep_until(at).await;
    }

    fn told<E>(&self, what: &str, error: SdkError<E, Response>, status: Option<u16>) -> DirectoryError
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let code = code_of(&error).to_owned();
        let failure = |next: String| SourceError::of_service(what, error, next).failure();
        match (code.as_str(), status) {
            ("UnauthorizedException", _) | (_, Some(401)) => DirectoryError::SignedOut(failure(format!(
                "{}; if that changes nothing, check sso_region",
                self.sign_in
            ))),
            ("ForbiddenException" | "ResourceNotFoundException", _) => {
                DirectoryError::NotAssigned(failure("check the account and the role".to_owned()))
            }
            (_, Some(429)) => DirectoryError::TooMany(failure("wait a minute, then try again".to_owned())),
            (_, None) => {
                let failure = failure(String::new());
                DirectoryError::Unreachable(Failure { kind: FailureKind::Destination, ..failure })
            }
            _ => DirectoryError::Other(failure("check sso_region, or try again in a moment".to_owned())),
        }
    }
}

/// What is tried again is decided here, not by the SDK.
fn once() -> aws_sdk_sso::config::Builder {
    Config::builder().retry_config(RetryConfig::disabled())
}
