//! What is found out in the scenes: ways to sign in, accounts, files, checks.

use lakeward_core::table::TableName;
use lakeward_wizard::{
    Account, CheckLine, Code, Column, Condition, Found, Id, Identity, Outcome, Page, Place, Preview, PreviewedTable,
    Remote, Search, SearchLink, SignInRequest, SsoSession, Trouble,
};

use super::session::later;

pub(super) fn place() -> Place {
    Place {
        config: "/home/ada/lake/lakeward.toml".into(),
        config_shown: "lakeward.toml".into(),
        situation: "this is an SSH session".into(),
        device_first: true,
        state_dir: "/home/ada/.local/state/lakeward".into(),
        ..Place::default()
    }
}

pub(super) const EXISTING: &str = "version = 1\n\n# The nightly load.\n[auth]\nmethod = \"profile\"\nprofile = \"analytics\" # ask Grace\n\n[destination]\nbucket = \"acme-lake-prod\"\npath = \"raw/{{TABLE}}/{{UUID}}.{{FORMAT}}\"\nformat = \"csv\"\n\n[[source]]\ntype = \"files\"\npaths = [\"orders/*.csv\"]\n";

pub(super) fn found(title: &str, origin: &str, condition: Condition, why: &str, rank: u8) -> Found {
    Found {
        title: title.into(),
        origin: origin.into(),
        condition,
        why: why.into(),
        answers: vec![(Id::Auth, "profile".into()), (Id::Profile, "analytics".into())],
        sign_in: None,
        session: None,
        rank,
    }
}

pub(super) fn sso() -> Found {
    let why = "Short-lived keys that renew while the SSO session lives. AWS does not tell clients when that ends, so for cron choose a compute role.";
    Found {
        answers: vec![(Id::Auth, "sso".into()), (Id::SsoSession, "acme".into())],
        sign_in: Some(SignInRequest::Sso {
            session: Some("acme".into()),
            start_url: Some("https://d-9067a1b2c3.awsapps.com/start".into()),
            region: Some("eu-central-1".into()),
        }),
        session: Some(SsoSession {
            name: "acme".into(),
            start_url: "https://d-9067a1b2c3.awsapps.com/start".into(),
            region: "eu-central-1".into(),
        }),
        ..found("SSO session \"acme\"", "~/.aws/config:12", Condition::Needs("expired 2 h ago".into()), why, 10)
    }
}

pub(super) fn all_found() -> Vec<Found> {
    vec![
        sso(),
        found(
            "Profile \"analytics\"",
            "~/.aws/config:20",
            Condition::Needs("MFA code needed".into()),
            "A role of the source profile acme. Its code has to be typed by a person: not for cron.",
            20,
        ),
        found(
            "Environment keys",
            "AWS_ACCESS_KEY_ID",
            Condition::Good("valid, long-lived".into()),
            "They work until someone takes them away, in every process of this shell.",
            40,
        ),
        found(
            "aws login \"default\"",
            "~/.aws/login",
            Condition::Broken("expired yesterday".into()),
            "Its refresh token is gone; aws login makes a new one.",
            50,
        ),
        found("Role of this machine", "EC2, ECS, EKS", Condition::Absent("no answer in 1 s".into()), "", 90),
    ]
}

