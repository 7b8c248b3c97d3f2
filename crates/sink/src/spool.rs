//! Where an object's bytes lie between encoding and landing: in memory while they are few, in an unnamed file beyond; and where
//! a large object is cut into pieces.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};

use crate::{
    body::Body,
    digest::{ChecksumKind, Digester, Digests},
    parts::PartSizes,
};

/// Pieces up to this size stay in memory: also the 10,000 rows after which objects of CloudQuery's close, of most tables.
const MOST_IN_MEMORY: usize = 8 << 20;
/// The size of what is put into memory at once.
const CHUNK: usize = 256 << 10;

/// A sink for bytes that cuts, counts and hashes them on their way.
pub(crate) struct Spool {
    dir: PathBuf,
    sizes: Option<PartSizes>,
    checksum: ChecksumKind,
    finished: Vec<(Body, Digests)>,
    /// The number of the open piece; the first is 1.
    number: u32,
    store: Store,
    length: u64,
    digester: Digester,
}

enum Store {
    Memory(Chunks),
    Disk(File),
}

/// Bytes in memory, in pieces: what is there is never copied to where there is more room.
#[derive(Default)]
struct Chunks {
    full: Vec<Bytes>,
    open: Vec<u8>,
}

impl Spool {
    /// A spool that never cuts.
    #[cfg(test)]
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self::with(dir, None, ChecksumKind::Crc64Nvme)
    }

    /// A spool that cuts where pieces of these sizes end, and takes this checksum of each.
    pub(crate) fn in_pieces(dir: PathBuf, sizes: PartSizes, checksum: ChecksumKind) -> Self {
        Self::with(dir, Some(sizes), checksum)
    }

    fn with(dir: PathBuf, sizes: Option<PartSizes>, checksum: ChecksumKind) -> Self {
        let store = Store::Memory(Chunks::default());
        let digester = Digester::new(checksum);
        Self { dir, sizes, checksum, finished: Vec::new(), number: 1, store, length: 0, digester }
    }

    /// Takes out the pieces behind which there are more bytes.
    pub(crate) fn take_finished(&mut self) -> Vec<(Body, Digests)> {
        std::mem::take(&mut self.finished)
    }

    /// The last piece, which ends here. What came before it has been taken out.
    pub(crate) fn seal(mut self) -> Result<(Body, Digests), Failure> {
        self.flush().map_err(|error| spool_failure(&error))?;
        Ok(sealed(self.store, self.length, self.digester))
    }

    /// Bytes that it holds in memory.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let open = match &self.store {
            Store::Memory(chunks) => chunks.memory_bytes() as u64,
            Store::Disk(_) => 0,
        };
        open + self.finished.iter().map(|(body, _)| body.bytes_in_memory()).sum::<u64>()
    }

    /// Moves what the open piece has in memory into a file, where the rest of it will go too.
    pub(crate) fn spill(&mut self) -> Result<(), Failure> {
        self.store.spill(&self.dir).map_err(|error| spool_failure(&error))
    }

    /// How many bytes more the open piece takes.
    fn room(&self) -> usize {
        let size = self.sizes.map_or(u64::MAX, |sizes| sizes.of(self.number));
        usize::try_from(size.saturating_sub(self.length)).unwrap_or(usize::MAX)
    }

    fn cut(&mut self) -> io::Result<()> {
        self.flush()?;
        let store = std::mem::replace(&mut self.store, Store::Memory(Chunks::default()));
        let digester = std::mem::replace(&mut self.digester, Digester::new(self.checksum));
        self.finished.push(sealed(store, self.length, digester));
        self.length = 0;
        self.number += 1;
        Ok(())
    }
}

impl Store {
    fn write(&mut self, bytes: &[u8], dir: &Path) -> io::Result<usize> {
        match self {
            Self::Memory(chunks) if chunks.len() + bytes.len() <= MOST_IN_MEMORY => {
                chunks.push(bytes);
                Ok(bytes.len())
            }
            Self::Memory(_) => {
                self.spill(dir)?;
                self.write(bytes, dir)
            }
            Self::Disk(file) => file.write(bytes),
        }
    }

    fn spill(&mut self, dir: &Path) -> io::Result<()> {
        if let Self::Memory(chunks) = self {
            let in_dir = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", dir.display()));
            fs::create_dir_all(dir).map_err(in_dir)?;
            let mut file = tempfile::tempfile_in(dir).map_err(in_dir)?;
            for bytes in chunks.full.iter().map(AsRef::as_ref).chain([chunks.open.as_slice()]) {
                file.write_all(bytes).map_err(in_dir)?;
            }
            *self = Self::Disk(file);
        }
        Ok(())
    }
}

impl Chunks {
    fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (fits, rest) = bytes.split_at(bytes.len().min(CHUNK - self.open.len()));
            let (length, capacity) = (self.open.len() + fits.len(), self.open.capacity());
            if capacity < length {
                // The first grows as a vector does by itself, but never beyond its size: most objects of many open tables are small.
                let capacity = if self.full.is_empty() { (capacity * 2).max(length).min(CHUNK) } else { CHUNK };
                self.open.reserve_exact(capacity - self.open.len());
            }
            self.open.extend_from_slice(fits);
            if self.open.len() == CHUNK {
                self.full.push(std::mem::take(&mut self.open).into());
            }
            bytes = rest;
        }
    }

    fn len(&self) -> usize {
        self.full.len() * CHUNK + self.open.len()
    }

    fn memory_bytes(&self) -> usize {
        self.full.len() * CHUNK + self.open.capacity()
    }

    fn into_body(mut self) -> Body {
        self.open.shrink_to_fit();
        self.full.extend((!self.open.is_empty()).then(|| self.open.into()));
        Body::in_memory(self.full)
    }
}

