//! What the AWS files name: every profile and every SSO session, each with how it gets credentials and how far that has got. It runs
//! and asks nothing.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use lakeward_core::{plan::AuthPlan, untrusted::printable};

use crate::{
    advice::login,
    aws_files::{AwsFiles, Keys, Profile, Stray},
    broken::{Broken, Fault, shown},
    cache::{
        login_token, role,
        sso_token::{self, SsoSignIn},
    },
    environment::Environment,
    link::{Found, Link, State},
    origin::Origin,
    place::Place,
    resolution::resolve,
    sources::{keys, role::request_of, sso::region_fault},
    step::Step,
    temporary::time,
};

/// All that the files name.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// The profiles, in the order of their names; behind them what is no profile only by how its section is written.
    pub profiles: Vec<NamedProfile>,
    /// The SSO sessions, in the order of their names.
    pub sso_sessions: Vec<NamedSession>,
    /// The profile that a variable names, whether it is there or not.
    pub selected: Option<Selected>,
    /// The files that variables name and that are not there.
    pub missing: Vec<(&'static str, PathBuf)>,
    /// Where the files are: the config, the credentials.
    pub paths: [PathBuf; 2],
}

/// A profile that a variable names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The variable.
    pub variable: &'static str,
    /// The profile's name.
    pub name: String,
    /// What to do, where there is no such profile.
    pub absent: Option<String>,
}

/// A profile.
#[derive(Clone, Debug)]
pub struct NamedProfile {
    /// Its name, as the files write it.
    pub name: String,
    /// The first line that says something of it.
    pub origin: Option<Origin>,
    /// How it gets credentials.
    pub by: By,
    /// What it does, in words; or what is wrong with it.
    pub what: Result<String, Broken>,
    /// Of a role of IAM Identity Center, its session, account and name.
    pub role: Option<[String; 3]>,
    /// What is kept of the sign-in that it needs.
    pub kept: Option<Kept>,
    /// The program that is run for its credentials, or for those that assume its role.
    pub runs: Option<String>,
}

/// How a profile gets credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// It has none.
    Nothing,
    /// By IAM Identity Center.
    Sso {
        /// The `[sso-session]`.
        session: Option<String>,
        /// The start URL and the region, where the profile has them itself.
        portal: Option<(String, String)>,
    },
    /// By a console sign-in.
    Console,
    /// By assuming a role, which may ask for the code of a device.
    Role {
        /// The device.
        mfa_serial: Option<String>,
    },
    /// By keys in the files.
    Keys {
        /// Whether a token stands beside them, so that they expire.
        is_temporary: bool,
    },
    /// By anything else.
    Other,
}

/// An SSO session.
#[derive(Clone, Debug)]
pub struct NamedSession {
    /// Its name, as the file writes it.
    pub name: String,
    /// The first line that says something of it.
    pub origin: Option<Origin>,
    /// Its start URL, where it has one and a region.
    pub start_url: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// What is wrong with the region, and what to do.
    pub fault: Option<Broken>,
    /// What is kept of the sign-in.
    pub kept: Option<Kept>,
}

/// A sign-in that is kept in a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Until when it is good.
    pub expires: SystemTime,
    /// Whether it is renewed without a person.
    pub renews: bool,
}

impl Kept {
    /// Whether it is of use: still good, or renewed when it is used.
    #[must_use]
    pub fn is_good(&self, now: SystemTime) -> bool {
        self.renews || self.expires > now
    }
}

