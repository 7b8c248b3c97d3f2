//! Requests whose `:authority` is no authority.
//!
//! A host that dials a unix socket names the socket's path there, percent-encoded (observed: the `cloudquery` CLI 6.21, and
//! gRPC in Python). HTTP/2 libraries in Rust reset such a stream. So this filter stands between the socket and the server: it
//! hands frames on as they are, but for those that hold headers (RFC 9113, 6.2 and 6.10). Their block is decoded and, with
//! another `:authority`, encoded again.
//!
//! It believes no length: a frame, a block and a header list have the bounds below. What breaks one, or can't be read, ends
//! its own connection and nothing else.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::header_block::{HeaderBlocks, HeaderError};

/// What every HTTP/2 connection begins with (RFC 9113, 3.4), in bytes.
const PREFACE: usize = 24;
/// The head of a frame in bytes (RFC 9113, 4.1).
const HEAD: usize = 9;
/// The longest payload of a frame with headers: what a peer may send that was told nothing else (RFC 9113, 4.2).
const LONGEST_FRAME: usize = 16_384;
/// The longest header block in bytes, as encoded.
const LONGEST_BLOCK: usize = 64 << 10;
/// The most frames that one header block may come in.
const MOST_FRAMES: usize = 32;

const HEADERS: u8 = 1;
const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
/// Bytes of the priority that a HEADERS frame can hold.
const PRIORITY_BYTES: usize = 5;

/// Why a connection can't go on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    /// A frame with headers is too long.
    #[error("a frame with headers has {0} bytes, and at most {LONGEST_FRAME} are taken")]
    Frame(usize),
    /// A header block is too long, or comes in too many frames.
    #[error("a header block is longer than is taken")]
    Block,
    /// Another frame stands within a header block, or a continuation outside of one.
    #[error("a frame of type {0} stands out of turn")]
    Order(u8),
    /// The padding or the priority is longer than the frame.
    #[error("a frame with headers is shorter than it says")]
    Padding,
    /// The block itself.
    #[error(transparent)]
    Headers(#[from] HeaderError),
}

/// The bytes of one connection on their way to the server.
#[derive(Default)]
pub(crate) struct AuthorityFilter {
    headers: HeaderBlocks,
    has_begun: bool,
    /// Bytes that are handed on as they come.
    passing: usize,
    /// Frames that were made anew.
    ready: Bytes,
    open: Option<OpenBlock>,
}

/// A header block of which more is to come.
struct OpenBlock {
    stream: u32,
    flags: u8,
    priority: Option<[u8; PRIORITY_BYTES]>,
    block: BytesMut,
    frames: usize,
}

struct Head {
    length: usize,
    kind: u8,
    flags: u8,
    stream: u32,
}

impl AuthorityFilter {
    /// The next bytes for the server, at most `most`; nothing when it takes more input.
    pub(crate) fn next(&mut self, input: &mut BytesMut, most: usize) -> Result<Option<Bytes>, FrameError> {
        if !self.has_begun {
            self.has_begun = true;
            self.passing = PREFACE;
        }
        loop {
            if !self.ready.is_empty() {
                let length = self.ready.len().min(most);
                return Ok(Some(self.ready.split_to(length)));
            }
            if self.passing > 0 {
                let length = self.passing.min(input.len()).min(most);
                self.passing -= length;
                return Ok(Some(input.split_to(length).freeze()).filter(|bytes| !bytes.is_empty()));
            }
            let Some(head) = Head::read(input) else { return Ok(None) };
            if !self.is_in_turn(&head) {
                return Err(FrameError::Order(head.kind));
            }
            if !matches!(head.kind, HEADERS | CONTINUATION) {
                self.passing = HEAD + head.length;
                continue;
            }
            if head.length > LONGEST_FRAME {
                return Err(FrameError::Frame(head.length));
            }
            if input.len() < HEAD + head.length {
                input.reserve(HEAD + head.length - input.len());
                return Ok(None);
            }
            input.advance(HEAD);
            let payload = input.split_to(head.length).freeze();
            self.take(&head, payload)?;
        }
    }

