//! What to sign in to: what a config, a profile, a session or a start URL leads to.

use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::{AuthPlan, SsoPlan, SsoSession},
    untrusted::{excerpt, printable},
};

use super::{
    SignIn,
    start_url::{bare, region_of},
};
use crate::{aws_files::Keys, cache::sso_token::SsoSignIn, sources::sso::region_fault};

/// What somebody asks to sign in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// What these credentials need.
    Auth(AuthPlan),
    /// An `[sso-session]` of the AWS files.
    Session(String),
    /// An access portal.
    Portal {
        /// Its start URL, as it is written.
        start_url: String,
        /// The region of IAM Identity Center, where it is known.
        region: Option<String>,
    },
}

/// What to sign in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// IAM Identity Center.
    Sso(SsoTarget),
    /// The console, as the profile's `login_session` says.
    Console {
        /// The profile.
        profile: String,
    },
}

/// A sign-in to IAM Identity Center, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoTarget {
    pub(crate) sign_in: SsoSignIn,
    /// `sso_registration_scopes`, if they are set.
    pub(crate) scopes: Option<Vec<String>>,
    /// The role that it is for, where one is named.
    pub role: Option<SsoRole>,
}

/// A role of IAM Identity Center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoRole {
    /// The account: twelve digits.
    pub account_id: String,
    /// The permission set, as the access portal names it.
    pub role_name: String,
}

impl SsoTarget {
    /// The `[sso-session]`, if there is one. Without it a sign-in goes by a code alone, and is not renewed.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.sign_in.session.as_deref()
    }

    /// The start URL, as it is written.
    #[must_use]
    pub fn start_url(&self) -> &str {
        &self.sign_in.start_url
    }

    /// The same sign-in in the region that it was found to be in.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.sign_in.region);
        self
    }

    /// The region of IAM Identity Center.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.sign_in.region
    }
}

impl SignIn {
    /// Finds out what to sign in to.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when it is not there, lacks something, or needs no sign-in; the advice names what there is.
    pub fn target(&self, choice: &Choice) -> Result<Target, Failure> {
        match choice {
            Choice::Auth(auth) => self.of_auth(auth),
            Choice::Session(name) => self.of_session(name).map(Target::Sso),
            Choice::Portal { start_url, region } => self.of_portal(start_url, region.as_deref()).map(Target::Sso),
        }
    }

    fn of_auth(&self, auth: &AuthPlan) -> Result<Target, Failure> {
        match auth {
            AuthPlan::Chain => self.of_profile(&self.profile),
            AuthPlan::Profile(name) => self.of_profile(name),
            AuthPlan::Sso(SsoPlan { session, account_id, role_name }) => {
                let target = match session {
                    SsoSession::Named(name) => self.of_session(name)?,
                    SsoSession::Direct { start_url, region } => self.of_portal(start_url, Some(region))?,
                };
                let role = SsoRole { account_id: account_id.clone(), role_name: role_name.clone() };
                Ok(Target::Sso(SsoTarget { role: Some(role), ..target }))
            }
            AuthPlan::Role(role) => self.of_auth(&role.source),
            AuthPlan::Env => Err(self.unneeded("[auth] method = \"env\" takes keys of the environment")),
            AuthPlan::Compute => Err(self.unneeded("[auth] method = \"compute\" takes this machine's role")),
        }
    }

    /// What a profile, or the one at the end of its `source_profile`s, signs in with.
    fn of_profile(&self, name: &str) -> Result<Target, Failure> {
        let mut name = name;
        // A chain has no profile twice.
        for _ in 0..=self.files.profiles.len() {
            let Some(profile) = self.files.profiles.get(name) else {
                let what = format!("there is no profile `{}` in the AWS files", printable(name));
                return Err(Failure::new(FailureKind::Usage, what).next(format!(
                    "{}; {}",
                    self.files.which_profile(name),
                    self.choices()
                )));
            };
            let role = match (profile.get("sso_account_id"), profile.get("sso_role_name")) {
                (Some(account), Some(role)) => {
                    Some(SsoRole { account_id: account.to_owned(), role_name: role.to_owned() })
                }
                _ => None,
            };
            if let Some(session) = profile.get("sso_session") {
                return Ok(Target::Sso(SsoTarget { role, ..self.of_session(session)? }));
            }
            if let Some(start_url) = profile.get("sso_start_url") {
                if let Some(broken) = region_fault(&profile.keys).filter(|_| region_of(start_url).is_none()) {
                    return Err(broken.failure(FailureKind::Usage));
                }
                let target = self.of_portal(start_url, profile.get("sso_region"))?;
                return Ok(Target::Sso(SsoTarget { role, ..target }));
            }
            if profile.get("login_session").is_some() {
                return Ok(Target::Console { profile: name.to_owned() });
            }
            match profile.get("source_profile") {
                Some(source) if source != name => name = source,
                _ => break,
            }
        }
        Err(self.unneeded(&format!("profile `{}` holds no sign-in", printable(name))))
    }

