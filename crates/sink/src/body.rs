//! Bytes that wait to be sent, in memory or in a file.

use std::{
    fs::File,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

/// How much of a body is read and sent at once.
const CHUNK: usize = 256 << 10;

/// The bytes of a sealed piece; they can be sent any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    bytes: BodyBytes,
    length: u64,
}

#[derive(Clone, Debug)]
enum BodyBytes {
    Memory(Arc<[Bytes]>),
    Disk(Arc<File>),
}

impl Body {
    /// Of bytes one after the other.
    pub(crate) fn in_memory(bytes: impl Into<Arc<[Bytes]>>) -> Self {
        let bytes = bytes.into();
        let length = bytes.iter().map(|bytes| bytes.len() as u64).sum();
        Self { bytes: BodyBytes::Memory(bytes), length }
    }

    pub(crate) fn on_disk(file: File, length: u64) -> Self {
        Self { bytes: BodyBytes::Disk(Arc::new(file)), length }
    }

    /// How many bytes.
    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    /// How many of them are held in memory.
    pub(crate) fn bytes_in_memory(&self) -> u64 {
        match &self.bytes {
            BodyBytes::Memory(_) => self.length,
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
                let mut start = usize::try_from(self.next).unwrap_or(usize::MAX);
                let mut bytes = bytes.iter().skip_while(|bytes| {
                    let is_sent = bytes.len() <= start;
                    start -= if is_sent { bytes.len() } else { 0 };
                    is_sent
                });
                let chunk = bytes.next().map(|bytes| bytes.slice(start..bytes.len().min(start + length)));
                Poll::Ready(Ok(chunk.unwrap_or_default()))
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
