//! A program that prints credentials (`credential_process`).

use std::{
    collections::BTreeSet,
    io,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use lakeward_core::{
    plan::CREDENTIAL_PROGRAM_LIMIT,
    untrusted::{excerpt, printable},
};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
};

use crate::{
    broken::{Broken, Fault},
    error::SourceError,
    link::{Link, Source},
    place::Place,
    sources::Context,
    step::Step,
    temporary::time,
    tools::Tools,
};

const KEY: &str = "credential_process";

/// How long its streams are read after it has ended: a helper that it leaves running, such as an agent, may hold them open for
/// ever.
const GRACE: Duration = Duration::from_millis(500);

/// The profiles whose programs run already, one above the other: a program may ask Lakeward for another profile's credentials,
/// but not for its own.
const RUNNING: &str = "LAKEWARD_CREDENTIAL_PROCESS";

/// So many characters without a space may be a secret.
const SHORTEST_TOKEN: usize = 32;

/// The most bytes that are read of what it prints.
const MOST_BYTES: u64 = 64 << 10;

pub(crate) fn plan(context: &Context<'_>) -> Link {
    let profile = context.profile;
    let Some(value) = profile.keys.get(KEY) else {
        return Link::skipped(Place::Program, format!("profile {} has no credential_process", profile.name));
    };
    // Arguments may hold secrets: the program alone is named.
    let words = shlex::split(&value.text).filter(|words| !words.is_empty());
    let Some(words) = words else {
        return Link::broken(
            Place::Program,
            Broken::new(
                format!("the command at {} can't be split into words", value.origin),
                "close every quote; no shell runs it",
            )
            .fault(Fault::At(value.origin.clone())),
        );
    };
    let running = context.environment.get(RUNNING).unwrap_or_default();
    if running.lines().any(|name| name == profile.name) {
        return Link::broken(
            Place::Program,
            Broken::new(
                format!("the command at {} asks for the credentials of its own profile", value.origin),
                "name another profile in it (`lakeward auth export --format credential-process --profile OTHER`)",
            )
            .fault(Fault::At(value.origin.clone())),
        );
    }
    let running = format!("{running}\n{}", profile.name).trim_start().to_owned();
    let program = words.first().map(String::as_str).unwrap_or_default();
    let setting = crate::origin::Setting::of(KEY, &format!("{program} …"), value.origin.clone());
    let what = format!("what {} prints", printable(program));
    Link::found(Place::Program, what, Process { words, running, time_limit: CREDENTIAL_PROGRAM_LIMIT })
        .with(vec![setting])
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
        #[cfg(unix)]
        command.process_group(0);
        let failed = |error: io::Error| {
            SourceError::new(
                format!("credential_process {program} can't be run: {error}"),
                "install it, or write its full path into the profile; no shell runs it, so aliases and pipes are not known",
            )
        };
        let mut group = Group::of(command.spawn().map_err(failed)?);
        let (stdout, stderr) = (Reader::of(group.child.stdout.take()), Reader::of(group.child.stderr.take()));
        let ended = tokio::select! {
            ended = tokio::time::timeout(self.time_limit, group.ended()) => ended,
            () = unwanted() => {
                let what = format!("credential_process {program} was ended: nobody waits for its credentials any more");
                return Err(SourceError::new(what, "ask for them again"));
            }
        };
        let Ok(status) = ended else {
            drop(group);
            let said = said(&stderr.end().await);
            return Err(SourceError::new(
                format!(
                    "credential_process {program} did not end within {} s and was ended{said}",
                    self.time_limit.as_secs()
                ),
                "run it by hand: it may wait for an answer, which nobody can give it here",
            ));
        };
        let status = status.map_err(failed)?;
        let (stdout, stderr) = tokio::join!(stdout.end(), stderr.end());
        if !status.success() {
            let status = status.code().map_or_else(|| "by a signal".to_owned(), |code| format!("with status {code}"));
            return Err(SourceError::new(
                format!("credential_process {program} ended {status}{}", said(&stderr)),
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
        Ok(Credentials::new(id, secret, text("SessionToken").map(str::to_owned), expires, KEY))
    }

    fn needs(&self) -> Vec<Step> {
        vec![Step::Runs(self.program())]
    }
}

tokio::task_local! {
    /// Closed once nobody wants what programs print any more.
    static WANTED: watch::Receiver<()>;
}

/// Does some work; where it is given up, what it has asked for credentials is ended with it, and is not waited for in vain.
pub async fn with_programs<T>(work: impl Future<Output = T>) -> T {
    let (_wanted, closes) = watch::channel(());
    WANTED.scope(closes, work).await
}

/// The same work for a task of its own, which goes on when this one is given up: its programs end with this one where they are to.
pub(crate) fn as_wanted<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let closes = WANTED.try_with(Clone::clone);
    async move {
        match closes {
            Ok(closes) => WANTED.scope(closes, work).await,
            Err(_) => work.await,
        }
    }
}

/// Returns once nobody wants what programs print any more.
async fn unwanted() {
    match WANTED.try_with(Clone::clone) {
        // Nothing is ever sent.
        Ok(mut closes) => while closes.changed().await.is_ok() {},
        Err(_) => std::future::pending().await,
    }
}

/// The groups of the programs that run now, by the ids of their leaders.
static GROUPS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Ends at once every program that was asked for credentials, with what it has started: it is what comes before an exit that
/// waits for nothing.
pub fn end_programs() {
    groups().iter().for_each(|group| kill(*group));
}

fn groups() -> MutexGuard<'static, BTreeSet<u32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn kill(group: u32) {
    if let Some(group) = i32::try_from(group).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill(_: u32) {}

/// The program with what it starts: a wrapper's children end with it, unless it ended by itself before.
struct Group {
    child: Child,
    id: Option<u32>,
}

impl Group {
    fn of(child: Child) -> Self {
        let id = child.id();
        groups().extend(id);
        Self { child, id }
    }

    /// Waits for its end. What it has left running then was meant to go on.
    async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.forget();
        status
    }

    fn forget(&mut self) -> Option<u32> {
        let id = self.id.take()?;
        groups().remove(&id);
        Some(id)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.forget() {
            kill(group);
        }
    }
}

