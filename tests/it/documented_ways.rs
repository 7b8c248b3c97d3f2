//! The documented ways to credentials, one after the other: each signs a run that lands, as whom it should.

use lakeward_loopback::aws::Role;
use lakeward_testkit::Home;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::{
    loopback_aws::Aws,
    program::{config, files, numbered},
    server::{Server, destination},
};

struct Ways {
    home: Home,
    aws: Aws,
    server: Server,
}

impl Ways {
    async fn new() -> Self {
        let home = Home::new();
        home.write("rows.csv", numbered(1, 3));
        let aws = Aws::start(&home, |options| {
            let mut pod = Role::new("arn:aws:iam::111122223333:role/Pod", &[]);
            pod.subjects = vec!["system:serviceaccount:data:lakeward".into()];
            options.roles.push(pod);
        })
        .await;
        let server = Server::with(|options| options.access_keys = Some(aws.aws.access_keys())).await;
        Self { home, aws, server }
    }

    /// The id and the secret of the user's keys.
    fn keys(&self) -> (&str, &str) {
        (&self.aws.user.access_key_id, self.aws.user.secret_access_key.expose_secret())
    }

    /// A run with this `[auth]` lands, and so it does as this ARN, by this place of the search.
    #[track_caller]
    fn lands(&self, auth: &str, environment: &[(&str, &str)], (place, arn): (&str, &str)) -> Value {
        let destination = destination(self.server.s3.endpoint(), "vendor = \"aws\"\nregion = \"us-east-1\"");
        let auth = format!("[auth]\n{auth}\n");
        self.home.write("lakeward.toml", config(&destination, &files(&["rows.csv"])) + &auth);
        let command = |arguments: &[&str]| {
            let command = self.aws.lakeward(&self.home, arguments);
            environment.iter().fold(command, |command, (name, value)| command.env(name, value))
        };
        let landed = self.server.objects().len();
        let _ = command(&["sync"]).run().exits(0);
        assert_eq!(self.server.objects().len(), landed + 1);
        let explained = command(&["auth", "explain", "--json"]).run().exits(0).stdout;
        let explained: Value = serde_json::from_str(&explained).unwrap();
        let links = explained["links"].as_array().unwrap();
        let found = links.iter().find(|link| link["state"] == "found").unwrap();
        assert_eq!((found["name"].as_str(), explained["identity"]["arn"].as_str()), (Some(place), Some(arn)));
        explained
    }
}

const USER: &str = "arn:aws:iam::111122223333:user/Ann";

