//! A window that moves over a stream.

use std::time::{Duration, Instant};

use super::Limits;
use crate::{error::Error, open::Stream};

/// How much is read at once.
const STEP: usize = 256 << 10;
/// How long records of a slow stream wait for more before they are handed on.
const PATIENCE: Duration = Duration::from_secs(1);

/// The part of a stream that is in memory, and how far it has been cut.
pub(crate) struct Window {
    stream: Stream,
    /// The text in memory.
    pub(crate) bytes: Vec<u8>,
    /// How many of the bytes have been cut.
    pub(crate) position: usize,
    /// The line of the file at `position`, from 1.
    pub(crate) line: u64,
    ended: bool,
    since: Instant,
}

impl Window {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, bytes: Vec::new(), position: 0, line: 1, ended: false, since: Instant::now() }
    }

    /// What lies ahead in memory.
    pub(crate) fn rest(&self) -> &[u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// Reads more bytes to the end of the window; whether there were any. `at_least` doubles what a long record needs.
    pub(crate) fn fill(&mut self, at_least: usize) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        let (before, wanted) = (self.bytes.len(), at_least.max(STEP));
        let mut read = 0;
        self.bytes.resize(before + wanted, 0);
        while read < at_least.max(1) && !self.ended {
            match self.stream.read(&mut self.bytes[before + read..]) {
                Ok(0) => self.ended = true,
                Ok(more) => read += more,
                Err(error) => {
                    self.bytes.truncate(before);
                    return Err(error);
                }
            }
        }
        self.bytes.truncate(before + read);
        Ok(read > 0)
    }

    /// Moves over `count` bytes and counts their lines.
    pub(crate) fn advance(&mut self, count: usize) {
        let passed = &self.rest()[..count.min(self.rest().len())];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.position += count;
    }

    /// Moves over blank bytes to the next other one, which it gives; `None` at the end.
    pub(crate) fn skip(&mut self, is_blank: impl Fn(u8) -> bool) -> Result<Option<u8>, Error> {
        let start = self.position;
        loop {
            while let Some(&byte) = self.bytes.get(self.position) {
                if !is_blank(byte) {
                    return Ok(Some(byte));
                }
                self.line += u64::from(byte == b'\n');
                self.position += 1;
            }
            // However many blanks there are, they take no memory.
            self.bytes.truncate(start);
            self.position = start;
            if !self.fill(0)? {
                return Ok(None);
            }
        }
    }

    /// Takes what has been cut out of the window.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let rest = self.rest().to_vec();
        let mut cut = std::mem::replace(&mut self.bytes, rest);
        cut.truncate(self.position);
        self.position = 0;
        self.since = Instant::now();
        cut
    }

    /// Whether so many records with so many items, which end at the position, make a block: because they are enough, or
    /// have waited for long and would have to wait for more.
    pub(crate) fn is_block(&self, records: usize, items: usize, limits: Limits) -> bool {
        let is_stale = || {
            let patience = PATIENCE.saturating_sub(self.since.elapsed());
            self.position == self.bytes.len() && (patience.is_zero() || !self.stream.comes_within(patience))
        };
        let is_full = || records >= limits.rows || items >= limits.items || self.position >= limits.bytes;
        records > 0 && (is_full() || is_stale())
    }

    pub(crate) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(crate) fn into_stream(self) -> Stream {
        self.stream
    }
}
