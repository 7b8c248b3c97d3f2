//! The AWS tools' own files, `~/.aws/config` and `~/.aws/credentials`: every profile, SSO session and services section, and
//! the file and line of each value. Where tools differ, botocore's reading holds, which is the AWS CLI's.

mod ini;
mod edit;
mod changed;

pub use changed::Changed;
pub use edit::{Edit, Of};

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use lakeward_core::untrusted::{excerpt, printable};

use self::ini::{Entry, Section};
use crate::{
    advice::{CHOOSE, SIGN_IN_TO, login, login_at_console},
    broken::{Broken, Fault},
    environment::Environment,
    origin::{Origin, Setting, Value},
};

/// The keys of a section.
pub(crate) type Keys = BTreeMap<String, Value>;

/// A profile: what the two files say of it.
#[derive(Clone, Default)]
pub(crate) struct Profile {
    pub(crate) name: String,
    /// Both files' keys; that of the credentials file wins.
    pub(crate) keys: Keys,
    /// The config file's alone.
    pub(crate) config: Keys,
    /// The credentials file's alone.
    pub(crate) credentials: Keys,
}

impl Profile {
    /// A key's text.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(|value| value.text.as_str())
    }

    /// Those of the keys that are there, as they are shown. None of them may hold a secret.
    pub(crate) fn settings(&self, keys: &[&str]) -> Vec<Setting> {
        keys.iter().filter_map(|key| Some(Setting::new(*key, self.keys.get(*key)?))).collect()
    }
}

/// Both files.
#[derive(Clone, Default)]
pub(crate) struct AwsFiles {
    pub(crate) config_path: PathBuf,
    pub(crate) credentials_path: PathBuf,
    pub(crate) profiles: BTreeMap<String, Profile>,
    pub(crate) sso_sessions: BTreeMap<String, Keys>,
    services: BTreeMap<String, Keys>,
    /// Sections that look like a profile's and are none, as `[x]` is in the config file, by the name that was meant.
    pub(crate) strays: BTreeMap<String, Stray>,
    /// The same for SSO sessions, as `[sso-sesion x]` is.
    pub(crate) stray_sessions: BTreeMap<String, Stray>,
}

/// A section that looks like a profile's, or an SSO session's, and is none.
#[derive(Clone)]
pub(crate) struct Stray {
    /// Where it is.
    pub(crate) at: Origin,
    /// How it would be written: `[profile x]`.
    pub(crate) right: String,
    /// What stands there, and how it would be written.
    pub(crate) what: String,
    /// Whether something in it is about credentials.
    pub(crate) has_credentials: bool,
    /// Whether it is the kind that is misspelt, as in `[profil x]`: nothing else can have been meant.
    pub(crate) is_misspelt: bool,
}

/// What the names of keys that are about credentials begin with.
const OF_CREDENTIALS: [&str; 6] =
    ["aws_access_key_id", "credential_process", "login_session", "role_arn", "sso_", "web_identity_token_file"];

/// The kinds of sections of the config file that people choose by name.
const KINDS: [&str; 2] = ["profile", "sso-session"];

/// What a section of the config file is about.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Profile(String),
    SsoSession(String),
    Services(String),
    /// A kind that there is, written almost right.
    Misspelt {
        kind: &'static str,
        name: String,
    },
    Nothing,
}

