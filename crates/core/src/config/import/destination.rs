//! `[auth]` and `[destination]`, from the spec of the S3 destination. It is read as `serve` reads it, so that both mean the same.

use serde_json::{Value, json};
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{
    super::{
        DestinationSpec, FILE_SIZE, RETRY_DEADLINE,
        cloudquery::{Spec, destination_spec_schema, leave_out_empty},
        error::Finding,
        lower::lower_spec,
        secret, shape, values,
    },
    exported::{self, Exported},
    reference,
    toml_text::{TomlText, in_order},
};
use crate::plan::FormatPlan;

/// The destination's part of a config.
pub(super) struct Landing {
    /// `[auth]`.
    pub(super) auth: TomlText,
    /// `[destination]`.
    pub(super) toml: TomlText,
    pub(super) exported: Vec<Exported>,
}

/// Converts the spec of an S3 destination; `config` is the schema of configs.
///
/// # Errors
/// All that `serve` would refuse, and what a config can't have.
pub(super) fn landing(own: &Spanned<DeTable<'_>>, config: &Value) -> Result<Landing, Vec<Finding>> {
    let mut table = own.get_ref().clone();
    leave_out_empty(&mut table);
    let mut wrong = Vec::new();
    secrets(&mut wrong, &table);
    let exported = exported::take(&mut table, config).unwrap_or_else(|more| {
        wrong.extend(more);
        Vec::new()
    });
    // What was told already stands in the way of its type.
    let is_told = |finding: &Finding| wrong.iter().any(|told| told.span == finding.span);
    let misshapen: Vec<Finding> = shape::check(&within_document(own, &table), &schema());
    let misshapen: Vec<Finding> = misshapen.into_iter().filter(|finding| !is_told(finding)).collect();
    wrong.extend(misshapen);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let spec = Spanned::new(own.span(), DeValue::Table(table.clone()));
    let plan = Spec::read(&spec).and_then(lower_spec)?;
    if let Some(bucket) = table.get("bucket")
        && let Some(Err(wrong)) = bucket.get_ref().as_str().map(values::bucket)
    {
        let hint = "`lakeward serve` takes such a name, which a bucket can't be given any more; a config does not";
        return Err(vec![Finding::value(bucket.span(), wrong.what).hint(hint)]);
    }
    let mut landing = Writing { toml: TomlText::default(), table: &table, exported: &exported };
    landing.auth();
    let auth = std::mem::take(&mut landing.toml);
    landing.destination(&plan, config);
    let toml = landing.toml;
    Ok(Landing { auth, toml, exported })
}

/// The spec where it stands in its document, for its fields to be named so.
fn within_document<'a>(own: &Spanned<DeTable<'_>>, table: &DeTable<'a>) -> Spanned<DeTable<'a>> {
    let start = own.span().start;
    let named = |value| {
        let mut outer = DeTable::new();
        outer.insert(Spanned::new(start..start, DeString::Borrowed("spec")), Spanned::new(own.span(), value));
        outer
    };
    Spanned::new(own.span(), named(DeValue::Table(named(DeValue::Table(table.clone())))))
}

fn schema() -> Value {
    let within = |schema| json!({ "type": "object", "properties": { "spec": schema }, "additionalProperties": false });
    within(within(destination_spec_schema()))
}

/// Tells the texts that look like secrets; the fields have no place for one, so that what is told is the text.
fn secrets(wrong: &mut Vec<Finding>, table: &DeTable<'_>) {
    for (_, value) in table.iter() {
        match value.get_ref() {
            DeValue::Table(inner) => secrets(wrong, inner),
            DeValue::String(text) => {
                if let Some(why) = secret::written_out("", &reference::literal(text)) {
                    let hint = "secrets never stand in a config: leave them in the AWS files (~/.aws) or in the environment, \
                                and choose between them with `credentials` or `auth`";
                    wrong.push(Finding::value(value.span(), format!("this looks like a secret: {why}")).hint(hint));
                }
            }
            _ => {}
        }
    }
}

struct Writing<'a> {
    toml: TomlText,
    table: &'a DeTable<'a>,
    exported: &'a [Exported],
}

