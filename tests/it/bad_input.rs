//! Inputs that are not what they should be: exit code 65 with the place and what to do, or taken as they are.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use lakeward_testkit::Home;

use crate::{
    landed,
    program::{EMBEDDED, binary, files, lacks, numbered, summary, sync},
};

/// A file that ends the run with exit code 65.
struct Bad {
    file: &'static str,
    content: Vec<u8>,
    /// Further keys of the source.
    source: &'static str,
    says: &'static [&'static str],
}

fn bad(file: &'static str, content: impl Into<Vec<u8>>, source: &'static str, says: &'static [&'static str]) -> Bad {
    Bad { file, content: content.into(), source, says }
}

fn nested(depth: usize) -> String {
    format!("{{\"a\":1}}\n{{\"a\":{}{}}}\n", "[".repeat(depth), "]".repeat(depth))
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 3).unwrap()
}

fn half(mut content: Vec<u8>) -> Vec<u8> {
    content.truncate(content.len() / 2);
    content
}

#[test]
fn a_bad_file_is_told_with_file_line_column_value_and_what_to_do() {
    let rows = numbered(0, 20_000).into_bytes();
    let cases = [
        bad("empty.csv", "", "", &["empty.csv is empty", "write a header"]),
        bad(
            "ragged.csv",
            "a,b\n1,2\n3\n",
            "",
            &["ragged.csv, line 3", "1 field, and the header has 2", "on_error = \"skip\""],
        ),
        bad("wide.csv", "a,b\n1,2,3\n", "", &["wide.csv, line 2", "3 fields, and the header has 2"]),
        bad(
            "quote.csv",
            "a,b\n1,2\n3,\"x\n4,5\n",
            "",
            &[
                "quote.csv, line 3",
                "never closed",
                "close the quote of the record in line 3",
                "or leave it out (in `paths`, ",
            ],
        ),
        bad(
            "quote.csv",
            "a,b\n1,2\n3,\"x\n4,5\n",
            "on_error = \"skip\"",
            &["on_error = \"skip\" can't set it aside", "nothing has landed"],
        ),
        bad("latin1.csv", b"a,b\n1,x\n2,caf\xe9\n", "", &["latin1.csv, line 3", "column \"b\"", "is not UTF-8"]),
        bad("latin1.ndjson", b"{\"a\":\"x\"}\n{\"a\":\"\xe9\"}\n", "", &["latin1.ndjson, line 2", "is not UTF-8"]),
        bad("utf16.csv", b"\xff\xfea\0,\0b\0\n\0", "", &["utf16.csv is", "UTF-16", "UTF-8"]),
        bad("twice.csv", "a,b,a\n1,2,3\n", "", &["twice.csv, header", "columns 1 and 3", "\"a\""]),
        bad("nul.csv", "a\0,b\n1,2\n", "", &["nul.csv, header", "NUL", "column 1"]),
        bad(
            "cut.csv.gz",
            half(gzip(&rows)),
            "",
            &["cut.csv.gz: the gzip data are cut short or damaged", "get the file anew"],
        ),
        bad(
            "cut.csv.zst",
            half(zstd(&rows)),
            "",
            &["cut.csv.zst: the zstd data are cut short or damaged", "get the file anew"],
        ),
        bad("torn.ndjson", "{\"a\":1}\n{\"a\":2}\n{\"a\":", "", &["torn.ndjson, line 3", "broken JSON"]),
        bad("torn.json", "[{\"a\":1},\n{\"a\":", "", &["torn.json, line 2", "mend the file"]),
        bad("deep.ndjson", nested(200), "", &["deep.ndjson, line 2", "nested more than 128 deep"]),
        bad(
            "long.csv",
            format!("a,b\n1,2\n3,{}\n", "x".repeat(2_000)),
            "max_record_bytes = \"1KiB\"",
            &["long.csv, line 3", "longer than max_record_bytes (1024 bytes)"],
        ),
        bad(
            "i64.ndjson",
            "{\"a\":9223372036854775807}\n{\"a\":9223372036854775808}\n",
            "columns = { a = \"int64\" }",
            &["i64.ndjson, line 2", "column \"a\"", "9223372036854775808 is no int64"],
        ),
        bad(
            "f64.csv",
            "a\n1e308\n1e309\n",
            "columns = { a = \"float64\" }",
            &["f64.csv, line 3", "column \"a\"", "1e309", "is no float64"],
        ),
        bad(
            "type.csv",
            "a,b\n1,2024-02-29\n2,2023-02-29\n",
            "columns = { b = \"date\" }",
            &["type.csv, line 3", "column \"b\"", "2023-02-29", "is no date", "columns = { \"b\" = \"string\" }"],
        ),
        bad("..csv", "a\n1\n", "", &["..csv names no table", "give the source a `table`"]),
    ];
    for case in cases {
        let home = Home::new();
        home.write(case.file, &case.content);
        let output = sync(&home, EMBEDDED, &(files(&[case.file]) + case.source)).run().exits(65);
        assert_eq!(lacks(&output.stderr, case.says), [""; 0], "{}:\n{}", case.file, output.stderr);
        assert!(output.stderr.contains("\n  next: "), "{} comes without advice:\n{}", case.file, output.stderr);
        assert_eq!(landed::keys(&home.path().join("lake")), [""; 0], "{}", case.file);
    }
}

