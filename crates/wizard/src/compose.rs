//! From answers to `lakeward.toml`: a new one, or changes of the one that is there. The same answers give the same bytes, whoever
//! gave them and in whatever order.

use lakeward_core::{
    config::{self, ConfigError, Flags, Inputs},
    plan::{AuthPlan, Plan},
    policy,
};
use similar::{ChangeTag, TextDiff};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value as Toml};

use crate::{
    answers::{Answers, Value},
    facts::{Document, Facts, Place, Trouble},
    question::{Id, Kind, Need, QUESTIONS, Question},
    table,
};

/// The comment before the command that makes the same config.
const MADE_BY: &str = "# Made as by this command (add --config if this is not lakeward.toml):\n#   ";

/// The comment before the first source, and before one that is a plugin, which may remember what it has sent.
const ALL_ROWS: &str = "# Where rows come from. Each run appends all of them.";
const ROWS_OF_PLUGIN: &str = "# Where rows come from. Each run appends all that the plugin sends.";

/// A config that can be written and run.
#[derive(Clone, Debug)]
pub struct Composed {
    /// What is shown of it.
    pub document: Document,
    /// What it means.
    pub plan: Plan,
}

/// The config that the answers make. Defaults are taken where an answer is missing that has one.
///
/// # Errors
/// When answers are missing, do not go together, or do not go with the rest of the config that is there.
pub fn compose(answers: &Answers, facts: &Facts) -> Result<Composed, Trouble> {
    let mut answers = answers.clone();
    answers.fill(facts);
    let missing = answers.missing();
    if !missing.is_empty() {
        return Err(lacking(&missing, &facts.place));
    }
    let place = &facts.place;
    // The comment in the config says nothing of where it lies: it goes along with it.
    let comment = command(&answers);
    let toml = match facts.mended.as_ref().or(place.existing.as_ref()) {
        Some(text) => edited(&answers, text, &comment)?,
        None => new(&answers, &comment),
    };
    let command = command_of(&answers, &place.named(), |_| true);
    let (plan, warnings) = resolve(&toml, place).map_err(|errors| refused(&errors, place))?;
    let policy = policy::policy(&plan.destination, None).ok().map(|policy| format!("{policy:#}"));
    let changes = place.existing.as_deref().map_or(Vec::new(), |before| changes(before, &toml));
    // What else stands in a file, such as further sources, no flag says.
    let alone = |(alone, _): (Plan, Vec<String>)| alone == plan;
    let is_all = place.existing.is_none() || resolve(&new(&answers, ""), place).is_ok_and(alone);
    Ok(Composed { document: Document { toml, changes, policy, command, is_all, warnings }, plan })
}

/// Whose credentials the answers so far choose, whatever else is missing. Signing in with an MFA code needs the role of it.
///
/// # Errors
/// When an answer about signing in is missing or wrong.
pub fn auth_plan(answers: &Answers, facts: &Facts) -> Result<AuthPlan, Trouble> {
    let mut answers = answers.clone();
    answers.fill(facts);
    let missing: Vec<&Question> =
        answers.missing().into_iter().filter(|question| question.key.starts_with("auth.")).collect();
    if !missing.is_empty() {
        return Err(lacking(&missing, &facts.place));
    }
    let answers = completed(&answers, |question| !question.key.starts_with("auth."));
    let (plan, _) = resolve(&new(&answers, ""), &facts.place).map_err(|errors| refused(&errors, &facts.place))?;
    Ok(plan.auth)
}

/// The same answers as one command. Answers that are the defaults are left out, but for the two that say
/// what else is asked. A secret that was typed where none belongs is left out too.
#[must_use]
pub fn command(answers: &Answers) -> String {
    command_of(answers, &[], |_| true)
}

/// The same with words that name the config, and with only those questions that are wanted.
pub(crate) fn command_of(answers: &Answers, config: &[String], wanted: impl Fn(&Question) -> bool) -> String {
    let mut words = vec!["lakeward".to_owned(), "init".to_owned()];
    words.extend_from_slice(config);
    let answers = &answers.clone().without_secrets();
    for question in QUESTIONS.iter().filter(|question| (question.need)(answers) != Need::NotAsked && wanted(question)) {
        let Some(value) = answers.value(question.id) else { continue };
        // Without these it would ask.
        if !matches!(question.id, Id::Auth | Id::Source | Id::Bucket) && is_default(question, answers) {
            continue;
        }
        match value {
            Value::List(parts) if matches!(question.kind, Kind::List) => {
                parts.iter().for_each(|part| words.extend([format!("--{}", question.flag), part.clone()]));
            }
            value => words.extend([format!("--{}", question.flag), value.typed()]),
        }
    }
    Value::List(words).typed()
}

