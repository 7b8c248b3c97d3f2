//! Start URLs as people have them: copied from an address bar, or a company's own that leads to AWS's.

use std::{fmt, time::Duration};

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, OrchestratorError};
use aws_smithy_types::{body::SdkBody, timeout::TimeoutConfig};
use http::{Method, Uri};
use lakeward_core::{
    failure::{Failure, FailureKind, told},
    untrusted::printable,
};

use crate::{cache::sso_token::SsoSignIn, error::MOST_TOLD, tools::Tools};

/// How long a company's own URL may take to say where it leads.
const TIME_LIMIT: Duration = Duration::from_secs(15);

/// What AWS's own start URLs end in, by their hosts.
const OWNED: [&str; 9] = [
    ".awsapps.com",
    ".awsapps.cn",
    ".app.aws",
    ".portal.amazonaws.com",
    ".portal.amazonaws.com.cn",
    ".portal.amazonaws.eu",
    "identitycenter.amazonaws.com",
    "identitycenter.amazonaws.com.cn",
    "identitycenter.amazonaws.eu",
];

/// A start URL as AWS is asked with it, and the region in which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Portal {
    pub(super) url: String,
    pub(super) region: String,
}

/// How a company's own URL answers: its status, and where it leads.
type Answer = (u16, Option<String>);

impl Portal {
    /// The portal of a sign-in. A URL that is not AWS's is asked where it leads, unless another server than AWS is to be asked.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when it does not lead to AWS; [`FailureKind::Destination`] when it does not answer.
    pub(super) async fn of(sign_in: &SsoSignIn, tools: &Tools) -> Result<Self, Failure> {
        if tools.has_own_oidc() {
            return Ok(Self { url: bare(&sign_in.start_url).to_owned(), region: sign_in.region.clone() });
        }
        let ask = async |method: Method, url: &Uri| ask(method, url, tools).await;
        let url = led(&sign_in.start_url, ask).await?;
        let region = region_of(&url).unwrap_or(&sign_in.region).to_owned();
        Ok(Self { url, region })
    }
}

/// Without the fragment that the portal's pages have in an address bar, and without a slash at the end.
pub(super) fn bare(url: &str) -> &str {
    url.trim().split('#').next().unwrap_or_default().trim_end_matches('/')
}

/// The region that the host of one of AWS's own start URLs names, as newer ones do.
pub(super) fn region_of(url: &str) -> Option<&str> {
    let host = url.split_once("://")?.1.split(['/', '?', ':']).next()?;
    let parts: Vec<&str> = host.split('.').collect();
    match parts.as_slice() {
        [_, "portal", region, "app", "aws"] | [_, region, "portal", "amazonaws", ..] => Some(region),
        _ => None,
    }
}

fn is_owned(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    OWNED.iter().any(|owned| match owned.strip_prefix('.') {
        Some(_) => host.ends_with(owned),
        None => host == *owned || host.ends_with(&format!(".{owned}")),
    })
}

/// One of AWS's own start URLs: this one, or that to which it leads, by one redirect at most.
async fn led(start_url: &str, ask: impl AsyncFn(Method, &Uri) -> Result<Answer, Failure>) -> Result<String, Failure> {
    let url = bare(start_url);
    let shown = printable(url);
    let wrong = |what: String| {
        Failure::new(FailureKind::Usage, what)
            .next("take the start URL from the settings of IAM Identity Center, such as https://d-….awsapps.com/start")
    };
    let uri: Uri = url.parse().map_err(|_| wrong(format!("the start URL {shown} is no URL")))?;
    let (Some("https"), Some(host)) = (uri.scheme_str(), uri.host()) else {
        return Err(wrong(format!("the start URL {shown} does not begin with https://")));
    };
    if is_owned(host) {
        return Ok(url.to_owned());
    }
    let mut answer = ask(Method::HEAD, &uri).await?;
    if matches!(answer.0, 405 | 501) {
        answer = ask(Method::GET, &uri).await?;
    }
    let (300..=399, Some(location)) = answer else {
        return Err(wrong(format!("the start URL {shown} is not AWS's, and leads nowhere (it answered {})", answer.0)));
    };
    let target = bare(&location);
    let leads = target.parse::<Uri>().ok().filter(|target| target.scheme_str() == Some("https"));
    match leads.as_ref().and_then(Uri::host) {
        Some(host) if is_owned(host) => Ok(target.to_owned()),
        _ => Err(wrong(format!("the start URL {shown} leads to {}, which is not AWS's", printable(target)))),
    }
}

