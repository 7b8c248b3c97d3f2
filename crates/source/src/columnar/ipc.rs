//! Arrow IPC: the messages of a stream or a file.
//!
//! A message is read whole and decoded by itself; only dictionaries reach over several. What a message says of its length is
//! not believed before as much has come.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::{
    CompressionType, Endianness, MessageHeader,
    convert::try_fb_to_schema,
    reader::{read_dictionary, read_footer_length, read_record_batch},
    root_as_footer, root_as_message,
};
use arrow_schema::{Schema, SchemaRef};
use lakeward_core::budget::{Budget, Reservation};

use super::{Part, broken, guarded, stored::Stored};
use crate::{error::Error, open::Stream};

/// What an Arrow file begins and ends with.
pub(crate) const MAGIC: &[u8] = b"ARROW1";
/// The most bytes of a message, as stored and as decompressed.
const LONGEST: u64 = 2 << 30;
/// The most bytes of a message's description.
const LONGEST_HEAD: usize = 64 << 20;
/// How much of a message is asked for before any of it has come.
const STEP: usize = 1 << 20;
/// At most how much larger than its compressed form a buffer is: 128 KiB of one byte are a block of 4 in Zstandard (RFC
/// 8878, 3.1.1.2), and less than that in LZ4.
const MOST_GAIN: u64 = 128 << 10;
/// What stands before the length of a message.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// The messages of one input.
pub(crate) struct Messages {
    name: Arc<str>,
    schema: SchemaRef,
    dictionaries: HashMap<i64, ArrayRef>,
    /// What the dictionaries take.
    held: Option<Reservation>,
    from: From,
    /// Rows so far.
    rows: u64,
}

enum From {
    Stream(Stream),
    File { stored: Stored, blocks: VecDeque<Block>, told: u64 },
}

/// Where a message of a file lies.
struct Block {
    offset: u64,
    head: usize,
    body: usize,
}

impl Messages {
    /// Begins to read a stream: its first message is the schema.
    pub(crate) fn of_stream(mut stream: Stream) -> Result<Self, Error> {
        let name: Arc<str> = stream.name.as_str().into();
        let head = head(&mut stream, &name)?.ok_or_else(|| fault(&name, &"it ends before its schema"))?;
        let schema = guarded(&name, FORMAT, || {
            let message = root_as_message(&head).map_err(|error| fault(&name, &error))?;
            let schema = message.header_as_schema().ok_or_else(|| fault(&name, &"it does not begin with a schema"))?;
            if message.bodyLength() != 0 {
                return Err(fault(&name, &"its schema has a body"));
            }
            checked_schema(&name, schema)
        })?;
        Ok(Self::new(name, schema, From::Stream(stream)))
    }

    /// Begins to read a file: its footer says where its messages lie.
    pub(crate) fn of_file(name: String, stored: Stored) -> Result<Self, Error> {
        let name: Arc<str> = name.into();
        let (schema, blocks) = guarded(&name, FORMAT, || footer(&name, &stored))?;
        Ok(Self::new(name, schema, From::File { stored, blocks, told: 0 }))
    }

    fn new(name: Arc<str>, schema: SchemaRef, from: From) -> Self {
        Self { name, schema, dictionaries: HashMap::new(), held: None, from, rows: 0 }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) fn into_stream(self) -> Option<Stream> {
        match self.from {
            From::Stream(stream) => Some(stream),
            From::File { .. } => None,
        }
    }

    pub(crate) fn left(&self) -> u64 {
        match &self.from {
            From::Stream(stream) => stream.take_stored(),
            From::File { stored, told, .. } => stored.bytes().saturating_sub(*told),
        }
    }

    /// The next record batch; dictionaries before it are taken in.
    pub(crate) fn next(&mut self, budget: &Budget) -> Result<Option<Part>, Error> {
        loop {
            let Some((head, body, mut memory)) = self.from.message(&self.name, budget)? else { return Ok(None) };
            let name = Arc::clone(&self.name);
            let Some(batch) = guarded(&name, FORMAT, || self.decode(&head, &body, &mut memory))? else {
                // A dictionary is held to the end of its input. One that leaves no room is not told of in full, or
                // nothing would ever be read with it.
                let bytes: u64 = self.dictionaries.values().map(|values| values.get_array_memory_size() as u64).sum();
                self.held.get_or_insert_with(|| budget.nothing()).resize(bytes.min(budget.limit() / 4));
                continue;
            };
            let first_row = self.rows + 1;
            self.rows += batch.num_rows() as u64;
            let stored = match &mut self.from {
                From::Stream(stream) => stream.take_stored(),
                From::File { told, .. } => {
                    let bytes = (head.len() + body.len()) as u64;
                    *told += bytes;
                    bytes
                }
            };
            return Ok(Some(Part { first_row, stored, batch, memory }));
        }
    }