/// The config of the answers alone; every answer that is missing is left out.
pub(crate) fn new(answers: &Answers, command: &str) -> String {
    let mut document = DocumentMut::new();
    document.insert("version", toml_edit::value(1));
    if (Id::Auth.question().need)(answers) != Need::NotAsked {
        table_of(&mut document, "auth", true);
    }
    for question in QUESTIONS {
        if is_written(question, answers) {
            set(&mut document, question, answers.value(question.id));
        }
    }
    head(&mut document, "auth", "Which credentials are used. No secret stands here.");
    head(&mut document, "destination", "Where objects go, and what they are.");
    if let Some(source) = first_source(&mut document) {
        source.decor_mut().set_prefix(format!("\n{}\n", about_rows(answers)));
    }
    let made = if command.is_empty() { String::new() } else { made_by(command) };
    format!("# What each key means, and all the others: `lakeward schema`.\n{made}{document}")
}

/// The comment before the first source.
fn about_rows(answers: &Answers) -> &'static str {
    if answers.is(Id::Source, "cloudquery") { ROWS_OF_PLUGIN } else { ALL_ROWS }
}

/// The comment that says which command makes the same config. A comment ends with its line, and holds no control characters: a
/// command that does is left out.
fn made_by(command: &str) -> String {
    if command.chars().any(char::is_control) { String::new() } else { format!("{MADE_BY}{command}\n") }
}

fn head(document: &mut DocumentMut, table: &str, comment: &str) {
    if let Some(table) = document.get_mut(table).and_then(Item::as_table_mut) {
        table.decor_mut().set_prefix(format!("\n# {comment}\n"));
    }
}

fn first_source(document: &mut DocumentMut) -> Option<&mut Table> {
    document.get_mut("source")?.as_array_of_tables_mut()?.get_mut(0)
}

/// Whether an answer stands in a new config: always where it is of the usual ones, so that it can be found and changed there; else
/// where it says something else than the default.
fn is_written(question: &Question, answers: &Answers) -> bool {
    if (question.need)(answers) == Need::NotAsked || answers.value(question.id).is_none() {
        return false;
    }
    !question.rare || !is_default(question, answers)
}

fn is_default(question: &Question, answers: &Answers) -> bool {
    (question.default)(&without(answers, question.id), &Facts::default()).as_ref() == answers.value(question.id)
        && !(question.id == Id::Storage && answers.is(Id::Storage, "embedded"))
}

fn without(answers: &Answers, id: Id) -> Answers {
    let mut others = answers.clone();
    others.remove(id);
    others
}

/// The config that is there with the answers in it: what they do not touch stays as it is, comments and all.
fn edited(answers: &Answers, text: &str, command: &str) -> Result<String, Trouble> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        Trouble::usage(format!("the config that is there is not TOML: {}", error.message()))
            .next("mend it, or choose another file with --config")
    })?;
    if !document.contains_key("version") {
        document.insert("version", toml_edit::value(1));
    }
    // First what has to go, so that a table of another kind is empty before its new keys come.
    for question in QUESTIONS.iter().filter(|question| !is_kept(question, answers)) {
        set(&mut document, question, None);
    }
    for question in QUESTIONS.iter().filter(|question| is_kept(question, answers)) {
        let is_there = find(&document, question.key).is_some();
        if is_there || !is_config_default(question, answers) {
            set(&mut document, question, answers.value(question.id));
        }
    }
    let mut edited = document.to_string();
    // What the comment says of the rows may have been of another kind of source.
    for other in [ALL_ROWS, ROWS_OF_PLUGIN].into_iter().filter(|comment| *comment != about_rows(answers)) {
        edited = edited.replace(other, about_rows(answers));
    }
    if edited == text {
        return Ok(edited);
    }
    // The command that made it would make another one now.
    Ok(match edited.split_once(MADE_BY).and_then(|(head, rest)| Some((head, rest.split_once('\n')?.1))) {
        Some((head, rest)) => format!("{head}{}{rest}", made_by(command)),
        None => edited,
    })
}

fn is_kept(question: &Question, answers: &Answers) -> bool {
    (question.need)(answers) != Need::NotAsked && answers.value(question.id).is_some()
}

/// Whether the config means the same without the key.
fn is_config_default(question: &Question, answers: &Answers) -> bool {
    let is_required = matches!(question.id, Id::Path | Id::Dir | Id::Source);
    match question.id {
        Id::Auth => answers.is(Id::Auth, "chain"),
        _ => !is_required && is_default(question, answers),
    }
}

