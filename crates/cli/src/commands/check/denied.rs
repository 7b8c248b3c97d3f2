//! A test write that was not allowed: which statement is missing, where AWS says so, else what to try.

use lakeward_core::{
    plan::{DestinationPlan, Encryption},
    policy::{object_actions, policy},
};
use lakeward_sink::{Denial, NotWritten, PolicyKind, Why};
use serde_json::{Value, json};

use super::report::{Check, Item};
use crate::commands::auth::Server;

/// The item of a test write that failed.
pub(super) fn refused(
    check: Check,
    error: &NotWritten,
    destination: &DestinationPlan,
    region: &str,
    server: Server,
) -> Item {
    let item = Item::failed(check, &error.failure);
    let Some(denial) = &error.denial else {
        let says_nothing = server == Server::Aws && error.code == "AccessDenied";
        return if says_nothing { Item { next: to_try(destination), ..item } } else { item };
    };
    let (next, statement) = match denial.why {
        Why::NoneAllows(kind) => {
            (format!("let this stand in {}", place(kind, denial)), statement(denial, kind, destination, region))
        }
        Why::Denies(kind) => {
            let next = format!(
                "no Allow helps against a Deny: let whoever keeps {} except this write from it, or meet its conditions (it may ask for \
                 encryption, a VPC endpoint, tags, a storage class)",
                place(kind, denial)
            );
            (next, None)
        }
        Why::PublicAclsBlocked => {
            ("take `acl` out of [destination], or let the bucket take public ACLs".to_owned(), None)
        }
        Why::Unsaid if is_of_kms(denial) => return item,
        Why::Unsaid => return Item { next: to_try(destination), ..item },
    };
    Item { detail: told(denial), next: vec![next], statement, ..item }
}

fn told(denial: &Denial) -> String {
    let Denial { principal, action, resource, why } = denial;
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

/// Whose policy it is.
fn place(kind: PolicyKind, denial: &Denial) -> &'static str {
    match kind {
        PolicyKind::Identity => "the policy of the role or user",
        PolicyKind::Resource if is_of_kms(denial) => "the KMS key's policy",
        PolicyKind::Resource => "the bucket's policy",
        PolicyKind::Session => "the session policy that the role is assumed with",
        PolicyKind::Boundary => "the permissions boundary of the role or user",
        PolicyKind::ServiceControl => "the organization's service control policies",
        PolicyKind::ResourceControl => "the organization's resource control policies",
        PolicyKind::VpcEndpoint => "the policy of the VPC endpoint",
    }
}

fn is_of_kms(denial: &Denial) -> bool {
    denial.action.starts_with("kms:")
}

/// The statement that allows it: the one of `lakeward policy` that has the action, so that the next check does not find the next
/// key or action missing.
fn statement(denial: &Denial, kind: PolicyKind, destination: &DestinationPlan, region: &str) -> Option<Value> {
    let mut destination = destination.clone();
    if is_of_kms(denial) && denial.resource.is_some() {
        // The key that the bucket encrypts with by itself is known now.
        let algorithm = destination.object.encryption.and_then(|encryption| encryption.algorithm);
        destination.object.encryption = Some(Encryption { algorithm, kms_key_id: denial.resource.clone() });
    }
    let policy = policy(&destination, Some(region)).ok()?;
    let has_it = |statement: &&Value| {
        statement["Action"].as_array().is_some_and(|actions| actions.iter().any(|action| *action == *denial.action))
    };
    let mut statement = match policy["Statement"].as_array()?.iter().find(has_it) {
        Some(statement) => statement.clone(),
        None => json!({ "Effect": "Allow", "Action": [denial.action], "Resource": denial.resource.clone()? }),
    };
    match kind {
        PolicyKind::Resource => {
            let (principal, condition) = principal(denial.principal.as_deref()?);
            statement["Principal"] = principal;
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            if is_of_kms(denial) {
                // In a key's own policy that is the key.
                statement["Resource"] = json!("*");
            }
        }
        PolicyKind::ResourceControl | PolicyKind::VpcEndpoint => statement["Principal"] = json!("*"),
        PolicyKind::Identity | PolicyKind::Session | PolicyKind::Boundary | PolicyKind::ServiceControl => {}
    }
    Some(statement)
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

/// What a bare `Access Denied` may be due to, the most likely first. AWS gives the reason within an organization only.
fn to_try(destination: &DestinationPlan) -> Vec<String> {
    let object = &destination.object;
    let actions = object_actions(object).join(", ");
    let key = object.encryption.as_ref().and_then(|encryption| encryption.kms_key_id.as_ref());
    let mut tries = vec![
        format!(
            "AWS gives no reason to another account: the bucket's policy has to allow {actions} to the identity above, and so has the \
             identity's own policy (`lakeward policy` prints it)"
        ),
        "look whether the account above is the one that is meant, and the bucket's name the right one: [auth] and [destination] bucket"
            .to_owned(),
        match key {
            Some(_) => "the KMS key's policy has to allow kms:GenerateDataKey to the identity above, and so has its own policy; the key \
                        of another account is named by its ARN"
                .to_owned(),
            None => "if the bucket encrypts with a KMS key, that key's policy has to allow kms:GenerateDataKey".to_owned(),
        },
    ];
    tries.extend(
        object
            .expected_bucket_owner
            .as_ref()
            .map(|owner| format!("look whether the bucket belongs to account {owner}, as expected_bucket_owner says")),
    );
    tries.extend(
        object
            .acl
            .as_ref()
            .map(|acl| format!("try without acl = \"{acl}\": the bucket may block public ACLs, or take none at all")),
    );
    tries.push(
        "look for a Deny in the bucket's policy: it may ask for encryption, TLS, a storage class, tags, or a VPC endpoint".to_owned(),
    );
    tries.push("within a VPC, the policy of its S3 endpoint has to allow the write too".to_owned());
    tries
}

#[cfg(test)]
mod tests {
    use super::*;

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
