//! What the pages speak of: a user with an MFA device, roles, an access portal, a bucket; a home; and what a page's reader has
//! done before a section begins.

use std::time::Duration;

use lakeward_loopback::{
    EmbeddedS3, Options as S3Options,
    aws::{Account, LoopbackAws, Options, Role, User},
};
use lakeward_testkit::{Home, HomeCommand, python};
use secrecy::ExposeSecret;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    loopback_aws::at,
    program::{binary, numbered},
};

/// The folder of the pages' examples.
const FOLDER: &str = "/srv/lake";
/// The file of the session `my-sso`.
const SSO_CACHE: &str = ".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json";
const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const DEVICE: &str = "arn:aws:iam::111122223333:mfa/me";
pub(crate) const CODE: &str = "123456";
const WEB_IDENTITY: [(&str, &str); 2] =
    [("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/Lake"), ("AWS_ROLE_SESSION_NAME", "job")];

/// What stands behind a piece of a config that has no destination of its own.
const REST: &str = r#"
[destination]
bucket = "my-lake"
region = "us-east-1"
path = "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}"

[[source]]
type = "files"
paths = ["data/*.csv"]
"#;

pub(crate) struct World {
    pub(crate) home: Home,
    aws: LoopbackAws,
    s3: EmbeddedS3,
    _objects: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let mut user = User::new("me").with_mfa(DEVICE, CODE);
        user.access_key_id = ID.into();
        user.secret_access_key = SECRET.into();
        let me = user.arn.clone();
        let role = |arn: &str, trusts: &str| Role::new(arn, &[trusts]);
        let hub = "arn:aws:iam::444455556666:role/Hub";
        let mut roles = [
            role("arn:aws:iam::111122223333:role/Lake", hub),
            role("arn:aws:iam::111122223333:role/Guarded", &me),
            role(hub, &me),
            role("arn:aws:iam::444455556666:role/FromExampleCorp", &me),
        ];
        roles[0].subjects = vec!["job".into()];
        roles[1].requires_mfa = true;
        for role in &mut roles[2..] {
            role.external_id = Some("example-corp".into());
        }
        let mut options = Options::default();
        options.start_url = "https://my-company.awsapps.com/start".into();
        options.accounts = vec![Account::new("111122223333", "Data", &["DataWriter"])];
        options.lifetimes.device_interval = Duration::ZERO;
        (options.users, options.roles) = (vec![user], roles.to_vec());
        let aws = LoopbackAws::start(options).await.unwrap();
        let objects = tempfile::tempdir().unwrap();
        let mut options = S3Options::new(objects.path(), "my-lake", "raw/");
        options.access_keys = Some(aws.access_keys());
        let s3 = EmbeddedS3::start(options).await.unwrap();
        let home = Home::new();
        home.write("data/weather.csv", numbered(1, 3));
        home.write("browser.py", include_str!("../python/browser.py"));
        std::fs::create_dir(home.path().join("bin")).unwrap();
        std::os::unix::fs::symlink(binary(), home.path().join("bin/lakeward")).unwrap();
        Self { home, aws, s3, _objects: objects }
    }

    /// A command with the environment that leads to this world.
    pub(crate) fn command<'home>(&self, command: HomeCommand<'home>) -> HomeCommand<'home> {
        let home = self.home.path();
        let path = std::env::var("PATH").unwrap_or_default();
        let browser = format!("'{}' -I '{}'", python::interpreter().display(), home.join("browser.py").display());
        at(&self.aws, command)
            .env("PATH", format!("{}:{path}", home.join("bin").display()))
            .env("BROWSER", browser)
            .env("LAKEWARD_DESTINATION_ENDPOINT", self.s3.endpoint())
            .env("LAKEWARD_DESTINATION_VENDOR", "aws")
            .env("LAKEWARD_DESTINATION_USE_PATH_STYLE", "true")
    }

    /// A text of a page as it is for this home.
    pub(crate) fn here(&self, text: &str) -> String {
        text.replace(FOLDER, &self.home.path().display().to_string())
    }

    /// Writes a config; to a piece of one the rest is added.
    pub(crate) fn configure(&self, text: &str) {
        let text = if text.contains("version = 1") { text.to_owned() } else { format!("version = 1\n{text}{REST}") };
        self.home.write("lakeward.toml", text);
    }

    /// What is so before a section begins. What is in the environment is added to `environment`.
    pub(crate) fn give(&self, given: &str, environment: &mut Vec<(String, String)>) {
        let keys = format!("aws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\n");
        let session = "sso_session = my-sso\nsso_account_id = 111122223333\nsso_role_name = DataWriter\n";
        let sessions =
            "[sso-session my-sso]\nsso_start_url = https://my-company.awsapps.com/start\nsso_region = us-east-1\n";
        let config = |text: String| drop(self.home.write_private(".aws/config", text));
        let mut set = |name: &str, value: String| environment.push((name.to_owned(), value));
        match given {
            "a session" => config(format!("[profile analytics]\n{session}{sessions}")),
            "a default session" => {
                let lake = "[profile lake]\nrole_arn = arn:aws:iam::111122223333:role/Lake\nsource_profile = default\n";
                config(format!("[default]\n{session}{lake}{sessions}"));
                let signed_in = self.aws.sso_session();
                let token = json!({
                    "startUrl": "https://my-company.awsapps.com/start",
                    "region": "us-east-1",
                    "accessToken": signed_in.access_token.expose_secret(),
                    "expiresAt": "2099-01-01T00:00:00Z",
                });
                self.home.write_private(SSO_CACHE, token.to_string());
            }
            "keys" => drop(self.home.write_private(".aws/credentials", format!("[default]\n{keys}[analytics]\n{keys}[me]\n{keys}"))),
            "a program's keys" => {
                let printed = json!({ "Version": 1, "AccessKeyId": ID, "SecretAccessKey": SECRET });
                self.home.write("keys of the tool.json", printed.to_string());
            }
            "a config" => self.configure(""),
            "a config of a role" => self.configure(
                "[auth]\nmethod = \"role\"\nrole_arn = \"arn:aws:iam::444455556666:role/FromExampleCorp\"\nexternal_id = \"example-corp\"\n\
                 source = { method = \"profile\", profile = \"me\" }\n",
            ),
            "another AWS config" => drop(self.home.write("aws-config", "[default]\nregion = us-east-1\n")),
            "an instance" => set("AWS_EC2_METADATA_DISABLED", "false".into()),
            "a container" => {
                let token = self.home.write("container-token", self.aws.container_token().expose_secret());
                set("AWS_CONTAINER_CREDENTIALS_FULL_URI", self.aws.container_full_uri());
                set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.display().to_string());
            }
            "a web identity" => {
                let token = self.home.write("token", self.aws.web_identity_token("job").expose_secret());
                set("AWS_WEB_IDENTITY_TOKEN_FILE", token.display().to_string());
                WEB_IDENTITY.iter().for_each(|(name, value)| set(name, (*value).to_owned()));
            }
            other => panic!("tests/data/documentation.toml gives {other:?}, which nobody knows"),
        }
    }
}
