//! A socket whose input goes through the [`AuthorityFilter`].

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_read_buf;

use super::authority::AuthorityFilter;

/// How much is asked of the socket at once.
const READ: usize = 64 << 10;

pub(super) struct Filtered<S> {
    socket: S,
    filter: AuthorityFilter,
    input: BytesMut,
}

impl<S> Filtered<S> {
    pub(super) fn new(socket: S) -> Self {
        Self { socket, filter: AuthorityFilter::default(), input: BytesMut::new() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Filtered<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { socket, filter, input } = self.get_mut();
        let before = out.filled().len();
        loop {
            while out.remaining() > 0 {
                match filter.next(input, out.remaining()) {
                    Ok(Some(bytes)) => out.put_slice(&bytes),
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!("a host's connection is ended: {error}");
                        return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
                    }
                }
            }
            if out.filled().len() > before || out.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            input.reserve(READ);
            if ready!(poll_read_buf(Pin::new(socket), context, input))? == 0 {
                // The end; whatever of a frame has come is of no use.
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Filtered<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}
