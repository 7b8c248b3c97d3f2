//! What single values mean: sizes, durations, bucket names, endpoints, places in the file system.

use std::{
    path::{Component, Path, PathBuf},
    time::Duration,
};

use bytesize::ByteSize;

use super::{secret, tables};
use crate::{region::is_region, untrusted::excerpt};

/// The longest duration that a config can ask for. `M` is a month in these texts, so this catches "15M" for "15m".
const MAX_DURATION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Why a value can't be taken, and how to put it right.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

pub(super) fn size(size: &tables::Size) -> Result<u64, Wrong> {
    match size {
        tables::Size::Bytes(bytes) => Ok(*bytes),
        tables::Size::Text(text) => match text.trim().parse::<ByteSize>() {
            Ok(size) => Ok(size.as_u64()),
            Err(_) => Err(Wrong::new(format!("\"{}\" is no size", excerpt(text, 40)))
                .hint("write a size as \"128MiB\", \"5 GB\" or a number of bytes")),
        },
    }
}

/// A size from `least` to `most` bytes.
pub(super) fn size_within(text: &tables::Size, least: u64, most: u64) -> Result<u64, Wrong> {
    let bytes = size(text)?;
    if (least..=most).contains(&bytes) {
        return Ok(bytes);
    }
    let shown = |bytes: u64| ByteSize(bytes).display().iec().to_string();
    let range = if most == u64::MAX {
        format!("at least {}", shown(least))
    } else {
        format!("{} to {}", shown(least), shown(most))
    };
    Err(Wrong::new(format!("{} is out of range; it must be {range}", shown(bytes))))
}

/// A duration as humantime ("15m", "1h 30m") or Go ("1m30s") writes it.
pub(super) fn duration(text: &tables::Duration) -> Result<Duration, Wrong> {
    let hint = "write a duration as \"20s\", \"15m\" or \"1m30s\"";
    if text.0.trim() == "0" {
        return Ok(Duration::ZERO);
    }
    let duration = humantime::parse_duration(&text.0)
        .map_err(|_| Wrong::new(format!("\"{}\" is no duration", excerpt(&text.0, 40))).hint(hint))?;
    if duration > MAX_DURATION {
        let shown = humantime::format_duration(duration);
        return Err(Wrong::new(format!("{shown} is out of range; it must be at most 30 days"))
            .hint("`m` is a minute, `M` is a month"));
    }
    Ok(duration)
}

/// Checks a bucket's name by the rules for general purpose buckets (Amazon S3 user guide, "General purpose bucket naming
/// rules"); the alias of an access point is such a name too. An ARN must be an access point's.
pub(super) fn bucket(name: &str) -> Result<(), Wrong> {
    if name.starts_with("arn:") {
        return access_point(name);
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
    let outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let reserved_start = ["xn--", "sthree-", "amzn-s3-demo-"].into_iter().find(|prefix| name.starts_with(prefix));
    let reserved_end = ["--ol-s3", ".mrap", "--x-s3", "--table-s3"].into_iter().find(|suffix| name.ends_with(suffix));
    let rule = if name.starts_with("s3://") {
        return Err(Wrong::new("this is a URL").hint("write the bucket's name alone, and put the folder into `path`"));
    } else if let Some(c) = name.chars().find(|c| !allowed(*c)) {
        format!("a bucket's name is made of lower-case letters, digits, `.` and `-`, and this one holds {c:?}")
    } else if !(3..=63).contains(&name.len()) {
        format!("a bucket's name has 3 to 63 characters, and this one has {}", name.len())
    } else if !name.starts_with(outer) || !name.ends_with(outer) {
        "a bucket's name begins and ends with a letter or a digit".to_owned()
    } else if name.contains("..") {
        "a bucket's name has no two dots in a row".to_owned()
    } else if name.parse::<std::net::Ipv4Addr>().is_ok() {
        "a bucket's name can't look like an IP address".to_owned()
    } else if let Some(prefix) = reserved_start {
        format!("S3 reserves names that begin with {prefix}")
    } else if let Some(suffix) = reserved_end {
        format!("S3 reserves names that end in {suffix}")
    } else {
        return Ok(());
    };
    Err(Wrong::new(rule))
}

/// Checks an access point's ARN (Amazon S3 user guide, "Access point naming rules, restrictions, and limitations").
fn access_point(arn: &str) -> Result<(), Wrong> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let [_, partition, service, region, account, resource] = parts.as_slice() else {
        return Err(Wrong::new("this is no whole ARN").hint(ACCESS_POINT));
    };
    if *service != "s3" || !partition.starts_with("aws") {
        return Err(Wrong::new("this is not the ARN of an S3 access point").hint(ACCESS_POINT));
    }
    let point = resource.strip_prefix("accesspoint/").or_else(|| resource.strip_prefix("accesspoint:"));
    match point {
        Some(point) if region.is_empty() && name(point.trim_end_matches(".mrap")) => {
            Err(Wrong::new("a multi-region access point can't be written to").hint("name one of its buckets"))
        }
        Some(point) if name(point) && name(region) && self::account(account).is_ok() => Ok(()),
        Some(_) => Err(Wrong::new("this is not the ARN of an S3 access point").hint(ACCESS_POINT)),
        None => Err(Wrong::new("this is the ARN of a bucket or of another resource")
            .hint("write the bucket's name alone, or the ARN of an access point")),
    }
}

