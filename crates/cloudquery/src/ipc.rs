//! Arrow IPC streams in memory: a schema, then record batches. What a message says of its lengths is not believed before it
//! was held against what is there.

use std::{
    collections::HashMap,
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::{
    CompressionType, Endianness, Message, MessageHeader,
    convert::try_fb_to_schema,
    reader::{read_dictionary, read_record_batch},
    root_as_message,
};
use arrow_schema::SchemaRef;
use bytes::{Buf, Bytes};
use lakeward_core::untrusted::excerpt;

/// What stands before the length of a message.
const CONTINUATION: u32 = u32::MAX;
/// At most how much larger than its compressed form a buffer is: 128 KiB of one byte are a block of 4 in Zstandard (RFC
/// 8878, 3.1.1.2), and less than that in LZ4.
const MOST_GAIN: u64 = 128 << 10;
/// The most bytes of one record once it is decompressed.
const LONGEST: u64 = 1 << 30;
/// So many rows may be there without a byte for each eight of them: of columns that are nothing but null.
const ROWS_OF_NOTHING: u64 = 64 << 10;

/// Bytes that are no Arrow stream, or a damaged one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no whole Arrow stream: {0}")]
pub struct IpcError(String);

impl IpcError {
    fn new(cause: impl Display) -> Self {
        Self(excerpt(&cause.to_string(), 300))
    }
}

/// The two ends of a stream: the message with the schema, and what follows it.
pub(crate) fn split(mut stream: Bytes) -> Result<(Bytes, Bytes), IpcError> {
    let head = description(&mut stream)?.ok_or_else(|| IpcError::new("it ends before its schema"))?;
    Ok((head, stream))
}

/// The schema of a stream's first message.
pub(crate) fn schema(head: &[u8]) -> Result<SchemaRef, IpcError> {
    guarded(|| {
        let message = root_as_message(head).map_err(IpcError::new)?;
        let schema = message.header_as_schema().ok_or_else(|| IpcError::new("it does not begin with a schema"))?;
        if message.bodyLength() != 0 {
            return Err(IpcError::new("its schema has a body"));
        }
        if schema.endianness() != Endianness::Little {
            return Err(IpcError::new("its numbers are big-endian"));
        }
        try_fb_to_schema(schema).map(Arc::new).map_err(IpcError::new)
    })
}

/// The record batches of what follows a stream's schema. Arrays share the stream's bytes where these are aligned.
pub(crate) fn batches(mut rest: Bytes, schema: &SchemaRef) -> Result<Vec<RecordBatch>, IpcError> {
    let (mut batches, mut dictionaries) = (Vec::new(), HashMap::new());
    while let Some(head) = description(&mut rest)? {
        let batch = guarded(|| {
            let message = root_as_message(&head).map_err(IpcError::new)?;
            let length = usize::try_from(message.bodyLength()).ok().filter(|length| *length <= rest.len());
            let body = rest.split_to(length.ok_or_else(|| IpcError::new("it ends inside a message"))?);
            decode(&message, &Buffer::from(body), schema, &mut dictionaries)
        })?;
        batches.extend(batch);
    }
    Ok(batches)
}

/// The rows of a record batch; a dictionary is taken in.
fn decode(
    message: &Message<'_>,
    body: &Buffer,
    schema: &SchemaRef,
    dictionaries: &mut HashMap<i64, ArrayRef>,
) -> Result<Option<RecordBatch>, IpcError> {
    match message.header_type() {
        MessageHeader::RecordBatch => {
            let batch = message.header_as_record_batch().ok_or_else(|| IpcError::new("a batch is missing"))?;
            check_sizes(&batch, body)?;
            read_record_batch(body, batch, Arc::clone(schema), dictionaries, None, &message.version())
                .map(Some)
                .map_err(IpcError::new)
        }
        MessageHeader::DictionaryBatch => {
            let batch = message.header_as_dictionary_batch();
            let batch = batch.ok_or_else(|| IpcError::new("a dictionary is missing"))?;
            batch.data().map_or(Ok(()), |data| check_sizes(&data, body))?;
            read_dictionary(body, batch, schema, dictionaries, &message.version()).map(|()| None).map_err(IpcError::new)
        }
        other => Err(IpcError::new(format!("a message of type {other:?} is in its midst"))),
    }
}

/// The description of the next message; `None` at the end of the stream, which may be marked or not.
fn description(stream: &mut Bytes) -> Result<Option<Bytes>, IpcError> {
    if stream.is_empty() {
        return Ok(None);
    }
    let cut = || IpcError::new("it ends inside a message");
    let mut length = stream.try_get_u32_le().map_err(|_| cut())?;
    if length == CONTINUATION {
        length = stream.try_get_u32_le().map_err(|_| cut())?;
    }
    if length == 0 {
        return if stream.is_empty() { Ok(None) } else { Err(IpcError::new("more follows after its end")) };
    }
    let length = usize::try_from(length).ok().filter(|length| *length <= stream.len()).ok_or_else(cut)?;
    Ok(Some(stream.split_to(length)))
}

/// Makes sure that a message's buffers lie inside its body, that they don't unfold into more than they can, and that the rows
/// are no more than the bytes can hold. Each compressed buffer says in its first 8 bytes how long it will be (the format's
/// `BodyCompression`), and would be believed.
fn check_sizes(batch: &arrow_ipc::RecordBatch<'_>, body: &Buffer) -> Result<(), IpcError> {
    let codec = batch.compression().map(|compression| compression.codec());
    if let Some(codec) = codec
        && !matches!(codec, CompressionType::LZ4_FRAME | CompressionType::ZSTD)
    {
        return Err(IpcError::new(format!("it is compressed with {codec:?}")));
    }
    let outside = || IpcError::new("a buffer lies outside of its message");
    let mut all = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).map_err(|_| outside())?;
        let length = usize::try_from(buffer.length()).map_err(|_| outside())?;
        let bytes = body.get(start..).and_then(|bytes| bytes.get(..length)).ok_or_else(outside)?;
        let mut size = length as u64;
        if codec.is_some() && length > 0 {
            let prefix = bytes.first_chunk().ok_or_else(outside)?;
            // -1 stands for a buffer that was not worth compressing.
            size = u64::try_from(i64::from_le_bytes(*prefix)).unwrap_or(size);
        }
        all = all.saturating_add(size);
        if size > (length as u64).saturating_mul(MOST_GAIN) || all > LONGEST {
            return Err(IpcError::new(format!("a buffer of {length} bytes would have {size} once decompressed")));
        }
    }
    let rows = u64::try_from(batch.length()).map_err(|_| IpcError::new("it has less than no rows"))?;
    if rows > all.saturating_mul(8).saturating_add(ROWS_OF_NOTHING) {
        return Err(IpcError::new(format!("it says that it has {rows} rows, in {all} bytes")));
    }
    Ok(())
}

