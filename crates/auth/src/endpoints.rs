//! The endpoints that the environment and the AWS files set in place of AWS's own.

use lakeward_core::untrusted::printable;

use crate::{
    aws_files::{AwsFiles, Profile},
    environment::Environment,
    origin::{Origin, Value},
};

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

/// That a setting which is not for this service alone sends its calls elsewhere, as one for MinIO's sake does; nothing else shows
/// it.
pub(crate) fn redirected(
    environment: &Environment,
    files: &AwsFiles,
    profile: &str,
    service: (&'static str, &str),
) -> Option<String> {
    let set = endpoint(environment, files, files.profiles.get(profile), service)?;
    (set.origin != Origin::Variable(service.0)).then(|| {
        let (origin, url) = (&set.origin, printable(&set.text));
        format!("{origin} sends this sign-in to {url} instead of AWS; for S3 alone there is AWS_ENDPOINT_URL_S3.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_taken_in_the_order_of_the_aws_tools() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        let config = "[default]\nservices = all\nendpoint_url = http://profile\n[services all]\nsts =\n  endpoint_url = http://service\n";
        std::fs::write(home.path().join(".aws/config"), config).unwrap();
        let url = |variables: &[(&str, &str)], service| {
            let environment = Environment::new(variables.iter().copied(), Some(home.path().into()));
            let files = AwsFiles::read(&environment).unwrap();
            endpoint(&environment, &files, files.profiles.get("default"), service).map(|url| url.text)
        };
        let (sts, sso) = (("AWS_ENDPOINT_URL_STS", "sts"), ("AWS_ENDPOINT_URL_SSO", "sso"));
        let (global, own) = (("AWS_ENDPOINT_URL", "http://global"), ("AWS_ENDPOINT_URL_STS", "http://own"));
        assert_eq!(url(&[], sts).as_deref(), Some("http://service"));
        assert_eq!(url(&[], sso).as_deref(), Some("http://profile"));
        assert_eq!(url(&[global], sts).as_deref(), Some("http://global"));
        assert_eq!(url(&[global, own], sts).as_deref(), Some("http://own"));
        assert_eq!(url(&[global, own, (IGNORE_ENDPOINTS, "true")], sts), None);
    }
}
