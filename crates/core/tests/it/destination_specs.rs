//! Specs that CloudQuery hosts hand over: what is taken and what is refused, and what a spec means.

use std::time::Duration;

use lakeward_core::{
    batch::ClosePolicy,
    config::{DestinationSpec, destination_spec, destination_spec_schema},
    plan::{AuthPlan, Compression, FormatPlan, Storage},
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    spec: String,
    says: Option<Vec<String>>,
    key: Option<String>,
}

/// The least spec with fields laid over it.
fn resolved(fields: &Value) -> Result<DestinationSpec, String> {
    let mut spec = json!({
        "bucket": "my-lake", "region": "eu-central-1", "path": "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}", "format": "json",
    });
    spec.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    destination_spec(spec.to_string().as_bytes()).map_err(|errors| {
        let told = errors.iter().map(|error| format!("{} ({})", error.what, error.hint.as_deref().unwrap_or_default()));
        told.collect::<Vec<_>>().join("\n")
    })
}

#[test]
fn specs_are_taken_and_refused_as_the_original_does() {
    let Cases { case: cases } = toml::from_str(include_str!("../data/destination_specs.toml")).expect("cases");
    assert!(cases.len() >= 60);
    let mut wrong = Vec::new();
    for Case { spec, says, key } in &cases {
        match (resolved(&serde_json::from_str(spec).expect("JSON")), says) {
            (Ok(resolved), None) => {
                let path = resolved.destination.path.to_string();
                wrong.extend(key.as_ref().filter(|key| **key != path).map(|_| format!("{spec}: the path is {path}")));
            }
            (Err(told), Some(says)) => {
                let lacks = says.iter().filter(|said| !told.contains(*said));
                wrong.extend(lacks.map(|said| format!("{spec}: {told:?} does not say {said:?}")));
            }
            (Ok(_), Some(_)) => wrong.push(format!("{spec}: taken")),
            (Err(told), None) => wrong.push(format!("{spec}: refused: {told}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_spec_is_refused_with_the_reason() {
    for (spec, says) in [
        ("", "`bucket` is missing"),
        ("null", "`bucket` is missing"),
        ("[]", "no object"),
        ("{", "not JSON"),
        ("\u{1b}[31m", "not JSON"),
    ] {
        let errors = destination_spec(spec.as_bytes()).expect_err("no spec");
        assert!(errors.iter().any(|error| error.what.contains(says)), "{spec:?}: {errors:?}");
    }
}

/// A spec may hold secrets that stand where none belong.
#[test]
fn no_refusal_shows_a_secret() {
    const SECRET: &str = "wJalrXUtnFEMIK7MDENG";
    for fields in [
        json!({ "credentials": SECRET }),
        json!({ "secret_access_key": SECRET }),
        json!({ "credentials": { "aws_session_token": SECRET } }),
        json!({ "endpoint": format!("https://me:{SECRET}@s3.example.com") }),
    ] {
        let told = resolved(&fields).expect_err("no spec");
        assert!(!told.contains(SECRET), "{told}");
    }
}

#[test]
fn the_defaults_are_those_of_the_original() {
    let DestinationSpec { destination, auth, test_write } = resolved(&json!({ "format": "parquet" })).expect("a spec");
    let expected = ClosePolicy {
        rows: Some(10_000),
        bytes: Some(52_428_800),
        age: Some(Duration::from_secs(30)),
        file_size: None,
    };
    assert_eq!((destination.close, destination.part_size, test_write), (expected, 5_242_880, true));
    assert_eq!((destination.retry.most_tries, destination.retry.longest_pause), (None, Duration::from_secs(30)));
    let FormatPlan::Parquet(parquet) = destination.format else { unreachable!("{:?}", destination.format) };
    assert_eq!((parquet.compression, parquet.max_row_group_length), (Compression::Snappy, 134_217_728));
    let Storage::S3(s3) = destination.storage else { unreachable!("a bucket") };
    assert_eq!((s3.use_path_style, s3.region.as_deref()), (Some(false), Some("eu-central-1")));
    assert_eq!(auth, AuthPlan::Chain);
}

#[test]
fn fields_mean_what_they_do_in_the_original() {
    let spec = resolved(&json!({ "max_retries": 5, "credentials": {
        "local_profile": "lake", "role_arn": "arn:aws:iam::111122223333:role/lake", "external_id": "abc",
    }}));
    let DestinationSpec { destination, auth, .. } = spec.expect("a spec");
    assert_eq!(destination.retry.most_tries, Some(5));
    let AuthPlan::Role(role) = auth else { unreachable!("{auth:?}") };
    assert_eq!((role.source, role.external_id.as_deref()), (AuthPlan::Profile("lake".into()), Some("abc")));
    let one = json!({ "path": "{{TABLE}}", "batch_size": 0, "batch_size_bytes": 0, "batch_timeout": "0s" });
    assert!(resolved(&one).expect("a spec").destination.no_rotate, "one object a table is that, whatever it is called");
}

/// The host checks a spec against it before anything else, and gives up on a schema that is wrong itself.
#[test]
fn the_schema_names_every_field_once() {
    let schema = destination_spec_schema();
    let required: Vec<&str> = schema["required"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    assert_eq!(
        {
            let mut names = required.clone();
            names.sort_unstable();
            names
        },
        ["bucket", "format", "path", "region"]
    );
    for field in ["batch_size", "credentials", "local_profile", "test_write", "tags", "auth", "max_retries"] {
        assert!(schema["properties"][field].is_object(), "{field}");
    }
    assert_eq!(schema["properties"]["batch_size"]["default"], 10_000);
    assert_eq!(schema["additionalProperties"], false);
}
