//! What was logged.

use std::{
    io,
    sync::{Mutex, PoisonError},
};

use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, registry, util::SubscriberInitExt};

/// Of all tests of this process: they run at once.
static LOG: Mutex<String> = Mutex::new(String::new());

/// Keeps from now on what the sink logs.
pub(crate) fn listen() {
    let ours = Targets::new().with_target("lakeward_sink", tracing::Level::INFO);
    let lines = fmt::layer().with_writer(|| Log).with_ansi(false);
    // Another test may have begun it.
    let _ = registry().with(lines).with(ours).try_init();
}

/// The lines that hold a text.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
