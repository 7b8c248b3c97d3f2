//! Where a config leads, in a few words.

use crate::{question::Id, state::State};

impl State {
    /// Where objects go, as the answers have it.
    #[must_use]
    pub fn leads_to(&self) -> String {
        let [bucket, path] = [Id::Bucket, Id::Path].map(|id| self.answers.text(id).unwrap_or_default());
        match self.answers.text(Id::Dir) {
            Some(dir) => format!("{dir}/{bucket}/{path}"),
            None => format!("s3://{bucket}/{path}"),
        }
    }

    /// Where rows come from, as the answers have it.
    #[must_use]
    pub fn rows_from(&self) -> Option<String> {
        let named = [Id::Paths, Id::Command, Id::Plugin, Id::Address];
        let source = named.into_iter().find_map(|id| Some(self.answers.value(id)?.typed()));
        let source = source.or_else(|| self.answers.text(Id::Source).map(str::to_owned))?;
        // The questions are about the first.
        Some(match self.facts.sources {
            0 | 1 => source,
            2 => format!("{source}, and 1 source more"),
            several => format!("{source}, and {} sources more", several - 1),
        })
    }
}
