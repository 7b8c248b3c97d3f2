//! The ways in which a run shows its progress, all on standard error.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
};

use lakeward_core::event::{Event, Observer};

use crate::{bars::Bars, lines::Lines};

/// A way to show progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Bars on a terminal, plain lines elsewhere.
    #[default]
    Auto,
    /// A bar for each open table and one for all.
    Bar,
    /// A line now and then.
    Plain,
    /// Every event as one line of JSON.
    Json,
    /// Nothing.
    None,
}

/// Progress in the chosen style: an observer of the run, and where log lines go meanwhile.
pub struct Progress {
    /// Watches the run.
    pub observer: Arc<dyn Observer>,
    bars: Option<Bars>,
}

impl Progress {
    /// Progress on standard error.
    #[must_use]
    pub fn new(style: Style) -> Self {
        let terminal = io::stderr().is_terminal();
        match style {
            Style::Auto if terminal => Self::bars(),
            Style::Bar => Self::bars(),
            Style::Auto | Style::Plain => Self::of(Lines::new(Box::new(io::stderr()))),
            Style::Json => Self::of(JsonLines::new(Box::new(io::stderr()))),
            Style::None => Self::of(()),
        }
    }

    fn bars() -> Self {
        let bars = Bars::new();
        Self { observer: Arc::new(bars.clone()), bars: Some(bars) }
    }

    fn of(observer: impl Observer + 'static) -> Self {
        Self { observer: Arc::new(observer), bars: None }
    }

    /// Makes writers of log lines to standard error that leave the bars whole.
    pub fn log_writer(&self) -> impl Fn() -> LogWriter + Send + Sync + 'static {
        let bars = self.bars.clone();
        move || LogWriter(bars.clone())
    }
}

/// A writer to standard error that moves the bars out of the way.
#[derive(Debug)]
pub struct LogWriter(Option<Bars>);

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Some(bars) => bars.suspend(|| io::stderr().write(bytes)),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Every event as one line of JSON.
struct JsonLines(Mutex<Box<dyn Write + Send>>);

impl JsonLines {
    fn new(out: Box<dyn Write + Send>) -> Self {
        Self(Mutex::new(out))
    }
}

impl Observer for JsonLines {
    fn on(&self, event: &Event) {
        if let Ok(mut line) = serde_json::to_vec(event) {
            line.push(b'\n');
            // Nobody may be reading: the run goes on all the same.
            let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line);
        }
    }
}
