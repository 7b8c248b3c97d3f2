//! The registry, composing, and answers from everywhere.

pub(crate) mod fixtures;
mod registry;
mod compose;
mod layers;
mod fronts;

use std::path::PathBuf;

use crate::{Answers, Facts, From, Id, Place, QUESTIONS, Value};

pub(crate) fn place() -> Place {
    Place {
        config: PathBuf::from("/home/me/lakeward.toml"),
        config_shown: "lakeward.toml".into(),
        state_dir: PathBuf::from("/home/me/.local/state/lakeward"),
        ..Place::default()
    }
}

pub(crate) fn facts() -> Facts {
    Facts { place: place(), ..Facts::default() }
}

/// Answers as texts that are typed, each read as its question reads it.
pub(crate) fn answers(texts: &[(Id, &str)]) -> Answers {
    let mut answers = Answers::default();
    for (id, text) in texts {
        answers.give(*id, id.question().read(text).expect("closed quotes"), From::Flag);
    }
    answers
}

/// Answers of each kind that make a whole config.
pub(crate) fn whole() -> Vec<Answers> {
    let to_bucket = [(Id::Bucket, "my-lake"), (Id::Paths, "'data/*.csv'")];
    let with = |more: &[(Id, &str)]| answers(&[more, &to_bucket].concat());
    vec![
        with(&[(Id::Auth, "chain")]),
        with(&[(Id::Auth, "env"), (Id::Format, "csv"), (Id::Compression, "gzip"), (Id::OnError, "skip")]),
        with(&[(Id::Profile, "analytics"), (Id::Region, "eu-west-1"), (Id::FileSize, "64MiB")]),
        with(&[(Id::SsoSession, "acme"), (Id::SsoAccountId, "111122223333"), (Id::SsoRoleName, "Writer")]),
        with(&[
            (Id::SsoStartUrl, "https://acme.awsapps.com/start"),
            (Id::SsoRegion, "eu-central-1"),
            (Id::SsoAccountId, "111122223333"),
            (Id::SsoRoleName, "Writer"),
            (Id::SseKmsKeyId, "alias/lake"),
        ]),
        with(&[
            (Id::RoleArn, "arn:aws:iam::111122223333:role/lakeward"),
            (Id::SourceProfile, "base"),
            (Id::ExternalId, "example-corp"),
            (Id::Duration, "1h"),
            (Id::MfaSerial, "arn:aws:iam::111122223333:mfa/me"),
            (Id::RoleSessionName, "nightly"),
        ]),
        with(&[(Id::Auth, "compute"), (Id::Endpoint, "http://127.0.0.1:9000")]),
        answers(&[
            (Id::Storage, "embedded"),
            (Id::Bucket, "my-lake"),
            (Id::Command, "sh -c 'printf \"a\\n1\\n\"'"),
            (Id::Table, "t"),
            (Id::SourceFormat, "csv"),
        ]),
        answers(&[
            (Id::Auth, "env"),
            (Id::Bucket, "my-lake"),
            (Id::Source, "stdin"),
            (Id::Table, "t"),
            (Id::SourceFormat, "ndjson"),
        ]),
        answers(&[
            (Id::Auth, "env"),
            (Id::Bucket, "my-lake"),
            (Id::Plugin, "./cq-source-aws"),
            (Id::Tables, "'aws_ec2_*' aws_s3_buckets"),
            (Id::SkipTables, "aws_ec2_images"),
            (Id::Spec, "{ token = \"${API_TOKEN}\", regions = [\"it's\", \"eu-central-1\"], deep.n = 1 }"),
            (Id::Network, "tcp"),
            (Id::Timeout, "5m"),
        ]),
        answers(&[(Id::Auth, "chain"), (Id::Bucket, "my-lake"), (Id::Address, "127.0.0.1:7777")]),
    ]
}

/// Each id once, in the registry's order.
fn ids() -> Vec<Id> {
    QUESTIONS.iter().map(|question| question.id).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
