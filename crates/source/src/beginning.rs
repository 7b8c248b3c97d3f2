//! The beginning of what a program prints, for a look before a run: a program that goes on for hours has soon shown what its rows look
//! like.

use std::{
    io::{self, Read},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::{Duration, Instant},
};

/// How long after its first byte a program is listened to once a line and another have come: a header and a row.
const ENOUGH: Duration = Duration::from_secs(1);
/// How long where no more than one line has come.
const ALONE: Duration = Duration::from_secs(3);
/// How much is read at once, and how many of these wait to be taken.
const CHUNK: usize = 64 << 10;
const CHUNKS: usize = 4;

/// What a program prints in the first moments after it has begun to print, in whole lines; or all of it, where it ends before that or
/// prints no text.
pub(crate) struct Beginning {
    came: Receiver<io::Result<Vec<u8>>>,
    /// Whole lines, of which some were taken.
    ready: Vec<u8>,
    taken: usize,
    /// A line that is not whole yet.
    begun: Vec<u8>,
    lines: u64,
    first: Option<Instant>,
    /// What was printed is no text, so that a part of it is nothing.
    is_whole: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Listening,
    /// The program has ended its output.
    Ended,
    /// It may go on, and nobody listens any more.
    Cut,
}

impl Beginning {
    /// Reads on a thread of its own, which ends with the output.
    pub(crate) fn new(mut output: impl Read + Send + 'static) -> io::Result<Self> {
        let (send, came) = sync_channel(CHUNKS);
        thread::Builder::new().name("first rows".into()).spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                let read = output.read(&mut chunk);
                if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
                    continue;
                }
                let is_over = !matches!(read, Ok(1..));
                let sent = send.send(read.map(|read| {
                    chunk.truncate(read);
                    chunk
                }));
                if is_over || sent.is_err() {
                    return;
                }
            }
        })?;
        Ok(Self {
            came,
            ready: Vec::new(),
            taken: 0,
            begun: Vec::new(),
            lines: 0,
            first: None,
            is_whole: false,
            state: State::Listening,
        })
    }

    /// Whether the program was not listened to to its end.
    pub(crate) fn is_cut(&self) -> bool {
        self.state == State::Cut
    }

    /// Until when more is waited for; nothing where only the end, or a first line, will do.
    fn deadline(&self) -> Option<Instant> {
        let patience = match self.lines {
            _ if self.is_whole => return None,
            0 => return None,
            1 => ALONE,
            _ => ENOUGH,
        };
        self.first.map(|first| first + patience)
    }

    fn next(&mut self) -> io::Result<()> {
        let chunk = match self.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            Some(Duration::ZERO) => Err(RecvTimeoutError::Timeout),
            Some(left) => self.came.recv_timeout(left),
            None => self.came.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match chunk {
            Ok(Ok(chunk)) if !chunk.is_empty() => self.add(&chunk),
            Err(RecvTimeoutError::Timeout) => self.state = State::Cut,
            Ok(Err(error)) => return Err(error),
            Ok(Ok(_)) | Err(RecvTimeoutError::Disconnected) => {
                self.ready.append(&mut self.begun);
                self.state = State::Ended;
            }
        }
        Ok(())
    }

    fn add(&mut self, chunk: &[u8]) {
        if self.first.is_none() {
            self.first = Some(Instant::now());
            self.is_whole = !is_text(chunk);
        }
        self.begun.extend_from_slice(chunk);
        let whole = match self.begun.iter().rposition(|byte| *byte == b'\n') {
            _ if self.is_whole => self.begun.len(),
            Some(at) => at + 1,
            None => 0,
        };
        let rest = self.begun.split_off(whole);
        let whole = std::mem::replace(&mut self.begun, rest);
        self.lines += whole.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.ready.extend(whole);
    }
}

/// Whether this is the beginning of text: neither compressed (RFC 1952, RFC 8878) nor anything else with bytes that no text has.
fn is_text(chunk: &[u8]) -> bool {
    !chunk.starts_with(&[0x1f]) && !chunk.starts_with(&[0x28, 0xb5]) && !chunk.contains(&0)
}

impl Read for Beginning {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let ready = self.ready.get(self.taken..).unwrap_or_default();
            if !ready.is_empty() || buffer.is_empty() {
                let read = ready.len().min(buffer.len());
                for (to, from) in buffer.iter_mut().zip(ready) {
                    *to = *from;
                }
                self.taken += read;
                return Ok(read);
            }
            self.ready.clear();
            self.taken = 0;
            match self.state {
                State::Listening => self.next()?,
                State::Ended | State::Cut => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a piece at a time, each after a while, and then waits for ever, or ends.
    struct Slow(Vec<(u64, &'static str)>, bool);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                if self.1 {
                    loop {
                        thread::park();
                    }
                }
                return Ok(0);
            }
            let (wait, piece) = self.0.remove(0);
            thread::sleep(Duration::from_millis(wait));
            buffer[..piece.len()].copy_from_slice(piece.as_bytes());
            Ok(piece.len())
        }
    }

    fn heard(pieces: &[(u64, &'static str)], goes_on: bool) -> (String, bool) {
        let mut beginning = Beginning::new(Slow(pieces.to_vec(), goes_on)).unwrap();
        let mut text = String::new();
        beginning.read_to_string(&mut text).unwrap();
        (text, beginning.is_cut())
    }

    #[test]
    fn whole_lines_of_a_program_that_goes_on_and_all_of_one_that_ends() {
        assert_eq!(heard(&[(0, "a,b\n1,"), (10, "2\n3")], true), ("a,b\n1,2\n".into(), true));
        assert_eq!(
            heard(&[(1500, "a\n"), (0, "1\n")], true),
            ("a\n1\n".into(), true),
            "it is timed from the first byte"
        );
        assert_eq!(heard(&[(0, "{\"a\": 1}\n")], true), ("{\"a\": 1}\n".into(), true));
        assert_eq!(heard(&[(0, "a\n1\n2"), (500, "3")], false), ("a\n1\n23".into(), false));
        assert_eq!(heard(&[(0, "\u{1f}\n\n"), (1500, "x")], false), ("\u{1f}\n\nx".into(), false), "it is no text");
    }
}
