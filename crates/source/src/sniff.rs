//! The format of an input by its content, and in doubt by its name.

use std::path::Path;

use lakeward_core::plan::InputFormat;

/// How many bytes are looked at.
pub(crate) const SNIFFED: usize = 64 << 10;

/// Tells the format from the first bytes of content; `None` when neither they nor the name say.
pub(crate) fn sniff(head: &[u8], path: &Path) -> Option<InputFormat> {
    if let Some(format) = by_magic(head) {
        return Some(format);
    }
    let named = by_name(path);
    let text = head.trim_ascii_start();
    match text.first() {
        Some(b'[') if matches!(text[1..].trim_ascii_start().first(), None | Some(b'{' | b']')) => {
            Some(InputFormat::Json)
        }
        Some(b'{') if is_object_line(text) => Some(InputFormat::Ndjson),
        None => named,
        Some(b'[' | b'{') if named.is_some() => named,
        Some(_) => match named {
            Some(InputFormat::Ndjson | InputFormat::Json | InputFormat::Parquet | InputFormat::Arrow) => named,
            _ => by_delimiter(text, head.len() < SNIFFED, named).or(named),
        },
    }
}

/// The formats that begin with bytes of their own. An Arrow stream begins with a mark and the length of its schema.
pub(crate) fn by_magic(head: &[u8]) -> Option<InputFormat> {
    match head {
        [b'P', b'A', b'R', b'1' | b'E', ..] => Some(InputFormat::Parquet),
        [b'A', b'R', b'R', b'O', b'W', b'1', 0, 0, ..] | [0xff, 0xff, 0xff, 0xff, _, _, _, 0, ..] => {
            Some(InputFormat::Arrow)
        }
        _ => None,
    }
}

/// Whether the first line is a JSON object, as far as it is there.
fn is_object_line(text: &[u8]) -> bool {
    let line = memchr::memchr(b'\n', text).map_or(text, |end| &text[..end]);
    match serde_json::from_slice::<serde::de::IgnoredAny>(line) {
        Ok(_) => true,
        Err(error) => error.is_eof() && line.len() == text.len(),
    }
}

/// CSV or TSV by the one delimiter that the first line has. Against a name that says the other, the next two lines must bear
/// it out: a header of a single column may well have a comma in it. `is_whole` tells that there is no more content.
fn by_delimiter(text: &[u8], is_whole: bool, named: Option<InputFormat>) -> Option<InputFormat> {
    // Of a line that is cut off, the count of delimiters is not known.
    let ended = memchr::memrchr2(b'\n', b'\r', text).filter(|_| !is_whole);
    let text = ended.map_or(text, |end| &text[..end]);
    let mut lines = text.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let (found, delimiter) = match (first.contains(&b','), first.contains(&b'\t')) {
        (true, false) => (InputFormat::Csv, b','),
        (false, true) => (InputFormat::Tsv, b'\t'),
        _ => return None,
    };
    if named.is_none_or(|named| named == found) {
        return Some(found);
    }
    let count = |line: &[u8]| memchr::memchr_iter(delimiter, line).count();
    let mut counts = lines.take(2).map(count).peekable();
    (counts.peek().is_some() && counts.all(|next| next == count(first))).then_some(found)
}

fn by_name(path: &Path) -> Option<InputFormat> {
    let extension = stripped(path).extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "csv" => Some(InputFormat::Csv),
        "tsv" | "tab" => Some(InputFormat::Tsv),
        "ndjson" | "jsonl" => Some(InputFormat::Ndjson),
        "json" => Some(InputFormat::Json),
        "parquet" | "parq" | "pq" => Some(InputFormat::Parquet),
        "arrow" | "arrows" | "feather" | "ipc" => Some(InputFormat::Arrow),
        _ => None,
    }
}

/// The path without the extension of a compression.
pub(crate) fn stripped(path: &Path) -> &Path {
    let is_compressed = path.extension().is_some_and(|extension| {
        ["gz", "gzip", "zst", "zstd"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    });
    match (is_compressed, path.file_stem()) {
        (true, Some(stem)) => Path::new(stem),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_and_the_name_helps_in_doubt() {
        use InputFormat::{Csv, Json, Ndjson, Tsv};
        let cases: &[(&str, &str, Option<InputFormat>)] = &[
            ("a,b\n1,2\n", "x", Some(Csv)),
            ("a\tb\n1\t2\n", "x.csv", Some(Tsv)),
            ("a\tb\n1\t2\n3\t4\n5\n", "x.csv", Some(Tsv)),
            ("a,b\r\n1,2\r\n", "x.tsv.gz", Some(Csv)),
            ("City, State\nNew York\n", "x.tsv", Some(Tsv)),
            ("City, State\nAustin, Texas\nNew York\n", "x.tsv", Some(Tsv)),
            ("a\tb\n1\n", "x.csv", Some(Csv)),
            ("a,b\n", "x.tsv", Some(Tsv)),
            ("a,b\n", "x", Some(Csv)),
            ("a,b\tc\n1,2\t3\n", "x.tsv", Some(Tsv)),
            ("{\"a\":1}\n", "x.json", Some(Ndjson)),
            ("{\"a\":1", "x.json.gz", Some(Ndjson)),
            ("{\n \"a\":1}\n", "x.json", Some(Json)),
            (" [\n{\"a\":1}]", "x.txt", Some(Json)),
            ("[]", "x.csv", Some(Json)),
            ("[a],b\n", "x.csv", Some(Csv)),
            ("a\n1\n", "x.CSV.zst", Some(Csv)),
            ("a\n1\n", "README.md", None),
            ("broken\n", "x.jsonl", Some(Ndjson)),
            ("", "x.tsv.gz", Some(Tsv)),
        ];
        for (content, name, expected) in cases {
            assert_eq!(sniff(content.as_bytes(), Path::new(name)), *expected, "{name}: {content:?}");
        }
    }
}
