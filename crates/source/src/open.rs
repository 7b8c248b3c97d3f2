//! Opening an input: decompression by content, byte order marks, and whether a file stayed the same while it was read.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread,
    time::{Duration, SystemTime},
};

use flate2::read::MultiGzDecoder;
use lakeward_core::table::TableName;

use crate::{
    command::{Commands, EndCommand},
    error::{CommandFailed, Error, shown},
};

/// How much is read from the system at once.
const CHUNK: usize = 256 << 10;

/// What tells that a file is the same as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) bytes: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Stamp {
    /// Looks at the file that has this path now.
    pub(crate) fn of(path: &Path) -> Result<Self, Error> {
        let found = fs::metadata(path).map_err(|cause| Error::Unreadable { path: shown(path), cause })?;
        Ok(Self {
            bytes: found.len(),
            modified: found.modified().ok(),
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt;
                (found.dev(), found.ino())
            },
        })
    }

    /// # Errors
    /// When the file is another one by now, or has another size or time.
    pub(crate) fn check(&self, path: &Path) -> Result<(), Error> {
        match Self::of(path) {
            Ok(now) if now == *self => Ok(()),
            _ => Err(Error::Changed { path: shown(path) }),
        }
    }
}

/// The content of an input: decompressed, without a byte order mark.
pub(crate) struct Stream {
    /// The input's name in messages.
    pub(crate) name: String,
    compression: Option<&'static str>,
    reader: Box<dyn Read + Send>,
    /// What the reader reads from, where more may come at any time.
    pipe: Option<Pipe>,
    /// The command whose output it is.
    command: Option<EndCommand>,
    tells_its_end: bool,
    stored: Arc<AtomicU64>,
    /// Bytes of content that the reader gave.
    content: u64,
    /// Bytes that come before what the reader gives next, and how many of them were taken.
    head: Vec<u8>,
    taken: usize,
    /// What was read since [`Stream::keep`].
    kept: Option<Vec<u8>>,
}

