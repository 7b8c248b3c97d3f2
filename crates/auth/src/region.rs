//! What is wrong with a region that was set.

use lakeward_core::{region::is_region, untrusted::excerpt};

use crate::{broken::Broken, origin::Setting};

/// What is wrong with a region, where it stands, and what to do.
pub(crate) fn fault(region: &Setting) -> Option<Broken> {
    if is_region(&region.value) {
        return None;
    }
    let what = format!(
        "{} at {} is `{}`, which is no name of a region",
        region.key,
        region.origin,
        excerpt(&region.value, 40)
    );
    Some(Broken::new(what, "write it as AWS does, such as eu-central-1 for Frankfurt"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;

    #[test]
    fn what_is_no_region_is_told_with_its_place() {
        let setting = Setting::of("sso_region", "Frank\u{1b}furt", Origin::Variable("X"));
        assert_eq!(fault(&setting).expect("none").what, "sso_region at X is `Frankfurt`, which is no name of a region");
    }
}
