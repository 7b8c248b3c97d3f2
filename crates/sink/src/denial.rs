//! What AWS says when it does not allow something: who may not do what, on what, and which kind of policy is the reason (IAM user
//! guide, "Troubleshoot access denied error messages"). It says so only within an organization; to others it is `Access Denied`.

use lakeward_core::{
    plan::{DestinationPlan, Encryption},
    policy::policy,
};
use serde_json::{Value, json};

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

    /// The denial in a sentence.
    #[must_use]
    pub fn told(&self) -> String {
        let Self { principal, action, resource, why } = self;
        let who = principal.as_deref().unwrap_or("the caller");
        let on = resource.as_ref().map(|resource| format!(" on {resource}")).unwrap_or_default();
        let why = match why {
            Why::NoneAllows(kind) => format!(": no {} allows it", kind.name()),
            Why::Denies(kind) => format!(": a {} denies it", kind.name()),
            Why::PublicAclsBlocked => ": the bucket blocks public ACLs".to_owned(),
            Why::Unsaid => String::new(),
        };
        format!("{who} may not {action}{on}{why}").replace("a identity", "an identity")
    }

    /// What to do about it, where the reason is said; the [statement](Self::statement) is `this`.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        match self.why {
            Why::NoneAllows(kind) => Some(format!("let this stand in {}", self.place(kind))),
            Why::Denies(kind) => Some(format!(
                "no Allow helps against a Deny: let whoever keeps {} except this write from it, or meet its conditions (it may ask \
                 for encryption, a VPC endpoint, tags, a storage class)",
                self.place(kind)
            )),
            Why::PublicAclsBlocked => {
                Some("take `acl` out of [destination], or let the bucket take public ACLs".to_owned())
            }
            Why::Unsaid => None,
        }
    }

    /// Whether it is a KMS key that may not be used.
    #[must_use]
    pub fn is_of_kms(&self) -> bool {
        self.action.starts_with("kms:")
    }

    /// Whose policy it is.
    fn place(&self, kind: PolicyKind) -> &'static str {
        match kind {
            PolicyKind::Identity => "the policy of the role or user",
            PolicyKind::Resource if self.is_of_kms() => "the KMS key's policy",
            PolicyKind::Resource => "the bucket's policy",
            PolicyKind::Session => "the session policy that the role is assumed with",
            PolicyKind::Boundary => "the permissions boundary of the role or user",
            PolicyKind::ServiceControl => "the organization's service control policies",
            PolicyKind::ResourceControl => "the organization's resource control policies",
            PolicyKind::VpcEndpoint => "the policy of the VPC endpoint",
        }
    }

    /// The statement that allows it: the one of the least policy that has the action, so that the next write does not find the
    /// next key or action missing. `region` is the bucket's.
    #[must_use]
    pub fn statement(&self, destination: &DestinationPlan, region: &str) -> Option<Value> {
        let Why::NoneAllows(kind) = self.why else { return None };
        let mut destination = destination.clone();
        if self.is_of_kms() && self.resource.is_some() {
            // The key that the bucket encrypts with by itself is known now.
            let algorithm = destination.object.encryption.and_then(|encryption| encryption.algorithm);
            destination.object.encryption = Some(Encryption { algorithm, kms_key_id: self.resource.clone() });
        }
        let policy = policy(&destination, Some(region)).ok()?;
        let has_it = |statement: &&Value| {
            statement["Action"].as_array().is_some_and(|actions| actions.iter().any(|action| *action == *self.action))
        };
        let mut statement = match policy["Statement"].as_array()?.iter().find(has_it) {
            Some(statement) => statement.clone(),
            None => json!({ "Effect": "Allow", "Action": [self.action], "Resource": self.resource.clone()? }),
        };
        match kind {
            PolicyKind::Resource => {
                let (principal, condition) = principal(self.principal.as_deref()?);
                statement["Principal"] = principal;
                if let Some(condition) = condition {
                    statement["Condition"] = condition;
                }
                if self.is_of_kms() {
                    // In a key's own policy that is the key.
                    statement["Resource"] = json!("*");
                }
            }
            PolicyKind::ResourceControl | PolicyKind::VpcEndpoint => statement["Principal"] = json!("*"),
            PolicyKind::Identity | PolicyKind::Session | PolicyKind::Boundary | PolicyKind::ServiceControl => {}
        }
        Some(statement)
    }
}

/// Who is meant, in a resource's policy. A session is its role; the path of a role of IAM Identity Center is not in the session's
/// ARN, so it is told by a pattern (IAM Identity Center user guide, "Referencing permission sets in resource policies").
fn principal(arn: &str) -> (Value, Option<Value>) {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, "sts", _, account, resource] = parts.as_slice() else { return (json!({ "AWS": arn }), None) };
    let Some(role) = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next()) else {
        return (json!({ "AWS": arn }), None);
    };
    let iam = format!("arn:{partition}:iam::{account}");
    if role.starts_with("AWSReservedSSO_") {
        let pattern = format!("{iam}:role/aws-reserved/sso.amazonaws.com/*{role}");
        return (json!({ "AWS": format!("{iam}:root") }), Some(json!({ "ArnLike": { "aws:PrincipalArn": pattern } })));
    }
    (json!({ "AWS": format!("{iam}:role/{role}") }), None)
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

    #[test]
    fn a_session_is_its_role_in_the_policy_of_a_resource() {
        let user = "arn:aws:iam::111122223333:user/Ann";
        assert_eq!(principal(user), (json!({ "AWS": user }), None));
        let session = "arn:aws-cn:sts::111122223333:assumed-role/Writer/me";
        assert_eq!(principal(session), (json!({ "AWS": "arn:aws-cn:iam::111122223333:role/Writer" }), None));
        let (principal, condition) =
            principal("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Ingest_0123456789abcdef/ann@example.com");
        assert_eq!(principal, json!({ "AWS": "arn:aws:iam::111122223333:root" }));
        let pattern =
            "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Ingest_0123456789abcdef";
        assert_eq!(condition, Some(json!({ "ArnLike": { "aws:PrincipalArn": pattern } })));
    }
}
