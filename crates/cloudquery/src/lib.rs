//! CloudQuery's plugin protocol, version 3, as its messages are seen on the wire.
//!
//! `protocol` holds the messages and services, as generated from `proto/`; `transport` serves them on a unix socket or over TCP;
//! `ipc` reads the Arrow streams that stand for tables and records, and `tables` keeps those of one stream of messages.
//! Nothing here knows what a plugin does with what it is sent.

pub mod protocol;
pub mod transport;
mod ipc;
pub mod tables;
