//! What specs become: that a config means what `serve` does with the same spec, and what is told.

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::{
    config::{DestinationSpec, destination_spec},
    plan::{AuthPlan, DestinationPlan, Plan, S3Plan, Storage},
};

const SOURCE: &str =
    "kind: source\nspec:\n  name: aws\n  path: ./aws\n  registry: local\n  tables: ['*']\n  destinations: [s3]\n";

fn imported(specs: &[&str]) -> Result<Imported, Failure> {
    let files: Vec<SpecFile> = specs
        .iter()
        .enumerate()
        .map(|(number, text)| SpecFile { name: format!("{number}.yml"), text: (*text).to_owned() })
        .collect();
    import(&files, None, Style::Plain)
}

/// A source and a destination with this spec, which is JSON and so YAML too.
fn of(spec: &Value) -> Result<Imported, Failure> {
    let destination = format!(
        "kind: destination\nspec:\n  name: s3\n  path: cloudquery/s3\n  version: v7.10.1\n  write_mode: append\n  spec: {spec}\n"
    );
    imported(&[SOURCE, &destination])
}

/// The plan of a config whose sources are replaced by one of files.
fn plan(toml: &str) -> Plan {
    let head = toml.split("\n[[source]]").next().unwrap_or_default();
    let text = format!("{head}\n[[source]]\ntype = \"files\"\npaths = [\"x\"]\n");
    let inputs = Inputs {
        file: Path::new("/lakeward.toml"),
        text: &text,
        environment: &[],
        flags: Flags::default(),
        default_state_dir: "/state".into(),
    };
    resolve(&inputs).unwrap_or_else(|errors| panic!("{errors:?}\n{text}")).plan
}

/// A destination without what an import changes on purpose: how requests are made, and the size at which objects close.
fn comparable(mut plan: DestinationPlan) -> DestinationPlan {
    plan.close.file_size = None;
    plan.part_size = 0;
    plan.retry.longest_pause = std::time::Duration::ZERO;
    if let crate::plan::FormatPlan::Parquet(parquet) = &mut plan.format {
        parquet.max_row_group_length = 0;
    }
    if let Storage::S3(S3Plan { endpoint: None, use_path_style, .. }) = &mut plan.storage {
        use_path_style.get_or_insert(false);
    }
    plan
}

/// Every spec that `serve` takes becomes a config that means the same, and every one that it refuses is refused.
#[test]
fn a_config_means_what_serve_does() {
    #[derive(serde::Deserialize)]
    struct Cases {
        case: Vec<Case>,
    }
    #[derive(serde::Deserialize)]
    struct Case {
        spec: String,
    }
    let Cases { case: cases } =
        toml::from_str(include_str!("../../../tests/data/destination_specs.toml")).expect("cases");
    let mut taken = 0;
    for Case { spec: fields } in cases {
        let mut spec = json!({
            "bucket": "my-lake", "region": "eu-central-1", "path": "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}", "format": "json",
        });
        let fields: Value = serde_json::from_str(&fields).expect("JSON");
        spec.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        match (destination_spec(spec.to_string().as_bytes()), of(&spec)) {
            (Ok(DestinationSpec { destination, auth, .. }), Ok(Imported { toml, .. })) => {
                let plan = plan(&toml);
                assert_eq!(
                    (comparable(plan.destination), plan.auth),
                    (comparable(destination), auth),
                    "{spec}\n{toml}"
                );
                taken += 1;
            }
            (Err(_), Err(failure)) => assert_eq!(failure.kind, FailureKind::Input, "{spec}: {failure}"),
            // Names that buckets can't be given any more.
            (Ok(_), Err(failure)) => assert!(failure.what.contains("bucket's name"), "{spec}: {failure}"),
            (Err(errors), Ok(_)) => panic!("{spec}: {errors:?}"),
        }
    }
    assert!(taken > 30, "{taken}");
}

/// What a config has no key for is known to the converter.
#[test]
fn every_field_of_a_spec_is_a_key_or_converted() {
    let (spec, config) = (crate::config::destination_spec_schema(), json_schema());
    let keys = &config["properties"]["destination"]["oneOf"][0]["properties"];
    let properties = spec["properties"].as_object().expect("properties");
    let others: Vec<&String> = properties.keys().filter(|key| keys.get(*key).is_none()).collect();
    assert_eq!(others, ["test_write", "local_profile", "credentials", "auth"]);
}

