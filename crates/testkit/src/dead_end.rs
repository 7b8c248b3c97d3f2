//! An address at which nothing listens.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// An address of this machine that refuses connections for as long as this is kept: a port that is held, so that no other server gets
/// it, and not listened at.
#[derive(Debug)]
pub struct DeadEnd {
    address: SocketAddr,
    _socket: TcpSocket,
}

impl DeadEnd {
    /// Holds one.
    ///
    /// # Panics
    ///
    /// When the machine has no port left.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
        Self { address: socket.local_addr().expect("an address"), _socket: socket }
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Default for DeadEnd {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::{io::ErrorKind, net::TcpStream};

    use super::*;

    #[test]
    fn it_refuses_connections() {
        let dead_end = DeadEnd::new();
        let refused = TcpStream::connect(dead_end.address()).expect_err("nobody listens");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
}
