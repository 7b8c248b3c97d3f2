//! That what the pages say is so: every config on them is read, every AWS file is searched, every command is run, and every
//! message is one of the program's. What is to come of each stands in `tests/data/documentation.toml`; what it does not cover
//! fails.

#![cfg(unix)]

use std::{collections::BTreeMap, fs};

use lakeward_testkit::{Home, HomeCommand, Output, python};
use serde_json::{Value, json};
use walkdir::WalkDir;

use crate::{
    documentation_page::{Block, anchors, blocks, command, links, mentioned, messages},
    documentation_world::{CODE, World},
    program::{lacks, lakeward, root},
};

const PAGES: [&str; 2] = ["authentication.md", "check.md"];
const CASES: &str = include_str!("../data/documentation.toml");

/// What is to come of the blocks below one heading.
struct Section {
    given: Vec<String>,
    /// The place that each profile of the AWS files leads to.
    profiles: BTreeMap<String, String>,
    /// The place that each config leads to.
    configs: Vec<String>,
    commands: Vec<Command>,
}

struct Command {
    run: String,
    exit: i32,
    says: Vec<String>,
    /// Whether it asks for a code at a terminal.
    asks: bool,
}

fn sections(page: &str) -> BTreeMap<String, Section> {
    let table: toml::Table = CASES.parse().unwrap();
    let texts = |value: Option<&toml::Value>| -> Vec<String> {
        let all = value.and_then(toml::Value::as_array).into_iter().flatten();
        all.map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let command = |command: &toml::Value| Command {
        run: command["run"].as_str().unwrap().to_owned(),
        exit: command.get("exit").and_then(toml::Value::as_integer).unwrap_or(0).try_into().unwrap(),
        says: texts(command.get("says")),
        asks: command.get("asks").is_some(),
    };
    let section = |(heading, section): (&String, &toml::Value)| {
        let profiles = section.get("profiles").and_then(toml::Value::as_table).into_iter().flatten();
        let commands = section.get("commands").and_then(toml::Value::as_array).into_iter().flatten();
        let section = Section {
            given: texts(section.get("given")),
            profiles: profiles.map(|(name, place)| (name.clone(), place.as_str().unwrap().to_owned())).collect(),
            configs: texts(section.get("configs")),
            commands: commands.map(command).collect(),
        };
        (heading.clone(), section)
    };
    table[page].as_table().unwrap().iter().map(section).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_on_the_page_about_authentication_is_so() {
    read("authentication.md").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_on_the_page_about_the_check_is_so() {
    read("check.md").await;
}

/// Does all that the page says, chapter by chapter, each in a home of its own.
async fn read(page: &str) {
    let (blocks, mut sections) = (blocks(page), sections(page));
    for chapter in blocks.chunk_by(|one, other| one.chapter == other.chapter) {
        let world = World::new().await;
        for below in chapter.chunk_by(|one, other| one.heading == other.heading) {
            let heading = &below[0].heading;
            let Some(section) = sections.remove(heading) else {
                panic!(
                    "{page}:{}: nothing in tests/data/documentation.toml says what is to come of {heading:?}",
                    below[0].line
                )
            };
            Reader::new(page, &world, section).read(below);
        }
    }
    let left: Vec<&String> = sections.keys().collect();
    assert!(left.is_empty(), "{page} has no blocks below {left:?} any more");
}

/// Somebody who does what stands below one heading.
struct Reader<'a> {
    page: &'a str,
    world: &'a World,
    section: Section,
    environment: Vec<(String, String)>,
}

impl<'a> Reader<'a> {
    fn new(page: &'a str, world: &'a World, section: Section) -> Self {
        let mut environment = Vec::new();
        section.given.iter().for_each(|given| world.give(given, &mut environment));
        Self { page, world, section, environment }
    }

    fn read(mut self, blocks: &[Block]) {
        for block in blocks {
            let place = format!("{}:{}", self.page, block.line);
            match (block.language.as_str(), block.file()) {
                ("toml", Some("lakeward.toml")) => self.config(block, &place),
                ("ini", Some(file)) if file.starts_with("~/.aws/") => self.aws_file(block, file, &place),
                ("json", _) => self.json(block, &place),
                ("yaml", _) => {
                    let script =
                        "import sys, yaml; all = list(yaml.safe_load_all(sys.argv[1])); assert all and None not in all";
                    let _ = python::run(script, [block.text()]);
                }
                ("sh" | "text" | "ini", _) => {}
                _ => panic!("{place}: the tests do not know what to do with such a block"),
            }
            for line in &block.lines {
                let set = line.strip_prefix("export ").or_else(|| line.strip_prefix("Environment="));
                match (set.and_then(|set| set.split_once('=')), command(line)) {
                    (Some((name, value)), _) => self.environment.push((name.to_owned(), self.world.here(value))),
                    (None, Some(command)) => self.run(&command, &place),
                    (None, None) => assert_ne!(block.language, "sh", "{place}: {line:?} is not run"),
                }
            }
        }
        let Section { profiles, configs, commands, .. } = &self.section;
        let runs: Vec<&String> = commands.iter().map(|command| &command.run).collect();
        assert!(
            profiles.is_empty() && configs.is_empty() && runs.is_empty(),
            "{} does not say any more: {profiles:?} {configs:?} {runs:?}",
            blocks[0].heading
        );
    }

    /// A line of a shell.
    fn shell(&self, line: &str) -> HomeCommand<'a> {
        self.in_environment(self.world.home.command("sh").args(["-c", &self.world.here(line)]))
    }

    fn in_environment<'home>(&self, command: HomeCommand<'home>) -> HomeCommand<'home> {
        let command = self.world.command(command);
        self.environment.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// A config is read, and leads where it should.
    fn config(&mut self, block: &Block, place: &str) {
        assert!(!self.section.configs.is_empty(), "{place}: no place is named to which this config leads");
        let expected = self.section.configs.remove(0);
        self.world.configure(&block.text());
        let _ = self.shell("lakeward policy --config lakeward.toml").run().exits(0);
        let explained = self.shell("lakeward auth explain --offline --json --config lakeward.toml").run();
        assert_eq!(winner(&explained), expected, "{place}: {}", explained.stdout);
    }

    /// A file of the AWS tools is written, and each profile in it leads where it should.
    fn aws_file(&mut self, block: &Block, file: &str, place: &str) {
        self.world.home.write_private(file.trim_start_matches("~/"), self.world.here(&block.text()));
        let sections = block.lines.iter().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
        for profile in sections {
            let name = match (file, profile.split_once(' ')) {
                (_, None) => profile,
                ("~/.aws/config", Some(("profile", name))) => name,
                _ => continue,
            };
            let key = format!("{name} in {file}");
            let expected = self.section.profiles.remove(&key);
            let expected = expected.unwrap_or_else(|| panic!("{place}: no place is named to which {key:?} leads"));
            let explained = self.shell(&format!("lakeward auth explain --offline --json --profile {name}")).run();
            assert_eq!(winner(&explained), expected, "{place}: {}", explained.stdout);
        }
    }

    /// A policy; the one of Lakeward is what `lakeward policy` prints.
    fn json(&self, block: &Block, place: &str) {
        let policy: Value = serde_json::from_str(&block.text()).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert!(policy["Version"] == "2012-10-17" && policy["Statement"].is_array(), "{place}");
        if policy["Statement"][0]["Sid"] == "LakewardWrites" {
            assert_eq!(self.shell("lakeward policy").run().exits(0).stdout, block.text(), "{place}");
        }
    }

    /// A command does what it should.
    fn run(&mut self, command: &str, place: &str) {
        let commands = &mut self.section.commands;
        let expected = commands.iter().position(|expected| expected.run == command);
        let Some(expected) = expected else { panic!("{place}: nothing says how `{command}` is to end") };
        let expected = commands.remove(expected);
        let (status, printed) = if expected.asks {
            let steps = json!([{ "wait": "Code of the MFA device [^\n]*: ", "type": format!("{CODE}\r") }]);
            let asked = json!({ "words": ["sh", "-c", command], "steps": steps }).to_string();
            let script = python::command(&self.world.home, include_str!("../python/typed.py"), [asked]);
            let ended: Value = serde_json::from_str(&self.in_environment(script).run().exits(0).stdout).unwrap();
            (ended["status"].as_i64(), ended["shown"].as_str().unwrap().to_owned())
        } else {
            let shell = self.shell(command);
            let output = if command.contains("auth export") { shell.prints_secrets().run() } else { shell.run() };
            (output.code.map(i64::from), output.stdout + &output.stderr)
        };
        assert_eq!(status, Some(expected.exit.into()), "{place}: {command}\n{printed}");
        let says: Vec<&str> = expected.says.iter().map(String::as_str).collect();
        assert_eq!(lacks(&printed, &says), [""; 0], "{place}: {command}\n{printed}");
    }
}

