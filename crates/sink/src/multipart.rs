//! An object in parts: what of it has arrived, and what has become of its multipart upload.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use lakeward_core::{key::ObjectKey, table::TableName};
use tokio::sync::OnceCell;

use crate::digest::Checksum;

/// An object that is sent in parts, as they are sealed.
#[derive(Debug)]
pub(crate) struct LargeObject {
    /// The table whose rows it holds.
    pub(crate) table: TableName,
    /// Where it goes.
    pub(crate) key: ObjectKey,
    /// The multipart upload's id, once it has been begun.
    pub(crate) upload_id: OnceCell<String>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    parts: BTreeMap<u32, Part>,
    /// How many parts and rows there are, once all are sealed.
    whole: Option<(u32, u64)>,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Parts are on their way.
    Open,
    /// All parts have arrived, and one task asks S3 to make them an object.
    Completing,
    /// The object is there, or its upload is gone.
    Over,
}

/// A part that S3 has confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) e_tag: String,
    pub(crate) checksum: Checksum,
    pub(crate) bytes: u64,
}

/// All that a completion names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    /// The parts in their order.
    pub(crate) parts: Vec<(u32, Part)>,
    /// How many rows they hold.
    pub(crate) rows: u64,
    /// How many bytes.
    pub(crate) bytes: u64,
    /// The checksum of the whole, where it follows from those of its parts.
    pub(crate) checksum: Option<Checksum>,
}

impl LargeObject {
    pub(crate) fn new(table: TableName, key: ObjectKey) -> Self {
        let state = State { parts: BTreeMap::new(), whole: None, fate: Fate::Open };
        Self { table, key, upload_id: OnceCell::new(), state: Mutex::new(state) }
    }

    /// Says how many parts and rows there are. To be called before the last part is sent.
    pub(crate) fn is_whole(&self, parts: u32, rows: u64) {
        self.lock().whole = Some((parts, rows));
    }

    /// Notes a part that has arrived. Whoever brings the last one that was missing gets the completion, and makes it.
    pub(crate) fn arrived(&self, number: u32, part: Part) -> Option<Completion> {
        let mut state = self.lock();
        state.parts.insert(number, part);
        let (parts, rows) = state.whole?;
        if state.fate != Fate::Open || state.parts.len() < usize::try_from(parts).ok()? {
            return None;
        }
        state.fate = Fate::Completing;
        Some(completion(&state.parts, rows))
    }

    /// The completion was never asked for, or can't have happened: there still is an upload.
    pub(crate) fn not_completed(&self) {
        self.lock().fate = Fate::Open;
    }

    /// The object is there, or the upload is gone: there is nothing to abort.
    pub(crate) fn over(&self) {
        self.lock().fate = Fate::Over;
    }

    /// The upload to abort, with the bytes in it, unless it is over or S3 may be completing it.
    pub(crate) fn abandon(&self) -> Option<(&str, u64)> {
        let mut state = self.lock();
        let id = self.upload_id.get().filter(|_| state.fate == Fate::Open)?;
        state.fate = Fate::Over;
        Some((id, state.parts.values().map(|part| part.bytes).sum()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every step leaves the state whole, so a panic elsewhere doesn't spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn completion(parts: &BTreeMap<u32, Part>, rows: u64) -> Completion {
    let mut rest = parts.values();
    let first = rest.next().map(|part| part.checksum);
    let checksum = rest.fold(first, |all, part| all?.followed_by(part.checksum, part.bytes));
    Completion {
        parts: parts.iter().map(|(number, part)| (*number, part.clone())).collect(),
        rows,
        bytes: parts.values().map(|part| part.bytes).sum(),
        // A digest of one part would not be that of the whole.
        checksum: checksum.filter(|checksum| matches!(checksum, Checksum::Crc64Nvme(_))),
    }
}

#[cfg(test)]
mod tests {
    use lakeward_core::key::{KeyParts, Template};
    use uuid::Uuid;

    use super::*;

    fn large_object() -> LargeObject {
        let table = TableName::new("t").expect("a name");
        let parts = KeyParts {
            table: &table,
            extension: "csv",
            uuid: Uuid::nil(),
            sync_id: Uuid::nil(),
            begun: chrono::Utc::now(),
        };
        let key = Template::parse("{{TABLE}}").expect("a template").render(&parts).expect("a key");
        LargeObject::new(table, key)
    }

    fn part(bytes: &[u8]) -> Part {
        let checksum = Checksum::Crc64Nvme(crc_fast::crc64_nvme(bytes));
        Part { e_tag: format!("{bytes:?}"), checksum, bytes: bytes.len() as u64 }
    }

    #[test]
    fn whoever_brings_the_last_missing_part_completes_and_nobody_else() {
        let object = large_object();
        assert_eq!(object.arrived(2, part(b"de")), None);
        object.is_whole(3, 7);
        assert_eq!(object.arrived(3, part(b"f")), None);
        let completion = object.arrived(1, part(b"abc")).expect("all are there");
        assert_eq!(completion.parts.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!((completion.rows, completion.bytes), (7, 6));
        assert_eq!(completion.checksum, Some(Checksum::Crc64Nvme(crc_fast::crc64_nvme(b"abcdef"))));
        assert_eq!(object.arrived(1, part(b"abc")), None);
    }

    #[test]
    fn only_an_upload_that_is_open_is_abandoned_and_only_once() {
        let object = large_object();
        assert_eq!(object.abandon(), None, "it has not begun");
        object.upload_id.set("id".into()).expect("empty");
        object.is_whole(1, 1);
        assert!(object.arrived(1, part(b"abc")).is_some());
        assert_eq!(object.abandon(), None, "S3 may be completing it");
        object.not_completed();
        assert_eq!(object.abandon(), Some(("id", 3)));
        assert_eq!(object.abandon(), None);
    }
}
