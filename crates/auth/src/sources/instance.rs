//! The role of an EC2 instance, from its metadata service (IMDSv2).

use std::{sync::OnceLock, time::Duration};

use async_trait::async_trait;
use aws_config::{
    imds::{self, credentials::ImdsCredentialsProvider},
    provider_config::ProviderConfig,
};
use aws_credential_types::{Credentials, provider::ProvideCredentials};
use lakeward_core::{
    failure::{causes, told},
    untrusted::excerpt,
};

use crate::{
    advice::ANY_SIGN_IN,
    error::{MOST_TOLD, SourceError},
    link::{Link, Source},
    origin::{Origin, Setting},
    place::Place,
    sources::Context,
    step::Step,
    tools::Tools,
    unreached::no_answer,
};

const DISABLED: &str = "AWS_EC2_METADATA_DISABLED";
const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
const MODE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";

/// Where the service is (Amazon EC2 user guide, "Instance metadata").
const IPV4: &str = "http://169.254.169.254";
const IPV6: &str = "http://[fd00:ec2::254]";

/// botocore's, with its defaults: how many seconds an answer may take, and how often one is asked for.
const TIMEOUT: &str = "AWS_METADATA_SERVICE_TIMEOUT";
const ATTEMPTS: &str = "AWS_METADATA_SERVICE_NUM_ATTEMPTS";

/// How long a connection, and an answer, may take: where there is no such service, a search ends there in little over a second.
const TIME_LIMIT: Duration = Duration::from_secs(1);

pub(crate) fn plan(context: &Context<'_>) -> Link {
    let environment = context.environment;
    if environment.is_true(DISABLED) {
        return Link::skipped(Place::Instance, format!("{DISABLED} is true"));
    }
    let set = |variable: &'static str, key: &'static str| {
        let set = environment.get(variable).map(|text| Setting::of(key, text, Origin::Variable(variable)));
        set.or_else(|| Some(Setting::new(key, context.profile.keys.get(key)?)))
    };
    let endpoint = set(ENDPOINT, "ec2_metadata_service_endpoint");
    let mode = set(MODE, "ec2_metadata_service_endpoint_mode");
    let is_ipv6 = mode.as_ref().is_some_and(|mode| mode.value.eq_ignore_ascii_case("ipv6"));
    let default = if is_ipv6 { IPV6 } else { IPV4 };
    let url = endpoint.as_ref().map_or(default, |endpoint| endpoint.value.as_str()).trim_end_matches('/').to_owned();
    let number = |variable| {
        environment.get(variable).and_then(|text| text.parse().ok()).filter(|number: &u32| (1..=60).contains(number))
    };
    let time_limit = number(TIMEOUT).map_or(TIME_LIMIT, |seconds| Duration::from_secs(seconds.into()));
    let others = context.files.others(&context.profile.name);
    let is_meant =
        context.through.is_empty() || context.profile.get("credential_source") == Some("Ec2InstanceMetadata");
    let settings = [endpoint, mode].into_iter().flatten().collect();
    let what = format!("the role of this EC2 instance, if it is one, from {url}");
    Link::found(
        Place::Instance,
        what,
        Instance {
            url,
            time_limit,
            attempts: number(ATTEMPTS).unwrap_or(1),
            is_meant,
            others,
            provider: OnceLock::new(),
        },
    )
    .with(settings)
}

struct Instance {
    url: String,
    time_limit: Duration,
    attempts: u32,
    /// Whether it is what was chosen, and not where a search ends that has found nothing: there, nobody has signed in.
    is_meant: bool,
    /// What else there is to choose, before other advice.
    others: Vec<String>,
    provider: OnceLock<ImdsCredentialsProvider>,
}

impl Instance {
    fn provider(&self, tools: &Tools) -> Result<&ImdsCredentialsProvider, SourceError> {
        if let Some(provider) = self.provider.get() {
            return Ok(provider);
        }
        let config = ProviderConfig::without_region().with_http_client(tools.http.clone());
        // One try unless told otherwise: the SDK's four would cost half a minute where nobody answers.
        let client = imds::Client::builder()
            .configure(&config)
            .max_attempts(self.attempts)
            .connect_timeout(self.time_limit)
            .read_timeout(self.time_limit)
            .operation_attempt_timeout(2 * self.time_limit)
            .endpoint(&self.url)
            .map_err(|error| {
                let what = format!("the instance's metadata service has no valid URL: {error}");
                SourceError::new(what, format!("mend or unset {ENDPOINT}"))
            })?;
        let provider = ImdsCredentialsProvider::builder().configure(&config).imds_client(client.build()).build();
        Ok(self.provider.get_or_init(|| provider))
    }
}

impl Instance {
    /// What to do where there is no such service: the most likely first.
    fn elsewhere(&self) -> String {
        let there = "if this is a container on an EC2 instance, set the instance's metadata hop limit to 2";
        let mut all: Vec<&str> = self.others.iter().map(String::as_str).chain(ANY_SIGN_IN).collect();
        all.insert(if self.is_meant { 0 } else { all.len() }, there);
        all.join("\n")
    }
}

#[async_trait]
impl Source for Instance {
    fn is_guess(&self) -> bool {
        !self.is_meant
    }

    async fn fetch(&self, tools: &Tools) -> Result<Credentials, SourceError> {
        self.provider(tools)?.provide_credentials().await.map_err(|error| {
            let told = told(&error, MOST_TOLD);
            // So the SDK tells the service's status.
            let has_no_role = told.contains("404");
            let next = if has_no_role {
                "attach a role to the instance (an instance profile)".to_owned()
            } else if told.contains("AssumeRoleUnauthorizedAccess") {
                "let the role's trust policy name ec2.amazonaws.com".to_owned()
            } else {
                self.elsewhere()
            };
            let what = match self.is_meant {
                true => "the instance's metadata service gives no credentials".to_owned(),
                false => "no AWS credentials are set up here, and the instance's metadata service gives no credentials"
                    .to_owned(),
            };
            let error = match no_answer(&error) {
                Some(_) if self.is_meant => SourceError::of_asked(what, error, next),
                Some(_) => SourceError::caused(what, error, next),
                None => {
                    // The SDK's own words before the last are about its code.
                    let why = causes(&error).last().map(|cause| excerpt(&cause.to_string(), MOST_TOLD));
                    SourceError::caused("", error, next).told_as(format!("{what}: {}", why.unwrap_or_default()))
                }
            };
            if has_no_role { error.of_no_role() } else { error }
        })
    }

    fn needs(&self) -> Vec<Step> {
        vec![Step::Asks(self.url.clone())]
    }
}