/// Runs what decodes untrusted bytes: the reader panics at some damage instead of telling it. What it was working on is not
/// used again, so that nothing half done is seen.
fn guarded<T>(work: impl FnOnce() -> Result<T, IpcError>) -> Result<T, IpcError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(IpcError::new("its parts contradict each other")))
}

#[cfg(test)]
mod tests {
    use arrow_array::{DictionaryArray, Int64Array, NullArray, StringArray, types::Int8Type};
    use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
    use proptest::prelude::*;

    use super::*;

    fn rows(first: i64, count: i64) -> RecordBatch {
        let ids: Int64Array = (first..first + count).collect();
        let texts: StringArray = (first..first + count).map(|id| (id % 3 > 0).then(|| format!("row {id}"))).collect();
        let kinds: DictionaryArray<Int8Type> = (0..count).map(|id| ["a", "b"][usize::from(id % 2 > 0)]).collect();
        let columns: [(&str, ArrayRef); 3] =
            [("id", Arc::new(ids)), ("text", Arc::new(texts)), ("kind", Arc::new(kinds))];
        RecordBatch::try_from_iter(columns).expect("rows")
    }

    fn stream(batches: &[RecordBatch], compression: Option<CompressionType>) -> Vec<u8> {
        let options = IpcWriteOptions::default().try_with_compression(compression).expect("options");
        let schema = batches.first().expect("some").schema();
        let mut writer = StreamWriter::try_new_with_options(Vec::new(), &schema, options).expect("a writer");
        batches.iter().for_each(|batch| writer.write(batch).expect("written"));
        writer.into_inner().expect("bytes")
    }

    fn read(stream: &[u8]) -> Result<Vec<RecordBatch>, IpcError> {
        let (head, rest) = split(Bytes::copy_from_slice(stream))?;
        batches(rest, &schema(&head)?)
    }

    #[test]
    fn what_was_written_is_read() {
        let batches = [rows(0, 100), rows(100, 1)];
        for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
            let stream = stream(&batches[..1], compression);
            assert_eq!(read(&stream).as_deref(), Ok(&batches[..1]), "{compression:?}");
            let unmarked = stream.len() - 8;
            assert_eq!(read(&stream[..unmarked]).as_deref(), Ok(&batches[..1]), "the mark of the end may be left out");
        }
    }

    #[test]
    fn a_stream_that_is_cut_off_is_refused_wherever_that_is() {
        let stream = stream(&[rows(0, 20)], None);
        let whole: Vec<usize> = (0..stream.len()).filter(|cut| read(&stream[..*cut]).is_ok()).collect();
        // Between two messages: after the schema, after the dictionary, and after the rows.
        assert_eq!((whole.len(), whole.last()), (3, Some(&(stream.len() - 8))), "{whole:?}");
        let more = [&stream[..], &[0; 4]].concat();
        assert!(read(&more).expect_err("more").to_string().contains("more follows after its end"));
    }

    #[test]
    fn sizes_are_held_against_the_bytes_that_are_there() {
        let mut bomb = stream(&[rows(0, 100_000)], Some(CompressionType::ZSTD));
        let length = 100_000_u64 * 8;
        let at = bomb.windows(8).position(|bytes| bytes == length.to_le_bytes()).expect("the length of the ids");
        bomb[at..at + 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
        let refused = read(&bomb).expect_err("a bomb").to_string();
        assert!(refused.contains("would have 1099511627776 once decompressed"), "{refused}");
        let nothing = |rows: usize| {
            let column: ArrayRef = Arc::new(NullArray::new(rows));
            read(&stream(&[RecordBatch::try_from_iter([("n", column)]).expect("rows")], None))
        };
        assert_eq!(nothing(1000).map(|batches| batches[0].num_rows()), Ok(1000));
        assert!(nothing(1 << 30).expect_err("rows of nothing").to_string().contains("1073741824 rows, in 0 bytes"));
    }

    proptest! {
        #[test]
        fn damage_is_told_or_does_no_harm(
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), compressed in any::<bool>()
        ) {
            let mut stream = stream(&[rows(0, 50)], compressed.then_some(CompressionType::LZ4_FRAME));
            for (at, byte) in flips {
                let at = at.index(stream.len());
                stream[at] = byte;
            }
            if let Ok(batches) = read(&stream) {
                let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
                prop_assert!(rows <= 1 << 20, "{rows} rows");
            }
        }
    }
}
