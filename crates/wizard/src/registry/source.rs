//! Where rows come from.

use super::needs::{given, of_rows, of_stream, with_source};
use crate::{
    question::{Choice, Id, Kind, Need, Question},
    state::Screen,
};
use Need::Required;

pub(super) const SOURCE: Question = Question {
    id: Id::Source,
    key: "source.type",
    flag: "source",
    title: "Rows come from",
    help: "Files of this machine, what a program prints, standard input, or the tables of a source plugin of CloudQuery.",
    example: "files",
    kind: Kind::Choice(&[
        Choice { value: "files", help: "files, folders and globs" },
        Choice { value: "command", help: "what a program writes to its standard output" },
        Choice { value: "stdin", help: "standard input, once a run" },
        Choice { value: "cloudquery", help: "a source plugin of CloudQuery" },
    ]),
    screen: Screen::Source,
    rare: false,
    need: |_| Required,
    default: |answers, facts| {
        Some(
            if given(answers, Id::Command) {
                "command"
            } else if given(answers, Id::Plugin) || given(answers, Id::Address) {
                "cloudquery"
            } else if facts.place.stdin_piped && !given(answers, Id::Paths) {
                "stdin"
            } else {
                "files"
            }
            .into(),
        )
    },
    depends_on: &[],
};

pub(super) const PATHS: Question = Question {
    id: Id::Paths,
    key: "source.paths",
    flag: "paths",
    title: "Files",
    help: "Files, folders (everything below them) and globs, with blanks between; quote a path that holds a blank. CSV, TSV, JSON, \
           NDJSON, Parquet and Arrow, also as .gz and .zst. They count from the folder of the config.",
    example: "'data/*.csv'",
    kind: Kind::List,
    screen: Screen::Source,
    rare: false,
    need: |answers| with_source(answers, "files", Required),
    default: |_, _| None,
    depends_on: &[Id::Source],
};

pub(super) const COMMAND: Question = Question {
    id: Id::Command,
    key: "source.command",
    flag: "command",
    title: "Program",
    help: "The program and its arguments. It is started without a shell, in the folder of the config. No password belongs into it.",
    example: "psql --csv -c 'select * from orders'",
    kind: Kind::Words,
    screen: Screen::Source,
    rare: false,
    need: |answers| with_source(answers, "command", Required),
    default: |_, _| None,
    depends_on: &[Id::Source],
};

pub(super) const TABLE: Question = Question {
    id: Id::Table,
    key: "source.table",
    flag: "table",
    title: "Table",
    help: "The table's name: {{TABLE}} in the path. For files it can be left empty: each file's name without its extensions is its \
           table.",
    example: "orders",
    kind: Kind::Text,
    screen: Screen::Source,
    rare: false,
    need: of_stream,
    default: |_, _| None,
    depends_on: &[Id::Source, Id::Paths, Id::Command],
};

pub(super) const SOURCE_FORMAT: Question = Question {
    id: Id::SourceFormat,
    key: "source.format",
    flag: "source-format",
    title: "Format of the rows",
    help: "What the source's text or files are. For files it can be left empty: it is found by content.",
    example: "csv",
    kind: Kind::Choice(&[
        Choice { value: "csv", help: "comma-separated values" },
        Choice { value: "tsv", help: "tab-separated values" },
        Choice { value: "ndjson", help: "one JSON value a line" },
        Choice { value: "json", help: "one JSON array" },
        Choice { value: "parquet", help: "Apache Parquet" },
        Choice { value: "arrow", help: "Arrow IPC" },
    ]),
    screen: Screen::Source,
    rare: false,
    need: of_stream,
    default: |_, _| None,
    depends_on: &[Id::Source, Id::Paths, Id::Command],
};

pub(super) const ON_ERROR: Question = Question {
    id: Id::OnError,
    key: "source.on_error",
    flag: "on-error",
    title: "Rows that don't fit",
    help: "What becomes of a row that does not fit its table: the run ends and names it, or it is set aside with its reason in a \
           rejects file. A column without a type in columns becomes text for the sake of one value that is no number, and \
           then all rows fit.",
    example: "skip",
    kind: Kind::Choice(&[
        Choice { value: "fail", help: "the run ends and says where" },
        Choice { value: "skip", help: "set aside in the folder rejects" },
    ]),
    screen: Screen::Source,
    rare: true,
    need: of_rows,
    default: |_, _| Some("fail".into()),
    depends_on: &[],
};
