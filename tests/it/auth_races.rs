//! Programs that renew one sign-in at the same time, and programs that are killed while they do: with refresh tokens that are
//! good for one renewal only, as AWS's are.

#![cfg(unix)]

use std::{path::Path, thread::sleep, time::Duration};

use lakeward_loopback::aws::{Grant, Operation};
use lakeward_testkit::{Home, HomeCommand, tries};
use serde_json::json;

use crate::loopback_aws::{Aws, LOGIN_CACHE, SSO_CACHE, cached, mode};

/// A sign-in of which every use is a renewal: it lives shorter than what has to be left of it.
struct SignIn {
    profile: &'static str,
    file: &'static str,
    renewal: Operation,
    make: fn(&Aws, &Home),
}

const SSO: SignIn = SignIn {
    profile: "sso",
    file: SSO_CACHE,
    renewal: Operation::CreateToken(Grant::RefreshToken),
    make: Aws::sign_in,
};

const CONSOLE: SignIn = SignIn {
    profile: "console",
    file: LOGIN_CACHE,
    renewal: Operation::CreateOAuth2Token(Grant::RefreshToken),
    make: Aws::sign_in_at_console,
};

impl SignIn {
    async fn start(&self, home: &Home) -> Aws {
        let aws = Aws::start(home, |options| {
            let life = Duration::from_secs(100);
            (options.lifetimes.sso_token, options.lifetimes.console) = (life, life);
        })
        .await;
        (self.make)(&aws, home);
        aws
    }

    fn export<'home>(&self, aws: &Aws, home: &'home Home) -> HomeCommand<'home> {
        let arguments = ["auth", "export", "--format", "credential-process", "--profile", self.profile];
        aws.lakeward(home, &arguments).prints_secrets()
    }

    /// The file is whole, private, and has kept what another tool wrote.
    #[track_caller]
    fn is_valid(&self, home: &Home) {
        let content = cached(home, self.file);
        assert_eq!(content["keyOfAnotherTool"], json!({ "kept": true }));
        assert!(content["refreshToken"].is_string() && content["accessToken"] != json!(null), "{}", self.file);
        assert_eq!(mode(&home.path().join(self.file)), 0o600);
    }
}

async fn two_renew_at_once(sign_in: &SignIn) {
    let home = Home::new();
    let aws = sign_in.start(&home).await;
    let rounds = tries(10, 200);
    for _ in 0..rounds {
        let both = [(); 2].map(|()| sign_in.export(&aws, &home).spawn());
        for running in both {
            let _ = running.wait().exits(0);
        }
        sign_in.is_valid(&home);
    }
    // While its keys are good a renewal that fails is tolerated, so the program's end alone shows nothing.
    let renewals = aws.aws.calls().into_iter().filter(|call| call.operation == Some(sign_in.renewal));
    let answers: Vec<Option<u16>> = renewals.map(|call| call.status).collect();
    let refused = answers.iter().filter(|status| **status != Some(200)).count();
    assert_eq!((answers.len(), refused), (2 * rounds as usize, 0), "renewals, and those that were refused");
}

async fn killed_at_any_moment(sign_in: &SignIn) {
    let home = Home::new();
    let aws = sign_in.start(&home).await;
    let whole = sign_in.export(&aws, &home).run().exits(0).elapsed;
    let mut random = fastrand::Rng::with_seed(7);
    let mut lost = 0;
    for _ in 0..tries(10, 100) {
        let running = sign_in.export(&aws, &home).spawn();
        sleep(whole.mul_f64(random.f64()));
        let _ = running.kill();
        sign_in.is_valid(&home);
        // Killed between the service's answer and the file, a program takes the only good token with it: no file is to blame.
        let renewals_before = aws.aws.count(sign_in.renewal);
        let next = sign_in.export(&aws, &home).run();
        let last = aws.aws.calls().into_iter().rfind(|call| call.operation == Some(sign_in.renewal));
        assert!(aws.aws.count(sign_in.renewal) > renewals_before, "the next one was kept from renewing");
        if last.is_some_and(|call| call.status != Some(200)) {
            lost += 1;
            (sign_in.make)(&aws, &home);
        } else {
            let _ = next.exits(0);
        }
    }
    let folder = home.path().join(Path::new(sign_in.file).parent().unwrap());
    for file in std::fs::read_dir(folder).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600, "what is left behind is private too");
    }
    assert!(lost <= tries(10, 100) / 2, "{lost} sign-ins were lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_renew_an_sso_session_at_once_lose_no_token() {
    two_renew_at_once(&SSO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_renew_a_console_session_at_once_lose_no_token() {
    two_renew_at_once(&CONSOLE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_an_sso_session_is_renewed_leaves_valid_files() {
    killed_at_any_moment(&SSO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_a_console_session_is_renewed_leaves_valid_files() {
    killed_at_any_moment(&CONSOLE).await;
}
