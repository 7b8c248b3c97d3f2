//! What a resolution sees of the process around it: environment variables and the home folder. It is a value, so that a
//! resolution can also be planned for another environment, such as cron's.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

/// Environment variables and the home folder.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    home: Option<PathBuf>,
}

impl Environment {
    /// That of this process. Variables that are not UTF-8 are left out.
    #[must_use]
    pub fn real() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self { variables: variables.collect(), home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()) }
    }

    /// One of these variables, where `~` is this folder.
    pub fn new<N: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
        home: Option<PathBuf>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { variables: variables.collect(), home }
    }

    /// What cron or a systemd unit of the same user has: the home, and no variable of the AWS tools.
    #[must_use]
    pub fn as_cron(&self) -> Self {
        Self { variables: BTreeMap::new(), home: self.home.clone() }
    }

    /// What a container without mounts and variables has: an empty home.
    #[must_use]
    pub fn as_container(&self) -> Self {
        Self { variables: BTreeMap::new(), home: None }
    }

    /// The value of a variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The first of these variables that is set and not empty, with its name.
    pub(crate) fn first<'a>(&'a self, names: &[&'static str]) -> Option<(&'static str, &'a str)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }

    /// Whether a variable says `true`, in any case.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The home folder.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// A path with `~` and variables put in, as Python's `expanduser` and `expandvars` do. Unknown variables stay.
    pub(crate) fn expand(&self, text: &str) -> PathBuf {
        let (mut expanded, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            let (name, end) = match after.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
                Some((name, end)) => (name, end),
                None => {
                    after.split_at(after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len()))
                }
            };
            match self.variables.get(name) {
                Some(value) => expanded.push_str(value),
                None => {
                    expanded.push('$');
                    expanded.push_str(&after[..after.len() - end.len()]);
                }
            }
            rest = end;
        }
        expanded.push_str(rest);
        match (expanded.strip_prefix('~'), &self.home) {
            (Some(""), Some(home)) => home.clone(),
            (Some(below), Some(home)) if below.starts_with('/') => home.join(below.trim_start_matches('/')),
            _ => expanded.into(),
        }
    }
}

/// Names alone: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.keys().collect::<Vec<_>>())
            .field("home", &self.home)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_expanded_and_values_not_shown() {
        let environment = Environment::new([("A", "x"), ("B_1", "y")], Some("/h".into()));
        for (text, path) in
            [("~", "/h"), ("~/c", "/h/c"), ("~other/c", "~other/c"), ("/$A/${B_1}/$C/${D", "/x/y/$C/${D"), ("a$", "a$")]
        {
            assert_eq!(environment.expand(text), Path::new(path), "{text}");
        }
        assert!(!format!("{environment:?}").contains('x'));
    }
}
