//! The least IAM policy with which a destination can be written.

use serde_json::{Value, json};

use crate::{
    failure::{Failure, FailureKind},
    plan::{DestinationPlan, ObjectPlan, PARTS_OF_ONE_PUT, Storage},
};

/// By how much an object outgrows `file_size` at most: with the row group that is open when it closes.
const OVERSHOOT: u64 = 64 << 20;

/// The statements that the destination's requests need, as an identity-based policy (IAM user guide, "IAM JSON policy elements
/// reference"; Amazon S3 user guide, "Required permissions for Amazon S3 API operations"). `region` is where the bucket is, as far as
/// that is known: it tells the partition.
///
/// # Errors
/// [`FailureKind::Usage`] for the embedded S3, which nobody's policy is for.
pub fn policy(destination: &DestinationPlan, region: Option<&str>) -> Result<Value, Failure> {
    let Storage::S3(s3) = &destination.storage else {
        return Err(Failure::new(FailureKind::Usage, "the embedded S3 needs no policy")
            .next("write the policy for a config whose [destination] is a bucket"));
    };
    let partition = partition(s3.region.as_deref().or(region));
    let object = &destination.object;
    let mut statements = vec![json!({
        "Sid": "LakewardWrites",
        "Effect": "Allow",
        "Action": object_actions(object),
        "Resource": resource(destination, partition),
    })];
    let key = object.encryption.as_ref().and_then(|encryption| encryption.kms_key_id.as_deref());
    if let Some(key) = key {
        statements.push(key_statement(key, partition, goes_up_in_parts(destination)));
    }
    Ok(json!({ "Version": "2012-10-17", "Statement": statements }))
}

/// What a bucket has to allow for such objects.
#[must_use]
pub fn object_actions(object: &ObjectPlan) -> Vec<&'static str> {
    let mut actions = vec!["s3:PutObject"];
    actions.extend(object.acl.as_ref().map(|_| "s3:PutObjectAcl"));
    actions.extend((!object.tags.is_empty()).then_some("s3:PutObjectTagging"));
    actions
}

/// What the administrator who sets the policy may want to know, in a few lines.
#[must_use]
pub fn note(destination: &DestinationPlan, policy: &Value) -> String {
    let (bucket, prefix) = (&destination.bucket, destination.path.prefix());
    let mut note = format!(
        "Lakeward writes objects below {bucket}/{prefix} and does nothing else there: it lists, reads and deletes nothing.\n\
         Please attach this policy to the role or user that it signs in as:\n\n{policy:#}\n"
    );
    if goes_up_in_parts(destination) {
        note.push_str(
            "\nLarge objects go up in parts. So that what is left of a run that was killed is not kept and billed, please add a lifecycle \
             rule to the bucket: AbortIncompleteMultipartUpload, DaysAfterInitiation 1.\n",
        );
    }
    if destination.object.encryption.as_ref().is_some_and(|encryption| encryption.kms_key_id.is_some()) {
        note.push_str("\nWhere the KMS key is in another account, its key policy has to allow the same actions.\n");
    }
    note
}

/// The partition of a region (AWS general reference, "Amazon Resource Names").
fn partition(region: Option<&str>) -> &'static str {
    let begins = |prefix| region.is_some_and(|region| region.starts_with(prefix));
    if begins("cn-") {
        "aws-cn"
    } else if begins("us-gov-") {
        "aws-us-gov"
    } else if begins("eusc-") {
        "aws-eusc"
    } else {
        "aws"
    }
}

/// All keys of the destination's prefix.
fn resource(destination: &DestinationPlan, partition: &str) -> String {
    let prefix = escaped(destination.path.prefix());
    match destination.bucket.strip_prefix("arn:") {
        // An access point's objects are named below it (Amazon S3 user guide, "Configuring IAM policies for using access points").
        Some(_) => format!("{}/object/{prefix}*", destination.bucket),
        None => format!("arn:{partition}:s3:::{}/{prefix}*", destination.bucket),
    }
}

/// A text in which `*`, `?` and `$` stand for themselves (IAM user guide, "IAM policy elements: Variables and tags").
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '*' | '?' | '$' => escaped.extend(["${", c.encode_utf8(&mut [0; 4]), "}"]),
            c => escaped.push(c),
        }
        escaped
    })
}