fn sealed(store: Store, length: u64, digester: Digester) -> (Body, Digests) {
    let body = match store {
        Store::Memory(chunks) => chunks.into_body(),
        Store::Disk(file) => Body::on_disk(file, length),
    };
    (body, digester.finish())
}

impl Write for Spool {
    /// A piece ends when a byte beyond it comes, so an object that just fits stays one piece.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room() == 0 && !bytes.is_empty() {
            self.cut()?;
        }
        let bytes = bytes.get(..self.room()).unwrap_or(bytes);
        let written = self.store.write(bytes, &self.dir)?;
        self.digester.update(bytes.get(..written).unwrap_or(bytes));
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.store {
            Store::Memory(_) => Ok(()),
            Store::Disk(file) => file.flush(),
        }
    }
}

/// What an error of the spool's folder means for the run.
pub(crate) fn spool_failure(error: &io::Error) -> Failure {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let kind = if full { FailureKind::Partial } else { FailureKind::Destination };
    let text = error.to_string();
    let what = format!("an object can't be kept on disk until it has landed: {}", printable(&text));
    Failure::new(kind, what)
        .next("set state_dir to a folder with room for a few objects of file_size, or lower file_size")
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, sync::Arc};

    use http_body::Body as _;

    use super::*;
    use crate::digest::Checksum;

    async fn collect(body: &Body) -> Vec<u8> {
        let mut stream = Box::pin(body.stream(Arc::default()));
        let mut all = Vec::new();
        while let Some(frame) = poll_fn(|context| stream.as_mut().poll_frame(context)).await {
            all.extend_from_slice(&frame.expect("readable").into_data().expect("data"));
        }
        all
    }

    fn bytes(length: usize) -> Vec<u8> {
        (0..=250).cycle().take(length).collect()
    }

    #[tokio::test]
    async fn small_stays_in_memory_large_goes_to_disk_and_both_come_back_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        for length in [0, 1, 1000, CHUNK, CHUNK + 1, MOST_IN_MEMORY, MOST_IN_MEMORY + 1, 3 * MOST_IN_MEMORY] {
            let bytes = bytes(length);
            let mut spool = Spool::new(folder.path().join("made/when/needed"));
            for chunk in bytes.chunks(100_003) {
                spool.write_all(chunk).expect("room");
                assert!(spool.memory_bytes() <= MOST_IN_MEMORY as u64);
            }
            let (body, digests) = spool.seal().expect("sealed");
            assert_eq!(
                (body.len(), body.bytes_in_memory() > 0),
                (length as u64, length > 0 && length <= MOST_IN_MEMORY)
            );
            assert_eq!(digests.checksum, Checksum::Crc64Nvme(crc_fast::crc64_nvme(&bytes)));
            assert_eq!(collect(&body).await, bytes);
            assert_eq!(collect(&body).await, bytes);
        }
    }

    #[tokio::test]
    async fn a_piece_is_cut_when_a_byte_beyond_it_comes_and_each_has_hashes_of_its_own() {
        const FIRST: usize = 20 << 20;
        let folder = tempfile::tempdir().expect("a folder");
        let sizes = PartSizes::new(5 << 20, false);
        for (length, pieces) in
            [(FIRST, vec![FIRST]), (FIRST + 1, vec![FIRST, 1]), (27 << 20, vec![FIRST, 5 << 20, 2 << 20])]
        {
            let bytes = bytes(length);
            let mut spool = Spool::in_pieces(folder.path().into(), sizes, ChecksumKind::Crc64Nvme);
            bytes.chunks(300_007).for_each(|chunk| spool.write_all(chunk).expect("room"));
            let mut sealed = spool.take_finished();
            sealed.push(spool.seal().expect("sealed"));
            assert_eq!(
                sealed.iter().map(|(body, _)| body.len()).collect::<Vec<_>>(),
                pieces.iter().map(|length| *length as u64).collect::<Vec<_>>()
            );
            let mut start = 0;
            for (body, digests) in sealed {
                let piece = collect(&body).await;
                assert_eq!(digests.checksum, Checksum::Crc64Nvme(crc_fast::crc64_nvme(&piece)));
                assert_eq!(piece, bytes[start..start + piece.len()]);
                start += piece.len();
            }
        }
    }

    #[tokio::test]
    async fn what_is_spilled_goes_on_in_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut spool = Spool::new(folder.path().into());
        spool.write_all(b"one, ").expect("memory");
        spool.spill().expect("room");
        spool.write_all(b"two").expect("room");
        assert_eq!(spool.memory_bytes(), 0);
        assert_eq!(collect(&spool.seal().expect("sealed").0).await, b"one, two");
    }

    #[test]
    fn a_folder_that_can_not_be_written_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let blocked = folder.path().join("file");
        fs::write(&blocked, "in the way").expect("written");
        let mut spool = Spool::new(blocked.clone());
        let error = spool.write_all(&vec![0; MOST_IN_MEMORY + 1]).expect_err("no folder can be made there");
        let failure = spool_failure(&error);
        assert_eq!(failure.kind, FailureKind::Destination);
        assert!(failure.what.contains(&blocked.display().to_string()), "{failure}");
    }
}