/// The place at which a search ends, in `auth explain`'s words.
fn winner(explained: &Output) -> String {
    let explained: Value = serde_json::from_str(&explained.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", explained.stdout, explained.stderr));
    let ended = |link: &&Value| link["state"] == "found" || link["state"] == "broken";
    let Some(link) = explained["links"].as_array().into_iter().flatten().find(ended) else { return "none".to_owned() };
    let name = link["name"].as_str().unwrap();
    if link["state"] == "found" { name.to_owned() } else { format!("{name}: broken: {}", link["detail"]) }
}

#[test]
fn every_command_that_is_mentioned_is_one_and_every_link_leads_somewhere() {
    let home = Home::new();
    for page in PAGES {
        for command in mentioned(page) {
            let words: Vec<&str> = command.split_whitespace().skip(1).collect();
            let output = lakeward(&home).args(words).arg("--help").run();
            assert_eq!(output.code, Some(0), "{page}: {command}: {}", output.stderr);
        }
        for (file, heading) in links(page) {
            let file = if file.is_empty() { page } else { &file };
            let is_there = root().join("docs").join(file).exists();
            assert!(is_there && (heading.is_empty() || anchors(file).contains(&heading)), "{page}: {file}#{heading}");
        }
    }
}

#[test]
fn every_message_that_is_explained_is_one_of_the_programs() {
    let sources = WalkDir::new(root().join("crates")).into_iter().filter_map(Result::ok);
    let sources = sources.filter(|file| file.path().extension().is_some_and(|extension| extension == "rs"));
    let sources: String = sources.map(|file| fs::read_to_string(file.path()).unwrap()).collect();
    // A string that is continued on the next line is one text.
    let sources: Vec<&str> = sources.split("\\\n").map(str::trim_start).collect();
    let sources = sources.concat();
    let messages = messages("authentication.md");
    assert!(messages.len() > 50, "{} messages", messages.len());
    let unknown: Vec<&String> = messages.iter().flatten().filter(|piece| !sources.contains(piece.as_str())).collect();
    assert!(unknown.is_empty(), "no source holds {unknown:#?}");
}
