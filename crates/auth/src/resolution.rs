//! Which credentials a plan's choice means here: a pure decision from the environment and the AWS files. It is what a run
//! uses and what `auth explain` shows.

use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::AuthPlan,
    untrusted::printable,
};

use crate::{
    advice::{ANY_SIGN_IN, login, login_at_console},
    aws_files::{AwsFiles, Profile},
    broken::{Broken, Fault},
    endpoints::IGNORE_ENDPOINTS,
    environment::Environment,
    link::{Found, Link, State, deciding},
    origin::{Origin, Setting},
    place::Place,
    sources::{
        Context, IN_PROFILE, OF_MACHINE, Planner, container, environment as variables, instance, role, sso,
        web_identity,
    },
};

/// A plan's choice, resolved as far as that goes without running or asking anything.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// What was asked for, such as `profile analytics alone`.
    pub asked: String,
    /// The profile and what chose it; nothing where no profile takes part.
    pub profile: Option<Setting>,
    /// Where credentials may come from, in order. The search ends at the first that is not skipped.
    pub links: Vec<Link>,
    /// The region, where one is set.
    pub region: Option<Setting>,
    /// What is odd about the environment, though nothing may be wrong: one line each.
    pub notes: Vec<String>,
    /// Where the search looked, as it stands behind "no AWS credentials", and what to do if it found none.
    nothing: (String, String),
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
            Some((link, State::Broken(Broken { what, next, .. }))) => {
                Err(Failure::new(FailureKind::Denied, format!("{}: {what}", link.place)).next(next.clone()))
            }
            _ => {
                let why = self.links.iter().filter_map(|link| match &link.state {
                    State::Skipped(why) => Some(why.as_str()),
                    _ => None,
                });
                let (place, next) = &self.nothing;
                let what = format!("no AWS credentials {place}: {}", why.collect::<Vec<_>>().join("; "));
                Err(Failure::new(FailureKind::Denied, what).next(next.clone()))
            }
        }
    }
}

/// Resolves a choice.
pub(crate) fn resolve(auth: &AuthPlan, environment: &Environment, files: &AwsFiles) -> Resolution {
    let selected = Selected::of(auth, environment);
    let profile = files.profiles.get(&selected.name.value);
    let alone = |planners: &[Planner]| {
        let (profile, through) = (&Profile::default(), Vec::new());
        let context = Context { environment, files, profile, pinned: false, through };
        planners.iter().map(|plan| plan(&context)).collect()
    };
    let links = match auth {
        AuthPlan::Chain | AuthPlan::Profile(_) => of_profile(&selected, environment, files),
        AuthPlan::Env => alone(&[variables::plan]),
        AuthPlan::Compute => alone(&[web_identity::plan, container::plan, instance::plan]),
        AuthPlan::Sso(plan) => vec![sso::plan_alone(plan, environment, files)],
        AuthPlan::Role(plan) => {
            let source = resolve(&plan.source, environment, files);
            let link = role::plan_alone(plan, &source.links);
            let mut resolution = Resolution { asked: asked(auth), links: vec![link], ..source };
            resolution.notes = notes(environment, files, &resolution);
            return resolution;
        }
    };
    let is_in_use = matches!(auth, AuthPlan::Chain | AuthPlan::Profile(_));
    let mut resolution = Resolution {
        asked: asked(auth),
        links,
        region: region(environment, profile),
        notes: Vec::new(),
        nothing: nothing(auth, &selected.name.value, files),
        profile: is_in_use.then_some(selected.name),
    };
    resolution.notes = notes(environment, files, &resolution);
    resolution
}

/// What was asked for.
fn asked(auth: &AuthPlan) -> String {
    match auth {
        AuthPlan::Chain => "the AWS credential chain".to_owned(),
        AuthPlan::Env => "the environment alone".to_owned(),
        AuthPlan::Profile(name) => format!("profile `{}` alone", printable(name)),
        AuthPlan::Sso(_) => "IAM Identity Center alone".to_owned(),
        AuthPlan::Compute => "the role of this machine alone".to_owned(),
        AuthPlan::Role(plan) => {
            format!("role {} with credentials of {}", printable(&plan.role_arn), asked(&plan.source))
        }
    }
}

/// Where the search looked, and what to do if it found nothing.
fn nothing(auth: &AuthPlan, profile: &str, files: &AwsFiles) -> (String, String) {
    let (place, next) = match auth {
        AuthPlan::Env => (
            "in the environment".to_owned(),
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary keys)".to_owned(),
        ),
        AuthPlan::Profile(_) => (
            format!("in profile `{}`", printable(profile)),
            format!(
                "sign in at the console with {}\nadd sso_session, sso_account_id and sso_role_name to the profile \
                 ({} lists what there is)\nadd role_arn with source_profile, credential_process, or aws_access_key_id with \
                 aws_secret_access_key to it\nchoose another profile",
                login_at_console(profile),
                login(&["--sso-start-url", "URL", "--sso-region", "REGION"])
            ),
        ),
        AuthPlan::Compute => (
            "of this machine".to_owned(),
            "give the machine a role, or choose other credentials with [auth] method".to_owned(),
        ),
        AuthPlan::Chain | AuthPlan::Sso(_) | AuthPlan::Role(_) => {
            (format!("found in the environment, profile `{}`, or a role of this machine", printable(profile)), {
                let mut all = files.others(profile);
                all.extend(ANY_SIGN_IN.map(str::to_owned));
                all.push("see the whole search: `lakeward auth explain`".to_owned());
                all.join("\n")
            })
        }
    };
    (place, next)
}

