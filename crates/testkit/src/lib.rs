//! What tests share: programs run in a home of their own, Python and Node.js as independent judges, and servers that misbehave on
//! purpose.
//!
//! Everything here fails by panicking with a message for the person who reads the test's output.

#![expect(clippy::expect_used, clippy::panic, reason = "only tests use this crate, and a panic is how a test fails")]

pub mod home;
#[cfg(unix)]
pub mod terminal;
pub mod python;
pub mod node;
pub mod s3_server;

mod dead_end;
pub mod fault_proxy;
pub mod scripted_server;
mod wire;

pub use dead_end::DeadEnd;
pub use fault_proxy::{Counts, FaultProxy, Faults};
pub use home::{Home, HomeCommand, Leak, Output, Running};
pub use s3_server::S3Server;
pub use scripted_server::{Answer, Recorded, ScriptedServer};
#[cfg(unix)]
pub use terminal::{Key, Left, Terminal};

/// How often something is tried: `short`, or `full` times under `cargo xtask soak`.
#[must_use]
pub fn tries(short: u32, full: u32) -> u32 {
    if std::env::var_os("LAKEWARD_SOAK").is_some() { full } else { short }
}