impl Named {
    /// Reads the files.
    ///
    /// # Errors
    /// When one can't be read; it names the lines.
    pub fn read(environment: &Environment, now: SystemTime) -> Result<Self, Broken> {
        let files = AwsFiles::read(environment)?;
        // What is called like this in the credentials file is another profile than was meant.
        let is_meant = |profile: &&Profile| {
            !profile.keys.is_empty()
                && profile.name.strip_prefix("profile ").is_none_or(|name| !files.strays.contains_key(name.trim()))
        };
        let profiles = files.profiles.values().filter(is_meant);
        let profiles = profiles.map(|profile| NamedProfile::of(profile, environment, &files, now));
        let strays = files.strays.iter().filter(|(name, _)| !files.profiles.contains_key(*name));
        let strays =
            strays.filter(|(_, stray)| stray.has_credentials).map(|(name, stray)| NamedProfile::stray(name, stray));
        let selected = environment.first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]).map(|(variable, name)| Selected {
            variable,
            name: name.to_owned(),
            absent: (!files.profiles.contains_key(name)).then(|| files.which_profile(name)),
        });
        let paths = files.paths();
        let is_missing =
            |(variable, path): &(&'static str, &Path)| environment.get(variable).is_some() && !path.exists();
        let missing = paths.into_iter().filter(is_missing).map(|(variable, path)| (variable, path.to_owned()));
        Ok(Self {
            selected,
            missing: missing.collect(),
            paths: paths.map(|(_, path)| path.to_owned()),
            profiles: profiles.chain(strays).collect(),
            sso_sessions: files
                .sso_sessions
                .iter()
                .map(|(name, keys)| NamedSession::of(name, keys, environment, now))
                .collect(),
        })
    }

    /// The commands that sign in to what is named and not signed in now: one for each session, portal and console, whatever a
    /// config or a variable names.
    #[must_use]
    pub fn sign_ins(&self, now: SystemTime) -> Vec<String> {
        let is_due = |kept: Option<Kept>| kept.is_none_or(|kept| !kept.is_good(now));
        let sessions =
            self.sso_sessions.iter().filter(|session| session.start_url.is_some() && session.fault.is_none());
        let sessions = sessions.filter(|session| is_due(session.kept));
        let profiles = self.profiles.iter().filter(|profile| {
            matches!(profile.by, By::Console | By::Sso { session: None, .. })
                && profile.what.is_ok()
                && is_due(profile.kept)
        });
        let sessions = sessions.map(|session| login(&["--sso-session", &session.name]));
        sessions.chain(profiles.map(|profile| login(&["--profile", &profile.name]))).collect()
    }
}

impl NamedProfile {
    fn of(profile: &Profile, environment: &Environment, files: &AwsFiles, now: SystemTime) -> Self {
        let resolution = resolve(&AuthPlan::Profile(profile.name.clone()), environment, files);
        let what = match resolution.decided().map(|Link { state, .. }| state) {
            Some(State::Found(found)) => Ok(found.what.clone()),
            Some(State::Broken(broken)) => Err(broken.clone()),
            _ => Err(Broken::new("it says nothing of credentials", "give it a role, a sign-in or keys")),
        };
        let runs = resolution.found().ok().map(Found::needs).unwrap_or_default();
        let runs = runs.into_iter().find_map(|step| match step {
            Step::Runs(program) => Some(printable(&program).into_owned()),
            _ => None,
        });
        let text = |key: &str| profile.get(key).map(str::to_owned);
        let home = |folder: &str, file: String| environment.home().map(|home| home.join(folder).join(file));
        let by = match resolution.decided().map(|link| link.place) {
            None => By::Nothing,
            Some(Place::RoleOfProfile) => By::Role { mfa_serial: text("mfa_serial") },
            Some(Place::Sso) => By::Sso {
                session: text("sso_session"),
                portal: text("sso_start_url").zip(text("sso_region")).filter(|_| profile.get("sso_session").is_none()),
            },
            Some(Place::Console) => By::Console,
            Some(Place::KeysInCredentials) => By::Keys { is_temporary: keys::token(&profile.credentials).is_some() },
            Some(Place::KeysInConfig) => By::Keys { is_temporary: keys::token(&profile.config).is_some() },
            Some(_) => By::Other,
        };
        let kept = match &by {
            By::Sso { session: Some(name), .. } => {
                files.sso_sessions.get(name).and_then(|keys| of_session(name, keys, environment, now))
            }
            By::Sso { portal: Some((start_url, region)), .. } => {
                let sign_in = SsoSignIn { session: None, start_url: start_url.clone(), region: region.clone() };
                of_sso(&sign_in, environment, now)
            }
            By::Console => {
                let file = text("login_session").map(|session| login_token::file_name(&session));
                let file: Option<PathBuf> =
                    login_token::folder(environment).zip(file).map(|(folder, file)| folder.join(file));
                let listed = file.and_then(|file| login_token::listed(&file));
                listed.map(|(_, expires)| Kept { expires, renews: now < expires + login_token::RENEWED_FOR })
            }
            By::Role { mfa_serial: Some(_) } => {
                let file = request_of(profile).and_then(|request| home(role::FOLDER, request.file_name()));
                file.and_then(|file| role::listed(&file)).map(|role| Kept { expires: role.expires, renews: false })
            }
            By::Keys { is_temporary: true } => {
                profile.get(keys::EXPIRES).and_then(time).map(|expires| Kept { expires, renews: false })
            }
            _ => None,
        };
        let role = || Some([text("sso_session")?, text("sso_account_id")?, text("sso_role_name")?]);
        Self { name: profile.name.clone(), origin: first_line(&profile.keys), by, what, role: role(), kept, runs }
    }
}

