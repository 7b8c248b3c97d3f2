//! From the specs of CloudQuery's command line to a config: documents of YAML, each a source or a destination.
//!
//! Nothing is dropped silently: what a config can't have is told in a comment of it, or is an error. References to variables and
//! files stay references.

mod yaml;
mod reference;
mod documents;
mod choice;
mod left_out;
mod destination;
mod exported;
mod source;
mod toml_text;

use std::path::Path;

use super::{
    ConfigError, Flags, Inputs, Style, document::Document, error::Finding, json_schema, render, resolve, secret,
};
use crate::failure::{Failure, FailureKind};
use choice::{Choice, choose};
use destination::{Landing, landing};
use documents::{Kind, Specified, specified};
use exported::Exported;
use source::source;
use toml_text::TomlText;
use yaml::Yaml;

/// A file of specs.
#[derive(Clone, Debug)]
pub struct SpecFile {
    /// The file as it is named in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A config that was made.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The text of `lakeward.toml`.
    pub toml: String,
    /// What is otherwise than before: one line each. The config's comments tell it too.
    pub warnings: Vec<String>,
}

/// Makes a config of specs: of the one S3 destination among them, or the one named `chosen`, and of the sources that feed it.
///
/// # Errors
/// All that can't be read or kept, drawn in `style`, as an input's failure; a choice that can't be made, as one of the command
/// line.
pub fn import(files: &[SpecFile], chosen: Option<&str>, style: Style) -> Result<Imported, Failure> {
    let mut refusals = Refusals { style, count: 0, rendered: Vec::new() };
    let yamls: Vec<(&SpecFile, Yaml<'_>)> = files
        .iter()
        .filter_map(|file| {
            let yaml = Yaml::parse(&file.text).map_err(|finding| refusals.add(file, None, vec![finding]));
            Some((file, yaml.ok()?))
        })
        .collect();
    let mut specs = Vec::new();
    for (file, yaml) in &yamls {
        let documents = yaml.documents().unwrap_or_else(|finding| {
            refusals.add(file, None, vec![finding]);
            Vec::new()
        });
        for root in documents {
            let document = Document::of(&file.text, root);
            match specified(&document) {
                Ok(specified) => specs.push(Spec { file, document, specified }),
                Err(findings) => refusals.add(file, Some(&document), findings),
            }
        }
    }
    refusals.end()?;
    let choice = choose(&specs, chosen, &mut refusals)?;
    let config = json_schema();
    let Choice { destination, sources, others } = choice;
    let landing = landing(&destination.specified.own, &config);
    let landing = landing.map_err(|findings| refusals.add(destination.file, Some(&destination.document), findings));
    let mut written = Vec::new();
    for spec in sources {
        let mut toml = TomlText::default();
        match source(&mut toml, spec) {
            Ok(()) => written.push((spec, toml)),
            Err(findings) => refusals.add(spec.file, Some(&spec.document), findings),
        }
    }
    refusals.end()?;
    // Without a landing there was a refusal.
    let Ok(Landing { auth, toml: landing, exported }) = landing else { return Err(bug("nothing was converted")) };
    let mut warnings = Vec::new();
    let mut toml = TomlText::default();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    toml.comment(&format!(
        "Made by `lakeward import` from {}, which CloudQuery's command line has run until now. The comments tell what is \
         otherwise. Look it over, then try it: `lakeward check`, and `lakeward sync --dry-run`.",
        names.join(", ")
    ));
    for other in others {
        toml.comment(&other);
        warnings.push(other);
    }
    to_export(&mut toml, &exported);
    toml.blank();
    toml.line("version = 1");
    toml.push(&auth);
    toml.blank();
    about(&mut toml, &mut warnings, destination);
    toml.push(&landing);
    let has_sources = !written.is_empty();
    for (spec, text) in written {
        toml.blank();
        about(&mut toml, &mut warnings, spec);
        toml.push(&text);
    }
    readable(&toml, has_sources, &exported)?;
    Ok(Imported { toml: toml.into_string(), warnings })
}

/// A document and where it stands.
struct Spec<'a> {
    file: &'a SpecFile,
    document: Document<'a>,
    specified: Specified<'a>,
}

