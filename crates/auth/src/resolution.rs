//! Which credentials a plan's choice means here: a pure decision from the environment and the AWS files. It is what a run
//! uses and what `auth explain` shows.

use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::{AuthPlan, RolePlan},
    untrusted::printable,
};

use crate::{
    aws_files::{AwsFiles, Profile, Value},
    environment::Environment,
    link::{Found, Link, Origin, Setting, State, deciding},
    sources::{container, environment as variables, instance, keys, login, process, role, sso, web_identity},
};

/// What planners of links look at.
pub(crate) struct Context<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) files: &'a AwsFiles,
    /// The profile at hand; without keys where there is none of the name.
    pub(crate) profile: &'a Profile,
    /// Whether the profile was chosen by name, so that variables do not count.
    pub(crate) pinned: bool,
    /// The profiles through which the search has come, the first one first.
    pub(crate) through: Vec<String>,
}

type Planner = fn(&Context<'_>) -> Link;

/// All that a profile can say, in botocore's order.
const IN_PROFILE: [Planner; 7] = [
    role::plan,
    web_identity::plan,
    sso::plan,
    keys::in_credentials_file,
    login::plan,
    process::plan,
    keys::in_config_file,
];

/// The role of this machine.
const OF_MACHINE: [Planner; 2] = [container::plan, instance::plan];

/// A plan's choice, resolved as far as that goes without running or asking anything.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// What was asked for, such as `profile analytics alone`.
    pub asked: String,
    /// Where the search looked, as it stands behind "no AWS credentials".
    place: String,
    /// The profile and what chose it; nothing where no profile takes part.
    pub profile: Option<Setting>,
    /// Where credentials may come from, in order. The search ends at the first that is not skipped.
    pub links: Vec<Link>,
    /// The region, where one is set.
    pub region: Option<Setting>,
    /// What is odd about the environment, though nothing may be wrong: one line each.
    pub notes: Vec<String>,
}

impl Resolution {
    /// The link at which the search ends.
    #[must_use]
    pub fn decided(&self) -> Option<&Link> {
        deciding(&self.links)
    }

    /// Where credentials can be had.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] with what is wrong at the link that decides, or that nothing is set up anywhere.
    pub fn found(&self) -> Result<&Found, Failure> {
        match self.decided().map(|link| (link, &link.state)) {
            Some((_, State::Found(found))) => Ok(found),
            Some((link, State::Broken { what, next })) => {
                Err(Failure::new(FailureKind::Denied, format!("{}: {what}", link.name)).next(next.clone()))
            }
            _ => Err(Failure::new(FailureKind::Denied, self.nothing_found()).next(self.what_to_set_up())),
        }
    }

    fn nothing_found(&self) -> String {
        let skipped = self.links.iter().filter_map(|link| match &link.state {
            State::Skipped(why) => Some(why.as_str()),
            _ => None,
        });
        format!("no AWS credentials {}: {}", self.place, skipped.collect::<Vec<_>>().join("; "))
    }

    fn what_to_set_up(&self) -> &'static str {
        if self.asked.starts_with("the environment") {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary keys)"
        } else if self.asked.starts_with("profile") {
            "give the profile a way to sign in (`aws configure sso`, `aws login`), or choose another"
        } else {
            "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or [auth] method and profile in the config; \
             `lakeward auth explain` shows the whole search"
        }
    }
}

/// Resolves a choice.
///
/// # Errors
/// [`FailureKind::Denied`] when the AWS files can't be read.
pub(crate) fn resolve(auth: &AuthPlan, environment: &Environment, files: &AwsFiles) -> Resolution {
    let mut resolution = choose(auth, environment, files);
    resolution.notes = notes(environment, files, &resolution);
    resolution
}

fn choose(auth: &AuthPlan, environment: &Environment, files: &AwsFiles) -> Resolution {
    let selected = selected_profile(environment);
    match auth {
        AuthPlan::Chain => {
            let name = &selected.0.value;
            let place = format!("found in the environment, profile `{name}`, or a role of this machine");
            of_profile(("the AWS credential chain", &place), &selected, false, environment, files)
        }
        AuthPlan::Profile(name) => {
            let setting = Setting::of("profile", name, Origin::Config);
            let asked = format!("profile `{}` alone", printable(name));
            of_profile(
                (&asked, &format!("in profile `{}`", printable(name))),
                &(setting, true),
                true,
                environment,
                files,
            )
        }
        AuthPlan::Env => {
            alone(("the environment alone", "in the environment"), &selected, environment, files, &[variables::plan])
        }
        AuthPlan::Compute => alone(
            ("the role of this machine alone", "of this machine"),
            &selected,
            environment,
            files,
            &[web_identity::plan, container::plan, instance::plan],
        ),
        AuthPlan::Sso(plan) => {
            let mut resolution =
                alone(("IAM Identity Center alone", "of IAM Identity Center"), &selected, environment, files, &[]);
            resolution.links = vec![sso::plan_alone(plan, files)];
            resolution
        }
        AuthPlan::Role(plan) => of_role(plan, environment, files),
    }
}

fn of_role(plan: &RolePlan, environment: &Environment, files: &AwsFiles) -> Resolution {
    let source = choose(&plan.source, environment, files);
    let asked = format!("role {} with credentials of {}", printable(&plan.role_arn), source.asked);
    let link = role::plan_alone(plan, &source);
    Resolution { asked, links: vec![link], ..source }
}