const ACCESS_POINT: &str = "it looks like arn:aws:s3:eu-central-1:111122223333:accesspoint/lake";

/// Checks an account's id.
pub(super) fn account(account: &str) -> Result<(), Wrong> {
    if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(Wrong::new(format!("\"{}\" is no account id, which has twelve digits", excerpt(account, 40))))
}

/// Checks how a KMS key is named. Other servers than AWS have ids of their own, so of an id only its letters are known.
pub(super) fn kms_key(key: &str) -> Result<(), Wrong> {
    let is_name = |text: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
        !text.is_empty() && text.bytes().all(allowed)
    };
    let is_one = match key.strip_prefix("arn:") {
        Some(rest) => match rest.split(':').collect::<Vec<_>>().as_slice() {
            [_, "kms", _, _, key] => is_name(key),
            _ => false,
        },
        None => is_name(key),
    };
    if is_one {
        return Ok(());
    }
    let wrong = Wrong::new(format!("\"{}\" names no KMS key", excerpt(key, 40)));
    Err(wrong.hint("write the key's id, alias/NAME or the ARN of either"))
}

/// Checks a media type: it becomes the value of a header.
pub(super) fn content_type(text: &str) -> Result<(), Wrong> {
    let visible = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    match text.split_once('/') {
        Some((kind, rest)) if visible && !kind.is_empty() && !rest.trim().is_empty() && !kind.contains(' ') => Ok(()),
        _ => Err(Wrong::new(format!("\"{}\" is no media type", excerpt(text, 40))).hint("it looks like text/csv")),
    }
}

/// Checks a storage class: it becomes the value of a header. Which there are differs between servers.
pub(super) fn storage_class(text: &str) -> Result<(), Wrong> {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(allowed) {
        return Ok(());
    }
    Err(Wrong::new(format!("\"{}\" is no storage class", excerpt(text, 40))).hint("it looks like STANDARD_IA"))
}

/// Checks an object's tag (Amazon S3 user guide, "Categorizing your objects using tags").
pub(super) fn tag(key: &str, value: &str) -> Result<(), Wrong> {
    let allowed = |c: char| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c);
    let rule = if key.is_empty() || key.chars().count() > 128 {
        "a tag's key has 1 to 128 characters"
    } else if value.chars().count() > 256 {
        "a tag's value has at most 256 characters"
    } else if key.starts_with("aws:") {
        "AWS reserves tags that begin with aws:"
    } else if !key.chars().chain(value.chars()).all(allowed) {
        "a tag is made of letters, digits, spaces and + - = . _ : / @"
    } else {
        return Ok(());
    };
    Err(Wrong::new(format!("the tag \"{}\" can't be set: {rule}", excerpt(key, 40))))
}