impl NamedProfile {
    fn stray(name: &str, stray: &Stray) -> Self {
        let broken = Broken::new(stray.what.clone(), format!("write it as {}", stray.right));
        Self {
            name: name.to_owned(),
            origin: Some(stray.at.clone()),
            by: By::Other,
            what: Err(broken.fault(Fault::Misspelt(shown(stray.right.clone())))),
            role: None,
            kept: None,
            runs: None,
        }
    }
}

impl NamedSession {
    fn of(name: &str, keys: &Keys, environment: &Environment, now: SystemTime) -> Self {
        let has_both = keys.contains_key("sso_start_url") && keys.contains_key("sso_region");
        let text = |key: &str| keys.get(key).filter(|_| has_both).map(|value| value.text.clone());
        Self {
            name: name.to_owned(),
            origin: first_line(keys),
            start_url: text("sso_start_url"),
            region: text("sso_region"),
            fault: region_fault(keys),
            kept: of_session(name, keys, environment, now),
        }
    }
}

fn of_session(name: &str, keys: &Keys, environment: &Environment, now: SystemTime) -> Option<Kept> {
    let text = |key: &str| keys.get(key).map(|value| value.text.clone()).unwrap_or_default();
    let sign_in =
        SsoSignIn { session: Some(name.to_owned()), start_url: text("sso_start_url"), region: text("sso_region") };
    of_sso(&sign_in, environment, now)
}

fn of_sso(sign_in: &SsoSignIn, environment: &Environment, now: SystemTime) -> Option<Kept> {
    let file = environment.home()?.join(sso_token::FOLDER).join(sign_in.file_name());
    let listed = sso_token::listed(&file, now)?;
    Some(Kept { expires: listed.expires?, renews: listed.renews && sign_in.session.is_some() })
}

