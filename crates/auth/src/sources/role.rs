//! A role that is assumed with other credentials, also with an MFA code that somebody has given before.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sdk_sts::{
    error::SdkError,
    operation::assume_role::{AssumeRoleError, AssumeRoleOutput},
};
use lakeward_core::{plan::RolePlan, untrusted::printable};

use super::{Context, container, environment, instance, links_of_source};
use crate::{
    advice::login_of,
    aws_files::Profile,
    broken::{Broken, Fault},
    cache::role::{RoleCache, RoleRequest},
    error::{SourceError, code_of},
    link::{Link, Source, State, deciding},
    origin::{Origin, Setting},
    place::Place,
    step::Step,
    temporary::of_sts,
    tools::Tools,
};

const KEYS: [&str; 8] = [
    "role_arn",
    "source_profile",
    "credential_source",
    "role_session_name",
    "external_id",
    "duration_seconds",
    "mfa_serial",
    "services",
];

/// What a session is called in CloudTrail when nothing says.
pub(super) const SESSION_NAME: &str = "lakeward";

/// The shortest session of a role, and the longest session policy in characters (AWS STS API reference, AssumeRole).
pub(super) const SHORTEST: Duration = Duration::from_mins(15);
const MOST_POLICY: usize = 2048;

pub(crate) fn plan(context: &Context<'_>) -> Link {
    let profile = context.profile;
    let Some(request) = request_of(profile) else {
        return Link::skipped(Place::RoleOfProfile, format!("profile {} has no role_arn to assume", profile.name));
    };
    let settings = profile.settings(&KEYS);
    let inner = match source(context) {
        Ok(inner) => inner,
        Err(broken) => {
            return Link::broken(Place::RoleOfProfile, *broken).with(settings);
        }
    };
    let sign_in = format!("run {}, type the code", login_of(&profile.name));
    link(Place::RoleOfProfile, request, inner, sign_in).with(settings)
}

/// What STS is asked for a profile's role.
pub(crate) fn request_of(profile: &Profile) -> Option<RoleRequest> {
    let role_arn = profile.get("role_arn").filter(|_| profile.get("web_identity_token_file").is_none())?;
    Some(RoleRequest {
        role_arn: role_arn.to_owned(),
        session_name: profile.get("role_session_name").map(str::to_owned),
        external_id: profile.get("external_id").map(str::to_owned),
        // Like botocore: what is no number is as if it were not there.
        duration: profile.get("duration_seconds").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs),
        mfa_serial: profile.get("mfa_serial").map(str::to_owned),
    })
}

/// The role that the config itself names.
pub(crate) fn plan_alone(plan: &RolePlan, source: &[Link]) -> Link {
    let setting =
        |key: &str, value: &Option<String>| value.as_ref().map(|value| Setting::of(key, value, Origin::Config));
    let settings = [
        setting("role_arn", &Some(plan.role_arn.clone())),
        setting("role_session_name", &plan.session_name),
        setting("external_id", &plan.external_id),
        setting("mfa_serial", &plan.mfa_serial),
    ];
    let request = RoleRequest {
        role_arn: plan.role_arn.clone(),
        session_name: plan.session_name.clone(),
        external_id: plan.external_id.clone(),
        duration: plan.duration,
        mfa_serial: plan.mfa_serial.clone(),
    };
    let sign_in = "run `lakeward auth login` with this config, type the code";
    let link = link(Place::RoleOfConfig, request, source.to_vec(), sign_in.to_owned());
    link.with(settings.into_iter().flatten().collect())
}

/// A role on the first of the links that decides.
fn link(place: Place, request: RoleRequest, inner: Vec<Link>, sign_in: String) -> Link {
    let what = format!("role {}", printable(&request.role_arn));
    let link = match deciding(&inner).map(|link| (link.place, &link.state)) {
        Some((_, State::Found(found))) => {
            let (what, source) = (format!("{what}, assumed with {}", found.what), found.source.clone());
            Link::found(place, what, AssumedRole { request, source, policy: None, sign_in })
        }
        Some((inner, State::Broken(broken))) => {
            let what = format!("the credentials that assume it are broken ({inner}): {}", broken.what);
            Link::broken(place, Broken { what, ..broken.clone() })
        }
        _ => Link::broken(
            place,
            Broken::new(
                format!("nothing gives the credentials that assume {what}"),
                "give the source keys, a sign-in or a role of its own",
            ),
        ),
    };
    link.inside(inner)
}

