//! When an object closes.

use std::time::{Duration, Instant};

/// The limits at which an object closes, whichever is met first. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClosePolicy {
    /// Rows: an object never has more.
    pub rows: Option<u64>,
    /// Bytes of the rows in memory (Arrow buffers), before encoding.
    pub bytes: Option<u64>,
    /// Age since the object's first row.
    pub age: Option<Duration>,
    /// Bytes as encoded, written so far or buffered by the encoder.
    pub file_size: Option<u64>,
}

/// How full an open object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Rows in it.
    pub rows: u64,
    /// Bytes that those rows took in memory.
    pub bytes: u64,
    /// Bytes that they take as encoded, as far as the encoder knows.
    pub encoded: u64,
    /// When its first row came.
    pub since: Instant,
}

/// The limit that closed an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// [`ClosePolicy::rows`].
    Rows,
    /// [`ClosePolicy::bytes`].
    Bytes,
    /// [`ClosePolicy::age`].
    Age,
    /// [`ClosePolicy::file_size`].
    FileSize,
}

impl ClosePolicy {
    /// Whether an object of this fill closes at this moment, and why.
    #[must_use]
    pub fn closes(&self, fill: &Fill, now: Instant) -> Option<Cause> {
        let met = |limit: Option<u64>, value: u64| limit.is_some_and(|limit| value >= limit);
        if fill.rows == 0 {
            None
        } else if met(self.rows, fill.rows) {
            Some(Cause::Rows)
        } else if met(self.bytes, fill.bytes) {
            Some(Cause::Bytes)
        } else if met(self.file_size, fill.encoded) {
            Some(Cause::FileSize)
        } else if self.deadline(fill).is_some_and(|deadline| now >= deadline) {
            Some(Cause::Age)
        } else {
            None
        }
    }

    /// When an object of this fill closes by age.
    #[must_use]
    pub fn deadline(&self, fill: &Fill) -> Option<Instant> {
        fill.since.checked_add(self.age?)
    }

    /// How many of the next `rows` rows, which take `bytes` in memory, go into an object of this fill before it closes by
    /// rows or by bytes: at least one. The rows of a batch count as equally large.
    #[must_use]
    pub fn fits(&self, fill: Option<&Fill>, rows: u64, bytes: u64) -> u64 {
        let (have_rows, have_bytes) = fill.map_or((0, 0), |fill| (fill.rows, fill.bytes));
        let by_rows = self.rows.map_or(rows, |limit| limit.saturating_sub(have_rows));
        let by_bytes = self.bytes.map_or(rows, |limit| {
            let each = (bytes / rows.max(1)).max(1);
            limit.saturating_sub(have_bytes).div_ceil(each)
        });
        rows.min(by_rows).min(by_bytes).max(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Cuts batches into objects the way the sink does; the time stands still.
    fn cut(policy: &ClosePolicy, batches: &[(u64, u64)], since: Instant) -> Vec<(u64, Option<Cause>)> {
        let (mut objects, mut open) = (Vec::new(), None::<Fill>);
        for &(mut rows, each) in batches {
            while rows > 0 {
                let take = policy.fits(open.as_ref(), rows, rows * each);
                assert!((1..=rows).contains(&take));
                let fill = open.get_or_insert(Fill { rows: 0, bytes: 0, encoded: 0, since });
                fill.rows += take;
                fill.bytes += take * each;
                fill.encoded += take * each / 4;
                rows -= take;
                if let Some(cause) = policy.closes(fill, since) {
                    objects.push((fill.rows, Some(cause)));
                    open = None;
                }
            }
        }
        objects.extend(open.map(|fill| (fill.rows, None)));
        objects
    }

    /// The same, one row after the other: what the limits mean.
    fn model(policy: &ClosePolicy, batches: &[(u64, u64)]) -> Vec<u64> {
        let (mut objects, mut rows, mut bytes) = (Vec::new(), 0, 0);
        for each in batches.iter().flat_map(|&(rows, each)| (0..rows).map(move |_| each)) {
            rows += 1;
            bytes += each;
            if policy.rows.is_some_and(|limit| rows >= limit) || policy.bytes.is_some_and(|limit| bytes >= limit) {
                objects.push(rows);
                (rows, bytes) = (0, 0);
            }
        }
        if rows > 0 {
            objects.push(rows);
        }
        objects
    }

    proptest! {
        #[test]
        fn rows_and_bytes_close_as_if_row_by_row(
            rows in prop::option::of(1_u64..50), bytes in prop::option::of(1_u64..2000),
            batches in prop::collection::vec((1_u64..60, 1_u64..100), 0..30)
        ) {
            let policy = ClosePolicy { rows, bytes, ..ClosePolicy::default() };
            let objects: Vec<u64> = cut(&policy, &batches, Instant::now()).into_iter().map(|(rows, _)| rows).collect();
            prop_assert_eq!(objects, model(&policy, &batches));
        }

        #[test]
        fn file_size_closes_at_the_first_batch_that_meets_it(
            limit in 1_u64..500, batches in prop::collection::vec((1_u64..60, 4_u64..100), 0..30)
        ) {
            let policy = ClosePolicy { file_size: Some(limit), ..ClosePolicy::default() };
            let objects = cut(&policy, &batches, Instant::now());
            let total: u64 = batches.iter().map(|(rows, _)| rows).sum();
            prop_assert_eq!(objects.iter().map(|(rows, _)| rows).sum::<u64>(), total);
            for (_, cause) in objects.iter().rev().skip(1) {
                prop_assert_eq!(*cause, Some(Cause::FileSize));
            }
        }
    }

    #[test]
    fn age_closes_an_object_that_has_rows() {
        let since = Instant::now();
        let policy = ClosePolicy { age: Some(Duration::from_secs(30)), ..ClosePolicy::default() };
        let fill = Fill { rows: 1, bytes: 1, encoded: 1, since };
        assert_eq!(policy.closes(&fill, since + Duration::from_secs(29)), None);
        assert_eq!(policy.closes(&fill, since + Duration::from_secs(30)), Some(Cause::Age));
        assert_eq!(policy.closes(&Fill { rows: 0, ..fill }, since + Duration::from_secs(60)), None);
    }
}
