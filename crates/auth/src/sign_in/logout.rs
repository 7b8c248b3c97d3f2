//! Signing out: AWS is told where it can be, and what the AWS tools keep is removed in any case. Files that are no sign-in stay
//! untouched, and so do registrations, which open nothing.

use std::{collections::BTreeSet, path::Path, time::Duration};

use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};

use super::{SignIn, start_url::bare};
use crate::{
    aws_files::Profile,
    cache::{CacheFile, login_token, sso_token, text, written},
    error::{SourceError, code_of},
    sources::role::request_of,
    status::{SignInKind, SignedIn, signed_in},
    temporary::time,
};

/// How long AWS may take to end a session, and another process to renew it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is signed out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignOut {
    /// An SSO session, by the name of its `[sso-session]`.
    SsoSession(String),
    /// Every sign-in to one access portal, by its start URL.
    SsoStartUrl(String),
    /// What the profile signs in with, and the profiles that its roles build on.
    Profile,
    /// Every console sign-in.
    Console,
    /// Everything.
    All,
}

/// What was signed out of.
#[derive(Clone, Debug, Default)]
pub struct SignedOut {
    /// What was removed.
    pub removed: Vec<SignedIn>,
    /// What did not go as it should: one line each. Something may live on.
    pub notes: Vec<String>,
    /// The files that could not be removed, and why: one line each.
    pub left: Vec<String>,
}

impl SignIn {
    /// Signs out. The files go even if AWS can't be told.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when there is no such session or profile.
    pub async fn sign_out(&self, which: &SignOut) -> Result<SignedOut, Failure> {
        let all = signed_in(&self.environment, self.tools.now()).all;
        let mut chosen = self.chosen(which, &all)?;
        // Keys of roles outlive the sign-in that they came from, and are got anew by another one.
        if chosen.iter().any(|one| one.kind == SignInKind::Sso) {
            chosen.extend(all.into_iter().filter(|one| one.kind == SignInKind::SsoRole));
        }
        chosen.sort_by(|a, b| (a.kind, &a.file).cmp(&(b.kind, &b.file)));
        chosen.dedup_by(|a, b| a.file == b.file);
        let mut done = SignedOut::default();
        for one in chosen {
            let file = CacheFile::new(one.file.clone());
            let lock = file.lock(PATIENCE.min(self.tools.lock_wait)).await;
            if let Err(held) = &lock {
                done.notes.push(format!("{}: it may write {} again", held.what, file.shown()));
            }
            if one.kind == SignInKind::Sso {
                done.notes.extend(self.end(&file, &one).await);
            }
            match file.remove() {
                Ok(true) => done.removed.push(one),
                Ok(false) => {}
                Err(error) => done.left.push(format!("{} can't be removed: {error}", file.shown())),
            }
        }
        Ok(done)
    }

    fn chosen(&self, which: &SignOut, all: &[SignedIn]) -> Result<Vec<SignedIn>, Failure> {
        let usage = |what: String, next: String| Err(Failure::new(FailureKind::Usage, what).next(next));
        let among = |is_meant: &dyn Fn(&SignedIn) -> bool| all.iter().filter(|one| is_meant(one)).cloned().collect();
        match which {
            SignOut::All => Ok(among(&|one| one.kind != SignInKind::User)),
            SignOut::Console => Ok(among(&|one| one.kind == SignInKind::Console)),
            SignOut::SsoStartUrl(url) => {
                Ok(among(&|one| one.kind == SignInKind::Sso && is_same_portal(&one.file, url)))
            }
            SignOut::SsoSession(name) => {
                let file = sso_token::file_name(name);
                let found: Vec<_> = among(&|one| one.kind == SignInKind::Sso && one.file.ends_with(&file));
                if found.is_empty() && !self.files.sso_sessions.contains_key(name) {
                    let what = format!("there is no [sso-session {}], and nobody is signed in to one", printable(name));
                    return usage(what, self.files.which_sso_session(name));
                }
                Ok(found)
            }
            SignOut::Profile => {
                let Some(profile) = self.files.profiles.get(&self.profile) else {
                    let what = format!("there is no profile `{}` in the AWS files", printable(&self.profile));
                    return usage(what, self.files.which_profile(&self.profile));
                };
                let names = self.file_names(profile, &mut BTreeSet::new());
                if names.is_empty() {
                    let what =
                        format!("profile `{}` has nothing to sign out of: it has no sign-in", printable(&profile.name));
                    return usage(what, "see what there is with `lakeward auth status`".to_owned());
                }
                Ok(among(&|one| names.iter().any(|name| one.file.ends_with(name))))
            }
        }
    }

    /// The files of a profile's sign-ins, and of those of the profiles that it builds on.
    fn file_names(&self, profile: &Profile, seen: &mut BTreeSet<String>) -> Vec<String> {
        if !seen.insert(profile.name.clone()) {
            return Vec::new();
        }
        let sso = profile.get("sso_session").or(profile.get("sso_start_url")).map(sso_token::file_name);
        let console = profile.get("login_session").map(login_token::file_name);
        let role = request_of(profile).map(|request| request.file_name());
        let source = profile.get("source_profile").and_then(|name| self.files.profiles.get(name));
        let source = source.map(|source| self.file_names(source, seen)).unwrap_or_default();
        sso.into_iter().chain(console).chain(role).chain(source).collect()
    }

    /// Ends a session at the portal; what is to be told of it.
    async fn end(&self, file: &CacheFile, one: &SignedIn) -> Option<String> {
        let content = file.read().ok()??;
        let token = text(&content, "accessToken")?;
        let lives_on = |why: &str| {
            let until = text(&content, "expiresAt").and_then(time).map(|until| format!(" until {}", written(until)));
            let until = until.unwrap_or_default();
            Some(format!(
                "AWS could not be told that {} is over, so the session may live on there{until}: {why}",
                one.what
            ))
        };
        let Some(region) = text(&content, "region") else { return lives_on("the token does not say its region") };
        let call = self.tools.portal(region).logout().access_token(token).send();
        match tokio::time::timeout(PATIENCE, call).await {
            Ok(Ok(_)) => None,
            // It was over before.
            Ok(Err(error)) if code_of(&error) == "UnauthorizedException" => None,
            Ok(Err(error)) => lives_on(&SourceError::of_service("the access portal", error, "").what),
            Err(_) => lives_on("the access portal does not answer"),
        }
    }
}

/// Whether a token is one for this start URL, however that is written.
fn is_same_portal(file: &Path, url: &str) -> bool {
    let content = CacheFile::new(file.to_owned()).read().ok().flatten();
    content.is_some_and(|content| text(&content, "startUrl").is_some_and(|known| bare(known) == bare(url)))
}
