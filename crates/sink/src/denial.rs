//! What AWS says when it does not allow something: who may not do what, on what, and which kind of policy is the reason (IAM user
//! guide, "Troubleshoot access denied error messages"). It says so only within an organization; to others it is `Access Denied`.

/// Who may not do what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The ARN of who asked.
    pub principal: Option<String>,
    /// What was not allowed, such as `s3:PutObject`.
    pub action: String,
    /// The ARN of what it was asked on.
    pub resource: Option<String>,
    /// The reason.
    pub why: Why,
}

/// Why something is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No policy of this kind allows it.
    NoneAllows(PolicyKind),
    /// A policy of this kind denies it, whatever others allow.
    Denies(PolicyKind),
    /// The bucket blocks public ACLs, and the request asks for one.
    PublicAclsBlocked,
    /// That is not said.
    Unsaid,
}

/// A kind of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// Of a user or a role.
    Identity,
    /// Of a bucket or a KMS key.
    Resource,
    /// Given when the role was assumed.
    Session,
    /// The boundary of a user or a role.
    Boundary,
    /// Of an organization, on its accounts' identities.
    ServiceControl,
    /// Of an organization, on its accounts' resources.
    ResourceControl,
    /// Of the VPC endpoint that the request went through.
    VpcEndpoint,
}

impl PolicyKind {
    const ALL: [Self; 7] = [
        Self::Identity,
        Self::Resource,
        Self::Session,
        Self::Boundary,
        Self::ServiceControl,
        Self::ResourceControl,
        Self::VpcEndpoint,
    ];

    /// As AWS calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Resource => "resource-based policy",
            Self::Session => "session policy",
            Self::Boundary => "permissions boundary",
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::VpcEndpoint => "VPC endpoint policy",
        }
    }

    /// The kind that a text begins with.
    fn at_start(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| text.starts_with(kind.name()))
    }
}

impl Denial {
    /// Reads a message; nothing where it is not of that form.
    pub(crate) fn read(message: &str) -> Option<Self> {
        let (user, rest) = message.split_once(" is not authorized to perform: ")?;
        let action = rest.split_whitespace().next().filter(|action| is_action(action))?.to_owned();
        let resource = rest.split_once(" on resource: ").and_then(|(_, rest)| rest.split_whitespace().next());
        let why = if let Some((_, policy)) = rest.split_once(" with an explicit deny in a") {
            PolicyKind::at_start(policy.strip_prefix('n').unwrap_or(policy).trim_start()).map(Why::Denies)
        } else if let Some((_, policy)) = rest.split_once(" because no ") {
            PolicyKind::at_start(policy).map(Why::NoneAllows)
        } else {
            rest.contains("BlockPublicAcls").then_some(Why::PublicAclsBlocked)
        };
        Some(Self {
            principal: user.strip_prefix("User: ").and_then(arn),
            action,
            resource: resource.and_then(arn),
            why: why.unwrap_or(Why::Unsaid),
        })
    }
}

/// An ARN, which may stand between quotation marks. It is shown, and put into policies.
fn arn(text: &str) -> Option<String> {
    let text = text.trim_matches('"');
    let is_one = text.starts_with("arn:") && text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_one.then(|| text.to_owned())
}

/// Whether it is spelled `service:Name`.
fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, name)| {
        let is_name = |text: &str| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        is_name(service) && is_name(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: &str = "arn:aws:sts::111122223333:assumed-role/Writer/me";
    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";

    #[test]
    fn who_what_and_why_are_read() {
        use PolicyKind::{Boundary, Identity, Resource, ResourceControl, ServiceControl, Session, VpcEndpoint};
        for (rest, action, resource, why) in [
            (
                "s3:PutObject on resource: \"arn:aws:s3:::lake/raw/x\" because no identity-based policy allows the s3:PutObject action",
                "s3:PutObject",
                Some("arn:aws:s3:::lake/raw/x"),
                Why::NoneAllows(Identity),
            ),
            (
                "s3:PutObject with an explicit deny in a resource-based policy",
                "s3:PutObject",
                None,
                Why::Denies(Resource),
            ),
            (
                "s3:PutObject on resource: \"arn:aws:s3:::lake/x\" with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/p-1",
                "s3:PutObject",
                Some("arn:aws:s3:::lake/x"),
                Why::Denies(ServiceControl),
            ),
            (
                "s3:PutObject with an explicit deny in an identity-based policy",
                "s3:PutObject",
                None,
                Why::Denies(Identity),
            ),
            (
                "s3:PutObject because no VPC endpoint policy allows it",
                "s3:PutObject",
                None,
                Why::NoneAllows(VpcEndpoint),
            ),
            ("s3:PutObject because no session policy allows it", "s3:PutObject", None, Why::NoneAllows(Session)),
            ("s3:PutObject because no permissions boundary allows it", "s3:PutObject", None, Why::NoneAllows(Boundary)),
            (
                "s3:PutObject with an explicit deny in a resource control policy",
                "s3:PutObject",
                None,
                Why::Denies(ResourceControl),
            ),
            (
                "kms:GenerateDataKey on resource: arn:aws:kms:eu-west-1:111122223333:key/1234abcd because no resource-based policy allows the kms:GenerateDataKey action",
                "kms:GenerateDataKey",
                Some(KEY),
                Why::NoneAllows(Resource),
            ),
            (
                "s3:PutObject on resource: \"arn:aws:s3:::lake/x\" because public access control lists (ACLs) are blocked by the BlockPublicAcls block public access setting",
                "s3:PutObject",
                Some("arn:aws:s3:::lake/x"),
                Why::PublicAclsBlocked,
            ),
            (
                "kms:GenerateDataKey on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access",
                "kms:GenerateDataKey",
                None,
                Why::Unsaid,
            ),
        ] {
            let message = format!("User: {WHO} is not authorized to perform: {rest}");
            let expected = Denial {
                principal: Some(WHO.into()),
                action: action.into(),
                resource: resource.map(str::to_owned),
                why,
            };
            assert_eq!(Denial::read(&message), Some(expected), "{rest}");
        }
    }

    #[test]
    fn what_is_no_such_message_or_would_steer_a_terminal_is_not_read() {
        for message in [
            "Access Denied",
            "",
            "User: x is not authorized to perform: ",
            "User: x is not authorized to perform: s3:Put\u{1b}[31mObject",
            "User: x is not authorized to perform: everything",
        ] {
            assert_eq!(Denial::read(message), None, "{message:?}");
        }
        let odd = Denial::read("User: arn:\u{202e} is not authorized to perform: s3:PutObject on resource: *");
        assert!(odd.is_some_and(|denial| denial.principal.is_none() && denial.resource.is_none()));
    }
}
