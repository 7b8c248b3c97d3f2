//! `lakeward schema`.

use std::io::{self, Write};

use lakeward_core::{
    config::json_schema,
    failure::{Failure, FailureKind},
};

/// Prints the JSON Schema of the config.
pub(crate) fn schema() -> Result<(), Failure> {
    let schema = serde_json::to_string_pretty(&json_schema());
    let schema =
        schema.map_err(|error| Failure::new(FailureKind::Bug, format!("the schema can't be printed: {error}")))?;
    // Nobody may be reading.
    let _ = writeln!(io::stdout(), "{schema}");
    Ok(())
}