/// Tells which variables have to be set.
fn to_export(toml: &mut TomlText, exported: &[Exported]) {
    if exported.is_empty() {
        return;
    }
    toml.blank();
    toml.comment(
        "References outside of a source's own spec are followed by whoever starts Lakeward. Set these variables before each run (as \
         a shell does it):",
    );
    for Exported { variable, word, .. } in exported {
        toml.comment_line(&format!("export {variable}={word}"));
    }
}

/// Tells what a document was, and what of it was left out.
fn about(toml: &mut TomlText, warnings: &mut Vec<String>, spec: &Spec<'_>) {
    let Specified { kind, plugin, left_out, .. } = &spec.specified;
    let kind = if matches!(kind, Kind::Source(_)) { "source" } else { "destination" };
    toml.comment(&format!("The {kind} `{}`: {}.", plugin.name.value, plugin.told()));
    for field in left_out {
        toml.comment(&field.what);
        if field.matters {
            warnings.push(format!("{kind} `{}`: {}", plugin.name.value, field.what));
        }
    }
}

/// Makes sure that a config reads what was made; a destination alone lacks only its sources.
fn readable(toml: &TomlText, has_sources: bool, exported: &[Exported]) -> Result<(), Failure> {
    let lacking = if has_sources { "" } else { "\n[[source]]\ntype = \"files\"\npaths = [\"x\"]\n" };
    let text = format!("{}{lacking}", toml.as_str());
    let environment: Vec<(String, String)> =
        exported.iter().filter_map(|exported| Some((exported.variable.clone(), exported.stand_in.clone()?))).collect();
    let inputs = Inputs {
        file: Path::new("/lakeward.toml"),
        text: &text,
        environment: &environment,
        flags: Flags::default(),
        default_state_dir: "/".into(),
    };
    match resolve(&inputs) {
        Ok(_) => Ok(()),
        Err(errors) => {
            let told: Vec<String> = errors.iter().map(ConfigError::to_string).collect();
            Err(bug(&format!("the config would not be one: {}", told.join("; "))))
        }
    }
}

fn bug(what: &str) -> Failure {
    Failure::new(FailureKind::Bug, what).next("report it with the spec, without its secrets")
}

/// What is wrong, by file.
struct Refusals {
    style: Style,
    count: usize,
    rendered: Vec<String>,
}

impl Refusals {
    /// Adds what was found in a document, or in a file that could not be taken apart into some.
    fn add(&mut self, file: &SpecFile, document: Option<&Document<'_>>, findings: Vec<Finding>) {
        let errors = match document {
            Some(document) => document.errors(findings),
            None => Document::of(&file.text, toml::Spanned::new(0..0, toml::de::DeTable::new())).errors(findings),
        };
        let errors: Vec<ConfigError> = errors.into_iter().map(of_yaml).collect();
        self.count += errors.len();
        let text = secret::mask_yaml(&file.text);
        self.rendered.push(render(&errors, Path::new(&file.name), &text, self.style));
    }

    fn end(&self) -> Result<(), Failure> {
        let count = match self.count {
            0 => return Ok(()),
            1 => "an error".to_owned(),
            count => format!("{count} errors"),
        };
        let what = format!("{count} in what is to be imported\n{}", self.rendered.join("\n\n").trim_end());
        Err(Failure::new(FailureKind::Input, what))
    }
}

/// An error in the words of YAML.
fn of_yaml(error: ConfigError) -> ConfigError {
    let what = match error.what.split_once(" in [") {
        Some((what, table)) => format!("{what} in `{}`", table.trim_end_matches(']')),
        None => error.what,
    };
    let example = |hint: String| match hint.strip_prefix("for example ").and_then(|example| example.split_once(" = ")) {
        Some((key, value)) => format!("for example `{key}: {value}`"),
        None => hint,
    };
    ConfigError { what, hint: error.hint.map(example), ..error }
}

#[cfg(test)]
mod tests;