impl Meaning {
    /// `[default]`, and the kinds whose name follows the kind.
    fn in_config(section: &str) -> Self {
        let words = shlex::split(section).unwrap_or_default();
        match words.as_slice() {
            [_, name] if section.starts_with("sso-session") => Self::SsoSession(name.clone()),
            [_, name] if section.starts_with("services") => Self::Services(name.clone()),
            [_, name] if section.starts_with("profile") => Self::Profile(name.clone()),
            _ if section == "default" => Self::Profile(section.to_owned()),
            [first, name] => match near(first, KINDS.iter()) {
                Some(kind) if first != kind => Self::Misspelt { kind, name: name.clone() },
                _ => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }
}

impl AwsFiles {
    /// Reads both files from where `AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE` and the home say they are. A file that is
    /// not there is empty.
    ///
    /// # Errors
    /// When one is there and can't be read: all that is wrong with both.
    pub(crate) fn read(environment: &Environment) -> Result<Self, Broken> {
        let path = |variable: &str, name: &str| match environment.get(variable) {
            Some(path) => environment.expand(path),
            None => environment.home().map(|home| home.join(".aws").join(name)).unwrap_or_default(),
        };
        let mut files = Self {
            config_path: path("AWS_CONFIG_FILE", "config"),
            credentials_path: path("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            ..Self::default()
        };
        let (config, credentials) = (files.config_path.clone(), files.credentials_path.clone());
        let (of_config, of_credentials) = match (sections(&config), sections(&credentials)) {
            (Err(broken), Err(other)) => return Err(broken.and(&other)),
            (of_config, of_credentials) => (of_config?, of_credentials?),
        };
        for section in of_config {
            files.config_section(&config, &section);
        }
        for section in of_credentials {
            if let Some(name) = section.name.strip_prefix("profile ") {
                files.stray(name, &credentials, &section, &format!("[{}]", name.trim()));
            }
            let keys = keys(&credentials, &section);
            let profile = files.profiles.entry(section.name.clone()).or_default();
            profile.name = section.name;
            profile.keys.extend(keys.clone());
            profile.credentials = keys;
        }
        Ok(files)
    }

    fn config_section(&mut self, path: &Path, section: &Section) {
        let keys = keys(path, section);
        match Meaning::in_config(&section.name) {
            Meaning::SsoSession(name) => drop(self.sso_sessions.insert(name, keys)),
            Meaning::Services(name) => drop(self.services.insert(name, keys)),
            Meaning::Profile(name) => self.config_profile(name, keys),
            Meaning::Misspelt { kind, name } => {
                let right = format!("[{kind} {}]", quoted(&name));
                let mut stray = stray(path, section, "no section that the AWS tools know", &right);
                stray.is_misspelt = true;
                let strays = if kind == "profile" { &mut self.strays } else { &mut self.stray_sessions };
                strays.insert(name, stray);
            }
            Meaning::Nothing => {
                let meant = section.name.trim_start_matches("profile").trim();
                self.stray(meant, path, section, &format!("[profile {}]", quoted(meant)));
            }
        }
    }

    fn stray(&mut self, meant: &str, path: &Path, section: &Section, right: &str) {
        self.strays.insert(meant.trim().to_owned(), stray(path, section, "no profile there", right));
    }

    /// The sections that are certainly not what was meant, a sentence each.
    pub(crate) fn misspelt(&self) -> impl Iterator<Item = &str> {
        let profiles = self.strays.iter().filter(|(name, _)| !self.profiles.contains_key(*name));
        let sessions = self.stray_sessions.iter().filter(|(name, _)| !self.sso_sessions.contains_key(*name));
        profiles.chain(sessions).filter(|(_, stray)| stray.is_misspelt).map(|(_, stray)| &*stray.what)
    }

    /// Of two sections for one profile the later one counts.
    fn config_profile(&mut self, name: String, keys: Keys) {
        let profile = Profile { name: name.clone(), keys: keys.clone(), config: keys, credentials: Keys::new() };
        self.profiles.insert(name, profile);
    }

    /// The endpoint that a profile's `services` section or the profile itself sets for a service.
    pub(crate) fn endpoint(&self, profile: &Profile, service: &str) -> Option<Value> {
        let of_service = || {
            let section = self.services.get(profile.get("services")?)?.get(service)?;
            let url = section.text.lines().filter_map(|line| line.split_once('='));
            let url = url.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| *key == "endpoint_url")?.1;
            Some(Value { text: url.to_owned(), origin: section.origin.clone() })
        };
        of_service().or_else(|| profile.keys.get("endpoint_url").cloned())
    }

    /// Where the files are, and the variable that may say so.
    pub(crate) fn paths(&self) -> [(&'static str, &Path); 2] {
        [("AWS_CONFIG_FILE", &self.config_path), ("AWS_SHARED_CREDENTIALS_FILE", &self.credentials_path)]
    }

    /// What somebody can choose beside a profile in which nothing was found; it goes before other advice.
    pub(crate) fn others(&self, profile: &str) -> Vec<String> {
        let is_other = |other: &&Profile| other.name != profile && self.can_be_source(&other.name, &[]);
        let profiles: Vec<&str> = self.profiles.values().filter(is_other).map(|other| other.name.as_str()).collect();
        let sessions: Vec<&str> = self.sso_sessions.keys().map(String::as_str).collect();
        // Where there is but one, the advice can be taken as it stands.
        let told = |names: &[&str], kind: &str, advice: &dyn Fn(&str, &str) -> String| match names {
            [] => None,
            [one] => Some(advice(&format!("the {kind} {}", excerpt(one, 200)), &excerpt(one, 200))),
            several => Some(advice(&format!("one of the {kind}s {}", excerpt(&several.join(", "), 200)), "NAME")),
        };
        let choose = |which: &str, name: &str| {
            let name = shlex::try_quote(name).unwrap_or(name.into());
            format!("{CHOOSE}{which}: `--profile {name}`, AWS_PROFILE, or [auth] method = \"profile\"")
        };
        let sign_in = |which: &str, name: &str| format!("{SIGN_IN_TO}{which}: {}", login(&["--sso-session", name]));
        let all = [told(&profiles, "profile", &choose), told(&sessions, "SSO session", &sign_in)];
        all.into_iter().flatten().collect()
    }

    /// What to do about a profile that is not there: the name that was meant, or those that there are.
    pub(crate) fn which_profile(&self, name: &str) -> String {
        if let Some(stray) = self.strays.get(name) {
            return stray.what.clone();
        }
        which("profile", name, self.profiles.keys()).unwrap_or_else(|| self.no_profile(name))
    }

    /// The same for the source of a role that is reached through these profiles: only what can be one is named.
    pub(crate) fn which_source(&self, name: &str, through: &[String]) -> String {
        if let Some(stray) = self.strays.get(name) {
            return stray.what.clone();
        }
        // What was mistyped is told in any case: what it lacks can be added.
        let others = self.profiles.keys().filter(|other| !through.contains(other));
        if let Some(near) = near(name, others) {
            return format!("did you mean `{}`?", printable(near));
        }
        let can = self.profiles.keys().filter(|other| self.can_be_source(other, through));
        which("profile", name, can)
            .unwrap_or_else(|| format!("no other profile has credentials: {} makes one", login_at_console(name)))
    }

    /// Whether a profile has something of credentials, and does not lead back to one of those.
    fn can_be_source(&self, name: &str, through: &[String]) -> bool {
        let mut passed = through.to_vec();
        let mut name = name.to_owned();
        loop {
            let is_stray = name.strip_prefix("profile ").is_some_and(|meant| self.strays.contains_key(meant.trim()));
            let profile = self.profiles.get(&name).filter(|_| !is_stray && !passed.contains(&name));
            let Some(profile) = profile else { return false };
            match profile.get("source_profile").filter(|_| profile.get("aws_access_key_id").is_none()) {
                Some(next) => passed.push(std::mem::replace(&mut name, next.to_owned())),
                None => {
                    let has = |key: &str| profile.get(key).is_some_and(|value| !value.is_empty());
                    let is_whole = |key: &&String| match key.as_str() {
                        "aws_access_key_id" => has(key) && has("aws_secret_access_key"),
                        // A role alone says not whose credentials assume it.
                        "role_arn" => has("credential_source"),
                        key => has(key),
                    };
                    let mut names = profile.keys.keys().filter(is_whole);
                    return names.any(|key| OF_CREDENTIALS.iter().any(|start| key.starts_with(start)));
                }
            }
        }
    }

    fn no_profile(&self, name: &str) -> String {
        format!(
            "neither {} nor {} holds a profile; {} makes one",
            printable(&self.config_path.display().to_string()),
            printable(&self.credentials_path.display().to_string()),
            login_at_console(name)
        )
    }

    /// The same for an SSO session.
    pub(crate) fn which_sso_session(&self, name: &str) -> String {
        if let Some(stray) = self.stray_sessions.get(name) {
            return stray.what.clone();
        }
        which("[sso-session]", name, self.sso_sessions.keys()).unwrap_or_else(|| {
            format!(
                "write [sso-session {}] with sso_start_url and sso_region into {}, then {}",
                printable(name),
                printable(&self.config_path.display().to_string()),
                login(&["--sso-session", name])
            )
        })
    }
}

/// A section that is not what it looks like, and how it would be.
fn stray(path: &Path, section: &Section, what: &str, right: &str) -> Stray {
    let at = Origin::File { path: path.to_owned(), line: section.line };
    let what = format!("{at} has [{}], which is {what}: write it as {right}", section.name);
    let is_of_credentials = |entry: &Entry| OF_CREDENTIALS.iter().any(|start| entry.key.starts_with(start));
    let has_credentials = section.entries.iter().any(is_of_credentials);
    Stray { at, right: right.to_owned(), what, has_credentials, is_misspelt: false }
}

/// A name as a section's header takes it.
fn quoted(name: &str) -> String {
    if name.contains(' ') { format!("\"{name}\"") } else { name.to_owned() }
}

/// The nearest of the names, or all of them.
fn which<'a>(kind: &str, name: &str, names: impl Iterator<Item = &'a String> + Clone) -> Option<String> {
    let near = near(name, names.clone());
    let all: Vec<&str> = names.map(String::as_str).collect();
    match near {
        Some(near) => Some(format!("did you mean `{}`? There are: {}", printable(near), excerpt(&all.join(", "), 400))),
        None if all.is_empty() => None,
        None => Some(format!("name a {kind} that is there: {}", excerpt(&all.join(", "), 400))),
    }
}

/// The name that was meant, where one is near.
fn near<'a, T: AsRef<str>>(name: &str, names: impl Iterator<Item = &'a T>) -> Option<&'a T> {
    let distance = |other: &&T| strsim::damerau_levenshtein(&other.as_ref().to_lowercase(), &name.to_lowercase());
    names.min_by_key(distance).filter(|near| distance(near) <= (name.chars().count() / 3).clamp(1, 4))
}

