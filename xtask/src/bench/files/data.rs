//! The files that are measured: events with ten columns, the same ones for the same size.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use chrono::{Days, NaiveDate};
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::step;

/// Part of the files' names: to be raised when other rows are made.
const GENERATION: u32 = 1;
const SEED: u64 = 1;
const GIB: f64 = 1_073_741_824.0;

const CATEGORIES: [&str; 8] = ["book", "garden", "grocery", "music", "office", "outdoor", "toys", "travel"];
const COUNTRIES: [&str; 12] = ["AT", "BR", "DE", "FI", "FR", "GB", "IN", "JP", "MX", "NG", "PL", "US"];
const WORDS: [&str; 16] = [
    "late",
    "parcel",
    "left",
    "with",
    "neighbour",
    "gift",
    "wrapped",
    "second",
    "attempt",
    "fragile",
    "call",
    "before",
    "café",
    "door",
    "blue",
    "return",
];

/// A file.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Data {
    /// `ndjson`, `csv` or `parquet`.
    #[serde(skip)]
    pub(super) format: &'static str,
    #[serde(skip)]
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) rows: u64,
}

/// One row: an id, texts, integers, floats, a boolean, a timestamp, and a note that is often missing.
#[derive(Serialize)]
struct Event<'a> {
    id: u64,
    account: &'a str,
    country: &'a str,
    category: &'a str,
    quantity: u32,
    price: f64,
    score: f64,
    express: bool,
    at: &'a str,
    note: Option<&'a str>,
}

/// Makes a Parquet file of a CSV file, in row groups of a usual size.
const TO_PARQUET: &str = "
import sys, pyarrow.csv, pyarrow.parquet
table = pyarrow.csv.read_csv(sys.argv[1])
pyarrow.parquet.write_table(table, sys.argv[2], compression='zstd', row_group_size=1 << 19)
";

/// The files in the folder, made first if they aren't there: text, and the CSV file's rows as Parquet, made by PyArrow.
pub(super) fn made(folder: &Path, scale: f64, python: &Path) -> anyhow::Result<Vec<Data>> {
    let mut data = texts(folder, scale)?;
    let csv = data.last().context("there is a CSV file")?;
    let path = csv.path.with_extension("parquet");
    if !path.is_file() {
        // Under another name until it is whole.
        let unfinished = path.with_added_extension("making");
        let mut made = Command::new(python);
        step::run("Parquet by PyArrow", made.args(["-I", "-c", TO_PARQUET]).args([&csv.path, &unfinished]))?;
        fs::rename(&unfinished, &path)?;
    }
    let bytes = fs::metadata(&path)?.len();
    data.push(Data { format: "parquet", path, bytes, rows: csv.rows });
    Ok(data)
}

fn texts(folder: &Path, scale: f64) -> anyhow::Result<Vec<Data>> {
    let file = |format, gib: f64| {
        let name = format!("events-{GENERATION}-{:.0}.{format}", gib * GIB * scale);
        made_once(format, &folder.join(&name), gib * GIB * scale)
            .with_context(|| format!("{name} can't be made in {}", folder.display()))
    };
    Ok(vec![file("ndjson", 2.0)?, file("csv", 1.0)?])
}

fn made_once(format: &'static str, path: &Path, least: f64) -> anyhow::Result<Data> {
    // Written last: where it is, the data is whole.
    let facts = path.with_added_extension("facts");
    if let (Ok(facts), true) = (fs::read(&facts), path.is_file()) {
        return Ok(Data { format, path: path.to_owned(), ..serde_json::from_slice(&facts)? });
    }
    let folder = path.parent().context("the data lies in a folder")?;
    let temporary = NamedTempFile::new_in(folder)?;
    let mut output = Counting { inner: BufWriter::with_capacity(1 << 20, temporary.as_file()), bytes: 0 };
    let rows = if format == "csv" { csv(&mut output, least)? } else { ndjson(&mut output, least)? };
    output.flush()?;
    let data = Data { format, path: path.to_owned(), bytes: output.bytes, rows };
    drop(output);
    temporary.persist(path)?;
    serde_json::to_writer(File::create(&facts)?, &data)?;
    println!("{}: {} rows, {} bytes", path.display(), data.rows, data.bytes);
    Ok(data)
}