#[test]
fn a_reference_becomes_a_variable_that_sets_the_key() {
    let Imported { toml, .. } = of(&json!({
        "bucket": "${BUCKET}", "region": "eu-central-1", "path": "raw/${STAGE}/{{TABLE}}/{{UUID}}.{{FORMAT}}", "format": "csv",
        "batch_size": "${ROWS}", "credentials": { "local_profile": "${file:./profile}", "role_arn": "${ROLE}" },
        "server_side_encryption_configuration": { "sse_kms_key_id": "${KEY}" },
    }))
    .expect("a config");
    for line in [
        "# export LAKEWARD_DESTINATION_BUCKET=\"${BUCKET}\"",
        "# export LAKEWARD_DESTINATION_PATH=\"raw/${STAGE}/{{TABLE}}/{{UUID}}.{{FORMAT}}\"",
        "# export LAKEWARD_DESTINATION_BATCH_SIZE=\"${ROWS}\"",
        "# export LAKEWARD_AUTH_SOURCE__PROFILE=\"$(cat './profile')\"",
        "# export LAKEWARD_AUTH_ROLE_ARN=\"${ROLE}\"",
        "# export LAKEWARD_DESTINATION_SERVER_SIDE_ENCRYPTION_CONFIGURATION__SSE_KMS_KEY_ID=\"${KEY}\"",
        "# bucket: set by LAKEWARD_DESTINATION_BUCKET, see above.",
        "# role_arn: set by LAKEWARD_AUTH_ROLE_ARN, see above.",
        "# sse_kms_key_id: set by",
    ] {
        assert!(toml.contains(line), "{line}\n{toml}");
    }
    assert!(!toml.contains("\nbucket") && !toml.contains("xxx") && !toml.contains("\nbatch_size ="), "{toml}");
}

#[test]
fn credentials_are_chosen_as_before() {
    let spec = |fields: Value| {
        let mut spec =
            json!({ "bucket": "my-lake", "region": "eu-west-1", "path": "{{TABLE}}/{{UUID}}", "format": "json" });
        spec.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        plan(&of(&spec).expect("a config").toml).auth
    };
    assert_eq!(spec(json!({})), AuthPlan::Chain);
    assert_eq!(spec(json!({ "local_profile": "lake" })), AuthPlan::Profile("lake".into()));
    assert_eq!(spec(json!({ "credentials": { "local_profile": "lake" } })), AuthPlan::Profile("lake".into()));
    assert_eq!(spec(json!({ "auth": { "method": "compute" } })), AuthPlan::Compute);
    let role =
        json!({ "role_arn": "arn:aws:iam::111122223333:role/lake", "local_profile": "lake", "external_id": "abc" });
    let AuthPlan::Role(role) = spec(json!({ "credentials": role })) else { panic!("a role") };
    assert_eq!((role.source, role.external_id.as_deref()), (AuthPlan::Profile("lake".into()), Some("abc")));
    let role =
        json!({ "method": "role", "role_arn": "arn:aws:iam::111122223333:role/lake", "source": { "method": "env" } });
    let AuthPlan::Role(role) = spec(json!({ "auth": role })) else { panic!("a role") };
    assert_eq!(role.source, AuthPlan::Env);
}

#[test]
fn the_spec_of_a_source_is_kept_as_it_is() {
    let own = json!({
        "accounts": [{ "id": "012345678901", "role": { "arn": "${ROLE}" } }, { "id": "2" }],
        "regions": ["eu-central-1"], "concurrency": 100, "ratio": 0.5, "nested": { "deep": { "a b": "x\ny" }, "list": [[1], []] },
        "token": "${file:./token}", "header": "Bearer ${TOKEN}", "empty": {},
    });
    let source = format!("{SOURCE}  skip_tables: [a_*]\n  spec: {own}\n");
    let destination = "kind: destination\nspec: {name: s3, path: cloudquery/s3, version: v1, spec: {bucket: my-lake, region: eu-west-1, path: '{{TABLE}}/{{UUID}}', format: csv}}";
    let Imported { toml, .. } = imported(&[&source, destination]).expect("a config");
    let table: toml::Table = toml.parse().expect("TOML");
    let source = &table["source"][0];
    assert_eq!(serde_json::to_value(&source["spec"]).expect("JSON"), own, "{toml}");
    assert_eq!(source["type"].as_str(), Some("cloudquery"));
    assert_eq!((source["path"].as_str(), source["skip_tables"][0].as_str()), (Some("./aws"), Some("a_*")));
}
