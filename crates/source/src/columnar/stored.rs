//! A file that is read at any place, by several threads at once.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read, Write},
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};

use crate::{
    error::{Error, shown},
    open::Stream,
};

/// How much is read at once where the end is not known.
const STEP: usize = 64 << 10;

/// A file, or content that was put into one. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    file: Arc<File>,
    bytes: u64,
}

impl Stored {
    /// Opens a file.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let unreadable = |cause| Error::Unreadable { path: shown(path), cause };
        let file = File::open(path).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        Ok(Self { file: Arc::new(file), bytes })
    }

    /// Puts what is left of a stream into a file without a name in this folder. It takes no memory, and goes away with its
    /// last user, however the process ends.
    pub(crate) fn spool(stream: &mut Stream, folder: &Path) -> Result<Self, Error> {
        let spool = |cause| Error::Spool { path: shown(folder), cause };
        fs::create_dir_all(folder).map_err(spool)?;
        let mut file = tempfile::tempfile_in(folder).map_err(spool)?;
        let (mut bytes, mut buffer) = (0, vec![0; 4 * STEP]);
        loop {
            let read = stream.read(&mut buffer)?;
            if read == 0 {
                return Ok(Self { file: Arc::new(file), bytes });
            }
            file.write_all(buffer.get(..read).unwrap_or_default()).map_err(spool)?;
            bytes += read as u64;
        }
    }

    /// The size in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Fills a buffer with what begins at an offset.
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        At { stored: self.clone(), offset }.read_exact(buffer)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(&*self.file, buffer, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, offset);
    }
}

/// A place in a file, which moves on as it is read.
pub(crate) struct At {
    stored: Stored,
    offset: u64,
}

impl Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stored.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

impl Length for Stored {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Stored {
    type T = BufReader<At>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::with_capacity(STEP, At { stored: self.clone(), offset: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // A length out of a damaged file takes no memory before it is known to be there.
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} lie beyond the end of the file")));
        }
        let mut bytes = vec![0; length];
        self.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}
