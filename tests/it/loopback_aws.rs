//! The loopback AWS, and a home in which every way into it is set up. All that it hands out is a secret of the home.

use std::{fs, path::Path};

use lakeward_loopback::aws::{ConsoleSession, LoopbackAws, Options, Role, SsoSession, User};
use lakeward_testkit::{Home, HomeCommand};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::program::lakeward;

/// The file of the session `corp`.
pub(crate) const SSO_CACHE: &str = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
/// The file of the console sign-in.
pub(crate) const LOGIN_CACHE: &str =
    ".aws/login/cache/b2a2712502432ea86f56f5752803abc079e88c7b83640936d8218a6be8ac06fb.json";

/// Long over: a renewal is due at once.
const PAST: &str = "2020-01-01T00:00:00Z";

/// The config of profiles `sso`, `console`, `chain` (a role by a role by a user's keys) and `user`.
const CONFIG: &str = "[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Writer
region = us-east-1

[sso-session corp]
sso_start_url = https://d-9067loopb0.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access

[profile console]
login_session = arn:aws:iam::111122223333:user/Console
region = us-east-1

[profile chain]
role_arn = arn:aws:iam::111122223333:role/outer
source_profile = inner
region = us-east-1

[profile inner]
role_arn = arn:aws:iam::111122223333:role/inner
external_id = example-corp
source_profile = user
region = us-east-1
";

/// A P-256 key made for these tests.
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIKeEwLcvvlWvHXsBfwLWt6vnystKVCZiWirG5WChIT3yoAoGCCqGSM49
AwEHoUQDQgAEMCcr9ktXpx9iz90mvbddtPtQwZo8Y6gm/KRygIGLQXZj8RcTgLjm
tzcxOPT7xxqFL6W5AQTe2EJ3AqLPlL7i9A==
-----END EC PRIVATE KEY-----
";
/// Its thumbprint (RFC 7638).
const THUMBPRINT: &str = "rkE1UJHQX7WgE3p25pcoqy_dhd5GRC0BgA0xV130InE";

/// A loopback AWS that a home leads to.
pub(crate) struct Aws {
    pub(crate) aws: LoopbackAws,
    /// The keys of the one IAM user, which may assume the role `inner`, which may assume `outer`.
    pub(crate) user: User,
}

impl Aws {
    /// Starts it, and writes the AWS files of the home, without a sign-in.
    pub(crate) async fn start(home: &Home, change: impl FnOnce(&mut Options)) -> Self {
        let user = User::new("Ann");
        let mut options = Options::default();
        let mut inner = Role::new("arn:aws:iam::111122223333:role/inner", &[&user.arn]);
        inner.external_id = Some("example-corp".into());
        let outer = Role::new("arn:aws:iam::111122223333:role/outer", &[&inner.arn]);
        (options.users, options.roles) = (vec![user.clone()], vec![inner, outer]);
        change(&mut options);
        let aws = LoopbackAws::start(options).await.unwrap();
        home.secrets_in_caches("the key of these tests", || lines_of(KEY));
        home.write(".aws/config", CONFIG);
        let secret = user.secret_access_key.expose_secret();
        let keys = format!("[user]\naws_access_key_id = {}\naws_secret_access_key = {secret}\n", user.access_key_id);
        home.write(".aws/credentials", keys);
        Self { aws, user }
    }

    /// Signs in to IAM Identity Center as another tool would have done some time ago.
    pub(crate) fn sign_in(&self, home: &Home) {
        let SsoSession { client_id, client_secret, access_token, refresh_token, .. } = self.aws.sso_session();
        let token = json!({
            "startUrl": "https://d-9067loopb0.awsapps.com/start",
            "region": "us-east-1",
            "accessToken": access_token.expose_secret(),
            "expiresAt": PAST,
            "clientId": client_id,
            "clientSecret": client_secret.expose_secret(),
            "registrationExpiresAt": "2099-01-01T00:00:00.528Z",
            "refreshToken": refresh_token.expose_secret(),
            "keyOfAnotherTool": { "kept": true },
        });
        write_private(home, SSO_CACHE, &token);
    }

