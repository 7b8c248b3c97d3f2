//! What must not leave a program: where the secrets of a home are looked for, and where they may be.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use memchr::memmem;
use walkdir::WalkDir;

/// Where the AWS tools, and Lakeward with them, keep sign-ins and temporary keys, from the home.
const CACHES: [&str; 3] = [".aws/sso/cache", ".aws/login/cache", ".aws/cli/cache"];

/// Where keys of a user's session go, and what is left of the file if its writer was killed: names in `.aws` begin with these.
const CREDENTIALS: [&str; 2] = ["credentials", ".lakeward-"];

/// A place where a secret should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// The secret, which is a fixture's.
    pub secret: String,
    /// `stdout`, `stderr` or a file.
    pub place: String,
}

/// The secrets of a home.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// May be nowhere.
    pub(super) nowhere: Vec<String>,
    /// May be in the AWS tools' files; by whose they are.
    pub(super) kept: BTreeMap<String, Kept>,
    /// What a test itself has written.
    pub(super) fixtures: BTreeMap<PathBuf, Vec<u8>>,
}

/// Tells the secrets that may lie in the AWS tools' files, as many as there are by now.
pub(super) struct Kept(pub(super) Box<dyn Fn() -> Vec<String> + Send>);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl Secrets {
    /// Where any of the secrets is in what a program printed, or in a file below `home` or `temporary`.
    pub(super) fn leaks(&self, printed: &[(&str, &str)], home: &Path, temporary: &Path) -> Vec<Leak> {
        let nowhere: Vec<&str> = self.nowhere.iter().map(String::as_str).collect();
        let kept: Vec<String> = self.kept.values().flat_map(|Kept(all)| all()).collect();
        let everything: Vec<&str> = nowhere.iter().copied().chain(kept.iter().map(String::as_str)).collect();
        let mut leaks = Vec::new();
        for (place, text) in printed {
            look(&mut leaks, place, text.as_bytes(), &everything);
        }
        let files = [home, temporary].into_iter().flat_map(WalkDir::new).filter_map(Result::ok);
        for file in files.filter(|entry| entry.file_type().is_file()) {
            // A file may be gone again, or closed to us: neither can be read by anyone else either.
            let Ok(content) = fs::read(file.path()) else { continue };
            if self.fixtures.get(file.path()) != Some(&content) {
                let secrets = if is_kept_well(home, file.path()) { &nowhere } else { &everything };
                look(&mut leaks, &file.path().display().to_string(), &content, secrets);
            }
            let name = format!("the name of {}", file.path().display());
            look(&mut leaks, &name, file.file_name().as_encoded_bytes(), &everything);
        }
        leaks
    }
}

fn look(leaks: &mut Vec<Leak>, place: &str, text: &[u8], secrets: &[&str]) {
    let found = secrets.iter().filter(|secret| memmem::find(text, secret.as_bytes()).is_some());
    leaks.extend(found.map(|secret| Leak { secret: (*secret).to_owned(), place: place.to_owned() }));
}

/// Whether a file is one of the AWS tools' that nobody else can read.
fn is_kept_well(home: &Path, file: &Path) -> bool {
    let in_cache = || file.parent().is_some_and(|folder| CACHES.iter().any(|cache| folder == home.join(cache)));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_credentials =
        || file.parent() == Some(&home.join(".aws")) && CREDENTIALS.iter().any(|begin| name.starts_with(begin));
    (in_cache() || is_credentials()) && is_private(file)
}

/// Whether a file's permissions are 0600.
#[cfg(unix)]
fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o777 == 0o600)
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, panic};

    use super::super::{Home, Output};

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG";

    fn shell(home: &Home, script: &str) -> Output {
        home.command("sh").args(["-c", script]).env("SECRET", SECRET).run()
    }

    #[track_caller]
    fn leaks(home: &Home, script: &str) {
        let run = panic::AssertUnwindSafe(|| drop(home.command("sh").args(["-c", script]).prints_secrets().run()));
        let message = panic::catch_unwind(run).expect_err(script);
        assert!(message.downcast_ref::<String>().is_some_and(|text| text.contains("a secret leaked")), "{script}");
    }

    #[test]
    fn a_secret_is_found_wherever_a_program_leaves_it() {
        for (script, place) in [
            ("cat .aws/credentials >&2", "stderr"),
            ("cp .aws/credentials copy", "home/copy"),
            ("cp .aws/credentials $TMPDIR/spool", "tmp/spool"),
            ("echo more >> .aws/credentials", ".aws/credentials"),
        ] {
            let home = Home::new();
            home.secret(SECRET);
            home.write(".aws/credentials", SECRET);
            let _ = shell(&home, "true");
            leaks(&home, script);
            assert!(home.leaks(&[]).iter().all(|leak| leak.place.ends_with(place)), "{script}");
        }
    }

    #[test]
    #[should_panic(expected = "a secret leaked")]
    fn a_secret_in_what_is_printed_fails_the_run() {
        let home = Home::new();
        home.secret(SECRET);
        let _ = shell(&home, "echo key: $SECRET");
    }

    #[test]
    #[should_panic(expected = "a secret leaked")]
    fn a_secret_that_is_given_out_during_a_run_fails_it() {
        let home = Home::new();
        let told = home.path().join("told");
        home.secrets_in_caches("here", move || fs::read_to_string(&told).into_iter().collect());
        let _ = shell(&home, "true");
        let _ = shell(&home, "printf %s $SECRET > told");
    }

    #[test]
    fn a_secret_may_be_where_the_aws_tools_keep_it_and_in_what_is_exported() {
        let home = Home::new();
        home.secrets_in_caches("here", || vec![SECRET.to_owned()]);
        let script =
            "umask 077; mkdir -p .aws/sso/cache; echo $SECRET > .aws/sso/cache/a.json; echo $SECRET > .aws/credentials";
        let _ = shell(&home, script);
        let _ = home.command("sh").args(["-c", &format!("echo {SECRET}")]).prints_secrets().run().exits(0);
        for leak in ["cat .aws/credentials >&2", "cp .aws/credentials $TMPDIR/a", "cp -p .aws/credentials .aws/config"]
        {
            leaks(&home, leak);
            let _ = fs::remove_file(home.folder.path().join("tmp/a"));
            let _ = fs::remove_file(home.path().join(".aws/config"));
        }
        leaks(&home, "chmod 644 .aws/sso/cache/a.json");
    }
}
