//! A test write that was not allowed: which statement is missing, where AWS says so, else what to try.

use lakeward_core::{plan::DestinationPlan, policy::object_actions};
use lakeward_sink::NotWritten;

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
    let Some(advice) = denial.advice() else {
        return if denial.is_of_kms() { item } else { Item { next: to_try(destination), ..item } };
    };
    let statement = denial.statement(destination, region);
    Item { detail: denial.told(), next: vec![advice], statement, ..item }
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
