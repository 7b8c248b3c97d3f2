//! Rejects files: rows that were set aside, each with its place and its reason.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    str,
};

use lakeward_core::table::TableName;
use serde::Serialize;

use crate::{
    decode::Rejected,
    error::{Error, shown},
};

/// The rejects file of one table of one run: `<rejects>/<table>-<run>.ndjson`. It is made when the first row is set aside.
pub(crate) struct RejectsFile {
    path: PathBuf,
    /// Whether it is written.
    is_kept: bool,
    file: Option<BufWriter<File>>,
}

/// One line of a rejects file.
#[derive(Serialize)]
struct Line<'a> {
    /// The input.
    file: &'a str,
    /// The line on which the record begins, from 1; of a file without lines, the row's number.
    line: u64,
    /// The column, or null when the record as a whole is no row.
    column: Option<&'a str>,
    reason: &'a str,
    /// The record as it stands in the file; a row of Parquet or Arrow as a JSON object of texts. Where it is not UTF-8, it is so but for replacement characters.
    row: &'a str,
    /// The record's bytes in hexadecimal, where `row` could not hold them.
    #[serde(skip_serializing_if = "Option::is_none")]
    row_hex: Option<String>,
}

impl RejectsFile {
    pub(crate) fn new(folder: &Path, table: &TableName, run_id: &str, is_kept: bool) -> Self {
        Self { path: folder.join(format!("{table}-{run_id}.ndjson")), is_kept, file: None }
    }

    /// The file's path, for messages.
    pub(crate) fn shown(&self) -> String {
        shown(&self.path)
    }

    /// Sets a row aside.
    pub(crate) fn put(&mut self, input: &str, rejected: &Rejected) -> Result<(), Error> {
        if !self.is_kept {
            return Ok(());
        }
        self.write(input, rejected).map_err(|cause| Error::Rejects { path: self.shown(), cause })
    }

    /// Makes sure that all rows set aside are on the disk.
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let synced = file.flush().and_then(|()| file.get_ref().sync_all());
        synced.map_err(|cause| Error::Rejects { path: shown(&self.path), cause })
    }

    fn write(&mut self, input: &str, rejected: &Rejected) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                if let Some(folder) = self.path.parent() {
                    fs::create_dir_all(folder)?;
                }
                self.file.insert(BufWriter::new(File::create_new(&self.path)?))
            }
        };
        let is_text = str::from_utf8(&rejected.text).is_ok();
        let line = Line {
            file: input,
            line: rejected.place.number(),
            column: rejected.misfit.column.as_deref(),
            reason: &rejected.misfit.reason,
            row: &String::from_utf8_lossy(&rejected.text),
            row_hex: (!is_text).then(|| rejected.text.iter().map(|byte| format!("{byte:02x}")).collect()),
        };
        serde_json::to_writer(&mut *file, &line)?;
        file.write_all(b"\n")
    }
}
