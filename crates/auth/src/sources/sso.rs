//! A role of IAM Identity Center, with the sign-in that the AWS tools have cached.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sdk_sso::operation::get_role_credentials::GetRoleCredentialsOutput;
use lakeward_core::{
    plan::{SsoPlan, SsoSession},
    untrusted::printable,
};

use crate::{
    advice::login,
    aws_files::{AwsFiles, Keys},
    broken::{Broken, Fault},
    cache::sso_token::{SsoSignIn, SsoTokens},
    environment::Environment,
    error::{SourceError, code_of},
    link::{Link, Source},
    origin::{Origin, Setting},
    place::Place,
    region::fault,
    sources::Context,
    step::Step,
    temporary::temporary,
    tools::Tools,
};

const OF_SESSION: [&str; 2] = ["sso_start_url", "sso_region"];
const OF_ROLE: [&str; 2] = ["sso_account_id", "sso_role_name"];

pub(crate) fn plan(context: &Context<'_>) -> Link {
    let profile = context.profile;
    if OF_ROLE.iter().all(|key| profile.get(key).is_none()) {
        return Link::skipped(Place::Sso, format!("profile {} has no sso_account_id and sso_role_name", profile.name));
    }
    let session = profile.get("sso_session");
    let mut keys = profile.keys.clone();
    if let Some(name) = session {
        let Some(of_session) = context.files.sso_sessions.get(name) else {
            let what = format!("profile {} has sso_session = {}, which does not exist", profile.name, printable(name));
            let settings = profile.settings(&["sso_session"]);
            let broken = Broken::new(what, context.files.which_sso_session(name)).fault(Fault::NamesAbsent);
            return Link::broken(Place::Sso, broken).with(settings);
        };
        // Profiles that repeat what their session says are well known; those that contradict it are not followed.
        let differs =
            |(key, value): &(&String, &crate::origin::Value)| keys.get(*key).is_some_and(|own| own.text != value.text);
        if let Some((key, value)) = of_session.iter().find(differs) {
            let own = keys.get(key).map(|own| own.origin.clone());
            let at = own.as_ref().map(ToString::to_string).unwrap_or_default();
            let what = format!("{key} at {at} contradicts the session's at {}", value.origin);
            let broken = Broken::new(what, "take it out of the profile");
            return Link::broken(Place::Sso, broken.fault(own.map(Fault::At).unwrap_or_default()));
        }
        keys.extend(of_session.clone());
    }
    let text = |key: &str| keys.get(key).map(|value| value.text.clone());
    let settings: Vec<Setting> = ["sso_session"]
        .iter()
        .chain(&OF_SESSION)
        .chain(&OF_ROLE)
        .filter_map(|key| Some(Setting::new(*key, keys.get(*key)?)))
        .collect();
    let missing: Vec<&str> =
        OF_SESSION.iter().chain(&OF_ROLE).copied().filter(|key| !keys.contains_key(*key)).collect();
    let (start_url, region) = (text("sso_start_url"), text("sso_region"));
    let (Some(start_url), Some(region), Some(account), Some(role)) =
        (start_url.clone(), region.clone(), text("sso_account_id"), text("sso_role_name"))
    else {
        let what = format!("profile {} lacks {}", profile.name, missing.join(" and "));
        let next = match (missing.iter().any(|key| OF_SESSION.contains(key)), session) {
            (true, Some(name)) => {
                format!("add it to [sso-session {}]: the settings of IAM Identity Center show it", printable(name))
            }
            (true, None) => "add it to the profile: the settings of IAM Identity Center show it".to_owned(),
            (false, _) => {
                let lists = lists(start_url.as_deref().unwrap_or_default(), region.as_deref().unwrap_or_default());
                format!("add it to the profile: {lists}")
            }
        };
        let broken = Broken::new(what, next).fault(Fault::LacksSso(missing));
        return Link::broken(Place::Sso, broken).with(settings);
    };
    if let Some(broken) = region_fault(&keys) {
        return Link::broken(Place::Sso, broken).with(settings);
    }
    let sign_in = SsoSignIn { session: session.map(str::to_owned), start_url, region };
    let settings = settings.into_iter().chain(sign_in.cached(context.environment)).collect();
    link(sign_in, account, role).with(settings)
}

/// What is wrong with the region of a session or of a profile that has its own.
pub(crate) fn region_fault(keys: &Keys) -> Option<Broken> {
    Some(fault(&Setting::new("sso_region", keys.get("sso_region")?))?.fault(Fault::SsoRegion))
}

