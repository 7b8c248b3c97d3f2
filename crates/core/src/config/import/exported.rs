//! References of a destination's spec: a config has none there, but each of its keys can be set by a variable of the environment.

use serde_json::Value;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{
    super::{environment::variable_of, error::Finding},
    reference,
};

/// Fields that decide what others mean, so that they have to be known.
const DECIDING: [&str; 4] = ["format", "compression", "no_rotate", "method"];

/// A key that a variable sets.
pub(super) struct Exported {
    /// The key in the config.
    path: Vec<String>,
    pub(super) variable: String,
    /// What it is set to, as a word for a shell.
    pub(super) word: String,
    /// What stands for it while the rest is checked, where the config can't be without it.
    pub(super) stand_in: Option<String>,
}

impl Exported {
    pub(super) fn is(&self, path: &[&str]) -> bool {
        self.path == path
    }

    /// The key, if it stands in this very table.
    pub(super) fn key_below(&self, table: &[&str]) -> Option<&str> {
        self.path.split_last().filter(|(_, above)| *above == table).map(|(key, _)| key.as_str())
    }
}

/// Takes the references out of a spec. What the config can't be without is replaced by something that can be read.
///
/// # Errors
/// Each that can't stay a reference.
pub(super) fn take(own: &mut DeTable<'_>, config: &Value) -> Result<Vec<Exported>, Vec<Finding>> {
    let has_role = own.get("credentials").is_some_and(|credentials| credentials.get_ref().get("role_arn").is_some());
    let mut taking = Taking { config, has_role, exported: Vec::new(), wrong: Vec::new() };
    taking.table(&[], own);
    if taking.wrong.is_empty() { Ok(taking.exported) } else { Err(taking.wrong) }
}

struct Taking<'a> {
    config: &'a Value,
    has_role: bool,
    exported: Vec<Exported>,
    wrong: Vec<Finding>,
}

impl Taking<'_> {
    fn table(&mut self, path: &[String], table: &mut DeTable<'_>) {
        let mut removed = Vec::new();
        for (key, value) in table.iter_mut() {
            let name = key.get_ref().to_string();
            let path = [path, std::slice::from_ref(&name)].concat();
            let span = value.span();
            match value.get_mut() {
                DeValue::Table(inner) => self.table(&path, inner),
                DeValue::String(text) if reference::all(text).next().is_some() => match self.export(&path, text) {
                    Ok(exported) => {
                        match &exported.stand_in {
                            Some(stand_in) => *text = DeString::Owned(stand_in.clone()),
                            None => removed.push(name),
                        }
                        self.exported.push(exported);
                    }
                    Err((what, hint)) => self.wrong.push(Finding::value(span, what).hint(hint)),
                },
                DeValue::Array(items) => {
                    let has = |item: &Spanned<DeValue<'_>>| {
                        item.get_ref().as_str().is_some_and(|text| reference::all(text).next().is_some())
                    };
                    if items.iter().any(has) {
                        self.wrong.push(Finding::value(span, NO_VARIABLE).hint(WRITE_IT));
                    }
                }
                _ => {}
            }
        }
        removed.iter().for_each(|name| _ = table.remove(name.as_str()));
    }

    fn export(&self, path: &[String], text: &str) -> Result<Exported, (String, String)> {
        let key = path.last().map(String::as_str).unwrap_or_default();
        let config = self.config_path(path);
        let keys: Vec<&str> = config.iter().map(String::as_str).collect();
        let Some(variable) = variable_of(self.config, &keys) else {
            return Err((NO_VARIABLE.to_owned(), WRITE_IT.to_owned()));
        };
        if DECIDING.contains(&key) {
            let hint =
                format!("write the value in its place; the variable {variable} can still change it when it runs");
            return Err(("a reference can't stay here: it decides what other fields mean".to_owned(), hint));
        }
        let word = reference::shell_word(text).ok_or_else(|| {
            let what = "this reference is one that only CloudQuery can follow".to_owned();
            (what, "there are ${NAME} and ${file:PATH}; write the value in its place".to_owned())
        })?;
        Ok(Exported { stand_in: stand_in(&keys, text), path: config, variable, word })
    }

    /// Where a field of the spec stands in a config.
    fn config_path(&self, path: &[String]) -> Vec<String> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let config = match path.as_slice() {
            ["local_profile"] => vec!["auth", "profile"],
            ["credentials", "local_profile"] if self.has_role => vec!["auth", "source", "profile"],
            ["credentials", "local_profile"] => vec!["auth", "profile"],
            ["credentials", key] => vec!["auth", key],
            ["auth", ..] => path,
            path => [&["destination"], path].concat(),
        };
        config.into_iter().map(str::to_owned).collect()
    }
}

const NO_VARIABLE: &str = "a reference can't stay here: no variable sets this key of a config";
const WRITE_IT: &str = "write the value in its place";

/// A value that can be read, of a key that has to be there.
fn stand_in(path: &[&str], text: &str) -> Option<String> {
    let literal = || {
        reference::pieces(text).into_iter().fold(String::new(), |text, piece| match piece {
            reference::Piece::Literal(literal) => text + literal,
            reference::Piece::Reference(_) => text + "xxx",
        })
    };
    Some(match path {
        ["destination", "bucket" | "path"] | ["auth", .., "profile"] => literal(),
        ["auth", .., "role_arn"] => "arn:aws:iam::111122223333:role/xxx".to_owned(),
        ["auth", .., "sso_account_id"] => "111122223333".to_owned(),
        ["auth", .., "sso_start_url"] => "https://xxx.awsapps.com/start".to_owned(),
        ["auth", .., "sso_region"] | ["destination", "region"] => "xx-xxx-1".to_owned(),
        ["auth", .., "sso_session" | "sso_role_name"] => "xxx".to_owned(),
        _ => return None,
    })
}