fn key_statement(key: &str, partition: &str, in_parts: bool) -> Value {
    let mut actions = vec!["kms:GenerateDataKey"];
    // To put parts together, S3 reads them (Amazon S3 user guide, "Multipart upload API and permissions").
    actions.extend(in_parts.then_some("kms:Decrypt"));
    let mut statement = json!({ "Sid": "LakewardEncrypts", "Effect": "Allow", "Action": actions });
    if key.starts_with("arn:") && !key.contains(":alias/") {
        statement["Resource"] = json!(key);
    } else if let Some((_, alias)) = key.split_once("alias/") {
        // An alias is no resource of a policy about keys; the request says by which one the key was named.
        statement["Resource"] = json!(format!("arn:{partition}:kms:*:*:key/*"));
        statement["Condition"] = json!({ "StringEquals": { "kms:RequestAlias": format!("alias/{alias}") } });
    } else {
        statement["Resource"] = json!(format!("arn:{partition}:kms:*:*:key/{key}"));
    }
    statement
}

fn goes_up_in_parts(destination: &DestinationPlan) -> bool {
    let single = destination.part_size.saturating_mul(PARTS_OF_ONE_PUT);
    destination.no_rotate || destination.close.file_size.is_none_or(|size| size.saturating_add(OVERSHOOT) > single)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Flags, Inputs, resolve};

    fn destination(bucket: &str, lines: &str) -> DestinationPlan {
        let text = format!(
            "version = 1\n[destination]\nbucket = \"{bucket}\"\npath = \"raw/{{{{TABLE}}}}/{{{{UUID}}}}\"\n{lines}\n[[source]]\ntype = \"files\"\npaths = [\"x\"]\n"
        );
        let file = Path::new("/cfg/lakeward.toml");
        let inputs =
            Inputs { file, text: &text, environment: &[], flags: Flags::default(), default_state_dir: "/state".into() };
        resolve(&inputs).expect("a config").plan.destination
    }

    fn statements(destination: &DestinationPlan) -> Value {
        policy(destination, None).expect("a policy")["Statement"].clone()
    }

    #[test]
    fn the_least_is_put_object_on_the_prefix() {
        let expected = json!([{
            "Sid": "LakewardWrites", "Effect": "Allow", "Action": ["s3:PutObject"], "Resource": "arn:aws:s3:::my-lake/raw/*",
        }]);
        assert_eq!(statements(&destination("my-lake", "")), expected);
    }

    #[test]
    fn what_the_config_asks_for_and_the_partition_are_in_it() {
        let lines = "region = \"cn-north-1\"\nacl = \"private\"\ntags = { a = \"b\" }\nno_rotate = true\n\
            server_side_encryption_configuration.sse_kms_key_id = \"1234abcd-12ab-34cd-56ef-1234567890ab\"";
        let text = destination("my-lake", &lines.replace("no_rotate = true\n", ""));
        let [writes, encrypts] = statements(&text).as_array().expect("statements").clone().try_into().expect("two");
        assert_eq!(writes["Action"], json!(["s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging"]));
        assert_eq!(writes["Resource"], "arn:aws-cn:s3:::my-lake/raw/*");
        assert_eq!(encrypts["Action"], json!(["kms:GenerateDataKey"]));
        assert_eq!(encrypts["Resource"], "arn:aws-cn:kms:*:*:key/1234abcd-12ab-34cd-56ef-1234567890ab");
    }

    #[test]
    fn objects_in_parts_need_decrypt_and_a_key_is_named_as_the_config_names_it() {
        let with = |key: &str| {
            let lines =
                format!("file_size = \"1GiB\"\nserver_side_encryption_configuration.sse_kms_key_id = \"{key}\"");
            statements(&destination("my-lake", &lines))[1].clone()
        };
        let alias = with("alias/lake");
        assert_eq!(alias["Action"], json!(["kms:GenerateDataKey", "kms:Decrypt"]));
        assert_eq!(alias["Condition"], json!({ "StringEquals": { "kms:RequestAlias": "alias/lake" } }));
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";
        assert_eq!((&with(arn)["Resource"], with(arn).get("Condition")), (&json!(arn), None));
    }

    #[test]
    fn an_access_points_objects_are_below_it_and_the_embedded_s3_has_no_policy() {
        let point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/lake";
        assert_eq!(statements(&destination(point, ""))[0]["Resource"], format!("{point}/object/raw/*"));
        let embedded = destination("my-lake", "storage = \"embedded\"\ndir = \"lake\"");
        assert_eq!(policy(&embedded, None).expect_err("none").kind, FailureKind::Usage);
    }

    #[test]
    fn a_prefix_means_itself() {
        assert_eq!(escaped("a*b?c$d/"), "a${*}b${?}c${$}d/");
    }
}
