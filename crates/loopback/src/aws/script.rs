//! What a test tells the services to do wrong, and what it can ask about the calls that were made.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A service: each listens on a port of its own, so that a call to the wrong one fails as it would on AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// IAM Identity Center's OpenID Connect (`SSO OIDC`).
    Oidc,
    /// IAM Identity Center's access portal (`SSO`).
    Portal,
    /// AWS Sign-In (`Signin`), behind `aws login`.
    SignIn,
    /// The Security Token Service.
    Sts,
    /// Account Management (`Account`).
    Account,
    /// The instance metadata service.
    Imds,
    /// The container credentials of ECS and EKS.
    Container,
}

/// How a token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grant {
    /// By polling with a device code.
    DeviceCode,
    /// With the code that came back through the browser.
    AuthorizationCode,
    /// With a refresh token.
    RefreshToken,
    /// In a way that does not exist.
    Unknown,
}

impl Grant {
    /// By the name that is sent.
    pub(super) fn of_type(grant_type: &str) -> Self {
        match grant_type {
            "urn:ietf:params:oauth:grant-type:device_code" => Self::DeviceCode,
            "authorization_code" => Self::AuthorizationCode,
            "refresh_token" => Self::RefreshToken,
            _ => Self::Unknown,
        }
    }
}

/// An operation, by AWS's name where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are AWS's")]
pub enum Operation {
    RegisterClient,
    StartDeviceAuthorization,
    CreateToken(Grant),
    /// The browser opens the sign-in of IAM Identity Center, and answers what it asks.
    Authorize,
    /// The browser opens the page for device codes, and answers what it asks.
    VerifyDevice,
    ListAccounts,
    ListAccountRoles,
    GetRoleCredentials,
    Logout,
    /// The browser opens the console's sign-in, answers what it asks, and shows the code to be pasted.
    ConsoleAuthorize,
    CreateOAuth2Token(Grant),
    AssumeRole,
    AssumeRoleWithWebIdentity,
    GetSessionToken,
    GetCallerIdentity,
    ListRegions,
    /// `PUT /latest/api/token`.
    ImdsToken,
    /// The name of the instance's role.
    ImdsRole,
    /// The credentials of the instance's role.
    ImdsCredentials,
    /// The region or the availability zone.
    ImdsPlacement,
    ContainerCredentials,
}

/// What is done instead of answering properly.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An error in the service's own form. IMDS with status 200 sends it as the `Code` of its answer.
    Error {
        /// The status of the answer.
        status: u16,
        /// As in `SlowDownException`.
        code: String,
        /// The words that come with it.
        message: String,
    },
    /// This answer and no other, as from a proxy or a login page. It is HTML unless its headers say otherwise.
    Body {
        /// The status of the answer.
        status: u16,
        /// Headers, by name. One that can't be a header is left out.
        headers: Vec<(String, String)>,
        /// Its body.
        body: String,
    },
    /// The proper answer, late.
    Delay(Duration),
    /// The request is taken, and nothing ever comes back.
    Silence,
    /// The connection is reset before the request is acted on.
    Reset,
    /// The request is acted on; then the connection is reset, and the answer is lost.
    LostAnswer,
}

impl Fault {
    /// An error in the service's own form.
    pub fn error(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Error { status, code: code.into(), message: message.into() }
    }
}

/// A request that came in. Nothing of its query, headers or body is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// To whom.
    pub service: Service,
    /// What for; `None` if the service has no such operation.
    pub operation: Option<Operation>,
    /// As in `POST`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// The status of the answer; `None` if none was sent, or not yet.
    pub status: Option<u16>,
}

/// The most calls that are kept; the oldest go first.
const MOST_CALLS: usize = 10_000;

/// The faults that wait to be made, and the calls so far.
#[derive(Debug, Default)]
pub(super) struct Script {
    faults: Mutex<HashMap<Operation, VecDeque<Fault>>>,
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    kept: VecDeque<Call>,
    /// How many went before those that are kept.
    gone: usize,
}

impl Script {
    pub(super) fn add(&self, operation: Operation, times: usize, fault: &Fault) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.entry(operation).or_default().extend(std::iter::repeat_n(fault.clone(), times));
    }

    pub(super) fn clear(&self) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The next fault of an operation.
    pub(super) fn take(&self, operation: Operation) -> Option<Fault> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&operation)?.pop_front()
    }

    /// Takes down a call; the number is for [`Self::answered`].
    pub(super) fn called(&self, call: Call) -> usize {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.kept.len() == MOST_CALLS {
            calls.kept.pop_front();
            calls.gone += 1;
        }
        calls.kept.push_back(call);
        calls.gone + calls.kept.len() - 1
    }

    pub(super) fn answered(&self, number: usize, status: u16) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let place = number.checked_sub(calls.gone);
        if let Some(call) = place.and_then(|place| calls.kept.get_mut(place)) {
            call.status = Some(status);
        }
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).kept.iter().cloned().collect()
    }
}