/// The role that the config itself names.
pub(crate) fn plan_alone(plan: &SsoPlan, environment: &Environment, files: &AwsFiles) -> Link {
    let sign_in = match &plan.session {
        SsoSession::Direct { start_url, region } => {
            SsoSignIn { session: None, start_url: start_url.clone(), region: region.clone() }
        }
        SsoSession::Named(name) => {
            let text = |keys: &Keys, key: &str| keys.get(key).map(|value| value.text.clone());
            let session = files.sso_sessions.get(name);
            let (Some(start_url), Some(region)) = (
                session.and_then(|keys| text(keys, "sso_start_url")),
                session.and_then(|keys| text(keys, "sso_region")),
            ) else {
                let (what, fault) = match session {
                    None => {
                        let what = format!("there is no [sso-session {}] in the AWS config file", printable(name));
                        (what, Fault::NamesAbsent)
                    }
                    Some(keys) => {
                        let lacks = OF_SESSION.into_iter().filter(|key| !keys.contains_key(*key)).collect();
                        let what = format!("[sso-session {}] lacks sso_start_url or sso_region", printable(name));
                        (what, Fault::LacksSso(lacks))
                    }
                };
                return Link::broken(Place::Sso, Broken::new(what, files.which_sso_session(name)).fault(fault));
            };
            if let Some(broken) = session.and_then(region_fault) {
                return Link::broken(Place::Sso, broken);
            }
            SsoSignIn { session: Some(name.clone()), start_url, region }
        }
    };
    let session = files.sso_sessions.get(sign_in.session.as_deref().unwrap_or_default());
    let of_session = OF_SESSION.iter().filter_map(|key| Some(Setting::new(*key, session?.get(*key)?)));
    let settings = [
        Setting::of("sso_account_id", &plan.account_id, Origin::Config),
        Setting::of("sso_role_name", &plan.role_name, Origin::Config),
    ];
    let settings = of_session.chain(settings).chain(sign_in.cached(environment)).collect();
    link(sign_in, plan.account_id.clone(), plan.role_name.clone()).with(settings)
}

fn link(sign_in: SsoSignIn, account: String, role: String) -> Link {
    let what = format!(
        "role {} of account {}, by the sign-in to {}",
        printable(&role),
        printable(&account),
        printable(&sign_in.start_url)
    );
    Link::found(Place::Sso, what, SsoRole { tokens: SsoTokens::new(sign_in), account, role })
}

/// How a person finds out what may be used.
fn lists(start_url: &str, region: &str) -> String {
    let login = login(&["--sso-start-url", start_url, "--sso-region", region]);
    format!("{login} lists the accounts and roles that there are")
}

struct SsoRole {
    tokens: SsoTokens,
    account: String,
    role: String,
}

enum Refused {
    Token,
    Other(SourceError),
}

impl SsoRole {
    async fn role(&self, token: &str, tools: &Tools) -> Result<GetRoleCredentialsOutput, Refused> {
        let call = tools.portal(&self.tokens.sign_in.region).get_role_credentials();
        let answer = call.account_id(&self.account).role_name(&self.role).access_token(token).send().await;
        answer.map_err(|error| {
            let what = format!(
                "IAM Identity Center gives no credentials for role {} of account {}",
                printable(&self.role),
                printable(&self.account)
            );
            let SsoSignIn { start_url, region, .. } = &self.tokens.sign_in;
            let check =
                |why: &str| format!("check sso_account_id and sso_role_name: {why}; {}", lists(start_url, region));
            let next = match code_of(&error) {
                "UnauthorizedException" => return Refused::Token,
                "ForbiddenException" => {
                    check("the sign-in is good, but this role is not (or no longer) assigned to it")
                }
                "ResourceNotFoundException" => check("there is no such account or role"),
                "TooManyRequestsException" => "wait a moment, then try again".to_owned(),
                _ => "check sso_region, sso_account_id and sso_role_name".to_owned(),
            };
            Refused::Other(SourceError::of_service(what, error, next))
        })
    }
}

#[async_trait]
impl Source for SsoRole {
    async fn fetch(&self, tools: &Tools) -> Result<Credentials, SourceError> {
        let token = self.tokens.current(tools).await?;
        let answer = match self.role(&token, tools).await {
            // It may have been ended before its time, while the refresh token still is good.
            Err(Refused::Token) => self.role(&self.tokens.another(&token, tools).await?, tools).await,
            answer => answer,
        };
        let answer = answer.map_err(|refused| match refused {
            Refused::Other(error) => error,
            Refused::Token => SourceError::new(
                format!(
                    "IAM Identity Center does not know the sign-in to {} any more",
                    printable(&self.tokens.sign_in.start_url)
                ),
                format!("{}; if that changes nothing, check sso_region", self.tokens.sign_in.sign_in()),
            ),
        })?;
        let keys = answer.role_credentials.ok_or_else(|| {
            SourceError::new("IAM Identity Center answered without credentials", "check AWS_ENDPOINT_URL_SSO")
        })?;
        let expires = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(keys.expiration).unwrap_or(0));
        let (id, secret, token) = (keys.access_key_id, keys.secret_access_key, keys.session_token);
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        Ok(temporary(&or_empty(&id), &or_empty(&secret), &or_empty(&token), Some(expires), "IAM Identity Center"))
    }

    fn needs(&self) -> Vec<Step> {
        vec![Step::AsksSso(self.tokens.sign_in.region.clone())]
    }
}