    /// The rows of a record batch; a dictionary is taken in.
    fn decode(&mut self, head: &[u8], body: &Buffer, memory: &mut Reservation) -> Result<Option<RecordBatch>, Error> {
        let (name, schema) = (&self.name, &self.schema);
        let message = root_as_message(head).map_err(|error| fault(name, &error))?;
        let mut grow = |data: &arrow_ipc::RecordBatch<'_>| {
            memory.resize(memory.bytes() + checked_buffers(name, data, body)?);
            Ok::<_, Error>(())
        };
        match message.header_type() {
            MessageHeader::RecordBatch => {
                let batch = message.header_as_record_batch().ok_or_else(|| fault(name, &"a batch is missing"))?;
                grow(&batch)?;
                read_record_batch(body, batch, Arc::clone(schema), &self.dictionaries, None, &message.version())
                    .map(Some)
                    .map_err(|error| fault(name, &error))
            }
            MessageHeader::DictionaryBatch => {
                let batch = message.header_as_dictionary_batch();
                let batch = batch.ok_or_else(|| fault(name, &"a dictionary is missing"))?;
                batch.data().map_or(Ok(()), |data| grow(&data))?;
                read_dictionary(body, batch, schema, &mut self.dictionaries, &message.version())
                    .map(|()| None)
                    .map_err(|error| fault(name, &error))
            }
            other => Err(fault(name, &format!("a message of type {other:?} is in its midst"))),
        }
    }
}

/// The format's name in messages.
pub(crate) const FORMAT: &str = "Arrow";

fn fault(name: &str, cause: &dyn std::fmt::Display) -> Error {
    broken(name, FORMAT, cause)
}

impl From {
    /// The next message's description and body, with the memory of the body; `None` at the end.
    fn message(&mut self, name: &str, budget: &Budget) -> Result<Option<(Vec<u8>, Buffer, Reservation)>, Error> {
        match self {
            Self::Stream(stream) => {
                let Some(head) = head(stream, name)? else { return Ok(None) };
                let length = root_as_message(&head).map_err(|error| fault(name, &error))?.bodyLength();
                let length = checked(name, length)?;
                // What a damaged length asks for beyond some steps is only taken once it comes.
                let mut memory = budget.reserve(2 * length.min(64 * STEP) as u64);
                let body = body(stream, name, length)?;
                memory.resize(2 * body.len() as u64);
                Ok(Some((head, body, memory)))
            }
            Self::File { stored, blocks, .. } => {
                let Some(block) = blocks.pop_front() else { return Ok(None) };
                let memory = budget.reserve(2 * (block.head + block.body) as u64);
                let unreadable = |cause| Error::Unreadable { path: name.to_owned(), cause };
                let mut head = vec![0; block.head];
                stored.read_exact_at(&mut head, block.offset).map_err(unreadable)?;
                // Before version 0.15 of Arrow, nothing stood before the length.
                let skipped = if head.starts_with(&CONTINUATION) { 8 } else { 4 };
                head.drain(..skipped.min(head.len()));
                let mut body = MutableBuffer::from_len_zeroed(block.body);
                stored.read_exact_at(&mut body, block.offset + block.head as u64).map_err(unreadable)?;
                Ok(Some((head, body.into(), memory)))
            }
        }
    }
}

/// The description of a stream's next message; `None` at its end.
///
/// A writer may mark the end, or just close the stream (the format's "IPC Streaming Format"). Between two messages, a mere
/// close looks like content that was cut there; only a command tells by its status that it had come to its end.
fn head(stream: &mut Stream, name: &str) -> Result<Option<Vec<u8>>, Error> {
    if stream.peek(1)?.is_empty() {
        return if stream.tells_its_end() { Ok(None) } else { Err(Error::NoEnd { path: name.to_owned() }) };
    }
    let mut word = [0; 4];
    exactly(stream, name, &mut word)?;
    if word == CONTINUATION {
        exactly(stream, name, &mut word)?;
    }
    let length = usize::try_from(u32::from_le_bytes(word)).unwrap_or(usize::MAX);
    if length == 0 {
        return match stream.peek(1)? {
            [] => Ok(None),
            _ => Err(fault(name, &"more follows after the end of the stream")),
        };
    }
    if length > LONGEST_HEAD {
        return Err(fault(name, &format!("a message's description would have {length} bytes")));
    }
    let mut head = Vec::new();
    while head.len() < length {
        let before = head.len();
        head.resize(length.min(before + STEP), 0);
        exactly(stream, name, head.get_mut(before..).unwrap_or_default())?;
    }
    Ok(Some(head))
}

