//! Where hosts connect.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

/// An address to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A unix socket's path.
    Unix(PathBuf),
    /// A host and a port.
    Tcp(String),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => f.write_str(&printable(&path.display().to_string())),
            Self::Tcp(address) => f.write_str(&printable(address)),
        }
    }
}

/// What listens there. A unix socket's file goes away with it.
#[derive(Debug)]
pub struct Listener {
    address: Address,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        _file: SocketFile,
    },
    Tcp(TcpListener),
}

/// A host's connection.
#[derive(Debug)]
pub(super) enum Socket {
    #[cfg(unix)]
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Listener {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the address is taken, or can't be listened at.
    pub async fn bind(address: Address) -> Result<Self, Failure> {
        let kind = match &address {
            Address::Tcp(host) => {
                Kind::Tcp(TcpListener::bind(host.as_str()).await.map_err(|error| failure(&address, &error))?)
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                clear(path).await?;
                let listener = UnixListener::bind(path).map_err(|error| failure(&address, &error))?;
                let file = SocketFile::guarded(path).map_err(|error| failure(&address, &error))?;
                Kind::Unix { listener, _file: file }
            }
            #[cfg(not(unix))]
            Address::Unix(_) => {
                let what = "unix sockets are for Linux and macOS alone";
                return Err(Failure::new(FailureKind::Usage, what).next("use --network tcp"));
            }
        };
        Ok(Self { address: address.clone(), kind })
    }

    /// Where it listens; of a TCP port 0, the port that it got.
    #[must_use]
    pub fn address(&self) -> Address {
        match &self.kind {
            Kind::Tcp(listener) => {
                listener.local_addr().map_or_else(|_| self.address.clone(), |at| Address::Tcp(at.to_string()))
            }
            #[cfg(unix)]
            Kind::Unix { .. } => self.address.clone(),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Socket> {
        match &self.kind {
            Kind::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Answers are small and are waited for.
                stream.set_nodelay(true)?;
                Ok(Socket::Tcp(stream))
            }
            #[cfg(unix)]
            Kind::Unix { listener, .. } => Ok(Socket::Unix(listener.accept().await?.0)),
        }
    }
}

fn failure(address: &Address, error: &io::Error) -> Failure {
    Failure::new(FailureKind::Usage, format!("nothing can listen at {address}: {error}"))
        .next("choose another --address, or end what listens there")
}

/// Takes away the socket file of a process that is gone. One at which somebody listens, or another file, stays.
#[cfg(unix)]
async fn clear(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::FileTypeExt;
    let address = Address::Unix(path.to_owned());
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !metadata.file_type().is_socket() {
        let error = io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket");
        return Err(failure(&address, &error));
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(failure(&address, &io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"))),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            tracing::debug!("the socket {address} of a process that is gone is taken over");
            std::fs::remove_file(path).map_err(|error| failure(&address, &error))
        }
        Err(error) => Err(failure(&address, &error)),
    }
}

/// The file of a unix socket that was made here.
#[cfg(unix)]
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    inode: u64,
}

#[cfg(unix)]
impl SocketFile {
    /// The file, open to its owner alone: whoever can connect can write to the bucket.
    fn guarded(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { path: path.to_owned(), inode: std::fs::symlink_metadata(path)?.ino() })
    }
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        use std::os::unix::fs::MetadataExt;
        // Another process may have put its own there.
        if std::fs::symlink_metadata(&self.path).is_ok_and(|metadata| metadata.ino() == self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stale_socket_is_taken_over_and_a_living_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
        assert!(path.exists(), "a socket's file outlives it");
        let first = Listener::bind(Address::Unix(path.clone())).await.expect("taken over");
        let second = Listener::bind(Address::Unix(path.clone())).await.expect_err("in use");
        assert!(second.what.contains("another process listens there"), "{second}");
        drop(first);
        assert!(!path.exists(), "the file goes away with its listener");
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes");
        std::fs::write(&path, "mine").expect("written");
        assert!(Listener::bind(Address::Unix(path.clone())).await.is_err());
        assert_eq!(std::fs::read(&path).expect("there"), b"mine");
    }
}