fn sections(path: &Path) -> Result<Vec<Section>, Broken> {
    let text = text(path)?.unwrap_or_default();
    ini::parse(&text).map_err(|errors| unreadable(path, &errors))
}

/// A file's text; nothing where there is no file.
fn text(path: &Path) -> Result<Option<String>, Broken> {
    let name = printable(&path.display().to_string()).into_owned();
    let wrong = |what: String, next: &str| Err(Broken::new(what, next));
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if is_absent(&error) || path.as_os_str().is_empty() => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            return wrong(
                format!("{name} is a folder, and a file is looked for there"),
                "move the folder away, or point AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE elsewhere",
            );
        }
        Err(error) => {
            return wrong(
                format!("{name} can't be read: {error}"),
                "let this user read it, or point AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE elsewhere",
            );
        }
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
            let line = before.filter(|byte| **byte == b'\n').count() + 1;
            return wrong(format!("{name}, line {line}: this is not UTF-8"), "save the file as UTF-8");
        }
    };
    if text.starts_with('\u{feff}') {
        let what = format!("{name} begins with a byte order mark, which the AWS tools do not read");
        return wrong(what, "save the file as UTF-8 without a byte order mark");
    }
    Ok(Some(text))
}

/// How many lines of a file are told.
const MOST_LINES: usize = 5;

fn unreadable(path: &Path, errors: &[ini::IniError]) -> Broken {
    let name = printable(&path.display().to_string()).into_owned();
    let told = errors.iter().take(MOST_LINES).map(|error| format!("line {}: {}", error.line, error.what));
    let more = errors.len().saturating_sub(MOST_LINES);
    let more = (more > 0).then(|| format!("and {more} more"));
    let lines: Vec<String> = told.chain(more).collect();
    let next = match errors {
        [error] if error.is_repeated => "make one of the two, or delete one",
        [_] => "mend this line",
        _ => "mend these lines",
    };
    let broken = Broken::new(
        format!("{name}, {}", lines.join("; ")),
        format!("{next}: the AWS tools do not read the file either"),
    );
    match errors.first() {
        Some(first) => broken.fault(Fault::At(Origin::File { path: path.to_owned(), line: first.line })),
        None => broken,
    }
}

/// Whether there is no file: also below something that is no folder, as `/dev/null/x` is.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn keys(path: &Path, section: &Section) -> Keys {
    let value = |entry: &Entry| Value {
        text: entry.value.clone(),
        origin: Origin::File { path: path.to_owned(), line: entry.line },
    };
    section.entries.iter().map(|entry| (entry.key.clone(), value(entry))).collect()
}
