//! The nouns and rules of Lakeward that need no I/O: tables, the plan that a config resolves to, object keys, when an
//! object closes, how memory is shared, what a run tells its observers, and how it may fail.
//!
//! This crate knows no AWS, no async runtime, no files and no terminal. Everything else depends on it.

pub mod table;
pub mod column_type;
pub mod message;
pub mod budget;
pub mod config;
pub mod plan;
pub mod policy;
pub mod region;
pub mod key;
pub mod batch;
pub mod event;
pub mod failure;
pub mod untrusted;