    fn of_session(&self, name: &str) -> Result<SsoTarget, Failure> {
        let Some(keys) = self.files.sso_sessions.get(name) else {
            let what = format!("there is no [sso-session {}] in the AWS config file", printable(name));
            return Err(Failure::new(FailureKind::Usage, what).next(self.files.which_sso_session(name)));
        };
        let text =
            |keys: &Keys, key: &str| keys.get(key).map(|value| value.text.clone()).filter(|text| !text.is_empty());
        let (Some(start_url), Some(region)) = (text(keys, "sso_start_url"), text(keys, "sso_region")) else {
            let what = format!("[sso-session {}] lacks sso_start_url or sso_region", printable(name));
            let next = format!("add it to {}", printable(&self.files.config_path.display().to_string()));
            return Err(Failure::new(FailureKind::Usage, what).next(next));
        };
        // A start URL that names its region is asked there, whatever the session says.
        if let Some(broken) = region_fault(keys).filter(|_| region_of(&start_url).is_none()) {
            return Err(broken.failure(FailureKind::Usage));
        }
        let scopes = text(keys, "sso_registration_scopes")
            .map(|scopes| scopes.split(',').map(|scope| scope.trim().to_owned()).collect());
        Ok(SsoTarget { sign_in: SsoSignIn { session: Some(name.to_owned()), start_url, region }, scopes, role: None })
    }

    /// The region of a start URL is that of its host, or of a session that has the same URL, if it is not said.
    fn of_portal(&self, start_url: &str, region: Option<&str>) -> Result<SsoTarget, Failure> {
        let known = || {
            let same = self
                .files
                .sso_sessions
                .values()
                .find(|keys| keys.get("sso_start_url").is_some_and(|url| bare(&url.text) == bare(start_url)));
            Some(same?.get("sso_region")?.text.as_str())
        };
        let Some(region) = region.or_else(|| region_of(start_url)).or_else(known) else {
            let what = format!("the region of the start URL {} is not known", printable(start_url));
            return Err(Failure::new(FailureKind::Usage, what)
                .next("name it with --sso-region: the settings of IAM Identity Center show it"));
        };
        let sign_in = SsoSignIn { session: None, start_url: start_url.trim().to_owned(), region: region.to_owned() };
        Ok(SsoTarget { sign_in, scopes: None, role: None })
    }

    fn unneeded(&self, what: &str) -> Failure {
        Failure::new(FailureKind::Usage, format!("there is nothing to sign in to: {what}")).next(self.choices())
    }

    /// All that somebody could sign in to.
    fn choices(&self) -> String {
        let mut choices = Vec::new();
        let names = |names: Vec<&str>| excerpt(&names.join(", "), 300);
        let sessions: Vec<&str> = self.files.sso_sessions.keys().map(String::as_str).collect();
        if !sessions.is_empty() {
            choices.push(format!("--sso-session with one of {}", names(sessions)));
        }
        let signs_in = ["sso_session", "sso_start_url", "login_session"];
        let profiles = self.files.profiles.values();
        let profiles = profiles.filter(|profile| signs_in.iter().any(|key| profile.get(key).is_some()));
        let profiles: Vec<&str> = profiles.map(|profile| profile.name.as_str()).collect();
        if !profiles.is_empty() {
            choices.push(format!("--profile with one of {}", names(profiles)));
        }
        choices.push("--sso-start-url with --sso-region".to_owned());
        choices.push("--console".to_owned());
        format!("choose what to sign in to: {}", choices.join("; "))
    }
}
