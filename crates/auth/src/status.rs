//! What is signed in on this machine: every session and every cached credential of the AWS tools.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use lakeward_core::untrusted::printable;

use crate::{
    aws_files::{AwsFiles, Profile},
    cache::{
        CacheFile, Content, login_token, role,
        sso_token::{self, SsoSignIn},
    },
    environment::Environment,
    sources::{keys, role::request_of},
    temporary::time,
};

/// One sign-in or cached credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// What it is.
    pub kind: SignInKind,
    /// Where, or as whom.
    pub what: String,
    /// Until when it is good.
    pub expires: Option<SystemTime>,
    /// Whether it can be renewed without a person.
    pub renews: bool,
    /// Its file.
    pub file: PathBuf,
}

/// The kinds of sign-ins and cached credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignInKind {
    /// A sign-in to IAM Identity Center.
    Sso,
    /// A console sign-in.
    Console,
    /// Credentials of a role, which a sign-in to IAM Identity Center has got.
    SsoRole,
    /// Credentials of a role, such as those that an MFA code was given for.
    Role,
    /// A session of an IAM user, for which an MFA code was given: keys of the credentials file.
    User,
}

impl SignedIn {
    /// Whether it is of use: still good, or renewed when it is used.
    #[must_use]
    pub fn is_good(&self, now: SystemTime) -> bool {
        self.renews || self.expires.is_some_and(|expires| expires > now)
    }
}

/// All that is signed in.
#[derive(Clone, Debug, Default)]
pub struct SignedInHere {
    /// Each of it.
    pub all: Vec<SignedIn>,
    /// What stood in the way of a whole answer: files that can't be read, and why.
    pub unreadable: Vec<String>,
}

/// All of them. Files that are none of the AWS tools' are passed over: the folders hold others too.
#[must_use]
pub fn signed_in(environment: &Environment, now: SystemTime) -> SignedInHere {
    let mut here = SignedInHere::default();
    let names = Names(AwsFiles::read(environment).unwrap_or_else(|error| {
        here.unreadable.push(error.what);
        AwsFiles::default()
    }));
    let SignedInHere { all, unreadable } = &mut here;
    let mut add = |kind, what: String, expires, renews, file: PathBuf| {
        all.push(SignedIn { kind, what: printable(&what).into_owned(), expires, renews, file });
    };
    for (file, content) in contents(in_home(environment, sso_token::FOLDER), unreadable) {
        if let Some(listed) = sso_token::listed_in(&content, now) {
            let what = match names.session(&file) {
                Some(name) => format!("{} (session {name})", listed.start_url),
                None => listed.start_url,
            };
            add(SignInKind::Sso, what, listed.expires, listed.renews, file);
        }
    }
    let consoles = login_token::folder(environment).map(|folder| files(&folder)).unwrap_or_default();
    for (file, content) in contents(consoles, unreadable) {
        if let Some((account, expires)) = login_token::listed_in(&content) {
            let what = names.console(&file).unwrap_or(account);
            let renews = now < expires + login_token::RENEWED_FOR;
            add(SignInKind::Console, what, Some(expires), renews, file);
        }
    }
    for (file, content) in contents(in_home(environment, role::FOLDER), unreadable) {
        if let Some(role) = role::listed_in(&content) {
            let kind = if role.of_sso { SignInKind::SsoRole } else { SignInKind::Role };
            let what = match names.role(&file) {
                Some(profile) => format!("{} (profile {profile})", role.whose),
                None => role.whose,
            };
            add(kind, what, Some(role.expires), false, file);
        }
    }
    for profile in names.0.profiles.values() {
        if let Some(expires) = profile.credentials.get(keys::EXPIRES).and_then(|text| time(&text.text)) {
            let file = names.0.credentials_path.clone();
            add(SignInKind::User, format!("profile {}", profile.name), Some(expires), false, file);
        }
    }
    here.all.sort_by(|a, b| (a.kind, &a.what, &a.file).cmp(&(b.kind, &b.what, &b.file)));
    here
}

/// What the files hold, each read once; those that can't be are told.
fn contents(files: Vec<PathBuf>, unreadable: &mut Vec<String>) -> Vec<(PathBuf, Content)> {
    let content = |file: PathBuf| match CacheFile::new(file.clone()).read() {
        Ok(content) => Some((file, content?)),
        Err(why) => {
            unreadable.push(why);
            None
        }
    };
    files.into_iter().filter_map(content).collect()
}

/// The names behind the files, which are digests of them, as far as the AWS files hold them. Files that can't be read hold none.
struct Names(AwsFiles);

impl Names {
    fn session(&self, file: &Path) -> Option<&String> {
        let is_its = |session: &&String| {
            let sign_in =
                SsoSignIn { session: Some((*session).clone()), start_url: String::new(), region: String::new() };
            file.ends_with(sign_in.file_name())
        };
        self.0.sso_sessions.keys().find(is_its)
    }

    /// The profile whose role it is.
    fn role(&self, file: &Path) -> Option<&str> {
        let is_its =
            |profile: &&Profile| request_of(profile).is_some_and(|request| file.ends_with(request.file_name()));
        self.0.profiles.values().find(is_its).map(|profile| profile.name.as_str())
    }

    fn console(&self, file: &Path) -> Option<String> {
        let mut sessions = self.0.profiles.values().filter_map(|profile| profile.get("login_session"));
        sessions.find(|session| file.ends_with(login_token::file_name(session))).map(str::to_owned)
    }
}

fn in_home(environment: &Environment, folder: &str) -> Vec<PathBuf> {
    environment.home().map(|home| files(&home.join(folder))).unwrap_or_default()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
}
