//! Every access key that is known: those of users, and those that the services gave out, until they expire.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use secrecy::{ExposeSecret, SecretString};

use super::{clock::Clock, exchange::is_secret, options::User, random, secrets::HandedOut};

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
            return Self::session(&format!("arn:aws:iam::{account}:role/{role}"), session);
        }
        let user_id = if last == "root" { account.clone() } else { unique_id("AIDA", arn) };
        Self { arn: arn.into(), account, user_id, iam_arn: arn.into(), is_role: false, mfa: false }
    }

    /// A session of a role. That an MFA code was given for it is not known of it any more, as at AWS.
    pub(super) fn session(role_arn: &str, session: &str) -> Self {
        let account = account(role_arn).to_owned();
        let name = role_arn.rsplit('/').next().unwrap_or_default();
        Self {
            arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
            user_id: format!("{}:{session}", unique_id("AROA", role_arn)),
            account,
            iam_arn: role_arn.into(),
            is_role: true,
            mfa: false,
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

/// Why a key and its token are not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRefused {
    /// There is no such key. (S3 says `InvalidAccessKeyId`, STS `InvalidClientTokenId`.)
    Unknown,
    /// The token is not the key's, is missing, or is there without need. (`InvalidToken`, `InvalidClientTokenId`.)
    WrongToken,
    /// It has expired. (`ExpiredToken`.)
    Expired,
}

/// Every access key, for whichever service has to accept them. Its clones hold the same keys.
#[derive(Clone, Debug, Default)]
pub struct AccessKeys {
    keys: Arc<Mutex<HashMap<String, Issued>>>,
    clock: Clock,
    secrets: HandedOut,
}

impl AccessKeys {
    /// The keys of users.
    pub(super) fn of_users(users: &[User], clock: Clock, secrets: HandedOut) -> Self {
        let keys = users.iter().map(|user| {
            secrets.noted(user.secret_access_key.expose_secret().to_owned());
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
        let keys = Arc::new(Mutex::new(keys.collect()));
        Self { keys, clock, secrets }
    }

    /// A key by its id, expired or not.
    #[must_use]
    pub fn get(&self, access_key_id: &str) -> Option<Issued> {
        self.all().get(access_key_id).cloned()
    }

    /// The key that a request names, if the token that came with it is the key's and it has not expired. The request's
    /// signature is left to be verified with its secret.
    ///
    /// # Errors
    /// Why the key is not accepted.
    pub fn accept(&self, access_key_id: &str, session_token: Option<&str>) -> Result<Issued, KeyRefused> {
        let key = self.get(access_key_id).ok_or(KeyRefused::Unknown)?;
        match (&key.session_token, session_token) {
            (None, None) => (),
            (Some(token), Some(sent)) if is_secret(sent, token) => (),
            _ => return Err(KeyRefused::WrongToken),
        }
        if key.is_expired(self.clock.now()) { Err(KeyRefused::Expired) } else { Ok(key) }
    }

    /// Gives out a temporary key.
    pub(super) fn issue(&self, principal: Principal, lifetime: Duration, session_policy: Option<String>) -> Issued {
        let now = self.clock.now();
        let issued = Issued {
            access_key_id: random::access_key_id("ASIA"),
            secret_access_key: self.secrets.token(30).into(),
            session_token: Some(self.secrets.token(256).into()),
            expires: Some(now + lifetime),
            principal,
            session_policy,
        };
        let mut keys = self.all();
        if keys.len() >= MANY {
            keys.retain(|_, key| key.expires.is_none_or(|expires| expires + REMEMBERED > now));
        }
        keys.insert(issued.access_key_id.clone(), issued.clone());
        issued
    }

    /// Forgets a key, as when a user deletes it.
    pub(super) fn remove(&self, access_key_id: &str) -> bool {
        self.all().remove(access_key_id).is_some()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Issued>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert_eq!(role, Principal::session("arn:aws:iam::111122223333:role/Reader", "ann"));
        assert_eq!(role.arn, "arn:aws:sts::111122223333:assumed-role/Reader/ann");
        assert!(role.user_id.starts_with("AROA") && role.user_id.ends_with(":ann"), "{}", role.user_id);
    }

    #[test]
    fn a_key_is_accepted_with_its_token_until_it_expires_and_shows_no_secret() {
        let (clock, user) = (Clock::default(), User::new("Ann"));
        let keys = AccessKeys::of_users(std::slice::from_ref(&user), clock.clone(), HandedOut::default());
        let principal = Principal::of_arn("arn:aws:iam::111122223333:user/Ann");
        let issued = keys.issue(principal, Duration::from_secs(30), None);
        let token = issued.session_token.as_ref().map(|token| token.expose_secret()).expect("a token");
        let accept = |id: &str, token| keys.accept(id, token).map(|key| key.access_key_id);
        let id = &issued.access_key_id;
        assert_eq!(accept(id, Some(token)), Ok(id.clone()));
        for wrong in [None, Some("another")] {
            assert_eq!(accept(id, wrong), Err(KeyRefused::WrongToken));
        }
        assert_eq!(accept(&user.access_key_id, None), Ok(user.access_key_id.clone()));
        assert_eq!(accept(&user.access_key_id, Some(token)), Err(KeyRefused::WrongToken));
        clock.advance(Duration::from_secs(30));
        assert_eq!(accept(id, Some(token)), Err(KeyRefused::Expired));
        let shown = format!("{keys:?}");
        assert!(!shown.contains(token) && !shown.contains(issued.secret_access_key.expose_secret()), "{shown}");
        assert!(keys.remove(id));
        assert_eq!(accept(id, Some(token)), Err(KeyRefused::Unknown));
    }
}
