//! Decimals and bytes as text.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

/// Puts the point into a whole number that begins at `start`, without zeros at the end, and never as an exponent.
pub(super) fn set_point(start: usize, scale: i8, out: &mut Vec<u8>) {
    let start = start + usize::from(out.get(start) == Some(&b'-'));
    if out.get(start..) == Some(b"0") {
        return;
    }
    let places = usize::from(scale.unsigned_abs());
    if scale < 0 {
        out.resize(out.len() + places, b'0');
    } else if scale > 0 {
        let digits = out.len() - start;
        if digits <= places {
            out.splice(start..start, std::iter::repeat_n(b'0', places + 1 - digits));
        }
        let point = out.len() - places;
        let whole = out.len() - out.iter().rev().take(places).take_while(|digit| **digit == b'0').count();
        out.truncate(whole);
        if out.len() > point {
            out.insert(point, b'.');
        }
    }
}

/// Bytes as base64 (RFC 4648 §4).
pub(super) fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = out.get_mut(start..).and_then(|room| BASE64.encode_slice(bytes, room).ok());
    debug_assert_eq!(written, Some(out.len() - start), "the room is as long as the text");
}

/// Lower-case hexadecimal, with the mark before the bytes at these places.
pub(super) fn hex(bytes: &[u8], marks: &[usize], mark: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (place, byte) in bytes.iter().enumerate() {
        if marks.contains(&place) {
            out.push(mark);
        }
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_point_is_set_without_exponents_and_without_zeros_at_the_end() {
        for (digits, scale, expected) in [
            ("-1", 9, "-0.000000001"),
            ("0", 9, "0"),
            ("0", -3, "0"),
            ("1500", 3, "1.5"),
            ("1000", 3, "1"),
            ("-12", 1, "-1.2"),
            ("-7", -3, "-7000"),
            ("100", 0, "100"),
            ("12", 2, "0.12"),
        ] {
            let written = text(|out| {
                out.extend_from_slice(b"a,");
                let start = out.len();
                out.extend_from_slice(digits.as_bytes());
                set_point(start, scale, out);
            });
            assert_eq!(written, format!("a,{expected}"), "{digits} {scale}");
        }
    }

    #[test]
    fn bytes_are_written_as_base64_and_hexadecimal() {
        assert_eq!(text(|out| base64(b"", out)) + &text(|out| base64(&[0xff, 0xfe], out)), "//4=");
        assert_eq!(text(|out| hex(&[0, 0xaa, 1], &[1, 2], b':', out)), "00:aa:01");
    }
}