impl Stream {
    /// Opens a file.
    pub(crate) fn file(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|cause| Error::Unreadable { path: shown(path), cause })?;
        Self::new(shown(path), file)
    }

    /// Opens standard input.
    pub(crate) fn stdin() -> Result<Self, Error> {
        Self::piped("standard input".into(), io::stdin())
    }

    /// Starts a command and opens its output, which is text or not. It ends with the stream.
    pub(crate) fn command(
        commands: &Commands,
        command: &[String],
        folder: &Path,
        table: &TableName,
        is_text: bool,
    ) -> Result<Self, Error> {
        let (output, end) = commands.start(command, folder, table, is_text)?;
        let stream = Self::piped(end.name().to_owned(), output)?;
        Ok(Self { command: Some(end), tells_its_end: true, ..stream })
    }

    fn piped(name: String, reader: impl Read + Send + 'static) -> Result<Self, Error> {
        let pipe = Pipe::new(&name, reader).map_err(|cause| Error::Unreadable { path: name.clone(), cause })?;
        let stream = Self::new(name, pipe.clone())?;
        Ok(Self { pipe: Some(pipe), ..stream })
    }

    /// What ends the command that is read.
    pub(crate) fn take_command(&mut self) -> Option<EndCommand> {
        self.command.take()
    }

    /// Whether it is known that nothing is missing where nothing more comes: a command's status tells. Of a file or of standard
    /// input, the rest may be lost.
    pub(crate) fn tells_its_end(&self) -> bool {
        self.tells_its_end
    }

    /// Whether more comes within this time, or the end. With files it always does.
    pub(crate) fn comes_within(&self, time: Duration) -> bool {
        self.pipe.as_ref().is_none_or(|pipe| pipe.comes_within(time))
    }

    /// Takes a reader's content; `name` is how messages call it.
    pub(crate) fn new(name: String, reader: impl Read + Send + 'static) -> Result<Self, Error> {
        let stored = Arc::<AtomicU64>::default();
        let mut reader = BufReader::with_capacity(CHUNK, Counting { reader, count: Arc::clone(&stored) });
        let mut magic = Vec::new();
        let unreadable = |cause| Error::Unreadable { path: name.clone(), cause };
        reader
            .by_ref()
            .take(8)
            .read_to_end(&mut magic)
            .map_err(|cause| failed(&cause).unwrap_or_else(|| unreadable(cause)))?;
        if let Some(what) = foreign(&magic) {
            return Err(Error::Foreign { path: name, what });
        }
        let raw = io::Cursor::new(magic.clone()).chain(reader);
        let (compression, reader): (_, Box<dyn Read + Send>) = match magic.as_slice() {
            // RFC 1952, 2.3.1
            [0x1f, 0x8b, ..] => (Some("gzip"), Box::new(MultiGzDecoder::new(BufReader::with_capacity(CHUNK, raw)))),
            // RFC 8878, 3.1.1 and 3.1.2 (a skippable frame may come first)
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let decoder = zstd::Decoder::with_buffer(BufReader::with_capacity(CHUNK, raw)).map_err(unreadable)?;
                (Some("zstd"), Box::new(decoder))
            }
            _ => (None, Box::new(raw)),
        };
        let mut stream = Self {
            name,
            compression,
            reader,
            pipe: None,
            command: None,
            tells_its_end: false,
            stored,
            content: 0,
            head: Vec::new(),
            taken: 0,
            kept: None,
        };
        let mark = stream.peek(4)?;
        let foreign = match mark {
            [0xff, 0xfe, 0, 0] | [0, 0, 0xfe, 0xff] => Some("text in UTF-32"),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("text in UTF-16"),
            _ => None,
        };
        let has_mark = mark.starts_with(b"\xef\xbb\xbf");
        if let Some(what) = foreign {
            return Err(Error::Foreign { path: stream.name, what });
        }
        if has_mark {
            stream.taken = 3;
        }
        Ok(stream)
    }

    /// Whether the content is decompressed.
    pub(crate) fn is_compressed(&self) -> bool {
        self.compression.is_some()
    }

    /// Reads some bytes: none at the end only.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let head = &self.head[self.taken..];
        let read = if head.is_empty() {
            self.head = Vec::new();
            self.taken = 0;
            self.pull(buffer)?
        } else {
            let read = head.len().min(buffer.len());
            buffer[..read].copy_from_slice(&head[..read]);
            self.taken += read;
            read
        };
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(&buffer[..read]);
        }
        Ok(read)
    }

    /// The next `most` bytes, or all that are left, without taking them.
    pub(crate) fn peek(&mut self, most: usize) -> Result<&[u8], Error> {
        while self.head.len() - self.taken < most {
            let mut more = vec![0; most - (self.head.len() - self.taken)];
            let read = self.pull(&mut more)?;
            if read == 0 {
                break;
            }
            self.head.extend_from_slice(&more[..read]);
        }
        let head = &self.head[self.taken..];
        Ok(&head[..head.len().min(most)])
    }

    /// From now on what is read is kept as well.
    pub(crate) fn keep(&mut self) {
        self.kept = Some(Vec::new());
    }

    /// Puts what was kept back before everything else, and keeps nothing more.
    pub(crate) fn rewind(&mut self) {
        if let Some(mut kept) = self.kept.take() {
            kept.extend_from_slice(&self.head[self.taken..]);
            self.head = kept;
            self.taken = 0;
        }
    }

    /// Bytes as stored (before decompression) that were taken since the last call.
    pub(crate) fn take_stored(&self) -> u64 {
        self.stored.swap(0, Ordering::Relaxed)
    }

    fn pull(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.reader.read(buffer) {
                Ok(read) => {
                    self.content += read as u64;
                    return Ok(read);
                }
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => {
                    if let Some(failed) = failed(&cause) {
                        return Err(failed);
                    }
                    let path = self.name.clone();
                    return Err(match self.compression {
                        Some(compression) => Error::Damaged { path, compression, after: self.content, cause },
                        None => Error::Unreadable { path, cause },
                    });
                }
            }
        }
    }
}

/// The end of a command, where that is what a reader came to.
fn failed(cause: &io::Error) -> Option<Error> {
    cause.get_ref()?.downcast_ref::<CommandFailed>().cloned().map(Error::Command)
}

/// Well-known content that is no text, by its first bytes.
fn foreign(magic: &[u8]) -> Option<&'static str> {
    match magic {
        [b'P', b'K', 3, 4, ..] => Some("a ZIP archive"),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, ..] => Some("compressed with bzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some("compressed with xz"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some("compressed with lz4"),
        _ => None,
    }
}