    /// Signs in at the console as another tool would have done some time ago.
    pub(crate) fn sign_in_at_console(&self, home: &Home) {
        let ConsoleSession { client_id, keys, refresh_token, id_token, .. } = self.aws.console_session(THUMBPRINT);
        let token = json!({
            "accessToken": {
                "accessKeyId": keys.access_key_id,
                "secretAccessKey": keys.secret_access_key.expose_secret(),
                "sessionToken": keys.session_token.unwrap().expose_secret(),
                "accountId": "111122223333",
                "expiresAt": PAST,
            },
            "tokenType": "aws_sigv4",
            "clientId": client_id,
            "refreshToken": refresh_token.expose_secret(),
            "idToken": id_token.expose_secret(),
            "dpopKey": KEY,
            "keyOfAnotherTool": { "kept": true },
        });
        write_private(home, LOGIN_CACHE, &token);
    }

    /// A command with the environment that leads to the services of sign-ins and roles.
    pub(crate) fn leads<'home>(&self, command: HomeCommand<'home>) -> HomeCommand<'home> {
        at(&self.aws, command)
    }

    /// `lakeward` with that environment, at the highest log level.
    pub(crate) fn lakeward<'home>(&self, home: &'home Home, arguments: &[&str]) -> HomeCommand<'home> {
        self.leads(lakeward(home).args(arguments).arg("-vvv"))
    }

    /// The environment of a container, whose token's file is written.
    pub(crate) fn contains<'home>(&self, home: &Home, command: HomeCommand<'home>) -> HomeCommand<'home> {
        let token = home.write("token", self.aws.container_token().expose_secret());
        command
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", self.aws.container_full_uri())
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token)
    }

    /// The environment of an instance.
    pub(crate) fn runs_on_instance<'home>(&self, command: HomeCommand<'home>) -> HomeCommand<'home> {
        self.leads(command).env_remove("AWS_EC2_METADATA_DISABLED")
    }
}

/// A command whose AWS is the loopback one. All that this hands out is a secret of the command's home from now on.
pub(crate) fn at<'home>(aws: &LoopbackAws, command: HomeCommand<'home>) -> HomeCommand<'home> {
    let handed_out = aws.handed_out();
    command.home().secrets_in_caches(&aws.endpoints().sts, move || {
        handed_out.all().iter().map(|secret| secret.expose_secret().to_owned()).collect()
    });
    aws.environment().into_iter().fold(command, |command, (name, endpoint)| command.env(name, endpoint))
}

/// What a cache file of the home holds.
#[track_caller]
pub(crate) fn cached(home: &Home, file: &str) -> Value {
    let text = fs::read_to_string(home.path().join(file)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file} is damaged ({error}): {} bytes", text.len()))
}

/// The permissions of a file of the home.
#[cfg(unix)]
#[track_caller]
pub(crate) fn mode(file: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(file).unwrap().permissions()) & 0o777
}

/// The lines of a PEM that are its secret; they stand in JSON too.
pub(crate) fn lines_of(pem: &str) -> Vec<String> {
    pem.lines().filter(|line| line.len() > 20 && !line.starts_with('-')).map(str::to_owned).collect()
}

fn write_private(home: &Home, file: &str, content: &Value) {
    home.write_private(file, content.to_string());
}

/// A loopback AWS and the AWS files of a home with the profile `guarded`, whose role asks for an MFA code: 918273.
pub(crate) async fn guarded(home: &Home) -> LoopbackAws {
    let (device, secret) = ("arn:aws:iam::111122223333:mfa/me", "the-secret-key-of-the-user");
    let mut user = User::new("me").with_mfa(device, "918273");
    user.access_key_id = "AKIAUSER000000000000".into();
    user.secret_access_key = secret.into();
    let mut role = Role::new("arn:aws:iam::111122223333:role/guarded", &[&user.arn]);
    role.requires_mfa = true;
    let mut options = Options::default();
    (options.users, options.roles) = (vec![user], vec![role]);
    let aws = LoopbackAws::start(options).await.unwrap();
    home.secret(secret);
    home.write(
        ".aws/credentials",
        format!("[user]\naws_access_key_id = AKIAUSER000000000000\naws_secret_access_key = {secret}\n"),
    );
    home.write(
        ".aws/config",
        format!(
            "[profile guarded]\nrole_arn = arn:aws:iam::111122223333:role/guarded\nsource_profile = user\nmfa_serial = {device}\n"
        ),
    );
    aws
}