#[tokio::test(flavor = "multi_thread")]
async fn environment_keys() {
    let ways = Ways::new().await;
    let (id, secret) = ways.keys();
    for method in ["env", "chain"] {
        let set = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)];
        ways.lands(&format!("method = \"{method}\""), &set, ("environment keys", USER));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_over_config() {
    let ways = Ways::new().await;
    let (id, secret) = ways.keys();
    ways.home.write(
        ".aws/config",
        "[default]\nregion = us-east-1\naws_access_key_id = AKIDOTHER\naws_secret_access_key = another-secret-key\n",
    );
    ways.home
        .write(".aws/credentials", format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"));
    for auth in ["method = \"chain\"", "method = \"profile\"\nprofile = \"default\""] {
        let explained = ways.lands(auth, &[], ("keys in the credentials file", USER));
        // The other file's region still counts.
        assert_eq!(explained["region"]["value"], "us-east-1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_sso_session() {
    let ways = Ways::new().await;
    ways.aws.sign_in(&ways.home);
    let arn = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Writer_0123456789abcdef/loopback";
    for auth in [
        "method = \"profile\"\nprofile = \"sso\"",
        "method = \"sso\"\nsso_session = \"corp\"\nsso_account_id = \"111122223333\"\nsso_role_name = \"Writer\"",
    ] {
        ways.lands(auth, &[], ("IAM Identity Center", arn));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_login_session() {
    let ways = Ways::new().await;
    ways.aws.sign_in_at_console(&ways.home);
    let place = ("console sign-in", "arn:aws:iam::111122223333:user/Console");
    ways.lands("method = \"profile\"\nprofile = \"console\"", &[], place);
    ways.lands("method = \"chain\"", &[("AWS_PROFILE", "console")], place);
}

#[tokio::test(flavor = "multi_thread")]
async fn ec2_role() {
    let ways = Ways::new().await;
    let place = ("instance role", "arn:aws:sts::111122223333:assumed-role/InstanceRole/i-0123456789abcdef0");
    for method in ["compute", "chain"] {
        let explained = ways.lands(&format!("method = \"{method}\""), &[("AWS_EC2_METADATA_DISABLED", "false")], place);
        assert_eq!(explained["credentials"]["renews"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ecs_and_fargate_role() {
    let ways = Ways::new().await;
    // The relative URI's host can't be listened on here.
    let uri = format!("{}{}", ways.aws.aws.endpoints().container, ways.aws.aws.container_relative_uri());
    let set = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.as_str())];
    for method in ["compute", "chain"] {
        let place = ("container role", "arn:aws:sts::111122223333:assumed-role/TaskRole/loopback-task");
        ways.lands(&format!("method = \"{method}\""), &set, place);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eks_pod_identity_role() {
    let ways = Ways::new().await;
    let place = ("container role", "arn:aws:sts::111122223333:assumed-role/TaskRole/loopback-task");
    let token = ways.home.write("token", ways.aws.aws.container_token().expose_secret());
    let set = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", ways.aws.aws.container_full_uri()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.display().to_string()),
    ];
    ways.lands("method = \"compute\"", &set.each_ref().map(|(name, value)| (*name, value.as_str())), place);
}

#[tokio::test(flavor = "multi_thread")]
async fn eks_role_of_a_service_account() {
    let ways = Ways::new().await;
    let token = ways.aws.aws.web_identity_token("system:serviceaccount:data:lakeward");
    let token = ways.home.write("token", token.expose_secret());
    let set = [
        ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/Pod"),
        ("AWS_ROLE_SESSION_NAME", "pod"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
    ];
    let place = ("web identity", "arn:aws:sts::111122223333:assumed-role/Pod/pod");
    for method in ["compute", "chain"] {
        ways.lands(&format!("method = \"{method}\""), &set, place);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn profile_by_config() {
    let ways = Ways::new().await;
    // Neither the environment's keys nor its profile have a say.
    let set = [
        ("AWS_ACCESS_KEY_ID", "AKIDOTHER"),
        ("AWS_SECRET_ACCESS_KEY", "another-secret-key"),
        ("AWS_PROFILE", "console"),
    ];
    ways.lands("method = \"profile\"\nprofile = \"user\"", &set, ("keys in the credentials file", USER));
}

#[tokio::test(flavor = "multi_thread")]
async fn assume_role_with_external_id() {
    let ways = Ways::new().await;
    let role = "method = \"role\"\nrole_arn = \"arn:aws:iam::111122223333:role/inner\"\n";
    let source = "source = { method = \"profile\", profile = \"user\" }\n";
    let auth = format!("{role}external_id = \"example-corp\"\nrole_session_name = \"nightly\"\n{source}");
    let place = ("role of [auth]", "arn:aws:sts::111122223333:assumed-role/inner/nightly");
    ways.lands(&auth, &[], place);
    let place = ("role of the profile", "arn:aws:sts::111122223333:assumed-role/inner/lakeward");
    ways.lands("method = \"profile\"\nprofile = \"inner\"", &[], place);
    // Without it, or with another one, the role is not given.
    for external_id in ["", "external_id = \"another-corp\"\n"] {
        let text = std::fs::read_to_string(ways.home.path().join("lakeward.toml")).unwrap();
        let text = text.split("[auth]").next().unwrap().to_owned();
        ways.home.write("lakeward.toml", format!("{text}[auth]\n{role}{external_id}{source}"));
        let output = ways.aws.lakeward(&ways.home, &["sync"]).run().exits(77);
        assert!(output.stderr.contains("can't be assumed: AccessDenied"), "{}", output.stderr);
        assert!(output.stderr.contains("external id"), "{}", output.stderr);
    }
}
