//! Whose the credentials are, and what a path would make of them.

use lakeward_core::{
    key::{KeyParts, Template},
    table::TableName,
};
use std::time::SystemTime;
use uuid::Uuid;

use super::tickets::Request;
use crate::{
    answers::{Answers, From},
    compose,
    effect::Effect,
    facts::{Facts, Remote},
    question::Id,
    state::{Screen, State},
};

impl State {
    pub(super) fn identify_if_unknown(&mut self) {
        if matches!(self.facts.identity, Remote::Idle | Remote::Failed(_)) {
            self.identify();
        }
    }

    pub(super) fn identify(&mut self) {
        self.aside = None;
        if self.answers.is(Id::Storage, "embedded") {
            return;
        }
        match compose::auth_plan(&self.answers, &self.facts) {
            Ok(plan) => {
                let ticket = self.tickets.draw(Request::Identify);
                self.facts.identity = Remote::Asked(self.now);
                self.effects.push(Effect::Identify(ticket, Box::new(plan)));
            }
            Err(trouble) => self.facts.identity = Remote::Failed(trouble),
        }
    }

    /// Whose the credentials are is not known any more. A question about it that goes on is given up: what comes is not heard, and no
    /// program that hangs outlives the wish for its answer.
    pub(super) fn drop_identity(&mut self) {
        self.tickets.drop(Request::Identify);
        if self.facts.identity.asked().is_some() {
            self.effects.push(Effect::StopIdentify);
        }
        self.facts.identity = Remote::Idle;
    }

    pub(super) fn enter_identity(&mut self) {
        match &self.facts.identity {
            Remote::Got(_) => self.go(Screen::Destination),
            Remote::Failed(_) => {
                self.notice = Some("r tries again, g goes on without these credentials, Esc leads back".to_owned());
            }
            Remote::Asked(_) | Remote::Idle => self.notice = Some("AWS is being asked who this is".to_owned()),
        }
    }
}

/// A path that was typed and has no variable, completed. As the run completes it, which is as CloudQuery does, the extension would stand
/// in the middle of each object's name.
pub(super) fn completed_path(answers: &Answers, facts: &Facts) -> Option<String> {
    answers.get(Id::Path).filter(|answer| answer.from == From::Typed)?;
    let path = answers.text(Id::Path)?.trim().trim_end_matches('/');
    // What a table has but one object of has another key.
    let is_one_object = facts.place.existing.as_deref().is_some_and(|text| text.contains("no_rotate"));
    let is_whole = path.is_empty() || path.contains("{{") || Template::parse(path).is_err();
    (!is_whole && !is_one_object).then(|| format!("{path}/{{{{TABLE}}}}/{{{{UUID}}}}.{{{{FORMAT}}}}"))
}

/// The address of the first object of a table, as the path in the answers makes it.
pub(super) fn key_preview(answers: &Answers, facts: &Facts, now: SystemTime) -> Result<String, String> {
    let completed = completed_path(answers, facts);
    let path = completed.as_deref().or(answers.text(Id::Path)).unwrap_or_default();
    let template = Template::parse(path).map_err(|error| error.to_string())?.with_table(true);
    let previewed = facts.preview.got().and_then(|preview| preview.tables.first()).map(|table| table.name.as_str());
    let name = answers.text(Id::Table).or(previewed).unwrap_or("orders");
    let table = TableName::new(name).map_err(|error| error.to_string())?;
    let format = answers.text(Id::Format).unwrap_or("parquet");
    let compression = match (format, answers.text(Id::Compression)) {
        ("csv" | "json", Some("gzip")) => ".gz",
        ("csv" | "json", Some("zstd")) => ".zst",
        _ => "",
    };
    let extension = format!("{format}{compression}");
    // An example: the real ones differ with each object and run.
    let (uuid, sync_id) = (
        Uuid::from_u128(0x0193_5a1e_7c3b_7f00_8a2d_4e5f_6071_8293),
        Uuid::from_u128(0x0193_5a1e_7c3a_7000_9000_0000_0000_0001),
    );
    let parts = KeyParts { table: &table, extension: &extension, uuid, sync_id, begun: now.into() };
    let key = template.render(&parts).map_err(|error| error.to_string())?;
    // What is no bucket's name, such as a whole address, makes no address.
    let is_name = |name: &&str| Id::Bucket.question().check(&(*name).into(), answers, &facts.place).is_ok();
    let bucket = answers.text(Id::Bucket).filter(is_name).unwrap_or("BUCKET");
    Ok(match answers.text(Id::Dir).filter(|_| answers.is(Id::Storage, "embedded")) {
        Some(dir) => format!("{dir}/{bucket}/{key}"),
        None => format!("s3://{bucket}/{key}"),
    })
}
