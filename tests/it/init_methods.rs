//! From nothing to rows, for each way to sign in: by flags, by an answers file, and by lines over a pipe. The config is the same to the
//! byte, and runs headless.

use std::fs;

use lakeward_testkit::{Home, HomeCommand};
use secrecy::ExposeSecret;

use crate::{
    init_session::Session,
    landed,
    loopback_aws::Aws,
    program::{lakeward, numbered},
    server::Server,
};

/// A way to sign in.
struct Method {
    /// Its answers, as flags and values.
    answers: &'static [(&'static str, &'static str)],
    /// What the rows of the plain mode that lead to it hold, and the lines that follow.
    lines: &'static [Line],
    /// What its environment is.
    environment: Set,
}

enum Line {
    /// Chooses a row.
    Row(&'static str),
    /// Answers a question.
    Answer(&'static str, &'static str),
}

#[derive(Clone, Copy, PartialEq)]
enum Set {
    Nothing,
    Keys,
    SignedIn,
    Container,
    Profile,
}

use Line::{Answer, Row};

const METHODS: [Method; 6] = [
    Method { answers: &[("auth", "env")], lines: &[Row("Environment keys")], environment: Set::Keys },
    Method {
        answers: &[("auth", "profile"), ("profile", "chain")],
        lines: &[Row("Profile \"chain\"")],
        environment: Set::Nothing,
    },
    Method {
        answers: &[
            ("auth", "sso"),
            ("sso-session", "corp"),
            ("sso-account-id", "111122223333"),
            ("sso-role-name", "Writer"),
        ],
        lines: &[Row("SSO session \"corp\""), Row("111122223333: Writer")],
        environment: Set::SignedIn,
    },
    Method {
        answers: &[
            ("auth", "role"),
            ("role-arn", "arn:aws:iam::111122223333:role/inner"),
            ("source-profile", "user"),
            ("external-id", "example-corp"),
        ],
        lines: &[
            Row("Assume a role"),
            Answer(": Role ARN\n", "arn:aws:iam::111122223333:role/inner"),
            Answer(": Assumed by profile\n", "user"),
        ],
        environment: Set::Nothing,
    },
    Method { answers: &[("auth", "compute")], lines: &[Row("The machine's role")], environment: Set::Container },
    Method { answers: &[("auth", "chain")], lines: &[Row("The AWS chain")], environment: Set::Profile },
];

/// A home with everything set up, and an S3 that takes the keys of the loopback AWS.
struct World {
    home: Home,
    aws: Aws,
    s3: Server,
}

impl World {
    async fn start(environment: Set) -> Self {
        let home = Home::new();
        home.write("data/t.csv", numbered(0, 20));
        let aws = Aws::start(&home, |_| ()).await;
        if environment == Set::SignedIn {
            aws.sign_in(&home);
        }
        let keys = aws.aws.access_keys();
        let s3 = Server::with(|options| options.access_keys = Some(keys)).await;
        Self { home, aws, s3 }
    }

    fn command(&self, environment: Set, arguments: &[&str]) -> HomeCommand<'_> {
        let command = self.aws.leads(lakeward(&self.home).args(arguments));
        match environment {
            Set::Nothing | Set::SignedIn => command,
            Set::Keys => command
                .env("AWS_ACCESS_KEY_ID", &self.aws.user.access_key_id)
                .env("AWS_SECRET_ACCESS_KEY", self.aws.user.secret_access_key.expose_secret()),
            Set::Container => self.aws.contains(&self.home, command),
            Set::Profile => command.env("AWS_PROFILE", "chain"),
        }
    }

    fn config(&self, name: &str) -> String {
        fs::read_to_string(self.home.path().join(name)).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_sign_in_leads_to_rows_and_every_front_to_the_same_config() {
    for Method { answers, lines, environment } in METHODS {
        let world = World::start(environment).await;
        let endpoint = world.s3.s3.endpoint().to_owned();
        let more = [("bucket", "test"), ("endpoint", endpoint.as_str()), ("source", "files")];
        let all: Vec<(&str, &str)> = answers.iter().copied().chain(more).collect();

        // By flags. All are there, so nothing is asked.
        let mut arguments = vec!["init".to_owned()];
        arguments.extend(all.iter().flat_map(|(flag, value)| [format!("--{flag}"), (*value).to_owned()]));
        arguments.extend(["--paths".to_owned(), "data/*.csv".to_owned()]);
        let by_flags: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = world.command(environment, &by_flags).run().exits(0);
        assert!(output.stdout.contains("Wrote lakeward.toml.\n"), "{}", output.stdout);
        let config = world.config("lakeward.toml");

        // It runs headless.
        let _ = world.command(environment, &["--config", "lakeward.toml"]).run().exits(0);
        assert_eq!(landed::all_ids(&world.s3.bucket()), (0..20).collect::<Vec<i64>>(), "{config}");

        // By an answers file.
        let file: String = all.iter().map(|(flag, value)| format!("{flag} = \"{value}\"\n")).collect();
        world.home.write("answers", file + "paths = [\"data/*.csv\"]\n");
        let by_file = ["init", "--answers", "answers", "--yes", "--config", "b.toml"];
        let _ = world.command(environment, &by_file).run().exits(0);
        assert_eq!(world.config("b.toml"), config);

        // By lines over a pipe. Few people need the endpoint and the external id, so these are flags.
        let rare = |flag: &str| ["external-id", "endpoint"].contains(&flag);
        let mut plain = vec!["init".to_owned(), "--config".to_owned(), "c.toml".to_owned()];
        let given = all.iter().filter(|(flag, _)| rare(flag));
        plain.extend(given.flat_map(|(flag, value)| [format!("--{flag}"), (*value).to_owned()]));
        let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
        let mut session = Session::begin(world.command(environment, &plain));
        for line in lines {
            match line {
                Row(text) => drop(session.choose(text)),
                Answer(question, text) => session.answer(question, text),
            }
        }
        let whose = session.until("Enter goes on");
        assert!(whose.contains("AWS is not asked about it"), "{whose}");
        session.line("");
        session.rest("test", "'data/*.csv'");
        let output = session.end().exits(0);
        assert!(output.stdout.contains("ok: test write: "), "{}", output.stdout);
        assert!(!output.stdout.contains('\u{1b}'), "plain lines steer no terminal");
        assert_eq!(world.config("c.toml"), config, "{}", output.stdout);
    }
}

#[test]
fn the_embedded_s3_needs_no_aws() {
    let home = Home::new();
    home.write("data/t.csv", numbered(0, 20));
    let flags = ["init", "--storage", "embedded", "--bucket", "test", "--paths", "data/*.csv"];
    let _ = lakeward(&home).args(flags).run().exits(0);
    let _ = lakeward(&home).args(["--config", "lakeward.toml"]).run().exits(0);
    assert_eq!(landed::all_ids(&home.path().join("lake/test")), (0..20).collect::<Vec<i64>>());
    let mut session = Session::begin(lakeward(&home).args(["init", "--config", "b.toml"]));
    session.choose("No AWS");
    session.answer(": Folder\n", "");
    session.rest("test", "'data/*.csv'");
    let _ = session.end().exits(0);
    let config = |name: &str| fs::read_to_string(home.path().join(name)).unwrap();
    assert_eq!(config("b.toml"), config("lakeward.toml"));
}
