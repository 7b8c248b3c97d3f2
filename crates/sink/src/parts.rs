//! How an object is cut into what is sent at once.

use lakeward_core::plan::PARTS_OF_ONE_PUT;

/// The smallest part but for an object's last one, and the largest (Amazon S3 user guide, "Amazon S3 multipart upload limits").
const SMALLEST: u64 = 5 << 20;
const LARGEST: u64 = 5 << 30;

/// The most parts of an object (there too).
pub(crate) const MOST_PARTS: u32 = 10_000;

/// After so many parts their size doubles: from 5 MiB on, 5 TiB need 10 of these steps, which is fewer than [`MOST_PARTS`].
const PARTS_OF_ONE_SIZE: u32 = 900;

/// The sizes of an object's pieces. An object that ends within the first is one PutObject; of a larger one, every piece is a
/// part of a multipart upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartSizes {
    part_size: u64,
    equal: bool,
}

impl PartSizes {
    /// Sizes that begin at `part_size` and grow; with `equal` they never do.
    pub(crate) fn new(part_size: u64, equal: bool) -> Self {
        Self { part_size: part_size.clamp(SMALLEST, LARGEST), equal }
    }

    /// The most bytes of the piece with this number; the first is 1.
    pub(crate) fn of(self, number: u32) -> u64 {
        if self.equal {
            return self.part_size;
        }
        let size = match number {
            0 | 1 => self.part_size.saturating_mul(PARTS_OF_ONE_PUT),
            _ => self.part_size.saturating_mul(1 << ((number - 1) / PARTS_OF_ONE_SIZE).min(32)),
        };
        size.min(LARGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const TIB: u64 = 1 << 40;

    /// How many parts an object has, and the largest of them.
    fn plan(sizes: PartSizes, object: u64) -> (u32, u64) {
        let (mut left, mut number, mut largest) = (object, 0, 0);
        while left > 0 {
            number += 1;
            let size = sizes.of(number).min(left);
            assert!(size <= LARGEST && (size >= SMALLEST || size == left), "part {number}: {size}");
            left -= size;
            largest = largest.max(size);
        }
        (number, largest)
    }

    #[test]
    fn five_tebibytes_fit_into_ten_thousand_parts_whatever_the_first_size() {
        for part_size in [0, 5 * MIB, 5 * MIB + 1, 8 * MIB, 64 * MIB, 100 * MIB, 1 << 30, 5 << 30, u64::MAX] {
            for object in [1, 5 * MIB, 300 * MIB + 1, 100 << 30, TIB, 5 * TIB] {
                let (parts, largest) = plan(PartSizes::new(part_size, false), object);
                assert!(parts <= MOST_PARTS, "{part_size}, {object}: {parts} parts");
                assert!(largest <= LARGEST);
            }
        }
    }

    #[test]
    fn an_object_of_up_to_four_parts_is_one_put_and_later_parts_grow() {
        let sizes = PartSizes::new(64 * MIB, false);
        assert_eq!([1, 2, 900, 901, 1801].map(|number| sizes.of(number) / MIB), [256, 64, 64, 128, 256]);
        assert_eq!(PartSizes::new(2 << 30, false).of(1), LARGEST);
        assert!((2..10_000).all(|number| sizes.of(number) <= sizes.of(number + 1)));
    }

    #[test]
    fn equal_parts_are_equal_from_the_first_to_the_last() {
        let sizes = PartSizes::new(64 * MIB, true);
        assert!((1..=MOST_PARTS).all(|number| sizes.of(number) == 64 * MIB));
    }
}
