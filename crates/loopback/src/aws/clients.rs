//! The clients that have registered at IAM Identity Center, and the device codes and authorization codes that they wait for.

use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use super::{codes::Codes, expiring::Expiring, script::Grant, secrets::HandedOut};

/// Clients, and the sign-ins that they have begun.
#[derive(Debug, Default)]
pub(super) struct Clients {
    /// By id.
    pub(super) registered: Expiring<Client>,
    /// By device code.
    pub(super) devices: Expiring<Device>,
    pub(super) codes: Codes,
}

/// A registered client.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) secret: SecretString,
    pub(super) scopes: Vec<String>,
    /// Empty if it named none: then every grant but the authorization code's is open to it.
    pub(super) grants: Vec<Grant>,
    pub(super) redirects: Vec<String>,
}

/// A device code that was given out.
#[derive(Clone, Debug)]
pub(super) struct Device {
    pub(super) client_id: String,
    pub(super) user_code: String,
    pub(super) interval: Duration,
    pub(super) polled: Option<SystemTime>,
    pub(super) decision: Option<bool>,
}

impl Clients {
    pub(super) fn new(secrets: HandedOut) -> Self {
        Self { codes: Codes::new(secrets), ..Self::default() }
    }

    /// Answers for whoever reads a user code. `false` if no sign-in waits for one with that code.
    pub(super) fn decide(&self, user_code: &str, approved: bool, now: SystemTime) -> bool {
        let mut devices = self.devices.all();
        let mut waiting = devices.values_mut().filter(|device| !device.is_expired(now));
        let device = waiting.find(|device| device.value.user_code == user_code && device.value.decision.is_none());
        device.map(|device| device.value.decision = Some(approved)).is_some()
    }

    /// The user codes that wait for an answer.
    pub(super) fn waiting(&self, now: SystemTime) -> Vec<String> {
        let devices = self.devices.all();
        let waiting = devices.values().filter(|device| !device.is_expired(now) && device.value.decision.is_none());
        waiting.map(|device| device.value.user_code.clone()).collect()
    }

    /// Forgets every client, as when their registrations are withdrawn.
    pub(super) fn forget(&self) {
        self.registered.all().clear();
    }
}