fn find<'a>(document: &'a DocumentMut, key: &str) -> Option<&'a Item> {
    let mut keys = key.split('.');
    let mut item = document.get(keys.next()?)?;
    for key in keys {
        item = match item {
            Item::ArrayOfTables(tables) => tables.get(0)?.get(key)?,
            Item::Value(Toml::Array(_)) => return None,
            other => other.get(key)?,
        };
    }
    Some(item)
}

/// Sets the key of a question, or takes it out.
fn set(document: &mut DocumentMut, question: &Question, value: Option<&Value>) {
    let keys: Vec<&str> = question.key.split('.').collect();
    let [table, between @ .., key] = keys.as_slice() else { return };
    let Some(mut inner) = table_of(document, table, value.is_some()) else { return };
    if question.id == Id::SourceProfile && value.is_none() {
        // With the profile goes the method that names it.
        let is_profile = |source: &Item| source.get("method").and_then(Item::as_str) == Some("profile");
        if inner.get("source").is_some_and(is_profile) || inner.get("method").and_then(Item::as_str) != Some("role") {
            inner.remove("source");
        }
        return;
    }
    for name in between {
        if inner.get(name).is_none() {
            if value.is_none() {
                return;
            }
            let mut made = InlineTable::new();
            if question.id == Id::SourceProfile {
                made.insert("method", "profile".into());
            }
            inner.insert(name, toml_edit::value(made));
        }
        let Some(next) = inner.get_mut(name).and_then(Item::as_table_like_mut) else { return };
        inner = next;
    }
    let Some(value) = value else {
        inner.remove(key);
        if let [name] = between {
            let is_empty = inner.is_empty();
            if let Some(outer) = table_of(document, table, false).filter(|_| is_empty) {
                outer.remove(name);
            }
        }
        return;
    };
    if question.id == Id::SourceProfile && inner.get("method").and_then(Item::as_str) != Some("profile") {
        inner.insert("method", toml_edit::value("profile"));
    }
    match inner.get_mut(key) {
        Some(there) if says(there, question, value) => {}
        Some(Item::Value(there)) => {
            let decor = there.decor().clone();
            *there = written(question, value);
            *there.decor_mut() = decor;
        }
        _ => _ = inner.insert(key, toml_edit::value(written(question, value))),
    }
}

/// A table of the top level; of `[[source]]` the first.
fn table_of<'a>(document: &'a mut DocumentMut, name: &str, make: bool) -> Option<&'a mut dyn TableLike> {
    if !document.contains_key(name) {
        if !make {
            return None;
        }
        let item = if name == "source" {
            let mut tables = ArrayOfTables::new();
            tables.push(Table::new());
            Item::ArrayOfTables(tables)
        } else {
            Item::Table(Table::new())
        };
        document.insert(name, item);
    }
    match document.get_mut(name)? {
        Item::ArrayOfTables(tables) => tables.get_mut(0).map(|table| table as &mut dyn TableLike),
        Item::Value(Toml::Array(tables)) => {
            tables.get_mut(0)?.as_inline_table_mut().map(|table| table as &mut dyn TableLike)
        }
        item => item.as_table_like_mut(),
    }
}

fn says(item: &Item, question: &Question, value: &Value) -> bool {
    match value {
        // Whether it is written in a line or as a table of its own, it stays as it is.
        Value::Text(text) if matches!(question.kind, Kind::Table) => {
            let there = item.clone().into_value().map(|value| table::read(&value.to_string()));
            there.is_ok_and(|there| there.as_ref() == Ok(text))
        }
        Value::Text(text) => {
            item.as_str() == Some(text) || item.as_integer().is_some_and(|number| number.to_string() == *text)
        }
        Value::List(parts) => item
            .as_array()
            .is_some_and(|array| array.iter().map(Toml::as_str).eq(parts.iter().map(|part| Some(part.as_str())))),
    }
}

fn written(question: &Question, value: &Value) -> Toml {
    match value {
        // What is no table stands there as a text, which no config takes.
        Value::Text(text) if matches!(question.kind, Kind::Table) => {
            text.parse().unwrap_or_else(|_| text.as_str().into())
        }
        Value::Text(text) => text.as_str().into(),
        Value::List(parts) => parts.iter().map(String::as_str).collect::<Array>().into(),
    }
}

/// The answers with an example for each required question that lacks one, and for each that `replaced` says. Choices stay: they say
/// what is asked.
pub(crate) fn completed(answers: &Answers, replaced: impl Fn(&Question) -> bool) -> Answers {
    let mut answers = answers.clone();
    for question in QUESTIONS {
        let is_choice = !question.choices().is_empty();
        let need = (question.need)(&answers);
        let lacks = need == Need::Required && answers.value(question.id).is_none();
        if lacks || (replaced(question) && !is_choice && need != Need::NotAsked) {
            let example = question.read(question.example).unwrap_or_else(|_| question.example.into());
            let value = if need == Need::Required { example } else { Value::Text(String::new()) };
            answers.set(question.id, value, crate::answers::From::Default);
        }
    }
    answers
}

