//! A session of the wizard in plain mode, over a pipe: what it says, and lines as answers.

use std::{
    io::Write,
    process::ChildStdin,
    time::{Duration, Instant},
};

use lakeward_testkit::{HomeCommand, Output, Running};

/// A session that goes on.
pub(crate) struct Session<'home> {
    running: Running<'home>,
    input: Option<ChildStdin>,
    /// How much of its output was looked at.
    seen: usize,
}

impl<'home> Session<'home> {
    #[track_caller]
    pub(crate) fn begin(command: HomeCommand<'home>) -> Self {
        let mut running = command.open_stdin().spawn();
        let input = running.stdin();
        Self { running, input, seen: 0 }
    }

    /// Waits until it says a text that was not looked at before; all that was said up to the end of that text.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) -> String {
        let began = Instant::now();
        loop {
            let said = self.running.stdout();
            let new = said.get(self.seen..).unwrap_or_default();
            if let Some(at) = new.find(text) {
                let to = self.seen + at + text.len();
                let told = said[self.seen..to].to_owned();
                self.seen = to;
                return told;
            }
            let late = began.elapsed() > Duration::from_secs(40);
            assert!(!late, "it never says {text:?}; since then:\n{new}\n{}", self.running.stderr());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Types a line.
    #[track_caller]
    pub(crate) fn line(&mut self, line: &str) {
        self.input.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits for a text, then types a line.
    #[track_caller]
    pub(crate) fn answer(&mut self, text: &str, line: &str) {
        self.until(text);
        self.line(line);
    }

    /// Waits for a list, and chooses the row that holds a text; returns the list.
    #[track_caller]
    pub(crate) fn choose(&mut self, row: &str) -> String {
        let list = self.until("Type a number");
        let mut numbers =
            list.lines().filter(|line| line.contains(row)).filter_map(|line| line.trim().split('.').next());
        let number = numbers.next_back().unwrap_or_else(|| panic!("there is no {row:?} in:\n{list}")).to_owned();
        self.line(&number);
        list
    }

    /// The process, for signals.
    pub(crate) fn running(&self) -> &Running<'home> {
        &self.running
    }

    /// Waits for its end, while its input stays open.
    #[track_caller]
    pub(crate) fn ended(self) -> Output {
        let Self { running, input: _open, .. } = self;
        running.wait()
    }

    /// Ends its input and waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Output {
        drop(self.input.take());
        self.running.wait()
    }

    /// No AWS: from the ways to sign in to the source, with objects in the folder that is proposed.
    #[track_caller]
    pub(crate) fn without_aws(&mut self, bucket: &str, path: &str) {
        self.choose("No AWS");
        self.answer(": Folder\n", "");
        self.answer(": Bucket\n", bucket);
        self.answer(": Path\n", path);
        self.answer(": Format\n", "");
        self.answer(": Compression\n", "");
    }

    /// From the tables of the source over the test write and the config to the beginning of a run.
    #[track_caller]
    pub(crate) fn on_to_the_run(&mut self) {
        self.answer("Enter goes on", "");
        self.answer("Enter tests it", "");
        self.answer("It works.", "");
        self.choose("Run now");
    }

    /// From the destination to the written config, with files as the source; the usual answers stand.
    #[track_caller]
    pub(crate) fn rest(&mut self, bucket: &str, paths: &str) {
        self.answer(": Bucket\n", bucket);
        self.answer(": Path\n", "");
        self.optional(": Region\n", ": Format\n");
        self.line("");
        self.answer(": Compression\n", "");
        self.answer(": Rows come from\n", "");
        self.answer(": Files\n", paths);
        self.answer(": Table\n", "");
        self.answer(": Format of the rows\n", "");
        self.until("Table t: id int64, text string");
        self.answer("Enter goes on", "");
        self.answer("Enter tests it", "");
        self.answer("It works.", "");
        self.choose("Not now");
        self.answer("Enter leaves.", "");
    }

    /// Leaves a question empty that may not come, up to the next one.
    #[track_caller]
    fn optional(&mut self, question: &str, next: &str) {
        let began = Instant::now();
        loop {
            let said = self.running.stdout();
            let new = said.get(self.seen..).unwrap_or_default();
            if new.contains(question) {
                self.line("");
                self.until(next);
                return;
            }
            if new.contains(next) {
                self.until(next);
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "neither {question:?} nor {next:?}:\n{new}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
