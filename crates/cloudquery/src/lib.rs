//! CloudQuery's plugin protocol, version 3, as its messages are seen on the wire.
//!
//! `protocol` holds the messages and services, as generated from `proto/`; `transport` serves them on a unix socket or over TCP;
//! `ipc` reads the Arrow streams that stand for tables and records, and `tables` keeps those of one stream of messages.
//! `source` asks a source plugin for its tables and rows, and `state` is what it keeps between two runs.
//! Nothing here knows what becomes of what is sent.

pub mod protocol;
pub mod transport;
mod ipc;
pub mod tables;
pub mod source;
pub mod state;
