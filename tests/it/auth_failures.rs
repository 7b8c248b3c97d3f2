//! Refusals of the services that give credentials: each is told apart, with what to do about it.

use lakeward_loopback::aws::{Fault, Grant, Operation, Role};
use lakeward_testkit::{Home, HomeCommand};
use secrecy::ExposeSecret;

use crate::{
    loopback_aws::{Aws, SSO_CACHE},
    program::{config, files, lacks, lakeward},
    server::destination,
};

const POD: &str = "arn:aws:iam::111122223333:role/Pod";

struct World {
    home: Home,
    aws: Aws,
}

impl World {
    async fn new() -> Self {
        let home = Home::new();
        let aws = Aws::start(&home, |options| {
            let mut pod = Role::new(POD, &[]);
            pod.subjects = vec!["pod".into()];
            options.roles.push(pod);
        })
        .await;
        Self { home, aws }
    }

    fn run(&self, arguments: &[&str]) -> HomeCommand<'_> {
        self.aws.leads(lakeward(&self.home).args(arguments))
    }

    fn export(&self, profile: &str) -> HomeCommand<'_> {
        self.run(&["auth", "export", "--format", "env", "--profile", profile])
    }

    /// Whatever is tried again fails again.
    fn fail(&self, operation: Operation, status: u16, code: &str) {
        self.aws.aws.fail_no_more();
        self.aws.aws.fail_next(operation, 9, &Fault::error(status, code, "the service's words"));
    }
}