/// The profile at hand.
struct Selected {
    name: Setting,
    /// Whether anything names it; it is the default profile otherwise.
    is_named: bool,
    /// Whether it was chosen by name for this search alone.
    pinned: bool,
}

impl Selected {
    fn of(auth: &AuthPlan, environment: &Environment) -> Self {
        if let AuthPlan::Profile(name) = auth {
            return Self { name: Setting::of("profile", name, Origin::Config), is_named: true, pinned: true };
        }
        // The AWS CLI's order; botocore has it the other way round.
        match environment.first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]) {
            Some((variable, name)) => {
                Self { name: Setting::of("profile", name, Origin::Variable(variable)), is_named: true, pinned: false }
            }
            None => Self { name: Setting::of("profile", "default", Origin::Config), is_named: false, pinned: false },
        }
    }
}

fn of_profile(
    Selected { name, is_named, pinned }: &Selected,
    environment: &Environment,
    files: &AwsFiles,
) -> Vec<Link> {
    let none = Profile { name: name.value.clone(), ..Profile::default() };
    let profile = files.profiles.get(&name.value);
    if profile.is_none() && *is_named {
        // As the AWS CLI has it, before keys of the environment: whoever names a profile does not mean other credentials.
        // What was asked for by name needs no hint to who asked.
        let variable = (name.origin != Origin::Config).then_some(name);
        let named = variable.map(|name| format!(" ({} names it)", name.origin)).unwrap_or_default();
        let mut what = format!("there is no profile `{}` in the AWS files{named}", name.value);
        let mut next = files.which_profile(&name.value);
        let elsewhere =
            files.paths().into_iter().find(|(variable, path)| environment.get(variable).is_some() && !path.exists());
        if let Some((variable, path)) = elsewhere {
            what.push_str(&format!(
                ": {variable} names {}, which does not exist",
                printable(&path.display().to_string())
            ));
            next = format!("unset {variable}, or let it name the file that holds the profile; or {next}");
        }
        let broken = Broken::new(what, next).fault(Fault::NamesAbsent);
        return vec![Link::broken(Place::Profile, broken).with(variable.cloned().into_iter().collect())];
    }
    let (profile, through) = (profile.unwrap_or(&none), vec![name.value.clone()]);
    let context = Context { environment, files, profile, pinned: *pinned, through };
    let plan = |plan: &Planner| plan(&context);
    let in_profile = IN_PROFILE.iter().map(plan);
    match pinned {
        true => in_profile.collect(),
        false => {
            std::iter::once(variables::plan(&context)).chain(in_profile).chain(OF_MACHINE.iter().map(plan)).collect()
        }
    }
}

/// The region: `AWS_REGION`, `AWS_DEFAULT_REGION`, else the profile's.
fn region(environment: &Environment, profile: Option<&Profile>) -> Option<Setting> {
    let variable = environment.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
    let variable = variable.map(|(name, value)| Setting::of("region", value, Origin::Variable(name)));
    let in_profile =
        || Some(Setting::new("region", profile?.keys.get("region").filter(|value| !value.text.is_empty())?));
    variable.or_else(in_profile)
}

/// Variables that interfere, and sections that are misspelt.
fn notes(environment: &Environment, files: &AwsFiles, resolution: &Resolution) -> Vec<String> {
    let mut notes = Vec::new();
    let decided = resolution.decided().map(|link| link.place);
    if let (Some(profile), Some(Place::Environment)) = (&resolution.profile, decided) {
        if profile.origin != Origin::Config {
            notes.push(format!(
                "{} names profile {}, but keys in the environment come first: unset AWS_ACCESS_KEY_ID to use the profile",
                profile.origin, profile.value
            ));
        } else if files.profiles.contains_key(&profile.value) {
            notes.push("keys in the environment come before all that the AWS files say".to_owned());
        }
    }
    let looks_there = resolution.links.iter().any(|link| link.place == Place::Environment)
        || resolution.links.iter().flat_map(|link| &link.inner).any(|link| link.place == Place::Environment);
    if environment.get("AWS_ACCESS_KEY_ID").is_some() && !looks_there {
        notes.push(format!("AWS_ACCESS_KEY_ID is set and does not count: this search is for {}", resolution.asked));
    }
    for (variable, path) in files.paths() {
        if environment.get(variable).is_some() {
            let missing = if path.exists() { "" } else { ", which does not exist" };
            notes.push(format!("{variable} names {}{missing}", printable(&path.display().to_string())));
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
    notes.extend(files.misspelt().map(|what| printable(what).into_owned()));
    notes
}