/// The links of the credentials that assume a profile's role. The rules are botocore's.
fn source(context: &Context<'_>) -> Result<Vec<Link>, Box<Broken>> {
    let Context { profile, files, .. } = context;
    let name = printable(&profile.name);
    let broken = |what: String, next: String| Err(Box::new(Broken::new(what, next)));
    let absent = |what: String, next: String| Err(Box::new(Broken::new(what, next).fault(Fault::NamesAbsent)));
    match (profile.get("source_profile"), profile.get("credential_source")) {
        (Some(_), Some(_)) => broken(
            format!("profile {name} has both source_profile and credential_source"),
            "take one of the two out".to_owned(),
        ),
        (None, None) => broken(
            format!("profile {name} has a role_arn, but neither source_profile nor credential_source"),
            "say with source_profile = NAME whose credentials assume the role".to_owned(),
        ),
        (None, Some("Environment")) => Ok(vec![environment::plan(context)]),
        (None, Some("EcsContainer")) => Ok(vec![container::plan(context)]),
        (None, Some("Ec2InstanceMetadata")) => Ok(vec![instance::plan(context)]),
        (None, Some(other)) => absent(
            format!("profile {name} has credential_source = {}, which does not exist", printable(other)),
            "there are Environment, Ec2InstanceMetadata, EcsContainer".to_owned(),
        ),
        (Some(source), None) => match files.profiles.get(source) {
            None => absent(
                format!("profile {name} has source_profile = {}, which does not exist", printable(source)),
                files.which_source(source, &context.through),
            ),
            Some(profile) => source_profile(context, profile),
        },
    }
}

fn source_profile(context: &Context<'_>, source: &Profile) -> Result<Vec<Link>, Box<Broken>> {
    let has_keys = source.get("aws_access_key_id").is_some() || source.get("aws_secret_access_key").is_some();
    let itself = source.name == context.profile.name;
    if context.through.contains(&source.name) && !(itself && has_keys) {
        let way: Vec<&str> = context.through.iter().chain([&source.name]).map(String::as_str).collect();
        let what = format!("the source profiles go round in a circle: {}", printable(&way.join(" -> ")));
        let Profile { name, keys, .. } = &context.profile;
        let place = keys.get("source_profile").map(|value| format!(" ({})", value.origin)).unwrap_or_default();
        let next = format!("give profile {name} keys or a sign-in of its own, or another source_profile{place}");
        return Err(Box::new(Broken::new(what, next).fault(Fault::Circle)));
    }
    let through = context.through.iter().cloned().chain([source.name.clone()]).collect();
    let context = Context { profile: source, pinned: true, through, ..*context };
    let is_role = source.get("role_arn").is_some() && source.get("web_identity_token_file").is_none();
    Ok(if has_keys || !is_role { links_of_source(&context) } else { vec![plan(&context)] })
}

/// A role that asks for an MFA code.
#[derive(Clone)]
pub(crate) struct MfaRole {
    /// The device.
    pub(crate) serial: String,
    pub(crate) request: RoleRequest,
    /// The credentials that assume it.
    pub(crate) source: Arc<dyn Source>,
}

impl RoleRequest {
    fn what(&self) -> String {
        format!("the role {} can't be assumed", printable(&self.role_arn))
    }

    /// Asks STS, with a code of the MFA device if there is one, and for no more than a session policy allows if there is one.
    pub(crate) async fn assume(
        &self,
        credentials: Credentials,
        code: Option<&str>,
        policy: Option<&str>,
        tools: &Tools,
    ) -> Result<AssumeRoleOutput, SdkError<AssumeRoleError>> {
        let duration = self.duration.and_then(|duration| i32::try_from(duration.as_secs()).ok());
        tools
            .sts(Some(credentials), &self.role_arn)
            .assume_role()
            .role_arn(&self.role_arn)
            .role_session_name(self.session_name.as_deref().unwrap_or(SESSION_NAME))
            .set_external_id(self.external_id.clone())
            .set_duration_seconds(duration)
            .set_serial_number(self.mfa_serial.clone().filter(|_| code.is_some()))
            .set_token_code(code.map(str::to_owned))
            .set_policy(policy.map(str::to_owned))
            .send()
            .await
    }

