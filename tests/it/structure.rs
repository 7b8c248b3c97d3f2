//! The shape of the workspace: which crate may know what, and rules for its files. A failure says what to do.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests and their helpers fail by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Crates of this workspace that a member may use in what it ships (dev-dependencies are another matter). Only `lakeward`,
/// the program, knows them all; those that it joins never see one another, but for the screens, which draw the wizard's state.
const MAY_USE: [(&str, &[&str]); 12] = [
    ("lakeward-core", &[]),
    ("lakeward-auth", &["lakeward-core"]),
    ("lakeward-source", &["lakeward-core"]),
    ("lakeward-sink", &["lakeward-core"]),
    ("lakeward-cloudquery", &["lakeward-core"]),
    ("lakeward-loopback", &["lakeward-core"]),
    ("lakeward-wizard", &["lakeward-core"]),
    ("lakeward-tui", &["lakeward-core", "lakeward-wizard"]),
    (
        "lakeward",
        &[
            "lakeward-auth",
            "lakeward-cloudquery",
            "lakeward-core",
            "lakeward-loopback",
            "lakeward-sink",
            "lakeward-source",
            "lakeward-tui",
            "lakeward-wizard",
        ],
    ),
    ("lakeward-testkit", &["lakeward-core", "lakeward-loopback"]),
    ("lakeward-tests", &[]),
    ("xtask", &[]),
];

/// Who alone may name a dependency: in what is shipped, and besides in tests. A name that ends in `-` is a prefix.
const KNOWN_BY: [(&str, &[&str], &[&str]); 4] = [
    ("aws-", &["lakeward-auth", "lakeward-sink", "lakeward-loopback"], &[]),
    ("loona-hpack", &["lakeward-cloudquery"], &[]),
    ("s3s", &["lakeward-loopback"], &[]),
    ("indicatif", &["lakeward-tui"], &[]),
];

/// What the core does not depend on, however indirectly: async runtimes, the network, AWS, terminals.
const NOT_IN_CORE: [&str; 8] = ["tokio", "aws-", "s3s", "reqwest", "hyper", "ratatui", "crossterm", "indicatif"];

const MOST_LINES: usize = 700;

#[test]
fn crates_depend_in_one_direction() {
    let rules = BTreeMap::from(MAY_USE);
    let members = members();
    let names: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let ruled: BTreeSet<&str> = rules.keys().copied().collect();
    assert_eq!(names, ruled, "MAY_USE in tests/it/structure.rs has a line for every member: add or remove it");
    for member in &members {
        for dependency in member.dependencies.iter().filter(|dependency| names.contains(dependency.name.as_str())) {
            let Dependency { name, dev } = dependency;
            let allowed =
                if *dev { member.name != "xtask" } else { rules[member.name.as_str()].contains(&name.as_str()) };
            assert!(
                allowed,
                "{} must not depend on {name}: put what both need into lakeward-core, or join them in crates/cli",
                member.name
            );
        }
    }
}

#[test]
fn only_their_owners_know_aws_the_s3_server_and_the_terminal() {
    for member in members() {
        for Dependency { name, dev } in &member.dependencies {
            for (known, shipped, tested) in KNOWN_BY {
                let owner = shipped.contains(&member.name.as_str()) || (*dev && tested.contains(&member.name.as_str()));
                assert!(
                    owner || !matches(name, known),
                    "{} must not know {name}: that is for {shipped:?}; go through what they offer",
                    member.name
                );
            }
        }
    }
}

#[test]
fn the_core_stays_free_of_input_and_output() {
    let tree = resolved(&["--package", "lakeward-core", "--edges", "normal"]);
    assert!(tree.contains_key("arrow-schema"), "cargo tree answered something else than was expected: {tree:?}");
    for package in tree.keys() {
        let kept_out = NOT_IN_CORE.iter().any(|name| matches(package, name));
        assert!(
            !kept_out,
            "lakeward-core came to depend on {package}: `cargo tree -p lakeward-core -i {package}` says how"
        );
    }
}

