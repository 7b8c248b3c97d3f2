//! How AWS spells the names of regions.

/// Whether a text is spelled as AWS spells regions: `eu-central-1`, and `aws-global` as the SDKs have it. It becomes part of a host name,
/// and what is none would be looked for in DNS.
#[must_use]
pub fn is_region(name: &str) -> bool {
    let of_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_numbered =
        |last: &str| last == "global" || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    // An area, a place in it, and a number: with fewer parts there are but those of a whole partition.
    let has_parts = |place: &str, last: &str| match last {
        "global" => !place.is_empty(),
        _ => place.split('-').filter(|part| !part.is_empty()).count() >= 2,
    };
    name.chars().all(of_region)
        && name.rsplit_once('-').is_some_and(|(place, last)| has_parts(place, last) && is_numbered(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_told_from_what_people_write_instead() {
        for name in
            ["eu-central-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "aws-global", "ap-southeast-11"]
        {
            assert!(is_region(name), "{name}");
        }
        for name in [
            "Frankfurt",
            "frankfurt",
            "eu-central",
            "EU-CENTRAL-1",
            "eu-central-1a",
            "eu_central_1",
            "eu-central-1 ",
            "",
            "-1",
            "mars-1",
            "-mars-1",
            "--1",
        ] {
            assert!(!is_region(name), "{name}");
        }
    }
}
