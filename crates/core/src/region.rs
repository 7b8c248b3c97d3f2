//! How AWS spells the names of regions.

/// Whether a text is spelled as AWS spells regions: `eu-central-1`, and `aws-global` as the SDKs have it. It becomes part of a host name,
/// and what is none would be looked for in DNS.
#[must_use]
pub fn is_region(name: &str) -> bool {
    let of_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_numbered =
        |last: &str| last == "global" || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    name.chars().all(of_region)
        && name.rsplit_once('-').is_some_and(|(place, last)| !place.is_empty() && is_numbered(last))
}
