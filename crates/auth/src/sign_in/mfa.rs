//! Signing in with a code of an MFA device: a role that asks for one, or a session of an IAM user. The code is asked for once,
//! here, where a person is at hand; what comes of it goes where runs and the AWS tools find it.

use std::{
    collections::VecDeque,
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::{AuthPlan, S3Plan},
    untrusted::printable,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    aws_files::{AwsFiles, Changed, Edit, Of},
    cache::{role::RoleCache, written},
    endpoints::redirected,
    environment::Environment,
    error::{SourceError, code_of},
    link::Source,
    session::Signing,
    sources::{
        keys::{EXPIRES, session_profile},
        role::MfaRole,
    },
    temporary::of_sts,
    tools::Tools,
};

/// A session that is as good as over is not built upon: the AWS CLI's rule.
const STILL_GOOD: Duration = Duration::from_mins(15);

/// How long a user's session may last (GetSessionToken, `DurationSeconds`).
const SHORTEST: Duration = Duration::from_mins(15);
const LONGEST: Duration = Duration::from_hours(36);

/// What a person is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeQuestion {
    /// The device whose code it is: its ARN or serial number.
    pub device: String,
    /// What it is for, such as `role arn:…`.
    pub purpose: String,
}

/// What became of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// It was good.
    Accepted,
    /// It was not, and why: another one may be.
    Refused(String),
}

/// The roles that ask for a code, one after the other, innermost first.
pub struct RoleMfa {
    roles: VecDeque<MfaRole>,
    source: Arc<dyn Source>,
    tools: Tools,
    kept: Vec<PathBuf>,
    note: Option<String>,
}

impl RoleMfa {
    /// The roles of a choice that ask for a code; nothing if none does. Inner sessions that are good for a while are not asked for
    /// again. Where nothing else says a region, STS is asked in the bucket's, as a run asks it.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when the choice leads to no credentials; [`FailureKind::Usage`] when the CA bundle can't be used.
    pub fn plan(auth: &AuthPlan, environment: Environment, s3: Option<&S3Plan>) -> Result<Option<Self>, Failure> {
        let signing = Signing::plan(auth, environment)?;
        let signing = match s3 {
            Some(s3) => signing.in_region_of(s3),
            None => signing,
        };
        let source = Arc::clone(&signing.resolution.found()?.source);
        let tools = signing.tools(signing.http(None)?);
        let note = note(&signing);
        let all = source.mfa_roles();
        let last = all.len().saturating_sub(1);
        let later = tools.now() + STILL_GOOD;
        let due = |(number, role): &(usize, MfaRole)| {
            *number == last || RoleCache::of(&tools, &role.request).read(later).is_none()
        };
        let roles: VecDeque<_> = all.into_iter().enumerate().filter(due).map(|(_, role)| role).collect();
        Ok((!roles.is_empty()).then_some(Self { roles, source, tools, kept: Vec::new(), note }))
    }

    /// What is odd about where the codes go, though nothing may be wrong.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// What to ask for next; nothing when all is given.
    #[must_use]
    pub fn question(&self) -> Option<CodeQuestion> {
        let role = self.roles.front()?;
        Some(CodeQuestion {
            device: printable(&role.serial).into_owned(),
            purpose: format!("role {}", printable(&role.request.role_arn)),
        })
    }

    /// Gives the code that was asked for.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when the role can't be assumed whatever the code, or its session can't be kept;
    /// [`FailureKind::Destination`] when STS can't be reached.
    pub async fn give(&mut self, code: &SecretString) -> Result<Given, Failure> {
        let Some(role) = self.roles.front() else { return Ok(Given::Accepted) };
        let code = match well_formed(code) {
            Ok(code) => code,
            Err(why) => return Ok(Given::Refused(why)),
        };
        let request = &role.request;
        let credentials = role.source.fetch(&self.tools).await.map_err(|error| error.failure())?;
        match request.assume(credentials, Some(code), None, &self.tools).await {
            Ok(answer) => {
                let kept = RoleCache::of(&self.tools, request).write(&answer, &self.tools).await;
                self.kept.push(kept.map_err(|error| error.failure())?);
                self.roles.pop_front();
                Ok(Given::Accepted)
            }
            Err(error) if is_wrong_code(&error) => Ok(Given::Refused(WRONG.to_owned())),
            Err(error) => Err(request.refused(error).failure()),
        }
    }

