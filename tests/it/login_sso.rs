//! `lakeward auth login` to IAM Identity Center, against the loopback AWS.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use lakeward_loopback::aws::{Account, Approval, Fault, Grant, LoopbackAws, Operation, Options};
use lakeward_testkit::{Answer, Home, HomeCommand, Output, Running, ScriptedServer, python};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    program::{self, lacks, lakeward},
    server,
};

const URL: &str = "https://d-9067loopb0.awsapps.com/start";
const CONFIG: &str = "[profile s]
sso_session = my-sso
sso_account_id = 111122223333
sso_role_name = Writer

[sso-session my-sso]
sso_start_url = https://d-9067loopb0.awsapps.com/start/#/
sso_region = us-east-1

[profile old]
sso_start_url = https://d-9067loopb0.awsapps.com/start
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = Writer
";

/// The files of the session's token, and of the older format's.
const TOKEN: &str = ".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json";

const DEVICE: Operation = Operation::CreateToken(Grant::DeviceCode);

struct World {
    home: Home,
    aws: LoopbackAws,
}

impl World {
    async fn new(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        change(&mut options);
        let home = Home::new();
        home.write(".aws/config", CONFIG);
        Self { home, aws: LoopbackAws::start(options).await.unwrap() }
    }

    fn led<'a>(&self, mut command: HomeCommand<'a>) -> HomeCommand<'a> {
        for (name, value) in self.aws.environment() {
            command = command.env(name, value);
        }
        command
    }

    fn login(&self, arguments: &[&str]) -> HomeCommand<'_> {
        self.led(lakeward(&self.home).args(["-vv", "auth", "login"]).args(arguments))
    }

    /// The same on a terminal, where what is printed all goes to standard output.
    fn on_terminal(&self, arguments: &[&str]) -> HomeCommand<'_> {
        let program = [program::binary().to_str().unwrap(), "auth", "login"];
        let arguments = program.iter().chain(arguments).copied();
        self.led(python::command(&self.home, include_str!("../python/terminal.py"), arguments)).open_stdin()
    }

    fn file(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.home.path().join(name)).unwrap()).unwrap()
    }

    fn cache(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.home.path().join(".aws/sso/cache")).into_iter().flatten().flatten();
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
    }

    /// Nothing that opens a door was printed, and nothing left half done.
    #[track_caller]
    fn silent(&self, output: Output) -> Output {
        for path in self.cache() {
            let content: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            for key in ["accessToken", "refreshToken", "clientSecret"] {
                if let Some(secret) = content[key].as_str() {
                    assert!(!output.stdout.contains(secret) && !output.stderr.contains(secret), "{key} is printed");
                }
            }
        }
        output
    }
}

#[track_caller]
fn says(text: &str, says: &[&str]) {
    assert_eq!(lacks(text, says), [""; 0], "{text}");
}

/// The last URL that was printed for a browser.
fn url(text: &str) -> String {
    text.lines().rfind(|line| line.starts_with("  http")).unwrap().trim().to_owned()
}

fn visit(url: &str) -> String {
    python::run(include_str!("../python/visit.py"), [url])
}

