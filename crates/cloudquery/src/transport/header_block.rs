//! Header blocks (RFC 7541), decoded and encoded again with an `:authority` that HTTP/2 servers take.

use http::uri::Authority;
use loona_hpack::{Decoder, Encoder};

/// The size of the dynamic table, in both directions: what holds where nobody says otherwise (RFC 9113, 6.5.2), as the
/// server behind this does not.
const TABLE: usize = 4096;
/// The largest header list, counted as RFC 9113 does (6.5.2): names, values and 32 bytes for each.
const LARGEST_LIST: usize = 64 << 10;
/// What stands in place of a socket's path.
const LOCALHOST: &[u8] = b"localhost";

/// Why a header block can't be taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeaderError {
    /// It can't be decoded.
    #[error("a header block can't be read: {0}")]
    Malformed(String),
    /// It holds more than is taken.
    #[error("a header list is larger than {LARGEST_LIST} bytes")]
    TooLarge,
}

/// The header blocks of one connection, in their order: each may refer to those before it.
pub(crate) struct HeaderBlocks {
    decoder: Decoder<'static>,
    encoder: Encoder<'static>,
}

impl Default for HeaderBlocks {
    fn default() -> Self {
        let mut decoder = Decoder::new();
        decoder.set_max_allowed_table_size(TABLE);
        Self { decoder, encoder: Encoder::new() }
    }
}

impl HeaderBlocks {
    /// The block with an `:authority` that is one.
    pub(crate) fn rewrite(&mut self, block: &[u8]) -> Result<Vec<u8>, HeaderError> {
        let mut headers: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut size = 0_usize;
        let take = |name: std::borrow::Cow<'_, [u8]>, value: std::borrow::Cow<'_, [u8]>| {
            size = size.saturating_add(name.len() + value.len() + 32);
            // A few bytes can name a long entry of the table many times.
            if size <= LARGEST_LIST {
                headers.push((name.into_owned(), value.into_owned()));
            }
        };
        self.decoder.decode_with_cb(block, take).map_err(|error| HeaderError::Malformed(error.to_string()))?;
        if size > LARGEST_LIST {
            return Err(HeaderError::TooLarge);
        }
        let headers = headers.iter().map(|(name, value)| {
            let is_path = name == b":authority" && Authority::try_from(value.as_slice()).is_err();
            (name.as_slice(), if is_path { LOCALHOST } else { value.as_slice() })
        });
        Ok(self.encoder.encode(headers))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn malformed(block: &[u8]) -> bool {
        matches!(HeaderBlocks::default().rewrite(block), Err(HeaderError::Malformed(_)))
    }

    #[test]
    fn a_block_that_can_not_be_read_is_refused() {
        assert!(malformed(&[0x80]), "index 0");
        assert!(malformed(&[0xff, 0x80]), "half a number");
        assert!(malformed(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]), "an endless number");
        assert!(malformed(&[0x40, 0x0a, b'a']), "half a name");
        assert!(malformed(&[0x40, 0x81, 0xff, 0x00]), "wrong padding of a Huffman code");
        assert!(malformed(&[0xbe]), "an index beyond the table");
    }

    #[test]
    fn the_table_grows_no_larger_than_was_agreed() {
        let size = |bytes: usize| {
            let mut block = Vec::new();
            loona_hpack::encoder::encode_integer_into(bytes, 5, 0x20, &mut block).expect("memory");
            block.push(0x82);
            block
        };
        assert!(malformed(&size(TABLE + 1)));
        let mut blocks = HeaderBlocks::default();
        for bytes in [0, TABLE, 100] {
            assert_eq!(blocks.rewrite(&size(bytes)), Ok(vec![0x82]));
        }
    }

    #[test]
    fn a_block_that_unfolds_into_much_is_refused() {
        let mut block = vec![0x40, 0x01, b'x'];
        loona_hpack::encoder::encode_integer_into(3000, 7, 0, &mut block).expect("memory");
        block.extend([b'v'; 3000]);
        block.extend([0xbe; 40]);
        assert_eq!(HeaderBlocks::default().rewrite(&block), Err(HeaderError::TooLarge));
    }

    proptest! {
        #[test]
        fn any_block_is_rewritten_or_refused(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..4)) {
            let (mut rewriting, mut decoder) = (HeaderBlocks::default(), Decoder::new());
            for block in blocks {
                let Ok(rewritten) = rewriting.rewrite(&block) else { break };
                let headers = decoder.decode(&rewritten).expect("what was encoded can be decoded");
                for (name, value) in headers {
                    prop_assert!(name != b":authority" || Authority::try_from(value.as_slice()).is_ok());
                }
            }
        }
    }
}