/// The profile that the environment selects, and whether it was named at all.
fn selected_profile(environment: &Environment) -> (Setting, bool) {
    // The AWS CLI's order; botocore has it the other way round.
    match environment.first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]) {
        Some((variable, name)) => (Setting::of("profile", name, Origin::Variable(variable)), true),
        None => (Setting::of("profile", "default", Origin::Config), false),
    }
}

fn of_profile(
    (asked, place): (&str, &str),
    (name, named): &(Setting, bool),
    pinned: bool,
    environment: &Environment,
    files: &AwsFiles,
) -> Resolution {
    let none = Profile { name: name.value.clone(), ..Profile::default() };
    let profile = files.profiles.get(&name.value);
    let region = region(environment, profile);
    let context =
        Context { environment, files, profile: profile.unwrap_or(&none), pinned, through: vec![name.value.clone()] };
    let links = if profile.is_none() && *named {
        // As the AWS CLI has it, before keys of the environment: whoever names a profile does not mean other credentials.
        let what = format!("there is no profile `{}` in the AWS files ({} names it)", name.value, name.origin);
        vec![Link::broken("profile", what, files.which_profile(&name.value)).with(vec![name.clone()])]
    } else if pinned {
        IN_PROFILE.iter().map(|plan| plan(&context)).collect()
    } else {
        let first: [Planner; 1] = [variables::plan];
        first.iter().chain(&IN_PROFILE).chain(&OF_MACHINE).map(|plan| plan(&context)).collect()
    };
    Resolution {
        asked: asked.to_owned(),
        place: place.to_owned(),
        profile: Some(name.clone()),
        links,
        region,
        notes: Vec::new(),
    }
}

/// Some links alone; of the profile only region and endpoints count.
fn alone(
    (asked, place): (&str, &str),
    (name, _): &(Setting, bool),
    environment: &Environment,
    files: &AwsFiles,
    planners: &[Planner],
) -> Resolution {
    let none = Profile::default();
    let context = Context { environment, files, profile: &none, pinned: false, through: Vec::new() };
    let links = planners.iter().map(|plan| plan(&context)).collect();
    let region = region(environment, files.profiles.get(&name.value));
    Resolution { asked: asked.to_owned(), place: place.to_owned(), profile: None, links, region, notes: Vec::new() }
}

/// All that a profile says, as the source of a role: variables do not count.
pub(crate) fn links_of_source(context: &Context<'_>) -> Vec<Link> {
    IN_PROFILE.iter().skip(1).map(|plan| plan(context)).collect()
}

/// The region: `AWS_REGION`, `AWS_DEFAULT_REGION`, else the profile's.
fn region(environment: &Environment, profile: Option<&Profile>) -> Option<Setting> {
    let variable = environment.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
    let variable = variable.map(|(name, value)| Setting::of("region", value, Origin::Variable(name)));
    let in_profile =
        || Some(Setting::new("region", profile?.keys.get("region").filter(|value| !value.text.is_empty())?));
    variable.or_else(in_profile)
}

/// Variables that interfere.
fn notes(environment: &Environment, files: &AwsFiles, resolution: &Resolution) -> Vec<String> {
    let mut notes = Vec::new();
    let decided = resolution.decided().map(|link| link.name);
    if let (Some(profile), Some(variables::NAME)) = (&resolution.profile, decided) {
        if profile.origin != Origin::Config {
            notes.push(format!(
                "{} names profile {}, but keys in the environment come first: unset AWS_ACCESS_KEY_ID to use the profile",
                profile.origin, profile.value
            ));
        } else if files.profiles.contains_key(&profile.value) {
            notes.push("keys in the environment come before all that the AWS files say".to_owned());
        }
    }
    if let (Some(first), Some(second)) = (environment.get("AWS_PROFILE"), environment.get("AWS_DEFAULT_PROFILE"))
        && first != second
    {
        notes.push("AWS_PROFILE and AWS_DEFAULT_PROFILE differ: AWS_PROFILE counts here and in the AWS CLI, the other in boto3".to_owned());
    }
    if let (Some(first), Some(second)) = (environment.get("AWS_REGION"), environment.get("AWS_DEFAULT_REGION"))
        && first != second
    {
        notes.push("AWS_REGION and AWS_DEFAULT_REGION differ: AWS_REGION counts here, the other in boto3".to_owned());
    }
    if environment.get("AWS_SECURITY_TOKEN").is_some() && environment.get("AWS_SESSION_TOKEN").is_some() {
        notes.push("AWS_SECURITY_TOKEN counts before AWS_SESSION_TOKEN, as in the AWS CLI".to_owned());
    }
    if let (Some(url), false) = (environment.get("AWS_ENDPOINT_URL"), environment.is_true(IGNORE_ENDPOINTS)) {
        notes.push(format!(
            "AWS_ENDPOINT_URL sends sign-in and STS to {} as well: to move S3 alone, set [destination] endpoint or \
             AWS_ENDPOINT_URL_S3 instead",
            printable(url)
        ));
    }
    notes
}

/// Turns off every endpoint that the environment and the AWS files set.
pub(crate) const IGNORE_ENDPOINTS: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// The endpoint that is set for a service: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, the profile's `services` section,
/// the profile's `endpoint_url`.
pub(crate) fn endpoint(
    environment: &Environment,
    files: &AwsFiles,
    profile: Option<&Profile>,
    (variable, service): (&'static str, &str),
) -> Option<Value> {
    if environment.is_true(IGNORE_ENDPOINTS) {
        return None;
    }
    let set = environment.first(&[variable, "AWS_ENDPOINT_URL"]);
    let set = set.map(|(name, url)| Value { text: url.to_owned(), origin: Origin::Variable(name) });
    set.or_else(|| files.endpoint(profile?, service))
}