/// Reads a stream from the start of the program on.
struct Reader {
    bytes: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Reader {
    fn of(stream: Option<impl AsyncRead + Send + Unpin + 'static>) -> Self {
        let bytes = Arc::new(Mutex::default());
        Self { bytes: Arc::clone(&bytes), task: tokio::spawn(read(stream, bytes)) }
    }

    /// What there is at the stream's end, or at that of the grace after the program's.
    async fn end(mut self) -> Vec<u8> {
        let _ = tokio::time::timeout(GRACE, &mut self.task).await;
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(stream: Option<impl AsyncRead + Unpin>, bytes: Arc<Mutex<Vec<u8>>>) {
    let Some(stream) = stream else { return };
    // What was read counts.
    let mut kept = stream.take(MOST_BYTES);
    let mut part = [0; 4096];
    while let Ok(length @ 1..) = kept.read(&mut part).await {
        let part = part.get(..length).unwrap_or_default();
        bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(part);
    }
    // The rest is drained, so that the program does not wait for a reader.
    let _ = tokio::io::copy(&mut kept.into_inner(), &mut tokio::io::sink()).await;
}

/// The end of a message: what the program says to people, unless it mistakes the stream for the other one.
fn said(stderr: &[u8]) -> String {
    let said = String::from_utf8_lossy(stderr);
    match said.trim() {
        "" => String::new(),
        said if holds_keys(said) => ": (it printed keys there)".to_owned(),
        said => format!(": {}", excerpt(&without_tokens(said), 300)),
    }
}

/// A text without the words that could be a key or a token. A path of that length may be taken for one.
fn without_tokens(text: &str) -> String {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "+/=_-%~".contains(c);
    let mut kept = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_of_word) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_of_word(c)).unwrap_or(from.len()));
        kept.push_str(before);
        kept.push_str(if is_token(word) { "(left out)" } else { word });
        rest = after;
    }
    kept + rest
}

/// Whether a word is as long and as mixed as secrets are: an AWS secret key has 40 characters, a session token hundreds.
fn is_token(word: &str) -> bool {
    let kinds = [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit];
    word.len() >= SHORTEST_TOKEN && kinds.iter().filter(|kind| word.bytes().any(|byte| kind(&byte))).count() > 1
}

