//! Unix sockets and TCP: where hosts connect, and what serves their connections.

mod authority;
mod header_block;
mod filtered;
mod listener;
mod server;

pub use listener::{Address, Listener};
pub use server::{HostId, serve};
