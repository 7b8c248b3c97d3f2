//! A source plugin of CloudQuery: where it is, and what is asked of it.

use super::needs::{with_plugin, with_program};
use crate::{
    answers::Value,
    question::{Choice, Id, Kind, Need, Question},
    state::Screen,
};
use Need::{Optional, Required};

pub(super) const ADDRESS: Question = Question {
    id: Id::Address,
    key: "source.address",
    flag: "address",
    title: "Plugin running at",
    help: "The host and the port of a plugin that is running already. Leave it empty where Lakeward is to start the plugin's program. \
           What is at an address gets the spec over a connection without encryption.",
    example: "127.0.0.1:7777",
    kind: Kind::Text,
    screen: Screen::Source,
    rare: false,
    need: |answers| with_plugin(answers, Optional),
    default: |_, _| None,
    depends_on: &[Id::Source],
};

pub(super) const PLUGIN: Question = Question {
    id: Id::Plugin,
    key: "source.path",
    flag: "plugin",
    title: "Plugin's program",
    help: "The source plugin: a program of this machine, for Lakeward downloads none. The path counts from the folder of the config, \
           where the program is started. One of the Python or the JavaScript SDK needs the network tcp, too.",
    example: "./cq-source-aws",
    kind: Kind::Text,
    screen: Screen::Source,
    rare: false,
    need: |answers| with_program(answers, Required),
    default: |_, _| None,
    depends_on: &[Id::Source, Id::Address],
};

pub(super) const TABLES: Question = Question {
    id: Id::Tables,
    key: "source.tables",
    flag: "tables",
    title: "Tables",
    help: "The plugin's tables that are to land, with blanks between; * stands for any characters. The plugin brings along a table \
           through which another one is read.",
    example: "'aws_ec2_*'",
    kind: Kind::List,
    screen: Screen::Source,
    rare: false,
    need: |answers| with_plugin(answers, Required),
    default: |_, _| Some(Value::List(vec!["*".to_owned()])),
    depends_on: &[Id::Source, Id::Address, Id::Plugin],
};

pub(super) const SKIP_TABLES: Question = Question {
    id: Id::SkipTables,
    key: "source.skip_tables",
    flag: "skip-tables",
    title: "Tables left out",
    help: "Those of the tables that do not land, with blanks between; * stands for any characters.",
    example: "aws_ec2_images",
    kind: Kind::List,
    screen: Screen::Source,
    rare: false,
    need: |answers| with_plugin(answers, Optional),
    default: |_, _| None,
    depends_on: &[Id::Source, Id::Address, Id::Plugin],
};

pub(super) const SPEC: Question = Question {
    id: Id::Spec,
    key: "source.spec",
    flag: "spec",
    title: "Plugin's spec",
    help: "The plugin's own settings, those below spec: in CloudQuery's YAML, as a TOML table or a JSON object in one line. No secret \
           belongs into it: ${NAME} in a text stands for an environment variable and ${file:PATH} for what a file holds, and both are \
           looked up when the plugin is run.",
    example: "{ regions = [\"eu-central-1\"], token = \"${API_TOKEN}\" }",
    kind: Kind::Table,
    screen: Screen::Source,
    rare: false,
    need: |answers| with_plugin(answers, Optional),
    default: |_, _| None,
    depends_on: &[Id::Source, Id::Address, Id::Plugin],
};

pub(super) const NETWORK: Question = Question {
    id: Id::Network,
    key: "source.network",
    flag: "network",
    title: "Plugin's network",
    help: "How the plugin that is started is reached: at a unix socket, or at a port of the loopback interface, which other users of the \
           machine can reach too. Plugins of the Python and the JavaScript SDK know nothing but tcp.",
    example: "tcp",
    kind: Kind::Choice(&[
        Choice { value: "unix", help: "a unix socket that you alone can reach" },
        Choice { value: "tcp", help: "a port of this machine, for the Python and the JavaScript SDK" },
    ]),
    screen: Screen::Source,
    rare: true,
    need: |answers| with_program(answers, Optional),
    default: |_, _| Some("unix".into()),
    depends_on: &[Id::Source, Id::Address, Id::Plugin],
};

pub(super) const TIMEOUT: Question = Question {
    id: Id::Timeout,
    key: "source.timeout",
    flag: "timeout",
    title: "Plugin's timeout",
    help: "How long the plugin may take to answer, and then to send the next row, before the run ends.",
    example: "5m",
    kind: Kind::Text,
    screen: Screen::Source,
    rare: true,
    need: |answers| with_plugin(answers, Optional),
    default: |_, _| Some("30m".into()),
    depends_on: &[],
};
