//! A plugin's spec as it is when it runs: what it refers to is looked up, and kept out of all that is shown.

use std::{env, fs, path::Path};

use bytes::Bytes;
use lakeward_core::{
    config::{Reference, expand},
    failure::{Failure, FailureKind},
    plan::PluginPlan,
    untrusted::{excerpt, printable},
};
use serde_json::Value;

/// A text that is shorter would be found everywhere, and guessed.
const SHORTEST: usize = 4;
/// The shortest line of a text of several lines that is looked for by itself.
const SHORTEST_LINE: usize = 8;
/// The largest file that a spec can refer to, in bytes.
const LARGEST_FILE: u64 = 1 << 20;
/// What stands in a text where a secret was.
const HIDDEN: &str = "***";

/// What a spec referred to: it is not to be shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets(Vec<String>);

/// The plugin's spec, as JSON, with what its references stand for.
pub(super) fn expanded(plan: &PluginPlan) -> Result<(Bytes, Secrets), Failure> {
    let mut secrets = Secrets::default();
    let mut follow = |reference: &Reference| -> Result<String, Failure> {
        let value = follow(reference, &plan.folder).map_err(|(what, next)| {
            let what = format!("the spec of the source {} refers to {what}", plan.name);
            Failure::new(FailureKind::Usage, what).next(next)
        })?;
        secrets.add(&value);
        Ok(value)
    };
    let spec = expand(&Value::Object(plan.spec.clone()), &mut follow)?;
    secrets.0.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    Ok((spec.to_string().into(), secrets))
}

/// What a reference stands for; else what is wrong with it, and what to do.
fn follow(reference: &Reference, folder: &Path) -> Result<String, (String, &'static str)> {
    match reference {
        Reference::Variable(name) => env::var(name).map_err(|error| {
            let why = match error {
                env::VarError::NotPresent => "not set",
                env::VarError::NotUnicode(_) => "not UTF-8",
            };
            (format!("the environment variable {name}, which is {why}"), "set it where this runs")
        }),
        Reference::File(path) => {
            let next = "check the path, which counts from the folder of the config, and who may read the file";
            let failed = |why: String| (format!("the file {}, which {why}", excerpt(path, 200)), next);
            let path = folder.join(path);
            let size = fs::metadata(&path).map_err(|error| failed(format!("can't be read: {error}")))?.len();
            if size > LARGEST_FILE {
                return Err(failed("is larger than 1 MiB".to_owned()));
            }
            let mut text = fs::read_to_string(&path).map_err(|error| failed(format!("can't be read: {error}")))?;
            // Editors end a file with one that is no part of what it holds.
            if text.ends_with('\n') {
                text.truncate(text.trim_end_matches('\n').trim_end_matches('\r').len());
            }
            Ok(text)
        }
    }
}

impl Secrets {
    fn add(&mut self, value: &str) {
        let lines = value.lines().filter(|line| line.len() >= SHORTEST_LINE);
        for text in std::iter::once(value).chain(lines) {
            // As it stands in a log of JSON lines too.
            let quoted = Value::from(text).to_string();
            let quoted = quoted.trim_matches('"').to_owned();
            for text in [text.to_owned(), quoted] {
                if text.len() >= SHORTEST && !self.0.contains(&text) {
                    self.0.push(text);
                }
            }
        }
    }

    /// The text without them.
    pub(super) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN))
    }

    /// What a plugin said, fit to be shown in one line.
    pub(super) fn shown(&self, text: &str, most: usize) -> String {
        excerpt(&printable(&self.hide(text)), most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spec_refers_to_is_not_shown_however_it_is_written() {
        let mut secrets = Secrets::default();
        for value in ["s3cr\"et", "-----BEGIN KEY-----\nAAAABBBB\n--", "abc", ""] {
            secrets.add(value);
        }
        for (said, shown) in [
            ("bad token s3cr\"et!", "bad token ***!"),
            (r#"{"spec":"s3cr\"et"}"#, r#"{"spec":"***"}"#),
            ("near AAAABBBB", "near ***"),
            ("abc", "abc"),
        ] {
            assert_eq!(secrets.hide(said), shown);
        }
    }
}