    /// Gets the credentials that all this was for, as a run will; until when they are good, and the files that hold the sessions.
    ///
    /// # Errors
    /// As a run that can't sign.
    pub async fn finish(self) -> Result<(Option<SystemTime>, Vec<PathBuf>), Failure> {
        let credentials = self.source.fetch(&self.tools).await.map_err(|error| error.failure())?;
        Ok((credentials.expiry(), self.kept))
    }
}

/// What a session of an IAM user is asked for with.
#[derive(Clone, Debug, Default)]
pub struct UserMfaRequest {
    /// Whose keys; without it the profile that the environment names.
    pub profile: Option<String>,
    /// The device; without it the profile's `mfa_serial`.
    pub serial: Option<String>,
    /// How long it lasts, 15 minutes to 36 hours; 12 hours without it.
    pub duration: Option<Duration>,
    /// The profile that gets its keys; without it `ACCOUNT-DEVICE`.
    pub to: Option<String>,
}

/// A session of an IAM user, which has shown an MFA code (GetSessionToken). Its keys become a profile of the credentials file.
pub struct UserMfa {
    source: Arc<dyn Source>,
    tools: Tools,
    files: AwsFiles,
    what: String,
    serial: String,
    duration: Option<Duration>,
    to: String,
    session: Option<Credentials>,
    note: Option<String>,
}

impl UserMfa {
    /// Looks whose keys, which device and which profile are meant.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when the device is not known, the duration is none that AWS allows, or the profile to be written
    /// holds keys of another kind; [`FailureKind::Denied`] when there are no keys.
    pub fn plan(request: UserMfaRequest, environment: Environment) -> Result<Self, Failure> {
        let usage = |what: String, next: &str| Err(Failure::new(FailureKind::Usage, what).next(next));
        let auth = request.profile.map_or(AuthPlan::Chain, AuthPlan::Profile);
        let signing = Signing::plan(&auth, environment)?;
        let found = signing.resolution.found()?.clone();
        let tools = signing.tools(signing.http(None)?);
        let note = note(&signing);
        let files = signing.files;
        let name = signing.resolution.profile.map_or_else(|| "default".to_owned(), |profile| profile.value);
        let of_profile = || files.profiles.get(&name).and_then(|profile| profile.get("mfa_serial")).map(str::to_owned);
        let Some(serial) = request.serial.or_else(of_profile) else {
            let what = format!("profile {} does not say which MFA device asks for a code", printable(&name));
            return usage(what, "name it with --mfa-serial, or set mfa_serial in the profile");
        };
        if let Some(duration) = request.duration.filter(|duration| !(SHORTEST..=LONGEST).contains(duration)) {
            let what = format!("a session can't last {} s", duration.as_secs());
            return usage(what, "AWS allows 15 minutes to 36 hours (900 to 129600 s)");
        }
        let to = request.to.unwrap_or_else(|| session_profile(&serial));
        // Its keys are all that a user may have, and AWS shows them once.
        let keeps = files.profiles.get(&to).filter(|profile| profile.get("aws_access_key_id").is_some());
        if keeps.is_some_and(|profile| profile.get("aws_session_token").is_none()) || to == name {
            let what = format!("profile {} holds keys that are no session's, and would lose them", printable(&to));
            return usage(what, "name another profile with --to");
        }
        let (source, what) = (found.source, found.what);
        Ok(Self { source, tools, files, what, serial, duration: request.duration, to, session: None, note })
    }

    /// What is odd about where the code goes, though nothing may be wrong.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The profile that gets the keys.
    #[must_use]
    pub fn to(&self) -> &str {
        &self.to
    }

    /// What to ask for.
    #[must_use]
    pub fn question(&self) -> CodeQuestion {
        CodeQuestion { device: printable(&self.serial).into_owned(), purpose: format!("a session with {}", self.what) }
    }

