//! A program that prints credentials (`credential_process`).

use std::{process::Stdio, time::Duration};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use lakeward_core::untrusted::{excerpt, printable};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
};

use super::{Source, SourceError, time};
use crate::{link::Link, resolution::Context, tools::Tools};

const NAME: &str = "credential_process";

/// How long the program may take. It may have to ask somebody, but a run must not wait for ever.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The profiles whose programs run already, one above the other: a program may ask Lakeward for another profile's credentials,
/// but not for its own.
const RUNNING: &str = "LAKEWARD_CREDENTIAL_PROCESS";

/// The most bytes that are read of what it prints.
const MOST_BYTES: u64 = 64 << 10;

pub(crate) fn plan(context: &Context<'_>) -> Link {
    let profile = context.profile;
    let Some(value) = profile.keys.get(NAME) else {
        return Link::skipped(NAME, format!("profile {} has no credential_process", profile.name));
    };
    // Arguments may hold secrets: the program alone is named.
    let words = shlex::split(&value.text).filter(|words| !words.is_empty());
    let Some(words) = words else {
        return Link::broken(
            NAME,
            format!("the command at {} can't be split into words", value.origin),
            "close every quote; no shell runs it",
        );
    };
    let running = context.environment.get(RUNNING).unwrap_or_default();
    if running.lines().any(|name| name == profile.name) {
        return Link::broken(
            NAME,
            format!("the command at {} asks for the credentials of its own profile", value.origin),
            "name another profile in it (`lakeward auth export --format credential-process --profile OTHER`)",
        );
    }
    let running = format!("{running}\n{}", profile.name).trim_start().to_owned();
    let program = words.first().map(String::as_str).unwrap_or_default();
    let setting = crate::link::Setting::of(NAME, &format!("{program} …"), value.origin.clone());
    let what = format!("what {} prints", printable(program));
    Link::found(NAME, what, Process { words, running, time_limit: TIME_LIMIT }).with(vec![setting])
}

struct Process {
    words: Vec<String>,
    running: String,
    time_limit: Duration,
}

impl Process {
    fn program(&self) -> String {
        self.words.first().map(|program| printable(program).into_owned()).unwrap_or_default()
    }

    async fn output(&self) -> Result<Vec<u8>, SourceError> {
        let program = self.program();
        let (name, arguments) = self.words.split_first().map_or(("", &[][..]), |(name, rest)| (name.as_str(), rest));
        let mut command = Command::new(name);
        command
            .args(arguments)
            .env(RUNNING, &self.running)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let failed = |error: std::io::Error| {
            SourceError::new(
                format!("credential_process {program} can't be run: {error}"),
                "give its full path; no shell runs it, so aliases and pipes are not known",
            )
        };
        let mut child = command.spawn().map_err(failed)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let run = async { tokio::join!(read(stdout), read(stderr), child.wait()) };
        let Ok((stdout, stderr, status)) = tokio::time::timeout(self.time_limit, run).await else {
            return Err(SourceError::new(
                format!(
                    "credential_process {program} printed nothing for {} s and was ended",
                    self.time_limit.as_secs()
                ),
                "run it by hand: it may wait for an answer, which nobody can give it here",
            ));
        };
        let status = status.map_err(failed)?;
        if !status.success() {
            // What it says there is for people, unless it mistakes the stream for the other one.
            let said = String::from_utf8_lossy(&stderr);
            let said = if holds_keys(&said) { "(it printed keys there)".to_owned() } else { excerpt(said.trim(), 300) };
            let status = status.code().map_or_else(|| "by a signal".to_owned(), |code| format!("with status {code}"));
            return Err(SourceError::new(
                format!("credential_process {program} ended {status}: {said}"),
                "run it by hand and mend what it says",
            ));
        }
        if stdout.iter().all(u8::is_ascii_whitespace) && holds_keys(&String::from_utf8_lossy(&stderr)) {
            return Err(SourceError::new(
                format!("credential_process {program} prints keys to standard error"),
                "let it print them to standard output",
            ));
        }
        Ok(stdout)
    }
}

#[async_trait]
impl Source for Process {
    async fn fetch(&self, _: &Tools) -> Result<Credentials, SourceError> {
        let output = self.output().await?;
        let wrong = |what: &str| {
            SourceError::new(
                format!("credential_process {} {what}", self.program()),
                "it has to print one JSON object with Version 1, AccessKeyId and SecretAccessKey, and nothing else",
            )
        };
        // Not the parser's own words: they may quote what was printed.
        let answer: Value = serde_json::from_slice(&output).map_err(|_| wrong("printed something else than JSON"))?;
        if answer["Version"] != 1 {
            return Err(wrong("printed JSON without \"Version\": 1"));
        }
        let text = |key: &str| answer[key].as_str().filter(|text| !text.is_empty());
        let id = text("AccessKeyId").ok_or_else(|| wrong("printed no AccessKeyId"))?;
        let secret = text("SecretAccessKey").ok_or_else(|| wrong("printed no SecretAccessKey"))?;
        let expires = match text("Expiration") {
            None => None,
            Some(text) => Some(time(text).ok_or_else(|| wrong("printed an Expiration that is no time"))?),
        };
        Ok(Credentials::new(id, secret, text("SessionToken").map(str::to_owned), expires, NAME))
    }

    fn needs(&self) -> Vec<String> {
        vec![format!("runs {}", self.program())]
    }
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        // What was read counts; the rest is drained, so that the program does not wait for a reader.
        let _ = (&mut stream).take(MOST_BYTES).read_to_end(&mut bytes).await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    }
    bytes
}

fn holds_keys(text: &str) -> bool {
    text.contains("SecretAccessKey") || text.contains("SessionToken")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn program(script: &str) -> Process {
        Process {
            words: ["sh", "-c", script].map(str::to_owned).to_vec(),
            running: String::new(),
            time_limit: Duration::from_millis(500),
        }
    }

    async fn error(script: &str) -> String {
        program(script).output().await.map_or_else(|error| error.what, |_| "it printed".to_owned())
    }

    #[tokio::test]
    async fn a_program_that_hangs_fails_or_mistakes_the_stream_is_told() {
        assert!(error("sleep 30").await.contains("printed nothing for 0 s and was ended"));
        assert!(error("echo not signed in >&2; exit 3").await.ends_with("ended with status 3: not signed in"));
        assert!(error("echo '{\"SecretAccessKey\": \"hush\"}' >&2; exit 1").await.ends_with("(it printed keys there)"));
        assert!(error("echo '{\"SecretAccessKey\": \"hush\"}' >&2").await.ends_with("prints keys to standard error"));
        let missing =
            Process { words: vec!["/no/such/program".into()], running: String::new(), time_limit: TIME_LIMIT };
        assert!(missing.output().await.is_err_and(|error| error.what.contains("/no/such/program can't be run")));
    }

    #[tokio::test]
    async fn much_noise_neither_blocks_the_program_nor_fills_the_memory() {
        let printed = program("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2").output().await.unwrap();
        assert_eq!(printed.len() as u64, MOST_BYTES);
    }
}
