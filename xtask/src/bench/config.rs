//! The configs with which Lakeward is measured.

use std::path::Path;

use serde_json::Value;

/// A config that lands the rows of one source (its keys) in the server at ENDPOINT; `more` are further keys of the destination.
pub(super) fn text(state: &Path, format: &str, compression: &str, more: &str, source: &str) -> String {
    format!(
        r#"version = 1
state_dir = {state}

[auth]
method = "env"

[destination]
endpoint = "ENDPOINT"
vendor = "seaweedfs"
bucket = "bench"
path = "raw/{{{{TABLE}}}}/{{{{UUID}}}}.{{{{FORMAT}}}}"
format = "{format}"
compression = "{compression}"
{more}
[[source]]
{source}"#,
        state = quoted(state),
    )
}

/// A path as a text of TOML.
pub(super) fn quoted(path: &Path) -> String {
    Value::from(path.to_string_lossy()).to_string()
}