    /// Gives the code.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when the session is refused whatever the code; [`FailureKind::Destination`] when STS can't be
    /// reached.
    pub async fn give(&mut self, code: &SecretString) -> Result<Given, Failure> {
        let code = match well_formed(code) {
            Ok(code) => code,
            Err(why) => return Ok(Given::Refused(why)),
        };
        let keys = self.source.fetch(&self.tools).await.map_err(|error| error.failure())?;
        if keys.session_token().is_some() {
            let what =
                format!("AWS gives a session to an IAM user's own keys alone, and these are temporary: {}", self.what);
            return Err(Failure::new(FailureKind::Denied, what).next(
                "name the profile that holds the user's keys; a role with MFA needs mfa_serial in its own profile",
            ));
        }
        let what = "the session was refused";
        let call = self.tools.sts(Some(keys), &self.serial).get_session_token();
        let seconds = self.duration.and_then(|duration| i32::try_from(duration.as_secs()).ok());
        let call = call.set_duration_seconds(seconds).serial_number(&self.serial).token_code(code);
        let error = match call.send().await {
            Ok(answer) => {
                let session = of_sts(answer.credentials, what, "session").map_err(|error| error.failure())?;
                self.session = Some(session);
                return Ok(Given::Accepted);
            }
            Err(error) => error,
        };
        if is_wrong_code(&error) {
            return Ok(Given::Refused(WRONG.to_owned()));
        }
        let next = match code_of(&error) {
            "AccessDenied" => {
                "check --mfa-serial: it has to be a device of the user whose keys these are (IAM, Security credentials)"
            }
            "ValidationError" => "check --mfa-serial and --duration",
            "ExpiredToken" | "InvalidClientTokenId" | "SignatureDoesNotMatch" => {
                "the user's keys are not valid any more: renew them"
            }
            _ => "see what STS says, and check --mfa-serial",
        };
        Err(SourceError::of_service(what, error, next).failure())
    }

    /// The credentials file with the keys, and until when they are good. Nothing is written yet.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when no code was given, or the file can't take the keys.
    pub fn changes(&self) -> Result<(Vec<Changed>, Option<SystemTime>), Failure> {
        let Some(session) = &self.session else {
            return Err(Failure::new(FailureKind::Denied, "there is no session: no code was accepted"));
        };
        let expires = session.expiry();
        let mut edit = Edit::new(Of::Keys(self.to.clone()))
            .set("aws_access_key_id", session.access_key_id())
            .set("aws_secret_access_key", session.secret_access_key())
            .set("aws_session_token", session.session_token().unwrap_or_default());
        edit = match expires {
            Some(expires) => edit.set(EXPIRES, written(expires)),
            None => edit.remove(EXPIRES),
        };
        Ok((self.files.changed(&[edit])?, expires))
    }
}

const WRONG: &str =
    "AWS does not take this code: it is wrong, or was used before; wait until the device shows the next one";

fn note(signing: &Signing) -> Option<String> {
    let profile = signing.resolution.profile.as_ref().map_or("default", |profile| profile.value.as_str());
    redirected(&signing.environment, &signing.files, profile, ("AWS_ENDPOINT_URL_STS", "sts"))
}

/// Six digits, as every device shows them.
fn well_formed(code: &SecretString) -> Result<&str, String> {
    let code = code.expose_secret().trim();
    let fits = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(code) } else { Err("a code has six digits".to_owned()) }
}

/// Whether another code would do.
fn is_wrong_code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    let message = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
    code_of(error) == "AccessDenied" && message.contains("invalid MFA one time pass code")
}

impl fmt::Debug for RoleMfa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleMfa").field("question", &self.question()).finish_non_exhaustive()
    }
}

impl fmt::Debug for UserMfa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserMfa").field("question", &self.question()).field("to", &self.to).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_six_digits_and_sessions_the_names_of_the_aws_cli() {
        for (code, fits) in
            [("123456", true), (" 123456\n", true), ("12345", false), ("12345a", false), ("１２３４５６", false)]
        {
            assert_eq!(well_formed(&code.into()).is_ok(), fits, "{code}");
        }
        assert_eq!(session_profile("arn:aws:iam::111122223333:mfa/me"), "111122223333-me");
        assert_eq!(session_profile("GAHT12345678"), "session-GAHT12345678");
    }
}