#[track_caller]
fn says(command: HomeCommand<'_>, code: i32, says: &[&str]) {
    let output = command.run().exits(code);
    assert_eq!(lacks(&output.stderr, says), [""; 0], "{}", output.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_can_not_be_assumed() {
    let world = World::new().await;
    for (code, next) in [
        ("AccessDenied", "let the role's trust policy name these credentials and this external id"),
        ("ExpiredToken", "the credentials that assume the role are not valid any more: renew them"),
        ("InvalidClientTokenId", "the credentials that assume the role are not valid any more: renew them"),
        ("SignatureDoesNotMatch", "the credentials that assume the role are not valid any more: renew them"),
        ("ValidationError", "check role_arn, the duration and the session's name"),
        ("RegionDisabledException", "choose a region that the account has enabled (AWS_REGION)"),
        ("MalformedPolicyDocument", "see what STS says, and check role_arn"),
    ] {
        world.fail(Operation::AssumeRole, 403, code);
        let what = "the role arn:aws:iam::111122223333:role/inner can't be assumed: ";
        says(world.export("inner"), 77, &[what, code, "the service's words", next]);
    }
    world.fail(Operation::AssumeRole, 403, "AccessDenied");
    world
        .home
        .write(".aws/config", format!("[profile r]\nrole_arn = {POD}\nsource_profile = user\nregion = us-east-1\n"));
    says(world.export("r"), 77, &["if it asks for an external id or MFA, set external_id or mfa_serial"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_pod_that_is_not_taken() {
    let world = World::new().await;
    let export = |token: &str| {
        let file = world.home.write("token", token);
        let command = world.run(&["auth", "export", "--format", "env"]).env("AWS_ROLE_ARN", POD);
        command.env("AWS_WEB_IDENTITY_TOKEN_FILE", file)
    };
    says(
        export("eyJub25lIn0.e30.x"),
        77,
        &["InvalidIdentityToken", "next: let IAM have the token's issuer as an OIDC provider"],
    );
    let other = world.aws.aws.web_identity_token("another").expose_secret().to_owned();
    says(
        export(&other),
        77,
        &["AccessDenied", "next: let the role's trust policy allow sts:AssumeRoleWithWebIdentity"],
    );
    let token = world.aws.aws.web_identity_token("pod").expose_secret().to_owned();
    for (code, next) in [
        ("ExpiredTokenException", "next: the token has expired: let its issuer write a new one into the file"),
        ("IDPRejectedClaim", "next: let IAM have the token's issuer as an OIDC provider"),
        ("IDPCommunicationError", "next: see what STS says, and check AWS_ROLE_ARN"),
    ] {
        world.fail(Operation::AssumeRoleWithWebIdentity, 400, code);
        says(export(&token), 77, &[code, next]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_gives_no_credentials() {
    let world = World::new().await;
    world.aws.sign_in(&world.home);
    for (status, code, next) in [
        (404, "ResourceNotFoundException", "check sso_account_id and sso_role_name: there is no such account or role"),
        (429, "TooManyRequestsException", "wait a moment, then try again"),
        (400, "InvalidRequestException", "check sso_region, sso_account_id and sso_role_name"),
        (403, "ForbiddenException", "the sign-in is good, but this role is not (or no longer) assigned to it"),
    ] {
        world.fail(Operation::GetRoleCredentials, status, code);
        let what = "IAM Identity Center gives no credentials for role Writer of account 111122223333: ";
        says(world.export("sso"), 77, &[what, code, next]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_sign_in_that_is_not_renewed() {
    let world = World::new().await;
    world.aws.sign_in_at_console(&world.home);
    for (status, code, told) in [
        (400, "ValidationException", "it may have been made in another region"),
        (429, "TooManyRequestsError", "the console sign-in was not renewed: TooManyRequestsError"),
        (500, "InternalServerException", "the console sign-in was not renewed: InternalServerException"),
    ] {
        world.fail(Operation::CreateOAuth2Token(Grant::RefreshToken), status, code);
        says(world.export("console"), 77, &[told, "sign in with `lakeward auth login --console --profile console`"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_not_registered() {
    let world = World::new().await;
    for (code, exit, next) in [
        ("InvalidScopeException", 2, "next: check sso_registration_scopes"),
        ("InvalidClientMetadataException", 2, "next: check sso_registration_scopes"),
        ("InvalidRedirectUriException", 77, "next: sign in by the other flow: --flow device or --flow browser"),
        ("UnauthorizedClientException", 77, "next: sign in by the other flow: --flow device or --flow browser"),
        ("UnsupportedGrantTypeException", 77, "next: sign in by the other flow: --flow device or --flow browser"),
        ("AccessDeniedException", 77, "next: ask who administers IAM Identity Center for access"),
        ("InternalServerException", 77, "next: try again in a moment"),
    ] {
        world.fail(Operation::RegisterClient, 400, code);
        let login = world.run(&["auth", "login", "--sso-session", "corp", "--flow", "device"]);
        let what = format!("IAM Identity Center did not register Lakeward as a client: {code}: the service's words");
        says(login, exit, &[&what, next]);
    }
    world.aws.aws.fail_no_more();
    let of_kms = Fault::Body {
        status: 400,
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("x-amzn-errortype".into(), "AccessDeniedException".into()),
        ],
        body: r#"{"error": "access_denied", "error_description": "no", "reason": "KMS_AccessDeniedException"}"#.into(),
    };
    world.aws.aws.fail_next(Operation::CreateToken(Grant::DeviceCode), 1, &of_kms);
    let login = world.run(&["auth", "login", "--sso-session", "corp", "--flow", "device"]);
    says(
        login,
        77,
        &[
            "AccessDeniedException: no (KMS_AccessDeniedException)",
            "next: ask who administers IAM Identity Center: its KMS key",
        ],
    );
}

/// The start URL leads to another region than the config says: that is written back, as the AWS CLI does.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_start_url_names_another_region() {
    let home = Home::new();
    let start_url = "https://ssoins-1.portal.eu-west-1.app.aws";
    let aws = Aws::start(&home, |options| options.start_url = start_url.into()).await;
    let config = format!("# mine\n[sso-session corp]\nsso_start_url = {start_url}\nsso_region = us-east-1\n");
    home.write(".aws/config", &config);
    let login = aws.leads(lakeward(&home).args(["auth", "login", "--sso-session", "corp", "--flow", "device"]));
    says(
        login,
        0,
        &["sso_region says us-east-1 and should say eu-west-1", "-sso_region = us-east-1", "+sso_region = eu-west-1"],
    );
    let read = |file: &str| std::fs::read_to_string(home.path().join(file)).unwrap();
    assert_eq!(read(".aws/config"), config.replace("us-east-1", "eu-west-1"));
    assert!(read(SSO_CACHE).contains("\"region\":\"eu-west-1\""));
}

/// Whatever is asked: the host, why it does not answer, and what to do; none of the words of the HTTP client.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_can_not_be_reached_is_named_with_the_reason() {
    const CLOSED: &str = "http://127.0.0.1:9";
    const NOWHERE: &str = "http://sts.nowhere.invalid";
    let world = World::new().await;
    let export = || world.run(&["auth", "export", "--format", "env"]);
    let configure = |auth: &str| {
        let destination = destination(CLOSED, "vendor = \"aws\"");
        world.home.write("x", "id,n\n1,2\n");
        world.home.write("lakeward.toml", config(&destination, &files(&["x"])) + &format!("[auth]\n{auth}\n"));
    };
    let refused = "can't be reached: connection refused";
    let unknown = "sts.nowhere.invalid can't be reached: its name is not known (DNS)";
    let dns = "next: check the network and its DNS, and the region, which is part of the name";
    let not_given = format!("the role of this container was not given by {CLOSED}/keys: 127.0.0.1:9 {refused}");
    let no_metadata = format!("the instance's metadata service gives no credentials: 127.0.0.1:9 {refused}");
    configure("method = \"compute\"");
    for arguments in [&["auth", "explain", "--config", "lakeward.toml"][..], &["check"], &["sync"]] {
        for (variable, what) in
            [("AWS_CONTAINER_CREDENTIALS_FULL_URI", &not_given), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &no_metadata)]
        {
            let command = world.run(arguments).env_remove("AWS_EC2_METADATA_DISABLED");
            let output = command.env(variable, format!("{CLOSED}/keys")).run().exits(69);
            let said = format!("{}{}", output.stdout, output.stderr);
            assert_eq!(lacks(&said, &[what.as_str()]), [""; 0], "{said}");
            assert!(said.contains("next: ") || said.contains("to try, the most likely first:\n"), "{said}");
            assert!(!said.contains("dispatch failure") && !said.contains("(os error"), "{said}");
        }
    }
    says(
        export().args(["--profile", "inner"]).env("AWS_ENDPOINT_URL_STS", NOWHERE),
        69,
        &["can't be assumed: ", unknown, dns],
    );
    let output =
        world.run(&["auth", "explain", "--profile", "user"]).env("AWS_ENDPOINT_URL_STS", NOWHERE).run().exits(0);
    assert_eq!(
        lacks(&output.stdout, &["identity: unknown: STS does not say whose", unknown]),
        [""; 0],
        "{}",
        output.stdout
    );
    // What holds the objects is named in the same way.
    configure("method = \"profile\"\nprofile = \"user\"");
    let output = world.run(&["check"]).env("AWS_ENDPOINT_URL_STS", NOWHERE).run().exits(69);
    let test_write = format!("failed       test write           127.0.0.1:9 {refused}\n");
    assert_eq!(lacks(&output.stdout, &[unknown, &test_write]), [""; 0], "{}", output.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_profile_or_a_container_says_amiss() {
    let world = World::new().await;
    let token = world.home.write("token", "one\ntwo\n");
    let container = |uri: &str| {
        let command = world.run(&["auth", "export", "--format", "env"]);
        command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri).env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token)
    };
    says(
        container(&world.aws.aws.container_full_uri()),
        77,
        &["authorization token holds a line end or a control character", "next: check AWS_CONTAINER_AUTHORIZATION"],
    );
    says(
        container("http://example.com/keys"),
        77,
        &["AWS_CONTAINER_CREDENTIALS_FULL_URI names example.com, which could be anybody", "next: use https, or "],
    );
    let corp = "[sso-session corp]\nsso_start_url = https://d-9067loopb0.awsapps.com/start\nsso_region = us-east-1\n";
    let role = "[profile a]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Writer\n";
    world.home.write(".aws/config", format!("{role}sso_region = eu-west-1\n{corp}"));
    says(
        world.export("a"),
        77,
        &["sso_region at ", "config:5 contradicts the session's at ", "config:8", "next: take it out of the profile"],
    );
    world.home.write(".aws/config", format!("{role}[sso-session corp]\nsso_region = us-east-1\n"));
    says(
        world.export("a"),
        77,
        &[
            "profile a lacks sso_start_url",
            "next: add it to [sso-session corp]: the settings of IAM Identity Center show it",
        ],
    );
    world.home.write(".aws/config", role);
    says(
        world.export("a"),
        77,
        &[
            "sso_session = corp, which does not exist",
            "next: write [sso-session corp] with sso_start_url and sso_region into ",
        ],
    );
    world.home.write(".aws/config", "[profile a]\nregion = us-east-1\n");
    says(
        world.export("a"),
        77,
        &[
            "no AWS credentials in profile `a`",
            "next: sign in at the console with `lakeward auth login --console --profile a`",
        ],
    );
}