    /// Nothing but continuations may stand within a header block, and they nowhere else.
    fn is_in_turn(&self, head: &Head) -> bool {
        match &self.open {
            Some(open) => head.kind == CONTINUATION && head.stream == open.stream,
            None => !matches!(head.kind, CONTINUATION | PUSH_PROMISE),
        }
    }

    fn take(&mut self, head: &Head, mut payload: Bytes) -> Result<(), FrameError> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => {
                let priority = unwrap(head.flags, &mut payload)?;
                OpenBlock { stream: head.stream, flags: head.flags, priority, block: BytesMut::new(), frames: 0 }
            }
        };
        open.frames += 1;
        if open.block.len() + payload.len() > LONGEST_BLOCK || open.frames > MOST_FRAMES {
            return Err(FrameError::Block);
        }
        open.block.extend_from_slice(&payload);
        if head.flags & END_HEADERS == 0 {
            self.open = Some(open);
            return Ok(());
        }
        let block = self.headers.rewrite(&open.block)?;
        self.ready = open.frames_of(&block);
        Ok(())
    }
}

/// Takes the padding off a HEADERS frame, and its priority.
fn unwrap(flags: u8, payload: &mut Bytes) -> Result<Option<[u8; PRIORITY_BYTES]>, FrameError> {
    let padding =
        if flags & PADDED == 0 { 0 } else { usize::from(payload.try_get_u8().map_err(|_| FrameError::Padding)?) };
    let mut priority = None;
    if flags & PRIORITY != 0 {
        let mut bytes = [0; PRIORITY_BYTES];
        payload.try_copy_to_slice(&mut bytes).map_err(|_| FrameError::Padding)?;
        priority = Some(bytes);
    }
    payload.truncate(payload.len().checked_sub(padding).ok_or(FrameError::Padding)?);
    Ok(priority)
}

impl OpenBlock {
    /// The frames of a block: HEADERS, and as many CONTINUATIONs as its length takes.
    fn frames_of(&self, block: &[u8]) -> Bytes {
        let room = LONGEST_FRAME - self.priority.map_or(0, |priority| priority.len());
        let (first, mut rest) = block.split_at(block.len().min(room));
        let mut out = BytesMut::with_capacity(block.len() + 4 * HEAD);
        let ends = |rest: &[u8]| if rest.is_empty() { END_HEADERS } else { 0 };
        let flags = (self.flags & (END_STREAM | PRIORITY)) | ends(rest);
        self.head(HEADERS, flags, first.len() + block_offset(self.priority.as_ref()), &mut out);
        out.put_slice(self.priority.as_ref().map_or(&[], |priority| priority.as_slice()));
        out.put_slice(first);
        while !rest.is_empty() {
            let (next, after) = rest.split_at(rest.len().min(LONGEST_FRAME));
            self.head(CONTINUATION, ends(after), next.len(), &mut out);
            out.put_slice(next);
            rest = after;
        }
        out.freeze()
    }

    fn head(&self, kind: u8, flags: u8, length: usize, out: &mut BytesMut) {
        // A payload is never longer than a frame may be, which is less than 2^24.
        out.put_uint(length as u64, 3);
        out.put_u8(kind);
        out.put_u8(flags);
        out.put_u32(self.stream);
    }
}

fn block_offset(priority: Option<&[u8; PRIORITY_BYTES]>) -> usize {
    priority.map_or(0, |priority| priority.len())
}

impl Head {
    fn read(input: &BytesMut) -> Option<Self> {
        let mut head = input.get(..HEAD)?;
        let length = usize::try_from(head.get_uint(3)).ok()?;
        Some(Self { length, kind: head.get_u8(), flags: head.get_u8(), stream: head.get_u32() })
    }
}

#[cfg(test)]
mod tests {
    use loona_hpack::{Decoder, Encoder};
    use proptest::prelude::*;

    use super::*;