fn typed(running: &mut Running<'_>, input: &mut Option<std::process::ChildStdin>, line: &str) {
    if input.is_none() {
        *input = running.stdin();
    }
    input.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Waits until something was printed so many times.
#[track_caller]
fn wait_for(running: &mut Running<'_>, text: &str, times: usize) {
    running.wait_for(text);
    let began = std::time::Instant::now();
    while format!("{}{}", running.stdout(), running.stderr()).matches(text).count() < times {
        assert!(began.elapsed() < Duration::from_secs(30), "{text} comes no {times}. time:\n{}", running.stdout());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_signs_in_and_a_run_and_botocore_use_and_renew_it() {
    // So short that whoever uses it renews it.
    let world = World::new(|options| options.lifetimes.sso_token = Duration::from_secs(600)).await;
    let output = world.silent(world.login(&["--profile", "s"]).run().exits(0));
    says(
        &output.stderr,
        &[
            "You sign in with a code, because ",
            "/device?user_code=",
            "The code there must be ",
            "Signed in to https://d-9067loopb0.awsapps.com/start/#/ (session my-sso)",
            "and renews by itself",
            "Its role is assigned.",
        ],
    );
    assert_eq!(output.stdout, "");
    let token = fs::read_to_string(world.home.path().join(TOKEN)).unwrap();
    let keys = ["startUrl", "region", "accessToken", "expiresAt", "clientId", "clientSecret", "registrationExpiresAt"];
    let mut places: Vec<usize> = keys.iter().map(|key| token.find(&format!("\"{key}\"")).unwrap()).collect();
    places.push(token.find("\"refreshToken\"").unwrap());
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(world.file(TOKEN)["startUrl"], format!("{URL}/#/"));
    assert_eq!(world.cache().len(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(world.home.path().join(".aws/sso/cache")), 0o700);
        assert!(world.cache().into_iter().all(|path| mode(path) == 0o600));
    }
    let renewals = |world: &World| world.aws.count(Operation::CreateToken(Grant::RefreshToken));
    let before = renewals(&world);
    let judge = python::command(&world.home, include_str!("../python/read_caches.py"), ["s"]);
    let _ = world.led(judge).env("AWS_DEFAULT_REGION", "us-east-1").run().exits(0);
    assert_eq!(renewals(&world), before + 1);
    let s3 = ScriptedServer::start(vec![Answer::stored()]).await;
    world.home.write("t.csv", "id\n1\n");
    let destination = server::destination(&s3.endpoint(), "");
    let auth = "\n[auth]\nmethod = \"profile\"\nprofile = \"s\"\n";
    world.home.write("lakeward.toml", program::config(&destination, &program::files(&["t.csv"])) + auth);
    let _ = world.led(lakeward(&world.home).args(["--config", "lakeward.toml"])).run().exits(0);
    let authorization = s3.stop().await[0].header("authorization").unwrap().to_owned();
    let id = authorization.split(['=', '/']).nth(1).unwrap();
    assert!(world.aws.issued(id).is_some(), "{authorization}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_comes_back_and_flows_do_not_share_their_registrations() {
    let world = World::new(|_| ()).await;
    let browser = ["--sso-session", "my-sso", "--flow", "browser"];
    for registered in [1, 1] {
        let mut running = world.login(&browser).spawn();
        running.wait_for("This can be used until");
        // No pause lies between the redirect and the browser's coming back.
        let page = visit(&url(&running.stderr()));
        says(&page, &["200 ", "Lakeward has the answer", "This tab can be closed."]);
        says(
            &world.silent(running.wait().exits(0)).stderr,
            &["Sign in with a browser on this machine", "Signed in to"],
        );
        assert_eq!(world.aws.count(Operation::RegisterClient), registered);
    }
    let content: Value = world
        .cache()
        .iter()
        .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .find(|content: &Value| content["accessToken"].is_null())
        .unwrap();
    assert_eq!(content["grantTypes"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(content["scopes"], json!(["sso:account:access"]));
    let _ = world.login(&["--sso-session", "my-sso"]).run().exits(0);
    assert_eq!((world.aws.count(Operation::RegisterClient), world.cache().len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_of_another_sign_in_does_not_count() {
    let world = World::new(|_| ()).await;
    let mut running = world.login(&["--profile", "s", "--flow", "browser"]).spawn();
    running.wait_for("This can be used until");
    let page = url(&running.stderr());
    let state = page.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let other = page.replace(&state, "00000000-0000-0000-0000-000000000000");
    says(&visit(&other), &["400 ", "This is not the sign-in that Lakeward waits for"]);
    running.wait_for("Still waiting: a browser came back from another sign-in");
    says(&visit(&page), &["200 "]);
    let _ = running.wait().exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_ends_either_flow() {
    let world = World::new(|options| options.approval = Approval::Denied).await;
    let output = world.login(&["--profile", "s"]).run().exits(77);
    says(&output.stderr, &["the sign-in was denied in the browser", "next: "]);
    let mut running = world.login(&["--profile", "s", "--flow", "browser"]).spawn();
    running.wait_for("This can be used until");
    says(&visit(&url(&running.stderr())), &["The sign-in was refused", "access_denied"]);
    says(&running.wait().exits(77).stderr, &["denied in the browser: access_denied: the sign-in was denied"]);
    assert!(!world.home.path().join(TOKEN).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nobody_at_a_terminal_an_expired_code_ends_it() {
    let world = World::new(|options| {
        options.approval = Approval::Page;
        options.lifetimes.device_code = Duration::from_secs(2);
    })
    .await;
    let output = world.login(&["--profile", "s"]).run().exits(77);
    says(&output.stderr, &["expired before anybody had confirmed it", "next: "]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn at_a_terminal_a_code_is_renewed_and_the_flow_changed_and_a_url_pasted() {
    let world = World::new(|options| {
        options.approval = Approval::Page;
        options.lifetimes.device_code = Duration::from_secs(2);
    })
    .await;
    let (mut running, mut input) = (world.on_terminal(&["--profile", "s", "--no-browser"]).spawn(), None);
    running.wait_for("The code has expired.");
    typed(&mut running, &mut input, "n");
    wait_for(&mut running, "The code there must be", 2);
    typed(&mut running, &mut input, "m");
    running.wait_for("Sign in with a browser on this machine");
    wait_for(&mut running, "With Enter", 3);
    typed(&mut running, &mut input, "https://example.com");
    running.wait_for("what was pasted holds no code");
    // The page asks; who approves is sent to a port that the browser, on another machine, can't reach.
    let page = url(&running.stdout().replace('\r', ""));
    let pasted = python::run(
        "import re, sys, urllib.request as u, urllib.parse as p\n\
         class Stay(u.HTTPRedirectHandler):\n    def redirect_request(self, *_): return None\n\
         o = u.build_opener(u.ProxyHandler({}), Stay)\n\
         request = re.search('value=\"([^\"]+)\"', o.open(sys.argv[1]).read().decode()).group(1)\n\
         try: o.open(sys.argv[1], p.urlencode({'request': request, 'decision': 'approve'}).encode())\n\
         except u.HTTPError as e: print(e.headers['location'])\n",
        [page],
    );
    typed(&mut running, &mut input, pasted.trim());
    says(&world.silent(running.wait().exits(0)).stdout, &["Signed in to", "Its role is assigned."]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_opened_prints_nothing_amid() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new(|_| ()).await;
    let visit = world.home.write("visit.py", include_str!("../python/visit.py"));
    let script = format!(
        "#!/bin/sh\necho NOISE\necho NOISE >&2\nexec {} {} \"$1\"\n",
        python::interpreter().display(),
        visit.display()
    );
    let browser = world.home.write("my browser", script);
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o700)).unwrap();
    // As where a remote terminal's browser opens at home, for the tests may run where none is seen.
    let at_desk = |flow| {
        let command = world.on_terminal(&["--sso-session", "my-sso", "--flow", flow]);
        command.env("DISPLAY", ":0").env("VSCODE_IPC_HOOK_CLI", "x")
    };
    let command = at_desk("browser").env("BROWSER", format!("w3m:'{}'", browser.display()));
    let output = world.silent(command.spawn().wait().exits(0));
    says(&output.stdout, &["Sign in with a browser on this machine", "Signed in to"]);
    assert!(!output.stdout.contains("NOISE"), "{}", output.stdout);
    let output = at_desk("device").env("BROWSER", "/no/browser").spawn().wait().exits(0);
    says(&output.stdout, &["No browser could be opened", "open the URL yourself", "Signed in to"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_asked_more_slowly_when_it_says_so() {
    let world = World::new(|_| ()).await;
    world.aws.fail_next(DEVICE, 1, &Fault::error(400, "SlowDownException", "slowly"));
    let output = world.login(&["--profile", "s"]).run().exits(0);
    assert!(output.elapsed > Duration::from_secs(7), "{:?}", output.elapsed);
    assert_eq!(world.aws.count(DEVICE), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_lost_meanwhile_is_told_and_waited_for() {
    let world = World::new(|_| ()).await;
    world.aws.fail_next(DEVICE, 2, &Fault::Reset);
    world.aws.fail_next(DEVICE, 1, &Fault::error(500, "InternalServerException", "later"));
    let output = world.login(&["--profile", "s"]).run().exits(0);
    says(&output.stderr, &["IAM Identity Center does not answer", "The code stays good; asking goes on.", "Signed in"]);
    let nobody = lakeward(&world.home).args(["auth", "login", "--profile", "s"]);
    let output = nobody.env("AWS_ENDPOINT_URL_SSO_OIDC", "http://127.0.0.1:9").run().exits(69);
    says(&output.stderr, &["check the network and proxies, and that us-east-1 is the region"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_region_is_the_first_suspect() {
    let world = World::new(|_| ()).await;
    let wrong = |code: &str| Fault::error(400, code, "no");
    world.aws.fail_next(Operation::StartDeviceAuthorization, 1, &wrong("InvalidRequestException"));
    let suspect = "check sso_region first: IAM Identity Center is in one region, which need not be us-east-1";
    says(&world.login(&["--profile", "s"]).run().exits(2).stderr, &["gave no code", suspect]);
    world.aws.fail_next(DEVICE, 1, &wrong("InvalidGrantException"));
    says(&world.login(&["--profile", "s"]).run().exits(2).stderr, &["does not know the code", suspect]);
    world.aws.fail_next(Operation::RegisterClient, 1, &wrong("InvalidRequestException"));
    let other = ["--sso-start-url", "https://d-0000000000.awsapps.com/start", "--sso-region", "us-east-1"];
    says(&world.login(&other).run().exits(2).stderr, &["did not register Lakeward", "then the start URL https://d-0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_is_not_known_any_more_is_made_anew() {
    let world = World::new(|_| ()).await;
    let _ = world.login(&["--profile", "s"]).run().exits(0);
    world.aws.forget_clients();
    let _ = world.login(&["--profile", "s"]).run().exits(0);
    assert_eq!(world.aws.count(Operation::RegisterClient), 2);
    // One that has less than 15 minutes left is not used; nor is anything of a file that is damaged.
    for file in world.cache() {
        let mut content: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        content["expiresAt"] = json!("2020-01-01T00:00:00Z");
        fs::write(&file, content.to_string()).unwrap();
    }
    fs::write(world.home.path().join(TOKEN), "{").unwrap();
    let _ = world.login(&["--profile", "s"]).run().exits(0);
    assert_eq!(world.aws.count(Operation::RegisterClient), 3);
    world.aws.fail_next(DEVICE, 1, &Fault::error(401, "InvalidClientException", "gone"));
    let output = world.login(&["--profile", "s"]).run().exits(0);
    says(&output.stderr, &["withdrawn meanwhile; here is a new code"]);
    assert_eq!(world.aws.count(Operation::RegisterClient), 4);
    world.aws.fail_next(DEVICE, 2, &Fault::error(401, "InvalidClientException", "gone"));
    says(&world.login(&["--profile", "s"]).run().exits(77).stderr, &["InvalidClientException"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_the_service_does_not_take_is_tried_once() {
    let world = World::new(|_| ()).await;
    let exchange = Operation::CreateToken(Grant::AuthorizationCode);
    for (fault, code, expected) in [
        (Fault::error(400, "InvalidGrantException", "no"), 77, "a code is good once and not for long"),
        (Fault::LostAnswer, 69, "check the network"),
    ] {
        world.aws.fail_next(exchange, 1, &fault);
        let before = world.aws.count(exchange);
        let mut running = world.login(&["--profile", "s", "--flow", "browser"]).spawn();
        running.wait_for("This can be used until");
        let _ = visit(&url(&running.stderr()));
        says(&running.wait().exits(code).stderr, &[expected]);
        assert_eq!(world.aws.count(exchange), before + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_the_aws_cli_has_made_is_used_and_unknown_keys_stay() {
    let world = World::new(|_| ()).await;
    let known = world.aws.sso_session();
    let registration = json!({
        "clientId": known.client_id,
        "clientSecret": known.client_secret.expose_secret(),
        "expiresAt": "2099-01-01T00:00:00Z",
        "scopes": ["sso:account:access"],
    });
    let url = "https://d-abc123.awsapps.com/start";
    world.home.write(
        ".aws/config",
        format!("[sso-session my-sso]\nsso_start_url = {url}\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n"),
    );
    world.home.write(".aws/sso/cache/18d9b42846b15eb5385befb03b3d864f800fcc11.json", registration.to_string());
    world.home.write(TOKEN, r#"{"accessToken": "x", "refreshToken": "old", "keyOfAnotherTool": 1}"#);
    // The start URL of the vector is not this portal's, so the sign-in gets no further than its code.
    let output = world.login(&["--sso-session", "my-sso"]).run().exits(2);
    says(&output.stderr, &["gave no code: InvalidRequestException"]);
    assert_eq!(world.aws.count(Operation::RegisterClient), 0);
    assert_eq!(world.file(TOKEN)["refreshToken"], "old");
    world.home.write(".aws/config", CONFIG);
    let _ = world.login(&["--sso-session", "my-sso"]).run().exits(0);
    let token = world.file(TOKEN);
    assert_eq!(token["keyOfAnotherTool"], 1);
    assert_ne!(token["refreshToken"], "old");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named_and_one_that_is_free_is_used() {
    let world = World::new(|_| ()).await;
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let arguments = ["--profile", "s", "--redirect-port", port.as_str()];
    let output = world.login(&arguments).run().exits(2);
    says(&output.stderr, &[&format!("nothing can listen on 127.0.0.1:{port}"), "choose another --redirect-port"]);
    drop(taken);
    let mut running = world.login(&arguments).spawn();
    running.wait_for("This can be used until");
    let page = url(&running.stderr());
    says(&page, &[&format!("redirect_uri=http%3A%2F%2F127.0.0.1%3A{port}%2Foauth%2Fcallback")]);
    says(&visit(&page), &["200 "]);
    let _ = running.wait().exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_format_goes_by_code_alone() {
    let world = World::new(|_| ()).await;
    let output = world.silent(world.login(&["--profile", "old"]).run().exits(0));
    says(&output.stderr, &["it does not renew by itself", "Its role is assigned."]);
    let judge = "import botocore.session as b; print(b.Session(profile='old').get_credentials().access_key)";
    let judged = world.led(python::command(&world.home, judge, [""; 0])).env("AWS_DEFAULT_REGION", "us-east-1");
    assert!(world.aws.issued(judged.run().exits(0).stdout.trim()).is_some());
    let exported = ["auth", "export", "--profile", "old", "--format", "credential-process"];
    let _ = world.led(lakeward(&world.home).args(exported)).run().exits(0);
    let output = world.login(&["--profile", "old", "--flow", "browser"]).run().exits(2);
    says(&output.stderr, &["goes by a code alone", "next: leave out --flow browser"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_url_lists_what_may_be_used_with_it_at_the_portals_pace() {
    let roles = |id: usize| Account::new(format!("{:012}", id + 1), format!("Account {id}"), &["Reader", "Writer"]);
    let world = World::new(|options| {
        options.accounts = (0..30).map(roles).collect();
        options.page_size = 7;
    })
    .await;
    let slowly = Fault::Body { status: 429, headers: vec![("Retry-After".into(), "2".into())], body: "{}".into() };
    world.aws.fail_next(Operation::ListAccountRoles, 2, &slowly);
    let arguments = ["--sso-start-url", URL, "--sso-region", "us-east-1"];
    let output = world.silent(world.login(&arguments).run().exits(0));
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 30, "{}", output.stdout);
    assert_eq!(
        (lines[0], lines[29]),
        ("000000000001 Account 0: Reader, Writer", "000000000030 Account 29: Reader, Writer")
    );
    let auth = [
        "[auth]\nmethod = \"sso\"\nsso_start_url = \"https://d-9067loopb0.awsapps.com/start\"\nsso_region = \"us-east-1\"\n",
        "sso_account_id = \"000000000001\"\nsso_role_name = \"Reader\"\n",
    ];
    says(&output.stderr, &auth);
    // Two calls waited for what the answer named, and 37 went at 15 a second at most.
    assert!(output.elapsed > Duration::from_secs(4), "{:?}", output.elapsed);
    let printed = output.stderr.split("[auth]\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
    world.home.write(
        "lakeward.toml",
        program::config(program::EMBEDDED, &program::files(&["x"])) + "\n[auth]\n" + &printed + "\n",
    );
    let output = world.login(&[]).run().exits(0);
    says(&output.stderr, &["Its role is assigned."]);
    world.aws.assign(Vec::new());
    let output = world.login(&arguments).run().exits(77);
    says(&output.stderr, &["no account and role is assigned to it", "ask who administers"]);
    let output = world.login(&["--sso-start-url", "https://d-1.awsapps.com/start"]).run().exits(2);
    says(&output.stderr, &["the region of the start URL", "--sso-region"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_not_assigned_is_told_with_those_that_are() {
    let world = World::new(|options| options.accounts = vec![Account::new("111122223333", "A", &["Auditor"])]).await;
    let output = world.login(&["--profile", "s"]).run().exits(77);
    says(
        &output.stderr,
        &["role Writer of account 111122223333 is not assigned", "account 111122223333 that is: Auditor"],
    );
    world.aws.assign(vec![Account::new("444455556666", "B", &["Writer"])]);
    let output = world.login(&["--profile", "s"]).run().exits(77);
    says(&output.stderr, &["choose an account that is: 444455556666"]);
    assert!(world.home.path().join(TOKEN).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_to_sign_in_to_is_named() {
    let world = World::new(|_| ()).await;
    for (arguments, expected) in [
        (&["--sso-session", "my-sos"][..], &["there is no [sso-session my-sos]", "did you mean `my-sso`?"][..]),
        (&["--profile", "olt"], &["there is no profile `olt`", "did you mean `old`?"]),
        (&[], &["there is no profile `default`", "--sso-session with one of my-sso; --profile with one of old, s;"]),
    ] {
        says(&world.login(arguments).run().exits(2).stderr, expected);
    }
    world.home.write(".aws/credentials", "[keys]\naws_access_key_id = A\naws_secret_access_key = b\n");
    let output = world.login(&["--profile", "keys"]).run().exits(2);
    says(&output.stderr, &["there is nothing to sign in to: profile `keys` holds no sign-in", "choose what"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_and_an_endpoint_that_leads_astray_are_told() {
    let world = World::new(|_| ()).await;
    world.aws.clock().set(SystemTime::now() - Duration::from_secs(3600));
    let command = world.login(&["--sso-session", "my-sso"]).env_remove("AWS_ENDPOINT_URL_SSO_OIDC");
    let output = command.env("AWS_ENDPOINT_URL", &world.aws.endpoints().oidc).run().exits(0);
    says(
        &output.stderr,
        &["clock is 60 minutes ahead of AWS's", "AWS_ENDPOINT_URL sends this sign-in to http://127.0.0.1"],
    );
    assert_eq!(output.stderr.matches("clock is").count(), 1);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_leaves_nothing_half_done() {
    let world = World::new(|options| options.approval = Approval::Page).await;
    for flow in ["device", "browser"] {
        let mut running = world.login(&["--profile", "s", "--flow", flow]).spawn();
        running.wait_for("This can be used until");
        running.signal("INT");
        says(&running.wait().exits(130).stderr, &["interrupted before anybody had signed in"]);
        assert!(!world.home.path().join(TOKEN).exists());
    }
}