fn body(stream: &mut Stream, name: &str, length: usize) -> Result<Buffer, Error> {
    let mut body = MutableBuffer::new(length.min(64 * STEP));
    while body.len() < length {
        let before = body.len();
        body.resize(length.min(before + STEP), 0);
        exactly(stream, name, body.as_slice_mut().get_mut(before..).unwrap_or_default())?;
    }
    Ok(body.into())
}

fn exactly(stream: &mut Stream, name: &str, mut buffer: &mut [u8]) -> Result<(), Error> {
    while !buffer.is_empty() {
        match stream.read(buffer)? {
            0 => return Err(fault(name, &"it ends inside a message")),
            read => buffer = buffer.get_mut(read..).unwrap_or_default(),
        }
    }
    Ok(())
}

fn checked(name: &str, length: i64) -> Result<usize, Error> {
    match u64::try_from(length) {
        Ok(length) if length <= LONGEST => Ok(usize::try_from(length).unwrap_or(usize::MAX)),
        _ => Err(fault(name, &format!("a message would have {length} bytes, and at most {LONGEST} are read"))),
    }
}

/// Reads a file's footer: the schema, and where its dictionaries and then its record batches lie.
fn footer(name: &str, stored: &Stored) -> Result<(SchemaRef, VecDeque<Block>), Error> {
    let unreadable = |cause| Error::Unreadable { path: name.to_owned(), cause };
    let cut = || fault(name, &"it is cut short: its footer is missing");
    let end = stored.bytes().checked_sub(10).ok_or_else(cut)?;
    let mut tail = [0; 10];
    stored.read_exact_at(&mut tail, end).map_err(unreadable)?;
    let length = read_footer_length(tail).map_err(|_| cut())?;
    let start = end.checked_sub(length as u64).ok_or_else(cut)?;
    let mut footer = vec![0; length];
    stored.read_exact_at(&mut footer, start).map_err(unreadable)?;
    let footer = root_as_footer(&footer).map_err(|error| fault(name, &error))?;
    let schema = checked_schema(name, footer.schema().ok_or_else(|| fault(name, &"its footer has no schema"))?)?;
    let blocks = footer.dictionaries().into_iter().flatten().chain(footer.recordBatches().into_iter().flatten());
    let blocks = blocks.map(|block| {
        let offset = u64::try_from(block.offset()).unwrap_or(u64::MAX);
        let (head, body) = (checked(name, block.metaDataLength().into())?, checked(name, block.bodyLength())?);
        let end = offset.checked_add(head as u64).and_then(|end| end.checked_add(body as u64));
        match end {
            Some(end) if end <= start && head >= 8 => Ok(Block { offset, head, body }),
            _ => Err(fault(name, &"a message lies outside of it")),
        }
    });
    Ok((schema, blocks.collect::<Result<_, _>>()?))
}

fn checked_schema(name: &str, schema: arrow_ipc::Schema<'_>) -> Result<SchemaRef, Error> {
    if schema.endianness() != Endianness::Little {
        return Err(fault(name, &"its numbers are big-endian"));
    }
    let schema: Schema = try_fb_to_schema(schema).map_err(|error| fault(name, &error))?;
    Ok(Arc::new(schema))
}

/// Makes sure that a message's buffers lie inside its body, and gives the bytes that they take once they are decompressed; 0
/// for a message that is not compressed. Each compressed buffer says so in its first 8 bytes (the format's
/// `BodyCompression`), and would be believed.
fn checked_buffers(name: &str, batch: &arrow_ipc::RecordBatch<'_>, body: &Buffer) -> Result<u64, Error> {
    let codec = batch.compression().map(|compression| compression.codec());
    if let Some(codec) = codec
        && !matches!(codec, CompressionType::LZ4_FRAME | CompressionType::ZSTD)
    {
        return Err(Error::Codec { path: name.to_owned(), column: None, codec: format!("{codec:?}") });
    }
    let outside = || fault(name, &"a buffer lies outside of its message");
    let mut all = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).map_err(|_| outside())?;
        let length = usize::try_from(buffer.length()).map_err(|_| outside())?;
        let bytes = body.get(start..).and_then(|bytes| bytes.get(..length)).ok_or_else(outside)?;
        if codec.is_none() || length == 0 {
            continue;
        }
        let prefix = bytes.first_chunk().ok_or_else(outside)?;
        // -1 stands for a buffer that was not worth compressing.
        let Ok(size) = u64::try_from(i64::from_le_bytes(*prefix)) else { continue };
        all = all.saturating_add(size);
        if size > (length as u64).saturating_mul(MOST_GAIN) || all > LONGEST {
            return Err(fault(name, &format!("a buffer of {length} bytes would have {size} once decompressed")));
        }
    }
    Ok(all)
}