fn first_line(keys: &Keys) -> Option<Origin> {
    let line = |origin: &Origin| if let Origin::File { line, .. } = origin { *line } else { usize::MAX };
    keys.values().map(|value| value.origin.clone()).min_by_key(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_profile_does_not_hang_on_words() {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join(".aws/config");
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        let text = "[profile loop]\nrole_arn = r\nsource_profile = loop2\n[profile loop2]\nrole_arn = r\nsource_profile = loop\n\
                    [profile program]\ncredential_process = asks STS\n\
                    [profile over]\nrole_arn = r\nsource_profile = program\n\
                    [profile quote]\ncredential_process = 'x\n\
                    [profile region]\nsso_start_url = u\nsso_region = Frankfurt\nsso_account_id = 1\nsso_role_name = r\n\
                    [profile lacks]\nsso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-1\n\
                    [profile gone]\nrole_arn = r\nsource_profile = does not exist\n\
                    [profile half]\naws_access_key_id = a\n[profile bare]\nregion = r\n[profile unsourced]\nrole_arn = r\n\
                    [profile keys]\naws_access_key_id = a\naws_secret_access_key = b\n\
                    [profile temporary]\naws_access_key_id = a\naws_secret_access_key = b\naws_session_token = c\n\
                    x_security_token_expires = 2026-11-23T21:39:05Z\n\
                    [profile empty]\naws_access_key_id =\naws_secret_access_key =\n";
        std::fs::write(&config, text).unwrap();
        let environment = Environment::new([("A", "x")], Some(home.path().into()));
        let named = Named::read(&environment, SystemTime::UNIX_EPOCH).unwrap();
        let profile = |name: &str| named.profiles.iter().find(|profile| profile.name == name).unwrap();
        let fault = |name: &str| profile(name).what.clone().unwrap_err().fault;
        assert_eq!(
            [fault("loop"), fault("region"), fault("gone")],
            [Fault::Circle, Fault::SsoRegion, Fault::NamesAbsent]
        );
        assert_eq!(fault("empty"), Fault::Empty("aws_access_key_id"));
        assert_eq!(fault("half"), Fault::LacksSecret);
        assert_eq!(fault("lacks"), Fault::LacksSso(vec!["sso_start_url"]));
        assert_eq!(fault("quote"), Fault::At(Origin::File { path: config.clone(), line: 13 }));
        let bare = crate::Signing::plan(&AuthPlan::Profile("bare".to_owned()), environment.clone()).unwrap();
        let failure = bare.resolution.found().unwrap_err();
        for file in ["credentials", "config"] {
            assert!(failure.what.contains(&format!("has no aws_access_key_id in the {file} file")), "{}", failure.what);
        }
        assert!(failure.next.unwrap().contains("credential_process, or aws_access_key_id with"));
        // Neither itself, nor what has no credentials or leads nowhere.
        assert_eq!(
            profile("gone").what.clone().unwrap_err().next,
            "name a profile that is there: keys, lacks, over, program, quote, region, temporary"
        );
        let runs = |name: &str| profile(name).runs.as_deref();
        assert_eq!([runs("program"), runs("over"), runs("keys")], [Some("asks"), Some("asks"), None]);
        assert_eq!(profile("keys").by, By::Keys { is_temporary: false });
        let temporary = profile("temporary");
        assert_eq!(temporary.by, By::Keys { is_temporary: true });
        assert_eq!(
            temporary.kept.map(|kept| (kept.expires, kept.renews)),
            time("2026-11-23T21:39:05Z").zip(Some(false))
        );
        // A section of another tool is no profile that somebody meant.
        std::fs::write(
            &config,
            "[plain]\nrole_arn = r\n[plugins]\ncli_legacy_plugin_path = x\n[Profil q]\nrole_arn = r\n",
        )
        .unwrap();
        std::fs::write(
            home.path().join(".aws/credentials"),
            "[profile z]\naws_access_key_id = a\naws_secret_access_key = b\n",
        )
        .unwrap();
        let named = Named::read(&environment, SystemTime::UNIX_EPOCH).unwrap();
        let shorts: Vec<_> =
            named.profiles.iter().map(|profile| (&*profile.name, profile.what.clone().unwrap_err().fault)).collect();
        let misspelt = |right: &str| Fault::Misspelt(right.to_owned());
        assert_eq!(
            shorts,
            [("plain", misspelt("[profile plain]")), ("q", misspelt("[profile q]")), ("z", misspelt("[z]"))]
        );
        std::fs::write(&config, "[profile a]\nx\n[profile b\n").unwrap();
        let broken = Named::read(&environment, SystemTime::UNIX_EPOCH).unwrap_err();
        assert_eq!(broken.fault.short().as_deref(), Some("config:2 is wrong"));
        std::fs::remove_file(&config).unwrap();
        std::fs::create_dir(&config).unwrap();
        let broken = Named::read(&environment, SystemTime::UNIX_EPOCH).unwrap_err();
        assert!(broken.what.ends_with("/.aws/config is a folder, and a file is looked for there"), "{broken:?}");
        assert!(broken.next.starts_with("move the folder away"), "{broken:?}");
    }
}
