//! Logs, on standard error.

use lakeward_tui::progress::Progress;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{EnvFilter, fmt, util::SubscriberInitExt};

use crate::arguments::{LogFormat, OutputArguments};

/// This project's crates; what others log is capped, since it may hold headers and bodies.
const OURS: [&str; 7] = [
    "lakeward",
    "lakeward_auth",
    "lakeward_core",
    "lakeward_loopback",
    "lakeward_sink",
    "lakeward_source",
    "lakeward_tui",
];

/// Starts logging. Without `-v` only warnings are logged; dependencies never below their `info`.
pub(crate) fn start(output: OutputArguments, progress: &Progress) {
    let (ours, others) = match (output.quiet, output.verbose) {
        (true, _) => (LevelFilter::ERROR, LevelFilter::ERROR),
        (false, 0) => (LevelFilter::WARN, LevelFilter::ERROR),
        (false, 1) => (LevelFilter::INFO, LevelFilter::WARN),
        (false, 2) => (LevelFilter::DEBUG, LevelFilter::INFO),
        (false, _) => (LevelFilter::TRACE, LevelFilter::INFO),
    };
    let mut filter = EnvFilter::default().add_directive(others.into());
    for target in OURS {
        if let Ok(directive) = format!("{target}={ours}").parse() {
            filter = filter.add_directive(directive);
        }
    }
    let subscriber = fmt().with_env_filter(filter).with_writer(progress.log_writer()).with_ansi(false);
    // An error would mean that logging has already been started.
    let _ = match output.log_format {
        LogFormat::Text => subscriber.finish().try_init(),
        LogFormat::Json => subscriber.json().finish().try_init(),
    };
}
