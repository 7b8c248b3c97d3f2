//! Every access key that is known: those of users, and those that the services gave out, until they expire.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use secrecy::SecretString;

use super::{options::User, random};

/// Expired keys are told apart from unknown ones for this long.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// How many keys there may be before those that are long expired are forgotten.
const MANY: usize = 10_000;

/// An access key that is good for something, or was.
#[derive(Clone, Debug)]
pub struct Issued {
    /// Its id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: SecretString,
    /// The token that must come with it, if it is temporary.
    pub session_token: Option<SecretString>,
    /// When it expires, if it does.
    pub expires: Option<SystemTime>,
    /// Whose it is.
    pub principal: Principal,
    /// The session policy that `AssumeRole` was called with, as it was written.
    pub session_policy: Option<String>,
}

impl Issued {
    /// Whether it has expired.
    #[must_use]
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// Who calls, as `GetCallerIdentity` tells it and as a role's trust sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The ARN of the user or of the role's session.
    pub arn: String,
    /// Twelve digits.
    pub account: String,
    /// The unique id: `AIDA…`, or `AROA…:SESSION`.
    pub user_id: String,
    /// The ARN of the user or of the role.
    pub iam_arn: String,
    /// Whether it is a role's session.
    pub is_role: bool,
    /// Whether an MFA code was given.
    pub mfa: bool,
}

impl Principal {
    /// Of the ARN of a user, of an account's root or of a role's session.
    pub(super) fn of_arn(arn: &str) -> Self {
        let account = account(arn).to_owned();
        let last = arn.rsplit(':').next().unwrap_or_default();
        if let Some((role, session)) = last.strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/')) {
            return Self::session(&format!("arn:aws:iam::{account}:role/{role}"), session, false);
        }
        let user_id = if last == "root" { account.clone() } else { unique_id("AIDA", arn) };
        Self { arn: arn.into(), account, user_id, iam_arn: arn.into(), is_role: false, mfa: false }
    }

    /// A session of a role.
    pub(super) fn session(role_arn: &str, session: &str, mfa: bool) -> Self {
        let account = account(role_arn).to_owned();
        let name = role_arn.rsplit('/').next().unwrap_or_default();
        Self {
            arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
            user_id: format!("{}:{session}", unique_id("AROA", role_arn)),
            account,
            iam_arn: role_arn.into(),
            is_role: true,
            mfa,
        }
    }
}

/// The account in an ARN.
fn account(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// The unique id of a user or a role: the same for the same ARN.
fn unique_id(kind: &str, arn: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    arn.hash(&mut hasher);
    format!("{kind}{:016X}", hasher.finish())
}

/// All keys by their ids.
#[derive(Debug, Default)]
pub(super) struct Keys(Mutex<HashMap<String, Issued>>);

impl Keys {
    /// The keys of users.
    pub(super) fn of_users(users: &[User]) -> Self {
        let keys = users.iter().map(|user| {
            let issued = Issued {
                access_key_id: user.access_key_id.clone(),
                secret_access_key: user.secret_access_key.clone(),
                session_token: None,
                expires: None,
                principal: Principal::of_arn(&user.arn),
                session_policy: None,
            };
            (issued.access_key_id.clone(), issued)
        });
        Self(Mutex::new(keys.collect()))
    }

    /// Gives out a temporary key.
    pub(super) fn issue(
        &self,
        principal: Principal,
        now: SystemTime,
        lifetime: Duration,
        session_policy: Option<String>,
    ) -> Issued {
        let issued = Issued {
            access_key_id: random::access_key_id("ASIA"),
            secret_access_key: random::token(30).into(),
            session_token: Some(random::token(256).into()),
            expires: Some(now + lifetime),
            principal,
            session_policy,
        };
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MANY {
            keys.retain(|_, key| key.expires.is_none_or(|expires| expires + REMEMBERED > now));
        }
        keys.insert(issued.access_key_id.clone(), issued.clone());
        issued
    }

    pub(super) fn get(&self, access_key_id: &str) -> Option<Issued> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }

    /// Forgets a key, as when a user deletes it.
    pub(super) fn remove(&self, access_key_id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(access_key_id).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_read_from_an_arn() {
        let user = Principal::of_arn("arn:aws:iam::111122223333:user/Ann");
        assert_eq!((user.account.as_str(), user.is_role), ("111122223333", false));
        let root = Principal::of_arn("arn:aws:iam::111122223333:root");
        assert_eq!(root.user_id, "111122223333");
        let role = Principal::of_arn("arn:aws:sts::111122223333:assumed-role/Reader/ann");
        assert_eq!(role, Principal::session("arn:aws:iam::111122223333:role/Reader", "ann", false));
        assert_eq!(role.arn, "arn:aws:sts::111122223333:assumed-role/Reader/ann");
        assert!(role.user_id.starts_with("AROA") && role.user_id.ends_with(":ann"), "{}", role.user_id);
    }

    #[test]
    fn a_key_expires_and_shows_no_secret() {
        let (keys, now) = (Keys::default(), SystemTime::now());
        let principal = Principal::of_arn("arn:aws:iam::111122223333:user/Ann");
        let issued = keys.issue(principal, now, Duration::from_secs(3), None);
        let found = keys.get(&issued.access_key_id).expect("the key");
        assert!(!found.is_expired(now) && found.is_expired(now + Duration::from_secs(3)));
        use secrecy::ExposeSecret;
        let shown = format!("{keys:?}");
        assert!(!shown.contains(issued.secret_access_key.expose_secret()), "{shown}");
        assert!(keys.remove(&issued.access_key_id) && keys.get(&issued.access_key_id).is_none());
    }
}
