//! The registry of questions.

use crate::{
    answers::Answers,
    question::{Choice, Id, Kind, Need, Question},
    state::Screen,
};
use Need::{NotAsked, Optional, Required};

/// Every question, in the order in which they are asked.
pub const QUESTIONS: &[Question] = &[
    Question {
        id: Id::Storage,
        key: "destination.storage",
        flag: "storage",
        title: "Storage",
        help: "Where objects go: into S3, or into a folder of this machine, behind an S3 server inside Lakeward. The folder needs no AWS \
               account and is good for trying things out.",
        example: "s3",
        kind: Kind::Choice(&[
            Choice { value: "s3", help: "AWS, or a server that speaks its protocol" },
            Choice { value: "embedded", help: "plain files in a folder, no AWS" },
        ]),
        screen: Screen::Destination,
        rare: true,
        need: |_| Required,
        default: |answers, _| Some(if given(answers, Id::Dir) { "embedded" } else { "s3" }.into()),
        depends_on: &[],
    },
    Question {
        id: Id::Auth,
        key: "auth.method",
        flag: "auth",
        title: "Sign in with",
        help: "Which credentials are used. Each but the chain pins one kind, so that nothing else in the environment can take over \
               later. No secret is ever asked for or written.",
        example: "sso",
        kind: Kind::Choice(&[
            Choice { value: "sso", help: "a role of IAM Identity Center (AWS access portal)" },
            Choice { value: "profile", help: "a profile of the AWS files" },
            Choice { value: "role", help: "a role that is assumed with other credentials" },
            Choice { value: "compute", help: "the role of the machine: EC2, ECS, EKS" },
            Choice { value: "env", help: "AWS_ACCESS_KEY_ID and its kin in the environment" },
            Choice { value: "chain", help: "whatever the AWS tools would take, in their order" },
        ]),
        screen: Screen::Method,
        rare: false,
        need: |answers| if is_s3(answers) { Required } else { NotAsked },
        default: |answers, _| {
            let sso = [Id::SsoSession, Id::SsoStartUrl, Id::SsoAccountId];
            let method = if given(answers, Id::Profile) {
                "profile"
            } else if sso.into_iter().any(|id| given(answers, id)) {
                "sso"
            } else if given(answers, Id::RoleArn) {
                "role"
            } else {
                return None;
            };
            Some(method.into())
        },
        depends_on: &[Id::Storage],
    },
    Question {
        id: Id::Profile,
        key: "auth.profile",
        flag: "profile",
        title: "Profile",
        help: "The profile's name in ~/.aws/config or ~/.aws/credentials. What the profile says is followed: a role, an SSO session, a \
               program.",
        example: "analytics",
        kind: Kind::Text,
        screen: Screen::Details,
        rare: false,
        need: |answers| with_auth(answers, "profile", Required),
        default: |_, _| None,
        depends_on: &[Id::Auth],
    },
    Question {
        id: Id::SsoSession,
        key: "auth.sso_session",
        flag: "sso-session",
        title: "SSO session",
        help: "The name of an [sso-session] in ~/.aws/config, which holds the start URL and the region. Leave it empty to give both \
               here.",
        example: "my-sso",
        kind: Kind::Text,
        screen: Screen::Details,
        rare: false,
        need: |answers| with_auth(answers, "sso", Optional),
        default: |_, _| None,
        depends_on: &[Id::Auth],
    },
    Question {
        id: Id::SsoStartUrl,
        key: "auth.sso_start_url",
        flag: "sso-start-url",
        title: "Start URL",
        help: "The address of the AWS access portal: the page where you choose an account. An administrator of IAM Identity Center \
               knows it.",
        example: "https://my-company.awsapps.com/start",
        kind: Kind::Text,
        screen: Screen::Details,
        rare: false,
        need: without_session,
        default: |_, _| None,
        depends_on: &[Id::SsoSession],
    },
    Question {
        id: Id::SsoRegion,
        key: "auth.sso_region",
        flag: "sso-region",
        title: "SSO region",
        help: "The region of IAM Identity Center, which need not be the bucket's. With a wrong one the sign-in fails as if the code were \
               wrong.",
        example: "eu-central-1",
        kind: Kind::Text,
        screen: Screen::Details,
        rare: false,
        need: without_session,
        default: |_, _| None,
        depends_on: &[Id::SsoSession],
    },
    Question {
        id: Id::SsoAccountId,
        key: "auth.sso_account_id",
        flag: "sso-account-id",
        title: "Account",
        help: "The AWS account, twelve digits. The access portal lists those that are assigned to you.",
        example: "111122223333",
        kind: Kind::Text,
        screen: Screen::Directory,
        rare: false,
        need: |answers| with_auth(answers, "sso", Required),
        default: |_, _| None,
        depends_on: &[Id::SsoSession, Id::SsoStartUrl, Id::SsoRegion],
    },
    Question {
        id: Id::SsoRoleName,
        key: "auth.sso_role_name",
        flag: "sso-role-name",
        title: "Role",
        help: "The role (permission set), as the access portal names it. It needs s3:PutObject on the destination and nothing else.",
        example: "DataWriter",
        kind: Kind::Text,
        screen: Screen::Directory,
        rare: false,
        need: |answers| with_auth(answers, "sso", Required),
        default: |_, _| None,
        depends_on: &[Id::SsoAccountId],
    },
    Question {
        id: Id::RoleArn,
        key: "auth.role_arn",
        flag: "role-arn",
        title: "Role ARN",
        help: "The role to assume. Its trust policy has to allow the credentials that assume it.",
        example: "arn:aws:iam::111122223333:role/lakeward",
        kind: Kind::Text,
        screen: Screen::Details,
        rare: false,
        need: |answers| with_auth(answers, "role", Required),
        default: |_, _| None,
        depends_on: &[Id::Auth],
    },
    Question {
        id: Id::SourceProfile,
        key: "auth.source.profile",
        flag: "source-profile",
        title: "Assumed by profile",
        help: "The profile whose credentials assume the role. Leave it empty for what the AWS chain finds.",
        example: "default",
        kind: Kind::Text,
        screen: Screen::Details,
        rare: false,
        need: |answers| with_auth(answers, "role", Optional),
        default: |_, _| None,
        depends_on: &[Id::RoleArn],
    },
    Question {
        id: Id::MfaSerial,
        key: "auth.mfa_serial",
        flag: "mfa-serial",
        title: "MFA device",
        help: "The device whose code the role's trust policy asks for. With one, a run needs a person who signed in before: not for cron.",
        example: "arn:aws:iam::111122223333:mfa/me",
        kind: Kind::Text,
        screen: Screen::Details,
        rare: true,
        need: |answers| with_auth(answers, "role", Optional),
        default: |_, _| None,
        depends_on: &[Id::RoleArn],
    },
    Question {
        id: Id::ExternalId,
        key: "auth.external_id",
        flag: "external-id",
        title: "External id",
        help: "What the role's trust policy asks a third party for. Whoever gave you the role gave you this too, if it is needed.",
        example: "example-corp",
        kind: Kind::Text,
        screen: Screen::Details,
        rare: true,
        need: |answers| with_auth(answers, "role", Optional),
        default: |_, _| None,
        depends_on: &[Id::RoleArn],
    },
    Question {
        id: Id::RoleSessionName,
        key: "auth.role_session_name",
        flag: "role-session-name",
        title: "Session name",
        help: "What CloudTrail shows for the session of the role. Leave it empty for \"lakeward\".",
        example: "lakeward-nightly",
        kind: Kind::Text,
        screen: Screen::Details,
        rare: true,
        need: |answers| with_auth(answers, "role", Optional),
        default: |_, _| None,
        depends_on: &[],
    },
    Question {
        id: Id::Duration,
        key: "auth.duration",
        flag: "duration",
        title: "Duration",
        help: "How long the role's credentials live, 15 minutes to 12 hours. Leave it empty for what AWS gives, an hour; they are renewed \
               in time.",
        example: "1h",
        kind: Kind::Text,
        screen: Screen::Details,
        rare: true,
        need: |answers| with_auth(answers, "role", Optional),
        default: |_, _| None,
        depends_on: &[],
    },
    Question {
        id: Id::Dir,
        key: "destination.dir",
        flag: "dir",
        title: "Folder",
        help: "The folder under which an object is the file BUCKET/KEY. It counts from the folder of the config.",
        example: "lake",
        kind: Kind::Text,
        screen: Screen::Destination,
        rare: false,
        need: |answers| if is_s3(answers) { NotAsked } else { Required },
        default: |_, _| Some("lake".into()),
        depends_on: &[Id::Storage],
    },
    Question {
        id: Id::Bucket,
        key: "destination.bucket",
        flag: "bucket",
        title: "Bucket",
        help: "The bucket's name alone, without s3://, or the ARN of an access point. Lakeward creates none and lists none.",
        example: "my-lake",
        kind: Kind::Text,
        screen: Screen::Destination,
        rare: false,
        need: |_| Required,
        default: |_, _| None,
        depends_on: &[Id::Storage],
    },
    Question {
        id: Id::Path,
        key: "destination.path",
        flag: "path",
        title: "Path",
        help: "The key of each object. Variables: {{TABLE}}, {{TABLE_HYPHEN}}, {{YEAR}}, {{MONTH}}, {{DAY}}, {{HOUR}}, {{MINUTE}} (UTC), \
               {{FORMAT}}, {{SYNC_ID}} for the run and {{UUID}} for the object, which has to be in it. What stands before the first \
               variable is the prefix: the only place where Lakeward may write.",
        example: "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}",
        kind: Kind::Text,
        screen: Screen::Destination,
        rare: false,
        need: |_| Required,
        default: |_, _| Some("raw/{{TABLE}}/{{YEAR}}-{{MONTH}}-{{DAY}}/{{UUID}}.{{FORMAT}}".into()),
        depends_on: &[],
    },
    Question {
        id: Id::Region,
        key: "destination.region",
        flag: "region",
        title: "Region",
        help: "The bucket's region. Leave it empty, and the test write finds it.",
        example: "eu-central-1",
        kind: Kind::Text,
        screen: Screen::Destination,
        rare: false,
        need: |answers| with_s3(answers, Optional),
        default: |_, _| None,
        depends_on: &[Id::Bucket],
    },
    Question {
        id: Id::Format,
        key: "destination.format",
        flag: "format",
        title: "Format",
        help: "What the objects are. Parquet is small and quick to query, and keeps the types.",
        example: "parquet",
        kind: Kind::Choice(&[
            Choice { value: "parquet", help: "columns with their types" },
            Choice { value: "csv", help: "comma-separated values" },
            Choice { value: "json", help: "one JSON object a line" },
        ]),
        screen: Screen::Destination,
        rare: false,
        need: |_| Required,
        default: |_, _| Some("parquet".into()),
        depends_on: &[],
    },
    Question {
        id: Id::Compression,
        key: "destination.compression",
        flag: "compression",
        title: "Compression",
        help: "Of Parquet's pages: zstd, snappy, gzip or none. Around CSV and JSON: none, gzip or zstd, and {{FORMAT}} then ends in .gz or \
               .zst.",
        example: "zstd",
        kind: Kind::Choice(&[
            Choice { value: "zstd", help: "small and quick" },
            Choice { value: "snappy", help: "Parquet only, for old readers" },
            Choice { value: "gzip", help: "small, slow, known everywhere" },
            Choice { value: "none", help: "as it is" },
        ]),
        screen: Screen::Destination,
        rare: false,
        need: |_| Required,
        default: |answers, _| Some(if answers.is(Id::Format, "parquet") { "zstd" } else { "none" }.into()),
        depends_on: &[Id::Format],
    },
    Question {
        id: Id::FileSize,
        key: "destination.file_size",
        flag: "file-size",
        title: "File size",
        help: "The size at which an object closes and the next one begins.",
        example: "128MiB",
        kind: Kind::Text,
        screen: Screen::Destination,
        rare: true,
        need: |_| Optional,
        default: |_, _| Some("128MiB".into()),
        depends_on: &[],
    },
    Question {
        id: Id::SseKmsKeyId,
        key: "destination.server_side_encryption_configuration.sse_kms_key_id",
        flag: "sse-kms-key-id",
        title: "KMS key",
        help: "A KMS key to ask for with each object: an id, an alias or an ARN. Leave it empty for what the bucket does by itself. The \
               credentials then need kms:GenerateDataKey too.",
        example: "alias/lake",
        kind: Kind::Text,
        screen: Screen::Destination,
        rare: true,
        need: |answers| with_s3(answers, Optional),
        default: |_, _| None,
        depends_on: &[Id::Bucket],
    },
    Question {
        id: Id::Endpoint,
        key: "destination.endpoint",
        flag: "endpoint",
        title: "Endpoint",
        help: "The URL of another S3 server than AWS. Leave it empty for AWS.",
        example: "https://minio.example.com:9000",
        kind: Kind::Text,
        screen: Screen::Destination,
        rare: true,
        need: |answers| with_s3(answers, Optional),
        default: |_, _| None,
        depends_on: &[Id::Storage],
    },
    Question {
        id: Id::Source,
        key: "source.type",
        flag: "source",
        title: "Rows come from",
        help: "Files of this machine, what a program prints, or standard input.",
        example: "files",
        kind: Kind::Choice(&[
            Choice { value: "files", help: "files, folders and globs" },
            Choice { value: "command", help: "what a program writes to its standard output" },
            Choice { value: "stdin", help: "standard input, once a run" },
        ]),
        screen: Screen::Source,
        rare: false,
        need: |_| Required,
        default: |answers, facts| {
            Some(
                if given(answers, Id::Command) {
                    "command"
                } else if facts.place.stdin_piped && !given(answers, Id::Paths) {
                    "stdin"
                } else {
                    "files"
                }
                .into(),
            )
        },
        depends_on: &[],
    },
    Question {
        id: Id::Paths,
        key: "source.paths",
        flag: "paths",
        title: "Files",
        help: "Files, folders (everything below them) and globs, with blanks between; quote a path that holds a blank. CSV, TSV, JSON, \
               Parquet and Arrow, also as .gz and .zst. They count from the folder of the config.",
        example: "'data/*.csv'",
        kind: Kind::List,
        screen: Screen::Source,
        rare: false,
        need: |answers| with_source(answers, &["files"], Required),
        default: |_, _| None,
        depends_on: &[Id::Source],
    },
    Question {
        id: Id::Command,
        key: "source.command",
        flag: "command",
        title: "Program",
        help: "The program and its arguments. It is started without a shell, in the folder of the config. No password belongs into it.",
        example: "psql --csv -c 'select * from orders'",
        kind: Kind::Words,
        screen: Screen::Source,
        rare: false,
        need: |answers| with_source(answers, &["command"], Required),
        default: |_, _| None,
        depends_on: &[Id::Source],
    },
    Question {
        id: Id::Table,
        key: "source.table",
        flag: "table",
        title: "Table",
        help: "The table's name: {{TABLE}} in the path. For files it can be left empty: each file's name without its extensions is its \
               table.",
        example: "orders",
        kind: Kind::Text,
        screen: Screen::Source,
        rare: false,
        need: of_stream,
        default: |_, _| None,
        depends_on: &[Id::Source, Id::Paths, Id::Command],
    },
    Question {
        id: Id::SourceFormat,
        key: "source.format",
        flag: "source-format",
        title: "Format of the rows",
        help: "What the source's text or files are. For files it can be left empty: it is found by content.",
        example: "csv",
        kind: Kind::Choice(&[
            Choice { value: "csv", help: "comma-separated values" },
            Choice { value: "tsv", help: "tab-separated values" },
            Choice { value: "ndjson", help: "one JSON value a line" },
            Choice { value: "json", help: "one JSON array" },
            Choice { value: "parquet", help: "Apache Parquet" },
            Choice { value: "arrow", help: "Arrow IPC" },
        ]),
        screen: Screen::Source,
        rare: false,
        need: of_stream,
        default: |_, _| None,
        depends_on: &[Id::Source, Id::Paths, Id::Command],
    },
    Question {
        id: Id::OnError,
        key: "source.on_error",
        flag: "on-error",
        title: "Rows that do not fit",
        help: "What becomes of a row that does not fit its table: the run ends and names it, or it is set aside with its reason in a \
               rejects file.",
        example: "skip",
        kind: Kind::Choice(&[
            Choice { value: "fail", help: "the run ends and says where" },
            Choice { value: "skip", help: "set aside in the folder rejects" },
        ]),
        screen: Screen::Source,
        rare: true,
        need: |_| Optional,
        default: |_, _| Some("fail".into()),
        depends_on: &[],
    },
];

fn given(answers: &Answers, id: Id) -> bool {
    answers.value(id).is_some()
}

fn is_s3(answers: &Answers) -> bool {
    !answers.is(Id::Storage, "embedded")
}

fn with_s3(answers: &Answers, need: Need) -> Need {
    if is_s3(answers) { need } else { NotAsked }
}

fn with_auth(answers: &Answers, method: &str, need: Need) -> Need {
    if is_s3(answers) && answers.is(Id::Auth, method) { need } else { NotAsked }
}

/// Start URL and region: a session names both.
fn without_session(answers: &Answers) -> Need {
    if given(answers, Id::SsoSession) { NotAsked } else { with_auth(answers, "sso", Required) }
}

fn with_source(answers: &Answers, kinds: &[&str], need: Need) -> Need {
    if kinds.iter().any(|kind| answers.is(Id::Source, kind)) { need } else { NotAsked }
}

/// What files tell by themselves and a stream does not.
fn of_stream(answers: &Answers) -> Need {
    if answers.is(Id::Source, "files") { Optional } else { Required }
}
