use std::path::Path;

use lakeward_core::config::json_schema;

/// `cargo xtask schema` writes what `lakeward schema` prints: this text.
#[test]
fn the_committed_schema_is_fresh() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/lakeward.schema.json");
    let committed = std::fs::read_to_string(file).expect("the committed schema");
    let generated = format!("{:#}\n", json_schema());
    assert!(committed == generated, "crates/core/schema/lakeward.schema.json is out of date; run `cargo xtask schema`");
}