    const SOCKET: &str = "%2Ftmp%2Fcq-abc.sock";

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut out = BytesMut::new();
        let block = OpenBlock { stream, flags, priority: None, block: BytesMut::new(), frames: 0 };
        block.head(kind, flags, payload.len(), &mut out);
        out.put_slice(payload);
        out.to_vec()
    }

    fn request(encoder: &mut Encoder<'_>, authority: &str, more: &[(&str, &str)]) -> Vec<u8> {
        let headers = [(":method", "POST"), (":scheme", "http"), (":path", "/x"), (":authority", authority)];
        let all = headers.iter().chain(more).map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        encoder.encode(all)
    }

    /// All that comes out when the input comes in pieces of so many bytes.
    fn filtered(bytes: &[u8], piece: usize, most: usize) -> Result<Vec<u8>, FrameError> {
        let (mut filter, mut input, mut out) = (AuthorityFilter::default(), BytesMut::new(), Vec::new());
        for piece in bytes.chunks(piece.max(1)) {
            input.extend_from_slice(piece);
            while let Some(bytes) = filter.next(&mut input, most)? {
                assert!(!bytes.is_empty() && bytes.len() <= most);
                out.extend_from_slice(&bytes);
            }
            assert!(input.len() < HEAD + LONGEST_FRAME, "the filter hoards");
        }
        Ok(out)
    }

    /// The frames after the preface: kind, flags, stream, payload.
    fn frames(mut bytes: &[u8]) -> Vec<(u8, u8, u32, Vec<u8>)> {
        bytes = &bytes[PREFACE..];
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            let head = Head::read(&BytesMut::from(bytes)).expect("a head");
            frames.push((head.kind, head.flags, head.stream, bytes[HEAD..HEAD + head.length].to_vec()));
            bytes = &bytes[HEAD + head.length..];
        }
        frames
    }

    fn authority(decoder: &mut Decoder<'_>, block: &[u8]) -> String {
        let headers = decoder.decode(block).expect("a block");
        let (_, value) = headers.into_iter().find(|(name, _)| name == b":authority").expect("an authority");
        String::from_utf8(value).expect("text")
    }

    fn connection(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        frames.iter().for_each(|frame| bytes.extend_from_slice(frame));
        bytes
    }

    #[test]
    fn an_authority_that_is_a_path_is_replaced_and_all_else_is_handed_on() {
        let mut encoder = Encoder::new();
        let settings = frame(4, 0, 0, &[0, 3, 0, 0, 0, 100]);
        let data = frame(0, END_STREAM, 1, &[7; 40_000]);
        let first = frame(HEADERS, END_HEADERS, 1, &request(&mut encoder, SOCKET, &[("te", "trailers")]));
        // The second is made of indexes into the table that the first one filled.
        let second = frame(HEADERS, END_HEADERS | END_STREAM, 3, &request(&mut encoder, SOCKET, &[("te", "trailers")]));
        let third = frame(HEADERS, END_HEADERS, 5, &request(&mut encoder, "example.com:80", &[]));
        let bytes = connection(&[settings.clone(), first, data.clone(), second, third]);
        for (piece, most) in [(1, 1), (10, 7), (100_000, 100_000), (8192, 16_384)] {
            let out = frames(&filtered(&bytes, piece, most).expect("sound"));
            assert_eq!(
                out.iter().map(|frame| (frame.0, frame.1, frame.2)).collect::<Vec<_>>(),
                [
                    (4, 0, 0),
                    (1, END_HEADERS, 1),
                    (0, END_STREAM, 1),
                    (1, END_HEADERS | END_STREAM, 3),
                    (1, END_HEADERS, 5)
                ]
            );
            let mut decoder = Decoder::new();
            let authorities: Vec<String> = [1, 3, 4].map(|index| authority(&mut decoder, &out[index].3)).into();
            assert_eq!(authorities, ["localhost", "localhost", "example.com:80"]);
            assert_eq!((&out[0].3[..], &out[2].3[..]), (&settings[HEAD..], &data[HEAD..]));
        }
    }

    #[test]
    fn padding_goes_and_priority_stays() {
        let block = request(&mut Encoder::new(), SOCKET, &[]);
        let payload = [&[3][..], &[0x80, 0, 0, 9, 200], &block, &[0; 3]].concat();
        let bytes = connection(&[frame(HEADERS, END_HEADERS | PADDED | PRIORITY, 1, &payload)]);
        let out = frames(&filtered(&bytes, 11, 1000).expect("sound"));
        assert_eq!(out[0].1, END_HEADERS | PRIORITY);
        assert_eq!(out[0].3[..PRIORITY_BYTES], [0x80, 0, 0, 9, 200]);
        assert_eq!(authority(&mut Decoder::new(), &out[0].3[PRIORITY_BYTES..]), "localhost");
    }

    #[test]
    fn a_block_may_come_in_several_frames_and_go_out_in_several() {
        let long = "v".repeat(30_000);
        let block = request(&mut Encoder::new(), SOCKET, &[("x-long", &long)]);
        let mut parts: Vec<Vec<u8>> = block.chunks(5000).map(|part| frame(CONTINUATION, 0, 1, part)).collect();
        parts[0][3] = HEADERS;
        parts.last_mut().expect("some")[4] = END_HEADERS;
        let out = frames(&filtered(&connection(&parts), 777, 999).expect("sound"));
        assert_eq!(out.iter().map(|frame| (frame.0, frame.1)).collect::<Vec<_>>(), [(1, 0), (9, END_HEADERS)]);
        let block: Vec<u8> = out.into_iter().flat_map(|frame| frame.3).collect();
        assert_eq!(authority(&mut Decoder::new(), &block), "localhost");
    }

    #[test]
    fn what_breaks_a_bound_or_the_order_ends_the_connection() {
        let block = request(&mut Encoder::new(), SOCKET, &[]);
        let cases: [(&str, Vec<Vec<u8>>, FrameError); 10] = [
            (
                "a frame too long",
                vec![frame(HEADERS, END_HEADERS, 1, &[0; LONGEST_FRAME + 1])],
                FrameError::Frame(LONGEST_FRAME + 1),
            ),
            (
                "padding longer than the frame",
                vec![frame(HEADERS, END_HEADERS | PADDED, 1, &[9, 0, 0])],
                FrameError::Padding,
            ),
            ("no byte for the padding", vec![frame(HEADERS, END_HEADERS | PADDED, 1, &[])], FrameError::Padding),
            ("half a priority", vec![frame(HEADERS, END_HEADERS | PRIORITY, 1, &[0; 3])], FrameError::Padding),
            (
                "a continuation alone",
                vec![frame(CONTINUATION, END_HEADERS, 1, &block)],
                FrameError::Order(CONTINUATION),
            ),
            ("data within a block", vec![frame(HEADERS, 0, 1, &block), frame(0, 0, 1, &[])], FrameError::Order(0)),
            (
                "another stream's continuation",
                vec![frame(HEADERS, 0, 1, &block), frame(CONTINUATION, 4, 3, &[])],
                FrameError::Order(CONTINUATION),
            ),
            ("a promise", vec![frame(PUSH_PROMISE, END_HEADERS, 1, &block)], FrameError::Order(PUSH_PROMISE)),
            (
                "a block too long",
                std::iter::once(frame(HEADERS, 0, 1, &[0; 16_000]))
                    .chain((0..5).map(|_| frame(CONTINUATION, 0, 1, &[0; 16_000])))
                    .collect(),
                FrameError::Block,
            ),
            (
                "continuations without end",
                std::iter::once(frame(HEADERS, 0, 1, &[]))
                    .chain((0..MOST_FRAMES).map(|_| frame(CONTINUATION, 0, 1, &[])))
                    .collect(),
                FrameError::Block,
            ),
        ];
        for (case, frames, error) in cases {
            assert_eq!(filtered(&connection(&frames), 4000, 9000), Err(error), "{case}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_pass_or_end_the_connection(
            flips in prop::collection::vec((0_usize..300, any::<u8>()), 0..8), piece in 1_usize..64, cut in 0_usize..300
        ) {
            let block = request(&mut Encoder::new(), SOCKET, &[("te", "trailers"), ("user-agent", "grpc-go/1.60")]);
            let mut bytes = connection(&[frame(4, 0, 0, &[]), frame(HEADERS, END_HEADERS, 1, &block), frame(0, 1, 1, &[1; 50])]);
            for (at, byte) in flips {
                let length = bytes.len();
                bytes[PREFACE + at % (length - PREFACE)] = byte;
            }
            bytes.truncate(bytes.len() - cut % 50);
            let _ = filtered(&bytes, piece, 100);
        }
    }
}
