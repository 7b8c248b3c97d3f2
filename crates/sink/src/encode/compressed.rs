//! The compression around a text file. It is cut into blocks that are compressed in parallel, each into a gzip member or a
//! Zstandard frame of its own: readers take several in a row for one file (RFC 1952 §2.2, RFC 8878 §3).

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use flate2::{Compression, write::GzEncoder};
use lakeward_core::plan::TextCompression;
use rayon::{ThreadPool, prelude::*};

use crate::spool::Spool;

/// The text of one member or frame. Smaller ones would compress worse, larger ones make each open object take more memory.
const BLOCK: usize = 512 << 10;

/// How small text is expected to become before any has been compressed: one part in so many.
const EXPECTED_RATIO: u64 = 4;

/// A file of text on its way into a spool.
pub(super) struct CompressedFile {
    compression: TextCompression,
    threads: Arc<ThreadPool>,
    spool: Spool,
    /// Text that is not yet compressed: never more than one block for each thread.
    pending: Vec<u8>,
    /// Bytes of text that have been compressed.
    text: u64,
    /// Bytes that have gone into the spool.
    written: u64,
}

impl CompressedFile {
    pub(super) fn new(compression: TextCompression, threads: Arc<ThreadPool>, spool: Spool) -> Self {
        Self { compression, threads, spool, pending: Vec::new(), text: 0, written: 0 }
    }

    pub(super) fn write(&mut self, mut text: &[u8]) -> io::Result<()> {
        if self.compression == TextCompression::None {
            return self.store(text);
        }
        let most = BLOCK * self.threads.current_num_threads();
        while !text.is_empty() {
            let (fits, rest) = text.split_at(text.len().min(most - self.pending.len()));
            self.pending.extend_from_slice(fits);
            text = rest;
            if self.pending.len() == most {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Compresses what is pending. A file without text still gets its one empty member or frame from [`Self::finish`].
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let compress = |block: &[u8]| compressed(self.compression, block);
        let blocks: Vec<_> = if pending.len() <= BLOCK {
            pending.chunks(BLOCK).map(compress).collect()
        } else {
            self.threads.install(|| pending.par_chunks(BLOCK).map(compress).collect())
        };
        self.text += pending.len() as u64;
        blocks.into_iter().try_for_each(|block| self.store(&block?))
    }

    pub(super) fn finish(mut self) -> io::Result<Spool> {
        self.flush()?;
        if self.written == 0 && self.compression != TextCompression::None {
            self.store(&compressed(self.compression, b"")?)?;
        }
        Ok(self.spool)
    }

    /// Bytes of the file so far, what is pending as compressed as what came before.
    pub(super) fn encoded_bytes(&self) -> u64 {
        let pending = self.pending.len() as u64;
        let expected = match self.text {
            0 => pending / EXPECTED_RATIO,
            text => u64::try_from(u128::from(pending) * u128::from(self.written) / u128::from(text)).unwrap_or(pending),
        };
        self.written + expected
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        self.pending.capacity() as u64
    }

    pub(super) fn spool(&mut self) -> &mut Spool {
        &mut self.spool
    }

    fn store(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.spool.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

fn compressed(compression: TextCompression, block: &[u8]) -> io::Result<Vec<u8>> {
    match compression {
        TextCompression::None => Ok(block.to_vec()),
        TextCompression::Gzip => {
            let mut encoder = GzEncoder::new(Vec::with_capacity(block.len() / 4), Compression::default());
            encoder.write_all(block)?;
            encoder.finish()
        }
        TextCompression::Zstd => zstd::bulk::compress(block, zstd::DEFAULT_COMPRESSION_LEVEL),
    }
}
