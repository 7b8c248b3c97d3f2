//! CSV and TSV: records of fields under a header.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::{Block, KEPT, Limits, MAX_COLUMNS, Record, too_long, window::Window};
use crate::error::{Error, Misfit};

/// The fields of a block's records, unquoted: as many for each record as the header has names.
pub(crate) struct Fields {
    width: usize,
    text: Vec<u8>,
    /// Where each field ends in `text`; it begins where the one before ends.
    ends: Vec<u32>,
}

impl Fields {
    /// The text of all fields, one after the other.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where each field of the block ends in the text, record by record.
    pub(crate) fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// Where the field of a record lies in the text.
    pub(crate) fn range(&self, record: usize, field: usize) -> std::ops::Range<usize> {
        let index = record * self.width + field;
        let at = |index: usize| self.ends.get(index).map_or(0, |end| *end as usize);
        index.checked_sub(1).map_or(0, at)..at(index)
    }

    /// The text with `?` for every byte of a field that is not UTF-8: all fields lie where they lay.
    pub(crate) fn masked(&self) -> String {
        let mut masked = String::with_capacity(self.text.len());
        let mut begin = 0;
        for end in self.ends.iter().map(|end| *end as usize) {
            let field = self.text.get(begin..end).unwrap_or_default();
            match std::str::from_utf8(field) {
                Ok(text) => masked.push_str(text),
                Err(_) => masked.extend(std::iter::repeat_n('?', field.len())),
            }
            begin = end;
        }
        masked
    }