#[test]
fn odd_files_that_mean_something_are_read() {
    let nines = "{\"a\":1}\n{\"a\":99999999999999999999}\n";
    let cases: [(&str, Vec<u8>, usize, &[&str]); 9] = [
        ("header.csv", b"a,b\n".to_vec(), 0, &[]),
        ("bom.csv", b"\xef\xbb\xbfa,b\n1,2\n".to_vec(), 1, &["a", "b"]),
        ("crlf.csv", b"a,b\r\n1,2\r\n3,4\r\n".to_vec(), 2, &["a", "b"]),
        ("last.csv", b"a,b\n1,2\n3,4".to_vec(), 2, &["a", "b"]),
        ("variables.csv", b"YEAR,TABLE\n1,2\n".to_vec(), 1, &["YEAR", "TABLE"]),
        ("nul.csv", b"a,b\n1,x\0y\n".to_vec(), 1, &["a", "b"]),
        ("lines.csv", b"a,b\n1,\"x\ny\"\n".to_vec(), 1, &["a", "b"]),
        ("nines.ndjson", nines.into(), 2, &["a"]),
        // Compression is told by content, and two members are one file.
        ("zipped.csv", [gzip(b"a,b\n1,2\n"), gzip(b"3,4\n")].concat(), 2, &["a", "b"]),
    ];
    for (file, content, rows, columns) in cases {
        let home = Home::new();
        home.write(file, content);
        let output = sync(&home, EMBEDDED, &files(&[file])).args(["--progress", "json"]).run().exits(0);
        let table = &summary(&output)["tables"][0];
        assert_eq!((&table["read"], &table["landed"]), (&rows.into(), &rows.into()), "{file}");
        let bucket = home.path().join("lake/test");
        let batches: Vec<_> = landed::keys(&bucket).iter().flat_map(|key| landed::rows(&bucket.join(key))).collect();
        assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), rows, "{file}");
        let names =
            batches.first().map(|batch| batch.schema().fields().iter().map(|field| field.name().clone()).collect());
        assert_eq!(
            names,
            (rows > 0).then(|| columns.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()),
            "{file}"
        );
    }
}