/// A reader that counts what it gives.
struct Counting<R> {
    reader: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A reader on a thread of its own, so that one can wait for it no longer than one likes. Clones share it.
#[derive(Clone)]
struct Pipe(Arc<Mutex<Arrived>>);

/// What a pipe's thread has read.
struct Arrived {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    taken: usize,
    error: Option<io::Error>,
    ended: bool,
}

impl Pipe {
    /// Begins to read: a few chunks ahead, until the end or an error.
    fn new(name: &str, mut reader: impl Read + Send + 'static) -> io::Result<Self> {
        let (sender, chunks) = sync_channel(2);
        thread::Builder::new().name(name.into()).spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                let read = match reader.read(&mut chunk) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read,
                };
                let is_last = matches!(read, Ok(0) | Err(_));
                let sent = sender.send(read.map(|read| {
                    chunk.truncate(read);
                    chunk
                }));
                if is_last || sent.is_err() {
                    return;
                }
            }
        })?;
        Ok(Self(Arc::new(Mutex::new(Arrived { chunks, chunk: Vec::new(), taken: 0, error: None, ended: false }))))
    }

    fn comes_within(&self, time: Duration) -> bool {
        let mut arrived = self.lock();
        if arrived.is_empty() {
            match arrived.chunks.recv_timeout(time) {
                Ok(chunk) => arrived.take(chunk),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => arrived.ended = true,
            }
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Arrived> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arrived {
    fn is_empty(&self) -> bool {
        self.taken == self.chunk.len() && self.error.is_none() && !self.ended
    }

    fn take(&mut self, chunk: io::Result<Vec<u8>>) {
        match chunk {
            Ok(chunk) => {
                self.ended = chunk.is_empty();
                self.chunk = chunk;
                self.taken = 0;
            }
            Err(error) => self.error = Some(error),
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut arrived = self.lock();
        if arrived.is_empty() {
            match arrived.chunks.recv() {
                Ok(chunk) => arrived.take(chunk),
                Err(_) => arrived.ended = true,
            }
        }
        if let Some(error) = arrived.error.take() {
            arrived.ended = true;
            return Err(error);
        }
        let read = arrived.chunk.get(arrived.taken..).unwrap_or_default().read(buffer)?;
        arrived.taken += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn rest(stream: &mut Stream) -> String {
        let (mut all, mut buffer) = (Vec::new(), [0; 7]);
        loop {
            let read = stream.read(&mut buffer).expect("in memory");
            if read == 0 {
                return String::from_utf8(all).expect("text");
            }
            all.extend_from_slice(&buffer[..read]);
        }
    }

    #[test]
    fn a_pipe_tells_whether_more_comes() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let mut pipe = Pipe::new("a pipe", reader).expect("a thread");
        let (moment, long) = (Duration::from_millis(20), Duration::from_secs(20));
        assert!(!pipe.comes_within(moment));
        writer.write_all(b"abc").expect("written");
        assert!(pipe.comes_within(long));
        let mut buffer = [0; 2];
        assert_eq!((pipe.read(&mut buffer).expect("there"), buffer), (2, *b"ab"));
        assert!(pipe.comes_within(moment), "c is still there");
        assert_eq!((pipe.read(&mut buffer).expect("there"), buffer[0]), (1, b'c'));
        assert!(!pipe.comes_within(moment));
        drop(writer);
        assert!(pipe.comes_within(long), "the end is something to come");
        assert_eq!(pipe.read(&mut buffer).expect("the end"), 0);
    }

    #[test]
    fn what_was_kept_is_read_again() {
        for (content, text) in [("\u{feff}a,b\n1,2\n3,4\n", "a,b\n1,2\n3,4\n"), ("a", "a"), ("", "")] {
            let mut stream = Stream::new("x".into(), io::Cursor::new(content)).expect("opened");
            assert_eq!(stream.peek(3).expect("in memory"), &text.as_bytes()[..text.len().min(3)]);
            stream.keep();
            let mut buffer = [0; 5];
            let _ = stream.read(&mut buffer).expect("in memory");
            stream.rewind();
            assert_eq!(rest(&mut stream), text);
            stream.rewind();
            assert_eq!(rest(&mut stream), "", "nothing more was kept");
            assert_eq!(stream.take_stored(), content.len() as u64);
        }
    }
}
