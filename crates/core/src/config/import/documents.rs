//! What stands around a plugin's own spec: which plugin it is, what it is to read, and where its rows go.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::{Value, json};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    super::{
        document::Document,
        error::{Finding, nearest},
        schema, shape,
        tables::{At, read},
    },
    left_out::{self, LeftOut},
};

/// A document whose fields are known and of their types, with its plugin's own spec still to be read.
pub(super) struct Specified<'a> {
    pub(super) kind: Kind,
    pub(super) plugin: Plugin,
    /// The plugin's own spec.
    pub(super) own: Spanned<DeTable<'a>>,
    pub(super) left_out: Vec<LeftOut>,
}

pub(super) enum Kind {
    Source(Reading),
    Destination,
    Transformer,
}

/// Which plugin it is.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Plugin {
    /// The name by which others refer to it.
    #[schemars(length(min = 1), example = &"aws")]
    pub(super) name: At<String>,
    /// What the registry knows it by, the path of a program, or an address.
    #[schemars(length(min = 1), example = &"cloudquery/aws")]
    pub(super) path: At<String>,
    /// Where it comes from.
    registry: Option<Registry>,
    /// Its version.
    version: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Registry {
    #[default]
    CloudQuery,
    Github,
    Docker,
    Local,
    Grpc,
}

/// What a source is to read, and for whom.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Reading {
    /// The tables, with `*` for any characters.
    #[schemars(length(min = 1), extend("examples" = [["*"]]))]
    pub(super) tables: Vec<At<String>>,
    /// Tables that are not read.
    pub(super) skip_tables: Option<Vec<At<String>>>,
    /// Whether tables that are read through others stay out.
    pub(super) skip_dependent_tables: Option<bool>,
    /// Whether the ids of rows are made of their primary keys.
    pub(super) deterministic_cq_id: Option<bool>,
    /// The names of the destinations.
    #[schemars(length(min = 1), extend("examples" = [["s3"]]))]
    pub(super) destinations: Vec<At<String>>,
}

impl Plugin {
    pub(super) fn registry(&self) -> Registry {
        self.registry.unwrap_or_default()
    }

    /// The plugin as a comment names it: `cloudquery/aws v27.1.0 (docker)`.
    pub(super) fn told(&self) -> String {
        let version = self.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let registry = match self.registry() {
            Registry::CloudQuery => "",
            Registry::Github => " (github)",
            Registry::Docker => " (docker)",
            Registry::Local => " (local)",
            Registry::Grpc => " (grpc)",
        };
        format!("{}{version}{registry}", self.path.value)
    }
}

/// Reads a document.
///
/// # Errors
/// Every field that is unknown, missing or of another type, and what can't be kept.
pub(super) fn specified<'a>(document: &Document<'a>) -> Result<Specified<'a>, Vec<Finding>> {
    const KINDS: [&str; 3] = ["source", "destination", "transformer"];
    let mut root = document.root.clone();
    let kind = match root.get_ref().get("kind") {
        Some(kind) => match kind.get_ref().as_str() {
            Some(name) if KINDS.contains(&name) => name.to_owned(),
            other => {
                let near = other.and_then(|name| nearest(name, KINDS)).map(|near| format!("did you mean `{near}`?"));
                let hint = near.unwrap_or_else(|| "there are source, destination and transformer".to_owned());
                return Err(vec![Finding::new(kind.span(), "this is no kind of plugin").hint(hint)]);
            }
        },
        None => {
            let what = "this is no spec of CloudQuery: it does not say its `kind`";
            let hint = "a spec begins with `kind: source` or `kind: destination`";
            return Err(vec![Finding::new(root.span().start..root.span().start, what).hint(hint)]);
        }
    };
    let of_source = kind == "source";
    let (mut own, mut told) = (None, Ok(Vec::new()));
    if let Some(DeValue::Table(spec)) = root.get_mut().get_mut("spec").map(Spanned::get_mut) {
        own = spec.remove("spec");
        if spec.get("registry").is_some_and(|registry| registry.get_ref().as_str() == Some("")) {
            spec.remove("registry");
        }
        told = left_out::take(spec, of_source);
    }
    let mut findings = shape::check(&root, &schema_of(of_source));
    let own = match own.map(|own| (own.span(), own.into_inner())) {
        Some((span, DeValue::Table(own))) => Spanned::new(span, own),
        Some((span, _)) => {
            findings.push(Finding::value(span, "expected the plugin's own fields"));
            Spanned::new(0..0, DeTable::new())
        }
        None => Spanned::new(root.span().start..root.span().start, DeTable::new()),
    };
    let left_out = told.unwrap_or_else(|wrong| {
        findings.extend(wrong);
        Vec::new()
    });
    if !findings.is_empty() {
        return Err(findings);
    }
    let wrong = |error: toml::de::Error| vec![Finding::value(error.span().unwrap_or(0..0), error.message())];
    let nothing = || Spanned::new(root.span(), DeValue::Table(DeTable::new()));
    let spec = root.get_ref().get("spec").cloned().unwrap_or_else(nothing);
    let kind = match kind.as_str() {
        "source" => Kind::Source(read(spec.span(), spec.get_ref()).map_err(wrong)?),
        "destination" => Kind::Destination,
        _ => Kind::Transformer,
    };
    Ok(Specified { kind, plugin: read(spec.span(), spec.get_ref()).map_err(wrong)?, own, left_out })
}

/// The schema of a document without its plugin's own spec. The fields that are left out stand there to be known.
fn schema_of(of_source: bool) -> Value {
    let mut generator =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let known: serde_json::Map<String, Value> =
        left_out::names(of_source).chain(["spec"]).map(|name| (name.to_owned(), Value::Bool(true))).collect();
    let mut parts = vec![schema::part::<Plugin>(&mut generator)];
    if of_source {
        parts.push(schema::part::<Reading>(&mut generator));
    }
    parts.push(json!({ "properties": known }));
    json!({
        "properties": { "kind": { "type": "string" }, "spec": schema::object(parts) },
        "required": ["kind", "spec"],
        "additionalProperties": false,
    })
}
