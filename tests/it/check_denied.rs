//! What `lakeward check` makes of AWS's own words for a write that is not allowed.

use lakeward_testkit::{Answer, ScriptedServer};
use serde_json::{Value, json};

use crate::check::{Rig, outcome, refusal, says};

const KMS_KEY: &str = "arn:aws:kms:eu-west-1:444455556666:key/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d";

struct Denied {
    asks: &'static str,
    /// What follows `is not authorized to perform: `; `{key}` is the KMS key.
    message: &'static str,
    says: &'static [&'static str],
    statement: Option<Value>,
}

fn cases() -> Vec<Denied> {
    let on_prefix = |actions: Value| json!({ "Sid": "LakewardWrites", "Effect": "Allow", "Action": actions, "Resource": "arn:aws:s3:::test/raw/*" });
    let on_key = |resource: &str| json!({ "Sid": "LakewardEncrypts", "Effect": "Allow", "Action": ["kms:GenerateDataKey"], "Resource": resource });
    let with = |mut statement: Value, principal: Value| {
        statement["Principal"] = principal;
        statement
    };
    let role = json!({ "AWS": "arn:aws:iam::111122223333:role/Writer" });
    vec![
        Denied {
            asks: "tags = { team = \"data\" }",
            message: "s3:PutObject on resource: \"arn:aws:s3:::test/raw/_lakeward_check\" because no identity-based policy allows the s3:PutObject action",
            says: &[
                "assumed-role/Writer/me may not s3:PutObject on arn:aws:s3:::test/raw/_lakeward_check: no identity-based policy allows it",
                "next: let this stand in the policy of the role or user",
            ],
            statement: Some(on_prefix(json!(["s3:PutObject", "s3:PutObjectTagging"]))),
        },
        Denied {
            asks: "",
            message: "s3:PutObject on resource: \"arn:aws:s3:::test/raw/_lakeward_check\" because no resource-based policy allows the s3:PutObject action",
            says: &["let this stand in the bucket's policy"],
            statement: Some(with(on_prefix(json!(["s3:PutObject"])), role.clone())),
        },
        Denied {
            asks: "",
            message: "s3:PutObject on resource: \"arn:aws:s3:::test/raw/_lakeward_check\" with an explicit deny in a service control policy",
            says: &[
                "a service control policy denies it",
                "no Allow helps against a Deny",
                "the organization's service control policies",
            ],
            statement: None,
        },
        Denied {
            asks: "",
            message: "s3:PutObject with an explicit deny in an identity-based policy",
            says: &["an identity-based policy denies it"],
            statement: None,
        },
        Denied {
            asks: "",
            message: "s3:PutObject on resource: \"arn:aws:s3:::test/raw/_lakeward_check\" because no permissions boundary allows the s3:PutObject action",
            says: &["let this stand in the permissions boundary"],
            statement: Some(on_prefix(json!(["s3:PutObject"]))),
        },
        Denied {
            asks: "",
            message: "s3:PutObject on resource: \"arn:aws:s3:::test/raw/_lakeward_check\" because no VPC endpoint policy allows the s3:PutObject action",
            says: &["let this stand in the policy of the VPC endpoint"],
            statement: Some(with(on_prefix(json!(["s3:PutObject"])), json!("*"))),
        },
        Denied {
            asks: "",
            message: "kms:GenerateDataKey on resource: {key} because no identity-based policy allows the kms:GenerateDataKey action",
            says: &["may not kms:GenerateDataKey on arn:aws:kms:eu-west-1:444455556666:key/1a2b"],
            statement: Some(on_key(KMS_KEY)),
        },
        Denied {
            asks: "",
            message: "kms:GenerateDataKey on resource: {key} because no resource-based policy allows the kms:GenerateDataKey action",
            says: &["let this stand in the KMS key's policy"],
            statement: Some(with(on_key("*"), role)),
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_missing_statement_is_told_where_aws_gives_the_reason() {
    let rig = Rig::new().await;
    for Denied { asks, message, says: lines, statement } in cases() {
        let message = message.replace("{key}", KMS_KEY);
        let message =
            format!("User: arn:aws:sts::111122223333:assumed-role/Writer/me is not authorized to perform: {message}");
        let s3 = ScriptedServer::start(vec![refusal(403, "AccessDenied", &message, &[]); 2]).await;
        let check = || rig.check(&s3.endpoint(), asks);
        let output = check().run().exits(77);
        assert_eq!(
            (outcome(&output, "bucket region").as_str(), outcome(&output, "test write").as_str()),
            ("ok", "failed")
        );
        says(&output.stdout, lines);
        let item = check().arg("--json").run().exits(77).stdout;
        let item: Value = serde_json::from_str(item.lines().last().unwrap()).unwrap();
        assert_eq!(item.get("statement"), statement.as_ref(), "{message}");
        // A refusal will not pass: it is not tried again.
        assert_eq!(s3.stop().await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_reason_there_is_a_list_of_what_to_try() {
    let rig = Rig::new().await;
    let bare = || vec![refusal(403, "AccessDenied", "Access Denied", &[])];
    let s3 = ScriptedServer::start(bare()).await;
    let output = rig.check(&s3.endpoint(), "").run().exits(77);
    says(
        &output.stdout,
        &[
            "the server answered 403 AccessDenied: Access Denied\n",
            "to try, the most likely first:\n             1 AWS gives no reason to another account: the bucket's policy has to allow s3:PutObject to",
            " 2 look whether the account above",
            " 3 if the bucket encrypts with a KMS key",
            " 4 look for a Deny in the bucket's policy",
            " 5 within a VPC",
        ],
    );
    let s3 = ScriptedServer::start(bare()).await;
    let more = "acl = \"public-read\"\nexpected_bucket_owner = \"444455556666\"\nserver_side_encryption_configuration = { sse_kms_key_id = \"alias/lake\" }";
    let output = rig.check(&s3.endpoint(), more).run().exits(77);
    says(
        &output.stdout,
        &[
            "allow s3:PutObject, s3:PutObjectAcl to",
            " 3 the KMS key's policy has to allow",
            " 4 look whether the bucket belongs to account 444455556666",
            " 5 try without acl = \"public-read\"",
        ],
    );
    // What is said by the code needs no list.
    let said = refusal(400, "AccessControlListNotSupported", "The bucket does not allow ACLs", &[]);
    let s3 = ScriptedServer::start(vec![said, Answer::Close]).await;
    let output = rig.check(&s3.endpoint(), "acl = \"private\"").run().exits(69);
    says(&output.stdout, &["next: the bucket takes no ACLs"]);
}
