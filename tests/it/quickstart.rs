//! The README's first command: three real tables, an empty home, no account.

use std::{fs, path::Path};

use lakeward_testkit::{Home, python};
use serde_json::json;

use crate::{
    landed,
    program::{lacks, lakeward, root},
};

const TABLES: [(&str, u64); 3] = [("airports", 3_376), ("earthquakes", 1_707), ("weather", 1_461)];

/// A home with nothing in it but the examples.
fn home() -> Home {
    let home = Home::new();
    let examples = root().join("examples");
    for file in ["quickstart.toml", "data/airports.csv", "data/earthquakes.ndjson", "data/seattle-weather.csv"] {
        home.write(Path::new("examples").join(file), fs::read(examples.join(file)).unwrap());
    }
    home
}

#[test]
fn three_tables_land_with_sensible_types_and_others_can_read_them() {
    let home = home();
    let output = lakeward(&home).args(["--config", "examples/quickstart.toml"]).run().exits(0);
    let said = ["6,544 rows landed in 3 objects", "nothing but PutObject was asked of S3: 0 calls denied"];
    assert_eq!(lacks(&output.stdout, &said), [""; 0], "{}", output.stdout);
    let (_, sql) = output.stdout.lines().find_map(|line| line.split_once(" with: duckdb -c \"")).unwrap();
    let sql = sql.strip_suffix('"').unwrap();

    let objects = home.path().join("examples/lake/quickstart/raw");
    let paths = TABLES.map(|(table, _)| (table, objects.join(format!("{table}.parquet"))));
    let asked = json!({ "tables": paths.into_iter().collect::<std::collections::BTreeMap<_, _>>(), "sql": sql });
    let read = python::json_in(&home, include_str!("../python/read_tables.py"), [asked.to_string()]);

    // The line shows how to read the largest table.
    assert_eq!(read["sql"], 3_376);
    let (pyarrow, duckdb) =
        (|table: &str| &read["tables"][table]["pyarrow"], |table: &str| &read["tables"][table]["duckdb"]);
    for (table, rows) in TABLES {
        assert_eq!((&pyarrow(table)["rows"], &duckdb(table)["rows"]), (&json!(rows), &json!(rows)), "{table}");
    }
    let weather = json!({
        "date": "date32[day]", "precipitation": "double", "temp_max": "double", "temp_min": "double", "wind": "double",
        "weather": "string",
    });
    assert_eq!(pyarrow("weather")["types"], weather);
    assert_eq!(
        (&duckdb("weather")["types"]["date"], &duckdb("weather")["first"]["date"]),
        (&json!("DATE"), &json!("2012-01-01"))
    );
    let airports = json!({
        "iata": "string", "name": "string", "city": "string", "state": "string", "country": "string", "latitude": "double",
        "longitude": "double",
    });
    assert_eq!(pyarrow("airports")["types"], airports);
    assert_eq!(duckdb("airports")["first"]["iata"], "00M");
    assert_eq!(pyarrow("earthquakes")["types"]["id"], "string");
    let properties = pyarrow("earthquakes")["types"]["properties"].as_str().unwrap();
    assert_eq!(
        lacks(properties, &["mag: double", "code: string", "time: int64", "felt: int64"]),
        [""; 0],
        "{properties}"
    );
    let place = &pyarrow("earthquakes")["first"]["geometry"]["coordinates"];
    assert_eq!(place.as_array().map(Vec::len), Some(3), "{place}");
}

#[test]
fn a_second_run_leaves_the_same_rows_and_no_run_leaves_anything_else() {
    let home = home();
    let run = || {
        let _ = lakeward(&home).args(["--config", "examples/quickstart.toml"]).run().exits(0);
        let lake = home.path().join("examples/lake");
        landed::keys(&lake).iter().map(|key| (key.clone(), landed::rows(&lake.join(key)))).collect::<Vec<_>>()
    };
    let first = run();
    let keys: Vec<&str> = first.iter().map(|(key, _)| key.as_str()).collect();
    let expected = TABLES.map(|(table, _)| format!("quickstart/raw/{table}.parquet"));
    // Temporary files of the server would be listed too.
    assert_eq!(keys, expected);
    assert!(run() == first, "the second run landed other rows");

    let ours = |path: &String| path.starts_with("examples/") || path.starts_with(".local/state/lakeward/");
    let home_folder = home.path();
    let others: Vec<String> = landed::keys(&home_folder).into_iter().filter(|path| !ours(path)).collect();
    assert_eq!(others, [""; 0]);
    assert_eq!(landed::keys(&home_folder.with_file_name("tmp")), [""; 0]);
}