fn ndjson(output: &mut Counting<'_>, least: f64) -> anyhow::Result<u64> {
    let mut events = Events::new();
    while output.below(least) {
        serde_json::to_writer(&mut *output, &events.next()?)?;
        output.write_all(b"\n")?;
    }
    Ok(events.made)
}

fn csv(output: &mut Counting<'_>, least: f64) -> anyhow::Result<u64> {
    let mut events = Events::new();
    writeln!(output, "id,account,country,category,quantity,price,score,express,at,note")?;
    while output.below(least) {
        let Event { id, account, country, category, quantity, price, score, express, at, note } = events.next()?;
        write!(output, "{id},{account},{country},{category},{quantity},{price},{score},{express},{at},")?;
        // The only text with commas; none has a quotation mark.
        match note {
            Some(note) if note.contains(',') => writeln!(output, "\"{note}\"")?,
            note => writeln!(output, "{}", note.unwrap_or_default())?,
        }
    }
    Ok(events.made)
}

/// The rows, one after the other.
struct Events {
    random: Rng,
    made: u64,
    account: String,
    at: String,
    note: String,
}

impl Events {
    fn new() -> Self {
        let (account, at, note) = (String::new(), String::new(), String::new());
        Self { random: Rng::with_seed(SEED), made: 0, account, at, note }
    }

    fn next(&mut self) -> anyhow::Result<Event<'_>> {
        let random = &mut self.random;
        self.account.clear();
        self.account.push_str("acc-");
        self.account.extend((0..10).map(|_| random.lowercase()));
        // Three events a second.
        let (day, second) = (self.made / 3 / 86_400, self.made / 3 % 86_400);
        if second == 0 || self.at.is_empty() {
            let first = NaiveDate::from_ymd_opt(2025, 1, 1).context("a date")?;
            self.at = first.checked_add_days(Days::new(day)).context("a date")?.to_string();
        }
        self.at.truncate("2025-01-01".len());
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        self.at.push_str(&format!("T{hour:02}:{minute:02}:{second:02}.{:03}Z", random.u32(0..1_000)));
        self.note.clear();
        for _ in 0..random.usize(0..8) {
            self.note.push_str(if self.note.is_empty() { "" } else { [" ", " ", " ", ", "][random.usize(0..4)] });
            self.note.push_str(WORDS[random.usize(0..WORDS.len())]);
        }
        self.made += 1;
        Ok(Event {
            id: self.made,
            account: &self.account,
            country: COUNTRIES[random.usize(0..COUNTRIES.len())],
            category: CATEGORIES[random.usize(0..CATEGORIES.len())],
            quantity: random.u32(1..100),
            price: f64::from(random.u32(50..100_000)) / 100.0,
            score: random.f64(),
            express: random.u8(0..4) == 0,
            at: &self.at,
            note: (!self.note.is_empty()).then_some(self.note.as_str()),
        })
    }
}

struct Counting<'a> {
    inner: BufWriter<&'a File>,
    bytes: u64,
}

impl Counting<'_> {
    #[expect(clippy::cast_precision_loss, reason = "files are far smaller than 2^53 bytes")]
    fn below(&self, least: f64) -> bool {
        (self.bytes as f64) < least
    }
}

impl Write for Counting<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_rows_come_as_both_formats_and_once_only() {
        let folder = tempfile::tempdir().unwrap();
        let scale = 40_000.0 / GIB;
        let first = texts(folder.path(), scale).unwrap();
        let text: Vec<String> = first.iter().map(|data| fs::read_to_string(&data.path).unwrap()).collect();
        let rows = |data: &Data| usize::try_from(data.rows).unwrap();
        assert_eq!((text[0].lines().count(), text[1].lines().count()), (rows(&first[0]), rows(&first[1]) + 1));
        assert!(text[0].starts_with(r#"{"id":1,"account":"acc-"#), "{}", &text[0][..80]);
        assert!(text[1].starts_with("id,account,country,category,quantity,price,score,express,at,note\n1,acc-"));
        assert_eq!((first[0].bytes, first[1].bytes), (text[0].len() as u64, text[1].len() as u64));
        fs::write(&first[0].path, "marked").unwrap();
        assert_eq!(texts(folder.path(), scale).unwrap()[0].rows, first[0].rows);
        assert_eq!(fs::read_to_string(&first[0].path).unwrap(), "marked");
    }
}
