//! Unix sockets and TCP: where hosts connect, what serves their connections, and the connection of a host.

mod authority;
mod header_block;
mod filtered;
mod listener;
mod server;
mod client;

pub use client::Connection;
pub use listener::{Address, Listener};
pub use server::{Host, HostId, LARGEST_MESSAGE, Presence, serve};