#[test]
fn what_is_not_there_is_told_with_the_nearest() {
    let cases: [(&str, &[&str]); 3] = [
        ("wether.csv", &["wether.csv does not exist", "weather.csv"]),
        ("data/*.csv", &["no file matches", "data/*.csv", "the folder of the config file"]),
        ("folder", &["the folder", "folder holds no file"]),
    ];
    for (path, says) in cases {
        let home = Home::new();
        home.write("weather.csv", numbered(0, 1));
        fs::create_dir(home.path().join("folder")).unwrap();
        let output = sync(&home, EMBEDDED, &files(&[path])).run().exits(65);
        assert_eq!(lacks(&output.stderr, says), [""; 0], "{path}:\n{}", output.stderr);
        assert!(!home.path().join("lake").exists());
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_is_told_with_what_helps() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.write("closed/t.csv", numbered(0, 1));
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let closed = home.path().join("closed");
    mode(&closed, 0o000);
    let command = sync(&home, EMBEDDED, &files(&["closed"]));
    let command = if fs::read_dir(&closed).is_ok() {
        // This is root, who may read anything: another user runs the program, from a place that both can reach.
        fs::copy(binary(), home.path().join("lakeward")).unwrap();
        mode(&home.path(), 0o755);
        mode(home.path().parent().unwrap(), 0o755);
        let nobody =
            ["--reuid", "65534", "--regid", "65534", "--clear-groups", "./lakeward", "--config", "lakeward.toml"];
        home.command("setpriv").args(nobody)
    } else {
        command
    };
    let stderr = command.run().exits(65).stderr;
    mode(&closed, 0o755);
    assert_eq!(
        lacks(&stderr, &["closed can't be read", "ermission denied", "the right to read it"]),
        [""; 0],
        "{stderr}"
    );
}

#[test]
fn a_file_that_changes_while_it_is_read_ends_the_run() {
    let home = Home::new();
    let path = home.write("later.csv", numbered(0, 10));
    let first = "type = \"stdin\"\ntable = \"first\"\nformat = \"csv\"\nsample = 1\n";
    let source = format!("{first}\n[[source]]\n{}", files(&["later.csv"]));
    let mut running = sync(&home, EMBEDDED, &source).args(["--progress", "json"]).open_stdin().spawn();
    let mut input = running.stdin().unwrap();
    input.write_all(numbered(0, 3).as_bytes()).unwrap();
    // The file has been looked at by now, and is read when standard input has ended.
    running.wait_for("run_started");
    OpenOptions::new().append(true).open(path).unwrap().write_all(b"10,row 10\n").unwrap();
    drop(input);
    let output = running.wait().exits(65);
    let says = ["later.csv changed while it was read", "run again when nothing writes to it"];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
    // What the other table brought is in, and named.
    let bucket = home.path().join("lake/test");
    let keys = landed::keys(&bucket);
    assert_eq!((landed::all_ids(&bucket), keys.len()), (vec![0, 1, 2], 1));
    assert_eq!(lacks(&output.stderr, &["landed: 1 object", keys[0].as_str()]), [""; 0], "{}", output.stderr);
}

#[test]
fn a_run_that_fails_names_every_object_that_landed_before() {
    let home = Home::new();
    home.write("good.csv", numbered(0, 95));
    home.write("bad.csv", "id,text\n0,row 0\n1\n");
    let destination = format!("{EMBEDDED}batch_size = 10\n");
    let output =
        sync(&home, &destination, &files(&["good.csv", "bad.csv"])).args(["--progress", "json"]).run().exits(65);
    let bucket = home.path().join("lake/test");
    let keys = landed::keys(&bucket);
    assert_eq!((landed::all_ids(&bucket).len(), keys.len()), (95, 10));
    assert_eq!(landed::told(&summary(&output)), keys);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert_eq!(lacks(&output.stderr, &keys), [""; 0], "{}", output.stderr);
    let says = ["landed: 10 objects", "a rerun lands the rows of these objects again", "bad.csv, line 3"];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
    assert_eq!(summary(&output)["complete"], false);
}

#[test]
fn two_thousand_columns_land_in_every_format_and_no_column_in_none() {
    let home = Home::new();
    let header: Vec<String> = (0..2_000).map(|column| format!("c{column}")).collect();
    let row: Vec<String> = (0..2_000).map(|column| column.to_string()).collect();
    home.write("wide.csv", format!("{}\n{}\n", header.join(","), row.join(",")));
    for format in ["parquet", "csv", "json"] {
        let destination = format!("{EMBEDDED}format = \"{format}\"\n");
        let output = sync(&home, &destination, &files(&["wide.csv"])).args(["--progress", "json"]).run().exits(0);
        assert_eq!(summary(&output)["tables"][0]["landed"], 1);
    }
    home.write("none.ndjson", "{}\n{}\n");
    let output = sync(&home, EMBEDDED, &files(&["none.ndjson"])).run().exits(65);
    assert_eq!(lacks(&output.stderr, &["none", "column"]), [""; 0], "{}", output.stderr);
}

#[test]
fn a_path_whose_keys_would_be_too_long_is_told_before_anything_is_sent() {
    let home = Home::new();
    let table = "t".repeat(250);
    home.write(format!("{table}.csv"), numbered(0, 3));
    let path = ["{{TABLE}}"; 5].join("/") + "/{{UUID}}";
    let destination = EMBEDDED.replace("raw/{{TABLE}}/{{UUID}}.{{FORMAT}}", &path);
    let output = sync(&home, &destination, &files(&[&format!("{table}.csv")])).run().exits(2);
    assert_eq!(lacks(&output.stderr, &["1,024", "shorten [destination] path"]), [""; 0], "{}", output.stderr);
    assert!(!home.path().join("lake/test").exists());
}

#[cfg(unix)]
#[test]
fn a_command_that_fails_before_anything_is_sent_is_told_with_what_has_landed() {
    let home = Home::new();
    let source =
        "type = \"command\"\ncommand = [\"sh\", \"-c\", \"echo why >&2; exit 3\"]\ntable = \"t\"\nformat = \"csv\"\n";
    let told = sync(&home, EMBEDDED, source).run().exits(65).stderr;
    assert!(
        told.contains("ended with status 3; the end of its standard error:\n  why\nnothing has landed\n"),
        "{told}"
    );
}
