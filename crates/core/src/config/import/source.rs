//! `[[source]]`, from the spec of a source plugin.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    super::{error::Finding, secret, tables::At},
    Spec,
    documents::{Kind, Plugin, Registry, Specified},
    reference::{self, Named},
    toml_text::TomlText,
};

/// Writes the source that a document specifies.
///
/// # Errors
/// Secrets that are written out, and references that Lakeward can't follow.
pub(super) fn source(toml: &mut TomlText, spec: &Spec<'_>) -> Result<(), Vec<Finding>> {
    let Specified { kind: Kind::Source(reading), plugin, own, .. } = &spec.specified else { return Ok(()) };
    let mut check = Check::default();
    check.no_reference(&plugin.path);
    reading.tables.iter().chain(reading.skip_tables.iter().flatten()).for_each(|table| check.no_reference(table));
    check.table(own.get_ref());
    if !check.wrong.is_empty() {
        return Err(check.wrong);
    }
    toml.line("[[source]]");
    toml.text_entry("type", "cloudquery");
    program(toml, plugin);
    let list = |tables: &[At<String>]| {
        let tables = tables.iter().map(|table| toml::Value::String(table.value.clone()));
        toml::Value::Array(tables.collect()).to_string()
    };
    toml.line(&format!("tables = {}", list(&reading.tables)));
    if let Some(skipped) = reading.skip_tables.as_ref().filter(|skipped| !skipped.is_empty()) {
        toml.line(&format!("skip_tables = {}", list(skipped)));
    }
    let switches = [
        ("skip_dependent_tables", reading.skip_dependent_tables),
        ("deterministic_cq_id", reading.deterministic_cq_id),
    ];
    for (key, value) in switches {
        if let Some(value) = value {
            toml.line(&format!("{key} = {value}"));
        }
    }
    if !own.get_ref().is_empty() {
        if check.has_references {
            toml.blank();
            toml.comment(
                "References are followed when it runs. What they name is handed over as text: where the plugin wants a number or \
                 true or false, write the value itself. A relative path in ${file:…} counts from the folder of this file.",
            );
        }
        toml.table("source.spec", own.get_ref());
    }
    Ok(())
}

/// Where the plugin is.
fn program(toml: &mut TomlText, plugin: &Plugin) {
    let path = plugin.path.value.as_str();
    match plugin.registry() {
        Registry::Local => {
            if !std::path::Path::new(path).is_absolute() {
                toml.comment("Counts from the folder of this file.");
            }
            toml.text_entry("path", path);
        }
        Registry::Grpc => toml.text_entry("address", path),
        Registry::Docker => {
            toml.comment("Lakeward starts no containers. Start it yourself:");
            toml.comment_line(&format!("docker run --rm -p 127.0.0.1:7777:7777 {path} serve --address 0.0.0.0:7777"));
            toml.text_entry("address", "127.0.0.1:7777");
        }
        Registry::CloudQuery | Registry::Github => {
            toml.comment(
                "Lakeward downloads no plugins: write here where its program is. `cloudquery plugin install` puts it below \
                 .cq/plugins (`find .cq/plugins -name plugin` shows it).",
            );
            let name: String = path
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
                .collect();
            toml.text_entry("path", &format!("./cq-source-{}", name.trim_start_matches("cq-source-")));
        }
    }
}

#[derive(Default)]
struct Check {
    has_references: bool,
    wrong: Vec<Finding>,
}

impl Check {
    fn no_reference(&mut self, text: &At<String>) {
        if let Some(reference) = reference::all(&text.value).next() {
            let what = format!("{reference} can't stay a reference here: only the plugin's own spec can hold some");
            self.wrong.push(Finding::value(text.span.clone(), what).hint("write the value in its place"));
        }
        self.text("", &text.value, text.span.clone());
    }

    fn table(&mut self, table: &DeTable<'_>) {
        for (key, value) in table.iter() {
            self.value(key.get_ref(), value);
        }
    }

    fn value(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(table),
            DeValue::Array(items) => items.iter().for_each(|item| self.value(key, item)),
            DeValue::String(text) => self.text(key, text, value.span()),
            DeValue::Integer(number) => self.text(key, number.as_str(), value.span()),
            _ => {}
        }
    }

    fn text(&mut self, key: &str, text: &str, span: std::ops::Range<usize>) {
        let references: Vec<&str> = reference::all(text).collect();
        if let Some(unknown) = references.iter().find(|reference| reference::named(reference) == Named::Other) {
            let what = format!("Lakeward can't follow {unknown}");
            let hint = "there are ${NAME} and ${file:PATH}; write the value in its place";
            self.wrong.push(Finding::value(span.clone(), what).hint(hint));
        }
        if reference::is_after_a_dollar(text) {
            let what = "a $ stands right before a reference, which would read as ${ itself in a config";
            let hint = "put the $ into what the reference names";
            self.wrong.push(Finding::value(span.clone(), what).hint(hint));
        }
        self.has_references |= !references.is_empty();
        // A reference is what belongs in the value of such a name, be it with something around it.
        let key = if references.is_empty() { key } else { "" };
        if let Some(why) = secret::written_out(key, &reference::literal(text)) {
            let what = format!("a secret is written out here ({why}), and none is ever written to a config");
            self.wrong.push(Finding::value(span, what).hint(instead(key)));
        }
    }
}

/// What to write in the place of a secret.
fn instead(key: &str) -> String {
    let name: String =
        key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    let name =
        Some(name).filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase())).unwrap_or("SECRET".to_owned());
    format!(
        "write ${{{name}}} in its place, and set the variable {name} wherever Lakeward runs; or ${{file:PATH}}, with the path of a file \
         that holds it"
    )
}
