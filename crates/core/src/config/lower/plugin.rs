//! `[[source]] type = "cloudquery"`: a source plugin, and what is asked of it.

use std::{collections::BTreeSet, ops::Range};

use serde_json::{Map, Number, Value};

use super::{
    super::{
        PLUGIN_TIMEOUT,
        error::Finding,
        reference, secret,
        tables::{At, CloudQuery, Network, Source, SourceKind},
        values::{self, Wrong},
    },
    Reader, finding,
};
use crate::{plan, untrusted::excerpt};

/// How long a name can be: it is one of a file's.
const LONGEST_NAME: usize = 64;

impl Reader<'_> {
    pub(super) fn plugin(&mut self, table: &CloudQuery, span: &Range<usize>) -> Option<plan::PluginPlan> {
        let place = self.place(table, span);
        let name = match &table.name {
            Some(name) => self.value(name, |name| plugin_name(name)),
            None => place.as_ref().map(default_name),
        };
        let tables = table.tables.as_ref().map_or_else(|| vec!["*".to_owned()], |tables| texts(&tables.value));
        for pattern in table.tables.iter().flat_map(|tables| &tables.value).chain(table.skip_tables.iter().flatten()) {
            self.check(pattern, |pattern| match pattern.is_empty() {
                true => Err(Wrong::new("a table's name is empty")),
                false => Ok(()),
            });
        }
        let spec = table.spec.as_ref().map(|spec| self.plugin_spec(&spec.value.0, &spec.span)).unwrap_or_default();
        let timeout = self.duration(table.timeout.as_ref(), PLUGIN_TIMEOUT);
        if let Some(given) = table.timeout.as_ref().filter(|_| timeout.is_zero()) {
            self.wrong(given, "without any time no plugin can answer", "write a duration as \"30m\"");
        }
        Some(plan::PluginPlan {
            name: name?,
            place: place?,
            folder: self.folder.to_owned(),
            tables,
            skip_tables: texts(table.skip_tables.as_deref().unwrap_or_default()),
            // The defaults of CloudQuery's command line (observed: 6.21).
            skip_dependent_tables: table.skip_dependent_tables.unwrap_or(true),
            deterministic_cq_id: table.deterministic_cq_id.unwrap_or_default(),
            spec,
            timeout,
        })
    }

    /// Two sources of one name would share a state.
    pub(super) fn plugin_names(&mut self, sources: &[Source], plans: &[Option<plan::SourcePlan>]) {
        let mut seen = BTreeSet::new();
        for (source, plan) in sources.iter().zip(plans) {
            let (SourceKind::CloudQuery(table), Some(plan::SourcePlan::CloudQuery(plan))) = (&source.kind, plan) else {
                continue;
            };
            if !seen.insert(plan.name.to_lowercase()) {
                let span = table.name.as_ref().map_or(&source.span, |name| &name.span).clone();
                let what = format!("two sources are called \"{}\"", excerpt(&plan.name, 64));
                let hint = "give each a `name` of its own: the state of a source is kept under it";
                self.errors.push(Finding::value(span, what).hint(hint));
            }
        }
    }

    fn place(&mut self, table: &CloudQuery, span: &Range<usize>) -> Option<plan::PluginPlace> {
        match (&table.path, &table.address) {
            (Some(path), None) => {
                let folder = self.folder;
                let path = self.value(path, |path| values::path(folder, path))?;
                let network = match table.network.as_ref().map(|network| network.value) {
                    Some(Network::Tcp) => plan::PluginNetwork::Tcp,
                    Some(Network::Unix) | None => plan::PluginNetwork::Unix,
                };
                Some(plan::PluginPlace::Program { path, network })
            }
            (None, Some(address)) => {
                if let Some(network) = &table.network {
                    let hint = "take it out: a plugin at an address is reached there";
                    self.wrong(network, "`network` goes with `path`", hint);
                }
                self.value(address, |address| host_and_port(address)).map(plan::PluginPlace::Address)
            }
            (Some(_), Some(address)) => {
                let hint = "leave the one that is meant";
                self.wrong(address, "`address` does not go with `path`, which starts a plugin of its own", hint);
                None
            }
            (None, None) => {
                let hint = "give the plugin's program as `path`, or as `address` where one is running";
                self.errors.push(
                    Finding::new(span.clone(), "neither `path` nor `address` says where the plugin is").hint(hint),
                );
                None
            }
        }
    }

    fn plugin_spec(&mut self, table: &toml::Table, span: &Range<usize>) -> Map<String, Value> {
        table
            .iter()
            .map(|(key, value)| {
                // Its first line alone is shown: what is wrong may be a secret.
                let mut tell = |wrong| {
                    self.errors.push(finding(span.start..span.start, wrong).key("source.spec".to_owned()));
                };
                (key.clone(), json(value, &format!("spec.{}", excerpt(key, 60)), &mut tell))
            })
            .collect()
    }
}

