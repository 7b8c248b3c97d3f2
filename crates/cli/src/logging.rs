//! Logs, on standard error.

use std::sync::Arc;

use lakeward_core::event::{Event, Observer};
use lakeward_tui::progress::Progress;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, registry, util::SubscriberInitExt};

use crate::arguments::{LogFormat, OutputArguments};

/// This project's crates; what others log is capped, since it may hold headers and bodies.
pub(crate) const OURS: [&str; 8] = [
    "lakeward",
    "lakeward_auth",
    "lakeward_cloudquery",
    "lakeward_core",
    "lakeward_loopback",
    "lakeward_sink",
    "lakeward_source",
    "lakeward_tui",
];

/// Each request to S3, with `aws_debug`.
const REQUESTS: &str = "lakeward_sink::requests";

/// Starts logging. Without `-v` only warnings are logged; dependencies never below their `info`.
pub(crate) fn start(output: OutputArguments, progress: &Progress) {
    let (ours, others) = match (output.quiet, output.verbose) {
        (true, _) => (LevelFilter::ERROR, LevelFilter::ERROR),
        (false, 0) => (LevelFilter::WARN, LevelFilter::ERROR),
        (false, 1) => (LevelFilter::INFO, LevelFilter::WARN),
        (false, 2) => (LevelFilter::DEBUG, LevelFilter::INFO),
        (false, _) => (LevelFilter::TRACE, LevelFilter::INFO),
    };
    // The embedded S3's protocol library logs what it refuses as errors of its own; the run tells them as the client's.
    let refusals = if output.verbose == 0 { LevelFilter::OFF } else { others };
    // Logged only where the config asks for it, and then without `-v`.
    let requests = if output.quiet { ours } else { ours.max(LevelFilter::INFO) };
    let filter = Targets::new()
        .with_default(others)
        .with_target("s3s", refusals)
        .with_targets(OURS.map(|target| (target, ours)))
        .with_target(REQUESTS, requests);
    let lines = fmt::layer().with_writer(progress.log_writer()).with_ansi(false);
    let lines = match output.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    // An error would mean that logging has already been started.
    let _ = registry().with(lines.with_filter(filter)).try_init();
}

/// Logs the errors that sources write to their own logs, where no other observer shows them, and passes all events on.
pub(crate) struct SourceLogs(pub(crate) Arc<dyn Observer>);

impl Observer for SourceLogs {
    fn on(&self, event: &Event) {
        if let Event::SourceLogged { source, message } = event {
            tracing::warn!("the source {source} logs: {message}");
        }
        self.0.on(event);
    }
}