/// What a config's text means, with what is odd in it.
pub(crate) fn resolve(toml: &str, place: &Place) -> Result<(Plan, Vec<String>), Vec<ConfigError>> {
    let file = std::path::Path::new("/").join(&place.config);
    let inputs = Inputs {
        file: &file,
        text: toml,
        environment: &[],
        flags: Flags::default(),
        default_state_dir: place.state_dir.clone(),
    };
    config::resolve(&inputs).map(|resolved| (resolved.plan, resolved.warnings))
}

pub(crate) fn refused(errors: &[ConfigError], place: &Place) -> Trouble {
    let Some(first) = errors.first() else { return Trouble::usage("the config can't be taken") };
    let others = match errors.len() {
        1 => String::new(),
        more => format!(" (and {} more)", more - 1),
    };
    let what = format!("{}: {}{others}", place.config_shown, first.what);
    Trouble { next: first.hint.clone(), ..Trouble::usage(what) }
}

/// What is wrong with the config that is there, and where in it: a line each, with what to do.
pub(crate) fn refused_there(errors: &[ConfigError], place: &Place) -> Trouble {
    const MOST: usize = 7;
    // More than a line of it, such as all keys that there are, hides the next error.
    const HINT: usize = 100;
    let shown = &place.config_shown;
    let told = |error: &ConfigError| match &error.at {
        config::Place::File { line, column, .. } => format!("{shown}:{line}:{column}: {}", error.what),
        _ => format!("{shown}: {}", error.what),
    };
    if let [one] = errors {
        return Trouble { next: one.hint.clone(), ..Trouble::usage(told(one)) };
    }
    let hinted = |error: &ConfigError| match &error.hint {
        Some(hint) if hint.len() <= HINT => format!("{} ({hint})", told(error)),
        _ => told(error),
    };
    let mut lines: Vec<String> = errors.iter().take(MOST).map(hinted).collect();
    if errors.len() > MOST {
        lines.push(format!("and {} more: `lakeward check --config {shown}` names them all", errors.len() - MOST));
    }
    Trouble::usage(lines.join("\n"))
}

/// The config that is there with each misspelt key as it is most likely meant, where that is TOML; nothing where no key is near.
pub(crate) fn mended(text: &str, errors: &[ConfigError]) -> Option<String> {
    let mut renames: Vec<_> = errors.iter().filter_map(ConfigError::meant).collect();
    renames.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut mended = text.to_owned();
    for (span, meant) in &renames {
        mended.get(span.clone())?;
        mended.replace_range(span.clone(), meant);
    }
    (!renames.is_empty() && mended.parse::<DocumentMut>().is_ok()).then_some(mended)
}

/// Whether going through the questions can put right what is wrong: each is about the answer of one, or about one that is missing.
pub(crate) fn is_asked(errors: &[ConfigError]) -> bool {
    let is_of = |key: &str| {
        QUESTIONS.iter().any(|question| question.key == key || question.key.starts_with(&format!("{key}.")))
    };
    errors.iter().all(|error| error.key.as_deref().is_some_and(is_of))
}

/// What to say of answers that are missing: all of them at once.
pub(crate) fn lacking(missing: &[&Question], place: &Place) -> Trouble {
    let flag = |question: &&Question| match question.id {
        Id::Auth => {
            format!("--{} (such as {}; or --storage embedded, which needs no AWS)", question.flag, question.example)
        }
        _ => format!("--{} (such as {})", question.flag, question.example),
    };
    let flags: Vec<String> = missing.iter().map(flag).collect();
    Trouble::usage(format!("these answers are missing: {}", flags.join(", ")))
        .next(format!("give them as flags, or run `{}` on a terminal and be asked", place.asking()))
}

/// The whole file with what goes and what comes, if anything does.
fn changes(before: &str, after: &str) -> Vec<String> {
    if before == after {
        return Vec::new();
    }
    let sign = |tag| match tag {
        ChangeTag::Equal => ' ',
        ChangeTag::Delete => '-',
        ChangeTag::Insert => '+',
    };
    let lines = TextDiff::from_lines(before, after);
    lines
        .iter_all_changes()
        .map(|change| format!("{}{}", sign(change.tag()), change.value().trim_end_matches(['\r', '\n'])))
        .collect()
}