#[test]
fn members_inherit_lints_and_dependencies() {
    let mut strays = Vec::new();
    for member in members() {
        let manifest = member.manifest.display();
        let text = fs::read_to_string(&member.manifest).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let inherits = |value: &toml::Value| value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        assert!(table.get("lints").is_some_and(inherits), "{manifest}: add `[lints] workspace = true`");
        assert!(!table.contains_key("profile"), "{manifest}: profiles are the root Cargo.toml's");
        let targets = table.get("target").and_then(toml::Value::as_table);
        let per_target = targets.into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table);
        for part in std::iter::once(&table).chain(per_target) {
            for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
                for (name, dependency) in part.get(kind).and_then(toml::Value::as_table).into_iter().flatten() {
                    if !inherits(dependency) || dependency.get("features").is_some() {
                        strays.push(format!("{manifest}: {name}"));
                    }
                }
            }
        }
    }
    assert!(
        strays.is_empty(),
        "write `NAME.workspace = true`: version and features stand in the root Cargo.toml, once for all: {strays:#?}"
    );
}

/// `cargo test` after `cargo run` rebuilds a third-party crate, and all that depend on it, if it gets other features.
#[test]
fn tests_use_third_party_crates_as_the_program_does() {
    let program = resolved(&["--package", "lakeward", "--edges", "normal,build"]);
    let tests = resolved(&["--workspace", "--edges", "normal,build,dev"]);
    // Another version, which only tests use, is another crate.
    let version = |entry: &str| entry.split(' ').next().unwrap_or_default().to_owned();
    let different = |package: &&String| {
        let ours = &program[*package];
        let versions: BTreeSet<String> = ours.iter().map(|entry| version(entry)).collect();
        let theirs = tests.get(*package).into_iter().flatten().filter(|entry| versions.contains(&version(entry)));
        !theirs.eq(ours)
    };
    let different: Vec<&str> = program.keys().filter(different).map(String::as_str).collect();
    assert!(
        different.is_empty(),
        "compare `cargo tree -p lakeward -e features -i CRATE` with `cargo tree --workspace -e features -i CRATE`, \
         and give the root Cargo.toml's dependencies the features that only tests turn on: {different:?}"
    );
}

#[test]
fn source_files_stay_readable() {
    let sources = |path: &PathBuf| {
        let text = path.to_string_lossy();
        text.ends_with(".rs") && text.contains("/src/") && (text.starts_with("crates/") || text.starts_with("xtask/"))
    };
    let sources: Vec<PathBuf> = files().into_iter().filter(sources).collect();
    assert!(sources.len() > 10, "the sources were not found: {sources:?}");
    for path in sources {
        let lines = fs::read_to_string(root().join(&path)).unwrap().lines().count();
        assert!(
            lines <= MOST_LINES,
            "{} has {lines} lines: split it by purpose into modules of at most {MOST_LINES}",
            path.display()
        );
    }
}

#[test]
fn nothing_is_left_out_for_later() {
    // Put together here, so that this file is not found itself.
    let words = [concat!("#[", "ignore"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    for path in files() {
        let content = fs::read(root().join(&path)).unwrap();
        let content = String::from_utf8_lossy(&content);
        for word in words {
            assert!(!content.contains(word), "{} holds `{word}`: write the code, or take it away", path.display());
        }
    }
}

struct Member {
    name: String,
    manifest: PathBuf,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    dev: bool,
}

/// The workspace's members with the dependencies that their manifests name, of every platform.
fn members() -> Vec<Member> {
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let dependency = |value: &Value| Dependency { name: text(&value["name"]), dev: value["kind"] == "dev" };
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| Member {
            name: text(&package["name"]),
            manifest: text(&package["manifest_path"]).into(),
            dependencies: package["dependencies"].as_array().unwrap().iter().map(dependency).collect(),
        })
        .collect()
}

/// The packages that cargo builds on this platform, each with its versions and features.
fn resolved(arguments: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let tree = cargo(&[&["tree", "--prefix", "none", "--no-dedupe", "--format", "{p}\t{f}"], arguments].concat());
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (package, features) in tree.lines().filter_map(|line| line.split_once('\t')) {
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        packages.entry(name.to_owned()).or_default().insert(format!("{version} {features}"));
    }
    packages
}

/// Files that are committed or would be, relative to the root.
fn files() -> Vec<PathBuf> {
    let list = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let listed = printed_by(Command::new("git").args(list).current_dir(root()));
    // One that was deleted but not yet committed is still listed.
    listed.split('\0').filter(|path| root().join(path).is_file()).map(PathBuf::from).collect()
}

fn cargo(arguments: &[&str]) -> String {
    printed_by(Command::new(std::env::var_os("CARGO").unwrap()).args(arguments).current_dir(root()))
}

fn printed_by(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} did not start: {error}"));
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn matches(package: &str, name: &str) -> bool {
    package == name || (name.ends_with('-') && package.starts_with(name))
}