/// What is wrong with a text or a number of a plugin's spec that is to stand in a config, if anything is: it looks like a secret, or
/// begins a reference that is none. No value of the spec is in what it says.
#[must_use]
pub fn plugin_spec_fault(spec: &toml::Table) -> Option<String> {
    let mut faults = Vec::new();
    for (key, value) in spec {
        json(value, &format!("spec.{}", excerpt(key, 60)), &mut |wrong| faults.push(wrong.what));
    }
    faults.into_iter().next()
}

/// A value of the spec as JSON. `path` is its key as messages name it.
fn json(value: &toml::Value, path: &str, tell: &mut impl FnMut(Wrong)) -> Value {
    match value {
        toml::Value::String(text) => {
            if let Err(wrong) = literal(path, text) {
                tell(wrong);
            }
            Value::String(text.clone())
        }
        toml::Value::Integer(number) => {
            if let Err(wrong) = literal(path, &number.to_string()) {
                tell(wrong);
            }
            Value::from(*number)
        }
        toml::Value::Float(number) => Number::from_f64(*number).map_or_else(
            || {
                tell(Wrong::new(format!("`{path}` is {number}, which no JSON can hold")));
                Value::Null
            },
            Value::Number,
        ),
        toml::Value::Boolean(value) => Value::Bool(*value),
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(items) => Value::Array(items.iter().map(|item| json(item, path, tell)).collect()),
        toml::Value::Table(fields) => {
            let fields = fields.iter();
            fields
                .map(|(key, value)| (key.clone(), json(value, &format!("{path}.{}", excerpt(key, 60)), tell)))
                .collect()
        }
    }
}

/// Checks a text or a number of the spec: its references, and that it is no secret.
fn literal(path: &str, text: &str) -> Result<(), Wrong> {
    let key = path.rsplit('.').next().unwrap_or(path);
    let secret = secret::written_out(key, text);
    let named = |wrong: Wrong| Wrong { what: format!("`{path}`: {}", wrong.what), ..wrong };
    if !reference::has_reference(text).map_err(named)?
        && let Some(why) = secret
    {
        let what = format!("`{path}` looks like a secret ({why}), and none belongs into a config");
        return Err(Wrong::new(what).hint(format!(
            "write {key} = \"${{NAME}}\" for the environment variable NAME, or \"${{file:PATH}}\" for what a file holds"
        )));
    }
    Ok(())
}

fn texts(items: &[At<String>]) -> Vec<String> {
    items.iter().map(|item| item.value.clone()).collect()
}

/// The name of a program without what tells its kind, or an address.
fn default_name(place: &plan::PluginPlace) -> String {
    let text = match place {
        plan::PluginPlace::Address(address) => address.clone(),
        plan::PluginPlace::Program { path, .. } => {
            let stem = path.file_stem().unwrap_or_default();
            stem.to_string_lossy().into_owned()
        }
    };
    let fit = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    text.chars().map(fit).take(LONGEST_NAME).collect()
}

fn plugin_name(name: &str) -> Result<String, Wrong> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(allowed) && name.len() <= LONGEST_NAME
    {
        return Ok(name.to_owned());
    }
    Err(Wrong::new(format!("\"{}\" is no name for a source", excerpt(name, 40)))
        .hint("a name has up to 64 letters, digits, `.`, `_` and `-`, and begins with a letter or a digit"))
}

fn host_and_port(address: &str) -> Result<String, Wrong> {
    let wrong = || {
        Wrong::new(format!("\"{}\" is no host with a port", excerpt(address, 60))).hint("it looks like 127.0.0.1:7777")
    };
    let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
    let is_bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok());
    let is_plain =
        !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control() || "[]:/?#@".contains(c));
    if (is_plain || is_bracketed) && port.parse::<u16>().is_ok_and(|port| port > 0) {
        Ok(address.to_owned())
    } else {
        Err(wrong())
    }
}