impl Writing<'_> {
    fn exported(&self, path: &[&str]) -> Option<&Exported> {
        self.exported.iter().find(|exported| exported.is(path))
    }

    /// Writes a key, or says which variable sets it.
    fn entry(&mut self, path: &[&str], value: Option<&DeValue<'_>>) {
        let key = path.last().copied().unwrap_or_default();
        if let Some(exported) = self.exported(path) {
            let says = format!("{key}: set by {}, see above.", exported.variable);
            self.toml.comment(&says);
        } else if let Some(value) = value {
            self.toml.entry(key, value);
        }
    }

    /// Begins `[auth]`, below what is to be said of it.
    fn begin_auth(&mut self, says: &str, method: &str) {
        self.toml.blank();
        self.toml.comment(says);
        self.toml.line("[auth]");
        self.toml.text_entry("method", method);
    }

    fn auth(&mut self) {
        const CHAIN: &str =
            "The spec chooses no credentials: the AWS credential chain is searched (`lakeward auth explain` shows it).";
        let table = self.table;
        let credentials = table.get("credentials").map(Spanned::get_ref);
        let of_credentials = |key: &str| credentials.and_then(|table| table.get(key)).map(Spanned::get_ref);
        let profile = table.get("local_profile").map(Spanned::get_ref).or(of_credentials("local_profile"));
        if let Some(auth) = table.get("auth").and_then(|auth| auth.get_ref().as_table()) {
            self.toml.blank();
            self.toml.line("[auth]");
            self.auth_table(&["auth"], auth);
        } else if of_credentials("role_arn").is_some() {
            self.begin_auth("Was `credentials`. The role's credentials are renewed in time.", "role");
            for key in ["role_arn", "role_session_name", "external_id"] {
                self.entry(&["auth", key], of_credentials(key));
            }
            if profile.is_some() {
                self.toml.blank();
                self.toml.line("[auth.source]");
                self.toml.text_entry("method", "profile");
                self.entry(&["auth", "source", "profile"], profile);
            }
        } else if profile.is_some() {
            let was = if credentials.is_some() { "credentials" } else { "local_profile" };
            self.begin_auth(&format!("Was `{was}`."), "profile");
            self.entry(&["auth", "profile"], profile);
        } else {
            self.begin_auth(CHAIN, "chain");
        }
        if credentials.is_some() && of_credentials("role_arn").is_none() {
            let without = ["role_session_name", "external_id"].into_iter().filter(|key| of_credentials(key).is_some());
            for key in without.collect::<Vec<_>>() {
                self.toml.comment(&format!("`{key}` is left out: without `role_arn` no role is assumed."));
            }
        }
    }

    fn auth_table(&mut self, path: &[&str], table: &DeTable<'_>) {
        let (below, fields): (Vec<_>, Vec<_>) =
            in_order(table).into_iter().partition(|(_, value)| value.get_ref().is_table());
        for (key, value) in fields {
            self.entry(&[path, &[key]].concat(), Some(value.get_ref()));
        }
        self.set_below(path);
        for (key, value) in below {
            let path = [path, &[key]].concat();
            self.toml.blank();
            self.toml.line(&format!("[{}]", path.join(".")));
            value.get_ref().as_table().into_iter().for_each(|table| self.auth_table(&path, table));
        }
    }

    /// Says which variables set keys of a table that the config can be without.
    fn set_below(&mut self, path: &[&str]) {
        for exported in self.exported.iter().filter(|exported| exported.stand_in.is_none()) {
            if let Some(key) = exported.key_below(path) {
                self.toml.comment(&format!("{key}: set by {}, see above.", exported.variable));
            }
        }
    }

    fn destination(&mut self, spec: &DestinationSpec, config: &Value) {
        self.toml.line("[destination]");
        let kinds = &config["properties"]["destination"]["oneOf"];
        for (key, _) in shape::properties(&kinds[0]).filter(|(key, _)| *key != "storage") {
            match self.table.get(key).map(Spanned::get_ref) {
                // The original's default is meant.
                Some(DeValue::Integer(seconds)) if key == "max_backoff" && seconds.as_str() == "0" => {}
                Some(DeValue::Table(table)) => {
                    if !table.is_empty() {
                        self.toml.entry(key, &DeValue::Table(table.clone()));
                    }
                    self.set_below(&["destination", key]);
                }
                None if self.exported(&["destination", key]).is_none() => self.default(key, spec),
                value => self.entry(&["destination", key], value),
            }
        }
        self.toml.comment("A run makes no test write; `lakeward check` makes one.");
    }

    /// What the original does where its spec says nothing, if a config that says nothing means something else.
    fn default(&mut self, key: &str, spec: &DestinationSpec) {
        let plan = &spec.destination;
        let close = &plan.close;
        match key {
            "compression" if matches!(plan.format, FormatPlan::Parquet(_)) => {
                self.toml.line("compression = \"snappy\" # as in CloudQuery; \"zstd\" makes smaller files");
            }
            "file_size" if !plan.no_rotate => self.toml.comment(&format!(
                "Objects close at the limits that hold in CloudQuery, and also at {FILE_SIZE} as encoded (`file_size`). Without \
                 `batch_size`, `batch_size_bytes` and `batch_timeout` there are fewer and larger ones, which are faster to query."
            )),
            "batch_size" => {
                close.rows.iter().for_each(|rows| self.toml.line(&format!("batch_size = {rows}")));
            }
            "batch_size_bytes" => {
                close.bytes.iter().for_each(|bytes| self.toml.line(&format!("batch_size_bytes = {bytes}")));
            }
            "batch_timeout" => {
                let age = close.age.iter().map(|age| humantime::format_duration(*age));
                age.for_each(|age| self.toml.line(&format!("batch_timeout = \"{age}\"")));
            }
            "no_rotate" if plan.no_rotate => {
                self.toml.line("no_rotate = true # as limits of 0 and a path without {{UUID}} mean");
            }
            "max_retries" => self.toml.comment(&format!(
                "Uploads are tried again for {RETRY_DEADLINE} without progress (`retry_deadline`), where CloudQuery makes three attempts."
            )),
            "use_path_style" if self.is_given("endpoint") => {
                self.toml.line("use_path_style = false # as in CloudQuery; without this key it is true beside `endpoint`");
            }
            _ => {}
        }
    }

    fn is_given(&self, key: &str) -> bool {
        self.table.contains_key(key) || self.exported(&["destination", key]).is_some()
    }
}