    pub(crate) fn memory(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

/// Cuts records with `csv-core`, which knows the quoting. Blank lines are skipped.
pub(crate) struct CsvCutter {
    window: Window,
    core: Reader,
    longest: usize,
    header: Option<Vec<String>>,
    /// Fields of the block, unquoted; longer than `used`.
    text: Vec<u8>,
    used: usize,
    /// Ends of the record's fields, counted from its first.
    ends: Vec<usize>,
}

/// A record that was cut.
struct Cut {
    record: Record,
    fields: usize,
    is_too_long: bool,
}

impl CsvCutter {
    pub(crate) fn new(window: Window, delimiter: u8, longest: usize) -> Result<Self, Error> {
        let core = ReaderBuilder::new().delimiter(delimiter).build();
        let ends = vec![0; MAX_COLUMNS + 1];
        let mut cutter = Self { window, core, longest, header: None, text: Vec::new(), used: 0, ends };
        let path = cutter.window.stream().name.clone();
        let fault = |cause| Error::Header { path, cause };
        let Some(cut) = cutter.record()? else { return Ok(cutter) };
        if cut.is_too_long || cut.fields > MAX_COLUMNS {
            return Err(fault(format!("it is longer than {longest} bytes or has more than {MAX_COLUMNS} columns")));
        }
        let header = names(&cutter.text, cutter.ends.get(..cut.fields).unwrap_or_default()).map_err(fault)?;
        cutter.ends.truncate(header.len() + 1);
        cutter.header = Some(header);
        cutter.used = 0;
        cutter.window.take();
        Ok(cutter)
    }

    pub(crate) fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    pub(crate) fn next(&mut self, limits: Limits) -> Result<Option<Block>, Error> {
        let width = self.header.as_ref().map_or(0, Vec::len);
        // A record that lacks fields takes as much memory as any.
        let limits = Limits { rows: limits.rows.min(Limits::rows_of(width)), ..limits };
        let (mut records, mut misfits, mut ends) = (Vec::new(), Vec::new(), Vec::<u32>::new());
        while !self.window.is_block(records.len(), 0, limits) {
            let begin = self.used;
            let Some(cut) = self.record()? else { break };
            if cut.is_too_long || cut.fields != width {
                let misfit = if cut.is_too_long { too_long(self.longest) } else { ragged(cut.fields, width) };
                misfits.push((records.len(), misfit));
                self.used = begin;
                ends.extend(std::iter::repeat_n(offset(begin), width));
            } else {
                ends.extend(self.ends.iter().take(width).map(|end| offset(begin + end)));
            }
            records.push(cut.record);
        }
        if records.is_empty() {
            return Ok(None);
        }
        let mut text = std::mem::take(&mut self.text);
        text.truncate(self.used);
        self.used = 0;
        let fields = Some(Fields { width, text, ends });
        Ok(Some(Block { raw: self.window.take(), records, fields, items: 0, misfits }))
    }

    /// Cuts the next record; its fields' text goes behind `used`. `None` at the end.
    fn record(&mut self) -> Result<Option<Cut>, Error> {
        if self.window.skip(|byte| matches!(byte, b'\r' | b'\n'))?.is_none() {
            return Ok(None);
        }
        let (start, line, begin) = (self.window.position, self.window.line, self.used);
        let (mut fields, mut is_surplus, mut is_too_long) = (0, false, false);
        loop {
            let has_input = !self.window.rest().is_empty() || self.refill(start, is_too_long)?;
            if is_surplus || is_too_long {
                // Only the record's end is of interest any more.
                self.used = begin;
            }
            let room = if is_surplus { 0 } else { fields };
            // At the end of the input a line end finishes any record but one with an open quote.
            let input = if has_input { self.window.rest() } else { b"\n" };
            if self.text.len() <= self.used + input.len() {
                self.text.resize(self.used + input.len() + 1, 0);
            }
            let (result, read, written, ended) =
                self.core.read_record(input, &mut self.text[self.used..], &mut self.ends[room..]);
            self.used += written;
            fields += ended;
            if has_input {
                self.window.advance(read);
            }
            match result {
                ReadRecordResult::Record => break,
                _ if !has_input => {
                    return Err(Error::UnclosedQuote { path: self.window.stream().name.clone(), line });
                }
                ReadRecordResult::OutputEndsFull => is_surplus = true,
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull | ReadRecordResult::End => {}
            }
            is_too_long |= self.window.position - start > self.longest;
        }
        is_too_long |= self.window.position - start > self.longest.saturating_add(1);
        let mut end = self.window.position;
        if is_too_long {
            end = end.min(start + KEPT);
        }
        let text = self.window.bytes.get(start..end).unwrap_or_default();
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let end = start + text.strip_suffix(b"\r").unwrap_or(text).len();
        Ok(Some(Cut { record: Record { start, end, line }, fields, is_too_long }))
    }

    /// Reads on in the middle of a record. Of one that is too long, only the beginning stays in memory.
    fn refill(&mut self, start: usize, is_too_long: bool) -> Result<bool, Error> {
        if is_too_long {
            let kept = self.window.position.min(start + KEPT);
            self.window.bytes.truncate(kept);
            self.window.position = kept;
        }
        self.window.fill(0)
    }

    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    pub(crate) fn into_window(self) -> Window {
        self.window
    }
}

fn offset(at: usize) -> u32 {
    // A block is a few MiB, or one record of at most 1 GiB.
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn ragged(fields: usize, width: usize) -> Misfit {
    let s = if fields == 1 { "" } else { "s" };
    Misfit::record(format!("the record has {fields} field{s}, and the header has {width}"))
}

/// The names of a header. A column without a name is called after its position.
fn names(text: &[u8], ends: &[usize]) -> Result<Vec<String>, String> {
    let mut names = Vec::<String>::with_capacity(ends.len());
    let mut seen = std::collections::HashMap::new();
    let mut begin = 0;
    for (index, &end) in ends.iter().enumerate() {
        let position = index + 1;
        let name = text.get(begin..end).unwrap_or_default();
        let name = std::str::from_utf8(name).map_err(|_| format!("the name of column {position} is not UTF-8"))?;
        if name.contains('\0') {
            return Err(format!("the name of column {position} holds a NUL character"));
        }
        let name = if name.is_empty() { format!("column_{position}") } else { name.to_owned() };
        if let Some(first) = seen.insert(name.clone(), position) {
            let name = lakeward_core::untrusted::excerpt(&name, 80);
            return Err(format!("columns {first} and {position} have the same name {name:?}"));
        }
        names.push(name);
        begin = end;
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::Stream;

    #[test]
    fn ragged_records_under_a_wide_header_take_small_blocks() {
        let header: Vec<String> = (0..MAX_COLUMNS).map(|column| column.to_string()).collect();
        let content = header.join(",") + &"\nx".repeat(1000);
        let stream = Stream::new("t.csv".into(), std::io::Cursor::new(content)).expect("opened");
        let mut cutter = CsvCutter::new(Window::new(stream), b',', 1 << 20).expect("a header");
        let (mut records, limits) = (0, Limits { bytes: usize::MAX, rows: usize::MAX, items: usize::MAX });
        while let Some(block) = cutter.next(limits).expect("in memory") {
            records += block.records.len();
            assert!(block.fields.is_some_and(|fields| fields.ends().len() <= 1 << 19));
        }
        assert_eq!(records, 1000);
    }
}