async fn ask(method: Method, url: &Uri, tools: &Tools) -> Result<Answer, Failure> {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let path = url.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let operation = Operation::builder()
        .service_name("start-url")
        .operation_name("lead")
        .http_client(tools.http.clone())
        .endpoint_url(&format!("https://{authority}"))
        .no_auth()
        .no_retry()
        .sleep_impl(TokioSleep::new())
        .timeout_config(TimeoutConfig::builder().connect_timeout(TIME_LIMIT).operation_timeout(TIME_LIMIT).build())
        .serializer(move |method: Method| {
            let mut request = HttpRequest::new(SdkBody::empty());
            request.set_method(method.as_str())?;
            request.set_uri(path.as_str())?;
            Ok(request)
        })
        .deserializer(|answer| {
            let location = answer.headers().get("location").map(str::to_owned);
            Ok::<_, OrchestratorError<fmt::Error>>((answer.status().as_u16(), location))
        })
        .build();
    operation.invoke(method).await.map_err(|error| {
        let what =
            format!("the start URL {} does not answer: {}", printable(&url.to_string()), told(&error, MOST_TOLD));
        Failure::new(FailureKind::Destination, what)
            .next("check the network and proxies, or take AWS's own start URL, such as https://d-….awsapps.com/start")
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_url_is_taken_as_it_is_copied() {
        for url in ["https://d-1.awsapps.com/start", " https://d-1.awsapps.com/start/#/?tab=accounts\n"] {
            assert_eq!(bare(url), "https://d-1.awsapps.com/start");
        }
        for (url, region) in [
            ("https://ssoins-1.portal.eu-west-1.app.aws", Some("eu-west-1")),
            ("https://ssoins-1.eu-west-1.portal.amazonaws.com/x", Some("eu-west-1")),
            ("https://d-1.awsapps.com/start", None),
        ] {
            assert_eq!(region_of(url), region, "{url}");
        }
    }

    #[tokio::test]
    async fn a_companys_own_url_leads_to_aws_by_one_redirect() {
        let asked = RefCell::new(Vec::new());
        let to = |answers: Vec<Answer>| {
            let answers = RefCell::new(answers.into_iter());
            let asked = &asked;
            async move |url: &str| {
                asked.borrow_mut().clear();
                led(url, async |method: Method, _: &Uri| {
                    asked.borrow_mut().push(method.to_string());
                    Ok(answers.borrow_mut().next().unwrap())
                })
                .await
                .map_err(|failure| failure.what)
            }
        };
        let aws = "https://d-1.awsapps.com/start";
        let moved = |url: &str| (302, Some(url.to_owned()));
        assert_eq!(to(vec![])(aws).await.as_deref(), Ok(aws));
        assert!(asked.borrow().is_empty());
        assert_eq!(
            to(vec![moved("https://d-1.awsapps.com/start/#/")])("https://sso.example.com").await.as_deref(),
            Ok(aws)
        );
        assert_eq!(*asked.borrow(), ["HEAD"]);
        assert_eq!(to(vec![(405, None), moved(aws)])("https://sso.example.com").await.as_deref(), Ok(aws));
        assert_eq!(*asked.borrow(), ["HEAD", "GET"]);
        for (url, answers, says) in [
            ("http://d-1.awsapps.com/start", vec![], "does not begin with https://"),
            ("d-1.awsapps.com/start", vec![], "is no URL"),
            ("https://sso.example.com", vec![(200, None)], "leads nowhere (it answered 200)"),
            ("https://sso.example.com", vec![moved("https://evil.example.com/awsapps.com")], "leads to https://evil"),
            ("https://sso.example.com", vec![moved("http://d-1.awsapps.com/start")], "which is not AWS's"),
            ("https://awsapps.com.example.com", vec![moved("https://sso.example.com")], "which is not AWS's"),
        ] {
            let error = to(answers)(url).await.unwrap_err();
            assert!(error.contains(says), "{url}: {error}");
        }
    }
}
