//! What a run did, as text.

use std::fmt::Write;

use lakeward_core::{
    event::{Summary, TableSummary},
    key::ObjectKey,
    plan::{CsvPlan, DestinationPlan, FormatPlan, JsonPlan, TextCompression},
    table::TableName,
    untrusted::{excerpt, printable},
};

use crate::{
    quantity::{count, counted, size, time},
    wizard::text::{padded, right, width},
};

/// The most keys of a run that did not end well that are listed.
pub const MOST_KEYS: usize = 50;

/// The most characters of table names that are listed.
const MOST_NAMES: usize = 2000;

/// The summary of a run: a line a table, the totals, and how to read what landed. `place` is what stands before a key to make
/// it a path or URL (`rejects` names the folders of rejects files), such as `s3://my-lake/` or `lake/my-lake/`; `destination` is
/// where the objects are, if they stay for somebody to read.
#[must_use]
pub fn render(summary: &Summary, place: &str, destination: Option<&DestinationPlan>, rejects: &str) -> String {
    let mut text = table(summary);
    for table in &summary.tables {
        if let Some(errors) = &table.errors {
            let _ = writeln!(text, "{}: {}", printable(table.table.as_str()), printable(errors));
        }
    }
    let rows: u64 = summary.tables.iter().map(landed).sum();
    let objects: u64 = summary.tables.iter().map(|table| table.objects.len() as u64).sum();
    let bytes: u64 = summary.tables.iter().map(stored).sum();
    let elapsed = time(summary.elapsed);
    let _ = write!(
        text,
        "\n{} landed in {} ({}) in {elapsed}",
        counted(rows, "row"),
        counted(objects, "object"),
        size(bytes)
    );
    if summary.retries > 0 {
        let _ = write!(text, "; {} tried again", counted(summary.retries, "upload"));
    }
    if let Some(denied) = summary.denied_calls {
        let _ = write!(text, "\nnothing but PutObject was asked of S3: {} denied", counted(denied, "call"));
    }
    if let Some((table, example)) = destination.and_then(|destination| example(summary, place, destination)) {
        let is_alone = summary.tables.iter().filter(|table| !table.objects.is_empty()).count() == 1;
        let of = if is_alone { String::new() } else { format!(" (here {})", printable(table.as_str())) };
        let _ = write!(text, "\nthey are below {}\nread them{of} with: {example}", printable(place));
    }
    // Last, so that it is what a log ends with.
    if let Some(told) = render_rejected(summary, rejects) {
        let _ = write!(text, "\n{told}");
    }
    text.push('\n');
    text
}

/// How many rows were set aside and where they are, if any were.
#[must_use]
pub fn render_rejected(summary: &Summary, rejects: &str) -> Option<String> {
    let rejected: u64 = summary.tables.iter().map(|table| table.rejected).sum();
    (rejected > 0)
        .then(|| format!("{} rejected, each with its reason in {}", counted(rejected, "row"), printable(rejects)))
}

/// What a run that did not end well has landed, and what a rerun means. `unread` are the tables that were not read to their
/// end, `uncertain` the objects of which S3 may have taken the last try.
#[must_use]
pub fn render_incomplete(summary: &Summary, unread: &[&TableName], uncertain: &[ObjectKey], no_rotate: bool) -> String {
    let mut text = String::new();
    if !unread.is_empty() {
        let names: Vec<&str> = unread.iter().map(|table| table.as_str()).collect();
        let _ = writeln!(text, "not read to the end: {}", excerpt(&names.join(", "), MOST_NAMES));
    }
    for table in &summary.tables {
        let missing = table.read.saturating_sub(table.landed + table.rejected);
        if missing > 0 {
            let name = printable(table.table.as_str()).into_owned();
            let _ = writeln!(text, "{name}: {} of {} read did not land", counted(missing, "row"), count(table.read));
        }
    }
    let keys: Vec<&str> =
        summary.tables.iter().flat_map(|table| table.objects.iter().map(|object| object.key.as_str())).collect();
    list(&mut text, "landed", &keys, keys.len());
    let uncertain: Vec<&str> = uncertain.iter().map(ObjectKey::as_str).collect();
    list(&mut text, "may have landed (cut off before the answer)", &uncertain, uncertain.len());
    if keys.is_empty() && uncertain.is_empty() {
        text.push_str("nothing landed; a rerun starts afresh\n");
    } else if no_rotate {
        text.push_str("a rerun writes these keys again, whole\n");
    } else {
        text.push_str("each run appends all rows: a rerun lands the rows of these objects again\n");
    }
    text
}

/// What had landed of a run that was ended at once: `all` objects, of which `keys` are the first.
#[must_use]
pub fn render_cut(keys: &[String], all: usize) -> String {
    let mut text = String::new();
    list(&mut text, "landed", keys, all);
    if all == 0 {
        text.push_str("nothing is known to have landed\n");
    }
    text.push_str("it was ended at once: what was being uploaded may have landed too\n");
    text
}

fn list(text: &mut String, what: &str, keys: &[impl AsRef<str>], all: usize) {
    if all == 0 {
        return;
    }
    let _ = writeln!(text, "{what}: {}", counted(all as u64, "object"));
    let shown = keys.len().min(MOST_KEYS);
    for key in keys.iter().take(shown) {
        let _ = writeln!(text, "  {}", printable(key.as_ref()));
    }
    if all > shown {
        let _ = writeln!(text, "  … and {} more", count((all - shown) as u64));
    }
}

fn landed(table: &TableSummary) -> u64 {
    table.landed
}

fn stored(table: &TableSummary) -> u64 {
    table.objects.iter().map(|object| object.bytes).sum()
}