/// Reads a CSV delimiter.
pub(super) fn delimiter(text: &str) -> Result<u8, Wrong> {
    match text.as_bytes() {
        [byte @ (b'\t' | b' '..=b'~')] if !byte.is_ascii_alphanumeric() && *byte != b'"' => Ok(*byte),
        _ => Err(Wrong::new(format!("\"{}\" can't stand between fields", excerpt(text, 40)))
            .hint("write one ASCII character that is no letter, digit or quote, such as \";\" or \"\\t\"")),
    }
}

/// Checks a program and its arguments; the program's path, where it is one, is made absolute.
pub(super) fn command(folder: &Path, command: &[String]) -> Result<Vec<String>, Wrong> {
    let Some((program, arguments)) = command.split_first().filter(|(program, _)| !program.is_empty()) else {
        return Err(Wrong::new("there is no program to run").hint("write it as [\"program\", \"argument\"]"));
    };
    if command.iter().any(|argument| argument.contains('\0')) {
        return Err(Wrong::new("an argument holds a NUL character, which no program can be given"));
    }
    if program.contains(' ') && arguments.is_empty() && !Path::new(program).exists() {
        return Err(Wrong::new(format!("\"{}\" is one word to the system", secret::program_of(program)))
            .hint("write each argument as an item of its own: there is no shell between"));
    }
    let program = if program.contains(std::path::MAIN_SEPARATOR) {
        path(folder, program)?.to_string_lossy().into_owned()
    } else {
        program.clone()
    };
    Ok(std::iter::once(program).chain(arguments.iter().cloned()).collect())
}

/// Checks the name of a region of any vendor: it becomes part of a host name.
pub(super) fn region(name: &str) -> Result<(), Wrong> {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Ok(());
    }
    Err(no_region(name))
}

/// Checks the name of a region of AWS.
pub(super) fn aws_region(name: &str) -> Result<(), Wrong> {
    if is_region(name) { Ok(()) } else { Err(no_region(name)) }
}

fn no_region(name: &str) -> Wrong {
    Wrong::new(format!("\"{}\" is no region's name", excerpt(name, 40))).hint("write a region as \"eu-central-1\"")
}

/// Checks an endpoint: an `http` or `https` URL of a host, maybe with a port.
pub(super) fn endpoint(url: &str) -> Result<(), Wrong> {
    let wrong = |what: &str| Err(Wrong::new(what).hint("write an endpoint as \"https://minio.example.com:9000\""));
    let Ok(uri) = url.parse::<http::Uri>() else { return wrong("this is no URL") };
    match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(authority)) => {
            if authority.as_str().contains('@') {
                return Err(Wrong::new("a URL with credentials in it can't be an endpoint")
                    .hint("leave credentials in the AWS files (~/.aws) or in the environment"));
            }
            if uri.path().len() > 1 || uri.query().is_some() {
                return wrong("an endpoint has no path and no query");
            }
            Ok(())
        }
        _ => wrong("an endpoint begins with http:// or https://"),
    }
}

/// A path as it is written in a config, made absolute: it counts from `folder`, and `.` and `..` are taken out as they are
/// written, without looking at links.
pub(super) fn path(folder: &Path, text: &str) -> Result<PathBuf, Wrong> {
    if text.is_empty() {
        return Err(Wrong::new("a path is empty").hint("write \".\" for the folder of the config"));
    }
    if text.starts_with('~') {
        return Err(
            Wrong::new("`~` stands for no folder here").hint("write the whole path, or \"./~\" for that very name")
        );
    }
    if text.contains('\0') {
        return Err(Wrong::new("a path holds no NUL character"));
    }
    let mut clean = PathBuf::new();
    for part in folder.join(text).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    Ok(clean)
}