/// A search that ends at a role of a profile, and the credentials that assume it.
pub(super) fn search() -> Search {
    let link = |depth, number, name: &str, state: &str, detail: &str, below: &[&str]| SearchLink {
        depth,
        number,
        name: name.into(),
        state: state.into(),
        unreached: state == "not reached",
        detail: detail.into(),
        below: below.iter().map(|line| (*line).to_owned()).collect(),
    };
    Search {
        head: vec!["looking in: the AWS credential chain".into(), "profile: etl (named by AWS_PROFILE)".into()],
        links: vec![
            link(0, 1, "environment keys", "skipped", "AWS_ACCESS_KEY_ID is not set", &[]),
            link(
                0,
                2,
                "role of the profile",
                "found",
                "role arn:aws:iam::111122223333:role/analytics-nightly-loader, assumed with profile base",
                &[
                    "role_arn = arn:aws:iam::111122223333:role/analytics-nightly-loader (~/.aws/config:7)",
                    "the credentials that assume it:",
                ],
            ),
            link(
                1,
                1,
                "keys in the credentials file",
                "found",
                "long-lived keys AKIA…2345",
                &["aws_access_key_id = AKIA…2345 (~/.aws/credentials:2)"],
            ),
            link(0, 3, "web identity", "not reached", "no web_identity_token_file names a token", &[]),
            link(0, 4, "IAM Identity Center", "not reached", "profile etl has no sso_account_id", &[]),
            link(0, 5, "console sign-in", "not reached", "profile etl has no login_session", &[]),
            link(0, 6, "container role", "not reached", "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set", &[]),
        ],
        tail: vec!["region: eu-central-1 (~/.aws/config:9)".into()],
    }
}

pub(super) fn page(device: bool) -> Page {
    let start = "https://d-9067a1b2c3.awsapps.com/start/#/device";
    let pkce = "https://oidc.eu-central-1.amazonaws.com/authorize?response_type=code&client_id=Zq3vN0k5b2lkYy1jbGllbnQtZXhhbXBsZQ&redirect_uri=http%3A%2F%2F127.0.0.1%3A53682%2Foauth%2Fcallback&state=0f6e1c9a&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    Page {
        device,
        url: if device { format!("{start}?user_code=KQTM-VXRB").as_str().into() } else { pkce.into() },
        code: device.then(|| Code { page: start.into(), code: "KQTM-VXRB".into() }),
        expires: later(600),
    }
}

pub(super) const TEAMS: [&str; 8] =
    ["data", "ingest-eu", "ingest-us", "web", "payments", "search", "identity", "sandbox-of-the-platform-team"];

pub(super) fn account(at: usize) -> Account {
    let stage = ["prod", "staging", "dev"].get(at % 3).copied().unwrap_or_default();
    let team = TEAMS.get(at / 3 % TEAMS.len()).copied().unwrap_or_default();
    Account {
        id: format!("{:012}", 111_122_223_333_u64 + 1_234_567 * at as u64),
        name: format!("acme-{stage}-{team}"),
        email: format!("{team}@acme.example"),
        roles: Remote::Idle,
    }
}

pub(super) fn roles() -> Vec<String> {
    ["LakewardIngest", "IngestReadOnly", "PowerUserAccess"].map(str::to_owned).to_vec()
}

pub(super) fn trouble(what: &str, next: &str) -> Trouble {
    Trouble { code: 77, ..Trouble::usage(what).next(next) }
}

pub(super) fn identity() -> Identity {
    Identity {
        account: "111122223333".into(),
        arn: "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_LakewardIngest_0123456789abcdef/ada@acme.example"
            .into(),
        expires: Some(later(3600)),
        renews: true,
        warnings: vec![],
    }
}

pub(super) fn table(name: &str, rows: Vec<Vec<&str>>, bytes: u64) -> PreviewedTable {
    let columns = [
        ("order_id", "int64"),
        ("customer", "string"),
        ("amount", "decimal(12,2)"),
        ("ordered_at", "timestamp"),
        ("shipped", "bool"),
        ("note", "string"),
        ("warehouse", "string"),
    ];
    PreviewedTable {
        name: name.into(),
        first_key: format!("raw/{name}/2026-11-23/01935a1e-7c3b-7f00-8a2d-4e5f60718293.parquet"),
        columns: columns
            .iter()
            .map(|(name, kind)| Column { name: (*name).into(), column_type: (*kind).into() })
            .collect(),
        rows: rows.into_iter().map(|row| row.into_iter().map(str::to_owned).collect()).collect(),
        odd: Vec::new(),
        rejected: 0,
        first_rejected: None,
        looked_at: 0,
        unseen: false,
        goes_on: false,
        bytes: Some(bytes),
        plugin: None,
    }
}