/// Whether a text names a secret as JSON, a shell or the AWS files do.
fn holds_keys(text: &str) -> bool {
    let text = text.replace(['_', '-'], "").to_ascii_lowercase();
    text.contains("secretaccesskey") || text.contains("sessiontoken")
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
        assert!(error("sleep 30").await.ends_with("did not end within 0 s and was ended"));
        assert!(error("echo scan it >&2; sleep 30").await.ends_with("within 0 s and was ended: scan it"));
        assert!(error("echo not signed in >&2; exit 3").await.ends_with("ended with status 3: not signed in"));
        assert!(error("echo '{\"SecretAccessKey\": \"hush\"}' >&2; exit 1").await.ends_with("(it printed keys there)"));
        assert!(error("echo '{\"SecretAccessKey\": \"hush\"}' >&2").await.ends_with("prints keys to standard error"));
        let missing = Process {
            words: vec!["/no/such/program".into()],
            running: String::new(),
            time_limit: CREDENTIAL_PROGRAM_LIMIT,
        };
        assert!(missing.output().await.is_err_and(|error| error.what.contains("/no/such/program can't be run")));
    }

    #[test]
    fn words_that_could_be_secrets_are_left_out() {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        for (text, kept) in [
            (secret.to_owned(), "(left out)"),
            (format!("key={secret}, retry"), "(left out), retry"),
            (
                format!("got '{secret}' from\n  eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.e30"),
                "got '(left out)' from\n  (left out).e30",
            ),
            ("0123456789abcdef0123456789abcdef".to_owned(), "(left out)"),
            (
                "no such profile: arn:aws:iam::111122223333:role/Reader".to_owned(),
                "no such profile: arn:aws:iam::111122223333:role/Reader",
            ),
            (
                "/usr/local/share/some/long/folder/helper: permission denied é".to_owned(),
                "/usr/local/share/some/long/folder/helper: permission denied é",
            ),
        ] {
            assert_eq!(without_tokens(&text), kept);
        }
    }

    #[tokio::test]
    async fn a_program_that_runs_can_be_ended_at_once_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let done = folder.path().join("done");
        let id = folder.path().join("id");
        let script = format!("echo $$ > '{}'; sh -c \"sleep 2; echo > '{}'\"; true", id.display(), done.display());
        let program = Process { time_limit: CREDENTIAL_PROGRAM_LIMIT, ..program(&script) };
        let (ended, ()) = tokio::join!(program.output(), async {
            let id = loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let written = std::fs::read_to_string(&id).ok().and_then(|text| text.trim().parse().ok());
                if let Some(id) = written {
                    break id;
                }
            };
            assert!(groups().contains(&id));
            // Not all of them: other tests' run in the same process.
            kill(id);
        });
        assert!(ended.is_err_and(|error| error.what.contains("ended by a signal")));
        tokio::time::sleep(Duration::from_millis(2300)).await;
        assert!(!done.exists());
    }

    #[tokio::test]
    async fn a_program_ends_with_the_work_that_wants_it_also_where_another_task_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let id = folder.path().join("id");
        let script = format!("echo $$ > '{}'; sleep 30; true", id.display());
        let program = || Process { time_limit: CREDENTIAL_PROGRAM_LIMIT, ..program(&script) };
        let started = async || loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let written = std::fs::read_to_string(&id).ok().and_then(|text| text.trim().parse().ok());
            if let Some(written) = written {
                std::fs::remove_file(&id).unwrap();
                break written;
            }
        };
        let on_its_own = async || {
            let program = program();
            tokio::spawn(as_wanted(async move { program.output().await })).await.unwrap()
        };
        let mut ends = Vec::new();
        for is_wanted in [false, true] {
            let number: u32 = tokio::select! {
                output = with_programs(on_its_own()), if is_wanted => panic!("{output:?}"),
                output = on_its_own(), if !is_wanted => panic!("{output:?}"),
                number = started() => number,
            };
            let began = std::time::Instant::now();
            while groups().contains(&number) && began.elapsed() < Duration::from_secs(1) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            ends.push(!groups().contains(&number));
            kill(number);
        }
        assert_eq!(ends, [false, true], "what renews goes on, unless it is said otherwise");
    }

    #[tokio::test]
    async fn a_helper_that_is_left_running_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let done = folder.path().join("done");
        let script = format!("(sleep 1.5; echo > '{}') & echo keys", done.display());
        let program = Process { time_limit: CREDENTIAL_PROGRAM_LIMIT, ..program(&script) };
        let began = std::time::Instant::now();
        assert_eq!(program.output().await.unwrap(), b"keys\n");
        assert!(began.elapsed() < Duration::from_millis(1400), "{:?}", began.elapsed());
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(done.exists(), "it was meant to go on");
    }

    #[tokio::test]
    async fn a_wrapper_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let done = folder.path().join("done");
        let script = format!("sh -c \"sleep 1; echo > '{}'\"; true", done.display());
        assert!(error(&script).await.ends_with("did not end within 0 s and was ended"));
        // So it is where nobody waits for it any more.
        let limited = Process { time_limit: CREDENTIAL_PROGRAM_LIMIT, ..program(&script) };
        assert!(tokio::time::timeout(Duration::from_millis(200), limited.output()).await.is_err());
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(!done.exists());
    }

    #[tokio::test]
    async fn much_noise_neither_blocks_the_program_nor_fills_the_memory() {
        let printed = program("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2").output().await.unwrap();
        assert_eq!(printed.len() as u64, MOST_BYTES);
    }
}
