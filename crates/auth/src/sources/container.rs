//! The role of a container: ECS, Fargate, EKS Pod Identity. The SDK's own provider refuses a token file that ends in a newline,
//! as such files do, and reads the file where no URI is set.

use std::{fmt, net::IpAddr, time::Duration};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, OrchestratorError};
use aws_smithy_types::{body::SdkBody, timeout::TimeoutConfig};
use http::Uri;
use lakeward_core::untrusted::{excerpt, printable};
use serde_json::Value;

use crate::{
    broken::Broken,
    error::SourceError,
    link::{Link, Source},
    origin::{Origin, Setting},
    place::Place,
    sources::Context,
    step::Step,
    temporary::{temporary, time},
    tools::Tools,
};

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// Where ECS answers (Amazon ECS developer guide, "Task IAM role").
const ECS: &str = "http://169.254.170.2";

/// How long an answer may take. It comes from the same machine.
const TIME_LIMIT: Duration = Duration::from_secs(5);

pub(crate) fn plan(context: &Context<'_>) -> Link {
    let Some((variable, uri)) = context.environment.first(&[RELATIVE, FULL]) else {
        return Link::skipped(Place::Container, format!("neither {RELATIVE} nor {FULL} is set"));
    };
    let mut settings = vec![Setting::of("URI", uri, Origin::Variable(variable))];
    let token = context.environment.first(&[TOKEN_FILE, TOKEN]);
    settings.extend(token.map(|(name, _)| Setting::secret("authorization", Origin::Variable(name))));
    let url = if variable == RELATIVE { format!("{ECS}/{}", uri.trim_start_matches('/')) } else { uri.to_owned() };
    let Some(uri) = url.parse::<Uri>().ok().filter(|uri| uri.host().is_some()) else {
        let broken = Broken::new(format!("{variable} is no URI"), format!("mend or unset {variable}"));
        return Link::broken(Place::Container, broken).with(settings);
    };
    if !is_trusted(&uri) {
        let what = format!(
            "{variable} names {}, which could be anybody: over http only this machine and AWS's own addresses are asked",
            printable(uri.host().unwrap_or_default())
        );
        let next = "use https, or 127.0.0.1, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]";
        return Link::broken(Place::Container, Broken::new(what, next)).with(settings);
    }
    let what = format!("the role of this container, from {}", printable(&url));
    Link::found(Place::Container, what, Container { url: uri }).with(settings)
}

/// The hosts that the AWS tools ask without TLS.
fn is_trusted(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        _ if uri.scheme_str() == Some("https") => true,
        Ok(ip) => ip.is_loopback() || ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(&host),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

struct Container {
    url: Uri,
}

impl Container {
    /// Read each time: EKS replaces its file.
    fn token(tools: &Tools) -> Result<Option<String>, SourceError> {
        let wrong = |what: String| SourceError::new(what, format!("check {TOKEN_FILE} or {TOKEN}"));
        let token = match (tools.environment.get(TOKEN_FILE), tools.environment.get(TOKEN)) {
            (Some(path), _) => Some(std::fs::read_to_string(path).map_err(|error| {
                wrong(format!("the container's token file {} can't be read: {error}", printable(path)))
            })?),
            (None, token) => token.map(str::to_owned),
        };
        match token.as_deref().map(str::trim) {
            Some(token) if token.chars().any(char::is_control) => {
                Err(wrong("the container's authorization token holds a line end or a control character".to_owned()))
            }
            token => Ok(token.map(str::to_owned)),
        }
    }

    /// The answer's status and body.
    async fn ask(&self, tools: &Tools) -> Result<(u16, Vec<u8>), SourceError> {
        let (scheme, authority) = (self.url.scheme_str().unwrap_or("http"), self.url.authority());
        let path = self.url.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let operation = Operation::builder()
            .service_name("container")
            .operation_name("credentials")
            .http_client(tools.http.clone())
            .endpoint_url(&format!("{scheme}://{}", authority.map_or("", |authority| authority.as_str())))
            .no_auth()
            .no_retry()
            .sleep_impl(TokioSleep::new())
            .timeout_config(TimeoutConfig::builder().connect_timeout(TIME_LIMIT).operation_timeout(TIME_LIMIT).build())
            .serializer(move |token: Option<Token>| {
                let mut request = HttpRequest::new(SdkBody::empty());
                request.set_uri(path.as_str())?;
                request.headers_mut().try_insert("accept", "application/json")?;
                if let Some(Token(token)) = token {
                    request.headers_mut().try_insert("authorization", token)?;
                }
                Ok(request)
            })
            .deserializer(|answer| {
                let body = answer.body().bytes().map(<[u8]>::to_vec).unwrap_or_default();
                Ok::<_, OrchestratorError<std::fmt::Error>>((answer.status().as_u16(), Body(body)))
            })
            .build();
        let token = Self::token(tools)?.map(Token);
        let answer = operation.invoke(token).await;
        let (status, Body(body)) = answer.map_err(|error| SourceError::of_asked(self.refused(), error, NO_ANSWER))?;
        Ok((status, body))
    }

    fn refused(&self) -> String {
        format!("the role of this container was not given by {}", printable(&self.url.to_string()))
    }
}

/// Not shown when the SDK logs what goes through it.
struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// As [`Token`].
struct Body(Vec<u8>);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

const NO_ANSWER: &str =
    "check that the container has a task role or a pod identity, and that nothing blocks this address";

#[async_trait]
impl Source for Container {
    async fn fetch(&self, tools: &Tools) -> Result<Credentials, SourceError> {
        let (status, body) = self.ask(tools).await?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |key: &str| answer[key].as_str().unwrap_or_default();
        if status != 200 {
            let said = excerpt(&format!("{} {}", text("code"), text("message")), 300);
            return Err(SourceError::new(
                format!("{}: it answered {status} {}", self.refused(), said.trim()),
                NO_ANSWER,
            ));
        }
        if text("AccessKeyId").is_empty() || text("SecretAccessKey").is_empty() {
            return Err(SourceError::new(format!("{}: the answer holds no keys", self.refused()), NO_ANSWER));
        }
        let expires = time(text("Expiration"));
        Ok(temporary(text("AccessKeyId"), text("SecretAccessKey"), text("Token"), expires, "container"))
    }

    fn needs(&self) -> Vec<Step> {
        vec![Step::Asks(self.url.to_string())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_and_aws_are_asked_without_tls() {
        for (url, trusted) in [
            ("http://127.0.0.1:8080/x", true),
            ("http://[::1]/x", true),
            ("http://localhost/x", true),
            ("http://169.254.170.23/v1/credentials", true),
            ("http://[fd00:ec2::23]/v1/credentials", true),
            ("https://example.com/x", true),
            ("http://169.254.169.254/x", false),
            ("http://example.com/x", false),
            ("http://127.0.0.1.example.com/x", false),
        ] {
            assert_eq!(is_trusted(&url.parse().unwrap()), trusted, "{url}");
        }
    }
}
