//! Measurements of one thing, in few figures.

/// Where they lie.
#[derive(Clone, Copy)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    /// As much as all but one of a hundred take at most.
    pub(super) p99: f64,
    pub(super) most: f64,
    pub(super) count: usize,
}

impl Spread {
    /// Nothing of nothing.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let count = values.len();
        let (lower, upper) = (values.get((count.max(1) - 1) / 2)?, values.get(count / 2)?);
        let p99 = *values.get((count * 99).div_ceil(100) - 1)?;
        Some(Self { median: f64::midpoint(*lower, *upper), least: *values.first()?, p99, most: *values.last()?, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let spread = Spread::of([4.0, 1.0, 2.0, 3.0].into_iter()).unwrap();
        assert!((spread.median - 2.5).abs() < 1e-9 && (spread.p99 - 4.0).abs() < 1e-9);
        assert_eq!((spread.least, spread.most, spread.count), (1.0, 4.0, 4));
        assert!(Spread::of(std::iter::empty()).is_none());
    }
}
