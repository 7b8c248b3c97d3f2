//! NDJSON: one record a line.

use memchr::memchr;

use super::{Block, KEPT, Limits, Record, too_long, window::Window};
use crate::error::{Error, Misfit};

/// Cuts lines. Blank ones are skipped.
pub(crate) struct LineCutter {
    window: Window,
    longest: usize,
}

/// A line of the window: how many bytes it takes with its line end, and whether it was longer than allowed.
struct Line {
    bytes: usize,
    end: usize,
    is_too_long: bool,
}

impl LineCutter {
    pub(crate) fn new(window: Window, longest: usize) -> Self {
        Self { window, longest }
    }

    pub(crate) fn next(&mut self, limits: Limits) -> Result<Option<Block>, Error> {
        let (mut records, mut items, mut misfits) = (Vec::new(), 0, Vec::<(usize, Misfit)>::new());
        while !self.window.is_block(records.len(), items, limits) {
            // Blank lines are no records, and a value may be indented.
            if self.window.skip(|byte| byte.is_ascii_whitespace())?.is_none() {
                break;
            }
            let line = self.line()?;
            if line.is_too_long {
                misfits.push((records.len(), too_long(self.longest)));
            }
            let start = self.window.position;
            items += limits.items_of(self.window.rest().get(..line.end).unwrap_or_default());
            records.push(Record { start, end: start + line.end, line: self.window.line });
            self.window.line += 1;
            self.window.position += line.bytes;
        }
        if records.is_empty() {
            return Ok(None);
        }
        Ok(Some(Block { raw: self.window.take(), records, fields: None, items, misfits }))
    }

    /// Finds the end of the line that begins at the window's position.
    fn line(&mut self) -> Result<Line, Error> {
        let (start, mut searched, mut is_too_long) = (self.window.position, 0, false);
        loop {
            if let Some(end) = memchr(b'\n', &self.window.rest()[searched..]) {
                let bytes = searched + end + 1;
                is_too_long |= bytes - 1 > self.longest;
                let end = if is_too_long { (bytes - 1).min(KEPT) } else { bytes - 1 };
                return Ok(Line { bytes, end, is_too_long });
            }
            searched = self.window.rest().len();
            is_too_long |= searched > self.longest;
            if is_too_long {
                searched = searched.min(KEPT);
                self.window.bytes.truncate(start + searched);
            }
            if !self.window.fill(0)? {
                let end = searched;
                return Ok(Line { bytes: end, end, is_too_long });
            }
        }
    }

    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    pub(crate) fn into_window(self) -> Window {
        self.window
    }
}
