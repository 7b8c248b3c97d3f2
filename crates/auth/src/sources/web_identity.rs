//! Web identity: a role that is assumed with a token in a file, as EKS (IRSA) and CI systems give it.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use lakeward_core::untrusted::printable;

use super::role::{SESSION_NAME, SHORTEST, fits_session};
use crate::{
    broken::Broken,
    error::{SourceError, code_of},
    link::{Link, Source},
    origin::{Origin, Setting},
    place::Place,
    sources::Context,
    step::Step,
    temporary::of_sts,
    tools::Tools,
};

/// The environment's and the profile's; each value of the environment wins, unless the profile was chosen by name.
pub(crate) fn plan(context: &Context<'_>) -> Link {
    let value = |key: &'static str, variable: &'static str| {
        let set = context.environment.get(variable).filter(|_| !context.pinned);
        let set = set.map(|text| Setting::of(key, text, Origin::Variable(variable)));
        set.or_else(|| Some(Setting::new(key, context.profile.keys.get(key)?)))
    };
    let Some(token_file) =
        value("web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE").filter(|setting| !setting.value.is_empty())
    else {
        return Link::skipped(
            Place::WebIdentity,
            "no web_identity_token_file or AWS_WEB_IDENTITY_TOKEN_FILE names a token",
        );
    };
    let session_name = value("role_session_name", "AWS_ROLE_SESSION_NAME");
    let Some(role_arn) = value("role_arn", "AWS_ROLE_ARN").filter(|setting| !setting.value.is_empty()) else {
        let next = "set AWS_ROLE_ARN, or role_arn in the profile";
        let broken = Broken::new("a token file is named, but no role to assume with it", next);
        return Link::broken(Place::WebIdentity, broken).with(vec![token_file]);
    };
    let what = format!("role {}, assumed with the token in {}", role_arn.value, token_file.value);
    let source = WebIdentity {
        role_arn: role_arn.value.clone(),
        session_name: session_name.as_ref().map(|setting| setting.value.clone()),
        token_file: PathBuf::from(&token_file.value),
        policy: None,
    };
    let settings = [Some(token_file), Some(role_arn), session_name].into_iter().flatten().collect();
    Link::found(Place::WebIdentity, what, source).with(settings)
}

#[derive(Clone)]
struct WebIdentity {
    role_arn: String,
    session_name: Option<String>,
    token_file: PathBuf,
    /// Leaves the session no more rights than this.
    policy: Option<String>,
}

#[async_trait]
impl Source for WebIdentity {
    async fn fetch(&self, tools: &Tools) -> Result<Credentials, SourceError> {
        let file = self.token_file.display().to_string();
        let file = printable(&file);
        // Read each time: whoever issues tokens replaces them.
        let token = tokio::fs::read_to_string(&self.token_file).await.map_err(|error| {
            let next = "check AWS_WEB_IDENTITY_TOKEN_FILE, and that this user may read the file";
            SourceError::new(format!("the web identity token {file} can't be read: {error}"), next)
        })?;
        let what = format!("the role {} can't be assumed with the token in {file}", printable(&self.role_arn));
        let answer = tools
            .sts(None, &self.role_arn)
            .assume_role_with_web_identity()
            .role_arn(&self.role_arn)
            .role_session_name(self.session_name.as_deref().unwrap_or(SESSION_NAME))
            .web_identity_token(token.trim())
            .set_policy(self.policy.clone())
            .set_duration_seconds(self.policy.as_ref().and_then(|_| i32::try_from(SHORTEST.as_secs()).ok()))
            .send()
            .await;
        let answer = answer.map_err(|error| {
            let next = match code_of(&error) {
                "ExpiredTokenException" => "the token has expired: let its issuer write a new one into the file",
                "InvalidIdentityToken" | "IDPRejectedClaim" => {
                    "let IAM have the token's issuer as an OIDC provider, and let the role's trust policy name it"
                }
                "AccessDenied" => "let the role's trust policy allow sts:AssumeRoleWithWebIdentity for this token",
                _ => "see what STS says, and check AWS_ROLE_ARN",
            };
            SourceError::of_service(what.clone(), error, next)
        })?;
        of_sts(answer.credentials, &what, "web identity")
    }

    fn needs(&self) -> Vec<Step> {
        vec![Step::SendsToken(self.token_file.clone())]
    }

    fn restricted(&self, policy: &str) -> Result<Arc<dyn Source>, &'static str> {
        fits_session(policy)?;
        Ok(Arc::new(Self { policy: Some(policy.to_owned()), ..self.clone() }))
    }
}