/// A file, folder or glob as it is written in a config, made absolute. In front of a glob, the folder's own `*`, `?`, `[`
/// and the like stand for themselves.
pub(super) fn glob(folder: &Path, text: &str) -> Result<String, Wrong> {
    let is_special = |c: char| matches!(c, '*' | '?' | '[' | ']' | '{' | '}');
    let not_text =
        || Wrong::new("the folder of the config has a name that is not UTF-8").hint("write an absolute path");
    let mut escaped = String::new();
    let folder = if text.contains(is_special) && !Path::new(text).is_absolute() {
        for c in folder.to_str().ok_or_else(not_text)?.chars() {
            if is_special(c) { escaped.extend(['[', c, ']']) } else { escaped.push(c) }
        }
        Path::new(&escaped)
    } else {
        folder
    };
    path(folder, text)?.into_os_string().into_string().map_err(|_| not_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_humantime_and_go_write_them() {
        let read = |text: &str| duration(&tables::Duration(text.to_owned())).ok().map(|duration| duration.as_millis());
        for (text, millis) in [
            ("20s", 20_000),
            ("15m", 900_000),
            ("1m30s", 90_000),
            ("1h 30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("300ms", 300),
            ("2 hours", 7_200_000),
            ("0", 0),
            ("0s", 0),
        ] {
            assert_eq!(read(text), Some(millis), "{text}");
        }
        for bad in ["", "20", "-1s", "1 fortnight", "15M", "s", "∞"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_are_read_with_and_without_units() {
        let read = |text: &str| size(&tables::Size::Text(text.to_owned())).ok();
        for (text, bytes) in [
            ("128MiB", 128 << 20),
            ("5 GB", 5_000_000_000),
            ("1024", 1024),
            ("1.5 KiB", 1536),
            ("0", 0),
            ("16mib", 16 << 20),
        ] {
            assert_eq!(read(text), Some(bytes), "{text}");
        }
        for bad in ["", "MiB", "5 GX", "-1", "all", "1e3"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn bucket_names_follow_the_rules_of_s3() {
        for good in [
            "abc",
            "my-lake",
            "lake-0123-s3alias",
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/lake",
            "a.b-c",
            "123",
            &"x".repeat(63),
        ] {
            assert_eq!(bucket(good), Ok(()), "{good}");
        }
        for (bad, rule) in [
            ("ab", "3 to 63"),
            ("", "3 to 63"),
            (&*"x".repeat(64), "3 to 63"),
            ("My-lake", "'M'"),
            ("my_lake", "'_'"),
            ("-lake", "begins and ends"),
            ("lake.", "begins and ends"),
            ("my..lake", "two dots"),
            ("192.168.5.4", "IP address"),
            ("xn--lake", "xn--"),
            ("lake--ol-s3", "--ol-s3"),
            ("s3://lake/raw", "URL"),
            ("arn:aws:s3:::lake", "ARN"),
        ] {
            let wrong = bucket(bad).expect_err(bad).what;
            assert!(wrong.contains(rule), "{bad}: {wrong}");
        }
    }

    #[test]
    fn endpoints_are_http_urls_of_a_host() {
        for good in ["http://localhost:9000", "https://s3.example.com", "https://s3.example.com/", "http://[::1]:80"] {
            assert_eq!(endpoint(good), Ok(()), "{good}");
        }
        for bad in
            ["", "localhost:9000", "ftp://x", "https://", "https://a b", "https://u:p@x", "https://x/y", "https://x?y"]
        {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn paths_count_from_the_folder_of_the_config() {
        let folder = Path::new("/etc/lake");
        for (text, expected) in [
            ("data", "/etc/lake/data"),
            ("../x/./y/", "/etc/x/y"),
            ("/abs", "/abs"),
            ("../../..", "/"),
            (".", "/etc/lake"),
            ("./~", "/etc/lake/~"),
        ] {
            assert_eq!(path(folder, text), Ok(expected.into()), "{text}");
        }
        for bad in ["", "~", "~/data", "a\0b"] {
            assert!(path(folder, bad).is_err(), "{bad:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_of_the_config_is_no_part_of_a_glob() {
        let glob = |folder: &str, text: &str| glob(Path::new(folder), text).expect("a glob");
        assert_eq!(glob("/a[1]", "*.csv"), "/a[[]1[]]/*.csv");
        assert_eq!(glob("/a[1]", "x.csv"), "/a[1]/x.csv");
        assert_eq!(glob("/a", "../b/**/*.csv"), "/b/**/*.csv");
        assert_eq!(glob("/a[1]", "/c/*.csv"), "/c/*.csv");
    }
}