    /// Why STS says no.
    pub(crate) fn refused(&self, error: SdkError<AssumeRoleError>) -> SourceError {
        let next = match (code_of(&error), &self.external_id, &self.mfa_serial) {
            ("AccessDenied", None, None) => {
                "let the role's trust policy name these credentials, and allow them sts:AssumeRole; if it asks for an \
                 external id or MFA, set external_id or mfa_serial"
            }
            ("AccessDenied", None, Some(_)) => {
                "let the role's trust policy name these credentials, and allow them sts:AssumeRole; if it asks for an \
                 external id, set external_id; check that mfa_serial is a device of the user whose keys these are"
            }
            ("AccessDenied", Some(_), _) => {
                "let the role's trust policy name these credentials and this external id, and allow them sts:AssumeRole"
            }
            ("ExpiredToken" | "InvalidClientTokenId" | "SignatureDoesNotMatch", ..) => {
                "the credentials that assume the role are not valid any more: renew them"
            }
            ("ValidationError", ..) => "check role_arn, the duration and the session's name",
            ("RegionDisabledException", ..) => "choose a region that the account has enabled (AWS_REGION)",
            _ => "see what STS says, and check role_arn",
        };
        SourceError::of_service(self.what(), error, next)
    }
}

struct AssumedRole {
    request: RoleRequest,
    source: Arc<dyn Source>,
    /// Leaves the session no more rights than this.
    policy: Option<String>,
    /// How a person gives the MFA code.
    sign_in: String,
}

#[async_trait]
impl Source for AssumedRole {
    async fn fetch(&self, tools: &Tools) -> Result<Credentials, SourceError> {
        let request = &self.request;
        if let Some(serial) = &request.mfa_serial {
            // Without a person there is no code: what a person's sign-in has left in the AWS CLI's cache counts.
            let cache = RoleCache::of(tools, request);
            return cache.read(tools.now()).ok_or_else(|| {
                SourceError::new(
                    format!(
                        "role {} asks for a code of the MFA device {}, and {}",
                        printable(&request.role_arn),
                        printable(serial),
                        cache.lack()
                    ),
                    format!("{}, then run again", self.sign_in),
                )
            });
        }
        let credentials = self.source.fetch(tools).await?;
        let answer = request
            .assume(credentials, None, self.policy.as_deref(), tools)
            .await
            .map_err(|error| request.refused(error))?;
        of_sts(answer.credentials, &request.what(), "assumed role")
    }

    fn needs(&self) -> Vec<Step> {
        let step = match &self.request.mfa_serial {
            Some(_) => Step::ReadsRole(self.request.role_arn.clone()),
            None => Step::AsksSts(self.request.role_arn.clone()),
        };
        self.source.needs().into_iter().chain([step]).collect()
    }

    fn mfa_roles(&self) -> Vec<MfaRole> {
        let own = self.request.mfa_serial.as_ref().map(|serial| MfaRole {
            serial: serial.clone(),
            request: self.request.clone(),
            source: Arc::clone(&self.source),
        });
        self.source.mfa_roles().into_iter().chain(own).collect()
    }

    fn renews(&self) -> bool {
        self.request.mfa_serial.is_none()
    }

    fn restricted(&self, policy: &str) -> Result<Arc<dyn Source>, &'static str> {
        if self.request.mfa_serial.is_some() {
            return Err("to assume the role again takes another code of the MFA device");
        }
        fits_session(policy)?;
        // As short as a session can be: it is for one write, and within what any role and any chain of roles may have.
        let request = RoleRequest { duration: Some(SHORTEST), ..self.request.clone() };
        let (source, sign_in) = (self.source.clone(), self.sign_in.clone());
        Ok(Arc::new(Self { request, source, policy: Some(policy.to_owned()), sign_in }))
    }
}

/// Whether a policy can be a session's.
pub(super) fn fits_session(policy: &str) -> Result<(), &'static str> {
    match policy.chars().count() {
        0..=MOST_POLICY => Ok(()),
        _ => Err("the policy is longer than a session policy may be (2,048 characters)"),
    }
}