fn table(summary: &Summary) -> String {
    let header = ["table", "rows read", "landed", "rejected", "objects", "size"].map(str::to_owned);
    let rows = summary.tables.iter().map(|table| {
        [
            printable(table.table.as_str()).into_owned(),
            count(table.read),
            count(table.landed),
            count(table.rejected),
            count(table.objects.len() as u64),
            size(stored(table)),
        ]
    });
    let rows: Vec<[String; 6]> = std::iter::once(header).chain(rows).collect();
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let [name, rest @ ..] = row;
        let [first, other @ ..] = widths;
        let _ = write!(text, "{name:<first$}");
        for (cell, width) in rest.iter().zip(other) {
            let _ = write!(text, "  {cell:>width$}");
        }
        text.push('\n');
    }
    text
}

/// The table of a summary in lines of so many cells: without columns that say least, and with shorter names. A number is never cut;
/// nothing where the text begins with no such table, or where even that is too wide.
pub(crate) fn fitted(text: &str, most: usize, ellipsis: &str) -> Option<Vec<String>> {
    const NAME: usize = 8;
    let cells = |line: &str| -> Option<[String; 6]> {
        let mut cells: Vec<String> =
            line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
        let numbers = cells.split_off(cells.len().checked_sub(5)?);
        // A table's name may hold blanks.
        let name = cells.join("  ");
        let [read, landed, rejected, objects, size] = <[String; 5]>::try_from(numbers).ok()?;
        (!name.is_empty()).then_some([name, read, landed, rejected, objects, size])
    };
    let rows: Vec<[String; 6]> = text.lines().take_while(|line| !line.is_empty()).map(cells).collect::<Option<_>>()?;
    let wide =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or_default();
    let mut shown = vec![1, 2, 3, 4, 5];
    let needs = |shown: &[usize]| shown.iter().map(|column| 2 + wide(*column)).sum::<usize>();
    let is_clean = rows.iter().skip(1).all(|row| row[3] == "0");
    for column in [if is_clean { 3 } else { 1 }, 1, 4, 5] {
        if wide(0).min(3 * NAME) + needs(&shown) > most {
            shown.retain(|other| *other != column);
        }
    }
    let name = most.checked_sub(needs(&shown)).filter(|name| *name >= NAME)?.min(wide(0));
    let line = |row: &[String; 6]| {
        let mut line = padded(&row[0], name, ellipsis);
        for column in &shown {
            line.push_str(&format!("  {}", right(row.get(*column).map_or("", String::as_str), wide(*column), "")));
        }
        line
    };
    Some(rows.iter().map(line).collect())
}

/// A DuckDB command that reads the table with the most rows, all that runs have landed of it.
fn example<'a>(summary: &'a Summary, place: &str, destination: &DestinationPlan) -> Option<(&'a TableName, String)> {
    let format = &destination.format;
    let table = summary.tables.iter().filter(|table| !table.objects.is_empty()).max_by_key(|table| table.landed)?;
    let keys = destination.path.glob(&table.table, format.extension());
    let path = format!("{place}{keys}").replace('\'', "''");
    let (function, options) = reader(format);
    let (path, options) = (in_double_quotes(&printable(&path)), in_double_quotes(&options));
    Some((&table.table, format!("duckdb -c \"SELECT * FROM {function}('{path}'{options})\"")))
}

/// DuckDB's function for a format, and what it has to be told.
fn reader(format: &FormatPlan) -> (&'static str, String) {
    let unpacked = |compression| match compression {
        TextCompression::None => "",
        TextCompression::Gzip => ", compression = 'gzip'",
        TextCompression::Zstd => ", compression = 'zstd'",
    };
    match format {
        FormatPlan::Parquet(_) => ("read_parquet", String::new()),
        FormatPlan::Json(JsonPlan { compression }) => {
            ("read_json", format!(", format = 'newline_delimited'{}", unpacked(*compression)))
        }
        FormatPlan::Csv(CsvPlan { delimiter, header, compression }) => {
            let delimiter = match char::from(*delimiter) {
                ',' => String::new(),
                other => format!(", delim = '{}'", String::from(other).replace('\'', "''")),
            };
            ("read_csv", format!(", header = {header}{delimiter}{}", unpacked(*compression)))
        }
    }
}

/// A text as a shell takes it between double quotes (POSIX.1, Shell Command Language, 2.2.3): a table's name, which may come
/// from a file's, must not run as a command when the line is copied.
fn in_double_quotes(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '$' | '`' | '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_narrow_window_columns_go_and_names_get_shorter_and_numbers_stay_whole() {
        let header = "table                           rows read   landed  rejected  objects       size";
        let row = "shop_order_items_of_all_regions    310,007  310,007         0        1  137.4 KiB";
        let text = format!("{header}\n{row}\n\n310,007 rows landed");
        let lines = fitted(&text, 58, "…").expect("a table");
        assert!(lines.iter().all(|line| width(line) <= 58) && lines.len() == 2, "{lines:#?}");
        assert!(lines[1].ends_with("310,007        1  137.4 KiB"), "{lines:#?}");
        assert!(lines[1].starts_with("shop_order") && lines[1].contains('…'), "{lines:#?}");
        let lines = fitted(&text.replace("      0  ", "     12  "), 58, "…").expect("a table");
        assert!(
            lines[1].contains("      12  ") && lines[1].ends_with("137.4 KiB"),
            "what was rejected is said: {lines:#?}"
        );
        assert_eq!(fitted("nothing landed", 58, "…"), None);
    }

    #[test]
    fn a_name_is_nothing_but_text_to_the_shell() {
        assert_eq!(in_double_quotes(r#"raw/$(id) `id` "x" \ it''s"#), r#"raw/\$(id) \`id\` \"x\" \\ it''s"#);
    }
}