pub(super) fn preview() -> Preview {
    let rows = vec![
        vec![
            "1001",
            "Ada Lovelace",
            "1250.00",
            "2026-11-22 09:14:03",
            "true",
            "leave it at the door, please, and ring twice",
            "ZRH-2",
        ],
        vec!["1002", "Grace Hopper", "8.50", "2026-11-22 09:15:40", "false", "", "ZRH-2"],
        vec!["1003", "東京商事", "99999.99", "2026-11-22 09:17:12", "true", "", "HND-1"],
    ];
    Preview {
        tables: vec![
            table("orders", rows, 302_000_000),
            table("order_items", vec![], 315_600_000),
            table("customers", vec![], 23_100_000),
        ],
    }
}

/// The tables of a plugin: their columns are known, their rows are not.
pub(super) fn of_plugin() -> Preview {
    let table = |name: &str| PreviewedTable {
        bytes: None,
        plugin: Some("the source cq-source-shop (shop v1.4.0)".into()),
        ..table(name, vec![], 0)
    };
    Preview { tables: ["shop_orders", "shop_order_items", "shop_refunds"].map(table).into() }
}

pub(super) fn line(check: &str, outcome: Outcome, detail: &str) -> CheckLine {
    CheckLine { check: check.into(), outcome, detail: detail.into(), next: None, statement: None, answer: None }
}

pub(super) fn good_lines() -> Vec<CheckLine> {
    vec![
        line("credentials", Outcome::Ok, "LakewardIngest in 111122223333, for 59 min, renewed"),
        line("clock", Outcome::Ok, "1 s apart from AWS"),
        CheckLine {
            answer: Some((Id::Region, "eu-west-1".into())),
            ..line("bucket", Outcome::Ok, "acme-lake-prod, in eu-west-1")
        },
        line("test write", Outcome::Ok, "raw/_lakeward_check, 24 bytes, 212 ms"),
        line("clean-up", Outcome::Skipped, "no s3:DeleteObject, and none is needed"),
    ]
}

pub(super) fn bad_lines() -> Vec<CheckLine> {
    let statement = "{\n  \"Effect\": \"Allow\",\n  \"Action\": \"kms:GenerateDataKey\",\n  \"Resource\": \"arn:aws:kms:eu-west-1:111122223333:key/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d\"\n}";
    vec![
        line("credentials", Outcome::Ok, "LakewardIngest in 111122223333, for 59 min, renewed"),
        line("bucket", Outcome::Ok, "acme-lake-prod, in eu-west-1"),
        CheckLine {
            next: Some("the bucket encrypts with this key: have the statement below added to the role's policy".into()),
            statement: Some(statement.into()),
            ..line(
                "test write",
                Outcome::Failed,
                "403 AccessDenied: not authorized to perform kms:GenerateDataKey on arn:aws:kms:eu-west-1:111122223333:key/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
            )
        },
        line("clean-up", Outcome::Skipped, "nothing was written"),
    ]
}

pub(super) fn name(name: &str) -> TableName {
    TableName::new(name).expect("a table's name")
}

pub(super) fn summary() -> String {
    "orders       5,801,220 rows   288.0 MiB   3 objects\norder_items  4,193,004 rows   301.2 MiB   3 objects\ncustomers      391,004 rows    22.0 MiB   1 object\n\n10,385,228 rows in 7 objects, 611.2 MiB, in 4 min 2 s".into()
}

/// Of a run in which a plugin could not read all tables.
pub(super) fn tables_failed() -> Trouble {
    let what = "the source cq-source-shop told errors of its tables:\n  shop_refunds: 403 Forbidden: the token may not read refunds; 429 Too Many Requests";
    Trouble { code: 65, ..trouble(what, "see what the plugin says; what it did read has been taken") }
}

pub(super) fn refused() -> Trouble {
    trouble(
        "table refunds, refunds.csv line 214, column amount: \"12,50\" is not a decimal(12,2)",
        "mend the file, or set on_error = \"skip\" to set such rows aside; the tables that are done have landed whole",
    )
}
