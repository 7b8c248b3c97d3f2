//! Where an object's bytes lie between encoding and landing: in memory while it is small, in an unnamed file beyond.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest as Crc};
use http_body::{Frame, SizeHint};
use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};
use sha2::{Digest, Sha256};
use tokio::task::{JoinHandle, spawn_blocking};

/// Objects up to this size stay in memory.
const MOST_IN_MEMORY: usize = 4 << 20;

/// How much of a body is read and sent at once.
const CHUNK: usize = 256 << 10;

/// A sink for bytes that counts and hashes them on their way.
pub(crate) struct Spool {
    dir: PathBuf,
    store: Store,
    length: u64,
    crc64nvme: Crc,
    sha256: Sha256,
}

enum Store {
    Memory(Vec<u8>),
    Disk(File),
}

/// Checksums of a body, as S3's headers spell them.
#[derive(Clone, Debug)]
pub(crate) struct Digests {
    /// CRC-64/NVME, base64 of its eight bytes, big-endian: `x-amz-checksum-crc64nvme`.
    pub(crate) crc64nvme: String,
    /// SHA-256 in lower-case hexadecimal: `x-amz-content-sha256`.
    pub(crate) sha256: String,
}

impl Spool {
    pub(crate) fn new(dir: PathBuf) -> Self {
        let store = Store::Memory(Vec::new());
        Self { dir, store, length: 0, crc64nvme: Crc::new(CrcAlgorithm::Crc64Nvme), sha256: Sha256::new() }
    }

    /// The finished bytes with their checksums.
    pub(crate) fn seal(mut self) -> Result<(Body, Digests), Failure> {
        self.flush().map_err(|error| spool_failure(&error))?;
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let digests = Digests {
            crc64nvme: BASE64.encode(self.crc64nvme.finalize().to_be_bytes()),
            sha256: hex(&self.sha256.finalize()),
        };
        let bytes = match self.store {
            Store::Memory(bytes) => BodyBytes::Memory(bytes.into()),
            Store::Disk(file) => BodyBytes::Disk(Arc::new(file)),
        };
        Ok((Body { bytes, length: self.length }, digests))
    }

    fn spill(&mut self) -> io::Result<()> {
        if let Store::Memory(bytes) = &self.store {
            let in_dir = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.dir.display()));
            fs::create_dir_all(&self.dir).map_err(in_dir)?;
            let mut file = tempfile::tempfile_in(&self.dir).map_err(in_dir)?;
            file.write_all(bytes).map_err(in_dir)?;
            self.store = Store::Disk(file);
        }
        Ok(())
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Store::Memory(kept) = &self.store
            && kept.len() + bytes.len() > MOST_IN_MEMORY
        {
            self.spill()?;
        }
        let written = match &mut self.store {
            Store::Memory(kept) => kept.write(bytes)?,
            Store::Disk(file) => file.write(bytes)?,
        };
        let written_bytes = bytes.get(..written).unwrap_or(bytes);
        self.crc64nvme.update(written_bytes);
        self.sha256.update(written_bytes);
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

/// The bytes of a sealed object; they can be sent any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    bytes: BodyBytes,
    length: u64,
}

#[derive(Clone, Debug)]
enum BodyBytes {
    Memory(Bytes),
    Disk(Arc<File>),
}

impl Body {
    /// How many bytes.
    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    /// How many of them are held in memory.
    pub(crate) fn bytes_in_memory(&self) -> u64 {
        match &self.bytes {
            BodyBytes::Memory(bytes) => bytes.len() as u64,
            BodyBytes::Disk(_) => 0,
        }
    }

    /// A stream over all the bytes, which counts into `sent` how many were asked for.
    pub(crate) fn stream(&self, sent: Arc<AtomicU64>) -> BodyStream {
        BodyStream { body: self.clone(), next: 0, reading: None, sent }
    }
}

/// One sending of a body.
#[derive(Debug)]
pub(crate) struct BodyStream {
    body: Body,
    next: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
    sent: Arc<AtomicU64>,
}

impl BodyStream {
    fn left(&self) -> u64 {
        self.body.length - self.next
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let length = usize::try_from(self.left()).unwrap_or(usize::MAX).min(CHUNK);
        match &self.body.bytes {
            BodyBytes::Memory(bytes) => {
                let start = usize::try_from(self.next).unwrap_or(usize::MAX).min(bytes.len());
                Poll::Ready(Ok(bytes.slice(start..start + length)))
            }
            BodyBytes::Disk(file) => {
                let start = self.next;
                let reading = self.reading.get_or_insert_with(|| {
                    let file = file.clone();
                    spawn_blocking(move || {
                        let mut chunk = vec![0; length];
                        read_exact_at(&file, &mut chunk, start)?;
                        Ok(chunk.into())
                    })
                });
                let result = ready!(Pin::new(reading).poll(context));
                self.reading = None;
                Poll::Ready(result.unwrap_or_else(|error| Err(io::Error::other(error))))
            }
        }
    }
}

impl http_body::Body for BodyStream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left() == 0 {
            return Poll::Ready(None);
        }
        let chunk = ready!(this.poll_chunk(context))?;
        this.next += chunk.len() as u64;
        this.sent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = buffer.get_mut(read..).unwrap_or_default();
                offset += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use http_body::Body as _;

    use super::*;

    async fn collect(body: &Body) -> Vec<u8> {
        let mut stream = Box::pin(body.stream(Arc::default()));
        let mut all = Vec::new();
        while let Some(frame) = poll_fn(|context| stream.as_mut().poll_frame(context)).await {
            all.extend_from_slice(&frame.expect("readable").into_data().expect("data"));
        }
        all
    }

    #[tokio::test]
    async fn small_stays_in_memory_large_goes_to_disk_and_both_come_back_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        for length in [0, 1, 1000, MOST_IN_MEMORY, MOST_IN_MEMORY + 1, 3 * MOST_IN_MEMORY] {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            let mut spool = Spool::new(folder.path().join("made/when/needed"));
            bytes.chunks(100_003).for_each(|chunk| spool.write_all(chunk).expect("room"));
            let (body, digests) = spool.seal().expect("sealed");
            assert_eq!(
                (body.len(), body.bytes_in_memory() > 0),
                (length as u64, length > 0 && length <= MOST_IN_MEMORY)
            );
            assert_eq!(digests.crc64nvme, BASE64.encode(crc_fast::crc64_nvme(&bytes).to_be_bytes()));
            assert_eq!(collect(&body).await, bytes);
            assert_eq!(collect(&body).await, bytes);
        }
    }

    #[test]
    fn checksums_are_spelled_as_s3_spells_them() {
        let mut spool = Spool::new(PathBuf::new());
        spool.write_all(b"123456789").expect("memory");
        let (_, digests) = spool.seal().expect("sealed");
        // The check value of CRC-64/NVME is ae8b14860a799888 (NVM Express NVM Command Set, "64b CRC").
        assert_eq!(BASE64.decode(digests.crc64nvme).expect("base64"), [0xae, 0x8b, 0x14, 0x86, 0x0a, 0x79, 0x98, 0x88]);
        assert_eq!(digests.sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
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
