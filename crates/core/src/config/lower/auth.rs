//! `[auth]`: which credentials are used.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    super::{
        tables::{Auth, RoleAuth, SsoAuth},
        values::{self, Wrong},
    },
    Reader,
};
use crate::{
    plan::{AuthPlan, RolePlan, SsoPlan, SsoSession},
    untrusted::excerpt,
};

/// How long a role's credentials can live (AWS STS API reference, "AssumeRole").
const ROLE_DURATION: RangeInclusive<Duration> = Duration::from_mins(15)..=Duration::from_hours(12);

impl Reader<'_> {
    /// The choice, unless something is wrong with it.
    pub(super) fn auth(&mut self, auth: &Auth) -> Option<AuthPlan> {
        Some(match auth {
            Auth::Chain => AuthPlan::Chain,
            Auth::Env => AuthPlan::Env,
            Auth::Compute => AuthPlan::Compute,
            Auth::Profile(auth) => AuthPlan::Profile(auth.profile.value.clone()),
            Auth::Sso(auth) => AuthPlan::Sso(self.sso(auth)?),
            Auth::Role(auth, source) => {
                let source = self.auth(source);
                AuthPlan::Role(Box::new(self.role(auth, source)?))
            }
        })
    }

    fn sso(&mut self, auth: &SsoAuth) -> Option<SsoPlan> {
        self.check(&auth.sso_account_id, |id| values::account(id));
        if let Some(region) = &auth.sso_region {
            self.check(region, |name| values::aws_region(name));
        }
        let session = match (&auth.sso_session, &auth.sso_start_url, &auth.sso_region) {
            (Some(name), None, None) => SsoSession::Named(name.value.clone()),
            (None, Some(url), Some(region)) => {
                self.check(url, |url| start_url(url));
                SsoSession::Direct { start_url: url.value.clone(), region: region.value.clone() }
            }
            (Some(name), ..) => {
                let hint = "take it out, or sso_start_url and sso_region: the session names both";
                self.wrong(name, "a session does not go with a start URL and a region of their own", hint);
                return None;
            }
            (None, url, region) => {
                let hint = "set sso_session, or both sso_start_url and sso_region";
                let lacking = match (url, region) {
                    (Some(_), _) => "sso_region is missing beside sso_start_url",
                    (_, Some(_)) => "sso_start_url is missing beside sso_region",
                    _ => "neither sso_session nor sso_start_url says where to sign in",
                };
                let at = url.as_ref().or(region.as_ref()).unwrap_or(&auth.sso_account_id);
                self.wrong(at, lacking, hint);
                return None;
            }
        };
        let (account_id, role_name) = (auth.sso_account_id.value.clone(), auth.sso_role_name.value.clone());
        Some(SsoPlan { session, account_id, role_name })
    }

    fn role(&mut self, auth: &RoleAuth, source: Option<AuthPlan>) -> Option<RolePlan> {
        self.check(&auth.role_arn, |arn| role_arn(arn));
        if let Some(name) = &auth.role_session_name {
            self.check(name, |name| session_name(name));
        }
        let duration = auth.duration.as_ref().and_then(|given| {
            self.value(given, |text| match values::duration(text)? {
                duration if ROLE_DURATION.contains(&duration) => Ok(duration),
                _ => Err(Wrong::new("a role's credentials live 15 minutes to 12 hours")
                    .hint("the role itself can set a shorter maximum")),
            })
        });
        let text = |at: &Option<super::At<String>>| at.as_ref().map(|at| at.value.clone());
        Some(RolePlan {
            role_arn: auth.role_arn.value.clone(),
            session_name: text(&auth.role_session_name),
            external_id: text(&auth.external_id),
            duration,
            mfa_serial: text(&auth.mfa_serial),
            source: source?,
        })
    }
}

fn start_url(url: &str) -> Result<(), Wrong> {
    if url.starts_with("https://") && !url.contains(char::is_whitespace) {
        return Ok(());
    }
    Err(Wrong::new(format!("\"{}\" is no start URL", excerpt(url, 80)))
        .hint("it looks like https://my-company.awsapps.com/start"))
}

fn role_arn(arn: &str) -> Result<(), Wrong> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "iam", "", account, resource]
            if partition.starts_with("aws")
                && values::account(account).is_ok()
                && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
        {
            Ok(())
        }
        _ => Err(Wrong::new(format!("\"{}\" is not the ARN of a role", excerpt(arn, 120)))
            .hint("it looks like arn:aws:iam::111122223333:role/lakeward")),
    }
}

/// AWS STS API reference, "AssumeRole", RoleSessionName.
fn session_name(name: &str) -> Result<(), Wrong> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_=,.@-".contains(c);
    if (2..=64).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(Wrong::new(format!("\"{}\" can't name a session", excerpt(name, 80)))
        .hint("write 2 to 64 letters, digits and _ = , . @ -"))
}
